"""Python programs of the AWS CDK, v2 (`aws_cdk`) and v1 (`aws_cdk.core`): task definitions and their volumes.

Volumes are given to the constructor of a task definition or to its `add_volume`, as structs (snake_case names) or as
dicts. A dict has the names of a struct where a struct is declared, and camelCase names inside lists.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from migrate.dialects.cdk import batch as cdk_batch
from migrate.dialects.cdk import resources
from migrate.dialects.cdk.api import ECS, LAUNCH_TYPES, PLATFORM_VERSION, TASK_DEFINITIONS, VERSIONS, enumerated
from migrate.dialects.cdk.instances import ProgramInstances
from migrate.dialects.cdk.program import Program, TaskSource, scope_of
from migrate.dialects.cdk.spelling import SNAKE, Spellings, with_points
from migrate.dialects.cdk.writer import ProgramNodes, ProgramWriter
from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.collector import Collector, TaskNodes
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.possible.readings import evidence, words_of
from migrate.dialects.common.python.possible import options
from migrate.dialects.common.python.values import SPELLING, called, configured
from migrate.dialects.common.values import child, items, mapping, text
from migrate.dialects.common.volumes.conditional_volumes import Alternative
from migrate.dialects.common.volumes.volumes import read_container, rest_but
from migrate.dialects.common.whereabouts import partition_in
from migrate.dialects.dialect import Reading
from migrate.syntax import resolve
from migrate.syntax.node import AnyEdit, Mapping, Node
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.evaluate import unknown_merges
from migrate.syntax.python.names import Place, Scope
from migrate.syntax.unit import Unit
from rules.facts.images import demanded_systems
from rules.model import (
    ANYTHING,
    NOT_GIVEN,
    NOTHING_MORE,
    AddPermissions,
    AddRole,
    AddTraffic,
    AddWait,
    Change,
    Engine,
    Key,
    Launch,
    Opaque,
    PlatformVersion,
    Possible,
    SetImage,
    SetParameterDefault,
    SetStorage,
    SetTaskRole,
    Stack,
    Task,
    TaskRunner,
    Text,
    Value,
    Volume,
)

_L1 = f"{ECS}.CfnTaskDefinition"
_ALONE = (
    f"{ECS}.Volume",
    f"{_L1}.VolumeProperty",
    f"{cdk_batch.JOB}.VolumesProperty",
    *cdk_batch.EFS_VOLUMES,
    *cdk_batch.HOST_VOLUMES,
)
"""The classes of volumes, which are also read where no task definition takes them."""
_READ = ("volumes", "task_role", "task_role_arn", "job_role", "container_definitions", "containers", "mount_points")
"""The members of a task definition that are read into the model."""


class Cdk(PlainDialect[ProgramNodes]):
    """The dialect of Python files that import the CDK and have a volume of a task definition."""

    name = "cdk"

    def read(self, unit: Unit) -> Reading[ProgramNodes] | None:
        document = unit.document
        assert isinstance(document, PythonDocument)
        if "aws_cdk" not in document.text and "monocdk" not in document.text:
            return None
        nodes = ProgramNodes(program=Program(document))
        return _ProgramReader(document, Collector(self, unit, nodes, spelling=SNAKE)).reading()

    def configured(self, member: Value) -> Value:
        return configured(member)

    def can(
        self, reading: Reading[ProgramNodes], change: Change, added: Collection[Key], outside: Collection[Value]
    ) -> str | None:
        match change:
            case SetStorage():
                return super().can(reading, change, added, outside) or ProgramWriter(reading).obstacle(change)
            case AddPermissions():
                return ProgramWriter(reading).cannot_allow(change)
            case AddRole() | SetTaskRole():
                return "a role for it is not added to programs of the CDK"
            case AddTraffic() | AddWait() | SetImage() | SetParameterDefault():
                return "it is not changed in programs of the CDK"
            case _:
                return super().can(reading, change, added, outside)

    def write(self, reading: Reading[ProgramNodes], planned: Stack) -> list[AnyEdit]:  # type: ignore[override]  # statements, too
        return ProgramWriter(reading).edits(planned)


@dataclass
class _ProgramReader:
    """Reads one program: collects its task definitions (`tasks`), then adds those with volumes to the model."""

    document: PythonDocument
    collector: Collector[ProgramNodes]
    tasks: dict[object, TaskSource] = field(default_factory=dict)
    named: dict[tuple[str, str], int] = field(default_factory=dict)
    """The number of task definitions of each name in a scope, by scope and name."""

    def reading(self) -> Reading[ProgramNodes] | None:
        """Reads the program; None if no task definition has volumes."""
        self.program = self.collector.nodes.program
        self.spellings = Spellings(self.program)
        for call, place in self.program.calls:
            kind = self.program.kind(call)
            if kind in TASK_DEFINITIONS or kind == _L1 or kind in cdk_batch.CONTAINERS:
                self.constructed(call, place, kind)
            elif kind == cdk_batch.JOB:
                self.job(call)
            elif called(call) == "add_volume" and isinstance(call.func, ast.Attribute):
                self.added(call, call.func.value, place)
        for call, place in self.program.calls:
            if "override" in called(call) and call.args and isinstance(call.func, ast.Attribute):
                self.overridden(call, call.func.value, place)
            elif called(call).startswith("add_placement_constraint") and isinstance(call.func, ast.Attribute):
                self.constrained(call, call.func.value, place)
        self.alone()
        with_volumes = [task for task in self.tasks.values() if task.volumes]
        if not with_volumes:
            return None
        with_volumes.sort(key=lambda task: task.place.index)
        self.program.homes = tuple(_around(with_volumes))
        self.containers()
        for task in with_volumes:
            self.name(task)
            self.add(task)
        stack, spans = self.collector.stack(), self.collector.spans
        if stack is None:
            return None
        stack = resources.added(self.program, stack, spans, tasks=with_volumes)
        hosts = ProgramInstances(self.program)
        stack = hosts.added_to(stack, spans)
        return self.collector.reading(replace(stack, runners=self.runners(hosts)))

    # -- finding task definitions -------------------------------------------------------------------------------------

    def constructed(self, call: ast.Call, place: Place, kind: str) -> None:
        """Collects the task definition that a construct makes."""
        construct = self.program.constructs.get(call)
        if construct is None:
            return
        task = self.tasks[construct] = TaskSource(kind, place, construct)
        arguments = self.document.arguments(call, place)
        if not isinstance(arguments, Mapping):
            return
        if (listed := child(arguments, "volumes")) is not None:
            self.listed(task, listed, place)
        if kind == _L1 and (written := child(arguments, "container_definitions")) is not None:
            self.low_containers(task, items(written))

    def job(self, call: ast.Call) -> None:
        """Collects the parts of an L1 job definition of AWS Batch."""
        construct = self.program.constructs.get(call)
        for number, part in enumerate(cdk_batch.parts(self.program, construct) if construct is not None else ()):
            assert construct is not None
            task = TaskSource(cdk_batch.JOB, construct.place, construct, part=part.node, role_given=part.role)
            task.compatibilities = part.compatibilities
            if part.volumes is not None:
                self.tasks[construct, number] = task
                self.listed(task, part.volumes, construct.place)
                self.low_containers(task, list(part.containers))

    def low_containers(self, task: TaskSource, listed: list[Node] | None) -> None:
        """Adds the containers that an L1 construct is given; None is a list that cannot be read."""
        task.opaque = task.opaque or listed is None
        for node in map(mapping, listed or ()):
            if node is None:
                task.opaque = True
                continue
            found, points = self.spellings.container(node)
            task.containers.append(found)
            task.points += points

    def listed(self, task: TaskSource, listed: Node, place: Place) -> None:
        """Adds the volumes of a list to a task definition."""
        for item in items(listed) or ():
            if mapping(item) is not None:
                task.volumes.append((item, self._place(item, place)))

    def _place(self, node: Node, place: Place) -> Place:
        """The place where a node is written; `place` if that is unknown."""
        origin = self.document.origin(resolve(node) or node)
        return (self.program.place_of(origin) if origin is not None else None) or place

    def added(self, call: ast.Call, on: ast.expr, place: Place) -> None:
        """Adds the volume that `add_volume` gives the task definition `on`."""
        arguments = self.document.arguments(call, place)
        if not isinstance(arguments, Mapping):
            return
        if call.args and (node := mapping(self.document.node(call.args[0], place))) is not None:
            if cdk_batch.volume_kind(self.program, node):
                self.task_of(on, place).volumes.append((node, self._place(node, place)))
            return
        keys = {getattr(entry.key, "text", "") for entry in arguments.entries}
        if not keys & {"efs_volume_configuration", "host", "docker_volume_configuration", "name", "<<"}:
            return
        self.task_of(on, place).volumes.append((arguments, place))

    def overridden(self, call: ast.Call, on: ast.expr, place: Place) -> None:
        """Reads a property override (an escape hatch) of a task definition's template: all its volumes, or a change
        that keeps them from being edited."""
        path = text(self.document.node(call.args[0], place))
        path = (path or "").removeprefix("Properties.")
        if not path.startswith(("Volumes", "ContainerDefinitions")):
            return
        origin, at = self.program.evaluator.definition(on, place)
        if isinstance(origin, ast.Call) and called(origin) in ("cast", "find_child"):
            found = origin.args[-1] if called(origin) == "cast" else ast.Attribute(origin.func, "default_child")
            origin, at = self.program.evaluator.definition(found, at)
        owner = origin
        if isinstance(origin, ast.Attribute) and origin.attr == "default_child":
            owner = origin.value.value if isinstance(origin.value, ast.Attribute) else origin
        task = self.task_of(owner, at)
        self.collector.regions.append(self.document.positions.span(call))
        if path.startswith("ContainerDefinitions"):
            task.opaque = True
        elif path == "Volumes" and not task.volumes and len(call.args) > 1:
            task.overrides = True
            self.listed(task, self.document.node(call.args[1], place), place)
        else:
            task.obstacle = f"an override of {path} changes the task definition's volumes"

    def constrained(self, call: ast.Call, on: ast.expr, place: Place) -> None:
        """Reads the placement constraints that a call adds to a task definition or to its service."""
        origin, at = self.program.evaluator.definition(on, place)
        given = origin.keywords if isinstance(origin, ast.Call) else []
        task = next((k.value for k in given if k.arg == "task_definition"), origin)
        found = self.task_of(task, at)
        for argument in call.args:
            found.systems = evidence(found.systems, self.demanded(self.document.node(argument, place)))

    def alone(self) -> None:
        """Collects volumes that no task definition of the program visibly takes."""
        read = {
            id(found)
            for task in self.tasks.values()
            for item, _ in task.volumes
            if (volume := mapping(item)) is not None
            for found in (volume, *(mapping(entry.value) for entry in volume.entries))
        }
        for call, place in self.program.calls:
            if self.program.kind(call) not in _ALONE:
                continue
            node = mapping(self.document.node(call, place))
            if node is None or id(node) in read:
                continue
            if child(node, "efs_volume_configuration") is not None or cdk_batch.volume_kind(self.program, node):
                self.tasks[call] = TaskSource("", place, volumes=[(node, place)])

    def task_of(self, expression: ast.expr, place: Place) -> TaskSource:
        """The task definition that an expression stands for; a new one if it is not known yet."""
        origin, at = self.program.evaluator.definition(expression, place)
        construct = self.program.constructs.get(origin) if isinstance(origin, ast.Call) else None
        if construct is not None:
            found = self.tasks.get(construct)
            return found or self.tasks.setdefault(construct, TaskSource(construct.kind, construct.place, construct))
        service = (
            self.program.construct(origin.value, at)
            if isinstance(origin, ast.Attribute) and origin.attr == "task_definition"
            else None
        )
        key: object = (ast.unparse(origin), at.scope)
        kind = ""
        if service is not None:
            arguments = self.document.arguments(service.call, service.place)
            given = [k.value for k in service.call.keywords if k.arg == "task_definition"]
            if given and isinstance(arguments, Mapping):
                return self.task_of(given[0], service.place)
            key, kind = service, service.kind
        if key not in self.tasks:
            self.tasks[key] = TaskSource(kind, place, None, expression=expression)
            if service is not None:
                self.tasks[key].name = service.name
        return self.tasks[key]

    def name(self, task: TaskSource) -> None:
        """Gives a task definition its name and key."""
        if not task.name:
            shown = ast.unparse(task.expression) if task.expression is not None else ""
            task.name = task.construct.name if task.construct is not None else shown.removeprefix("self.")
        if not task.name:
            task.name = task.place.scope.path[-1] if task.place.scope.path else "volumes"
        scope = scope_of(task.place)
        nth = self.named[scope, task.name] = self.named.get((scope, task.name), 0) + 1
        task.key = Key.of("task", scope, task.name, *((nth,) if nth > 1 else ()))

    # -- containers ---------------------------------------------------------------------------------------------------

    def containers(self) -> None:
        """Adds containers and their mount points to the task definitions, from the calls that make them."""
        known: dict[ast.Call, TaskSource] = {}
        points: dict[ast.Call, list[Node]] = {}
        for call, place in self.program.calls:
            function = call.func
            if called(call) == "add_container" and isinstance(function, ast.Attribute):
                known[call] = self.task_of(function.value, place)
            elif self.program.kind(call) == f"{ECS}.ContainerDefinition":
                given = next((k.value for k in call.keywords if k.arg == "task_definition"), None)
                if given is not None:
                    known[call] = self.task_of(given, place)
        for call, place in self.program.calls:
            function = call.func
            if called(call) not in ("add_mount_points", "add_volumes_from") or not isinstance(function, ast.Attribute):
                continue
            on, _ = self.program.evaluator.definition(function.value, place)
            if isinstance(on, ast.Call) and on in known and called(call) == "add_mount_points":
                for argument in call.args:
                    points.setdefault(on, []).append(self.document.node(argument, place))
            else:
                for task in self.tasks.values():  # the container may be any of theirs
                    task.opaque = True
        for call, task in known.items():
            self.container(task, call, points.get(call, []))

    def container(self, task: TaskSource, call: ast.Call, points: list[Node]) -> None:
        """Adds a container that `add_container` or `ContainerDefinition` makes, with the mount points that later
        calls add."""
        place = self.program.place_of(call)
        assert place is not None
        arguments = self.document.arguments(call, place)
        if not isinstance(arguments, Mapping):
            task.opaque = True
            return
        whole = with_points(arguments, points)
        found = read_container(whole, replace(SNAKE, read=self.program.value), self.document.text)
        # The id is the first argument, or the second after the construct's scope.
        at = 0 if called(call) == "add_container" else 1
        name = self.program.value(self.document.node(call.args[at], place)) if len(call.args) > at else found.name
        task.containers.append(replace(found, name=name))
        task.points += map(mapping, points)

    # -- the model ----------------------------------------------------------------------------------------------------

    def add(self, task: TaskSource) -> None:
        """Adds a collected task definition with its volumes to the model."""
        arguments: Node | None = task.part
        if task.construct is not None and arguments is None:
            arguments = self.document.arguments(task.construct.call, task.construct.place)
        node = arguments if isinstance(arguments, Mapping) else None
        nodes = self.collector.nodes
        nodes.sources[task.key] = task
        volumes: list[Volume] = []
        count: dict[str, int] = {}
        for item, place in task.volumes:
            found = mapping(item)
            assert found is not None
            spelling = self.spellings.of_override() if task.overrides else self.spellings.of_volume(found, task.kind)
            named = spelling.read(child(found, spelling.name))
            name = named.source if named else ""
            nth = count[name] = count.get(name, 0) + 1
            key = task.key.below("volume", name, nth)
            if cdk_batch.volume_kind(self.program, found):
                volume, nodes.volumes[key] = cdk_batch.read_volume(self.program, found, key, place=place)
                volumes.append(volume)
                self.collector.spans[key] = found.start
                self.collector.regions.append((found.start, found.end))
            else:
                volumes.append(
                    self.collector.read_volume(key, Alternative(found), item, sorted_keys=False, spelling=spelling)
                )
                nodes.spellings[key] = spelling
            if task.obstacle is not None:
                nodes.blocked[key] = task.obstacle
            nodes.places[key] = self._place(nodes.volumes[key].storage or found, place)
            nodes.uses[key] = place
            nodes.owners[key] = task
        role = None if task.is_alone else resources.role_of(self.program, task)
        batch = task.kind in cdk_batch.CONTAINERS
        if batch:
            task.containers = [cdk_batch.container(self.program, task)]
            task.points = [None] * len(task.volumes)
            nodes.blocked_mount_points[task.key] = "`readonly` of a volume of AWS Batch is not changed"
        compatibilities = self.compatibilities(task, node)
        known = (*_READ, *PLATFORM_VERSION)
        self.collector.tasks.append(
            Task(
                task.key,
                task.name,
                tuple(volumes),
                family=self._family(node),
                engine=Engine.UNKNOWN
                if task.is_alone
                else Engine.BATCH
                if batch or task.part is not None
                else Engine.ECS,
                task_role=role,
                roles=self.roles(task, role),
                compatibilities=compatibilities,
                network_mode=self.network_mode(task, node),
                operating_system=self.operating_system(task, node),
                region=None,
                partition=partition_in(self.document.text),
                containers=tuple(task.containers),
                opaque_containers=task.opaque,
                condition=None,
                rest=rest_but(node, known, self.document.text, plain=SPELLING.plain) if node is not None else (),
            )
        )
        start = self.document.positions.span(task.construct.call)[0] if task.construct else task.volumes[0][0].start
        self.collector.spans[task.key] = start
        empty = Mapping(start, start, [], flow=True)
        nodes.tasks[task.key] = TaskNodes(
            node or empty, None, (), mount_points=tuple(task.points), alphabetical=False, spelling=SNAKE
        )

    def _family(self, node: Mapping | None) -> Text | None:
        found = self.program.value(child(node, "family"))
        return found if isinstance(found, Text) else None

    def options(self, node: Node | None, place: Place) -> Possible[str]:
        """The possible values of a node at a place."""
        return options(self.document, node, place, none_counts=True, constants=self.constant)

    def constant(self, expression: ast.expr, place: Place) -> str | None:
        """The word of a constant of the CDK that an expression names, or None."""
        return enumerated(self.program.dotted(expression, place))

    def roles(self, task: TaskSource, role: Value | None) -> Possible[Value]:
        """The possible roles of a task, if that is more than the role as it is written. L2 constructs of task definitions make a
        role where they are given None."""
        if role is None or task.construct is None:
            return NOTHING_MORE
        given = resources.role_given(task)
        if task.kind in TASK_DEFINITIONS and given is not None:
            # A role that is imported by a parameter of the template; an empty string is an error at once.
            made, _ = self.program.evaluator.definition(given, task.place)
            arguments = (*made.args[2:3], *(k.value for k in made.keywords)) if isinstance(made, ast.Call) else ()
            given = next((a for a in arguments if isinstance(a, ast.Attribute) and a.attr == "value_as_string"), None)
        if task.kind in TASK_DEFINITIONS and given is None:
            return NOTHING_MORE
        node = self.document.node(given, task.place) if given is not None else None
        return Possible(absent=self.options(node, task.place).absent)

    def network_mode(self, task: TaskSource, node: Mapping | None) -> Possible[str]:
        """The network mode of a task definition."""
        if node is None or unknown_merges(node):
            return NOT_GIVEN if task.is_alone else ANYTHING
        return self.options(child(node, "network_mode"), task.place).mapped(str.lower)

    def operating_system(self, task: TaskSource, node: Mapping | None) -> Possible[str]:
        """The operating systems of a task definition, by its platform and its placement constraints."""
        platform = child(node, "runtime_platform")
        written = child(mapping(platform), "operating_system_family")
        found: Possible[str] = self.options(written, task.place).mapped(str.upper)
        if platform is not None and mapping(platform) is None:
            found = ANYTHING
        constraints = evidence(task.systems, self.demanded(child(node, "placement_constraints")))
        return evidence(found, constraints)

    def demanded(self, node: Node | None) -> Possible[str]:
        """The operating systems that placement constraints demand."""
        origin = self.document.origin(node) if node is not None else None
        found = (n.value for n in ast.walk(origin) if isinstance(n, ast.Constant)) if origin is not None else ()
        return demanded_systems(Possible.of(*(text for text in found if isinstance(text, str))))

    def compatibilities(self, task: TaskSource, node: Mapping | None) -> Possible[frozenset[str]]:
        """The compatibilities of a task definition, by its class or its arguments."""
        if known := task.compatibilities or TASK_DEFINITIONS.get(task.kind) or cdk_batch.CONTAINERS.get(task.kind):
            return known
        last = task.kind.rpartition(".")[2]
        if "Fargate" in last or "Ec2" in last:
            return Possible.of(frozenset({"FARGATE" if "Fargate" in last else "EC2"}))
        if node is None or unknown_merges(node):
            return NOT_GIVEN if task.is_alone else ANYTHING
        spelling = replace(SNAKE, options=lambda given: self.options(given, task.place))
        if (written := child(node, "compatibility")) is not None:
            return words_of(written, spelling)
        return words_of(child(node, "requires_compatibilities"), spelling)

    # -- what runs the tasks ------------------------------------------------------------------------------------------

    def runners(self, hosts: ProgramInstances) -> tuple[TaskRunner, ...]:
        """The runners of the task definitions that were read: the calls that pin their platform version and, if the
        program has instances on which they may run, all calls that take them. A definition that is passed to any
        other call may run anywhere."""
        found: list[TaskRunner] = []
        pinned: list[PlatformVersion] = []
        placed = bool(hosts.hosts)
        for call, place in self.program.names.calls if placed else self.program.calls:
            kind = self.program.kind(call)
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            member = next((name for name in PLATFORM_VERSION if name in given), None) if kind else None
            starts = kind in LAUNCH_TYPES
            runs = placed and kind != f"{ECS}.ContainerDefinition" and not kind.endswith("TaskDefinition")
            if member is None and not runs and not starts:
                continue
            definition = given.get("task_definition")
            task = self._task_run(definition, call, place) if kind or definition is not None else None
            if task is not None and task.is_read:
                key = task.key.as_a("service").below(len(pinned))
                versions = tuple(self._platform_versions(key, task.key, member, call=call, place=place))
                pinned += versions
                made = self.program.constructs.get(call)
                runner = TaskRunner(
                    task.key.as_a("runner").below(len(found)),
                    made.name if made is not None else task.name,
                    (task.key,),
                    engine=Engine.BATCH if task.kind in cdk_batch.CONTAINERS else Engine.ECS,
                    platform_versions=versions,
                    launch_types=self.launch_types(call, place, kind),
                    systems=self.demanded(self._argument(call, "placement_constraints", place)),
                    launch=hosts.launch(call, place, kind) if runs else None,
                )
                found.append(runner)
            others = (*call.args, *(k.value for k in call.keywords if k.arg != "task_definition")) if runs else ()
            for argument in others:
                handed = (
                    self._task_run(argument, call, place) if isinstance(argument, ast.Name | ast.Attribute) else None
                )
                if handed is not None and handed.is_read:
                    other = handed.key.as_a("runner").below(len(found))
                    found.append(TaskRunner(other, handed.name, (handed.key,), launch=Launch()))
        return tuple(found)

    def _argument(self, call: ast.Call, name: str, place: Place) -> Node | None:
        """A keyword argument of a call, or None."""
        given = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
        return self.document.node(given, place) if given is not None else None

    def launch_types(self, call: ast.Call, place: Place, kind: str) -> Possible[str]:
        """The launch types of what a call starts, by its class or its argument."""
        if known := LAUNCH_TYPES.get(kind):
            return known
        written = self._argument(call, "launch_type", place)
        return self.options(written, place).mapped(str.upper) if written is not None else ANYTHING

    def _platform_versions(
        self, key: Key, task: Key, member: str | None, call: ast.Call, place: Place
    ) -> Iterator[PlatformVersion]:
        """The Fargate platform version that a call pins with its keyword argument `member`, if any."""
        node = self.document.arguments(call, place) if member is not None else None
        if not isinstance(node, Mapping):
            return
        written = next(keyword.value for keyword in call.keywords if keyword.arg == member)
        origin, at = self.program.evaluator.definition(written, place)
        name = self.program.dotted(origin, at) or ""
        version = VERSIONS.get(name.removeprefix(f"{ECS}.FargatePlatformVersion."))
        self.collector.spans[key] = next((e.key.start for e in node.entries if key_text(e) == member), node.start)
        self.collector.nodes.platform_versions[key] = node
        self.collector.nodes.places[key] = place
        yield PlatformVersion(key, Text.of(version) if version else Opaque(ast.unparse(written)), (task,))

    def _task_run(self, given: ast.expr | None, call: ast.Call, place: Place) -> TaskSource | None:
        """The task definition that a service is given (`given`) or makes itself; None if there is none."""
        if given is None:
            made = self.program.constructs.get(call)
            return self.tasks.get(made) if made is not None else None
        origin, _ = self.program.evaluator.definition(given, place)
        made = self.program.constructs.get(origin) if isinstance(origin, ast.Call) else None
        return self.tasks.get(made) if made is not None else self.tasks.get((ast.unparse(origin), place.scope))


def _around(tasks: list[TaskSource]) -> Iterator[Scope]:
    """The scopes around task definitions and their volumes, each once."""
    seen: set[Scope] = set()
    for place in (place for task in tasks for place in (task.place, *(at for _, at in task.volumes))):
        scope: Scope | None = place.scope
        while scope is not None:
            if scope not in seen:
                seen.add(scope)
                yield scope
            scope = scope.parent
