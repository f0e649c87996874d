"""The vocabulary: what a source says about ECS tasks and their volumes, and the changes that rules may ask for.

Everything here is immutable and knows neither rules nor files. Names follow the ECS API; where AWS spells a thing in
several ways (CloudFormation, AWS Batch, ecs-cli), the dialects translate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import reduce
from typing import TypeAlias

# -- values -----------------------------------------------------------------------------------------------------------

_OPEN, _CLOSE = "\ue000", "\ue001"  # private-use characters: no definition contains them
_HIDDEN = {"/": "\ue002", ",": "\ue003", ".": "\ue004", ":": "\ue005"}


@dataclass(frozen=True, slots=True)
class Ref:
    """A placeholder inside a text, kept as it is written: `${EFS_ID}`, `{{ efs_id }}`, `<file-system>`. `handle` is the
    dialect's own way back to an expression that cannot be written inside a text."""

    source: str
    handle: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A string made of literal parts and references: `/mnt/efs/${Env}`."""

    parts: tuple[str | Ref, ...]

    @property
    def literal(self) -> str | None:
        """The string, if nothing in it is a reference."""
        if not self.parts:
            return ""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], str) else None

    @property
    def source(self) -> str:
        """The string as it is written, references included."""
        return "".join(part if isinstance(part, str) else part.source for part in self.parts)

    @property
    def coded(self) -> str:
        """One string in which each reference is a single token that path and list separators never split."""
        return "".join(
            part if isinstance(part, str) else _OPEN + "".join(_HIDDEN.get(c, c) for c in part.source) + _CLOSE
            for part in self.parts
        )

    @classmethod
    def decode(cls, coded: str) -> Text:
        """The inverse of `coded`, for a string cut out of one."""
        parts: list[str | Ref] = []
        while coded:
            before, opened, rest = coded.partition(_OPEN)
            if before:
                parts.append(before)
            if not opened:
                break
            hidden, _, coded = rest.partition(_CLOSE)
            for shown, code in _HIDDEN.items():
                hidden = hidden.replace(code, shown)
            parts.append(Ref(hidden))
        return cls(tuple(parts))

    @classmethod
    def of(cls, literal: str) -> Text:
        return cls((literal,)) if literal else cls(())


CODED_REF = f"{_OPEN}[^{_CLOSE}]*{_CLOSE}"
"""A regular expression for one reference in `Text.coded`."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that this tool carries over but does not interpret. `handle` is the dialect's own way back to it."""

    source: str
    handle: object = field(default=None, compare=False, repr=False)

    @property
    def literal(self) -> None:
        return None


Value: TypeAlias = Text | Opaque
Rest: TypeAlias = tuple[tuple[str, object], ...]
"""Keys of an entity that its dialect did not interpret, with their plain data: they must survive unchanged."""

Key: TypeAlias = tuple[str | int, ...]
"""Names an entity within its source (document, scope, name, nth of that name) — never a line or an offset, which shift
with every edit."""

# -- storage ----------------------------------------------------------------------------------------------------------


class Level(StrEnum):
    """How far a volume has climbed. `OTHER` is storage that is not EFS and stays as it is."""

    OTHER = "other"
    HOST = "host"
    EFS = "efs"
    TLS = "tls"
    ACCESS_POINT = "access-point"
    IAM = "iam"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class HostPath:
    """A bind mount from the container instance. Without a path Docker gives the task an empty directory."""

    path: Value | None


@dataclass(frozen=True, slots=True)
class DockerVolume:
    """A volume that a Docker volume driver provides."""

    driver: Value | None
    options: tuple[tuple[str, Value], ...]
    scope: Value | None
    autoprovision: Value | None
    labels: Rest
    rest: Rest

    def option(self, name: str) -> Text | None:
        """A driver option's text; None if it is missing or not interpreted."""
        return next((v for k, v in self.options if k == name and isinstance(v, Text)), None)


@dataclass(frozen=True, slots=True)
class EfsVolume:
    """`efsVolumeConfiguration`, with the members of `authorizationConfig` beside the others."""

    file_system: Value | None
    root_directory: Value | None = None
    transit_encryption: Value | None = None
    transit_encryption_port: Value | None = None
    access_point: Value | None = None
    iam: Value | None = None
    rest: Rest = ()

    @property
    def encrypts(self) -> bool:
        return self.transit_encryption == ENABLED

    @property
    def authorizes(self) -> bool:
        return self.iam == ENABLED

    @property
    def level(self) -> Level:
        """The highest rung it stands on; an access point or IAM without TLS is refused by ECS and stands on none."""
        if not self.encrypts:
            return Level.EFS
        if self.authorizes:
            return Level.IAM
        return Level.ACCESS_POINT if self.access_point else Level.TLS


