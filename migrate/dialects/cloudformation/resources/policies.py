"""Policy documents in templates, statement by statement. `rules.facts.iam` judges the effect of each on EFS mounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import Identities
from migrate.dialects.common.conditional import Conditions
from migrate.dialects.common.listed import may_hold_more
from migrate.dialects.common.policy_conditions import comparisons
from migrate.dialects.common.values import child, items, mapping, text
from migrate.syntax.node import Mapping, Node
from rules.facts.iam import Comparison, Judged, judge
from rules.model import ANY, Allowance, FileSystemPolicy, Opaque, Value


@dataclass(frozen=True)
class PolicyStatement:
    """One statement of a policy document."""

    conditions: Conditions
    """The template's conditions under which it exists."""
    said: Judged
    """Its effect on tasks that mount EFS."""
    principals: tuple[Value, ...] | None
    """The principals of a resource policy, except services and whole accounts; None if one cannot be read."""
    unread: bool = False
    """Whether some of its actions cannot be read, so that it may allow more than `said`."""


def statements(document: Node | None, identities: Identities) -> list[PolicyStatement | None]:
    """The statements of a policy document, with None for each that cannot be read."""
    written = child(mapping(document), "Statement")
    if written is None or may_hold_more(mapping(document)):
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
        said = statement.said
        if said.allows and statement.unread:
            return FileSystemPolicy(problem="allows something that cannot be read here")
        if not said.actions or said.applies is False:
            continue
        if not said.allows:
            return FileSystemPolicy(problem="denies something")
        if statement.conditions or said.applies is None or statement.principals is None:
            return FileSystemPolicy(problem="allows something under conditions that cannot be judged here")
        if statement.principals:
            allowances.append(Allowance(statement.principals, said.actions, said.access_points))
    return FileSystemPolicy(tuple(allowances))


def _statement(node: Mapping, conditions: Conditions, identities: Identities) -> PolicyStatement:
    but = child(node, "NotAction")
    patterns = [pattern.literal for pattern in _many(but if but is not None else child(node, "Action"))]
    unread = None in patterns or (not patterns and may_hold_more(node))
    said = judge(
        text(child(node, "Effect")),
        patterns,
        [arn for member in _many(child(node, "Resource")) if (arn := identities.arn(member)) is not None],
        condition=list(_comparisons(child(node, "Condition"), identities)),
        all_but=but is not None,
    )
    if child(node, "NotPrincipal") is not None:
        return PolicyStatement(conditions, said, principals=None, unread=unread)
    principals = _principals(child(node, "Principal"), identities)
    return PolicyStatement(conditions, said, principals, unread=unread)


def _comparisons(node: Node | None, identities: Identities) -> Iterator[Comparison]:
    """The comparisons in an IAM condition, of which `AWS::NoValue` has none."""
    if intrinsics.is_no_value(node):
        return iter(())
    return comparisons(node, lambda item: identities.arn(intrinsics.value(item)))


def _principals(node: Node | None, identities: Identities) -> tuple[Value, ...] | None:
    """The principals of a statement; None if one cannot be read.

    Services are left out, because they do not mount. So are whole accounts: naming one leaves the decision to its
    identity policies, which decide anyway.
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
    """Whether a value is known to be one principal, an account or `*`. A parameter is not: it may hold any of these."""
    if isinstance(member, Opaque):
        return False
    first = member.parts[0] if member.parts else ""
    if isinstance(first, str):
        return member == ANY or first.startswith("arn:") or _is_account(member)
    return len(member.parts) == 1 and (first.source.endswith(".Arn}") or _is_account(member))


def _is_account(member: Value) -> bool:
    """Whether a principal is a whole account."""
    return member.source.endswith(":root") or member.source.isdigit() or member.source == "${AWS::AccountId}"


def _many(node: Node | None) -> list[Value]:
    """The values of a list, or the single value in its place."""
    nodes = items(node) or ([node] if node is not None else [])
    return [found for inner in nodes if (found := intrinsics.value(inner)) is not None]
