"""What a task role has to be allowed so that a task can mount a volume, and which role that is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from rules.context import Context
from rules.facts.iam import Grant
from rules.facts.values import shown
from rules.model import (
    ANY,
    CLIENT_ACTIONS,
    EfsVolume,
    FileSystemPolicy,
    Key,
    Opaque,
    Permission,
    Ref,
    Role,
    Task,
    Text,
    Value,
    Volume,
)
from rules.shared.volumes import read_only

_ROLE_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[^:]+):role/.+")
_Served = TypeVar("_Served")


@dataclass(frozen=True, slots=True)
class Floor:
    """What a task could do on the file system until now, where policies of the source say, and must still be able to do."""

    root_access: bool = False
    """Whether a policy let it act as root."""
    read_only: bool = False
    """Whether a file-system policy did not let it write."""
    doubt: str | None = None
    """A sentence on why it is not known what the task could do, or will be able to."""
    note: str | None = None
    """A sentence on what has to be known beside it."""


NOTHING = Floor()
"""No policy of the source says anything."""


def actions(volume: Volume, task: Task, context: Context, floor: Floor) -> tuple[str, ...]:
    """What the task does on the file system: no write access where every mount is read-only."""
    mount, write, root = CLIENT_ACTIONS
    needed = [mount]
    if not (floor.read_only or read_only(volume, task, context)):
        needed.append(write)
    if context.choices.root_access or floor.root_access:
        needed.append(root)
    return tuple(needed)


def grant(
    volume: Volume,
    storage: EfsVolume,
    task: Task,
    context: Context,
    floor: Floor = NOTHING,
    roles: Sequence[Value] = (),
) -> Grant:
    """Exactly what the task needs, for `roles` that the source does not hold (default: all of the task's).

    `<region>` and `<account>` stand where the source does not say.
    """
    roles = roles or task.task_roles
    partition, account = _role_parts(roles[0] if len(roles) == 1 else None)
    return Grant(
        " and ".join(map(role_name, roles)) or shown(None),
        f"arn:{partition}:elasticfilesystem:{task.region or '<region>'}:{account}",
        shown(storage.file_system),
        access_points=(shown(storage.access_point),) if storage.access_point else (),
        actions=actions(volume, task, context, floor=floor),
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
        (replace(one, access_points=tuple(points), actions=tuple(a for a in CLIENT_ACTIONS if a in actions)), serves)
        for points, actions, serves, one in merged.values()
    ]


def permissions(
    volume: Volume, storage: EfsVolume, task: Task, context: Context, role: Role, floor: Floor
) -> frozenset[Permission]:
    """What a role of this source lacks so that the task can mount the volume."""
    wanted = {
        _permission(role, action, storage, context=context) for action in actions(volume, task, context, floor=floor)
    }
    system = context.own_file_system(storage.file_system)
    policy = system.policy if system and system.policy else FileSystemPolicy()
    return frozenset(
        p
        for p in wanted
        if not context.is_allowed(p, _covers) and not policy.allows(role.refs, p.action, p.access_point)
    )


def is_allowed(role: Role, action: str, storage: EfsVolume, context: Context) -> bool:
    """Whether policies of a role of this source allow it something through a volume, or will."""
    return context.is_allowed(_permission(role, action, storage, context=context), _covers)


def _permission(role: Role, action: str, storage: EfsVolume, context: Context) -> Permission:
    system = context.own_file_system(storage.file_system)
    resource = system.arn if system else _arn("file-system", storage.file_system, context)
    return Permission(role.key, action, resource, access_point=point_arn(storage.access_point, context))


def point_arn(point: Value | None, context: Context) -> Value | None:
    """The ARN of an access point, as policies of this source would have it."""
    own = context.own_point_of(point)
    return own.arn if own else _arn("access-point", point, context)


def _covers(known: Permission, wanted: Permission) -> bool:
    resources = known.resource in (ANY, wanted.resource)
    return known.action == wanted.action and resources and known.access_point in (None, wanted.access_point)


def _arn(kind: str, member: Value | None, context: Context) -> Value | None:
    """The ARN of something of the stack's own account and region."""
    if member is None:
        return None
    names = ("AWS::Partition", "AWS::Region", "AWS::AccountId")
    partition, region, account = (context.reference(Key("pseudo parameter", path=(name,)), "") for name in names)
    return _joined("arn:", partition, ":elasticfilesystem:", region, ":", account, f":{kind}/", member)


def _joined(*members: str | Value) -> Text:
    """One text of several values."""
    parts: list[str | Ref] = []
    for member in members:
        own = (member,) if isinstance(member, str) else _parts(member)
        for part in own:
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            else:
                parts.append(part)
    return Text(tuple(parts))


def _parts(member: Value) -> tuple[str | Ref, ...]:
    return (Ref(member.source, member.handle),) if isinstance(member, Opaque) else member.parts


def configured_role(task: Task, context: Context) -> Value | None:
    """The role that the configuration gives a task that has none; `*` serves Fargate tasks only."""
    roles = context.choices.task_roles
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
