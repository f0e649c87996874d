"""The rule interface: what a rule is given, what it says, and what it asks for."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from itertools import chain, count

from rules.capacity import Capacity, Hosts
from rules.digest import digest
from rules.images import Support
from rules.model import (
    ANY,
    AccessPoint,
    AddAccessPoint,
    AddPermissions,
    AddRole,
    AddTraffic,
    AddWait,
    Change,
    Container,
    Directory,
    EfsVolume,
    Engine,
    HostMount,
    Key,
    Level,
    MountPoint,
    Opaque,
    Owner,
    Parameter,
    Permission,
    Ref,
    Role,
    Service,
    SetReadOnly,
    SetStorage,
    Stack,
    Storage,
    Task,
    Text,
    Value,
    Volume,
    widen,
)
from rules.model import FileSystem as FileSystemResource
from rules.mounts import Mounts
from rules.naming import Naming
from rules.paths import normalise
from rules.questions import Question
from rules.routes import Routes
from rules.seen import NOTHING_SEEN, Proposal, SeenMounts


@dataclass(frozen=True, slots=True)
class Grant:
    """A least-privilege IAM statement for a role that the source does not hold. All members as they are written.

    Sources: EFS user guide, "Using IAM to control file system data access" (actions, resource type, condition keys that
    NFS clients are checked against). The resource of every action is the file system, never the access point.
    """

    role: str
    arn_prefix: str
    """`arn:PARTITION:elasticfilesystem:REGION:ACCOUNT`"""
    file_system: str
    access_points: tuple[str, ...]
    """Empty: the whole file system."""
    actions: tuple[str, ...]

    def statement(self) -> dict[str, object]:
        """The statement as it stands in a policy document."""
        arns = [f"{self.arn_prefix}:access-point/{point}" for point in self.access_points]
        condition: dict[str, object] = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
        if arns:
            scope = arns if len(arns) > 1 else arns[0]
            condition = {"StringEquals": {"elasticfilesystem:AccessPointArn": scope}}
        return {
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": f"{self.arn_prefix}:file-system/{self.file_system}",
            "Condition": condition,
        }

    def demand(self) -> str:
        """What has to be done with the statement, which follows."""
        scope = f"access point {', '.join(self.access_points)}" if self.access_points else "the whole file system"
        return f"attach to role {self.role} this statement, which covers {scope}"

    def sentence(self) -> str:
        return f"Before you deploy, {self.demand()}: {json.dumps(self.statement(), ensure_ascii=False)}"


class Status(StrEnum):
    """What can be done about a finding. `unsafe` names the nature of the step: it stays when the step is applied."""

    FIXABLE = "fixable"
    UNSAFE = "unsafe"
    NEEDS_INPUT = "needs-input"
    REFUSED = "refused"
    ADVICE = "advice"


CAREFUL = (Status.FIXABLE, Status.UNSAFE, Status.NEEDS_INPUT, Status.REFUSED)
"""From the least to the most careful answer to a question that several entities share."""


@dataclass(frozen=True, slots=True)
class StepId:
    """Names a step across plans: the same source and configuration always give the same one."""

    rule: str
    subject: Key
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says about a subject. `changes` is what applying it means: empty unless fixable or unsafe."""

    rule: str
    subject: Key
    status: Status
    message: str
    caveat: str | None = None
    help: str | None = None
    changes: tuple[Change, ...] = ()
    grant: Grant | None = None
    """What the task role has to be allowed, outside of this source, before the changes are deployed."""
    detail: str = ""
    stops: bool = False
    """Whether no other rule may touch the subject."""
    proposals: tuple[Proposal, ...] = ()
    """What the configuration could say, as far as other files show it."""
    question: Question | None = None
    """What somebody could say to unblock it or, beside changes, to have it done in another way."""
    label: str = ""
    """What taking the step means in a few words, where there are alternatives to it."""
    alternatives: tuple[Finding, ...] = ()
    """Other ways to take the step, each with its own `detail` and `label`, for somebody to choose from; to advice, steps that
    somebody may want to take."""
    otherwise: str = ""
    """What stays if the step is not taken, in a few words, where that is a choice worth naming."""

    @property
    def digest(self) -> str:
        """Names what the step does, and on which terms: a yes to it is no yes to a step that does something else."""
        return digest(self.status, self.changes, self.grant)

    @property
    def id(self) -> StepId:
        return StepId(self.rule, self.subject, self.detail)

    @property
    def ways(self) -> tuple[Finding, ...]:
        """The steps that somebody can say yes to, the usual one first."""
        return (self, *self.alternatives) if self.changes else self.alternatives

    @property
    def whole_caveat(self) -> str | None:
        """The caveat with the statement to attach, for reports that show each finding by itself."""
        parts = [self.grant.sentence() if self.grant else None, self.caveat]
        return " ".join(part for part in parts if part) or None


def refusal(rule: str, volume: Volume, message: str) -> Finding:
    """A finding that nothing can be done about a volume, and why."""
    return Finding(rule, volume.key, Status.REFUSED, message)


# -- what the user settles --------------------------------------------------------------------------------------------


class AccessPoints(StrEnum):
    """Which volumes get an access point: all, only those below the file system's root, none."""

    ALWAYS = "always"
    SUBDIRECTORIES = "subdirectories"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A file system as the configuration describes it; paths coded and normalised."""

    id: Value
    mounts: tuple[tuple[str, str], ...] = ()
    """(path on the container host, directory of the file system)"""
    access_points: tuple[tuple[str, Value], ...] = ()
    """(directory, access point id)"""


@dataclass(frozen=True, slots=True)
class DockerStorage:
    """Which storage a Docker volume name stands for."""

    file_system: Value
    directory: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The user's decisions: configuration and command line."""

    target: Level = Level.IAM
    access_points: AccessPoints = AccessPoints.ALWAYS
    root_access: bool = False
    unsafe: bool = False
    file_systems: tuple[FileSystem, ...] = ()
    docker_volumes: Mapping[str, DockerStorage] = field(default_factory=dict)
    task_roles: Mapping[str, Value] = field(default_factory=dict)
    posix_users: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """(uid, gid) per directory"""
    off: frozenset[str] = frozenset()
    """Ids of rules that are switched off."""
    seen: SeenMounts = NOTHING_SEEN
    """What instances of other files mount."""
    passed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The parameter in which a nesting template passes a file system on, by the file and the source of a seen mount."""

    def values(self) -> Iterator[Value]:
        """Its ids and roles."""
        for system in self.file_systems:
            yield system.id
            yield from (point for _, point in system.access_points)
        yield from (volume.file_system for volume in self.docker_volumes.values())
        yield from self.task_roles.values()

    def with_values(self, read: Callable[[Value], Value]) -> Policy:
        """The policy with each of its ids and roles as `read` returns it."""
        if not (self.file_systems or self.docker_volumes or self.task_roles):
            return self
        systems = (
            replace(s, id=read(s.id), access_points=tuple((path, read(point)) for path, point in s.access_points))
            for s in self.file_systems
        )
        volumes = {n: replace(v, file_system=read(v.file_system)) for n, v in self.docker_volumes.items()}
        roles = {name: read(role) for name, role in self.task_roles.items()}
        return replace(self, file_systems=tuple(systems), docker_volumes=volumes, task_roles=roles)


# -- what a rule sees -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Context:
    """One source's stack and the user's policy, with the indices that rules ask. `planned` tells them of resources that
    earlier steps of the plan add."""

    stack: Stack
    policy: Policy

    def planned(self, change: Change) -> None:
        """Take note of a change that is part of the plan."""
        if isinstance(change, AddAccessPoint):
            known = self._own_points.get((change.point.file_system, change.point.path))
            same = known is not None and known.key == change.point.key
            point = widen(known if same else None, change.point)
            self._own_points[(point.file_system, point.path)] = self._points_by_ref[point.ref] = point
            self._taken.add(str(point.key[-1]).lower())
        elif isinstance(change, AddRole):
            self._roles.update(dict.fromkeys(change.role.refs, change.role))
            self._taken.add(str(change.role.key[-1]).lower())
        elif isinstance(change, AddPermissions):
            self._permissions.update(change.permissions)
        elif isinstance(change, AddTraffic | AddWait):
            self.routes.planned(change)
            if isinstance(change, AddTraffic):
                self._taken.add(str(change.rule.key[-1]).lower())

    @cached_property
    def _own_points(self) -> dict[tuple[Value | None, Directory | None], AccessPoint]:
        # One that enforces a user would change the owner of every file that is written.
        return {(p.file_system, p.path): p for p in self.stack.access_points if p.user is None}

    @cached_property
    def _points_by_ref(self) -> dict[Value | None, AccessPoint]:
        return {p.ref: p for p in self.stack.access_points}

    @cached_property
    def _taken(self) -> set[str]:
        return {name.lower() for name in self.stack.names or ()}

    @cached_property
    def _permissions(self) -> set[Permission]:
        return set(self.stack.permissions)

    @cached_property
    def _volumes(self) -> dict[Key, Volume]:
        return {volume.key: volume for task in self.stack.tasks for volume in task.volumes}

    def as_read(self, volume: Volume) -> Volume:
        """A volume as it stands in the source, before anything was planned."""
        return self._volumes.get(volume.key, volume)

    @cached_property
    def _broad(self) -> dict[Key, list[Permission]]:
        """Permissions of the source that cover more than themselves, by role; the plan adds none."""
        broad: dict[Key, list[Permission]] = {}
        for p in self.stack.permissions:
            if p.resource == ANY or p.access_point is None:
                broad.setdefault(p.role, []).append(p)
        return broad

    @cached_property
    def _parameters(self) -> dict[tuple[object, str], Parameter]:
        """Parameters by the document they belong to and the reference to them."""
        return {(p.key[1], p.ref.source): p for p in self.stack.parameters}

    @cached_property
    def _parameters_by_key(self) -> dict[Key, Parameter]:
        return {parameter.key: parameter for parameter in self.stack.parameters}

    def parameter_at(self, key: Key) -> Parameter:
        """The parameter of a key that an image names."""
        return self._parameters_by_key[key]

    def parameter(self, value: Value | None, user: Key) -> Parameter | None:
        """The parameter that a value is, in the document of its user."""
        if not isinstance(value, Text) or len(value.parts) != 1:
            return None
        return next(self.parameters(value, user), None)

    def parameters(self, value: Text, user: Key) -> Iterator[Parameter]:
        """The parameters among a text's references, in the document of its user."""
        for part in dict.fromkeys(part for part in value.parts if isinstance(part, Ref)):
            if part.handle is None and (found := self._parameters.get((user[1], part.source))):
                yield found

    @cached_property
    def _file_systems(self) -> dict[Value | None, FileSystemResource]:
        return {system.ref: system for system in self.stack.file_systems}

    @cached_property
    def _roles(self) -> dict[Value, Role]:
        return {ref: role for role in self.stack.roles for ref in role.refs}

    def own_file_system(self, file_system: Value | None) -> FileSystemResource | None:
        """The file system, if this source creates it."""
        return self._file_systems.get(file_system)

    def is_shared(self, file_system: Value, path: Directory) -> bool:
        """Whether several tasks have volumes on a directory, and do not call them the same."""
        users = self._users.get((file_system, path), ())
        return len({task for task, _ in users}) > 1 and len({name for _, name in users}) > 1

    @cached_property
    def _users(self) -> dict[tuple[Value, Directory], list[tuple[Key, str]]]:
        """Tasks and names of volumes by the directories that these mount."""
        found: dict[tuple[Value, Directory], list[tuple[Key, str]]] = {}
        for task in self.stack.tasks:
            for volume in task.volumes:
                storage = volume.storage
                if not isinstance(storage, EfsVolume) or storage.access_point is not None:
                    continue
                if (system := storage.file_system) is not None and (path := directory(storage)) is not None:
                    found.setdefault((system, path), []).append((task.key, volume.name.lower()))
        return found

    @cached_property
    def _roles_by_key(self) -> dict[Key, Role]:
        return {role.key: role for role in self.stack.roles}

    def role_of(self, key: Key | None) -> Role | None:
        """The role of a key, if this source creates it."""
        return self._roles_by_key.get(key) if key is not None else None

    def own_role(self, role: Value | None) -> Role | None:
        """The role, if this source creates it."""
        return self._roles.get(role) if role is not None else None

    def own_access_point(self, file_system: Value, path: Directory) -> AccessPoint | None:
        """The access point that this source creates, or will, for a directory."""
        return self._own_points.get((file_system, path))

    @cached_property
    def _points_by_place(self) -> dict[tuple[Value | None, Directory | None], list[AccessPoint]]:
        found: dict[tuple[Value | None, Directory | None], list[AccessPoint]] = {}
        for point in self.stack.access_points:
            found.setdefault((point.file_system, point.path), []).append(point)
        return found

    def access_points_on(self, file_system: Value, path: Directory) -> list[AccessPoint]:
        """Every access point that this source has for a directory."""
        return self._points_by_place.get((file_system, path), [])

    def own_point_of(self, ref: Value | None) -> AccessPoint | None:
        """The access point behind a reference, if this source creates it, or will."""
        return self._points_by_ref.get(ref)

    def is_allowed(self, permission: Permission, covers: Callable[[Permission, Permission], bool]) -> bool:
        """Whether a role of this source is allowed something, or will be."""
        if permission in self._permissions:
            return True
        return any(covers(known, permission) for known in self._broad.get(permission.role, ()))

    @cached_property
    def naming(self) -> Naming:
        """How this source names its resources."""
        return Naming(self.stack)

    def new_name(self, *wanted: str, serves: object = None, besides: Collection[str] = ()) -> str:
        """The first wanted name for a new resource that nothing has yet, nor `besides` (in lower case), else the first with a
        number: the same on every plan, and the same one until the next `ask` for what serves the same."""
        numbered = (f"{wanted[0]}{number}" for number in count(2))
        free = (n for n in chain(wanted, numbered) if n.lower() not in self._taken and n.lower() not in besides)
        return next(name for name in free if self._promised.setdefault(name.lower(), serves) == serves)

    def ask(self) -> None:
        """Begin a question about volumes that are answered together: none knows what the others' answers will add."""
        self._promised.clear()

    @cached_property
    def _promised(self) -> dict[str, object]:
        return {}

    @cached_property
    def routes(self) -> Routes:
        """The ways between tasks and file systems, with what the plan adds to them."""
        return Routes(self.stack.network)

    @cached_property
    def _capacity(self) -> Capacity:
        return Capacity(self.stack)

    def hosts(self, task: Task) -> Hosts:
        """The container instances of this source that can run the task."""
        return self._capacity.hosts(task)

    def mounts(self, task: Task) -> Mounts:
        """Every known mount of EFS on the container hosts that can run the task."""
        hosts = self.hosts(task)
        if hosts.keys not in self._mounts:
            self._mounts[hosts.keys] = Mounts(self._known_mounts(hosts), hosts.instances)
        return self._mounts[hosts.keys]

    def mounts_by_default(self, task: Task) -> Mounts:
        """The same where every parameter of the task's document has its default."""
        hosts = self.hosts(task)
        place = (task.key[1], hosts.keys)
        if place not in self._mounts_by_default:
            known = self._known_mounts(hosts)
            paths = ((mount, self.with_defaults(Text.decode(mount.host_path), task.key)) for mount in known)
            mounts = (replace(mount, host_path=normalise(path.coded)) for mount, path in paths)
            self._mounts_by_default[place] = Mounts(mounts, hosts.instances)
        return self._mounts_by_default[place]

    def _known_mounts(self, hosts: Hosts) -> list[HostMount]:
        configured = [
            HostMount(path, system.id, directory)
            for system in self.policy.file_systems
            for path, directory in system.mounts
        ]
        # What somebody says settles what a script leaves open.
        told = {mount.host_path for mount in configured}
        found = (m for key in (None, *hosts.keys) for m in self._mounts_by_instance.get(key, ()))
        return [*configured, *(m for m in found if m.host_path not in told or not m.doubt)]

    def with_defaults(self, value: Text, user: Key) -> Text:
        """A text with the defaults of parameters in the places of the references to them, as far as the source has some."""
        known = {p.ref: p.default for p in self.parameters(value, user) if p.default is not None and p.values}
        return given(value, known)

    @cached_property
    def _mounts(self) -> dict[tuple[Key, ...], Mounts]:
        return {}

    @cached_property
    def _mounts_by_default(self) -> dict[object, Mounts]:
        return {}

    @cached_property
    def _mounts_by_instance(self) -> dict[Key | None, list[HostMount]]:
        found: dict[Key | None, list[HostMount]] = {}
        for mount in self.stack.host_mounts:
            found.setdefault(mount.instance, []).append(mount)
        return found

    def owner(self, file_system: Value, path: Directory) -> Owner | None:
        """Who owns a directory, where the source makes it."""
        return next((o for o in self.stack.owners if (o.file_system, o.directory) == (file_system, path)), None)

    @cached_property
    def _mount_points(self) -> dict[Key, tuple[object, dict[str, list[tuple[Container, MountPoint]]] | None]]:
        return {}

    def mount_points(self, volume: Volume, task: Task) -> list[tuple[Container, MountPoint]] | None:
        """Where the task's containers mount the volume; None if the source does not show it."""
        indexed = self._mount_points.get(task.key)
        if indexed is None or indexed[0] is not task.containers:
            indexed = self._mount_points[task.key] = (task.containers, _index_mount_points(task))
        return None if indexed[1] is None else indexed[1].get(volume.name, [])

    @cached_property
    def _access_points(self) -> dict[tuple[Value, Directory], Value]:
        return {(s.id, directory): point for s in self.policy.file_systems for directory, point in s.access_points}

    @cached_property
    def _directories(self) -> dict[tuple[Value, Value], str]:
        return {(s.id, point): directory for s in self.policy.file_systems for directory, point in s.access_points}

    def access_point(self, file_system: Value, directory: Directory) -> Value | None:
        """The access point that is known to serve this directory."""
        return self._access_points.get((file_system, directory))

    def directory_of(self, file_system: Value | None, access_point: Value) -> Directory | None:
        """The directory that a known access point of a file system serves."""
        own = self.own_point_of(access_point)
        if own is not None:
            return own.path
        return self._directories.get((file_system, access_point)) if file_system is not None else None


