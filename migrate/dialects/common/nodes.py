"""Functions that find nodes in a parsed document: by word, by offset, by anchor."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from migrate.syntax import Document
from migrate.syntax.node import Entry, Mapping, Node, Scalar, Sequence
from rules.model import Key


def is_foreign(node: Node) -> bool:
    """Whether a mapping belongs to another system that uses the words of the ECS API: a Kubernetes object (ACK has
    names of its own), an event of CloudTrail, Elastic Beanstalk's Dockerrun.aws.json (host volumes only)."""
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
"""The way from a root to a node: each collection, with the index of the entry or item that leads on."""


def way_to(document: Document, offset: int) -> tuple[Way, Scalar | None]:
    """The way to the key or scalar at a character offset, and that scalar; None instead of it where no scalar stands
    (in a comment, at a bracket)."""
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


Path = tuple[str | int, ...]
"""The number of a document in its file, and the keys and indices that lead from its root to a node."""


def holders(document: Document, words: re.Pattern[str], up: int = 0) -> Iterator[tuple[Mapping, Path]]:
    """The mappings that have one of `words` in a key or scalar of their own, and those up to `up` collections above
    them. Each comes once, with its path, in the order of the words; those in foreign documents are left out.

    The words are searched in the text, because a file may hold a million nodes and two definitions.
    """
    seen: set[int] = set()
    foreign: dict[int, bool] = {}
    for offset in occurrences(document, words):
        way, scalar = way_to(document, offset)
        if scalar is None or any(_known_foreign(node, foreign) for node, _ in way):
            continue
        for depth in range(max(0, len(way) - 1 - up), len(way)):
            node = way[depth][0]
            if isinstance(node, Mapping) and id(node) not in seen:
                seen.add(id(node))
                yield node, (_root_index(document, way[0][0]), *_path(way[:depth]))


_ESCAPED = re.compile(r"\\(?:u00|x)[4-7][0-9A-Fa-f]")
"""An escape of JSON or YAML that stands for a character of ASCII, mostly a letter."""


def occurrences(document: Document, words: re.Pattern[str]) -> Iterator[int]:
    """The offsets of places in a document's text at which one of `words` stands, in order: that of the word itself or, if
    it is spelt with escapes, of one of these."""
    found = [match.start() for match in words.finditer(document.text)]
    if "\\" in document.text:
        escapes = (match.start() for match in _ESCAPED.finditer(document.text))
        hidden = [at for at in escapes if (scalar := way_to(document, at)[1]) and words.search(scalar.text)]
        found = sorted([*found, *hidden])
    yield from found


def _known_foreign(node: Node, known: dict[int, bool]) -> bool:
    if id(node) not in known:
        known[id(node)] = is_foreign(node)
    return known[id(node)]


def _root_index(document: Document, root: Node) -> int:
    return next(i for i, node in enumerate(document.roots) if node is root)


def _path(way: Way) -> Iterator[str | int]:
    return (key_text(node.entries[i]) if isinstance(node, Mapping) else i for node, i in way)


def key_text(entry: Entry) -> str:
    """The key of an entry as text; empty for a key that is not a scalar."""
    return getattr(entry.key, "text", "")


def used_anchors(document: Document) -> frozenset[str]:
    """The names of the anchors that an alias uses."""
    return frozenset(alias.name for alias in document.aliases)


def anchors_within(node: Node) -> Iterator[str]:
    """The names of the anchors in a node, its own included."""
    if node.anchor:
        yield node.anchor
    for inner in walk([node]):
        children = (e.value for e in inner.entries) if isinstance(inner, Mapping) else iter(getattr(inner, "items", ()))
        for child in children:
            if child.anchor:
                yield child.anchor


def volumes_sharing_nodes(owners: dict[Key, tuple[int, ...]]) -> dict[Key, tuple[Key, ...]]:
    """The groups of volumes that share a node: maps each volume to all of its group, itself included. `owners` gives
    the identities of the nodes that each volume's edits would touch."""
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