@dataclass(frozen=True, slots=True)
class OtherStorage:
    """FSx, S3 Files, `configuredAtLaunch`, or something this tool could not read: left alone. `kind` says which."""

    kind: str
    problem: str | None = None
    """Why a volume that is EFS, or may be, cannot be read."""


Storage: TypeAlias = HostPath | DockerVolume | EfsVolume | OtherStorage

ENABLED = Text.of("ENABLED")


@dataclass(frozen=True, slots=True)
class Misspelling:
    """A property name that the dialect does not have, and the one it stands for."""

    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class Volume:
    """One member of a task definition's `volumes`; `name` as it is written, expressions included."""

    key: Key
    name: str
    storage: Storage
    misspelt: tuple[Misspelling, ...] = ()
    meant: Storage | None = None
    """The storage that the misspelt names stand for, where the dialect's consumer ignores them: `storage` is then what
    deploys today. None where misspelt names are rejected; they are then read as what they stand for."""
    rest: Rest = ()
    condition: str | None = None
    """The condition of the template that has to hold for the volume to be there; None also for one that must not."""


# -- tasks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MountPoint:
    """Where a container sees a volume. `read_only` is None where the source gives an expression."""

    volume: Value | None
    read_only: bool | None
    rest: Rest = ()

    def shows(self, volume: str) -> bool:
        """Whether it names this volume; names are compared as they are written."""
        return self.volume is not None and self.volume.source == volume


@dataclass(frozen=True, slots=True)
class Container:
    """`user` as in the container definition; None means the image's user, which is usually root."""

    name: Value | None
    user: Value | None
    mount_points: tuple[MountPoint, ...]
    volumes_from: tuple[tuple[Value | None, bool | None], ...] = ()
    """(source container, read only) pairs."""
    opaque: bool = False
    """Whether the mount points are an expression, so that what the container mounts is not known."""
    rest: Rest = ()


class Engine(StrEnum):
    """Who runs the task: the name of its role property and the platform rules depend on it."""

    ECS = "ecs"
    BATCH = "batch"
    UNKNOWN = "unknown"
    """A file that holds volumes only."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task definition (or an AWS Batch job definition's container). `name` is what reports call it."""

    key: Key
    name: str
    volumes: tuple[Volume, ...]
    family: Text | None = None
    engine: Engine = Engine.ECS
    task_role: Value | None = None
    compatibilities: frozenset[str] = frozenset()
    """`requiresCompatibilities` or launch type in upper case: EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES."""
    network_mode: str | None = None
    operating_system: str | None = None
    region: str | None = None
    containers: tuple[Container, ...] = ()
    opaque_containers: bool = False
    """Whether the container definitions are an expression."""
    condition: str | None = None
    rest: Rest = ()

    @property
    def fargate_only(self) -> bool:
        return self.compatibilities == {"FARGATE"}

    @property
    def may_run_on_ec2(self) -> bool:
        """Also true where the source does not say: EC2 is the default launch type."""
        return not self.compatibilities or "EC2" in self.compatibilities


@dataclass(frozen=True, slots=True)
class Service:
    """What runs a task definition and pins its Fargate platform version (for AWS Batch: the job definition itself)."""

    key: Key
    name: str
    task: Key | None
    platform_version: Value | None
    engine: Engine = Engine.ECS


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A file system that the source creates. `arn` is how the source would refer to it."""

    ref: Value
    arn: Value
    condition: str | None = None
    has_policy: bool = False


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """An access point that the source creates; `path` coded and normalised, None for an expression."""

    key: Key
    ref: Value
    arn: Value
    file_system: Value | None
    path: str | None
    creation: tuple[str, str, str] | None = ("0", "0", "0755")
    """Owner uid, owner gid and octal mode of a directory that does not exist yet; None: it has to exist. What Docker makes
    of a missing host path is root, root, 0755."""
    user: tuple[str, ...] | None = None
    """The POSIX user (uid, gid, …) that replaces every client's; expressions as they are written."""
    condition: str | None = None
    rest: Rest = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role that the source creates; `refs` are the expressions that name it."""

    key: Key
    refs: tuple[Value, ...]
    condition: str | None = None
    unclear: bool = False
    """Whether a part of its policies cannot be read, or denies something."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One action that a role of the source is allowed, as the source writes resource and access point (ARNs)."""

    role: Key
    action: str
    resource: Value | None
    access_point: Value | None


