"""Splits shell source into tokens. Covers the syntax common to bash and POSIX sh that decides the words of commands.

Words keep their expansions unevaluated. An unclosed quote swallows the rest, as in a shell. Time is linear: every
character is looked at a bounded number of times. Source: POSIX.1-2017, XCU 2.3 Token Recognition; bash(1), QUOTING.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from rules.hosts.grammar.syntax import HereDocument, PieceKind, Word, WordPiece


class Kind(Enum):
    """The kind of a token."""

    WORD = auto()
    OPERATOR = auto()
    HERE = auto()
    """A here-document."""
    DESCRIPTOR = auto()
    """The number before a redirection."""
    NEWLINE = auto()
    END = auto()


class Token(NamedTuple):
    """A token of a script; `start` is its character offset into the script."""

    kind: Kind
    value: Word | HereDocument
    start: int


_BLANK = re.compile(r"(?:[ \t\r]+|\\\n)+")
_COMMENT = re.compile(r"#[^\n]*")
_PLAIN = re.compile(r"""[^ \t\r\n;&|<>()"'\\$`]+""")
_OPERATOR = re.compile(r"&&|\|\||;;&|;;|;&|&>>|&>|<<<|<<-|<<|>>|>&|<&|<>|>\||\|&|[;&|<>()]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_IN_QUOTES = re.compile(r'[^"\\$`]+')
_IN_HERE = re.compile(r"[^\\$`]+")
_CLOSERS = re.compile(r"""\\.|['"`]|\$\(|\$\{|[(){}]""", re.DOTALL)
_ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([abefnrtv\\'\"?])|0?([0-7]{1,3})|x([0-9a-fA-F]{1,2}))")
_ESCAPES = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_TEST_OPERATORS = {"&&", "||", "(", ")", "<", ">", "|"}


def unescape(text: str) -> str:
    """Replace backslash escapes as `echo -e`, printf and `$'…'` do."""
    return _ESCAPE.sub(
        lambda m: _ESCAPES.get(m[1], m[1]) if m[1] else chr(int(m[2], 8) & 255 if m[2] else int(m[3], 16)), text
    )


def closing(text: str, start: int, closer: str) -> int:
    """The offset of the `closer` of the construct whose opening sign ends at `start`, or -1."""
    open_ = [closer]
    position = start
    while match := _CLOSERS.search(text, position):
        sign, position = match[0], match.end()
        inside = open_[-1]
        if sign == inside:
            open_.pop()
            if not open_:
                return match.start()
        elif sign in ("$(", "${"):
            open_.append(")" if sign == "$(" else "}")
        elif inside != '"':
            if sign == '"' or (sign == "(" and inside == ")"):
                open_.append('"' if sign == '"' else ")")
            elif sign == "'":
                position = text.find("'", position) + 1
                if not position:
                    return -1
    return -1


class Lexer:
    """Reads one script (or a here-document's text, or the default inside `${…}`)."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def tokens(self) -> Iterator[Token]:
        """All tokens; the last one is END. A here-document gets its body when the NEWLINE after it is read."""
        text = self._text
        waiting: list[HereDocument] = []
        delimiter_next = ""
        testing = False  # inside [[ … ]], where operators are words
        while True:
            if blank := _BLANK.match(text, self._at):
                self._at = blank.end()
            start = self._at
            if start >= len(text):
                yield Token(Kind.NEWLINE, "", start)
                yield Token(Kind.END, "", start)
                return
            sign = text[start]
            if sign == "\n":
                self._at += 1
                for here in waiting:
                    self._read_body(here)
                waiting.clear()
                testing = False
                yield Token(Kind.NEWLINE, "", start)
            elif sign == "#":
                comment = _COMMENT.match(text, start)
                self._at = comment.end() if comment else start + 1
            elif (operator := _OPERATOR.match(text, start)) and not self._is_substitution(start):
                self._at = operator.end()
                value = operator[0]
                if value in ("<<", "<<-") and not testing:
                    delimiter_next = value
                elif testing and value in _TEST_OPERATORS:
                    yield Token(Kind.WORD, value, start)
                else:
                    testing = False
                    yield Token(Kind.OPERATOR, value, start)
            else:
                word = self.word()
                if delimiter_next:
                    here = HereDocument(_unquoted(word), not isinstance(word, str), delimiter_next == "<<-")
                    delimiter_next = ""
                    waiting.append(here)
                    yield Token(Kind.HERE, here, start)
                    continue
                if word == "[[":
                    testing = True
                elif word == "]]":
                    testing = False
                is_number = isinstance(word, str) and word.isdecimal() and text[self._at : self._at + 1] in ("<", ">")
                yield Token(Kind.DESCRIPTOR if is_number else Kind.WORD, word, start)

    def word(self) -> Word:
        """The word at the current position. A character that does not fit is a word of its own."""
        text, pieces = self._text, list[WordPiece]()
        while self._at < len(text):
            start = self._at
            sign = text[start]
            if plain := _PLAIN.match(text, start):
                self._at = plain.end()
                if text[self._at : self._at + 1] == "(" and plain[0][-1] in "?*+@!" and (pieces or plain[0] != "!"):
                    end = closing(text, self._at + 1, ")") + 1  # an extended pattern, `!(a|b)`
                    self._at = end or self._at
                    pieces.append(WordPiece(PieceKind.LITERAL, text[start : self._at], False))
                    if end:
                        continue
                    break
                if not pieces and (self._at >= len(text) or text[self._at] in " \t\n;"):
                    return plain[0]
                pieces.append(WordPiece(PieceKind.LITERAL, plain[0], False))
            elif sign == "'":
                end = text.find("'", start + 1)
                end = len(text) if end < 0 else end
                self._at = end + 1
                pieces.append(WordPiece(PieceKind.LITERAL, text[start + 1 : end], True))
            elif sign == '"':
                self._at += 1
                pieces += self._until_quote(_IN_QUOTES, '"')
            elif sign == "\\":
                self._at += 2
                if text[start + 1 : start + 2] != "\n":
                    pieces.append(WordPiece(PieceKind.LITERAL, text[start + 1 : start + 2], True))
            elif sign in "$`":
                pieces.append(self._expansion(False))
            elif self._is_substitution(start):
                pieces.append(self._bracketed(start, 2, ")", quoted=False))
            else:
                break
        if len(pieces) == 1 and pieces[0].part is PieceKind.LITERAL and not pieces[0].quoted:
            return pieces[0].text
        return tuple(pieces)

    def here_text(self) -> Word:
        """The whole text as the inside of a here-document whose delimiter was not quoted."""
        return tuple(self._until_quote(_IN_HERE, ""))

    def operand(self) -> Word:
        """The whole text as the operand in `${X#operand}`, where blanks and operators are nothing special."""
        pieces: list[WordPiece] = []
        while self._at < len(self._text):
            start = self._at
            word = self.word()
            if isinstance(word, str):
                word = (WordPiece(PieceKind.LITERAL, word, False),)
            if self._at == start:
                self._at += 1
                word = (WordPiece(PieceKind.LITERAL, self._text[start], False),)
            pieces += word
        return tuple(pieces)

    def calculation(self) -> str | None:
        """The expression of `((…))` whose first parenthesis was just read; None if these are two subshells."""
        text, start = self._text, self._at
        if text[start : start + 1] != "(":
            return None
        end = closing(text, start + 1, ")")
        if end < 0 or text[end + 1 : end + 2] != ")":
            return None
        self._at = end + 2
        return text[start + 1 : end]

    def _until_quote(self, run: re.Pattern[str], quote: str) -> list[WordPiece]:
        text = self._text
        pieces = [WordPiece(PieceKind.LITERAL, "", True)]
        while self._at < len(text):
            start = self._at
            if literal := run.match(text, start):
                self._at = literal.end()
                pieces.append(WordPiece(PieceKind.LITERAL, literal[0], True))
            elif text[start] == quote:
                self._at += 1
                break
            elif text[start] == "\\":
                self._at += 2
                escaped = text[start + 1 : start + 2]
                if escaped != "\n":
                    shown = escaped if escaped and escaped in '$`\\"'[: 4 if quote else 3] else "\\" + escaped
                    pieces.append(WordPiece(PieceKind.LITERAL, shown, True))
            else:
                pieces.append(self._expansion(True))
        return pieces

    def _expansion(self, quoted: bool) -> WordPiece:
        text, start = self._text, self._at
        if text[start] == "`":
            end = start + 1
            while end < len(text) and text[end] != "`":
                end += 2 if text[end] == "\\" else 1
            self._at = end + 1
            return WordPiece(PieceKind.COMMAND, text[start : end + 1], quoted)
        following = text[start + 1 : start + 2]
        if following == "(":
            return self._bracketed(start, 2, ")", quoted=quoted)
        if following == "{":
            return self._bracketed(start, 2, "}", quoted=quoted)
        if name := _NAME.match(text, start + 1):
            self._at = name.end()
            return WordPiece(PieceKind.VARIABLE, name[0], quoted)
        if not quoted and following == "'" and (ansi := _ANSI.match(text, start)):
            self._at = ansi.end()
            return WordPiece(PieceKind.LITERAL, unescape(ansi[1]), True)
        self._at += 1
        return WordPiece(PieceKind.LITERAL, "" if following == '"' and not quoted else "$", quoted)

    def _bracketed(self, start: int, opening: int, closer: str, quoted: bool) -> WordPiece:
        text = self._text
        end = closing(text, start + opening, closer)
        end = len(text) if end < 0 else end
        self._at = end + 1
        if closer == "}":
            return WordPiece(PieceKind.VARIABLE, text[start + opening : end], quoted)
        return WordPiece(PieceKind.COMMAND, text[start : end + 1], quoted)

    def _is_substitution(self, start: int) -> bool:
        return self._text[start] in "<>" and self._text[start + 1 : start + 2] == "("

    def _read_body(self, here: HereDocument) -> None:
        text, start = self._text, self._at
        kept: list[str] = []
        while start < len(text):
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            line = text[start:end]
            start = end + 1
            if here.tabs:
                line = line.lstrip("\t")
            if line.rstrip("\r") == here.delimiter:
                break
            kept.append(line)
        self._at = min(start, len(text))
        here.body = "".join(f"{line}\n" for line in kept)


def _unquoted(word: Word) -> str:
    return word if isinstance(word, str) else "".join(piece.text for piece in word)
