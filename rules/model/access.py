"""File systems with their policies, access points, roles, and the permissions of roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rules.model.values import ANY, Directory, Key, Rest, Text, Value

CLIENT_ACTIONS = (
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
)
"""The IAM actions of EFS clients, in the order in which policies usually list them."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The client actions that one statement of a file-system policy allows. Principals and access points are ARNs as
    the source writes them; without access points, the statement covers every mount."""

    principals: tuple[Value, ...]
    actions: tuple[str, ...]
    access_points: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class FileSystemPolicy:
    """The resource policy of a file system. It suffices to allow a principal an action, even if the principal's own
    policies do not."""

    allowances: tuple[Allowance, ...] = ()
    problem: str | None = None
    """The reason why its effect is not known, or None; completes "a policy that …"."""

    def allows(self, principals: Iterable[Value], action: str, access_point: Value | None) -> bool:
        """Whether the policy allows a client an action through an access point, or without one if that is None.
        `principals` are expressions that name the client."""
        names = frozenset(principals)
        return any(
            action in allowed.actions
            and (not allowed.access_points or access_point in allowed.access_points)
            and not names.isdisjoint(allowed.principals)
            for allowed in self.allowances
        )

    @property
    def admits_anyone(self) -> bool:
        """Whether the policy certainly lets anonymous clients mount, if only through some access point."""
        return self.problem is None and any(
            ANY in allowed.principals and CLIENT_ACTIONS[0] in allowed.actions for allowed in self.allowances
        )


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A file system that the source creates. `ref` and `arn` are the expressions for its id and its ARN."""

    key: Key
    ref: Value
    arn: Value
    condition: str | None = None
    policy: FileSystemPolicy | None = None
    """Its file-system policy. Without one (None), every client that reaches a mount target is allowed everything,
    unless `settled` is false."""
    settled: bool = True
    """Whether the source shows whether the file system has a policy; false if something outside of it may attach
    one."""
    name: str | None = None
    """Its name in the source; None if that is the end of its key."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a resource."""

    key: Value
    value: Value


@dataclass(frozen=True, slots=True)
class Tagging:
    """The tags that all resources of one kind have in a source, so that a new resource gets the same."""

    kind: Key
    """The beginning of the keys of such resources."""
    tags: tuple[Tag, ...]
    """The tags that all of them have with equal values."""
    name_prefix: Text | None = None
    """The common beginning of their `Name` tags, up to and including a separator; None if they have none in common."""
    name_at: int = 0
    """The position of the `Name` tag among the tags, from 0."""


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """An access point that the source creates; `path` is its root directory, None if the source does not show it."""

    key: Key
    ref: Value
    arn: Value
    file_system: Value | None
    path: Directory | None
    creation: tuple[str, str, str] | None = ("0", "0", "0755")
    """Owner uid, owner gid and octal mode with which EFS creates a missing directory; None if the directory has to
    exist. The default is that of Docker for a missing host path."""
    user: tuple[str, ...] | None = None
    """The POSIX user (uid, gid, secondary gids) that replaces every client's own, with expressions as they are written;
    None if the access point enforces no user."""
    condition: str | None = None
    tags: tuple[Tag, ...] = ()
    rest: Rest = ()


@dataclass(frozen=True, slots=True)
class Boundary:
    """The permissions boundary of a role: a managed policy without which no grant to the role has an effect."""

    policy: Value
    """The expression for the policy."""
    actions: frozenset[str] | None = None
    """The client actions that it allows on every file system; None if the source does not show them."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role that the source creates; `refs` are the expressions by which the source refers to it."""

    key: Key
    refs: tuple[Value, ...]
    condition: str | None = None
    unclear: bool = False
    """Whether its policies deny something or cannot be read completely."""
    open: bool = field(default=False, compare=False)
    """Whether it may be allowed more than its permissions show: by a policy that cannot be read, or under conditions."""
    tags: tuple[Tag, ...] = ()
    boundary: Boundary | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """One client action that a role of the source is allowed. `resource` and `access_point` are ARNs as the source
    writes them; without an access point (None), the action is allowed on every mount."""

    role: Key
    action: str
    resource: Value | None
    access_point: Value | None
