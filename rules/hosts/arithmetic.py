"""Arithmetic of the shell: `$((…))`, `((…))`, `let`. Sources: POSIX.1-2017, XCU 2.6.4; bash(1), ARITHMETIC EVALUATION."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(
    r"\s*(?:(0[xX][0-9a-fA-F]{1,15}|[0-9]{1,18})|\$?\{?([A-Za-z_][A-Za-z0-9_]*)\}?|(\*\*|<<=|>>=|<<|>>|\+\+|--|&&|\|\||"
    r"[-+*/%<>=!&|^]=|[-+*/%<>=!&|^~?:(),]))"
)
_MAX_LENGTH = 200
_LEVELS = [
    ["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<=", ">=", "<", ">"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"],
]  # fmt: skip
_ASSIGNING = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}


class Arithmetic:
    """One expression. A value that is not a known number is None, and makes None of everything that it is part of."""

    def __init__(
        self, text: str, value: Callable[[str], int | None], assign: Callable[[str, int | None], object]
    ) -> None:
        self._value = value
        self._assign = assign
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        self._certain = True
        at = 0
        text = text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at) if len(text) <= _MAX_LENGTH else None
            if match is None:
                self._tokens = [("", "?")]
                break
            kind = ("number", "name", "sign")[(match.lastindex or 1) - 1]
            self._tokens.append((kind, match[match.lastindex or 1]))
            at = match.end()

    def names(self) -> list[str]:
        """The variables that the expression sets, or may set."""
        signs = {*_ASSIGNING, "++", "--"}
        return [
            word
            for number, (kind, word) in enumerate(self._tokens)
            if kind == "name" and any(near[1] in signs for near in self._tokens[max(0, number - 1) : number + 2])
        ]

    def evaluate(self) -> int | None:
        """The value of the expression; its assignments are made."""
        if not self._tokens:
            return 0
        value = self._list()
        if self._at < len(self._tokens):
            for name in self.names():
                self._assign(name, None)
            return None
        return value

    def _next(self, *signs: str) -> str:
        """The sign that comes next, if it is one of these; it is consumed."""
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "sign":
            sign = self._tokens[self._at][1]
            if sign in signs:
                self._at += 1
                return sign
        return ""

    def _list(self) -> int | None:
        value = self._assignment()
        while self._next(","):
            value = self._assignment()
        return value

    def _assignment(self) -> int | None:
        if self._at + 1 < len(self._tokens) and self._tokens[self._at][0] == "name":
            name, sign = self._tokens[self._at][1], self._tokens[self._at + 1][1]
            if sign in _ASSIGNING:
                self._at += 2
                value = self._assignment()
                if sign != "=":
                    value = _applied(sign[:-1], self._value(name), value)
                return self._set(name, value)
        value = self._binary(0)
        if self._next("?"):
            outer, self._certain = self._certain, False
            first = self._assignment()
            second = self._assignment() if self._next(":") else None
            self._certain = outer
            return None if value is None else first if value else second
        return value

    def _binary(self, level: int) -> int | None:
        if level == len(_LEVELS):
            return self._power()
        left = self._binary(level + 1)
        while sign := self._next(*_LEVELS[level]):
            outer = self._certain
            if level < 2:
                self._certain = False  # the right side may not be evaluated
            right = self._binary(level + 1)
            self._certain = outer
            left = _applied(sign, left, right)
        return left

    def _power(self) -> int | None:
        left = self._unary()
        return _applied("**", left, self._power()) if self._next("**") else left

    def _unary(self) -> int | None:
        if sign := self._next("+", "-", "!", "~"):
            value = self._unary()
            return None if value is None else {"+": value, "-": -value, "!": int(not value), "~": ~value}[sign]
        if sign := self._next("++", "--"):
            name = self._name()
            return self._set(name, _applied(sign[0], self._value(name), 1)) if name else None
        if self._next("("):
            value = self._list()
            if self._next(")"):
                return value
            self._fail()
            return None
        if self._at >= len(self._tokens):
            self._fail()
            return None
        kind, word = self._tokens[self._at]
        if kind == "number":
            self._at += 1
            octal = word.startswith("0") and word.isdecimal() and word != "0"
            return int(word, 8) if octal and not set(word) & set("89") else None if octal else int(word, 0)
        if name := self._name():
            value = self._value(name)
            if sign := self._next("++", "--"):
                self._set(name, _applied(sign[0], value, 1))
            return value
        self._fail()
        return None

    def _name(self) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "name":
            self._at += 1
            return self._tokens[self._at - 1][1]
        return ""

    def _set(self, name: str, value: int | None) -> int | None:
        self._assign(name, value if self._certain else None)
        return value

    def _fail(self) -> None:
        self._at = len(self._tokens) + 1
        for name in self.names():
            self._assign(name, None)


def _applied(sign: str, left: int | None, right: int | None) -> int | None:
    """The value of `left sign right`."""
    if left is None or right is None:
        return None
    if sign in ("/", "%"):
        if right == 0:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return _bounded(quotient if sign == "/" else left - right * quotient)
    if sign in ("<<", ">>", "**"):
        if not 0 <= right < 64:
            return None
        return _bounded(left << right if sign == "<<" else left >> right if sign == ">>" else left**right)
    return _bounded(
        int(
            {
                "||": bool(left or right), "&&": bool(left and right), "|": left | right, "^": left ^ right,
                "&": left & right, "==": left == right, "!=": left != right, "<=": left <= right, ">=": left >= right,
                "<": left < right, ">": left > right, "+": left + right, "-": left - right, "*": left * right,
            }[sign]
        )
    )  # fmt: skip


def _bounded(value: int) -> int | None:
    return value if -(2**63) <= value < 2**63 else None
