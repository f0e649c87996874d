"""The JSON parser: from the language that `json.loads` accepts to nodes with the span of every value.

People keep JSON that only becomes JSON when it is used: with comments, and with placeholders of a template engine in the place of
values (`"memory": ${memory}`). `parse_loosely` accepts both.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # public by name, missing from typeshed

from migrate.syntax.node import Entry, Expression, Mapping, Node, Scalar, Sequence
from migrate.syntax.problem import MAX_DEPTH, TOO_DEEP, SyntaxProblem, marker_at

_skip = re.compile(r"[ \t\n\r]*").match
_skip_loosely = re.compile(
    r"(?:[ \t\n\r]+"
    r"|//[^\r\n]*|#(?!\{)[^\r\n]*|/\*.*?\*/"
    r"|\{#.*?#\}"  # Jinja
    r"|<%#.*?%>"  # ERB
    r"|\{\{-?[ \t]*/\*.*?\*/[ \t]*-?\}\}"  # Go templates
    r")*+",
    re.DOTALL,
).match
_comment = re.compile(
    r"[ \t\n\r]*(?P<comment>//[^\r\n]*|#[^\r\n]*|/\*.*?\*/|\{#.*?#\}|<%#.*?%>|\{\{.*?\}\})", re.DOTALL
).match
_placeholder = re.compile(
    r"[\w.+-]*"
    r"(?:(?:\$\{[^{}\n]*(?:\{[^{}\n]*\}[^{}\n]*)*\}"  # ${memory}: Terraform, shells
    r"|\{\{.*?\}\}"  # {{ memory }}: Jinja, Go templates
    r"|<%.*?%>"  # ERB
    r"|#\{[^{}\n]*\}#?|\$\([A-Za-z_][\w.]*\)"  # deployment services
    r"|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|@@?[A-Z_][A-Z0-9_]*@@?|(?<!\w)__[A-Z][A-Z0-9_]*?__"
    r"|<[A-Za-z][\w .:-]*>)"
    r"[\w.+-]*)++",
    re.DOTALL,
).match
"""Placeholders where a value is expected, with what stands directly beside them (`{{ cpu }}0`)."""
_literal = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null|NaN|-?Infinity").match
_LINE_BREAK = re.compile(r"\r\n|\n|\r")


def parse(text: str) -> Node:
    """The root of a JSON text. Raises SyntaxProblem."""
    return _parse(text, _end_of_space, None)


def parse_loosely(text: str) -> tuple[Node, list[tuple[int, int]]]:
    """The root of a JSON text that may have comments, and placeholders as values, which become expressions; and the
    start and end offsets of the comments. Raises SyntaxProblem."""
    comments: list[tuple[int, int]] = []

    def end_of_space(text: str, position: int) -> int:
        found = _skip_loosely(text, position)
        end = found.end() if found else position
        while (comment := _comment(text, position)) and comment.end() <= end:
            comments.append(comment.span("comment"))
            position = comment.end()
        return end

    return _parse(text, end_of_space, _placeholder), comments


_Skip = Callable[[str, int], int]
_Match = Callable[[str, int], "re.Match[str] | None"]


def _parse(text: str, end_of_space: _Skip, placeholder: _Match | None) -> Node:
    """The root of a text. `end_of_space` returns the offset at which white space that starts at another one ends."""
    root: Node | None = None
    stack: list[Mapping | Sequence] = []
    keys: list[Scalar] = []
    position = end_of_space(text, 0)
    while True:
        # A value starts here.
        character = text[position : position + 1]
        node: Node
        if character == '"':
            node = _string(text, position)
            position = node.end
        elif placeholder is not None and (found := placeholder(text, position)):
            node = Expression(position, found.end(), found.group())
            position = found.end()
        elif character == "{" or character == "[":
            if len(stack) >= MAX_DEPTH:
                raise _problem(text, position, TOO_DEEP)
            opened: Mapping | Sequence = (
                Mapping(position, position, [], True) if character == "{" else Sequence(position, position, [], True)
            )
            position = end_of_space(text, position + 1)
            if text[position : position + 1] != ("}" if character == "{" else "]"):
                stack.append(opened)
                if character == "{":
                    key, position = _key(text, position, "a string or '}'", end_of_space=end_of_space)
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
            position = end_of_space(text, position)
            character = text[position : position + 1]
            if character == ",":
                position = end_of_space(text, position + 1)
                if text[position : position + 1] == closing:
                    raise _problem(text, position, f"trailing comma before '{closing}'")
                if closing == "}":
                    key, position = _key(text, position, "a string", end_of_space=end_of_space)
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
    position = end_of_space(text, position)
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


def _key(text: str, position: int, expected: str, *, end_of_space: _Skip) -> tuple[Scalar, int]:
    """The key at `position`, and the offset at which its value starts."""
    if text[position : position + 1] != '"':
        raise _unexpected(text, position, expected)
    key = _string(text, position)
    position = end_of_space(text, key.end)
    if text[position : position + 1] != ":":
        raise _unexpected(text, position, "':'")
    return key, end_of_space(text, position + 1)


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
    elif rest.startswith("/*"):
        cause = "comment is not closed"
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
    # The bracket that a mark of a template begins with has been taken for one of JSON's.
    marker = marker_at(text, position) or marker_at(text, position - 1)
    if marker is not None and cause != TOO_DEEP:
        cause = f"templated: '{marker}' is not JSON"
    return SyntaxProblem(line, position - start + 1, cause)
