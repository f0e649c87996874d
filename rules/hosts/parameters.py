"""The operators of `${…}`, as functions of text. Sources: POSIX.1-2017, XCU 2.6.2; bash(1), BraceExpansion Expansion."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rules.hosts.grammar.lexer import closing
from rules.hosts.grammar.patterns import Glob

_PARAMETER = re.compile(r"(#(?=[A-Za-z_@*0-9#]))?(!)?([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(\[)?", re.DOTALL)
_OPERATOR = re.compile(r":[-=?+]|[-=?+]|##|#|%%|%|//|/#|/%|/|:|\^\^|\^|,,|,|@", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BraceExpansion:
    """The content of the braces of `${…}`, taken apart."""

    name: str
    index: str = ""
    """The text in brackets after the name."""
    operator: str = ""
    operand: str = ""
    length: bool = False
    """`${#X}`"""
    indirect: bool = False
    """`${!X}`"""

    @property
    def keys(self) -> bool:
        """Whether it stands for the keys of an array, `${!X[@]}`."""
        return self.indirect and self.index in ("@", "*")

    @classmethod
    def parse(cls, text: str) -> BraceExpansion | None:
        """Read the content of the braces; None if it has no form that is followed here."""
        match = _PARAMETER.match(text)
        if match is None:
            return None
        index, at = "", match.end()
        if match[4]:
            end = text.find("]", at)
            nested = closing(text, at, "]") if "$" in text[at : max(end, at)] else end
            end = end if nested < 0 else nested
            if end < 0:
                return None
            index, at = text[at:end], end + 1
        operator = _OPERATOR.match(text, at)
        if at < len(text) and operator is None:
            return None
        if operator and operator[0] == "@":
            return None
        return cls(
            match[3],
            index.strip("\"'") if index not in ("@", "*") else index,
            operator[0] if operator else "",
            text[operator.end() :] if operator else "",
            bool(match[1]),
            bool(match[2]),
        )

    def with_operator_of(self, other: BraceExpansion) -> BraceExpansion:
        """The parameter with the operator of another one."""
        return replace(self, operator=other.operator, operand=other.operand, length=other.length)


def halves(operand: str) -> tuple[str, str]:
    """Pattern and replacement of `${X/pattern/replacement}`."""
    at = 0
    while at < len(operand):
        if operand[at] == "/":
            return operand[:at], operand[at + 1 :]
        if operand[at] in "'\"":
            end = operand.find(operand[at], at + 1)
            at = end if end > 0 else at
        at += 2 if operand[at] == "\\" else 1
    return operand, ""


def cut(text: str, glob: Glob, operator: str, new: str) -> str:
    """Remove what matches at the beginning (`#`) or the end (`%`) of a text, or replace it (`/`)."""
    longest = len(operator) == 2
    if operator[0] == "#":
        length = glob.prefix(text, longest=longest)
        return text[length:] if length else text
    if operator[0] == "%":
        length = glob.suffix(text, longest=longest)
        return text[: len(text) - length] if length else text
    if operator == "/#":
        length = glob.prefix(text, longest=True)
        return text if length is None else new + text[length:]
    if operator == "/%":
        length = glob.suffix(text, longest=True)
        return text if length is None else text[: len(text) - length] + new
    return glob.replace(text, new, everywhere=operator == "//")


def part(text: str, start: int, length: int | None) -> str | None:
    """`${X:start:length}`"""
    start = start if start >= 0 else len(text) + start
    if start < 0:
        return ""
    end = len(text) if length is None else start + length if length >= 0 else len(text) + length
    return text[start:end] if end >= start else None


def converted(text: str, operator: str) -> str:
    """`${X^^}` and its kin."""
    change = str.upper if operator[0] == "^" else str.lower
    return change(text) if len(operator) == 2 else change(text[:1]) + text[1:]


def splitting(separators: str) -> re.Pattern[str]:
    """The separator of fields: blanks of `IFS` in any number, other characters each with the blanks around them."""
    blanks = "".join(sign for sign in " \t\n" if sign in separators)
    others = "".join(sign for sign in separators if sign not in " \t\n")
    if not others:
        return re.compile(f"[{blanks}]+")
    sign = f"[{re.escape(others)}]"
    return re.compile(f"[{blanks}]*{sign}[{blanks}]*|[{blanks}]+" if blanks else sign)
