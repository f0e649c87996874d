"""Changes that a CDK program makes to the resources of its constructs after it has made these: overrides of the
template, assignments to L1 constructs, and code of other modules that is handed a construct.

A change is looked at wherever it stands: in loops, functions, methods and aspects. What it changes may then be one of
several constructs, or any; and what it sets may depend on a path that is put together at run time.

Source: `CfnResource` in aws-cdk-lib (`addOverride`, `addPropertyOverride`, `addDeletionOverride`,
`addPropertyDeletionOverride`); `Aspects`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from migrate.dialects.cdk.api import BATCH, ECS, EFS, IAM, TASK_DEFINITIONS
from migrate.dialects.cdk.aspects import PARTS, aspects
from migrate.dialects.cdk.program import Construct, Program
from migrate.dialects.common.python.escapes import Escape, Escapes
from migrate.dialects.common.python.origins import UNKNOWN, Origin, Origins, joined, uncast
from migrate.dialects.common.python.values import called
from migrate.syntax.python.names import Place

_OVERRIDES = frozenset(
    {"add_override", "add_property_override", "add_deletion_override", "add_property_deletion_override"}
)
_ATTRIBUTES = {
    "container_definitions": "ContainerDefinitions",
    "container_properties": "ContainerProperties",
    "ecs_properties": "EcsProperties",
    "file_system_id": "FileSystemId",
    "file_system_policy": "FileSystemPolicy",
    "managed_policy_arns": "ManagedPolicyArns",
    "network_mode": "NetworkMode",
    "node_properties": "NodeProperties",
    "permissions_boundary": "PermissionsBoundary",
    "policies": "Policies",
    "policy_document": "PolicyDocument",
    "posix_user": "PosixUser",
    "requires_compatibilities": "RequiresCompatibilities",
    "root_directory": "RootDirectory",
    "runtime_platform": "RuntimePlatform",
    "task_role_arn": "TaskRoleArn",
    "volumes": "Volumes",
}
"""The attributes of L1 constructs that are read into the model, with the names of their properties."""
TASK, JOB, ROLE = "AWS::ECS::TaskDefinition", "AWS::Batch::JobDefinition", "AWS::IAM::Role"
POLICY, SYSTEM, POINT = "AWS::IAM::Policy", "AWS::EFS::FileSystem", "AWS::EFS::AccessPoint"
_PROPERTIES = {
    TASK: {
        "ContainerDefinitions",
        "NetworkMode",
        "RequiresCompatibilities",
        "RuntimePlatform",
        "TaskRoleArn",
        "Volumes",
    },
    JOB: {"ContainerProperties", "EcsProperties", "NodeProperties", "PlatformCapabilities"},
    ROLE: {"ManagedPolicyArns", "PermissionsBoundary", "Policies"},
    POLICY: {"PolicyDocument"},
    SYSTEM: {"FileSystemPolicy"},
    POINT: {"FileSystemId", "PosixUser", "RootDirectory"},
}
"""The properties of each type of resource that are read into the model."""
_TYPES = {
    **dict.fromkeys((*TASK_DEFINITIONS, f"{ECS}.CfnTaskDefinition"), TASK),
    **dict.fromkeys((f"{BATCH}.{name}" for name in ("CfnJobDefinition", "EcsJobDefinition")), JOB),
    **dict.fromkeys((f"{IAM}.Role", f"{IAM}.CfnRole"), ROLE),
    **dict.fromkeys((f"{IAM}.Policy", f"{IAM}.ManagedPolicy", f"{IAM}.CfnPolicy", f"{IAM}.CfnManagedPolicy"), POLICY),
    **dict.fromkeys((f"{EFS}.FileSystem", f"{EFS}.CfnFileSystem"), SYSTEM),
    **dict.fromkeys((f"{EFS}.AccessPoint", f"{EFS}.CfnAccessPoint"), POINT),
}
"""The type of resource that a construct makes, by its class."""
_OF_JOBS = frozenset(
    {"Containers", "JobRoleArn", "MountPoints", "NodeRangeProperties", "TaskProperties", "User", "Volumes", "*"}
)
"""The members of a job definition's properties that are read into the model, or lead there."""
_OF_CONTAINERS = frozenset({"MountPoints", "Name", "User", "VolumesFrom"})
"""The members of a container definition that are read into the model."""
_ASKING = frozenset(
    {"add_metadata", "add_dependency", "to_string", "apply_removal_policy", "get_att", "try_get_context"}
)
"""Methods of constructs that change nothing that is read."""
_OWN = frozenset({"Resource", "Default"})
"""The ids of the construct that makes the resource of an L2 construct itself."""
_GENERAL = frozenset({"CfnElement", "CfnResource", "Construct", "IConstruct", "Resource", "Any", "object"})
"""Classes that say nothing about the type of a construct."""


