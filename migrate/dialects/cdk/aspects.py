"""Finds the aspects of a CDK program: code that the CDK runs on every construct of a tree, and that may change it.

Source: API reference of `Aspects` and `IAspect` in aws-cdk-lib.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrate.dialects.cdk.program import Program
from migrate.dialects.common.python.escapes import Escape, Escapes
from migrate.dialects.common.python.values import called
from migrate.syntax.python.names import Place, Scope

PARTS = frozenset({"node", "default_child", "find_child", "try_find_child", "children", "find_all"})
"""The attributes and methods that lead from a construct to what it is made of."""
_CHECKERS = ("aws_cdk.", "cdk_nag.")
"""Packages whose aspects only check constructs, or add tags to them."""


def aspects(program: Program, escapes: Escapes, modules: frozenset[str]) -> Iterator[Escape]:
    """The aspects that may change constructs of these modules of the CDK (like `aws_cdk.aws_ecs`)."""
    for call, place in program.names.calls:
        if called(call) == "add" and isinstance(call.func, ast.Attribute):
            of, at = program.evaluator.definition(call.func.value, place)
            applied = isinstance(of, ast.Call) and program.dotted(of.func, at) == "aws_cdk.Aspects.of"
            made = program.construct(of.args[0], at) if isinstance(of, ast.Call) and of.args else None
            if (
                made is not None
                and made.kind.startswith("aws_cdk.aws_")
                and made.kind.rpartition(".")[0] not in modules
            ):
                continue  # it runs on this construct and what is made in its scope
        else:
            applied = called(call) == "apply_aspect"
        given = [*call.args, *(k.value for k in call.keywords)]
        if applied and any(_changes(program, escapes, modules, argument=a, place=place) for a in given[:1]):
            yield Escape(call, place, f"line {call.lineno} runs an aspect on all constructs")


def _changes(program: Program, escapes: Escapes, modules: frozenset[str], *, argument: ast.expr, place: Place) -> bool:
    """Whether an aspect may change constructs of these modules."""
    made, at = program.evaluator.definition(argument, place)
    if not isinstance(made, ast.Call):
        return True
    name = program.document.dotted(made.func, at)
    if name is not None:
        return not name.startswith(_CHECKERS)
    function = made.func
    classes = program.names.classes.get(function.id, []) if isinstance(function, ast.Name) else []
    visits = [method for scope in classes for method in escapes.method(scope, "visit")]
    return not visits or any(_visits(program, escapes, modules, method=method) for method in visits)


def _visits(program: Program, escapes: Escapes, modules: frozenset[str], *, method: Scope) -> bool:
    """Whether a method `visit` may change constructs of these modules."""
    definition = method.node
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    asked: set[str | None] = set()
    for call, place in program.names.calls:
        if place.scope is method and called(call) == "isinstance" and len(call.args) == 2:
            kinds = call.args[1].elts if isinstance(call.args[1], ast.Tuple) else [call.args[1]]
            asked |= {program.dotted(kind, place) for kind in kinds}
    if asked and None not in asked and not any(str(kind).rpartition(".")[0] in modules for kind in asked):
        return False
    for parameter in definition.args.args[1:]:
        uses = escapes.uses_of_name(parameter.arg, method, PARTS)
        if uses.methods or uses.assigned or uses.escapes:
            return True
    return False
