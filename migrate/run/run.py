"""From paths to results: discovers files, finds the configuration of each, and runs the engine on them, in parallel if
many."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from migrate.config import config
from migrate.config.config import Config, ConfigProblem
from migrate.engine.decisions import UNDECIDED, Answer, Decisions
from migrate.engine.outcome import FileOutcome, Outcome
from migrate.engine.process import Opened, open_unit
from migrate.files import language
from migrate.files.discover import FoundFile, discover, excluder
from migrate.files.screen import content, informs_others, reason, screen, speaks_of_tasks
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

# With fewer files, starting processes takes longer than the work itself.
_WORTH_FORKING = 40


@dataclass(frozen=True)
class Options:
    """The options of the command line, which hold for every file."""

    config: str | None = None
    base: Config | None = None
    """The configuration for everything that a file's own configuration does not state."""
    target: Level | None = None
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    unsafe: bool = False
    jobs: int = 0
    """Processes; 0 means one per processor."""
    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    force_exclude: bool = False
    """Whether the configuration's `exclude` also holds for files that the command line names."""
    stdin_name: str | None = None
    fixes: bool = False
    """Whether results divide their edits into fixes that can be applied one by one."""
    answers: Mapping[str, Mapping[StepId, Answer]] = field(default_factory=dict)
    """Answers to steps, by the name of the file."""


@dataclass(frozen=True)
class JobFile:
    """A file of a job's unit. `raw` is its content if it is not to be read from disk (standard input, an open
    editor)."""

    path: str
    name: str
    raw: bytes | None = None
    fixed: bool = False
    """Whether the file is only read and never changed, because it is not among the files that were asked for."""


@dataclass(frozen=True)
class Job:
    """One unit to work on, or the error that prevents it. `path` and `name` are those of its first file."""

    path: str
    name: str
    choices: Choices | None
    error: str | None = None
    raw: bytes | None = None
    """The content, if it is not to be read from disk; see `JobFile`."""
    config: str | None = None
    """The broken configuration that is the cause of `error`."""
    place: FilePlace | None = None
    """The place of the file, if its rules may need the mounts that other files of the repository show; else None."""
    decisions: Decisions = UNDECIDED
    """The decisions of the user about its steps."""
    fixes: bool = False
    """See `Options.fixes`."""
    fixed: bool = False
    """See `JobFile.fixed`; of the first file."""
    others: tuple[JobFile, ...] = ()
    """The unit's other files, in order."""

    @property
    def files(self) -> tuple[JobFile, ...]:
        """All files of the unit."""
        return (JobFile(self.path, self.name, self.raw, fixed=self.fixed), *self.others)


@dataclass(frozen=True)
class FileResult:
    """The result for one file of a unit. `source` is None if the file could not be read."""

    name: str
    source: SourceFile | None
    outcome: FileOutcome
    config: str | None = None
    """The broken configuration, as `Run.problems` knows it, because of which the file was not processed."""


@dataclass(frozen=True)
class UnitResult:
    """The result for one unit. `sources` has None for every file that could not be read."""

    names: tuple[str, ...]
    sources: tuple[SourceFile | None, ...]
    outcome: Outcome
    stdin: bool = False
    """Whether this is standard input, whose result goes to standard output."""
    config: str | None = None
    """The broken configuration, as `Run.problems` knows it, because of which the unit was not processed."""
    fixes: tuple[Fix, ...] = ()
    """The outcome's edits divided into fixes, if the options ask for them."""

    @property
    def files(self) -> tuple[FileResult, ...]:
        """The result for each file."""
        return tuple(
            FileResult(name, source, outcome, config=self.config)
            for name, source, outcome in zip(self.names, self.sources, self.outcome.files, strict=True)
        )


