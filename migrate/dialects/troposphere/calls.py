"""Writes new values, calls of troposphere's classes and the imports that they need, in the style of one module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from migrate.dialects.troposphere.objects import PACKAGE, Objects, TitledObject
from migrate.syntax import CannotEdit, resolve
from migrate.syntax.node import (
    Added,
    AddImport,
    AnyEdit,
    Call,
    EditMapping,
    EditSequence,
    Entry,
    FString,
    Inner,
    Kept,
    Mapping,
    New,
    NewExpression,
    NewValue,
    Renamed,
    SetCallee,
)
from migrate.syntax.python.names import Place
from rules.model import Opaque, Ref, Text, Value

_PROPERTIES = {
    "AuthorizationConfig": "AuthorizationConfig",
    "CreationInfo": "CreationInfo",
    "EFSVolumeConfiguration": "EFSVolumeConfiguration",
    "EfsVolumeConfiguration": "EfsVolumeConfiguration",
    "Policies": "Policy",
    "PosixUser": "PosixUser",
    "RootDirectory": "RootDirectory",
}
"""Maps the properties that are written as objects to the names of their classes."""
_TAGS = ("AccessPointTags", "Tags")
"""The properties that are lists of tags."""
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}|\$\{(AWS::[A-Za-z]+)\}")
"""A reference of the model: `${Name}`, `${Name.Attribute}` or `${AWS::Region}`."""
_VARIABLES = {":file-system/": "FileSystemId", ":access-point/": "AccessPointId"}
"""Maps the end of the text before an expression to the variable's name in `Sub`; any other is `Value`."""


@dataclass(frozen=True, slots=True)
class Later(NewExpression):
    """A value of the model whose source depends on the place where it is written, and is chosen when that is known."""

    member: Value


def later(member: Value) -> NewValue:
    """A value of the model for an edit: a literal as it is, any other value as a `Later`."""
    literal = member.literal
    return literal if literal is not None else Later(member.source, member)


@dataclass(frozen=True)
class Variable:
    """The variable that a new statement sets, the statement beside which that one goes, and the side."""

    name: str
    place: Place
    before: bool


