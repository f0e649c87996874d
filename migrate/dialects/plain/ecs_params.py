"""The `ecs-params.yml` of ecs-cli: `task_definition` with the flat lists `docker_volumes` and `efs_volumes`.

The containers and their mount points are in the Compose file beside it, so that this file does not show which container
mounts a volume. ecs-cli ignores keys that it does not know, and needs `transit_encryption` wherever `access_point` or
`iam` is set. Source: amazon-ecs-cli `ecs_params_reader.go`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.listed import UNREAD, listed, may_hold_more
from migrate.dialects.common.possible.readings import role
from migrate.dialects.common.values import child, items, mapping, value
from migrate.dialects.common.volumes import spelling, volume_edits
from migrate.dialects.common.volumes.spelling import Spelling
from migrate.dialects.common.volumes.volumes import VolumeNodes, read_docker, read_efs, without
from migrate.dialects.dialect import Reading
from migrate.syntax import get, resolve
from migrate.syntax.node import (
    Added,
    Copy,
    EditMapping,
    EditSequence,
    Kept,
    Mapping,
    New,
    NewValue,
    Node,
    Renamed,
    Sequence,
    TreeEdit,
)
from migrate.syntax.unit import Unit
from rules.model import DockerVolume, EfsVolume, Key, Misspelling, Task, Volume

_SPELLING = Spelling(
    driver_options="driver_opts",
    file_system="filesystem_id",
    root_directory="root_directory",
    transit_encryption="transit_encryption",
    transit_encryption_port="transit_encryption_port",
    authorization=None,
    access_point="access_point",
    iam="iam",
    drops_unknown_keys=True,
)


class EcsParams(PlainDialect[DefinitionNodes]):
    """The dialect of documents whose `task_definition` lists volumes in ecs-cli's form."""

    name = "ecs-params"

    def read(self, unit: Unit) -> Reading[DefinitionNodes] | None:
        document, stem = unit.document, unit.stem
        collector = Collector(self, unit, DefinitionNodes(), spelling=_SPELLING)
        for i, root in enumerate(document.roots):
            definition = mapping(child(mapping(root), "task_definition"))
            lists = [items(child(definition, name)) for name in ("docker_volumes", "efs_volumes")]
            if definition is not None and any(lists):
                _read(collector, definition, Key("task", i), stem=stem)
        return collector.reading(collector.stack())

    def write_task(self, reading: Reading[DefinitionNodes], old: Task, new: Task) -> list[TreeEdit]:
        """The edits of a task; Docker volumes that become EFS volumes move to the other list."""
        moved = {
            before.key: after.storage
            for before, after in zip(old.volumes, new.volumes, strict=True)
            if isinstance(before.storage, DockerVolume) and isinstance(after.storage, EfsVolume)
        }
        if not moved:
            return super().write_task(reading, old, new)
        pairs = zip(old.volumes, new.volumes, strict=True)
        staying = replace(new, volumes=tuple(o if o.key in moved else n for o, n in pairs))
        edits = super().write_task(reading, old, staying)
        return _move(reading.nodes.volumes, reading.nodes.tasks[old.key].mapping, moved, edits=edits)


def _read(collector: Collector[DefinitionNodes], node: Mapping, key: Key, stem: str) -> None:
    """Adds a task definition with the volumes of both lists."""
    collector.add_task(
        key,
        stem,
        node,
        volumes=None,
        containers=UNREAD,
        role="task_role_arn",
        known=("docker_volumes", "efs_volumes"),
        role_after=("task_execution_role", "ecs_network_mode"),
        task_role=role(child(node, "task_role_arn"), _SPELLING),
        network_mode=_SPELLING.options(child(node, "ecs_network_mode")),
    )
    volumes = []
    complete = True
    count: dict[str, int] = {}
    for kind in ("docker_volumes", "efs_volumes"):
        entry = get(node, kind)
        if entry is not None:
            collector.regions.append((entry.key.start, entry.key.end))
        complete &= listed(entry.value if entry else None).complete
        for item in items(entry.value if entry else None) or ():
            if found := mapping(item):
                volumes.append(_read_volume(collector, key, kind, node=found, item=item, count=count))  # noqa: PERF401 - reads better
    collector.tasks[-1] = replace(
        collector.tasks[-1], volumes=tuple(volumes), opaque_volumes=not complete or may_hold_more(node)
    )


