"""The policies of a template's roles against the quotas of IAM.

Sizes are those of the JSON without white space, which IAM does not count. What an expression becomes is estimated, rather
too long than too short: a role that may have no room for a policy gets a managed policy, which is right in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import target
from migrate.dialects.cloudformation.resources.resources import Resources
from migrate.dialects.cloudformation.resources.roles import ATTACHED
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, mapping
from migrate.syntax import resolve
from migrate.syntax.node import Mapping, Node, Scalar, Sequence
from rules.model import Ref, Text, Value

_LENGTHS = {"${AWS::Partition}": 10, "${AWS::Region}": 14, "${AWS::AccountId}": 12}
_LONG = 96
"""The number of characters that any other expression counts as: those of a long ARN."""
_DEEPEST = 100
"""The depth below which nothing of a policy is counted; no policy that IAM takes is as deep."""


def length(value: Value | None) -> int:
    """The number of characters of a value; an estimate if it is, or holds, an expression."""
    if isinstance(value, Text):
        return sum(_LENGTHS.get(p.source, _LONG) if isinstance(p, Ref) else len(p) for p in value.parts)
    cases = value.cases if value is not None else ()
    return max(map(length, cases)) if cases else _LONG


def size(node: Node | None, depth: int = 0) -> int:
    """The number of characters of a policy document, or a part of one, as JSON."""
    if node is None or depth > _DEEPEST:
        return 0
    if intrinsics.call(node) is not None:
        return length(intrinsics.value(node)) + 2
    found = resolve(node)
    if isinstance(found, Scalar):
        return len(found.text) + 2
    if isinstance(found, Sequence):
        return sum(size(item, depth + 1) + 1 for item in found.items) + 1
    if isinstance(found, Mapping):
        return sum(len(key_text(e)) + size(e.value, depth + 1) + 4 for e in found.entries) + 1
    return _LONG


@dataclass(frozen=True)
class Quotas:
    """The use that the roles of one template make of the quotas of IAM."""

    resources: Resources

    def inline(self, role: str) -> int:
        """The size of all inline policies of a role: those that it holds itself, and policy resources for it."""
        properties = self.resources.resources[role].properties
        own = (mapping(node) for _, node in intrinsics.items_with_conditions(child(properties, "Policies")))
        attached = (self.resources.resources[name] for name in self._attached.get(role, ()))
        policies = [*own, *(policy.properties for policy in attached if policy.type != _MANAGED)]
        return sum(size(child(policy, "PolicyDocument")) for policy in policies)

    def managed(self, role: str) -> int | None:
        """The number of managed policies that a role has; None if it cannot be seen."""
        named = child(self.resources.resources[role].properties, "ManagedPolicyArns")
        if named is not None and intrinsics.each(named) is None:
            return None
        attached = (name for name in self._attached.get(role, ()) if self.resources.resources[name].type == _MANAGED)
        return len(intrinsics.each(named) or ()) + sum(1 for _ in attached)

    @cached_property
    def _attached(self) -> dict[str, list[str]]:
        """Maps each role to the policy resources that name it."""
        found: dict[str, list[str]] = {}
        for name, resource in self.resources.of_type(*ATTACHED):
            listed = child(resource.properties, ATTACHED[resource.type])
            for item in intrinsics.each(listed) or (listed,):
                role = target(self.resources.identities.role(intrinsics.value(item)))
                found.setdefault(role, []).append(name)
        return found


_MANAGED = "AWS::IAM::ManagedPolicy"
