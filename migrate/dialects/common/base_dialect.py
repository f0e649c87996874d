"""The base class of the dialects that edit volumes in their place: those of plain files and of Python programs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Generic

from migrate.dialects.common.collector import DefinitionNodes, Nodes, TaskNodes
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import reference
from migrate.dialects.common.volumes import volume_edits
from migrate.dialects.dialect import Reading
from migrate.syntax import get
from migrate.syntax.node import Added, EditMapping, Kept, Scalar, SetScalar, TreeEdit
from rules.model import (
    AddAccessPoint,
    AddPermissions,
    AddRole,
    AddTraffic,
    AddWait,
    Change,
    Container,
    CorrectSpelling,
    EfsVolume,
    Key,
    Opaque,
    SetImage,
    SetParameterDefault,
    SetPlatformVersion,
    SetReadOnly,
    SetStorage,
    SetTaskRole,
    Stack,
    Storage,
    Task,
    Value,
    subject,
)


class PlainDialect(Generic[Nodes]):
    """Decides and writes changes, for every dialect that edits volumes in their place; a subclass adds `read`."""

    name: str

    def configured(self, member: Value) -> Value:
        return member

    def reference(self, key: Key, attribute: str) -> Value:
        return reference(key.name, attribute)

    def lacks(self, reading: Reading[Nodes], key: Key, member: Value) -> str | None:
        """The reason why a value cannot be written in this source, or None if it can. Nothing evaluates
        CloudFormation's expressions in a plain file."""
        del reading, key
        expression = isinstance(member, Opaque) and member.handle is not None
        if expression or member.source.startswith("{{resolve:"):
            return (
                f"{member.source} in the configuration is an expression of CloudFormation, and this file is no template; it "
                "needs the value itself, in a configuration of its own"
            )
        return None

    def can(
        self, reading: Reading[Nodes], change: Change, added: Collection[Key], outside: Collection[Value]
    ) -> str | None:
        del added  # plain files hold no resources
        for member in configured_values(change, outside):
            if reason := self.lacks(reading, subject(change), member):
                return reason
        match change:
            case SetStorage():
                return _no_storage(reading.nodes, change, reading.storages[change.volume])
            case CorrectSpelling():
                return reading.nodes.blocked.get(change.volume)
            case SetTaskRole():
                nodes = reading.nodes.tasks[change.task]
                if any(key_text(entry).startswith("Fn::") for entry in nodes.mapping.entries):
                    return "a macro adds to the definition, perhaps a role"
                return None if nodes.role else "this file has no place for a task role"
            case SetReadOnly():
                return reading.nodes.blocked_mount_points.get(change.task)
            case SetPlatformVersion():
                return reading.nodes.blocked.get(change.service)
            case SetParameterDefault():
                return reading.nodes.blocked.get(change.parameter)
            case AddAccessPoint() | AddRole() | AddPermissions() | AddTraffic() | AddWait() | SetImage():
                return None

    def write(self, reading: Reading[Nodes], planned: Stack) -> list[TreeEdit]:
        edits: dict[int, TreeEdit] = {}
        for old, new in zip(reading.stack.tasks, planned.tasks, strict=True):
            if old is not new:
                for edit in self.write_task(reading, old, new):
                    # Volumes that share a node need the same edit of it: keep one.
                    edits[id(edit.node)] = edit
        for before, after in zip(reading.stack.platform_versions, planned.platform_versions, strict=True):
            if before != after and after.value is not None:
                node = reading.nodes.platform_versions[after.key]
                assert isinstance(node, Scalar)
                edits[id(node)] = SetScalar(node, after.value.source)
        return list(edits.values())

    def write_task(self, reading: Reading[Nodes], old: Task, new: Task) -> list[TreeEdit]:
        """The edits of a task's own nodes: its volumes, mount points and role."""
        nodes = reading.nodes.tasks[old.key]
        edits: list[TreeEdit] = []
        for before, after in zip(old.volumes, new.volumes, strict=True):
            if before != after:
                found = reading.nodes.volumes[before.key]
                edits += volume_edits.write_volume(before, after, found, spelling=nodes.spelling)
        edits += self._write_mount_points(old.containers, new.containers, nodes)
        if old.task_role != new.task_role and new.task_role is not None and nodes.role:
            edits.append(_set_role(nodes, nodes.role, new.task_role))
        return edits

    def _write_mount_points(
        self, old: tuple[Container, ...], new: tuple[Container, ...], nodes: TaskNodes
    ) -> list[TreeEdit]:
        before = [p for c in old for p in c.mount_points]
        after = [p for c in new for p in c.mount_points]
        edits: list[TreeEdit] = []
        for node, a, b in zip(nodes.mount_points, before, after, strict=True):
            if a != b and node is not None:
                edits += volume_edits.set_read_only(node, nodes.spelling, nodes.alphabetical)
        return edits


def _no_storage(nodes: DefinitionNodes, change: SetStorage, before: Storage) -> str | None:
    """The reason why a volume cannot get the storage of a change, or None if it can."""
    if reason := nodes.blocked.get(change.volume):
        return reason
    old, new = (found if isinstance(found, EfsVolume) else None for found in (before, change.storage))
    gets_iam = new is not None and new.authorizes and not (old is not None and old.authorizes)
    if gets_iam and (reason := nodes.blocked_iam.get(change.volume)):
        return reason
    loses_path = old is not None and new is not None and old.root_directory and new.root_directory is None
    return nodes.blocked_paths.get(change.volume) if loses_path else None


def configured_values(change: Change, outside: Collection[Value]) -> Iterator[Value]:
    """The ids and roles that a change brings into the source and that the configuration gives (`outside`)."""
    members: tuple[Value | None, ...] = ()
    if isinstance(change, SetTaskRole):
        members = (change.role,)
    elif isinstance(change, SetStorage) and isinstance(change.storage, EfsVolume):
        members = (change.storage.file_system, change.storage.access_point)
    return (member for member in members if member is not None and member in outside)


def _set_role(nodes: TaskNodes, name: str, role: Value) -> TreeEdit:
    """The edit that sets a task's role: in its null or empty entry if it has one, else as a new entry behind
    `role_after`."""
    spare = get(nodes.mapping, name)
    if spare is not None and spare in nodes.mapping.entries:  # null or empty
        entries = nodes.mapping.entries
        return EditMapping(
            nodes.mapping,
            tuple(Added(name, nodes.spelling.write(role), replaces=e) if e is spare else Kept(e) for e in entries),
        )
    return EditMapping(
        nodes.mapping,
        volume_edits.insert(
            nodes.mapping, name, nodes.spelling.write(role), alphabetical=nodes.alphabetical, after=nodes.role_after
        ),
    )
