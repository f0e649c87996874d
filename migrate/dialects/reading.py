"""What a dialect gives the engine: the stack, and how to get back from it to the source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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


def is_foreign(node: Node) -> bool:
    """Whether a mapping belongs to somebody who uses the API's words for something else: a Kubernetes object (ACK has
    its own spellings), an event of CloudTrail, Elastic Beanstalk's Dockerrun.aws.json (host volumes only)."""
    if not isinstance(node, Mapping):
        return False
    keys = {key_text(entry) for entry in node.entries}
    return "AWSEBDockerrunVersion" in keys or {"apiVersion", "kind"} <= keys or {"eventName", "eventSource"} <= keys


def walk(roots: Iterable[Node], skip: Callable[[Node], bool] = lambda _: False) -> Iterator[tuple[Node, Key]]:
    """Every mapping and sequence with its path (keys and indices), in document order, without following aliases and
    without what lies in a node that `skip` names."""
    stack: list[tuple[Node, tuple[str | int, ...]]] = [(root, (i,)) for i, root in reversed(list(enumerate(roots)))]
    while stack:
        node, path = stack.pop()
        if skip(node):
            continue
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
