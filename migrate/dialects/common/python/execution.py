"""Follows a program in the order in which Python executes it, as far as the source decides that: calls of the program's own
functions are followed into them, loops over known lists are unrolled, and branches that nothing decides are remembered as
conditions.

The values that variables have in turn are recorded in the evaluator, which then evaluates expressions at one moment.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from migrate.dialects.common.python.escapes import Escapes, bound_arguments, is_wrapped
from migrate.syntax.python.evaluate import Bound, Variable
from migrate.syntax.python.names import Place, Scope

_DEEPEST = 80
"""The deepest nesting of statements, expressions and calls that is followed."""
_MOST_STEPS = 3_000
"""The largest number of calls that are followed beside those that the program writes out."""
_LONGEST_LOOP = 200
"""The largest number of items of a loop that is unrolled."""
_ADDING = {"append": True, "extend": False}
"""The methods that add to the end of a list, and whether they add a single item."""
_CHANGING = frozenset({"insert", "pop", "remove", "clear", "sort", "reverse"})
"""The other methods that change a list."""


@dataclass(frozen=True, eq=False, slots=True)
class Condition:
    """A point of the program where it is not known whether, when or how often what follows is executed. `reason` says
    so in words."""

    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """A call at the moment when it is executed."""

    call: ast.Call
    place: Place
    time: int
    conditions: tuple[Condition, ...] = ()
    """The conditions under which it is executed, the outermost first."""
    bound: tuple[Bound, ...] = ()
    """The values of the parameters and loop variables around it."""


@dataclass(slots=True)
class _Flow:
    """The end of some statements: whether they leave what they are in, or may do so."""

    left: bool = False
    maybe: Condition | None = None


@dataclass
class _Activation:
    """A function that is being executed."""

    scope: Scope
    returned: list[tuple[ast.expr | None, Place, int, tuple[Condition, ...]]] = field(default_factory=list)


class Execution:
    """The steps of one program in the order of their execution."""

    def __init__(self, escapes: Escapes) -> None:
        self.escapes = escapes
        self.names = escapes.names
        self.evaluator = escapes.evaluator
        self.steps: list[Step] = []
        self._conditions: list[Condition] = []
        self._bound: list[Bound] = []
        self._active: list[_Activation] = []
        self._depth = 0
        self._time = 0
        self._changes: list[Variable] = []
        self._seen: set[ast.Call] = set()
        self._entered: set[Scope] = set()
        self.dead: set[ast.AST] = set()
        """The nodes of branches that are never taken."""
        self.unfinished: dict[Scope, str] = {}
        """The functions that are not followed to their end, with the reason."""
        self.is_cut = False
        """Whether the program is too long, or nested too deeply, to be followed to its end."""
        self._left = 20 * (_MOST_STEPS + len(self.names.calls))

    def run(self) -> list[Step]:
        """Follows the module, then the functions that nothing in it calls."""
        own = self.escapes.document.module.body
        self._guarded(own, self.names.module, None)
        called = {f for call, place in self.names.calls for f in self.escapes.functions(call, place)}
        for scope in sorted(self.names.functions, key=lambda scope: scope in called):
            if scope not in self._entered:  # of those that are called, the ones that another method stands for
                name = scope.path[-1]
                reason = f"nothing in this file shows when `{name}()` is called"
                starts = name == "__init__" and scope not in called
                self._guarded(getattr(scope.node, "body", []), scope, None if starts else Condition(reason))
        # Lambdas, and what was too deep or too much to follow.
        for call, place in self.names.calls:
            if call not in self._seen and call not in self.dead:
                self._conditions = [Condition(f"it is not known when line {call.lineno} is executed")]
                self._step(call, place)
        self._conditions = []
        return self.steps

    def _guarded(self, body: Sequence[ast.stmt], scope: Scope, condition: Condition | None) -> None:
        self._active.append(_Activation(scope))
        with self._under(condition):
            self._block(body)
        self._active.pop()

    # -- moments ------------------------------------------------------------------------------------------------------

    def _next(self) -> int:
        self._time += 1
        return self._time

    @contextmanager
    def _under(self, *conditions: Condition | None) -> Iterator[None]:
        """Executes what is inside under these conditions."""
        before = len(self._conditions)
        self._conditions += [condition for condition in conditions if condition is not None]
        yield
        del self._conditions[before:]

    @contextmanager
    def _branch(self, condition: Condition) -> Iterator[None]:
        """Executes what is inside under a condition that nothing decides: the variables that it changes are not known
        afterwards."""
        start = len(self._changes)
        with self._under(condition):
            yield
        for variable in dict.fromkeys(self._changes[start:]):
            self._forget(variable, condition.reason)

    def _remember(self, variable: Variable | None, bound: Bound, *, scoped: bool = False) -> None:
        if variable is not None:
            self.evaluator.remember(variable, bound, self._next())
            self._changes.append(variable)
            if scoped:
                self._bound.append(bound)

    def _forget(self, variable: Variable, reason: str) -> None:
        nothing = ast.Constant(None)
        self._remember(variable, Bound(nothing, self._here(nothing), self._time, reason=reason))

    def _here(self, expression: ast.AST) -> Place:
        """The place of an expression; that of the function around it if it has no names or calls."""
        for node in ast.walk(expression):
            if (found := self.names.places.get(node)) is not None:
                return found
        scope = self._active[-1].scope if self._active else self.names.module
        return self.names.start_of(scope)

    # -- statements ---------------------------------------------------------------------------------------------------

    def _block(self, body: Sequence[ast.stmt]) -> _Flow:
        """Executes statements one after the other."""
        flow = _Flow()
        if self._depth > _DEEPEST:
            self.is_cut = True
            return flow
        self._depth += 1
        before = len(self._conditions)
        for statement in body:
            self._left -= 1
            if self._left < 0:
                self.is_cut = True
                break
            ended = self._statement(statement)
            if ended.maybe is not None:
                flow.maybe = ended.maybe
                self._conditions.append(ended.maybe)
            if ended.left:
                flow.left = True
                break
        del self._conditions[before:]
        self._depth -= 1
        return flow

    def _statement(self, node: ast.stmt) -> _Flow:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._all(node.decorator_list)
            case ast.ClassDef():
                self._all([*node.decorator_list, *node.bases])
                scope = next((c for c in self.names.classes.get(node.name, ()) if c.node is node), None)
                if scope is not None:
                    self._active.append(_Activation(scope))
                    self._block(node.body)
                    self._active.pop()
            case ast.Assign():
                self._expression(node.value)
                for target in node.targets:
                    self._assign(target, node.value)
            case ast.AnnAssign():
                if node.value is not None:
                    self._expression(node.value)
                    self._assign(node.target, node.value)
            case ast.AugAssign():
                self._expression(node.value)
                self._augment(node)
            case ast.Return():
                if node.value is not None:
                    self._expression(node.value)
                place = self._here(node.value or node)
                self._active[-1].returned.append((node.value, place, self._next(), tuple(self._conditions)))
                return _Flow(left=True)
            case ast.Raise():
                return _Flow(left=True)
            case ast.Break() | ast.Continue():
                return _Flow(left=True)
            case ast.If():
                return self._if(node)
            case ast.For() | ast.AsyncFor():
                return self._for(node)
            case ast.While():
                self._expression(node.test)
                with self._branch(Condition(f"line {node.lineno} decides how often it is executed")):
                    return self._possibly(self._block(node.body), node.lineno)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self._expression(item.context_expr)
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, item.context_expr)
                return self._block(node.body)
            case ast.Try() | ast.TryStar():
                flow = self._block(node.body)
                for handler in node.handlers:
                    with self._branch(Condition(f"it is executed only if line {node.lineno} fails")):
                        self._block(handler.body)
                later = self._block([*node.orelse, *node.finalbody])
                return _Flow(flow.left or later.left, flow.maybe or later.maybe)
            case ast.Match():
                self._expression(node.subject)
                flow = _Flow()
                for arm in node.cases:
                    with self._branch(self._decides(node.lineno)):
                        flow = self._possibly(self._block(arm.body), node.lineno, flow)
                return flow
            case ast.Delete():
                for target in node.targets:
                    self._unknown(target, f"line {node.lineno} deletes it")
            case _:
                self._all([child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)])
        return _Flow()

    @staticmethod
    def _decides(line: int) -> Condition:
        return Condition(f"line {line} decides whether it is executed")

    def _possibly(self, flow: _Flow, line: int, before: _Flow | None = None) -> _Flow:
        """The end of a branch that may not be taken: what follows is under a condition if the branch leaves."""
        maybe = self._decides(line) if flow.left else flow.maybe
        return _Flow(False, maybe or (before.maybe if before is not None else None))

    def _if(self, node: ast.If) -> _Flow:
        self._expression(node.test)
        main = isinstance(node.test, ast.Compare) and getattr(node.test.left, "id", "") == "__name__"
        truth = True if main else self._truth(node.test)
        if truth is not None:
            taken, other = (node.body, node.orelse) if truth else (node.orelse, node.body)
            self.dead.update(inner for statement in other for inner in ast.walk(statement))
            return self._block(taken)
        condition = self._decides(node.lineno)
        start = len(self._changes)
        flows: list[_Flow] = []
        for body in (node.body, node.orelse):
            with self._branch(condition):
                flows.append(self._block(body))
        for variable in dict.fromkeys(self._changes[start:]):
            self._forget(variable, f"line {node.lineno} decides what it is")
        raises = [bool(body) and isinstance(body[-1], ast.Raise) for body in (node.body, node.orelse)]
        if all(flow.left for flow in flows):
            return _Flow(left=True)
        leaves = any(flow.left and not raised for flow, raised in zip(flows, raises, strict=True))
        return _Flow(False, condition if leaves else flows[0].maybe or flows[1].maybe)

    def _truth(self, test: ast.expr) -> bool | None:
        with self.evaluator.at(self._time):
            return self.evaluator.truth(test, self._here(test))

    def _for(self, node: ast.For | ast.AsyncFor) -> _Flow:
        self._expression(node.iter)
        scope = self._active[-1].scope if self._active else self.names.module
        rounds = self._rounds(node.target, node.iter, scope)
        flow = _Flow()
        if rounds is None:
            with self._branch(Condition(f"line {node.lineno} goes through a list that is not known")):
                self._unknown(node.target, f"line {node.lineno} goes through a list that is not known")
                flow = self._possibly(self._block(node.body), node.lineno)
        else:
            with self._scoped():
                for variables in rounds:
                    if self.is_cut:
                        break
                    for variable, bound in variables.items():
                        self._remember(variable, bound, scoped=True)
                    ended = self._block(node.body)
                    flow.maybe = flow.maybe or ended.maybe
                    if ended.left:  # a `break`, `continue` or `return`, which are not told apart
                        flow.maybe = self._decides(node.lineno)
                        break
                    if ended.maybe is not None:
                        self._conditions.append(ended.maybe)
        ended = self._block(node.orelse)
        return _Flow(ended.left, flow.maybe or ended.maybe)

    @contextmanager
    def _scoped(self) -> Iterator[None]:
        """Parameters and loop variables that are bound inside are so only there."""
        bound, conditions = len(self._bound), len(self._conditions)
        yield
        del self._bound[bound:]
        del self._conditions[conditions:]

    def _rounds(self, target: ast.expr, iterated: ast.expr, scope: Scope) -> list[dict[Variable, Bound]] | None:
        """The values of a loop's variables, round by round; None if they are not known."""
        with self.evaluator.at(self._time):
            items = self.evaluator.listed(iterated, self._here(iterated))
            if items is None or len(items) > _LONGEST_LOOP:
                return None
            rounds = [self.evaluator.unpacked(target, item, scope) for item in items]
        return None if None in rounds else [one for one in rounds if one is not None]

    # -- variables ----------------------------------------------------------------------------------------------------

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        """Records what an assignment gives a variable."""
        if (
            isinstance(target, ast.Tuple | ast.List)
            and isinstance(value, ast.Tuple | ast.List)
            and len(target.elts) == len(value.elts)
            and not any(isinstance(one, ast.Starred) for one in target.elts)
        ):
            for one, its in zip(target.elts, value.elts, strict=True):
                self._assign(one, its)
        elif isinstance(target, ast.Name | ast.Attribute):
            place = self._here(value)
            self._remember(self._variable(target), Bound(value, place, self._time))
        else:
            self._unknown(target, f"line {target.lineno} changes it")

    def _variable(self, target: ast.expr) -> Variable | None:
        scope = self._active[-1].scope if self._active else self.names.module
        if isinstance(target, ast.Name):
            owner, _ = self.names.owner(target.id, scope)
            if owner is not None and owner.kind == "class":
                return owner, f".{target.id}"
            return (owner, target.id) if owner is not None else None
        return self.evaluator.variable(target, self._here(target))

    def _augment(self, node: ast.AugAssign) -> None:
        variable = self._variable(node.target)
        if variable is None:
            self._unknown(node.target, f"line {node.lineno} changes it")
            return
        if not isinstance(node.op, ast.Add):
            self._forget(variable, f"line {node.lineno} changes it")
            return
        with self.evaluator.at(self._time):
            before = self.evaluator.recorded(variable)
        if before is None:
            before = Bound(node.target, self._here(node.target), self._time)
        self._remember(variable, Bound(node.value, self._here(node.value), self._time, before=before))

    def _unknown(self, target: ast.expr, reason: str) -> None:
        """Records that the variables in a target are not known from now on."""
        match target:
            case ast.Name() | ast.Attribute():
                if (variable := self._variable(target)) is not None:
                    self._forget(variable, reason)
            case ast.Tuple() | ast.List():
                for one in target.elts:
                    self._unknown(one, reason)
            case ast.Starred() | ast.Subscript():
                self._unknown(target.value, reason)
            case _:
                pass

    # -- expressions --------------------------------------------------------------------------------------------------

    def _all(self, expressions: Sequence[ast.expr]) -> None:
        for expression in expressions:
            self._expression(expression)

    def _expression(self, node: ast.AST) -> None:
        """Executes the calls in an expression, the inner ones first."""
        if isinstance(node, ast.Name | ast.Constant | ast.Lambda):
            return
        if self._depth > _DEEPEST:
            self.is_cut = self.is_cut or any(isinstance(inner, ast.Call) for inner in ast.walk(node))
            return
        self._depth += 1
        match node:
            case ast.Call():
                self._expression(node.func)
                self._all([*node.args, *(keyword.value for keyword in node.keywords)])
                if (place := self.names.places.get(node)) is not None:
                    self._call(node, place)
            case ast.IfExp():
                self._expression(node.test)
                truth = self._truth(node.test)
                for arm, taken in ((node.body, True), (node.orelse, False)):
                    if truth is None:
                        with self._branch(self._decides(node.lineno)):
                            self._expression(arm)
                    elif truth is taken:
                        self._expression(arm)
                    else:
                        self.dead.update(ast.walk(arm))
            case ast.BoolOp():
                self._expression(node.values[0])
                with self._branch(self._decides(node.lineno)):
                    self._all(node.values[1:])
            case ast.NamedExpr():
                self._expression(node.value)
                self._assign(node.target, node.value)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._comprehension(node)
            case _:
                for child in ast.iter_child_nodes(node):
                    self._expression(child)
        self._depth -= 1

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        first = node.generators[0]
        self._expression(first.iter)
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        inner = [*(test for generator in node.generators for test in generator.ifs), *made]
        inner += [generator.iter for generator in node.generators[1:]]
        if not any(isinstance(child, ast.Call) for one in inner for child in ast.walk(one)):
            return
        inside = self.names.inside.get(node)
        plain = len(node.generators) == 1 and not first.ifs and inside is not None
        rounds = self._rounds(first.target, first.iter, inside.scope) if plain and inside is not None else None
        if rounds is None:
            with self._branch(Condition(f"line {node.lineno} goes through a list that is not known")):
                self._all(inner)
            return
        with self._scoped():
            for variables in rounds:
                for variable, bound in variables.items():
                    self._remember(variable, bound, scoped=True)
                self._all(inner)

    # -- calls --------------------------------------------------------------------------------------------------------

    def _step(self, call: ast.Call, place: Place) -> Step:
        step = Step(call, place, self._next(), conditions=tuple(self._conditions), bound=tuple(self._bound))
        self._seen.add(call)
        self.steps.append(step)
        return step

    def _call(self, call: ast.Call, place: Place) -> None:
        """Executes a call: the functions of the program that it may run, or else what it does to a list."""
        if len(self.steps) > _MOST_STEPS + len(self.names.calls):
            self.is_cut = True
            return
        self._step(call, place)
        with self.evaluator.at(self._time):
            functions = self.escapes.functions(call, place)
        if not functions:
            self._change_of_list(call, place)
        elif len(functions) == 1:
            self._enter(functions[0], call, place)
        else:
            name = functions[0].path[-1]
            for function in functions:
                with self._branch(Condition(f"`{name}()` in line {call.lineno} may be any of several functions")):
                    self._enter(function, call, place)

    def _enter(self, function: Scope, call: ast.Call, place: Place) -> None:
        """Executes a function of the program with the arguments of a call."""
        running = any(active.scope is function for active in self._active)
        if running or self._depth > _DEEPEST or len(self._active) > _DEEPEST:
            self.unfinished.setdefault(function, f"line {call.lineno} calls `{function.path[-1]}()` within itself")
            return
        unusual = _unusual(function)
        if unusual is not None:
            with self._branch(Condition(f"`{function.path[-1]}()` is {unusual}")):
                self._execute(function, call, place)
        else:
            self._execute(function, call, place)

    def _execute(self, function: Scope, call: ast.Call, place: Place) -> None:
        active = _Activation(function)
        self._entered.add(function)
        inside = self.names.start_of(function)
        arguments = bound_arguments(function, call)
        with self._scoped():
            if (method := function.method_of()) is not None and not method[2]:
                own = call if function.path[-1] == "__init__" else getattr(call.func, "value", call)
                if not (isinstance(own, ast.Call) and getattr(own.func, "id", "") == "super"):
                    self._receive((function, method[1]), own, place)
            for name, argument in arguments.items():
                at = inside if argument.default else place
                if argument.value is None:
                    reason = f"what line {call.lineno} gives `{name}` is not known"
                    self._remember((function, name), Bound(call, place, self._time, reason=reason), scoped=True)
                else:
                    self._remember((function, name), Bound(argument.value, at, self._time), scoped=True)
            self._active.append(active)
            self._block(getattr(function.node, "body", []))
            self._active.pop()
        self._returned(active, call)

    def _receive(self, variable: Variable, expression: ast.expr, place: Place) -> None:
        """Records the object that a method is called on."""
        if isinstance(expression, ast.Name | ast.Call | ast.Attribute):
            self._remember(variable, Bound(expression, place, self._time), scoped=True)

    def _returned(self, active: _Activation, call: ast.Call) -> None:
        """Records the value that a call has returned."""
        if active.scope.path[-1] == "__init__" or not active.returned:
            return
        value, place, time, conditions = active.returned[0]
        certain = len(active.returned) == 1 and len(conditions) <= len(self._conditions)
        if value is None or not certain:
            self._forget(call, f"what `{active.scope.path[-1]}()` returns in line {call.lineno} is not known")
        else:
            self._remember(call, Bound(value, place, time))

    def _change_of_list(self, call: ast.Call, place: Place) -> None:
        """Records what a call that is not followed does to lists."""
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr in (*_ADDING, *_CHANGING):
            variable, bound = self._holder(function.value, place)
            if variable is None or bound is None:
                return
            single = _ADDING.get(function.attr)
            if single is not None and len(call.args) == 1 and not call.keywords:
                argument = call.args[0]
                self._remember(variable, Bound(argument, place, self._time, before=bound, single=single))
            else:
                self._forget(variable, f"line {call.lineno} changes it")
            return
        given = [a for a in (*call.args, *(k.value for k in call.keywords)) if isinstance(a, ast.Name | ast.Attribute)]
        for argument in given:
            variable, bound = self._holder(argument, place)
            if variable is None or bound is None or not _is_list(bound) or self.escapes.is_harmless(call, place):
                continue
            self._forget(variable, f"line {call.lineno} gives it to a function that is not followed")

    def _holder(self, expression: ast.expr, place: Place) -> tuple[Variable | None, Bound | None]:
        """The variable that holds the list that an expression stands for, and its value."""
        for _ in range(20):
            variable = self.evaluator.variable(expression, place)
            if variable is None or isinstance(variable, ast.Call):
                return None, None
            with self.evaluator.at(self._time):
                bound = self.evaluator.recorded(variable)
            if bound is None or bound.before or not isinstance(bound.expression, ast.Name | ast.Attribute):
                return variable, bound
            expression, place = bound.expression, bound.place
        return None, None


def _unusual(function: Scope) -> str | None:
    """The way, in words, in which a call of a function does something else than to execute its body, or None."""
    if isinstance(function.node, ast.AsyncFunctionDef):
        return "executed only when it is awaited"
    if is_wrapped(function):
        return "replaced by its decorator"
    pending: list[ast.AST] = list(getattr(function.node, "body", ()))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return "executed only as far as somebody asks for its items"
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending += ast.iter_child_nodes(node)
    return None


def _is_list(bound: Bound) -> bool:
    """Whether a value is a list that other code can change."""
    while not bound.single and bound.before is not None:
        bound = bound.before
    if bound.single:
        return True
    made = bound.expression
    if isinstance(made, ast.Call):
        return isinstance(made.func, ast.Name) and made.func.id == "list"
    return isinstance(made, ast.List | ast.ListComp)
