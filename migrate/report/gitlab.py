"""Writes the report as GitLab's Code Quality artifact: a list of violations, shown in merge requests.

Source: GitLab's documentation, "Code Quality", "Code Quality report format" (all members are required; paths are
relative to the repository's root, without `./`; of violations with the same fingerprint one is shown).
"""

from __future__ import annotations

from migrate.report.json import encoded
from migrate.report.places import places
from migrate.report.result import Report, fingerprint, fingerprints, sentences
from migrate.terminal.printable import printable
from rules.rule import Status

_SEVERITIES = {
    Status.FIXABLE: "major",
    Status.UNSAFE: "major",
    Status.NEEDS_INPUT: "major",
    Status.REFUSED: "minor",
    Status.ADVICE: "info",
}


def render(report: Report) -> str:
    """The violations as JSON, files that could not be processed first, then findings in the order of the files."""
    violations: list[dict[str, object]] = [
        _failure("broken-configuration", problem.path, problem.line, cause=problem.cause) for problem in report.problems
    ]
    for file in report.failures():
        outcome = file.outcome
        violations.append(_failure("could-not-be-processed", file.name, outcome.error_line, cause=outcome.error or ""))
    for file in report.files:
        found = zip(file.outcome.findings, fingerprints(file), places(file, report.applied), strict=True)
        for located, identity, (line, _) in found:
            done = report.is_done(located)
            said = " ".join(sentences(located))
            violations.append(
                _violation(
                    f"{located.rule.id} {located.rule.name}",
                    f"{'applied' if done else located.finding.status}: {said}",
                    identity,
                    severity="info" if done else _SEVERITIES[located.finding.status],
                    path=file.name,
                    line=line,
                )
            )
        for number, word in enumerate(file.outcome.unread):
            violations.append(
                _violation(
                    "not-read",
                    word.said,
                    fingerprint("not-read", file.name, word.word, str(number)),
                    severity="minor",
                    path=file.name,
                    line=word.line,
                )
            )
    return encoded(violations)


def _failure(check: str, path: str, line: int | None, cause: str) -> dict[str, object]:
    return _violation(check, cause, fingerprint(check, path), severity="critical", path=path, line=line or 1)


def _violation(check: str, description: str, identity: str, severity: str, path: str, line: int) -> dict[str, object]:
    return {
        "description": printable(description),
        "check_name": check,
        "fingerprint": identity,
        "severity": severity,
        "location": {"path": printable(path), "lines": {"begin": line}},
    }
