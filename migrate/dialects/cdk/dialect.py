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
from migrate.dialects.cdk.api import BATCH, ECS, LAUNCH_TYPES, PLATFORM_VERSION, TASK_DEFINITIONS, VERSIONS, enumerated
from migrate.dialects.cdk.aspects import PARTS
from migrate.dialects.cdk.instances import ProgramInstances
from migrate.dialects.cdk.overrides import JOB, TASK, LateChange, Overrides, resource_type
from migrate.dialects.cdk.program import Program, TaskSource, scope_of
from migrate.dialects.cdk.spelling import SNAKE, Spellings, with_points
from migrate.dialects.cdk.writer import ProgramNodes, ProgramWriter
from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.collector import Collector, TaskNodes
from migrate.dialects.common.listed import Listed, listed
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.possible.readings import evidence, words_of
from migrate.dialects.common.python.definitions import block_reads
from migrate.dialects.common.python.escapes import ObjectUses, is_class_name, shown, unread_code
from migrate.dialects.common.python.possible import options
from migrate.dialects.common.python.values import SPELLING, called, configured
from migrate.dialects.common.values import child, items, mapping
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
        self.late = Overrides(self.program)
        self.changed()
        for call, place in self.program.calls:
            if called(call).startswith("add_placement_constraint") and isinstance(call.func, ast.Attribute):
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
        block_reads(self.document, self.collector.nodes)
        stack, spans = self.collector.stack(), self.collector.spans
        if stack is None:
            return None
        stack = resources.added(self.program, stack, spans, tasks=with_volumes, late=self.late)
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
        if (volumes := child(arguments, "volumes")) is not None:
            self.listed(task, volumes, place)
        if kind == _L1 and (written := child(arguments, "container_definitions")) is not None:
            self.low_containers(task, listed(written))

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
                self.low_containers(task, part.containers)

    def low_containers(self, task: TaskSource, containers: Listed) -> None:
        """Adds the containers that an L1 construct is given."""
        task.opaque |= not containers.complete
        for node in containers.mappings:
            found, points = self.spellings.container(node)
            task.containers.append(found)
            task.points += points

    def listed(self, task: TaskSource, written: Node, place: Place) -> None:
        """Adds the volumes of a list to a task definition."""
        task.opaque_volumes |= not listed(written).complete
        for item in items(written) or ():
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

    def changed(self) -> None:
        """Looks at what the program changes of its task definitions after it has made them."""
        for change in self.late.changes:
            if change.concerns(JOB):
                self.job_changed(change)
            if not change.concerns(TASK):
                continue
            if isinstance(change.node, ast.Call):
                self.collector.regions.append(self.document.positions.span(change.node))
            if change.owners is not None:
                owned = [task for origin, at in change.owners if (task := self._task_at(origin, at)) is not None]
                for task in owned:
                    self.change(task, change)
                continue
            # What stands for an unknown construct may be any that the program makes.
            base = next((n for n in ast.walk(change.on) if isinstance(n, ast.Name)), None)
            own = self.task_of(base, change.place) if base is not None and change.types is None else None
            if own is not None and own.construct is None and change.path == ("Volumes",) and not own.volumes:
                self.change(own, replace(change, once=True))
            for task in [*self.tasks.values()]:
                self.change(task, replace(change, once=False))
        self.escaped()

    def job_changed(self, change: LateChange) -> None:
        """Remembers that a later statement may change the volumes or roles of jobs of AWS Batch."""
        made = {self.program.constructs.get(o) for o, _ in change.owners or () if isinstance(o, ast.Call)}
        if change.owners is not None and not any(one is not None and resource_type(one) == JOB for one in made):
            return
        for task in self.tasks.values():
            if task.kind.startswith(f"{BATCH}."):
                task.obstacle = task.obstacle or f"line {change.line} changes {change.what} of the job definition"

    def escaped(self) -> None:
        """Looks where task definitions leave the code that can be read: from there on their containers are not known,
        and functions of other modules may change everything."""
        outside, side_effect = self.late.outside(), self._runs_on_scope()
        unread = min([*unread_code(self.program.names), *self._replaced_methods()], default=(0, None))[1]
        for task in self.tasks.values():
            uses = self.late.escapes.uses(task.construct.call, PARTS) if task.construct is not None else ObjectUses()
            task.opaque = task.opaque or bool(uses.escapes)
            # Every caller of this code may change what it returns to it, as it may every attribute.
            handed = [e for e in uses.escapes if not (e.is_return or self._is_scope(e.expression, e.place))]
            for found in filter(None, (outside, min(handed, key=lambda escape: escape.line, default=None))):
                if found.call is not None and is_class_name(found.call.func):
                    task.doubt = f"{found.reason}: check that it changes neither the volumes nor the task role."
                else:
                    task.obstacle = task.obstacle or f"{found.reason}, and may change it there"
            if unread is not None:
                task.obstacle = task.obstacle or f"{unread}, and may change it there"
            removed = next((c for c, _ in uses.methods if called(c) == "try_remove_child"), None)
            if removed is not None:
                task.obstacle = task.obstacle or f"line {removed.lineno} removes a part of it"
            if task.construct is None and (maker := self._foreign_maker(task)) is not None:
                task.doubt = task.doubt or (
                    f"`{maker}` makes it, which is not in this file: check that it changes neither the volumes nor the "
                    "task role."
                )
            extension = next((c for c, at in uses.methods if called(c) == "add_extension" and self._adds(c, at)), None)
            if (call := extension or side_effect) is not None:
                task.opaque = True
                task.doubt = task.doubt or (
                    f"line {call.lineno} runs `{shown(call)}`, which is not in this file: check that it changes neither the "
                    "volumes nor the task role."
                )

    def _replaced_methods(self) -> Iterator[tuple[int, str]]:
        """The lines that replace a method by which volumes and mount points are added, each with the reason."""
        for name in ("add_container", "add_mount_points", "add_volume"):
            for store in self.program.names.stores.get(name, ()):
                line = store.binding.place.statement.lineno
                yield line, f"line {line} replaces the method `{name}`"

    def _foreign_maker(self, task: TaskSource) -> str | None:
        """The class or function of another module that makes a task definition; None for others."""
        if task.expression is None:
            return None
        made, at = self.program.evaluator.definition(task.expression, task.place)
        name = self.document.dotted(made.func, at) if isinstance(made, ast.Call) else None
        return None if name is None or self.program.evaluator.library(name) else name.rpartition(".")[2]

    def _adds(self, call: ast.Call, place: Place) -> bool:
        """Whether `add_extension` is given an extension that is not the CDK's."""
        made, at = self.program.evaluator.definition(call.args[0], place) if call.args else (call, place)
        return self.program.kind(made) == "" and not (isinstance(made, ast.Call) and self.program.dotted(made.func, at))

    @staticmethod
    def _is_scope(expression: ast.expr, place: Place) -> bool:
        """Whether an expression is the object whose method it stands in."""
        method = place.scope.method_of()
        return method is not None and isinstance(expression, ast.Name) and expression.id == method[1]

    def _runs_on_scope(self) -> ast.Call | None:
        """The first call of a function of another module that gets the construct around a task definition, and whose
        result nothing uses: it may look for the task definition there."""
        escapes = self.late.escapes
        for call, place in self.program.names.calls:
            if not isinstance(self.program.names.parents.get(call), ast.Expr) or is_class_name(call.func):
                continue
            given = any(self._is_scope(argument, place) for argument in (*call.args, *(k.value for k in call.keywords)))
            name = self.document.dotted(call.func, place)
            if given and name is not None and not escapes.is_library(call.func, place):
                return call
        return None

    def _task_at(self, origin: ast.expr, place: Place) -> TaskSource | None:
        """The task definition that an expression makes or stands for; None if it is something else."""
        made = self.program.constructs.get(origin) if isinstance(origin, ast.Call) else None
        if made is not None:
            return self.tasks.get(made)
        is_task = isinstance(origin, ast.Attribute) and origin.attr == "task_definition"
        return self.task_of(origin, place) if is_task else None

    def change(self, task: TaskSource, change: LateChange) -> None:
        """Applies a late change to a task definition, or remembers why its volumes or its role are not known."""
        what = f"line {change.line} changes {change.what} of the task definition"
        value = self.document.node(change.value, change.place) if change.value is not None else None
        match change.path:
            case ("ContainerDefinitions", *_):
                task.opaque = True
            case ("TaskRoleArn",) if change.deleted:
                verb = "deletes" if change.once else "may delete"
                task.role_obstacle = f"line {change.line} {verb} the task role, and IAM authorization needs one"
            case ("TaskRoleArn",) if change.once and change.value is not None:
                task.late_role = (change.value, change.place)
            case ("TaskRoleArn", *_):
                task.role_obstacle = (
                    f"line {change.line} may replace the task role, so that which one mounts is not known"
                )
            case ("RequiresCompatibilities", *rest):
                spelling = replace(SNAKE, options=lambda given: self.options(given, change.place))
                listed = words_of(value, spelling) if not rest else ANYTHING
                own = task.late_compatibilities or self.compatibilities(task, self.arguments_of(task))
                task.late_compatibilities = listed if change.once else own | listed
            case ("NetworkMode",):
                modes = self.options(value, change.place).mapped(str.lower)
                own_modes = task.late_modes or self.network_mode(task, self.arguments_of(task))
                task.late_modes = modes if change.once else own_modes | modes
            case ("RuntimePlatform",) | ("RuntimePlatform", "OperatingSystemFamily"):
                named = value if len(change.path) > 1 else self.system_in(value)
                systems = ANYTHING if named is None else self.options(named, change.place).mapped(str.upper)
                own_systems = task.late_systems or self.operating_system(task, self.arguments_of(task))
                task.late_systems = systems if change.once else own_systems | systems
            case ("RuntimePlatform", "CpuArchitecture"):
                pass
            case ("Volumes",) if change.once and value is not None and not task.volumes:
                task.overrides = True
                self.listed(task, value, change.place)
            case ("Volumes", *_):
                task.obstacle = (
                    f"an override of {change.what} in line {change.line} changes the task definition's volumes"
                )
            case _:
                task.obstacle = task.obstacle or what

    @staticmethod
    def system_in(platform: Node | None) -> Node | None:
        """The operating system of a platform, in any of the ways in which its names are spelt; None if it has none."""
        names = ("operating_system_family", "operatingSystemFamily", "OperatingSystemFamily")
        return next((found for name in names if (found := child(mapping(platform), name)) is not None), None)

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
                task = known[call] = self.task_of(function.value, place)
                if task.construct is None:
                    self.add_elsewhere(function.value, place)
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

    def add_elsewhere(self, on: ast.expr, place: Place) -> None:
        """Remembers that a container is added to a task definition that may be any of several."""
        origins = self.late.origins.of(on, place) or []
        of_others = [o for o, at in origins if isinstance(o, ast.Attribute) and self.program.construct(o.value, at)]
        known = bool(origins) and all(isinstance(o, ast.Call) or o in of_others for o, _ in origins)
        for task in self.tasks.values():
            made = task.construct.call if task.construct is not None else None
            if made is not None and (not known or any(origin is made for origin, _ in origins)):
                task.opaque = True

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
        node = self.arguments_of(task)
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
            if task.doubt is not None:
                self.collector.doubts[key] = task.doubt
            if task.role_obstacle is not None:
                nodes.blocked_iam[key] = task.role_obstacle
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
                opaque_volumes=task.opaque_volumes,
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
        if task.late_role is not None:
            expression, at = task.late_role
            return Possible(absent=self.options(self.document.node(expression, at), at).absent)
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

    def arguments_of(self, task: TaskSource) -> Mapping | None:
        """The arguments that a task definition, or its part of them, is made with; None if they are not known."""
        if task.part is not None or task.construct is None:
            return task.part
        arguments = self.document.arguments(task.construct.call, task.construct.place)
        return arguments if isinstance(arguments, Mapping) else None

    def network_mode(self, task: TaskSource, node: Mapping | None) -> Possible[str]:
        """The network mode of a task definition."""
        if task.late_modes is not None:
            return task.late_modes
        if node is None or unknown_merges(node):
            return NOT_GIVEN if task.is_alone else ANYTHING
        return self.options(child(node, "network_mode"), task.place).mapped(str.lower)

    def operating_system(self, task: TaskSource, node: Mapping | None) -> Possible[str]:
        """The operating systems of a task definition, by its platform and its placement constraints."""
        if task.late_systems is not None:
            return task.late_systems
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
        if task.late_compatibilities is not None:
            return task.late_compatibilities
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
        origin, at = self.program.evaluator.definition(given, place)
        if isinstance(origin, ast.Attribute) and origin.attr in (
            "task_definition_arn",
            "ref",
            "attr_task_definition_arn",
        ):
            origin, _ = self.program.evaluator.definition(origin.value, at)
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
