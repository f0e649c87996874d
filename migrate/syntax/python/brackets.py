"""The contents of a pair of brackets, to the character: elements with the parentheses around them, and commas.

The parser reports the positions of values, not of parentheses and commas; libcst keeps every character. It parses one
expression at a time, because parsing a whole module with positions takes a hundred times as long.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

import libcst as cst

from migrate.syntax.problem import CannotEdit

_BREAK = re.compile(r"\r\n|\n|\r")
# libcst's parser recurses in C and would crash the process where Python raises RecursionError.
_DEPTH = 150


@dataclass(frozen=True, slots=True)
class Element:
    """An item of a list, entry of a dict or argument of a call, with offsets in the document. `key` is the span of a
    dict's key or an argument's keyword, `value` the span of the value with the parentheses around it, `comma` the
    offset of its comma."""

    start: int
    end: int
    key: tuple[int, int] | None
    value: tuple[int, int]
    comma: int | None


@dataclass(frozen=True, slots=True)
class Brackets:
    """The elements between two brackets. `open` and `close` are the offsets of the brackets, `callee` is the span of
    the called expression."""

    open: int
    close: int
    elements: tuple[Element, ...]
    callee: tuple[int, int] | None = None


def brackets(text: str, start: int, end: int, expression: ast.expr) -> Brackets:
    """The elements of the dict, list, tuple or call at `text[start:end]`. Raises CannotEdit."""
    if _depth(expression) > _DEPTH:
        raise CannotEdit("an expression nested too deeply")
    source = text[start:end]
    found = _BREAK.search(source)
    try:
        # Parenthesised, because the text may contain line breaks that only the brackets around it allow.
        node = cst.parse_expression(f"({source})")
    except (cst.ParserSyntaxError, RecursionError, ValueError, TypeError):
        raise CannotEdit("an expression that libcst does not read") from None
    module = cst.Module([], default_newline=found.group() if found else "\n")
    code = module.code_for_node
    if code(node) != f"({source})":
        raise CannotEdit("an expression that mixes kinds of line breaks")
    # From here on, positions count from the added parenthesis.
    at = sum(len(code(parenthesis)) for parenthesis in getattr(node, "lpar", ()))
    base = start - 1
    callee = None
    parts: list[cst.CSTNode]
    match node:
        case cst.Dict():
            opened, parts = at, list(node.elements)
            at += len(code(node.lbrace))
        case cst.List():
            opened, parts = at, list(node.elements)
            at += len(code(node.lbracket))
        case cst.Tuple() if len(node.lpar) > 1:
            opened, parts = source.index("(") + 1, list(node.elements)
        case cst.Call():
            function = len(code(node.func))
            callee = (base + at, base + at + function)
            at += function + len(code(node.whitespace_after_func))
            opened, parts = at, list(node.args)
            at += 1 + len(code(node.whitespace_before_args))
        case _:
            raise CannotEdit("brackets of another kind")
    elements = []
    for part in parts:
        elements.append(_element(part, base + at, code))
        at += len(code(part))
    return Brackets(base + opened, end - 1, tuple(elements), callee=callee)


def _element(part: cst.CSTNode, at: int, code) -> Element:  # type: ignore[no-untyped-def]  # cst.Module.code_for_node
    key: tuple[int, int] | None = None
    value = at
    match part:
        case cst.DictElement():
            key = (at, at + len(code(part.key)))
            value = key[1] + len(code(part.whitespace_before_colon)) + 1 + len(code(part.whitespace_after_colon))
        case cst.StarredDictElement():
            value = at + 2 + len(code(part.whitespace_before_value))
        case cst.StarredElement():
            at += sum(len(code(parenthesis)) for parenthesis in part.lpar)
            value = at + 1 + len(code(part.whitespace_before_value))
        case cst.Arg():
            if part.keyword is not None and isinstance(part.equal, cst.AssignEqual):
                key = (at, at + len(code(part.keyword)))
                value = key[1] + len(code(part.equal))
            else:
                value = at + len(part.star) + len(code(part.whitespace_after_star))
        case _:
            pass
    inner: cst.CSTNode = part.value  # type: ignore[attr-defined]  # every element has one
    end = value + len(code(inner))
    comma = getattr(part, "comma", None)
    if isinstance(comma, cst.Comma):
        return Element(at, end, key, value=(value, end), comma=end + len(code(comma.whitespace_before)))
    return Element(at, end, key, value=(value, end), comma=None)


def _depth(expression: ast.expr) -> int:
    """The depth to which expressions are nested; it stops counting above the limit."""
    deepest = 0
    pending: list[tuple[ast.AST, int]] = [(expression, 1)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        if depth > _DEPTH:
            break
        pending += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
    return deepest
