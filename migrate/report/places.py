"""Converts offsets to lines and columns as SARIF, GitHub and GitLab count them, before and after the edits."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from migrate.edit import Edit
from migrate.run.run import FileResult

_BREAK = re.compile(r"\r\n|\n")


class Lines:
    """The lines of a text, which `\\n` and `\\r\\n` end. Lines and columns count from 1, columns in characters (code
    points)."""

    def __init__(self, text: str) -> None:
        self.starts = [0, *(match.end() for match in _BREAK.finditer(text))]
        self.length = len(text)

    def place(self, offset: int) -> tuple[int, int]:
        """The line and column of a character offset, which may be the end of the text."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The character offset of a line and column, or the nearest one if the text has no such place."""
        start = self.starts[min(line, len(self.starts)) - 1]
        return min(start + column - 1, self.length)


class Moves:
    """Converts offsets in a text to offsets after its edits."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.edits = sorted(edits, key=lambda edit: (edit.end, edit.start))
        growth = (len(edit.replacement) - (edit.end - edit.start) for edit in self.edits)
        self.shifts = [0, *accumulate(growth)]

    def moved(self, offset: int) -> int:
        """The offset in the new text for one in the old text; inside a replaced span, that of the span's start."""
        before = bisect_right(self.edits, offset, key=lambda edit: edit.end)
        if before < len(self.edits) and self.edits[before].start < offset:
            offset = self.edits[before].start
        return offset + self.shifts[before]


def places(file: FileResult, applied: bool | None) -> list[tuple[int, int]]:
    """The line and column of each finding in the file as the run leaves it: after `apply`, in the new text."""
    found = [(located.line, located.column) for located in file.outcome.findings]
    if not applied or file.source is None or not written(file):
        return found
    old, new, moves = Lines(file.source.text), Lines(file.outcome.text), Moves(file.outcome.edits)
    return [new.place(moves.moved(old.offset(line, column))) for line, column in found]


def written(file: FileResult) -> bool:
    """Whether `apply` has changed the file."""
    return bool(file.outcome.edits) and file.outcome.error is None
