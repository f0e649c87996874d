"""The JSON parser: from the language that `json.loads` accepts to nodes with the span of every value."""

from __future__ import annotations

import re
from bisect import bisect_right
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # public by name, missing from typeshed

from migrate.syntax.node import Entry, Mapping, Node, Scalar, Sequence
from migrate.syntax.problem import MAX_DEPTH, TOO_DEEP, SyntaxProblem, template_marker

_skip = re.compile(r"[ \t\n\r]*").match
_literal = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null|NaN|-?Infinity").match
_LINE_BREAK = re.compile(r"\r\n|\n|\r")


def parse(text: str) -> Node:
    """The root of a JSON text. Raises SyntaxProblem."""
    root: Node | None = None
    stack: list[Mapping | Sequence] = []
    keys: list[Scalar] = []
    position = _end_of_space(text, 0)
    while True:
        # A value starts here.
        character = text[position : position + 1]
        node: Node
        if character == '"':
            node = _string(text, position)
            position = node.end
        elif character == "{" or character == "[":
            if len(stack) >= MAX_DEPTH:
                raise _problem(text, position, TOO_DEEP)
            opened: Mapping | Sequence = (
                Mapping(position, position, [], True) if character == "{" else Sequence(position, position, [], True)
            )
            position = _end_of_space(text, position + 1)
            if text[position : position + 1] != ("}" if character == "{" else "]"):
                stack.append(opened)
                if character == "{":
                    key, position = _key(text, position, "a string or '}'")
                    keys.append(key)
                continue
            position += 1
            opened.end = position
            node = opened
        else:
            found = _literal(text, position)
            if found is None:
                raise _unexpected(text, position, "a value")
            node = Scalar(position, found.end(), found.group(), "")
            position = found.end()
        # A value ends here, and perhaps collections end with it.
        while stack:
            container = stack[-1]
            if type(container) is Mapping:
                container.entries.append(Entry(keys.pop(), node))
                closing = "}"
            else:
                assert type(container) is Sequence
                container.items.append(node)
                closing = "]"
            position = _end_of_space(text, position)
            character = text[position : position + 1]
            if character == ",":
                position = _end_of_space(text, position + 1)
                if text[position : position + 1] == closing:
                    raise _problem(text, position, f"trailing comma before '{closing}'")
                if closing == "}":
                    key, position = _key(text, position, "a string")
                    keys.append(key)
                break
            if character != closing:
                raise _unexpected(text, position, f"',' or '{closing}'")
            position += 1
            container.end = position
            node = stack.pop()
        else:
            root = node
            break
    position = _end_of_space(text, position)
    if position < len(text):
        raise _unexpected(text, position, "the end of the file")
    return root


def _end_of_space(text: str, position: int) -> int:
    found = _skip(text, position)
    return found.end() if found else position


def _string(text: str, start: int) -> Scalar:
    try:
        value, end = scanstring(text, start + 1, True)
    except JSONDecodeError as error:
        raise _problem(text, error.pos, _STRING_CAUSES.get(error.msg, error.msg)) from None
    return Scalar(start, end, value, '"')


def _key(text: str, position: int, expected: str) -> tuple[Scalar, int]:
    """The key at `position`, and the offset at which its value starts."""
    if text[position : position + 1] != '"':
        raise _unexpected(text, position, expected)
    key = _string(text, position)
    position = _end_of_space(text, key.end)
    if text[position : position + 1] != ":":
        raise _unexpected(text, position, "':'")
    return key, _end_of_space(text, position + 1)


_STRING_CAUSES = {
    "Unterminated string starting at": "string is not closed",
    "Invalid control character at": "control character in a string",
    "Invalid \\escape": "invalid escape in a string",
    "Invalid \\escape: ": "invalid escape in a string",
    "Invalid \\uXXXX escape": "invalid \\u escape in a string",
}


def _unexpected(text: str, position: int, expected: str) -> SyntaxProblem:
    """The problem that `position` does not hold what is `expected`, with the most likely cause in plain words."""
    rest = text[position : position + 3]
    if not rest:
        cause = f"ends where {expected} is expected" if text.strip() else "empty"
    elif rest.startswith(("//", "/*", "#")):
        cause = f"comment: JSON has none, expected {expected}"
    elif rest in ("...", "…") or rest.startswith("…"):
        cause = f"ellipsis: expected {expected}"
    elif rest.startswith("'"):
        cause = f"single quotes: expected {expected}"
    else:
        cause = f"expected {expected}"
    return _problem(text, position, cause)


def _problem(text: str, position: int, cause: str) -> SyntaxProblem:
    starts = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]
    line = bisect_right(starts, position)
    start = starts[line - 1]
    # Only near the position: searching a minified file for a template marker would mean megabytes.
    found = _LINE_BREAK.search(text, start)
    end = found.start() if found else len(text)
    marker = template_marker(text[max(start, position - 200) : min(end, position + 200)])
    if marker is not None and cause != TOO_DEEP:
        cause = f"templated: '{marker}' is not JSON"
    return SyntaxProblem(line, position - start + 1, cause)
