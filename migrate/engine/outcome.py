"""The outcome for a unit, file by file: levels, findings and edits, or the error that stopped it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from migrate.dialects.common.unread import unread
from migrate.dialects.dialect import Reading
from migrate.edit import Edit
from migrate.engine.plan import Plan
from migrate.syntax import Document
from migrate.syntax.unit import Unit, joined, parts, starts
from rules import RULES
from rules.choices import Choices
from rules.context import Context
from rules.model import Key, Level, Storage
from rules.rule import Finding, Rule
from rules.shared.levels import level


@dataclass(frozen=True, slots=True)
class VolumeLevels:
    """The level and the storage of a volume, before the plan and after it."""

    task: str
    name: str
    level: Level
    after: Level
    storage: Storage
    planned: Storage


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with its place (line and column from 1, index of the file in its unit) and the names that reports
    show."""

    rule: Rule
    finding: Finding
    line: int
    column: int
    task: str
    volume: str | None
    applied: bool
    file: int = 0

    @property
    def place(self) -> tuple[int, int, int]:
        """The place as a key by which the findings of a unit are sorted."""
        return self.file, self.line, self.column


@dataclass(frozen=True, slots=True)
class LocatedWord:
    """A word such as `efsVolumeConfiguration` that lies in no definition that a dialect has read (line and column from
    1)."""

    line: int
    column: int
    word: str

    @property
    def said(self) -> str:
        """The sentence that reports say."""
        return f"{self.word} lies in no definition that this version knows"


@dataclass(frozen=True)
class FileOutcome:
    """The outcome for one file. With an error there are no edits; without edits the file is not written."""

    dialect: str | None = None
    volumes: tuple[VolumeLevels, ...] = ()
    findings: tuple[Located, ...] = ()
    unread: tuple[LocatedWord, ...] = ()
    edits: tuple[Edit, ...] = ()
    before: str = ""
    """The text as it was read."""
    text: str = ""
    """The text after the edits."""
    error: str | None = None
    error_line: int | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome for a unit: one for each of its files, of which all are written or none."""

    files: tuple[FileOutcome, ...] = (FileOutcome(),)
    edits: tuple[Edit, ...] = ()
    """The edits of all files, in the unit's character offsets."""

    @classmethod
    def failed(
        cls, error: str, line: int | None = None, *, dialect: str | None = None, index: int = 0, count: int = 1
    ) -> Outcome:
        """The outcome for a unit of `count` files that could not be processed, because of `error` in the file at
        `index`."""
        failure = FileOutcome(dialect, error=error, error_line=line)
        return cls(tuple(failure if i == index else FileOutcome(dialect) for i in range(count)))

    @property
    def dialect(self) -> str | None:
        return self.files[0].dialect

    @property
    def volumes(self) -> tuple[VolumeLevels, ...]:
        return self.files[0].volumes if len(self.files) == 1 else tuple(v for f in self.files for v in f.volumes)

    @property
    def findings(self) -> tuple[Located, ...]:
        return self.files[0].findings if len(self.files) == 1 else tuple(x for f in self.files for x in f.findings)

    @property
    def unread(self) -> tuple[LocatedWord, ...]:
        return tuple(word for file in self.files for word in file.unread)

    @property
    def text(self) -> str:
        """The texts of all files after the edits, one after another."""
        return joined([file.text for file in self.files])

    @property
    def error(self) -> str | None:
        return next((file.error for file in self.files if file.error is not None), None)

    @property
    def error_line(self) -> int | None:
        return next((file.error_line for file in self.files if file.error is not None), None)

    def parts(self, edits: Iterable[Edit]) -> list[tuple[Edit, ...]]:
        """The edits of each file in its own offsets, from edits in the unit's offsets."""
        return parts(edits, starts([file.before for file in self.files]))


def of_files(unit: Unit) -> Outcome:
    """The outcome for a unit that no dialect reads."""
    return Outcome(tuple(FileOutcome(unread=words, before=d.text, text=d.text) for d, words in _unread(unit, ())))


def planned_outcome(
    reading: Reading[object], planned: Plan, choices: Choices, edits: Sequence[Edit], texts: Sequence[str]
) -> Outcome:
    """The outcome for a unit under a plan. `edits`, in the unit's offsets, turn its files into `texts`."""
    unit = reading.unit
    volumes: list[list[VolumeLevels]] = [[] for _ in unit.documents]
    for index, volume in _volume_levels(reading, planned, choices):
        volumes[index].append(volume)
    findings: list[list[Located]] = [[] for _ in unit.documents]
    for found in _located(reading, planned):
        findings[found.file].append(found)
    own = parts(edits, unit.starts)
    files = tuple(
        FileOutcome(
            reading.dialect.name,
            tuple(volumes[index]),
            tuple(findings[index]),
            unread=words,
            edits=own[index],
            before=document.text,
            text=texts[index],
        )
        for index, (document, words) in enumerate(_unread(unit, reading.regions))
    )
    return Outcome(files, tuple(edits))


def _volume_levels(reading: Reading[object], planned: Plan, choices: Choices) -> Iterator[tuple[int, VolumeLevels]]:
    """Every volume with the index of the file that it stands in."""
    context = Context(reading.stack, choices, reading.dialect.reference)
    for before, after in zip(reading.stack.tasks, planned.stack.tasks, strict=True):
        for old, new in zip(before.volumes, after.volumes, strict=True):
            yield (
                reading.unit.place(reading.spans[old.key])[0],
                VolumeLevels(
                    before.name,
                    old.name,
                    level(old, before, context),
                    after=level(new, after, context),
                    storage=old.storage,
                    planned=new.storage,
                ),
            )


def _unread(unit: Unit, regions: Sequence[tuple[int, int]]) -> Iterator[tuple[Document, tuple[LocatedWord, ...]]]:
    """Every document with the EFS words in it that lie outside of `regions`, the spans that were read."""
    for document, start in zip(unit.documents, unit.starts, strict=True):
        inside = regions if not start else [(first - start, last - start) for first, last in regions]
        words = (LocatedWord(*document.line_column(word.offset), word.word) for word in unread(document, inside))
        yield document, tuple(words)


def _located(reading: Reading[object], planned: Plan) -> Iterator[Located]:
    rules = {rule.id: rule for rule in RULES}
    names: dict[Key, tuple[str, str | None]] = {}
    tasks = {task.key: task.name for task in reading.stack.tasks}
    names |= {key: (name, None) for key, name in tasks.items()}
    for task in reading.stack.tasks:
        names |= {volume.key: (task.name, volume.name) for volume in task.volumes}
    for runner in reading.stack.runners:
        for version in runner.platform_versions:
            names[version.key] = (tasks.get(version.tasks[0], runner.name) if version.tasks else runner.name, None)
    for hidden in reading.stack.hidden:
        names[hidden.key] = (str(hidden.key.parts[-2]), None)  # the definition that it lies in
    for instance in reading.stack.instances:
        names |= dict.fromkeys((instance.key, instance.image_key, instance.script_key), (instance.name, None))
    located = []
    for decided in planned.decided:
        about = decided.finding.subject
        file, line, column = reading.unit.line_column(reading.spans[about])
        # Every other subject is a resource, named by its key.
        task_name, volume = names.get(about) or (about.last, None)
        rule = rules[decided.finding.rule]
        located.append(
            Located(
                rule,
                decided.finding,
                line,
                column=column,
                task=task_name,
                volume=volume,
                applied=decided.applied,
                file=file,
            )
        )
    # The plan goes volume by volume; people read files from the top.
    yield from sorted(located, key=lambda located: located.place)
