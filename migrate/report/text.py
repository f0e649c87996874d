"""The report for people: findings file by file, what to do before deploying, and volumes by level before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from migrate.engine import Located
from migrate.report.result import Report, caveats, subject, subjects
from migrate.run import FileResult
from migrate.terminal import printable
from rules.rule import Status

_UNITS = {Status.NEEDS_INPUT: "need input"}


def render(report: Report, verbose: bool = False) -> str:
    """The whole report; empty if there is nothing to say. `verbose` words each volume's change."""
    lines = [line for file in report.files for line in _file(file, report.applied, verbose)]
    lines += _summary(report)
    return "".join(f"{line}\n" for line in lines)


def _file(file: FileResult, applied: bool | None, verbose: bool) -> Iterator[str]:
    outcome = file.outcome
    if not outcome.findings:
        return
    yield f"{printable(file.name)} ({outcome.dialect})"
    for located in outcome.findings:
        yield _finding(located, applied)
        if located.finding.status in (Status.NEEDS_INPUT, Status.ADVICE) and located.finding.help:
            yield f"      {printable(located.finding.help)}"
    if verbose:
        yield from _changes(file)
    notes = caveats(outcome.findings, applied_only=False)
    if notes:
        yield "  Before you deploy:"
        for caveat, findings in notes:
            yield f"    - {printable(subjects(findings))}: {printable(caveat)}"
    yield ""


def _finding(located: Located, applied: bool | None) -> str:
    status = "applied" if applied and located.applied else str(located.finding.status)
    place = f"{located.line}:{located.column}"
    return (
        f"  {place:<7} {located.finding.rule} {status:<11} {printable(subject(located))}: "
        f"{printable(located.finding.message)}"
    )


def _changes(file: FileResult) -> Iterator[str]:
    """What changes for each volume, in words."""
    changed = [v for v in file.outcome.volumes if v.storage != v.planned]
    if changed:
        from migrate.wording import change_in_words

        yield "  Changes:"
        for volume in changed:
            words = change_in_words(volume.storage, volume.planned)
            yield f"    - {printable(f'{volume.task}/{volume.name}: {volume.level} → {volume.after}: {words}')}"


def _summary(report: Report) -> Iterator[str]:
    counts = report.summary()
    if not counts["volumes"] and not counts["errors"]:
        return
    moves = Counter((v.level, v.after) for file in report.files for v in file.outcome.volumes)
    width = max((len(f"{a} → {b}") for a, b in moves), default=0)
    for (before, after), count in sorted(moves.items(), key=lambda m: (m[0][0].rank, m[0][1].rank)):
        yield f"{f'{before} → {after}':<{width}}  {count:>4} volume{'s' if count != 1 else ''}"
    parts = [f"{counts[str(s)]} {_UNITS.get(s, s)}" for s in Status if counts[str(s)]]
    if counts["errors"]:
        parts.append(f"{counts['errors']} could not be processed")
    files = f"{counts['files']} file{'s' if counts['files'] != 1 else ''}"
    yield f"{files}: {', '.join(parts) or 'nothing to do'}"
