"""The roles of a template: their policies, inline or attached, and the EFS client actions that these allow."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from functools import cached_property

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.conditions import TemplateConditions
from migrate.dialects.cloudformation.language.references import ref, target
from migrate.dialects.cloudformation.resources import tags
from migrate.dialects.cloudformation.resources.policies import PolicyStatement, statements
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.resources import Resources
from migrate.dialects.common.conditional import Conditions
from migrate.dialects.common.listed import may_hold_more
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, items, mapping, text
from migrate.syntax.node import Node, Sequence
from rules.facts.iam import bounded, bounded_by_aws, is_of_aws, managed
from rules.model import ANY, Boundary, Key, Opaque, Permission, Role, Text, Value

ATTACHED = {"AWS::IAM::Policy": "Roles", "AWS::IAM::ManagedPolicy": "Roles", "AWS::IAM::RolePolicy": "RoleName"}
"""The types of policy resources, and the property of each that names its roles."""


_UNREAD = frozenset({"<<", "Fn::Transform"})
"""The keys that merge further keys into a mapping, which cannot be seen there."""


def takes_policies(role: Resource) -> bool:
    """Whether a policy can be written into a role itself: its `Policies`, if it has them, are a plain list, and no
    other resource shares its properties through an anchor."""
    node, properties = role.node, role.properties
    if role.entry.value is not node or child(node, "Properties") is not properties or node.anchor or properties.anchor:
        return False
    if any(key_text(entry) in _UNREAD for entry in (*node.entries, *properties.entries)):
        return False
    own = child(properties, "Policies")
    return own is None or (isinstance(own, Sequence) and not own.anchor and items(own) is not None)


@dataclass(frozen=True)
class RolePolicy:
    """One policy that a role has."""

    name: str | None
    statements: Items[PolicyStatement | None]
    conditions: Conditions = ()
    """The template's conditions under which the role's list of policies has it."""
    condition: str | None = None
    """The condition of the resource that holds it."""
    doubtful: bool = False
    """Whether an expression names its roles, so that this role may not have it."""


@dataclass(frozen=True)
class Roles:
    """The roles of one template."""

    resources: Resources
    conditions: TemplateConditions

    def roles(self) -> Iterator[Role]:
        """The roles, each with the expressions that name it."""
        for name, resource in self._resources:
            given = (statement for policy in self._policies[name] for statement in policy.statements)
            unclear = may_hold_more(resource.properties) or any(
                statement is None or statement.unread or statement.said.may_deny for statement in given
            )
            found = tags.read(resource.type, resource.properties) or ()
            refs = (ref(name), ref(name, "Arn"))
            yield Role(
                self.resources.key("role", name),
                refs,
                resource.condition,
                unclear=unclear,
                open=unclear or self._may_allow_more(resource),
                tags=found,
                boundary=self._boundary(resource),
            )

    def _may_allow_more(self, role: Resource) -> bool:
        """Whether a role may be allowed more than `permissions` says: by a managed policy that is not seen here, or
        where a condition decides."""
        for conditions, node in intrinsics.items_with_conditions(child(role.properties, "ManagedPolicyArns")):
            arn = intrinsics.value(node)
            own = self.resources.get(target(arn))
            seen = own is not None and own.type == "AWS::IAM::ManagedPolicy"
            if not seen and arn is not None and (conditions or not is_of_aws(arn.source)):
                return True
        for policy in self._policies[role.name]:
            certain = not (policy.conditions or policy.doubtful)
            for statement in filter(None, policy.statements):
                said = statement.said
                if not (said.allows and said.actions) or said.applies is False:
                    continue
                named = said.access_points or said.resources
                there = all(self._counts(policy, role, arn) for arn in named)
                if not (certain and there) or statement.conditions or said.applies is None:
                    return True
        return False

    def _counts(self, policy: RolePolicy, role: Resource, arn: Value) -> bool:
        """Whether a policy exists wherever a role and what an ARN names do."""
        return self.conditions.follows(policy.condition, role.condition, self.resources.condition_of(arn))

    def _boundary(self, role: Resource) -> Boundary | None:
        """The permissions boundary of a role, with what it allows if the template or AWS defines it."""
        written = child(role.properties, "PermissionsBoundary")
        arn = intrinsics.value(written)
        if arn is None or intrinsics.is_no_value(written):
            return None
        policy = self.resources.get(target(arn))
        if policy is not None and policy.type == "AWS::IAM::ManagedPolicy":
            said = self._policy(policy.properties, (), policy.condition).statements
            known = all(one is not None and not one.conditions and not one.unread for one in said)
            return Boundary(arn, bounded(one.said if one is not None else None for one in said) if known else None)
        return Boundary(arn, bounded_by_aws(arn.literal))

    def permissions(self) -> Iterator[Permission]:
        """The permissions that roles have whenever the resource of the permission exists."""
        for name, resource in self._resources:
            for policy in self._policies[name]:
                if not (policy.conditions or policy.doubtful):
                    yield from self._allowed(resource, policy)
            yield from self._allowed_by_aws(resource)

    def policy_names(self, role: str) -> set[str | None]:
        """The names of a role's policies, inline or attached by another resource."""
        return {policy.name for policy in self._policies.get(role, ())}

    def of_instance(self, resource: Resource) -> Key | None:
        """The key of the role that a launch configuration, launch template or instance runs with; None if the template
        does not define it."""
        properties = mapping(child(resource.properties, "LaunchTemplateData")) or resource.properties
        written = child(properties, "IamInstanceProfile")
        if (named := mapping(written)) is not None:
            written = child(named, "Arn") or child(named, "Name")
        profile = self.resources.get(target(intrinsics.value(written)))
        if profile is None or profile.type != "AWS::IAM::InstanceProfile":
            return None
        roles = self._named(child(profile.properties, "Roles"))
        return self.resources.key("role", roles[0]) if len(roles) == 1 else None

    @cached_property
    def _resources(self) -> list[tuple[str, Resource]]:
        return list(self.resources.of_type("AWS::IAM::Role"))

    @cached_property
    def _policies(self) -> dict[str, list[RolePolicy]]:
        """Maps each role to its policies: inline ones, and policy resources."""
        found: dict[str, list[RolePolicy]] = {}
        for name, role in self._resources:
            own = intrinsics.items_with_conditions(child(role.properties, "Policies"))
            found[name] = [self._policy(node, conditions, role.condition) for conditions, node in own]
            for conditions, node in intrinsics.items_with_conditions(child(role.properties, "ManagedPolicyArns")):
                policy = self.resources.get(target(intrinsics.value(node)))
                if policy is not None and policy.type == "AWS::IAM::ManagedPolicy":
                    found[name].append(self._policy(policy.properties, conditions, policy.condition))
        for _, resource in self.resources.of_type(*ATTACHED):
            to = child(resource.properties, ATTACHED[resource.type])
            names, perhaps = self._named(to), self._perhaps_named(to)
            if names or perhaps:
                attached = self._policy(resource.properties, (), resource.condition)
                for name in names:
                    found[name].append(attached)
                for name in perhaps.difference(names):
                    found[name].append(replace(attached, doubtful=True))
        return found

    def _policy(self, node: Node, conditions: Conditions, condition: str | None) -> RolePolicy:
        written = mapping(node)
        read = statements(child(written, "PolicyDocument"), self.resources.identities)
        return RolePolicy(text(child(written, "PolicyName")), read, conditions, condition=condition)

    def _named(self, node: Node | None) -> list[str]:
        """The logical IDs of the template's roles in a list, or in the single value in its place."""
        listed: Items[Node | None] = intrinsics.each(node) or [node]
        names = (target(self.resources.identities.role(intrinsics.value(item))) for item in listed)
        return [n for n in names if (found := self.resources.get(n)) is not None and found.type == "AWS::IAM::Role"]

    def _perhaps_named(self, node: Node | None) -> set[str]:
        """The logical IDs of the template's roles from which the expressions in a list choose or are put together."""
        listed: Items[Node | None] = intrinsics.each(node) or [node]
        values = (intrinsics.value(item) for item in listed)
        named = {name for value in values if isinstance(value, Opaque) for name in intrinsics.names(value)}
        return named & {name for name, _ in self._resources}

    def _allowed(self, role: Resource, policy: RolePolicy) -> Iterator[Permission]:
        """The permissions that one policy gives a role. A policy with a condition counts only if it exists wherever the role
        and the resource of the permission do."""
        for statement in policy.statements:
            if statement is None or statement.conditions or not (statement.said.allows and statement.said.applies):
                continue
            for point in statement.said.access_points or (None,):
                for resource in statement.said.resources:
                    counts = self._counts(policy, role, point or resource)
                    for action in statement.said.actions if counts else ():
                        yield Permission(self.resources.key("role", role.name), action, resource, access_point=point)

    def _allowed_by_aws(self, role: Resource) -> Iterator[Permission]:
        """The permissions that AWS managed policies give a role."""
        for conditions, node in intrinsics.items_with_conditions(child(role.properties, "ManagedPolicyArns")):
            arn = intrinsics.value(node)
            if isinstance(arn, Text) and not conditions:
                for action in managed(arn.source):
                    yield Permission(self.resources.key("role", role.name), action, ANY, access_point=None)
