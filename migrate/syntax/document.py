"""A text and its tree, and what can be done with the two."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence as Items
from functools import cached_property
from itertools import chain

from migrate.edit import Edit
from migrate.files.language import JSON, Language
from migrate.syntax.data.plain import data
from migrate.syntax.garbage import not_collecting
from migrate.syntax.node import Alias, AnyEdit, EditMapping, EditSequence, Node, SetScalar, TreeEdit

_JSON_BREAK = re.compile(r"\r\n|\n|\r")
_YAML_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Document:
    """A parsed text: `roots` has one node for JSON and one per document that is not empty for YAML."""

    def __init__(
        self,
        text: str,
        roots: list[Node],
        language: Language,
        *,
        aliases: Items[Alias] = (),
        told: Language | None = None,
    ) -> None:
        self.text = text
        self.roots = roots
        self.language = language
        """What the text turned out to be: of data, JSON or YAML."""
        self.aliases = aliases
        self.told = told or language
        """What `parse` was told."""

    @property
    def json(self) -> bool:
        """Whether this is JSON, which has no comments and one way to write things."""
        return self.language is JSON

    def data(self, changes: Items[AnyEdit] = ()) -> object:
        """The plain data of all roots after `changes`: a tuple that `==` compares and `hash` takes (see `data.py`).

        For any changes, `parse(apply(text, edits(changes))).data() == data(changes)`. Raises ValueError if two
        changes concern one node.
        """
        by_node = {id(change.node): change for change in _of_data(changes)}
        if len(by_node) != len(changes):
            raise ValueError("two changes concern one node")
        with not_collecting():
            return tuple(chain.from_iterable(data(root, by_node) for root in self.roots))

    def edits(self, changes: Items[AnyEdit]) -> list[Edit]:
        """The changes as text edits in the style of what stands around them: minimal, sorted, not overlapping.

        Raises CannotEdit where the text's shape does not allow a change without guessing, and ValueError if two
        changes concern one node, a change lies inside a part that another one removes or replaces, entries or items
        are out of order, or a node is not one of this document.
        """
        from migrate.syntax.data.writing.write import write

        return write(self, _of_data(changes))

    def reach(self, change: AnyEdit) -> tuple[int, int]:
        """The part of the text whose lines a change may touch, in characters."""
        return change.node.start, change.node.end

    def again(self, text: str) -> Document:
        """Another text, read as this one was. Raises SyntaxProblem."""
        from migrate.syntax import parse

        return parse(text, self.told)

    def line_column(self, offset: int) -> tuple[int, int]:
        """The line and column, both from 1, of a character offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of every line's first character."""
        breaks = _JSON_BREAK if self.json else _YAML_BREAK
        return [0, *(found.end() for found in breaks.finditer(self.text))]

    def comments(self) -> list[tuple[int, str]]:
        """All comments in order: the line, from 1, and the text after `#` without the spaces around it."""
        return [(self.line_column(start)[0], self.text[start + 1 : end].strip()) for start, end in self.comment_spans]

    @cached_property
    def comment_spans(self) -> list[tuple[int, int]]:
        """Where comments stand, from the `#` to the end of the line."""
        if self.json or "#" not in self.text:
            return []
        from migrate.syntax.data.comments import comment_spans

        return comment_spans(self.text, self.roots)


def _of_data(changes: Items[AnyEdit]) -> list[TreeEdit]:
    """The changes, all of which every syntax knows. Raises ValueError."""
    kept = [change for change in changes if isinstance(change, EditMapping | EditSequence | SetScalar)]
    if len(kept) != len(changes):
        raise ValueError("a change of code in a document that holds data")
    return kept