@dataclass
class Run:
    """The work of one command, over all its paths."""

    options: Options
    warn: Callable[[str], None]
    problems: dict[str, ConfigProblem] = field(default_factory=dict)
    """The broken configurations that were found, by their names in messages."""
    passed: bytes | None = None
    """The content of standard input, if there is nothing in it to process, so that it can be passed through."""
    named: list[str] = field(default_factory=list)
    """The files that the user named (a hook names what a commit holds) and that speak of EFS or of task definitions, or
    that are in a language of which nothing is known. Where no dialect reads such a file, that is said."""
    _telling: list[FoundFile] = field(default_factory=list)
    """Files that may tell facts which others need, such as mounts on instances."""
    _homes: Repositories = field(default_factory=Repositories)

    def results(self, paths: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Iterator[UnitResult]:
        """The results in the order of discovery. `progress` is called with the number of units that are done and of all
        units."""
        self.look_at_configurations(paths)
        if "-" in paths and (result := self.stdin()):
            yield result
        jobs = self.jobs(paths)
        for done, result in enumerate(self.spread(work, jobs), 1):
            if progress:
                progress(done, len(jobs))
            yield result

    def look_at_configurations(self, paths: Sequence[str]) -> None:
        """Reads the configurations that govern the paths, so that broken ones are reported even if no file needs
        them."""
        for path in paths:
            if path != "-":
                self.governing(os.path.join(path, config.NAME) if os.path.isdir(path) else path)

    def jobs(self, paths: Sequence[str]) -> list[Job]:
        """The jobs for the files under these paths, in the order of discovery."""
        found = discover(
            [path for path in paths if path != "-"],
            exclude=self.options.exclude,
            gitignore=self.options.gitignore,
            warn=self.warn,
        )
        return self.informed([job for unit in units(found) if (job := self.job(unit))])

    def job(self, asked: Sequence[FoundFile], unsaved: bytes | None = None) -> Job | None:
        """The job for the files of one unit that were asked for; None if none of them has anything to process or all
        are excluded. `unsaved` is the content of the first file if it differs from the saved one."""
        members = language.of(asked[0].path).members
        if members is None:
            return self._alone(asked[0], unsaved)
        jobs = [job for file in asked if (job := self._alone(file, unsaved if file is asked[0] else None))]
        stopped = next((job for job in jobs if job.choices is None), None)
        if stopped is not None or not jobs:
            return stopped
        # Every file that was asked for may change, even one without EFS words.
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
        """The job for a single file; None if there is nothing in it to process."""
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
        named = found.explicit and not self.options.force_exclude
        if named and (not language.is_known(found.path) or speaks_of_tasks(raw or b"")):
            self.named.append(found.name)
        if raw is None or not screen(raw, written_in):
            return None
        governing = self.governing(found.path)
        if isinstance(governing, ConfigProblem):
            return _stopped(found.path, found.name, governing)
        if (self.options.force_exclude or not found.explicit) and _excluded(governing, found.path):
            return None
        place = self.place(found, governing) if needs_other_files(raw) or written_in is language.ECS_CLI else None
        decisions = Decisions(self._answers(found.name))
        fixes = self.options.fixes
        return Job(
            found.path, found.name, self.choices(governing), raw=unsaved, place=place, decisions=decisions, fixes=fixes
        )

    def place(self, found: FoundFile, governing: Config) -> FilePlace:
        """The place of a file, with the folders by which files of one repository are recognised."""
        return FilePlace(found.path, found.name, self._homes.of(found.path, (governing.folder, found.root)))

    def informed(self, jobs: list[Job]) -> list[Job]:
        """The jobs, with the facts that other files of the same repository tell added to those that may need them."""
        asking = [job.place for job in jobs if job.place is not None]
        if not asking or not self._telling:
            return jobs
        wanted = {home for place in asking for home in place.homes}
        places = [p for p in map(self.telling_place, self._telling) if p and not wanted.isdisjoint(p.homes)]
        said = ((place, told) for place, told in zip(places, self.spread(read_for_others, places), strict=True) if told)
        survey = Survey(said, asking)
        return [self.told(job, survey) for job in jobs]

    def telling_place(self, found: FoundFile) -> FilePlace | None:
        """The place of a file that tells facts to others; None if its configuration excludes it or is broken."""
        path = self.options.config or config.find(found.path)
        try:
            governing = config.load(os.path.abspath(path), os.path.relpath(path)) if path else Config()
        except ConfigProblem:
            return None
        return None if not found.explicit and _excluded(governing, found.path) else self.place(found, governing)

    def told(self, job: Job, survey: Survey) -> Job:
        """The job with the facts of the survey that concern its repository in its choices."""
        if job.place is None or job.choices is None:
            return job
        seen, passed = survey.seen_from(job.place), survey.passed_to(job.place)
        return replace(job, choices=replace(job.choices, seen=seen, passed=passed), place=None)

    def stdin(self) -> UnitResult | None:
        """The result for standard input; None, with `passed` set, if there is nothing in it to process."""
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
        """The configuration that governs a file, or the problem that makes it unusable."""
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
        """The results of a function for each item, in order, computed by several processes if there are many items."""
        processes = min(self.options.jobs or os.cpu_count() or 1, len(given))
        if processes < 2 or (len(given) < _WORTH_FORKING and not self.options.jobs):
            for item in given:  # not `map`, which takes a StopIteration for its own end
                yield function(item)
            return
        import signal
        from concurrent.futures import ProcessPoolExecutor

        chunk = max(1, min(32, len(given) // (processes * 16)))
        # Ctrl-C reaches every process. The workers ignore it, or each would print a traceback; this one ends them.
        with ProcessPoolExecutor(
            processes, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
        ) as pool:
            yield from pool.map(function, given, chunksize=chunk)


def units(found: Iterable[FoundFile]) -> Iterable[list[FoundFile]]:
    """The files in units: those that their language reads together, in the order of the first file of each."""
    if not any(known.members for known in language.LANGUAGES):
        return ([file] for file in found)
    groups: dict[object, list[FoundFile]] = {}
    for file in found:
        members = language.of(file.path).members if file.error is None else None
        groups.setdefault(file if members is None else tuple(members(file.path)), []).append(file)
    return groups.values()


def written(unit: UnitResult) -> UnitResult:
    """Writes the files of a unit, all or none. Returns the result, with an error and nothing applied if writing
    failed."""
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
    """The outcome for a file whose unit was not written because the file `name` could not be."""
    findings = tuple(replace(located, applied=False) for located in file.findings)
    error = problem.cause if at_fault else f"left alone, because {name} could not be written" if file.edits else None
    return replace(file, error=error, findings=findings)


def work(job: Job) -> UnitResult:
    """Does one job. Raises nothing, whatever its files hold."""
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
        """The result of the job with this outcome."""
        return UnitResult(tuple(source.name for source in self.sources), self.sources, outcome)


def begin(job: Job) -> Begun | UnitResult:
    """Reads the files of a job. Returns a result at once if there is nothing to plan."""
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
    """The name for a task definition without a family: `web` for `web.json` and `web.taskdef.json`."""
    return path.name.partition(".")[0] or path.name


def _stopped(path: str, name: str, problem: ConfigProblem) -> Job:
    return Job(path, name, None, error=f"its configuration is broken ({problem})", config=problem.path)


def _excluded(governing: Config, path: str) -> bool:
    return bool(governing.exclude) and _excluder(governing.exclude)(os.path.relpath(path, governing.folder))


_excluder = cache(excluder)  # a configuration may have more patterns than `re` remembers
