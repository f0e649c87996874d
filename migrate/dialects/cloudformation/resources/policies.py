"""Policy documents in templates: what their statements allow or deny clients of EFS.

Only the three actions of clients count, and only mounts as ECS makes them: encrypted, through a mount target.
Source: EFS user guide, "Using IAM to control access to file systems" (actions; the condition keys that are enforced for
NFS clients); IAM user guide, "IAM JSON policy element reference".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import Identities
from migrate.dialects.common.conditional import Conditions
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, items, mapping, text, truth
from migrate.syntax.node import Mapping, Node
from rules.model import ANY, CLIENT_ACTIONS, Allowance, FileSystemPolicy, Opaque, Value

_POINT_ARN = "elasticfilesystem:accesspointarn"
_OF_EVERY_MOUNT = {"elasticfilesystem:accessedviamounttarget": True, "aws:securetransport": True}
"""Condition keys with the value that they have for every mount that ECS makes with transit encryption."""
_EQUAL = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")


@dataclass(frozen=True)
class PolicyStatement:
    """One statement, as far as it concerns clients of EFS."""

    conditions: Conditions
    """The conditions of the template under which it is there."""
    allows: bool
    """False also for an effect that cannot be read."""
    actions: tuple[str, ...]
    """Those of clients that it speaks of, or may."""
    resources: tuple[Value, ...]
    access_points: tuple[Value, ...]
    """ARNs; empty: whether or not a client uses one."""
    applies: bool | None
    """Whether its condition holds for the mounts of ECS, beside the access point; None if that cannot be told."""
    principals: tuple[Value, ...] | None
    """Whom a resource's policy speaks of, services left out; None if that cannot be read."""

    @property
    def may_deny(self) -> bool:
        return not self.allows and self.applies is not False and bool(self.actions)


def statements(document: Node | None, identities: Identities) -> list[PolicyStatement | None]:
    """The statements of a policy document; None for what cannot be read."""
    written = child(mapping(document), "Statement")
    if written is None:
        return [None]
    return [
        _statement(statement, conditions, identities) if (statement := mapping(node)) is not None else None
        for conditions, node in intrinsics.items_with_conditions(written)
    ]


def file_system_policy(node: Node | None, identities: Identities) -> FileSystemPolicy | None:
    """The `FileSystemPolicy` of a file system; None if it has none."""
    if node is None or intrinsics.is_no_value(node):
        return None
    allowances = []
    for statement in statements(node, identities):
        if statement is None:
            return FileSystemPolicy(problem="cannot be read here")
        if not statement.actions or statement.applies is False:
            continue
        if not statement.allows:
            return FileSystemPolicy(problem="denies something")
        if statement.conditions or statement.applies is None or statement.principals is None:
            return FileSystemPolicy(problem="allows something under conditions that cannot be judged here")
        if statement.principals:
            allowances.append(Allowance(statement.principals, statement.actions, statement.access_points))
    return FileSystemPolicy(tuple(allowances))


def _statement(node: Mapping, conditions: Conditions, identities: Identities) -> PolicyStatement:
    points, applies = _condition(child(node, "Condition"), identities)
    return PolicyStatement(
        conditions,
        text(child(node, "Effect")) == "Allow",
        _actions(node),
        tuple(arn for member in _many(child(node, "Resource")) if (arn := identities.arn(member)) is not None),
        points,
        applies,
        None if child(node, "NotPrincipal") is not None else _principals(child(node, "Principal"), identities),
    )


def _actions(node: Mapping) -> tuple[str, ...]:
    """The actions of clients that a statement is about. One that is an expression may be any, in a denial."""
    but = child(node, "NotAction")
    patterns = _many(but if but is not None else child(node, "Action"))
    allows = text(child(node, "Effect")) == "Allow"
    if any(pattern.literal is None for pattern in patterns) and not allows:
        return CLIENT_ACTIONS
    names = [pattern.literal.lower() for pattern in patterns if pattern.literal is not None]
    if but is not None and len(names) < len(patterns):
        return ()
    matched = tuple(a for a in CLIENT_ACTIONS if any(fnmatchcase(a.lower(), name) for name in names))
    return matched if but is None else tuple(a for a in CLIENT_ACTIONS if a not in matched)


def _condition(node: Node | None, identities: Identities) -> tuple[tuple[Value, ...], bool | None]:
    """The access points that a condition names, and whether the rest of it holds for every mount of ECS."""
    if node is None or intrinsics.is_no_value(node):
        return (), True
    operators = mapping(node)
    if operators is None:
        return (), None
    points: tuple[Value, ...] = ()
    applies: bool | None = True
    for operator in operators.entries:
        keys = mapping(operator.value)
        if keys is None:
            return (), None
        for entry in keys.entries:
            name = key_text(entry).lower()
            holds: bool | None = None
            if key_text(operator) in ("Bool", "BoolIfExists") and name in _OF_EVERY_MOUNT:
                given = _truth(entry.value)
                holds = None if given is None else given is _OF_EVERY_MOUNT[name]
            elif key_text(operator) in _EQUAL and name == _POINT_ARN and not points:
                points = _access_points(entry.value, identities)
                holds = True if points else None
            if holds is False:  # all of it has to hold
                return (), False
            applies = holds and applies
    return points, applies


def _truth(node: Node) -> bool | None:
    listed = items(node) or [node]
    return truth(listed[0]) if len(listed) == 1 else None


def _access_points(node: Node, identities: Identities) -> tuple[Value, ...]:
    """The ARNs of a list; empty where one cannot be read or is a pattern."""
    listed = items(node) or [node]
    arns = [identities.arn(intrinsics.value(item)) for item in listed]
    found = tuple(arn for arn in arns if arn is not None and not set("*?") & set(arn.source))
    return found if len(found) == len(listed) else ()


def _principals(node: Node | None, identities: Identities) -> tuple[Value, ...] | None:
    """The principals of a statement; None where one cannot be read.

    Services do not mount, and naming an account lets its identity policies decide, as they do in any case.
    """
    kinds = mapping(node)
    listed: Sequence[Node | None] = [node]
    if kinds is not None:
        named = child(kinds, "AWS")
        listed = [] if named is None else items(named) or [named]
    found: list[Value] = []
    for item in listed:
        member = identities.role(intrinsics.value(item))
        if member is None or not _is_principal(member):
            return None
        if not _is_account(member):
            found.append(member)
    return tuple(found)


def _is_principal(member: Value) -> bool:
    """Whether a value is surely one principal or everyone: a parameter may be either."""
    if isinstance(member, Opaque):
        return False
    first = member.parts[0] if member.parts else ""
    if isinstance(first, str):
        return member == ANY or first.startswith("arn:") or _is_account(member)
    return len(member.parts) == 1 and (first.source.endswith(".Arn}") or _is_account(member))


def _is_account(member: Value) -> bool:
    return member.source.endswith(":root") or member.source.isdigit() or member.source == "${AWS::AccountId}"


def _many(node: Node | None) -> list[Value]:
    """The values of a list, or the one that stands in its place."""
    nodes = items(node) or ([node] if node is not None else [])
    return [found for inner in nodes if (found := intrinsics.value(inner)) is not None]
