"""The `ecs-params.yml` of ecs-cli: `task_definition` with the flat lists `docker_volumes` and `efs_volumes`.

The containers, their mount points and host paths are in the Compose file beside it, which is read with it where it has the
name that ecs-cli looks for; else this file does not show which container mounts a volume. ecs-cli ignores keys that it does
not know, and needs `transit_encryption` wherever `access_point` or `iam` is set. Source: amazon-ecs-cli
`ecs_params_reader.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.listed import UNREAD, listed, may_hold_more
from migrate.dialects.common.possible.readings import role
from migrate.dialects.common.values import child, items, mapping, text, value
from migrate.dialects.common.volumes import spelling, volume_edits
from migrate.dialects.common.volumes.spelling import Spelling
from migrate.dialects.common.volumes.volumes import VolumeNodes, read_docker, read_efs, without
from migrate.dialects.dialect import Reading
from migrate.dialects.plain.compose import Compose, HostMounts
from migrate.syntax import Document, get, resolve
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
    TreeEdit,
)
from migrate.syntax.node import Sequence as Items
from migrate.syntax.unit import Unit
from rules.facts.paths import looks_like_efs
from rules.model import DockerVolume, EfsVolume, HostPath, Key, Misspelling, Stack, Task, Volume

_NETWORK = re.compile(r"\b(?:efs|nfs4?|rexray|cloudstor)\b", re.IGNORECASE)

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


@dataclass(frozen=True)
class EcsParamsNodes(DefinitionNodes):
    """The nodes of a unit of ecs-cli: also the host paths of the Compose file by the keys of their volumes."""

    hosts: dict[Key, HostMounts] = field(default_factory=dict)


class EcsParams(PlainDialect[EcsParamsNodes]):
    """The dialect of documents whose `task_definition` lists volumes in ecs-cli's form, and of the Compose file beside
    one."""

    name = "ecs-params"

    def read(self, unit: Unit) -> Reading[EcsParamsNodes] | None:
        document, stem = unit.document, unit.stem
        collector = Collector(self, unit, EcsParamsNodes(), spelling=_SPELLING)
        for i, root in enumerate(document.roots):
            definition = mapping(child(mapping(root), "task_definition"))
            lists = [items(child(definition, name)) for name in ("docker_volumes", "efs_volumes")]
            compose = _compose(unit, lists) if i == 0 and len(document.roots) == 1 else None
            if definition is not None and (any(lists) or (compose and compose.hosts)):
                _read(collector, definition, Key("task", i), stem=stem, compose=compose)
            elif compose and compose.hosts and isinstance(root, Mapping):
                compose.obstacle = compose.obstacle or f"{unit.members[0].name} has no task_definition"
                _read(collector, root, Key("task", i), stem=stem, compose=compose)
            if compose is not None:
                _add_refused_drivers(collector, compose, lists)
                _add_unclear_mounts(collector, compose)
        return collector.reading(collector.stack())

    def write(  # type: ignore[override]  # several files
        self, reading: Reading[EcsParamsNodes], planned: Stack
    ) -> Sequence[TreeEdit] | dict[Document, Sequence[TreeEdit]]:
        edits = super().write(reading, planned)
        before = reading.storages
        moved = [
            reading.nodes.hosts[volume.key]
            for task in planned.tasks
            for volume in task.volumes
            if isinstance(before[volume.key], HostPath) and isinstance(volume.storage, EfsVolume)
        ]
        if not moved:
            return edits
        compose = moved[0].compose
        return {reading.document: edits, compose.document: compose.edits(moved)}

    def write_task(self, reading: Reading[EcsParamsNodes], old: Task, new: Task) -> list[TreeEdit]:
        """The edits of a task in `ecs-params.yml`; Docker volumes that become EFS volumes move to the other list, and
        host paths of the Compose file join it."""
        moved: dict[Key, EfsVolume] = {}
        joining: list[New] = []
        for before, after in zip(old.volumes, new.volumes, strict=True):
            if isinstance(after.storage, EfsVolume) and isinstance(before.storage, DockerVolume):
                moved[before.key] = after.storage
            elif isinstance(after.storage, EfsVolume) and isinstance(before.storage, HostPath):
                joining.append(New({"name": after.name, **volume_edits.efs_value(after.storage, _SPELLING)}))
        if not moved and not joining:
            return super().write_task(reading, old, new)
        pairs = zip(old.volumes, new.volumes, strict=True)
        staying = replace(
            new, volumes=tuple(o if o.key in moved or isinstance(o.storage, HostPath) else n for o, n in pairs)
        )
        edits = super().write_task(reading, old, staying)
        definition = reading.nodes.tasks[old.key].mapping
        return _move(reading.nodes.volumes, definition, moved, joining=joining, edits=edits)


def _compose(unit: Unit, lists: Sequence[list[Node] | None]) -> Compose | None:
    """The Compose file of a unit; None if it has none."""
    if len(unit.documents) < 2:
        return None
    names = [text(child(mapping(item), "name")) or "" for listed in lists for item in listed or ()]
    found = Compose.of(unit.documents[1], names)
    if found is not None and len(unit.documents) > 2:
        found.obstacle = f"{unit.members[2].name} may change the services, and is not edited"
    return found


def _add_unclear_mounts(collector: Collector[EcsParamsNodes], compose: Compose) -> None:
    """Adds the mounts that are not understood and may be on EFS, and those that an override of the Compose file makes."""
    unit = collector.unit
    advice = "write it as `host path:path in the container`, with `:ro` if it is read-only"
    places = [(compose.document, item, "is not understood", advice) for item in compose.unclear]
    for document in unit.documents[2:]:
        override = Compose.of(document, ())
        uses = [item for host in override.hosts.values() for item in host.uses] if override else []
        why = "stands in an override of the Compose file, which is not edited"
        places += [(document, item, why, "put it into the Compose file itself") for item in uses]
    for document, item, why, remedy in places:
        source = document.text[item.start : item.end]
        if "$" in source or looks_like_efs(source) or _NETWORK.search(source):
            key, offset = Key("hidden", 0, ("mount",)), unit.offset(document, item.start)
            collector.add_hidden(key, offset, f"the mount {' '.join(source.split())} {why}", advice=remedy)


def _add_refused_drivers(
    collector: Collector[EcsParamsNodes], compose: Compose, lists: Sequence[list[Node] | None]
) -> None:
    """Adds the declared volumes that mount EFS by a driver, which ecs-cli refuses."""
    described = {text(child(mapping(item), "name")) for listed in lists for item in listed or ()}
    for entry, name in compose.drivers():
        source = compose.document.text[entry.value.start : entry.value.end]
        if name not in described and _NETWORK.search(source):
            collector.add_hidden(
                Key("hidden", 0, (name,)),
                collector.unit.offset(compose.document, entry.key.start),
                f"the driver or the options of volume {name} stand in a Compose file, where ecs-cli refuses them",
                advice="describe the volume under `efs_volumes` in ecs-params.yml, and leave only its name here",
            )


def _read(
    collector: Collector[EcsParamsNodes], node: Mapping, key: Key, stem: str, compose: Compose | None = None
) -> None:
    """Adds a task definition with the volumes of both lists, and with the host paths of the Compose file."""
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
    task = replace(collector.tasks[-1], volumes=tuple(volumes), opaque_volumes=not complete or may_hold_more(node))
    if compose is not None:
        task = replace(task, volumes=(*task.volumes, *_host_volumes(collector, key, compose)))
        collector.nodes.blocked_mount_points[key] = "the Compose file has the mount points, and they are not edited"
        task = replace(task, containers=tuple(compose.containers), opaque_containers=False)
        points = sum(len(container.mount_points) for container in task.containers)
        collector.nodes.tasks[key] = replace(collector.nodes.tasks[key], mount_points=(None,) * points)
    collector.tasks[-1] = task


def _host_volumes(collector: Collector[EcsParamsNodes], task: Key, compose: Compose) -> Iterator[Volume]:
    """The volumes that ecs-cli makes of the host paths in a Compose file."""
    nodes = collector.nodes
    for host in compose.hosts.values():
        key = task.below("volume", host.name, 1)
        nodes.hosts[key] = host
        collector.spans[key] = collector.unit.offset(compose.document, host.uses[0].start)
        if compose.obstacle is not None:
            nodes.blocked[key] = compose.obstacle
        yield Volume(key, host.name, HostPath(host.path))


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
    found: dict[Key, VolumeNodes],
    definition: Mapping,
    moved: dict[Key, EfsVolume],
    *,
    joining: list[New],
    edits: list[TreeEdit],
) -> list[TreeEdit]:
    """The edits that move volumes from `docker_volumes` to `efs_volumes` and add those that are `joining`, together
    with `edits`."""
    own = next((e for e in edits if isinstance(e, EditMapping) and e.node is definition), None)
    entries: list[Kept | Renamed | Added] = list(own.entries) if own else [Kept(e) for e in definition.entries]
    docker, efs = get(definition, "docker_volumes"), get(definition, "efs_volumes")
    listed = resolve(docker.value) if docker else None
    listed = listed if isinstance(listed, Items) else None
    nodes = {id(found[key].mapping) for key in moved}
    staying = [item for item in listed.items if id(mapping(item)) not in nodes] if listed else []
    at = next((i for i, e in enumerate(entries) if isinstance(e, Kept) and e.entry is docker), len(entries) - 1)
    result = [e for e in edits if e is not own]
    if moved and docker is not None and listed is not None and not staying and efs is None:
        entries[at] = Renamed(docker, "efs_volumes")
        result += [_convert(found[key], storage) for key, storage in moved.items()]
        if joining:
            result.append(EditSequence(listed, (*listed.items, *joining)))
    else:
        new = [
            New({**_named(found[key]), **volume_edits.efs_value(storage, _SPELLING)}) for key, storage in moved.items()
        ]
        new += joining
        there = resolve(efs.value) if efs else None
        if isinstance(there, Items):
            result.append(EditSequence(there, (*there.items, *new)))
        else:
            added = Added("efs_volumes", [n.value for n in new], replaces=efs)
            null = next((i for i, e in enumerate(entries) if efs and isinstance(e, Kept) and e.entry is efs), None)
            if null is None:
                entries.insert(at + 1, added)
            else:
                entries[null] = added
        if moved and listed is not None and staying:
            result.append(EditSequence(listed, tuple(staying)))
        elif moved:
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
