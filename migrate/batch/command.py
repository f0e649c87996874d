"""Runs `efs-migrate batch`: makes a campaign from the options, shows its progress, and prints the summary."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.batch.address import listed
from migrate.batch.campaign import Campaign, CampaignPlan, CampaignProblem
from migrate.batch.checkout import clear
from migrate.batch.executors import dask, processes
from migrate.batch.forge import Forge
from migrate.batch.repository import RepositoryState, Row, Wish
from migrate.config import config
from migrate.terminal.printable import printable

_STATES = (
    RepositoryState.MIGRATED,
    RepositoryState.CLEAN,
    RepositoryState.NEEDS_INPUT,
    RepositoryState.SKIPPED,
    RepositoryState.FAILED,
)
_WIDEST = 60


@dataclass(frozen=True)
class CampaignRequest:
    """The options of `batch`: the repositories, and the wish that holds for each."""

    repositories: Sequence[str]
    lists: Sequence[str]
    """The files that list repositories, one a line; `-` is standard input."""
    wish: Wish
    output: Path | None
    cache: Path | None
    jobs: int
    dask: str | None
    interval: float
    resume: bool
    only_failed: bool
    form: str
    exit_zero: bool
    quiet: bool


def run(request: CampaignRequest, base: Path | None) -> tuple[str, int]:
    """Carries out a campaign. Returns the text for standard output and the exit status. Raises CampaignProblem,
    ExecutorProblem, ConfigProblem and OSError."""
    words = [*request.repositories, *(word for name in request.lists for word in _words(name))]
    if not words:
        raise CampaignProblem("no repository is named: give folders, URLs or --from FILE")
    wish = request.wish
    if base is not None:
        from dataclasses import replace

        wish = replace(wish, options=replace(wish.options, base=config.load(str(base.resolve()), str(base))))
    cache = (request.cache or default_cache()).resolve()
    cache.mkdir(parents=True, exist_ok=True)
    clear(cache)
    plan = CampaignPlan.of(words)
    executor = dask(request.dask) if request.dask is not None else processes(request.jobs)
    campaign = Campaign(
        plan,
        wish,
        executor,
        cache=cache,
        folder=request.output,
        forge=Forge(request.interval) if wish.pull_request else None,
        resume=request.resume,
        only_failed=request.only_failed,
    )
    interrupted = False
    with _progress(len(plan.addresses) + len(plan.rejected), request) as tell:
        campaign.on_row = tell
        try:
            campaign.run()
        except KeyboardInterrupt:
            interrupted = True
    summary = campaign.summary()
    text = (
        json.dumps(summary, indent=2) + "\n" if request.form == "json" else render(summary, previewed=not wish.commit)
    )
    return text, 130 if interrupted else campaign.status(exit_zero=request.exit_zero)


def default_cache() -> Path:
    """The folder that keeps clones from one run to the next. Source: the XDG base directory specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "efs-migrate"


def _words(name: str) -> list[str]:
    text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8", errors="surrogateescape")
    return list(listed(text.splitlines()))


# -- progress ---------------------------------------------------------------------------------------------------------


@contextmanager
def _progress(total: int, request: CampaignRequest) -> Iterator[Callable[[Row], None]]:
    """Shows each repository as it is done: in a progress bar on a terminal, else on a line."""
    if request.quiet:
        yield lambda _row: None
        return
    if not sys.stderr.isatty():
        done = 0

        def say(row: Row) -> None:
            nonlocal done
            done += 1
            print(f"efs-migrate: [{done}/{total}] {printable(row.repository)}: {_word(row)}", file=sys.stderr)

        yield say
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[running]} running, {task.fields[failed]} failed, {task.fields[rate]:.1f} a second"),
        TimeRemainingColumn(),
    )
    begun = time.monotonic()
    at_once = request.jobs or os.cpu_count() or 1
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        known = bar.add_task("repositories", total=total, running=min(at_once, total), failed=0, rate=0.0)
        failed = 0

        def show(row: Row) -> None:
            nonlocal failed
            failed += row.status is RepositoryState.FAILED
            done = int(bar.tasks[0].completed) + 1
            rate = done / max(time.monotonic() - begun, 1e-9)
            bar.update(known, advance=1, running=min(at_once, total - done), failed=failed, rate=rate)

        yield show


def _word(row: Row) -> str:
    reason = (
        f" ({printable(row.reason)})"
        if row.reason and row.status in (RepositoryState.FAILED, RepositoryState.SKIPPED)
        else ""
    )
    return f"{row.status}{reason}"


# -- the end ----------------------------------------------------------------------------------------------------------


def render(summary: dict[str, Any], *, previewed: bool) -> str:
    """The summary for people. The only control codes are newlines."""
    rows = summary["repositories"]
    lines: list[str] = []
    width = min(_WIDEST, max(len("repository"), *(len(printable(row["repository"])) for row in rows), 0))
    lines.append(f"{'repository':<{width}}  {'status':<11}  files  volumes")
    for row in rows:
        changed = sum(volume["level"] != volume["after"] for volume in row["volumes"])
        counted = f"{changed}/{len(row['volumes'])}" if row["volumes"] else "-"
        lines.append(
            f"{printable(row['repository']):<{width}}  {row['status']:<11}  {len(row['files']):>5}  {counted:>7}"
        )
        if row["reason"]:
            lines.append(f"  {printable(row['reason'])}")
        lines += [f"  {printable(row[key])}" for key in ("pull_request",) if row[key]]
    if summary["failures"]:
        lines += ["", "What stood in the way:"]
        for group in summary["failures"]:
            names = group["repositories"]
            shown = ", ".join(map(printable, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            lines.append(f"  {len(names):>4}  {printable(group['cause'])}: {shown}")
    shared = [system for system in summary["file_systems"] if len(system["repositories"]) > 1]
    if shared:
        lines += ["", "File systems of several repositories:"]
        for system in shared:
            blocking = len(system["blocking"])
            state = (
                f"{blocking} volume{'s' if blocking != 1 else ''} without IAM: anonymous access must stay"
                if blocking
                else "all seen here with IAM: anonymous access can be closed when nothing else mounts it"
            )
            lines.append(
                f"  {printable(system['id'])}: {len(system['repositories'])} repositories, lowest level {system['lowest']}; {state}"
            )
    totals = summary["totals"]
    what = ", ".join(f"{totals[state]} {state}" for state in _STATES if totals[state])
    preview = " (preview: nothing was written; --branch NAME --commit does)" if previewed and totals["migrated"] else ""
    pending = f", {len(summary['pending'])} not looked at" if summary["pending"] else ""
    count = len(rows)
    lines += ["", f"{count} repositor{'ies' if count != 1 else 'y'}: {what or 'nothing'}{pending}{preview}"]
    return "".join(f"{line}\n" for line in lines)


__all__ = ["CampaignProblem", "CampaignRequest", "default_cache", "render", "run"]
