"""AWS Batch jobs in CDK programs: L2 container definitions with their volumes, and L1 job definitions.

An `EfsVolume` has all members on one level, takes the file system as an object, and has booleans where the API has
`ENABLED` and `DISABLED`. Source: API reference of `aws_cdk.aws_batch`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from migrate.dialects.cdk.api import BATCH
from migrate.dialects.cdk.program import Construct, Program, TaskSource
from migrate.dialects.cdk.resources import system_id
from migrate.dialects.cdk.spelling import SNAKE, either
from migrate.dialects.common.listed import Listed, listed
from migrate.dialects.common.possible.readings import flag, words_of
from migrate.dialects.common.values import child, items, mapping
from migrate.dialects.common.volumes import volume_edits
from migrate.dialects.common.volumes.spelling import Spelling, find
from migrate.dialects.common.volumes.volumes import VolumeNodes, read_efs, rest_but
from migrate.syntax import CannotEdit, literal, resolve
from migrate.syntax.node import (
    Added,
    AnyEdit,
    EditMapping,
    Kept,
    Mapping,
    NewExpression,
    NewValue,
    Node,
    Scalar,
    SetCallee,
)
from migrate.syntax.python.names import Place
from rules.model import Container, EfsVolume, HostPath, Key, MountPoint, Possible, Storage, Text, Value, Volume

CONTAINERS = {
    f"{BATCH}.EcsEc2ContainerDefinition": Possible.of(frozenset({"EC2"})),
    f"{BATCH}.EcsFargateContainerDefinition": Possible.of(frozenset({"FARGATE"})),
}
"""The L2 constructs of container definitions, and the compatibilities of their jobs."""
JOB = f"{BATCH}.CfnJobDefinition"
"""The L1 construct of a job definition."""
EFS_VOLUMES = (f"{BATCH}.EfsVolume", f"{BATCH}.EcsVolume.efs")
"""The class of an L2 volume on EFS, and the method that makes one."""
HOST_VOLUMES = (f"{BATCH}.HostVolume", f"{BATCH}.EcsVolume.host")
"""The class of an L2 volume on a host path, and the method that makes one."""
_TO_EFS = {"HostVolume": "EfsVolume", "host": "efs"}
_WORDS = {"ENABLED": "True", "DISABLED": "False"}


# -- L2 ---------------------------------------------------------------------------------------------------------------


def spelling(program: Program, place: Place) -> Spelling:
    """The names of the members of L2 volumes, with values read from and written as the program has them at a place."""

    def read(node: Node | None) -> Value | None:
        found = resolve(node)
        if isinstance(found, Scalar) and isinstance(known := literal(found), bool):
            return Text.of("ENABLED" if known else "DISABLED")
        origin = program.document.origin(found) if found is not None else None
        made = program.construct(origin, place) if origin is not None else None
        if origin is not None and (made is not None or not isinstance(origin, ast.Constant | ast.JoinedStr | ast.Call)):
            # A file system is given as an object, of which the model needs the id; other members are texts.
            parent = program.names.parents.get(origin)
            if isinstance(parent, ast.keyword) and parent.arg == "file_system":
                return system_id(program, origin, place)
        return program.value(node)

    def write(member: Value) -> NewValue:
        word = _WORDS.get(member.source)
        return NewExpression(word) if word else program.write(member, place)

    return replace(
        SNAKE,
        source_path="host_path",
        file_system="file_system",
        transit_encryption="enable_transit_encryption",
        authorization=None,
        iam="use_job_role",
        read=read,
        write=write,
    )


def volume_kind(program: Program, node: Mapping) -> str:
    """The class (or method) of an L2 volume; empty for other mappings."""
    kind = program.kind(program.document.origin(node))
    return kind if kind in (*EFS_VOLUMES, *HOST_VOLUMES) else ""


def read_volume(program: Program, node: Mapping, key: Key, place: Place) -> tuple[Volume, VolumeNodes]:
    """Reads an L2 volume."""
    names = spelling(program, place)
    named = program.value(child(node, "name"))
    storage: Storage
    if volume_kind(program, node) in EFS_VOLUMES:
        efs, found, _, _, _ = read_efs(node, names)
        storage = replace(efs, rest=())  # the members beside these belong to the volume
    else:
        found, _ = find(node, ("host_path",))
        storage = HostPath(program.value(child(node, "host_path")))
    rest = rest_but(node, (*names.efs_members, "host_path", "name"), program.document.text, plain=names.plain)
    volume = Volume(key, named.source if named is not None else "", storage, misspelt=(), meant=None, rest=rest)
    return volume, VolumeNodes(
        node,
        {},
        None,
        storage=node,
        storage_entries=found,
        authorization=None,
        authorization_entries=found,
        is_efs=isinstance(storage, EfsVolume),
    )


def mount_point(program: Program, node: Mapping) -> MountPoint:
    """The mount point of an L2 volume, which is given with the volume."""
    return MountPoint(program.value(child(node, "name")), flag(child(node, "readonly"), SNAKE))


def container(program: Program, task: TaskSource) -> Container:
    """The only container of an L2 definition."""
    assert task.construct is not None
    arguments = program.document.arguments(task.construct.call, task.place)
    user = program.value(child(arguments, "user")) if isinstance(arguments, Mapping) else None
    mounted = (mapping(item) for item, _ in task.volumes)
    return Container(None, user, tuple(mount_point(program, node) for node in mounted if node is not None))


def write_volume(
    before: Volume, after: Volume, nodes: VolumeNodes, program: Program, place: Place
) -> Iterator[AnyEdit]:
    """The edits that turn an L2 volume into the planned one. Raises CannotEdit if the program has no object for its
    file system."""
    names = spelling(program, place)
    if isinstance(before.storage, EfsVolume):
        yield from volume_edits.write_volume(before, after, nodes, spelling=names)
        return
    storage = after.storage
    origin = program.document.origin(nodes.mapping)
    assert isinstance(storage, EfsVolume)
    assert isinstance(origin, ast.Call)
    assert storage.file_system is not None
    system = file_system(program, storage.file_system, place)
    members = volume_edits.efs_value(storage, names) | {names.file_system: NewExpression(system)}
    first, *others = members.items()
    yield SetCallee(nodes.mapping, _callee(origin))
    kept = [e for e in nodes.mapping.entries if getattr(e.key, "text", "") != "host_path"]
    replaced = next(e for e in nodes.mapping.entries if getattr(e.key, "text", "") == "host_path")
    at = nodes.mapping.entries.index(replaced)
    new = (Added(*first, replaces=replaced), *(Added(k, v) for k, v in others))
    yield EditMapping(nodes.mapping, (*map(Kept, kept[:at]), *new, *map(Kept, kept[at:])))


def file_system(program: Program, system: Value, place: Place) -> str:
    """The expression for a file system as an object. Raises CannotEdit if there is none at that place."""
    expression, made = program.object_of(system, place)
    if expression is None or (made is not None and made.family.endswith(".CfnFileSystem")):
        raise CannotEdit("a volume of AWS Batch takes the file system as an object, and the code has none there")
    return expression


def _callee(call: ast.Call) -> str:
    before, dot, last = ast.unparse(call.func).rpartition(".")
    return f"{before}{dot}{_TO_EFS[last]}"


# -- L1 ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class L1JobPart:
    """A part of an L1 job definition that has volumes, a role and containers of its own."""

    node: Mapping
    role: ast.expr | None
    containers: Listed
    compatibilities: Possible[frozenset[str]]

    @property
    def volumes(self) -> Node | None:
        return child(self.node, "volumes")


def parts(program: Program, made: Construct) -> Iterator[L1JobPart]:
    """The parts of an L1 job definition that may have volumes."""
    arguments = program.document.arguments(made.call, made.place)
    if not isinstance(arguments, Mapping):
        return
    where = words_of(either(arguments, "platform_capabilities"), SNAKE).otherwise(frozenset({"EC2"}))
    ranges = either(mapping(either(arguments, "node_properties")), "node_range_properties")
    places: list[Mapping | None] = [arguments, *map(mapping, items(ranges) or ())]
    for place in places:
        for name in ("container_properties", "container"):
            if node := mapping(either(place, name)):
                yield L1JobPart(node, _origin(program, node, "job_role_arn"), Listed([node]), compatibilities=where)
        for node in map(mapping, items(either(mapping(either(place, "ecs_properties")), "task_properties")) or ()):
            if node is not None:
                containers = listed(child(node, "containers"))
                yield L1JobPart(node, _origin(program, node, "task_role_arn"), containers, compatibilities=where)


def _origin(program: Program, node: Mapping, name: str) -> ast.expr | None:
    """The expression that gives a member, if there is one."""
    written = either(node, name)
    return program.document.origin(written) if written is not None else None
