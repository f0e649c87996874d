"""An index of the names in one module: scopes, bindings, uses and calls, found in one walk without recursion.

The value of a local variable depends on the order of execution. Every place therefore has an index that rises in that
order: in a statement, the expressions come first, then the names that it binds.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(eq=False, slots=True)
class Scope:
    """A scope of names. `path` identifies it: `("Stack", "__init__")`."""

    kind: str
    """One of `module`, `class`, `function`, `lambda` and `comprehension`."""
    parent: Scope | None
    path: tuple[str, ...]
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    elsewhere: dict[str, bool] = field(default_factory=dict)
    """The names declared `global` (True) or `nonlocal` (False) here."""
    node: ast.AST | None = None
    bases: tuple[str, ...] = ()
    """The names of a class's bases; empty for other scopes."""

    def within(self, other: Scope) -> bool:
        """Whether this scope is `other` or lies inside it."""
        scope: Scope | None = self
        while scope is not None:
            if scope is other:
                return True
            scope = scope.parent
        return False

    def method_of(self) -> tuple[Scope, str, bool] | None:
        """For a method: its class, the name of its first parameter, and whether that is the class; None for others."""
        node = self.node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or self.parent is None:
            return None
        first = [*node.args.posonlyargs, *node.args.args][:1]
        decorators = {d.id for d in node.decorator_list if isinstance(d, ast.Name)}
        if self.parent.kind != "class" or not first or "staticmethod" in decorators:
            return None
        return self.parent, first[0].arg, "classmethod" in decorators


@dataclass(eq=False, slots=True)
class Block:
    """A list of statements that are executed one after the other: a body, or one branch of an `if`, loop or `try`."""

    parent: Block | None
    loop: bool = False

    def within(self, other: Block) -> bool:
        """Whether this block is `other` or lies inside it."""
        block: Block | None = self
        while block is not None:
            if block is other:
                return True
            block = block.parent
        return False


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A point of execution: a statement with its scope and block, and an index that rises as the module is executed."""

    scope: Scope
    block: Block
    index: int
    statement: ast.stmt


@dataclass(eq=False, slots=True)
class Binding:
    """A statement that gives a name a value. `value` is None if it is no plain assignment; `reason` says what it is."""

    name: str
    place: Place
    value: ast.expr | None
    reason: str | None = None
    loop_over: ast.expr | None = None
    """The expression that a `for` loop goes through, if this binds the loop's variable."""


@dataclass(eq=False, slots=True)
class Use:
    """A name or attribute that is read, and the place where it is."""

    node: ast.expr
    place: Place


@dataclass(eq=False, slots=True)
class Store:
    """An assignment `target.attribute = value`; `owner` is the class if `target` is its `self`, else None."""

    owner: Scope | None
    binding: Binding
    in_init: bool


