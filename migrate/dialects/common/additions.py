"""The resources that a plan adds to a source beside its task definitions: access points, roles, permissions, security
group rules, and dependencies of services on mount targets.

They are the same in every dialect that holds resources; the dialect's writer only decides where each goes and how it is
written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar, cast

from migrate.syntax import CannotEdit
from migrate.syntax.node import NewValue
from rules.facts import iam
from rules.model import CLIENT_ACTIONS, AccessPoint, EfsVolume, Key, Permission, Role, Stack, Traffic, Value

_Name = TypeVar("_Name")


class NoRoom(CannotEdit):
    """Raised if an entity of the source, such as a role, has no room for all that a plan adds to it; a part of that may
    have."""

    def __init__(self, reason: str, entity: Key) -> None:
        super().__init__(reason)
        self.entity = entity


class NewPoint(NamedTuple):
    """An access point to create."""

    point: AccessPoint
    users: tuple[Key, ...]
    """The keys of the volumes that mount through it."""


class NewRole(NamedTuple):
    """A task role to create."""

    role: Role
    users: tuple[Key, ...]
    """The keys of the task definitions that have the role."""
    permissions: tuple[Permission, ...]

    @property
    def statements(self) -> list[iam.Statement[Value]]:
        """The statements of the role's policy."""
        return iam.statements(self.permissions)


class NewGrant(NamedTuple):
    """Permissions to add to a role that exists already."""

    role: Key
    users: tuple[Key, ...]
    """The keys of the task definitions that have the role."""
    condition: str | None
    """The condition under which the resource of the permissions exists: that of the access point or, without one, of
    the file system, else the role's own. None if it always exists."""
    permissions: tuple[Permission, ...]

    @property
    def statements(self) -> list[iam.Statement[Value]]:
        """The statements of the policy that gives the role these permissions."""
        return iam.statements(self.permissions)


class NewIngress(NamedTuple):
    """A rule to add to a security group."""

    rule: Traffic


class NewWait(NamedTuple):
    """A dependency to add: `runner`, which starts tasks, has to wait until a mount target or a security group rule
    (`awaited`) exists."""

    runner: Key
    awaited: Key


class Additions(NamedTuple):
    """Everything that a plan adds, in an order that is the same on every run."""

    points: tuple[NewPoint, ...]
    roles: tuple[NewRole, ...]
    grants: tuple[NewGrant, ...]
    ingress: tuple[NewIngress, ...]
    waits: tuple[NewWait, ...]


def additions(old: Stack, new: Stack, document: int | None = None) -> Additions:
    """The additions by which `new` differs from `old`: those to one document of a file, or to all of it if
    `document` is None."""
    roles, grants = _allowed(old, new, document)
    traffic = {rule.key for rule in old.network.traffic}
    ingress = (NewIngress(r) for r in new.network.traffic if r.key not in traffic and _is_in(r.key, document))
    return Additions(
        tuple(_points(old, new, document)),
        tuple(roles),
        tuple(grants),
        ingress=tuple(ingress),
        waits=tuple(_waits(old, new, document)),
    )


def new_value(document: Mapping[str, object]) -> dict[str, NewValue]:
    """A policy document, or a part of one, as a value to write. `rules` builds it of strings, lists, dicts and the
    values that the caller made for ARNs, and knows no syntax trees; this only changes the static type."""
    return cast("dict[str, NewValue]", dict(document))


def _is_in(key: Key, document: int | None) -> bool:
    """Whether a key is of this document, or of any if `document` is None."""
    return document is None or key.document == document


def _points(old: Stack, new: Stack, document: int | None) -> Iterator[NewPoint]:
    """The access points that only `new` has, with the volumes that mount through each."""
    known = {point.key for point in old.access_points}
    users = _by_name(
        (volume.storage.access_point, volume.key)
        for task in new.tasks
        for volume in task.volumes
        if isinstance(volume.storage, EfsVolume) and volume.storage.access_point is not None
    )
    for point in new.access_points:
        if point.key not in known and _is_in(point.key, document):
            yield NewPoint(point, users.get(point.ref, ()))


def _allowed(old: Stack, new: Stack, document: int | None) -> tuple[list[NewRole], list[NewGrant]]:
    """The permissions that `new` adds: those of new roles, and those of roles that exist already."""
    known = {role.key for role in old.roles}
    roles = {role.key: role for role in new.roles}
    names = _by_name((role, task.key) for task in new.tasks for role in task.task_roles)
    conditions = _Conditions.of(new)
    created: list[NewRole] = []
    grants: list[NewGrant] = []
    for key, permissions in _new_permissions(old, new, document).items():
        role = roles[key]
        users = tuple(dict.fromkeys(user for name in role.refs for user in names.get(name, ())))
        if key not in known:
            created.append(NewRole(role, users, tuple(permissions)))
            continue
        groups: dict[str | None, list[Permission]] = {}
        for permission in permissions:
            groups.setdefault(conditions.of_permission(permission) or role.condition, []).append(permission)
        grants += (NewGrant(key, users, condition, permissions=tuple(group)) for condition, group in groups.items())
    return created, grants


def _new_permissions(old: Stack, new: Stack, document: int | None) -> dict[Key, list[Permission]]:
    """The permissions that each role gains, in a fixed order."""
    found: dict[Key, list[Permission]] = {}
    added = (p for p in new.permissions - old.permissions if _is_in(p.role, document))
    for permission in sorted(added, key=_order):
        found.setdefault(permission.role, []).append(permission)
    return found


def _order(permission: Permission) -> tuple[str, str, str, int]:
    """Sorts permissions by role, file system, access point and action, in the order of `CLIENT_ACTIONS`."""
    resource, point = permission.resource, permission.access_point
    return (
        str(permission.role),
        resource.source if resource else "",
        point.source if point else "",
        CLIENT_ACTIONS.index(permission.action),
    )


class _Conditions(NamedTuple):
    """The conditions of the access points and file systems that permissions name, by ARN."""

    points: dict[Value, str | None]
    systems: dict[Value, str | None]

    @classmethod
    def of(cls, stack: Stack) -> _Conditions:
        points = {point.arn: point.condition for point in stack.access_points}
        return cls(points, {system.arn: system.condition for system in stack.file_systems})

    def of_permission(self, permission: Permission) -> str | None:
        """The condition of the access point that a permission names or, without one, of the file system."""
        if permission.access_point is not None:
            return self.points.get(permission.access_point)
        return self.systems.get(permission.resource) if permission.resource is not None else None


def _waits(old: Stack, new: Stack, document: int | None) -> Iterator[NewWait]:
    """The dependencies that only the runners of `new` have."""
    before = {runner.key: runner.awaits for runner in old.runners}
    for runner in new.runners:
        if _is_in(runner.key, document):
            yield from (NewWait(runner.key, awaited) for awaited in sorted(runner.awaits - before[runner.key], key=str))


def _by_name(named: Iterable[tuple[_Name, Key]]) -> dict[_Name, tuple[Key, ...]]:
    """Maps each name to the keys that stand beside it in `named`, in their order."""
    found: dict[_Name, list[Key]] = {}
    for name, key in named:
        found.setdefault(name, []).append(key)
    return {name: tuple(keys) for name, keys in found.items()}
