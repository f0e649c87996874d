"""From paths to results: discovers files, finds what governs each, and has the engine work on them, in parallel if many."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from migrate import config
from migrate.config import Config, ConfigProblem
from migrate.discover import Found, candidate, discover, excluder, reason, screen
from migrate.engine import Outcome, process
from migrate.source import Source, SourceProblem, read
from rules import RULES
from rules.model import Level
from rules.rule import Policy

# Below this many files starting processes takes longer than the work.
_WORTH_FORKING = 40


@dataclass(frozen=True)
class Options:
    """What the command line settles for every file."""

    config: str | None = None
    target: Level | None = None
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    unsafe: bool = False
    jobs: int = 0
    """Processes; 0 means one per processor."""
    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    stdin_name: str | None = None


@dataclass(frozen=True)
class Job:
    """One file to work on, or the reason why it cannot be."""

    path: str
    name: str
    policy: Policy | None
    error: str | None = None
    raw: bytes | None = None
    """The content, where there is no file to read it from."""


@dataclass(frozen=True)
class FileResult:
    """One file that had something to say. `source` is None if it could not be read."""

    name: str
    source: Source | None
    outcome: Outcome


@dataclass
class Run:
    """One command's work. `problems` holds the broken configurations that it came across."""

    options: Options
    warn: Callable[[str], None]
    problems: dict[str, ConfigProblem] = field(default_factory=dict)

    def results(self, paths: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Iterator[FileResult]:
        """Results in the order of discovery; `progress` is called with how many of how many files are done."""
        for path in paths:
            # A broken configuration is worth knowing of even where no file needs it.
            self.governing(os.path.join(path, config.NAME) if os.path.isdir(path) else path)
        if "-" in paths and (job := self.stdin_job()):
            yield work(job)
        found = discover(
            [path for path in paths if path != "-"],
            exclude=self.options.exclude,
            gitignore=self.options.gitignore,
            warn=self.warn,
        )
        jobs = [job for file in found if (job := self.job(file))]
        for done, result in enumerate(self.work(jobs), 1):
            if progress:
                progress(done, len(jobs))
            yield result

    def job(self, found: Found) -> Job | None:
        """The work that a file asks for; None if it holds nothing for us or is excluded."""
        if found.error is not None:
            return Job(found.path, found.name, None, found.error)
        if os.path.basename(found.path) == config.NAME:
            return None
        try:
            if candidate(found.path) is None:
                return None
        except OSError as error:
            return Job(found.path, found.name, None, reason(error))
        governing = self.governing(found.path)
        if isinstance(governing, ConfigProblem):
            return Job(found.path, found.name, None, f"its configuration is broken ({governing})")
        if not found.explicit and _excluded(governing, found.path):
            return None
        return Job(found.path, found.name, self.policy(governing))

    def stdin_job(self) -> Job | None:
        name = self.options.stdin_name or "-"
        raw = sys.stdin.buffer.read()
        governing = self.governing(name)
        if isinstance(governing, ConfigProblem):
            return Job(name, name, None, f"its configuration is broken ({governing})")
        return Job(name, name, self.policy(governing), raw=raw) if screen(raw) else None

    def governing(self, path: str) -> Config | ConfigProblem:
        """The configuration for a file, or what is wrong with it."""
        found = self.options.config or config.find(path)
        if found is None:
            return Config()
        try:
            return config.load(os.path.abspath(found), os.path.relpath(found))
        except ConfigProblem as problem:
            return self.problems.setdefault(found, problem)

    def policy(self, governing: Config) -> Policy:
        """A configuration's policy under the command line's options."""
        options, policy = self.options, governing.policy
        off = policy.off | options.skip
        if options.only:
            off |= frozenset(rule.id for rule in RULES) - options.only
        return replace(policy, target=options.target or policy.target, off=off, unsafe=options.unsafe)

    def work(self, jobs: list[Job]) -> Iterator[FileResult]:
        processes = min(self.options.jobs or os.cpu_count() or 1, len(jobs))
        if processes < 2 or (len(jobs) < _WORTH_FORKING and not self.options.jobs):
            yield from map(work, jobs)
            return
        from concurrent.futures import ProcessPoolExecutor

        chunk = max(1, min(32, len(jobs) // (processes * 4)))
        with ProcessPoolExecutor(processes) as pool:
            yield from pool.map(work, jobs, chunksize=chunk)


def work(job: Job) -> FileResult:
    """Do one job; never raises for what a file holds."""
    if job.policy is None:
        return FileResult(job.name, None, Outcome(error=job.error))
    path = Path(job.path)
    try:
        source = read(path, job.name) if job.raw is None else Source.of(path, job.name, job.raw)
    except SourceProblem as problem:
        return FileResult(job.name, None, Outcome(error=problem.cause, error_line=problem.line))
    json = {".json": True, ".yaml": False, ".yml": False}.get(path.suffix.lower())
    return FileResult(job.name, source, process(source.text, _stem(path), job.policy, json=json))


def _stem(path: Path) -> str:
    """What a definition without a family is called: `web` for `web.json` and `web.taskdef.json`."""
    return path.name.partition(".")[0] or path.name


def _excluded(governing: Config, path: str) -> bool:
    return bool(governing.exclude) and excluder(governing.exclude)(os.path.relpath(path, governing.folder))
