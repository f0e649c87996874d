"""Conditions on texts and numbers: `[[ … ]]`, the patterns of `case`, `((…))`. Source: bash(1), Conditional Constructs.

What is literal is decided. A text that holds a reference matches a pattern only if it does so whatever the reference is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rules.hosts.grammar.patterns import Glob, Regex
from rules.hosts.grammar.syntax import PieceKind, Word
from rules.hosts.grammar.tokens import OPEN
from rules.hosts.likelihood import Likelihood, of_test
from rules.hosts.namespace import Array
from rules.hosts.state import ShellState

_EXTENDED = re.compile(r"[?*+@!]\(")
"""Matches the beginning of a pattern that only some shells know (`extglob`)."""


def of_number(value: int | None) -> Likelihood:
    """The likelihood that an arithmetic command succeeds, whose expression has this value."""
    return Likelihood.UNKNOWN if value is None else Likelihood.ALWAYS if value else Likelihood.NEVER


def of_pattern(shell: ShellState, text: str, word: Word) -> Likelihood:
    """The likelihood that a text matches a shell pattern."""
    pieces = shell.variables.pattern(word)
    pattern = "".join(piece for piece, _ in pieces)
    if any(_EXTENDED.search(piece) for piece, quoted in pieces if not quoted):
        return Likelihood.UNKNOWN
    if text == pattern and not any(sign in piece for piece, quoted in pieces if not quoted for sign in "*?["):
        return Likelihood.ALWAYS
    glob = Glob.parse(pieces)
    if glob is None:
        return Likelihood.UNKNOWN
    if OPEN not in text:
        return Likelihood.ALWAYS if glob.matches(text) else Likelihood.NEVER
    found = _through(shell, text, lambda tried: ("",) if glob.matches(tried) else None, pattern=pattern)
    return Likelihood.ALWAYS if found else Likelihood.UNKNOWN


def _through(
    shell: ShellState, text: str, operation: Callable[[str], tuple[str, ...] | None], pattern: str
) -> tuple[str, ...] | None:
    """The result of a match, None if there is none or it depends on what a reference is, unless one asks for an id."""
    tokens = shell.host.tokens
    before = set(tokens.assumed)
    result = tokens.through(text, operation)
    if tokens.assumed != before and "fs-" not in pattern:
        tokens.assumed = before
        return None
    return result


class BracketTest:
    """A condition in `[[ … ]]`, whose words are given without the brackets."""

    def __init__(self, shell: ShellState, words: list[Word]) -> None:
        self._shell = shell
        self._words = words
        self._at = 0

    def likelihood(self) -> Likelihood:
        """The likelihood that it holds."""
        found = self._either()
        return found if self._at == len(self._words) else Likelihood.UNKNOWN

    def _next(self, *signs: str) -> bool:
        if self._at < len(self._words) and self._words[self._at] in signs:
            self._at += 1
            return True
        return False

    def _either(self) -> Likelihood:
        found = self._both()
        while self._next("||"):
            found = max(found, self._both())
        return found

    def _both(self) -> Likelihood:
        found = self._one()
        while self._next("&&"):
            found = min(found, self._one())
        return found

    def _one(self) -> Likelihood:
        if self._next("!"):
            return self._one().opposite
        if self._next("("):
            found = self._either()
            return found if self._next(")") else Likelihood.UNKNOWN
        words: list[Word] = []
        while self._at < len(self._words) and self._words[self._at] not in ("&&", "||"):
            word = self._words[self._at]
            matching = len(words) > 1 and words[1] == "=~"
            if word == ")" and not (matching and "(" in words):
                break
            words.append(word)
            self._at += 1
        return self._test(words)

    def _test(self, words: list[Word]) -> Likelihood:
        variables = self._shell.variables
        if len(words) > 2 and words[1] == "=~":
            return self._regex(variables.text(words[0]), words[2:])
        if len(words) == 3 and words[1] in ("=", "==", "!="):
            found = of_pattern(self._shell, variables.text(words[0]), words[2])
            return found.opposite if words[1] == "!=" else found
        return of_test([variables.text(word) for word in words], self._shell.last, self._shell.host.tokens)

    def _regex(self, text: str, words: list[Word]) -> Likelihood:
        variables = self._shell.variables
        variables.assign("BASH_REMATCH", None)
        source = "".join(variables.text(word) for word in words)
        quoted = any(
            piece.quoted and piece.part is not PieceKind.LITERAL for w in words if not isinstance(w, str) for piece in w
        )
        regex = Regex.parse(source, extended=True)
        if quoted or regex is None:
            return Likelihood.UNKNOWN
        groups = _through(self._shell, text, regex.groups, pattern=source)
        if groups is None:
            return Likelihood.UNKNOWN if OPEN in text or not regex.suits(text) else Likelihood.NEVER
        variables.assign("BASH_REMATCH", Array(keyed=False).extended(list(groups)))
        return Likelihood.ALWAYS
