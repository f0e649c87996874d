"""Reads, plans, writes and proves one unit: from the texts of its files to new texts that are proven to be right.

Nothing here touches the disk or knows a dialect. A step whose change cannot be proven is refused, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrate import dialects
from migrate.dialects.dialect import Reading
from migrate.engine.decisions import UNDECIDED, Decisions
from migrate.engine.outcome import Outcome, of_files, planned_outcome
from migrate.engine.plan import Plan, plan
from migrate.engine.proof import Unproven, newline_kinds, newly_broken, with_values_read
from migrate.engine.settle import settle
from migrate.engine.suppressions import suppressions
from migrate.files.language import DATA, Language
from migrate.syntax.garbage import not_collecting
from migrate.syntax.unit import Member, Unit, UnitProblem
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
    """Reads, plans, writes and proves the text of one file. Raises nothing, whatever the file holds."""
    opened = open_text(text, stem, language)
    return opened.outcome(choices, decisions) if isinstance(opened, Opened) else opened


@dataclass(frozen=True)
class Opened:
    """A unit that a dialect has read, which can be planned and written any number of times."""

    reading: Reading[object]
    suppressed: Mapping[Key, frozenset[str]]
    refused: dict[StepId, str] = field(default_factory=dict)
    """Steps that could not be written to the text or proven, with the reason. They stay refused from one plan to the next."""

    @property
    def texts(self) -> list[str]:
        """The text of each file."""
        return [document.text for document in self.reading.unit.documents]

    @property
    def unwritten(self) -> int:
        """The number of steps that could not be written to the text or proven. The next plan refuses them."""
        return len(self.refused)

    def plan(self, choices: Choices, decisions: Decisions) -> Plan:
        """The plan under these choices and decisions; a step comes after those that it builds on."""
        with not_collecting():
            read = with_values_read(choices, self.reading)
            return plan(self.reading, read, self.suppressed, decisions=decisions, unwritten=self.refused)

    def outcome(self, choices: Choices, decisions: Decisions) -> Outcome:
        """Plans the unit, writes the changes and proves them; nothing is written to disk."""
        with not_collecting():
            return self._outcome(with_values_read(choices, self.reading), decisions)

    def _outcome(self, choices: Choices, decisions: Decisions) -> Outcome:
        try:
            settled = settle(self.reading, choices, self.suppressed, decisions=decisions, unwritten=self.refused)
        except Unproven as problem:
            return self._failed(problem.whole)
        return planned_outcome(self.reading, settled.plan, choices, edits=settled.edits, texts=settled.texts)

    def _failed(self, error: str) -> Outcome:
        return Outcome.failed(error, dialect=self.reading.dialect.name, count=len(self.reading.unit.members))

    def edited(self, *texts: str) -> Opened | str:
        """The unit with texts that the user has edited by hand, or the reason why they cannot be used.

        The check is weaker than `prove`, because there is no plan to compare the texts with: they must parse and be
        read by the same dialect, with the same tasks and volumes, have no other kind of newline, and break no
        constraint of ECS that the old texts kept. The caller makes sure that the other lines are unchanged.
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
    """Reads the text of one file (see `process`). Returns an outcome at once if there is nothing to plan."""
    return open_unit([Member(stem, text, language)], stem)


def open_unit(members: Sequence[Member], stem: str) -> Opened | Outcome:
    """Reads the files of a unit. Returns an outcome at once if there is nothing to plan. `stem` is the unit's (see
    `Unit`)."""
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
