"""Read, plan, write, prove: one file from its text to a new text that is known to be right.

Nothing here touches the disk or knows a dialect. A file whose change cannot be proven is left alone, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrate import dialects
from migrate.dialects.dialect import Reading
from migrate.edit import Edit, apply
from migrate.engine.decisions import UNDECIDED, Decisions
from migrate.engine.outcome import Outcome, located, unread_words, volume_levels
from migrate.engine.plan import Plan, plan
from migrate.engine.proof import newline_kinds, newly_broken, prove, with_values_read
from migrate.engine.suppressions import suppressions
from migrate.files.language import DATA, Language
from migrate.syntax import CannotEdit, SyntaxProblem, parse
from migrate.syntax.garbage import not_collecting
from migrate.syntax.node import AnyEdit
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
    """A text that a dialect reads, ready to be planned and written any number of times."""

    reading: Reading[object]
    stem: str
    suppressed: Mapping[Key, frozenset[str]]
    refused: dict[StepId, str] = field(default_factory=dict)
    """Steps that writing showed to have no place in the text, and why. They are kept from one plan to the next."""

    @property
    def text(self) -> str:
        return self.reading.document.text

    @property
    def unwritten(self) -> int:
        """How many steps have turned out to have no place in the text. The next plan refuses them."""
        return len(self.refused)

    def plan(self, choices: Choices, decisions: Decisions) -> Plan:
        """What the rules say, in the order in which steps rest on one another."""
        with not_collecting():
            read = with_values_read(choices, self.reading)
            return plan(self.reading, read, self.suppressed, decisions, self.refused)

    def outcome(self, choices: Choices, decisions: Decisions) -> Outcome:
        """Plan, write and prove."""
        with not_collecting():
            return self._outcome(with_values_read(choices, self.reading), decisions)

    def _outcome(self, choices: Choices, decisions: Decisions) -> Outcome:
        reading, document = self.reading, self.reading.document
        try:
            planned, tree_edits, edits = _written(reading, choices, self.suppressed, decisions, self.refused)
        except (CannotEdit, ValueError) as problem:
            return Outcome(dialect=reading.dialect.name, error=f"cannot be edited without guessing: {problem}")
        new_text = apply(document.text, edits)
        failure = None
        if edits:
            failure = prove(
                reading, planned, tree_edits, edits, new_text, self.stem, choices, decisions, unwritten=self.refused
            )
        if edits == [] and planned.stack != reading.stack:
            failure = "the plan changes something that was not written"
        if failure:
            return Outcome(dialect=reading.dialect.name, error=f"left alone, the change could not be proven: {failure}")
        return Outcome(
            reading.dialect.name,
            tuple(volume_levels(reading, planned, choices)),
            tuple(located(reading, planned)),
            unread_words(document, reading.regions),
            tuple(edits),
            new_text,
        )

    def edited(self, text: str) -> Opened | str:
        """Another text in this one's place, as somebody edited it by hand; or why it cannot be.

        That is weaker than `prove`, because no plan says what the text should be: it must parse and be read by the same
        dialect, with the same tasks and volumes, have no other kind of newline, and break no constraint of ECS that the old
        text kept. That other lines are as they were is for the caller to see to.
        """
        with not_collecting():
            try:
                reading = dialects.read(self.reading.document.again(text), self.stem)
                suppressed = suppressions(reading) if reading is not None else {}
            except SyntaxProblem as problem:
                return f"line {problem.line}: {problem.cause}"
        if reading is None or reading.dialect.name != self.reading.dialect.name:
            return "it is not recognised any more"
        if reading.storages.keys() != self.reading.storages.keys():
            return "it has other volumes than before"
        if newline_kinds(text) - (newline_kinds(self.text) or {"\n"}):
            return "it has another kind of newline"
        if broken := newly_broken(reading.stack, self.reading.stack):
            return f"it breaks a constraint of ECS: {broken}"
        return Opened(reading, self.stem, suppressed)


def open_text(text: str, stem: str, language: Language = DATA) -> Opened | Outcome:
    """Read one file's text (see `process`), or return what became of it if there is nothing to plan."""
    with not_collecting():
        try:
            document = parse(text, language)
        except SyntaxProblem as problem:
            return Outcome(error=problem.cause, error_line=problem.line)
        reading = dialects.read(document, stem)
        if reading is None:
            return Outcome(unread=unread_words(document, []), text=document.text)
        try:
            return Opened(reading, stem, suppressions(reading))
        except SyntaxProblem as problem:
            return Outcome(dialect=reading.dialect.name, error=problem.cause, error_line=problem.line)


_MOST_UNWRITTEN = 32
"""How many steps of one file may turn out to have no place in it before the file is left alone."""


def _written(
    reading: Reading[object],
    choices: Choices,
    suppressed: Mapping[Key, frozenset[str]],
    decisions: Decisions,
    unwritten: dict[StepId, str],
) -> tuple[Plan, Sequence[AnyEdit], Sequence[Edit]]:
    """The plan and its edits. What only writing shows to have no place in the text is refused and noted in `unwritten`, and the rest
    planned again.
    Raises CannotEdit or ValueError where that does not help."""

    def attempt(most: int | None = None) -> tuple[Plan, Sequence[AnyEdit], Sequence[Edit]]:
        planned = plan(reading, choices, suppressed, decisions, unwritten, most)
        tree_edits = reading.write(planned.stack)
        return planned, tree_edits, reading.document.edits(tree_edits)

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
            works, fails = 0, sum(d.applied for d in plan(reading, choices, suppressed, decisions, unwritten).decided)
            while fails - works > 1:
                middle = (works + fails) // 2
                works, fails = (middle, fails) if problem(middle) is None else (works, middle)
            short = plan(reading, choices, suppressed, decisions, unwritten, fails)
            applied = [d.finding for d in short.decided if d.applied]
            reason = problem(fails)
            if not applied or reason is None:
                raise
            unwritten[applied[-1].id] = reason
    return attempt()
