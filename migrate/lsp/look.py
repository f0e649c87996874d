"""Finds the problems of one text with their places, and the steps against them as edits.

Nothing here knows the protocol or asks an editor; offsets are those of characters in the text as the editor holds it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from migrate.config import config
from migrate.config.config import ConfigProblem
from migrate.edit import Edit
from migrate.engine.decisions import UNDECIDED, Decisions
from migrate.engine.outcome import FileOutcome, Located, Outcome
from migrate.files import language
from migrate.files.discover import FoundFile
from migrate.files.language import JSON, PYTHON
from migrate.files.screen import LIMIT
from migrate.lsp.positions import Positions
from migrate.report.result import subject
from migrate.run.run import Begun, Job, Options, Run, UnitResult, begin
from migrate.terminal.printable import printable
from rules.rule import Finding, Rule, Status, StepId

_MOST = 24
"""The number of problems for which quick fixes are computed at a time."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A message for the span from `start` to `end`. `rule` and `status` are None if the text could not be processed."""

    start: int
    end: int
    message: str
    rule: Rule | None = None
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class QuickFix:
    """The edits of one step, together with those of the steps that it needs."""

    title: str
    edits: tuple[Edit, ...]
    preferred: bool
    """Whether this is the usual step and a safe one, so that an editor may offer it first."""


