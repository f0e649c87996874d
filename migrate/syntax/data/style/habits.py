"""The style in which changes of one collection are written, taken from the text around it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, tee
from typing import TypeVar

from migrate.syntax.data.style.key_habits import KeyHabits
from migrate.syntax.data.style.surroundings import Container, Path, Surroundings, children, size, span, string_quote
from migrate.syntax.data.writing.block import BlockStyle
from migrate.syntax.data.writing.piece import FlowStyle
from migrate.syntax.node import Mapping, Node, Scalar, Sequence

T = TypeVar("T")
# A few entries show a habit; reading all would make many edits of a large collection take quadratic time.
_SOME = 64
_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
_properties = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]*)*").match


def content_start(text: str, node: Node) -> int:
    """The offset at which a node's content starts, after its tag and anchor."""
    if node.tag is None and node.anchor is None:
        return node.start
    found = _properties(text, node.start)
    return min(found.end(), node.end) if found else node.start


@dataclass(slots=True)
class Quotes:
    """The quotes for keys, for values beside existing ones, for values inside new collections, and where some are
    needed."""

    key: str
    value: str
    nested: str
    fallback: str


class Habits:
    """Looks up the style around one collection, each part when it is needed."""

    def __init__(
        self,
        around: Surroundings,
        container: Container,
        path: Path,
        *,
        by_key: Callable[[], KeyHabits],
        minified: bool,
        replaced: Node | None = None,
        like: tuple[Node, ...] = (),
    ) -> None:
        self.around = around
        self.path = path
        self._by_key = by_key
        self.minified = minified
        self.replaced = replaced
        self.container = container
        self._like = like
        self._near: Iterator[Container] = around.near([*like, container], path)
        self._nested = self._near if replaced is None else around.near([replaced, container], path)

    def near(self) -> Iterator[Container]:
        """The collections in and around this one."""
        # Shared by all lookups, so that the walk is done only once.
        self._near, again = tee(self._near)
        return again

    def nested(self) -> Iterator[Container]:
        """The collections that a new one inside this one takes its style from: first the one that it replaces."""
        if self.replaced is None:
            return self.near()
        self._nested, again = tee(self._nested)
        return again

    # -- brackets -----------------------------------------------------------------------------------------------------

    def flow(self) -> FlowStyle:
        """The style of collections in brackets."""
        around = self.around
        newline = around.newline(self.container.start)
        return FlowStyle(
            colon=self._ask("colon", self._colon, ": "),
            comma=self._ask("comma", self._comma, "," if self.minified and self._tight() else ", "),
            mapping_padding=self._ask("mapping padding", lambda node: self._padding(node, Mapping), ""),
            sequence_padding=self._ask("sequence padding", lambda node: self._padding(node, Sequence), ""),
            unit=self._ask("unit", self._unit, "  " if around.json else " " * self.block_unit()),
            newline=newline,
            trailing_comma=not around.json and self._ask("trailing comma", self._trailing_comma, False),
            width=None if self.minified else around.width,
        )

    def expands(self, names: tuple[str, ...] = (), count: int = 0, *, mapping: bool, pair: bool = False) -> bool:
        """Whether a collection inside a bracketed one of several lines takes several lines too; `names` and `count` as
        in `KeyHabits`. A `pair` has a single scalar, like `{"Ref": "Name"}`: these often stay on one line where others
        do not."""
        if size(self.container) and self.around.one_line(self.container):
            return False
        kind: type[Container] = Mapping if mapping else Sequence
        like_it = self._habit(lambda habits: habits.expands(kind, names, count == 1)) if self.replaced is None else None
        if like_it is None and pair:
            like_it = self.around.first("expands pair", self._expanded_pair, self.nested(), None)
        if like_it is not None:
            return like_it
        name = f"expands {kind.__name__}"
        return self.around.first(name, lambda node: self._expanded(node, kind), self.nested(), True)

    def _tight(self) -> bool:
        return self._ask("colon", self._colon, ": ") == ":"

    def _ask(self, name: str, probe: Callable[[Container], T | None], default: T) -> T:
        return self.around.first(name, probe, self.near(), default)

    def _colon(self, node: Container) -> str | None:
        if type(node) is not Mapping or not node.flow:
            return None
        text = self.around.text
        seen = [text[entry.key.end : entry.value.start] for entry in node.entries[:8]]
        written = [colon for colon in seen if colon.strip() == ":" and _BREAK.search(colon) is None]
        # The shortest space: keys in aligned columns have extra spaces that a new key does not need.
        return min(written, key=len) if written else None

    def _comma(self, node: Container) -> str | None:
        if not node.flow or size(node) < 2:
            return None
        gap = self.around.text[span(node, 0)[1] : span(node, 1)[0]]
        return gap if gap.strip() == "," and _BREAK.search(gap) is None else None

    def _padding(self, node: Container, kind: type[Container]) -> str | None:
        if type(node) is not kind or not node.flow or not size(node) or not self.around.one_line(node):
            return None
        start = content_start(self.around.text, node) + 1
        padding = self.around.text[start : span(node, 0)[0]]
        return padding if not padding.strip() else None

    def _unit(self, node: Container) -> str | None:
        around = self.around
        if not node.flow or not size(node) or around.line(node.start) == around.line(span(node, 0)[0]):
            return None
        outer, inner = around.indent(node.start), around.indent(span(node, 0)[0])
        return inner[len(outer) :] if inner.startswith(outer) and len(inner) > len(outer) else None

    def _trailing_comma(self, node: Container) -> bool | None:
        if not node.flow or not size(node) or self.around.one_line(node):
            return None
        return "," in self.around.text[span(node, -1)[1] : node.end].partition("#")[0]

    def _expanded(self, node: Container, kind: type[Container]) -> bool | None:
        if type(node) is not kind or not node.flow or not size(node) or node is self.container:
            return None
        return None if _is_pair(node) and node is not self.replaced else not self.around.one_line(node)

    def _expanded_pair(self, node: Container) -> bool | None:
        return not self.around.one_line(node) if node.flow and _is_pair(node) and node is not self.container else None

    # -- blocks -------------------------------------------------------------------------------------------------------

    def block(self) -> BlockStyle:
        """The style of YAML blocks."""
        unit = self.block_unit()
        return BlockStyle(
            unit=unit,
            dash_offset=self._ask("dash offset", self._dash_offset, unit),
            dash_gap=self._ask("dash gap", self._dash_gap, " "),
            newline=self.around.newline(self.container.start),
            ask_flow=self.flow,
        )

    def block_unit(self) -> int:
        """The number of columns for each level of a block."""
        return self._ask("block unit", self._block_unit, 2)

    def is_block(self, names: tuple[str, ...] = (), count: int = 0, *, mapping: bool) -> bool:
        """Whether a new collection in a block becomes a block, or stands in brackets as its siblings do; `names` and
        `count` as in `KeyHabits`."""
        kind: type[Container] = Mapping if mapping else Sequence
        if type(self.replaced) is kind and size(self.replaced):
            return not self.replaced.flow
        like_it = (
            self._habit(lambda habits: habits.is_block(kind, names, count == 1)) if self.replaced is None else None
        )
        if like_it is not None:
            return like_it
        siblings = [node for node in children(self.container, 0, _SOME) if type(node) is kind and size(node)]
        return not siblings or any(not node.flow for node in siblings)

    def _block_unit(self, node: Container) -> int | None:
        if type(node) is not Mapping or node.flow:
            return None
        column = self.around.column(node.entries[0].key.start)
        for entry in node.entries[:8]:
            if type(entry.value) is Mapping and not entry.value.flow and entry.value.entries:
                return self.around.column(entry.value.entries[0].key.start) - column
        return None

    def _dash_offset(self, node: Container) -> int | None:
        if type(node) is not Mapping or node.flow:
            return None
        column = self.around.column(node.entries[0].key.start)
        for entry in node.entries[:8]:
            value = entry.value
            if type(value) is Sequence and not value.flow and value.anchor is None and value.tag is None:
                return self.around.column(value.start) - column
        return None

    def _dash_gap(self, node: Container) -> str | None:
        if type(node) is not Sequence or node.flow or node.anchor is not None or node.tag is not None or not node.items:
            return None
        gap = self.around.text[node.start + 1 : node.items[0].start]
        return gap if gap and not gap.strip(" ") else None

    # -- quotes -------------------------------------------------------------------------------------------------------

    def quotes(self) -> Quotes:
        """The quotes of YAML scalars in this collection."""
        first = self.around.first
        fallback = first("any quote", _any_quote, self.nested(), '"')
        value = _value_quote(self.container)
        if value is None:
            value = self._common_quote()
        replaced = [node for node in (self.replaced,) if isinstance(node, (Mapping, Sequence))]
        nested = next((quote for node in replaced if (quote := _value_quote(node)) is not None), value)
        key = first("key quote", _key_quote, self.near(), "")
        return Quotes(key, value, nested, fallback=fallback)

    def _common_quote(self) -> str:
        """The quotes of all strings around, or of nearly all in the document; empty if they differ."""
        nearby = islice(self.near(), _SOME)
        found = string_quote([node for container in nearby for node in children(container, 0, _SOME)])
        return found or self.by_key.usual_quote() or ""

    def key_quote(self, key: str, otherwise: str, *, flow: bool) -> str:
        """The quotes of a new key; `otherwise` if the document does not have the key."""
        found = self._habit(lambda habits: habits.key_quote(key, flow=flow))
        return otherwise if found is None else found

    def nested_quote(self, key: str, otherwise: str, *, flow: bool) -> str:
        """The quotes of a string under `key` inside a new collection; `otherwise` if the document shows none."""
        found = self._habit(lambda habits: habits.quote(key, flow=flow)) if self.replaced is None else None
        return otherwise if found is None else found

    def nested_mark(self, key: str, otherwise: str) -> str:
        """The quotes of a string under `key`, inside a new collection, that needs quotes."""
        return (self._habit(lambda habits: habits.mark(key)) if self.replaced is None else None) or otherwise

    def _habit(self, ask: Callable[[KeyHabits], T | None]) -> T | None:
        """The habit of the nodes that the new one is like or, if they show none, of the document."""
        for habits in self._likenesses:
            if (found := ask(habits)) is not None:
                return found
        return ask(self.by_key)

    @cached_property
    def _likenesses(self) -> list[KeyHabits]:
        return [KeyHabits(self.around, [node]) for node in self._like]

    @cached_property
    def by_key(self) -> KeyHabits:
        """The habits that the document shows for each key, counted when they are first needed."""
        return self._by_key()

    @property
    def own_key(self) -> str:
        """The key under which the collection stands; empty if there is none."""
        outer = self.path[-1] if self.path else None
        key = outer.container.entries[outer.index].key if outer and type(outer.container) is Mapping else None
        return key.text if type(key) is Scalar else ""

    def tagged(self, tag: str) -> tuple[str, bool]:
        """The quotes of scalars with this tag, and whether sequences with it are blocks."""
        if self.around.tag_habits is None:
            self.around.tag_habits = tag_habits(self.around)
        return self.around.tag_habits.get(tag, ("", False))


