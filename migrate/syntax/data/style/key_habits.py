"""The style in which a document writes the values of each key: quotes, brackets or block, one line or several.

Authors write `Effect: Allow` the same way everywhere, and `Action: [a, b]` too. A new value of a key that the document
already has is written as most values of that key are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from functools import partial
from typing import Any, TypeVar

from migrate.syntax.data.style.spelling import is_plain
from migrate.syntax.data.style.surroundings import Surroundings
from migrate.syntax.node import Entry, Mapping, Node, Scalar, Sequence

T = TypeVar("T", bound=Hashable)
Kind = type[Mapping] | type[Sequence]
Count = defaultdict[T, int]
# `defaultdict`, because there are several for each key and making a `Counter` takes ten times as long.
_count: partial[defaultdict[Any, int]] = partial(defaultdict, int)

ITEM = "[]"
"""The suffix that names the items of the list under a key; items of nested lists are not counted."""
ANYWHERE = "{}"
"""The name under which the quotes of all strings are counted, whatever their key."""
_MOSTLY = 0.8
_FEW = 5


class KeyHabits:
    """Counts of styles over one whole document, or over some of its nodes, made in linear time when they are first
    needed."""

    def __init__(self, around: Surroundings, roots: Iterable[Node] | None = None) -> None:
        self.around = around
        self._roots = around.roots if roots is None else list(roots)
        self._keys: dict[tuple[str, bool], Count[str]] = defaultdict(_count)
        self._quotes: dict[tuple[str, bool], Count[str]] = defaultdict(_count)
        self._all_quotes: Count[str] = _count()
        self._marks: dict[str, Count[str]] = defaultdict(_count)
        self._blocks: dict[tuple[Kind, str, bool], Count[bool]] = defaultdict(_count)
        self._lines: dict[tuple[Kind, str, bool], Count[bool]] = defaultdict(_count)
        self._count()

    def key_quote(self, key: str, *, flow: bool) -> str | None:
        """The quotes in which the key usually stands, inside brackets (`flow`) or in blocks; else None."""
        return _most(self._keys.get((key, flow)))

    def quote(self, key: str, *, flow: bool) -> str | None:
        """The quotes of most values of a key that need none, inside brackets (`flow`) or in blocks: empty for no
        quotes, None if there is no such value."""
        return _most(self._quotes.get((key, flow)))

    def mark(self, key: str) -> str | None:
        """The quotes for a string under this key that needs some: those used under the key, else anywhere, or None."""
        return _most(self._marks.get(key)) or _most(self._marks.get(ANYWHERE))

    def usual_quote(self) -> str | None:
        """The quotes of nearly all strings in blocks that need none; None if they are few, or vary."""
        count = sum(self._all_quotes.values())
        quote = _most(self._all_quotes)
        return quote if quote is not None and count >= _FEW and self._all_quotes[quote] >= _MOSTLY * count else None

    def is_block(self, kind: Kind, names: tuple[str, ...], single: bool) -> bool | None:
        """Whether most collections under a key are blocks; None if there is none. `names` are tried in order;
        collections with as many entries or items as wanted (`single`: one) are preferred."""
        return _first(self._blocks, kind, names, single=single)

    def expands(self, kind: Kind, names: tuple[str, ...], single: bool) -> bool | None:
        """Whether most collections in brackets, inside others of several lines, take several lines; see `is_block`."""
        return _first(self._lines, kind, names, single=single)

    def _count(self) -> None:
        pending: list[tuple[Node, str, Mapping | Sequence | None, bool]] = [
            (root, "", None, False) for root in reversed(self._roots)
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
    """The name for a mapping by its first key, whichever key it stands under."""
    return f"{{{key}"


def under(key: str) -> str:
    """The name for the items of a list under a key."""
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
    """The most frequent value, of equally frequent ones the first that was seen; None if there is none."""
    return max(counter, key=counter.__getitem__) if counter else None
