"""The names of the members of volumes and containers in CDK programs. Structs have snake_case names, and so do dicts
in the place of a struct; dicts inside lists, and dicts that L1 constructs take, have the names of CloudFormation's
JSON in camelCase."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from migrate.dialects.cdk.api import BATCH
from migrate.dialects.cdk.program import Program
from migrate.dialects.cloudformation.language.spelling import ECS
from migrate.dialects.common.possible.readings import flag
from migrate.dialects.common.python.values import SPELLING
from migrate.dialects.common.values import child, items, mapping
from migrate.dialects.common.volumes.spelling import Spelling
from migrate.dialects.common.volumes.volumes import read_container, rest_but
from migrate.syntax.node import Entry, Mapping, Node, Scalar
from rules.model import ANYTHING, Container, MountPoint

SNAKE = replace(
    SPELLING,
    source_path="source_path",
    docker="docker_volume_configuration",
    driver_options="driver_opts",
    efs="efs_volume_configuration",
    file_system="file_system_id",
    root_directory="root_directory",
    transit_encryption="transit_encryption",
    transit_encryption_port="transit_encryption_port",
    authorization="authorization_config",
    access_point="access_point_id",
    other_storages=(
        "configured_at_launch",
        "fsx_windows_file_server_volume_configuration",
        "f_sx_windows_file_server_volume_configuration",
        "s3_files_volume_configuration",
    ),
    mount_points="mount_points",
    source_volume="source_volume",
    read_only="read_only",
    volumes_from="volumes_from",
    source_container="source_container",
)
"""The names of structs."""
CAMEL = replace(SPELLING, drops_unknown_keys=True)
"""The names of dicts inside lists and of L1 constructs. The CDK passes the keys that it knows on and drops all
others."""


def either(node: Mapping | None, name: str) -> Node | None:
    """The value of a member, under its snake_case or its camelCase name; None if it has neither."""
    first, *others = name.split("_")
    found = child(node, name)
    return found if found is not None else child(node, first + "".join(part.capitalize() for part in others))


@dataclass
class Spellings:
    """Finds the names that the mappings of one program use."""

    program: Program

    def callee(self, node: Mapping) -> str:
        """The source of the callee, for a mapping that is a call; empty for a dict."""
        origin = self.program.document.origin(node)
        return ast.unparse(origin.func) if isinstance(origin, ast.Call) else ""

    def is_struct(self, node: Mapping) -> bool:
        """Whether a mapping is a call of a struct's class, or of a method that takes its members."""
        origin = self.program.document.origin(node)
        return isinstance(origin, ast.Call) and not (isinstance(origin.func, ast.Name) and origin.func.id == "dict")

    def of_volume(self, volume: Mapping, kind: str) -> Spelling:
        """The names of the members of a volume, and of its storage and authorization, each of which may be a struct
        or a dict; `kind` is the class of its task definition."""
        low = ".Cfn" in kind
        outer = SNAKE if self.is_struct(volume) else CAMEL
        storage = (
            mapping(child(volume, outer.efs))
            or mapping(child(volume, outer.docker))
            or mapping(child(volume, outer.host))
        )
        snake = storage is None or self.is_struct(storage) or (outer is SNAKE and not low)
        inner = (SNAKE if snake else CAMEL) if storage is not None else outer
        authorization = mapping(child(storage, inner.authorization or ""))
        of_authorization = inner
        if authorization is not None:
            snake = self.is_struct(authorization) or (inner is SNAKE and not low)
            of_authorization = SNAKE if snake else CAMEL
        found = replace(
            inner,
            name=outer.name,
            host=outer.host,
            docker=outer.docker,
            efs=outer.efs,
            other_storages=outer.other_storages,
            access_point=of_authorization.access_point,
            read=self.program.value,
        )
        if low and not kind.startswith(f"{BATCH}."):
            old = storage is not None and "EfsVolumeConfigurationProperty" in self.callee(storage)
            names = (
                {True: "file_system_id", False: "filesystem_id"}
                if inner is SNAKE
                else {True: "fileSystemId", False: "filesystemId"}
            )
            found = replace(found, file_system=names[old])
        return found

    def of_override(self) -> Spelling:
        """CloudFormation's own names, which overrides of a template use."""
        own = {name: getattr(SPELLING, name) for name in ("write", "members", "arms", "condition", "plain")}
        return replace(ECS, **own, read=self.program.value)

    def container(self, node: Mapping) -> tuple[Container, list[Mapping | None]]:
        """A container of an L1 definition, and the mappings of its mount points; None for one that is not a mapping."""
        names = SNAKE if self.is_struct(node) else CAMEL
        points = [mapping(point) for point in items(child(node, names.mount_points)) or ()]
        # The container properties of a job of AWS Batch hold its volumes, too.
        found = read_container(
            node, replace(names, read=self.program.value), self.program.document.text, known=("volumes",)
        )
        return replace(found, mount_points=tuple(map(self._mount_point, points))), points

    def _mount_point(self, node: Mapping | None) -> MountPoint:
        if node is None:
            return MountPoint(None, ANYTHING)
        names = SNAKE if self.is_struct(node) else CAMEL
        return MountPoint(
            self.program.value(child(node, names.source_volume)),
            flag(child(node, names.read_only), names),
            rest_but(node, (names.read_only,), self.program.document.text, plain=SPELLING.plain),
        )


def with_points(arguments: Mapping, points: Sequence[Node]) -> Mapping:
    """The arguments of a container together with the mount points that later calls add."""
    from migrate.syntax.node import Sequence as List

    where = arguments.start
    listed = Entry(Scalar(where, where, SNAKE.mount_points, style=""), List(where, where, [*points], flow=True))
    return Mapping(where, arguments.end, [*arguments.entries, listed], flow=True)
