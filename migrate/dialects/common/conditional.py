"""Values that conditions choose: the arms of `Fn::If`. Plain files have none."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.syntax.node import Node, Sequence

Conditions = tuple[tuple[str, bool], ...]
"""The conditions under which something exists: pairs of a name and whether the condition must be true or false."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the values that an `Fn::If` may have, with its conditions and its node."""

    conditions: Conditions
    node: Node
    choice: Sequence | None = None
    """The arguments of the innermost `Fn::If`; None for a node that no condition chooses."""
    absent: bool = False
    """Whether the arm is `AWS::NoValue`, which removes the member whose value the `Fn::If` is."""


def only(node: Node | None) -> list[Arm]:
    """The single arm of a node that no condition chooses; no arm for None."""
    return [] if node is None else [Arm((), node)]


def both(outer: Conditions, inner: Conditions) -> Conditions | None:
    """The union of two sets of conditions, each named once; None if they contradict each other."""
    found = dict(outer)
    for name, holds in inner:
        if found.setdefault(name, holds) is not holds:
            return None
    return tuple(found.items())
