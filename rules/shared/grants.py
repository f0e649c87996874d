"""The permissions that a task role needs so that its task can mount an EFS volume, and the choice of that role."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from rules.context import Context
from rules.facts.iam import Grant, StatementSubject
from rules.facts.values import shown
from rules.model import (
    ANY,
    CLIENT_ACTIONS,
    DockerVolume,
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
from rules.shared.placement import docker_mount
from rules.shared.volumes import read_only

_ROLE_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[^:]+):role/.+")
_DYNAMIC = re.compile(r"\{\{.*?\}\}")
_Served = TypeVar("_Served")


@dataclass(frozen=True, slots=True)
class Floor:
    """The access that policies of the source gave a task on its file system until now. The migrated task must keep
    it."""

    root_access: bool = False
    """Whether a policy allowed the task to act as root."""
    read_only: bool = False
    """Whether the file-system policy allowed the task to mount but not to write."""
    doubt: str | None = None
    """A sentence that says why the task's old or new access is not known; None if it is."""
    note: str | None = None
    """A sentence to show with the step; None if there is nothing to add."""


NOTHING = Floor()
"""The floor if no policy of the source concerns the task."""


def actions(volume: Volume, task: Task, context: Context, floor: Floor) -> tuple[str, ...]:
    """The client actions that the task needs on the file system: without `ClientWrite` if every mount is read-only."""
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
    """The least-privilege grant for `roles` that the source does not create (default: all roles of the task).

    `<region>` and `<account>` stand for a region and an account that the source does not show, `<partition>` for one of
    the several partitions that it names.
    """
    roles = roles or task.task_roles
    partition, account = _role_parts(roles[0] if len(roles) == 1 else None, task)
    return Grant(
        " and ".join(map(role_name, roles)) or shown(None),
        f"arn:{partition}:elasticfilesystem:{_region(task, context) or '<region>'}:{account}",
        shown(storage.file_system),
        access_points=(shown(storage.access_point),) if storage.access_point else (),
        actions=actions(volume, task, context, floor=floor),
        not_yet=context.is_planned(storage.access_point),
    )


def merge(grants: Iterable[tuple[Grant, _Served]]) -> list[tuple[Grant, list[_Served]]]:
    """Combine grants into one per role, file system and set of actions, each with the list of all that it serves.
    Grants for a whole file system become one with all of their actions."""
    merged: dict[tuple[object, ...], tuple[dict[str, None], set[str], list[_Served], Grant]] = {}
    for one, served in grants:
        key = (one.role, one.arn_prefix, one.file_system, one.actions if one.access_points else None, one.not_yet)
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
    """The permissions that a role of this source is not seen to have and needs so that the task can mount the volume."""
    wanted = (
        _permission(role, action, storage, context=context) for action in actions(volume, task, context, floor=floor)
    )
    return frozenset(p for p in wanted if _allowed(p, role, role.refs, storage=storage, context=context) is not True)


def missing(
    volume: Volume, storage: EfsVolume, task: Task, context: Context, floor: Floor
) -> list[tuple[Role, tuple[str, ...]]]:
    """The roles of the task that this source creates and shows not to be allowed what the mount needs, each with the
    client actions that it lacks. A role that may have more policies than can be read here is not among them."""
    found = []
    for role in filter(None, map(context.own_role, task.task_roles)):
        needed = actions(volume, task, context, floor=floor)
        wanted = (_permission(role, action, storage, context=context) for action in needed)
        names = (ANY, *role.refs)
        lacks = tuple(p.action for p in wanted if _allowed(p, role, names, storage=storage, context=context) is False)
        if lacks:
            found.append((role, lacks))
    return found


def unseen(volume: Volume, storage: EfsVolume, task: Task, context: Context) -> bool:
    """Whether some role of the task is not seen to be allowed what the mount needs."""
    needed = actions(volume, task, context, floor=NOTHING)
    roles = [context.own_role(role) for role in task.task_roles]
    return not all(
        role is not None and is_allowed(role, action, storage, context=context) for role in roles for action in needed
    )


def misplaced(role: Role, action: str, storage: EfsVolume, context: Context) -> tuple[list[Role], list[Permission]]:
    """The likely mistakes behind an action that a role lacks: the roles that are allowed it in this one's place, and the
    role's own permissions for something else."""
    wanted = _permission(role, action, storage, context=context)
    return context.roles_allowed(wanted), context.permissions_for(wanted)


def is_allowed(role: Role, action: str, storage: EfsVolume, context: Context) -> bool:
    """Whether policies of a role of this source, including those that the plan adds, allow it an action through
    `storage`."""
    wanted = _permission(role, action, storage, context=context)
    return context.is_allowed(wanted, _covering(storage, context)) is True


