"""The line length that a module's author or formatter keeps to."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from migrate.syntax.python.module import PythonModule

_WIDTHS = (79, 88, 100, 120)
_MANY = 8
_ENDLESS = 240
_CLOSES = re.compile(r"[\])}][,:]?")
_BREAKABLE = re.compile(r"[\[({][^\s\])}]|, *[^\s\])}]| (?:and|or|if|in|is|not|[-+*/%|&]) +\S")
"""A place at which a line can be broken: after a bracket or a comma, or around an operator."""


def width(document: PythonModule, nodes: Iterable[ast.AST]) -> int:
    """The line length, in characters, that the module keeps to. Lines beyond a length that could be broken speak
    against it, and so do broken expressions that would fit on one line within it. The result is the shortest length
    with the least against it. `nodes` are all nodes of the module."""
    lines = _Lines(document, nodes)
    lengths = [n for n in lines.breakable() if n <= _WIDTHS[-1]]
    joined = [n for n in lines.joined() if n > _WIDTHS[0]]
    beyond = {limit: sum(n > limit for n in lengths) for limit in _WIDTHS}
    against = {limit: beyond[limit] + sum(n <= limit for n in joined) for limit in _WIDTHS}
    fitting = [limit for limit in _WIDTHS if against[limit] == min(against.values())]
    # Of equal candidates, those that no line exceeds: some lines are broken without need.
    fitting = [limit for limit in fitting if not beyond[limit]] or fitting
    # A module with only a few short lines does not show that its author keeps to 79 characters.
    if fitting[0] == _WIDTHS[0] and sum(length > _WIDTHS[0] - 10 for length in lengths) < _MANY:
        return _WIDTHS[1] if _WIDTHS[1] in fitting else _WIDTHS[0]
    return fitting[0]


class _Lines:
    """The lines of one module, without the parts that cannot be broken."""

    def __init__(self, document: PythonModule, nodes: Iterable[ast.AST]) -> None:
        self.document = document
        self.text = document.text
        starts = document.line_starts
        self.lines = [
            self.text[start:end].rstrip() for start, end in zip(starts, [*starts[1:], len(self.text)], strict=True)
        ]
        self._brackets: list[ast.expr] = []
        texts: list[tuple[int, int]] = []
        for node in nodes:
            if isinstance(node, ast.Call | ast.List | ast.Dict | ast.Tuple | ast.Set):
                if node.lineno != node.end_lineno:
                    self._brackets.append(node)
            elif isinstance(node, ast.JoinedStr) or (
                isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
            ):
                texts.append(document.positions.span(node))
        # Strings and comments cannot be broken, and lines inside a string of several lines do not count.
        for start, end in texts:
            first, last = self._line(start), self._line(end - 1)
            if first != last:
                for line in range(first, last + 1):
                    self.lines[line] = ""
        self._lengths = list(map(len, self.lines))
        self._shown = list(self.lines)
        for start, end in sorted(texts, reverse=True):
            line = self._line(start)
            if line == self._line(end - 1) and 0 < len(self.lines[line]) < _ENDLESS:
                at = start - starts[line]
                shown = self._shown[line]
                self._shown[line] = shown[:at] + "x" + shown[at + end - start :]
        for start, _ in document.comment_spans:
            line = self._line(start)
            self._lengths[line] = len(self.text[starts[line] : start].rstrip())
            self._shown[line] = self._shown[line].partition("#")[0]
            self.lines[line] = ""  # a line with a comment cannot be joined

    def _line(self, offset: int) -> int:
        return bisect_right(self.document.line_starts, offset) - 1

    def breakable(self) -> list[int]:
        """The lengths of the lines that could be broken."""
        return [n for n, shown in zip(self._lengths, self._shown, strict=True) if _BREAKABLE.search(shown)]

    def joined(self) -> Iterator[int]:
        """The lengths that lines would have if expressions that are broken only after the opening and before the
        closing bracket were joined."""
        for node in self._brackets:
            opens = (node.func.end_lineno if isinstance(node, ast.Call) else node.lineno) or 0
            if node.end_lineno != opens + 2:
                continue
            first, inside, last = self.lines[opens - 1 : opens + 2]
            last = last.lstrip()
            if first[-1:] in ("(", "[", "{") and inside and inside[-1] != "," and _CLOSES.fullmatch(last):
                yield len(first) + len(inside.lstrip()) + len(last)
