"""The changes that rules may ask for, and the functions that apply them to a stack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import TypeAlias, TypeVar

from rules.model.access import AccessPoint, Permission, Role
from rules.model.conditions import Condition, ConditionLogic
from rules.model.instances import Image
from rules.model.network import Network, Traffic
from rules.model.possible import Possible
from rules.model.runners import PlatformVersion, TaskRunner
from rules.model.stack import Stack
from rules.model.storage import Misspelling, Storage, Volume
from rules.model.tasks import Container, Task
from rules.model.values import Key, Text, Value


@dataclass(frozen=True, slots=True)
class SetStorage:
    """Give a volume another storage."""

    volume: Key
    storage: Storage


@dataclass(frozen=True, slots=True)
class SetReadOnly:
    """Make every mount point of a task's volume of this name read-only."""

    task: Key
    volume: str


@dataclass(frozen=True, slots=True)
class SetTaskRole:
    """Give a task definition that has none a task role (AWS Batch: a job role)."""

    task: Key
    role: Value


@dataclass(frozen=True, slots=True)
class SetPlatformVersion:
    """Pin another Fargate platform version in the place of the one with the key `service`."""

    service: Key
    version: Text


@dataclass(frozen=True, slots=True)
class SetParameterDefault:
    """Give a parameter another default, and the values that it may have then."""

    parameter: Key
    default: str
    allowed: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class CorrectSpelling:
    """Rename a volume's misspelt properties."""

    volume: Key
    names: tuple[Misspelling, ...]


@dataclass(frozen=True, slots=True)
class AddAccessPoint:
    """Create an access point. If it is added twice under different conditions, it is created under either of them."""

    point: AccessPoint


@dataclass(frozen=True, slots=True)
class AddPermissions:
    """Allow a role of the source the client actions that a mount needs."""

    role: Key
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class AddRole:
    """Create a role that ECS tasks may assume. If it is added twice under different conditions, it is created under either
    of them."""

    role: Role


@dataclass(frozen=True, slots=True)
class AddTraffic:
    """Add an inbound rule to a security group."""

    rule: Traffic


@dataclass(frozen=True, slots=True)
class AddWait:
    """Start a runner's tasks only after a mount target or a rule of a security group is created."""

    runner: Key
    awaited: Key


@dataclass(frozen=True, slots=True)
class SetImage:
    """Start instances from another image, given by its name."""

    image: Key
    name: str


Change: TypeAlias = (
    SetStorage
    | SetReadOnly
    | SetTaskRole
    | SetPlatformVersion
    | SetParameterDefault
    | CorrectSpelling
    | AddAccessPoint
    | AddRole
    | AddPermissions
    | AddTraffic
    | AddWait
    | SetImage
)


def apply_to_volume(volume: Volume, change: Change) -> Volume:
    """Return `volume` after a change of it."""
    match change:
        case SetStorage():
            return replace(volume, storage=change.storage)
        case CorrectSpelling():
            return replace(volume, misspelt=(), storage=volume.meant or volume.storage, meant=None)
        case _:
            return volume


def apply_to_task(task: Task, change: Change) -> Task:
    """Return `task` after a change of it that does not concern a volume alone."""
    match change:
        case SetTaskRole():
            return task.with_role(change.role)
        case SetReadOnly():
            return replace(task, containers=tuple(_mount_read_only(c, change.volume) for c in task.containers))
        case _:
            return task


def _mount_read_only(container: Container, volume: str) -> Container:
    points = tuple(replace(p, read_only=Possible.of(True)) if p.shows(volume) else p for p in container.mount_points)
    return replace(container, mount_points=points)


