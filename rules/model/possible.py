"""The possible values of a property: "these, and perhaps others"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Never, TypeVar

T = TypeVar("T", covariant=True)
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Possible(Generic[T]):
    """The values that a property of the source may have when it is deployed.

    A parameter, a condition or a default decides many properties only then. Rules therefore never ask what a property
    is, only what it may be and what it surely is, so that an expression is never taken for a property that is not there.
    """

    known: tuple[T, ...] = ()
    """The values that the source shows, each once: alternatives, defaults, allowed values."""
    others: bool = False
    """Whether it may have values that the source does not show."""
    absent: bool = False
    """Whether it may be left out, or be empty, which ECS takes for the same."""

    @classmethod
    def of(cls, *values: U) -> Possible[U]:
        """One of these values, and no other."""
        return Possible(_once(values))

    def may_be(self, *values: object) -> bool:
        """Whether it may be one of these values."""
        return self.others or self.shows(*values)

    def shows(self, *values: object) -> bool:
        """Whether the source shows one of these values: evidence for it, where `may_be` is also true for want of
        evidence."""
        return any(value in values for value in self.known)

    def is_surely(self, *values: object) -> bool:
        """Whether it is one of these values, whatever is deployed."""
        return bool(self.known) and not self.others and not self.absent and all(one in values for one in self.known)

    def otherwise(self, default: U) -> Possible[T | U]:
        """The same, with the value that ECS takes where the property is left out."""
        return Possible(_once((*self.known, default)), self.others) if self.absent else self

    def mapped(self, function: Callable[[T], U]) -> Possible[U]:
        """The same with a function applied to each known value."""
        return Possible(_once(map(function, self.known)), self.others, self.absent)

    def __or__(self, other: Possible[U]) -> Possible[T | U]:
        """The union: what one or the other may be."""
        known: tuple[T | U, ...] = _once((*self.known, *other.known))
        return Possible(known, self.others or other.others, self.absent or other.absent)


def _once(values: Iterable[U]) -> tuple[U, ...]:
    return tuple(dict.fromkeys(values))


NOT_GIVEN: Possible[Never] = Possible(absent=True)
"""A property that is surely not there."""
UNSEEN: Possible[Never] = Possible(others=True)
"""A property that is surely there, with a value of which the source shows nothing."""
ANYTHING: Possible[Never] = Possible(others=True, absent=True)
"""A property of which nothing is known, not even whether it is there."""
NOTHING_MORE: Possible[Never] = Possible()
"""No value at all: where unions start, and for a property whose values are told elsewhere."""
