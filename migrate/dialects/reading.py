"""What a dialect gives the engine: the stack, and how to get back from it to the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from migrate.syntax import Document
from migrate.syntax.node import Entry, Mapping, Node, Sequence, TreeEdit
from rules.model import Change, Key, Stack


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
    twins: dict[Key, tuple[Key, ...]] = field(default_factory=dict)
    """Volumes that one node serves (through an anchor): each names all of its group, itself included."""

    def can(self, change: Change) -> str | None:
        """Why a change cannot be expressed in this source, or None."""
        return self.dialect.can(self, change)

    def write(self, planned: Stack) -> list[TreeEdit]:
        """The tree edits that turn this reading's stack into `planned`, one per node."""
        return self.dialect.write(self, planned)


class Dialect(Protocol):
    """One way of writing task definitions."""

    name: str

    def read(self, document: Document, stem: str) -> Reading | None:
        """Read everything this dialect knows in the document; None if there is nothing of it."""

    def can(self, reading: Reading, change: Change) -> str | None:
        """Why a change cannot be expressed in this source, or None."""

    def write(self, reading: Reading, planned: Stack) -> list[TreeEdit]:
        """The tree edits for every entity that differs from the reading's stack."""


def walk(roots: Iterable[Node]) -> Iterator[tuple[Node, tuple[str | int, ...]]]:
    """Every mapping and sequence with its path (keys and indices), in document order, without following aliases."""
    stack: list[tuple[Node, tuple[str | int, ...]]] = [(root, (i,)) for i, root in reversed(list(enumerate(roots)))]
    while stack:
        node, path = stack.pop()
        if isinstance(node, Mapping):
            yield node, path
            stack.extend((e.value, (*path, key_text(e))) for e in reversed(node.entries) if _branches(e.value))
        elif isinstance(node, Sequence):
            yield node, path
            stack.extend((item, (*path, i)) for i, item in reversed(list(enumerate(node.items))) if _branches(item))


def _branches(node: Node) -> bool:
    return isinstance(node, Mapping | Sequence)


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
    for inner, _ in walk([node]):
        children = (e.value for e in inner.entries) if isinstance(inner, Mapping) else iter(getattr(inner, "items", ()))
        for child in children:
            if child.anchor:
                yield child.anchor


def group_twins(owners: dict[Key, tuple[int, ...]]) -> dict[Key, tuple[Key, ...]]:
    """Groups of volumes that share a node, from the identities of the nodes that each volume's edits would touch."""
    by_node: dict[int, list[Key]] = {}
    for key, identities in owners.items():
        for identity in identities:
            by_node.setdefault(identity, []).append(key)
    group: dict[Key, list[Key]] = {}
    for sharers in by_node.values():
        if len(sharers) < 2:
            continue
        merged: list[Key] = []
        for key in sharers:
            merged += [k for k in group.get(key, [key]) if k not in merged]
        for key in merged:
            group[key] = merged
    return {key: tuple(keys) for key, keys in group.items()}
