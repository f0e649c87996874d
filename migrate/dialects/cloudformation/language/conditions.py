"""The conditions of a template: which of them holds exactly where several hold together, or where one does not.

A resource takes the name of one condition (`Condition: UseEfs`), while an arm of `Fn::If` may be there where one does not
hold, or where several do. Such an arm gets a name: that of a condition which says just this, or of one to be added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, reduce

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.common.conditional import Conditions
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child
from migrate.syntax import resolve
from migrate.syntax.node import Added, EditMapping, Entry, Kept, Mapping, NewValue, Node, Scalar, Sequence, TreeEdit
from rules.model import Opaque, Value

_MOST_STEPS = 100
_MOST_OPERANDS = 10
"""Of `Fn::And` in CloudFormation."""
_LONGEST = 255
"""Characters of a name in CloudFormation."""

Meaning = frozenset[tuple[str, bool]]
"""What must hold together: comparisons in one spelling, and whether they must be true or false."""


@dataclass
class TemplateConditions:
    """The `Conditions` of one template, and those that it lacks a name for."""

    section: Mapping | None
    taken: frozenset[str]
    """Names that a new condition must not have."""
    new: dict[str, Conditions] = field(default_factory=dict)
    """Names that were given, with what they stand for."""

    def name_of(self, conditions: Conditions) -> str | None:
        """The name of a condition that holds exactly where these do together; None where there are none, or no name can
        be given."""
        if len(conditions) == 1 and conditions[0][1]:
            return conditions[0][0]
        if not conditions or self.section is None or len(conditions) > _MOST_OPERANDS:
            return None
        meaning = reduce(Meaning.union, (self._meaning(name, holds) for name, holds in conditions), Meaning())
        if meaning not in self._names:
            wanted = "And".join(name if holds else f"Not{name}" for name, holds in conditions)
            number = 1
            while (name := wanted if number == 1 else f"{wanted}{number}") in self.taken or name in self.new:
                number += 1
            if len(name) > _LONGEST or not name.isalnum():
                return None
            self._names[meaning] = name
            self.new[name] = conditions
        return self._names[meaning]

    @cached_property
    def _names(self) -> dict[Meaning, str]:
        names: dict[Meaning, str] = {}
        for entry in self.section.entries if self.section is not None else ():
            names.setdefault(self._meaning(key_text(entry), holds=True), key_text(entry))
        return names

    def _meaning(self, condition: str, holds: bool) -> Meaning:
        """What has to be true or false for a condition to hold, or not to."""
        found: set[tuple[str, bool]] = set()
        pending: list[tuple[Node | str, bool]] = [(condition, holds)]
        for _ in range(_MOST_STEPS):
            if not pending:
                return Meaning(found)
            node, holds = pending.pop()
            if isinstance(node, str):
                definition = child(self.section, node)
                if definition is None:
                    found.add((node, holds))
                else:
                    pending.append((definition, holds))
                continue
            name, argument = intrinsics.call(node) or ("", node)
            parts = resolve(argument)
            if name == "Condition" and isinstance(parts, Scalar):
                pending.append((parts.text, holds))
            elif name == "Fn::Not" and isinstance(parts, Sequence) and len(parts.items) == 1:
                pending.append((parts.items[0], not holds))
            elif name == ("Fn::And" if holds else "Fn::Or") and isinstance(parts, Sequence):
                pending += [(part, holds) for part in parts.items]
            else:
                found.add((intrinsics.render(node), holds))
        return Meaning({(condition, holds)})  # it names itself

    def added(self, used: set[str | None], write: Callable[[Value], NewValue]) -> list[TreeEdit]:
        """The edit that defines those of the new conditions that are used, each behind what it is made of."""
        wanted = [name for name in self.new if name in used]
        if not wanted or self.section is None:
            return []
        entries: list[Kept | Added] = [Kept(entry) for entry in self.section.entries]
        for name in wanted:
            parts = {part for part, _ in self.new[name]}
            keys = [e.key if isinstance(e, Added) else key_text(e.entry) for e in entries]
            at = max((i + 1 for i, key in enumerate(keys) if key in parts), default=len(entries))
            entries.insert(at, Added(name, write(Opaque(name, _definition(self.new[name])))))
        return [EditMapping(self.section, tuple(entries))]


def _definition(conditions: Conditions) -> Node:
    parts: list[Node] = []
    for name, holds in conditions:
        condition = _call("Condition", Scalar(0, 0, name, style='"'))
        parts.append(condition if holds else _call("Fn::Not", Sequence(0, 0, [condition], flow=True)))
    return parts[0] if len(parts) == 1 else _call("Fn::And", Sequence(0, 0, parts, flow=True))


def _call(name: str, argument: Node) -> Mapping:
    return Mapping(0, 0, [Entry(Scalar(0, 0, name, style='"'), argument)], flow=True)
