"""The builder of pieces, which the printers print, from new values and existing nodes."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property, lru_cache
from typing import Literal

from migrate.syntax.data.style.habits import Habits, Quotes, content_start
from migrate.syntax.data.style.key_habits import opening, under
from migrate.syntax.data.style.spelling import is_plain, json_scalar, yaml_literal, yaml_string
from migrate.syntax.data.style.surroundings import Surroundings, WayStep, spans
from migrate.syntax.data.writing.piece import Group, Item, Leaf, Piece
from migrate.syntax.document import Document
from migrate.syntax.node import (
    Alias,
    Call,
    Copy,
    Entry,
    Expression,
    FString,
    Mapping,
    NewExpression,
    NewValue,
    Node,
    Scalar,
    Sequence,
    Tagged,
)
from migrate.syntax.problem import CannotEdit

_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
# Cached: the keys that are added are few, and the same in every file.
_yaml_key = lru_cache(maxsize=512)(yaml_string)


class Builder:
    """Builds pieces for one collection's changes, in the style of the text around it."""

    def __init__(self, document: Document, around: Surroundings, habits: Habits) -> None:
        self.document = document
        self.around = around
        self.text = document.text
        self.json = document.json
        self.habits = habits

    @cached_property
    def quotes(self) -> Quotes:
        return self.habits.quotes()

    def entry(self, key: str, value: NewValue) -> Item:
        """A new mapping entry."""
        return self._entry(key, value, nested=False)

    def item(self, value: NewValue, like: Scalar | None = None) -> Item:
        """A new sequence item; a string has the quotes of `like`."""
        if like is not None and isinstance(value, str) and not self.json:
            return Item(self._string(value, like.style if like.style in ('"', "'") else ""))
        return Item(self.piece(value, key=under(self.habits.own_key)))

    def key(self, key: str, *, flow: bool) -> str:
        """A key as it is written."""
        if self.json:
            return json_scalar(key)
        quote = self.habits.key_quote(key, self.quotes.key, flow=flow)
        return _yaml_key(key, quote, quote or self.quotes.fallback, flow=flow)

    def piece(self, value: NewValue, *, nested: bool = False, key: str = "") -> Piece:
        """The piece of a value under `key`; `nested` if it lies inside another new value."""
        if isinstance(value, Copy):
            return self.node(value.node)
        if isinstance(value, Tagged):
            return self._tagged(value, nested=nested)
        if isinstance(value, dict):
            return self._group(key, value, [self._entry(name, child, nested=True) for name, child in value.items()])
        if isinstance(value, list):
            inner = under(key)
            return self._group(key, value, [Item(self.piece(child, nested=True, key=inner)) for child in value])
        if isinstance(value, NewExpression | FString | Call):
            raise CannotEdit("code in a document that holds data")
        if self.json:
            written = json_scalar(value)
            return Leaf(written, written)
        if isinstance(value, str):
            return self._nested(value, key) if nested else self._string(value, self.quotes.value)
        return Leaf(yaml_literal(value), yaml_literal(value))

    def _entry(self, key: str, value: NewValue, *, nested: bool) -> Item:
        piece = self.piece(value, nested=nested, key=key)
        return Item(piece, self.key(key, flow=False), self.key(key, flow=True))

    def _group(self, key: str, value: dict[str, NewValue] | list[NewValue], items: list[Item]) -> Group:
        mapping = isinstance(value, dict)
        names = (opening(next(iter(value), "")), key) if isinstance(value, dict) else (key,)
        if len(value) > 1:
            names = names[::-1]
        if self.habits.container.flow:
            pair = mapping and len(items) == 1 and isinstance(items[0].value, Leaf)
            return Group(mapping, items, expand=self.habits.expands(names, len(items), mapping=mapping, pair=pair))
        return Group(mapping, items, block=self.habits.is_block(names, len(items), mapping=mapping))

    def _nested(self, text: str, key: str) -> Leaf:
        """A string under `key` inside a new collection."""
        mark = self.habits.nested_mark(key, self.quotes.fallback)
        block, flow = (self.habits.nested_quote(key, self.quotes.nested, flow=flow) for flow in (False, True))
        return Leaf(yaml_string(text, block, mark, flow=False), yaml_string(text, flow, mark, flow=True))

    def _string(self, text: str, quote: str) -> Leaf:
        fallback = self.quotes.fallback
        return Leaf(yaml_string(text, quote, fallback, flow=False), yaml_string(text, quote, fallback, flow=True))

    def _tagged(self, value: Tagged, *, nested: bool) -> Piece:
        if self.json:
            raise CannotEdit("JSON has no tags")
        copied = value.value.node if isinstance(value.value, Copy) else None
        if copied is not None and (isinstance(copied, Alias) or copied.tag is not None or copied.anchor is not None):
            raise CannotEdit("a copied value that has a tag, an anchor or an alias already")
        quote, block = self.habits.tagged(value.tag)
        if isinstance(value.value, str):
            piece: Piece = self._string(value.value, quote)
        else:
            piece = self.piece(value.value, nested=nested)
        if isinstance(piece, Leaf):
            if piece.below:
                piece.tag = value.tag
                return piece
            return Leaf(
                f"{value.tag} {piece.text}", None if piece.flow is None else f"{value.tag} {piece.flow}", piece.base
            )
        piece.tag = value.tag
        if not piece.mapping:
            # Short intrinsic functions are written `!GetAtt [a, b]` unless the file shows another style.
            piece.block = block or any(isinstance(item.value, Group) for item in piece.items)
        return piece

    # -- nodes --------------------------------------------------------------------------------------------------------

    def node(self, node: Node) -> Piece:
        """A piece that prints an existing node unchanged."""
        text = self.text[node.start : node.end]
        if node.end == len(self.text) and ends_with_block_scalar(node):
            raise CannotEdit("a copied block scalar whose last line has no end")
        if ends_with_block_scalar(node, self.text):
            raise CannotEdit("a copied block scalar that keeps the blank lines after it")
        several_lines = _BREAK.search(text) is not None
        if type(node) is Alias or type(node) is Expression:
            return Leaf(text, text)
        if type(node) is Scalar:
            if several_lines or node.style in ("|", ">"):
                return Leaf(text, None, self._parent_column(node))
            # An empty value, or a tag alone, can stand after a key, but not in brackets.
            is_empty = content_start(self.text, node) == node.end
            return Leaf(text, None if is_empty else self._in_flow(node, text))
        assert type(node) is Mapping or type(node) is Sequence
        if not node.flow:
            return self._block(node)
        bare = type(node) is Mapping and self.text[content_start(self.text, node)] != "{"
        if not several_lines and not bare:
            return Leaf(text, text)
        return self.flow_group(node, [self.kept(child) for child in entries(node)])

    def kept(self, child: Entry | Node) -> Item:
        """An existing entry or item, printed unchanged."""
        if isinstance(child, Entry):
            return Item(self.node(child.value), *self.kept_key(child))
        return Item(self.node(child))

    def kept_key(self, entry: Entry) -> tuple[str, str]:
        """An existing key as it is written in a block, and inside brackets."""
        key = entry.key
        text = self.text[key.start : key.end]
        if not isinstance(key, (Scalar, Alias)) or not text or _BREAK.search(text):
            raise CannotEdit("a key that is not a word")
        return text, text if isinstance(key, Alias) else (self._in_flow(key, text) or text)

    def flow_group(self, node: Mapping | Sequence, items: list[Item]) -> Group:
        """The bracketed collection `node` with these items in place of its own. Raises CannotEdit if it contains a
        comment, which would be lost."""
        if self.has_comment(node.start, node.end):
            raise CannotEdit("comments inside brackets that would have to be written anew")
        tag = self.text[node.start : content_start(self.text, node)].rstrip()
        return Group(type(node) is Mapping, items, expand=not self.around.one_line(node), tag=tag)

    def has_comment(self, start: int, end: int) -> bool:
        """Whether a comment starts in `text[start:end]`."""
        comments = self.document.comment_spans if self.json or "#" in self.text[start:end] else []
        index = bisect_left(comments, (start, start))
        return index < len(comments) and comments[index][0] < end

    def _in_flow(self, node: Scalar, text: str) -> str:
        if self.json or node.style or not node.text or is_plain(node.text, flow=True):
            return text
        # Quotes would change the meaning of a number or a word such as `no`, which may stand bare in brackets.
        if is_plain(node.text, flow=False):
            properties = self.text[node.start : content_start(self.text, node)]
            return properties + yaml_string(node.text, '"', '"', flow=True)
        return text

    def _block(self, node: Mapping | Sequence) -> Leaf:
        content = content_start(self.text, node)
        start = node.entries[0].key.start if type(node) is Mapping else dashes(self.around, node)[0]
        if self.has_comment(content, start):
            raise CannotEdit("a comment between a tag and what it belongs to")
        column = self.around.column(start)
        kind: Literal["mapping", "sequence"] = "mapping" if type(node) is Mapping else "sequence"
        return Leaf(self.text[start : node.end], None, column, below=kind, tag=self.text[node.start : content].rstrip())

    def _parent_column(self, node: Node) -> int:
        path = self.around.path(node)
        return parent_column(self.around, path[-1]) if path else 0


