"""The principal that mounted a volume until now, and the actions that policies of the source allow that principal.

A mount without the option `iam` is anonymous. With `iam`, a container instance mounts as its instance role. After the
migration the task role mounts instead, and the task must not lose an action that only the old principal was allowed.

Source: EFS user guide, "Using IAM to control access to file systems" (an allowance in either the file-system policy or
an identity policy suffices); amazon-efs-utils `mount.efs` (`iam` takes the instance profile's credentials).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rules.context import Context
from rules.facts.mounts import Mapped
from rules.model import (
    ANY,
    CLIENT_ACTIONS,
    DockerVolume,
    EfsVolume,
    FileSystemPolicy,
    Key,
    Role,
    Task,
    Text,
    Value,
    Volume,
)
from rules.shared.grants import NOTHING, Floor, is_allowed, point_arn
from rules.shared.placement import docker_mount, placement

_UNKNOWN_ROLE = (
    "Until now the instance's own role mounted with IAM, and this source does not hold it: allow the task's role what that one "
    "was allowed, ClientRootAccess included."
)


@dataclass(frozen=True, slots=True)
class _Mount:
    """The way a volume was mounted until now: its access point, if any, and the roles that it was mounted as with IAM,
    with None for a role that the source does not create."""

    access_point: Value | None = None
    roles: tuple[Key | None, ...] = ()


def floor(volume: Volume, storage: EfsVolume, task: Task, context: Context) -> Floor:
    """The access that a volume's task had on its file system until now, as far as policies of the source show it."""
    mount = _mounted(context.as_read(volume), task, context)
    system = context.own_file_system(storage.file_system)
    policy = system.policy if system else None
    roles = [context.role_of(key) for key in mount.roles]
    if policy is not None and policy.problem is not None:
        return Floor(
            doubt=f"The file system has a policy that {policy.problem}: check that it lets the task mount, write and act as "
            "root."
        )
    if None in roles:
        doubt = "The file system has a policy, which may name the instances' role." if policy is not None else None
        return Floor(doubt=doubt, note=_UNKNOWN_ROLE)
    known = [role for role in roles if role is not None]
    if unclear := next((role for role in known if role.unclear), None):
        return Floor(
            doubt=f"Until now role {unclear.key.last} mounted, whose policies deny something or cannot be read: check that the "
            "task's role is allowed the same."
        )
    allowed = _allowed(replace(storage, access_point=mount.access_point), known, context)
    mounts, writes, acts_as_root = (action in allowed for action in CLIENT_ACTIONS)
    return Floor(acts_as_root, policy is not None and not writes) if mounts else NOTHING


def _allowed(storage: EfsVolume, roles: Sequence[Role], context: Context) -> list[str]:
    """The client actions that policies allow one of the roles or, without roles, everyone."""
    system = context.own_file_system(storage.file_system)
    policy = system.policy if system and system.policy else FileSystemPolicy()
    principals = [ANY, *(ref for role in roles for ref in role.refs)]
    arn = point_arn(storage.access_point, context)
    return [
        action
        for action in CLIENT_ACTIONS
        if policy.allows(principals, action, arn)
        or any(is_allowed(role, action, storage, context=context) for role in roles)
    ]


def _mounted(volume: Volume, task: Task, context: Context) -> _Mount:
    """The mount of a volume as it was read, from its own storage or from the host mount behind it."""
    if isinstance(volume.storage, EfsVolume):
        return _Mount(volume.storage.access_point)
    options: Sequence[str] = ()
    roles: list[Key | None] = [None]
    found = placement(volume, task, context)
    if isinstance(found, Mapped):
        options = found.mount.options
        roles = [m.role for m in context.mounts(task).at_or_above(found.mount.host_path) if "iam" in m.options]
    elif isinstance(volume.storage, DockerVolume) and (mount := docker_mount(volume.storage)) is not None:
        options = mount.options
    point = next((o.partition("=")[2] for o in options if o.startswith("accesspoint=")), "")
    return _Mount(Text.decode(point) if point else None, tuple(dict.fromkeys(roles)) if "iam" in options else ())
