"""A mount of EFS on the instances that no volume needs any more

Once the last volume of a template has left a host mount, the user data that makes it is left over: every instance still
mounts the whole file system, in the clear and without IAM, and waits for it before Docker starts.

It is never removed together with the volumes: tasks that run on the old definition still use it. Take it out of the user
data in a later deployment, when nothing else needs it: other task definitions, cron jobs, steps that make directories or
set their owners. Instance attributes that marked the instances with the mount, and placement constraints that ask for
them, become obsolete with it.

Source: Amazon ECS developer guide, "Tutorial: Using Amazon EFS file systems with Amazon ECS".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rules.context import Context
from rules.facts.paths import climbs, may_lie_below, normalise, starts_with_reference
from rules.facts.values import directory, shown, shown_path
from rules.model import EfsVolume, HostMount, Instance, Key, Stack, Text, Value
from rules.rule import Finding, Rule, Stage, Status
from rules.shared.placement import host_path

_ID = "EFS405"


_ANYWHERE = ".."
"""The path of a volume that cannot be read, which may lead anywhere."""


@dataclass
class _MountsInUse:
    """The directories and host paths that tasks use after the plan, for tasks that can run on the same instances."""

    moved: set[tuple[Value | None, str | None]] = field(default_factory=set)
    """Pairs (file system, directory) for the directories of EFS volumes and all above them; None for an unknown
    directory."""
    paths: set[str] = field(default_factory=set)
    """The literal paths of host volumes."""
    above: set[str] = field(default_factory=set)
    """The paths of `paths`, and all above them."""
    expressions: list[str] = field(default_factory=list)
    """The host paths with expressions, which may lead anywhere, coded."""

    def left(self, mount: HostMount) -> bool:
        """Whether an EFS volume has replaced the mount for a task."""
        return not self.moved.isdisjoint({(mount.file_system, mount.directory), (mount.file_system, None)})

    def stays(self, mount: HostMount) -> bool:
        """Whether a host volume lies, or may lie, on the mount or contains it, so that the mount is still needed."""
        return (
            mount.host_path in self.above
            or not self.paths.isdisjoint(_and_above(mount.host_path))
            or any(starts_with_reference(p) or climbs(p) or _may_meet(p, mount.host_path) for p in self.expressions)
        )


def _may_meet(path: str, mount_point: str) -> bool:
    return may_lie_below(path, mount_point) or may_lie_below(mount_point, path)


def _and_above(path: str) -> Iterator[str]:
    """A path and all directories above it."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield "/"


def check(planned: Stack, context: Context) -> Iterable[Finding]:
    by_instance: dict[Key, list[_MountsInUse]] = {}
    for keys, needs in _needs(planned, context).items():
        for key in keys:
            by_instance.setdefault(key, []).append(needs)
    instances = {instance.key: instance for instance in planned.instances}
    for (key, path), mount in _mounts(planned).items():
        needs_there = by_instance.get(key, [])
        if any(needs.left(mount) for needs in needs_there) and not any(needs.stays(mount) for needs in needs_there):
            yield _finding(instances[key], path, mount)


def _mounts(planned: Stack) -> dict[tuple[Key, str], HostMount]:
    """The mounts whose file systems are known, by instance and mount point."""
    return {
        (mount.instance, mount.host_path): mount
        for mount in planned.host_mounts
        if mount.instance is not None and mount.is_nfs and mount.file_system is not None and not mount.is_link
    }


def _needs(planned: Stack, context: Context) -> dict[tuple[Key, ...], _MountsInUse]:
    """The mounts in use, by the instances that the tasks can run on."""
    found: dict[tuple[Key, ...], _MountsInUse] = {}
    for task in planned.tasks:
        keys = context.hosts(task).keys
        if keys and task.opaque_volumes:
            found.setdefault(keys, _MountsInUse()).expressions.append(_ANYWHERE)
        for volume in task.volumes if keys else ():
            needs = found.setdefault(keys, _MountsInUse())
            storage = volume.storage
            if isinstance(storage, EfsVolume):
                needs.moved |= {(storage.file_system, path) for path in _directories(storage, context)}
            elif (path := host_path(volume)) is not None:
                coded = normalise(path.coded) if isinstance(path, Text) else Text.decode("/").coded
                if isinstance(path, Text) and path.literal is not None and not climbs(coded):
                    needs.paths.add(coded)
                    needs.above.update(_and_above(coded))
                else:
                    needs.expressions.append(path.coded if isinstance(path, Text) else _ANYWHERE)
    return found


def _directories(storage: EfsVolume, context: Context) -> Iterable[str | None]:
    """The directory that a volume mounts and all above it, or None alone if the directory is not known."""
    path = directory(storage)
    if storage.access_point is not None:
        path = context.directory_of(storage.file_system, storage.access_point)
    return _and_above(path) if isinstance(path, str) else [None]


def _finding(instance: Instance, path: str, mount: HostMount) -> Finding:
    attributes = ""
    if instance.attributes:
        attributes = (
            f" If it marks the instances with the mount, ECS_INSTANCE_ATTRIBUTES={instance.attributes} becomes obsolete with it, "
            "and so do placement constraints on it."
        )
    return Finding(
        _ID,
        instance.script_key,
        Status.ADVICE,
        message=f"{shown(mount.file_system)}:{shown_path(mount.directory)} is mounted at {shown_path(path)} ({mount.origin}), and no "
        "volume here needs that any more: remove it in a later deployment, since running tasks still use it",
        help="Before you remove the mount, look for other tasks, cron jobs and steps of the user data (mkdir, chown) that depend "
        f"on it.{attributes}",
        detail=path,
    )


RULE = Rule(_ID, "leftover-host-mount", "any", default="advice", page=__doc__, check_stack=check, stage=Stage.LATER)
