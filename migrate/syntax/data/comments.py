"""The comments of a YAML text: from a `#` at the start of a line or after white space, outside every scalar."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.syntax.node import Alias, Mapping, Node, Scalar, Sequence

_COMMENT = re.compile("(?:^|(?<=[ \t\r\n\x85\u2028\u2029\ufeff]))#[^\r\n\x85\u2028\u2029]*")
_LINE = re.compile("[^\r\n\x85\u2028\u2029]*")


def comment_spans(text: str, roots: list[Node]) -> list[tuple[int, int]]:
    """The start and end offsets of all comments, in order, found in linear time."""
    spans: list[tuple[int, int]] = []
    position = 0
    for scalar in leaves(roots):
        if type(scalar) is not Scalar or scalar.start < position:
            continue
        _find(text, position, scalar.start, spans=spans)
        position = scalar.end
        if scalar.style in ("|", ">"):
            header = _LINE.match(text, scalar.start)
            if header is not None:
                _find(text, scalar.start, min(header.end(), scalar.end), spans=spans)
    _find(text, position, len(text), spans=spans)
    return spans


def _find(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    if text.find("#", start, end) >= 0:
        spans += (found.span() for found in _COMMENT.finditer(text, start, end))


def leaves(roots: list[Node]) -> Iterator[Scalar | Alias]:
    """All scalars and aliases under `roots` in document order, without recursion."""
    pending: list[Node] = roots[::-1]
    while pending:
        node = pending.pop()
        if type(node) is Mapping:
            for entry in reversed(node.entries):
                pending += (entry.value, entry.key)
        elif type(node) is Sequence:
            pending += reversed(node.items)
        else:
            assert type(node) is Scalar or type(node) is Alias
            yield node
