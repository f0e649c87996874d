"""Works on one repository of a campaign: plans, writes to a separate worktree, proves, and publishes on request.

Every executor runs `work`, here or on another machine, so its argument and result can be pickled.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from migrate import __version__
from migrate.batch import publish
from migrate.batch.address import Address, without_credentials
from migrate.batch.checkout import Checkout, Skipped, checkout
from migrate.batch.git import Git, GitProblem, TooSlow, other_end
from migrate.config import config
from migrate.engine.outcome import VolumeLevels
from migrate.report.diff import unified
from migrate.report.result import Report
from migrate.run.run import FileResult, Options, Run, written
from rules.facts.values import shown
from rules.model import EfsVolume, Level
from rules.rule import Status

MOST_NAMED = 3
"""The number of files or findings that a reason names at most."""
_here = threading.Lock()
"""Held while the current directory is changed: a process has only one, and an executor may have several threads."""


class RepositoryState(StrEnum):
    """The state of a repository in a campaign."""

    MIGRATED = "migrated"
    CLEAN = "clean"
    NEEDS_INPUT = "needs-input"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Wish:
    """The options for each repository of a campaign. Without a branch nothing is committed to it."""

    options: Options = field(default_factory=Options)
    branch: str | None = None
    commit: bool = False
    push: bool = False
    pull_request: bool = False
    message: str | None = None
    """The template of the commit message; None for the default."""
    patches: bool = False
    timeout: float = 600
    """The time limit for each repository, in seconds."""


@dataclass(frozen=True, slots=True)
class RepositoryTask:
    """One repository to work on."""

    address: Address
    wish: Wish
    cache: str


@dataclass(slots=True)
class VolumeRow:
    """One volume in the summary; `file_system` is None if it is not known."""

    file: str
    task: str
    name: str
    level: str
    after: str
    file_system: str | None


@dataclass(slots=True)
class Row:
    """One repository in the summary, with the content of its other files (diff, patch, report)."""

    repository: str
    status: RepositoryState
    branch: str | None = None
    commit: str | None = None
    files: list[str] = field(default_factory=list)
    reason: str | None = None
    volumes: list[VolumeRow] = field(default_factory=list)
    open: dict[str, int] = field(default_factory=dict)
    """The number of open findings by status."""
    errors: list[str] = field(default_factory=list)
    """Files that could not be processed, with their causes."""
    needs: list[dict[str, str]] = field(default_factory=list)
    """The findings that need input: file, rule, subject, message."""
    pull_request: str | None = None
    seconds: float = 0.0
    diff: str = ""
    body: str = ""
    """The report in Markdown, if a pull request needs it."""
    patch: bytes = b""
    base: str | None = None
    """The default branch."""
    target: str | None = None
    """The URL that the branch was pushed to."""

    def public(self) -> dict[str, Any]:
        """The row as it stands in the summary."""
        keys = ("repository", "status", "branch", "commit", "files", "reason", "volumes", "open", "errors", "needs")
        found = {key: getattr(self, key) for key in keys}
        found["volumes"] = [asdict(volume) for volume in self.volumes]
        return {
            **found,
            "status": str(self.status),
            "pull_request": self.pull_request,
            "seconds": round(self.seconds, 2),
        }


def work(task: RepositoryTask) -> Row:
    """Does all the work for one repository. Raises nothing, whatever the repository holds or git reports."""
    begun = time.monotonic()
    settings = task.address.environment()
    if (command := other_end(task.address.location, "upload-pack")) is not None:
        settings["remote.origin.uploadpack"] = command  # also for what git fetches by itself later
    git = Git(begun + task.wish.timeout, settings)
    row = Row(task.address.name, RepositoryState.FAILED)
    try:
        cache = Path(task.cache)
        with _alarm(task.wish.timeout), checkout(task.address, cache, git) as found:
            _work(task, found, git, row=row)
    except Skipped as reason:
        row.status, row.reason = RepositoryState.SKIPPED, str(reason)
    except (GitProblem, OSError) as problem:
        row.status, row.reason = RepositoryState.FAILED, without_credentials(_cause(problem))
    row.seconds = time.monotonic() - begun
    return row


def _cause(problem: GitProblem | OSError) -> str:
    if isinstance(problem, OSError):
        name = f"{os.fsdecode(problem.filename)}: " if problem.filename else ""
        return f"{name}{problem.strerror or problem}"
    return str(problem)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Ends work that git's own time limit does not cover. Signals need the main thread; in others there is no limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: object) -> None:
        raise TooSlow("the time for it is over")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Makes a folder the current directory, so that all names are relative to the repository."""
    with _here:
        before = Path.cwd()
        os.chdir(folder)
        config.forget()
        try:
            yield
        finally:
            os.chdir(before)
            config.forget()


