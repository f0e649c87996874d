"""The conditions under which entities of a source exist, and the relations between them.

An entity names one condition, or None if it always exists. What several users share has to exist whenever one of them
does; what names two entities can exist only where both do.
"""

from __future__ import annotations

from typing import Protocol

Condition = str | None
"""The name of a condition; None for what always exists."""


class NoSuchCondition(Exception):
    """Raised if a combination of conditions has no name in the source and cannot be given one."""


class ConditionLogic(Protocol):
    """The conditions of one document of a source."""

    def implies(self, one: Condition, other: Condition) -> bool:
        """Whether what exists under the other condition certainly exists wherever something under the one does."""

    def either(self, one: Condition, other: Condition, purpose: str) -> Condition:
        """The condition under which one of the two holds; a new one may be called after its purpose. Raises
        NoSuchCondition if there can be none."""

    def both(self, one: Condition, other: Condition) -> Condition:
        """The condition under which both hold. Raises NoSuchCondition if there can be none."""

    def rules_out(self, condition: Condition, parameter: str, value: str) -> bool:
        """Whether a parameter certainly has another value wherever a condition holds."""


class PlainLogic:
    """The logic of a source whose conditions are only known by their names."""

    def implies(self, one: Condition, other: Condition) -> bool:
        return other in (None, one)

    def either(self, one: Condition, other: Condition, purpose: str) -> Condition:
        del purpose
        if None in (one, other):
            return None
        return self._same(one, other)

    def both(self, one: Condition, other: Condition) -> Condition:
        if None in (one, other):
            return one or other
        return self._same(one, other)

    def rules_out(self, condition: Condition, parameter: str, value: str) -> bool:
        del condition, parameter, value
        return False

    def _same(self, one: Condition, other: Condition) -> Condition:
        if one != other:
            raise NoSuchCondition(f"{one} and {other}")
        return one


PLAIN = PlainLogic()