def _is_pair(node: Container) -> bool:
    return type(node) is Mapping and len(node.entries) == 1 and type(node.entries[0].value) is Scalar


def _value_quote(node: Container) -> str | None:
    return string_quote(children(node, 0, _SOME))


def _key_quote(node: Container) -> str | None:
    return string_quote([entry.key for entry in node.entries[:_SOME]]) if type(node) is Mapping else None


def _any_quote(node: Container) -> str | None:
    for value in children(node, 0, _SOME):
        if type(value) is Scalar and value.style in ('"', "'"):
            return value.style
    return None


def tag_habits(around: Surroundings) -> dict[str, tuple[str, bool]]:
    """Maps each tag in the document to the quotes of most scalars that have it, and whether most of its sequences are
    blocks."""
    quotes: dict[str, Counter[str]] = {}
    blocks: dict[str, Counter[bool]] = {}
    for container in around.containers:
        if type(container) is Sequence and container.tag is not None:
            blocks.setdefault(container.tag, Counter())[not container.flow] += 1
        for node in children(container):
            if type(node) is Scalar and node.tag is not None and node.style in ("", '"', "'"):
                quotes.setdefault(node.tag, Counter())[node.style] += 1
    return {
        tag: (
            quotes[tag].most_common(1)[0][0] if tag in quotes else "",
            blocks[tag].most_common(1)[0][0] if tag in blocks else False,
        )
        for tag in quotes.keys() | blocks.keys()
    }
