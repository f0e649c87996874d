"""Finds the expressions that may make an object, where branches, loops, casts and local functions choose among them.

The evaluator answers what an expression certainly is. A change of an object counts wherever the object may be meant, so
that it needs the opposite: every object that an expression may stand for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property

from migrate.syntax import resolve
from migrate.syntax.node import Expression, Scalar
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.names import Binding, Place, Scope

Origin = tuple[ast.expr, Place]
"""An expression that makes an object, and its place."""
UNKNOWN = "\0"
"""A part of a text that is not known."""

_DEPTH, _MOST = 16, 2_000
"""The largest number of names from one expression to an object, and of expressions that are followed for one."""


class Origins:
    """The objects behind the expressions of one module. None stands for "not all of them are known"."""

    def __init__(self, document: PythonDocument) -> None:
        self.document = document
        self.names = document.names
        self._left = _MOST

    def of(self, expression: ast.expr, place: Place, depth: int = 0) -> list[Origin] | None:
        """All expressions that may make the object which an expression stands for; None if there may be others."""
        self._left = _MOST if depth == 0 else self._left - 1
        if depth > _DEPTH or self._left < 0:
            return None
        match uncast(expression):
            case ast.IfExp(body=body, orelse=orelse):
                return self._join((body, orelse), place, depth)
            case ast.BoolOp(values=values):
                return self._join(values, place, depth)
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                return self.of(value, place, depth + 1)
            case ast.Name() as name:
                return self._named(name, place, depth)
            case ast.Attribute(value=ast.Name()) as attribute:
                return self._stored(attribute, place, depth)
            case ast.Call(func=ast.Name()) as call if (function := self.function(call, place)) is not None:
                return self._returned(function, depth)
            case ast.Subscript(value=base) as item:
                return self._item(item, base, place, depth)
            case other:
                return [(other, place)]

    def texts(self, expression: ast.expr, place: Place) -> list[str]:
        """The strings that an expression may be, each with `UNKNOWN` for a part that is not known."""
        found = []
        for origin, at in [(expression, place)] if self._text(expression, place) else self.of(expression, place) or ():
            found.append(self._text(origin, at) or UNKNOWN)
        return found or [UNKNOWN]

    def _text(self, expression: ast.expr, place: Place) -> str | None:
        """A string with `UNKNOWN` for its unknown parts; None if nothing of it is known."""
        node = resolve(self.document.node(expression, place))
        if isinstance(node, Scalar):
            return node.text
        if isinstance(node, Expression) and node.parts and any(isinstance(part, str) for part in node.parts):
            return "".join(part if isinstance(part, str) else UNKNOWN for part in node.parts)
        return None

    def function(self, call: ast.Call, place: Place) -> Scope | None:
        """The scope of the function of this module that a call certainly runs; None for any other call."""
        if not isinstance(call.func, ast.Name):
            return None
        owner, _ = self.names.owner(call.func.id, place.scope)
        bindings = owner.bindings.get(call.func.id, []) if owner is not None else []
        return self._functions.get(bindings[0].place.statement) if len(bindings) == 1 else None

    @cached_property
    def _functions(self) -> dict[ast.AST | None, Scope]:
        """The scopes of functions and methods, by their definitions."""
        return {scope.node: scope for scope in self.names.functions}

    def _join(self, expressions: Iterable[ast.expr], place: Place, depth: int) -> list[Origin] | None:
        return joined(self.of(one, place, depth + 1) for one in expressions)

    def _named(self, name: ast.Name, place: Place, depth: int) -> list[Origin] | None:
        owner, later = self.names.owner(name.id, place.scope)
        bindings = owner.bindings.get(name.id, []) if owner is not None else []
        if owner is None or any(b.reason == "imported" for b in bindings):
            return [(name, place)]
        binding, _ = self.document.evaluator.reaching(name.id, owner, place, later=later)
        if binding is not None and binding.value is not None:
            return self.of(binding.value, binding.place, depth + 1)
        return joined(self._bound(one, depth) for one in bindings)

    def _bound(self, binding: Binding, depth: int) -> list[Origin] | None:
        """The objects that one binding may give a name."""
        if binding.value is not None:
            return self.of(binding.value, binding.place, depth + 1)
        if binding.loop_over is not None:
            return self._items(binding.loop_over, binding.place, depth)
        if binding.reason == "a parameter":
            return self._given(binding, depth)
        return None

    def _items(self, listed: ast.expr, place: Place, depth: int) -> list[Origin] | None:
        """The items of all lists that an expression may be."""
        lists = self.of(listed, place, depth + 1)
        if lists is None:
            return None
        found: list[list[Origin] | None] = []
        for one, at in lists:
            if not isinstance(one, ast.List | ast.Tuple | ast.Set) or any(
                isinstance(item, ast.Starred) for item in one.elts
            ):
                return None
            found += [self.of(item, at, depth + 1) for item in one.elts]
        return joined(found)

    def _item(self, item: ast.Subscript, base: ast.expr, place: Place, depth: int) -> list[Origin] | None:
        """The objects that an item of a literal list or dict may be; the expression itself for other items."""
        holders = self.of(base, place, depth + 1)
        if holders is None:
            return None
        found: list[list[Origin] | None] = []
        for holder, at in holders:
            if not isinstance(holder, ast.List | ast.Tuple | ast.Dict):
                return [(item, place)]
            values = holder.values if isinstance(holder, ast.Dict) else holder.elts
            found += [self.of(value, at, depth + 1) for value in values]
        return joined(found)

    def _stored(self, attribute: ast.Attribute, place: Place, depth: int) -> list[Origin] | None:
        """The objects that an attribute of `self` may hold; the expression itself for other attributes."""
        method = place.scope.method_of()
        base = attribute.value
        if method is None or not isinstance(base, ast.Name) or base.id != method[1]:
            found, at = self.document.evaluator.definition(attribute, place)
            return [(attribute, place)] if found is attribute else self.of(found, at, depth + 1)
        stores = self.names.stores.get(attribute.attr, ())
        own = [store.binding for store in stores if store.owner is method[0]]
        if not own:
            return [(attribute, place)]
        return joined(self._bound(binding, depth) for binding in own)

    def _returned(self, function: Scope, depth: int) -> list[Origin] | None:
        """The objects that a function may return."""
        node = function.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        returns = [r.value for r in own_nodes(node) if isinstance(r, ast.Return) and r.value is not None]
        places = [self._place_in(function, value) for value in returns]
        return joined(
            self.of(value, at, depth + 1) if at is not None else None for value, at in zip(returns, places, strict=True)
        )

    def _place_in(self, function: Scope, value: ast.expr) -> Place | None:
        """The place of an expression, found by a name in it."""
        for node in ast.walk(value):
            if isinstance(node, ast.Name):
                found = (use.place for use in self.names.uses.get(node.id, ()) if use.node is node)
                return next((place for place in found if place.scope.within(function)), None)
        return None

    def _given(self, binding: Binding, depth: int) -> list[Origin] | None:
        """The objects that calls in this module give a parameter; None if there may be other calls."""
        scope = binding.place.scope
        node = scope.node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return None
        calls = self._calls_of(scope, node)
        if not calls:
            return None
        return joined(self._argument(node, binding.name, call, place=at, depth=depth) for call, at in calls)

    def _calls_of(
        self, scope: Scope, node: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> list[tuple[ast.Call, Place]] | None:
        """All calls of a function or method of this module; None if it is also used in another way."""
        parent = scope.parent
        assert parent is not None
        if parent.kind != "class":
            uses = self.names.uses_of(node.name, parent)
        elif node.name == "__init__" and parent.parent is not None:
            uses = self.names.uses_of(parent.path[-1], parent.parent)
        else:
            uses = self.names.attributes.get(node.name, [])
        found = []
        for use in uses:
            call = self.names.parents.get(use.node)
            if not isinstance(call, ast.Call) or call.func is not use.node:
                return None
            found.append((call, use.place))
        return found

    def _argument(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, call: ast.Call, place: Place, depth: int
    ) -> list[Origin] | None:
        """The objects that one call gives a parameter."""
        scope = self._functions[node]
        listed = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        if scope.method_of() is not None:
            listed = listed[1:]
        if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
            return None
        given = dict(zip(listed, call.args, strict=False)) | {str(k.arg): k.value for k in call.keywords}
        if name in given:
            return self.of(given[name], place, depth + 1)
        defaults = dict(zip(reversed(listed), reversed(node.args.defaults), strict=False))
        by_name = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        defaults |= {argument.arg: default for argument, default in by_name if default is not None}
        return [(defaults[name], place)] if name in defaults else None


def joined(found: Iterable[list[Origin] | None]) -> list[Origin] | None:
    """All objects of several lists, each once; None if one of the lists is not known."""
    seen: dict[int, Origin] = {}
    for one in found:
        if one is None:
            return None
        seen |= {id(origin[0]): origin for origin in one}
    return list(seen.values())


def uncast(expression: ast.expr) -> ast.expr:
    """The expression inside casts: `typing.cast(T, x)` and `jsii`'s `T.__jsii_cast__(x)` are `x`."""
    while isinstance(expression, ast.Call) and expression.args and _last(expression.func) in ("cast", "__jsii_cast__"):
        expression = expression.args[-1]
    return expression


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function's body, without those of functions inside it."""
    pending = list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending += ast.iter_child_nodes(node)


def _last(expression: ast.expr) -> str:
    match expression:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