class View:
    """A text and its configuration as they are now. `path` is absolute; the file need not exist."""

    def __init__(self, path: str, text: str, encoding: str = "utf-16") -> None:
        self.positions = Positions(text, encoding)
        self._path = path
        self._bom = text.startswith("\ufeff")
        self._text = text

    @cached_property
    def problems(self) -> list[Problem]:
        """All problems, in the order of the text."""
        if Path(self._path).name == config.NAME:
            return list(self._configuration())
        file = self._own(self._outcome)
        if file.error is not None:
            return [self._error(file.error, file.error_line)]
        others = (
            self._error(f"{name}: {other.error}", None)
            for name, other in zip(self._names, self._outcome.files, strict=True)
            if other.error is not None
        )
        return [*others, *(self._problem(located) for located in file.findings), *self._not_read()]

    @property
    def everything(self) -> tuple[Edit, ...]:
        """The edits that `apply` would make to this file."""
        return self._shifted(self._own(self._outcome).edits)

    def steps(self, start: int, end: int) -> Iterator[tuple[Problem, QuickFix]]:
        """The quick fixes for the problems between two offsets. Each is planned and proven by itself, so only the first
        `_MOST` problems are considered."""
        asked = [
            (problem, located)
            for problem, located in zip(self.problems, self._own(self._outcome).findings, strict=False)
            if problem.rule is not None and problem.start <= end and start <= problem.end
        ]
        for problem, located in asked[:_MOST]:
            for way in located.finding.ways:
                if step := self._step(located, way):
                    yield problem, step

    # -- problems -----------------------------------------------------------------------------------------------------

    def _configuration(self) -> Iterator[Problem]:
        try:
            config.read(self._text.encode("utf-8", "surrogatepass"), config.NAME, str(Path(self._path).parent))
        except ConfigProblem as problem:
            yield self._error(problem.cause, problem.line)

    def _error(self, cause: str, line: int | None) -> Problem:
        start = self._offset(line or 1, 1)
        return Problem(start, self.positions.end_of_line(start), printable(cause))

    def _problem(self, located: Located) -> Problem:
        finding = located.finding
        start = self._offset(located.line, located.column)
        said = [f"{subject(located)}: {finding.message}"]
        if finding.whole_caveat:
            said.append(f"Before you deploy: {finding.whole_caveat}")
        if finding.help and finding.status in (Status.NEEDS_INPUT, Status.ADVICE):
            said.append(finding.help)
        message = "\n\n".join(map(printable, said))
        return Problem(start, self.positions.end_of_line(start), message, rule=located.rule, status=finding.status)

    def _not_read(self) -> Iterator[Problem]:
        words = self._own(self._outcome).unread
        if words:
            start = self._offset(words[0].line, words[0].column)
            more = f" (and {len(words) - 1} more)" if len(words) > 1 else ""
            message = f"not read: {words[0].said}{more}"
            yield Problem(start, start + len(words[0].word), message, status=Status.ADVICE)

    def _offset(self, line: int, column: int) -> int:
        # Reports count columns without the byte order mark.
        return self.positions.offset(line, column, yaml=self._yaml) + (self._bom and line == 1)

    @property
    def _yaml(self) -> bool:
        return language.of(self._path) not in (JSON, PYTHON)

    # -- steps --------------------------------------------------------------------------------------------------------

    @cached_property
    def _job(self) -> Job | None:
        """The job for the text; None if there is nothing in it to process or its configuration excludes it."""
        raw = self._text.encode("utf-8", "surrogatepass")
        if len(raw) > LIMIT:
            return None
        # Not explicit: a file that is open in an editor was not named by the user, so `exclude` holds.
        found = FoundFile(self._path, os.path.relpath(self._path), explicit=False, root=str(Path(self._path).parent))
        return Run(Options(), warn=lambda _: None).job([found], raw)

    @property
    def _names(self) -> list[str]:
        """The names of all files of the unit."""
        return [file.name for file in self._job.files] if self._job is not None else [self._path]

    def _own(self, outcome: Outcome) -> FileOutcome:
        """The outcome for this text alone; its unit may have other files."""
        files = self._job.files if self._job is not None else ()
        return outcome.files[next((i for i, file in enumerate(files) if file.path == self._path), 0)]

    @cached_property
    def _begun(self) -> Begun | UnitResult | None:
        return begin(self._job) if self._job is not None else None

    @cached_property
    def _outcome(self) -> Outcome:
        return self._under(UNDECIDED)

    @cached_property
    def _everything(self) -> Outcome:
        """The outcome with unsafe steps."""
        match self._begun:
            case Begun() as begun:
                return begun.opened.outcome(replace(begun.choices, unsafe=True), UNDECIDED)
            case _:
                return self._outcome

    def _under(self, decisions: Decisions) -> Outcome:
        match self._begun:
            case Begun() as begun:
                return begun.opened.outcome(begun.choices, decisions)
            case UnitResult(outcome=outcome):
                return outcome
            case None:
                return Outcome()

    def _step(self, located: Located, way: Finding) -> QuickFix | None:
        """The quick fix that takes a step by itself, or else together with the steps before it; None if neither
        works."""
        for accepted in self._sets(located, way):
            outcome = self._under(Decisions.only(accepted))
            taken = [f for f in outcome.findings if f.applied]
            step = next((f for f in taken if f.finding.id == way.id), None)
            # By itself it may be a different step: without its access point, a grant is for the whole file system.
            if step is not None and step.finding.changes == way.changes:
                return self._named(step, taken, self._own(outcome).edits, asked=located.finding)
        return None

    def _sets(self, located: Located, way: Finding) -> Iterator[frozenset[StepId]]:
        """Sets of steps to try, from the smallest: the step with those that it cannot be separated from; then also
        those before it on the same volume; then also everything that is applied by default. A step that is taken only with
        the volume's authorization comes with all steps that lead to that."""
        findings = self._outcome.findings
        changes = located.finding.changes
        shared = {
            f.finding.id
            for f in findings
            if f.rule is located.rule and (f.place == located.place or (changes and f.finding.changes == changes))
        }
        shared.add(way.id)
        before = findings[: findings.index(located)]
        same = {
            f.finding.id for f in before if f.place == located.place or f.finding.subject == located.finding.subject
        }
        default = {f.finding.id for f in findings if f.applied}
        yield from dict.fromkeys(map(frozenset, (shared, shared | same, shared | same | default)))
        if way.keeps_iam:
            everything = self._everything.findings
            yield frozenset(shared | {f.finding.id for f in everything if f.finding.subject == way.subject})

    def _named(self, step: Located, taken: Sequence[Located], edits: Iterable[Edit], asked: Finding) -> QuickFix:
        safe = all(f.finding.status is Status.FIXABLE for f in taken)
        title = f"{step.rule.id} {step.rule.name}, {printable(subject(step))}"
        if step.finding.label and len(asked.ways) > 1:
            title += f": {printable(step.finding.label)}"
        others = list(dict.fromkeys(f.rule.id for f in taken if f.rule is not step.rule))
        if any(f.finding.subject != step.finding.subject and f.place != step.place for f in taken):
            title += " (with what else is safe in this file)"
        elif others:
            title += f" (with {', '.join(others)})"
        preferred = safe and step.finding.id == asked.id
        return QuickFix(title if safe else f"Unsafe: {title}", self._shifted(edits), preferred)

    def _shifted(self, edits: Iterable[Edit]) -> tuple[Edit, ...]:
        """Edits of the text as the editor holds it, which may begin with a byte order mark."""
        shift = int(self._bom)
        return tuple(replace(edit, start=edit.start + shift, end=edit.end + shift) for edit in edits)
