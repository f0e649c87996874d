"""Reads definitions in the ECS API's shape from Python programs: calls that register them, and dicts that are passed
on.

These are read: `register_task_definition(…)` and `register_job_definition(…)` of any client; dicts that are clearly a
definition, whatever takes them (Airflow, Prefect, the program's own function); and, where the definition around them is
put together at run time, dicts that are clearly a volume and go into a list or argument of volumes. The values that a
test expects or a mock returns are not read.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.batch_jobs import add_part, parts
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.listed import UNREAD, Listed, listed
from migrate.dialects.common.possible.readings import WrittenRole, api, perhaps_more, started, systems, words_of
from migrate.dialects.common.possible.readings import role as written_role
from migrate.dialects.common.python.escapes import unread_code
from migrate.dialects.common.python.possible import options
from migrate.dialects.common.python.touches import READ_AWAY, ROOT, Touches, TouchKind, overlaps, reads_of_volumes
from migrate.dialects.common.python.values import SPELLING, configured, filled, unbound
from migrate.dialects.common.values import child, items
from migrate.dialects.common.volumes.spelling import Spelling
from migrate.dialects.dialect import Reading
from migrate.syntax import get, resolve
from migrate.syntax.node import Entry, Expression, Mapping, Node, Sequence
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.evaluate import unknown_merges
from migrate.syntax.python.names import Place
from rules.model import UNSEEN, Change, Engine, Key, Possible, SetTaskRole, Text, Value

_TASK, _JOB = "register_task_definition", "register_job_definition"
_RUNS = frozenset({"create_service", "update_service", "run_task", "create_task_set"})
_JOB_KEYS = frozenset({"containerProperties", "nodeProperties", "ecsProperties"})
_PARTS = frozenset({"volumes", "containers", *_JOB_KEYS})
"""The members of a definition that contain its volumes, or parts that have volumes."""
_APART = frozenset(
    {"volumes", "family", "taskRoleArn", "executionRoleArn", "cpu", "memory", "networkMode", "tags", "jobRoleArn"}
)
"""Members of a definition that may change without changing its containers."""
STORAGE_KEYS = frozenset({"host", "efsVolumeConfiguration", "dockerVolumeConfiguration"})
"""The keys that show that a dict is a volume."""
_ANSWERS = frozenset({"taskDefinition", "taskDefinitions", "jobDefinitions"})
"""Keys of the responses of the API; a dict in a program that has one is the response of a mock."""
_VOLUME = re.compile("volume", re.IGNORECASE)
_EXPECTS = re.compile(r"(?<![a-z])(assert|compare|expect|mock|patch|return_value|side_effect|approx)", re.IGNORECASE)
_TEST = re.compile("test_.*|.*_test|Test.*|conftest")
_WORD = re.compile("efsVolumeConfiguration|dockerVolumeConfiguration|sourcePath")
_UNKNOWN = "what ** puts in is not known here"


@dataclass(frozen=True)
class PlacedNodes(DefinitionNodes):
    """The nodes of definitions, and their places in the program."""

    places: dict[Key, Place] = field(default_factory=dict)
    """The place of each task and volume, which decides the meaning of names there."""


class PythonDefinitions(PlainDialect[PlacedNodes]):
    """The base class of the dialects whose programs pass volumes to the API unchanged."""

    def configured(self, member: Value) -> Value:
        return configured(member)

    def lacks(self, reading: Reading[PlacedNodes], key: Key, member: Value) -> str | None:
        document, place = reading.document, reading.nodes.places.get(key)
        assert isinstance(document, PythonDocument)
        missing = unbound(document, member, place) if place is not None else None
        return f"the code has no name {missing} there" if missing else super().lacks(reading, key, member)

    def can(
        self, reading: Reading[PlacedNodes], change: Change, added: Collection[Key], outside: Collection[Value]
    ) -> str | None:
        if isinstance(change, SetTaskRole) and (reason := reading.nodes.blocked_roles.get(change.task)):
            return reason
        return super().can(reading, change, added, outside)


@dataclass
class DefinitionReader:
    """Reads one module. A dialect may add definitions of its own to the calls and dicts of the API."""

    document: PythonDocument
    stem: str
    collector: Collector[PlacedNodes]
    read: dict[int, Key] = field(default_factory=dict)
    """The keys of the definitions that were read, by the identities (`id`) of their expressions."""
    none_counts: ClassVar[bool] = False
    """Whether None leaves a property out; boto3 raises an error instead."""
    registered: dict[ast.Call, Key] = field(default_factory=dict)
    """The keys of the definitions that calls register."""
    unclear: list[tuple[Expression, Place]] = field(default_factory=list)
    """Expressions in the place of volumes, or of a whole definition, that cannot be read."""

    def reading(self) -> Reading[PlacedNodes] | None:
        """Reads the module; None if it has no definition and no volume."""
        for call, place in self.document.calls(_registers):
            key = self.definition(self.document.arguments(call, place), called(call), place)
            if key is not None:
                self.registered[call] = key
        self.read_own()
        for node, place in self.literals():
            keys = keys_of(node)
            if {"containerDefinitions", "volumes"} <= keys:
                self.literal(node, _TASK, place)
            elif keys & _JOB_KEYS:
                self.literal(node, _JOB, place)
        read = {start for start, _ in self.collector.regions}
        for node, place in self.literals():
            keys = keys_of(node)
            if "name" in keys and keys & self.storage_keys and self.document.positions.span(node)[0] not in read:
                self.volume(node, place)
        self.block_what_is_read()
        self.services()
        self.hidden()
        return self.collector.reading(self.collector.stack())

    def read_own(self) -> None:
        """Reads the definitions that only this dialect has."""

    @property
    def storage_keys(self) -> frozenset[str]:
        """The keys that show that a dict is a volume."""
        return STORAGE_KEYS

    def spelling_of(self, node: ast.Dict) -> Spelling | None:
        """The names of the members in a dict that is clearly a volume; None if they are the API's."""
        del node
        return None

    def literals(self) -> Iterator[tuple[ast.Dict, Place]]:
        """All dicts in the order of the text, without those in tests and those that a test expects or a mock
        returns."""
        if _TEST.fullmatch(self.stem):
            return
        for node, place in sorted(self.document.names.dicts, key=lambda found: (found[0].lineno, found[0].col_offset)):
            if not any(map(_TEST.fullmatch, place.scope.path)) and not self.is_expected(node):
                yield node, place

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around an expression, from the inside out, up to its statement."""
        parents = self.document.names.parents
        parent = parents.get(node)
        while parent is not None:
            yield parent
            parent = None if isinstance(parent, ast.stmt) else parents.get(parent)

    def is_expected(self, node: ast.Dict) -> bool:
        """Whether a dict is a value that a test compares with or a mock returns."""
        for outer in self.around(node):
            match outer:
                case ast.Compare() | ast.Assert():
                    return True
                case ast.Dict() if keys_of(outer) & _ANSWERS:
                    return True
                case ast.Call() if _EXPECTS.search(called(outer)):
                    return True
                case ast.keyword(arg=str(name)) if _EXPECTS.search(name):
                    return True
                case ast.Assign(targets=[target]) if _EXPECTS.search(_last_name(target)):
                    return True
                case _:
                    pass
        return False

    # -- definitions --------------------------------------------------------------------------------------------------

    def definition(self, node: Node, kind: str, place: Place) -> Key | None:
        """Reads the arguments of a call, or a dict in their place; returns the key of the definition, or None if
        they are none."""
        arguments = resolve(node)
        # `register_task_definition(**definition)` is the definition.
        while isinstance(arguments, Mapping) and len(arguments.entries) == 1 and _merges(arguments):
            arguments = resolve(arguments.entries[0].value)
        if isinstance(arguments, Expression):
            self.unclear.append((arguments, place))
        if not isinstance(arguments, Mapping):
            return None
        origin = id(self.document.origin(arguments))
        if origin not in self.read:
            key = self.key_at(place)
            before = len(self.collector.tasks)
            if kind == _TASK:
                self.task(arguments, key, place)
            else:
                self.job(arguments, key, place)
            if len(self.collector.tasks) == before:
                return None
            self.read[origin] = self.collector.tasks[before].key
            self.block_unknown(before, place)
            self.doubt_containers(before, self.document.origin(arguments))
        return self.read[origin]

    def doubt_containers(self, first: int, origin: ast.AST | None) -> None:
        """Notes that the containers of the tasks from index `first` on are not all known, if statements change them after
        the dict at `origin` was made."""
        place = self.places.get(origin) if isinstance(origin, ast.Dict) else None
        if place is None or not isinstance(origin, ast.Dict):
            return
        changes = (t for t in self.touches.of(origin, place) if t.kind in (TouchKind.CHANGE, TouchKind.ADD))
        if any(not t.path or t.path[0] not in _APART for t in changes):
            for at in range(first, len(self.collector.tasks)):
                self.collector.tasks[at] = replace(self.collector.tasks[at], opaque_containers=True)

    @cached_property
    def places(self) -> dict[ast.AST, Place]:
        """The places of all dicts."""
        return dict(self.document.names.dicts)

    def literal(self, node: ast.Dict, kind: str, place: Place) -> None:
        """Reads a dict as a definition where it stands. Volumes and roles that statements change afterwards are
        blocked."""
        before = len(self.collector.tasks)
        if self.definition(self.document.node(node, place), kind, place) is None:
            return
        touches = self.touches.of(node, place)
        changes = [touch for touch in touches if touch.kind is TouchKind.CHANGE]
        if lines := [touch.line for touch in changes if not touch.path or touch.path[0] in (*_PARTS, None)]:
            self.block(before, f"line {min(lines)} changes it at run time")
        for touch in touches:
            whole = not touch.path or (touch.path[0] in (*_PARTS, None) and len(touch.path) < 3)
            if touch.kind is TouchKind.HAND and whole and self._registers_what(node, touch.line):
                self.block(before, f"line {touch.line} gives it to `{touch.word}`, which may change it")
        for task in self.collector.tasks[before:]:
            roles = [touch.line for touch in changes if touch.path[-1:] in (("taskRoleArn",), ("jobRoleArn",))]
            if roles:
                self.collector.nodes.blocked_roles[task.key] = f"line {min(roles)} may set a role at run time"
                reason = f"line {min(roles)} may delete or replace the task role, and IAM authorization needs one"
                self.collector.nodes.blocked_iam.update({volume.key: reason for volume in task.volumes})

    def _registers_what(self, node: ast.Dict, line: int) -> bool:
        """Whether the module registers a dict of which it is not known what it holds, since it was handed on in a line,
        or what a call in that line returns."""
        for found, place in self.unclear:
            behind = self.behind(found, place)
            if behind is node or any(isinstance(n, ast.Call) and n.lineno == line for n in ast.walk(behind)):
                return True
        return False

    @cached_property
    def touches(self) -> Touches:
        """The uses that the module makes of its dicts."""
        return Touches(self.document)

    def block_what_is_read(self) -> None:
        """Blocks the steps that take members from a volume which the module reads: its host path, the options of its
        driver, or its root directory."""
        nodes = self.collector.nodes
        for key, found in nodes.volumes.items():
            origin, place = self.document.origin(found.mapping), nodes.places.get(key)
            if origin is None or place is None:
                continue
            text = self.document.text[found.mapping.start : found.mapping.end].replace("'", '"')
            for touch in self.touches.of(origin, place):
                words = [READ_AWAY[str(key)] for key in touch.path if key in READ_AWAY]
                if touch.kind is TouchKind.READ and words and (words[-1] == ROOT) is found.is_efs:
                    blocked = nodes.blocked_paths if found.is_efs else nodes.blocked
                    blocked.setdefault(key, f"line {touch.line} reads its {words[-1]}")
                elif touch.kind is TouchKind.REPLACE and (touch.word is None or overlaps(touch.word, text)):
                    shown = "it" if touch.word is None else f"`{touch.word}` in it"
                    nodes.blocked.setdefault(key, f"line {touch.line} replaces {shown} as text")
                elif touch.kind is TouchKind.COMPARE and (touch.word is None or overlaps(touch.word, text)):
                    how = "compares it with something" if touch.word is None else f"looks for `{touch.word}` in it"
                    nodes.blocked.setdefault(key, f"line {touch.line} {how}")
        block_reads(self.document, nodes)
        if (unread := min(unread_code(self.document.names), default=None)) is not None:
            self.block(0, f"{unread[1]}, and may change it there")

    def task(self, node: Mapping, key: Key, place: Place) -> None:
        """Adds an ECS task definition, if its volumes are a list."""
        volumes = child(node, "volumes")
        if items(volumes) is None:
            if isinstance(found := resolve(volumes), Expression):
                self.unclear.append((found, place))
            return
        family = filled(child(node, "family"))
        containers = child(node, "containerDefinitions")
        spelling, more = self.spelling_at(place), unknown_merges(node)
        self.collector.add_task(
            key,
            family.source if family else self.stem,
            node,
            volumes=volumes,
            containers=listed(containers) if containers is not None else UNREAD,
            role="taskRoleArn",
            known=("containerDefinitions", "volumes"),
            role_after=("family", "networkMode"),
            task_role=self.role(node, "taskRoleArn", key, place=place),
            family=family if isinstance(family, Text) else None,
            compatibilities=perhaps_more(words_of(child(node, "requiresCompatibilities"), spelling), more),
            network_mode=perhaps_more(spelling.options(child(node, "networkMode")), more),
            operating_system=systems(node, spelling),
            spelling=spelling,
        )

    def job(self, node: Mapping, key: Key, place: Place) -> None:
        """Adds the parts of an AWS Batch job definition whose volumes are a list."""
        name = filled(child(node, "jobDefinitionName"))
        called = name.source if name else self.stem
        for part in parts(node, SPELLING.each, api):
            volumes = child(part.node, "volumes")
            if items(volumes) is None:
                if isinstance(found := resolve(volumes), Expression):
                    self.unclear.append((found, place))
                continue
            part_key = key.below(*part.path)
            family = name if isinstance(name, Text) else None
            add_part(
                self.collector,
                node,
                part,
                key=part_key,
                name=called,
                spelling=self.spelling_at(place),
                cased=api,
                task_role=self.role(part.node, part.role, part_key, place=place),
                family=family,
            )
            if part.platform_version is not None:
                self.collector.add_service(
                    part_key.as_a("service"), called, part_key, entry=part.platform_version, engine=Engine.BATCH
                )

    # -- volumes that stand alone -------------------------------------------------------------------------------------

    def goes_with_volumes(self, node: ast.expr, place: Place, *, directly: bool = False) -> bool:
        """Whether a dict that looks like a volume goes into a list, argument or variable of volumes: itself or,
        unless `directly`, through a variable that it is assigned to."""
        inner: ast.AST = node
        for outer in self.around(node):
            match outer:
                case ast.List() | ast.Tuple() | ast.BinOp() | ast.BoolOp() | ast.Starred() | ast.NamedExpr():
                    pass
                case ast.ListComp() | ast.GeneratorExp() if outer.elt is inner:
                    pass
                case ast.IfExp() if outer.test is not inner:
                    pass
                case ast.Dict():
                    keys = (k for k, v in zip(outer.keys, outer.values, strict=True) if v is inner)
                    return any(isinstance(key, ast.Constant) and key.value == "volumes" for key in keys)
                case ast.keyword(arg=name):
                    return name is not None and _VOLUME.search(name) is not None
                case ast.Call(func=ast.Attribute(value=target, attr="append" | "extend" | "insert")):
                    return _VOLUME.search(_last_name(target)) is not None
                case ast.Assign(targets=[target]) | ast.AnnAssign(target=target) | ast.AugAssign(target=target):
                    if _VOLUME.search(_last_name(target)):
                        return True
                    uses = () if directly else self.document.uses(target, place)
                    return any(self.goes_with_volumes(use.node, use.place, directly=True) for use in uses)
                case ast.Return():
                    return _VOLUME.search(place.scope.path[-1] if place.scope.path else "") is not None
                case _:
                    return False
            inner = outer
        return False

    def volume(self, node: ast.Dict, place: Place) -> None:
        """Adds a dict that is a volume of an unknown definition, as a task of its own."""
        found = self.document.node(node, place)
        if not isinstance(found, Mapping) or not self.goes_with_volumes(node, place):
            return
        before = len(self.collector.tasks)
        self.collector.add_task(
            self.key_at(place),
            self.name_at(place),
            Mapping(found.start, found.end, [], flow=True),
            volumes=Sequence(found.start, found.end, [found], flow=True),
            containers=Listed([]),
            role=None,
            known=(),
            engine=Engine.UNKNOWN,
            spelling=self.spelling_of(node),
        )
        self.block_unknown(before, place)
        if lines := [touch.line for touch in self.touches.of(node, place) if touch.kind is TouchKind.CHANGE]:
            self.block(before, f"line {min(lines)} changes it at run time")

    def key_at(self, place: Place) -> Key:
        """The key for the next definition, which is written at `place`."""
        return Key.of("task", *place.scope.path, len(self.collector.tasks))

    def name_at(self, place: Place) -> str:
        """The name for a definition at a place: that of the function or class around it, or of the file."""
        return place.scope.path[-1] if place.scope.path else self.stem

    # -- what cannot be edited ----------------------------------------------------------------------------------------

    def block(self, first: int, reason: str) -> None:
        """Blocks all edits of the tasks from index `first` on, for `reason`."""
        for task in self.collector.tasks[first:]:
            self.collector.nodes.blocked_roles[task.key] = reason
            self.collector.nodes.blocked_mount_points[task.key] = reason
            for volume in task.volumes:
                self.collector.nodes.blocked[volume.key] = reason

    def block_unknown(self, first: int, place: Place) -> None:
        """Blocks the volumes of the tasks from index `first` on into which `**` puts unknown members, or whose
        members are set by separate statements."""
        for task in self.collector.tasks[first:]:
            self.collector.nodes.places[task.key] = place
            for volume in task.volumes:
                self.collector.nodes.places[volume.key] = place
                found = self.collector.nodes.volumes[volume.key]
                parts = [*found.storage_entries.values(), *found.authorization_entries.values()]
                if not found.is_efs or volume.misspelt:
                    parts += found.entries.values()
                if unknown_merges(found.mapping):
                    self.collector.nodes.blocked[volume.key] = _UNKNOWN
                elif apart := [entry for entry in parts if self.document.is_set_apart(entry)]:
                    self.collector.nodes.blocked[volume.key] = f"a part of it is set apart in {self.line(apart[0])}"

    def line(self, entry: Entry) -> str:
        """The line of an entry, as reasons name it."""
        return f"line {self.document.line_column(entry.key.start)[0]}"

    def spelling_at(self, place: Place, spelling: Spelling = SPELLING) -> Spelling:
        """The names of members whose values are read as they are meant at a place."""
        return replace(spelling, options=lambda node: options(self.document, node, place, none_counts=self.none_counts))

    def role(self, node: Mapping, role: str, task: Key, place: Place) -> WrittenRole:
        """The role of a definition. A role that an unknown `**` or another mapping may give counts as none, and no role
        can be added then."""
        entry = get(node, role)
        if (entry is None and unknown_merges(node)) or (entry is not None and entry not in node.entries):
            self.collector.nodes.blocked_roles[task] = "what ** puts in may be a task role"
        elif entry is not None and self.document.is_set_apart(entry):
            self.collector.nodes.blocked_roles[task] = f"{role} is set apart in {self.line(entry)}"
            # The statement may be in a branch; then the role is unknown.
            if isinstance(entry.value, Expression) and entry.value.reason:
                return None, Possible()
        return written_role(entry.value if entry is not None else None, self.spelling_at(place))

    def hidden(self) -> None:
        """Reports expressions in the place of volumes whose text names volumes that were not read."""
        for found, place in self.unclear:
            start, end = self.document.positions.span(self.behind(found, place))
            words = [match.start() for match in _WORD.finditer(self.document.text, start, end)]
            left = [w for w in words if not any(first <= w < last for first, last in self.collector.regions)]
            if left:
                what = "a definition that cannot be read here"
                if found.reason:
                    what += f": {found.reason}"
                advice = "write the volumes as a list of dicts where the definition is registered"
                self.collector.add_hidden(Key("hidden", self.name_at(place)), left[0], what, advice=advice)
                self.collector.regions.append((start, end))

    def behind(self, found: Expression, place: Place) -> ast.expr:
        """The expression that is assigned to the name `found`, or `found` itself."""
        origin = self.document.origin(found)
        assert origin is not None, "expressions are made of the source"
        return (self.document.assigned(origin, place) if isinstance(origin, ast.Name) else None) or origin

    # -- services -----------------------------------------------------------------------------------------------------

    def services(self) -> None:
        """Adds the calls that run a task."""
        families = {task.family.source: task.key for task in self.collector.tasks if task.family is not None}
        for number, (call, place) in enumerate(self.document.calls(lambda call: called(call) in _RUNS)):
            arguments = self.document.arguments(call, place)
            if not isinstance(arguments, Mapping):
                continue
            version = get(arguments, "platformVersion")
            version = version if version in arguments.entries else None
            definition = child(arguments, "taskDefinition")
            named = filled(definition)
            family = named.source.partition(":")[0] if isinstance(named, Text) else None
            task = families.get(family or "") or self.task_of(definition, place)
            name = filled(child(arguments, "serviceName"))
            how = started(arguments, self.spelling_at(place))
            if unknown_merges(arguments):
                own = UNSEEN if how.own_interfaces.is_surely(False) else how.own_interfaces
                how = how._replace(launch_types=perhaps_more(how.launch_types, more=True), own_interfaces=own)
            self.collector.add_service(
                Key("service", number), name.source if name else "", task, entry=version, started=how
            )

    def task_of(self, definition: Node | None, place: Place) -> Key | None:
        """The task that an expression like `response["taskDefinition"]["taskDefinitionArn"]` names; None if unknown."""
        origin = self.document.origin(definition) if definition is not None else None
        while isinstance(origin, ast.Subscript | ast.Attribute):
            origin = origin.value
        value = self.document.assigned(origin, place) if isinstance(origin, ast.Name) else None
        if isinstance(value, ast.Await):
            value = value.value
        return self.registered.get(value) if isinstance(value, ast.Call) else None


def block_reads(document: PythonDocument, nodes: DefinitionNodes) -> None:
    """Blocks the steps that take from volumes what code of the module reads of any volume."""
    reads = reads_of_volumes(document.module)
    for key, found in nodes.volumes.items():
        for line, what in reads:
            if (what == ROOT) is found.is_efs:
                blocked = nodes.blocked_paths if found.is_efs else nodes.blocked
                blocked.setdefault(key, f"line {line} reads the {what} of volumes")


def _registers(call: ast.Call) -> bool:
    return called(call) in (_TASK, _JOB)


def called(call: ast.Call) -> str:
    """The last name in the callee of a call; empty if it has none."""
    return _last_name(call.func)


def _last_name(expression: ast.expr) -> str:
    """The last name of an expression: `volumes` for `self.volumes`, `task["volumes"]` and `volumes`; empty if it has
    none."""
    match expression:
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case _:
            return ""


def keys_of(node: ast.Dict) -> set[object]:
    """The literal keys of a dict."""
    return {key.value for key in node.keys if isinstance(key, ast.Constant)}


def _merges(node: Mapping) -> bool:
    """Whether the first entry of a mapping is a `**`, which is read as the merge key `<<`."""
    key = node.entries[0].key
    return getattr(key, "text", "") == "<<" and not getattr(key, "style", '"')
