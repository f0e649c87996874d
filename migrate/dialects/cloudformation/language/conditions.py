"""The conditions of a template, and names for combinations of them.

A resource takes the name of a single condition (`Condition: UseEfs`), but a branch of `Fn::If` may exist where a
condition does not hold, or where several hold together, and a resource that several share wherever one of theirs holds.
They get the name of an equivalent condition in the template, or of one to be added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.common.conditional import Conditions
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child
from migrate.syntax import resolve
from migrate.syntax.node import Added, EditMapping, Entry, Kept, Mapping, NewValue, Node, Scalar, Sequence, TreeEdit
from rules.facts.identifiers import camel_words
from rules.model import Condition, NoSuchCondition, Opaque, Text, Value

_MOST_NESTED = 12
_MOST_OPERANDS = 10
"""The most operands that CloudFormation accepts in `Fn::And` and `Fn::Or`."""
_MOST_CASES = 500
"""The most cases, of comparisons that are true or false, in which a condition is looked at."""
_MOST_IN_A_NAME = 3
"""The most conditions that the name of a new one names."""
_LONGEST = 255
"""The longest name of a condition that CloudFormation accepts, in characters."""


@dataclass
class TemplateConditions:
    """The `Conditions` section of one template (None if it has none), and the conditions to be added to it."""

    section: Mapping | None
    taken: frozenset[str]
    """The names that a new condition must not have, because the template uses them."""
    new: dict[str, Conditions] = field(default_factory=dict)
    """The conditions to be added that hold if several others do, by name: the combination that each stands for."""
    unions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The conditions to be added that hold if one of several others does, by name."""
    fixed: bool = False
    """Whether none can be added."""

    def name_of(self, conditions: Conditions) -> str | None:
        """The name of a condition that is true exactly if all of these hold; None if none are given or no
        name is possible."""
        if len(conditions) == 1 and conditions[0][1]:
            return conditions[0][0]
        if not conditions or self.section is None or len(conditions) > _MOST_OPERANDS:
            return None
        conjunction = _all_of(conditions)
        known = next((name for name, combined in self.new.items() if combined == conditions), None)
        if known is not None or (known := self._equivalent(conjunction)) is not None:
            return known
        name = self._free("And".join(name if holds else f"Not{name}" for name, holds in conditions))
        if name is not None:
            self.new[name] = conditions
        return name

    def _free(self, wanted: str) -> str | None:
        """A name like the wanted one for a new condition; None if there can be none."""
        number = 1
        while (name := wanted if number == 1 else f"{wanted}{number}") in self.taken or self._is_new(name):
            number += 1
        return None if self.fixed or len(name) > _LONGEST or not name.isalnum() else name

    def _is_new(self, name: str) -> bool:
        return name in self.new or name in self.unions

    def holds(self, condition: str, known: Mapped[str, str]) -> bool | None:
        """Whether a condition holds if parameters have known values; None if that does not decide it."""

        def compare(left: Node, right: Node) -> bool | None:
            first, second = _given(left, known), _given(right, known)
            return None if first is None or second is None else first == second

        definition = self._definition(condition)
        return self._is_true(definition, compare, _MOST_NESTED) if definition is not None else None

    def _definition(self, condition: str) -> Node | None:
        """The definition of a condition, of a new one too; None if there is none."""
        if condition in self.unions:
            return _one_of(self.unions[condition])
        if condition in self.new:
            return _all_of(self.new[condition])
        return child(self.section, condition)

    def _is_true(self, node: Node, compare: Compare, depth: int) -> bool | None:
        name, argument = intrinsics.call(node) or ("", node)
        parts = resolve(argument)
        if not depth:
            return None
        if name == "Condition" and isinstance(parts, Scalar):
            definition = self._definition(parts.text)
            return self._is_true(definition, compare, depth - 1) if definition is not None else None
        if not isinstance(parts, Sequence):
            return None
        if name == "Fn::Equals" and len(parts.items) == 2:
            return compare(*parts.items)
        if name not in ("Fn::Not", "Fn::And", "Fn::Or"):
            return None
        found = [self._is_true(part, compare, depth - 1) for part in parts.items]
        if name == "Fn::Not":
            return None if found[:1] in ([None], []) else not found[0]
        decisive = name == "Fn::Or"
        if decisive in found:
            return decisive
        return None if None in found else not decisive

    # -- what follows from one condition for another -------------------------------------------------------------------

    def implies(self, one: Condition, other: Condition) -> bool:
        return self.follows(other, one)

    def follows(self, condition: Condition, *given: Condition) -> bool:
        """Whether a condition holds wherever all of the given ones do."""
        if condition is None or condition in given:
            return True
        return self._follows([_named(one) for one in given if one is not None], _named(condition))

    def either(self, one: Condition, other: Condition, purpose: str) -> Condition:
        if one is None or other is None:
            return None
        parts = list(dict.fromkeys([*self._parts(one), *self._parts(other)]))
        parts.sort(key=lambda name: self._places.get(name, len(self._places)))
        left = [p for p in parts if not any(self._replaces(q, p, parts) for q in parts)]
        if len(left) == 1:
            return left[0]
        union = _one_of(tuple(left))
        if self._follows([], union):
            return None
        if (known := self._equivalent(union)) is not None:
            return known
        wanted = _joined(left) if len(left) <= _MOST_IN_A_NAME else _serving(left, purpose)
        if len(left) <= _MOST_OPERANDS and set(self.unions.get(wanted, left)) < set(left):
            # One for fewer users of the same thing, which this one takes the place of.
            self._known_comparisons.pop(wanted, None)
            self.unions[wanted] = tuple(left)
            return wanted
        name = self._free(wanted) if self.section is not None and len(left) <= _MOST_OPERANDS else None
        if name is None:
            raise NoSuchCondition(f"no condition can be added here that holds under {' or '.join(left)}")
        self.unions[name] = tuple(left)
        return name

    def both(self, one: Condition, other: Condition) -> Condition:
        if one is None or other is None:
            return one or other
        if self.implies(one, other):
            return one
        if self.implies(other, one):
            return other
        possible = not self._follows([_named(one), _named(other)], _NEVER)
        name = self.name_of(((one, True), (other, True))) if possible else None
        if name is None:
            raise NoSuchCondition(f"no condition can be added here that holds under {one} and {other}")
        return name

    def rules_out(self, condition: Condition, parameter: str, value: str) -> bool:
        return condition is not None and self.holds(condition, {parameter: value}) is False

    def _parts(self, condition: str) -> tuple[str, ...]:
        """The conditions of which a new one needs one to hold; the condition itself if it is not such."""
        return self.unions.get(condition, (condition,))

    def _replaces(self, wider: str, narrower: str, parts: list[str]) -> bool:
        """Whether a condition makes another one needless beside it; of two that are the same, the first does."""
        if wider == narrower or not self.implies(narrower, wider):
            return False
        return not self.implies(wider, narrower) or parts.index(wider) < parts.index(narrower)

    def _equivalent(self, definition: Node) -> str | None:
        """The name of a condition, of the template or new, that holds exactly if a definition does; None if there is
        none."""
        comparisons = self._comparisons(definition)
        for name in (*self._places, *self.new, *self.unions):
            if self._decisive(name) == comparisons:
                known = _named(name)
                if self._follows([known], definition) and self._follows([definition], known):
                    return name
        return None

    def _decisive(self, name: str) -> dict[Comparison, None]:
        """The comparisons that decide about a condition, found once."""
        if name not in self._known_comparisons:
            self._known_comparisons[name] = self._comparisons(_named(name))
        return self._known_comparisons[name]

    @cached_property
    def _known_comparisons(self) -> dict[str, dict[Comparison, None]]:
        return {}

    @cached_property
    def _places(self) -> dict[str, int]:
        """The position of each condition in the template."""
        entries = self.section.entries if self.section is not None else ()
        return {key_text(entry): position for position, entry in enumerate(entries)}

    def _follows(self, given: list[Node], definition: Node) -> bool:
        """Whether a definition is certainly true wherever all that is given is, whatever the compared values are."""
        comparisons = list(self._comparisons(*given, definition))
        pending: list[dict[Comparison, bool]] = [{}]
        for _ in range(_MOST_CASES):
            if not pending:
                return True
            truth = pending.pop()

            def compare(left: Node, right: Node, truth: dict[Comparison, bool] = truth) -> bool | None:
                return truth.get(_comparison(left, right))

            if any(self._is_true(node, compare, _MOST_NESTED) is False for node in given):
                continue
            if self._is_true(definition, compare, _MOST_NESTED):
                continue
            if len(truth) == len(comparisons):
                return False
            open_one = comparisons[len(truth)]
            pending.append({**truth, open_one: False})
            if not any(holds and _exclude(known, open_one) for known, holds in truth.items()):
                pending.append({**truth, open_one: True})
        return False

    def _comparisons(self, *definitions: Node) -> dict[Comparison, None]:
        """The comparisons that decide about definitions."""
        found: dict[Comparison, None] = {}

        def compare(left: Node, right: Node) -> bool | None:
            found[_comparison(left, right)] = None
            return None

        for definition in definitions:
            self._is_true(definition, compare, _MOST_NESTED)
        return found

    def added(self, used: Iterable[Condition], write: Callable[[Value], NewValue]) -> list[TreeEdit]:
        """The edit that defines the new conditions among `used`, and those that they refer to, each behind the conditions
        that it refers to; empty if there are none."""
        wanted = list(dict.fromkeys(name for condition in used for name in self._needed(condition)))
        if not wanted or self.section is None:
            return []
        entries: list[Kept | Added] = [Kept(entry) for entry in self.section.entries]
        for name in wanted:
            definition = self._definition(name)
            assert definition is not None
            keys = [e.key if isinstance(e, Added) else key_text(e.entry) for e in entries]
            parts = self._refers_to(name)
            at = max((i + 1 for i, key in enumerate(keys) if key in parts), default=len(entries))
            entries.insert(at, Added(name, write(Opaque(name, definition))))
        return [EditMapping(self.section, tuple(entries))]

    def _needed(self, condition: Condition) -> Iterator[str]:
        """The new conditions that a condition needs, in the order of their definitions: itself last, if it is new."""
        if condition is not None and self._is_new(condition):
            for part in self._refers_to(condition):
                yield from self._needed(part)
            yield condition

    def _refers_to(self, name: str) -> tuple[str, ...]:
        """The conditions that a new one refers to."""
        return self.unions.get(name) or tuple(part for part, _ in self.new[name])