def _work(task: RepositoryTask, found: Checkout, git: Git, row: Row) -> None:
    """Works on a checkout, and fills in the row as far as the work gets."""
    wish = task.wish
    warnings: list[str] = []
    with _inside(found.tree):
        run = Run(replace(wish.options, jobs=1, gitignore=False), warnings.append)
        units = [written(unit) for unit in run.results(["."])]
        report = Report(units, applied=True, problems=list(run.problems.values()))
        _tell(row, report)
        row.diff = "".join(_diff(file) for file in report.files)
    row.base = found.branch
    if not row.files:
        return
    made = publish.commit(found, row.files, _message(wish, report), git=git, needs_author=wish.commit)
    if wish.patches or not task.address.is_local:
        row.patch = publish.patch(found, made, git)
    if wish.pull_request:
        from migrate.report.markdown import render

        row.body = render(report)
    if not wish.commit:
        return
    assert wish.branch is not None
    row.branch, row.commit = wish.branch, made.commit
    if task.address.is_local:
        row.commit = publish.branch(found, made, wish.branch, git=git)
        made = replace(made, commit=row.commit)
    if wish.push:
        row.target = _target(found, git)
        row.commit = publish.push(found, made, wish.branch, url=row.target, git=git)
        row.target = without_credentials(row.target)


def _target(found: Checkout, git: Git) -> str:
    """The URL or folder that a repository's branches are pushed to."""
    if not found.address.is_local:
        return found.address.location
    url = git.inside(found.address.location).text("remote", "get-url", "--push", "origin", fails=[2, 128])
    if not url:
        raise GitProblem("has no remote `origin` to push to")
    # A relative path starts from the folder whose configuration has it.
    return url if "://" in url or ":" in url.split("/")[0] else os.path.join(found.address.location, url)


def _diff(file: FileResult) -> str:
    if file.source is None or not file.outcome.edits or file.outcome.error is not None:
        return ""
    return unified(
        file.name, file.source.text, file.outcome.text, edits=file.outcome.edits, notes=[], bom=file.source.bom
    )


# -- the row ----------------------------------------------------------------------------------------------------------


def _tell(row: Row, report: Report) -> None:
    """Fills in the figures of a report."""
    changed = [f.name for f in report.files if f.outcome.edits and f.outcome.error is None]
    errors = [_error(file) for file in report.failures()] + [str(problem) for problem in report.problems]
    left: dict[str, int] = {}
    needs: list[dict[str, str]] = []
    said: list[str] = []
    for file in report.files:
        for located in file.outcome.findings:
            found = located.finding.status
            if report.is_done(located) or found is Status.ADVICE:
                continue
            left[str(found)] = left.get(str(found), 0) + 1
            place = f"{file.name}:{located.line}: {located.finding.rule} {found}"
            said.append(f"{place}: {located.finding.message}")
            if found is Status.NEEDS_INPUT:
                subject = f"{located.task}/{located.volume}" if located.volume else located.task
                needs.append(
                    {
                        "file": file.name,
                        "rule": located.finding.rule,
                        "subject": subject,
                        "message": located.finding.message,
                    }
                )
    volumes = [_volume(file.name, volume) for file in report.files for volume in file.outcome.volumes]
    if changed:
        row.status, reasons = RepositoryState.MIGRATED, errors
    elif left:
        row.status, reasons = RepositoryState.NEEDS_INPUT, [*errors, *said]
    elif errors:
        row.status, reasons = RepositoryState.FAILED, errors
    else:
        row.status, reasons = RepositoryState.CLEAN, []
    row.files, row.reason, row.volumes = changed, _few(reasons), volumes
    row.open, row.errors, row.needs = left, errors, needs


def _few(reasons: list[str]) -> str | None:
    more = len(reasons) - MOST_NAMED
    return "; ".join(reasons[:MOST_NAMED]) + (f" (and {more} more)" if more > 0 else "") if reasons else None


def _error(file: FileResult) -> str:
    line = f":{file.outcome.error_line}" if file.outcome.error_line is not None else ""
    return f"{file.name}{line}: {file.outcome.error}"


def _volume(file: str, volume: VolumeLevels) -> VolumeRow:
    storage = volume.planned if isinstance(volume.planned, EfsVolume) else volume.storage
    system = storage.file_system if isinstance(storage, EfsVolume) else None
    return VolumeRow(
        file,
        volume.task,
        volume.name,
        level=str(volume.level),
        after=str(volume.after),
        file_system=shown(system) if system else None,
    )


# -- the message ------------------------------------------------------------------------------------------------------

MESSAGE = """\
Mount EFS with {target}

{volumes}

Made by efs-migrate {version}.
"""
"""The default commit message. A template of `--message` may also use the fields `files` and `repository`."""


def _message(wish: Wish, report: Report) -> str:
    """The template with its fields filled in; other braces stay as they are."""
    changed = [
        f"- {file.name}: {volume.task}/{volume.name}: {volume.level} -> {volume.after}"
        for file in report.files
        if file.outcome.edits
        for volume in file.outcome.volumes
        if volume.level is not volume.after
    ]
    reached = {
        volume.after for file in report.files for volume in file.outcome.volumes if volume.level is not volume.after
    }
    fields: Mapping[str, str] = {
        "target": _TARGETS[max(reached, key=lambda level: level.rank)] if reached else "efsVolumeConfiguration",
        "volumes": "\n".join(changed),
        "files": "\n".join(f"- {file.name}" for file in report.files if file.outcome.edits),
        "version": __version__,
    }
    text = wish.message or MESSAGE
    for name, value in fields.items():
        text = text.replace(f"{{{name}}}", _printable(value))
    return text


_TARGETS = {
    Level.EFS: "efsVolumeConfiguration",
    Level.TLS: "transit encryption",
    Level.ACCESS_POINT: "transit encryption and access points",
    Level.IAM: "transit encryption and IAM authorization",
}


def _printable(text: str) -> str:
    """The text made safe for a commit message, since file names and values may hold anything."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text.encode("utf-8", "replace").decode())