@dataclass(frozen=True, slots=True)
class HostMount:
    """Something mounted on the container instances: `directory` of `file_system` at `host_path` (paths coded and
    normalised). `file_system` is None if the source does not show that it is EFS; `doubt` says why the mount may not be
    there on every instance that can run the task."""

    host_path: str
    file_system: Value | None
    directory: str
    options: tuple[str, ...] = ()
    server: str = ""
    region: str | None = None
    doubt: str | None = None
    is_nfs: bool = True
    """False for disks, S3 and the like, which matter only where they lie."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns a directory of a file system, as the source makes it: numbers as strings, mode octal."""

    file_system: Value
    directory: str
    uid: str
    gid: str
    mode: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that one source says."""

    tasks: tuple[Task, ...] = ()
    services: tuple[Service, ...] = ()
    file_systems: tuple[FileSystem, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    roles: tuple[Role, ...] = ()
    permissions: frozenset[Permission] = frozenset()
    names: frozenset[str] | None = None
    """Names that are taken, where the source can hold new resources; None where it cannot."""
    host_mounts: tuple[HostMount, ...] = ()
    owners: tuple[Owner, ...] = ()
    starts_tasks: bool = False
    """Whether something in the source runs tasks by itself (EventBridge, Step Functions) and so has to pass roles."""
    blue_green: bool = False
    """Whether CodeDeploy replaces the tasks, which takes changes of the task set alone."""
    has_instances: bool = False
    """Whether the source has a cluster and instances for it, so that its tasks hardly run on another file's."""
    file_system_parameters: tuple[str, ...] = ()
    """Parameters that by their names or types hold the id of a file system."""


# -- changes ----------------------------------------------------------------------------------------------------------


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
    """Pin another Fargate platform version."""

    service: Key
    version: Text


@dataclass(frozen=True, slots=True)
class CorrectSpelling:
    """Rename a volume's misspelt properties."""

    volume: Key
    names: tuple[Misspelling, ...]


@dataclass(frozen=True, slots=True)
class AddAccessPoint:
    """Create an access point. Asked for again with another condition, it exists whenever either holds."""

    point: AccessPoint


@dataclass(frozen=True, slots=True)
class AddPermissions:
    """Allow a role of the source what a mount needs."""

    role: Key
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class AddRole:
    """Create a role that ECS tasks may assume."""

    role: Role


Change: TypeAlias = (
    SetStorage
    | SetReadOnly
    | SetTaskRole
    | SetPlatformVersion
    | CorrectSpelling
    | AddAccessPoint
    | AddRole
    | AddPermissions
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
            return replace(task, task_role=change.role)
        case SetReadOnly():
            return replace(task, containers=tuple(_mount_read_only(c, change.volume) for c in task.containers))
        case _:
            return task


def _mount_read_only(container: Container, volume: str) -> Container:
    points = tuple(replace(p, read_only=True) if p.shows(volume) else p for p in container.mount_points)
    return replace(container, mount_points=points)


def apply(stack: Stack, changes: Iterable[Change]) -> Stack:
    """Return `stack` after all `changes`, in time linear in both."""
    by_subject: dict[Key, list[Change]] = {}
    for change in changes:
        by_subject.setdefault(subject(change), []).append(change)
    tasks = []
    for task in stack.tasks:
        volumes = tuple(
            reduce(apply_to_volume, by_subject[v.key], v) if v.key in by_subject else v for v in task.volumes
        )
        changed = reduce(apply_to_task, by_subject.get(task.key, ()), task)
        # An untouched task stays the same object, which is how writers know it.
        tasks.append(changed if volumes == task.volumes else replace(changed, volumes=volumes))
    services = []
    for service in stack.services:
        for change in by_subject.get(service.key, ()):
            if isinstance(change, SetPlatformVersion):
                service = replace(service, platform_version=change.version)
        services.append(service)
    points = {point.key: point for point in stack.access_points}
    permissions = set(stack.permissions)
    roles = {role.key: role for role in stack.roles}
    names = set(stack.names or ())
    for key, asked in by_subject.items():
        for change in asked:
            if isinstance(change, AddAccessPoint):
                points[key] = widen(points.get(key), change.point)
                names.add(str(key[-1]))
            elif isinstance(change, AddRole):
                roles[key] = change.role
                names.add(str(key[-1]))
            elif isinstance(change, AddPermissions):
                permissions |= change.permissions
    return replace(
        stack,
        tasks=tuple(tasks),
        services=tuple(services),
        access_points=tuple(points.values()),
        roles=tuple(roles.values()),
        permissions=frozenset(permissions),
        names=None if stack.names is None else frozenset(names),
    )


def widen(known: AccessPoint | None, wanted: AccessPoint) -> AccessPoint:
    """An access point that is there whenever one of its users is."""
    if known is None or known.condition == wanted.condition:
        return wanted
    return replace(known, condition=None)


def subject(change: Change) -> Key:
    """The volume, task or service that a change is about."""
    match change:
        case SetStorage() | CorrectSpelling():
            return change.volume
        case SetReadOnly() | SetTaskRole():
            return change.task
        case SetPlatformVersion():
            return change.service
        case AddAccessPoint():
            return change.point.key
        case AddRole():
            return change.role.key
        case AddPermissions():
            return change.role
