"""Lists and mappings as far as they can be read.

An item of a list may be a function of the template, a reference, a spread, a call, a placeholder. Such an item is unread,
not absent: it may be any container, volume or statement. Every dialect reads lists with these functions, so that none of
them forgets that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from migrate.dialects.common.values import items, mapping, parse_text
from migrate.syntax import literal, resolve
from migrate.syntax.node import Mapping, Node, Scalar, Sequence

Each = Callable[[Node | None], "list[Node] | None"]
"""A function that returns the items of a list, including those that conditions choose; None for anything that is not a
list."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The items of a list that are mappings, in order."""

    mappings: list[Mapping]
    complete: bool = True
    """Whether they are all: False if the list or one of its items cannot be read."""

    def __add__(self, other: Listed) -> Listed:
        return Listed([*self.mappings, *other.mappings], self.complete and other.complete)


UNREAD = Listed([], complete=False)
"""A list that cannot be read."""


def listed(node: Node | None, each: Each = items) -> Listed:
    """The mappings in a list. A list that is missing or null is empty."""
    if node is None or is_null(node):
        return Listed([])
    found = each(node)
    if found is None:
        return UNREAD
    read = [inner for item in found if (inner := mapping(item)) is not None]
    return Listed(read, complete=len(read) == len(found))


def is_null(node: Node) -> bool:
    """Whether a node is a null scalar."""
    found = resolve(node)
    return isinstance(found, Scalar) and literal(found) is None


def may_hold_more(node: Mapping | None) -> bool:
    """Whether a mapping may have members that are not read: a macro or another mapping adds them, or their keys are
    expressions."""
    pending, seen = [node] if node is not None else [], {id(node)}
    while pending:
        for entry in pending.pop().entries:
            if not isinstance(entry.key, Scalar):
                return True
            name = entry.key.text
            if name == "<<":
                merged = resolve(entry.value)
                parts = merged.items if isinstance(merged, Sequence) else [entry.value]
                for part in map(resolve, parts):
                    if not isinstance(part, Mapping):
                        return True
                    if id(part) not in seen:
                        seen.add(id(part))
                        pending.append(part)
            elif name.startswith("Fn::") or (not name.isalnum() and parse_text(name).literal is None):
                return True
    return False
