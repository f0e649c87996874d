"""The Fargate platform versions that a template pins: those of services, task sets and what runs tasks on events, and the
states of workflows and the job definitions of AWS Batch, which run tasks only as far as they pin one."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running.task_runners import Start
from migrate.dialects.common.batch_jobs import capitalised, part_key, parts
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.nodes import key_text, walk
from migrate.dialects.common.values import child, mapping
from migrate.files.language import YAML
from migrate.syntax import SyntaxProblem, get, parse, resolve
from migrate.syntax.node import Alias, Entry, Mapping, Node, Scalar, Sequence
from rules.model import Engine, Key, PlatformVersion, Ref, TaskRunner, Text, Value

_MOST_MAPPED = 50
"""Values of a mapping that are looked at for one platform version."""
_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
_RUN_TASK = re.compile(r"ecs:runTask\b")
_VERSION_KEY = re.compile(r'PlatformVersion(?:\.\$)?\\?["\']?\s*:')
_HOLE = re.compile("\ue000([0-9]+)\ue001")


@dataclass
class VersionReader:
    """Reads the platform versions of one template. Each is read once, although the same words may be read for several
    runners: whichever is the first has it, and `finished` says which tasks run on it."""

    template: Template
    collector: Collector[DefinitionNodes]
    by_node: dict[int, PlatformVersion] = field(default_factory=dict)
    """The version that each node gives, by the identity of the node."""
    served: dict[Key, dict[Key, None]] = field(default_factory=dict)
    """The tasks of each version."""
    times: dict[Key, int] = field(default_factory=dict)
    """How often a key was wanted."""
    met: set[int] = field(default_factory=set)
    """Identities of the nodes, aliases among them, that stand where a version is read."""

    def of_start(self, start: Start, tasks: tuple[Key, ...]) -> tuple[PlatformVersion, ...]:
        """The versions of something that starts tasks."""
        entry = get(start.parameters, "PlatformVersion")
        if entry is None:
            return ()
        key = self.template.key("service", start.resource.name)
        return self.versions(key if start.label is None else key.below(start.label), tasks, entry)

    def of_job(self, resource: Resource) -> Iterator[TaskRunner]:
        """A job definition's parts that pin versions: each runs itself."""
        name = resource.name
        key, task, runner = (self.template.key(kind, name) for kind in ("service", "task", "runner"))
        for part in parts(resource.properties, intrinsics.each, capitalised):
            if part.platform_version is not None:
                tasks = (part_key(task, part),)
                versions = self.versions(part_key(key, part), tasks, part.platform_version)
                yield TaskRunner(part_key(runner, part), name, tasks, engine=Engine.BATCH, platform_versions=versions)

    # -- state machines -----------------------------------------------------------------------------------------------

    def of_state_machine(self, resource: Resource) -> Iterator[TaskRunner]:
        """The states of a state machine that pin versions."""
        key = self.template.key("service", resource.name)
        substitutions = mapping(child(resource.properties, "DefinitionSubstitutions"))
        definition = resolve(child(resource.properties, "Definition"))
        if definition is None:
            yield from self.of_definition_string(resource, key, substitutions)
            return
        for name, arguments in _run_tasks([definition]):
            entry, given = _version(arguments), child(arguments, "TaskDefinition")
            tasks = self.tasks(_substituted(_plain(given), substitutions) or given)
            if entry is None or not tasks:
                continue
            elsewhere = _substituted(_plain(entry.value), substitutions)
            where = Entry(elsewhere, elsewhere) if elsewhere is not None else entry
            versions = self.versions(key.below(name), tasks, where, version=_expression(entry))
            yield self.state(resource, name, tasks, versions=versions)

    def of_definition_string(self, resource: Resource, key: Key, substitutions: Mapping | None) -> Iterator[TaskRunner]:
        """The states of a definition that is JSON inside a string, which is never edited."""
        node = child(resource.properties, "DefinitionString")
        text = intrinsics.as_text(node, opaque=True) if node is not None else None
        if node is None or text is None or not _RUN_TASK.search(text.source):
            return
        if "\ue000" in text.source:
            return
        if intrinsics.call(node) is None:
            text = intrinsics.parse_sub(text.source)
        else:
            substitutions = None  # `Fn::Sub` has been there first
        body = "".join(part if isinstance(part, str) else f"\ue000{i}\ue001" for i, part in enumerate(text.parts))
        try:
            roots = parse(body, YAML).roots
        except SyntaxProblem:
            return
        starts = [found.start() for found in _VERSION_KEY.finditer(body)]
        # The same keys in the template, where their lines are.
        keys = _VERSION_KEY.finditer(self.template.body, node.start, node.end)
        places = [found.start() for found in keys]
        for name, arguments in _run_tasks(roots):
            entry, given = _version(arguments), _filled(child(arguments, "TaskDefinition"), text)
            version = (_expression(entry) or _filled(entry.value, text)) if entry is not None else None
            if entry is None or given is None or version is None:
                continue
            replacement = _substituted(given.source, substitutions)
            tasks = self.tasks(replacement) if replacement is not None else self.tasks_of(given)
            if not tasks:
                continue
            replacement = _substituted(version.source, substitutions)
            if replacement is not None:
                versions = self.versions(key.below(name), tasks, Entry(replacement, replacement))
                yield self.state(resource, name, tasks, versions=versions)
                continue
            at = bisect_left(starts, entry.key.end) - 1
            found = PlatformVersion(self.free(key.below(name)), version, tasks, place="DefinitionString")
            self.put(found, places[at] if len(places) == len(starts) else node.start, node)
            yield self.state(resource, name, tasks, versions=(found,))

    def state(
        self, resource: Resource, name: str, tasks: tuple[Key, ...], versions: tuple[PlatformVersion, ...]
    ) -> TaskRunner:
        """A state of a state machine, by its name there."""
        key = self.template.key("runner", resource.name).below(name)
        return TaskRunner(key, resource.name, tasks, platform_versions=versions)

    # -- tasks --------------------------------------------------------------------------------------------------------

    def tasks(self, node: Node | None) -> tuple[Key, ...]:
        """The task definitions of the template that a node names, under whatever conditions."""
        return tuple(self.template.key("task", name) for name in self.template.starters.definitions(node))

    def tasks_of(self, value: Value | None) -> tuple[Key, ...]:
        """The same for a value."""
        return tuple(self.template.key("task", name) for name in self.template.starters.named(value))

    # -- versions -----------------------------------------------------------------------------------------------------

    def versions(
        self, key: Key, tasks: tuple[Key, ...], entry: Entry, version: Value | None = None
    ) -> tuple[PlatformVersion, ...]:
        """The versions that an entry may give, each where it is written, without those that others were read to give, too;
        `version` is what it is, if that is known."""
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
        self.collector.spans[version.key] = start
        self.collector.nodes.platform_versions[version.key] = node
        literal = version.value is not None and version.value.literal is not None
        if literal and not isinstance(node, Scalar):
            self.collector.nodes.blocked[version.key] = "the version is put together by a function"

    def free(self, key: Key) -> Key:
        """The key, with a number behind it if it is there already."""
        nth = self.times[key] = self.times.get(key, 0) + 1
        return key if nth == 1 else key.below(nth)

    def alternatives(self, node: Node) -> Iterator[tuple[Node, str | None]]:
        """The nodes that give the value of a node under some condition, and the mapping that holds them if one does."""
        for _, arm in intrinsics.arms(node):
            yield from self.mapped(arm) or [(arm, None)]

    def mapped(self, node: Node) -> list[tuple[Node, str | None]]:
        """The values among which `Fn::FindInMap` chooses; empty if they are not known, or too many."""
        called = intrinsics.call(node)
        argument = resolve(called[1]) if called and called[0] == "Fn::FindInMap" else None
        if not isinstance(argument, Sequence) or len(argument.items) != 3:
            return []
        name, first, second = (_plain(item) for item in argument.items)
        table = mapping(child(mapping(child(self.template.root, "Mappings")), name or ""))
        if table is None or name is None or second is None:
            return []
        rows = [entry for entry in table.entries if first is None or key_text(entry) == first]
        if len(rows) > _MOST_MAPPED:
            return []
        values = [(child(mapping(row.value), second), f"mapping {name}.{key_text(row)}.{second}") for row in rows]
        return [(value, place) for value, place in values if isinstance(resolve(value), Scalar) and value is not None]

    def finished(self, runner: TaskRunner) -> TaskRunner:
        """A runner whose versions have all of their tasks, once everything was read."""
        if not any(version.key in self.served for version in runner.platform_versions):
            return runner
        found = ((version, self.served.get(version.key)) for version in runner.platform_versions)
        versions = tuple(replace(version, tasks=tuple(tasks)) if tasks else version for version, tasks in found)
        return replace(runner, platform_versions=versions)

    def block_shared(self) -> None:
        """Leave the versions alone that an alias puts where something else is read, once everything was read."""
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
    """The text of a scalar that calls no function."""
    found = resolve(node)
    return found.text if isinstance(found, Scalar) and intrinsics.call(found) is None else None


