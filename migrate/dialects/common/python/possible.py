"""The values that an expression of a Python program may have: through variables, parameters with defaults, lookups with
defaults (`environ.get("ROLE", "")`) and the program's own functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce

from migrate.dialects.common.possible.expressions import Expressions, constant, filled, rules_out
from migrate.dialects.common.python.values import called
from migrate.syntax import resolve
from migrate.syntax.node import Expression, Node, Scalar
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.names import Binding, Place, Scope
from migrate.syntax.value import literal
from rules.model import ANYTHING, NOT_GIVEN, UNSEEN, Possible

_LOOKUP = re.compile("get|env|pop|lookup|param|setting|config|option|context|next|str", re.IGNORECASE)
"""Names of functions whose last argument is what they return where they find nothing."""
_DEFAULT = ("default", "fallback", "default_value", "fallback_value")
_SAME = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "str", "to_string", "encode", "decode"})
"""Functions and methods that return an empty string for an empty one."""
_NO_VALUE = frozenset({"NO_VALUE", "NoValue", "AWS_NO_VALUE"})
_DEEP = 20
_Branch = ast.ExceptHandler | ast.match_case
"""Parts of a statement that hold statements and are none themselves."""


Constants = Callable[[ast.expr, Place], str | None]
"""Returns the value of a constant of a library that an expression names; None if it names none."""


def _no_constants(expression: ast.expr, place: Place) -> None:
    del expression, place


def options(
    document: PythonDocument,
    node: Node | None,
    place: Place,
    *,
    none_counts: bool = False,
    constants: Constants = _no_constants,
) -> Possible[str]:
    """The possible values of a node; `place` is where its text stands. With `none_counts`, a lookup without a default is
    None where it finds nothing, which leaves the property out (boto3 raises an error instead)."""
    if node is None:
        return NOT_GIVEN
    found = resolve(node)
    if isinstance(found, Scalar):
        return constant(literal(found))
    if not isinstance(found, Expression):
        return UNSEEN
    origin = document.origin(node) or document.origin(found)
    if origin is None:
        return UNSEEN
    return expression_options(document, origin, place, none_counts=none_counts, constants=constants)


def expression_options(
    document: PythonDocument,
    expression: ast.expr,
    place: Place,
    *,
    none_counts: bool = False,
    constants: Constants = _no_constants,
) -> Possible[str]:
    """The possible values of an expression."""
    return _Values(document, place, none_counts=none_counts, constants=constants).of(expression)


class _Values(Expressions):
    """Follows the names and calls of one program."""

    def __init__(self, document: PythonDocument, place: Place, *, none_counts: bool, constants: Constants) -> None:
        super().__init__()
        self.document = document
        self.place = place
        self.none_counts = none_counts
        self.constants = constants
        self.running: set[ast.AST] = set()

    def leaf(self, expression: ast.expr) -> Possible[str]:
        if expression in self.running or len(self.running) > _DEEP:
            return UNSEEN
        self.running.add(expression)
        try:
            return self._leaf(expression)
        finally:
            self.running.discard(expression)

    def _leaf(self, expression: ast.expr) -> Possible[str]:
        match expression:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _NO_VALUE:
                return NOT_GIVEN
            case ast.Name() | ast.Attribute() if known := self.constants(expression, self._place_in(expression)):
                return Possible.of(known)
            case ast.Name():
                found = self._name(expression)
                return filled(found) if found.absent and self._is_checked(expression) else found
            case ast.Attribute():
                return self._attribute(expression)
            case ast.Call():
                return self._call(expression)
            case ast.Subscript(value=holder, slice=key):
                return self._member(holder, key) or UNSEEN
            case ast.JoinedStr(values=[ast.FormattedValue(value=inner, conversion=-1, format_spec=None)]):
                return replace(self.of(inner), others=True)
            case _:
                return UNSEEN

    # -- names --------------------------------------------------------------------------------------------------------

    def _place(self, name: ast.Name) -> Place:
        """The place where a name is used."""
        return self.document.names.places.get(name, self.place)

    def _name(self, name: ast.Name) -> Possible[str]:
        place = self._place(name)
        owner, later = self.document.names.owner(name.id, place.scope)
        if owner is None:
            return UNSEEN
        binding, _ = self.document.evaluator.reaching(name.id, owner, place, later=later)
        bindings = [binding] if binding is not None else owner.bindings.get(name.id, [])
        found: Possible[str] = Possible()
        for one in bindings:
            if later or one.place.index < place.index:
                found |= self._bound(one, owner)
        return found if found != Possible() else UNSEEN

    def _bound(self, binding: Binding, owner: Scope) -> Possible[str]:
        if binding.value is not None:
            return self.of(binding.value)
        if binding.reason == "a parameter":
            default = _default(owner.node, binding.name) or _option(owner.node, binding.name)
            return UNSEEN if default is None else UNSEEN | self.of(default)
        over = self._definition(binding.loop_over) if binding.loop_over is not None else None
        if isinstance(over, ast.List | ast.Tuple) and over.elts:
            return reduce(Possible.__or__, map(self.of, over.elts))
        return UNSEEN

    def _is_checked(self, name: ast.Name) -> bool:
        """Whether a name is used only where it is not empty: after `if not role: raise …` or `assert role`, or inside
        `if role: …`."""
        place = self._place(name)
        owner, _ = self.document.names.owner(name.id, place.scope)
        uses = self.document.names.uses_of(name.id, owner) if owner is not None else []
        bindings = owner.bindings.get(name.id, []) if owner is not None else []
        for statement, at in {use.place.statement: use.place for use in uses}.items():
            if at.index >= place.index or any(at.index < bound.place.index < place.index for bound in bindings):
                continue
            match statement:
                case ast.Assert(test=test) if place.block.within(at.block):
                    checked = rules_out(test, name, holds=True)
                case ast.If(test=test, body=body, orelse=orelse):
                    after = _stops(body) and place.block.within(at.block) and rules_out(test, name, holds=False)
                    inside = _spans(body, name) and rules_out(test, name, holds=True)
                    checked = after or inside or (_spans(orelse, name) and rules_out(test, name, holds=False))
                case _:
                    checked = False
            if checked:
                return True
        return False

    def _attribute(self, expression: ast.Attribute) -> Possible[str]:
        origin, _ = self.document.evaluator.definition(expression, self._place_in(expression))
        if origin is not expression:
            return self.of(origin)
        if isinstance(expression.value, ast.Name) and expression.value.id == "self":
            stores = [s.binding for listed in self.document.names.stores_of(expression.attr).values() for s in listed]
            found: Possible[str] = Possible()
            for binding in stores:
                found |= self.of(binding.value) if binding.value is not None else UNSEEN
            return found | UNSEEN
        made = self._definition(expression.value)
        if isinstance(made, ast.Call):
            if expression.attr in ("value_as_string", "value"):  # of a parameter of the template
                default = next((k.value for k in made.keywords if k.arg == "default"), None)
                return UNSEEN if default is None else UNSEEN | self.of(default)
            if called(made) == "parse_args":
                return self._argument(expression.attr)
            return self._field(made, expression.attr)
        return UNSEEN

    def _field(self, made: ast.Call, name: str) -> Possible[str]:
        """An attribute of an object of the program's own class: the argument that sets it, or the class's default."""
        given = next((keyword.value for keyword in made.keywords if keyword.arg == name), None)
        classes = self.document.names.classes.get(called(made), [])
        if given is not None and classes:
            return self.of(given)
        defaults = [
            bound.value for scope in classes for bound in scope.bindings.get(name, []) if bound.value is not None
        ]
        found: Possible[str] = UNSEEN
        for default in defaults:
            found |= self.of(default)
        return found

    def _argument(self, name: str) -> Possible[str]:
        """An argument of the command line, as `argparse` reads it."""
        for call, _ in self.document.names.calls:
            flags = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            named = given.get("dest")
            names = {flag.lstrip("-").replace("-", "_") for flag in flags}
            if isinstance(named, ast.Constant):
                names = {str(named.value)}
            if called(call) == "add_argument" and name in names:
                required = given.get("required")
                if "default" in given:
                    return UNSEEN | self.of(given["default"])
                surely = isinstance(required, ast.Constant) and bool(required.value)
                optional = any(flag.startswith("-") for flag in flags) and not surely
                return Possible(others=True, absent=optional and self.none_counts)
        return UNSEEN

    def _place_in(self, expression: ast.expr) -> Place:
        inner = expression
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        return self._place(inner) if isinstance(inner, ast.Name) else self.place

    def _definition(self, expression: ast.expr) -> ast.expr:
        return self.document.evaluator.definition(expression, self._place_in(expression))[0]

    # -- calls --------------------------------------------------------------------------------------------------------

    def _call(self, call: ast.Call) -> Possible[str]:
        name = called(call)
        positional = [argument for argument in call.args if not isinstance(argument, ast.Starred)]
        if name in ("condition_if", "If") and len(positional) == 3:
            return self.of(positional[1]) | self.of(positional[2])
        if (
            name == "Ref"
            and len(positional) == 1
            and constant(getattr(positional[0], "value", 0)).shows("AWS::NoValue")
        ):
            return NOT_GIVEN
        if name in _SAME:
            receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
            value = receiver if receiver is not None and not positional else next(iter(positional), None)
            if value is not None:
                return replace(self.of(value), others=True)
        if name in ("Option", "Argument") and positional:  # of typer
            return UNSEEN | self.of(positional[0])
        if name == "cast" and len(positional) == 2:
            return self.of(positional[1])
        default = next((k.value for k in call.keywords if k.arg in _DEFAULT), None)
        if default is None and len(positional) >= 2 and _LOOKUP.search(name):
            default = positional[-1]
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        members = (
            self._member(receiver, positional[0]) if name == "get" and receiver is not None and positional else None
        )
        if default is not None:
            return (members or UNSEEN) | self.of(default)
        if members is not None:
            return members | Possible(absent=self.none_counts)
        if name in ("get", "getenv", "try_get_context", "get_context") and self.none_counts:
            return ANYTHING
        return self._returned(call) or UNSEEN

    def _member(self, holder: ast.expr, key: ast.expr) -> Possible[str] | None:
        """A member of a dict that the program writes out, by a key that may be an expression; None for any other."""
        made = self._definition(holder)
        if not isinstance(made, ast.Dict) or None in made.keys:
            return None
        found: Possible[str] = Possible()
        for known, value in zip(made.keys, made.values, strict=True):
            other = isinstance(key, ast.Constant) and isinstance(known, ast.Constant) and key.value != known.value
            if not other:
                found |= self.of(value)
        return found if found != Possible() else None

    def _returned(self, call: ast.Call) -> Possible[str] | None:
        """The possible results of a function of the program; None for any other function."""
        if not isinstance(call.func, ast.Name):
            return None
        owner, _ = self.document.names.owner(call.func.id, self._place(call.func).scope)
        bindings = owner.bindings.get(call.func.id, []) if owner is not None else []
        function = bindings[0].place.statement if len(bindings) == 1 else None
        if not isinstance(function, ast.FunctionDef):
            return None
        found: Possible[str] = Possible()
        for given in _returns(function.body):
            found |= self.of(given) if given is not None else NOT_GIVEN
        if found == Possible():
            return None
        return found | NOT_GIVEN if _may_end(function.body) else found


def _default(function: ast.AST | None, name: str) -> ast.expr | None:
    """The default of a function's parameter; None if it has none."""
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return None
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    behind = zip(reversed(positional), reversed(arguments.defaults), strict=False)
    pairs = [*behind, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return next((default for argument, default in pairs if argument.arg == name), None)


def _option(function: ast.AST | None, name: str) -> ast.expr | None:
    """The default that a decorator gives a function's parameter, as click's options do; None if none does."""
    decorators = function.decorator_list if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) else []
    for call in decorators:
        if isinstance(call, ast.Call) and called(call) in ("option", "argument"):
            flags = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if name in {flag.lstrip("-").replace("-", "_") for flag in flags}:
                return next((k.value for k in call.keywords if k.arg == "default"), None)
    return None


