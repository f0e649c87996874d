"""Writes the report as a comment on a pull request: changes with reasons, a deployment checklist, and the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from migrate.engine.outcome import FileOutcome, Located, VolumeLevels
from migrate.report.commonmark import block, code, prose
from migrate.report.diff import unified
from migrate.report.result import Report, subject
from migrate.run.run import FileResult
from migrate.terminal.printable import printable_lines
from rules.facts.iam import Grant
from rules.model import Level
from rules.rule import Stage, Status
from rules.shared.grants import merge

LIMIT = 65_000
"""The largest size in bytes of UTF-8. GitHub takes 65,536 characters; the rest is room for a line around the report."""
_NAMED = 6
"""The number of volumes and services that one line names at most."""

_STAGES = {
    Stage.PLATFORM: "Container agent, AMI and platform version",
    Stage.NETWORK: "Network path",
    Stage.GRANTS: "Grants",
    Stage.ACCESS_POINTS: "Access points",
    Stage.VOLUMES: "The same data",
}
_RUNGS = (
    ({Level.EFS, Level.TLS}, "Transit encryption", "tls"),
    ({Level.ACCESS_POINT}, "Access point", "access-point"),
    ({Level.IAM}, "IAM authorization", "iam"),
)
"""The steps of a deployment: the levels that its rules climb to, its name, and the `--target` that stops after it."""
_COMMAND = re.compile(r"aws |\w+: [{\[]")
"""Matches a help text that is a command or a property to paste, and so is shown as code."""

IN_ORDER = (
    "Each step is valid by itself: together in one deployment, or one by one with the target that stops there.\n\n"
)
_LAST = "**Closing anonymous access**, by itself and last"
ANONYMOUS_ACCESS = (
    f"- [ ] {_LAST}: IAM restricts nothing while the file system has no policy. Give "
    "it one when everything that mounts it uses IAM.\n"
)
ROLL_BACK = """\
Deploy the previous revision of the task definition, or the template as it was. Volumes are mounted when a task starts, so \
running tasks are untouched until they are replaced, in either direction. Access points and grants may stay: without a task \
that uses them they do nothing. Keep the mounts of the container instances until nothing has to go back to them.
"""


@dataclass
class _Part:
    """A piece of text that is shown or left out as a whole. `fold` is appended if there is room for it, else
    `instead`."""

    text: str
    fold: str = ""
    instead: str = ""


@dataclass
class _Section:
    """Parts under a title; `begin` is the text before them, which is always shown."""

    title: str
    parts: list[_Part]
    begin: str = ""


def render(report: Report) -> str:
    """The comment, of at most `LIMIT` bytes. If not everything fits, the largest diffs are left out first, and the
    number of missing entries is given."""
    head = f"## EFS volumes of ECS tasks\n\n{_figures(report)}"
    sections = [section for section in _sections(report) if section.parts]
    return _fitted(head, sections, LIMIT)


# -- what fits --------------------------------------------------------------------------------------------------------


def _fitted(head: str, sections: Sequence[_Section], limit: int) -> str:
    room = limit - _size(head) - sum(_size(_shown(section, [], set())) + 80 for section in sections)
    kept: set[int] = set()
    # One part of each section in turn, so that a long section leaves room for those after it.
    for turn in zip_longest(*(section.parts for section in sections)):
        for part in turn:
            if part is not None and (size := _size(part.text) + _size(part.instead)) <= room:
                kept.add(id(part))
                room -= size
    folds = [part for section in sections for part in section.parts if part.fold and id(part) in kept]
    unfolded: set[int] = set()
    for part in sorted(folds, key=lambda part: len(part.fold)):
        if (size := _size(part.fold) - _size(part.instead)) <= room:
            unfolded.add(id(part))
            room -= size
    return head + "".join(
        _shown(section, [part for part in section.parts if id(part) in kept], unfolded) for section in sections
    )


def _shown(section: _Section, parts: Sequence[_Part], unfolded: set[int]) -> str:
    body = "".join(part.text + (part.fold if id(part) in unfolded else part.instead) for part in parts)
    left = len(section.parts) - len(parts)
    more = f"\nand {left} more, for which there is no room here: `efs-migrate check` shows them.\n" if left else ""
    return f"\n### {section.title}\n\n{section.begin}{body.rstrip()}\n{more}"


def _size(text: str) -> int:
    return len(text.encode())


# -- sections ---------------------------------------------------------------------------------------------------------


def _sections(report: Report) -> Iterator[_Section]:
    yield _Section("Could not be processed", list(_failures(report)))
    left = [(file, located) for file in report.files for located in file.outcome.findings if not located.applied]
    yield _Section("Needs your input", list(_asked(left)))
    changing = [file for file in report.files if file.outcome.error is None and _changes(file.outcome)]
    yield _Section("What changes, and why", [_file(file) for file in changing])
    careful = (Status.UNSAFE, Status.REFUSED)
    yield _Section("Left as it is", [_left(f, one) for f, one in left if one.finding.status in careful])
    yield _Section("Before you deploy", list(_checklist(report, tuple(_STAGES))))
    yield _Section("Deploy in this order", [*_rungs(report), *_checklist(report, (Stage.LATER, Stage.LAST))], IN_ORDER)
    if changing:
        yield _Section("How to roll back", [_Part(ROLL_BACK)])
    yield _Section("Not read", list(_unread(report)))


def _figures(report: Report) -> str:
    counts = report.summary()
    files = f"{counts['files']} file{'s' if counts['files'] != 1 else ''}"
    line = f"{files}: {', '.join(words for _, words in report.figures()) or 'nothing to do'}.\n"
    levels = report.levels()
    if not levels:
        return line
    rows = [f"| {level} | {before} | {after} |" for level, before, after in levels]
    header = "| volumes at level | before | after |\n|---|---:|---:|\n"
    return f"{line}\n{header}" + "".join(f"{row}\n" for row in rows)


def _failures(report: Report) -> Iterator[_Part]:
    for problem in report.problems:
        yield _Part(f"- {code(_at(problem.path, problem.line))}: {prose(problem.cause)}\n")
    for file in report.failures():
        yield _Part(f"- {code(_at(file.name, file.outcome.error_line))}: {prose(file.outcome.error or '')}\n")


def _unread(report: Report) -> Iterator[_Part]:
    for file in report.files:
        for word in file.outcome.unread:
            yield _Part(
                f"- {code(_at(file.name, word.line))}: {code(word.word)} lies in no definition that this version knows\n"
            )


def _asked(left: Iterable[tuple[FileResult, Located]]) -> Iterator[_Part]:
    """The findings that need input; help that several of them share is given with the first."""
    helped: set[str] = set()
    for file, located in left:
        finding = located.finding
        if finding.status is Status.NEEDS_INPUT:
            part = _left(file, located)
            if finding.help and finding.help not in helped:
                helped.add(finding.help)
                part.text += f"  {_help(finding.help)}\n"
            yield part


def _left(file: FileResult, located: Located) -> _Part:
    finding = located.finding
    lines = [
        f"- {code(_at(file.name, located.line))}, {code(subject(located))}: {prose(finding.message)} ({_rule(located)})"
    ]
    if finding.status is Status.UNSAFE:
        lines[0] += ", with `--unsafe`"
        if finding.whole_caveat:
            lines.append(f"  {prose(finding.whole_caveat)}")
    return _Part("".join(f"{line}\n" for line in lines))


def _changes(outcome: FileOutcome) -> bool:
    """Whether a file changes, or a finding in it is applied by a change to another file of its unit."""
    return bool(outcome.edits) or any(located.applied for located in outcome.findings)


def _file(file: FileResult) -> _Part:
    assert file.source is not None
    text = "".join(f"{line}\n" for line in (f"#### {code(file.name)}", "", *_volumes(file.outcome), ""))
    if not file.outcome.edits:
        return _Part(text)
    diff = unified(file.name, file.source.text, file.outcome.text, edits=file.outcome.edits, bom=file.source.bom)
    # As `emit` does for a terminal: no control characters from files, and nothing that a CI log takes for a command.
    shown = printable_lines(diff)
    folded = f"<details>\n<summary>Diff</summary>\n\n{block(shown, 'diff')}\n</details>\n\n"
    note = f"The diff has no room here: {code(f'efs-migrate diff {file.name}')} prints its {len(shown.splitlines())} lines.\n\n"
    return _Part(text, folded, note)


def _volumes(outcome: FileOutcome) -> Iterator[str]:
    """The changes of each volume with their reasons; a reason that several volumes share is given once at the end."""
    from migrate.engine.differences import change_in_words

    levels: dict[str, list[VolumeLevels]] = {}
    for volume in outcome.volumes:
        if volume.storage != volume.planned:
            levels.setdefault(f"{volume.task}/{volume.name}", []).append(volume)
    said: dict[str, dict[str, None]] = {}
    for located in outcome.findings:
        if located.applied:
            said.setdefault(f"{prose(located.finding.message)} ({_rule(located)})", {})[subject(located)] = None
    reasons: dict[str, list[str]] = {subject(located): [] for located in outcome.findings if located.applied}
    for reason, about in said.items():
        if len(about) == 1:
            reasons[next(iter(about))].append(reason)
    for name in dict.fromkeys((*reasons, *levels)):
        moves = dict.fromkeys(f"{volume.level} → {volume.after}" for volume in levels.get(name, ()))
        yield f"- **{code(name)}**" + (f": {', '.join(moves)}" if moves else "")
        words = dict.fromkeys(change_in_words(volume.storage, volume.planned) for volume in levels.get(name, ()))
        yield from (f"  - what: {prose(change)}" for change in words if change)
        yield from (f"  - why: {reason}" for reason in reasons.get(name, ()))
    yield from (f"- why, for {_listed([*about])}: {reason}" for reason, about in said.items() if len(about) > 1)


# -- checklists -------------------------------------------------------------------------------------------------------


def _checklist(report: Report, stages: Sequence[Stage]) -> Iterator[_Part]:
    """The caveats, advice and grants of these stages as a checklist, each once, stage by stage."""
    said: dict[tuple[Stage, str], list[Located]] = {}
    granted: list[tuple[Grant, list[Located]]] = []
    for file in report.files:
        applied = [located for located in file.outcome.findings if located.applied]
        caveats: dict[str, str] = {}
        for located in applied:
            caveats[subject(located)] = f"{caveats.get(subject(located), '')} {located.finding.caveat or ''}".lower()
        for located in file.outcome.findings:
            finding = located.finding
            if finding.status is Status.ADVICE and finding.message.lower() in caveats.get(subject(located), ""):
                continue  # a caveat says the same
            if located.applied and finding.caveat:
                said.setdefault((located.rule.stage, prose(finding.caveat)), []).append(located)
            elif finding.status is Status.ADVICE:
                advice = prose(_sentence(finding.message)) + (f". {_help(finding.help)}" if finding.help else "")
                said.setdefault((located.rule.stage, advice), []).append(located)
        granted += merge((located.finding.grant, located) for located in applied if located.finding.grant)
    for stage in stages:
        title = {Stage.LAST: f"{_LAST}: "}.get(stage, f"**{_STAGES[stage]}:** " if stage in _STAGES else "")
        if stage is Stage.GRANTS:
            yield from (_statement(title, grant, served) for grant, served in granted)
        for (when, text), about in said.items():
            if when is stage:
                yield _Part(f"- [ ] {title}{text} ({_named(about)})\n")


def _statement(title: str, grant: Grant, served: Sequence[Located]) -> _Part:
    demand = f"{grant.when()}, {grant.demand()}" if grant.not_yet else grant.demand()
    statement = json.dumps(grant.statement(), indent=2, ensure_ascii=False)
    shown = printable_lines(statement)
    indented = "".join(f"  {line}\n" for line in block(shown, "json").splitlines())
    return _Part(f"- [ ] {title}{prose(demand)} ({_named(served)}):\n\n{indented}\n")


def _rungs(report: Report) -> Iterator[_Part]:
    applied = [located for located in report.findings if located.applied and located.volume is not None]
    for levels, name, target in _RUNGS:
        about = [located for located in applied if located.rule.climbs_to in levels]
        if about:
            yield _Part(f"- [ ] **{name}** (`--target {target}`): {_named(about)}\n")
    last = any(located.rule.stage is Stage.LAST for located in report.findings)
    if not last and any(located.rule.climbs_to is Level.IAM for located in applied):
        yield _Part(ANONYMOUS_ACCESS)


# -- words ------------------------------------------------------------------------------------------------------------


def _at(name: str, line: int | None) -> str:
    return f"{name}:{line}" if line is not None else name


def _rule(located: Located) -> str:
    return f"{located.rule.id} {located.rule.name}"


def _help(text: str) -> str:
    return code(text) if _COMMAND.match(text) else prose(text)


def _sentence(message: str) -> str:
    """A message as a sentence, with a capital unless it begins with a name."""
    first = message.partition(" ")[0]
    return message[:1].upper() + message[1:] if first.isalpha() and first.islower() else message


def _named(findings: Iterable[Located]) -> str:
    return _listed(list(dict.fromkeys(map(subject, findings))))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(code, names[:_NAMED])) + more
