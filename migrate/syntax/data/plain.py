"""The meaning of a JSON or YAML tree, without its layout, as plain data that `==` compares: the proof of an edit uses
it.

It is one flat series of tuples, because Python compares nested tuples by recursion. A scalar is `(kind, text)`,
followed by its tag and anchor if it has one of them; `kind` is `string`, `literal` (a bare `true`, `12`, `null` …) or
`tagged`. A collection is `("mapping", tag, anchor)` or `("sequence", tag, anchor)`, its keys and values or its items,
and `END`. An alias is `("alias", name)`; it is never expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Lookup

from migrate.syntax.node import (
    Added,
    Alias,
    Copy,
    EditMapping,
    EditSequence,
    Entry,
    Expression,
    Mapping,
    New,
    NewValue,
    Node,
    Renamed,
    Scalar,
    Sequence,
    SetScalar,
    Tagged,
    TreeEdit,
)
from migrate.syntax.value import is_literal

END = ("end",)
"""The tuple that ends a collection."""

_Changes = Lookup[int, TreeEdit]
_NONE: _Changes = {}
_LAYOUT = re.compile(r"[\s\\]+|,(?=\s*[\])}])")


class _Key(str):
    """The text of a new key."""

    __slots__ = ()


_Part = Node | New | _Key | tuple[Scalar, str]


def data(root: Node, changes: _Changes = _NONE) -> Iterator[object]:
    """The plain data of `root` after `changes`, which are keyed by the `id()` of the node that each one changes."""
    frames: list[tuple[Iterator[_Part], _Changes]] = []
    parts: Iterator[_Part] = iter((root,))
    while True:
        for part in parts:
            if type(part) is Scalar and id(part) not in changes:
                yield _scalar(part.text, part.style, part.tag, anchor=part.anchor)
                continue
            tag: str | None = None
            node: object
            inside = changes
            if type(part) is New:
                node = part.value
                if type(node) is Tagged:
                    tag, node = node.tag, node.value
                if type(node) is Copy:
                    node, inside = node.node, _NONE
            elif type(part) is _Key:
                node = str(part)
            elif type(part) is tuple:
                yield _scalar(part[1], '"', part[0].tag, anchor=part[0].anchor)
                continue
            else:
                node = part
            if type(node) is Expression:
                yield "expression", squeezed(node.text)
            elif type(node) is Scalar:
                yield _changed_scalar(node, inside.get(id(node)), tag)
            elif type(node) is Alias:
                yield "alias", node.name
            elif type(node) is Mapping or type(node) is Sequence or type(node) is dict or type(node) is list:
                frames.append((parts, changes))
                kind, tag, anchor, parts = _collection(node, tag, inside)
                changes = inside
                yield kind, tag, anchor
                break
            else:
                yield _scalar(*_spelled(node), tag, None)
        else:
            if not frames:
                return
            parts, changes = frames.pop()
            yield END


def squeezed(code: str) -> str:
    """Code without its layout: without white space, and without commas before closing brackets."""
    return _LAYOUT.sub("", code)


def _collection(
    node: Mapping | Sequence | dict[str, NewValue] | list[NewValue], tag: str | None, changes: _Changes
) -> tuple[str, str | None, str | None, Iterator[_Part]]:
    if isinstance(node, dict):
        return "mapping", tag, None, _pairs(node)
    if isinstance(node, list):
        return "sequence", tag, None, map(New, node)
    change = changes.get(id(node))
    if isinstance(node, Mapping):
        entries = change.entries if type(change) is EditMapping else node.entries
        return "mapping", tag or node.tag, node.anchor, _entries(entries)
    items = change.items if type(change) is EditSequence else node.items
    return "sequence", tag or node.tag, node.anchor, iter(items)


def _pairs(mapping: dict[str, NewValue]) -> Iterator[_Part]:
    for key, value in mapping.items():
        yield _Key(key)
        yield New(value)


def _entries(entries: object) -> Iterator[_Part]:
    assert isinstance(entries, (list, tuple))
    for entry in entries:
        if type(entry) is Entry:
            yield entry.key
            yield entry.value
        elif type(entry) is Added:
            yield _Key(entry.key)
            yield New(entry.value)
        elif type(entry) is Renamed:
            yield (entry.entry.key, entry.key) if type(entry.entry.key) is Scalar else _Key(entry.key)
            yield entry.entry.value
        else:
            yield entry.entry.key
            yield entry.entry.value


def _changed_scalar(node: Scalar, change: TreeEdit | None, tag: str | None) -> object:
    if type(change) is SetScalar:
        return _scalar(*_spelled(change.value), node.tag, node.anchor)
    return _scalar(node.text, node.style, tag or node.tag, anchor=node.anchor)


def _spelled(value: object) -> tuple[str, str]:
    """The text and style of a new scalar: a string counts as quoted, a literal as bare."""
    if isinstance(value, str):
        return value, '"'
    if value is None:
        return "null", ""
    if isinstance(value, bool):
        return ("true" if value else "false"), ""
    if isinstance(value, int):
        return str(value), ""
    raise TypeError(f"not a value that can be written: {value!r}")


def _scalar(text: str, style: str, tag: str | None, anchor: str | None) -> object:
    kind = "tagged" if tag is not None else "literal" if not style and is_literal(text) else "string"
    return (kind, text) if tag is None and anchor is None else (kind, text, tag, anchor)
