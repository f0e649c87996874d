"""The syntax tree of scripts: words with their expansions, and commands. Source: POSIX.1-2017, XCU 2."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple, TypeAlias

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[[^\]=]*\])?(\+?)=")


class PieceKind(Enum):
    """The kind of a piece of a word."""

    LITERAL = auto()
    VARIABLE = auto()
    """A variable. `text` is the content of the braces of `${…}`, or the name after `$`."""
    COMMAND = auto()
    """A command substitution, arithmetic expansion or process substitution. `text` is its source, with its signs."""


class WordPiece(NamedTuple):
    """A piece of a word. `quoted` says whether it stands in quotes."""

    part: PieceKind
    text: str
    quoted: bool


Word: TypeAlias = str | tuple[WordPiece, ...]
"""A word of a command: a string if nothing in it is quoted or expanded, otherwise its pieces."""


@dataclass(slots=True)
class HereDocument:
    """A here-document: the text after `<<` up to its delimiter. `raw` if the delimiter was quoted, so that nothing is
    expanded; `tabs` for `<<-`, which strips leading tabs."""

    delimiter: str
    raw: bool
    tabs: bool
    body: str = ""


class TooDeepError(ValueError):
    """Raised for commands that are nested deeper than in any real script."""


@dataclass(slots=True)
class Redirection:
    """A redirection: its operator, and its word or here-document. `descriptor` is "" if none is given."""

    operator: str
    descriptor: str
    target: Word | HereDocument


@dataclass(slots=True)
class Assignment:
    """An assignment `name=value` or, with `append`, `name+=value`. `value` is None for an array."""

    name: str
    append: bool
    value: Word | None


@dataclass(slots=True)
class Simple:
    """A simple command: assignments, words and redirections. `line` is its line in the source."""

    line: int
    assignments: list[Assignment] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)


@dataclass(slots=True)
class Pipeline:
    """Commands joined by `|`; `negated` if `!` stands before them."""

    negated: bool
    commands: list[Command]


@dataclass(slots=True)
class AndOr:
    """Pipelines joined by `&&` and `||`, from left to right; the first one's operator is ""."""

    members: list[tuple[str, Pipeline]]


Block: TypeAlias = list[AndOr]


@dataclass(slots=True)
class If:
    """An `if` command: its arms, each with condition and body, and the body of `else`."""

    arms: list[tuple[Block, Block]]
    otherwise: Block | None


@dataclass(slots=True)
class While:
    """A `while` loop, or an `until` loop if `until`."""

    until: bool
    condition: Block
    body: Block


@dataclass(slots=True)
class For:
    """A `for` loop. `words` is None for the positional parameters, and for `for ((…))`, which is `counted`."""

    name: str
    words: list[Word] | None
    counted: bool
    body: Block


@dataclass(slots=True)
class Case:
    """A `case` command; `exhaustive` if one of its arms matches everything."""

    arms: list[Block]
    exhaustive: bool


@dataclass(slots=True)
class CommandGroup:
    """Commands in braces, or in parentheses if `subshell`."""

    subshell: bool
    body: Block


@dataclass(slots=True)
class Function:
    """The definition of a function."""

    name: str
    body: Command


@dataclass(slots=True)
class Compound:
    """A compound command with its redirections."""

    line: int
    node: If | While | For | Case | CommandGroup | Function
    redirections: list[Redirection]


Command: TypeAlias = Simple | Compound


_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./:=,@%+\ue000-\ue001?-]+")


def quoted(words: list[str]) -> str:
    """A command line on which a shell finds exactly these words, expanding nothing."""
    return " ".join(w if _PLAIN_WORD.fullmatch(w) else "'" + w.replace("'", "'\\''") + "'" for w in words)


def split_assignment(word: Word) -> Assignment | None:
    """Read a word as an assignment; None if it is not one."""
    first = word if isinstance(word, str) else word[0].text if word and not word[0].quoted else ""
    if isinstance(word, tuple) and word and word[0].part is not PieceKind.LITERAL:
        return None
    match = _ASSIGNMENT.match(first)
    if match is None:
        return None
    rest = first[match.end() :]
    value: Word = rest if isinstance(word, str) else (WordPiece(PieceKind.LITERAL, rest, False), *word[1:])
    return Assignment(match[1], bool(match[3]), None if match[2] else value)