def entries(node: Node) -> list[Entry] | list[Node]:
    """The entries of a mapping or the items of a sequence; an empty list for other nodes."""
    return node.entries if type(node) is Mapping else node.items if type(node) is Sequence else []


def ends_with_block_scalar(node: Node | None, keeping_in: str | None = None) -> bool:
    """Whether a block ends with a scalar in `|` or `>` style, whose value would change without its last line break.
    With `keeping_in`, the document's text: whether it is one that keeps the blank lines after it (`|+`)."""
    while isinstance(node, (Mapping, Sequence)):
        last = entries(node)[-1:]
        node = None if node.flow or not last else last[0].value if isinstance(last[0], Entry) else last[0]
    if not isinstance(node, Scalar) or node.style not in ("|", ">"):
        return False
    return keeping_in is None or "+" in _BREAK.split(keeping_in[content_start(keeping_in, node) : node.end])[0]


def parent_column(around: Surroundings, step: WayStep) -> int:
    """The column that a value's further lines must be indented more than: that of its key, or of its dash."""
    container = step.container
    if type(container) is Mapping:
        return around.column(container.entries[step.index].key.start)
    return around.column(dashes(around, container)[step.index])


def dashes(around: Surroundings, sequence: Sequence | Mapping) -> list[int]:
    """The offsets of the dashes of a block sequence."""
    assert type(sequence) is Sequence
    found: list[int] = []
    position = content_start(around.text, sequence)
    for start, end in spans(sequence):
        found.append(_dash(around, position, start))
        position = end
    return found


def _dash(around: Surroundings, start: int, end: int) -> int:
    """The offset of the first dash in `text[start:end]` outside comments."""
    text = around.text
    position = start
    while True:
        dash, comment = text.find("-", position, end + 1), text.find("#", position, end)
        if dash < 0:
            raise CannotEdit("a sequence item without a dash")
        if comment < 0 or dash < comment:
            return dash
        position = around.line_end(comment)
