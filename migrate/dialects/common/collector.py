"""Collects the tasks and volumes that a dialect finds into a reading."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from migrate.dialects.common.conditional import both
from migrate.dialects.common.listed import Listed, listed, may_hold_more
from migrate.dialects.common.nodes import key_text, used_anchors, volumes_sharing_nodes, walk
from migrate.dialects.common.possible.readings import Started, WrittenRole
from migrate.dialects.common.values import child, mapping, written
from migrate.dialects.common.volumes.conditional_volumes import Alternative, alternatives
from migrate.dialects.common.volumes.spelling import API, Spelling
from migrate.dialects.common.volumes.volumes import (
    VolumeNodes,
    alphabetical,
    problem,
    read_container,
    read_volume,
    rest_but,
    volume_name,
)
from migrate.dialects.common.whereabouts import Whereabouts, of_arns, partition_in, partition_of
from migrate.dialects.dialect import Dialect, Reading
from migrate.syntax import Document
from migrate.syntax.node import Alias, Entry, Mapping, Node, Scalar, Sequence
from migrate.syntax.unit import Unit
from rules.model import (
    NOT_GIVEN,
    NOTHING_MORE,
    Engine,
    HiddenDefinition,
    Key,
    PlatformVersion,
    Possible,
    Stack,
    Task,
    TaskRunner,
    Text,
    Volume,
)

_EXECUTION_ROLES = ("executionRoleArn", "ExecutionRoleArn", "execution_role_arn", "task_execution_role")
"""The names of the property with the execution role, in all dialects."""


@dataclass(frozen=True)
class TaskNodes:
    """The nodes of a task: the mapping that holds (or would hold) its role, and its mount points."""

    mapping: Mapping
    role: str | None
    """The key of the role in that mapping; None if the dialect has no place for a role."""
    role_after: tuple[str, ...]
    """The keys behind which a new role is inserted: the first of them that exists."""
    mount_points: tuple[Mapping | None, ...]
    """The mappings of the mount points, in the order of the containers; None for a mount point that is not a
    mapping."""
    alphabetical: bool
    spelling: Spelling


@dataclass(frozen=True)
class DefinitionNodes:
    """The nodes of task definitions and volumes by their keys, and the reasons why some are not edited. A dialect
    that needs more adds its own fields."""

    tasks: dict[Key, TaskNodes] = field(default_factory=dict)
    volumes: dict[Key, VolumeNodes] = field(default_factory=dict)
    platform_versions: dict[Key, Node] = field(default_factory=dict)
    """The nodes of Fargate platform versions, by the keys of the versions."""
    blocked: dict[Key, str] = field(default_factory=dict)
    """The reasons why volumes, platform versions and parameters cannot be edited without guessing, by their keys."""
    blocked_roles: dict[Key, str] = field(default_factory=dict)
    """The reasons why tasks cannot be given a role without guessing, by their keys."""
    blocked_iam: dict[Key, str] = field(default_factory=dict)
    """The reasons why volumes cannot get IAM authorization, by their keys: their task may have no role, or another one
    than the source shows."""
    blocked_paths: dict[Key, str] = field(default_factory=dict)
    """The reasons why the root directory cannot be taken from volumes, by their keys."""
    blocked_mount_points: dict[Key, str] = field(default_factory=dict)
    """The reasons why the mount points of tasks cannot be edited without guessing, by their keys."""


Nodes = TypeVar("Nodes", bound=DefinitionNodes)
NodesOfCollector = TypeVar("NodesOfCollector", bound=DefinitionNodes, covariant=True)


@dataclass
class Collector(Generic[NodesOfCollector]):
    """Gathers the entities that a dialect finds in one document, and makes a reading of them. It changes while the
    document is read; the reading does not change."""

    dialect: Dialect[Any]
    unit: Unit
    nodes: NodesOfCollector
    spelling: Spelling = API
    tasks: list[Task] = field(default_factory=list)
    runners: list[TaskRunner] = field(default_factory=list)
    hidden: list[HiddenDefinition] = field(default_factory=list)
    spans: dict[Key, int] = field(default_factory=dict)
    around: dict[Key, int] = field(default_factory=dict)
    regions: list[tuple[int, int]] = field(default_factory=list)
    followed: set[int] = field(default_factory=set)
    """The identities (`id`) of the aliases that led to a volume."""
    ignored: dict[Key, tuple[int, frozenset[str]]] = field(default_factory=dict)
    doubts: dict[Key, str] = field(default_factory=dict)

    @property
    def document(self) -> Document:
        return self.unit.document

    def follow(self, *nodes: Node | None) -> None:
        """Remembers the aliases among `nodes`, and those that the merge keys of mappings name."""
        for node in nodes:
            if isinstance(node, Alias):
                self.followed.add(id(node))
            elif isinstance(node, Mapping):
                for entry in node.entries:
                    if key_text(entry) == "<<":
                        self.follow(*(entry.value.items if isinstance(entry.value, Sequence) else [entry.value]))

    def add_task(
        self,
        key: Key,
        name: str,
        node: Mapping,
        volumes: Node | None,
        containers: Listed,
        *,
        role: str | None,
        known: tuple[str, ...],
        role_after: tuple[str, ...] = (),
        task_role: WrittenRole = (None, NOTHING_MORE),
        family: Text | None = None,
        engine: Engine = Engine.ECS,
        compatibilities: Possible[frozenset[str]] = NOT_GIVEN,
        network_mode: Possible[str] = NOT_GIVEN,
        operating_system: Possible[str] = NOT_GIVEN,
        arn: str = "",
        region: str | None = None,
        spelling: Spelling | None = None,
        condition: str | None = None,
    ) -> None:
        """Adds a task with the volumes of the list `volumes`.

        `known` are the keys of `node` (beside the role's) whose content is read into the model. `arn` is the task's own,
        "" if it has none.
        """
        self.follow(node, volumes)
        spelling = spelling or self.spelling
        body = self.document.text
        partition, shown, account = self._whereabouts(node, arn, region)
        own = (*known, role or "")
        found = listed(volumes, spelling.each)
        hidden = may_hold_more(node)
        sorted_keys = alphabetical([node, *containers.mappings, *found.mappings])
        points = [mapping(p) for c in containers.mappings for p in spelling.each(child(c, spelling.mount_points)) or ()]
        self.tasks.append(
            Task(
                key,
                name,
                tuple(self.read_volumes(key, volumes, sorted_keys, spelling=spelling)),
                family=family,
                engine=engine,
                task_role=task_role[0],
                roles=task_role[1],
                compatibilities=compatibilities,
                network_mode=network_mode.mapped(str.lower),
                operating_system=operating_system,
                region=region or shown,
                partition=partition,
                account=account,
                containers=tuple(
                    read_container(c, spelling, body, known=own if c is node else ()) for c in containers.mappings
                ),
                opaque_containers=hidden or not containers.complete,
                opaque_volumes=hidden or not found.complete,
                condition=condition,
                rest=rest_but(node, (*own, spelling.mount_points), body, plain=spelling.plain),
            )
        )
        self.spans[key] = node.start
        self.nodes.tasks[key] = TaskNodes(
            node, role, role_after, mount_points=tuple(points), alphabetical=sorted_keys, spelling=spelling
        )

    def _whereabouts(self, node: Mapping, arn: str, region: str | None) -> Whereabouts:
        """The whereabouts of a task with this node: from ARNs that tell of the task itself, else the partition that its
        definition or, without one there, the document names."""
        executor = next((role for name in _EXECUTION_ROLES if (role := written(child(node, name)))), "")
        found = of_arns(arn, executor)
        if found.partition is None:
            named = partition_of(region) if region else partition_in(self.document.text[node.start : node.end])
            found = found._replace(partition=named or self._partition)
        return found

    @cached_property
    def _partition(self) -> str | None:
        """The partition that the document names."""
        return partition_in(self.document.text)

    def read_volumes(self, task: Key, given: Node | None, sorted_keys: bool, spelling: Spelling) -> list[Volume]:
        """Reads a list of volumes; one whose storage a condition chooses becomes several."""
        volumes: list[Volume] = []
        count: dict[str, int] = {}
        for outer, item in spelling.members(given) or ():
            node = mapping(item)
            if node is None:
                continue
            name = volume_name(node, spelling)
            nth = count[name] = count.get(name, 0) + 1
            self.follow(item)
            for one in alternatives(node, spelling):
                key = task.below("volume", name, nth, *one.suffix)
                volume = self.read_volume(key, one, item, sorted_keys=sorted_keys, spelling=spelling)
                # Conditions that exclude each other: the volume never exists, and the outer ones stand for it.
                conditions = both(outer, one.conditions) or outer
                volumes.append(replace(volume, condition=spelling.condition(conditions)))
        return volumes

    def read_volume(self, key: Key, one: Alternative, item: Node, sorted_keys: bool, spelling: Spelling) -> Volume:
        """Reads one alternative of the volume at `item`, and remembers its nodes."""
        volume, found = read_volume(one.view, key, spelling)
        self.follow(*(entry.value for entry in (*found.entries.values(), *found.storage_entries.values())))
        found = replace(one.locate(found), alphabetical=sorted_keys)
        self.spans[key] = item.start
        if one.storage is not None:
            self.spans[key], self.around[key] = one.storage.node.start, item.start
        self.nodes.volumes[key] = found
        whole = (found.mapping, found.storage, found.authorization)
        self.regions += [(n.start, n.end) for n in whole if n is not None]
        return volume

    def add_service(
        self,
        key: Key,
        name: str,
        task: Key | None,
        entry: Entry | None,
        engine: Engine = Engine.ECS,
        *,
        started: Started | None = None,
    ) -> None:
        """Adds a service (or job) with the Fargate platform version that `entry` pins, if any. `key` is the key of the
        version."""
        tasks = () if task is None else (task,)
        versions: tuple[PlatformVersion, ...] = ()
        if entry is not None and isinstance(entry.value, Scalar | Mapping):
            versions = (PlatformVersion(key, self.spelling.read(entry.value), tasks),)
            self.spans[key] = entry.key.start
            self.nodes.platform_versions[key] = entry.value
        if versions or (task is not None and started is not None):
            runner = TaskRunner(key.as_a("runner"), name, tasks, engine=engine, platform_versions=versions)
            if started is not None:
                launch_types, systems, own = started
                runner = replace(runner, launch_types=launch_types, systems=systems, own_interfaces=own)
            self.runners.append(runner)

    def add_hidden(self, resource: Key, offset: int, what: str, advice: str) -> None:
        """Adds a definition with volumes in a place that the tool does not edit, at a character offset; those of one
        resource are numbered."""
        key = resource.below(len(self.hidden))
        self.hidden.append(HiddenDefinition(key, what, advice))
        self.spans[key] = offset

    def stack(self) -> Stack | None:
        """The tasks, the services that run them, and the hidden definitions that were found; None if there are no
        tasks and no hidden definitions."""
        if not self.tasks and not self.hidden:
            return None
        return Stack(tuple(self.tasks), tuple(self.runners), hidden=tuple(self.hidden))

    def reading(self, stack: Stack | None) -> Reading[NodesOfCollector] | None:
        """The reading of a stack: that of `stack()`, perhaps with resources that the dialect has added to it; None
        for None."""
        if stack is None:
            return None
        self._find_obstacles()
        return Reading(
            self.dialect,
            self.unit,
            stack,
            spans=self.spans,
            nodes=self.nodes,
            regions=tuple(self.regions),
            around=self.around,
            ignored=self.ignored,
            doubts=self.doubts,
            sharing_a_node=volumes_sharing_nodes({key: found.identities for key, found in self.nodes.volumes.items()}),
        )

    def _find_obstacles(self) -> None:
        """Blocks the volumes and mount points that cannot be edited without guessing."""
        anchors = used_anchors(self.document)
        for key, found in self.nodes.volumes.items():
            if reason := problem(found, anchors):
                self.nodes.blocked[key] = reason
        self._find_shared_mount_points()
        self._find_what_is_used_elsewhere()

    def _find_what_is_used_elsewhere(self) -> None:
        """Blocks volumes inside a node that an alias elsewhere uses for something other than a volume."""
        names = {alias.name for alias in self.document.aliases if id(alias) not in self.followed}
        if not names:
            return
        spans = [(n.start, n.end) for n in walk(self.document.roots) if n.anchor in names]
        for key, found in self.nodes.volumes.items():
            if any(start <= n.start < end for n in found.edited for start, end in spans):
                self.nodes.blocked[key] = "an alias elsewhere uses it, too"

    def _find_shared_mount_points(self) -> None:
        """Blocks mount points that several task definitions share through an alias."""
        seen: dict[int, Key] = {}
        for key, nodes in self.nodes.tasks.items():
            for point in nodes.mount_points:
                if point is not None and (other := seen.setdefault(id(point), key)) != key:
                    reason = "another task definition shares its mount points through an alias"
                    self.nodes.blocked_mount_points[key] = self.nodes.blocked_mount_points[other] = reason
