"""A file system that still lets anyone in who reaches it

IAM authorization says who mounts, but it restricts nothing while the file system has no policy of its own: everybody who
reaches a mount target may then read, write and act as root. The last step, once *every* consumer mounts with IAM, is a
file-system policy. Any policy ends anonymous access unless it allows something to the principal `*`; what tasks may do is
then what the policies of their roles allow.

This rule speaks once for each file system, as soon as all volumes of a template that mount it have IAM authorization. It
cannot say that the step is safe: no source shows every consumer. Look up who else reaches the mount targets, grant
`ClientRootAccess` where EFS407 asks for it, and deploy the policy by itself, when all tasks run with IAM. Plain task
definitions show neither the file system nor its other consumers, so that nothing is said there.

Source: EFS user guide, "Using IAM to control access to file systems" (default policy; an allowance in either policy
suffices) and "Creating file system policies".
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rules.context import Context
from rules.facts.iam import ENCRYPTED
from rules.facts.mounts import Mapped, Unplaced
from rules.facts.values import shown, shown_path
from rules.model import DockerVolume, EfsVolume, Key, Level, OtherStorage, Stack, Task, Value, Volume
from rules.rule import Finding, Rule, Stage, Status
from rules.shared.authorization import lacking
from rules.shared.placement import docker_mount, is_plugin_volume, placement

_ID = "EFS408"
_MOST_NAMED = 6
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "*",
            "Condition": {"Bool": {ENCRYPTED: "false"}},
        }
    ],
}
"""A file-system policy that allows nothing, so that only identity policies do. A policy needs a statement, and this one
denies access without TLS only."""


@dataclass
class _Consumers:
    """The volumes that mount one file system."""

    volumes: dict[Key, str] = field(default_factory=dict)
    """The volumes' names for messages (`task/volume`), by their keys."""
    all_authorized: bool = True
    """Whether all of them mount with IAM authorization."""


def check_stack(stack: Stack, context: Context) -> Iterator[Finding]:
    if stack.names is None:
        return
    consumers, unplaced = _consumers(stack, context)
    for file_system, found in consumers.items():
        system = context.own_file_system(file_system)
        policy = system.policy if system else None
        if not found.all_authorized or (policy is not None and not policy.admits_anyone):
            continue
        name = shown(file_system)
        if policy is not None:
            state, step = "has a policy that lets anyone mount it", "allow nothing to the principal * there"
        else:
            state = "has no policy, so that anyone may mount it" if system and system.settled else "may have no policy"
            step = "give it one"
        known = "; ".join([f"with IAM: {_listed(found.volumes.values())}", *_others(file_system, unplaced, stack)])
        yield Finding(
            _ID,
            system.key if system else next(iter(found.volumes)),
            Status.ADVICE,
            message=f"IAM restricts nothing yet: {name} {state}; {step} when all that mount it use IAM (seen here: {known})",
            help=None if policy else _how(file_system, in_source=system is not None),
        )


def _consumers(stack: Stack, context: Context) -> tuple[dict[Value, _Consumers], list[str]]:
    """The consumers of each file system, and the volumes whose file system is not known, in words."""
    consumers: dict[Value, _Consumers] = {}
    unplaced = []
    for task in stack.tasks:
        if task.opaque_volumes:
            unplaced.append(f"{task.name} (a volume that cannot be read here)")
        for volume in task.volumes:
            name = f"{task.name}/{volume.name}"
            file_system = _file_system(volume, task, context)
            if isinstance(file_system, str):
                unplaced.append(f"{name} ({file_system})")
            elif file_system is not None:
                found = consumers.setdefault(file_system, _Consumers())
                found.volumes[volume.key] = name
                found.all_authorized &= _is_ready(volume, task, context)
    return consumers, unplaced


def _is_ready(volume: Volume, task: Task, context: Context) -> bool:
    """Whether a volume mounts with IAM authorization, as a role that this source does not show to be refused."""
    storage = volume.storage
    return (
        isinstance(storage, EfsVolume)
        and storage.level is Level.IAM
        and not lacking(volume, storage, task, context=context)
    )


def _file_system(volume: Volume, task: Task, context: Context) -> Value | str | None:
    """The file system that a volume mounts, or a description (a string) if it is not known; None if nothing suggests
    that it is EFS."""
    storage = volume.storage
    if isinstance(storage, EfsVolume):
        return storage.file_system or "no file system"
    if isinstance(storage, OtherStorage):
        return "EFS that cannot be read here" if storage.problem else None
    if isinstance(storage, DockerVolume):
        if (mount := docker_mount(storage)) is not None:
            return mount.file_system or f"NFS server {mount.server or '(none)'}"
        if is_plugin_volume(storage):
            return "a Docker plugin's volume"
    found = placement(volume, task, context)
    if isinstance(found, Mapped):
        return found.mount.file_system
    return "a host path" if isinstance(found, Unplaced) else None


def _others(file_system: Value, unplaced: list[str], stack: Stack) -> Iterator[str]:
    """Phrases on the other users of the file system: hosts that mount it, and volumes that perhaps do."""
    paths = [m.host_path for m in stack.host_mounts if m.file_system == file_system and "iam" not in m.options]
    if paths:
        yield f"without: container instances at {_listed(map(shown_path, dict.fromkeys(paths)))}"
    if unplaced:
        yield f"perhaps: {_listed(unplaced)}"


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _MOST_NAMED
    return ", ".join(listed[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _how(file_system: Value, *, in_source: bool) -> str:
    """The property or the command of the AWS CLI that gives the file system the policy."""
    policy = json.dumps(_POLICY)
    if in_source or file_system.literal is None:
        return f"FileSystemPolicy: {policy}"
    name, policy = shlex.quote(file_system.literal), shlex.quote(policy)
    return f"aws efs put-file-system-policy --file-system-id {name} --policy {policy}"


RULE = Rule(
    _ID,
    "anonymous-access",
    "any",
    default="advice",
    page=__doc__,
    check_stack=check_stack,
    climbs_to=Level.IAM,
    stage=Stage.LAST,
)
