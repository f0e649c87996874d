"""Expressions of Jinja, as Ansible has them. But for filters and tests, which are read here, they are Python's, and a
filter is spelt like Python's `|`."""

from __future__ import annotations

import ast

from migrate.dialects.common.possible.expressions import Expressions, filled
from rules.model import ANYTHING, NOT_GIVEN, UNSEEN, Possible

_SAME = frozenset({"trim", "string", "lower", "upper", "replace", "regex_replace", "quote", "e", "escape", "safe"})
"""Filters of which an empty text stays empty."""


def of(expression: str) -> Possible[str] | None:
    """The values of an expression; None if it is not understood."""
    # `x if c` without `else` is undefined, which is empty, where c does not hold.
    for text in (expression, f"{expression} else ''"):
        try:
            parsed = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return _Jinja().of(parsed)
    return None


class _Jinja(Expressions):
    """The filters of Jinja and Ansible."""

    def leaf(self, expression: ast.expr) -> Possible[str]:
        match expression:
            case ast.Name(id="omit" | "none"):
                return NOT_GIVEN
            case ast.Call(func=ast.Name(id="lookup" | "query" | "q"), args=[ast.Constant(value="env"), *_]):
                return ANYTHING  # a variable that is not set is an empty string
            case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Name(id=name)):
                return self._filter(name, left, [], {})
            case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Call(func=ast.Name(id=name))):
                assert isinstance(expression.right, ast.Call)
                given = {keyword.arg or "": keyword.value for keyword in expression.right.keywords}
                return self._filter(name, left, expression.right.args, given)
            case _:
                return UNSEEN

    def _filter(
        self, name: str, left: ast.expr, arguments: list[ast.expr], given: dict[str, ast.expr]
    ) -> Possible[str]:
        value = self.of(left)
        if name in ("default", "d"):
            instead = arguments[0] if arguments else given.get("default_value")
            of_empty = arguments[1] if len(arguments) > 1 else given.get("boolean")
            replaces_empty = of_empty is not None and ast.unparse(of_empty) in ("true", "True", "1")
            # Without `true`, only what is not defined is replaced: a variable, not the result of another filter.
            after = filled(value) if replaces_empty else value
            return after | (self.of(instead) if instead is not None else NOT_GIVEN)
        if name == "ternary" and len(arguments) >= 2:
            return self.of(arguments[0]) | self.of(arguments[1])
        if name == "mandatory":
            return filled(value)
        return Possible(others=True, absent=value.absent) if name in _SAME else UNSEEN
