"""The syntax tree of scripts: words with their expansions, and commands. Source: POSIX.1-2017, XCU 2."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple, TypeAlias

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_OPENING = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\[")
_CLOSING = re.compile(r"\](\+?)=")


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
    """An assignment `name=value` or, with `append`, `name+=value`; `name[index]=value` sets one item of an array, and
    `array` holds the words of `name=(…)`."""

    name: str
    append: bool
    value: Word
    index: Word | None = None
    array: list[Word] | None = None


@dataclass(slots=True)
class Simple:
    """A simple command: assignments, words and redirections. `line` is its line in the source."""

    line: int
    assignments: list[Assignment] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)
    arrays: dict[int, list[Word]] = field(default_factory=dict)
    """The words of arrays, `declare A=(…)`, by the number of their word."""


@dataclass(slots=True)
class Pipeline:
    """Commands joined by `|`; `negated` if `!` stands before them."""

    negated: bool
    commands: list[Command]


@dataclass(slots=True)
class AndOr:
    """Pipelines joined by `&&` and `||`, from left to right; the first one's operator is "". With `&` after it, it runs
    in the background."""

    members: list[tuple[str, Pipeline]]
    background: bool = False


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
    """A `for` loop. `words` is None for the positional parameters. `steps` are the three parts of `for ((…))`."""

    name: str
    words: list[Word] | None
    steps: list[str] | None
    body: Block


class CaseArm(NamedTuple):
    """An arm of a `case` command; it is `open` if another arm may follow it (`;&`)."""

    patterns: list[Word]
    body: Block
    open: bool


@dataclass(slots=True)
class Case:
    """A `case` command."""

    word: Word
    arms: list[CaseArm]


@dataclass(slots=True)
class Calculation:
    """`((…))`, with the expression between the parentheses."""

    text: str


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
    node: If | While | For | Case | Calculation | CommandGroup | Function
    redirections: list[Redirection]


Command: TypeAlias = Simple | Compound


_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./:=,@%+\ue000-\ue001?-]+")


def quoted(words: list[str]) -> str:
    """A command line on which a shell finds exactly these words, expanding nothing."""
    return " ".join(w if _PLAIN_WORD.fullmatch(w) else "'" + w.replace("'", "'\\''") + "'" for w in words)


def split_assignment(word: Word) -> Assignment | None:
    """Read a word as an assignment; None if it is not one."""
    pieces = (WordPiece(PieceKind.LITERAL, word, False),) if isinstance(word, str) else word
    if not pieces or pieces[0].part is not PieceKind.LITERAL or pieces[0].quoted:
        return None
    match = _ASSIGNMENT.match(pieces[0].text)
    index: Word | None = None
    if match is None:
        found = _indexed(pieces)
        if found is None:
            return None
        match, pieces, index = found
    rest = pieces[0].text[match.end() :]
    value: Word = rest if len(pieces) == 1 else (WordPiece(PieceKind.LITERAL, rest, False), *pieces[1:])
    return Assignment(match[1], match[2] == "+", value, index=index)


def split_item(word: Word) -> tuple[Word, Word] | None:
    """Key and value of `[key]=value` among the words of an array; None for a value without a key."""
    pieces = (WordPiece(PieceKind.LITERAL, word, False),) if isinstance(word, str) else word
    first = pieces[0] if pieces else None
    if first is None or first.part is not PieceKind.LITERAL or first.quoted or not first.text.startswith("["):
        return None
    item = split_assignment((WordPiece(PieceKind.LITERAL, f"_{first.text}", False), *pieces[1:]))
    return None if item is None or item.index is None else (item.index, item.value)


def _indexed(pieces: tuple[WordPiece, ...]) -> tuple[re.Match[str], tuple[WordPiece, ...], Word] | None:
    """The parts of `name[index]=value`: a match of name and sign, the pieces from there, and the index."""
    opening = _OPENING.match(pieces[0].text)
    if opening is None:
        return None
    index: list[WordPiece] = []
    for number, piece in enumerate(pieces):
        text = piece.text if number else piece.text[opening.end() :]
        close = _CLOSING.search(text) if piece.part is PieceKind.LITERAL and not piece.quoted else None
        if close:
            index.append(WordPiece(PieceKind.LITERAL, text[: close.start()], False))
            joined = f"{opening[1]}{close[1]}={text[close.end() :]}"
            match = _ASSIGNMENT.match(joined)
            rest = (WordPiece(PieceKind.LITERAL, joined, False), *pieces[number + 1 :])
            return (match, rest, tuple(index)) if match else None
        index.append(piece if number else WordPiece(PieceKind.LITERAL, text, False))
    return None