Compare = Callable[[Node, Node], bool | None]
"""A function that says whether two operands of `Fn::Equals` are equal; None if it does not know."""
Comparison = tuple[tuple[str, bool], tuple[str, bool]]
"""The operands of an `Fn::Equals`, sorted: each with whether it is a literal."""


def _comparison(left: Node, right: Node) -> Comparison:
    first, second = sorted(map(_operand, (left, right)))
    return first, second


def _operand(node: Node) -> tuple[str, bool]:
    text = intrinsics.as_text(node)
    value = text if text is not None else intrinsics.value(node)
    if isinstance(value, Text):
        return value.coded, value.literal is not None
    return intrinsics.render(node), False


def _exclude(one: Comparison, other: Comparison) -> bool:
    """Whether two comparisons cannot both be true: they compare one thing with two literals."""
    shared = set(one) & set(other)
    return len(shared) == 1 and all(literal for _, literal in set(one) ^ set(other))


def _joined(names: list[str]) -> str:
    """A name for one of several conditions, which says once what their names have in common: `IsProdOrStage` of `IsProd`
    and `IsStage`."""
    split = [camel_words(name) for name in names]
    columns = list(zip(*(words[:-1] for words in split), strict=False))
    before = len(list(takewhile(lambda column: len(set(column)) == 1, columns)))
    after = [name[len("".join(words[:before])) :] for name, words in zip(names[1:], split[1:], strict=True)]
    return "Or".join([names[0], *(part[:1].upper() + part[1:] for part in after)])


