"""From paths to results: discovers files, finds what governs each, and has the engine work on them, in parallel if many."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from migrate.config import config
from migrate.config.config import Config, ConfigProblem
from migrate.engine.decisions import UNDECIDED, Answer, Decisions
from migrate.engine.outcome import FileOutcome, Outcome
from migrate.engine.process import Opened, open_unit
from migrate.files import language
from migrate.files.discover import FoundFile, discover, excluder
from migrate.files.screen import content, informs_others, reason, screen
from migrate.files.source import NotWritten, SourceFile, SourceProblem, read, write_all
from migrate.run.repository import FilePlace, Repositories, Survey, needs_other_files, read_for_others
from migrate.syntax.garbage import not_collecting
from migrate.syntax.unit import Member
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
class JobFile:
    """A file of a job's unit. `raw` is its content where there is no file to read it from."""

    path: str
    name: str
    raw: bytes | None = None
    fixed: bool = False
    """Whether it is only read, and stays as it is, because nobody asked for it."""


@dataclass(frozen=True)
class Job:
    """One unit to work on, or the reason why it cannot be. `path` and `name` are those of its first file."""

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
    fixed: bool = False
    """As of a `JobFile`."""
    others: tuple[JobFile, ...] = ()
    """The unit's other files, in order."""

    @property
    def files(self) -> tuple[JobFile, ...]:
        """All files of the unit."""
        return (JobFile(self.path, self.name, self.raw, fixed=self.fixed), *self.others)


@dataclass(frozen=True)
class FileResult:
    """One file of a unit that had something to say. `source` is None if it could not be read."""

    name: str
    source: SourceFile | None
    outcome: FileOutcome
    config: str | None = None
    """The broken configuration, as `Run.problems` knows it, that kept the file from being looked into."""


