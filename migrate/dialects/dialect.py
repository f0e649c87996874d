"""The interface between a dialect and the engine.

A dialect is one way of writing task definitions. It reads a text into the model, says which changes its source can
hold, and turns a planned stack back into edits of the nodes that it has read. The engine uses only this interface, and
rules do not know dialects at all. A new dialect is a package beside this file, and a line in `DIALECTS` of
`migrate/dialects/__init__.py`.

This example reads lists of lines like `- uploads fs-0123456789abcdef0 ENABLED`, and its only change is to turn on
encryption in transit (a test runs it):

    class Lines:
        name = "lines"

        def read(self, unit: Unit) -> Reading[dict[Key, Scalar]] | None:
            nodes: dict[Key, Scalar] = {}
            volumes: list[Volume] = []
            items = [item for root in unit.document.roots if isinstance(root, Sequence) for item in root.items]
            for line in (item for item in items if isinstance(item, Scalar) and " fs-" in item.text):
                name, system, *encryption = map(Text.of, line.text.split())
                key = Key("task", 0, ("volume", name.source, len(nodes)))
                storage = EfsVolume(system, transit_encryption=encryption[0] if encryption else None)
                nodes[key] = line
                volumes.append(Volume(key, name.source, storage))
            task = Task(Key("task", 0), unit.stem, tuple(volumes))
            spans = {key: line.start for key, line in nodes.items()}
            return Reading(self, unit, Stack((task,)), {task.key: 0, **spans}, nodes) if nodes else None

        def configured(self, member: Value) -> Value:
            return member

        def reference(self, key: Key, attribute: str) -> Value:
            raise LookupError("a list of lines can hold no resources")

        def can(self, reading: Reading[dict[Key, Scalar]], change: Change, added: object, outside: object) -> str | None:
            match change, reading.storages.get(subject(change)):
                case SetStorage(storage=EfsVolume() as after), EfsVolume() as before:
                    encrypted = replace(before, transit_encryption=after.transit_encryption)
                    return None if after == encrypted else "a line has no place for more than the encryption"
            return "a line has no place for it"

        def write(self, reading: Reading[dict[Key, Scalar]], planned: Stack) -> list[AnyEdit]:
            after = [volume for task in planned.tasks for volume in task.volumes]
            lines = [reading.nodes[v.key] for v in after if v.storage != reading.storages[v.key]]
            return [SetScalar(line, " ".join([*line.text.split()[:2], "ENABLED"])) for line in lines]
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from migrate.syntax import Document
from migrate.syntax.node import AnyEdit
from migrate.syntax.unit import Unit
from rules.model import Change, Key, Stack, Storage, Value

Nodes = TypeVar("Nodes")
"""The type of the nodes that a dialect keeps of a text in order to write it; each dialect has its own."""
NodesOfReading = TypeVar("NodesOfReading", covariant=True)


@dataclass(frozen=True, slots=True)
class Unread:
    """A word for which the screening passed the file, at a character offset that lies in no entity that was read."""

    offset: int
    word: str


@dataclass(frozen=True)
class Reading(Generic[NodesOfReading]):
    """One unit as one dialect has read it. It is not changed afterwards: the engine keeps apart what a plan or the
    configuration adds."""

    dialect: Dialect[Any]
    unit: Unit
    stack: Stack
    spans: Mapping[Key, int]
    """The offset at which each entity starts, in characters of the unit's text."""
    nodes: NodesOfReading
    """The nodes that the dialect needs in order to write an entity; only the dialect reads them."""
    regions: Items[tuple[int, int]] = ()
    """The spans that the dialect has read, as start and end offsets in characters of the unit's text."""
    around: Mapping[Key, int] = field(default_factory=dict)
    """The offset at which the volume starts, for entities that are one of several storages that a condition chooses
    for it. A comment at the volume holds for all of them."""
    ignored: Mapping[Key, tuple[int, frozenset[str]]] = field(default_factory=dict)
    """The ids of the rules that the source itself (not a comment) suppresses for a task, and the offset of the place
    that does."""
    doubts: Mapping[Key, str] = field(default_factory=dict)
    """Sentences on volumes that code outside of the source may change, which a person should look at: their steps are
    not taken by default."""
    sharing_a_node: Mapping[Key, tuple[Key, ...]] = field(default_factory=dict)
    """The volumes that share a node with others (through an anchor); maps each to all volumes of that node, itself
    included."""

    @property
    def document(self) -> Document:
        """The document of a unit that is a single file."""
        return self.unit.document

    @cached_property
    def storages(self) -> Mapping[Key, Storage]:
        """The storage of each volume, as it was read."""
        return {volume.key: volume.storage for task in self.stack.tasks for volume in task.volumes}

    def can(self, change: Change, added: Collection[Key] = (), outside: Collection[Value] = ()) -> str | None:
        """The reason why a change cannot be expressed in this source, or None if it can (see `Dialect.can`)."""
        return self.dialect.can(self, change, added, outside)

    def write(self, planned: Stack) -> Mapping[Document, Items[AnyEdit]]:
        """The tree edits that turn this reading's stack into `planned`, at most one for each node, by the document
        of the node."""
        edits = self.dialect.write(self, planned)
        return edits if isinstance(edits, Mapping) else {self.document: edits}


class Dialect(Protocol[Nodes]):
    """One way of writing task definitions."""

    name: str

    def read(self, unit: Unit) -> Reading[Nodes] | None:
        """Reads everything that this dialect knows in the unit; None if there is nothing of it."""

    def configured(self, member: Value) -> Value:
        """A value of the configuration as this dialect would read it from a source. The configuration holds texts
        with placeholders, and expressions of CloudFormation as opaque values, each with its node."""

    def reference(self, key: Key, attribute: str) -> Value:
        """The value that refers to a resource that the plan adds, to its ARN if `attribute` is "Arn", or to a pseudo
        parameter like `AWS::Region`. `write` writes it in the dialect's syntax and `read` must return an equal value
        for the written text, so that the planned stack equals the one that is read again."""

    def can(
        self, reading: Reading[Nodes], change: Change, added: Collection[Key], outside: Collection[Value]
    ) -> str | None:
        """The reason why a change cannot be expressed in this source, or None if it can. `added` are the subjects of
        the changes before it that add resources; `outside` are the ids and roles that the configuration gives, as
        `configured` returns them."""

    def write(self, reading: Reading[Nodes], planned: Stack) -> Items[AnyEdit] | Mapping[Document, Items[AnyEdit]]:
        """The tree edits for every entity that differs from the reading's stack. For a unit of several files they
        are grouped by the document that they edit."""
