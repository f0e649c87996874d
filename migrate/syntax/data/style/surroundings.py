"""The position of a node in its document, and the style of the text around it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TypeVar

from migrate.syntax.document import Document
from migrate.syntax.node import Mapping, Node, Scalar, Sequence
from migrate.syntax.value import is_literal

T = TypeVar("T")
_spaces = re.compile(r"[ \t]*").match
Container = Mapping | Sequence
# Enough to recognise a habit, and few enough that ten thousand edits take linear time.
_NEAR = 48


@dataclass(frozen=True, slots=True)
class WayStep:
    """One level of the path to a node: the collection, the index in it, and whether the path goes through a key."""

    container: Container
    index: int
    key: bool = False


Path = tuple[WayStep, ...]


USUAL_WIDTH = 100
"""The length, in characters, to which a line with a collection in brackets may grow in any file."""


class Surroundings:
    """Looks up lines, columns, paths and habits in one document."""

    def __init__(self, document: Document) -> None:
        self.text = document.text
        self.roots = document.roots
        self.json = document.json
        self.line_starts = document.line_starts
        self.tag_habits: dict[str, tuple[str, bool]] | None = None
        self._anywhere: dict[str, object] = {}

    # -- lines --------------------------------------------------------------------------------------------------------

    def line(self, offset: int) -> int:
        """The index, from 0, of the line that contains `offset`."""
        return bisect_right(self.line_starts, offset) - 1

    def line_start(self, offset: int) -> int:
        """The offset at which the line that contains `offset` starts."""
        return self.line_starts[self.line(offset)]

    def line_end(self, offset: int) -> int:
        """The offset at which the line that contains `offset` ends, before its line break."""
        following = self.line(offset) + 1
        if following == len(self.line_starts):
            return len(self.text)
        end = self.line_starts[following]
        return end - 2 if self.text[end - 2 : end] == "\r\n" else end - 1

    def column(self, offset: int) -> int:
        """The column of `offset`, from 0."""
        return offset - self.line_start(offset)

    def indent(self, offset: int) -> str:
        """The white space at the start of the line that contains `offset`."""
        found = _spaces(self.text, self.line_start(offset))
        return found.group() if found else ""

    def newline(self, offset: int) -> str:
        """The line break after the line that contains `offset`; for the last line, the one before it."""
        line = min(self.line(offset) + 1, len(self.line_starts) - 1)
        end = self.line_starts[line]
        ending = self.text[max(0, end - 2) : end]
        if ending == "\r\n":
            return ending
        return ending[-1] if ending[-1:] in ("\n", "\r") else "\n"

    def one_line(self, node: Node) -> bool:
        """Whether a node starts and ends on the same line."""
        return self.line(node.start) == self.line(node.end)

    @cached_property
    def width(self) -> int:
        """The length, in characters, to which a line with a collection in brackets may grow: 100, or that of the
        longest such line."""
        width = USUAL_WIDTH
        for container in self.containers:
            if container.flow and size(container) and self.one_line(container):
                width = max(width, self.line_end(container.start) - self.line_start(container.start))
        return width

    # -- ways ---------------------------------------------------------------------------------------------------------

    def path(self, node: Node) -> Path:
        """The path from the root to `node`. Raises ValueError if it is not a node of this document."""
        candidate: Node | None = None
        index = bisect_right(self.roots, node.start, key=_start) - 1
        if index >= 0:
            candidate = self.roots[index]
        steps: list[WayStep] = []
        while candidate is not node:
            if not (type(candidate) is Mapping or type(candidate) is Sequence):
                raise ValueError("not a node of this document")
            step = self._step(candidate, node)
            if step is None:
                raise ValueError("not a node of this document")
            steps.append(step)
            candidate = child(step)
        return tuple(steps)

    def _step(self, container: Container, node: Node) -> WayStep | None:
        if type(container) is Mapping:
            index = bisect_right(container.entries, node.start, key=lambda entry: entry.key.start) - 1
            if index < 0:
                return None
            entry = container.entries[index]
            return WayStep(container, index, node is entry.key or node.start < entry.value.start)
        assert type(container) is Sequence
        index = bisect_right(container.items, node.start, key=_start) - 1
        return WayStep(container, index) if index >= 0 else None

    # -- habits -------------------------------------------------------------------------------------------------------

    def first(self, name: str, probe: Callable[[Container], T | None], near: Iterable[Container], default: T) -> T:
        """The result of `probe` for the first collection that shows the habit `name`: one of those `near`, then any in
        the document; `default` if none does."""
        if name not in self._anywhere:
            self._anywhere[name] = _hit(probe, self.containers)
        anywhere: T | None = self._anywhere[name]  # type: ignore[assignment]  # what the same probe found before
        if anywhere is None:
            return default
        found = _hit(probe, near)
        return anywhere if found is None else found

    @cached_property
    def containers(self) -> list[Container]:
        """All collections in document order."""
        return list(_below(self.roots))

    @staticmethod
    def near(near: list[Node], path: Path) -> Iterator[Container]:
        """Some collections in and around the nodes `near`, then outwards along `path`."""
        yield from islice(_below(near), _NEAR)
        for step in reversed(path):
            yield step.container
            yield from islice(_below(children(step.container, max(0, step.index - 4), step.index + 5)), _NEAR)


def child(step: WayStep) -> Node:
    """The node that a step leads to."""
    if type(step.container) is Mapping:
        entry = step.container.entries[step.index]
        return entry.key if step.key else entry.value
    assert type(step.container) is Sequence
    return step.container.items[step.index]


def size(container: Container) -> int:
    """The number of entries or items."""
    return len(container.entries if type(container) is Mapping else container.items)  # type: ignore[union-attr]


def children(container: Container, start: int = 0, end: int | None = None) -> list[Node]:
    """The values of a mapping or the items of a sequence, or a slice of them."""
    if type(container) is Mapping:
        return [entry.value for entry in container.entries[start:end]]
    assert type(container) is Sequence
    return container.items[start:end]


def spans(container: Container) -> list[tuple[int, int]]:
    """The start and end offsets of all entries or items, without dashes."""
    return [span(container, index) for index in range(size(container))]


def span(container: Container, index: int) -> tuple[int, int]:
    """The start and end offsets of an entry or item, without its dash; a negative `index` counts from the end."""
    if type(container) is Mapping:
        entry = container.entries[index]
        return entry.key.start, entry.value.end
    assert type(container) is Sequence
    return container.items[index].start, container.items[index].end


def string_quote(nodes: list[Node]) -> str | None:
    """The quotes that all strings among `nodes` have, empty if a string has none; None if there is no string."""
    found: str | None = None
    for node in nodes:
        if type(node) is not Scalar or node.tag is not None or node.style in ("|", ">"):
            continue
        if not node.style:
            if not is_literal(node.text):
                return ""
        elif found is None:
            found = node.style
    return found


def _hit(probe: Callable[[Container], T | None], containers: Iterable[Container]) -> T | None:
    """The first result of a probe that is not None, over the collections in order; None if there is none."""
    for container in containers:
        found = probe(container)
        if found is not None:
            return found
    return None


def _start(node: Node) -> int:
    return node.start


def _below(nodes: list[Node]) -> Iterator[Container]:
    pending = nodes[::-1]
    while pending:
        node = pending.pop()
        if type(node) is Mapping:
            yield node
            pending += [value for entry in reversed(node.entries) if type(value := entry.value) is not Scalar]
        elif type(node) is Sequence:
            yield node
            pending += [item for item in reversed(node.items) if type(item) is not Scalar]
