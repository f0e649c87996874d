"""A CDK program as its dialect reads it: the constructs, the expressions that stand for them, and their values.

A value of the model names each thing in one way, whatever the code calls it at a place: `{fs.file_system_id}` by the
first variable that the construct is assigned to, `${DataAccessPoint}` and `${DataAccessPoint.Arn}` for an access point.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from migrate.dialects.cdk.api import ARN_ATTRIBUTES, ARNS, BATCH, ECS, EFS, ID_ATTRIBUTES, IDS, PSEUDO, STRUCTS
from migrate.dialects.common.python import values as python_values
from migrate.dialects.common.python.values import called
from migrate.dialects.common.values import child, reference
from migrate.syntax import resolve
from migrate.syntax.node import Alias, Expression, FString, Inner, Mapping, NewExpression, NewValue, Node
from migrate.syntax.problem import CannotEdit
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.names import Block, Place, Scope
from rules.model import NOT_GIVEN, Container, Key, Opaque, Possible, Ref, Role, Text, Value

_DEEPEST = 20
"""The largest number of variables that are followed from one expression to the next."""


@dataclass(eq=False)
class Construct:
    """A construct that the program makes. `kind` is its class (or a method like
    `aws_cdk.aws_efs.FileSystem.from_…`), `scope` the expression for the construct that it is made in, `id` its
    literal id, and `targets` the variables and attributes that it is assigned to, like `fs` and `self.fs`."""

    call: ast.Call
    place: Place
    kind: str
    scope: str | None
    id: str | None
    targets: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The id or, if that is not known, the first target, or the last part of the class."""
        return self.id or next(iter(self.targets), "") or self.kind.rpartition(".")[2]

    @property
    def is_imported(self) -> bool:
        """Whether it stands for a resource that the program does not create (`from_…`)."""
        return self.kind.rpartition(".")[2].startswith("from_")

    @property
    def family(self) -> str:
        """The class of the construct, also if it is imported."""
        return self.kind.rpartition(".")[0] if self.is_imported else self.kind


_UNNAMED = Key("")


@dataclass
class TaskSource:
    """A task definition of the program: one that a construct makes, or else one that `expression` stands for."""

    kind: str
    place: Place
    construct: Construct | None = None
    expression: ast.expr | None = None
    name: str = ""
    key: Key = _UNNAMED
    volumes: list[tuple[Node, Place]] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    points: list[Mapping | None] = field(default_factory=list)
    opaque: bool = False
    """Whether some of its containers cannot be read."""
    opaque_volumes: bool = False
    """Whether some of its volumes cannot be read."""
    role: Role | None = None
    role_construct: Construct | None = None
    role_given: ast.expr | None = None
    """The expression for the role, if a part of the arguments of the construct gives it."""
    part: Mapping | None = None
    """The part of the arguments of the construct that this definition is; None if it is all of them."""
    compatibilities: Possible[frozenset[str]] | None = None
    """The compatibilities of its tasks; None if its class or its arguments decide them."""
    systems: Possible[str] = NOT_GIVEN
    """The operating systems that its placement constraints demand."""
    overrides: bool = False
    """Whether its volumes come from an override of the template, with the names of CloudFormation."""
    obstacle: str | None = None
    """The reason why its volumes cannot be edited without guessing, or None if they can."""
    doubt: str | None = None
    """A sentence on what may change it outside of this program, so that a person should look; else None."""
    role_obstacle: str | None = None
    """The reason why it is not known which task role it has, or that it has one; else None."""
    late_role: tuple[ast.expr, Place] | None = None
    """The expression for the role that later replaces the one of the construct, and its place. Methods of the construct
    give it no permissions."""
    late_modes: Possible[str] | None = None
    """The network modes that later statements may set, the first one included unless these surely run; None if there
    are no such statements."""
    late_systems: Possible[str] | None = None
    """The operating systems that later statements may set, in the same way."""
    late_compatibilities: Possible[frozenset[str]] | None = None
    """The compatibilities that later statements may set, in the same way."""

    @property
    def is_alone(self) -> bool:
        """Whether it is a single volume of which the task definition is not known."""
        return self.construct is None and self.expression is None

    @property
    def is_read(self) -> bool:
        """Whether it has volumes and so was added to the model, with a key."""
        return self.key is not _UNNAMED