@dataclass(frozen=True)
class UnitResult:
    """What became of one unit. `sources` has None for every file that could not be read."""

    names: tuple[str, ...]
    sources: tuple[SourceFile | None, ...]
    outcome: Outcome
    stdin: bool = False
    """Whether this is standard input, whose result goes to standard output."""
    config: str | None = None
    """The broken configuration, as `Run.problems` knows it, that kept the unit from being looked into."""
    fixes: tuple[Fix, ...] = ()
    """The outcome's edits in parts, if the options ask for them."""

    @property
    def files(self) -> tuple[FileResult, ...]:
        """What became of each file."""
        return tuple(
            FileResult(name, source, outcome, config=self.config)
            for name, source, outcome in zip(self.names, self.sources, self.outcome.files, strict=True)
        )


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

    def results(self, paths: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Iterator[UnitResult]:
        """Results in the order of discovery; `progress` is called with how many of how many units are done."""
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
        return self.informed([job for unit in units(found) if (job := self.job(unit))])

    def job(self, asked: Sequence[FoundFile], unsaved: bytes | None = None) -> Job | None:
        """The work that files of one unit ask for, the first of which may have other content than is saved; None if none of them
        holds anything for us or all are excluded."""
        members = language.of(asked[0].path).members
        if members is None:
            return self._alone(asked[0], unsaved)
        jobs = [job for file in asked if (job := self._alone(file, unsaved if file is asked[0] else None))]
        stopped = next((job for job in jobs if job.choices is None), None)
        if stopped is not None or not jobs:
            return stopped
        # What was asked for may change, whether it holds our words or not.
        named = {file.path: file.name for file in asked if not self._is_excluded(file)}
        first, *others = (
            JobFile(
                path,
                named.get(path) or os.path.relpath(path),
                raw=unsaved if path == asked[0].path else None,
                fixed=path not in named,
            )
            for path in members(asked[0].path)
        )
        place = next((job.place for job in jobs if job.place is not None), None)
        answers = {step: answer for name in named.values() for step, answer in self._answers(name).items()}
        return replace(
            jobs[0],
            path=first.path,
            name=first.name,
            raw=first.raw,
            place=replace(place, path=first.path, name=first.name) if place is not None else None,
            decisions=Decisions(answers),
            fixed=first.fixed,
            others=tuple(others),
        )

    def _answers(self, name: str) -> Mapping[StepId, Answer]:
        return self.options.answers.get(name, {})

    def _is_excluded(self, found: FoundFile) -> bool:
        governing = self.governing(found.path)
        by_option = self.options.force_exclude or not found.explicit
        return isinstance(governing, Config) and by_option and _excluded(governing, found.path)

    def _alone(self, found: FoundFile, unsaved: bytes | None) -> Job | None:
        """The work that a file asks for by itself."""
        if found.error is not None:
            return Job(found.path, found.name, None, error=found.error)
        if os.path.basename(found.path) == config.NAME:
            return None
        try:
            raw = content(found.path) if unsaved is None else unsaved
        except OSError as error:
            return Job(found.path, found.name, None, error=reason(error))
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
        decisions = Decisions(self._answers(found.name))
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

    def stdin(self) -> UnitResult | None:
        """The result for standard input; None, and `passed` set, if it holds nothing for us."""
        name = self.options.stdin_name or "-"
        try:
            raw = sys.stdin.buffer.read() if sys.stdin else b""
        except OSError as error:
            return UnitResult((name,), (None,), Outcome.failed(reason(error)), stdin=True)
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


def units(found: Iterable[FoundFile]) -> Iterable[list[FoundFile]]:
    """The files that belong together, by their language, in the order of the first of each."""
    if not any(known.members for known in language.LANGUAGES):
        return ([file] for file in found)
    groups: dict[object, list[FoundFile]] = {}
    for file in found:
        members = language.of(file.path).members if file.error is None else None
        groups.setdefault(file if members is None else tuple(members(file.path)), []).append(file)
    return groups.values()


def written(unit: UnitResult) -> UnitResult:
    """The result after its files are written, all or none; with an error, and nothing applied, if that failed."""
    outcome = unit.outcome
    changes = [
        (source, file.text) for source, file in zip(unit.sources, outcome.files, strict=True) if source and file.edits
    ]
    try:
        write_all(changes)
    except NotWritten as problem:
        index = next(i for i, source in enumerate(unit.sources) if source is problem.source)
        files = tuple(
            _unwritten(file, unit.names[index], problem, at_fault=i == index) for i, file in enumerate(outcome.files)
        )
        return replace(unit, outcome=replace(outcome, files=files))
    return unit


def _unwritten(file: FileOutcome, name: str, problem: NotWritten, at_fault: bool) -> FileOutcome:
    """What became of a file of a unit of which none was written, because of the one called `name`."""
    findings = tuple(replace(located, applied=False) for located in file.findings)
    error = problem.cause if at_fault else f"left alone, because {name} could not be written" if file.edits else None
    return replace(file, error=error, findings=findings)


def work(job: Job) -> UnitResult:
    """Do one job; never raises for what a file holds."""
    with not_collecting():
        return _worked(job)


def _worked(job: Job) -> UnitResult:
    begun = begin(job)
    if isinstance(begun, UnitResult):
        return begun
    opened = begun.opened
    result = begun.result(opened.outcome(begun.choices, job.decisions))
    if not job.fixes:
        return result
    from migrate.engine.fixes import fixes

    return replace(result, fixes=fixes(result.outcome, partial(opened.outcome, begun.choices)))


@dataclass(frozen=True)
class Begun:
    """A job whose unit can be planned."""

    sources: tuple[SourceFile, ...]
    opened: Opened
    choices: Choices

    def result(self, outcome: Outcome) -> UnitResult:
        """The job's result, if this is what became of its unit."""
        return UnitResult(tuple(source.name for source in self.sources), self.sources, outcome)


def begin(job: Job) -> Begun | UnitResult:
    """Read a job's files, or return what became of them if there is nothing to plan."""
    files = job.files
    names = tuple(file.name for file in files)
    unread: tuple[SourceFile | None, ...] = (None,) * len(files)
    if job.choices is None:
        return UnitResult(names, unread, Outcome.failed(job.error or "", count=len(files)), config=job.config)
    sources: list[SourceFile] = []
    for file in files:
        path = Path(file.path)
        try:
            sources.append(read(path, file.name) if file.raw is None else SourceFile.of(path, file.name, file.raw))
        except SourceProblem as problem:
            failed = Outcome.failed(problem.cause, problem.line, index=len(sources), count=len(files))
            return UnitResult(names, unread, failed)
    members = [
        Member(file.name, source.text, language.of(file.path), fixed=file.fixed)
        for file, source in zip(files, sources, strict=True)
    ]
    opened = open_unit(members, _stem(Path(job.path)))
    if isinstance(opened, Opened):
        return Begun(tuple(sources), opened, job.choices)
    return UnitResult(names, tuple(sources), opened)


def _stem(path: Path) -> str:
    """What a definition without a family is called: `web` for `web.json` and `web.taskdef.json`."""
    return path.name.partition(".")[0] or path.name


def _stopped(path: str, name: str, problem: ConfigProblem) -> Job:
    return Job(path, name, None, error=f"its configuration is broken ({problem})", config=problem.path)


def _excluded(governing: Config, path: str) -> bool:
    return bool(governing.exclude) and excluder(governing.exclude)(os.path.relpath(path, governing.folder))
