"""Divides the edits of a unit into fixes that can be applied one by one, each for steps that depend on one another."""

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
"""The largest number of fixes for one unit; beyond it, neighbouring groups of steps share a fix."""
_EFFORT = 4_000_000
"""The number of characters that may be read again to plan the fixes of one unit: a bound on time."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Steps that are applied together or not at all, and their edits (sorted, in the unit's character offsets)."""

    steps: frozenset[StepId]
    edits: tuple[Edit, ...]


def fixes(outcome: Outcome, process: Callable[[Decisions], Outcome]) -> tuple[Fix, ...]:
    """Divides the edits of an outcome into fixes. All of them together make the same text as all edits, and each by
    itself makes a text that the engine has proven.

    `process` plans the text again under decisions. Groups of steps that get other edits when they are planned alone
    (because a name is free then, or a statement is not shared) depend on one another, and go into one fix.
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
    """The applied steps, grouped so that steps with a subject or a change in common are together, in order of the
    findings."""
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
    """The groups, of which neighbours are joined until there are no more than `most` (at least one)."""
    size = -(-len(groups) // max(1, most))
    return [frozenset[StepId]().union(*groups[at : at + size]) for at in range(0, len(groups), size)]


def _clinging(found: Sequence[Fix], edits: Iterable[Edit]) -> set[int]:
    """The indices of fixes that cannot be applied by themselves: they have an edit that is not among `edits`, or one
    that touches an edit of another fix, so that the order of the two would be undefined."""
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