@dataclass(frozen=True, eq=False)
class LateChange:
    """One statement that changes a property of a resource, or may."""

    path: tuple[str, ...] | None
    """The known beginning of the path of the property; None if not even that is known."""
    value: ast.expr | None
    """The expression for the new value; None if the property is deleted, or its value cannot be seen."""
    deleted: bool
    on: ast.expr
    """The expression on which it is called, or whose attribute it sets."""
    owners: list[Origin] | None
    """The constructs that it may change; None if these are not known."""
    types: frozenset[str] | None
    """The types of resources that it may change, if the code around it says so; else None."""
    place: Place
    node: ast.AST
    once: bool
    """Whether it certainly runs, with the one construct that it names."""

    @property
    def line(self) -> int:
        """The line in which it stands."""
        return getattr(self.node, "lineno", 0)

    @property
    def what(self) -> str:
        """The property that it changes, for messages."""
        return ".".join(self.path) if self.path else "a property that is not known here"

    def concerns(self, kind: str) -> bool:
        """Whether it may change what is read of resources of a type."""
        if self.types is not None and kind not in self.types:
            return False
        if self.path is None:
            return True
        if self.path[0] not in _PROPERTIES[kind]:
            return False
        if kind == JOB:
            return len(self.path) < 2 or self.path[1] in _OF_JOBS
        inner = self.path[2] if self.path[0] == "ContainerDefinitions" and len(self.path) > 2 else None
        return inner is None or inner in _OF_CONTAINERS


