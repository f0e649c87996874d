"""Text to nodes with spans, and changes of nodes to minimal edits of the text: JSON, YAML and Python."""

from __future__ import annotations

from migrate.files.language import DATA, JSON, PYTHON, YAML, Language
from migrate.syntax.data import json as _json
from migrate.syntax.document import Document
from migrate.syntax.garbage import not_collecting
from migrate.syntax.problem import CannotEdit, SyntaxProblem
from migrate.syntax.value import get, literal, resolve

__all__ = ["CannotEdit", "Document", "SyntaxProblem", "get", "literal", "parse", "resolve"]


def parse(text: str, language: Language = DATA) -> Document:
    """Read a text, without a byte order mark, in a language. Of `PYTHON` a `PythonDocument` is made.

    Raises SyntaxProblem.
    """
    with not_collecting():
        if language is PYTHON:
            from migrate.syntax.python import PythonDocument

            return PythonDocument(text)
        return _parse(text, language)


def _parse(text: str, told: Language) -> Document:
    problem: SyntaxProblem | None = None
    if told is JSON or text.lstrip()[:1] in ("{", "["):
        try:
            return Document(text, [_json.parse(text)], JSON, told=told)
        except SyntaxProblem as error:
            if told is JSON:
                raise
            problem = error
    # Importing ruamel takes longer than reading most files.
    from migrate.syntax.data import yaml

    try:
        roots, aliases = yaml.parse(text)
    except SyntaxProblem:
        if told is not YAML and problem is not None:
            raise problem from None
        raise
    return Document(text, roots, YAML, aliases=aliases, told=told)
