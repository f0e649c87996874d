"""The parser for Python: returns an `ast.Module` or raises `SyntaxProblem`, whatever the text holds."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from bisect import bisect_right

from migrate.syntax.problem import SyntaxProblem

_BREAK = re.compile(r"\r\n|\n|\r")
_COOKIE = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_UTF8 = {"utf", "utf8", "u8", "utf8sig", "ascii", "usascii"}


def read(text: str) -> ast.Module:
    """Parses a text. Raises SyntaxProblem if this version of Python does not accept it, or if an encoding cookie gives
    it another meaning than UTF-8 does."""
    _check_encoding(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings, such as those of invalid escapes, are not this tool's concern
            return ast.parse(text)
    except SyntaxError as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        cause = f"not valid Python {version}: {error.msg}"
        raise SyntaxProblem(error.lineno or 1, error.offset or 1, cause) from None
    except (RecursionError, MemoryError):
        raise SyntaxProblem(1, 1, "nested too deeply for Python") from None
    except ValueError as error:  # NUL characters, surrogates
        raise SyntaxProblem(1, 1, f"not Python: {error}") from None


def _check_encoding(text: str) -> None:
    if text.isascii():
        return
    for number, line in enumerate(_BREAK.split(text, maxsplit=2)[:2], 1):
        if match := _COOKIE.match(line):
            name = re.sub(r"[-_.]", "", match[1].lower())
            if name not in _UTF8 and not name.startswith(("utf8", "latin1unix")):
                raise SyntaxProblem(number, 1, f"declared as {match[1]}, not UTF-8")
            return
        if line.strip() and not line.lstrip(" \t\f").startswith("#"):
            return  # a cookie on the second line counts only below a comment or an empty line


class ParserPositions:
    """Converts the parser's positions (line from 1, column in bytes of UTF-8) to character offsets."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.line_starts = [0, *(found.end() for found in _BREAK.finditer(text))]
        self._ascii = text.isascii()
        self._columns: dict[int, list[int]] = {}

    def offset(self, line: int, column: int) -> int:
        """The character offset of a parser position."""
        start = self.line_starts[line - 1]
        if self._ascii:
            return start + column
        columns = self._columns.get(line)
        if columns is None:
            end = self.line_starts[line] if line < len(self.line_starts) else len(self._text)
            columns = []
            at = 0
            for character in self._text[start:end]:
                columns.append(at)
                at += len(character.encode("utf-8"))
            columns.append(at)
            self._columns[line] = columns
        return start + bisect_right(columns, column) - 1

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The start and end offsets of an expression or statement. Not for parts of an f-string: before Python 3.12 the
        parser gives no positions there."""
        return (
            self.offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]  # all but a few node types have them
            self.offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )
