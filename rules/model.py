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
_HIDING = str.maketrans(_HIDDEN)


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
            part if isinstance(part, str) else _OPEN + part.source.translate(_HIDING) + _CLOSE for part in self.parts
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
    cases: tuple[Text | Opaque | None, ...] = field(default=(), compare=False, repr=False)
    """The values among which conditions choose, None for one that leaves it out; empty where the source does not show them."""

    @property
    def literal(self) -> None:
        return None


Value: TypeAlias = Text | Opaque
Directory: TypeAlias = str | Opaque
"""A directory of a file system: its path coded and normalised, or the expression that makes it."""
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
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


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

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of properties that no Docker volume of ECS has, so that nobody can say what they are there for."""
        return tuple(name for name, _ in self.rest if name != "<<")  # which is read with what it merges


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
    """The condition that has to hold for the volume to be there: of the template, or one that it would have to be given."""


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
    role_arms: tuple[Value, ...] = ()
    """What `task_role` may be, where conditions choose it."""
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
    def task_roles(self) -> tuple[Value, ...]:
        """The roles that it may have."""
        return self.role_arms or ((self.task_role,) if self.task_role is not None else ())

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
    others: tuple[Key, ...] = ()
    """Further tasks that the same words pin (through an alias, a mapping or a condition)."""
    place: str | None = None
    """Where the version is written, if that is a place that is never edited: a text inside the text, a mapping."""
    replaced: bool = False
    """Whether another version replaces what runs the task (a task set)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that whoever deploys the source may choose. What it says is evidence: existing stacks keep their value."""

    key: Key
    ref: Ref
    """How the source refers to it."""
    name: str
    type: str = "String"
    default: str | None = None
    allowed: tuple[str, ...] | None = None
    """None: any value."""
    pattern: str | None = None
    """A regular expression that the whole value has to match."""

    @property
    def values(self) -> tuple[str, ...]:
        """The values that the source shows, its default first; none where it shows only a name of the value, or a list."""
        if self.type not in ("String", "Number"):
            return ()
        default = () if self.default is None else (self.default,)
        return tuple(dict.fromkeys((*default, *(self.allowed or ()))))


CLIENT_ACTIONS = (
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
)
"""What policies allow clients of EFS, in the order in which people write it."""

ANY = Text.of("*")
"""Everyone, anonymous clients included, as a principal; every file system as a resource."""


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
    role: Key | None = None
    """The instances' role, if the source creates it: whom they mount as with the option `iam`."""
    is_nfs: bool = True
    """False for disks, S3 and the like, which matter only where they lie."""
    instance: Key | None = None
    """The instance whose user data says so; None: whichever instance it is."""
    origin: str = ""
    """Where it says so, for messages: `line 7 of its user data`."""


# -- capacity ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as the source names it, by one expression wherever the same one is meant."""

    name: Value
    created: bool = False
    """Whether the source creates it."""
    generated: bool = False
    """Whether the source leaves its name to be generated, so that no literal name can be its own."""


@dataclass(frozen=True, slots=True)
class Run:
    """Something that starts a task: a service, a task set, a schedule."""

    task: Key
    cluster: Cluster | None
    """None: not known."""
    providers: frozenset[str] = frozenset()
    """Where it runs within the cluster: capacity providers of this source (for AWS Batch: compute environments); empty for
    all of it."""
    elsewhere: bool = False
    """Whether it starts the task on Fargate, on Managed Instances or on external instances."""


class System(StrEnum):
    """What a container instance runs, as far as EFS volumes are concerned."""

    LINUX = "Linux"
    BOTTLEROCKET = "Bottlerocket"
    WINDOWS = "Windows"


@dataclass(frozen=True, slots=True)
class Image:
    """A machine image that instances start from, as far as the source shows which. `source` as it is written."""

    key: Key
    source: str
    name: str | None = None
    """The SSM parameter's path or the name that says what it is; None for a bare id and for what is not known."""
    parameter: Key | None = None
    """The parameter that gives it, by whose default it is known: existing stacks may have another value."""
    writable: bool = False
    """Whether the name stands in the source as it is, so that another one can be put in its place."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What container instances are started from: a launch configuration, a launch template or an instance."""

    key: Key
    name: str
    engine: Engine = Engine.UNKNOWN
    """Who is known to run tasks on it."""
    clusters: tuple[Cluster, ...] = ()
    """The clusters it may join; empty: not known."""
    providers: frozenset[str] = frozenset()
    """The capacity providers or compute environments of the source that start it."""
    hosts_containers: bool = False
    """Whether something shows that the container agent runs on it."""
    scripted: bool = False
    """Whether it has user data (or `AWS::CloudFormation::Init`), which anything that is not in the image takes."""
    images: tuple[Key, ...] = ()
    system: System | None = None
    """What its user data is written for, where it could be for nothing else."""
    agent: str | None = None
    """The version of the container agent (or of ecs-init) that its user data pins."""
    installs_plugin: bool = False
    """Whether its user data installs the mount helper and starts the volume plugin."""
    attributes: str | None = None
    """What its user data sets `ECS_INSTANCE_ATTRIBUTES` to."""

    @property
    def image_key(self) -> Key:
        """Names the place where its image stands."""
        return (*self.key, "image")

    @property
    def script_key(self) -> Key:
        """Names the place where its user data stands."""
        return (*self.key, "user data")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns a directory of a file system, as the source makes it: numbers as strings, mode octal."""

    file_system: Value
    directory: str
    uid: str
    gid: str
    mode: str


# -- networks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group that the source creates, or the default group of a VPC that it creates."""

    key: Key
    refs: tuple[Value, ...]
    """The expressions that name it."""
    vpc: Value | None = None
    condition: str | None = None
    restricts_egress: bool = False
    """Whether it lists what it lets out, which is everything otherwise."""

    @property
    def name(self) -> str:
        return str(self.key[-1])


@dataclass(frozen=True, slots=True)
class Traffic:
    """One rule of a security group: what it admits or, `outbound`, lets out. The other side is a group (`peer`) or an
    address range in CIDR notation (`addresses`); neither for a prefix list. Ports and protocol as they are written."""

    key: Key
    group: Value
    protocol: Value | None
    from_port: Value | None
    to_port: Value | None
    peer: Value | None = None
    addresses: Value | None = None
    outbound: bool = False
    condition: str | None = None
    doubtful: bool = False
    """Whether it is there only under conditions that are not followed, or cannot be read."""


@dataclass(frozen=True, slots=True)
class MountTarget:
    """A mount target that the source creates."""

    key: Key
    file_system: Value | None
    groups: tuple[Value, ...] | None
    """Its security groups; empty: the VPC's default group; None: an expression decides."""
    subnet: Value | None
    condition: str | None = None


Zone: TypeAlias = tuple[str, str]
"""An availability zone as (list, member) of what it is chosen from: different members of one list are different zones,
and nothing is known of members of different lists. A literal zone is a member of the list ""."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet that the source creates."""

    ref: Value
    vpc: Value | None
    addresses: Value | None
    zone: Zone | None


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC that the source creates."""

    ref: Value
    addresses: tuple[Value, ...]
    """The expressions for its address range, in CIDR notation."""
    default_group: Value
    resolves_names: bool = True
    """False where DNS support or DNS host names are switched off."""


@dataclass(frozen=True, slots=True)
class Runner:
    """What runs task definitions in a network: a service, a task set, a schedule."""

    key: Key
    tasks: tuple[Key, ...]
    groups: tuple[Value, ...] | None
    """The security groups of `awsvpc` tasks; empty: the VPC's default group; None: not known."""
    subnets: tuple[Value, ...] | None
    condition: str | None = None
    starts_at_once: bool = True
    """Whether it starts tasks as soon as it is created."""
    can_wait: bool = False
    """Whether the source lets it be told to wait for another resource."""
    awaits: frozenset[Key] = frozenset()
    """Mount targets and security group rules that it is told to wait for."""
    comes_after: frozenset[Key] = field(default=frozenset(), compare=False)
    """Mount targets that are there before its tasks for any other reason, and other runners that are."""
    comes_before: frozenset[Key] = field(default=frozenset(), compare=False)
    """Mount targets and security groups that depend on it, so that it cannot wait for them."""

    @property
    def name(self) -> str:
        return str(self.key[2])


