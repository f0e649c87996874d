"""Patterns of the shell and of sed, grep and awk, matched in bounded time, because scripts may be hostile.

Shell patterns (`fs-*`) are matched by following all possibilities at once. Regular expressions are left to `re`, but only
those whose worst case is harmless on the text at hand. Sources: POSIX.1-2017, XCU 2.13 and XBD 9; bash(1), Parameter
Expansion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import factorial
from typing import NamedTuple

from rules.hosts.grammar.tokens import OPEN

_MAX_PATTERN = 300
_MAX_STEPS = 200_000
_MAX_REPETITIONS = 5
_MAX_CHOICES = 64
_CLASSES = {
    "space": r" \t\n\r\f\v", "blank": r" \t", "digit": "0-9", "alpha": "A-Za-z", "alnum": "A-Za-z0-9", "upper": "A-Z",
    "lower": "a-z", "xdigit": "0-9A-Fa-f", "punct": r"!-/:-@\[-`{-~",
}  # fmt: skip
_BRACKET = re.compile(r"\[([!^]?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]")
_CLASS = re.compile(r"\[:([a-z]+):\]")
_BOUNDS = re.compile(r"\{([0-9]{1,2})(?:(,)([0-9]{1,2})?)?\}")


class Atom(NamedTuple):
    """A part of a shell pattern: one character of a kind, or with `star` any text. `kind` None is any character."""

    kind: re.Pattern[str] | None
    star: bool = False


class Glob:
    """A shell pattern. Its parts are the bits of a number, so that a character is one step for all possibilities."""

    def __init__(self, atoms: list[Atom]) -> None:
        self._atoms = atoms
        self._stars = sum(1 << i for i, atom in enumerate(atoms) if atom.star)
        self._masks: dict[str, int] = {}
        self.steps = 0
        """The work that matching has taken so far."""

    @classmethod
    def parse(cls, pieces: list[tuple[str, bool]]) -> Glob | None:
        """A pattern of pieces of text, each with whether it is quoted; None for one that is not followed here."""
        atoms: list[Atom] = []
        if any(OPEN in text for text, _ in pieces):
            return None
        for text, quoted in pieces:
            at = 0
            while at < len(text):
                sign = text[at]
                at += 1
                if quoted or sign not in "*?[\\@!+(":
                    atoms.append(_one(sign))
                elif sign in "@!+(":
                    if text[at : at + 1] == "(":
                        return None  # bash's extended patterns
                    atoms.append(_one(sign))
                elif sign == "\\":
                    atoms.append(_one(text[at : at + 1] or "\\"))
                    at += 1
                elif sign == "[" and (bracket := _BRACKET.match(text, at - 1)):
                    kind = _bracket(bracket)
                    if kind is None:
                        return None
                    atoms.append(Atom(kind))
                    at = bracket.end()
                elif sign == "*":
                    if not (atoms and atoms[-1].star):
                        atoms.append(Atom(None, star=True))
                else:
                    atoms.append(Atom(None) if sign == "?" else _one(sign))
        return cls(atoms) if len(atoms) <= _MAX_PATTERN else None

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        return len(text) in self._ends(text)

    def prefix(self, text: str, *, longest: bool) -> int | None:
        """The length of the beginning of the text that matches."""
        ends = self._ends(text)
        return None if not ends else ends[-1] if longest else ends[0]

    def suffix(self, text: str, *, longest: bool) -> int | None:
        """The length of the end of the text that matches."""
        self.steps += len(text)
        return Glob(self._atoms[::-1]).prefix(text[::-1], longest=longest)

    def replace(self, text: str, new: str, *, everywhere: bool) -> str:
        """The text with the first match, or each, replaced."""
        found: list[str] = []
        at = 0
        while at < len(text):
            length = self.prefix(text[at:], longest=True)
            if length:
                found.append(new)
                at += length
                if not everywhere:
                    break
            else:
                found.append(text[at])
                at += 1
        return "".join(found) + text[at:]

    def _ends(self, text: str) -> list[int]:
        done = 1 << len(self._atoms)
        states = self._closed(1)
        ends = [0] if states & done else []
        for at, sign in enumerate(text, 1):
            self.steps += 1
            mask = self._masks.get(sign)
            if mask is None:
                mask = self._masks[sign] = self._mask(sign)
            states = self._closed(((states & mask) << 1) | (states & self._stars))
            if not states:
                break
            if states & done:
                ends.append(at)
        return ends

    def _closed(self, states: int) -> int:
        return states | (states & self._stars) << 1

    def _mask(self, sign: str) -> int:
        return sum(
            1 << i
            for i, atom in enumerate(self._atoms)
            if not atom.star and (atom.kind is None or atom.kind.fullmatch(sign) is not None)
        )


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression in Python's form, with the numbers of its repetitions and choices, which bound the work."""

    pattern: re.Pattern[str]
    repetitions: int
    choices: int
    """The ways to choose among all that is optional or alternative in it."""
    alternatives: bool

    @classmethod
    def parse(cls, source: str, *, extended: bool, ignore_case: bool = False) -> Regex | None:
        """A basic or extended regular expression; None for one that is not followed here."""
        translated = None
        if len(source) <= _MAX_PATTERN and OPEN not in source:
            translated = _Translation(source, extended).run()
        if translated is None or translated.repetitions > _MAX_REPETITIONS or translated.choices > _MAX_CHOICES:
            return None
        try:
            pattern = re.compile(translated.text, re.IGNORECASE if ignore_case else 0)
        except (re.error, RecursionError, OverflowError):
            return None
        return cls(pattern, translated.repetitions, translated.choices, translated.alternatives)

    def suits(self, text: str) -> bool:
        """Whether searching the text takes a bounded time."""
        power = self.repetitions + 1
        return bool(len(text) ** power // factorial(power) * self.choices <= _MAX_STEPS)

    def groups(self, text: str) -> tuple[str, ...] | None:
        """The first match and its groups; None if there is none, or searching would take too long."""
        match = self.pattern.search(text) if self.suits(text) else None
        return None if match is None else (match[0], *(group or "" for group in match.groups()))


class _Translation:
    """The translation of one regular expression."""

    def __init__(self, source: str, extended: bool) -> None:
        self._source = source
        self._extended = extended
        self._found: list[str] = []
        self.repetitions = 0
        self.choices = 1
        self.alternatives = False

    @property
    def text(self) -> str:
        return "".join(self._found)

    def run(self) -> _Translation | None:
        groups: list[bool] = []
        """For each open group, whether it holds a repetition or alternatives."""
        simple = repeatable = False
        at = 0
        while at < len(self._source):
            sign, at, special = self._next(at)
            was_simple, simple = simple, True
            if not special:
                self._found.append(re.escape(sign))
                repeatable = True
            elif sign == "[":
                bracket = _BRACKET.match(self._source, at - 1)
                kind = _bracket(bracket) if bracket else None
                if bracket is None or kind is None:
                    return None
                self._found.append(kind.pattern)
                at = bracket.end()
                repeatable = True
            elif sign == "(":
                groups.append(False)
                self._found.append("(")
                repeatable = False
            elif sign == ")":
                if not groups:
                    return None
                simple = not groups.pop()
                if groups and not simple:
                    groups[-1] = True
                self._found.append(")")
                repeatable = True
            elif sign in "*+?{":
                if not repeatable:
                    return None
                bounds = _BOUNDS.match(self._source.replace("\\}", "}"), at - 1) if sign == "{" else None
                if sign == "{" and (bounds is None or not self._extended):
                    return None
                if not was_simple:
                    return None  # a repetition of repetitions may take for ever
                if bounds:
                    at = bounds.end()
                self._found.append(bounds[0] if bounds else sign)
                self.repetitions += sign != "?"
                self.choices *= 1 + (sign == "?")
                if groups:
                    groups[-1] = True
                repeatable = False
            elif sign == "|":
                self.alternatives = True
                self.choices *= 2
                if groups:
                    groups[-1] = True
                self._found.append("|")
                repeatable = False
            else:
                self._found.append({".": ".", "^": "^", "$": r"\Z"}.get(sign, sign))
                repeatable = sign not in "^$"
        return None if groups else self

    def _next(self, at: int) -> tuple[str, int, bool]:
        """The next sign, the offset after it, and whether it is special."""
        sign = self._source[at]
        if sign == "\\" and at + 1 < len(self._source):
            escaped = self._source[at + 1]
            if escaped in "sSwWb":
                return "\\" + escaped, at + 2, True
            if escaped in "nt":
                return {"n": "\n", "t": "\t"}[escaped], at + 2, False
            return escaped, at + 2, not self._extended and escaped in "(){}+?|"
        if sign == "^":
            return sign, at + 1, at == 0 or self._extended or self._source[at - 2 : at] == "\\("
        if sign == "$":
            return sign, at + 1, at + 1 == len(self._source) or self._extended
        if sign == "*" and not self._extended and at == 0:
            return sign, at + 1, False
        return sign, at + 1, sign in ("[.*^$" if not self._extended else "[.*^$(){}+?|")


def _one(sign: str) -> Atom:
    return Atom(re.compile(re.escape(sign), re.DOTALL))


def _bracket(found: re.Match[str]) -> re.Pattern[str] | None:
    """A bracket expression; None for one that is not followed here."""
    parts = _CLASS.split(found[2].replace("\\", "\\\\"))
    body = "".join(
        _CLASSES.get(part, "") if number % 2 else part.replace("[", "\\[").replace("]", "\\]")
        for number, part in enumerate(parts)
    )
    if any(part not in _CLASSES for part in parts[1::2]):
        return None
    try:
        return re.compile(f"[{'^' if found[1] else ''}{body}]", re.DOTALL)
    except re.error:
        return None
