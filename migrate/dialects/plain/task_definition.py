"""ECS task definitions in the API's shape: the input of `register-task-definition`, the output of
`describe-task-definition`, lists of them, definitions inside other documents, and files that hold `volumes` only."""

from __future__ import annotations

import re

from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.listed import Listed, listed
from migrate.dialects.common.nodes import Path, holders, is_foreign
from migrate.dialects.common.possible.readings import role, systems, words_of
from migrate.dialects.common.values import child, filled, items, mapping, value, written
from migrate.dialects.common.volumes.spelling import API
from migrate.dialects.dialect import Reading
from migrate.syntax import resolve
from migrate.syntax.node import Expression, Mapping, Node, Scalar, Sequence
from migrate.syntax.unit import Unit
from rules.model import Engine, Key, Text

_OWN_KEYS = ("family", "taskRoleArn", "executionRoleArn", "requiresCompatibilities", "networkMode")
_STORAGE_KEYS = ("efsVolumeConfiguration", "dockerVolumeConfiguration")
_WORDS = re.compile("containerDefinitions|<<")


class TaskDefinition(PlainDialect[DefinitionNodes]):
    """The dialect of mappings with `containerDefinitions` and `volumes`, anywhere in a document."""

    name = "task-definition"

    def read(self, unit: Unit) -> Reading[DefinitionNodes] | None:
        document, stem = unit.document, unit.stem
        collector = Collector(self, unit, DefinitionNodes())
        for node, path in holders(document, _WORDS):
            if _is_definition(node):
                _read(collector, node, path, stem=stem)
            elif (given := _given_volumes(node)) is not None:
                named = filled(child(node, "family"))
                collector.add_hidden(
                    Key("hidden", path[0], (named.source if named else stem,)),
                    given.start,
                    f"volumes comes from {document.text[given.start : given.end].strip()}, and what it gives cannot be seen",
                    advice="write the volumes out, or migrate them where they are kept",
                )
                collector.regions.append((given.start, given.end))
        if not collector.tasks and not collector.hidden:
            for i, root in enumerate(r for r in document.roots if not is_foreign(r)):
                _read_volumes_only(collector, root, (i,), stem=stem)
        return collector.reading(collector.stack())


def _is_definition(node: Mapping) -> bool:
    """Whether a mapping has a list of volumes, and its containers are a list or an expression."""
    # A template may give all containers by one expression, a scalar. A mapping is a model of the API, not a definition.
    containers = resolve(child(node, "containerDefinitions"))
    return isinstance(containers, Sequence | Scalar) and items(child(node, "volumes")) is not None


def _given_volumes(node: Mapping) -> Node | None:
    """The placeholder that gives all volumes of a definition whose containers mount some, or perhaps do; else None."""
    given, containers = child(node, "volumes"), resolve(child(node, "containerDefinitions"))
    found = value(given) if isinstance(resolve(given), Scalar | Expression) else None
    if found is None or found.literal is not None or not isinstance(containers, Sequence | Scalar):
        return None
    mounts = [child(mapping(item), "mountPoints") for item in items(containers) or ()]
    return given if isinstance(containers, Scalar) or any(mount is not None for mount in mounts) else None


def _read(collector: Collector[DefinitionNodes], node: Mapping, path: Path, stem: str) -> None:
    """Adds a task definition; `stem` names it if it has no family."""
    family = filled(child(node, "family"))
    containers = child(node, "containerDefinitions")
    bare = containers is None and not any(child(node, key) is not None for key in _OWN_KEYS)
    collector.add_task(
        Key.of("task", *path),
        family.source if family else stem,
        node,
        volumes=child(node, "volumes"),
        containers=listed(containers),
        role=None if bare else "taskRoleArn",
        known=("containerDefinitions", "volumes"),
        role_after=("family", "networkMode"),
        task_role=role(child(node, "taskRoleArn"), API),
        family=family if isinstance(family, Text) else None,
        engine=Engine.UNKNOWN if bare else Engine.ECS,
        compatibilities=words_of(child(node, "requiresCompatibilities"), API),
        network_mode=API.options(child(node, "networkMode")),
        operating_system=systems(node, API),
        arn=written(child(node, "taskDefinitionArn")),
    )


def _read_volumes_only(collector: Collector[DefinitionNodes], root: Node, path: Path, stem: str) -> None:
    """Adds the volumes of a document that is a mapping with `volumes` but without containers, or a list of volumes."""
    if isinstance(root, Mapping) and _are_volumes(child(root, "volumes")):
        _read(collector, root, path, stem=stem)
    elif isinstance(root, Sequence) and _are_volumes(root):
        collector.add_task(
            Key.of("task", *path),
            stem,
            Mapping(root.start, root.end, [], flow=root.flow),
            volumes=root,
            containers=Listed([]),
            role=None,
            known=(),
            engine=Engine.UNKNOWN,
        )


def _are_volumes(node: Node | None) -> bool:
    """Whether a list has volumes of the ECS API, not of Kubernetes or Compose."""
    return any(_is_volume(mapping(item)) for item in items(node) or ())


def _is_volume(node: Mapping | None) -> bool:
    """Whether a mapping is a volume with a name and a host path, EFS or Docker storage."""
    if node is None or child(node, "name") is None:
        return False
    host = mapping(child(node, "host"))
    return (host is not None and child(host, "sourcePath") is not None) or any(
        mapping(child(node, key)) is not None for key in _STORAGE_KEYS
    )
