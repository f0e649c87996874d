"""References and unknown values as short tokens, so that no lexer, YAML parser or line count trips over their text.

A token has the form of a reference in `Text.coded` — the reader of server names and paths takes it for one — but holds
a number: `\\ue0003\\ue001` is a reference of the source, `\\ue000?3\\ue001` a value that only the host knows (a
command's output, an unset variable).
"""

from __future__ import annotations

import re

from rules.model import Ref, Text

OPEN, CLOSE = "\ue000", "\ue001"
UNKNOWN = f"{OPEN}?"
_TOKEN = re.compile(f"{OPEN}(\\??)([0-9]+){CLOSE}")
_PRIVATE = re.compile("[\ue000-\ue005\0]")
_MAX_SHOWN = 200


class Tokens:
    """The references and unknown values of one script."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._refs: list[str] = []
        self._unknown: list[str] = []

    def encode(self, text: Text) -> str:
        """The text with a token for each reference and newlines as `\\n`."""
        encoded = "".join(clean(part) if isinstance(part, str) else self._ref(part) for part in text.parts)
        return encoded.replace("\r\n", "\n")

    def unknown(self, source: str) -> str:
        """A new token for a value that only the host knows; `source` is how the script writes it."""
        self._unknown.append(source[:_MAX_SHOWN])
        return f"{UNKNOWN}{len(self._unknown) - 1}{CLOSE}"

    def decode(self, encoded: str) -> str:
        """The coded form (`Text.coded`) of a string cut out of a script; unknown values are as the script writes them."""
        return self._replace(encoded, coded=True)

    def show(self, encoded: str) -> str:
        """A string cut out of a script as the source writes it, for messages."""
        return self._replace(encoded, coded=False)[: 2 * _MAX_SHOWN]

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
