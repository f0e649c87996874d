"""The context of a plan, which every rule is given: indices over the stack, the user's choices, and the plan so far."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count

from rules.choices import Choices
from rules.facts.capacity import Capacity, Hosts
from rules.facts.mounts import Mounts
from rules.facts.name_habits import Naming
from rules.facts.network_routes import Routes
from rules.facts.paths import normalise
from rules.facts.values import directory, given
from rules.model import (
    AccessPoint,
    AddAccessPoint,
    AddPermissions,
    AddRole,
    AddTraffic,
    AddWait,
    Change,
    Condition,
    Container,
    Directory,
    DockerVolume,
    EfsVolume,
    Engine,
    HostMount,
    HostPath,
    Key,
    MountPoint,
    NoSuchCondition,
    Owner,
    Parameter,
    Permission,
    Ref,
    Role,
    Stack,
    Task,
    TaskRunner,
    Text,
    Value,
    Volume,
    widen,
)
from rules.model import FileSystem as FileSystemResource

Reference = Callable[[Key, str], Value]
"""A function that returns a source's expression for a resource (with "" as the attribute) or for one of its
attributes."""


def _no_reference(key: Key, attribute: str) -> Value:
    raise LookupError(f"nothing says how this source refers to {key.last} {attribute}".rstrip())


@dataclass(eq=False)
class Context:
    """The stack of one source and the user's choices, with indices for the questions of rules.

    It is not immutable: it keeps a ledger of the plan, so that a step finds what earlier steps create (access points,
    roles, permissions, rules of security groups) and takes no name twice. The engine writes the ledger with `planned`
    and `begin_group`; `new_name` notes the names that it promises. A context serves one plan. `stack` and `choices` do
    not change.
    """

    stack: Stack
    """The stack as it was read. Nothing planned is applied to it."""
    choices: Choices
    reference: Reference = _no_reference
    """The dialect's function for references, so that rules need not know how a source refers to a new resource."""

    # -- the ledger of the plan ----------------------------------------------------------------------------------------

    def planned(self, change: Change) -> None:
        """Note a change that is part of the plan."""
        if isinstance(change, AddAccessPoint):
            known = self._own_points.get((change.point.file_system, change.point.path))
            same = known is not None and known.key == change.point.key
            point = widen(known if same else None, change.point, self.stack.logic(change.point.key.document))
            self._own_points[(point.file_system, point.path)] = self._points_by_ref[point.ref] = point
            self._taken.add(point.key.last.lower())
        elif isinstance(change, AddRole):
            role = widen(
                self._planned_roles.get(change.role.key), change.role, self.stack.logic(change.role.key.document)
            )
            self._planned_roles[role.key] = role
            self._roles.update(dict.fromkeys(role.refs, role))
            self._taken.add(change.role.key.last.lower())
        elif isinstance(change, AddPermissions):
            self._permissions.update(change.permissions)
        elif isinstance(change, AddTraffic | AddWait):
            self.routes.planned(change)
            if isinstance(change, AddTraffic):
                self._taken.add(change.rule.key.last.lower())

    def no_place(self, changes: Iterable[Change]) -> str | None:
        """The reason why new resources of some changes, which are part of the plan together, cannot exist for all of their
        users, or None if they can."""
        points: dict[Key, AccessPoint] = {}
        for change in changes:
            if isinstance(change, AddAccessPoint):
                known = points.get(change.point.key) or self._points_by_ref.get(change.point.ref)
                try:
                    points[change.point.key] = widen(known, change.point, self.stack.logic(change.point.key.document))
                except NoSuchCondition as problem:
                    return f"{change.point.key.last} serves others, too, and {problem}"
        return None

    def begin_group(self) -> None:
        """Forget the names promised to the previous group of volumes."""
        self._promised.clear()
        self._names_by_purpose.clear()

    def new_name(self, *wanted: str, serves: object = None, besides: Collection[str] = ()) -> str:
        """A free name for a new resource: the first of `wanted` that is not taken, or else the first with a number behind it.

        Names in `besides` (in lower case) count as taken. A name is promised to the purpose that it `serves`: until the
        next `begin_group`, the same purpose gets the same name and no other purpose does.
        """
        if serves is not None and serves in self._names_by_purpose:
            return self._names_by_purpose[serves]
        numbered = (f"{wanted[0]}{number}" for number in count(2))
        free = (n for n in chain(wanted, numbered) if n.lower() not in self._taken and n.lower() not in besides)
        name = next(name for name in free if self._promised.setdefault(name.lower(), serves) == serves)
        if serves is not None:
            self._names_by_purpose[serves] = name
        return name

    @cached_property
    def naming(self) -> Naming:
        """The naming habits of this source."""
        return Naming(self.stack)

    @cached_property
    def _promised(self) -> dict[str, object]:
        return {}

    @cached_property
    def _names_by_purpose(self) -> dict[object, str]:
        return {}

    @cached_property
    def _taken(self) -> set[str]:
        return {name.lower() for name in self.stack.names or ()}

    @cached_property
    def _own_points(self) -> dict[tuple[Value | None, Directory | None], AccessPoint]:
        # Without access points that enforce a user, because these would change the owner of all files that are written.
        return {(p.file_system, p.path): p for p in self.stack.access_points if p.user is None}

    @cached_property
    def _points_by_ref(self) -> dict[Value | None, AccessPoint]:
        return {p.ref: p for p in self.stack.access_points}

    @cached_property
    def _roles(self) -> dict[Value, Role]:
        return {ref: role for role in self.stack.roles for ref in role.refs}

    @cached_property
    def _planned_roles(self) -> dict[Key, Role]:
        return {}

    @cached_property
    def _permissions(self) -> set[Permission]:
        return set(self.stack.permissions)

    @cached_property
    def routes(self) -> Routes:
        """The routes between tasks and file systems, including rules of security groups that the plan adds."""
        return Routes(self.stack)

    # -- volumes and their mount points --------------------------------------------------------------------------------

    def as_read(self, volume: Volume) -> Volume:
        """A volume as it stands in the source, before anything was planned."""
        return self._volumes.get(volume.key, volume)

    def existence(self, volume: Volume, task: Task) -> Condition:
        """The condition under which a volume exists: its own and that of its task."""
        try:
            return self.stack.logic(task.key.document).both(task.condition, volume.condition)
        except NoSuchCondition:
            return volume.condition or task.condition

    def mount_points(self, volume: Volume, task: Task) -> list[tuple[Container, MountPoint]] | None:
        """The containers that mount the volume, each with its mount point; None if the source does not show them."""
        indexed = self._mount_points.get(task.key)
        if indexed is None or indexed[0] is not task.containers:
            indexed = self._mount_points[task.key] = (task.containers, _index_mount_points(task))
        return None if indexed[1] is None else indexed[1].get(volume.name, [])

    def is_shared(self, file_system: Value, path: Directory) -> bool:
        """Whether several tasks have volumes on a directory, under different names."""
        users = self._users.get((file_system, path), ())
        return len({task for task, _ in users}) > 1 and len({name for _, name in users}) > 1

    def is_ambiguous(self, volume: Volume) -> bool:
        """Whether the name tells the volume's directory from no other: another task has a volume of this name on another
        directory, and none has it on this one."""
        places = self._namesakes.get(volume.name.lower(), {})
        return len(places) > 1 and len(places.get(_place(self.as_read(volume)), ())) == 1

    @cached_property
    def _namesakes(self) -> dict[str, dict[object, set[Key]]]:
        """The places of the volumes that may get an access point, by their names, with the tasks that have each."""
        found: dict[str, dict[object, set[Key]]] = {}
        for task in self.stack.tasks:
            for volume in task.volumes:
                if (place := _place(volume)) is not None:
                    found.setdefault(volume.name.lower(), {}).setdefault(place, set()).add(task.key)
        return found

    @cached_property
    def _volumes(self) -> dict[Key, Volume]:
        return {volume.key: volume for task in self.stack.tasks for volume in task.volumes}

    @cached_property
    def _mount_points(self) -> dict[Key, tuple[object, dict[str, list[tuple[Container, MountPoint]]] | None]]:
        return {}

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

    def runners(self, task: Task) -> list[TaskRunner]:
        """The services and others of this source that run a task."""
        return self._runners.get(task.key, [])

    @cached_property
    def _runners(self) -> dict[Key, list[TaskRunner]]:
        found: dict[Key, list[TaskRunner]] = {}
        for runner in self.stack.runners:
            for task in runner.tasks:
                found.setdefault(task, []).append(runner)
        return found

    # -- parameters ----------------------------------------------------------------------------------------------------

    def parameter_at(self, key: Key) -> Parameter:
        """The parameter with this key, which an image refers to."""
        return self._parameters_by_key[key]

    def parameter(self, value: Value | None, user: Key) -> Parameter | None:
        """The parameter, if the whole value is a reference to one in the document of its user (the entity at this key)."""
        if not isinstance(value, Text) or len(value.parts) != 1:
            return None
        return next(self.parameters(value, user), None)

    def parameters(self, value: Text, user: Key) -> Iterator[Parameter]:
        """The parameters that a text refers to, in the document of its user (the entity at this key)."""
        for part in dict.fromkeys(part for part in value.parts if isinstance(part, Ref)):
            if part.handle is None and (found := self._parameters.get((user.document, part.source))):
                yield found

    def may_be_empty(self, value: Value | None, volume: Volume, task: Task) -> bool:
        """Whether the source shows that a value which the volume names is empty unless somebody gives it: it is a
        parameter's, and no condition keeps the volume out then."""
        parameter = self.parameter(value, volume.key)
        if parameter is None or "" not in parameter.evidence:
            return False
        logic = self.stack.logic(task.key.document)
        return not any(logic.rules_out(c, parameter.name, "") for c in (task.condition, volume.condition))

    def with_defaults(self, value: Text, user: Key) -> Text:
        """A text in which the default of each parameter, if it has one, takes the place of the references to it."""
        known = {p.ref: p.default for p in self.parameters(value, user) if p.default is not None and p.values}
        return given(value, known)

    @cached_property
    def _parameters(self) -> dict[tuple[object, str], Parameter]:
        """The parameters by their document and the text of the reference to them."""
        return {(p.key.document, p.ref.source): p for p in self.stack.parameters}

    @cached_property
    def _parameters_by_key(self) -> dict[Key, Parameter]:
        return {parameter.key: parameter for parameter in self.stack.parameters}

    # -- file systems, access points and roles -------------------------------------------------------------------------

    def own_file_system(self, file_system: Value | None) -> FileSystemResource | None:
        """The file system, if this source creates it."""
        return self._file_systems.get(file_system)

    def own_access_point(self, file_system: Value, path: Directory) -> AccessPoint | None:
        """The access point for a directory that this source creates, or that the plan adds; None if there is none."""
        return self._own_points.get((file_system, path))

    def own_point_of(self, ref: Value | None) -> AccessPoint | None:
        """The access point behind a reference, if this source creates it or the plan adds it."""
        return self._points_by_ref.get(ref)

    def access_points_on(self, file_system: Value, path: Directory) -> list[AccessPoint]:
        """All access points for a directory in the source as it was read, without those that the plan adds."""
        return self._points_by_place.get((file_system, path), [])

    def access_point(self, file_system: Value, directory: Directory) -> Value | None:
        """The access point that the configuration names for a directory, or None."""
        return self._access_points.get((file_system, directory))

    def directory_of(self, file_system: Value | None, access_point: Value) -> Directory | None:
        """The directory of an access point; None if neither this source nor the configuration shows it."""
        own = self.own_point_of(access_point)
        if own is not None:
            return own.path
        return self._directories.get((file_system, access_point)) if file_system is not None else None

    def owner(self, file_system: Value, path: Directory) -> Owner | None:
        """The owner of a directory, if a script of this source makes the directory."""
        return next((o for o in self.stack.owners if (o.file_system, o.directory) == (file_system, path)), None)

    def own_role(self, role: Value | None) -> Role | None:
        """The role, if this source creates it."""
        return self._roles.get(role) if role is not None else None

    def role_of(self, key: Key | None) -> Role | None:
        """The role with this key; None if the key is None or this source does not create the role."""
        return self._roles_by_key.get(key) if key is not None else None

    def is_planned(self, access_point: Value | None) -> bool:
        """Whether the plan makes the access point, so that it does not exist yet."""
        own = self.own_point_of(access_point)
        return own is not None and own.key not in self._points_as_read

    def is_allowed(
        self, permission: Permission, covers: Callable[[Permission, Permission], bool | None]
    ) -> bool | None:
        """Whether a role of this source has a permission, or gets it from the plan; None if that is not known.
        `covers(known, wanted)` decides whether a permission of the same role and action includes the wanted one."""
        if permission in self._permissions:
            return True
        perhaps = False
        for known in self._permissions_by_action.get((permission.role, permission.action), ()):
            if (found := covers(known, permission)) is True:
                return True
            perhaps |= found is None
        return None if perhaps else False

    def roles_allowed(self, permission: Permission) -> list[Role]:
        """The roles of this source that have exactly this permission, whichever role it is asked for."""
        return [role for role in self.stack.roles if replace(permission, role=role.key) in self.stack.permissions]

    def permissions_for(self, permission: Permission) -> list[Permission]:
        """The permissions of the same role for the same action, in the source as it was read, whatever they are about."""
        found = self._permissions_by_action.get((permission.role, permission.action), [])
        return sorted(found, key=lambda p: (str(p.resource), str(p.access_point)))

    @cached_property
    def ids_and_arns(self) -> frozenset[Value]:
        """The expressions for the ids and ARNs of the file systems and access points of this source."""
        systems = (name for system in self.stack.file_systems for name in (system.ref, system.arn))
        points = (name for point in self.stack.access_points for name in (point.ref, point.arn))
        return frozenset(chain(systems, points))

    @cached_property
    def _file_systems(self) -> dict[Value | None, FileSystemResource]:
        return {system.ref: system for system in self.stack.file_systems}

    @cached_property
    def _points_as_read(self) -> frozenset[Key]:
        return frozenset(point.key for point in self.stack.access_points)

    @cached_property
    def _points_by_place(self) -> dict[tuple[Value | None, Directory | None], list[AccessPoint]]:
        found: dict[tuple[Value | None, Directory | None], list[AccessPoint]] = {}
        for point in self.stack.access_points:
            found.setdefault((point.file_system, point.path), []).append(point)
        return found

    @cached_property
    def _access_points(self) -> dict[tuple[Value, Directory], Value]:
        return {(s.id, directory): point for s in self.choices.file_systems for directory, point in s.access_points}

    @cached_property
    def _directories(self) -> dict[tuple[Value, Value], str]:
        return {(s.id, point): directory for s in self.choices.file_systems for directory, point in s.access_points}

    @cached_property
    def _roles_by_key(self) -> dict[Key, Role]:
        return {role.key: role for role in self.stack.roles}

    @cached_property
    def _permissions_by_action(self) -> dict[tuple[Key, str], list[Permission]]:
        """The permissions of the source as it was read, by role and action."""
        found: dict[tuple[Key, str], list[Permission]] = {}
        for permission in self.stack.permissions:
            found.setdefault((permission.role, permission.action), []).append(permission)
        return found

    # -- container hosts and what they mount ---------------------------------------------------------------------------

    def hosts(self, task: Task) -> Hosts:
        """The container instances of this source that can run the task."""
        return self._capacity.hosts(task)

    def mounts(self, task: Task) -> Mounts:
        """Every known mount of EFS on the container hosts that can run the task; on all hosts of the source, as hints, if
        it may run on hosts that the source does not hold."""
        hosts = self.hosts(task)
        place = hosts.keys, hosts.unseen is None
        if place not in self._mounts:
            self._mounts[place] = Mounts(self._known_mounts(hosts), hosts.instances)
        return self._mounts[place]

    def mounts_by_default(self, task: Task) -> Mounts:
        """Every known mount of EFS on those hosts, with each parameter of the task's document replaced by its default."""
        hosts = self.hosts(task)
        place = (task.key.document, hosts.keys, hosts.unseen is None)
        if place not in self._mounts_by_default:
            known = self._known_mounts(hosts)
            paths = ((mount, self.with_defaults(Text.decode(mount.host_path), task.key)) for mount in known)
            mounts = (replace(m, host_path=normalise(path.coded)) if m.placed else m for m, path in paths)
            self._mounts_by_default[place] = Mounts(mounts, hosts.instances)
        return self._mounts_by_default[place]

    def _known_mounts(self, hosts: Hosts) -> list[HostMount]:
        """The mounts on container hosts that the configuration and the source's own user data show."""
        keys = (None, *hosts.keys) if hosts.unseen is None else (*self._mounts_by_instance,)
        found = [m for key in keys for m in self._mounts_by_instance.get(key, ())]
        configured = [
            _as_secure(HostMount(path, system.id, directory), found, all_seen=hosts.unseen is None)
            for system in self.choices.file_systems
            for path, directory in system.mounts
        ]
        # A configured mount replaces one at the same path that is doubtful, or whose file system is not known.
        told = {mount.host_path for mount in configured}
        return [*configured, *(m for m in found if not m.placed or m.host_path not in told or _is_known(m))]

    @cached_property
    def _capacity(self) -> Capacity:
        return Capacity(self.stack)

    @cached_property
    def _mounts(self) -> dict[tuple[tuple[Key, ...], bool], Mounts]:
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


def _is_known(mount: HostMount) -> bool:
    return mount.doubt is None and (mount.file_system is not None or not mount.is_nfs)


def _place(volume: Volume) -> object:
    """The directory that a volume mounts, as far as two can be compared; None if it gets no access point."""
    storage = volume.storage
    if isinstance(storage, EfsVolume):
        return (storage.file_system, directory(storage)) if storage.access_point is None else None
    return storage if isinstance(storage, HostPath | DockerVolume) else None


def _index_mount_points(task: Task) -> dict[str, list[tuple[Container, MountPoint]]] | None:
    """The containers and mount points of a task by the volume's name; None if the source does not show all of them."""
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


def _as_secure(configured: HostMount, found: Sequence[HostMount], *, all_seen: bool) -> HostMount:
    """A configured mount with TLS and IAM authorization if one that was found at its path has them: the configuration
    says what is mounted, and cannot say how. The role is known only if it is that of all instances."""
    there = [mount for mount in found if mount.host_path == configured.host_path]
    options = {name for mount in there for name in ("tls", "iam") if name in mount.options}
    roles = {mount.role for mount in there if "iam" in mount.options}
    return replace(
        configured, options=tuple(sorted(options)), role=roles.pop() if all_seen and len(roles) == 1 else None
    )
