"""The writer of new values and new keys in the place of scalars."""

from __future__ import annotations

import re

from migrate.syntax.data.style.habits import content_start
from migrate.syntax.data.style.spelling import json_scalar, yaml_literal, yaml_string
from migrate.syntax.data.style.surroundings import Path
from migrate.syntax.data.writing.build import Builder
from migrate.syntax.data.writing.draft import Draft
from migrate.syntax.node import Node, Scalar
from migrate.syntax.problem import CannotEdit


def write_scalar(draft: Draft, node: Scalar, value: str | bool | int, path: Path) -> None:
    """Replaces the scalar by `value`."""
    text = draft.text
    start = content_start(text, node)
    written = spelled(draft, node, value, path=path)
    if start < node.end:
        draft.replace(start, node.end, written)
        return
    # An empty scalar: its offset is directly after a colon, a dash or a tag.
    before = text[start - 1 : start]
    if before in (":", "-") and re.match(r" (?:[,}\]\r\n]|$)", text[start : start + 2]):
        draft.insert(start + 1, written, -len(path))
    elif before in (" ", "\t"):
        draft.insert(start, written, -len(path))
    elif node.start < node.end or before in (":", "-"):
        draft.insert(start, " " + written, -len(path))
    elif path and path[-1].container.flow and before not in ("", "{", "[", ","):
        draft.insert(start, ": " + written, -len(path))
    else:
        raise CannotEdit("an empty value that cannot be told from its surroundings")


def spelled(draft: Draft, node: Scalar, value: str | bool | int, path: Path) -> str:
    """`value` as it is written in place of `node`, in the same quotes if that has some."""
    if draft.document.json:
        return json_scalar(value)
    if not isinstance(value, str):
        return yaml_literal(value)
    flow = bool(path) and path[-1].container.flow
    quote = node.style if node.style in ('"', "'") else ""
    fallback = quote
    if not fallback:
        fallback = draft.builder(path[-1].container, path[:-1]).quotes.fallback if path else '"'
    return yaml_string(value, quote, fallback, flow=flow)


def write_key(draft: Draft, builder: Builder, key: Node, name: str, *, flow: bool) -> None:
    """Renames a key and keeps its quotes."""
    if type(key) is not Scalar or key.start == key.end or key.tag is not None:
        raise CannotEdit("a key that is not a word")
    draft.replace(content_start(draft.text, key), key.end, key_text(builder, key, name, flow=flow))


def key_text(builder: Builder, key: Node, name: str, *, flow: bool) -> str:
    """The new name of `key`, in the same quotes."""
    if builder.json:
        return json_scalar(name)
    quote = key.style if type(key) is Scalar and key.style in ('"', "'") else ""
    return yaml_string(name, quote, quote or builder.quotes.fallback, flow=flow)
