"""Parsers from text to nodes with spans, and writers from changed nodes to minimal edits: JSON, YAML and Python."""

from __future__ import annotations

from migrate.files.language import DATA, PYTHON, Language
from migrate.syntax.data.document import parse_data
from migrate.syntax.document import Document
from migrate.syntax.garbage import not_collecting
from migrate.syntax.problem import CannotEdit, SyntaxProblem
from migrate.syntax.value import get, literal, merged_in, resolve

__all__ = ["CannotEdit", "Document", "SyntaxProblem", "get", "literal", "merged_in", "parse", "resolve"]


def parse(text: str, language: Language = DATA) -> Document:
    """Parses a text, which has no byte order mark, in a language; `PYTHON` gives a `PythonDocument`.

    Raises SyntaxProblem.
    """
    with not_collecting():
        if language is PYTHON:
            from migrate.syntax.python import PythonDocument

            return PythonDocument(text)
        return parse_data(text, language)
