"""The interactive review: plans a unit, asks about the first undecided step, and plans again until none is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGHUP

from migrate.engine.decisions import Decisions
from migrate.review.inputs import Inputs
from migrate.review.sheet import SessionChoices, Sheet
from migrate.review.signals import Ended, ending
from migrate.run.recorded_answers import Answers
from migrate.run.run import Job, Run, UnitResult, begin
from migrate.terminal.keyboard import HungUp, Terminal


@dataclass
class Review:
    """A run in which the user decides about each step. `given` are earlier answers, to which those of this run are
    added."""

    run: Run
    terminal: Terminal
    folder: str
    """The folder in which a configuration is created if there is none."""
    given: Answers = field(default_factory=Answers)
    record: Path | None = None
    current: str | None = None
    """The names of the files that are being asked about, of which nothing is written yet; None between units."""
    manner: SessionChoices = field(default_factory=SessionChoices)

    def results(self, jobs: Iterable[Job]) -> Iterator[UnitResult]:
        """Yields the result for each unit once everything in it is decided. Raises Ended if the terminal is gone."""
        inputs = Inputs(self.run, self.terminal, self.folder)
        for job in jobs:
            self.current = ", ".join(file.name for file in job.files)
            try:
                result = self._result(job, inputs)
            except HungUp:
                raise Ended(SIGHUP) from None
            self.current = None
            yield result

    def save(self) -> None:
        """Writes the answers to the file of `--record`, if that is given. Raises OSError."""
        if self.record is not None:
            self.given.write(self.record)

    def _result(self, job: Job, inputs: Inputs) -> UnitResult:
        begun = begin(job)
        if isinstance(begun, UnitResult):
            return begun
        if self.manner.ended:
            nothing = Decisions(taken=frozenset())
            return begun.result(begun.opened.outcome(inputs.choices(job), nothing))
        sheet = Sheet(job, begun.opened, inputs, terminal=self.terminal, given=self.given, manner=self.manner)
        return begun.result(sheet.outcome())


__all__ = ["Ended", "Review", "ending"]
