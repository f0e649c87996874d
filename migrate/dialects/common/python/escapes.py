"""Follows an object of a program through its names: who calls its methods, who sets its attributes, and where it leaves
the code that can be read.

An object that has left (an argument of code that is not the library's and not in this file, a value that is returned
to such code, something that may be any of several objects) can be changed there. What the program shows of it is then
only known as far as such a change cannot touch it.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from migrate.syntax.python.module import PythonModule
from migrate.syntax.python.names import Names, Place, Scope, Use

_MOST_USES = 5_000
"""The largest number of expressions that are followed for one object."""
_HARMLESS = frozenset(
    {"print", "len", "str", "repr", "bool", "isinstance", "issubclass", "type", "id", "hash", "hasattr", "format"}
)
"""Builtins that neither keep nor change what they are given."""
_LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
"""Methods of loggers."""
_LOGGER = re.compile(r"log(?:ger|ging)?$", re.IGNORECASE)
"""Finds names of loggers."""
_CHECKING = ("cdk_nag.", "logging.", "warnings.")
"""Packages whose functions change nothing that they are given."""
_COLLECTING = frozenset({"list", "tuple", "set", "sorted", "reversed", "enumerate", "zip", "iter", "next", "cast"})
"""Functions that return what they are given, or a collection of it."""
_ADDING = frozenset({"append", "extend", "insert", "add", "update", "setdefault"})
"""Methods by which a collection takes an object in."""
_CHANGING = _ADDING | {"pop", "clear", "remove", "sort", "reverse", "popitem"}
"""Methods that change a collection."""
_LIBRARY_WORDS = (
    "add_",
    "allow_",
    "apply_",
    "attach_",
    "bind",
    "connect",
    "from_",
    "grant",
    "register_",
    "to_",
    "use_",
)
"""Beginnings of the methods of libraries that are given objects to connect them, on objects of an unknown class."""


@dataclass(frozen=True, eq=False, slots=True)
class Escape:
    """A use by which an object leaves the code that can be read. `reason` says in words what happens in which line."""

    expression: ast.expr
    place: Place
    reason: str
    is_return: bool = False
    """Whether it is returned to callers in other files."""
    call: ast.Call | None = None
    """The call that it is given to, if that is how it leaves."""

    @property
    def line(self) -> int:
        return self.expression.lineno

    def of(self, name: str) -> str:
        """The reason, with the name of the object in it."""
        return re.sub(r"\bit(s?)\b", lambda found: f"{name}'s" if found[1] else name, self.reason, count=1)


@dataclass(eq=False)
class ObjectUses:
    """Everything that a program visibly does with one object."""

    methods: list[tuple[ast.Call, Place]] = field(default_factory=list)
    """The calls of its methods, and of those of its parts, in no particular order."""
    assigned: list[tuple[ast.Attribute, Place]] = field(default_factory=list)
    """The assignments to its attributes, and to those of its parts, like `task.volumes = …`."""
    escapes: list[Escape] = field(default_factory=list)

    @property
    def assignments(self) -> list[ast.stmt]:
        """The statements of the assignments."""
        return [place.statement for _, place in self.assigned]

    @property
    def escape(self) -> Escape | None:
        """The first place in the text where the object leaves the code that can be read, or None."""
        return min(self.escapes, key=lambda escape: escape.line, default=None)


class Escapes:
    """Follows objects of one program. `parts` are the attributes, and the methods that look them up, that lead from an
    object to a part of it: what is done to the part is done to the object."""

    def __init__(self, document: PythonModule) -> None:
        self.document = document
        self.names = document.names
        self.evaluator = document.evaluator
        self._found: dict[tuple[ast.AST, frozenset[str]], ObjectUses] = {}

    def uses(self, made: ast.expr, parts: frozenset[str] = frozenset()) -> ObjectUses:
        """The uses of the object that an expression makes (a call, mostly), through all names that may stand for it."""
        if (made, parts) not in self._found:
            self._found[made, parts] = _Walk(self, parts).from_expression(made)
        return self._found[made, parts]

    def uses_of_name(self, name: str, owner: Scope, parts: frozenset[str] = frozenset()) -> ObjectUses:
        """The uses of the object that a parameter or variable of a scope stands for."""
        walk = _Walk(self, parts)
        for use in self.names.uses_of(name, owner):
            walk.pending.append((use.node, use.place, False))
        return walk.finished()

    def is_library(self, function: ast.expr, place: Place) -> bool:
        """Whether a dotted name belongs to the library, or is a method of one of its objects."""
        name = self.evaluator.dotted(function, place)
        if name is not None:
            unbound = name.rpartition(".")[2].startswith(("add_", "set_"))  # `AutoScalingGroup.add_user_data(asg, …)`
            return self.evaluator.library(name) and not unbound
        if not isinstance(function, ast.Attribute):
            return False
        base: ast.expr = function.value
        for _ in range(20):
            base, place = self.evaluator.definition(base, place)
            match base:
                case ast.Attribute():
                    base = base.value
                case ast.Call():
                    if (named := self.evaluator.dotted(base.func, place)) is not None:
                        return self.evaluator.library(named)
                    if self.functions(base, place):
                        return False
                    base = base.func
                case ast.Name():
                    # A parameter, mostly: its class is not known, and only the name of the method tells.
                    imported = self.evaluator.dotted(base, place) is not None
                    return not imported and function.attr.startswith(_LIBRARY_WORDS)
                case _:
                    return False
        return False

    def is_harmless(self, call: ast.Call, place: Place) -> bool:
        """Whether a call is one of the library, or of a builtin that keeps nothing."""
        if isinstance(call.func, ast.Name) and call.func.id in _HARMLESS:
            return self.names.owner(call.func.id, place.scope)[0] is None
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in _LOGGING
            and _LOGGER.search(_last(call.func.value))
        ):
            return True
        if (self.evaluator.dotted(call.func, place) or "").startswith(_CHECKING):
            return True
        return self.is_library(call.func, place)

    def functions(self, call: ast.Call, place: Place) -> list[Scope]:
        """The functions and methods of this program that a call may run: for a class, its `__init__`; for a method,
        those of the classes that inherit from its class, too. Empty if it calls something else."""
        return list(self._functions(call, place))

    def _functions(self, call: ast.Call, place: Place) -> Iterator[Scope]:
        match call.func:
            case ast.Name():
                function, at = self.evaluator.definition(call.func, place)
                name = function.id if isinstance(function, ast.Name) else ""
                owner, _ = self.names.owner(name, at.scope)
                for scope in self.scopes.get(name, ()):
                    if scope.parent is owner and scope.kind == "function":
                        yield scope
                    elif scope.parent is owner and scope.kind == "class":
                        yield from self.method(scope, "__init__")
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=attr):
                if (own := self._class_around(place)) is not None:
                    for base in own.bases:
                        for above in self.names.classes.get(base, ()):
                            yield from self.method(above, attr)
            case ast.Attribute(value=value, attr=attr):
                for scope in self.classes_of(value, place):
                    yield from self.method(scope, attr)
                    for heir in self.names.relatives(scope):
                        if scope.path[-1] in heir.bases:
                            yield from (s for s in self.scopes.get(attr, ()) if s.parent is heir)
            case _:
                pass

    def method(self, scope: Scope, name: str, depth: int = 0) -> Iterator[Scope]:
        """The method of a class with this name: its own, or the ones that it inherits."""
        own = [s for s in self.scopes.get(name, ()) if s.parent is scope and s.kind == "function"]
        if own or depth > 10:
            yield from own
            return
        for base in scope.bases:
            for above in self.names.classes.get(base, ()):
                yield from self.method(above, name, depth + 1)

    def _class_around(self, place: Place) -> Scope | None:
        scope: Scope | None = place.scope
        while scope is not None:
            if (method := scope.method_of()) is not None:
                return method[0]
            scope = scope.parent
        return None

    def classes_of(self, value: ast.expr, place: Place) -> list[Scope]:
        """The classes of this program that an object may have: that of `self`, of `C(…)`, or C itself."""
        origin, at = self.evaluator.definition(value, place)
        if isinstance(origin, ast.Call):
            origin = origin.func
        if not isinstance(origin, ast.Name):
            return []
        scope: Scope | None = at.scope
        while scope is not None:
            if origin.id in scope.bindings:
                method = scope.method_of()
                if method is not None and method[1] == origin.id:
                    return [method[0]]
                break
            scope = scope.parent
        owner, _ = self.names.owner(origin.id, at.scope)
        return [c for c in self.names.classes.get(origin.id, ()) if c.parent is owner]

    @cached_property
    def scopes(self) -> dict[str, list[Scope]]:
        """The functions and classes of the program, by name."""
        found: dict[str, list[Scope]] = {}
        for scope in (*self.names.functions, *(s for group in self.names.classes.values() for s in group)):
            found.setdefault(scope.path[-1], []).append(scope)
        return found


class _Walk:
    """One walk along the uses of an object."""

    def __init__(self, escapes: Escapes, parts: frozenset[str]) -> None:
        self.escapes = escapes
        self.names = escapes.names
        self.parts = parts
        self.found = ObjectUses()
        self.pending: list[tuple[ast.expr, Place, bool]] = []
        """Expressions that stand for the object; the flag says whether for a collection that contains it."""
        self.seen: set[tuple[ast.AST, bool]] = set()

    def from_expression(self, made: ast.expr) -> ObjectUses:
        place = self.names.places.get(made)
        if place is not None:
            self.pending.append((made, place, False))
        return self.finished()

    def finished(self) -> ObjectUses:
        while self.pending:
            node, place, inside = self.pending.pop()
            if (node, inside) in self.seen:
                continue
            self.seen.add((node, inside))
            if len(self.seen) > _MOST_USES:
                self.leaves(node, place, "uses it in more ways than are followed")
                break
            self.follow(node, place, inside)
        return self.found

    def leaves(
        self, node: ast.expr, place: Place, how: str, *, is_return: bool = False, call: ast.Call | None = None
    ) -> None:
        self.found.escapes.append(Escape(node, place, f"line {node.lineno} {how}", is_return=is_return, call=call))

    def on(self, uses: list[Use], inside: bool) -> None:
        self.pending += [(use.node, use.place, inside) for use in uses]

    def follow(self, node: ast.expr, place: Place, inside: bool) -> None:
        """Follows one expression that stands for the object to the place that its value goes to."""
        parent = self.names.parents.get(node)
        match parent:
            case ast.Assign():
                for target in parent.targets:
                    self.to(target, place, inside)
            case ast.AnnAssign() | ast.NamedExpr() | ast.AugAssign():
                self.to(parent.target, place, inside)
                if isinstance(parent, ast.NamedExpr):
                    self.pending.append((parent, place, inside))
            case ast.Attribute(attr=attr) if not inside:
                called = self.names.parents.get(parent)
                if not isinstance(parent.ctx, ast.Load):
                    self.found.assigned.append((parent, place))
                elif isinstance(called, ast.Call) and called.func is parent:
                    self.found.methods.append((called, place))
                    if attr in self.parts:
                        self.pending.append((called, place, attr.endswith(("children", "find_all"))))
                elif attr in self.parts:
                    self.pending.append((parent, place, attr == "children"))
                elif _is_changing(attr) and not isinstance(called, ast.Expr):
                    self.leaves(node, place, f"hands on its method `{attr}`")
                elif isinstance(called, ast.Attribute | ast.Subscript):
                    self.inner(parent, place)
            case ast.Attribute(attr=attr):
                called = self.names.parents.get(parent)
                if isinstance(called, ast.Call) and called.func is parent and attr not in _ADDING:
                    self.pending.append((called, place, True))
            case ast.keyword():
                call = self.names.parents.get(parent)
                if isinstance(call, ast.Call):
                    self.given(call, node, place, inside)
            case ast.Call() if parent.func is not node:
                self.given(parent, node, place, inside)
            case ast.Return():
                self.returned(node, place, inside)
            case ast.List() | ast.Tuple() | ast.Set() | ast.Dict():
                self.pending.append((parent, place, True))
            case ast.Starred() | ast.IfExp() | ast.BoolOp() | ast.Await():
                if not (isinstance(parent, ast.IfExp) and parent.test is node):
                    self.pending.append((parent, place, inside))
            case ast.Subscript() if parent.value is node and isinstance(parent.ctx, ast.Load):
                self.pending.append((parent, place, inside))
                self.pending.append((parent, place, False))
            case ast.For() | ast.AsyncFor() | ast.comprehension() if parent.iter is node:
                self.to(parent.target, place, False)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self.pending.append((parent, place, True))
            case ast.Yield() | ast.YieldFrom() | ast.Lambda():
                self.leaves(node, place, "hands it on to code that is not followed")
            case ast.withitem() if parent.optional_vars is not None:
                self.to(parent.optional_vars, place, inside)
            case _:
                pass  # only read: compared, tested, formatted

    def inner(self, attribute: ast.Attribute, place: Place) -> None:
        """Looks for changes of what an attribute holds, like `task.volumes[0].host = …` and `task.volumes.clear()`."""
        node: ast.AST = attribute
        while isinstance(outer := self.names.parents.get(node), ast.Attribute | ast.Subscript) and outer.value is node:
            if not isinstance(outer.ctx, ast.Load):
                self.found.assigned.append((attribute, place))
                return
            node = outer
        changes = isinstance(node, ast.Attribute) and node.attr in _CHANGING
        if changes and isinstance(outer, ast.Call) and outer.func is node:
            self.found.assigned.append((attribute, place))

    def to(self, target: ast.expr, place: Place, inside: bool) -> None:
        """The object goes to a variable, an attribute, or an item of a collection."""
        match target:
            case ast.Name(id=name):
                owner, _ = self.names.owner(name, place.scope)
                if owner is not None:
                    self.on(self.names.uses_of(name, owner), inside)
            case ast.Attribute(attr=attr):
                owners = self.escapes.classes_of(target.value, place)
                self.on([use for use in self.names.attributes.get(attr, []) if self.may_read(use, owners)], inside)
                base, at = self.escapes.evaluator.definition(target.value, place)
                owner, _ = self.names.owner(base.id, at.scope) if isinstance(base, ast.Name) else (None, False)
                method = owner.method_of() if owner is not None else None
                if isinstance(base, ast.Name) and method is not None and method[1] == base.id:
                    self.kept(base.id, method[0])
                elif not (isinstance(base, ast.Call) and self.escapes.functions(base, at)):
                    self.leaves(target, place, f"stores it in `{ast.unparse(target)}`")
            case ast.Subscript():
                holder = target.value
                if isinstance(holder, ast.Name | ast.Attribute):
                    self.to(holder, place, True)
            case ast.Tuple() | ast.List():
                for one in target.elts:
                    self.to(one, place, inside)
            case ast.Starred():
                self.to(target.value, place, True)
            case _:
                pass

    def may_read(self, use: Use, owners: list[Scope]) -> bool:
        """Whether an attribute may be read of an instance of these classes."""
        if not owners or not isinstance(use.node, ast.Attribute):
            return True
        read = self.escapes.classes_of(use.node.value, use.place)
        return not read or any(one is other or one in self.names.relatives(other) for one in read for other in owners)

    def kept(self, own: str, scope: Scope) -> None:
        """The object is an attribute of `self`, which the methods of its class may hand on."""
        for use in self.names.uses.get(own, ()):
            method = use.place.scope.method_of()
            if method is None or method[0] is not scope or method[1] != own:
                continue
            parent = self.names.parents.get(use.node)
            call = self.names.parents.get(parent) if isinstance(parent, ast.keyword) else parent
            if not isinstance(call, ast.Call) or call.func is use.node or is_class_name(call.func):
                continue  # a construct that is made in this one's scope does not change its neighbours
            if self.escapes.is_harmless(call, use.place) or self.escapes.functions(call, use.place):
                continue
            second = call.args[1] if len(call.args) > 1 else None
            if call.args[:1] == [use.node] and isinstance(second, ast.Constant) and isinstance(second.value, str):
                continue  # a function that makes constructs in this one's scope
            self.leaves(use.node, use.place, f"gives `{own}` to `{shown(call)}`, which is not followed")

    def given(self, call: ast.Call, node: ast.expr, place: Place, inside: bool) -> None:
        """The object is an argument of a call."""
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if isinstance(call.func, ast.Attribute) and call.func.attr in _ADDING:
            holder, _ = self.escapes.evaluator.definition(call.func.value, place)
            made = holder.func.id if isinstance(holder, ast.Call) and isinstance(holder.func, ast.Name) else ""
            if made in ("list", "set", "dict") or isinstance(holder, ast.List | ast.Dict | ast.Set | ast.ListComp):
                self.to(call.func.value, place, True)
                return
        if functions := self.escapes.functions(call, place):
            for function in functions:
                self.into(function, call, node, place=place, inside=inside)
            return
        if (name in _COLLECTING and hasattr(builtins, name)) or _casts(call):
            self.pending.append((call, place, True))
            self.pending.append((call, place, False))
        elif name == "getattr" and call.args[:1] == [node]:
            self.leaves(node, place, "reads an attribute of it by a name that is computed")
        elif not self.escapes.is_harmless(call, place):
            fields = self.fields(call, node, place)
            if fields is not None:
                self.on([use for name in fields for use in self.names.attributes.get(name, ())], inside)
                self.pending.append((call, place, True))
            elif not (is_class_name(call.func) and _is_scope(call, node)):
                self.leaves(node, place, f"gives it to `{shown(call)}`, which is not followed", call=call)

    def fields(self, call: ast.Call, node: ast.expr, place: Place) -> list[str] | None:
        """The fields that take an argument, if the call makes a dataclass or named tuple of this program; else None."""
        made = [scope for scope in self.escapes.classes_of(call.func, place) if _is_record(scope)]
        if not made or isinstance(node, ast.Starred):
            return None
        named = next((k.arg for k in call.keywords if k.value is node), None)
        if named is not None:
            return [named]
        listed = [name for scope in made for s in getattr(scope.node, "body", ()) if (name := _field(s)) is not None]
        return listed[call.args.index(node) :][:1] if node in call.args and len(made) == 1 else listed

    def into(self, function: Scope, call: ast.Call, node: ast.expr, *, place: Place, inside: bool) -> None:
        """The object is an argument of a function of this program: follows the parameter that takes it."""
        if is_wrapped(function):
            self.leaves(node, place, f"gives it to `{shown(call)}`, which a decorator replaces", call=call)
        taken = parameter_of(function, call, node)
        if taken is None:
            self.leaves(node, place, f"gives it to `{shown(call)}`, which is not followed")
            return
        name, collected = taken
        self.on(self.names.uses_of(name, function), inside or collected)

    def returned(self, node: ast.expr, place: Place, inside: bool) -> None:
        """The object is returned: follows the calls of the function in this program, if there are any."""
        function = place.scope
        if function.node is None or function.kind != "function":
            return
        name = function.path[-1]
        if is_wrapped(function):
            self.leaves(node, place, f"returns it from `{name}()`, which a decorator replaces")
        of_class = function.parent is not None and function.parent.kind == "class"
        decorators = {d.id for d in getattr(function.node, "decorator_list", ()) if isinstance(d, ast.Name)}
        if of_class and decorators & {"property", "cached_property"}:
            self.on(self.names.attributes.get(name, []), inside)
            return
        uses = self.names.attributes.get(name, ()) if of_class else self.names.uses.get(name, ())
        called = False
        for use in uses:
            parent = self.names.parents.get(use.node)
            if not isinstance(parent, ast.Call) or parent.func is not use.node:
                continue
            if of_class or function in self.escapes.functions(parent, use.place):
                self.pending.append((parent, use.place, inside))
                called = True
        if not called:
            self.leaves(node, place, "returns it to code that is not in this file", is_return=True)


@dataclass(frozen=True, slots=True)
class Argument:
    """The value that a call gives a parameter; None if it cannot be told. `default` says that it is the parameter's
    own."""

    value: ast.expr | None
    default: bool = False


def bound_arguments(function: Scope, call: ast.Call) -> dict[str, Argument]:
    """The arguments of a call by the parameters of the function that take them. `*args` takes a tuple."""
    definition = function.node
    if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        return {}
    written = definition.args
    positional = [*written.posonlyargs, *written.args]
    defaults: dict[str, ast.expr | None] = dict(
        zip([a.arg for a in positional[len(positional) - len(written.defaults) :]], written.defaults, strict=True)
    )
    defaults |= {a.arg: value for a, value in zip(written.kwonlyargs, written.kw_defaults, strict=True)}
    # A method is bound to its object, except where it is called on the class itself.
    method = function.method_of()
    on_class = isinstance(call.func, ast.Attribute) and is_class_name(call.func.value) and _last(call.func.value) != ""
    taking = positional if method is None or (on_class and not method[2]) else positional[1:]
    # A list as a default is the same one in every call, and may have grown.
    kept = {name: value for name, value in defaults.items() if not isinstance(value, ast.List | ast.Dict | ast.Set)}
    found = {a.arg: Argument(kept.get(a.arg), default=True) for a in (*taking, *written.kwonlyargs)}
    spread = next((n for n, a in enumerate(call.args) if isinstance(a, ast.Starred)), len(call.args))
    for number, parameter in enumerate(taking):
        if number < spread:
            if number < len(call.args):
                found[parameter.arg] = Argument(call.args[number])
        elif spread < len(call.args):
            found[parameter.arg] = Argument(None)
    if written.vararg is not None:
        found[written.vararg.arg] = Argument(ast.Tuple(call.args[len(taking) :], ast.Load()))
    if any(keyword.arg is None for keyword in call.keywords):
        found = {name: Argument(None) if argument.default else argument for name, argument in found.items()}
    for keyword in call.keywords:
        if keyword.arg in found:
            found[keyword.arg] = Argument(keyword.value)
    if written.kwarg is not None:
        found[written.kwarg.arg] = Argument(None)
    return found


def parameter_of(function: Scope, call: ast.Call, node: ast.expr) -> tuple[str, bool] | None:
    """The parameter of a function that takes an argument of a call, and whether it is a collection of arguments
    (`*args`, `**options`). None if that cannot be told."""
    definition = function.node
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    for name, argument in bound_arguments(function, call).items():
        if argument.value is node:
            return name, False
        if isinstance(argument.value, ast.Tuple) and node in argument.value.elts and argument.value not in call.args:
            return name, True
    if definition.args.kwarg is not None and any(keyword.value is node for keyword in call.keywords if keyword.arg):
        return definition.args.kwarg.arg, True
    return None


_PLAIN_DECORATORS = frozenset(
    {"property", "cached_property", "staticmethod", "classmethod", "abstractmethod", "override", "member", "implements"}
)
"""Decorators that leave a function what it is."""


def is_wrapped(function: Scope) -> bool:
    """Whether a decorator replaces a function by something that is not followed."""
    for decorator in getattr(function.node, "decorator_list", ()):
        named = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")
        if name not in _PLAIN_DECORATORS:
            return True
    return False


def is_class_name(function: ast.expr) -> bool:
    """Whether the last part of a dotted name is spelt like a class."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name[:1].isupper()


