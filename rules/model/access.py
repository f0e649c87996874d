"""File systems, access points, roles, and what these are allowed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rules.model.values import ANY, Directory, Key, Rest, Text, Value

CLIENT_ACTIONS = (
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
)
"""What policies allow clients of EFS, in the order in which people write it."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Actions of clients that a statement of a file-system policy allows, as the source writes principals and access points
    (ARNs). Without access points it does not matter how a client mounts."""

    principals: tuple[Value, ...]
    actions: tuple[str, ...]
    access_points: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class FileSystemPolicy:
    """A policy of a file system itself. Whoever it names may do what it allows, whatever his own policies say."""

    allowances: tuple[Allowance, ...] = ()
    problem: str | None = None
    """Why it is not known what it allows; completes "a policy that …"."""

    def allows(self, principals: Iterable[Value], action: str, access_point: Value | None) -> bool:
        """Whether it allows something to a client, whom each of `principals` names."""
        names = frozenset(principals)
        return any(
            action in allowed.actions
            and (not allowed.access_points or access_point in allowed.access_points)
            and not names.isdisjoint(allowed.principals)
            for allowed in self.allowances
        )

    @property
    def admits_anyone(self) -> bool:
        """Whether it surely lets clients mount that do not say who they are, if only through some access point."""
        return self.problem is None and any(
            ANY in allowed.principals and CLIENT_ACTIONS[0] in allowed.actions for allowed in self.allowances
        )


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A file system that the source creates. `arn` is how the source would refer to it."""

    key: Key
    ref: Value
    arn: Value
    condition: str | None = None
    policy: FileSystemPolicy | None = None
    """None: everyone who reaches a mount target may do everything, unless `settled` is false."""
    settled: bool = True
    """Whether the source shows whether it has a policy; false where something outside of it may give it one."""
    name: str | None = None
    """What the source calls it; None where the end of its key does."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a resource."""

    key: Value
    value: Value


@dataclass(frozen=True, slots=True)
class Tagging:
    """How a source tags the resources of one kind, so that a new one is tagged as they are."""

    kind: Key
    """The beginning of the keys of such resources."""
    tags: tuple[Tag, ...]
    """What all of them have, with equal values."""
    name_prefix: Text | None = None
    """What the values of their `Name` tags begin with, up to and including a separator; None if they have none in common."""
    name_at: int = 0
    """Where among the tags the name stands."""


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """An access point that the source creates; `path` is None where it cannot be seen."""

    key: Key
    ref: Value
    arn: Value
    file_system: Value | None
    path: Directory | None
    creation: tuple[str, str, str] | None = ("0", "0", "0755")
    """Owner uid, owner gid and octal mode of a directory that does not exist yet; None: it has to exist. What Docker makes
    of a missing host path is root, root, 0755."""
    user: tuple[str, ...] | None = None
    """The POSIX user (uid, gid, …) that replaces every client's; expressions as they are written."""
    condition: str | None = None
    tags: tuple[Tag, ...] = ()
    rest: Rest = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role that the source creates; `refs` are the expressions that name it."""

    key: Key
    refs: tuple[Value, ...]
    condition: str | None = None
    unclear: bool = False
    """Whether a part of its policies cannot be read, or denies something."""
    tags: tuple[Tag, ...] = ()


@dataclass(frozen=True, slots=True)
class Permission:
    """One action that a role of the source is allowed, as the source writes resource and access point (ARNs)."""

    role: Key
    action: str
    resource: Value | None
    access_point: Value | None
