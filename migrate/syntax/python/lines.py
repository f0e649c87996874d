"""The lines of a module: start, end, indentation, and whether anything else stands on a line."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right

from migrate.syntax.python.module import PythonModule

_spaces = re.compile(r"[ \t]*").match


class ModuleLines:
    """Looks up the lines of one module, always by character offset."""

    def __init__(self, document: PythonModule) -> None:
        self.document = document
        self.text = document.text

    def line(self, offset: int) -> int:
        """The index, from 0, of the line that contains `offset`."""
        return bisect_right(self.document.line_starts, offset) - 1

    def line_end(self, offset: int) -> int:
        """The offset at which the line that contains `offset` ends, before its line break."""
        starts = self.document.line_starts
        following = bisect_right(starts, offset)
        if following == len(starts):
            return len(self.text)
        end = starts[following]
        return end - 2 if self.text[end - 2 : end] == "\r\n" else end - 1

    def indent(self, offset: int) -> str:
        """The white space at the start of the line that contains `offset`."""
        found = _spaces(self.text, self.document.line_starts[self.line(offset)])
        return found.group() if found else ""

    def lead(self, offset: int) -> str:
        """The white space that aligns a new line with the text at `offset`."""
        indent = self.indent(offset)
        return indent + " " * (self.column(offset) - len(indent)) if not self.starts_line(offset) else indent

    def column(self, offset: int) -> int:
        """The column of `offset`, from 0."""
        return offset - self.document.line_starts[self.line(offset)]

    def starts_line(self, offset: int) -> bool:
        """Whether only white space stands before an offset on its line."""
        return not self.text[self.document.line_starts[self.line(offset)] : offset].strip(" \t\f")

    def ends_line(self, offset: int) -> bool:
        """Whether the rest of the line after an offset is empty or a comment."""
        rest = self.text[offset : self.line_end(offset)].strip()
        return not rest or rest.startswith("#")

    def newline(self, offset: int) -> str:
        """The line break after the line that contains `offset`; for the last line, the one before it."""
        starts = self.document.line_starts
        line = min(bisect_right(starts, offset), len(starts) - 1)
        ending = self.text[max(0, starts[line] - 2) : starts[line]]
        return ending if ending == "\r\n" else ending[-1:] if ending[-1:] in ("\n", "\r") and ending else "\n"

    def on_one_line(self, node: ast.expr) -> bool:
        """Whether an expression, or the brackets of a call, start and end on the same line."""
        first = node.func.end_lineno if isinstance(node, ast.Call) else node.lineno
        return first == node.end_lineno

    def has_comment(self, start: int, end: int) -> bool:
        """Whether a comment starts in `text[start:end]`."""
        return "#" in self.text[start:end] and any(start <= s < end for s, _ in self.document.comment_spans)
