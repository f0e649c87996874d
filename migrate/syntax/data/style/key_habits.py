"""How a document writes what stands under a key: in which quotes, in brackets or as a block, on one line or on several.

People write `Effect: Allow` the same way everywhere, and `Action: [a, b]` too: what is new under a key that a document
has already is written as most values of that key are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from functools import partial
from typing import Any, TypeVar

from migrate.syntax.data.style.spelling import is_plain
from migrate.syntax.data.style.surroundings import Surroundings
from migrate.syntax.node import Entry, Mapping, Node, Scalar, Sequence

T = TypeVar("T", bound=Hashable)
Kind = type[Mapping] | type[Sequence]
Count = defaultdict[T, int]
# There are several for each key, and `Counter` takes ten times as long to make.
_count: partial[defaultdict[Any, int]] = partial(defaultdict, int)

ITEM = "[]"
"""What is added to a key for the items of the list that it holds; lists of lists show no habit."""
ANYWHERE = "{}"
_MOSTLY = 0.8
_FEW = 5


class KeyHabits:
    """Counts over one whole document, made when they are first asked for, in time linear in it."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self._keys: dict[tuple[str, bool], Count[str]] = defaultdict(_count)
        self._quotes: dict[tuple[str, bool], Count[str]] = defaultdict(_count)
        self._all_quotes: Count[str] = _count()
        self._marks: dict[str, Count[str]] = defaultdict(_count)
        self._blocks: dict[tuple[Kind, str, bool], Count[bool]] = defaultdict(_count)
        self._lines: dict[tuple[Kind, str, bool], Count[bool]] = defaultdict(_count)
        self._count()

    def key_quote(self, key: str, *, flow: bool) -> str | None:
        """The quotes that the key stands in elsewhere, inside brackets or in blocks; None if it is nowhere."""
        return _most(self._keys.get((key, flow)))

    def quote(self, key: str, *, flow: bool) -> str | None:
        """The quotes of most values of a key, inside brackets or in blocks, that need none; empty for no quotes, None if
        there is no such value."""
        return _most(self._quotes.get((key, flow)))

    def mark(self, key: str) -> str | None:
        """The quotes that strings take where they need some: under this key, else anywhere; None if none has any."""
        return _most(self._marks.get(key)) or _most(self._marks.get(ANYWHERE))

    def usual_quote(self) -> str | None:
        """The quotes of nearly all strings in blocks that need none; None if a document has few, or is not of one mind."""
        count = sum(self._all_quotes.values())
        quote = _most(self._all_quotes)
        return quote if quote is not None and count >= _FEW and self._all_quotes[quote] >= _MOSTLY * count else None

    def is_block(self, kind: Kind, names: tuple[str, ...], single: bool) -> bool | None:
        """Whether most collections under the first of the `names` that has some are blocks; those of as many entries or
        items (one, or more) count before others."""
        return _first(self._blocks, kind, names, single=single)

    def expands(self, kind: Kind, names: tuple[str, ...], single: bool) -> bool | None:
        """Whether most collections in brackets inside others of several lines take several lines themselves."""
        return _first(self._lines, kind, names, single=single)

    def _count(self) -> None:
        pending: list[tuple[Node, str, Mapping | Sequence | None, bool]] = [
            (root, "", None, False) for root in reversed(self.around.roots)
        ]
        while pending:
            node, key, outer, cramped = pending.pop()
            if type(node) is Scalar:
                self._count_scalar(node, key, outer is not None and outer.flow)
            elif type(node) is Mapping or type(node) is Sequence:
                one_line = cramped or (node.flow and self.around.one_line(node))
                self._count_collection(node, key, outer, cramped=cramped, one_line=one_line)
                if type(node) is Mapping:
                    for entry in node.entries:
                        if type(entry.key) is Scalar:
                            self._keys[entry.key.text, node.flow][entry.key.style] += 1
                    pending += [(entry.value, _name(entry.key), node, one_line) for entry in reversed(node.entries)]
                else:
                    assert type(node) is Sequence
                    pending += [(item, under(key), node, one_line) for item in reversed(node.items)]

    def _count_scalar(self, node: Scalar, key: str, flow: bool) -> None:
        if node.tag is not None or node.style in ("|", ">"):
            return
        if node.style:
            self._marks[key][node.style] += 1
            self._marks[ANYWHERE][node.style] += 1
        if is_plain(node.text, flow=False):
            if not flow:
                self._all_quotes[node.style] += 1
            if key:
                self._quotes[key, flow][node.style] += 1

    def _count_collection(
        self, node: Mapping | Sequence, key: str, outer: Mapping | Sequence | None, cramped: bool, one_line: bool
    ) -> None:
        children: list[Entry] | list[Node] = node.entries if type(node) is Mapping else node.items  # type: ignore[union-attr]
        if not children or node.tag is not None:
            return
        single = len(children) == 1
        first = "" if type(node) is Sequence else opening(_name(node.entries[0].key))  # type: ignore[union-attr]
        if outer is None or (outer.flow and cramped):
            return
        counts, answer = (self._lines, not one_line) if outer.flow else (self._blocks, not node.flow)
        for name in (key, first):
            if name:
                counts[type(node), name, single][answer] += 1


def opening(key: str) -> str:
    """How a mapping is called whatever key it stands under: by the first of its own keys."""
    return f"{{{key}"


def under(key: str) -> str:
    """How the items of a list under a key are called."""
    return key + ITEM if key and not key.endswith(ITEM) else ""


def _name(key: Node) -> str:
    return key.text if type(key) is Scalar else ""


def _first(
    counts: dict[tuple[Kind, str, bool], Count[bool]], kind: Kind, names: tuple[str, ...], single: bool
) -> bool | None:
    for name in names:
        for size in (single, not single):
            answer = _most(counts.get((kind, name, size)))
            if answer is not None:
                return answer
    return None


def _most(counter: Count[T] | None) -> T | None:
    """The most frequent answer; of equally frequent ones the first that was seen."""
    return max(counter, key=counter.__getitem__) if counter else None
