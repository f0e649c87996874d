"""Units: one file, or several files that may have to change together and are read, planned, written and proven
together.

The texts of a unit's files share one range of character offsets, in which they stand one after another. Findings, edits
and the proof therefore work the same for several files as for one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from migrate.edit import Edit
from migrate.files.language import DATA, Language
from migrate.syntax import CannotEdit, Document, SyntaxProblem, parse
from migrate.syntax.node import AnyEdit

SEPARATOR = "\0"
"""The text between two files, which no file contains: the end of one and the start of the next are two offsets."""


class Member(NamedTuple):
    """A file of a unit, as text. `name` is its name in messages."""

    name: str
    text: str
    language: Language = DATA
    fixed: bool = False
    """Whether the file must not change, because it is read only for the others and was not named by the user."""


class UnitProblem(Exception):
    """A file of a unit cannot be parsed: `index` is the file's index, `problem` the reason."""

    def __init__(self, index: int, problem: SyntaxProblem) -> None:
        super().__init__(index, problem)
        self.index = index
        self.problem = problem


@dataclass(frozen=True, eq=False)
class Unit:
    """The parsed files of a unit. `stem`, its first file's name without suffix, names a task definition without a
    family."""

    stem: str
    members: tuple[Member, ...]
    documents: tuple[Document, ...]

    @classmethod
    def parsed(cls, members: Iterable[Member], stem: str) -> Unit:
        """Parses the files of a unit. Raises UnitProblem."""
        members = tuple(members)
        return cls(stem, members, tuple(_parsed(i, member) for i, member in enumerate(members)))

    def again(self, texts: Iterable[str]) -> Unit:
        """Parses the same files with other texts. Raises UnitProblem."""
        members = tuple(
            Member(member.name, text, member.language, fixed=member.fixed)
            for member, text in zip(self.members, texts, strict=True)
        )
        pairs = enumerate(zip(members, self.documents, strict=True))
        return Unit(self.stem, members, tuple(_parsed(i, member, document) for i, (member, document) in pairs))

    @property
    def document(self) -> Document:
        """The document of the first file, which is the only one of most units."""
        return self.documents[0]

    @property
    def language(self) -> Language:
        """The language of the first file, which decides about the dialects."""
        return self.members[0].language

    @property
    def text(self) -> str:
        """The texts of all files, one after another."""
        return self.document.text if len(self.documents) == 1 else joined([d.text for d in self.documents])

    # -- places -------------------------------------------------------------------------------------------------------

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The offset in the unit at which each file starts."""
        return starts([document.text for document in self.documents])

    def offset(self, document: Document, offset: int) -> int:
        """The offset in the unit of an offset in one of its documents."""
        index = next(i for i, other in enumerate(self.documents) if other is document)
        return self.starts[index] + offset

    def place(self, offset: int) -> tuple[int, int]:
        """The index of the file that contains an offset in the unit, and the offset in that file."""
        if len(self.documents) == 1:
            return 0, offset
        index = bisect_right(self.starts, offset) - 1
        return index, offset - self.starts[index]

    def line_column(self, offset: int) -> tuple[int, int, int]:
        """The index of the file that contains an offset in the unit, and the line and column there, both from 1."""
        index, inside = self.place(offset)
        return index, *self.documents[index].line_column(inside)

    def prefix(self, index: int) -> str:
        """The beginning of a message about one of several files, `name: `; empty if there is only one file."""
        return f"{self.members[index].name}: " if len(self.members) > 1 else ""

    # -- changes ------------------------------------------------------------------------------------------------------

    def edits(self, changes: Mapping[Document, Sequence[AnyEdit]]) -> list[Edit]:
        """The tree edits of each document as text edits with offsets in the unit, in order.

        Raises CannotEdit and ValueError as `Document.edits` does, and CannotEdit if a `fixed` file would change.
        """
        if changes.keys() - set(self.documents):
            raise ValueError("a change of a document that is none of the unit's")
        found: list[Edit] = []
        for document, member, start in zip(self.documents, self.members, self.starts, strict=True):
            edits = document.edits(changes.get(document, ()))
            if edits and member.fixed:
                raise CannotEdit(
                    f"{member.name} would have to change with it, and is not among the files that were named"
                )
            found += edits if not start else [Edit(e.start + start, e.end + start, e.replacement) for e in edits]
        return found

    def data(self, changes: Mapping[Document, Sequence[AnyEdit]]) -> tuple[object, ...]:
        """The plain data of every document after its changes (see `Document.data`)."""
        return tuple(document.data(changes.get(document, ())) for document in self.documents)


def _parsed(index: int, member: Member, like: Document | None = None) -> Document:
    try:
        return like.again(member.text) if like is not None else parse(member.text, member.language)
    except SyntaxProblem as problem:
        raise UnitProblem(index, problem) from None


# -- texts that stand one after another -------------------------------------------------------------------------------


def joined(texts: Sequence[str]) -> str:
    """The texts of several files in one."""
    return SEPARATOR.join(texts)


def starts(texts: Sequence[str]) -> tuple[int, ...]:
    """The offset at which each text starts in the `joined` one."""
    return tuple(accumulate((len(text) + len(SEPARATOR) for text in texts[:-1]), initial=0))


def parts(edits: Iterable[Edit], begins: Sequence[int]) -> list[tuple[Edit, ...]]:
    """The edits of each text, with offsets in that text, of edits of the `joined` one; `begins` are the offsets at
    which the texts start."""
    if len(begins) == 1:
        return [tuple(edits)]
    found: list[list[Edit]] = [[] for _ in begins]
    for edit in edits:
        index = bisect_right(begins, edit.start) - 1
        start = begins[index]
        found[index].append(Edit(edit.start - start, edit.end - start, edit.replacement))
    return [tuple(part) for part in found]