@dataclass
class CallWriter:
    """Writes values and classes in the style of one module, and collects the imports that they need."""

    objects: Objects
    by_title: dict[str, TitledObject]
    """Maps titles to the module's objects."""
    imports: dict[tuple[str, str | None, str | None], None] = field(default_factory=dict)
    """The imports to add, as (module, name, alias). The name is None for `import module`, the alias None if there is
    none. A dict, since it keeps their order."""
    new: dict[str, Variable] = field(default_factory=dict)
    """Maps the titles of new resources to their variables."""

    @classmethod
    def of(cls, objects: Objects) -> CallWriter:
        """The writer for a module. If several objects have one title, the first counts."""
        found: dict[str, TitledObject] = {}
        for made in objects.made:
            if made.title is not None:
                found.setdefault(made.title, made)
        return cls(objects, found)

    def begin(self) -> None:
        """Forgets the imports and variables that checks have left, before edits are written."""
        self.imports.clear()
        self.new.clear()

    # -- imports ------------------------------------------------------------------------------------------------------

    def name(self, module: str, name: str) -> str:
        """The name of a class in this module, such as `efs.AccessPoint`. `module` is troposphere's module with the
        class; empty for functions and classes of the package itself. Records an import if the module lacks it."""
        wanted = f"{PACKAGE}.{module}.{name}" if module else f"{PACKAGE}.{name}"
        for known, dotted in self._imported.items():
            if dotted == wanted:
                return known
        around = [
            (dotted, known)
            for known, dotted in self._imported.items()
            if wanted.startswith(dotted + ".") and (dotted != PACKAGE or not module or self._imports_module(module))
        ]
        if around and (module or not self._imports_functions):
            dotted, known = max(around)
            return f"{known}.{wanted.removeprefix(dotted + '.')}"
        if not module:
            return self._import(PACKAGE, name)
        package = f"{PACKAGE}.{module}"
        habits = [self._habit(dotted) for dotted in self._module_imports]
        if habits.count("names") > habits.count("modules"):
            return self._import(package, name)
        if habits.count("alias") > habits.count("from"):
            alias = self._free(module)
            self.imports[package, None, alias] = None
            return f"{alias}.{name}"
        return f"{self._import(PACKAGE, module)}.{name}"

    def _import(self, module: str, name: str) -> str:
        """Records an import of `name` from `module`, and returns the name that it gets here."""
        alias = self._free(name)
        self.imports[module, name, alias if alias != name else None] = None
        return alias

    def _free(self, name: str) -> str:
        """The name itself if nothing in the module has it, else the name with the prefix `troposphere_` or
        `Troposphere`."""
        if name not in self.bound:
            return name
        return f"troposphere_{name}" if name.islower() else f"Troposphere{name}"

    @cached_property
    def bound(self) -> set[str]:
        """All names that the module gives a value, in any scope."""
        return {name for scope in self.objects.scopes for name in scope.bindings}

    @cached_property
    def _imported(self) -> dict[str, str]:
        """Maps the module's names for imports from troposphere to their full dotted names. Leaves out names that are
        bound more than once."""
        module = self.objects.document.names.module
        found: dict[str, str] = {}
        for name, bindings in module.bindings.items():
            if len(bindings) == 1 and bindings[0].reason == "imported":
                statement = bindings[0].place.statement
                place = Place(module, bindings[0].place.block, 1 << 60, statement=statement)
                dotted = self.objects.document.dotted(ast.Name(name, ast.Load()), place)
                if dotted is not None and dotted.split(".")[0] == PACKAGE:
                    found[name] = dotted
        return found

    @cached_property
    def _imports_functions(self) -> bool:
        """Whether the module imports names such as `Ref` from the package itself."""
        return any(
            dotted.count(".") == 1 and dotted.rpartition(".")[2][0].isupper() for dotted in self._imported.values()
        )

    def _imports_module(self, module: str) -> bool:
        """Whether `import troposphere.module` lets the module be reached through the package here."""
        return any(
            isinstance(statement, ast.Import) and any(a.name == f"{PACKAGE}.{module}" for a in statement.names)
            for statement, _ in self.objects.document.names.imports
        )

    @cached_property
    def _module_imports(self) -> list[ast.Import | ast.ImportFrom]:
        """The imports of troposphere's modules, and of names from them."""
        return [
            statement
            for statement, _ in self.objects.document.names.imports
            if (
                isinstance(statement, ast.ImportFrom)
                and (statement.module or "").split(".")[0] == PACKAGE
                and any(alias.name.islower() for alias in statement.names)
            )
            or (isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(f"{PACKAGE}."))
            or (isinstance(statement, ast.Import) and statement.names[0].name.startswith(f"{PACKAGE}."))
        ]

    @staticmethod
    def _habit(statement: ast.Import | ast.ImportFrom) -> str:
        """The form of an import: `alias` for `import troposphere.ecs`, `names` for `from troposphere.ecs import
        Volume`, `modules` for `from troposphere import ecs`."""
        if isinstance(statement, ast.Import):
            return "alias"
        return "names" if statement.module != PACKAGE else "modules"

    # -- values -------------------------------------------------------------------------------------------------------

    def value(self, member: Value, place: Place) -> NewValue:
        """A value of the model as it is written at a place. Raises CannotEdit if a name in it may mean something else
        there."""
        if isinstance(member, Opaque):
            return NewExpression(self._carried(member.handle, member.source, place))
        literal = member.literal
        if literal is not None:
            return literal
        member = Text(tuple(self._with_handle(part) for part in member.parts))
        if len(member.parts) == 1:
            part = member.parts[0]
            assert isinstance(part, Ref)
            if part.handle is not None:
                return NewExpression(self._carried(part.handle, part.source, place))
            return self._reference(part.source, place)
        python = [p for p in member.parts if isinstance(p, Ref) and id(p.handle) in self.objects.sources]
        if len(python) == sum(isinstance(p, Ref) for p in member.parts):
            return self._f_string(member, place)
        if self._prefers_join:
            parts = [p if isinstance(p, str) else self.value(Text((p,)), place) for p in member.parts]
            return Call(self.name("", "Join"), {}, ("", parts))
        return self._sub(member, place)

    def _with_handle(self, part: str | Ref) -> str | Ref:
        """A reference with the node of its expression, found by its text if the reference has no node."""
        if isinstance(part, Ref) and part.handle is None:
            return Ref(part.source, self.objects.by_text.get(part.source))
        return part

    def _f_string(self, member: Text, place: Place) -> NewValue:
        """An f-string with the texts and Python expressions of a value."""
        parts: list[str | Inner] = []
        for part in member.parts:
            if isinstance(part, str):
                parts.append(part)
            else:
                self._carried(part.handle, part.source, place)
                parts.append(Inner(self.objects.sources[id(part.handle)][0]))
        return FString(tuple(parts))

    def _sub(self, member: Text, place: Place) -> NewValue:
        """A call of `Sub` with the expressions of a value as variables."""
        template = ""
        variables: dict[str, NewValue] = {}
        for part in member.parts:
            if isinstance(part, str):
                template += part.replace("${", "${!")
            elif part.handle is None and part.source.startswith("${"):
                template += part.source
            else:
                wanted = next((name for end, name in _VARIABLES.items() if template.endswith(end)), "Value")
                name = wanted if wanted not in variables else f"{wanted}{len(variables) + 1}"
                variables[name] = NewExpression(self._carried(part.handle, part.source, place))
                template += f"${{{name}}}"
        return Call(self.name("", "Sub"), variables, (template,))

    def _carried(self, handle: object, source: str, place: Place) -> str:
        """The source of an expression of the module, to be written at another place. Raises CannotEdit if a name in it
        may mean something else there."""
        known = self.objects.sources.get(id(handle))
        if known is not None:
            written, at = known
            parsed = ast.parse("f" + repr(written), mode="eval").body
            if not (isinstance(parsed, ast.JoinedStr) and isinstance(parsed.values[0], ast.FormattedValue)):
                raise CannotEdit(f"{source} cannot be written again")
            expression: ast.expr = parsed.values[0].value
            text = ast.unparse(expression)
        else:
            origin = self.objects.document.evaluator.origin.get(id(handle))
            found = self.objects.places.get(id(handle))
            if origin is None or found is None:
                raise CannotEdit(f"{source} cannot be written again")
            expression, at = origin, found
            start, end = self.objects.document.positions.span(origin)
            text = " ".join(self.objects.document.text[start:end].split())
            if "#" in text:
                text = ast.unparse(expression)
        for node in ast.walk(expression):
            if isinstance(node, ast.Name) and not self._means_the_same(node.id, at, place):
                raise CannotEdit(f"`{node.id}` may be something else where {source} would be needed")
        return text

    def _means_the_same(self, name: str, one: Place, other: Place) -> bool:
        """Whether a name certainly has the same value at two places."""
        names, evaluator = self.objects.document.names, self.objects.document.evaluator
        first, _ = names.owner(name, one.scope)
        second, _ = names.owner(name, other.scope)
        if first is not second:
            return False
        if first is None:
            return True
        bindings = first.bindings.get(name, [])
        if len(bindings) > 1:
            a, _ = evaluator.reaching(name, first, one, later=first is not one.scope)
            b, _ = evaluator.reaching(name, first, other, later=first is not other.scope)
            return a is not None and a is b
        return (
            not bindings or first is not other.scope or bindings[0].place.index < other.index or first.kind != "module"
        )

    def _reference(self, source: str, place: Place) -> NewValue:
        """The call of `Ref` or `GetAtt`, or the pseudo parameter, for a reference such as `${Role.Arn}`."""
        match = _REFERENCE.fullmatch(source)
        if match is None:
            raise CannotEdit(f"{source} cannot be written again")
        if match[3]:
            short = match[3].removeprefix("AWS::")
            if any(dotted == f"{PACKAGE}.{short}" for dotted in self._imported.values()):
                return NewExpression(self.name("", short))
            return Call(self.name("", "Ref"), {}, (match[3],))
        target = self._thing(match[1], place)
        if match[2]:
            return Call(self.name("", "GetAtt"), {}, (target, match[2]))
        return Call(self.name("", "Ref"), {}, (target,))

    def _thing(self, title: str, place: Place) -> NewValue:
        """The argument of `Ref` or `GetAtt` for an object: its variable if the module writes variables there and this
        one certainly holds the object at the place, else its title."""
        new = self.new.get(title)
        if new is not None:
            visible = place.block.within(new.place.block) and place.scope is new.place.scope
            there = place.index > new.place.index or (new.before and place.statement is new.place.statement)
            if visible and there and (new.before or place.statement is not new.place.statement):
                return NewExpression(new.name)
            return title
        made = self.by_title.get(title)
        if made is None or not self._prefers_variables:
            return title
        variable = self.objects.variable(made, place)
        return NewExpression(variable) if variable else title

    @cached_property
    def _prefers_variables(self) -> bool:
        """Whether the module's references name variables at least as often as titles."""
        calls = [c for c, dotted in self.objects.dotted.items() if dotted in (f"{PACKAGE}.Ref", f"{PACKAGE}.GetAtt")]
        titles = [
            c for c in calls if c.args and isinstance(c.args[0], ast.Constant) and "::" not in str(c.args[0].value)
        ]
        variables = [c for c in calls if c.args and isinstance(c.args[0], ast.Name | ast.Attribute)]
        return len(variables) >= len(titles)

    @cached_property
    def _prefers_join(self) -> bool:
        """Whether the module calls `Join` more often than `Sub`."""
        found = list(self.objects.dotted.values())
        return found.count(f"{PACKAGE}.Join") > found.count(f"{PACKAGE}.Sub")

    # -- edits --------------------------------------------------------------------------------------------------------

    def finished(self, edits: Iterable[AnyEdit]) -> list[AnyEdit]:
        """The edits with every new value spelt for its place and new properties as calls of their classes, followed by
        the imports that these need."""
        done: list[AnyEdit] = []
        for edit in edits:
            match edit:
                case EditMapping():
                    done += self._mapping(edit)
                case EditSequence():
                    place = self._place(edit.node)
                    made = any(id(resolve(item)) in self.objects.classes for item in edit.node.items)
                    listed = (
                        New(self._policy(i.value, place) if made else self.written(i.value, place), i.like)
                        if isinstance(i, New)
                        else i
                        for i in edit.items
                    )
                    done.append(EditSequence(edit.node, tuple(listed)))
                case _:
                    done.append(edit)
        document = self.objects.document
        for module, name, alias in sorted(self.imports, key=lambda one: (one[0], one[1] or "")):
            done.append(AddImport(document.import_place(module), module, name, alias=alias))
        return done

    def _place(self, node: object) -> Place:
        """The place where a node was made. Raises CannotEdit if it has none."""
        place = self.objects.places.get(id(node))
        if place is None:
            raise CannotEdit("a part of the template that has no place in the module")
        return place

    def _mapping(self, edit: EditMapping) -> Iterator[AnyEdit]:
        """The edits for a change of one mapping: its class, if it gets another one, and its arguments. Arguments that
        are not properties, such as `DependsOn`, stay."""
        dotted = self.objects.classes.get(id(edit.node))
        place = self._place(edit.node)
        entries: list[Kept | Renamed | Added] = []
        for entry in edit.entries:
            if isinstance(entry, Added):
                value = entry.value
                if dotted is not None:
                    value = self.shaped(entry.key, value, dotted.split(".")[1])
                entries.append(replace(entry, value=self.written(value, place)))
                continue
            if isinstance(entry, Kept) and not self.objects.is_argument(entry.entry):
                continue  # a separate statement sets it, and stays as it is
            entries.append(entry)
            if isinstance(entry, Renamed) and dotted is not None and entry.key in _PROPERTIES:
                node = resolve(entry.entry.value)
                if isinstance(node, Mapping) and id(node) in self.objects.classes:
                    yield SetCallee(node, self._beside(node, _PROPERTIES[entry.key]))
        for hidden in filter(self.objects.is_argument, self.objects.unlisted.get(id(edit.node), ())):
            entries.insert(self._position(hidden, entries), Kept(hidden))
        yield EditMapping(edit.node, tuple(entries))

    def _beside(self, node: Mapping, name: str) -> str:
        """The name of a class that lies in the same module of troposphere as the class of a node."""
        return self.name(self.objects.classes[id(node)].split(".")[1], name)

    def _position(self, hidden: Entry, entries: list[Kept | Renamed | Added]) -> int:
        """The index among `entries` at which an argument keeps its place in the order of the source."""
        origin = self.objects.document.evaluator.entry_origin
        number = origin.get(id(hidden), 1 << 30)
        at = 0
        for index, entry in enumerate(entries):
            old = entry.replaces if isinstance(entry, Added) else entry.entry
            if old is not None and origin.get(id(old), 1 << 30) < number:
                at = index + 1
        return at

    def shaped(self, key: str, value: NewValue, module: str) -> NewValue:
        """A property's new value with calls of troposphere's classes for the property types, policies and tags in it.
        `module` is the module of those classes."""
        name = _PROPERTIES.get(key)
        if isinstance(value, dict) and name is not None:
            members = {k: self.shaped(k, v, module) for k, v in value.items()}
            return Call(self.name(module, name), members)
        if isinstance(value, list) and key == "Policies":
            return [Call(self.name("iam", "Policy"), dict(v)) if isinstance(v, dict) else v for v in value]
        if isinstance(value, list) and key in _TAGS:
            return self._tags(value)
        return value

    def _tags(self, tags: list[NewValue]) -> NewValue:
        """A call of `Tags`. Raises CannotEdit if a key is an expression."""
        pairs = {str(tag["Key"]): tag["Value"] for tag in tags if isinstance(tag, dict) and isinstance(tag["Key"], str)}
        if len(pairs) < len(tags):
            raise CannotEdit("a tag whose key is an expression")
        if all(key.isidentifier() for key in pairs):
            return Call(self.name("", "Tags"), pairs)
        return Call(self.name("", "Tags"), {}, (pairs,))

    def _policy(self, value: NewValue, place: Place) -> NewValue:
        """A new item of a list of objects: an inline policy as a call of `iam.Policy`."""
        if not isinstance(value, dict) or "PolicyDocument" not in value:
            return self.written(value, place)
        return self.written(Call(self.name("iam", "Policy"), dict(value)), place)

    def written(self, value: NewValue, place: Place) -> NewValue:
        """A value in which every `Later` is replaced by its source at a place."""
        match value:
            case Later():
                return self.value(value.member, place)
            case dict():
                return {key: self.written(member, place) for key, member in value.items()}
            case list():
                return [self.written(member, place) for member in value]
            case Call():
                arguments = {key: self.written(member, place) for key, member in value.arguments.items()}
                return replace(
                    value, arguments=arguments, positional=tuple(self.written(v, place) for v in value.positional)
                )
            case _:
                return value
