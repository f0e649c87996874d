"""Writes the report for people: findings file by file, what to do before deploying, and volumes by level before and
after."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from migrate.engine.outcome import Located
from migrate.report.result import Report, caveats, subject, subjects
from migrate.run.run import FileResult
from migrate.terminal.printable import painted, printable
from rules.rule import Status

Paint = Callable[[str, str], str]
"""A function that returns a text in a style of `_STYLES`."""

_STYLES = {
    "file": "bold",
    "place": "faint",
    "before": "bold yellow",
    "applied": "bold green",
    Status.FIXABLE: "green",
    Status.UNSAFE: "yellow",
    Status.NEEDS_INPUT: "magenta",
    Status.REFUSED: "red",
    Status.ADVICE: "blue",
}


def _plain(text: str, _style: str) -> str:
    return text


def _coloured(text: str, style: str) -> str:
    return painted(text, _STYLES[style])


def render(report: Report, verbose: bool = False, coloured: bool = False) -> str:
    """The whole report, or an empty string if there is nothing to report. `verbose` adds each volume's change in words.
    The only control codes are newlines and, if `coloured`, colours, whatever the files hold."""
    paint = _coloured if coloured else _plain
    lines = [line for file in report.files for line in _file(file, report.applied, verbose, paint=paint)]
    lines += _summary(report, paint)
    return "".join(f"{line}\n" for line in lines)


def _file(file: FileResult, applied: bool | None, verbose: bool, paint: Paint) -> Iterator[str]:
    outcome = file.outcome
    if not outcome.findings:
        return
    yield f"{paint(printable(file.name), 'file')} ({outcome.dialect})"
    for located in outcome.findings:
        yield _finding(located, applied, paint)
        if located.finding.status in (Status.NEEDS_INPUT, Status.ADVICE) and located.finding.help:
            yield f"      {printable(located.finding.help)}"
    if verbose:
        yield from _changes(file)
    notes = caveats(outcome.findings, applied_only=False)
    if notes:
        yield f"  {paint('Before you deploy:', 'before')}"
        for caveat, findings in notes:
            yield f"    - {printable(subjects(findings))}: {printable(caveat)}"
    yield ""


def _finding(located: Located, applied: bool | None, paint: Paint) -> str:
    status = "applied" if applied and located.applied else str(located.finding.status)
    place = paint(f"{f'{located.line}:{located.column}':<7}", "place")
    return (
        f"  {place} {located.finding.rule} {paint(f'{status:<11}', status)} {printable(subject(located))}: "
        f"{printable(located.finding.message)}"
    )


def _changes(file: FileResult) -> Iterator[str]:
    """The change of each volume, in words."""
    changed = [v for v in file.outcome.volumes if v.storage != v.planned]
    if changed:
        from migrate.engine.differences import change_in_words

        yield "  Changes:"
        for volume in changed:
            words = change_in_words(volume.storage, volume.planned)
            yield f"    - {printable(f'{volume.task}/{volume.name}: {volume.level} → {volume.after}: {words}')}"


def _summary(report: Report, paint: Paint) -> Iterator[str]:
    counts = report.summary()
    if not any(counts[name] for name in ("volumes", "errors", "unread", Status.REFUSED)):
        return
    if levels := report.levels():
        width = max(len("volumes"), *(len(level) for level, _, _ in levels))
        yield paint(f"{'volumes':<{width}}  before  after", "file")
        for level, before, after in levels:
            yield f"{level:<{width}}  {before:>6}  {after:>5}"
    parts = [paint(words, status) for status, words in report.figures()]
    files = f"{counts['files']} file{'s' if counts['files'] != 1 else ''}"
    yield f"{files}: {', '.join(parts) or 'nothing to do'}"
