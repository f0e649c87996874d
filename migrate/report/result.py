"""What every report is made from, and the figures they share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from migrate.engine import Located
from migrate.run import FileResult
from rules.grants import merge
from rules.rule import Grant, Status


@dataclass(frozen=True)
class Report:
    """The results of a run. `applied` is None for `check`, which applies nothing."""

    files: Sequence[FileResult]
    applied: bool | None = None

    @property
    def findings(self) -> list[Located]:
        return [finding for file in self.files for finding in file.outcome.findings]

    def summary(self) -> dict[str, int]:
        """Counts, with the keys of the JSON report."""
        counts = dict.fromkeys(Status, 0)
        for located in self.findings:
            counts[located.finding.status] += 1
        return {
            "files": len(self.files),
            "volumes": sum(len(file.outcome.volumes) for file in self.files),
            **{str(status): count for status, count in counts.items()},
            "errors": sum(file.outcome.error is not None for file in self.files),
        }

    def open(self) -> bool:
        """Whether anything is left that decides the exit status: advice never does."""
        return any(
            located.finding.status is not Status.ADVICE and not (self.applied and located.applied)
            for located in self.findings
        )


def caveats(findings: Iterable[Located], applied_only: bool) -> list[tuple[str, list[Located]]]:
    """Each caveat once, with the findings that share it, in order; statements for one role are merged."""
    shared: dict[str, list[Located]] = {}
    granted: list[tuple[Grant, Located]] = []
    for located in findings:
        if not located.applied and (applied_only or not located.finding.changes):
            continue
        if located.finding.caveat:
            shared.setdefault(located.finding.caveat, []).append(located)
        if located.finding.grant:
            granted.append((located.finding.grant, located))
    return [*shared.items(), *((grant.sentence(), served) for grant, served in merge(granted))]


def subject(located: Located) -> str:
    """A volume or service as reports name it: `web/html`."""
    return f"{located.task}/{located.volume}" if located.volume is not None else located.task


def subjects(findings: Iterable[Located]) -> str:
    """What several findings are about, each once."""
    return ", ".join(dict.fromkeys(map(subject, findings)))
