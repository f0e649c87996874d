"""The likelihood that a command succeeds on a fresh instance whose start-up goes well.

Only three kinds of conditions are decided: comparisons of literals; whether something is mounted, which the script itself
shows; and the success of ordinary set-up commands, without which the instance would be of no use.
"""

from __future__ import annotations

import re
from enum import IntEnum

from rules.hosts.grammar.tokens import OPEN, Tokens
from rules.hosts.mounts.mount_files import LISTING, MOUNT_LISTS
from rules.hosts.mounts.mount_table import MountTable
from rules.hosts.mounts.states import States


class Likelihood(IntEnum):
    """The likelihood of success, from the least. The opposite of x is `4 - x`."""

    NEVER = 0
    UNLIKELY = 1
    UNKNOWN = 2
    LIKELY = 3
    ALWAYS = 4

    @property
    def opposite(self) -> Likelihood:
        """The likelihood that the command fails."""
        return Likelihood(4 - self)


_NUMBER = re.compile(r"-?[0-9]{1,15}")
_PATTERN_SIGNS = re.compile(r"\[[^\]]{0,20}\]{1,2}|\\[a-zA-Z]|[\\^$*(){}?+| ]+")


def of_states(states: States) -> Likelihood:
    """The likelihood that a path with these states is a mount point."""
    if len(states) > 1:
        return Likelihood.UNKNOWN
    return Likelihood.UNLIKELY if states[0] is None else Likelihood.LIKELY


def of_search(arguments: list[str], stdin: str | None, table: MountTable) -> Likelihood:
    """The likelihood that `grep` finds its pattern in the list of mounts."""
    patterns: list[str] = []
    positional: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "-e":
            patterns.append(next(words, ""))
        elif word.startswith("-") and len(word) > 1:
            if "v" in word and not word.startswith("--"):
                return Likelihood.UNKNOWN
        else:
            positional.append(word)
    if not patterns and positional:
        patterns.append(positional.pop(0))
    listed = stdin == LISTING if not positional else all(p in MOUNT_LISTS for p in positional)
    if not listed or len(patterns) != 1:
        return Likelihood.UNKNOWN
    literal = max(_PATTERN_SIGNS.split(patterns[0][:500]), key=len)
    return of_states(table.mentions(literal)) if literal else Likelihood.UNKNOWN


def of_test(arguments: list[str], last: Likelihood, tokens: Tokens) -> Likelihood:
    """The likelihood that `test`, `[` or `[[` (given without brackets) holds; `last` is that of the last command (`$?`)."""
    if arguments and arguments[0] == "!":
        return of_test(arguments[1:], last, tokens).opposite if len(arguments) <= 5 else Likelihood.UNKNOWN
    if len(arguments) == 2 and arguments[0] in ("-z", "-n"):
        if OPEN in arguments[1]:
            return Likelihood.UNKNOWN
        return Likelihood.ALWAYS if (arguments[1] == "") == (arguments[0] == "-z") else Likelihood.NEVER
    if len(arguments) != 3:
        return Likelihood.UNKNOWN
    left, operator, right = arguments
    if OPEN in left and tokens.source(left) in ("$?", "${?}") and right == "0":
        equal = operator in ("=", "==", "-eq")
        return last if equal else last.opposite if operator in ("!=", "-ne", "-gt") else Likelihood.UNKNOWN
    if OPEN in left + right:
        return Likelihood.UNKNOWN
    if operator in ("=", "==", "!=") and not any(c in right for c in "*?["):
        return Likelihood.ALWAYS if (left == right) == (operator != "!=") else Likelihood.NEVER
    if _NUMBER.fullmatch(left) and _NUMBER.fullmatch(right):
        a, b = int(left), int(right)
        holds = {"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b, "-ge": a >= b}.get(operator)
        return Likelihood.UNKNOWN if holds is None else Likelihood.ALWAYS if holds else Likelihood.NEVER
    return Likelihood.UNKNOWN
