"""What conditions choose among: the arms of `Fn::If`. Plain files have none."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.syntax.node import Node, Sequence

Conditions = tuple[tuple[str, bool], ...]
"""The conditions under which something is there: their names, and whether they must hold or must not."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the things that a node may be, and where it stands."""

    conditions: Conditions
    node: Node
    choice: Sequence | None = None
    """The arguments of the innermost `Fn::If`; None for a node that no condition chooses."""
    absent: bool = False
    """Whether it is `AWS::NoValue`, which removes what the whole expression stands for."""


def only(node: Node | None) -> list[Arm]:
    """The one arm of a node where everything is there."""
    return [] if node is None else [Arm((), node)]


def both(outer: Conditions, inner: Conditions) -> Conditions | None:
    """The conditions of what is there where `outer` and `inner` hold together, each named once; None where they cannot."""
    found = dict(outer)
    for name, holds in inner:
        if found.setdefault(name, holds) is not holds:
            return None
    return tuple(found.items())
