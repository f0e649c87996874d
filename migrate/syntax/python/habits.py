"""The style of a module: quotes, indentation, trailing commas and the layout of brackets."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from collections.abc import Sequence as Items
from functools import cached_property

from migrate.syntax.python.brackets import Brackets
from migrate.syntax.python.lines import ModuleLines
from migrate.syntax.python.module import PythonModule
from migrate.syntax.python.spell import Style
from migrate.syntax.python.width import width

_SHORT = 79
"""A line length, in characters, that is acceptable in every module."""
_COMMA = re.compile(r"[ \t)]*(,?)[ \t]*(?:#[^\r\n]*)?[\r\n]")
_BROKEN = re.compile(r"[\r\n]")


class PythonHabits:
    """Looks up the style around an expression and the usual style of the module. `gone` are values that the change
    removes, which do not count."""

    def __init__(self, document: PythonModule, lines: ModuleLines, gone: Collection[ast.expr]) -> None:
        self.document = document
        self.text = document.text
        self.lines = lines
        self.gone = gone

    def style(self, expression: ast.expr, found: Brackets | None = None) -> Style:
        """The style around an expression; `found` are its brackets, if they are known."""
        base = self.file_style
        key_quote, quote = self.quotes(expression)
        unit, comma, expand = base.unit, base.trailing_comma, False
        newline = self.lines.newline(self.document.positions.span(expression)[0])
        if found is not None and found.elements and _BROKEN.search(self.text, found.open, found.close):
            first, last = found.elements[0], found.elements[-1]
            if _BROKEN.search(self.text, last.end, found.close) and (
                last.comma is not None or self.lines.line(first.start) != self.lines.line(last.start)
            ):
                comma = last.comma is not None  # as in Black, elements that share a line have none
            outer, inner = self.lines.indent(found.open), self.lines.indent(first.start)
            if self.lines.starts_line(first.start) and inner.startswith(outer) and len(inner) > len(outer):
                unit = inner[len(outer) :]
        if not self.lines.on_one_line(expression):
            expand = self._expands(expression)
        calls = (
            isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and expression.func.id == "dict"
        )
        return Style(
            quote, key_quote, unit, newline=newline, width=base.width, trailing_comma=comma, expand=expand, calls=calls
        )

    def _expands(self, expression: ast.expr) -> bool:
        """Whether all dicts around an expression, from the outermost brackets inwards, take several lines whatever
        their length."""
        outermost: ast.AST = expression
        node: ast.AST | None = expression
        while node is not None and not isinstance(node, ast.stmt):
            outermost, node = node, self.document.names.parents.get(node)
        several = False
        for count, inner in enumerate(_below(outermost)):
            if count > 400:
                break
            if isinstance(inner, ast.Dict) and inner.keys and inner is not expression:
                if inner.lineno == inner.end_lineno:
                    return False
                several = True
        return several

    def quotes(self, expression: ast.expr) -> tuple[str, str]:
        """The quotes of the keys and of the values around an expression."""
        keys: str | None = None
        values: str | None = None
        for count, node in enumerate(_below(expression)):
            if count > 200 or (keys and values):
                break
            if isinstance(node, ast.Dict) and keys is None:
                keys = next((q for k in node.keys if k is not None and (q := self._quote_of(k))), None)
                values = values or self._first_quote(node.values)
            elif isinstance(node, ast.Call) and values is None:
                values = self._first_quote([keyword.value for keyword in node.keywords])
            elif isinstance(node, ast.List) and values is None:
                values = self._first_quote(node.elts)
        usual = self.file_style.quote
        return keys or values or usual, values or keys or usual

    def _first_quote(self, values: Items[ast.expr]) -> str | None:
        return next((q for value in values if value not in self.gone and (q := self._quote_of(value))), None)

    def _quote_of(self, expression: ast.expr) -> str | None:
        if not isinstance(expression, ast.Constant) or not isinstance(expression.value, str):
            return None
        start, end = self.document.positions.span(expression)
        written = self.text[start:end]
        # A string may be in other quotes only to save an escape; that does not show a habit.
        return written[-1] if "'" not in expression.value and '"' not in expression.value else None

    @cached_property
    def file_style(self) -> Style:
        """The style that is usual in the module."""
        quote = "'" if self.text.count("'") > self.text.count('"') else '"'
        longest = width(self.document, _below(self.document.module))
        return Style(
            quote,
            quote,
            self._indent_unit(),
            newline=self.lines.newline(0),
            width=longest,
            trailing_comma=self._has_commas,
        )

    @cached_property
    def _has_commas(self) -> bool:
        """Whether a comma follows the last element if the closing bracket has a line of its own. Elements that Black
        puts on one line between the brackets have none; they count only if they would have fitted beside the
        brackets."""
        with_comma = without = 0
        for node in _below(self.document.module):
            if not isinstance(node, ast.Dict | ast.List | ast.Call) or not (values := values_of(node)):
                continue
            first, last = values[0], values[-1]
            if node.lineno == node.end_lineno or last.end_lineno == node.end_lineno:
                continue
            found = _COMMA.match(self.text, self.document.positions.span(last)[1])
            if found is None:
                continue
            start, end = self.document.positions.span(node)
            one_line = first.lineno == last.end_lineno
            shows = not one_line or self.lines.column(start) + len("".join(self.text[start:end].split())) < _SHORT
            with_comma += found[1] == ","
            without += found[1] != "," and shows and (one_line or len(values) > 1)
        return with_comma >= without

    def _indent_unit(self) -> str:
        for node in _below(self.document.module):
            body = getattr(node, "body", None)
            if isinstance(node, ast.stmt) and isinstance(body, list) and body and body[0].lineno > node.lineno:
                indent = self.lines.indent(self.document.positions.offset(body[0].lineno, 0))
                outer = self.lines.indent(self.document.positions.offset(node.lineno, 0))
                if indent.startswith(outer) and len(indent) > len(outer):
                    return indent[len(outer) :]
        indented = re.search(r"^([ \t]+)[^\s#]", self.text, re.MULTILINE)
        return "\t" if indented and indented[1].startswith("\t") else "    "


def values_of(expression: ast.expr) -> list[ast.expr]:
    """The expressions of the elements between brackets, in the order of the text."""
    match expression:
        case ast.Dict():
            return list(expression.values)
        case ast.List() | ast.Tuple():
            return list(expression.elts)
        case ast.Call():
            # Sorted by position, because keyword arguments may stand before positional ones: `f(a=1, *args)`.
            listed = [*expression.args, *(keyword.value for keyword in expression.keywords)]
            return sorted(listed, key=lambda value: (value.lineno, value.col_offset))
        case _:
            return []


def _below(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all nodes below it, breadth first, without those inside f-strings."""
    pending = [node]
    for found in pending:
        yield found
        if not isinstance(found, ast.JoinedStr):
            pending += ast.iter_child_nodes(found)