_METHODS = ("add", "efs", "host")
"""Methods of the CDK whose names do not begin as those of others do."""


class Program:
    """One module. Reading values from it also remembers the expressions that stand for them, so that they can be
    written again."""

    def __init__(self, document: PythonDocument) -> None:
        self.document = document
        self.evaluator = document.evaluator
        self.names = document.names
        self.evaluator.record = is_struct
        self.evaluator.library = lambda name: name.startswith(("aws_cdk.", "monocdk.", "constructs."))
        self.kinds: dict[ast.Call, str] = {}
        """The full name of the callee, for every call of the CDK."""
        self.constructs: dict[ast.Call, Construct] = {}
        self.calls: list[tuple[ast.Call, Place]] = list(document.calls(self._reads))
        for call, place in self.calls:
            name = self.dotted(call.func, place)
            if name is not None:
                self.kinds[call] = name
            given = call.args or any(keyword.arg == "scope" for keyword in call.keywords)
            if (name is not None and given) or called(call) == "add_access_point":
                self.constructs[call] = self._construct(call, place, name or f"{EFS}.AccessPoint")
        self._find_targets()
        self.points: dict[str, Construct] = {}
        """The access points, by their names in values."""
        self._expressions: dict[str, list[tuple[ast.expr, Place]]] = {}
        """The expressions for each reference in a value, with their places."""
        self._aliases: dict[str, list[tuple[ast.expr, ast.expr]]] = {}
        """The variables for each reference in a value, each with the expression that it is assigned."""
        self._objects: dict[str, Construct] = {}
        """The construct for each reference to an id or ARN."""
        self.spelled: dict[Text, list[tuple[ast.expr, Place]]] = {}
        """The variables that hold each text, with their places."""
        self.planned: dict[str, str] = {}
        """The variables that new access points are assigned to, by the names of the access points."""
        self.planned_kinds: dict[str, str] = {}
        """The classes of new access points, by their names."""
        self.planned_scopes: dict[str, Scope] = {}
        """The scopes in which new access points are made, by their names."""

    @cached_property
    def is_v1(self) -> bool:
        """Whether the program is written for version 1 of the CDK."""
        return (
            self.prefix("aws_cdk.core", Place(self.names.module, Block(None), 1 << 60, statement=ast.Pass()))
            is not None
        )

    # -- constructs ---------------------------------------------------------------------------------------------------

    def _reads(self, call: ast.Call) -> bool:
        """Whether a call may be one of the CDK, by its last name."""
        function = call.func
        if isinstance(function, ast.Attribute):
            name = function.attr
            return name.startswith(("add_", "apply_", "from_", "grant")) or name[:1].isupper() or name in _METHODS
        return isinstance(function, ast.Name) and function.id[:1].isupper()

    def dotted(self, expression: ast.expr, place: Place) -> str | None:
        """The full name of the object that a dotted name stands for, as CDK v2 has it; None if that is not of the
        CDK."""
        name = self.document.dotted(expression, place)
        if name is None:
            return None
        name = name.replace("monocdk.", "aws_cdk.", 1) if name.startswith("monocdk.") else name
        if not name.startswith("aws_cdk."):
            return None
        return name.replace("aws_cdk.core.", "aws_cdk.", 1).replace(f"{BATCH}_alpha.", f"{BATCH}.", 1)

    def kind(self, call: ast.expr | None) -> str:
        """The full name of the callee of a call; empty if the expression is not a call of the CDK."""
        return self.kinds.get(call, "") if isinstance(call, ast.Call) else ""

    def _construct(self, call: ast.Call, place: Place, kind: str) -> Construct:
        """The construct that a call makes, with its scope and id from the arguments."""
        points = called(call) == "add_access_point" and kind == f"{EFS}.AccessPoint"
        listed = [None, *call.args] if points else list(call.args)
        by_name = {keyword.arg: keyword.value for keyword in call.keywords}
        scope = by_name.get("scope") or (listed[0] if listed else None)
        named = by_name.get("id") or by_name.get("id_") or (listed[1] if len(listed) > 1 else None)
        literal: str | None = None
        if named is not None:
            found = python_values.value(self.document.node(named, place))
            literal = found.literal if found is not None else None
        return Construct(call, place, kind, scope=ast.unparse(scope) if scope is not None else None, id=literal)

    def _find_targets(self) -> None:
        """Finds the variables, then the attributes, that constructs are assigned to."""
        found: list[tuple[int, str, Construct]] = []
        for scope in self._scopes():
            for name, bindings in scope.bindings.items():
                found += [
                    (binding.place.index, name, self.constructs[binding.value])
                    for binding in bindings
                    if isinstance(binding.value, ast.Call) and binding.value in self.constructs
                ]
        for name, stores in self.names.stores.items():
            for store in stores:
                made = self.construct(store.binding.value, store.binding.place) if store.binding.value else None
                if made is not None and (method := store.binding.place.scope.method_of()) and store.owner is not None:
                    found.append((store.binding.place.index, f"{method[1]}.{name}", made))
        for _, target, made in sorted(found, key=lambda one: one[0]):
            if target not in made.targets:
                made.targets.append(target)

    def _scopes(self) -> list[Scope]:
        """The scopes around constructs, and the module."""
        seen: dict[Scope, None] = {self.names.module: None}
        for call in self.constructs.values():
            scope: Scope | None = call.place.scope
            while scope is not None:
                seen[scope] = None
                scope = scope.parent
        return list(seen)

    def construct(self, expression: ast.expr | None, place: Place) -> Construct | None:
        """The construct that an expression stands for, or None if the program does not show it."""
        if expression is None:
            return None
        found, at = self.evaluator.definition(expression, place)
        made = self.constructs.get(found) if isinstance(found, ast.Call) else None
        if made is None or at.scope is place.scope or at.scope.kind != "function":
            return made
        # With a fixed id in its own construct, a method can run only once: a second run would repeat the id.
        method = at.scope.method_of()
        own = method is not None and (made.scope == method[1] or _receiver(made.call).startswith(f"{method[1]}."))
        return made if at.scope.path[-1:] == ("__init__",) or (own and made.id is not None) else None

    def visible(self, made: Construct, place: Place) -> str | None:
        """An expression that stands for a construct at a place, or None."""
        for target in made.targets:
            parsed = ast.parse(target, mode="eval").body
            if self.construct(parsed, place) is made and self._is_before(made.place, place):
                return target
        return None

    @staticmethod
    def _is_before(one: Place, other: Place) -> bool:
        return one.scope is not other.scope or one.index <= other.index

    # -- values -------------------------------------------------------------------------------------------------------

    def value(self, node: Node | None) -> Value | None:
        """The value of a node, in which each thing has the same name everywhere."""
        found = resolve(node)
        if isinstance(node, Alias) and (origin := self.document.origin(node)) is not None:
            literal = python_values.value(node)
            if isinstance(literal, Text) and (place := self.place_of(origin)) is not None:
                self.spelled.setdefault(literal, []).append((origin, place))
        if not isinstance(found, Expression):
            return python_values.value(node)
        origin = self.document.origin(found)
        place = self.place_of(origin) if origin is not None else None
        if origin is None or place is None:
            return python_values.value(node)
        if found.parts is None or isinstance(origin, ast.Name | ast.Attribute | ast.Call):
            known = self.of(origin, place)
            if known is not None:
                return known
        if found.parts is None:
            return python_values.value(node)
        parts: list[str | Ref] = []
        for part in found.parts:
            parts += [part] if isinstance(part, str) else self._inner(part, place)
        made = Text(tuple(joined(parts)))
        if isinstance(origin, ast.Name | ast.Attribute):
            self.spelled.setdefault(made, []).append((origin, place))
        return made

    def _inner(self, part: Inner, place: Place) -> tuple[str | Ref, ...]:
        """The parts of a text for an expression inside an f-string."""
        try:
            parsed = ast.parse("f" + repr(part.source), mode="eval").body
        except (SyntaxError, ValueError):
            return (Ref(part.source),)
        alone = parsed.values[0] if isinstance(parsed, ast.JoinedStr) and len(parsed.values) == 1 else None
        if not isinstance(alone, ast.FormattedValue) or alone.conversion != -1 or alone.format_spec is not None:
            return (Ref(part.source),)
        known = self.of(alone.value, place)
        return known.parts if isinstance(known, Text) else (self._reference(alone.value, place, part.source),)

    def of(self, expression: ast.expr, place: Place, depth: int = 0) -> Text | None:
        """The value of an expression: the id or ARN that it stands for, a literal, or a reference with its own name
        if nothing is known of it; None if it cannot be a name."""
        if depth > _DEEPEST:
            return None
        if isinstance(expression, ast.Attribute):
            found = self._attribute(expression, place)
            if found is not None:
                return found
        elif isinstance(expression, ast.Call):
            return self._formatted(expression, place)
        origin, at = self.evaluator.definition(expression, place)
        if origin is not expression:
            if isinstance(origin, ast.Constant) and isinstance(origin.value, str):
                return Text.of(origin.value)
            known = self.of(origin, at, depth + 1) if isinstance(origin, ast.Attribute | ast.Call) else None
            if known is None and isinstance(origin, ast.Name | ast.Attribute):
                known = Text((self._reference(origin, at),))
            if known is not None:
                if len(known.parts) == 1 and isinstance(known.parts[0], Ref):
                    self._aliases.setdefault(known.parts[0].source, []).append((expression, origin))
                return known
        if isinstance(expression, ast.Name | ast.Attribute):
            return Text((self._reference(expression, place),))
        return None

    def _attribute(self, expression: ast.Attribute, place: Place) -> Text | None:
        """The value of an attribute: a pseudo parameter, an id or an ARN, or the member of a struct."""
        pseudo = PSEUDO.get(expression.attr.lower())
        if pseudo is not None and self._is_stack(expression, place):
            return reference(f"AWS::{pseudo}")
        made = self.construct(expression.value, place)
        if made is None:
            return self._member_of_struct(expression, place) or self._arn_of_unknown(expression, place)
        if expression.attr in IDS and made.family in ID_ATTRIBUTES:
            return self.id_of(made)
        if expression.attr in ARNS and made.family in ARN_ATTRIBUTES:
            return self.arn_of(made)
        return None

    def _arn_of_unknown(self, expression: ast.Attribute, place: Place) -> Text | None:
        """The ARN that `fs.file_system_arn` is for a file system that is defined elsewhere, made of its id; None for
        other attributes."""
        kinds = {"file_system_arn": "file-system", "access_point_arn": "access-point"}
        kind = kinds.get(expression.attr)
        if kind is None:
            return None
        by_id = ast.Attribute(expression.value, expression.attr.replace("_arn", "_id"), ast.Load())
        known = self.of(by_id, place)
        return arn(kind, known) if known is not None else None

    def _member_of_struct(self, expression: ast.Attribute, place: Place) -> Text | None:
        """The value of a member of a struct, like `volume.name`: the argument that the struct was made with."""
        origin, at = self.evaluator.definition(expression.value, place)
        if not isinstance(origin, ast.Call) or not self.evaluator.is_record(origin, at):
            return None
        arguments = self.document.arguments(origin, at)
        found = self.value(child(arguments, expression.attr)) if isinstance(arguments, Mapping) else None
        return found if isinstance(found, Text) else None

    def _is_stack(self, expression: ast.Attribute, place: Place) -> bool:
        """Whether an attribute is one of a stack, or of `Aws`, which has the pseudo parameters."""
        base = expression.value
        if isinstance(base, ast.Name) and base.id == "self":
            method = place.scope.method_of()
            return method is not None and not method[2] and expression.attr not in method[0].bindings
        if isinstance(base, ast.Call):
            return self.dotted(base.func, place) == "aws_cdk.Stack.of"
        return self.dotted(base, place) == "aws_cdk.Aws"

    def _formatted(self, call: ast.Call, place: Place) -> Text | None:
        """The ARN that `format_arn(service="elasticfilesystem", …)` returns; None for other calls."""
        if called(call) != "format_arn":
            return None
        by_name = {keyword.arg: keyword.value for keyword in call.keywords}
        if set(by_name) != {"service", "resource", "resource_name"}:
            return None
        values = {str(name): self.value(self.document.node(node, place)) for name, node in by_name.items()}
        resource, name = values["resource"], values["resource_name"]
        if values["service"] != Text.of("elasticfilesystem") or resource is None or not isinstance(name, Text):
            return None
        return arn(resource.source, name)

    def id_of(self, made: Construct) -> Text:
        """The id of a file system or access point: the literal of an imported file system, else a reference."""
        if made.family.endswith("AccessPoint"):
            name = self.point_name(made)
            self.points.setdefault(name, made)
            self._objects[f"${{{name}}}"] = made
            return reference(name)
        if made.is_imported and (literal := self._argument(made, "file_system_id")) is not None:
            self.imported.setdefault(literal, made)
            return literal
        source = f"{{{self.named(made)}.{ID_ATTRIBUTES[made.family]}}}"
        self._objects[source] = made
        return Text((Ref(source),))

    def arn_of(self, made: Construct) -> Text:
        """The ARN of a file system or access point."""
        if made.family.endswith("AccessPoint"):
            name = self.point_name(made)
            self.points.setdefault(name, made)
            return reference(name, "Arn")
        if made.is_imported:
            return arn("file-system", self.id_of(made))
        source = f"{{{self.named(made)}.{ARN_ATTRIBUTES[made.family]}}}"
        self._objects[source] = made
        return Text((Ref(source),))

    @cached_property
    def imported(self) -> dict[Value, Construct]:
        """The imported file systems, by their literal ids; `id_of` adds to it."""
        return {}

    def _argument(self, made: Construct, name: str) -> Text | None:
        """The literal argument of a construct, if it has one by this name."""
        arguments = self.document.arguments(made.call, made.place)
        found = self.value(child(arguments, name)) if isinstance(arguments, Mapping) else None
        return found if isinstance(found, Text) and found.literal else None

    def named(self, made: Construct) -> str:
        """The name of a construct in references: its first target, with a number if another construct has the same."""
        target = next(iter(made.targets), "") or made.name
        number = self._numbers.get(made, 1)
        return target if number == 1 else f"{target}#{number}"

    def point_name(self, made: Construct) -> str:
        """The name of an access point in references: its name, with a number if another one has the same."""
        number = self._point_numbers.get(made, 1)
        return made.name if number == 1 else f"{made.name}#{number}"

    @cached_property
    def _numbers(self) -> dict[Construct, int]:
        """The number of each construct among those of the same class and first target, from 1."""
        return _numbered((made, (made.family, made.targets[0])) for made in self.constructs.values() if made.targets)

    @cached_property
    def _names_of_constructs(self) -> frozenset[str]:
        """The references to the ids and ARNs of constructs."""
        return frozenset(
            f"{{{self.named(made)}.{attributes[made.family]}}}"
            for made in self.constructs.values()
            for attributes in (ID_ATTRIBUTES, ARN_ATTRIBUTES)
            if made.family in attributes
        )

    @cached_property
    def _point_numbers(self) -> dict[Construct, int]:
        """The number of each access point among those of the same name, from 1."""
        return _numbered((m, m.name) for m in self.constructs.values() if m.family.endswith("AccessPoint"))

    def _reference(self, expression: ast.expr, place: Place, source: str | None = None) -> Ref:
        """A reference to an unknown thing, by its expression. Equal references stand for the same thing: a suffix
        tells apart equal names of different scopes."""
        written = source or "{" + ast.unparse(expression) + "}"
        where = self._rank(expression, place)
        if not where and written in self._names_of_constructs:
            where = "1"  # a construct elsewhere has the same name
        if where:
            written = f"{written[:-1]}#{where}}}"
        self._expressions.setdefault(written, []).append((expression, place))
        return Ref(written)

    def known_as(self, expression: ast.expr, place: Place) -> Text:
        """The value for an unknown thing: a reference with its expression."""
        return Text((self._reference(expression, place),))

    homes: tuple[Scope, ...] = ()
    """The scopes around task definitions, in the order of the text. A name gets no suffix in the first scope that
    binds it."""

    def _rank(self, expression: ast.expr, place: Place) -> str:
        """The suffix that tells a name from an equal one in another function or class; added statements do not
        change it."""
        owner = self._owner(expression, place)
        if not owner:
            return ""
        base = next(n for n in ast.walk(expression) if isinstance(n, ast.Name))
        method = place.scope.method_of()
        of_self = method is not None and base.id == method[1]
        having = [s for s in self.homes if (s.kind == "class" if of_self else base.id in s.bindings)]
        paths = [".".join(scope.path) for scope in having]
        path, _, nth = owner.partition("/")
        rank = str(paths.index(path) + 1) if path in paths else path
        return ("" if rank == "1" else rank) + (f"/{nth}" if nth else "")

    def _owner(self, expression: ast.expr, place: Place) -> str:
        """The path of the scope that a dotted name belongs to: that of the class for attributes of `self`, empty for
        the module. A number follows if the scope assigns the name again."""
        base = next((n for n in ast.walk(expression) if isinstance(n, ast.Name)), None)
        if base is None:
            return ""
        method = place.scope.method_of()
        if method is not None and base.id == method[1]:
            return ".".join(method[0].path)
        owner, _ = self.names.owner(base.id, place.scope)
        if owner is None:
            return ""
        bindings = owner.bindings.get(base.id, [])
        before = sum(b.place.index < place.index for b in bindings) if owner is place.scope else 1
        return ".".join(owner.path) + (f"/{before}" if before > 1 else "")

    def place_of(self, expression: ast.expr) -> Place | None:
        """The place of an expression, or of the first name, call or dict in it; None if there is none."""
        found = self.names.places.get(expression)
        if found is not None:
            return found
        inner = (self.names.places.get(node) for node in ast.walk(expression))
        return next((place for place in inner if place is not None), None)

    # -- writing values -----------------------------------------------------------------------------------------------

    def write(self, member: Value, place: Place) -> NewValue:
        """The Python for a value at a place. Raises CannotEdit if the code has no name there for a reference in it."""
        if isinstance(member, Opaque):
            return NewExpression(member.source)
        for expression, at in self.spelled.get(member, ()):
            if self._same_there(expression, at, member, place=place):
                return NewExpression(self._written(expression))
        if (known := member.literal) is not None:
            return known
        parts: list[str | Inner] = []
        for part in member.parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            found = self.source(part, place)
            if found is None:
                raise CannotEdit(f"{part.source} is not known there")
            parts.append(Inner("{" + found + "}"))
        return FString(tuple(parts))

    def _written(self, expression: ast.expr) -> str:
        """An expression in the source's own spelling, on one line."""
        text = self.document.text[slice(*self.document.positions.span(expression))]
        return text if "\n" not in text and "\r" not in text else ast.unparse(expression)

    def _same_there(self, expression: ast.expr, at: Place, member: Text, place: Place) -> bool:
        """Whether a variable holds the same text at another place. An item of a variable (`names["data"]`) does if
        the variable is the same."""
        if member.literal is None:
            return False
        base = expression
        while isinstance(base, ast.Subscript):
            base = base.value
        origin, _ = self.evaluator.definition(base, place)
        if base is expression:
            return isinstance(origin, ast.Constant) and origin.value == member.literal
        return origin is not base and origin is self.evaluator.definition(base, at)[0]

    def source(self, part: Ref, place: Place) -> str | None:
        """The expression for a reference at a place, or None if the code has none there."""
        name = part.source[2:-1] if part.source.startswith("${") else ""
        point, _, attribute = name.partition(".")
        if name.startswith("AWS::"):
            return None
        if point in self.planned:
            if "." not in self.planned[point] and not place.scope.within(self.planned_scopes[point]):
                return None
            kind = self.planned_kinds[point]
            return f"{self.planned[point]}.{(ARN_ATTRIBUTES if attribute else ID_ATTRIBUTES)[kind]}"
        if point in self.points:
            made = self.points[point]
            target = self.visible(made, place)
            attributes = ARN_ATTRIBUTES if attribute else ID_ATTRIBUTES
            return f"{target}.{attributes[made.family]}" if target and made.family in attributes else None
        if part.source in self._objects:
            made = self._objects[part.source]
            target = self.visible(made, place)
            return f"{target}.{part.source[1:-1].rpartition('.')[2]}" if target else None
        for expression, origin in self._aliases.get(part.source, ()):
            if self.evaluator.definition(expression, place)[0] is origin:
                return self._written(expression)
        for expression, at in self._expressions.get(part.source, ()):
            if self._owner(expression, place) == self._owner(expression, at):
                return part.source[1:-1].partition("#")[0] if "#" in part.source else part.source[1:-1]
        return None

    def object_of(self, system: Value, place: Place) -> tuple[str | None, Construct | None]:
        """The expression for a file system as an object (L2) at a place, and its construct; each is None if the
        program does not show it."""
        made = self.imported.get(system)
        if made is None and isinstance(system, Text) and len(system.parts) == 1 and isinstance(system.parts[0], Ref):
            made = self._objects.get(system.parts[0].source)
        if made is not None:
            return self.visible(made, place), made
        if isinstance(system, Text) and len(system.parts) == 1 and isinstance(system.parts[0], Ref):
            for expression, at in self._expressions.get(system.parts[0].source, ()):
                if isinstance(expression, ast.Attribute) and expression.attr == "file_system_id":
                    typed = self.declared(expression.value, at) in (f"{EFS}.IFileSystem", f"{EFS}.FileSystem")
                    if typed and self._owner(expression, place) == self._owner(expression, at):
                        return ast.unparse(expression.value), None
        return None, None

    def declared(self, expression: ast.expr, place: Place) -> str | None:
        """The CDK class in the annotation of the parameter that an expression stands for, or None."""
        expression, place = self.evaluator.definition(expression, place)
        if not isinstance(expression, ast.Name):
            return None
        owner, _ = self.names.owner(expression.id, place.scope)
        node = owner.node if owner is not None else None
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return None
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            if argument.arg == expression.id and argument.annotation is not None:
                annotation = argument.annotation
                if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
                    try:
                        annotation = ast.parse(annotation.value, mode="eval").body
                    except SyntaxError:
                        return None
                return self.dotted(annotation, place)
        return None

    # -- names of modules ---------------------------------------------------------------------------------------------

    def prefix(self, module: str, place: Place) -> str | None:
        """The name of a module in the program at a place, with a dot behind it; empty if the program imports names
        from it; None if it imports nothing of it."""
        package: str | None = None
        by_name = False
        for statement, _ in self.names.imports:
            for alias in statement.names:
                shown = alias.asname or alias.name
                if not self._is_global(shown.partition(".")[0], place):
                    continue
                full = self._full(statement, alias)
                if full == module:
                    return f"{shown}."
                by_name = by_name or full.startswith(module + ".")
                if isinstance(statement, ast.Import) and module.startswith(full + ".") and self._uses_packages:
                    package = f"{shown}{module.removeprefix(full)}."
        return "" if by_name else package

    @cached_property
    def _uses_packages(self) -> bool:
        """Whether the program reaches modules through their package, as in `cdk.aws_ecs.Volume`, and does not import
        the ECS module."""
        ecs = [s for s, _ in self.names.imports if any(self._full(s, a).startswith(ECS) for a in s.names)]
        return not ecs

    def import_of(self, module: str, name: str) -> tuple[str, str | None, str | None, str]:
        """The import of a module that the program does not import yet, in the style of its import of the ECS module:
        module, name and alias as for `AddImport`, and the prefix for names of the module then."""
        last = module.rpartition(".")[2]
        for statement, _ in self.names.imports:
            for alias in statement.names:
                if self._full(statement, alias) != ECS:
                    continue
                shown = alias.asname
                if shown is not None:
                    shown = shown.replace("ecs", last.removeprefix("aws_")) if "ecs" in shown else last
                    shown = last if shown in self._bound else shown
                if isinstance(statement, ast.Import):
                    root = alias.name.partition(".")[0]
                    return f"{root}.{last}", None, shown, f"{shown or f'{root}.{last}'}."
                return statement.module or "aws_cdk", last, shown if shown != last else None, f"{shown or last}."
        return module, name, None, ""

    def resolves(self, name: str, full: str, place: Place) -> bool:
        """Whether a plain name stands for the CDK class `full` at a place."""
        return self.dotted(ast.Name(name, ast.Load()), place) == full

    def is_taken(self, name: str, place: Place) -> bool:
        """Whether a name is bound at a place."""
        return self.names.owner(name, place.scope)[0] is not None

    @cached_property
    def _bound(self) -> set[str]:
        """Every name that is bound somewhere in the program."""
        return set(self.taken())

    @staticmethod
    def _full(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
        """The full name of what an import statement imports, as CDK v2 has it."""
        full = alias.name
        if isinstance(statement, ast.ImportFrom):
            full = f"{statement.module or ''}.{alias.name}" if not statement.level else ""
        return full.replace("monocdk", "aws_cdk", 1)

    def _is_global(self, name: str, place: Place) -> bool:
        """Whether a name stands for an import of the module at a place."""
        owner, _ = self.names.owner(name, place.scope)
        return owner is self.names.module and all(b.reason == "imported" for b in owner.bindings.get(name, []))

    def taken(self) -> Iterator[str]:
        """The variables and attributes of the program, which a new one must not repeat."""
        seen: set[Scope] = set()
        for scope in (self.names.module, *(place.scope for _, place in self.calls)):
            inner: Scope | None = scope
            while inner is not None and inner not in seen:
                seen.add(inner)
                yield from inner.bindings
                inner = inner.parent
        yield from self.names.stores


def _numbered(found: Iterable[tuple[Construct, object]]) -> dict[Construct, int]:
    """The number of each construct among those of the same name, from 1."""
    count: dict[object, int] = {}
    numbers: dict[Construct, int] = {}
    for made, name in found:
        numbers[made] = count[name] = count.get(name, 0) + 1
    return numbers


def is_struct(name: str) -> bool:
    """Whether a class of the CDK is a plain record: a struct, or a property class of an L1 construct."""
    name = name.replace("monocdk.", "aws_cdk.", 1).replace(f"{BATCH}_alpha.", f"{BATCH}.", 1)
    return name in STRUCTS or (name.startswith("aws_cdk.") and name.endswith("Property"))


def _receiver(call: ast.Call) -> str:
    """The expression for the file system on which `add_access_point` is called; empty for other calls."""
    function = call.func
    made_on = isinstance(function, ast.Attribute) and function.attr == "add_access_point"
    return ast.unparse(function.value) if made_on and isinstance(function, ast.Attribute) else ""


def joined(parts: list[str | Ref]) -> list[str | Ref]:
    """The parts of a text with adjacent literals joined and empty ones removed."""
    made: list[str | Ref] = []
    for part in parts:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        elif part != "":
            made.append(part)
    return made


def arn(kind: str, member: Text) -> Text:
    """The ARN of a file system or access point in the account and Region of the stack, in the form that the rules
    make."""
    partition, region, account = (reference(f"AWS::{name}").parts for name in ("Partition", "Region", "AccountId"))
    start: list[str | Ref] = ["arn:", *partition, ":elasticfilesystem:", *region, ":", *account, f":{kind}/"]
    return Text(tuple(joined([*start, *member.parts])))


def scope_of(place: Place) -> str:
    """The path of the class or outermost function around a place; code inside it can share constructs."""
    scope = place.scope
    while scope.parent is not None and scope.method_of() is None and scope.parent.kind != "module":
        scope = scope.parent
    method = scope.method_of()
    return ".".join(method[0].path if method is not None else scope.path)


# -- file systems and access points -----------------------------------------------------------------------------------


def is_file_system(made: Construct) -> bool:
    """Whether the program creates a file system by this construct."""
    return made.kind in (f"{EFS}.FileSystem", f"{EFS}.CfnFileSystem")


def is_access_point(made: Construct) -> bool:
    """Whether the program creates an access point by this construct."""
    return made.kind in (f"{EFS}.AccessPoint", f"{EFS}.CfnAccessPoint")


def source_of(program: Program, node: Node | None) -> str:
    """The text of a node's value; empty if it has none."""
    found = program.value(node)
    return found.source if found is not None else ""
