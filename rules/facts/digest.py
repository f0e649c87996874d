"""A hash of a step's effect, the same in every run, so that a recorded answer is never applied to another step."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass

from rules.model import Key

_LENGTH = 16


def digest(*described: object) -> str:
    """The first 16 hexadecimal digits of a SHA-256 over the types and members of values of the model.

    The order of a set's members makes no difference, nor do members that equality ignores (a dialect's handles).
    """
    from hashlib import sha256  # for answers only: most runs have none

    return sha256(repr(_plain(described)).encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def _plain(value: object) -> object:
    """A value as nested tuples of plain values, from which the hash is made."""
    if is_dataclass(value) and not isinstance(value, type):
        members = ((f.name, _plain(getattr(value, f.name))) for f in fields(value) if f.compare)
        return (type(value).__name__, *members)
    if isinstance(value, Key):
        return value.parts
    if isinstance(value, AbstractSet):
        return ("set", *sorted(map(repr, map(_plain, value))))
    if isinstance(value, tuple | list):
        return tuple(map(_plain, value))
    return str(value) if isinstance(value, str) else value  # members of a StrEnum are their words
