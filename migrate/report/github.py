"""Writes the report as workflow commands of GitHub Actions, shown as annotations on the lines of a pull request.

Source: GitHub's documentation, "Workflow commands"; how the runner reads them, src/Runner.Common/ActionCommand.cs.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrate.report.places import places
from migrate.report.result import Report, sentences
from migrate.terminal.printable import printable
from rules.rule import Status


def render(report: Report) -> str:
    """The report with one command a line: errors for files that could not be processed, notices for advice and applied
    findings, warnings for everything else."""
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: Report) -> Iterator[str]:
    for problem in report.problems:
        yield _command(
            "error", problem.path, problem.line, column=None, title="broken configuration", paragraphs=[problem.cause]
        )
    for file in report.failures():
        outcome = file.outcome
        assert outcome.error is not None
        yield _command(
            "error",
            file.name,
            outcome.error_line,
            column=None,
            title="could not be processed",
            paragraphs=[outcome.error],
        )
    for file in report.files:
        for located, (line, column) in zip(file.outcome.findings, places(file, report.applied), strict=True):
            done = report.is_done(located)
            level = "notice" if done or located.finding.status is Status.ADVICE else "warning"
            title = f"{located.rule.id} {located.rule.name} ({'applied' if done else located.finding.status})"
            yield _command(level, file.name, line, column=column, title=title, paragraphs=sentences(located))
        for word in file.outcome.unread:
            yield _command(
                "warning", file.name, word.line, column=word.column, title="not read", paragraphs=[word.said]
            )


def _command(level: str, file: str, line: int | None, column: int | None, title: str, paragraphs: list[str]) -> str:
    properties = {"file": file, "line": line, "col": column, "title": title}
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None)
    return f"::{level} {written}::{_data(paragraphs)}"


def _data(paragraphs: list[str]) -> str:
    return "%0A%0A".join(printable(paragraph).replace("%", "%25") for paragraph in paragraphs)


def _property(value: str) -> str:
    # `printable` leaves no newline that would have to be escaped.
    return printable(value).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
