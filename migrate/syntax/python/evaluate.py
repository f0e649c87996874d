"""The values of expressions, without executing anything: literals, and names that can have no other value.

A name's value is known if one plain assignment reaches its use and nothing can change the value in between: the name is
not assigned again, neither in a branch nor through `global`, and a dict or list is neither changed nor passed to code
that might change it. Every other expression stays an `Expression`, with the reason.

A dialect that follows a program in the order of execution records the values that variables have in turn (`Bound`), and
may then ask for the value of an expression at one moment (`at`): `script += "…"` and `lines.append("…")` are known then.
"""

from __future__ import annotations

import ast
import posixpath
import re
import string
import textwrap
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from migrate.syntax.node import Alias, Entry, Expression, Inner, Mapping, Node, Scalar, Sequence
from migrate.syntax.python.names import Binding, Block, Names, Place, Scope, Use
from migrate.syntax.value import get, resolve

MERGE = "<<"
"""The key of an entry that merges another mapping, as `**base` does."""

_DEPTH = 60
_LONGEST = 100_000
_MOST_ITEMS = 2_000
"""The largest number of items of a list that is put together."""
_STRINGS = frozenset({"file_system_id", "access_point_id", "ref", "region", "attr_file_system_id", "value_as_string"})
"""Attributes that are strings in every library."""
_MOST_BASES = 10
"""The largest number of classes through which an attribute is inherited."""
_PRIVATE = 0x100000
"""The first of the private characters that stand for expressions in a text."""
Parts = tuple[str | Inner, ...]

# Functions that neither keep nor change their arguments.
_READERS = {"print", "len", "str", "repr", "bool", "isinstance", "type", "pprint", "pformat", "id", "hash", "dict"}
_READING_METHODS = {
    "dumps", "dump", "pprint", "pformat", "debug", "info", "warning", "error", "critical", "exception", "log", "echo",
    "print", "register_task_definition", "register_job_definition", "safe_dump",
}  # fmt: skip  # of json, pprint, logging, click and yaml; botocore copies arguments that it changes
_OWN_READING_METHODS = {"get", "keys", "values", "items", "copy", "index", "count"}


@dataclass(frozen=True, eq=False, slots=True)
class Bound:
    """A value that a variable has during an execution: that of an expression at one moment. For `x += e` and
    `x.append(e)` it is the one `before` with that of the expression added, as a single item for `append`."""

    expression: ast.expr
    place: Place
    time: int | None
    before: Bound | None = None
    single: bool = False
    parts: Parts | None = None
    """The parts of the string that the value is, if they are known already."""
    reason: str | None = None
    """The reason why the value is not known from then on, or None if it is."""


Variable = tuple[Scope, str] | ast.Call
"""A variable of a scope, an attribute of the instances of a class (with a dot before its name), or the call of a
function, which stands for the value that it returned."""