def _index_mount_points(task: Task) -> dict[str, list[tuple[Container, MountPoint]]] | None:
    if task.engine is Engine.UNKNOWN or task.opaque_containers or any(c.opaque for c in task.containers):
        return None
    names = {v.name for v in task.volumes}
    index: dict[str, list[tuple[Container, MountPoint]]] = {}
    for container in task.containers:
        for point in container.mount_points:
            if point.volume is None or (point.volume.literal is None and point.volume.source not in names):
                return None
            index.setdefault(point.volume.source, []).append((container, point))
    return index


@dataclass(frozen=True)
class Example:
    """A definition before and after a rule (the only one applied), used in its page and in the tests."""

    before: str
    after: str
    config: str = ""

    def __post_init__(self) -> None:
        for name in ("before", "after", "config"):
            object.__setattr__(self, name, textwrap.dedent(getattr(self, name)).lstrip("\n"))


class Stage(StrEnum):
    """When, in a deployment, what a rule asks people to do or to check has its place; in this order."""

    PLATFORM = "platform"
    NETWORK = "network"
    GRANTS = "grants"
    ACCESS_POINTS = "access points"
    VOLUMES = "volumes"
    LATER = "later"
    """Once everything runs with what the file says now."""
    LAST = "last"
    """By itself, when nothing mounts without IAM any more."""


VolumeCheck = Callable[[Volume, Task, Context], Finding | None]
ServiceCheck = Callable[[Service, Task | None, Context], Finding | None]
StackCheck = Callable[[Stack, Context], Iterable[Finding]]
"""Given the planned stack; the context still has the one that was read."""


@dataclass(frozen=True)
class Rule:
    """One rule. `page` is its documentation: the first line is the title, the rest Markdown paragraphs."""

    id: str
    name: str
    level: str
    default: str
    page: str
    check_volume: VolumeCheck | None = None
    check_service: ServiceCheck | None = None
    check_stack: StackCheck | None = None
    """Asked last, once the plan is made: for advice about what it leaves. What its findings change is no volume, task or
    service; those with the same changes stand or fall together."""
    examples: tuple[Example, ...] = ()
    climbs_to: Level = Level.OTHER
    """The level that the rule's step reaches: it is not asked when the user's target lies below."""
    stage: Stage = Stage.VOLUMES
    """Where its caveats and its advice belong in a checklist."""

    @property
    def title(self) -> str:
        return self.page.strip().splitlines()[0].rstrip(".")

    def __reduce__(self) -> tuple[Callable[[str], Rule], tuple[str]]:
        # Findings pass between processes by the thousand: a rule's page need not go with each.
        return _known, (self.id,)


def _known(rule: str) -> Rule:
    """The rule with an id that came from another process."""
    from rules import RULES

    return next(known for known in RULES if known.id == rule)


# -- what several rules need to know ----------------------------------------------------------------------------------


def directory(storage: EfsVolume) -> Directory | None:
    """The directory a volume without access point mounts; None for an expression that its dialect cannot write again."""
    written = storage.root_directory
    if written is None:
        return "/"
    if isinstance(written, Opaque):
        return written if written.handle is not None else None
    return normalise(written.coded) or "/"


def given(value: Text, known: Mapping[Ref, str]) -> Text:
    """A text with what is known of its references in their places."""
    parts = (known.get(part, part) if isinstance(part, Ref) else part for part in value.parts)
    return Text(tuple(part for part in parts if part))


def shown(value: Value | None) -> str:
    """A value as it is written, for messages."""
    return value.source if value is not None else "?"


def shown_path(path: Directory) -> str:
    """A directory as it is written, for messages."""
    return path.source if isinstance(path, Opaque) else Text.decode(path).source


def _viewers(holders: set[Value | None], task: Task) -> list[tuple[Container, bool]]:
    """Containers that take over volumes (`volumesFrom`) of `holders` or of one another, and whether read-only."""
    viewers: list[tuple[Container, bool]] = []
    grows = True
    while grows:
        grows = False
        for container in task.containers:
            for source, ro in container.volumes_from:
                seen = source is None or source.literal is None or source in holders
                if seen and (container, bool(ro)) not in viewers:
                    viewers.append((container, bool(ro)))
                    holders = holders | {container.name}
                    grows = True
    return viewers


def read_only(volume: Volume, task: Task, context: Context) -> bool:
    """Whether no container of the task can write to the volume; anything that is not known counts as writable.

    A container that takes over the volumes of another (`volumesFrom`) must take them read-only, too.
    """
    found = context.mount_points(volume, task)
    if not found or not all(point.read_only for _, point in found):
        return False
    return all(ro for _, ro in _viewers({container.name for container, _ in found}, task))


def keep_read_only(volume: Volume, task: Task, context: Context) -> tuple[Change, ...] | None:
    """The changes that make every mount point of a volume read-only; None if the source does not show all of them."""
    if read_only(volume, task, context):
        return ()
    found = context.mount_points(volume, task)
    if found is None or any(point.read_only is None for _, point in found):
        return None
    return (SetReadOnly(task.key, volume.name),) if found else ()


def runs_as_root(volume: Volume, task: Task, context: Context) -> list[str]:
    """Names of containers that see the volume and run as root (or as their image's user, which usually is root)."""
    holders = [container for container, _ in context.mount_points(volume, task) or ()]
    holders += [container for container, _ in _viewers({c.name for c in holders}, task)] if holders else []
    return [
        shown(container.name) if container.name is not None else "of the job"
        for container in dict.fromkeys(holders)
        if container.user is None or (container.user.literal or "x").partition(":")[0] in ("root", "0")
    ]


