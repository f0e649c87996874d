"""What a dialect gives the engine: the stack, and how to get back from it to the source."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Hashable, Iterable, Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from migrate.syntax import Document
from migrate.syntax.node import AnyEdit, Entry, Mapping, Node, Scalar, Sequence
from rules.model import Change, EfsVolume, Key, SetStorage, SetTaskRole, Stack, Storage, Value


@dataclass(frozen=True, slots=True)
class Unread:
    """A word that made the screening stop here, at a character offset that lies in no entity."""

    offset: int
    word: str


@dataclass
class Reading:
    """One source, read by one dialect."""

    dialect: Dialect
    document: Document
    stack: Stack
    spans: dict[Key, int]
    """Where each entity starts, in characters."""
    nodes: dict[Key, object]
    """What the dialect needs in order to write an entity; nobody else looks inside."""
    regions: list[tuple[int, int]] = field(default_factory=list)
    """Character spans whose words the dialect has read."""
    blocked: dict[Key, str] = field(default_factory=dict)
    """Entities that cannot be edited without guessing, and why."""
    around: dict[Key, int] = field(default_factory=dict)
    """Where the volume starts whose storage an entity is one of: what a comment there says holds for all of them."""
    ignored: dict[Key, tuple[int, frozenset[str]]] = field(default_factory=dict)
    """Rule ids that the source itself (beside comments) suppresses for a task, and the offset where it says so."""
    twins: dict[Key, tuple[Key, ...]] = field(default_factory=dict)
    """Volumes that one node serves (through an anchor): each names all of its group, itself included."""
    unwritten: dict[Hashable, str] = field(default_factory=dict)
    """Steps that writing showed to have no place in the text, by what names them, and why."""
    outside: frozenset[Value] = frozenset()
    """Ids and roles that the configuration gives, as the dialect reads them."""

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

    def write(self, planned: Stack) -> Items[AnyEdit]:
        """The tree edits that turn this reading's stack into `planned`, one per node."""
        return self.dialect.write(self, planned)


class Dialect(Protocol):
    """One way of writing task definitions."""

    name: str

    def read(self, document: Document, stem: str) -> Reading | None:
        """Read everything this dialect knows in the document; None if there is nothing of it."""

    def configured(self, member: Value) -> Value:
        """A value of the configuration as this dialect would read it. The configuration holds texts with placeholders,
        and expressions of CloudFormation as opaque values, each with its node."""

    def can(self, reading: Reading, change: Change, added: Collection[Key]) -> str | None:
        """Why a change cannot be expressed in this source, or None."""

    def write(self, reading: Reading, planned: Stack) -> Items[AnyEdit]:
        """The tree edits for every entity that differs from the reading's stack."""


def is_foreign(node: Node) -> bool:
    """Whether a mapping belongs to somebody who uses the API's words for something else: a Kubernetes object (ACK has
    its own spellings), an event of CloudTrail, Elastic Beanstalk's Dockerrun.aws.json (host volumes only)."""
    if not isinstance(node, Mapping):
        return False
    keys = {key_text(entry) for entry in node.entries}
    return "AWSEBDockerrunVersion" in keys or {"apiVersion", "kind"} <= keys or {"eventName", "eventSource"} <= keys


def walk(roots: Iterable[Node]) -> Iterator[Node]:
    """Every mapping and sequence in document order, without following aliases."""
    pending = list(reversed(list(roots)))
    while pending:
        node = pending.pop()
        if isinstance(node, Mapping):
            yield node
            pending.extend(e.value for e in reversed(node.entries) if isinstance(e.value, Mapping | Sequence))
        elif isinstance(node, Sequence):
            yield node
            pending.extend(item for item in reversed(node.items) if isinstance(item, Mapping | Sequence))


Way = list[tuple[Mapping | Sequence, int]]
"""From a root to a place: each collection and the index of the entry or item that leads on."""


def way_to(document: Document, offset: int) -> tuple[Way, Scalar | None]:
    """The way to the key or scalar at an offset in the text; None where no scalar stands (a comment, a bracket)."""
    way: Way = []
    first = bisect_right(document.roots, offset, key=lambda root: root.start) - 1
    node: Node | None = document.roots[first] if first >= 0 else None
    while isinstance(node, Mapping | Sequence):
        if isinstance(node, Mapping):
            index = bisect_right(node.entries, offset, key=lambda entry: entry.key.start) - 1
            if index < 0:
                return way, None
            way.append((node, index))
            entry = node.entries[index]
            node = entry.key if offset < entry.key.end else entry.value
        else:
            index = bisect_right(node.items, offset, key=lambda item: item.start) - 1
            if index < 0:
                return way, None
            way.append((node, index))
            node = node.items[index]
    found = node if isinstance(node, Scalar) and node.start <= offset < node.end else None
    return way, found


def holders(document: Document, words: re.Pattern[str], up: int = 0) -> Iterator[tuple[Mapping, Key]]:
    """Mappings with one of `words` in a key or scalar of theirs, or up to `up` collections above it, each once and with
    its path (keys and indices), in the order of the words; those in foreign documents are left out.

    The words are looked up in the text, because a file may hold a million nodes and two definitions.
    """
    seen: set[int] = set()
    foreign: dict[int, bool] = {}
    for match in words.finditer(document.text):
        way, scalar = way_to(document, match.start())
        if scalar is None or any(_known_foreign(node, foreign) for node, _ in way):
            continue
        for depth in range(max(0, len(way) - 1 - up), len(way)):
            node = way[depth][0]
            if isinstance(node, Mapping) and id(node) not in seen:
                seen.add(id(node))
                yield node, (_root_index(document, way[0][0]), *_path(way[:depth]))


def _known_foreign(node: Node, known: dict[int, bool]) -> bool:
    if id(node) not in known:
        known[id(node)] = is_foreign(node)
    return known[id(node)]


def _root_index(document: Document, root: Node) -> int:
    return next(i for i, node in enumerate(document.roots) if node is root)


def _path(way: Way) -> Iterator[str | int]:
    return (key_text(node.entries[i]) if isinstance(node, Mapping) else i for node, i in way)


def key_text(entry: Entry) -> str:
    """An entry's key as text; empty for a key that is not a scalar."""
    return getattr(entry.key, "text", "")


def used_anchors(document: Document) -> frozenset[str]:
    """Names of the anchors that some alias uses."""
    return frozenset(alias.name for alias in document.aliases)


def anchors_within(node: Node) -> Iterator[str]:
    """Names of the anchors that are defined inside a node, itself included."""
    if node.anchor:
        yield node.anchor
    for inner in walk([node]):
        children = (e.value for e in inner.entries) if isinstance(inner, Mapping) else iter(getattr(inner, "items", ()))
        for child in children:
            if child.anchor:
                yield child.anchor


def group_twins(owners: dict[Key, tuple[int, ...]]) -> dict[Key, tuple[Key, ...]]:
    """Groups of volumes that share a node, from the identities of the nodes that each volume's edits would touch."""
    first: dict[int, Key] = {}
    parent: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        while parent.get(key, key) != key:
            parent[key] = parent.get(parent[key], parent[key])
            key = parent[key]
        return key

    for key, identities in owners.items():
        for identity in identities:
            parent[root(key)] = root(first.setdefault(identity, key))
    groups: dict[Key, list[Key]] = {}
    for key in owners:
        groups.setdefault(root(key), []).append(key)
    return {key: tuple(group) for group in groups.values() if len(group) > 1 for key in group}