def _allowed(
    wanted: Permission, role: Role, names: Collection[Value], storage: EfsVolume, context: Context
) -> bool | None:
    """Whether policies of this source allow an action to a role, or the file-system policy to one of `names`; None if
    that is not known."""
    system = context.own_file_system(storage.file_system)
    policy = system.policy if system and system.policy else FileSystemPolicy()
    if policy.allows(names, wanted.action, wanted.access_point):
        return True
    own = context.is_allowed(wanted, _covering(storage, context))
    return None if own is False and (role.open or policy.problem) else own


def _covering(storage: EfsVolume, context: Context) -> Callable[[Permission, Permission], bool | None]:
    """The test whether a permission that exists includes one for a mount of `storage`, both of the same role and
    action; it returns None if that is not known."""
    own = context.ids_and_arns
    system = StatementSubject("file-system", storage.file_system)
    point = StatementSubject("access-point", storage.access_point)

    def covers(known: Permission, wanted: Permission) -> bool | None:
        resource = system.is_named_by(known.resource, wanted.resource, own)
        if resource is False or known.access_point is None:
            return resource
        through = wanted.access_point is not None and point.is_named_by(known.access_point, wanted.access_point, own)
        return resource if through else through

    return covers


def _permission(role: Role, action: str, storage: EfsVolume, context: Context) -> Permission:
    """The permission for a role to take an action on the file system, through the access point if `storage` has one."""
    system = context.own_file_system(storage.file_system)
    resource = system.arn if system else _arn("file-system", storage.file_system, context)
    return Permission(role.key, action, resource, access_point=point_arn(storage.access_point, context))


def point_arn(point: Value | None, context: Context) -> Value | None:
    """The ARN of an access point, as policies of this source write it; None without an access point."""
    own = context.own_point_of(point)
    return own.arn if own else _arn("access-point", point, context)


def _arn(kind: str, member: Value | None, context: Context) -> Value | None:
    """The ARN of an EFS resource in the stack's own account and region; None without a `member`, its id."""
    if member is None:
        return None
    names = ("AWS::Partition", "AWS::Region", "AWS::AccountId")
    partition, region, account = (context.reference(Key("pseudo parameter", path=(name,)), "") for name in names)
    return _joined("arn:", partition, ":elasticfilesystem:", region, ":", account, f":{kind}/", member)


def _joined(*members: str | Value) -> Text:
    """The members, strings and values, as one text."""
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
    """The role that the configuration names for a task without a role, or None. The entry `*` is for Fargate tasks
    only."""
    roles = context.choices.task_roles
    return roles.get(family(task)) or (roles.get("*") if task.fargate_only else None)


def any_role(task: Task) -> str:
    """The beginning of the ARN of every role that the task can have, as messages show it."""
    return f"arn:{task.partition or 'aws'}:iam::{f'{task.account}:role/' if task.account else ''}…"


def family(task: Task) -> str:
    """The key of a task definition in the configuration's `task-roles`: its family or, without one, its name in
    reports."""
    return task.family.source if task.family else task.name


def may_lack(role: Value) -> str:
    """The sentence that refuses IAM authorization for a task whose role may be left out or empty."""
    return f"the task role {shown(role)} may be left out, and IAM authorization needs one"


def _region(task: Task, context: Context) -> str | None:
    """The region of the task, also as the servers show it that its Docker volumes mount: EFS does not cross regions. None
    if the source does not show it."""
    storages = (context.as_read(volume).storage for volume in task.volumes)
    mounts = (docker_mount(storage) for storage in storages if isinstance(storage, DockerVolume))
    regions = {mount.region for mount in mounts if mount and mount.region}
    return task.region or (regions.pop() if len(regions) == 1 else None)


def _role_parts(role: Value | None, task: Task) -> tuple[str, str]:
    """The partition and account of a role, from its ARN or else from what else shows the task's; `aws` and `<account>` if
    nothing does."""
    if isinstance(role, Text) and (match := _ROLE_ARN.fullmatch(role.coded)):
        return match["partition"], Text.decode(match["account"]).source
    return task.partition or "aws", task.account or "<account>"


def role_name(role: Value | None) -> str:
    """The name of a role, for messages: the last component of its ARN, or what is written instead of an ARN. A slash in
    a dynamic reference (`{{resolve:ssm:/app/role}}`) does not count."""
    if isinstance(role, Opaque) or role is None:
        return shown(role)
    whole = role.coded
    plain = _DYNAMIC.sub(lambda found: "x" * len(found[0]), whole)
    return Text.decode(whole[plain.rfind("/") + 1 :]).source if plain.startswith("arn:") else role.source
