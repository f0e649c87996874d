"""Settles which steps of a plan are taken: those that can be written to the text and whose result is proven.

A step that fails must not stop the others of its unit, so it is found and refused, and the rest is planned again. A proof
that tells which entities came out wrong leads to their steps at once; otherwise the step is found by bisection, in a
number of proofs that grows with the logarithm of the number of steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migrate.dialects.common.additions import NoRoom
from migrate.dialects.dialect import Reading
from migrate.edit import Edit, apply
from migrate.engine.decisions import Decisions
from migrate.engine.plan import Plan, plan
from migrate.engine.proof import Unproven, prove
from migrate.syntax import CannotEdit
from migrate.syntax.unit import parts
from rules.choices import Choices
from rules.model import Key, subject
from rules.rule import Finding, StepId

_MOST_ROUNDS = 32
"""The number of times that steps of one unit are refused before the whole unit is left as it is."""
_EFFORT = 20_000_000
"""The number of characters that may be written and proven while the steps that fail are looked for: a bound on time."""
_MOST_ATTEMPTS = 24
"""The number of attempts that a unit of any size has."""


@dataclass(frozen=True)
class Settled:
    """A plan of which every step is written and proven, with the edits of the unit's text and the new texts."""

    plan: Plan
    edits: Sequence[Edit]
    texts: Sequence[str]


def settle(
    reading: Reading[object],
    choices: Choices,
    suppressed: Mapping[Key, frozenset[str]],
    decisions: Decisions,
    unwritten: dict[StepId, str],
) -> Settled:
    """Plans a unit, and writes and proves the plan. A step that fails is noted in `unwritten`, and the rest is planned
    again without it. Raises Unproven if that does not help."""
    return _Search(reading, choices, suppressed, decisions=decisions, unwritten=unwritten).run()


@dataclass
class _Search:
    reading: Reading[object]
    choices: Choices
    suppressed: Mapping[Key, frozenset[str]]
    decisions: Decisions
    unwritten: dict[StepId, str]
    works: int = 0
    """The number of steps, the first of the plan, with which an attempt succeeded."""

    def __post_init__(self) -> None:
        size = sum(len(document.text) for document in self.reading.unit.documents)
        self.left = max(_MOST_ATTEMPTS, _EFFORT // max(1, size))

    def run(self) -> Settled:
        refused: dict[Key, list[StepId]] = {}
        rounds = 0
        while True:
            try:
                return self.best(refused, self.attempt(self.decisions))
            except Unproven as problem:
                if rounds == _MOST_ROUNDS:
                    raise
                rounds += 1
                for key, step, reason in self.culprits(problem):
                    self.unwritten[step] = reason
                    refused.setdefault(key, []).append(step)

    def best(self, refused: Mapping[Key, Sequence[StepId]], settled: Settled) -> Settled:
        """The plan without refusing what need not be refused: of the steps of one entity that were refused one after
        another, only the last one made the difference."""
        reasons = {step: self.unwritten.pop(step) for steps in refused.values() for step in steps[:-1]}
        try:
            return self.attempt(self.decisions) if reasons else settled
        except Unproven:
            self.unwritten.update(reasons)
            return settled

    def plan(self, decisions: Decisions) -> Plan:
        return plan(self.reading, self.choices, self.suppressed, decisions=decisions, unwritten=self.unwritten)

    def attempt(self, decisions: Decisions) -> Settled:
        """Plans, writes and proves. Raises Unproven."""
        reading, unit, planned = self.reading, self.reading.unit, self.plan(decisions)
        try:
            changes = reading.write(planned.stack)
            edits = unit.edits(changes)
        except (CannotEdit, ValueError) as problem:
            full = problem.entity if isinstance(problem, NoRoom) else None
            raise Unproven(str(problem), full=full, written=False) from problem
        own = parts(edits, unit.starts)
        texts = [apply(document.text, part) for document, part in zip(unit.documents, own, strict=True)]
        if not edits and planned.stack != reading.stack:
            raise Unproven("the plan changes something that was not written")
        if edits:
            # A step that is refused may get another name in a text that was changed, so only steps count that were taken.
            taken = Decisions.only(step.id for step in _taken(planned)) if self.unwritten else decisions
            prove(
                reading,
                planned,
                changes,
                edits=edits,
                new_texts=texts,
                choices=self.choices,
                decisions=taken,
                unwritten=self.unwritten,
            )
        return Settled(planned, edits, texts)

    def problem(self, steps: Iterable[Finding]) -> Unproven | None:
        """The reason why a plan of only these steps fails, or None."""
        self.left -= 1
        try:
            self.attempt(Decisions.only(step.id for step in steps))
        except Unproven as problem:
            return problem
        return None

    def culprits(self, problem: Unproven) -> Sequence[tuple[Key, StepId, str]]:
        """The steps to refuse because of a problem, each with the entity that it is refused for and the reason. Raises
        the problem if there are none."""
        steps = _taken(self.plan(self.decisions))
        if last := {step.subject: step for step in steps if step.subject in problem.about}:
            return [(key, step.id, problem.of(key)) for key, step in last.items()]
        works, fails = min(self.works, len(steps)), len(steps)
        found = problem
        while fails - works > 1:
            if self.left <= 0:
                raise problem
            middle = (works + fails) // 2
            if failed := self.problem(steps[:middle]):
                fails, found = middle, failed
            else:
                works = middle
        if not steps or works == fails:
            raise problem
        self.works = works
        # What has no room for the first step has none for those after it, either.
        others = (step for step in steps[works + 1 :] if any(subject(change) == found.full for change in step.changes))
        return [(step.subject, step.id, found.of()) for step in (steps[works], *others)]


def _taken(planned: Plan) -> list[Finding]:
    return [decided.finding for decided in planned.decided if decided.applied]