def may_be_absent(value: Value) -> bool:
    """Whether an expression may leave the property out altogether (Ansible's `default(omit)`, `AWS::NoValue`)."""
    return value.literal is None and re.search(r"\bomit\b|NoValue", value.source) is not None


_PLAIN_YAML = re.compile(r"[A-Za-z0-9/][A-Za-z0-9/._-]*")


def yaml_word(word: str) -> str:
    """A word as it can be pasted into the configuration."""
    return word if _PLAIN_YAML.fullmatch(word) else json.dumps(word, ensure_ascii=False)


def temper(finding: Finding, volume: Volume, task: Task, context: Context) -> Finding:
    """The finding about a volume as the task's surroundings allow it: nothing is applied by default on Managed Instances,
    where CodeDeploy replaces the tasks, nor where the instances are too old for what it needs.

    Whether Managed Instances support TLS, access points and IAM on EFS volumes is not established: AWS documents the
    parameter there, without a confirmation.
    """
    if finding.status not in (Status.FIXABLE, Status.UNSAFE):
        return finding
    doubts = []
    if finding.status is Status.FIXABLE and "MANAGED_INSTANCES" in task.compatibilities:
        doubts.append(
            "AWS does not confirm TLS, access points and IAM on EFS volumes for Managed Instances: try it first."
        )
    elif finding.status is Status.FIXABLE and context.stack.blue_green:
        doubts.append(
            "CodeDeploy replaces the tasks here, and takes no other change in the same deployment: deploy the access points, "
            "roles and policies first, the task definition after them."
        )
    if _needs_more(finding, volume.storage) and (problem := old_instances(task, context)):
        doubts.append(problem)
    if not doubts:
        return finding
    return replace(finding, status=Status.UNSAFE, caveat=" ".join([finding.caveat or "", *doubts]).strip())


def _needs_more(finding: Finding, storage: Storage) -> bool:
    """Whether a finding's changes make a volume need the volume plugin, or TLS, for the first time."""
    planned = [c.storage for c in finding.changes if isinstance(c, SetStorage) and isinstance(c.storage, EfsVolume)]
    if not isinstance(storage, EfsVolume):
        return bool(planned)
    return not storage.encrypts and any(new.encrypts for new in planned)


def old_instances(task: Task, context: Context) -> str | None:
    """Why EFS volumes with TLS would fail to mount where the task can run, if the source shows it."""
    least = context.hosts(task).least_able
    if least is None or least[1].support > Support.PREVIEW:
        return None
    instance, ability = least
    able = (
        "can mount EFS volumes by plain NFS only" if ability.support is Support.PREVIEW else "cannot mount EFS volumes"
    )
    return (
        f"{instance.name} has {ability.shown_by}, which {able}: it needs a current image first (EFS402), or ECS places no task "
        "with this volume there."
    )


INSTANCE_PREREQUISITES = (
    "the ECS-optimized AMI 20200319 or later (container agent 1.38.0, ecs-init 1.38.0-1); on an AMI of your own: `yum install "
    "amazon-efs-utils`, then `systemctl enable --now amazon-ecs-volume-plugin` (Amazon Linux 1: reboot)"
)


def volume_prerequisites(task: Task) -> str:
    """What the platform needs before it can mount an EFS volume with TLS, an access point or IAM.

    Source: the ECS developer guide's EFS volume considerations; `ecs.capability.efsAuth` of the container agent.
    """
    if task.engine is Engine.BATCH and task.fargate_only:
        return "Fargate needs platform version 1.4.0, and a supervisor container takes a little of the job's memory."
    fargate = (
        "Fargate needs platform version 1.4.0 or later, and a supervisor container takes a little of the task's memory."
    )
    ec2 = f"Container instances need {INSTANCE_PREREQUISITES}."
    if task.fargate_only:
        return fargate
    if task.compatibilities == {"MANAGED_INSTANCES"}:
        return ""
    return f"{ec2} {fargate}" if "FARGATE" in task.compatibilities else ec2
