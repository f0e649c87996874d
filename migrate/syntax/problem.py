"""What stands between a text and its tree, or between a changed tree and its text."""

from __future__ import annotations

import re

_TEMPLATE = re.compile(r"\{\{|\{%|\$\{|<%")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")

MAX_DEPTH = 500
"""How many collections may lie inside one another: far above what people write, far below Python's stack."""

TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


class SyntaxProblem(Exception):
    """The text cannot be read. `line` and `column` start at 1; `cause` is one line of plain words."""

    def __init__(self, line: int, column: int, cause: str) -> None:
        self.line = line
        self.column = column
        self.cause = _UNPRINTABLE.sub(" ", cause).strip()
        super().__init__(f"line {line}, column {column}: {self.cause}")

    def __reduce__(self) -> tuple[type[SyntaxProblem], tuple[int, int, str]]:
        return type(self), (self.line, self.column, self.cause)


class CannotEdit(Exception):
    """A change that the text's shape does not allow without guessing; `reason` completes "cannot be edited: …"."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def template_marker(line: str) -> str | None:
    """The first mark of a template language in `line` that stands outside double quotes, such as `{{`."""
    found = _TEMPLATE.search(_STRING.sub('""', line))
    return found.group() if found else None
