"""Writes the JSON report. Its form is a contract: `version` rises when a key is removed or changes its meaning."""

from __future__ import annotations

import json

from migrate.engine.outcome import Located
from migrate.report.result import Report
from migrate.run.run import FileResult

VERSION = 1


def render(report: Report) -> str:
    """The report as indented JSON with a final newline; characters outside ASCII are escaped."""
    document = {
        "version": VERSION,
        "summary": report.summary(),
        "files": [_file(file, report.applied) for file in report.files],
    }
    return encoded(document)


def encoded(document: object) -> str:
    """A document as indented JSON of ASCII characters, without `##[`, which a CI service would take for a command in
    its log (see `terminal.printable`)."""
    return json.dumps(document, indent=2).replace("##", "#\\u0023") + "\n"


def _file(file: FileResult, applied: bool | None) -> dict[str, object]:
    outcome = file.outcome
    error = outcome.error
    if error is not None and outcome.error_line is not None:
        error = f"line {outcome.error_line}: {error}"
    return {
        "path": file.name,
        "dialect": outcome.dialect,
        "error": error,
        "volumes": [{"task": v.task, "name": v.name, "level": v.level, "after": v.after} for v in outcome.volumes],
        "findings": [_finding(located, applied) for located in outcome.findings],
        "unread": [{"word": u.word, "line": u.line, "column": u.column} for u in outcome.unread],
    }


def _finding(located: Located, applied: bool | None) -> dict[str, object]:
    finding = located.finding
    found: dict[str, object] = {
        "rule": finding.rule,
        "name": located.rule.name,
        "line": located.line,
        "column": located.column,
        "task": located.task,
        "volume": located.volume,
        "status": finding.status,
        "message": finding.message,
        "caveat": finding.whole_caveat,
        "help": finding.help or f"efs-migrate rules {finding.rule}",
    }
    if applied is not None:
        found["applied"] = applied and located.applied
    return found
