"""What became of a unit, file by file: levels, findings, edits, or the error that stopped it."""

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
    """A volume's level and storage, as they are and as the plan would leave them."""

    task: str
    name: str
    level: Level
    after: Level
    storage: Storage
    planned: Storage


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with its place (line and column from 1, in which of the unit's files) and the names that reports show."""

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
        """Where it is, so that findings of a unit can be put in order."""
        return self.file, self.line, self.column


@dataclass(frozen=True, slots=True)
class LocatedWord:
    """A word that made the screening stop but lies in nothing that was read (line and column from 1)."""

    line: int
    column: int
    word: str


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file. With an error there are no edits; without edits nothing is to be written."""

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
    """What became of a unit: a result for each of its files, all of which are written or none."""

    files: tuple[FileOutcome, ...] = (FileOutcome(),)
    edits: tuple[Edit, ...] = ()
    """The edits of all files, in the unit's offsets."""

    @classmethod
    def failed(
        cls, error: str, line: int | None = None, *, dialect: str | None = None, index: int = 0, count: int = 1
    ) -> Outcome:
        """What becomes of a unit of `count` files of which one, or which as a whole, could not be processed."""
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
        """Edits in the unit's offsets as the edits of each file, in its own."""
        return parts(edits, starts([file.before for file in self.files]))


def of_files(unit: Unit) -> Outcome:
    """What becomes of files that no dialect reads."""
    return Outcome(tuple(FileOutcome(unread=words, before=d.text, text=d.text) for d, words in _unread(unit, ())))


def planned_outcome(
    reading: Reading[object], planned: Plan, choices: Choices, edits: Sequence[Edit], texts: Sequence[str]
) -> Outcome:
    """What becomes of a unit under a plan: `edits`, in its offsets, make `texts` of its files."""
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
    """Every document with the words in it that nothing has read."""
    for document, start in zip(unit.documents, unit.starts, strict=True):
        inside = regions if not start else [(first - start, last - start) for first, last in regions]
        words = (LocatedWord(*document.line_column(word.offset), word.word) for word in unread(document, inside))
        yield document, tuple(words)


def _located(reading: Reading[object], planned: Plan) -> Iterator[Located]:
    rules = {rule.id: rule for rule in RULES}
    names: dict[Key, tuple[str, str | None]] = {}
    for task in reading.stack.tasks:
        names |= {volume.key: (task.name, volume.name) for volume in task.volumes}
    tasks = {task.key: task.name for task in reading.stack.tasks}
    for runner in reading.stack.runners:
        for version in runner.platform_versions:
            names[version.key] = (tasks.get(version.tasks[0], runner.name) if version.tasks else runner.name, None)
    for hidden in reading.stack.hidden:
        names[hidden.key] = (str(hidden.key.parts[-2]), None)  # what it lies in, and which of those there it is
    for instance in reading.stack.instances:
        names |= dict.fromkeys((instance.key, instance.image_key, instance.script_key), (instance.name, None))
    located = []
    for decided in planned.decided:
        about = decided.finding.subject
        file, line, column = reading.unit.line_column(reading.spans[about])
        # What is none of these is a resource, which its key names.
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
    # The plan's order tells a volume's story; files are read from the top.
    yield from sorted(located, key=lambda located: located.place)
