"""A dictionary whose changes can be taken back, so that branches of a script are followed without copying anything."""

from __future__ import annotations

from itertools import islice
from typing import Generic, TypeVar

V = TypeVar("V")


class Journal(Generic[V]):
    """A dictionary of values by name, with branches that can be taken back; None stands for no value."""

    def __init__(self) -> None:
        self._values: dict[str, V] = {}
        self._before: list[dict[str, V | None]] = []

    def get(self, name: str) -> V | None:
        """The value of a name, or None."""
        return self._values.get(name)

    def set(self, name: str, value: V | None) -> None:
        """Set the value of a name; None removes it."""
        if self._before:
            self._before[-1].setdefault(name, self._values.get(name))
        if value is None:
            self._values.pop(name, None)
        else:
            self._values[name] = value

    def __len__(self) -> int:
        return len(self._values)

    def items(self) -> list[tuple[str, V]]:
        """All names with their values."""
        return list(self._values.items())

    def names(self) -> list[str]:
        """All names that have a value."""
        return list(self._values)

    def first(self, count: int) -> list[tuple[str, V]]:
        """The first `count` names with their values."""
        return list(islice(self._values.items(), count))

    def begin(self) -> None:
        """Start a branch."""
        self._before.append({})

    def end(self) -> dict[str, V | None]:
        """End the branch and take its changes back. Returns the changed names with the values that they had at its end."""
        before = self._before.pop()
        changed = {name: self._values.get(name) for name in before}
        for name, value in before.items():
            if value is None:
                self._values.pop(name, None)
            else:
                self._values[name] = value
        return changed
