"""The conditions of a template, and names for combinations of them.

A resource takes the name of a single condition (`Condition: UseEfs`), but a branch of `Fn::If` may exist where a
condition does not hold, or where several hold together. Such a branch gets the name of an equivalent condition in the
template, or of one to be added.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Mapped
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
_MOST_NESTED = 12
_MOST_OPERANDS = 10
"""The most operands that CloudFormation accepts in `Fn::And`."""
_LONGEST = 255
"""The longest name of a condition that CloudFormation accepts, in characters."""

Meaning = frozenset[tuple[str, bool]]
"""The comparisons that must hold together, each in one canonical spelling and with whether it must be true or false."""


@dataclass
class TemplateConditions:
    """The `Conditions` section of one template (None if it has none), and the conditions to be added to it."""

    section: Mapping | None
    taken: frozenset[str]
    """The names that a new condition must not have, because the template uses them."""
    new: dict[str, Conditions] = field(default_factory=dict)
    """The conditions to be added, by name: the combination that each stands for."""

    def name_of(self, conditions: Conditions) -> str | None:
        """The name of a condition that is true exactly if all of these hold; None if none are given or no
        name is possible."""
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
        """The names of the conditions by their meaning."""
        names: dict[Meaning, str] = {}
        for entry in self.section.entries if self.section is not None else ():
            names.setdefault(self._meaning(key_text(entry), holds=True), key_text(entry))
        return names

    def holds(self, condition: str, known: Mapped[str, str]) -> bool | None:
        """Whether a condition holds if parameters have known values; None if that does not decide it."""
        definition = child(self.section, condition)
        return self._is_true(definition, known, _MOST_NESTED) if definition is not None else None

    def _is_true(self, node: Node, known: Mapped[str, str], depth: int) -> bool | None:
        name, argument = intrinsics.call(node) or ("", node)
        parts = resolve(argument)
        if not depth:
            return None
        if name == "Condition" and isinstance(parts, Scalar):
            definition = child(self.section, parts.text)
            return self._is_true(definition, known, depth - 1) if definition is not None else None
        if not isinstance(parts, Sequence):
            return None
        if name == "Fn::Equals" and len(parts.items) == 2:
            left, right = (_given(item, known) for item in parts.items)
            return None if left is None or right is None else left == right
        if name not in ("Fn::Not", "Fn::And", "Fn::Or"):
            return None
        found = [self._is_true(part, known, depth - 1) for part in parts.items]
        if name == "Fn::Not":
            return None if found[:1] in ([None], []) else not found[0]
        decisive = name == "Fn::Or"
        if decisive in found:
            return decisive
        return None if None in found else not decisive

    def _meaning(self, condition: str, holds: bool) -> Meaning:
        """The comparisons that must be true or false for a condition to hold, or not to hold."""
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
        return Meaning({(condition, holds)})  # too many steps to break it down: it counts as a comparison

    def added(self, used: set[str | None], write: Callable[[Value], NewValue]) -> list[TreeEdit]:
        """The edit that defines the new conditions among `used`, each behind the conditions that it refers to; empty if
        there are none."""
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


def _given(node: Node, known: Mapped[str, str]) -> str | None:
    """The text of an operand of `Fn::Equals`; None if it is not known."""
    text = intrinsics.as_text(node)
    if text is None:
        return None
    parts = [part if isinstance(part, str) else known.get(part.source[2:-1]) for part in text.parts]
    return None if None in parts else "".join(map(str, parts))


def _definition(conditions: Conditions) -> Node:
    """The condition that is true if all of these hold."""
    parts: list[Node] = []
    for name, holds in conditions:
        condition = _call("Condition", Scalar(0, 0, name, style='"'))
        parts.append(condition if holds else _call("Fn::Not", Sequence(0, 0, [condition], flow=True)))
    return parts[0] if len(parts) == 1 else _call("Fn::And", Sequence(0, 0, parts, flow=True))


def _call(name: str, argument: Node) -> Mapping:
    """A function call in long form."""
    return Mapping(0, 0, [Entry(Scalar(0, 0, name, style='"'), argument)], flow=True)
