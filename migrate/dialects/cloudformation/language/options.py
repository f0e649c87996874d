"""The values that a property of a template may have: arms of `Fn::If`, defaults and allowed values of parameters, rows of
mappings.

A parameter's default is evidence, not proof: it is what a stack gets unless somebody passes another value. A condition
may rule a value out where it is used: `!If [HasRole, !Ref Role, …]` with `HasRole: !Not [!Equals [!Ref Role, ""]]`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.conditions import TemplateConditions
from migrate.dialects.cloudformation.language.spelling import ECS
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.common.conditional import Conditions
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.possible.placeholders import of_text
from migrate.dialects.common.values import child, items, mapping
from migrate.dialects.common.volumes.spelling import Spelling
from migrate.syntax import literal, resolve
from migrate.syntax.node import Entry, Mapping, Node, Scalar, Sequence
from rules.model import NOT_GIVEN, UNSEEN, Key, Parameter, Possible, Ref

_MOST_ROWS = 50
"""The largest number of rows in a mapping that are read for one value."""
_LISTS = ("CommaDelimitedList", "List<String>")
_DYNAMIC = "{{resolve:"


def unread(node: Node) -> Possible[str]:
    """The values of a node that is neither a scalar nor a call: unknown."""
    del node
    return UNSEEN


@dataclass(frozen=True)
class TemplateOptions:
    """The parameters, mappings and conditions of one template, for questions about what its properties may be."""

    root: Mapping
    conditions: TemplateConditions
    leaf: Callable[[Node], Possible[str]] = unread
    """Reads a node of another language: an expression of Python."""

    def of(self, node: Node | None, condition: str | None = None) -> Possible[str]:
        """The possible values of a node, in a resource that exists under a condition (None: always)."""
        return self._of_arms(node, ((condition, True),) if condition is not None else ())

    def _of_arms(self, node: Node | None, outer: Conditions) -> Possible[str]:
        """The possible values of a node where some conditions hold."""
        found: Possible[str] = Possible() if node is not None else NOT_GIVEN
        for arm in intrinsics.branches(node):
            found |= NOT_GIVEN if arm.absent else self._of_arm(arm.node, (*outer, *arm.conditions))
        return found

    def _of_arm(self, node: Node, conditions: Conditions) -> Possible[str]:
        """The possible values of an arm where its conditions hold."""
        called = intrinsics.call(node)
        if called is None:
            return self._of_plain(node)
        if called[0] == "Fn::FindInMap":
            return self._of_mapping(node)
        if called[0] == "Fn::Select":
            return self._of_selected(called[1], conditions)
        text = intrinsics.as_text(node)
        if text is None:
            return self.leaf(node)
        if text.literal is not None:
            return _word(text.literal)
        if len(text.parts) == 1 and isinstance(text.parts[0], Ref) and text.parts[0].handle is None:
            parameter = self.parameters.get(text.parts[0])
            return self._of_parameter(parameter, conditions) if parameter is not None else self.leaf(node)
        return self.leaf(node)

    def _of_plain(self, node: Node) -> Possible[str]:
        found = resolve(node)
        if not isinstance(found, Scalar):
            return self.leaf(node)
        return NOT_GIVEN if literal(found) is None else _word(found.text)

    def _of_selected(self, argument: Node, conditions: Conditions) -> Possible[str]:
        """The values of one item of a list: an item that is written, or a part of what a text or a list parameter may be. An
        empty text has one part, which is empty."""
        chosen = _written_items(argument)
        index = _plain(chosen[0]) if len(chosen) == 2 else None
        if index is None or not index.isdecimal():
            return UNSEEN
        number, separator, split = int(index), ",", chosen[1]
        called = intrinsics.call(split)
        if called is None:
            listed = _written_items(split)
            return self._of_arms(listed[number], conditions) if number < len(listed) else UNSEEN
        if called[0] == "Fn::Split":
            parts = _written_items(called[1])
            separator = (_plain(parts[0]) if len(parts) == 2 else None) or ""
            split = parts[-1] if separator else split
        if not separator:
            return UNSEEN
        whole = self._of_arms(split, conditions)
        found: Possible[str] = Possible(others=whole.others, absent=whole.absent and not number)
        for known in whole.known:
            parts_of_it = known.split(separator)
            found |= _word(parts_of_it[number]) if number < len(parts_of_it) else Possible()
        return found

    # -- parameters ---------------------------------------------------------------------------------------------------

    @cached_property
    def parameters(self) -> dict[Ref, Parameter]:
        """The parameters by the references to them."""
        section = mapping(child(self.root, "Parameters"))
        found = {}
        for entry in section.entries if section is not None else ():
            declared = mapping(entry.value)
            if declared is not None:
                parameter = read_parameter(Key.of("parameter", "", key_text(entry)), entry, declared)
                found[parameter.ref] = parameter
        return found

    def _of_parameter(self, parameter: Parameter, conditions: Conditions) -> Possible[str]:
        """The values of a parameter that the conditions do not rule out."""
        if parameter.type not in ("String", "Number", *_LISTS):
            return UNSEEN  # the default of `AWS::SSM::Parameter::Value` is a name, and the value is never empty
        if (parameter.name, conditions) not in self._read:
            given = {value: _word(value) for value in parameter.evidence if self._may_be(parameter, value, conditions)}
            self._read[parameter.name, conditions] = Possible(
                tuple(dict.fromkeys(known for word in given.values() for known in word.known)),
                others=parameter.allowed is None or not given or any(word.others for word in given.values()),
                absent=any(word.absent for word in given.values()),
            )
        return self._read[parameter.name, conditions]

    @cached_property
    def _read(self) -> dict[tuple[str, Conditions], Possible[str]]:
        """The values of parameters under conditions, each read once."""
        return {}

    def _may_be(self, parameter: Parameter, value: str, conditions: Conditions) -> bool:
        """Whether the conditions may hold if the parameter has this value."""
        known = {parameter.name: value}
        return all(self.conditions.holds(name, known) is not (not holds) for name, holds in conditions)

    # -- mappings -----------------------------------------------------------------------------------------------------

    def _of_mapping(self, node: Node) -> Possible[str]:
        rows = mapped(self.root, node)
        argument = resolve(intrinsics.call(node)[1])  # type: ignore[index]  # it was called
        found: Possible[str] = Possible() if rows else UNSEEN
        for _, value in rows:
            found |= self._of_plain(value)
        if isinstance(argument, Sequence) and len(argument.items) > 3:
            found |= self.of(child(mapping(argument.items[3]), "DefaultValue"))
        return found


def of_resource(resource: Resource, options: TemplateOptions, spelling: Spelling = ECS) -> Spelling:
    """The spelling for a resource, which reads what its properties may be where its condition holds."""
    return replace(spelling, options=lambda node: options.of(node, resource.condition))


def mapped(root: Mapping, node: Node) -> list[tuple[str, Node]]:
    """The scalars among which `Fn::FindInMap` chooses, each after the key of its row; empty if they are unknown or too
    many."""
    called = intrinsics.call(node)
    argument = resolve(called[1]) if called and called[0] == "Fn::FindInMap" else None
    if not isinstance(argument, Sequence) or len(argument.items) not in (3, 4):
        return []
    name, first, second = (_plain(item) for item in argument.items[:3])
    table = mapping(child(mapping(child(root, "Mappings")), name or ""))
    if table is None or name is None or second is None:
        return []
    rows = [entry for entry in table.entries if first is None or key_text(entry) == first]
    if len(rows) > _MOST_ROWS:
        return []
    values = [(key_text(row), child(mapping(row.value), second)) for row in rows]
    return [(row, value) for row, value in values if value is not None and isinstance(resolve(value), Scalar)]


def read_parameter(key: Key, entry: Entry, declared: Mapping) -> Parameter:
    """The parameter that an entry of `Parameters` declares."""
    name = key_text(entry)
    listed = items(child(declared, "AllowedValues"))
    return Parameter(
        key,
        Ref(f"${{{name}}}"),
        name,
        type=scalar_text(child(declared, "Type")) or "",
        default=scalar_text(child(declared, "Default")),
        allowed=None if listed is None else tuple(scalar_text(item) or "" for item in listed),
        pattern=scalar_text(child(declared, "AllowedPattern")),
    )


def scalar_text(node: Node | None) -> str | None:
    """The text of a scalar as CloudFormation takes it (a number as its digits are written); None for null and others."""
    found = resolve(node)
    return found.text if isinstance(found, Scalar) and literal(found) is not None else None


def _word(text: str) -> Possible[str]:
    """The value of a literal. A dynamic reference is known only when the stack is deployed, and a template of a template
    only when that is rendered."""
    if _DYNAMIC in text:
        return UNSEEN
    if "{{" in text or "{%" in text:
        return of_text(text)
    return Possible.of(text) if text.strip() else NOT_GIVEN


def _plain(node: Node | None) -> str | None:
    """The text of a node that is a scalar without a function; None for any other node."""
    found = resolve(node)
    return found.text if isinstance(found, Scalar) and intrinsics.call(found) is None else None


def _written_items(node: Node) -> list[Node]:
    """The items of a list, also of one with a tag that calls a function with them."""
    found = resolve(node)
    return list(found.items) if isinstance(found, Sequence) else []
