"""From paths to results: discovers files, finds what governs each, and has the engine work on them, in parallel if many."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from migrate.config import config
from migrate.config.config import Config, ConfigProblem
from migrate.engine.decisions import UNDECIDED, Answer, Decisions
from migrate.engine.outcome import Outcome
from migrate.engine.process import Opened, open_text
from migrate.files import language
from migrate.files.discover import FoundFile, discover, excluder
from migrate.files.screen import content, informs_others, reason, screen
from migrate.files.source import SourceFile, SourceProblem, read, write
from migrate.run.repository import FilePlace, Repositories, Survey, needs_other_files, read_for_others
from migrate.syntax.garbage import not_collecting
from rules import RULES
from rules.choices import Choices
from rules.model import Level
from rules.rule import StepId

if TYPE_CHECKING:
    from migrate.engine.fixes import Fix


_Given = TypeVar("_Given")
_Done = TypeVar("_Done")

# Below this many files starting processes takes longer than the work.
_WORTH_FORKING = 40


@dataclass(frozen=True)
class Options:
    """What the command line settles for every file."""

    config: str | None = None
    base: Config | None = None
    """What holds where a file's own configuration says nothing."""
    target: Level | None = None
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    unsafe: bool = False
    jobs: int = 0
    """Processes; 0 means one per processor."""
    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    force_exclude: bool = False
    """Whether the configuration's `exclude` holds for files that are named, too."""
    stdin_name: str | None = None
    fixes: bool = False
    """Whether results are to say which of their edits can be taken by themselves."""
    answers: Mapping[str, Mapping[StepId, Answer]] = field(default_factory=dict)
    """What somebody said of steps, by the name of the file."""


@dataclass(frozen=True)
class Job:
    """One file to work on, or the reason why it cannot be."""

    path: str
    name: str
    choices: Choices | None
    error: str | None = None
    raw: bytes | None = None
    """The content, where there is no file to read it from."""
    config: str | None = None
    """The broken configuration that is the reason."""
    place: FilePlace | None = None
    """Where the file belongs, if it may ask what instances of other files mount."""
    decisions: Decisions = UNDECIDED
    """What somebody decided about its steps."""
    fixes: bool = False
    """As in the options."""


@dataclass(frozen=True)
class FileResult:
    """One file that had something to say. `source` is None if it could not be read."""

    name: str
    source: SourceFile | None
    outcome: Outcome
    stdin: bool = False
    """Whether this is standard input, whose result goes to standard output."""
    config: str | None = None
    """The broken configuration, as `Run.problems` knows it, that kept the file from being looked into."""
    fixes: tuple[Fix, ...] = ()
    """The outcome's edits in parts, if the options ask for them."""


