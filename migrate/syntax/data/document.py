"""JSON and YAML documents: parsing, plain data, and edits."""

from __future__ import annotations

import re
from collections.abc import Sequence as Items
from functools import cached_property
from itertools import chain

from migrate.edit import Edit
from migrate.files.language import JSON, YAML, Language
from migrate.syntax.data import json
from migrate.syntax.data.comments import comment_spans
from migrate.syntax.data.plain import data
from migrate.syntax.document import Document
from migrate.syntax.garbage import not_collecting
from migrate.syntax.node import Alias, AnyEdit, EditMapping, EditSequence, Node, SetScalar, TreeEdit
from migrate.syntax.problem import SyntaxProblem

_JSON_BREAK = re.compile(r"\r\n|\n|\r")
_YAML_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class DataDocument(Document):
    """A JSON or YAML text: mappings, sequences and scalars."""

    def __init__(
        self,
        text: str,
        roots: list[Node],
        language: Language,
        *,
        aliases: Items[Alias] = (),
        told: Language | None = None,
        comments: Items[tuple[int, int]] = (),
    ) -> None:
        super().__init__(text, language, roots=roots, aliases=aliases)
        self._comments_in_json = list(comments)
        self.told = told or language
        """The language that `parse_data` was given, which `again` passes on."""

    def data(self, changes: Items[AnyEdit] = ()) -> object:
        by_node = {id(change.node): change for change in _of_data(changes)}
        if len(by_node) != len(changes):
            raise ValueError("two changes concern one node")
        with not_collecting():
            return tuple(chain.from_iterable(data(root, by_node) for root in self.roots))

    def edits(self, changes: Items[AnyEdit]) -> list[Edit]:
        # Imported here, because most documents are only read.
        from migrate.syntax.data.writing.write import write

        return write(self, _of_data(changes))

    def again(self, text: str) -> DataDocument:
        return parse_data(text, self.told)

    @cached_property
    def line_starts(self) -> list[int]:
        breaks = _JSON_BREAK if self.json else _YAML_BREAK
        return [0, *(found.end() for found in breaks.finditer(self.text))]

    @cached_property
    def comment_spans(self) -> list[tuple[int, int]]:
        if self.json:
            return self._comments_in_json
        return comment_spans(self.text, self.roots) if "#" in self.text else []


def parse_data(text: str, told: Language) -> DataDocument:
    """Parses JSON or YAML. `JSON` accepts nothing else, but JSON with comments and placeholders. `YAML` also accepts
    strict JSON that starts with a bracket, and makes a JSON document of it. `DATA` does the same, but takes a text that
    starts with a bracket and is neither for the JSON that `JSON` accepts.

    Raises SyntaxProblem.
    """
    looks_like_json = text.lstrip()[:1] in ("{", "[")
    if told is JSON or looks_like_json:
        try:
            return DataDocument(text, [json.parse(text)], JSON, told=told)
        except SyntaxProblem:
            if told is JSON:
                return _loose_json(text, told)
    # Imported here, because importing ruamel takes longer than reading most files.
    from migrate.syntax.data import yaml

    try:
        roots, aliases = yaml.parse(text)
    except SyntaxProblem:
        if told is YAML or not looks_like_json:
            raise
        return _loose_json(text, told)
    return DataDocument(text, roots, YAML, aliases=aliases, told=told)


def _loose_json(text: str, told: Language) -> DataDocument:
    root, comments = json.parse_loosely(text)
    return DataDocument(text, [root], JSON, told=told, comments=comments)


def _of_data(changes: Items[AnyEdit]) -> list[TreeEdit]:
    """The changes, if every syntax has them. Raises ValueError if one is for Python alone."""
    kept = [change for change in changes if isinstance(change, EditMapping | EditSequence | SetScalar)]
    if len(kept) != len(changes):
        raise ValueError("a change of code in a document that holds data")
    return kept
