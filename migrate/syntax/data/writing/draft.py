"""The edits of one document while they are collected."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass, field
from functools import cached_property

from migrate.edit import Edit
from migrate.syntax.data.style.habits import Habits
from migrate.syntax.data.style.key_habits import KeyHabits
from migrate.syntax.data.style.surroundings import Container, Path, Surroundings, size
from migrate.syntax.data.writing.build import Builder
from migrate.syntax.data.writing.change import check
from migrate.syntax.data.writing.piece import Item
from migrate.syntax.document import Document
from migrate.syntax.node import Added, Mapping, New, Node, Sequence, TreeEdit
from migrate.syntax.problem import CannotEdit


@dataclass(order=True, slots=True)
class _Ranked:
    start: int
    end: int
    rank: int
    replacement: str = field(compare=False)


@dataclass(slots=True)
class OneLineCollection:
    """A collection in brackets on one line, whose edits are used only if the line does not become too long.

    `grows` is true if a change adds something to it, `too_long` if a part of it cannot stand on one line.
    """

    node: Container
    path: Path
    edits: list[_Ranked] = field(default_factory=list)
    grows: bool = False
    too_long: bool = False


class Draft:
    """The changes of one document, the edits collected for them so far, and the builders of new parts."""

    def __init__(self, document: Document, changes: Items[TreeEdit]) -> None:
        self.document = document
        self.text = document.text
        self.around = Surroundings(document)
        self.changed = check(self.around, changes)
        self.edits: list[_Ranked] = []
        self.unit: OneLineCollection | None = None

    @cached_property
    def touched(self) -> set[int]:
        """The identities of the nodes on the way to a change, and of those that change; found once for all collections."""
        found = set(self.changed)
        for changed in self.changed.values():
            found.update(id(step.container) for step in changed.path)
        return found

    def builder(
        self, container: Container, path: Path, replaced: Node | None = None, like: tuple[Node, ...] = ()
    ) -> Builder:
        """A builder of new parts of `container`, which lies at the end of `path`."""
        minified = self.minified(container, path)
        habits = Habits(
            self.around,
            container,
            path,
            by_key=lambda: self.key_habits,
            minified=minified,
            replaced=replaced,
            like=like,
        )
        return Builder(self.document, self.around, habits)

    @cached_property
    def key_habits(self) -> KeyHabits:
        """Counts over the whole document, made when they are first needed, because most drafts do not need them."""
        return KeyHabits(self.around)

    def minified(self, node: Node, path: Path) -> bool:
        """Whether the whole document of `node` is one collection in brackets on one line."""
        root = path[0].container if path else node
        if not isinstance(root, (Mapping, Sequence)):
            return False
        return root.flow and self.around.one_line(root) and size(root) > 0

    def insert(self, offset: int, text: str, rank: int) -> None:
        """Adds an insertion; at one offset, lower ranks come first."""
        self._add(offset, offset, text, rank=rank)

    def replace(self, start: int, end: int, text: str) -> None:
        """Adds a replacement of `text[start:end]`, unless it changes nothing."""
        if self.text[start:end] != text:
            self._add(start, end, text, rank=0)

    def _add(self, start: int, end: int, text: str, rank: int) -> None:
        (self.edits if self.unit is None else self.unit.edits).append(_Ranked(start, end, rank, replacement=text))

    def finished(self) -> list[Edit]:
        """All edits, sorted. Raises CannotEdit if two of them change the same text."""
        edits: list[Edit] = []
        end = 0
        for ranked in sorted(self.edits):
            if ranked.start < end:
                raise CannotEdit("two changes concern the same text")
            if edits and ranked.start == ranked.end == edits[-1].start == edits[-1].end:
                edits[-1] = Edit(ranked.start, ranked.end, edits[-1].replacement + ranked.replacement)
                continue
            end = ranked.end
            edits.append(Edit(ranked.start, ranked.end, ranked.replacement))
        return edits


def added_item(builder: Builder, added: Added | New | None) -> Item:
    """The piece of a new entry or item."""
    if isinstance(added, Added):
        return builder.entry(added.key, added.value)
    assert added is not None
    return builder.item(added.value, added.like)
