"""The printer for YAML block style: from pieces to lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from migrate.syntax.data.writing.piece import FlowStyle, Group, Item, Leaf, Piece, flat
from migrate.syntax.problem import CannotEdit

_BREAK = re.compile("(\r\n|[\n\r\x85\u2028\u2029])")
_BLOCK_SCALAR = re.compile(r"(?:[!&]\S*\s+)*[|>]")


@dataclass
class BlockStyle:
    """The style of a YAML block: the columns per level, the columns between a key and the dashes below it, the text
    between a dash and its item, and the style of collections in brackets, which is looked up only if there is one."""

    unit: int
    dash_offset: int
    dash_gap: str
    newline: str
    ask_flow: Callable[[], FlowStyle]

    @cached_property
    def flow(self) -> FlowStyle:
        """The style of collections in brackets, looked up once."""
        return self.ask_flow()


def entry(item: Item, column: int, style: BlockStyle, comments: list[str] | None = None) -> str:
    """A mapping entry whose key stands at `column`; its first line has no indentation.

    The existing `comments`, each with the white space before it, are kept: the first on the line of the key, the others
    on lines of their own below it, or above it if a scalar would take those below for text.
    """
    comments = comments or []
    key = f"{item.key}:"
    value = item.value
    beside = 1
    rest = None
    if isinstance(value, Leaf) and not value.below:
        head = f"{key} {value.text}" if value.text else key
        if _BREAK.search(value.text):
            head, _, others = head.partition(_first_break(head))
            rest = _shift(others, column - value.base, style)
            beside = 1 if _BLOCK_SCALAR.match(value.text) else 0
    elif isinstance(value, Group) and (one_line := _one_line(value, column + len(key) + 1, style)) is not None:
        head = f"{key} {one_line}"
    else:
        head = f"{key} {value.tag}" if value.tag else key
        is_sequence = value.below == "sequence" if isinstance(value, Leaf) else not value.mapping
        inner = column + (style.dash_offset if is_sequence else style.unit)
        rest = " " * inner + _headed(comments[1:], body(value, inner, style), inner, style=style)
        comments = comments[:1]
    head = _headed(comments[beside:], head + "".join(comments[:beside]), column, style=style)
    return head if rest is None else head + style.newline + rest


def _headed(comments: list[str], text: str, column: int, style: BlockStyle) -> str:
    """The comments, and below them `text`, which starts at `column`; the first line has no indentation."""
    return (style.newline + " " * column).join([*(comment.lstrip() for comment in comments), text])


def item(value: Piece, dash: int, style: BlockStyle) -> str:
    """A sequence item whose dash stands at column `dash`; its first line has no indentation."""
    column = dash + 1 + len(style.dash_gap)
    prefix = f"-{style.dash_gap}"
    if isinstance(value, Leaf) and not value.below:
        return prefix + _shift(value.text, dash - value.base, style, skip_first=True) if value.text else "-"
    one_line = None if isinstance(value, Leaf) else _one_line(value, column, style)
    if one_line is not None:
        return prefix + one_line
    if value.tag:
        return f"{prefix}{value.tag}{style.newline}{' ' * column}{body(value, column, style)}"
    return prefix + body(value, column, style)


def body(value: Piece, column: int, style: BlockStyle) -> str:
    """A block collection at `column`, without its tag; its first line has no indentation."""
    if isinstance(value, Leaf):
        return _shift(value.text, column - value.base, style, skip_first=True)
    if not value.items:
        raise CannotEdit("an empty collection has no block style")
    if not value.block and not value.tag:
        # Too long for the brackets it was to stand in; collections inside it would look odd in brackets, too.
        open_up(value)
    separator = style.newline + " " * column
    if value.mapping:
        return separator.join(entry(child, column, style) for child in value.items)
    return separator.join(item(child.value, column, style) for child in value.items)


def open_up(group: Group) -> None:
    """Turns all collections in `group` into blocks, except for short intrinsic functions such as `!GetAtt [a, b]`."""
    group.block = True
    for child in group.items:
        if isinstance(child.value, Group) and not child.value.tag:
            open_up(child.value)


def _one_line(group: Group, column: int, style: BlockStyle) -> str | None:
    """The group in brackets, if it is to stand in brackets and fits on the line; else None."""
    if group.items and group.block:
        return None
    written = flat(group, style.flow)
    if written is None or (group.items and style.flow.width is not None and column + len(written) > style.flow.width):
        return None
    return written


def _first_break(text: str) -> str:
    found = _BREAK.search(text)
    return found.group() if found else "\n"


def _shift(text: str, by: int, style: BlockStyle, *, skip_first: bool = False) -> str:
    """`text` with all lines but blank ones moved by `by` columns. Raises CannotEdit if one cannot move that far."""
    parts = _BREAK.split(text)
    for index in range(2 if skip_first else 0, len(parts), 2):
        line = parts[index]
        if by > 0 and line:
            parts[index] = " " * by + line
        elif by < 0 and line:
            if line[:-by].strip(" "):
                raise CannotEdit("a line of a copied block is indented less than the block")
            parts[index] = line[-by:]
    return "".join(style.newline if index % 2 else part for index, part in enumerate(parts))
