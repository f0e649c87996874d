"""The YAML parser: from the events of libyaml to nodes, without recursion, constructors or expanded aliases."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from _ruamel_yaml import CParser  # type: ignore[import-not-found]  # an extension module without stubs
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from migrate.syntax.node import Alias, Entry, Mapping, Node, Scalar, Sequence
from migrate.syntax.problem import MAX_DEPTH, TOO_DEEP, SyntaxProblem, template_marker

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""The line breaks of YAML 1.1."""

_BREAKS = "\n\r\x85\u2028\u2029"
_LONG_TAG = "tag:yaml.org,2002:"
_TEMPLATE_LINE = re.compile(r"(?m)^[ \t]*(?:-[ \t]+)?(?:\{%|\{\{|<%|\$\{)|:[ \t]+(?:\{%|<%)")
_colon = re.compile(r"[ \t]*:").match
# The pure parser takes seconds per megabyte: acceptable for a template, not for a dump.
_MAX_PURE = 2_000_000


def parse(text: str) -> tuple[list[Node], list[Alias]]:
    """The roots of all documents that are not empty, and all aliases in document order. Raises SyntaxProblem."""
    if text.startswith("\ufeff"):
        # The parsers would skip a byte order mark silently, and disagree on offsets after it.
        raise SyntaxProblem(1, 1, "a second byte order mark")
    try:
        return _build(text, CParser(text).get_event)
    except UnicodeEncodeError as error:
        raise _problem(text, error.start, "half of a surrogate pair") from None
    except YAMLError as error:
        # The pure parser reads YAML 1.2, in which the other breaks do not end a line.
        if isinstance(error, ReaderError) or len(text) > _MAX_PURE or re.search("[\x85\u2028\u2029]", text):
            raise _worded(text, error) from None
    try:
        events = YAML(typ="safe", pure=True).parse(text)
        return _build(text, lambda: next(events, None))
    except YAMLError as error:
        raise _worded(text, error) from None


class _Open:
    """A collection whose end has not been read yet."""

    __slots__ = ("items", "key", "node")

    def __init__(self, node: Mapping | Sequence) -> None:
        self.node = node
        self.key: Node | None = None


def _build(text: str, next_event: Callable[[], Any]) -> tuple[list[Node], list[Alias]]:
    roots: list[Node] = []
    aliases: list[Alias] = []
    anchors: dict[str, Node] = {}
    unfinished: set[int] = set()
    stack: list[_Open] = []
    last_end = 0
    while (event := next_event()) is not None:
        kind = type(event)
        node: Node
        if kind is ScalarEvent:
            node = _scalar(text, event, stack[-1] if stack else None)
            last_end = node.end
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            start = event.start_mark.index
            if len(stack) >= MAX_DEPTH:
                raise _problem(text, start, TOO_DEEP)
            make = Mapping if kind is MappingStartEvent else Sequence
            opened = make(start, start, [], bool(event.flow_style), _tag(event.tag), event.anchor)
            if event.anchor is not None:
                anchors[event.anchor] = opened
                unfinished.add(id(opened))
            stack.append(_Open(opened))
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            ended = stack.pop().node
            ended.end = last_end = event.end_mark.index if ended.flow else last_end
            unfinished.discard(id(ended))
            node = ended
        elif kind is AliasEvent:
            target = anchors.get(event.anchor)
            start = event.start_mark.index
            if target is None:
                raise _problem(text, start, f"undefined alias *{event.anchor}")
            node = Alias(start, event.end_mark.index, event.anchor, None if id(target) in unfinished else target)
            aliases.append(node)
            last_end = node.end
        else:
            if kind is DocumentStartEvent:
                anchors = {}
            continue
        if node.anchor is not None:
            anchors[node.anchor] = node
        if not stack:
            if not (type(node) is Scalar and node.start == node.end):
                roots.append(node)
            continue
        parent = stack[-1]
        container = parent.node
        if type(container) is Sequence:
            container.items.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            assert type(container) is Mapping
            container.entries.append(Entry(parent.key, node))
            parent.key = None
    return roots, aliases


def _scalar(text: str, event: Any, parent: _Open | None) -> Scalar:
    start, end, style = event.start_mark.index, event.end_mark.index, event.style or ""
    if style == "|" or style == ">":
        end = _end_of_block(text, start, end, event.value)
    elif start == end and parent is not None and parent.key is not None:
        # The parsers disagree on the position of an empty scalar.
        found = _colon(text, parent.key.end)
        if found is not None:
            start = end = found.end()
    tag = event.tag
    return Scalar(start, end, event.value, style, None if tag is None else _tag(tag), event.anchor)


def _end_of_block(text: str, start: int, end: int, value: str) -> int:
    """The offset at which the last line of a block scalar's value ends, before its line break."""
    block = text[start:end]
    header = block[: len(block) - len(block.lstrip())] + (LINE_BREAK.split(block, maxsplit=1) or [""])[0]
    if "+" in header.partition("#")[0]:
        return end - (2 if block.endswith("\r\n") else 1 if block.endswith(tuple(_BREAKS)) else 0)
    # Spaces at the end belong to the content if the value ends in spaces there.
    trimmed = value.rstrip(_BREAKS)
    return start + len(block.rstrip(_BREAKS if trimmed != trimmed.rstrip() else None))


def _tag(tag: Any) -> str | None:
    if tag is None:
        return None
    written = str(tag)
    return "!!" + written.removeprefix(_LONG_TAG) if written.startswith(_LONG_TAG) else written


def _worded(text: str, error: YAMLError) -> SyntaxProblem:
    if isinstance(error, ReaderError):
        code = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "?")
        return _problem(text, error.position, f"character U+{code:04X} is not allowed")
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        cause = ", ".join(part for part in (error.context, error.problem) if part) or "not YAML"
        return _problem(text, min(mark.index if mark else 0, len(text)), cause)
    return _problem(text, 0, str(error) or "not YAML")


def _problem(text: str, position: int, cause: str) -> SyntaxProblem:
    line, start = 1, 0
    for found in LINE_BREAK.finditer(text, 0, position):
        line, start = line + 1, found.end()
    if cause != TOO_DEEP:
        end = LINE_BREAK.search(text, position)
        line_end = end.start() if end else len(text)
        marker = template_marker(text[max(start, position - 200) : min(line_end, position + 200)])
        if marker is None and (found_line := _TEMPLATE_LINE.search(text)):
            marker = template_marker(found_line.group())
        if marker is not None:
            cause = f"templated: '{marker}' is not YAML"
    return SyntaxProblem(line, position - start + 1, cause)
