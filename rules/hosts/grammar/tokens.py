"""References and unknown values as short tokens, so that no lexer, YAML parser or line count trips over their text.

A token has the form of a reference in `Text.coded` — the reader of server names and paths takes it for one — but holds
a number: `\\ue0003\\ue001` is a reference of the source, `\\ue000?3\\ue001` a value that only the host knows (a
command's output, an unset variable).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from rules.model import Ref, Text

OPEN, CLOSE = "\ue000", "\ue001"
UNKNOWN = f"{OPEN}?"
_TOKEN = re.compile(f"{OPEN}(\\??)([0-9]+){CLOSE}")
REFERENCE = re.compile(f"{OPEN}[0-9]+{CLOSE}")
"""Matches the token of a reference of the source."""
_PRIVATE = re.compile("[\ue000-\ue005\0]")
_MAX_SHOWN = 200
_HANGING_COMMA = re.compile(r"(?<=may change),(?=[),])")
"""The comma that ends an insertion, before a closing bracket or another comma."""
_STAND_INS = "\ue100"
_MAX_TRIED = 50
_EVERY_SIGN = "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~Z9z/mnt/efs/data-nfs4.amazonaws.com"
"""A value that a reference may have. It holds no blanks, with which most uses in a script would break."""

Result: TypeAlias = "str | tuple[str, ...] | None"
R = TypeVar("R", bound=Result)


class Tokens:
    """The references and unknown values of one script."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._refs: list[str] = []
        self._unknown: list[str] = []
        self._ids: dict[str, str] = {}
        self.assumed: set[tuple[str, int]] = set()
        """The references that were taken for ids, with lines: it has to turn out that they are."""
        self.line = 1
        """The line that is being read."""

    def encode(self, text: Text) -> str:
        """The text with a token for each reference and newlines as `\\n`."""
        encoded = "".join(clean(part) if isinstance(part, str) else self._ref(part) for part in text.parts)
        return encoded.replace("\r\n", "\n")

    def unknown(self, source: str) -> str:
        """A new token for a value that only the host knows; `source` is how the script writes it."""
        self._unknown.append(source[:_MAX_SHOWN])
        return f"{UNKNOWN}{len(self._unknown) - 1}{CLOSE}"

    def through(self, text: str, operation: Callable[[str], R]) -> R | None:
        """The result of an operation on a text, None if it would depend on what a token stands for.

        The operation is tried with several values in place of the tokens: if the results differ in more than these
        values, nothing is known. If they agree only as long as a reference is an id, which holds no separators and no
        capital letters, the result holds another token for it (`as_ids`), or it has to turn out that the reference is
        an id (`assumed`).
        """
        if OPEN not in text:
            return operation(text)
        tokens = list(dict.fromkeys(match[0] for match in _TOKEN.finditer(text)))
        if len(tokens) > _MAX_TRIED:
            return None
        opaque = {token: chr(ord(_STAND_INS) + number) for number, token in enumerate(tokens)}
        ids = {token: f"fs-0{number + 0xA1B2C3D4E5F6:016x}" for number, token in enumerate(tokens)}
        other_ids = {token: f"fs-{0xF7E98D6C5B4A3 - number:017x}" for number, token in enumerate(tokens)}
        wild = {token: sign + _EVERY_SIGN + sign for token, sign in opaque.items()}
        result = _with(text, ids, operation)
        if result is None or result != _with(text, other_ids, operation):
            return None
        same = all(result == _with(text, values, operation) for values in (opaque, wild))
        if any(is_unknown(token) for token in tokens):
            # What only the host knows may be anything, nothing included.
            empty = _with(text, dict.fromkeys(tokens, ""), operation)
            return (
                result
                if same and empty == _each(result, lambda part: _replaced(part, dict.fromkeys(tokens, "")))
                else None
            )
        if same:
            return result
        kept = "".join((result,) if isinstance(result, str) else result or ())
        self.assumed.update((token, self.line) for token in tokens if token not in kept)
        return _each(
            result, lambda part: _replaced(part, {token: self._id_of(token) for token in tokens if token in part})
        )

    def as_ids(self, text: str) -> str:
        """A text that names a file system, with the references that are taken for ids there."""
        return _TOKEN.sub(lambda match: self._ids.get(match[0], match[0]), text) if UNKNOWN in text else text

    def _id_of(self, reference: str) -> str:
        token = self.unknown(self.source(reference))
        self._ids[token] = reference
        return token

    def decode(self, encoded: str) -> str:
        """The coded form (`Text.coded`) of a string cut out of a script; unknown values are as the script writes them."""
        return self._replace(encoded, coded=True)

    def show(self, encoded: str) -> str:
        """A string cut out of a script as the source writes it, for messages."""
        return _HANGING_COMMA.sub("", self._replace(encoded, coded=False)[: 2 * _MAX_SHOWN])

    def source(self, token: str) -> str:
        """The reference or expression behind the first token in a string, as the source writes it; "" without a
        token."""
        match = _TOKEN.search(token)
        return self._written(match) if match else ""

    def _replace(self, encoded: str, *, coded: bool) -> str:
        if OPEN not in encoded:
            return encoded

        def one(match: re.Match[str]) -> str:
            written = self._written(match)
            if match[1]:  # the source of an unknown value may itself hold references
                return _TOKEN.sub(self._written, written)
            return Text((Ref(written),)).coded if coded else written

        replaced = _TOKEN.sub(one, encoded)
        return replaced if coded else _PRIVATE.sub("", replaced)

    def _written(self, token: re.Match[str]) -> str:
        sources = self._unknown if token[1] else self._refs
        number = int(token[2][:9])
        return sources[number] if number < len(sources) else ""

    def _ref(self, ref: Ref) -> str:
        number = self._numbers.setdefault(ref.source, len(self._refs))
        if number == len(self._refs):
            self._refs.append(ref.source)
        return f"{OPEN}{number}{CLOSE}"


def clean(text: str) -> str:
    """The text without characters that would be mistaken for tokens (or that no shell keeps)."""
    return _PRIVATE.sub("\ufffd", text)


def is_unknown(value: str) -> bool:
    """Whether a part of the value is known to the host only."""
    return UNKNOWN in value


def _with(text: str, values: dict[str, str], operation: Callable[[str], R]) -> R:
    """The result of an operation on the text with these values in place of the tokens, which come back in the result."""
    result = operation(_TOKEN.sub(lambda match: values[match[0]], text))
    back = {value: token for token, value in values.items() if value}
    return _each(result, lambda part: _replaced(part, back))


def _replaced(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def _each(result: R, change: Callable[[str], str]) -> R:
    if isinstance(result, str):
        return change(result)  # type: ignore[return-value]  # a text stays a text
    if isinstance(result, tuple):
        return tuple(map(change, result))  # type: ignore[return-value]  # a tuple stays a tuple
    return result
