"""A file's edits as fixes that can be taken one by one: each a group of steps that depend on one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from migrate.edit import Edit
from migrate.engine.decisions import Decisions
from migrate.engine.outcome import Outcome
from rules.model import subject
from rules.rule import StepId

_MOST = 24
"""Fixes per file; where more would be possible, neighbours share one."""
_EFFORT = 4_000_000
"""How many characters may be read again for the fixes of one file."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Steps that stand or fall together, and their edits (sorted, character offsets into the text as it was read)."""

    steps: frozenset[StepId]
    edits: tuple[Edit, ...]


def fixes(outcome: Outcome, process: Callable[[Decisions], Outcome]) -> tuple[Fix, ...]:
    """Divide the edits of a text's outcome: all fixes together make the same text as all edits, and each by itself makes one
    that the engine has proven.

    `process` works on the text under decisions. What steps depend on shows in the edits: a group whose edits are others when
    it is planned alone (because a name is free then, or a statement is not shared) goes together with those like it.
    """
    groups = _connected(outcome)
    if not groups:
        return ()
    steps = frozenset[StepId]().union(*groups)
    whole = Fix(steps, outcome.edits)

    def alone(group: frozenset[StepId]) -> Fix:
        return Fix(group, process(Decisions.only(group)).edits)

    groups = _joined(groups, min(_MOST, _EFFORT // max(1, len(outcome.text))))
    if len(groups) < 2:
        return (whole,)
    found = [alone(group) for group in groups]
    clinging = _clinging(found, outcome.edits)
    if clinging:
        found = [fix for index, fix in enumerate(found) if index not in clinging]
        together = frozenset[StepId]().union(*(groups[index] for index in clinging))
        found.append(alone(together) if together != steps else whole)
    if Counter(edit for fix in found for edit in fix.edits) != Counter(outcome.edits) or _clinging(
        found, outcome.edits
    ):
        return (whole,)
    return tuple(found)


def _connected(outcome: Outcome) -> list[frozenset[StepId]]:
    """The applied steps in groups that share what they are about or what they change, in the order of the findings."""
    leader: dict[object, object] = {}

    def root(item: object) -> object:
        while (above := leader.setdefault(item, item)) != item:
            leader[item] = leader[above]
            item = above
        return item

    steps = []
    for located in outcome.findings:
        finding = located.finding
        if located.applied and finding.changes:
            steps.append(finding.id)
            for key in (finding.subject, *map(subject, finding.changes)):
                leader[root(key)] = root(finding.id)
    groups: dict[object, set[StepId]] = {}
    for step in steps:
        groups.setdefault(root(step), set()).add(step)
    return [frozenset(group) for group in groups.values()]


def _joined(groups: Sequence[frozenset[StepId]], most: int) -> list[frozenset[StepId]]:
    """The groups, neighbours joined so that there are no more than `most` (at least one)."""
    size = -(-len(groups) // max(1, most))
    return [frozenset[StepId]().union(*groups[at : at + size]) for at in range(0, len(groups), size)]


def _clinging(found: Sequence[Fix], edits: Iterable[Edit]) -> set[int]:
    """Which of the fixes hold an edit that is none of `edits`, or one that touches that of another fix: which of the two
    comes first would be anyone's guess."""
    wanted = Counter(edits)
    clinging = {index for index, fix in enumerate(found) if not fix.edits or Counter(fix.edits) - wanted}
    placed = sorted(((edit, index) for index, fix in enumerate(found) for edit in fix.edits), key=lambda p: p[0])
    reach, last = -1, -1
    for edit, index in placed:
        if edit.start <= reach and index != last:
            clinging |= {index, last}
        if edit.end >= reach:
            reach, last = edit.end, index
    return clinging
