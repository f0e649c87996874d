"""Runs loops. Those over known items, and those whose condition is decided in each round, are unrolled.

The body of any other loop is run once if the loop surely runs. Then it is followed as a possibility, because further
rounds may change more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from rules.hosts.grammar.syntax import AndOr, Block, For, PieceKind, Simple, While, Word
from rules.hosts.likelihood import Likelihood
from rules.hosts.state import ShellState, worse
from rules.hosts.variables import MAX_ITEMS

_OF_LOOPS = ("break", "continue")


class _End(NamedTuple):
    """The end of a round: whether the loop ends with it, surely or possibly."""

    sure: bool
    possible: bool


def run_while(shell: ShellState, node: While) -> Likelihood:
    """`while` and `until`."""
    body = partial(shell.block, node.body)
    endless = _is_endless(node.condition)
    for number in range(MAX_ITEMS):
        chance = shell.condition(node.condition)
        chance = chance.opposite if node.until else chance
        if chance is Likelihood.NEVER or shell.leaving:
            return Likelihood.LIKELY
        if chance is Likelihood.ALWAYS or (chance is Likelihood.LIKELY and number == 0):
            end = _round(shell, body)
            if end.sure or shell.leaving:
                return Likelihood.LIKELY
            if chance is Likelihood.ALWAYS and not end.possible and not endless:
                continue
        _further(shell, body)
        return Likelihood.LIKELY
    shell.variables.forget()
    _further(shell, body)
    return Likelihood.LIKELY


def run_for(shell: ShellState, node: For) -> Likelihood:
    """`for`, in all its forms."""
    if node.steps is not None:
        return _count(shell, node, node.steps)
    items = shell.variables.arguments if node.words is None else shell.variables.items(node.words)
    if items is None or len(items) > MAX_ITEMS:
        shell.variables.assign(node.name, None)
        if node.words and _counts(node.words) and _round(shell, partial(shell.block, node.body)).sure:
            return Likelihood.LIKELY
        if not shell.leaving:
            _further(shell, partial(shell.block, node.body))
        return Likelihood.LIKELY
    ended = False
    for item in items:
        step = partial(_with_item, shell, node, item)
        if ended:  # the loop may have ended: the rest, and its value of the variable, is no more than possible
            shell.shadow(step)
            continue
        end = _round(shell, step)
        if end.sure or shell.leaving:
            break
        ended = end.possible
    return Likelihood.LIKELY


def _count(shell: ShellState, node: For, steps: list[str]) -> Likelihood:
    """`for ((start; condition; step))`"""
    calculate = shell.variables.calculate
    calculate(steps[0])
    body = partial(shell.block, node.body)
    for _ in range(MAX_ITEMS):
        value = calculate(steps[1]) if steps[1].strip() else None
        if value == 0:
            return Likelihood.LIKELY
        if value is None:
            break
        end = _round(shell, body)
        if end.sure or shell.leaving:
            return Likelihood.LIKELY
        if end.possible:
            _further(shell, lambda: (calculate(steps[2]), body()))
            return Likelihood.LIKELY
        calculate(steps[2])
    _further(shell, lambda: calculate(steps[2]))
    if not _round(shell, body).sure and not shell.leaving:
        _further(shell, lambda: (calculate(steps[2]), body()))
    return Likelihood.LIKELY


def _with_item(shell: ShellState, node: For, item: str) -> None:
    shell.variables.assign(node.name, item)
    shell.block(node.body)


def _round(shell: ShellState, body: Callable[[], object]) -> _End:
    """Run a round that surely runs."""
    outer, shell.doubt = shell.doubt, ""
    body()
    sure = possible = False
    if shell.leaving in _OF_LOOPS:
        shell.levels -= 1
        sure = shell.leaving == "break" or shell.levels > 0
        if shell.levels <= 0:
            shell.leaving = ""
    if shell.doubt in _OF_LOOPS:
        possible = shell.doubt == "break" or shell.levels > 1
        shell.doubt = shell.doubt if shell.levels > 1 else ""
        shell.levels -= 1
    shell.doubt = worse(outer, shell.doubt)
    return _End(sure, possible)


def _further(shell: ShellState, body: Callable[[], object]) -> None:
    """Follow further rounds as a possibility: a second time if the first one left something unknown that it had used."""
    before = shell.variables.differences
    shell.shadow(body)
    if shell.variables.differences != before:
        shell.shadow(body)


def _is_endless(condition: Block) -> bool:
    """Whether a condition is `true` or `:`, or their opposite."""
    match condition:
        case [AndOr(members=[(_, pipeline)])]:
            match pipeline.commands:
                case [Simple(words=[name])]:
                    return name in ("true", ":", "false")
    return False


def _counts(words: list[Word]) -> bool:
    """Whether a loop surely runs although its items are not known: `$(seq 1 $N)`, `{1..500}`."""
    for word in words:
        if isinstance(word, str):
            if word.startswith("{") and ".." in word:
                return True
        elif len(word) == 1 and word[0].part is PieceKind.COMMAND and word[0].text.lstrip("$(` ").startswith("seq "):
            return True
    return False
