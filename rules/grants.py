"""What a task role has to be allowed so that a task can mount a volume, and which role that is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TypeVar

from rules.model import EfsVolume, Opaque, Permission, Ref, Role, Task, Text, Value, Volume
from rules.rule import Context, Grant, read_only, shown

_ROLE_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[^:]+):role/.+")
_Served = TypeVar("_Served")
_ORDER = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess")


def grant(volume: Volume, storage: EfsVolume, task: Task, context: Context, *, root_access: bool = False) -> Grant:
    """Exactly what the task needs: no write access where every mount is read-only.

    `<region>` and `<account>` stand where the source does not say.
    """
    mount, write, root = _ORDER
    actions = [mount] if read_only(volume, task, context) else [mount, write]
    if context.policy.root_access or root_access:
        actions.append(root)
    partition, account = _role_parts(task.task_role)
    return Grant(
        role_name(task.task_role),
        f"arn:{partition}:elasticfilesystem:{task.region or '<region>'}:{account}",
        shown(storage.file_system),
        (shown(storage.access_point),) if storage.access_point else (),
        tuple(actions),
    )


def merge(grants: Iterable[tuple[Grant, _Served]]) -> list[tuple[Grant, list[_Served]]]:
    """One grant per role, file system and actions, with all that it serves; for a whole file system, one with all of its
    actions."""
    merged: dict[tuple[object, ...], tuple[dict[str, None], set[str], list[_Served], Grant]] = {}
    for one, served in grants:
        key = (one.role, one.arn_prefix, one.file_system, one.actions if one.access_points else None)
        points, actions, serves, _ = merged.setdefault(key, ({}, set(), [], one))
        points.update(dict.fromkeys(one.access_points))
        actions.update(one.actions)
        serves.append(served)
    return [
        (replace(one, access_points=tuple(points), actions=tuple(a for a in _ORDER if a in actions)), serves)
        for points, actions, serves, one in merged.values()
    ]


def permissions(volume: Volume, storage: EfsVolume, task: Task, context: Context, role: Role) -> frozenset[Permission]:
    """What a role of this source lacks so that the task can mount the volume."""
    mount = grant(volume, storage, task, context)
    system = context.own_file_system(storage.file_system)
    point = context.own_point_of(storage.access_point)
    resource = system.arn if system else _arn("file-system", storage.file_system)
    scope: Value | None = None
    if storage.access_point:
        scope = point.arn if point else _arn("access-point", storage.access_point)
    wanted = {Permission(role.key, action, resource, scope) for action in mount.actions}
    return frozenset(p for p in wanted if not context.is_allowed(p, _covers))


def _covers(known: Permission, wanted: Permission) -> bool:
    actions = fnmatchcase(wanted.action.lower(), known.action.lower())
    resources = known.resource == wanted.resource or (known.resource is not None and known.resource.literal == "*")
    return actions and resources and known.access_point in (None, wanted.access_point)


def _arn(kind: str, member: Value | None) -> Value | None:
    """The ARN of something of the stack's own account and region, as `Fn::Sub` writes it."""
    if member is None:
        return None
    if isinstance(member, Opaque):
        member = Text((Ref(member.source, member.handle),))
    own = [Ref(f"${{AWS::{name}}}") for name in ("Partition", "Region", "AccountId")]
    return Text(("arn:", own[0], ":elasticfilesystem:", own[1], ":", own[2], *_joined(f":{kind}/", member.parts)))


def _joined(prefix: str, parts: tuple[str | Ref, ...]) -> tuple[str | Ref, ...]:
    first, *others = parts
    return (prefix + first, *others) if isinstance(first, str) else (prefix, first, *others)


def configured_role(task: Task, context: Context) -> Value | None:
    """The role that the configuration gives a task that has none; `*` serves Fargate tasks only."""
    roles = context.policy.task_roles
    return roles.get(family(task)) or (roles.get("*") if task.fargate_only else None)


def family(task: Task) -> str:
    """What the configuration's `task-roles` call a task definition."""
    return task.family.source if task.family else task.name


def _role_parts(role: Value | None) -> tuple[str, str]:
    if isinstance(role, Text) and (match := _ROLE_ARN.fullmatch(role.coded)):
        return match["partition"], Text.decode(match["account"]).source
    return "aws", "<account>"


def role_name(role: Value | None) -> str:
    """How people call a role: the last component of its ARN, or what is written."""
    if isinstance(role, Opaque) or role is None:
        return shown(role)
    return Text.decode(role.coded.rpartition("/")[2]).source