@dataclass(frozen=True, slots=True)
class FileSystemPlace:
    """Where a file system that the source creates can be reached."""

    file_system: Value
    zone: Zone | None
    """The only availability zone of a One Zone file system."""
    handed_on: bool
    """Whether something beyond this source may give it mount targets."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A service mesh's proxy in front of a task: the ports that bypass it, None if they are not known."""

    task: Key
    ignored_ports: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Network:
    """What lies between tasks and file systems, as far as the source says."""

    groups: tuple[SecurityGroup, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    mount_targets: tuple[MountTarget, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    runners: tuple[Runner, ...] = ()
    places: tuple[FileSystemPlace, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    unclear: bool = False
    """Whether something in the source adds resources that cannot be seen."""


@dataclass(frozen=True, slots=True)
class HiddenDefinition:
    """A volume in a place of the source that is not edited: `what` says where and why, `advice` how to bring it within
    reach."""

    key: Key
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that one source says."""

    tasks: tuple[Task, ...] = ()
    services: tuple[Service, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    file_systems: tuple[FileSystem, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    roles: tuple[Role, ...] = ()
    permissions: frozenset[Permission] = frozenset()
    names: frozenset[str] | None = None
    """Names that are taken in the source, where it can hold new resources; None where it cannot."""
    tagging: tuple[Tagging, ...] = ()
    host_mounts: tuple[HostMount, ...] = ()
    instances: tuple[Instance, ...] = ()
    images: tuple[Image, ...] = ()
    runs: tuple[Run, ...] = ()
    owners: tuple[Owner, ...] = ()
    hidden: tuple[HiddenDefinition, ...] = ()
    starts_tasks: bool = False
    """Whether something in the source runs tasks by itself (EventBridge, Step Functions) and so has to pass roles."""
    blue_green: bool = False
    """Whether CodeDeploy replaces the tasks, which takes changes of the task set alone."""
    network: Network = Network()


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


@dataclass(frozen=True, slots=True)
class AddTraffic:
    """Let a security group admit something."""

    rule: Traffic


@dataclass(frozen=True, slots=True)
class AddWait:
    """Start a runner's tasks only when a mount target or a rule of a security group is there."""

    runner: Key
    awaited: Key


@dataclass(frozen=True, slots=True)
class SetImage:
    """Start instances from the image of another name."""

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
    services = []
    for service in stack.services:
        for change in by_subject.get(service.key, ()):
            if isinstance(change, SetPlatformVersion):
                service = replace(service, platform_version=change.version)
        services.append(service)
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
                points[key] = widen(points.get(key), change.point)
            elif isinstance(change, AddRole):
                roles[key] = change.role
            elif isinstance(change, AddPermissions):
                permissions |= change.permissions
    return replace(
        stack,
        tasks=tuple(tasks),
        services=tuple(services),
        parameters=tuple(parameters),
        images=tuple(images),
        access_points=tuple(points.values()),
        roles=tuple(roles.values()),
        permissions=frozenset(permissions),
        network=_apply_to_network(stack.network, by_subject),
    )


def _apply_to_network(network: Network, by_subject: dict[Key, list[Change]]) -> Network:
    traffic = {c.rule.key: c.rule for changes in by_subject.values() for c in changes if isinstance(c, AddTraffic)}
    runners = []
    for runner in network.runners:
        awaited = {c.awaited for c in by_subject.get(runner.key, ()) if isinstance(c, AddWait)}
        runners.append(replace(runner, awaits=runner.awaits | awaited) if awaited else runner)
    return replace(network, traffic=(*network.traffic, *traffic.values()), runners=tuple(runners))


def rename(image: Image, name: str) -> Image:
    """An image by another name, which stands where the old one stood."""
    return replace(image, name=name, source=image.source.replace(image.name or "", name))


def widen(known: AccessPoint | None, wanted: AccessPoint) -> AccessPoint:
    """An access point that is there whenever one of its users is."""
    if known is None or known.condition == wanted.condition:
        return wanted
    return replace(known, condition=None)


def subject(change: Change) -> Key:
    """The volume, task, service or resource that a change is about."""
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
