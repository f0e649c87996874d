"""Text to nodes with spans, and changes of nodes to minimal edits of the text: JSON, YAML and Python."""

from __future__ import annotations

from migrate.syntax.data import json as _json
from migrate.syntax.document import Document
from migrate.syntax.garbage import not_collecting
from migrate.syntax.problem import CannotEdit, SyntaxProblem
from migrate.syntax.value import get, literal, resolve

__all__ = ["CannotEdit", "Document", "SyntaxProblem", "get", "literal", "parse", "resolve"]


def parse(text: str, *, json: bool | None = None, python: bool = False) -> Document:
    """Read a text without a byte order mark. `json=True` takes nothing but JSON. `json=False` takes YAML, and what
    starts with a bracket and is JSON as JSON. None is for text of unknown kind: like False, but what starts with a
    bracket and is neither is reported as broken JSON. `python` takes Python, and gives a `PythonDocument`.

    Raises SyntaxProblem.
    """
    with not_collecting():
        if python:
            from migrate.syntax.python import PythonDocument

            return PythonDocument(text)
        return _parse(text, json)


def _parse(text: str, json: bool | None) -> Document:
    problem: SyntaxProblem | None = None
    if json or text.lstrip()[:1] in ("{", "["):
        try:
            return Document(text, [_json.parse(text)], json=True, strict=json)
        except SyntaxProblem as error:
            if json:
                raise
            problem = error
    # Importing ruamel takes longer than reading most files.
    from migrate.syntax.data import yaml

    try:
        roots, aliases = yaml.parse(text)
    except SyntaxProblem:
        if json is None and problem is not None:
            raise problem from None
        raise
    return Document(text, roots, json=False, aliases=aliases, strict=json)