@dataclass
class Run:
    """One command's work."""

    options: Options
    warn: Callable[[str], None]
    problems: dict[str, ConfigProblem] = field(default_factory=dict)
    """The broken configurations that it came across, by the name that messages give them."""
    passed: bytes | None = None
    """Standard input, if it holds nothing for us."""
    _telling: list[FoundFile] = field(default_factory=list)
    """Files that may answer the questions of others."""
    _homes: Repositories = field(default_factory=Repositories)

    def results(self, paths: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Iterator[FileResult]:
        """Results in the order of discovery; `progress` is called with how many of how many files are done."""
        self.look_at_configurations(paths)
        if "-" in paths and (result := self.stdin()):
            yield result
        jobs = self.jobs(paths)
        for done, result in enumerate(self.spread(work, jobs), 1):
            if progress:
                progress(done, len(jobs))
            yield result

    def look_at_configurations(self, paths: Sequence[str]) -> None:
        """Find the broken ones, which are worth knowing of even where no file needs them."""
        for path in paths:
            if path != "-":
                self.governing(os.path.join(path, config.NAME) if os.path.isdir(path) else path)

    def jobs(self, paths: Sequence[str]) -> list[Job]:
        """The work that the files in these places ask for, in the order of discovery."""
        found = discover(
            [path for path in paths if path != "-"],
            exclude=self.options.exclude,
            gitignore=self.options.gitignore,
            warn=self.warn,
        )
        return self.informed([job for file in found if (job := self.job(file))])

    def job(self, found: FoundFile, unsaved: bytes | None = None) -> Job | None:
        """The work that a file asks for, which may have other content than is saved; None if it holds nothing for us or is
        excluded."""
        if found.error is not None:
            return Job(found.path, found.name, None, found.error)
        if os.path.basename(found.path) == config.NAME:
            return None
        try:
            raw = content(found.path) if unsaved is None else unsaved
        except OSError as error:
            return Job(found.path, found.name, None, reason(error))
        written_in = language.of(found.path)
        if raw is not None and informs_others(raw, written_in):
            self._telling.append(found)
        if raw is None or not screen(raw, written_in):
            return None
        governing = self.governing(found.path)
        if isinstance(governing, ConfigProblem):
            return _stopped(found.path, found.name, governing)
        if (self.options.force_exclude or not found.explicit) and _excluded(governing, found.path):
            return None
        place = self.place(found, governing) if needs_other_files(raw) else None
        decisions = Decisions(self.options.answers.get(found.name, {}))
        fixes = self.options.fixes
        return Job(
            found.path, found.name, self.choices(governing), raw=unsaved, place=place, decisions=decisions, fixes=fixes
        )

    def place(self, found: FoundFile, governing: Config) -> FilePlace:
        return FilePlace(found.path, found.name, self._homes.of(found.path, (governing.folder, found.root)))

    def informed(self, jobs: list[Job]) -> list[Job]:
        """The jobs with what other files of the same repository say, if any of them may ask."""
        asking = [job.place for job in jobs if job.place is not None]
        if not asking or not self._telling:
            return jobs
        wanted = {home for place in asking for home in place.homes}
        places = [p for p in map(self.telling_place, self._telling) if p and not wanted.isdisjoint(p.homes)]
        said = ((place, told) for place, told in zip(places, self.spread(read_for_others, places), strict=True) if told)
        survey = Survey(said, asking)
        return [self.told(job, survey) for job in jobs]

    def telling_place(self, found: FoundFile) -> FilePlace | None:
        """Where a file belongs; None if its configuration excludes it, or is broken, which stops what it governs."""
        path = self.options.config or config.find(found.path)
        try:
            governing = config.load(os.path.abspath(path), os.path.relpath(path)) if path else Config()
        except ConfigProblem:
            return None
        return None if not found.explicit and _excluded(governing, found.path) else self.place(found, governing)

    def told(self, job: Job, survey: Survey) -> Job:
        if job.place is None or job.choices is None:
            return job
        seen, passed = survey.seen_from(job.place), survey.passed_to(job.place)
        return replace(job, choices=replace(job.choices, seen=seen, passed=passed), place=None)

    def stdin(self) -> FileResult | None:
        """The result for standard input; None, and `passed` set, if it holds nothing for us."""
        name = self.options.stdin_name or "-"
        try:
            raw = sys.stdin.buffer.read() if sys.stdin else b""
        except OSError as error:
            return FileResult(name, None, Outcome(error=reason(error)), stdin=True)
        if not screen(raw):
            self.passed = raw
            return None
        governing = self.governing(name)
        job = (
            _stopped(name, name, governing)
            if isinstance(governing, ConfigProblem)
            else Job(name, name, self.choices(governing), raw=raw, fixes=self.options.fixes)
        )
        return replace(work(job), stdin=True)

    def governing(self, path: str) -> Config | ConfigProblem:
        """The configuration for a file, or what is wrong with it."""
        base = self.options.base
        found = self.options.config or config.find(path)
        if found is None:
            return base or Config()
        name = os.path.relpath(found)
        if name not in self.problems:
            try:
                governing = config.load(os.path.abspath(found), name)
                return governing.over(base) if base is not None else governing
            except ConfigProblem as problem:
                self.problems[name] = problem
        return self.problems[name]

    def choices(self, governing: Config) -> Choices:
        """A configuration's choices under the command line's options."""
        options, choices = self.options, governing.choices
        off = choices.off | options.skip
        if options.only:
            off |= frozenset(rule.id for rule in RULES) - options.only
        return replace(choices, target=options.target or choices.target, off=off, unsafe=options.unsafe)

    def spread(self, function: Callable[[_Given], _Done], given: list[_Given]) -> Iterator[_Done]:
        """What a function makes of each item, in order, by several processes if there are many."""
        processes = min(self.options.jobs or os.cpu_count() or 1, len(given))
        if processes < 2 or (len(given) < _WORTH_FORKING and not self.options.jobs):
            for item in given:  # not `map`, which takes a StopIteration for its own end
                yield function(item)
            return
        import signal
        from concurrent.futures import ProcessPoolExecutor

        chunk = max(1, min(32, len(given) // (processes * 16)))
        # Ctrl-C reaches every process; this one ends the others, which would each print a traceback.
        with ProcessPoolExecutor(
            processes, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
        ) as pool:
            yield from pool.map(function, given, chunksize=chunk)


def written(file: FileResult) -> FileResult:
    """The result after its file is written; with an error, and nothing applied, if that failed."""
    if file.source is None or not file.outcome.edits:
        return file
    try:
        write(file.source, file.outcome.text)
    except SourceProblem as problem:
        findings = tuple(replace(located, applied=False) for located in file.outcome.findings)
        return replace(file, outcome=replace(file.outcome, error=problem.cause, findings=findings))
    return file


def work(job: Job) -> FileResult:
    """Do one job; never raises for what a file holds."""
    with not_collecting():
        return _worked(job)


def _worked(job: Job) -> FileResult:
    begun = begin(job)
    if isinstance(begun, FileResult):
        return begun
    opened = begun.opened
    result = FileResult(job.name, begun.source, opened.outcome(begun.choices, job.decisions))
    if not job.fixes:
        return result
    from migrate.engine.fixes import fixes

    return replace(result, fixes=fixes(result.outcome, partial(opened.outcome, begun.choices)))


@dataclass(frozen=True)
class Begun:
    """A job whose file can be planned."""

    source: SourceFile
    opened: Opened
    choices: Choices


def begin(job: Job) -> Begun | FileResult:
    """Read a job's file, or return what became of it if there is nothing to plan."""
    if job.choices is None:
        return FileResult(job.name, None, Outcome(error=job.error), config=job.config)
    path = Path(job.path)
    try:
        source = read(path, job.name) if job.raw is None else SourceFile.of(path, job.name, job.raw)
    except SourceProblem as problem:
        return FileResult(job.name, None, Outcome(error=problem.cause, error_line=problem.line))
    opened = open_text(source.text, _stem(path), language.of(job.path))
    return Begun(source, opened, job.choices) if isinstance(opened, Opened) else FileResult(job.name, source, opened)


def _stem(path: Path) -> str:
    """What a definition without a family is called: `web` for `web.json` and `web.taskdef.json`."""
    return path.name.partition(".")[0] or path.name


def _stopped(path: str, name: str, problem: ConfigProblem) -> Job:
    return Job(path, name, None, f"its configuration is broken ({problem})", config=problem.path)


def _excluded(governing: Config, path: str) -> bool:
    return bool(governing.exclude) and excluder(governing.exclude)(os.path.relpath(path, governing.folder))
