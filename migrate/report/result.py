"""The input of every report, and the figures and sentences that they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from migrate.config.config import ConfigProblem
from migrate.engine.outcome import Located
from migrate.run.run import FileResult, UnitResult
from migrate.terminal.printable import printable
from rules.facts.iam import Grant
from rules.model import Level
from rules.rule import Status
from rules.shared.grants import merge


@dataclass(frozen=True)
class Report:
    """The results of a run, unit by unit. `applied` is None for `check`, which applies nothing; `problems` are the
    broken configurations that the run found."""

    units: Sequence[UnitResult]
    applied: bool | None = None
    problems: Sequence[ConfigProblem] = ()

    @cached_property
    def files(self) -> Sequence[FileResult]:
        """The result for each file."""
        return [file for unit in self.units for file in unit.files]

    @property
    def findings(self) -> list[Located]:
        return [finding for file in self.files for finding in file.outcome.findings]

    def summary(self) -> dict[str, int]:
        """The counts of files, volumes, findings by status, errors and places that were not read, with the keys of the
        JSON report."""
        counts = dict.fromkeys(Status, 0)
        for located in self.findings:
            counts[located.finding.status] += 1
        return {
            "files": len(self.files),
            "volumes": sum(len(file.outcome.volumes) for file in self.files),
            **{str(status): count for status, count in counts.items()},
            "errors": sum(file.outcome.error is not None for file in self.files),
            "unread": sum(len(file.outcome.unread) for file in self.files),
        }

    def figures(self) -> list[tuple[Status, str]]:
        """The count of each status in words (`3 need input`), without zeros. Files with errors have the status
        refused, as have places that were not read."""
        counts = self.summary()
        units = {Status.NEEDS_INPUT: "need input"}
        figures = [(s, f"{counts[str(s)]} {units.get(s, s)}") for s in Status if counts[str(s)]]
        if counts["errors"]:
            figures.append((Status.REFUSED, f"{counts['errors']} could not be processed"))
        if counts["unread"]:
            figures.append((Status.REFUSED, f"{counts['unread']} not read"))
        return figures

    def levels(self) -> list[tuple[Level, int, int]]:
        """Each level with the number of volumes on it before and after, from the lowest."""
        volumes = [volume for file in self.files for volume in file.outcome.volumes]
        before = Counter(volume.level for volume in volumes)
        after = Counter(volume.after for volume in volumes)
        return [(level, before[level], after[level]) for level in Level if before[level] or after[level]]

    def failures(self) -> list[FileResult]:
        """Files that could not be processed, without those under a broken configuration, which is reported once by
        itself."""
        return [file for file in self.files if file.outcome.error is not None and file.config is None]

    def is_done(self, located: Located) -> bool:
        """Whether the changes of a finding are written, so that nothing is left to do about it."""
        return bool(self.applied and located.applied)

    def open(self) -> bool:
        """Whether a finding other than advice is left, or something was not read, which makes the exit status 1."""
        return any(file.outcome.unread for file in self.files) or any(
            located.finding.status is not Status.ADVICE and not self.is_done(located) for located in self.findings
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
    """The subjects of several findings, each once."""
    return ", ".join(dict.fromkeys(map(subject, findings)))


def sentences(located: Located) -> list[str]:
    """The sentences about a finding that is shown by itself: subject and message, the caveat with the statement to
    attach, and help. Each is safe for a terminal or a log."""
    finding = located.finding
    helps = finding.help if finding.status in (Status.NEEDS_INPUT, Status.ADVICE) else None
    said = [f"{subject(located)}: {finding.message}", finding.whole_caveat, helps]
    return [printable(sentence) for sentence in said if sentence]


def fingerprints(file: FileResult) -> list[str]:
    """A fingerprint for each finding of a file, which stays the same when lines move. It is made of the rule, the file,
    the subject and a number, which tells findings of the same rule and subject apart."""
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for located in file.outcome.findings:
        about = (located.finding.rule, file.name, located.task, located.volume or "")
        seen[about] += 1
        found.append(fingerprint(*about, str(seen[about])))
    return found


def fingerprint(*parts: str) -> str:
    """A hash of words: 32 hexadecimal digits."""
    import hashlib  # takes longer to import than most reports to make

    # File names may hold undecodable bytes, and names in JSON half a surrogate pair.
    raw = b"\0".join(part.encode("utf-8", "surrogatepass") for part in parts)
    return hashlib.sha256(raw).hexdigest()[:32]