class Names:
    """The index of the names, calls and dicts of one module."""

    def __init__(self, module: ast.Module) -> None:
        self.module = Scope("module", None, ())
        self.parents: dict[ast.AST, ast.AST] = {}
        self.uses: dict[str, list[Use]] = {}
        self.attributes: dict[str, list[Use]] = {}
        """Maps each attribute's name to the expressions that read it."""
        self.stores: dict[str, list[Store]] = {}
        self.augmented: dict[str, list[Use]] = {}
        """Maps each name, and each attribute's name, to its places before `+=` and its like."""
        self.calls: list[tuple[ast.Call, Place]] = []
        """All calls outside f-strings, in the order of their positions."""
        self.dicts: list[tuple[ast.Dict, Place]] = []
        """All dicts outside f-strings, in no particular order."""
        self.imports: list[tuple[ast.Import | ast.ImportFrom, Place]] = []
        self.classes: dict[str, list[Scope]] = {}
        self.functions: list[Scope] = []
        """The functions and methods, lambdas not counted."""
        self.inside: dict[ast.AST, Place] = {}
        """The place inside each comprehension and each function, where its variables and parameters are bound."""
        self.star_import: int | None = None
        """The index of the last `from … import *`; None if there is none."""
        self._index = 0
        self._pending: list[tuple[list[ast.stmt], Scope, Block]] = []
        self._owners: dict[str, dict[Scope, list[Use]]] = {}
        self._stores_of: dict[str, dict[Scope | None, list[Store]]] = {}
        self._walk(module)

    # -- looking up ---------------------------------------------------------------------------------------------------

    def owner(self, name: str, scope: Scope) -> tuple[Scope | None, bool]:
        """The scope that defines a name used in `scope` (None for a builtin, or a name that `import *` brings), and
        whether that scope is executed at another time than the use, as a module is for the functions in it."""
        current: Scope | None = scope
        later = False
        while current is not None:
            declared = current.elsewhere.get(name)
            if declared:
                return (self.module if name in self.module.bindings else None), current is not self.module
            visible = current.kind != "class" or current is scope
            if visible and declared is None and name in current.bindings:
                return current, later
            later = later or current.kind in ("function", "lambda")
            current = current.parent
        return None, later

    def uses_of(self, name: str, owner: Scope) -> list[Use]:
        """All uses of the name that `owner` defines."""
        if name not in self._owners:
            grouped: dict[Scope, list[Use]] = {}
            for use in self.uses.get(name, ()):
                found, _ = self.owner(name, use.place.scope)
                if found is not None:
                    grouped.setdefault(found, []).append(use)
            self._owners[name] = grouped
        return self._owners[name].get(owner, [])

    def stores_of(self, name: str) -> dict[Scope | None, list[Store]]:
        """Maps each class to the assignments to this attribute of its instances; None to those to any other object."""
        if name not in self._stores_of:
            grouped: dict[Scope | None, list[Store]] = {}
            for store in self.stores.get(name, ()):
                grouped.setdefault(store.owner, []).append(store)
            self._stores_of[name] = grouped
        return self._stores_of[name]

    @cached_property
    def places(self) -> dict[ast.AST, Place]:
        """The places of all names, calls and dicts outside f-strings, and of the names in f-strings."""
        found: dict[ast.AST, Place] = {use.node: use.place for uses in self.uses.values() for use in uses}
        return found | dict(self.calls) | dict(self.dicts)

    def start_of(self, scope: Scope) -> Place:
        """The place at the start of a function, or of the module."""
        found = self.inside.get(scope.node) if scope.node is not None else None
        return found or Place(scope, Block(None), 0, statement=ast.Pass())

    def relatives(self, scope: Scope) -> list[Scope]:
        """The classes that a class inherits from, and those that inherit from it, found by the names of their bases."""
        above = (other for base in scope.bases for other in self.classes.get(base, ()))
        return [other for other in (*above, *self._heirs.get(scope.path[-1], ())) if other is not scope]

    def heirs(self, scope: Scope) -> list[Scope]:
        """The classes that inherit from a class, directly or not, found by the names of their bases."""
        found: dict[Scope, None] = {}
        pending = [scope]
        while pending:
            for heir in self._heirs.get(pending.pop().path[-1], ()):
                if heir not in found and heir is not scope:
                    found[heir] = None
                    pending.append(heir)
        return list(found)

    @cached_property
    def _heirs(self) -> dict[str, list[Scope]]:
        found: dict[str, list[Scope]] = {}
        for group in self.classes.values():
            for scope in group:
                for base in scope.bases:
                    found.setdefault(base, []).append(scope)
        return found

    # -- the walk -----------------------------------------------------------------------------------------------------

    def _walk(self, module: ast.Module) -> None:
        self._pending.append((module.body, self.module, Block(None)))
        # An explicit stack: long chains of `elif` and nested functions would overflow Python's own.
        stack: list[tuple[Iterator[ast.stmt], Scope, Block]] = []
        while self._pending or stack:
            # The bodies that were put off last are executed first.
            stack += [(iter(body), scope, block) for body, scope, block in self._pending]
            self._pending.clear()
            statements, scope, block = stack[-1]
            statement = next(statements, None)
            if statement is None:
                stack.pop()
            else:
                self._statement(statement, scope, block)
        self.calls.sort(key=lambda found: (found[0].lineno, found[0].col_offset))

    def _place(self, scope: Scope, block: Block, statement: ast.stmt) -> Place:
        self._index += 1
        return Place(scope, block, self._index, statement=statement)

    def _later(self, body: list[ast.stmt], scope: Scope, block: Block) -> None:
        if body:
            self._pending.append((body, scope, block))

    def _statement(self, node: ast.stmt, scope: Scope, block: Block) -> None:
        place = self._place(scope, block, node)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._expressions([*node.decorator_list, *_defaults(node.args)], place)
                self._bind(node.name, self._place(scope, block, node), None, reason="a function")
                self._function(node, node.args, node.body, scope=scope)
            case ast.ClassDef():
                self._expressions([*node.decorator_list, *node.bases, *(k.value for k in node.keywords)], place)
                bases = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
                inner = Scope("class", scope, (*scope.path, node.name), node=node, bases=bases)
                self._bind(node.name, self._place(scope, block, node), None, reason="a class")
                self.classes.setdefault(node.name, []).append(inner)
                self._later(node.body, inner, Block(None))
            case ast.Import() | ast.ImportFrom():
                self.imports.append((node, place))
                for alias in node.names:
                    if alias.name == "*":
                        self.star_import = place.index
                    else:
                        self._bind(alias.asname or alias.name.partition(".")[0], place, None, reason="imported")
            case ast.Global() | ast.Nonlocal():
                for name in node.names:
                    scope.elsewhere[name] = isinstance(node, ast.Global)
                    if isinstance(node, ast.Global):
                        self._bind(name, place, None, reason="declared global in a function", scope=self.module)
                    else:
                        self._bind_outer(name, place)
            case ast.Assign():
                self._expressions([node.value, *node.targets], place)
                after = self._place(scope, block, node)
                for target in node.targets:
                    self._assign(target, node.value, after, shared=len(node.targets) > 1)
            case ast.AnnAssign():
                self._expressions([node.annotation, node.target, *([node.value] if node.value else [])], place)
                if node.value is not None:
                    self._assign(node.target, node.value, self._place(scope, block, node))
            case ast.AugAssign():
                self._expressions([node.value, node.target], place)
                self._unknown(node.target, self._place(scope, block, node), "changed by an assignment like +=")
                if isinstance(node.target, ast.Name | ast.Attribute):
                    name = node.target.id if isinstance(node.target, ast.Name) else node.target.attr
                    self.augmented.setdefault(name, []).append(Use(node.target, place))
            case ast.For() | ast.AsyncFor():
                self._expressions([node.iter, node.target], place)
                inside = Block(block, loop=True)
                target_place = self._place(scope, inside, node)
                if isinstance(node.target, ast.Name):
                    self._bind(node.target.id, target_place, None, reason="a loop variable", loop_over=node.iter)
                else:
                    self._unknown(node.target, target_place, "a loop variable")
                self._later(node.orelse, scope, Block(block))
                self._later(node.body, scope, inside)
            case ast.While():
                self._expressions([node.test], place)
                self._later(node.orelse, scope, Block(block))
                self._later(node.body, scope, Block(block, loop=True))
            case ast.If():
                self._expressions([node.test], place)
                self._later(node.orelse, scope, Block(block))
                self._later(node.body, scope, Block(block))
            case ast.With() | ast.AsyncWith():
                self._expressions([item.context_expr for item in node.items], place)
                inside = Block(block)
                for item in node.items:
                    if item.optional_vars is not None:
                        self._expressions([item.optional_vars], place)
                        self._unknown(item.optional_vars, self._place(scope, inside, node), "what `with` gives")
                self._later(node.body, scope, inside)
            case ast.Try() | ast.TryStar():
                for part in (node.finalbody, node.orelse):
                    self._later(part, scope, Block(block))
                for handler in reversed(node.handlers):
                    self._expressions([handler.type] if handler.type else [], place)
                    inside = Block(block)
                    if handler.name:
                        self._bind(handler.name, self._place(scope, inside, node), None, reason="an exception")
                    self._later(handler.body, scope, inside)
                self._later(node.body, scope, Block(block))
            case ast.Match():
                self._expressions([node.subject], place)
                for arm in reversed(node.cases):
                    inside = Block(block)
                    self._expressions([arm.guard] if arm.guard else [], place)
                    self._pattern(arm.pattern, self._place(scope, inside, node))
                    self._later(arm.body, scope, inside)
            case ast.Delete():
                self._expressions(node.targets, place)
                for target in node.targets:
                    self._unknown(target, self._place(scope, block, node), "deleted")
            case _:
                self._expressions([child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)], place)
                if type(node).__name__ == "TypeAlias":  # Python 3.12
                    name = node.name  # type: ignore[attr-defined]
                    self._unknown(name, self._place(scope, block, node), "a type")

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, arguments: ast.arguments, body: list[ast.stmt], scope: Scope
    ) -> None:
        inner = Scope("function", scope, (*scope.path, node.name), node=node)
        self.functions.append(inner)
        place = self.inside[node] = Place(inner, Block(None), self._index, statement=body[0])
        for argument in _parameters(arguments):
            self._bind(argument.arg, place, None, reason="a parameter")
        self._later(body, inner, place.block)

    def _pattern(self, pattern: ast.pattern, place: Place) -> None:
        for node in ast.walk(pattern):
            name = getattr(node, "name", None) or getattr(node, "rest", None)
            if isinstance(name, str):
                self._bind(name, place, None, reason="matched by a pattern")
            if isinstance(node, ast.expr):
                self._expressions([node], place)

    # -- what binds ---------------------------------------------------------------------------------------------------

    def _bind(
        self,
        name: str,
        place: Place,
        value: ast.expr | None,
        reason: str | None = None,
        *,
        scope: Scope | None = None,
        loop_over: ast.expr | None = None,
    ) -> None:
        owner = scope or place.scope
        if owner is not self.module and name in place.scope.elsewhere:
            owner, reason, value = self.module, "declared global in a function", None
            if not place.scope.elsewhere[name]:
                self._bind_outer(name, place)
                return
        owner.bindings.setdefault(name, []).append(Binding(name, place, value, reason=reason, loop_over=loop_over))

    def _bind_outer(self, name: str, place: Place) -> None:
        """Records a `nonlocal` assignment in every enclosing function with the name, so that its value is unknown."""
        outer = place.scope.parent
        while outer is not None and outer.kind != "module":
            if name in outer.bindings:
                outer.bindings[name].append(Binding(name, place, None, reason="changed in an inner function"))
            outer = outer.parent

    def _assign(self, target: ast.expr, value: ast.expr, place: Place, *, shared: bool = False) -> None:
        if isinstance(target, ast.Name):
            # Both names stand for one dict, and a change through one would change the other.
            known = value if not shared or isinstance(value, ast.Constant) else None
            self._bind(target.id, place, known, reason=None if known else "assigned together with another name")
        elif (
            isinstance(target, ast.Tuple | ast.List)
            and isinstance(value, ast.Tuple | ast.List)
            and len(target.elts) == len(value.elts)
            and not any(isinstance(e, ast.Starred) for e in (*target.elts, *value.elts))
        ):
            for one, its in zip(target.elts, value.elts, strict=True):
                self._assign(one, its, place, shared=shared)
        elif isinstance(target, ast.Attribute):
            self._store(target, place, value)
        else:
            self._unknown(target, place, "unpacked")

    def _store(self, target: ast.Attribute, place: Place, value: ast.expr | None, reason: str | None = None) -> None:
        method = place.scope.method_of()
        is_self = method is not None and isinstance(target.value, ast.Name) and target.value.id == method[1]
        binding = Binding(target.attr, place, value, reason=reason)
        in_init = place.scope.path[-1:] == ("__init__",) and place.block.parent is None
        owner = method[0] if method is not None and is_self and not method[2] else None
        self.stores.setdefault(target.attr, []).append(Store(owner, binding, in_init))

    def _unknown(self, target: ast.expr, place: Place, reason: str) -> None:
        pending: list[ast.expr] = [target]
        while pending:
            node = pending.pop()
            if isinstance(node, ast.Name):
                self._bind(node.id, place, None, reason=reason)
            elif isinstance(node, ast.Attribute):
                self._store(node, place, None, reason=reason)
            elif isinstance(node, ast.Tuple | ast.List):
                pending += node.elts
            elif isinstance(node, ast.Starred):
                pending.append(node.value)

    # -- expressions --------------------------------------------------------------------------------------------------

    def _expressions(self, roots: list[ast.expr], place: Place) -> None:
        pending: list[tuple[ast.AST, Place, bool]] = [(root, place, False) for root in roots]
        for root in roots:
            self.parents[root] = place.statement
        while pending:
            node, at, in_text = pending.pop()
            match node:
                case ast.Name():
                    if isinstance(node.ctx, ast.Load):
                        self.uses.setdefault(node.id, []).append(Use(node, at))
                    continue
                case ast.Attribute(ctx=ast.Load()):
                    self.attributes.setdefault(node.attr, []).append(Use(node, at))
                case ast.Call():
                    if not in_text:
                        self.calls.append((node, at))
                case ast.Dict():
                    if not in_text:
                        self.dicts.append((node, at))
                case ast.NamedExpr():
                    target = at.scope
                    while target.kind == "comprehension" and target.parent is not None:
                        target = target.parent
                    reason = "assigned inside an expression"
                    self._bind(node.target.id, at, None, reason=reason, scope=target)
                case ast.Lambda():
                    inner = Scope("lambda", at.scope, (*at.scope.path, "<lambda>"), node=node)
                    inside = self.inside[node] = Place(inner, Block(None), at.index, statement=at.statement)
                    for argument in _parameters(node.args):
                        self._bind(argument.arg, inside, None, reason="a parameter")
                    self._push(pending, node, _defaults(node.args), place=at, in_text=in_text)
                    self._push(pending, node, [node.body], place=inside, in_text=in_text)
                    continue
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                    inner = Scope("comprehension", at.scope, at.scope.path, node=node)
                    inside = Place(inner, Block(at.block, loop=True), at.index, statement=at.statement)
                    self.inside[node] = inside
                    for generator in node.generators:
                        self.parents[generator] = node
                        self._unknown(generator.target, inside, "a loop variable")
                        self._push(
                            pending, generator, list(ast.iter_child_nodes(generator)), place=inside, in_text=in_text
                        )
                    made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
                    self._push(pending, node, made, place=inside, in_text=in_text)
                    continue
                case _:
                    pass
            self._push(
                pending,
                node,
                list(ast.iter_child_nodes(node)),
                place=at,
                in_text=in_text or isinstance(node, ast.JoinedStr),
            )

    def _push(
        self,
        pending: list[tuple[ast.AST, Place, bool]],
        parent: ast.AST,
        children: list[ast.AST] | list[ast.expr],
        place: Place,
        in_text: bool,
    ) -> None:
        for child in children:
            self.parents[child] = parent
            pending.append((child, place, in_text))


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]
