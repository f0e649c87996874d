"""What a dialect gives the engine: the stack, and how to get back from it to the source."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from migrate.syntax import Document
from migrate.syntax.node import AnyEdit
from rules.model import Change, Key, Stack, Storage, Value

Nodes = TypeVar("Nodes")
"""What a dialect has to remember of a text in order to write it: a type of its own."""
NodesOfReading = TypeVar("NodesOfReading", covariant=True)


@dataclass(frozen=True, slots=True)
class Unread:
    """A word that made the screening stop here, at a character offset that lies in no entity."""

    offset: int
    word: str


@dataclass(frozen=True)
class Reading(Generic[NodesOfReading]):
    """One source, read by one dialect. Nobody changes it afterwards: what a plan or the configuration adds is the engine's."""

    dialect: Dialect[Any]
    document: Document
    stack: Stack
    spans: Mapping[Key, int]
    """Where each entity starts, in characters."""
    nodes: NodesOfReading
    """What the dialect needs in order to write an entity; nobody else looks inside."""
    regions: Items[tuple[int, int]] = ()
    """Character spans whose words the dialect has read."""
    around: Mapping[Key, int] = field(default_factory=dict)
    """Where the volume starts whose storage an entity is one of: what a comment there says holds for all of them."""
    ignored: Mapping[Key, tuple[int, frozenset[str]]] = field(default_factory=dict)
    """Rule ids that the source itself (beside comments) suppresses for a task, and the offset where it says so."""
    sharing_a_node: Mapping[Key, tuple[Key, ...]] = field(default_factory=dict)
    """Volumes that one node serves (through an anchor), each with all volumes of that node."""

    @cached_property
    def storages(self) -> Mapping[Key, Storage]:
        """The storage of each volume as it was read."""
        return {volume.key: volume.storage for task in self.stack.tasks for volume in task.volumes}

    def can(self, change: Change, added: Collection[Key] = (), outside: Collection[Value] = ()) -> str | None:
        """Why a change cannot be expressed in this source, or None (see `Dialect.can`)."""
        return self.dialect.can(self, change, added, outside)

    def write(self, planned: Stack) -> Items[AnyEdit]:
        """The tree edits that turn this reading's stack into `planned`, one per node."""
        return self.dialect.write(self, planned)


class Dialect(Protocol[Nodes]):
    """One way of writing task definitions."""

    name: str

    def read(self, document: Document, stem: str) -> Reading[Nodes] | None:
        """Read everything this dialect knows in the document; None if there is nothing of it."""

    def configured(self, member: Value) -> Value:
        """A value of the configuration as this dialect would read it. The configuration holds texts with placeholders,
        and expressions of CloudFormation as opaque values, each with its node."""

    def reference(self, key: Key, attribute: str) -> Value:
        """What stands in this source for a resource that the plan adds (or for a pseudo parameter like `AWS::Region`), or
        with "Arn" for its ARN. `write` spells it, and `read` gives it back for what was written, so that the planned stack
        and the one that is read again are equal."""

    def can(
        self, reading: Reading[Nodes], change: Change, added: Collection[Key], outside: Collection[Value]
    ) -> str | None:
        """Why a change cannot be expressed in this source, or None. `added` are the subjects of the changes before it that
        add resources, `outside` the ids and roles that the configuration gives, as `configured` reads them."""

    def write(self, reading: Reading[Nodes], planned: Stack) -> Items[AnyEdit]:
        """The tree edits for every entity that differs from the reading's stack."""