class Overrides:
    """The late changes of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.document = program.document
        self.origins = Origins(program.document)
        self.escapes = Escapes(program.document)
        self.changes = [*self._calls(), *self._stores()]

    def of(self, made: Construct | None, kind: str) -> Iterator[LateChange]:
        """The changes that concern a construct which makes a resource of a type (None for one that the program does
        not show), those of unknown owners included."""
        for change in self.changes:
            if change.concerns(kind) and (
                change.owners is None or any(made is not None and owner is made.call for owner, _ in change.owners)
            ):
                yield change

    # -- statements that change a property ----------------------------------------------------------------------------

    def _calls(self) -> Iterator[LateChange]:
        """The calls of override methods, and of `setattr`."""
        for call, place in self.document.names.calls:
            name = called(call)
            if name in _OVERRIDES and isinstance(call.func, ast.Attribute):
                yield from self._override(call, call.func.value, place)
            elif name in ("setattr", "delattr") and isinstance(call.func, ast.Name) and len(call.args) > 1:
                for text in self.origins.texts(call.args[1], place):
                    if text in _ATTRIBUTES or UNKNOWN in text:
                        path = (_ATTRIBUTES[text],) if text in _ATTRIBUTES else None
                        yield self._change(path, call.args[2] if name == "setattr" else None, call.args[0], place, call)

    def _override(self, call: ast.Call, on: ast.expr, place: Place) -> Iterator[LateChange]:
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        name = called(call)
        written = next(iter(call.args), None) or given.get("path") or given.get("property_path")
        value = call.args[1] if len(call.args) > 1 else given.get("value")
        if "deletion" in name:
            value = None
        unread = written is None or isinstance(written, ast.Starred) or None in given
        for text in [UNKNOWN] if unread or written is None else self.origins.texts(written, place):
            path = _path(text, "property" in name)
            if path is None or path:
                yield self._change(path, value, on, place, call, deleted="deletion" in name)

    def _stores(self) -> Iterator[LateChange]:
        """The assignments to attributes of L1 constructs, their deletions, and changes of their values in place."""
        for name, path in _ATTRIBUTES.items():
            for store in self.document.names.stores.get(name, ()):
                if store.owner is not None and not self._may_be_low(store.owner.node, store.binding.place):
                    continue
                statement = store.binding.place.statement
                for target in _targets(statement, name):
                    deleted = isinstance(statement, ast.Delete)
                    yield self._change(
                        (path,), store.binding.value, target.value, store.binding.place, target, deleted=deleted
                    )

    def _may_be_low(self, node: ast.AST | None, place: Place) -> bool:
        """Whether a class may derive from the construct of a resource that is read."""
        if not isinstance(node, ast.ClassDef):
            return True
        names = [self.program.dotted(base, place) for base in node.bases]
        return any(
            name is None and not isinstance(base, ast.Name) for name, base in zip(names, node.bases, strict=True)
        ) or any(name in _TYPES for name in names)

    def _change(
        self,
        path: tuple[str, ...] | None,
        value: ast.expr | None,
        on: ast.expr,
        place: Place,
        node: ast.AST,
        *,
        deleted: bool = False,
    ) -> LateChange:
        owners = self._owners(on, place)
        types = self._types(on, place) if owners is None else None
        once = (
            owners is not None
            and len(owners) == 1
            and isinstance(call := owners[0][0], ast.Call)
            and (made := self.program.constructs.get(call)) is not None
            and made.place.scope is place.scope
            and place.block is made.place.block
        )
        if value is not None and not deleted:
            values = self.origins.of(value, place) or [(value, place)]
            empty = [self._is_empty(origin) for origin, _ in values]
            deleted, once = any(one is not False for one in empty), once and len(set(empty)) == 1 and None not in empty
        return LateChange(path, value, deleted, on=on, owners=owners, types=types, place=place, node=node, once=once)

    def _is_empty(self, value: ast.expr) -> bool | None:
        """Whether a value leaves the property out; None if it may."""
        match value:
            case ast.Constant():
                return value.value in (None, "")
            case ast.IfExp(body=body, orelse=orelse):
                found = {self._is_empty(body), self._is_empty(orelse)}
                return found.pop() if len(found) == 1 else None
            case ast.BoolOp(op=ast.Or(), values=[*_, last]):
                return None if self._is_empty(last) is not False else False
            case ast.Call(func=ast.Attribute(attr="get" | "getenv"), args=[_, default]):
                return None if self._is_empty(default) is not False else False
            case _:
                words = {n.attr if isinstance(n, ast.Attribute) else getattr(n, "value", "") for n in ast.walk(value)}
                leaves_out = {"NO_VALUE", "AWS::NoValue"} & {word for word in words if isinstance(word, str)}
                return False if not leaves_out else True if isinstance(value, ast.Attribute | ast.Dict) else None

    # -- what they change ---------------------------------------------------------------------------------------------

    def _owners(self, expression: ast.expr, place: Place) -> list[Origin] | None:
        """The constructs whose resources an expression may be: L2 constructs for their `default_child`."""
        found = self.origins.of(expression, place)
        return None if found is None else joined(self._owner(origin, at) for origin, at in found)

    def _owner(self, origin: ast.expr, place: Place) -> list[Origin] | None:
        origin = uncast(origin)
        match origin:
            case ast.Attribute(attr="default_child", value=ast.Attribute(attr="node", value=base)):
                return self._owners(base, place)
            case ast.Call(func=ast.Attribute(attr="find_child" | "try_find_child", value=ast.Attribute(value=base))):
                return self._child(origin, base, place)
            case ast.Subscript(value=ast.Attribute(attr="children", value=ast.Attribute(attr="node", value=base))):
                return self._owners(base, place)
            case ast.Call() if origin in self.program.constructs:
                return [(origin, place)]
            case ast.Call(func=ast.Attribute(attr="get_resource")):
                return [(origin, place)]  # of an included template
            case ast.Name(id=name):
                method = place.scope.method_of()
                own = method is not None and name == method[1]
                if method is not None and own and not self._may_be_low(method[0].node, place):
                    return []
                return None
            case ast.Attribute(value=base):
                on = self.program.construct(base, place)
                return [(origin, place)] if on is not None else None
            case _:
                return None

    def _child(self, call: ast.Call, base: ast.expr, place: Place) -> list[Origin] | None:
        """The constructs that `find_child` may return, by the id that it is given."""
        parents = self._owners(base, place)
        ids = self.origins.texts(call.args[0], place) if call.args else [UNKNOWN]
        if parents is not None and parents and all(name in _OWN for name in ids):
            return parents
        if any(UNKNOWN in name for name in ids):
            return None
        made = [one for one in self.program.constructs.values() if one.id in ids]
        if made:
            return [(one.call, one.place) for one in made]
        return [(call, place)] if parents else None

    # -- code that may change everything ------------------------------------------------------------------------------

    def outside(self) -> Escape | None:
        """The first aspect that may change task definitions in a way that is not followed; None if there is none."""
        found = (one for one in aspects(self.program, self.escapes, frozenset({ECS})) if not self._is_followed(one))
        return min(found, key=lambda escape: escape.line, default=None)

    def _is_followed(self, aspect: Escape) -> bool:
        """Whether an aspect is a class of this module that changes constructs by overrides and attributes alone."""
        call = aspect.expression
        argument = next(iter([*call.args, *(k.value for k in call.keywords)])) if isinstance(call, ast.Call) else call
        made, _ = self.program.evaluator.definition(argument, aspect.place)
        function = made.func if isinstance(made, ast.Call) else None
        classes = self.program.names.classes.get(function.id, []) if isinstance(function, ast.Name) else []
        visits = [method for scope in classes for method in self.escapes.method(scope, "visit")]
        uses = [
            self.escapes.uses_of_name(parameter.arg, method, PARTS)
            for method in visits
            if isinstance(method.node, ast.FunctionDef)
            for parameter in method.node.args.args[1:]
        ]
        methods = {called(made) for one in uses for made, _ in one.methods}
        return bool(uses) and not any(one.escapes for one in uses) and methods <= _OVERRIDES | PARTS | _ASKING

    # -- what the code around them says -------------------------------------------------------------------------------

    def _types(self, expression: ast.expr, place: Place) -> frozenset[str] | None:
        """The types of resources that an expression can stand for by a cast, an annotation or a test of its class; None
        if nothing limits them."""
        if isinstance(expression, ast.Call) and called(expression) == "cast" and len(expression.args) == 2:
            return self._type_of((expression.args[0],), place)
        if isinstance(expression, ast.Call) and called(expression) == "__jsii_cast__":
            function = expression.func
            return self._type_of((function.value,), place) if isinstance(function, ast.Attribute) else None
        if not isinstance(expression, ast.Name):
            return None
        for name, first, last, classes in self._tests:
            if name == expression.id and first <= expression.lineno <= last:
                return self._type_of(classes, place)
        owner, _ = self.document.names.owner(expression.id, place.scope)
        for binding in owner.bindings.get(expression.id, ()) if owner is not None else ():
            statement = binding.place.statement
            if isinstance(statement, ast.AnnAssign):
                return self._type_of((statement.annotation,), place)
            if binding.value is not None and isinstance(binding.value, ast.Call) and called(binding.value) == "cast":
                return self._types(binding.value, binding.place)
        declared = self.program.declared(expression, place)
        return self._by_names([declared]) if declared is not None else None

    def _type_of(self, classes: tuple[ast.expr, ...], place: Place) -> frozenset[str] | None:
        names: list[str | None] = []
        for one in classes:
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                if "::" in one.value:
                    names.append(one.value)
                    continue
                try:
                    one = ast.parse(one.value, mode="eval").body
                except SyntaxError:
                    return None
            names.append(self.program.dotted(one, place))
        return self._by_names(names)

    @staticmethod
    def _by_names(names: list[str | None]) -> frozenset[str] | None:
        if any(name is None or name.rpartition(".")[2] in _GENERAL for name in names):
            return None
        return frozenset(_TYPES.get(name or "", name or "") for name in names)

    @cached_property
    def _tests(self) -> list[tuple[str, int, int, tuple[ast.expr, ...]]]:
        """The names that tests of their class guard, each with the first and last line that it guards, and the
        classes."""
        found: list[tuple[str, int, int, tuple[ast.expr, ...]]] = []
        for node in ast.walk(self.document.module):
            for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
                for statement in body if isinstance(body, list) else ():
                    if isinstance(statement, ast.If) and isinstance(body, list):
                        found += _guarded(statement, body[-1])
        return found


def resource_type(made: Construct) -> str | None:
    """The type of resource that a construct makes, if it is one whose properties are read."""
    return _TYPES.get(made.kind)


def _path(text: str, of_property: bool) -> tuple[str, ...] | None:
    """The known beginning of the path of a property: None if nothing of it is known, empty if the path names no
    property at all, such as `Metadata`."""
    parts = text.replace("\\.", "\ue000").split(".")
    if not of_property:
        if UNKNOWN in parts[0]:
            return None
        if parts[0] != "Properties":
            return None if parts[0] == "Type" else ()
        parts = parts[1:]
    known: list[str] = []
    for number, part in enumerate(parts):
        is_index = part == UNKNOWN and number == 1 and known == ["ContainerDefinitions"]
        if UNKNOWN in part and not is_index:
            break
        known.append("*" if is_index else part)
    return tuple(known) or None


def _targets(statement: ast.stmt, name: str) -> Iterator[ast.Attribute]:
    """The targets of a statement that are attributes of a name."""
    targets: list[ast.expr] = []
    match statement:
        case ast.Assign() | ast.Delete():
            targets = [*statement.targets]
        case ast.AnnAssign() | ast.AugAssign() | ast.For():
            targets = [statement.target]
        case _:
            pass
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Attribute) and node.attr == name and not isinstance(node.ctx, ast.Load):
                yield node


def _guarded(statement: ast.If, last: ast.stmt) -> Iterator[tuple[str, int, int, tuple[ast.expr, ...]]]:
    """The names that the test of an `if` limits to classes, with the lines for which it does; `last` is the last
    statement beside it."""
    tests = [statement.test]
    if isinstance(statement.test, ast.BoolOp) and isinstance(statement.test.op, ast.And):
        tests = statement.test.values
    for test in tests:
        limited = _limited(test)
        if limited is not None:
            yield limited[0], statement.body[0].lineno, statement.body[-1].end_lineno or 0, limited[1]
    test = statement.test
    leaves = isinstance(statement.body[-1], ast.Return | ast.Continue | ast.Raise | ast.Break)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and leaves:
        limited = _limited(test.operand)
        if limited is not None and not statement.orelse:
            yield limited[0], (statement.end_lineno or 0) + 1, last.end_lineno or 0, limited[1]


def _limited(test: ast.expr) -> tuple[str, tuple[ast.expr, ...]] | None:
    """The name and the classes of a test like `isinstance(node, CfnRole)`, or of one of its resource type; else None."""
    match test:
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), classes]):
            return name, tuple(classes.elts) if isinstance(classes, ast.Tuple) else (classes,)
        case ast.Compare(
            left=ast.Attribute(value=ast.Name(id=name), attr="cfn_resource_type"),
            ops=[ast.Eq()],
            comparators=[ast.Constant() as kind],
        ):
            return name, (kind,)
        case _:
            return None