def _given(node: Node, known: Mapped[str, str]) -> str | None:
    """The text of an operand of `Fn::Equals`; None if it is not known."""
    text = intrinsics.as_text(node)
    if text is None:
        return None
    parts = [part if isinstance(part, str) else known.get(part.source[2:-1]) for part in text.parts]
    return None if None in parts else "".join(map(str, parts))


_NEVER = Scalar(0, 0, "false", style="")
"""A definition that is never true."""


_MARKS = {"If", "When", "Cond", "Condition"}
"""Words with which some authors begin the names of all conditions."""


def _serving(names: list[str], purpose: str) -> str:
    """A name for one of many conditions, after what they share: `IfUsesUploads` beside `IfWeb` and `IfReport`."""
    first = {words[0] for words in map(camel_words, names) if len(words) > 1}
    prefix = first.pop() if len(first) == 1 and first <= _MARKS else ""
    verb = "Uses" if prefix or names[0][:1].isupper() else "uses"
    return prefix + verb + purpose[:1].upper() + purpose[1:]


def _named(name: str) -> Node:
    """A reference to a condition."""
    return _call("Condition", Scalar(0, 0, name, style='"'))


def _one_of(names: tuple[str, ...]) -> Node:
    """The condition that is true if one of these holds."""
    return _call("Fn::Or", Sequence(0, 0, [_named(name) for name in names], flow=True))


def _all_of(conditions: Conditions) -> Node:
    """The condition that is true if all of these hold."""
    parts: list[Node] = []
    for name, holds in conditions:
        condition = _named(name)
        parts.append(condition if holds else _call("Fn::Not", Sequence(0, 0, [condition], flow=True)))
    return parts[0] if len(parts) == 1 else _call("Fn::And", Sequence(0, 0, parts, flow=True))


def _call(name: str, argument: Node) -> Mapping:
    """A function call in long form."""
    return Mapping(0, 0, [Entry(Scalar(0, 0, name, style='"'), argument)], flow=True)
