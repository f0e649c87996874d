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
    """`text` is what stands between the braces of `${…}`, or the name after `$`."""
    COMMAND = auto()
    """`text` is the source of a command substitution, arithmetic expansion or process substitution, with its signs."""


class WordPiece(NamedTuple):
    part: PieceKind
    text: str
    quoted: bool


Word: TypeAlias = str | tuple[WordPiece, ...]
"""A string if it is plain: nothing quoted, nothing to expand."""


@dataclass(slots=True)
class HereDocument:
    """`<<` with the text up to its delimiter; `raw` if the delimiter was quoted, so that nothing is expanded."""

    delimiter: str
    raw: bool
    tabs: bool
    body: str = ""


class TooDeepError(ValueError):
    """Raised for commands that are nested deeper than anybody writes them."""


@dataclass(slots=True)
class Redirection:
    """`operator` with its word, or a here-document; `descriptor` is "" if none is given."""

    operator: str
    descriptor: str
    target: Word | HereDocument


@dataclass(slots=True)
class Assignment:
    """`name=value` or, with `append`, `name+=value`. `value` is None for an array."""

    name: str
    append: bool
    value: Word | None


@dataclass(slots=True)
class Simple:
    line: int
    assignments: list[Assignment] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)


@dataclass(slots=True)
class Pipeline:
    negated: bool
    commands: list[Command]


@dataclass(slots=True)
class AndOr:
    """Pipelines joined by `&&` and `||`, from left to right; the first one's operator is ""."""

    members: list[tuple[str, Pipeline]]


Block: TypeAlias = list[AndOr]


@dataclass(slots=True)
class If:
    arms: list[tuple[Block, Block]]
    otherwise: Block | None


@dataclass(slots=True)
class While:
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
    subshell: bool
    body: Block


@dataclass(slots=True)
class Function:
    name: str
    body: Command


@dataclass(slots=True)
class Compound:
    """A compound command with its redirections."""

    line: int
    node: If | While | For | Case | CommandGroup | Function
    redirections: list[Redirection]


Command: TypeAlias = Simple | Compound


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
