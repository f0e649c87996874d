"""The check that changes leave every alias its anchor."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from migrate.syntax.data.style.surroundings import spans
from migrate.syntax.data.writing.change import Changed
from migrate.syntax.document import Document
from migrate.syntax.node import (
    Added,
    Alias,
    Copy,
    EditMapping,
    EditSequence,
    Entry,
    Mapping,
    New,
    NewValue,
    Node,
    Sequence,
    Tagged,
)
from migrate.syntax.problem import CannotEdit


def check_anchors(document: Document, changes: Iterable[Changed]) -> None:
    """Raise CannotEdit if an alias would lose its anchor or an anchor would be defined twice."""
    if document.json:
        return
    changes = list(changes)
    removed = sorted(span for changed in changes for span in _removed(changed))
    copied: list[Node] = []
    in_place: list[Node] = []
    for changed in changes:
        for copy, replaced in _copies(changed):
            copied.append(copy.node)
            _check_copy(copy.node, changed.change.node, removed)
            if replaced is not None and _within([(replaced.key.start, replaced.value.end)], copy.node):
                in_place.append(copy.node)
    copied_spans = sorted((node.start, node.end) for node in copied)
    in_place_spans = sorted((node.start, node.end) for node in in_place)
    for alias in document.aliases if removed else ():
        target = alias.target
        if target is None or not _within(removed, target) or _within(in_place_spans, target):
            continue
        if not _within(removed, alias) or _within(copied_spans, alias):
            raise CannotEdit(f"the anchor &{alias.name} would go, which an alias elsewhere needs")


def _check_copy(copied: Node, into: Node, removed: list[tuple[int, int]]) -> None:
    for node in _nodes(copied):
        if node.anchor is not None and not _within(removed, node):
            raise CannotEdit("a copy would define an anchor twice")
        if isinstance(node, Alias) and (node.target is None or node.target.start > into.start):
            raise CannotEdit(f"a copy of *{node.name} might stand before its anchor")


def _removed(changed: Changed) -> Iterator[tuple[int, int]]:
    node = changed.change.node
    if isinstance(node, (Mapping, Sequence)):
        staying = {slot.index for slot in changed.slots if slot.added is None}
        yield from (span for index, span in enumerate(spans(node)) if index not in staying)


def _copies(changed: Changed) -> Iterator[tuple[Copy, Entry | None]]:
    """All copies that a change makes, each with the entry that it replaces, or None."""
    change = changed.change
    pending: list[tuple[NewValue, Entry | None]] = []
    if isinstance(change, EditMapping):
        pending += [(entry.value, entry.replaces) for entry in change.entries if isinstance(entry, Added)]
    elif isinstance(change, EditSequence):
        pending += [(item.value, None) for item in change.items if isinstance(item, New)]
    while pending:
        value, replaced = pending.pop()
        if isinstance(value, Copy):
            yield value, replaced
        elif isinstance(value, Tagged):
            pending.append((value.value, replaced))
        elif isinstance(value, dict):
            pending += [(inner, replaced) for inner in value.values()]
        elif isinstance(value, list):
            pending += [(inner, replaced) for inner in value]


def _within(places: list[tuple[int, int]], node: Node) -> bool:
    """Whether `node` lies in one of the spans, which are sorted."""
    index = bisect_right(places, node.start, key=lambda span: span[0]) - 1
    return index >= 0 and node.end <= places[index][1]


def _nodes(root: Node) -> Iterator[Node]:
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Mapping):
            for entry in node.entries:
                pending += (entry.key, entry.value)
        elif isinstance(node, Sequence):
            pending += node.items
