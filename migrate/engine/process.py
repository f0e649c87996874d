"""Read, plan, write, prove: one unit from the texts of its files to new texts that are known to be right.

Nothing here touches the disk or knows a dialect. A unit whose change cannot be proven is left alone, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrate import dialects
from migrate.dialects.dialect import Reading
from migrate.edit import Edit, apply
from migrate.engine.decisions import UNDECIDED, Decisions
from migrate.engine.outcome import Outcome, of_files, planned_outcome
from migrate.engine.plan import Plan, plan
from migrate.engine.proof import newline_kinds, newly_broken, prove, with_values_read
from migrate.engine.suppressions import suppressions
from migrate.files.language import DATA, Language
from migrate.syntax import CannotEdit, Document
from migrate.syntax.garbage import not_collecting
from migrate.syntax.node import AnyEdit
from migrate.syntax.unit import Member, Unit, UnitProblem, parts
from rules.choices import Choices
from rules.model import Key
from rules.rule import StepId


def process(
    text: str,
    stem: str,
    choices: Choices,
    language: Language = DATA,
    decisions: Decisions = UNDECIDED,
) -> Outcome:
    """Read, plan, write and prove one file's text. Never raises for what a file may hold."""
    opened = open_text(text, stem, language)
    return opened.outcome(choices, decisions) if isinstance(opened, Opened) else opened


@dataclass(frozen=True)
class Opened:
    """A unit that a dialect reads, ready to be planned and written any number of times."""

    reading: Reading[object]
    suppressed: Mapping[Key, frozenset[str]]
    refused: dict[StepId, str] = field(default_factory=dict)
    """Steps that writing showed to have no place in the text, and why. They are kept from one plan to the next."""

    @property
    def texts(self) -> list[str]:
        """The text of each file."""
        return [document.text for document in self.reading.unit.documents]

    @property
    def unwritten(self) -> int:
        """How many steps have turned out to have no place in the text. The next plan refuses them."""
        return len(self.refused)

    def plan(self, choices: Choices, decisions: Decisions) -> Plan:
        """What the rules say, in the order in which steps rest on one another."""
        with not_collecting():
            read = with_values_read(choices, self.reading)
            return plan(self.reading, read, self.suppressed, decisions=decisions, unwritten=self.refused)

    def outcome(self, choices: Choices, decisions: Decisions) -> Outcome:
        """Plan, write and prove."""
        with not_collecting():
            return self._outcome(with_values_read(choices, self.reading), decisions)

    def _outcome(self, choices: Choices, decisions: Decisions) -> Outcome:
        reading, unit = self.reading, self.reading.unit
        try:
            planned, changes, edits = _written(
                reading, choices, self.suppressed, decisions=decisions, unwritten=self.refused
            )
        except (CannotEdit, ValueError) as problem:
            return self._failed(f"cannot be edited without guessing: {problem}")
        own = parts(edits, unit.starts)
        texts = [apply(document.text, part) for document, part in zip(unit.documents, own, strict=True)]
        failure = None
        if edits:
            failure = prove(
                reading,
                planned,
                changes,
                edits=edits,
                new_texts=texts,
                choices=choices,
                decisions=decisions,
                unwritten=self.refused,
            )
        if edits == [] and planned.stack != reading.stack:
            failure = "the plan changes something that was not written"
        if failure:
            return self._failed(f"left alone, the change could not be proven: {failure}")
        return planned_outcome(reading, planned, choices, edits=edits, texts=texts)

    def _failed(self, error: str) -> Outcome:
        return Outcome.failed(error, dialect=self.reading.dialect.name, count=len(self.reading.unit.members))

    def edited(self, *texts: str) -> Opened | str:
        """Other texts in the place of the files', as somebody edited them by hand; or why they cannot be.

        That is weaker than `prove`, because no plan says what the texts should be: they must parse and be read by the same
        dialect, with the same tasks and volumes, have no other kind of newline, and break no constraint of ECS that the old
        texts kept. That other lines are as they were is for the caller to see to.
        """
        with not_collecting():
            try:
                reading = dialects.read(self.reading.unit.again(texts))
                suppressed = suppressions(reading) if reading is not None else {}
            except UnitProblem as found:
                where = self.reading.unit.prefix(found.index)
                return f"{where}line {found.problem.line}: {found.problem.cause}"
        if reading is None or reading.dialect.name != self.reading.dialect.name:
            return "it is not recognised any more"
        if reading.storages.keys() != self.reading.storages.keys():
            return "it has other volumes than before"
        if any(newline_kinds(new) - (newline_kinds(old) or {"\n"}) for new, old in zip(texts, self.texts, strict=True)):
            return "it has another kind of newline"
        if broken := newly_broken(reading.stack, self.reading.stack):
            return f"it breaks a constraint of ECS: {broken}"
        return Opened(reading, suppressed)


def open_text(text: str, stem: str, language: Language = DATA) -> Opened | Outcome:
    """Read one file's text (see `process`), or return what became of it if there is nothing to plan."""
    return open_unit([Member(stem, text, language)], stem)


def open_unit(members: Sequence[Member], stem: str) -> Opened | Outcome:
    """Read the files of a unit, or return what became of them if there is nothing to plan. `stem` is the unit's (see `Unit`)."""
    with not_collecting():
        dialect = None
        try:
            unit = Unit.parsed(members, stem)
            reading = dialects.read(unit)
            if reading is None:
                return of_files(unit)
            dialect = reading.dialect.name
            return Opened(reading, suppressions(reading))
        except UnitProblem as found:
            return Outcome.failed(
                found.problem.cause, found.problem.line, dialect=dialect, index=found.index, count=len(members)
            )


_MOST_UNWRITTEN = 32
"""How many steps of one unit may turn out to have no place in it before the unit is left alone."""

Changes = Mapping[Document, Sequence[AnyEdit]]
"""Tree edits by the document that they are of."""


def _written(
    reading: Reading[object],
    choices: Choices,
    suppressed: Mapping[Key, frozenset[str]],
    decisions: Decisions,
    unwritten: dict[StepId, str],
) -> tuple[Plan, Changes, Sequence[Edit]]:
    """The plan and its edits. What only writing shows to have no place in the text is refused and noted in `unwritten`, and
    the rest planned again. Raises CannotEdit or ValueError where that does not help."""

    def attempt(most: int | None = None) -> tuple[Plan, Changes, Sequence[Edit]]:
        planned = plan(reading, choices, suppressed, decisions=decisions, unwritten=unwritten, most=most)
        changes = reading.write(planned.stack)
        return planned, changes, reading.unit.edits(changes)

    def problem(most: int) -> str | None:
        try:
            attempt(most)
        except (CannotEdit, ValueError) as found:
            return str(found)
        return None

    for _ in range(_MOST_UNWRITTEN):
        try:
            return attempt()
        except (CannotEdit, ValueError):
            # The first step with which it fails: without any it cannot, with all of them it does.
            every = plan(reading, choices, suppressed, decisions=decisions, unwritten=unwritten)
            works, fails = 0, sum(d.applied for d in every.decided)
            while fails - works > 1:
                middle = (works + fails) // 2
                works, fails = (middle, fails) if problem(middle) is None else (works, middle)
            short = plan(reading, choices, suppressed, decisions=decisions, unwritten=unwritten, most=fails)
            applied = [d.finding for d in short.decided if d.applied]
            reason = problem(fails)
            if not applied or reason is None:
                raise
            unwritten[applied[-1].id] = reason
    return attempt()