def _run_tasks(roots: list[Node]) -> Iterator[tuple[str, Mapping]]:
    """The states that run a task, by name, and what they give to the API."""
    for node in walk(roots):
        for entry in node.entries if isinstance(node, Mapping) else ():
            state = mapping(entry.value)
            action = intrinsics.value(child(state, "Resource"))
            if isinstance(action, Text) and _RUN_TASK.search(action.source):
                arguments = mapping(child(state, "Parameters")) or mapping(child(state, "Arguments"))
                if arguments is not None:
                    yield key_text(entry), arguments


def _version(arguments: Mapping) -> Entry | None:
    return get(arguments, "PlatformVersion") or get(arguments, "PlatformVersion.$")


def _expression(entry: Entry) -> Text | None:
    """A version that a state takes from its input (`PlatformVersion.$`, or JSONata)."""
    text = _plain(entry.value) or ""
    return Text((Ref(text),)) if key_text(entry).endswith(".$") or text.startswith("{%") else None


def _substituted(text: str | None, substitutions: Mapping | None) -> Node | None:
    """What `DefinitionSubstitutions` puts in the place of a text that is nothing but `${Name}`."""
    match = _SUBSTITUTION.fullmatch(text or "")
    return child(substitutions, match[1]) if match else None


def _filled(node: Node | None, whole: Text) -> Text | None:
    """A string inside a string, with the references that the whole had in the places of its holes."""
    plain = _plain(node)
    if plain is None:
        return None
    pieces = _HOLE.split(plain)
    return intrinsics.merge([whole.parts[int(piece)] if i % 2 else piece for i, piece in enumerate(pieces)])
