"""The errors that a text cannot be parsed, or a change of its tree cannot be written, and their common limits."""

from __future__ import annotations

import re

_TEMPLATE = re.compile(r"\{\{|\{%|\$\{|%\{|<%")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")

MAX_DEPTH = 500
"""The number of levels to which collections may be nested: far above real files, far below Python's stack."""

TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


class SyntaxProblem(Exception):
    """A text cannot be parsed. `line` and `column` start at 1; `cause` is one line of plain words."""

    def __init__(self, line: int, column: int, cause: str) -> None:
        self.line = line
        self.column = column
        self.cause = _UNPRINTABLE.sub(" ", cause).strip()
        super().__init__(f"line {line}, column {column}: {self.cause}")

    def __reduce__(self) -> tuple[type[SyntaxProblem], tuple[int, int, str]]:
        return type(self), (self.line, self.column, self.cause)


class CannotEdit(Exception):
    """A change cannot be written without guessing; `reason` completes "cannot be edited: …"."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def marker_at(text: str, position: int) -> str | None:
    """The mark of a template language that stands at a position, such as `{{`; None if there is none."""
    found = _TEMPLATE.match(text, max(0, position))
    return found.group() if found else None


def template_marker(line: str) -> str | None:
    """The first mark of a template language in `line` outside double quotes, such as `{{`; None if there is none."""
    found = _TEMPLATE.search(_STRING.sub('""', line))
    return found.group() if found else None