class Evaluator:
    """Turns the expressions of one module into nodes, each expression once."""

    def __init__(self, names: Names, span: Callable[[ast.AST], tuple[int, int]], text: str) -> None:
        self.names = names
        self.span = span
        self.text = text
        self.origin: dict[int, ast.expr] = {}
        """Maps the identity of each node to its expression."""
        self.entry_origin: dict[int, int] = {}
        """Maps the identity of each entry to its index among the entries of its dict or the arguments of its call;
        positional arguments come first."""
        self._nodes: dict[ast.expr, Node] = {}
        self._running: set[object] = set()
        self._judged: set[ast.Name] = set()
        """The names whose uses are being judged."""
        self._kept: list[object] = []  # keeps nodes alive, so that no identity is used twice
        self._depth = 0
        self._with_keys: dict[tuple[int, tuple[tuple[int, int], ...]], Mapping] = {}
        self._set: dict[tuple[ast.expr, bool], Entry] = {}
        self._handed_on: dict[ast.AST, bool] = {}
        self.library: Callable[[str], bool] = lambda name: name == "object"
        """Whether an imported class, given by its dotted name, sets no attributes that the program also sets."""
        self.time: int | None = None
        """The moment of an execution at which expressions are evaluated; None if none is followed."""
        self._history: dict[Variable, list[tuple[int, Bound]]] = {}
        self._unbound: frozenset[Bound] = frozenset()
        self._overlay: dict[Variable, Bound] = {}
        self._changes: dict[tuple[Binding, str], str | None] = {}
        self._strings: dict[tuple[Bound, int, int], Parts | None] = {}
        self._nodes_at: dict[tuple[int | None, int, int], dict[ast.expr, Node]] = {}
        self.named: Callable[[ast.expr, Place], Parts | None] | None = None
        """The parts by which a dialect names an unknown expression in a string at one moment; None if it has none."""
        self.texts: Callable[[ast.Call, Place], Parts | None] | None = None
        """The parts of the string that a function of the library makes; None if the dialect knows none."""

    # -- nodes --------------------------------------------------------------------------------------------------------

    def node(self, expression: ast.expr, place: Place) -> Node:
        """The node of an expression at `place`: its value if that is known, an `Expression` if not."""
        found = self._nodes.get(expression)
        if found is not None:
            return found
        if self._depth > _DEPTH or expression in self._running:
            return self._opaque(expression, "it is nested too deeply or refers to itself")
        self._depth += 1
        self._running.add(expression)
        try:
            found = self._node(expression, place)
        finally:
            self._depth -= 1
            self._running.discard(expression)
        self._nodes[expression] = found
        self.origin[id(found)] = expression
        return found

    def _node(self, expression: ast.expr, place: Place) -> Node:
        start, end = self.span(expression)
        match expression:
            case ast.Constant(value=value):
                scalar = _scalar(value)
                if scalar is None:
                    return self._opaque(expression)
                quote = next((c for c in self.text[start : min(start + 3, end)] if c in "\"'"), '"')
                return Scalar(start, end, scalar, style=quote if isinstance(value, str) else "")
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
                return Scalar(start, end, self.text[start:end], style="")
            case ast.NamedExpr():
                return self.node(expression.value, place)
            case ast.Dict():
                return self._dict(expression, place)
            case ast.List() | ast.Tuple():
                items = [self.node(item, place) for item in expression.elts]
                return Sequence(start, end, items, flow=True)
            case ast.Starred():
                return self._opaque(expression, "a part of the list is put in with *")
            case ast.Call() if self._calls(expression, place, "dict") or self.is_record(expression, place):
                return self.call(expression, place)
            case ast.Name():
                return self._name(expression, place)
            case ast.Attribute():
                return self._attribute(expression, place)
            case ast.Subscript():
                return self._subscript(expression, place)
            case _:
                pass
        parts = self._parts(expression, place)
        if parts is not None and all(isinstance(part, str) for part in parts):
            return Scalar(start, end, "".join(map(str, parts)), style='"')
        return self._opaque(expression, _reason(expression), parts)

    def _opaque(self, expression: ast.expr, reason: str | None = None, parts: Parts | None = None) -> Expression:
        start, end = self.span(expression)
        if parts is None and reason is None:
            parts = _inner(expression)
        node = Expression(start, end, self.text[start:end], parts=parts, reason=reason)
        self.origin[id(node)] = expression
        self._kept.append(node)
        return node

    def _dict(self, expression: ast.Dict, place: Place) -> Node:
        start, end = self.span(expression)
        entries: list[Entry] = []
        for number, (key, value) in enumerate(zip(expression.keys, expression.values, strict=True)):
            if key is None:
                merge = Scalar(self.span(value)[0], self.span(value)[0], MERGE, style="")
                entry = Entry(merge, self.node(value, place))
            else:
                found = self.node(key, place)
                known = resolve(found)
                if isinstance(found, Alias) and isinstance(known, Scalar):
                    # The name of a constant as the key: the key's text is known, but must not be rewritten.
                    found = Scalar(found.start, found.end, known.text, style=known.style)
                entry = Entry(found, self.node(value, place))
            self.entry_origin[id(entry)] = number
            self._kept.append(entry)
            entries.append(entry)
        return self._consistent(expression, Mapping(start, end, entries, flow=True), ordered=True)

    def call(self, expression: ast.Call, place: Place) -> Node:
        """The keyword arguments of a call as a mapping with the call's span; an `Expression` on contradictions."""
        found = self._nodes.get(expression)
        if isinstance(found, Mapping):
            return found
        start, end = self.span(expression)
        entries: list[Entry] = []
        arguments: list[tuple[ast.keyword | None, ast.expr]] = []
        if self._calls(expression, place, "dict"):
            arguments += [(None, argument) for argument in expression.args]
        arguments += [(keyword, keyword.value) for keyword in expression.keywords]
        skipped = len(expression.args) - (len(arguments) - len(expression.keywords))
        for number, (keyword, value) in enumerate(arguments, skipped):
            at = self.span(keyword or value)[0]
            if keyword is not None and keyword.arg is not None:
                entry = Entry(Scalar(at, at + len(keyword.arg), keyword.arg, style=""), self.node(value, place))
            else:
                entry = Entry(Scalar(at, at, MERGE, style=""), self.node(value, place))
            self.entry_origin[id(entry)] = number
            self._kept.append(entry)
            entries.append(entry)
        made = self._consistent(expression, Mapping(start, end, entries, flow=True), ordered=False)
        self._nodes[expression] = made
        self.origin[id(made)] = expression
        return made

    def _consistent(self, expression: ast.expr, mapping: Mapping, *, ordered: bool) -> Node:
        """The mapping; an `Expression` if a mapping merged with `**` overrides another entry."""
        merged: set[str] = set()
        own: set[str] = set()
        for entry in mapping.entries:
            key = entry.key
            if not isinstance(key, Scalar):
                return self._opaque(expression, f"its key {_short(getattr(key, 'text', '…'))} is an expression")
            if key.text != MERGE or key.style:
                own.add(key.text)
                continue
            inner = resolve(entry.value)
            if not isinstance(inner, Mapping):
                if ordered and own:
                    return self._opaque(expression, "what ** puts in, which may override it, is not known")
                continue
            names = set(keys(inner))
            if names & merged or (ordered and names & own):
                return self._opaque(expression, "what ** puts in overrides a part of it")
            merged |= names
        return mapping

    # -- one moment ---------------------------------------------------------------------------------------------------

    @contextmanager
    def at(
        self, time: int | None, unbound: frozenset[Bound] | None = None, overlay: dict[Variable, Bound] | None = None
    ) -> Iterator[None]:
        """Evaluates expressions at one moment of the execution that was recorded. Parameters and loop variables whose
        values are among `unbound` stay names; `overlay` holds the variables of comprehensions."""
        outer = self.time, self._unbound, self._overlay, self._nodes
        self.time = time
        self._unbound = self._unbound if unbound is None else unbound
        self._overlay = self._overlay if overlay is None else overlay
        self._kept += [self._unbound, self._overlay]
        self._nodes = self._nodes_at.setdefault((time, id(self._unbound), id(self._overlay)), {})
        try:
            yield
        finally:
            self.time, self._unbound, self._overlay, self._nodes = outer

    def remember(self, variable: Variable, bound: Bound, since: int) -> None:
        """Records the value that a variable has from a moment on, which is not before the moments of earlier ones."""
        self._history.setdefault(variable, []).append((since, bound))

    def recorded(self, variable: Variable) -> Bound | None:
        """The recorded value of a variable at the moment, or None."""
        if variable in self._overlay:
            return self._overlay[variable]
        history = self._history.get(variable)
        if self.time is None or history is None:
            return None
        index = bisect_right(history, self.time, key=_moment)
        found = history[index - 1][1] if index else None
        return None if found in self._unbound else found

    def variable(self, expression: ast.expr, place: Place) -> Variable | None:
        """The variable that a name or an attribute of `self` stands for."""
        if isinstance(expression, ast.Name):
            owner, _ = self.names.owner(expression.id, place.scope)
            return (owner, expression.id) if owner is not None else None
        if isinstance(expression, ast.Attribute) and isinstance(expression.value, ast.Name):
            of = self._class_of(expression.value.id, place)
            return (of[0], f".{expression.attr}") if of is not None else None
        return expression if isinstance(expression, ast.Call) else None

    def _bound(self, expression: ast.expr, place: Place) -> Bound | None:
        """The recorded value of an expression at the moment, or None."""
        if self.time is None and not self._overlay:
            return None
        variable = self.variable(expression, place)
        if isinstance(variable, tuple) and variable[1].startswith(".") and self._replaced(variable[0], variable[1][1:]):
            return None
        return self.recorded(variable) if variable is not None else None

    def _replaced(self, scope: Scope, name: str) -> bool:
        """Whether a class that inherits from this one may give an attribute another value."""
        stores = self.names.stores_of(name)
        by_class = name in scope.bindings
        return any(name in heir.bindings or (by_class and heir in stores) for heir in self.names.heirs(scope))

    def _recorded_node(self, expression: ast.expr, place: Place) -> Node | None:
        """The node of the recorded value of a variable; None for dicts and lists, which are followed by their uses."""
        bound = self._bound(expression, place)
        node = self._of_bound(expression, bound) if bound is not None else None
        return None if isinstance(resolve(node), Mapping | Sequence) else node

    def _of_bound(self, expression: ast.expr, bound: Bound) -> Node:
        """The node of an expression that has this recorded value."""
        if bound.before is None and bound.parts is None and bound.reason is None:
            with self.at(bound.time):
                return self.node(bound.expression, bound.place)
        return self._opaque(expression, bound.reason or "it is put together at run time", self.string_of(bound))

    def string(self, expression: ast.expr, place: Place) -> Parts | None:
        """The parts of the string that an expression makes at the moment; None if it is not known to be one."""
        return self._known_parts(expression, place)

    def string_of(self, bound: Bound) -> Parts | None:
        """The parts of the string that a recorded value is; None if it is not known to be one."""
        links: list[Bound] = []
        link: Bound | None = bound
        made: Parts | None = ()
        where = id(self._unbound), id(self._overlay)
        while link is not None:
            if (link, *where) in self._strings:
                made = self._strings[link, *where]
                break
            links.append(link)
            link = link.before
        for one in reversed(links):
            made = self._added(made, one)
            self._strings[one, *where] = made
        return made

    def _added(self, before: Parts | None, bound: Bound) -> Parts | None:
        """The parts of a string with those that a recorded value adds."""
        if before is None or bound.reason is not None or bound.single:
            return None
        parts = bound.parts
        if parts is None:
            with self.at(bound.time):
                parts = self._known_parts(bound.expression, bound.place)
        if parts is None or sum(len(part) if isinstance(part, str) else 1 for part in before) > _LONGEST:
            return None
        return _joined((*before, *parts))

    # -- lists --------------------------------------------------------------------------------------------------------

    def listed(self, expression: ast.expr, place: Place, depth: int = 0) -> list[Bound] | None:
        """The items of the list that an expression makes at the moment; None if these are not known."""
        if depth > _DEPTH:
            return None
        match expression:
            case ast.List() | ast.Tuple() | ast.Set():
                found: list[Bound] = []
                for item in expression.elts:
                    if not isinstance(item, ast.Starred):
                        found.append(Bound(item, place, self.time))
                    elif (inner := self.listed(item.value, place, depth + 1)) is not None:
                        found += inner
                    else:
                        found.append(Bound(item, place, self.time, reason="its items are not known"))
                return found
            case ast.BinOp(op=ast.Add()):
                left = self.listed(expression.left, place, depth + 1)
                right = self.listed(expression.right, place, depth + 1)
                return left + right if left is not None and right is not None else None
            case ast.ListComp() | ast.GeneratorExp():
                return self._comprehended(expression, place, depth)
            case ast.Name() | ast.Attribute():
                if (bound := self._bound(expression, place)) is not None:
                    return self._items_of_bound(bound, depth)
                if not isinstance(resolve(self.node(expression, place)), Sequence):
                    return None
                origin, at = self.definition(expression, place)
                return self.listed(origin, at, depth + 1) if origin is not expression else None
            case ast.Call():
                if (bound := self._bound(expression, place)) is not None:
                    return self._items_of_bound(bound, depth)
                return self._listed_by(expression, place, depth)
            case _:
                return None

    def _items_of_bound(self, bound: Bound, depth: int) -> list[Bound] | None:
        """The items of the list that a recorded value is."""
        groups: list[list[Bound]] = []
        link: Bound | None = bound
        while link is not None:
            if link.reason is not None or len(groups) > _MOST_ITEMS:
                return None
            if link.single:
                groups.append([Bound(link.expression, link.place, link.time)])
            else:
                # Another name of a list stands for the same object: what was added since then is in it, too.
                alias = isinstance(link.expression, ast.Name | ast.Attribute)
                with self.at(self.time if alias else link.time):
                    items = self.listed(link.expression, link.place, depth + 1)
                if items is None:
                    return None
                groups.append(items)
            link = link.before
        return [item for group in reversed(groups) for item in group]

    def _listed_by(self, call: ast.Call, place: Place, depth: int) -> list[Bound] | None:
        """The items of the list that a call makes, or goes through: those of `list`, `splitlines`, `items` …"""
        function = call.func
        if isinstance(function, ast.Name) and len(call.args) == 1 and not call.keywords:
            builtin = function.id in ("list", "tuple", "enumerate") and self._calls(call, place, function.id)
            items = self.listed(call.args[0], place, depth + 1) if builtin else None
            if items is None or function.id != "enumerate":
                return items
            return [
                Bound(ast.Tuple([ast.Constant(number), item.expression], ast.Load()), item.place, item.time)
                for number, item in enumerate(items)
            ]
        if isinstance(function, ast.Name) and function.id in ("list", "tuple") and not (call.args or call.keywords):
            return [] if self._calls(call, place, function.id) else None
        if not isinstance(function, ast.Attribute) or call.keywords:
            return None
        arguments = [self._literal(argument, place) for argument in call.args]
        if (function.attr, arguments) in (("splitlines", []), ("split", ["\n"])):
            parts = self._known_parts(function.value, place)
            if parts is None:
                return None
            text, inner = _encoded(parts)
            lines = text.splitlines() if function.attr == "splitlines" else text.split("\n")
            return [Bound(call, place, self.time, parts=_decoded(line, inner)) for line in lines]
        if function.attr in ("items", "values", "keys") and not arguments:
            origin, at = self.definition(function.value, place)
            known = isinstance(resolve(self.node(function.value, place)), Mapping)
            if not known or not isinstance(origin, ast.Dict) or None in origin.keys:
                return None
            pairs = [(k, v) for k, v in zip(origin.keys, origin.values, strict=True) if k is not None]
            made: dict[str, list[ast.expr]] = {
                "items": [ast.Tuple([k, v], ast.Load()) for k, v in pairs],
                "values": [v for _, v in pairs],
                "keys": [k for k, _ in pairs],
            }
            return [Bound(one, at, self.time) for one in made[function.attr]]
        return None

    def _comprehended(
        self, expression: ast.ListComp | ast.GeneratorExp, place: Place, depth: int
    ) -> list[Bound] | None:
        """The items of a comprehension over a known list."""
        items = self.listed(expression.generators[0].iter, place, depth + 1)
        inside = self.names.inside.get(expression)
        if items is None or inside is None or len(expression.generators) > 1 or len(items) > _MOST_ITEMS:
            return None
        made: list[Bound] = []
        for item in items:
            variables = self.unpacked(expression.generators[0].target, item, inside.scope)
            if variables is None:
                return None
            with self.at(self.time, overlay={**self._overlay, **variables}):
                tests = [self.truth(test, inside) for test in expression.generators[0].ifs]
                if None in tests:
                    return None
                if all(tests):
                    parts = self._known_parts(expression.elt, inside)
                    unknown = None if parts is not None else "it is not known"
                    made.append(Bound(expression.elt, inside, self.time, parts=parts, reason=unknown))
        return made

    def unpacked(self, target: ast.expr, item: Bound, scope: Scope) -> dict[Variable, Bound] | None:
        """The values that the variables of a loop or comprehension have for an item; None if they are not known."""
        if isinstance(target, ast.Name):
            return {(scope, target.id): item}
        if not isinstance(target, ast.Tuple | ast.List) or item.parts is not None or item.reason is not None:
            return None
        values = self.listed(item.expression, item.place)
        if values is None or len(values) != len(target.elts):
            return None
        made: dict[Variable, Bound] = {}
        for one, value in zip(target.elts, values, strict=True):
            inner = self.unpacked(one, replace(value, time=item.time), scope)
            if inner is None:
                return None
            made |= inner
        return made

    def truth(self, expression: ast.expr, place: Place) -> bool | None:
        """Whether a condition is true at the moment; None if that is not known."""
        if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.Not):
            inner = self.truth(expression.operand, place)
            return None if inner is None else not inner
        if isinstance(expression, ast.BoolOp):
            found = [self.truth(value, place) for value in expression.values]
            decisive = isinstance(expression.op, ast.Or)
            return decisive if decisive in found else None if None in found else not decisive
        if isinstance(expression, ast.Compare) and len(expression.ops) == 1:
            sides = [self._literal(side, place) for side in (expression.left, expression.comparators[0])]
            if None not in sides and isinstance(expression.ops[0], ast.Eq | ast.NotEq):
                return (sides[0] == sides[1]) is isinstance(expression.ops[0], ast.Eq)
            return None
        node = resolve(self.node(expression, place))
        if isinstance(node, Scalar):
            return bool(node.text) if node.style else node.text not in ("false", "null", "0", "0.0")
        parts = node.parts if isinstance(node, Expression) else None
        return True if any(isinstance(part, str) and part for part in parts or ()) else None

    # -- names --------------------------------------------------------------------------------------------------------

    def _name(self, expression: ast.Name, place: Place) -> Node:
        owner, later = self.names.owner(expression.id, place.scope)
        if owner is None:
            return self._opaque(expression)
        if (node := self._recorded_node(expression, place)) is not None:
            return node
        binding, reason = self.reaching(expression.id, owner, place, later=later)
        if binding is None or binding.value is None:
            return self._opaque(expression, reason, _inner(expression))
        return self._alias(expression, binding, (*owner.path, expression.id), owner=owner)

    def reaching(self, name: str, owner: Scope, place: Place, *, later: bool) -> tuple[Binding | None, str | None]:
        """The one binding that gives a name its value at `place`, or the reason why it is not known."""
        bindings = owner.bindings.get(name, [])
        star = self.names.star_import
        if owner.kind == "module" and star is not None and any(b.place.index < star for b in bindings):
            return None, f"a later `import *` may replace `{name}`"
        if later or owner.kind == "class":
            if len(bindings) != 1:
                return None, f"`{name}` is assigned more than once"
            (binding,) = bindings
            if binding.place.block.parent is not None:
                return None, f"`{name}` is assigned in a branch"
            return binding, binding.reason and f"`{name}` is {binding.reason}"
        before = [b for b in bindings if b.place.index < place.index]
        if not before:
            return None, f"`{name}` is not assigned before it is used"
        binding = before[-1]
        if not place.block.within(binding.place.block):
            return None, f"`{name}` is assigned in a branch"
        after = [b for b in bindings if b.place.index >= place.index]
        for loop in _loops(place, binding):
            if any(b.place.block.within(loop) for b in after):
                return None, f"`{name}` is assigned again in the loop"
        if binding.place.scope is not owner:
            return None, f"`{name}` is {binding.reason or 'changed in a function'}"
        if any(b.place.scope is not owner for b in bindings):
            return None, f"`{name}` is changed in a function"
        return binding, binding.reason and f"`{name}` is {binding.reason}"

    def _alias(self, expression: ast.expr, binding: Binding, path: tuple[str, ...], owner: Scope) -> Node:
        assert binding.value is not None
        target = self.node(binding.value, binding.place)
        name = ".".join(path)
        bindings = owner.bindings.get(binding.name, [])
        if len(bindings) > 1 and binding in bindings:
            name += f"#{bindings.index(binding) + 1}"
        known = resolve(target)
        if isinstance(known, Expression):
            if known.parts is None or any(isinstance(part, str) for part in known.parts):
                # f"/mnt/efs/{env}" under a name: its parts are known, and its source is the name.
                return self._opaque(expression, known.reason, known.parts)
            return self._opaque(expression, None, _inner(expression))
        if isinstance(known, Mapping | Sequence) and not self.is_record(binding.value, binding.place):
            uses = self._uses(expression, binding, owner)
            reason = self._changed(uses, binding, expression)
            if reason:
                return self._opaque(expression, reason)
            if isinstance(known, Mapping) and isinstance(target, Mapping):
                target = self._with_keys_set(target, uses, binding, place=self._place_of(uses, expression))
        start, end = self.span(expression)
        alias = Alias(start, end, name, target=target)
        self._kept.append(alias)
        return alias

    def _uses(self, expression: ast.expr, binding: Binding, owner: Scope) -> list[Use]:
        """The other uses of the name or attribute that this binding sets."""
        if isinstance(expression, ast.Name):
            return self.names.uses_of(binding.name, owner)
        return self.names.attributes.get(binding.name, [])

    @staticmethod
    def _place_of(uses: list[Use], expression: ast.expr) -> Place | None:
        return next((use.place for use in uses if use.node is expression), None)

    def _changed(self, uses: list[Use], binding: Binding, expression: ast.expr) -> str | None:
        """The reason why code changes the bound value, or might; None if it is still the written one."""
        siblings = [b for b in binding.place.scope.bindings.get(binding.name, ()) if b is not binding]
        if siblings or self._judged:
            return self._changed_by(uses, binding, expression, siblings=siblings)
        key = binding, ast.unparse(expression)
        if key not in self._changes:  # the same for all who read it
            self._changes[key] = self._changed_by(uses, binding, expression, siblings=siblings)
        return self._changes[key]

    def _changed_by(
        self, uses: list[Use], binding: Binding, expression: ast.expr, *, siblings: list[Binding]
    ) -> str | None:
        for use in uses:
            if isinstance(expression, ast.Name) and siblings and not self._reads(use, binding, siblings):
                continue
            verdict = self._verdict(use, binding)
            if verdict:
                name = ast.unparse(expression)
                return f"`{name}` is {verdict} in line {use.node.lineno}, so what it holds is not known"
        return None

    @staticmethod
    def _reads(use: Use, binding: Binding, siblings: list[Binding]) -> bool:
        """Whether a use may read this binding and not an earlier or later one of the same name."""
        if use.place.scope is not binding.place.scope:
            return True
        before = [b for b in (binding, *siblings) if b.place.index < use.place.index]
        last = max(before, key=lambda b: b.place.index, default=None)
        return last is binding or use.place.block.parent is not None

    def _verdict(self, use: Use, binding: Binding) -> str | None:
        """The way in which a use may change the dict or list that it reads, as words for the reason, or None."""
        node: ast.AST = use.node
        parent = self.names.parents.get(node)
        deep = False
        while isinstance(parent, ast.Subscript) and parent.value is node:
            if not isinstance(parent.ctx, ast.Load):
                if deep or not _is_plain_key(parent) or isinstance(self.names.parents.get(parent), ast.AugAssign):
                    return "changed"
                return None if isinstance(self.names.parents.get(parent), ast.Assign) else "changed"
            node, parent, deep = parent, self.names.parents.get(parent), True
        if isinstance(parent, ast.Attribute) and parent.value is node:
            called = self.names.parents.get(parent)
            if not isinstance(called, ast.Call) or called.func is not parent:
                return "changed" if not isinstance(parent.ctx, ast.Load) else "handed on"
            if parent.attr not in _OWN_READING_METHODS:
                return "changed"
            node, parent, deep = called, self.names.parents.get(called), True
        if deep and self._immutable(use, binding):
            return None
        match parent:
            case ast.FormattedValue() | ast.Compare() | ast.UnaryOp() | ast.Expr() | ast.Assert():
                return None
            case ast.If() | ast.While():
                return None  # only its truth value is read
            case ast.Call() if parent.func is node:
                return "called"
            case ast.Call() | ast.keyword():
                return None if self._only_reads(parent) else "handed on"
            case ast.Return():
                local = binding.place.scope.kind == "function" and use.place.scope is binding.place.scope
                return None if local and isinstance(use.node, ast.Name) else "handed on"
            case ast.Dict() | ast.List() | ast.Tuple():
                # It becomes part of another value, whose uses are then judged.
                return self._part_of_known(parent, use)
            case ast.Starred():
                joins = isinstance(self.names.parents.get(parent), ast.List | ast.Tuple)
                return None if joins or _of_strings(binding.value) else "handed on"
            case ast.For() | ast.comprehension():
                return None if _of_strings(binding.value) else "gone through"
            case _:
                return "handed on"

    reads: tuple[Callable[[ast.Call], bool], ...] = ()
    """Predicates that dialects add, for the calls whose arguments they read and do not change."""

    record: Callable[[str], bool] | None = None
    """A predicate that a dialect adds: whether a dotted name is a class whose instances hold only their keyword
    arguments and never change."""

    def is_record(self, expression: ast.expr, place: Place) -> bool:
        """Whether an expression makes an instance of a `record` class."""
        if self.record is None or not isinstance(expression, ast.Call) or expression.args:
            return False
        name = self.dotted(expression.func, place)
        return name is not None and self.record(name)

    def _part_of_known(self, parent: ast.AST, use: Use) -> str | None:
        """The way in which a dict or list may change through one that holds it, as words for the reason, or None."""
        node: ast.AST | None = parent
        while isinstance(node, ast.Dict | ast.List | ast.Tuple):
            node = self.names.parents.get(node)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            target = targets[0] if len(targets) == 1 else None
            if not isinstance(target, ast.Name) or target in self._judged:
                return "handed on"
            owner, _ = self.names.owner(target.id, use.place.scope)
            if owner is None:
                return "handed on"
            # Remembered, because nested parts that are each used twice would otherwise take exponential time.
            if target not in self._handed_on:
                bindings = owner.bindings.get(target.id, [])
                self._judged.add(target)
                try:
                    uses = self.names.uses_of(target.id, owner)
                    self._handed_on[target] = any(self._verdict(u, bindings[0]) for u in uses)
                finally:
                    self._judged.discard(target)
            return "handed on" if self._handed_on[target] else None
        return None if self._only_reads(node) else "handed on"

    def _only_reads(self, node: ast.AST | None) -> bool:
        """Whether a call, or the call that a keyword argument belongs to, neither keeps nor changes its arguments."""
        call = self.names.parents.get(node) if isinstance(node, ast.keyword) else node
        if not isinstance(call, ast.Call):
            return False
        called = call.func
        if isinstance(called, ast.Name) and called.id in _READERS:
            return True
        if isinstance(called, ast.Attribute) and called.attr in _READING_METHODS:
            return True
        return any(reads(call) for reads in self.reads)

    def _immutable(self, use: Use, binding: Binding) -> bool:
        """Whether the value that a use takes out of a dict by literal keys is a string or a number."""
        node: ast.AST = use.node
        value: ast.expr | None = binding.value
        while True:
            parent = self.names.parents.get(node)
            if not (isinstance(parent, ast.Subscript) and parent.value is node and isinstance(value, ast.Dict)):
                break
            key = parent.slice.value if isinstance(parent.slice, ast.Constant) else None
            found = [
                v
                for k, v in zip(value.keys, value.values, strict=True)
                if isinstance(k, ast.Constant) and k.value == key
            ]
            if len(found) != 1 or None in value.keys:
                return False
            value, node = found[0], parent
        return node is not use.node and isinstance(value, ast.Constant | ast.JoinedStr)

    def _with_keys_set(self, mapping: Mapping, uses: list[Use], binding: Binding, place: Place | None) -> Mapping:
        """The mapping with the keys that later statements `name["key"] = value` set. The value of a key that is set in
        a branch, or more than once, is not known."""
        entries = list(mapping.entries)
        for use in uses:
            subscript = self.names.parents.get(use.node)
            assign = self.names.parents.get(subscript) if subscript is not None else None
            if not (isinstance(subscript, ast.Subscript) and isinstance(subscript.ctx, ast.Store)):
                continue
            assert isinstance(assign, ast.Assign)
            assert isinstance(subscript.slice, ast.Constant)
            key = str(subscript.slice.value)
            start, end = self.span(subscript.slice)
            there = [i for i, e in enumerate(entries) if isinstance(e.key, Scalar) and e.key.text == key]
            certain = (
                place is not None
                and place.scope is use.place.scope is binding.place.scope
                and binding.place.index < use.place.index < place.index
                and place.block.within(use.place.block)
                and not there
            )
            reason = f"`{key}` is set apart in line {subscript.lineno}"
            entry = self._set.get((assign.value, certain))
            if entry is None:
                value = self.node(assign.value, use.place) if certain else self._opaque(assign.value, reason)
                entry = self._set[assign.value, certain] = Entry(Scalar(start, end, key, style='"'), value)
            if there:
                entries[there[0]] = entry
            else:
                entries.append(entry)
        if entries == mapping.entries:
            return mapping
        # Two places that see the same entries share one mapping, so that it is not changed twice.
        seen = (id(mapping), tuple((id(entry.key), id(entry.value)) for entry in entries))
        if seen not in self._with_keys:
            made = self._with_keys[seen] = replace(mapping, entries=entries)
            self.origin[id(made)] = self.origin[id(mapping)]
        return self._with_keys[seen]

    def known_name(self, expression: ast.Name | ast.Attribute) -> str | None:
        """The known string that a name stands for; None if it is not known or its node was not asked for before."""
        found = self._nodes.get(expression)
        target = resolve(found) if isinstance(found, Alias) else None
        return target.text if isinstance(target, Scalar) and target.style else None

    # -- attributes and parts -----------------------------------------------------------------------------------------

    def _attribute(self, expression: ast.Attribute, place: Place) -> Node:
        of = self._class_of(expression.value.id, place) if isinstance(expression.value, ast.Name) else None
        if of is None:
            return self._opaque(expression)
        if (node := self._recorded_node(expression, place)) is not None:
            return node
        binding, reason = self._stored(expression, *of)
        if binding is None:
            return self._opaque(expression, reason, _inner(expression))
        return self._alias(expression, binding, (*of[0].path, expression.attr), owner=of[0])

    def _stored(
        self, expression: ast.Attribute, scope: Scope, is_class: bool, *, depth: int = 0
    ) -> tuple[Binding | None, str | None]:
        """The one assignment that sets an attribute of a class or its instances, or the reason why it is not known."""
        name = expression.attr
        stores = self.names.stores_of(name)
        mine = stores.get(scope, [])
        relatives = [*self.names.relatives(scope), *self.names.heirs(scope)]
        if None in stores or any(other in stores for other in relatives):
            return None, f"`.{name}` is assigned elsewhere"
        own = scope.bindings.get(name, [])
        if not mine and not own and depth < _MOST_BASES:
            for above in (other for base in scope.bases for other in self.names.classes.get(base, ())):
                inherited = self._stored(expression, above, is_class, depth=depth + 1)
                if inherited[0] is not None:
                    return inherited
        if any(name in other.bindings for other in relatives) or len(own) + len(mine) != 1:
            return None, f"`{ast.unparse(expression)}` is assigned more than once" if own or mine else None
        binding = own[0] if own else mine[0].binding
        if binding.value is None or (mine and (is_class or not (mine[0].in_init or self._sets_alone(scope, binding)))):
            return None, None
        if own and binding.place.block.parent is not None:
            return None, f"`{name}` is assigned in a branch"
        return binding, None

    def _sets_alone(self, scope: Scope, binding: Binding) -> bool:
        """Whether the only assignment to an attribute, in some method, gives all readers the same object: no base class
        can have set another one before."""
        bases = scope.node.bases if isinstance(scope.node, ast.ClassDef) else []
        named = (self.dotted(base, binding.place) for base in bases)
        return isinstance(binding.value, ast.Call) and all(n is not None and self.library(n) for n in named)

    def definition(self, expression: ast.expr, place: Place) -> tuple[ast.expr, Place]:
        """The expression that was assigned to a name, and its place; names in it are followed as long as one assignment
        reaches each of them. For objects, which may change later."""
        for _ in range(_DEPTH):
            if isinstance(expression, ast.NamedExpr):
                expression = expression.value
            binding: Binding | None = None
            if isinstance(expression, ast.Name):
                owner, later = self.names.owner(expression.id, place.scope)
                if owner is not None:
                    binding, _reason = self.reaching(expression.id, owner, place, later=later)
            elif isinstance(expression, ast.Attribute) and isinstance(expression.value, ast.Name):
                of = self._class_of(expression.value.id, place)
                if of is not None:
                    binding, _reason = self._stored(expression, *of)
            if binding is not None and binding.value is not None:
                expression, place = binding.value, binding.place
                continue
            bound = self._bound(expression, place)
            if bound is None or bound.reason or bound.before or bound.parts or bound.expression is expression:
                break
            expression, place = bound.expression, bound.place
        return expression, place

    def loop_over(self, name: ast.Name, place: Place) -> tuple[ast.expr, Place] | None:
        """The expression that a `for` loop goes through, and its place, if `name` is the loop's variable; else None."""
        owner, later = self.names.owner(name.id, place.scope)
        if owner is None or later:
            return None
        bindings = owner.bindings.get(name.id, [])
        if len(bindings) != 1 or bindings[0].loop_over is None:
            return None
        return bindings[0].loop_over, bindings[0].place

    def _class_of(self, name: str, place: Place) -> tuple[Scope, bool] | None:
        """The class whose attributes `name.x` reads, where `name` is `self`, `cls` or a class; and whether `name` is
        the class itself."""
        scope: Scope | None = place.scope
        while scope is not None:
            method = scope.method_of()
            if name in scope.bindings:
                if method is not None and method[1] == name and len(scope.bindings[name]) == 1:
                    return method[0], method[2]
                break
            scope = scope.parent
        classes = self.names.classes.get(name, [])
        owner, _ = self.names.owner(name, place.scope)
        if len(classes) == 1 and owner is classes[0].parent and owner is not None and len(owner.bindings[name]) == 1:
            return classes[0], True
        return None

    def _subscript(self, expression: ast.Subscript, place: Place) -> Node:
        base = (
            self.node(expression.value, place)
            if isinstance(expression.value, ast.Name | ast.Attribute | ast.Subscript)
            else None
        )
        known = resolve(base) if isinstance(base, Alias) else None
        key = expression.slice.value if isinstance(expression.slice, ast.Constant) else None
        found: Node | None = None
        if isinstance(known, Mapping) and isinstance(key, str):
            entry = get(known, key)
            found = entry.value if entry is not None and not unknown_merges(known) else None
        elif isinstance(known, Sequence) and isinstance(key, int) and not isinstance(key, bool):
            plain = not any(isinstance(item, Expression) for item in known.items)
            found = known.items[key] if plain and -len(known.items) <= key < len(known.items) else None
        if found is None or isinstance(resolve(found), Expression | None) or not isinstance(base, Alias):
            return self._opaque(expression)
        start, end = self.span(expression)
        return Alias(start, end, f"{base.name}[{key!r}]", target=found)

    # -- strings ------------------------------------------------------------------------------------------------------

    def _parts(self, expression: ast.expr, place: Place) -> Parts | None:
        """The parts of the string that an expression makes; None if it may not be a string, or is not known."""
        self._depth += 1
        try:
            if self._depth > _DEPTH * 2:
                return None
            found = self._text(expression, place)
        finally:
            self._depth -= 1
        if found is None or sum(len(part) if isinstance(part, str) else len(part.source) for part in found) > _LONGEST:
            return None
        return _joined(found)

    def _text(self, expression: ast.expr, place: Place) -> Parts | None:
        match expression:
            case ast.Constant(value=str(value)):
                return (value,)
            case ast.JoinedStr():
                made: list[str | Inner] = []
                for part in expression.values:
                    if isinstance(part, ast.FormattedValue):
                        made += self._formatted(part, place)
                    elif isinstance(part, ast.Constant):
                        made.append(str(part.value))
                return tuple(made)
            case ast.BinOp(op=ast.Add()):
                return self._sum(expression, place)
            case ast.BinOp(op=ast.Mod()):
                return self._percent(expression, place)
            case ast.IfExp() if self.time is not None:
                truth = self.truth(expression.test, place)
                arm = expression.body if truth else expression.orelse
                return self._known_parts(arm, place) if truth is not None else None
            case ast.BinOp(op=ast.Div()) | ast.Call():
                if isinstance(expression, ast.Call):
                    if (bound := self._bound(expression, place)) is not None:
                        return self.string_of(bound)
                    formatted = self._format(expression, place)
                    if formatted is None and self.texts is not None:
                        formatted = self.texts(expression, place)
                    if formatted is not None:
                        return formatted
                path = self._path(expression, place)
                return (path,) if path is not None and not _is_path_object(expression) else None
            case _:
                return None

    def _sum(self, expression: ast.BinOp, place: Place) -> Parts | None:
        operands: list[ast.expr] = []
        node: ast.expr = expression
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            operands.append(node.right)
            node = node.left
        operands.append(node)
        if len(operands) > 200:
            return None
        made: list[str | Inner] = []
        is_string = False
        for operand in reversed(operands):
            known = self._known_parts(operand, place)
            is_string = is_string or known is not None
            if known is None:
                if isinstance(operand, ast.List | ast.Dict | ast.Tuple | ast.ListComp | ast.Constant):
                    return None
                known = self._part(operand, place)
            made += known
        return tuple(made) if is_string else None

    def _part(self, expression: ast.expr, place: Place) -> Parts:
        """An expression of which nothing more is known as the only part of a string."""
        named = self.named(expression, place) if self.named is not None and self.time is not None else None
        return named if named is not None else _inner(expression)

    def _percent(self, expression: ast.BinOp, place: Place) -> Parts | None:
        """The parts of `template % values`; None if they are not known."""
        template = self._literal(expression.left, place)
        if template is None:
            return None
        given = expression.right
        if isinstance(given, ast.Dict):
            if any(not isinstance(key, ast.Constant) for key in given.keys):
                return None
            named = {
                str(key.value): self._inserted(value, place)
                for key, value in zip(given.keys, given.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            pieces = re.split(r"(%\(\w+\)s|%.)", template, flags=re.DOTALL)
            made: list[str | Inner] = []
            for piece in pieces:
                if piece.startswith("%") and piece != "%%":
                    if piece[2:-2] not in named:
                        return None
                    made += named[piece[2:-2]]
                else:
                    made.append("%" if piece == "%%" else piece)
            return tuple(made)
        values = [self._inserted(v, place) for v in _operands(given)]
        # An unknown value may be a tuple, but not one that is an id by its name.
        alone = not isinstance(given, ast.Tuple) and not (isinstance(given, ast.Attribute) and given.attr in _STRINGS)
        return None if alone and any(isinstance(p, Inner) for p in values[0]) else _by_percent(template, values)

    def _known_parts(self, expression: ast.expr, place: Place) -> Parts | None:
        """The parts of an expression that is certainly a string; None for any other."""
        if isinstance(expression, ast.Name | ast.Attribute | ast.Subscript):
            node = self.node(expression, place)
            found = resolve(node)
            if isinstance(found, Scalar) and found.style:
                return (found.text,)
            if isinstance(found, Expression) and found.parts and any(isinstance(part, str) for part in found.parts):
                return found.parts
            return None
        return self._parts(expression, place)

    def _formatted(self, value: ast.FormattedValue, place: Place) -> Parts:
        if value.conversion == -1 and value.format_spec is None:
            known = self._known_parts(value.value, place)
            if known is not None:
                return known
            number = self._literal(value.value, place)
            if number is not None:
                return (number,)
            return self._part(value.value, place)
        return (Inner(ast.unparse(ast.JoinedStr([value]))[2:-1]),)

    def _literal(self, expression: ast.expr, place: Place) -> str | None:
        """A known string or whole number as `str` writes it; None for anything else."""
        if isinstance(expression, ast.Constant):
            return _text_of(expression.value)
        if isinstance(expression, ast.Name | ast.Attribute | ast.Subscript):
            node = self.node(expression, place)
            target = resolve(node)
            if isinstance(target, Scalar) and (target.style or target.text.isdecimal()):
                return target.text
            return None
        parts = self._parts(expression, place)
        return "".join(map(str, parts)) if parts is not None and all(isinstance(p, str) for p in parts) else None

    def _inserted(self, expression: ast.expr, place: Place) -> Parts:
        """The parts that a value adds to a string that is formatted with it."""
        known = self._known_parts(expression, place)
        if known is None and (literal := self._literal(expression, place)) is not None:
            return (literal,)
        return known if known is not None else self._part(expression, place)

    def _format(self, call: ast.Call, place: Place) -> Parts | None:
        """The parts of the string that a function or method for strings makes of known ones; None for any other call."""
        function = call.func
        if self._calls(call, place, "str") and len(call.args) == 1 and not call.keywords:
            found = self._path(call.args[0], place) or self._literal(call.args[0], place)
            if found is not None:
                return (found,)
            return self._known_parts(call.args[0], place) if self.time is not None else None
        if any(isinstance(argument, ast.Starred) for argument in call.args):
            return None
        named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
        if len(named) < len(call.keywords):
            return None
        if (name := self.dotted(function, place)) is not None:
            return self._by_function(name, call, place) if not named else None
        if not isinstance(function, ast.Attribute):
            return None
        if function.attr in ("substitute", "safe_substitute"):
            return self._substituted(function.value, call.args, named, place=place)
        if function.attr == "format":
            template = self._literal(function.value, place)
            values = {**{str(number): value for number, value in enumerate(call.args)}, **named}
            return self._by_fields(template, values, place) if template is not None else None
        return self._by_method(function, call.args, place) if not named else None

    def _by_function(self, name: str, call: ast.Call, place: Place) -> Parts | None:
        """The parts of the string that a function of the standard library makes of one."""
        if name not in ("textwrap.dedent", "inspect.cleandoc") or len(call.args) != 1:
            return None
        parts = self._known_parts(call.args[0], place)
        if parts is None:
            return None
        text, inner = _encoded(parts)
        return _decoded(textwrap.dedent(text) if name.endswith("dedent") else _cleandoc(text), inner)

    def _by_method(self, function: ast.Attribute, arguments: list[ast.expr], place: Place) -> Parts | None:
        """The parts of the string that a method of a known string returns."""
        if function.attr not in ("join", "replace", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix"):
            return None
        parts = self._known_parts(function.value, place)
        if parts is None:
            return None
        if function.attr == "join":
            return self._joined(parts, arguments, place)
        text, inner = _encoded(parts)
        given = [self._known_parts(argument, place) or self._inserted(argument, place) for argument in arguments]
        if function.attr == "replace":
            if len(given) != 2 or any(isinstance(part, Inner) for part in given[0]):
                return None
            encoded = "".join(map(str, given[0]))
            new = given[1]
            marker = chr(_PRIVATE + len(inner))
            replaced = _decoded(text.replace(encoded, marker), [*inner, Inner("")])
            made: list[str | Inner] = []
            for part in replaced:
                made += new if isinstance(part, Inner) and not part.source else (part,)
            return tuple(made)
        if any(isinstance(part, Inner) for value in given for part in value):
            return None
        changed = getattr(text, function.attr)(*("".join(map(str, value)) for value in given))
        return _decoded(str(changed), inner)

    def _substituted(
        self, template: ast.expr, arguments: list[ast.expr], named: dict[str, ast.expr], *, place: Place
    ) -> Parts | None:
        """The parts of `string.Template("…").substitute(name=…)`."""
        made, at = self.definition(template, place)
        if not isinstance(made, ast.Call) or self.dotted(made.func, at) != "string.Template" or arguments:
            return None
        text = self._literal(made.args[0], at) if len(made.args) == 1 else None
        if text is None:
            return None
        found: list[str | Inner] = []
        for number, piece in enumerate(re.split(r"\$(\$|\w+|\{\w+\})", text)):
            name = piece.strip("{}")
            if number % 2 == 0:
                found.append(piece)
            elif piece == "$":
                found.append("$")
            elif name in named:
                found += self._inserted(named[name], place)
            else:
                found.append(f"${piece}")
        return tuple(found)

    def _by_fields(self, template: str, values: dict[str, ast.expr], place: Place) -> Parts | None:
        """The parts of `template.format(…)`; None if a field is anything but an argument or an attribute of one."""
        made: list[str | Inner] = []
        following = 0
        try:
            for text, field, spec, conversion in string.Formatter().parse(template):
                made.append(text)
                if field is None:
                    continue
                name, *attributes = field.split(".")
                if not name:
                    name, following = str(following), following + 1
                value = values.get(name)
                if value is None or spec or conversion:
                    return None
                for attribute in attributes:
                    if not attribute.isidentifier():
                        return None
                    value = ast.Attribute(value, attribute, ast.Load())
                made += self._part(value, place) if attributes else self._inserted(value, place)
        except ValueError:
            return None
        return tuple(made)

    def _joined(self, separator: Parts, arguments: list[ast.expr], place: Place) -> Parts | None:
        """The parts of the string that `join` makes of a known list; None if the list is not known."""
        items = self.listed(arguments[0], place) if len(arguments) == 1 else None
        if items is None:
            return None
        made: list[str | Inner] = []
        for number, item in enumerate(items):
            parts = self.string_of(item)
            if parts is None and item.reason is None and item.parts is None:
                with self.at(item.time):
                    parts = self._inserted(item.expression, item.place)
            if parts is None:
                return None
            made += [*separator, *parts] if number else parts
        return tuple(made)

    def _path(self, expression: ast.expr, place: Place) -> str | None:
        """The path that `os.path.join(…)`, `Path(…)` or `path / "name"` makes of known parts; else None."""
        if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Div):
            left = (
                self._path(expression.left, place)
                if _is_path_object(expression.left)
                else self._path_name(expression.left, place)
            )
            right = self._literal(expression.right, place)
            return _join([left, right]) if left is not None and right is not None else None
        if not isinstance(expression, ast.Call) or expression.keywords:
            return None
        name = self._called(expression, place)
        if name in ("os.path.join", "posixpath.join", "pathlib.Path", "pathlib.PurePosixPath", "pathlib.PosixPath"):
            parts = [self._literal(argument, place) for argument in expression.args]
            known = [part for part in parts if part is not None]
            if not known or len(known) < len(parts):
                return None
            return posixpath.join(*known) if name.endswith("join") else _join(known)
        return None

    def _path_name(self, expression: ast.expr, place: Place) -> str | None:
        """The path that a name stands for, as in `BASE / "app"`; None if it is not known."""
        if not isinstance(expression, ast.Name | ast.Attribute):
            return None
        binding: Binding | None = None
        if isinstance(expression, ast.Name):
            owner, later = self.names.owner(expression.id, place.scope)
            if owner is not None:
                binding, _ = self.reaching(expression.id, owner, place, later=later)
        if binding is None or binding.value is None or not _is_path_object(binding.value) or binding in self._running:
            return None
        self._running.add(binding)
        try:
            return self._path(binding.value, binding.place)
        finally:
            self._running.discard(binding)

    # -- what is called -----------------------------------------------------------------------------------------------

    def _calls(self, call: ast.Call, place: Place, builtin: str) -> bool:
        """Whether a call is one of the builtin function `builtin`."""
        function = call.func
        return (
            isinstance(function, ast.Name)
            and function.id == builtin
            and self.names.owner(builtin, place.scope)[0] is None
        )

    def _called(self, call: ast.Call, place: Place) -> str:
        return self.dotted(call.func, place) or ""

    def dotted(self, expression: ast.expr, place: Place) -> str | None:
        """The full dotted name of an expression by the module's imports: `ecs.Volume` is `aws_cdk.aws_ecs.Volume`. None
        if it is not a dotted name, or not certainly an imported one."""
        names: list[str] = []
        node = expression
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        owner, _ = self.names.owner(node.id, place.scope)
        bindings = owner.bindings.get(node.id, []) if owner is not None else []
        if not bindings or any(b.reason != "imported" for b in bindings):
            return None
        for statement, _ in self.names.imports:
            if statement is bindings[0].place.statement:
                return ".".join([_imported(statement, node.id), *reversed(names)])
        return None


# -- small things -----------------------------------------------------------------------------------------------------


def _moment(record: tuple[int, Bound]) -> int:
    return record[0]


def _encoded(parts: Parts) -> tuple[str, list[Inner]]:
    """A text with one private character for each expression in it, so that functions for strings can be used."""
    inner = [part for part in parts if isinstance(part, Inner)]
    numbers = iter(range(len(inner)))
    return "".join(part if isinstance(part, str) else chr(_PRIVATE + next(numbers)) for part in parts), inner


def _decoded(text: str, inner: list[Inner]) -> Parts:
    """The parts of a text that `_encoded` made."""
    pieces = re.split(f"([{chr(_PRIVATE)}-{chr(_PRIVATE + 0xFFFD)}])", text)
    return _joined(tuple(inner[ord(piece) - _PRIVATE] if number % 2 else piece for number, piece in enumerate(pieces)))


def keys(mapping: Mapping) -> list[str]:
    """The known keys of a mapping, including those merged with `**`."""
    found: list[str] = []
    pending, seen = [mapping], {id(mapping)}
    while pending:
        for entry in pending.pop().entries:
            if isinstance(entry.key, Scalar) and (entry.key.text != MERGE or entry.key.style):
                found.append(entry.key.text)
                continue
            inner = resolve(entry.value)
            if isinstance(inner, Mapping) and id(inner) not in seen:
                seen.add(id(inner))
                pending.append(inner)
    return found


def unknown_merges(mapping: Mapping) -> bool:
    """Whether a mapping merges, with `**`, another one that is not known."""
    pending, seen = [mapping], {id(mapping)}
    while pending:
        for entry in pending.pop().entries:
            if isinstance(entry.key, Scalar) and entry.key.text == MERGE and not entry.key.style:
                inner = resolve(entry.value)
                if not isinstance(inner, Mapping):
                    return True
                if id(inner) not in seen:
                    seen.add(id(inner))
                    pending.append(inner)
    return False


def _loops(place: Place, binding: Binding) -> list[Block]:
    """The loops around a use that do not contain the binding."""
    found: list[Block] = []
    block: Block | None = place.block
    while block is not None and block is not binding.place.block:
        if block.loop:
            found.append(block)
        block = block.parent
    return found


def _scalar(value: object) -> str | None:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        try:
            return str(value)
        except ValueError:  # more digits than Python converts
            return None
    return None


def _text_of(value: object) -> str | None:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return _scalar(value)
    return None


def _reason(expression: ast.expr) -> str | None:
    match expression:
        case ast.IfExp() | ast.BoolOp():
            return "a condition decides at run time what it is"
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp() | ast.SetComp():
            return "a comprehension builds it at run time"
        case ast.BinOp(op=ast.Add(), left=left, right=right) if isinstance(left, ast.List) or isinstance(
            right, ast.List
        ):
            return "lists are joined at run time"
        case ast.Call(func=ast.Attribute(attr="loads")):
            return "it is a definition inside a string"
        case _:
            return None


def _inner(expression: ast.expr) -> Parts:
    """An expression as the only part of a string."""
    try:
        return (Inner(ast.unparse(ast.JoinedStr([ast.FormattedValue(expression, -1)]))[2:-1]),)
    except (ValueError, RecursionError):  # a backslash, before Python 3.12
        return (Inner("{…}"),)


def _joined(parts: Parts) -> Parts:
    made: list[str | Inner] = []
    for part in parts:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        elif part != "":
            made.append(part)
    return tuple(made)


def _of_strings(expression: ast.expr | None) -> bool:
    """Whether an expression is a list of strings only: code that gets its items one by one cannot change them."""
    strings = (ast.Constant, ast.JoinedStr, ast.BinOp)
    return isinstance(expression, ast.List | ast.Tuple) and all(isinstance(e, strings) for e in expression.elts)


def _by_percent(template: str, values: list[Parts]) -> Parts | None:
    """The parts of `template % values`; None if the template has anything but `%s`, and `%d` for whole numbers."""
    pieces = re.split(r"(%.)", template, flags=re.DOTALL)
    made: list[str | Inner] = []
    left = iter(values)
    for piece in pieces:
        if piece in ("%s", "%d"):
            value = next(left, None)
            if value is None or (piece == "%d" and not (len(value) == 1 and str(value[0]).isdecimal())):
                return None
            made += value
        elif piece == "%%":
            made.append("%")
        elif piece.startswith("%"):
            return None
        else:
            made.append(piece)
    return tuple(made) if next(left, None) is None else None


def _cleandoc(text: str) -> str:
    import inspect

    return inspect.cleandoc(text)


def _operands(expression: ast.expr) -> list[ast.expr]:
    return list(expression.elts) if isinstance(expression, ast.Tuple) else [expression]


def _is_path_object(expression: ast.expr) -> bool:
    if isinstance(expression, ast.BinOp):
        return isinstance(expression.op, ast.Div)
    if not isinstance(expression, ast.Call):
        return False
    function = expression.func
    name = (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )
    return name in ("Path", "PurePosixPath", "PosixPath")


def _join(parts: list[str | None] | list[str]) -> str:
    from pathlib import PurePosixPath

    return str(PurePosixPath(*[part for part in parts if part is not None]))


def _imported(statement: ast.Import | ast.ImportFrom, name: str) -> str:
    for alias in statement.names:
        if (alias.asname or alias.name.partition(".")[0]) == name:
            full = alias.name if alias.asname or isinstance(statement, ast.ImportFrom) else name
            module = statement.module if isinstance(statement, ast.ImportFrom) else None
            return f"{module}.{full}" if module else full
    return name


def _is_plain_key(subscript: ast.Subscript) -> bool:
    return isinstance(subscript.slice, ast.Constant) and isinstance(subscript.slice.value, str)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:37] + "…"
