"""Shell variables, and the expansion of words.

A value that only the host knows (an unset variable, a command's output, an operator that is not followed here) becomes
an unknown token, so that the rest of its word is still understood. Source: POSIX.1-2017, XCU 2.6 Word Expansions.
"""

from __future__ import annotations

import re

from rules.hosts.grammar.lexer import Lexer
from rules.hosts.grammar.syntax import HereDocument, PieceKind, Word, WordPiece
from rules.hosts.grammar.tokens import OPEN, Tokens, is_unknown
from rules.hosts.journal import Journal

MAX_VALUE = 2048
"""Longer values are unknown: no path or option list is as long, and doubling a variable must not fill the memory."""

_PARAMETER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(?:(:?[-=?+])(.*))?", re.DOTALL)
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
RANGE = re.compile(r"\{[0-9]+\.\.[0-9]+\}")
_BLANKS = re.compile(r"[ \t\n]+")
_ALL = ("@", "*")


class Variables:
    """The variables and positional parameters at one moment of a script."""

    def __init__(self, tokens: Tokens, known_environment: bool) -> None:
        """`known_environment` is true for user data: nothing else sets its variables, so `${A:-default}` is the
        default. Other scripts may get theirs from their callers.
        """
        self._tokens = tokens
        self._known_environment = known_environment
        self.values: Journal[str] = Journal()
        self.arguments: tuple[str, ...] | None = () if known_environment else None
        """The positional parameters; None if they are not known."""

    def assign(self, name: str, value: str | None) -> None:
        """Set a variable; None for a value that is not known."""
        if value is None or len(value) > MAX_VALUE:
            value = self._tokens.unknown(f"${name}")
        self.values.set(name, value)

    def environment_changes(self) -> None:
        """Note that an unknown file was sourced: variables that are not set here may be set from now on."""
        self._known_environment = False

    def forget(self) -> int:
        """Make all variables unknown, because something unknown may have set them. Returns their number."""
        names = self.values.names()
        for name in names:
            if name != "PWD":
                self.assign(name, None)
        return len(names)

    def merge(self, changes: list[dict[str, str | None]]) -> None:
        """Take over the changes of branches. Where the branches differ, the value is unknown."""
        for name in {name: None for change in changes for name in change}:
            values = {change.get(name, self.values.get(name)) for change in changes}
            if len(values) == 1:
                self.values.set(name, values.pop())
            else:
                self.assign(name, None)

    # -- expansion -----------------------------------------------------------------------------------------------------

    def text(self, word: Word | HereDocument) -> str:
        """A word as one string, as on the right of an assignment or in a here-document."""
        if isinstance(word, HereDocument):
            if word.raw:
                return word.body
            word = Lexer(word.body).here_text()
        if isinstance(word, str):
            return word
        limit = MAX_VALUE + 4 * sum(len(piece.text) for piece in word)
        found: list[str] = []
        for piece in word:
            found.append(piece.text if piece.part is PieceKind.LITERAL else self._value(piece))
            limit -= len(found[-1])
            if limit < 0:
                return self._tokens.unknown("…")
        return "".join(found)

    def fields(self, word: Word) -> list[str]:
        """The words that a word becomes: split at the blanks of unquoted variables, braces expanded."""
        if isinstance(word, str):
            return _braces(word) if "{" in word else [word]
        if all(piece.part is PieceKind.LITERAL for piece in word):
            return _braces_outside_quotes(word)
        if len(word) <= 2 and self.arguments is not None and any(_is_all(piece) for piece in word):
            return list(self.arguments)
        fields: list[str] = []
        current: list[str] | None = None
        room = MAX_VALUE + 4 * sum(len(piece.text) for piece in word)
        for piece in word:
            value = piece.text if piece.part is PieceKind.LITERAL else self._value(piece)
            room -= len(value)
            if room < 0:
                return [self._tokens.unknown("…")]
            if piece.part is PieceKind.LITERAL or piece.quoted:
                current = [] if current is None else current
                current.append(value)
                continue
            for index, part in enumerate(_BLANKS.split(value)):
                if index and current is not None:
                    fields.append("".join(current))
                    current = None
                if part:
                    current = [] if current is None else current
                    current.append(part)
        return fields if current is None else [*fields, "".join(current)]

    def items(self, words: list[Word]) -> list[str] | None:
        """The items of a `for` loop; None if they are not known."""
        found: list[str] = []
        for word in words:
            if isinstance(word, str) and RANGE.fullmatch(word):
                return None
            for item in self.fields(word):
                whole = isinstance(word, str) or all(piece.quoted for piece in word)
                if (
                    is_unknown(item)
                    or (not whole and OPEN in item)
                    or (isinstance(word, str) and any(c in item for c in "*?"))
                ):
                    return None
                found.append(item)
        return (
            None if any(_is_all(piece) for w in words if isinstance(w, tuple) for piece in w) and not found else found
        )

    def _value(self, piece: WordPiece) -> str:
        if piece.part is PieceKind.COMMAND:
            return self._tokens.unknown(piece.text)
        shown = f"${piece.text}" if piece.text.isidentifier() else f"${{{piece.text}}}"
        match = _PARAMETER.fullmatch(piece.text) if len(piece.text) <= MAX_VALUE else None
        if match is None:
            return self._tokens.unknown(shown)
        name, operator, default = match.groups()
        value = self._parameter(name)
        if value is None and (not operator or operator[-1] not in "-=" or not self._is_surely_unset(name)):
            return self._tokens.unknown(shown)
        if not operator or operator[-1] == "?":
            return value or ""
        if operator[-1] == "+":
            return self._tokens.unknown(shown)
        if value is not None and (value or operator[0] != ":"):
            # A reference may be empty: then the default would count.
            return value if OPEN not in value or not default or operator[0] != ":" else self._tokens.unknown(shown)
        value = self.text(Lexer(default).here_text())
        if operator[-1] == "=":
            self.assign(name, value)
        return value

    def _parameter(self, name: str) -> str | None:
        if not name.isdecimal():
            return " ".join(self.arguments) if name in _ALL and self.arguments else self.values.get(name)
        if self.arguments is None or not 0 < int(name[:4]) <= len(self.arguments):
            return None
        return self.arguments[int(name[:4]) - 1]

    def _is_surely_unset(self, name: str) -> bool:
        return self.arguments is not None if name.isdecimal() else self._known_environment


def _is_all(piece: WordPiece) -> bool:
    return piece.part is PieceKind.VARIABLE and piece.text in _ALL


def _braces(word: str) -> list[str]:
    """Expand `{a,b}`, as in `mkdir -p /mnt/{a,b}`, unless that would make very many words."""
    words = [word]
    while len(word) <= 1000 and (first := _BRACES.search(words[0])):
        if len(words) * (first[1].count(",") + 1) > 64:
            break
        words = [
            w[: m.start()] + choice + w[m.end() :]
            for w in words
            if (m := _BRACES.search(w))
            for choice in m[1].split(",")
        ]
    return words


def _braces_outside_quotes(word: tuple[WordPiece, ...]) -> list[str]:
    joined = "".join(piece.text for piece in word)
    return _braces(joined) if any("{" in piece.text and not piece.quoted for piece in word) else [joined]