def _read_volume(
    collector: Collector[DefinitionNodes], task: Key, kind: str, node: Mapping, item: Node, count: dict[str, int]
) -> Volume:
    """Reads an item of `docker_volumes` or `efs_volumes` (`kind`); `count` counts the volumes of each name."""
    named = value(child(node, "name"))
    name = named.source if named else ""
    # The key does not name the list, because a migrated volume moves from one to the other.
    nth = count[name] = count.get(name, 0) + 1
    key = task.below("volume", name, nth)
    storage: DockerVolume | EfsVolume
    meant: EfsVolume | None = None
    misspelt: list[Misspelling] = []
    if kind == "docker_volumes":
        docker, found = read_docker(node, _SPELLING)
        storage = _nameless(docker)
        inner: spelling.Found = {}
    else:
        efs, found, _, inner, misspelt = read_efs(node, _SPELLING)
        storage, meant = without(_nameless(efs), misspelt, _SPELLING)
    collector.spans[key] = item.start
    collector.nodes.volumes[key] = VolumeNodes(
        node,
        {},
        None,
        storage=node,
        storage_entries=found,
        authorization=None,
        authorization_entries=inner,
        is_efs=isinstance(storage, EfsVolume),
    )
    collector.regions.append((node.start, node.end))
    return Volume(key, name, storage, misspelt=tuple(misspelt), meant=meant)


_Storage = TypeVar("_Storage", DockerVolume, EfsVolume)


def _nameless(storage: _Storage) -> _Storage:
    """A storage without the volume's `name` among its unknown members: here volume and storage are one mapping."""
    return replace(storage, rest=tuple(pair for pair in storage.rest if pair[0] != "name"))


def _move(
    found: dict[Key, VolumeNodes], definition: Mapping, moved: dict[Key, EfsVolume], edits: list[TreeEdit]
) -> list[TreeEdit]:
    """The edits that move volumes from `docker_volumes` to `efs_volumes`, together with `edits`."""
    own = next((e for e in edits if isinstance(e, EditMapping) and e.node is definition), None)
    entries: list[Kept | Renamed | Added] = list(own.entries) if own else [Kept(e) for e in definition.entries]
    docker, efs = get(definition, "docker_volumes"), get(definition, "efs_volumes")
    listed = resolve(docker.value) if docker else None
    assert docker is not None
    assert isinstance(listed, Sequence)
    nodes = {id(found[key].mapping): (key, storage) for key, storage in moved.items()}
    staying = [item for item in listed.items if id(mapping(item)) not in nodes]
    at = next(i for i, e in enumerate(entries) if isinstance(e, Kept) and e.entry is docker)
    result = [e for e in edits if e is not own]
    if not staying and efs is None:
        entries[at] = Renamed(docker, "efs_volumes")
        for key, storage in moved.items():
            result.append(_convert(found[key], storage))
    else:
        new = [
            New({**_named(found[key]), **volume_edits.efs_value(storage, _SPELLING)}) for key, storage in moved.items()
        ]
        there = resolve(efs.value) if efs else None
        if isinstance(there, Sequence):
            result.append(EditSequence(there, (*there.items, *new)))
        else:
            added = Added("efs_volumes", [n.value for n in new], replaces=efs)
            null = next((i for i, e in enumerate(entries) if efs and isinstance(e, Kept) and e.entry is efs), None)
            if null is None:
                entries.insert(at + 1, added)
            else:
                entries[null] = added
        if staying:
            result.append(EditSequence(listed, tuple(staying)))
        else:
            entries = [e for e in entries if not (isinstance(e, Kept) and e.entry is docker)]
    if any(not isinstance(e, Kept) for e in entries) or len(entries) != len(definition.entries):
        result.append(EditMapping(definition, tuple(entries)))
    return result


def _named(nodes: VolumeNodes) -> dict[str, NewValue]:
    """The `name` member of a volume, to copy into a new item."""
    entry = get(nodes.mapping, "name")
    return {"name": Copy(entry.value)} if entry else {}


def _convert(nodes: VolumeNodes, storage: EfsVolume) -> TreeEdit:
    """The edit that replaces the Docker members of a volume's item with those of EFS."""
    members = volume_edits.efs_value(storage, _SPELLING)
    anchor = nodes.storage_entries.get(_SPELLING.driver_options)
    gone = {id(e) for e in nodes.storage_entries.values()}
    first, *others = members.items()
    added = [Added(*first, replaces=anchor), *(Added(k, v) for k, v in others)]
    result: list[Kept | Added] = []
    for entry in nodes.mapping.entries:
        if entry is anchor:
            result += added
        elif id(entry) not in gone:
            result.append(Kept(entry))
    return EditMapping(nodes.mapping, tuple(result))
