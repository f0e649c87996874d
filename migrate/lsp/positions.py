"""Converts character offsets to and from positions of the Language Server Protocol.

Lines and characters count from 0, and a character is a unit of an encoding that client and server agree on: of UTF-16
(two for what lies outside the Basic Multilingual Plane), unless they agree on another. Source: LSP 3.17, "Position".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property

_BREAK = re.compile(r"\r\n|\n|\r")
# YAML has more line breaks than the protocol.
_YAML_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

_UNITS: dict[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf-16": lambda text: len(text) + sum(character > "\uffff" for character in text),
    "utf-32": len,
}


class Positions:
    """The positions in one text, in units of `encoding`: `utf-8`, `utf-16` or `utf-32`."""

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self.text = text
        self._units = _UNITS[encoding]

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _BREAK.finditer(self.text))]

    @cached_property
    def _yaml_starts(self) -> list[int]:
        return [0, *(found.end() for found in _YAML_BREAK.finditer(self.text))]

    def of(self, offset: int) -> tuple[int, int]:
        """The line and character of an offset, both from 0."""
        line = bisect_right(self._starts, offset) - 1
        return line, self._units(self.text[self._starts[line] : offset])

    def offset_of(self, line: int, character: int) -> int:
        """The offset of a position. One beyond the end of its line or of the text counts as that end."""
        if line >= len(self._starts):
            return len(self.text)
        start = self._starts[line]
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.text)
        # A character has at least one unit, so the offset is at most this far.
        low, high = start, min(end, start + character)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._units(self.text[start:middle]) <= character else (low, middle - 1)
        return low

    def offset(self, line: int, column: int, yaml: bool) -> int:
        """The offset of a place as reports give it: line and column in characters, both from 1. With `yaml`, lines end
        at all line breaks of YAML."""
        starts = self._yaml_starts if yaml else self._starts
        return min(starts[min(line, len(starts)) - 1] + column - 1, len(self.text))

    def end_of_line(self, offset: int) -> int:
        """The offset of the end of the line, without trailing white space."""
        found = _BREAK.search(self.text, offset)
        end = found.start() if found else len(self.text)
        return offset + len(self.text[offset:end].rstrip()) or offset
