"""What a rule is given besides its subject: indices over the stack, the user's choices, and the plan so far."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
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
    MountPoint,
    Owner,
    Parameter,
    Permission,
    Ref,
    Role,
    Stack,
    Task,
    Text,
    Value,
    Volume,
    widen,
)
from rules.model import FileSystem as FileSystemResource

# -- what a rule sees -------------------------------------------------------------------------------------------------


Reference = Callable[[Key, str], Value]
"""Gives the value that stands in a source for a resource, or with a word behind it for an attribute of that."""


def _no_reference(key: Key, attribute: str) -> Value:
    raise LookupError(f"nothing says how this source refers to {key.last} {attribute}".rstrip())


@dataclass(frozen=True)
class Context:
    """One source's stack and the user's policy, with the indices that rules ask. `planned` tells them of resources that
    earlier steps of the plan add."""

    stack: Stack
    choices: Choices
    reference: Reference = _no_reference
    """The dialect's own, so that no rule knows how a source spells what the plan adds to it."""

    def planned(self, change: Change) -> None:
        """Take note of a change that is part of the plan."""
        if isinstance(change, AddAccessPoint):
            known = self._own_points.get((change.point.file_system, change.point.path))
            same = known is not None and known.key == change.point.key
            point = widen(known if same else None, change.point)
            self._own_points[(point.file_system, point.path)] = self._points_by_ref[point.ref] = point
            self._taken.add(point.key.last.lower())
        elif isinstance(change, AddRole):
            self._roles.update(dict.fromkeys(change.role.refs, change.role))
            self._taken.add(change.role.key.last.lower())
        elif isinstance(change, AddPermissions):
            self._permissions.update(change.permissions)
        elif isinstance(change, AddTraffic | AddWait):
            self.routes.planned(change)
            if isinstance(change, AddTraffic):
                self._taken.add(change.rule.key.last.lower())

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
        return {(p.key.document, p.ref.source): p for p in self.stack.parameters}

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
            if part.handle is None and (found := self._parameters.get((user.document, part.source))):
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

    def begin_group(self) -> None:
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
        place = (task.key.document, hosts.keys)
        if place not in self._mounts_by_default:
            known = self._known_mounts(hosts)
            paths = ((mount, self.with_defaults(Text.decode(mount.host_path), task.key)) for mount in known)
            mounts = (replace(mount, host_path=normalise(path.coded)) for mount, path in paths)
            self._mounts_by_default[place] = Mounts(mounts, hosts.instances)
        return self._mounts_by_default[place]

    def _known_mounts(self, hosts: Hosts) -> list[HostMount]:
        configured = [
            HostMount(path, system.id, directory)
            for system in self.choices.file_systems
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
        return {(s.id, directory): point for s in self.choices.file_systems for directory, point in s.access_points}

    @cached_property
    def _directories(self) -> dict[tuple[Value, Value], str]:
        return {(s.id, point): directory for s in self.choices.file_systems for directory, point in s.access_points}

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
