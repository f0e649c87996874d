"""Writes the report as a SARIF log, with the changes as fixes.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", whose sections are named below;
GitHub's documentation, "SARIF support for code scanning", on what is shown there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from migrate import __version__
from migrate.edit import Edit, joined
from migrate.engine.fixes import Fix
from migrate.engine.outcome import Located, LocatedWord
from migrate.report.json import encoded
from migrate.report.places import Lines, places
from migrate.report.result import Report, fingerprints, sentences, subjects
from migrate.report.rules import address, page
from migrate.run.run import FileResult, UnitResult
from migrate.terminal.printable import printable
from rules import RULES
from rules.rule import Rule, Status

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://github.com/efs-migrate/efs-migrate"
_ROOT = "%SRCROOT%"
"""The name of the folder that relative paths start from; GitHub takes it for the repository's root."""

_DESCRIBED = tuple(sorted(RULES, key=lambda rule: rule.id))
_INDEX = {rule.id: index for index, rule in enumerate(_DESCRIBED)}

# In the text of a message `[words](target)` is a link (§3.11.6) and `{0}` a placeholder (§3.11.5).
_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")
_PLACEHOLDER = re.compile(r"\{(\d+)\}")


def render(report: Report) -> str:
    """A log with one run: every rule, a result for each finding, and a notification for each file that could not be
    processed."""
    run: dict[str, object] = {
        "tool": {
            "driver": {
                "name": "efs-migrate",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": _HOME,
                "rules": [_descriptor(rule) for rule in _DESCRIBED],
            }
        },
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {_ROOT: {"description": _text("The directory in which efs-migrate ran.")}},
        "columnKind": "unicodeCodePoints",
        "results": [result for unit in report.units for result in _results(unit, report)],
    }
    return encoded({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


# -- rules ------------------------------------------------------------------------------------------------------------


def _descriptor(rule: Rule) -> dict[str, object]:
    why = rule.page.strip().partition("\n")[2].strip().partition("\n\n")[0]
    explained = page(rule.id)
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": " ".join(why.split())},
        "help": {"text": explained, "markdown": explained},
        "helpUri": address(rule),
        "defaultConfiguration": {"level": "note" if rule.default.startswith(Status.ADVICE) else "warning"},
    }


# -- the invocation ---------------------------------------------------------------------------------------------------


def _invocation(report: Report) -> dict[str, object]:
    failures = report.failures()
    invocation: dict[str, object] = {
        "executionSuccessful": not failures and not report.problems,
        "toolExecutionNotifications": [
            *(_notification("error", f.name, f.outcome.error or "", line=f.outcome.error_line) for f in failures),
            *(_unread(file, word) for file in report.files for word in file.outcome.unread),
        ],
        "toolConfigurationNotifications": [
            _notification("error", problem.path, problem.cause, line=problem.line) for problem in report.problems
        ],
    }
    return {name: value for name, value in invocation.items() if value != []}


def _notification(
    level: str, path: str, message: str, line: int | None, column: int | None = None
) -> dict[str, object]:
    return {
        "level": level,
        "message": _text(message),
        "locations": [{"physicalLocation": _physical(path, line, column)}],
    }


def _unread(file: FileResult, word: LocatedWord) -> dict[str, object]:
    return _notification("warning", file.name, f"not read: {word.said}", line=word.line, column=word.column)


# -- results ----------------------------------------------------------------------------------------------------------


def _results(unit: UnitResult, report: Report) -> Iterator[dict[str, object]]:
    # The findings of a fix's steps share it, so only the first of them gets it.
    owed = {step: fix for fix in unit.fixes for step in fix.steps} if report.applied is None else {}
    found = (
        (file, *each)
        for file in unit.files
        for each in zip(file.outcome.findings, fingerprints(file), places(file, report.applied), strict=True)
    )
    for file, located, fingerprint, (line, column) in found:
        result = _result(located, report.is_done(located))
        physical = _physical(file.name, line, column)
        result["locations"] = [{"physicalLocation": physical, "logicalLocations": [_logical(located)]}]
        result["partialFingerprints"] = {"efsMigrate/v1": fingerprint}
        fix = owed.get(located.finding.id) if located.applied else None
        if fix is not None:
            owed = {step: other for step, other in owed.items() if other is not fix}
            result["fixes"] = [_fix(fix, unit)]
        yield result


def _result(located: Located, done: bool) -> dict[str, object]:
    status = located.finding.status
    result: dict[str, object] = {
        "ruleId": located.rule.id,
        "ruleIndex": _INDEX[located.rule.id],
        "level": "note" if status is Status.ADVICE else "warning",
        "message": _text("\n\n".join(sentences(located))),
        "properties": {"status": status},
    }
    if done:
        # Not a problem any more, but its caveat still has to be known before deploying (§3.27.9).
        result |= {"kind": "informational", "level": "none", "properties": {"status": status, "applied": True}}
    return result


def _logical(located: Located) -> dict[str, object]:
    names = [located.task] if located.volume is None else [located.task, located.volume]
    return {
        "name": printable(names[-1]),
        "fullyQualifiedName": printable("/".join(names)),
        "kind": "resource" if located.volume is None else "member",
    }


def _fix(fix: Fix, unit: UnitResult) -> dict[str, object]:
    taken = [located for located in unit.outcome.findings if located.finding.id in fix.steps]
    rules = ", ".join(dict.fromkeys(located.rule.id for located in taken))
    return {
        "description": _text(f"Apply {rules} to {subjects(taken)}"),
        "artifactChanges": [
            _artifact_change(name, outcome.before, edits)
            for name, outcome, edits in zip(unit.names, unit.outcome.files, unit.outcome.parts(fix.edits), strict=True)
            if edits
        ],
    }


def _artifact_change(name: str, text: str, edits: Iterable[Edit]) -> dict[str, object]:
    """The replacements of a fix in one file."""
    lines = Lines(text)
    return {
        "artifactLocation": _location(name),
        "replacements": [_replacement(edit, lines) for edit in joined(edits)],
    }


def _replacement(edit: Edit, lines: Lines) -> dict[str, object]:
    line, column = lines.place(edit.start)
    end_line, end_column = lines.place(edit.end)
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
    inserted = {"insertedContent": {"text": edit.replacement}} if edit.replacement else {}
    return {"deletedRegion": region, **inserted}


# -- what they share --------------------------------------------------------------------------------------------------


def _text(text: str) -> dict[str, str]:
    """A message with the text, in which nothing is taken for a link or a placeholder."""
    shown = "\n\n".join(printable(paragraph) for paragraph in text.split("\n\n"))
    return {"text": _PLACEHOLDER.sub(r"{{\1}}", _LINK.sub(r"\\[", shown))}


def _physical(path: str, line: int | None, column: int | None) -> dict[str, object]:
    region = {name: value for name, value in (("startLine", line), ("startColumn", column)) if value is not None}
    return {"artifactLocation": _location(path), **({"region": region} if region else {})}


def _location(path: str) -> dict[str, str]:
    """The location of a file: relative to the current directory, absolute for files outside (§3.4.4 forbids `..`)."""
    if path.startswith("/") or path.split("/", 1)[0] == "..":
        return {"uri": Path(path).resolve().as_uri()}
    return {"uri": quote(os.fsencode(path)), "uriBaseId": _ROOT}
