"""A campaign: its repositories, the state of each, and the files that keep it.

`state.jsonl` gets a line as soon as a repository is done, so that a run which is killed can be resumed; `summary.json`
and `report.html` are made from it. Every other file is replaced as a whole.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrate import __version__
from migrate.batch import systems
from migrate.batch.address import Address, AddressProblem, expanded, parse, stems, without_credentials
from migrate.batch.executors import Executor
from migrate.batch.forge import Forge, ForgeProblem
from migrate.batch.repository import RepositoryState, RepositoryTask, Row, Wish
from migrate.files.source import put

VERSION = 1
"""The version of `summary.json`; it rises when a script that reads it would have to change."""
STATE, SUMMARY, PAGE = "state.jsonl", "summary.json", "report.html"
_QUOTED = re.compile(r"'[^']*'|`[^`]*`|\"[^\"]*\"|[a-z+]+://\S+|/\S+|\b[0-9a-f]{7,64}\b|\b\d+\b")
_PLACE = re.compile(r"^\S+?(?::\d+)?: ")
_EVERY = 2.0  # seconds between two states of the summary on disk


class CampaignProblem(Exception):
    """Raised if a campaign cannot go on; the message is one line."""


@dataclass(frozen=True)
class CampaignPlan:
    """The repositories of a campaign: those that can be worked on, and those that cannot, with the reasons."""

    addresses: tuple[Address, ...]
    rejected: tuple[Row, ...]

    @classmethod
    def of(cls, words: Sequence[str]) -> CampaignPlan:
        """The plan for the repositories that the words name, each once."""
        addresses: dict[str, Address] = {}
        rejected: dict[str, Row] = {}
        for word in expanded(words):
            try:
                address = parse(word)
                addresses.setdefault(address.location, address)
            except AddressProblem as problem:
                name = without_credentials(word)
                rejected.setdefault(name, Row(name, RepositoryState.FAILED, reason=str(problem)))
        return cls(tuple(addresses.values()), tuple(rejected.values()))


@dataclass
class Campaign:
    """One run of a campaign. `folder` is the folder for its files, or None to keep none."""

    plan: CampaignPlan
    wish: Wish
    executor: Executor
    cache: Path
    folder: Path | None = None
    forge: Forge | None = None
    resume: bool = False
    only_failed: bool = False
    on_row: Callable[[Row], None] = lambda _row: None
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The known rows with their diffs, by the names of the repositories."""
    complete: bool = False
    _saved: float = 0.0

    def run(self) -> None:
        """Works on the repositories that are left. Raises CampaignProblem and OSError; finished rows are kept."""
        with self._owned():
            known = self._known() if self.resume or self.only_failed else {}
            tasks = []
            for address in self.plan.addresses:
                before = known.get(address.name)
                if before is not None and not (self.only_failed and before["status"] == RepositoryState.FAILED):
                    self.rows[address.name] = before
                elif before is not None or not self.only_failed or self.resume:
                    tasks.append(RepositoryTask(address, self.wish, str(self.cache)))
            self._begin()
            for row in self.plan.rejected:
                self._take(row, None)
            files = stems(self.plan.addresses)
            try:
                for task, row in self.executor(tasks):
                    self._take(row, files[task.address])
                self.complete = True
            finally:
                self._save()

    # -- one row ------------------------------------------------------------------------------------------------------

    def _take(self, row: Row, stem: str | None) -> None:
        if self.wish.pull_request and row.target and row.branch and row.base and self.forge is not None:
            title = f"Mount EFS with efs-migrate ({len(row.files)} file{'s' if len(row.files) != 1 else ''})"
            try:
                row.pull_request = self.forge.open(row.target, row.base, row.branch, title, row.body)
            except ForgeProblem as problem:
                row.reason = "; ".join(filter(None, (row.reason, f"no pull request: {problem}")))
                row.status = RepositoryState.FAILED
        if self.folder is not None and row.patch and stem is not None:
            put(self.folder / f"{stem}.patch", row.patch)
        self.rows[row.repository] = {**row.public(), "diff": row.diff, "patch": f"{stem}.patch" if row.patch else None}
        self._journal(self.rows[row.repository])
        self.on_row(row)
        if time.monotonic() - self._saved > _EVERY:
            self._save(page=False)

    # -- files --------------------------------------------------------------------------------------------------------

    @contextmanager
    def _owned(self) -> Iterator[None]:
        """Locks the folder against other runs."""
        if self.folder is None:
            yield
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise CampaignProblem(f"{self.folder}: another run is at work there") from None
            yield

    def _mark(self) -> str:
        """A hash of the options. Rows of an earlier run are used only if it had the same."""
        wish = self.wish
        told = (wish.options, wish.branch, wish.commit, wish.push, wish.pull_request, wish.message)
        return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def _known(self) -> dict[str, dict[str, Any]]:
        if self.folder is None:
            raise CampaignProblem("--resume and --only-failed need the --output-dir of the run that they continue")
        try:
            lines = (self.folder / STATE).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            if self.only_failed:
                raise CampaignProblem(f"{self.folder}: holds no campaign that something could have failed in") from None
            return {}
        found = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except ValueError:
                continue  # a run that was killed may leave an incomplete line
        if found and found[0].get("options") != self._mark():
            raise CampaignProblem(f"{self.folder}: its campaign has other options; without --resume it begins anew")
        return {row["repository"]: row for row in found[1:]}

    def _begin(self) -> None:
        if self.folder is None:
            return
        lines = [{"version": VERSION, "options": self._mark()}, *self.rows.values()]
        put(self.folder / STATE, "".join(f"{json.dumps(line)}\n" for line in lines).encode())

    def _journal(self, row: dict[str, Any]) -> None:
        if self.folder is None:
            return
        with (self.folder / STATE).open("ab") as file:
            file.write(f"{json.dumps(row)}\n".encode())
            file.flush()
            os.fsync(file.fileno())

    def _save(self, *, page: bool = True) -> None:
        if self.folder is None:
            return
        self._saved = time.monotonic()
        summary = self.summary()
        put(
            self.folder / SUMMARY, (json.dumps(summary, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        )
        if page:
            from migrate.batch.page import render

            diffs = {name: row["diff"] for name, row in self.rows.items()}
            put(self.folder / PAGE, render(summary, diffs).encode("utf-8", "replace"))

    # -- the summary --------------------------------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """The state of every repository, as in `summary.json`."""
        order = {address.name: number for number, address in enumerate(self.plan.addresses)}
        rows = sorted(self.rows.values(), key=lambda row: order.get(row["repository"], -1))
        public = [{key: value for key, value in row.items() if key != "diff"} for row in rows]
        counts = Counter(row["status"] for row in rows)
        return {
            "version": VERSION,
            "efs-migrate": __version__,
            "complete": self.complete,
            "totals": {str(state): counts[state] for state in RepositoryState},
            "repositories": public,
            "pending": [address.name for address in self.plan.addresses if address.name not in self.rows],
            "failures": failures(rows),
            "file_systems": systems.view(public),
        }

    def status(self, *, exit_zero: bool) -> int:
        """The exit status: 2 if something could not be processed, else 1 if something is left to do."""
        rows = self.rows.values()
        if not self.complete or any(row["status"] == RepositoryState.FAILED or row["errors"] for row in rows):
            return 2
        left = any(
            row["status"] in (RepositoryState.SKIPPED, RepositoryState.NEEDS_INPUT)
            or row["open"]
            or (row["status"] == RepositoryState.MIGRATED and not self.wish.commit)
            for row in rows
        )
        return 1 if left and not exit_zero else 0


def failures(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The repositories that failed or were skipped, grouped by cause; names, numbers and places in it are ignored."""
    groups: dict[tuple[str, str], list[str]] = {}
    shown: dict[tuple[str, str], str] = {}
    for row in rows:
        reasons = (
            [row["reason"]]
            if row["status"] in (RepositoryState.FAILED, RepositoryState.SKIPPED) and row["reason"]
            else row["errors"]
        )
        for reason in reasons:
            cause = _PLACE.sub("", reason, count=1) if reason in row["errors"] else reason
            key = (row["status"], _QUOTED.sub("…", cause))
            shown.setdefault(key, cause)
            if row["repository"] not in groups.setdefault(key, []):
                groups[key].append(row["repository"])
    found = [
        # The cause word for word for one repository, the common form for several.
        {"status": key[0], "cause": shown[key] if len(names) == 1 else key[1], "repositories": names}
        for key, names in groups.items()
    ]
    return sorted(found, key=lambda group: -len(group["repositories"]))