def _returns(body: list[ast.stmt]) -> Iterator[ast.expr | None]:
    """The values of the `return` statements of a function, without those of functions inside it."""
    for statement in body:
        if isinstance(statement, ast.Return):
            yield statement.value
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for _, inner in ast.iter_fields(statement):
                if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt | _Branch):
                    parts = [s for one in inner for s in (one.body if isinstance(one, _Branch) else [one])]
                    yield from _returns(parts)


def _may_end(body: list[ast.stmt]) -> bool:
    """Whether the end of a block may be reached. At its own, a function returns None."""
    match body[-1] if body else None:
        case None:
            return True
        case ast.If(body=then, orelse=other):
            return _may_end(then) or _may_end(other)
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return _may_end(inner)
        case ast.Try(body=inner, handlers=handlers, orelse=other, finalbody=[]):
            return _may_end(other or inner) or any(_may_end(handler.body) for handler in handlers)
        case ast.While(test=ast.Constant(value=True)):
            return False
        case ast.Match(cases=cases):
            complete = any(
                isinstance(c.pattern, ast.MatchAs) and c.pattern.pattern is None for c in cases if not c.guard
            )
            return not complete or any(_may_end(case.body) for case in cases)
        case _:
            return not _stops(body)


def _spans(body: list[ast.stmt], name: ast.Name) -> bool:
    """Whether a name lies in a block."""
    return bool(body) and body[0].lineno <= name.lineno <= (body[-1].end_lineno or 0)


def _stops(body: list[ast.stmt]) -> bool:
    """Whether a block always leaves the program or the function."""
    last = body[-1]
    leaves = isinstance(last, ast.Raise | ast.Return | ast.Continue)
    call = last.value if isinstance(last, ast.Expr) else None
    return leaves or (isinstance(call, ast.Call) and called(call) in ("exit", "_exit", "abort", "error", "fail"))
