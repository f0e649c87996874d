"""The base class of parsed texts: line and column numbers, comments, plain data and edits, whatever the syntax."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence as Items
from functools import cached_property

from migrate.edit import Edit
from migrate.files.language import JSON, Language
from migrate.syntax.node import Alias, AnyEdit, Node


class Document(ABC):
    """A text that was parsed without an error. Each subclass knows one syntax."""

    def __init__(self, text: str, language: Language, *, roots: list[Node], aliases: Items[Alias] = ()) -> None:
        self.text = text
        self.language = language
        """The language in which the text was found to be written: `parse` may be told `DATA` and find JSON."""
        self.roots = roots
        """The outermost nodes: one for JSON, one for each YAML document that is not empty, none for code."""
        self.aliases = aliases

    @property
    def json(self) -> bool:
        """Whether this is JSON, which has no comments and only one style of quotes."""
        return self.language is JSON

    @abstractmethod
    def data(self, changes: Items[AnyEdit] = ()) -> object:
        """The text's meaning after `changes`, without layout and comments, as a tuple that supports `==` and `hash`.

        For any changes, `again(apply(text, edits(changes))).data() == data(changes)`. Raises ValueError if two changes
        concern one node.
        """

    @abstractmethod
    def edits(self, changes: Items[AnyEdit]) -> list[Edit]:
        """The changes as text edits, written in the style of the surrounding text: minimal, sorted and not overlapping.

        Raises CannotEdit where the text's shape does not allow a change without guessing, and ValueError if two changes
        concern one node, a change lies inside a part that another one removes or replaces, entries or items are out of
        order, or a node is not one of this document.
        """

    @abstractmethod
    def again(self, text: str) -> Document:
        """Parses another text with the settings of this one. Raises SyntaxProblem."""

    def reach(self, change: AnyEdit) -> tuple[int, int]:
        """The start and end offsets of the text whose lines a change may touch."""
        return change.node.start, change.node.end

    def line_column(self, offset: int) -> tuple[int, int]:
        """The line and column, both from 1, of a character offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    @cached_property
    @abstractmethod
    def line_starts(self) -> list[int]:
        """The character offset at which each line starts."""

    @cached_property
    @abstractmethod
    def comment_spans(self) -> list[tuple[int, int]]:
        """The start and end offsets of all comments in order, with the marks that begin and end them."""

    def comments(self) -> list[tuple[int, str]]:
        """All comments in order: the line number, from 1, and the text without the comment's marks."""
        return [
            (self.line_column(start)[0], self.text[start:end].strip("#/*{}<%>- \t\r\n"))
            for start, end in self.comment_spans
        ]
