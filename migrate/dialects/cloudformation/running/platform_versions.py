"""Reads the Fargate platform versions that a template pins: in services, task sets and targets of EventBridge, in
states of state machines, and in AWS Batch job definitions. The last two become runners only if they pin one."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.options import mapped
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running.clusters import Clusters, Read
from migrate.dialects.cloudformation.running.task_runners import Start
from migrate.dialects.common.batch_jobs import part_key, parts
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.nodes import key_text, walk
from migrate.dialects.common.possible.readings import capitalised
from migrate.dialects.common.values import child, mapping
from migrate.files.language import YAML
from migrate.syntax import SyntaxProblem, get, parse, resolve
from migrate.syntax.node import Alias, Entry, Mapping, Node, Scalar, Sequence
from rules.model import Cluster, Engine, Key, Launch, PlatformVersion, Ref, TaskRunner, Text, Value

_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
_RUN_TASK = re.compile(r"ecs:runTask\b")
_VERSION_KEY = re.compile(r'PlatformVersion(?:\.\$)?\\?["\']?\s*:')
_HOLE = re.compile("\ue000([0-9]+)\ue001")
"""A marker in the place of a reference while a `DefinitionString` is parsed. The number is the index of its part."""


@dataclass
class VersionReader:
    """Reads the platform versions of one template. Several runners may share the text of one version, through an alias
    or a mapping. The first runner then gets the version, and `finished` adds the tasks of the others to it."""

    template: Template
    collector: Collector[DefinitionNodes]
    clusters: Clusters | None
    """The clusters; None if the template has no container instances, because no rule asks for capacity then."""
    by_node: dict[int, PlatformVersion] = field(default_factory=dict)
    """Maps the identity (`id`) of each node to the version that it gives."""
    served: dict[Key, dict[Key, None]] = field(default_factory=dict)
    """Maps the key of each version to the keys of its tasks, in order."""
    times: dict[Key, int] = field(default_factory=dict)
    """The number of times that `free` was asked for each key."""
    met: set[int] = field(default_factory=set)
    """The identities of the nodes that were read as a version, before aliases are resolved."""

    def of_start(self, start: Start, tasks: tuple[Key, ...]) -> tuple[PlatformVersion, ...]:
        """The versions that a service or a target pins."""
        entry = get(start.parameters, "PlatformVersion")
        if entry is None:
            return ()
        key = self.template.key("service", start.resource.name)
        return self.versions(key if start.label is None else key.below(start.label), tasks, entry)

    def of_job(self, resource: Resource) -> Iterator[TaskRunner]:
        """A runner for each part of a job definition that pins a version. The part counts as its own runner."""
        name = resource.name
        key, task, runner = (self.template.key(kind, name) for kind in ("service", "task", "runner"))
        for part in parts(resource.properties, intrinsics.each, capitalised):
            if part.platform_version is not None:
                tasks = (part_key(task, part),)
                versions = self.versions(part_key(key, part), tasks, part.platform_version)
                yield TaskRunner(part_key(runner, part), name, tasks, engine=Engine.BATCH, platform_versions=versions)

    # -- state machines -----------------------------------------------------------------------------------------------

    def of_state_machine(self, resource: Resource) -> Iterator[TaskRunner]:
        """A runner for each state of a state machine that pins a version; for each that runs a task of the template, if
        capacity matters."""
        key = self.template.key("service", resource.name)
        substitutions = mapping(child(resource.properties, "DefinitionSubstitutions"))
        definition = resolve(child(resource.properties, "Definition"))
        if definition is None:
            yield from self.of_definition_string(resource, key, substitutions)
            return

        def read(node: Node | None) -> Value | None:
            return intrinsics.value(_substituted(_plain(node), substitutions) or node)

        for name, arguments in _run_tasks([definition]):
            entry, given = _version(arguments), child(arguments, "TaskDefinition")
            tasks = self.tasks(_substituted(_plain(given), substitutions) or given)
            if (entry is None and self.clusters is None) or not tasks:
                continue
            versions: tuple[PlatformVersion, ...] = ()
            if entry is not None:
                elsewhere = _substituted(_plain(entry.value), substitutions)
                where = Entry(elsewhere, elsewhere) if elsewhere is not None else entry
                versions = self.versions(key.below(name), tasks, where, version=_expression(entry))
            yield self.state(resource, name, tasks, versions=versions, launch=self.launch(arguments, read))

    def launch(self, arguments: Mapping, read: Read) -> Launch | None:
        """The capacity that the arguments of the `RunTask` API choose; None if the template has no instances."""
        if self.clusters is None:
            return None
        cluster = read(child(arguments, "Cluster"))
        if cluster is None and child(arguments, "Cluster.$") is not None:
            return Launch(unseen="a cluster that the state machine's input names", unseen_only=True)
        named = self.clusters.of(cluster) if cluster is not None else Cluster(Text.of("default"))
        return self.clusters.launch_of(arguments, named, read)

    def of_definition_string(self, resource: Resource, key: Key, substitutions: Mapping | None) -> Iterator[TaskRunner]:
        """A runner for each such state in a `DefinitionString`, which is never edited."""
        node = child(resource.properties, "DefinitionString")
        text = intrinsics.as_text(node, opaque=True) if node is not None else None
        if node is None or text is None or not _RUN_TASK.search(text.source):
            return
        if "\ue000" in text.source:
            return  # it could not be told from a marker (`_HOLE`)
        if intrinsics.call(node) is None:
            text = intrinsics.parse_sub(text.source)
        else:
            substitutions = None  # `Fn::Sub` has already replaced every `${Name}`
        body = "".join(part if isinstance(part, str) else f"\ue000{i}\ue001" for i, part in enumerate(text.parts))
        try:
            roots = parse(body, YAML).roots
        except SyntaxProblem:
            return
        whole = text

        def read(node: Node | None) -> Value | None:
            found = _filled(node, whole)
            return intrinsics.value(_substituted(found.source if found else None, substitutions)) or found

        starts = [found.start() for found in _VERSION_KEY.finditer(body)]
        # The same keys in the text of the template: their offsets are the places of the versions.
        keys = _VERSION_KEY.finditer(self.template.body, node.start, node.end)
        places = [found.start() for found in keys]
        for name, arguments in _run_tasks(roots):
            entry, given = _version(arguments), _filled(child(arguments, "TaskDefinition"), text)
            version = (_expression(entry) or _filled(entry.value, text)) if entry is not None else None
            if given is None or (version is None and self.clusters is None):
                continue
            replacement = _substituted(given.source, substitutions)
            tasks = self.tasks(replacement) if replacement is not None else self.tasks_of(given)
            if not tasks:
                continue
            launch = self.launch(arguments, read)
            if entry is None or version is None:
                yield self.state(resource, name, tasks, versions=(), launch=launch)
                continue
            replacement = _substituted(version.source, substitutions)
            if replacement is not None:
                versions = self.versions(key.below(name), tasks, Entry(replacement, replacement))
                yield self.state(resource, name, tasks, versions=versions, launch=launch)
                continue
            at = bisect_left(starts, entry.key.end) - 1
            found = PlatformVersion(self.free(key.below(name)), version, tasks, place="DefinitionString")
            self.put(found, places[at] if len(places) == len(starts) else node.start, node)
            yield self.state(resource, name, tasks, versions=(found,), launch=launch)

    def state(
        self,
        resource: Resource,
        name: str,
        tasks: tuple[Key, ...],
        *,
        versions: tuple[PlatformVersion, ...],
        launch: Launch | None,
    ) -> TaskRunner:
        """The runner for a state of a state machine; `name` is the name of the state."""
        key = self.template.key("runner", resource.name).below(name)
        return TaskRunner(key, resource.name, tasks, platform_versions=versions, launch=launch)

    # -- tasks --------------------------------------------------------------------------------------------------------

    def tasks(self, node: Node | None) -> tuple[Key, ...]:
        """The keys of the template's task definitions that a node names, in any branch of `Fn::If`."""
        return tuple(self.template.key("task", name) for name in self.template.starters.definitions(node))

    def tasks_of(self, value: Value | None) -> tuple[Key, ...]:
        """The keys of the template's task definitions that a value names."""
        return tuple(self.template.key("task", name) for name in self.template.starters.named(value))

    # -- versions -----------------------------------------------------------------------------------------------------

    def versions(
        self, key: Key, tasks: tuple[Key, ...], entry: Entry, version: Value | None = None
    ) -> tuple[PlatformVersion, ...]:
        """The versions that an entry may give, one for each place in the text. A place that was read before is left
        out; the tasks are added to the version that it has. `version` is their value, if the entry does not give it."""
        new: list[PlatformVersion] = []
        found = [*self.alternatives(entry.value)]
        for arm, place in found:
            node = resolve(arm)
            value = version or intrinsics.value(arm)
            if node is None or value is None:
                continue
            self.met.add(id(arm))
            known = self.by_node.get(id(node))
            if known is None:
                known = self.by_node[id(node)] = PlatformVersion(self.free(key), value, tasks, place=place)
                self.put(known, entry.key.start if len(found) == 1 and place is None else arm.start, node)
                new.append(known)
            self.served.setdefault(known.key, {}).update(dict.fromkeys(tasks))
        return tuple(new)

    def put(self, version: PlatformVersion, start: int, node: Node) -> None:
        """Adds the offset and the node of a version to the collector."""
        self.collector.spans[version.key] = start
        self.collector.nodes.platform_versions[version.key] = node
        literal = version.value is not None and version.value.literal is not None
        if literal and not isinstance(node, Scalar):
            self.collector.nodes.blocked[version.key] = "the version is put together by a function"

    def free(self, key: Key) -> Key:
        """The key, or the key with a number below it if it was taken before."""
        nth = self.times[key] = self.times.get(key, 0) + 1
        return key if nth == 1 else key.below(nth)

    def alternatives(self, node: Node) -> Iterator[tuple[Node, str | None]]:
        """The nodes that may give the value of a node: branches of `Fn::If` and values of `Fn::FindInMap`. Each comes
        with its place in a mapping, in words, or None."""
        for _, arm in intrinsics.arms(node):
            yield from self.mapped(arm) or [(arm, None)]

    def mapped(self, node: Node) -> list[tuple[Node, str | None]]:
        """The values among which `Fn::FindInMap` chooses, with their places; empty if they are unknown or too many."""
        rows = mapped(self.template.root, node)
        called = intrinsics.call(node)
        argument = resolve(called[1]) if called is not None else None
        if not rows or not isinstance(argument, Sequence) or len(argument.items) != 3:
            return []
        name, _, second = map(_plain, argument.items)
        return [(value, f"mapping {name}.{row}.{second}") for row, value in rows]

    def finished(self, runner: TaskRunner) -> TaskRunner:
        """The runner with all tasks of its versions, including those of other runners, once everything is read."""
        if not any(version.key in self.served for version in runner.platform_versions):
            return runner
        found = ((version, self.served.get(version.key)) for version in runner.platform_versions)
        versions = tuple(replace(version, tasks=tuple(tasks)) if tasks else version for version, tasks in found)
        return replace(runner, platform_versions=versions)

    def block_shared(self) -> None:
        """Blocks edits of each version whose text an alias also uses for something else. To be called after reading
        everything, because only then all places of versions are known."""
        if not self.by_node:
            return
        aliases: dict[int, list[Alias]] = {}
        for alias in self.collector.document.aliases:
            aliases.setdefault(id(resolve(alias)), []).append(alias)
        for identity, version in self.by_node.items():
            using = aliases.get(identity, ())
            if using and not self.met.issuperset({identity, *map(id, using)}):
                self.collector.nodes.blocked[version.key] = "an alias elsewhere uses it, too"