def _is_scope(call: ast.Call, node: ast.expr) -> bool:
    """Whether a call that makes a construct is given an expression as the construct's scope."""
    scope = next((k.value for k in call.keywords if k.arg == "scope"), None) or next(iter(call.args), None)
    has_id = len(call.args) > 1 or any(k.arg in ("id", "construct_id", "id_") for k in call.keywords)
    return scope is node and has_id


def _is_record(scope: Scope) -> bool:
    """Whether a class is a dataclass or a named tuple."""
    decorators = (d.func if isinstance(d, ast.Call) else d for d in getattr(scope.node, "decorator_list", ()))
    return "NamedTuple" in scope.bases or any(_last(d) == "dataclass" for d in decorators)


def _field(statement: ast.stmt) -> str | None:
    """The name of the field that a statement of a class declares, or None."""
    target = statement.target if isinstance(statement, ast.AnnAssign) else None
    return target.id if isinstance(target, ast.Name) else None


def _last(expression: ast.expr) -> str:
    """The last part of a dotted name; empty for other expressions."""
    return expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")


def unread_code(names: Names) -> Iterator[tuple[int, str]]:
    """The lines that run code which is not in the program's own syntax, or reach its variables by their names, each
    with the reason why any object may be changed there."""
    for name in ("exec", "eval"):
        for use in names.uses.get(name, ()):
            if names.owner(name, use.place.scope)[0] is None:
                yield use.node.lineno, f"line {use.node.lineno} executes code that is not read"
    for name in ("globals", "locals"):
        for use in names.uses.get(name, ()):
            call = names.parents.get(use.node)
            if isinstance(names.parents.get(call) if call is not None else None, ast.Subscript | ast.Attribute):
                yield use.node.lineno, f"line {use.node.lineno} looks up variables in `{name}()`"


def _casts(call: ast.Call) -> bool:
    """Whether a call returns its argument as an object of another type: `typing.cast`, or a cast of jsii."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in ("cast", "__jsii_cast__")


def _is_changing(attribute: str) -> bool:
    """Whether an attribute is, by its name, a method that changes its object."""
    beginnings = ("add_", "set_", "remove_", "apply_", "attach_", "override_")
    return attribute.startswith(beginnings) or attribute in ("__dict__", "__setattr__", "__delattr__")


def shown(call: ast.Call) -> str:
    """The callee of a call, as messages show it."""
    text = ast.unparse(call.func)
    return (text if len(text) <= 40 else f"…{text[-38:]}") + "()"
