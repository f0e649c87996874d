"""What a dialect gives the engine: the stack, and how to get back from it to the source."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from migrate.files.unit import Unit
from migrate.syntax import Document
from migrate.syntax.node import AnyEdit
from rules.model import Change, EfsVolume, Key, SetStorage, SetTaskRole, Stack, Storage, Value


@dataclass(frozen=True, slots=True)
class Unread:
    """A word that made the screening stop here, at a character offset that lies in no entity."""

    offset: int
    word: str


@dataclass
class Reading:
    """One unit, read by one dialect."""

    dialect: Dialect
    unit: Unit
    stack: Stack
    spans: dict[Key, int]
    """Where each entity starts, in the unit's offsets."""
    nodes: dict[Key, object]
    """What the dialect needs in order to write an entity; nobody else looks inside."""
    regions: list[tuple[int, int]] = field(default_factory=list)
    """Spans, in the unit's offsets, whose words the dialect has read."""
    blocked: dict[Key, str] = field(default_factory=dict)
    """Entities that cannot be edited without guessing, and why."""
    around: dict[Key, int] = field(default_factory=dict)
    """Where the volume starts whose storage an entity is one of: what a comment there says holds for all of them."""
    ignored: dict[Key, tuple[int, frozenset[str]]] = field(default_factory=dict)
    """Rule ids that the source itself (beside comments) suppresses for a task, and the offset where it says so."""
    sharing_a_node: dict[Key, tuple[Key, ...]] = field(default_factory=dict)
    """Volumes that one node serves (through an anchor): each names all of its group, itself included."""
    unwritten: dict[Hashable, str] = field(default_factory=dict)
    """Steps that writing showed to have no place in the text, by what names them, and why."""
    outside: frozenset[Value] = frozenset()
    """Ids and roles that the configuration gives, as the dialect reads them."""

    @property
    def document(self) -> Document:
        """The document of a unit of one file."""
        return self.unit.document

    @cached_property
    def storages(self) -> dict[Key, Storage]:
        """The storage of each volume as it was read."""
        return {volume.key: volume.storage for task in self.stack.tasks for volume in task.volumes}

    def can(self, change: Change, added: Collection[Key] = ()) -> str | None:
        """Why a change cannot be expressed in this source, or None; `added` are the subjects of the changes before it that
        add resources."""
        return self.dialect.can(self, change, added)

    def configured(self, change: Change) -> Iterator[Value]:
        """The ids and roles from the configuration that a change brings into the source."""
        members: tuple[Value | None, ...] = ()
        if isinstance(change, SetTaskRole):
            members = (change.role,)
        elif isinstance(change, SetStorage) and isinstance(change.storage, EfsVolume):
            members = (change.storage.file_system, change.storage.access_point)
        return (member for member in members if member is not None and member in self.outside)

    def write(self, planned: Stack) -> Mapping[Document, Items[AnyEdit]]:
        """The tree edits that turn this reading's stack into `planned`, one per node, by the document of the node."""
        edits = self.dialect.write(self, planned)
        return edits if isinstance(edits, Mapping) else {self.document: edits}


class Dialect(Protocol):
    """One way of writing task definitions."""

    name: str

    def read(self, unit: Unit) -> Reading | None:
        """Read everything this dialect knows in the unit; None if there is nothing of it."""

    def configured(self, member: Value) -> Value:
        """A value of the configuration as this dialect would read it. The configuration holds texts with placeholders,
        and expressions of CloudFormation as opaque values, each with its node."""

    def can(self, reading: Reading, change: Change, added: Collection[Key]) -> str | None:
        """Why a change cannot be expressed in this source, or None."""

    def write(self, reading: Reading, planned: Stack) -> Items[AnyEdit] | Mapping[Document, Items[AnyEdit]]:
        """The tree edits for every entity that differs from the reading's stack; of a unit that may be several files, by the
        document that each is of."""
