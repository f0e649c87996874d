"""What is read, planned, written and proven together: one file, or several that may have to change together.

The texts of a unit's files share one space of character offsets, in which they stand one after another: the places of findings,
edits and the proof are then the same thing for several files as for one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from migrate.edit import Edit
from migrate.files.language import DATA, Language
from migrate.syntax import CannotEdit, Document, SyntaxProblem, parse
from migrate.syntax.node import AnyEdit

SEPARATOR = "\0"
"""Stands between two files, so that the end of one and the beginning of the next are two places; no text holds it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a unit, as text. `name` is for people."""

    name: str
    text: str
    language: Language = DATA
    fixed: bool = False
    """Whether it is read and must stay as it is: nobody asked for it."""


class UnitProblem(Exception):
    """What is wrong with one of a unit's files, whose index this names."""

    def __init__(self, index: int, problem: SyntaxProblem) -> None:
        super().__init__(index, problem)
        self.index = index
        self.problem = problem


@dataclass(frozen=True, eq=False)
class Unit:
    """The parsed files of a unit. `stem` (the name of its first file without suffix) names a definition that names no family."""

    stem: str
    members: tuple[Member, ...]
    documents: tuple[Document, ...]

    @classmethod
    def parsed(cls, members: Iterable[Member], stem: str) -> Unit:
        """Raises UnitProblem."""
        members = tuple(members)
        return cls(stem, members, tuple(_parsed(i, member) for i, member in enumerate(members)))

    def again(self, texts: Iterable[str]) -> Unit:
        """The same files with other texts, read as these were. Raises UnitProblem."""
        members = tuple(
            Member(member.name, text, member.language, fixed=member.fixed)
            for member, text in zip(self.members, texts, strict=True)
        )
        pairs = enumerate(zip(members, self.documents, strict=True))
        return Unit(self.stem, members, tuple(_parsed(i, member, document) for i, (member, document) in pairs))

    @property
    def document(self) -> Document:
        """The document of a unit of one file; of several, that of the first."""
        return self.documents[0]

    @property
    def language(self) -> Language:
        """The language of the first file, which decides about the dialects."""
        return self.members[0].language

    @property
    def text(self) -> str:
        """All texts, one after another."""
        return self.document.text if len(self.documents) == 1 else joined([d.text for d in self.documents])

    # -- places -------------------------------------------------------------------------------------------------------

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each file starts, in the unit's offsets."""
        return starts([document.text for document in self.documents])

    def offset(self, document: Document, offset: int) -> int:
        """The unit's offset of a place in one of its documents."""
        index = next(i for i, other in enumerate(self.documents) if other is document)
        return self.starts[index] + offset

    def place(self, offset: int) -> tuple[int, int]:
        """The index of the file in which one of the unit's offsets lies, and the offset there."""
        if len(self.documents) == 1:
            return 0, offset
        index = bisect_right(self.starts, offset) - 1
        return index, offset - self.starts[index]

    def line_column(self, offset: int) -> tuple[int, int, int]:
        """The index of the file, and the line and column there, both from 1, of one of the unit's offsets."""
        index, inside = self.place(offset)
        return index, *self.documents[index].line_column(inside)

    def prefix(self, index: int) -> str:
        """What a message about one of several files begins with; empty where there is one file only."""
        return f"{self.members[index].name}: " if len(self.members) > 1 else ""

    # -- changes ------------------------------------------------------------------------------------------------------

    def edits(self, changes: Mapping[Document, Sequence[AnyEdit]]) -> list[Edit]:
        """The tree edits of each document as text edits in the unit's offsets, in order.

        Raises CannotEdit and ValueError as `Document.edits` does, and CannotEdit where a file that must stay as it is would
        change.
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
    """Texts in one."""
    return SEPARATOR.join(texts)


def starts(texts: Sequence[str]) -> tuple[int, ...]:
    """Where each text starts in all of them."""
    return tuple(accumulate((len(text) + len(SEPARATOR) for text in texts[:-1]), initial=0))


def parts(edits: Iterable[Edit], begins: Sequence[int]) -> list[tuple[Edit, ...]]:
    """Edits of texts that begin at some offsets, as the edits of each, in its own offsets."""
    if len(begins) == 1:
        return [tuple(edits)]
    found: list[list[Edit]] = [[] for _ in begins]
    for edit in edits:
        index = bisect_right(begins, edit.start) - 1
        start = begins[index]
        found[index].append(Edit(edit.start - start, edit.end - start, edit.replacement))
    return [tuple(part) for part in found]
