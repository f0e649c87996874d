"""Runs loops. Those over known items are unrolled.

The body of any other loop is run once if the loop surely runs. Then it is followed once more as a possibility, because
further rounds may change more.
"""

from __future__ import annotations

from functools import partial

from rules.hosts.grammar.syntax import For, PieceKind, While, Word
from rules.hosts.likelihood import Likelihood
from rules.hosts.state import ShellState
from rules.hosts.variables import RANGE

_MAX_ITEMS = 64


def run_while(shell: ShellState, node: While) -> Likelihood:
    """`while` and `until`."""
    chance = shell.block(node.condition)
    if (chance.opposite if node.until else chance) >= Likelihood.LIKELY and not shell.leaving:
        shell.block(node.body)
    if not shell.leaving:
        shell.shadow(partial(shell.block, node.body))
    return Likelihood.LIKELY


def run_for(shell: ShellState, node: For) -> Likelihood:
    """`for`, in all its forms."""
    items = shell.variables.arguments if node.words is None else shell.variables.items(node.words)
    if node.counted or items is None or len(items) > _MAX_ITEMS:
        if node.name:
            shell.variables.assign(node.name, None)
        if node.counted or (node.words and _counts(node.words)):
            shell.block(node.body)
        if not shell.leaving:
            shell.shadow(partial(shell.block, node.body))
        return Likelihood.LIKELY
    outer, shell.breaks = shell.breaks, False
    for item in items:
        shell.variables.assign(node.name, item)
        if shell.breaks:  # the loop may have ended: the rest is no more than possible
            shell.shadow(partial(shell.block, node.body))
        else:
            shell.block(node.body)
        if shell.leaving:
            break
    shell.breaks = outer
    return Likelihood.LIKELY


def _counts(words: list[Word]) -> bool:
    """Whether a loop surely runs although its items are not known: `$(seq 1 5)`, `{1..5}`."""
    for word in words:
        if isinstance(word, str):
            if RANGE.fullmatch(word):
                return True
        elif len(word) == 1 and word[0].part is PieceKind.COMMAND and word[0].text.lstrip("$(` ").startswith("seq "):
            return True
    return False