def _plain(node: Node | None) -> str | None:
    """The text of a node that is a scalar without a function; None for any other node."""
    found = resolve(node)
    return found.text if isinstance(found, Scalar) and intrinsics.call(found) is None else None


def _run_tasks(roots: list[Node]) -> Iterator[tuple[str, Mapping]]:
    """The name of each state that runs an ECS task, with its arguments to the `RunTask` API."""
    for node in walk(roots):
        for entry in node.entries if isinstance(node, Mapping) else ():
            state = mapping(entry.value)
            action = intrinsics.value(child(state, "Resource"))
            if isinstance(action, Text) and _RUN_TASK.search(action.source):
                arguments = mapping(child(state, "Parameters")) or mapping(child(state, "Arguments"))
                if arguments is not None:
                    yield key_text(entry), arguments


def _version(arguments: Mapping) -> Entry | None:
    """The entry for the platform version, whose value is a literal or, after `.$`, a path into the state's input."""
    return get(arguments, "PlatformVersion") or get(arguments, "PlatformVersion.$")


def _expression(entry: Entry) -> Text | None:
    """The version as a reference, if a state computes it (`PlatformVersion.$`, or JSONata); else None."""
    text = _plain(entry.value) or ""
    return Text((Ref(text),)) if key_text(entry).endswith(".$") or text.startswith("{%") else None


def _substituted(text: str | None, substitutions: Mapping | None) -> Node | None:
    """The node with which `DefinitionSubstitutions` replaces a text that is exactly `${Name}`; else None."""
    match = _SUBSTITUTION.fullmatch(text or "")
    return child(substitutions, match[1]) if match else None


def _filled(node: Node | None, whole: Text) -> Text | None:
    """The text of a node that was parsed from a string, in which each marker (`_HOLE`) is again the reference of
    `whole` that it stands for; None if the node is not a scalar."""
    plain = _plain(node)
    if plain is None:
        return None
    pieces = _HOLE.split(plain)
    return intrinsics.merge([whole.parts[int(piece)] if i % 2 else piece for i, piece in enumerate(pieces)])
