"""What became of one file: levels, findings, edits, or the error that stopped it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrate.dialects.common.unread import unread
from migrate.dialects.dialect import Reading
from migrate.edit import Edit
from migrate.engine.plan import Plan
from migrate.syntax import Document
from rules import RULES
from rules.choices import Choices
from rules.context import Context
from rules.model import Key, Level, Storage
from rules.rule import Finding, Rule
from rules.shared.levels import level

# -- one file ---------------------------------------------------------------------------------------------------------


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
    """A finding with its place (line and column from 1) and the names that reports show."""

    rule: Rule
    finding: Finding
    line: int
    column: int
    task: str
    volume: str | None
    applied: bool


@dataclass(frozen=True, slots=True)
class LocatedWord:
    """A word that made the screening stop but lies in nothing that was read (line and column from 1)."""

    line: int
    column: int
    word: str


@dataclass(frozen=True)
class Outcome:
    """What became of one file. With an error there are no edits; without edits nothing is to be written."""

    dialect: str | None = None
    volumes: tuple[VolumeLevels, ...] = ()
    findings: tuple[Located, ...] = ()
    unread: tuple[LocatedWord, ...] = ()
    edits: tuple[Edit, ...] = ()
    text: str = ""
    """The text after the edits."""
    error: str | None = None
    error_line: int | None = None


def volume_levels(reading: Reading[object], planned: Plan, choices: Choices) -> Iterator[VolumeLevels]:
    context = Context(reading.stack, choices, reading.dialect.reference)
    for before, after in zip(reading.stack.tasks, planned.stack.tasks, strict=True):
        for old, new in zip(before.volumes, after.volumes, strict=True):
            yield VolumeLevels(
                before.name,
                old.name,
                level(old, before, context),
                level(new, after, context),
                old.storage,
                new.storage,
            )


def unread_words(document: Document, regions: Sequence[tuple[int, int]]) -> tuple[LocatedWord, ...]:
    return tuple(LocatedWord(*document.line_column(u.offset), u.word) for u in unread(document, regions))


def located(reading: Reading[object], planned: Plan) -> Iterator[Located]:
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
        line, column = reading.document.line_column(reading.spans[about])
        # What is none of these is a resource, which its key names.
        task_name, volume = names.get(about) or (about.last, None)
        rule = rules[decided.finding.rule]
        located.append(Located(rule, decided.finding, line, column, task_name, volume, decided.applied))
    # The plan's order tells a volume's story; files are read from the top.
    yield from sorted(located, key=lambda f: (f.line, f.column))