def apply(stack: Stack, changes: Iterable[Change]) -> Stack:
    """Return `stack` after all `changes`, in time linear in both."""
    by_subject: dict[Key, list[Change]] = {}
    for change in changes:
        by_subject.setdefault(subject(change), []).append(change)
    if not by_subject:
        return stack
    tasks = []
    for task in stack.tasks:
        volumes = tuple(
            reduce(apply_to_volume, by_subject[v.key], v) if v.key in by_subject else v for v in task.volumes
        )
        changed = reduce(apply_to_task, by_subject.get(task.key, ()), task)
        # An untouched task stays the same object, which is how writers know it.
        tasks.append(changed if volumes == task.volumes else replace(changed, volumes=volumes))
    parameters = []
    for parameter in stack.parameters:
        for change in by_subject.get(parameter.key, ()):
            if isinstance(change, SetParameterDefault):
                parameter = replace(parameter, default=change.default, allowed=change.allowed)
        parameters.append(parameter)
    images = []
    for image in stack.images:
        for change in by_subject.get(image.key, ()):
            if isinstance(change, SetImage):
                image = rename(image, change.name)
        images.append(image)
    points = {point.key: point for point in stack.access_points}
    permissions = set(stack.permissions)
    roles = {role.key: role for role in stack.roles}
    for key, asked in by_subject.items():
        for change in asked:
            if isinstance(change, AddAccessPoint):
                points[key] = widen(points.get(key), change.point, stack.logic(key.document))
            elif isinstance(change, AddRole):
                roles[key] = widen(roles.get(key), change.role, stack.logic(key.document))
            elif isinstance(change, AddPermissions):
                permissions |= change.permissions
    return replace(
        stack,
        tasks=tuple(tasks),
        runners=tuple(_apply_to_runner(runner, by_subject) for runner in stack.runners),
        parameters=tuple(parameters),
        images=tuple(images),
        access_points=tuple(points.values()),
        roles=tuple(roles.values()),
        permissions=frozenset(permissions),
        network=_apply_to_network(stack.network, by_subject),
    )


def _apply_to_network(network: Network, by_subject: dict[Key, list[Change]]) -> Network:
    traffic = {c.rule.key: c.rule for changes in by_subject.values() for c in changes if isinstance(c, AddTraffic)}
    return replace(network, traffic=(*network.traffic, *traffic.values()))


def _apply_to_runner(runner: TaskRunner, by_subject: dict[Key, list[Change]]) -> TaskRunner:
    awaited = {c.awaited for c in by_subject.get(runner.key, ()) if isinstance(c, AddWait)}
    if awaited:
        runner = replace(runner, awaits=runner.awaits | awaited)
    if any(version.key in by_subject for version in runner.platform_versions):
        versions = tuple(reduce(_apply_to_version, by_subject.get(v.key, ()), v) for v in runner.platform_versions)
        runner = replace(runner, platform_versions=versions)
    return runner


def _apply_to_version(version: PlatformVersion, change: Change) -> PlatformVersion:
    return replace(version, value=change.version) if isinstance(change, SetPlatformVersion) else version


def rename(image: Image, name: str) -> Image:
    """The image with another name, which also replaces the old name inside `source`."""
    return replace(image, name=name, source=image.source.replace(image.name or "", name))


_Resource = TypeVar("_Resource", AccessPoint, Role)


def widen(known: _Resource | None, wanted: _Resource, logic: ConditionLogic) -> _Resource:
    """The wanted resource. If it is known already, it exists for the users of both. Raises NoSuchCondition if no condition
    says so."""
    if known is None or known.condition == wanted.condition:
        return wanted
    purpose = known.key.last.removesuffix("AccessPoint") or known.key.last
    condition: Condition = logic.either(known.condition, wanted.condition, purpose)
    return replace(known, condition=condition)


def subject(change: Change) -> Key:
    """The volume, task, platform version or resource that a change is about."""
    match change:
        case SetStorage() | CorrectSpelling():
            return change.volume
        case SetReadOnly() | SetTaskRole():
            return change.task
        case SetPlatformVersion():
            return change.service
        case SetParameterDefault():
            return change.parameter
        case AddAccessPoint():
            return change.point.key
        case AddRole():
            return change.role.key
        case AddPermissions():
            return change.role
        case AddTraffic():
            return change.rule.key
        case AddWait():
            return change.runner
        case SetImage():
            return change.image
