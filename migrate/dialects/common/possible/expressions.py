"""The values that an expression may have, as far as its own text shows: those of Python, and those of Jinja, which are
spelt alike."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from rules.model import NOT_GIVEN, UNSEEN, Possible

_MOST_STEPS = 300
"""The most parts of one expression that are looked at; the rest counts as unknown."""


def constant(value: object) -> Possible[str]:
    """The value of a literal. An empty string and None stand for a property that is left out."""
    if value is None or value == "":
        return NOT_GIVEN
    return Possible.of(str(value)) if isinstance(value, str | bool | int) else UNSEEN


def filled(found: Possible[str]) -> Possible[str]:
    """The same where something has ruled out that it is empty."""
    return replace(found, absent=False)


@dataclass
class Expressions:
    """Evaluates alternatives: `a or b`, `a if c else b`, `a and b`. What is behind a name or a call is a matter of
    `leaf`."""

    steps: int = 0

    def of(self, expression: ast.expr) -> Possible[str]:
        """The values that an expression may have."""
        self.steps += 1
        if self.steps > _MOST_STEPS:
            return UNSEEN
        match expression:
            case ast.Constant(value=value):
                return constant(value)
            case ast.NamedExpr(value=inner) | ast.Await(value=inner):
                return self.of(inner)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                chosen, left = self.of(body), self.of(orelse)
                return (filled(chosen) if rules_out(test, body, holds=True) else chosen) | (
                    filled(left) if rules_out(test, orelse, holds=False) else left
                )
            case ast.BoolOp(op=ast.Or(), values=operands):
                found: Possible[str] = Possible()
                for operand in operands[:-1]:
                    one = self.of(operand)
                    found |= filled(one)
                    if not one.absent and not one.others:
                        return found
                return found | self.of(operands[-1])
            case ast.BoolOp(op=ast.And(), values=operands):
                # An operand that is false is the result, and `"" and x` is empty.
                return self.of(operands[-1]) | NOT_GIVEN
            case _:
                return self.leaf(expression)

    def leaf(self, expression: ast.expr) -> Possible[str]:
        """The values of an expression that shows no alternatives itself."""
        del expression
        return UNSEEN


def rules_out(test: ast.expr, value: ast.expr, *, holds: bool) -> bool:
    """Whether a test that is true (or, unless `holds`, false) rules out that a value is empty: `role if role else x`."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return rules_out(operand, value, holds=not holds)
        case ast.Compare(left=left, ops=[ast.NotEq() | ast.IsNot()], comparators=[ast.Constant(value="" | None)]):
            return holds and _same(left, value)
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[ast.Constant(value="" | None)]):
            return not holds and _same(left, value)
        case ast.BoolOp(op=ast.And(), values=operands):
            return holds and any(rules_out(operand, value, holds=True) for operand in operands)
        case ast.BoolOp(op=ast.Or(), values=operands):
            return not holds and any(rules_out(operand, value, holds=False) for operand in operands)
        case _:
            return holds and _same(test, value)


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)
