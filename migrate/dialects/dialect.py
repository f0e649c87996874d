"""The interface of a dialect: what it gives the engine, and what the engine asks of it.

A dialect is one way of writing task definitions. It reads a text into the model, says which changes its source can hold,
and turns a planned stack back into edits of the nodes that it has read. The engine sees nothing else of it, and no rule
sees it at all. A new dialect is a folder beside this file, and an import and a name in `migrate/dialects/__init__.py`.

This one reads lists of lines like `- uploads fs-0123456789abcdef0 ENABLED` and can do one thing, encrypt (a test runs it):

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
"""What a dialect has to remember of a text in order to write it: a type of its own."""
NodesOfReading = TypeVar("NodesOfReading", covariant=True)


@dataclass(frozen=True, slots=True)
class Unread:
    """A word that made the screening stop here, at a character offset that lies in no entity."""

    offset: int
    word: str


@dataclass(frozen=True)
class Reading(Generic[NodesOfReading]):
    """One unit, read by one dialect. Nobody changes it afterwards: what a plan or the configuration adds is the engine's."""

    dialect: Dialect[Any]
    unit: Unit
    stack: Stack
    spans: Mapping[Key, int]
    """Where each entity starts, in the unit's offsets."""
    nodes: NodesOfReading
    """What the dialect needs in order to write an entity; nobody else looks inside."""
    regions: Items[tuple[int, int]] = ()
    """Spans, in the unit's offsets, whose words the dialect has read."""
    around: Mapping[Key, int] = field(default_factory=dict)
    """Where the volume starts whose storage an entity is one of: what a comment there says holds for all of them."""
    ignored: Mapping[Key, tuple[int, frozenset[str]]] = field(default_factory=dict)
    """Rule ids that the source itself (beside comments) suppresses for a task, and the offset where it says so."""
    sharing_a_node: Mapping[Key, tuple[Key, ...]] = field(default_factory=dict)
    """Volumes that one node serves (through an anchor), each with all volumes of that node."""

    @property
    def document(self) -> Document:
        """The document of a unit of one file."""
        return self.unit.document

    @cached_property
    def storages(self) -> Mapping[Key, Storage]:
        """The storage of each volume as it was read."""
        return {volume.key: volume.storage for task in self.stack.tasks for volume in task.volumes}

    def can(self, change: Change, added: Collection[Key] = (), outside: Collection[Value] = ()) -> str | None:
        """Why a change cannot be expressed in this source, or None (see `Dialect.can`)."""
        return self.dialect.can(self, change, added, outside)

    def write(self, planned: Stack) -> Mapping[Document, Items[AnyEdit]]:
        """The tree edits that turn this reading's stack into `planned`, one per node, by the document of the node."""
        edits = self.dialect.write(self, planned)
        return edits if isinstance(edits, Mapping) else {self.document: edits}


class Dialect(Protocol[Nodes]):
    """One way of writing task definitions."""

    name: str

    def read(self, unit: Unit) -> Reading[Nodes] | None:
        """Read everything this dialect knows in the unit; None if there is nothing of it."""

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

    def write(self, reading: Reading[Nodes], planned: Stack) -> Items[AnyEdit] | Mapping[Document, Items[AnyEdit]]:
        """The tree edits for every entity that differs from the reading's stack; of a unit that may be several files, by the
        document that each is of."""
