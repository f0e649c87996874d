"""Pieces of text to be printed, and the printer for JSON and YAML flow style: on one line, or on several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from migrate.syntax.problem import CannotEdit


@dataclass(slots=True)
class Leaf:
    """Text that is printed as it is. `flow` is its form inside brackets, None if it cannot stand there.

    Lines after the first are indented relative to column `base`. `below` is the kind of a block collection, which
    starts on a line of its own after `tag` (its tag and anchor as written); it is empty for any other text.
    """

    text: str
    flow: str | None
    base: int = 0
    below: Literal["", "mapping", "sequence"] = ""
    tag: str = ""


@dataclass(slots=True)
class Item:
    """One entry or item: its key as written inside brackets and in a block, and the text between key and value."""

    value: Piece
    key: str | None = None
    flow_key: str | None = None
    colon: str | None = None


@dataclass(slots=True)
class Group:
    """A mapping or sequence. `expand` prints it on several lines even if it fits on one; `block` (YAML) makes it a
    block even if it fits the line in brackets. `tag` is its tag and anchor as written."""

    mapping: bool
    items: list[Item]
    expand: bool = False
    block: bool = False
    tag: str = ""


Piece = Leaf | Group


@dataclass(slots=True)
class FlowStyle:
    """The style of a text in brackets. Paddings stand inside the brackets of a collection on one line; `width` is the
    maximum length of a line in characters, None for a text that always stays on one line."""

    colon: str = ": "
    comma: str = ", "
    mapping_padding: str = ""
    sequence_padding: str = ""
    unit: str = "  "
    newline: str = "\n"
    trailing_comma: bool = False
    width: int | None = 100


def flat(piece: Piece, style: FlowStyle) -> str | None:
    """The piece on one line; None if a part of it cannot stand on one."""
    if isinstance(piece, Leaf):
        return piece.flow
    written: list[str] = []
    for item in piece.items:
        one = flat_item(item, style)
        if one is None:
            return None
        written.append(one)
    opening, closing, padding = _brackets(piece, style)
    inner = f"{padding}{style.comma.join(written)}{padding}" if written else ""
    return f"{_tag(piece)}{opening}{inner}{closing}"


def flat_item(item: Item, style: FlowStyle) -> str | None:
    """An entry or item on one line; None if a part of it cannot stand on one."""
    value = flat(item.value, style)
    return None if value is None else _key(item, style) + value


def layout_item(item: Item, style: FlowStyle, indent: str, column: int) -> str:
    """An entry or item that starts at `column` of a line indented by `indent`. Raises as `layout` does."""
    key = _key(item, style)
    return key + layout(item.value, style, indent, column=column + len(key))


def layout(piece: Piece, style: FlowStyle, indent: str, column: int, after: int = 1) -> str:
    """The piece in brackets, from `column` of a line indented by `indent`, with `after` more characters behind it on
    the last line. Raises CannotEdit if a part of it cannot stand in brackets."""
    if isinstance(piece, Leaf):
        if piece.flow is None:
            raise CannotEdit("a block value cannot be moved into brackets")
        return piece.flow
    one_line = None if piece.expand and piece.items and style.width is not None else flat(piece, style)
    if one_line is not None:
        fits = style.width is None or column + len(one_line) + after <= style.width
        if fits or not piece.items:
            return one_line
    inner = indent + style.unit
    written = [inner + layout_item(item, style, inner, column=len(inner)) for item in piece.items]
    opening, closing, _ = _brackets(piece, style)
    # A space that stands before line breaks elsewhere would be trailing white space here.
    comma = style.comma.rstrip() + style.newline
    ending = "," if style.trailing_comma else ""
    lines = comma.join(written)
    return f"{_tag(piece)}{opening}{style.newline}{lines}{ending}{style.newline}{indent}{closing}"


def _key(item: Item, style: FlowStyle) -> str:
    key = item.key if item.flow_key is None else item.flow_key
    return "" if key is None else key + (style.colon if item.colon is None else item.colon)


def _tag(group: Group) -> str:
    return f"{group.tag} " if group.tag else ""


def _brackets(group: Group, style: FlowStyle) -> tuple[str, str, str]:
    return ("{", "}", style.mapping_padding) if group.mapping else ("[", "]", style.sequence_padding)
