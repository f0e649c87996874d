"""A stream of tokens with one token of lookahead, and the small steps that the parser is made of."""

from __future__ import annotations

from collections.abc import Callable

from rules.hosts.grammar.lexer import Kind, Lexer, Token
from rules.hosts.grammar.syntax import HereDocument, Word

_CLOSING = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})
_ENDS = frozenset({";", "&", "\n"})


class Reader:
    """The tokens of a script. `broken` turns true when something does not fit the grammar."""

    def __init__(self, text: str, line_of: Callable[[int], int]) -> None:
        self.broken = False
        self._text = text
        self._line_of = line_of
        self._lexer = Lexer(text)
        self._tokens = self._lexer.tokens()
        self.token = next(self._tokens)
        self._counted = 0
        self._line = 1

    def advance(self) -> Token:
        """The current token; the next one becomes current."""
        token = self.token
        if token.kind is not Kind.END:
            self.token = next(self._tokens)
        return token

    def at(self, *operators: str) -> bool:
        """Whether one of these operators is next."""
        return self.token.kind is Kind.OPERATOR and self.token.value in operators

    def is_word(self, *words: str) -> bool:
        """Whether one of these words, unquoted, is next."""
        return self.token.kind is Kind.WORD and self.token.value in words

    def at_closer(self) -> bool:
        """Whether a reserved word is next that ends a part of a compound command."""
        value = self.token.value
        return self.token.kind is Kind.WORD and isinstance(value, str) and value in _CLOSING

    def has_word(self) -> bool:
        """Whether any word is next."""
        return self.token.kind in (Kind.WORD, Kind.DESCRIPTOR)

    def skip_ends(self) -> None:
        """Skip newlines, `;` and `&`."""
        while self.token.kind is Kind.NEWLINE or (self.token.kind is Kind.OPERATOR and self.token.value in _ENDS):
            self.advance()

    def skip_newlines(self) -> None:
        """Skip newlines."""
        while self.token.kind is Kind.NEWLINE:
            self.advance()

    def expect(self, word: str) -> None:
        """Skip a reserved word that has to be here."""
        if self.is_word(word):
            self.advance()
        else:
            self.broken = True

    def line_here(self) -> int:
        """The line of the current token, in the source."""
        start = self.token.start
        if start > self._counted:
            self._line += self._text.count("\n", self._counted, start)
            self._counted = start
        return self._line_of(self._line)

    def close(self) -> None:
        """Skip the closing parenthesis that has to be here."""
        if self.at(")"):
            self.advance()
        else:
            self.broken = True

    def plain_word(self) -> str:
        """Skip a word; "" if it is not plain."""
        value = self.advance().value if self.token.kind is Kind.WORD else ""
        return value if isinstance(value, str) else ""

    def at_array(self) -> bool:
        """Whether an array's parenthesis is next: it stands directly behind the sign."""
        return self.at("(") and self._text[self.token.start - 1] == "="

    def array(self) -> list[Word]:
        """The words of an array in their parentheses."""
        words: list[Word] = []
        self.advance()
        while self.token.kind is Kind.NEWLINE or self.has_word():
            token = self.advance()
            if token.kind is not Kind.NEWLINE and not isinstance(token.value, HereDocument):
                words.append(token.value)
        self.close()
        return words

    def calculation(self) -> str | None:
        """The expression of `((…))` if one begins here; it is consumed."""
        text = self._lexer.calculation() if self.at("(") else None
        if text is not None:
            self.token = next(self._tokens)
        return text
