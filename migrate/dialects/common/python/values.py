"""Reads Python expressions as values of the model: strings with references, as f-strings have them, or opaque
values."""

from __future__ import annotations

import ast

from migrate.dialects.common.volumes.spelling import Spelling
from migrate.syntax import literal, resolve
from migrate.syntax.data.plain import squeezed
from migrate.syntax.node import Alias, Expression, FString, Inner, NewExpression, NewValue, Node, Scalar
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.names import Place
from migrate.syntax.python.spell import is_expression, names_in
from rules.model import Opaque, Ref, Text, Value


def value(node: Node | None) -> Value | None:
    """The value of a node: None for a missing node and for Python's None. `f"/mnt/{name}"` is a text with the
    reference `{name}`. So is a name whose value is unknown, because a string is expected in its place."""
    found = resolve(node)
    if isinstance(found, Scalar):
        return None if literal(found) is None else Text.of(found.text)
    if isinstance(found, Expression):
        if found.parts is not None:
            return Text(tuple(Ref(part.source) if isinstance(part, Inner) else part for part in found.parts))
        return Opaque(" ".join(found.text.split()))
    if node is None:
        return None
    return Opaque(node.name if isinstance(node, Alias) else "…")


def write(member: Value) -> NewValue:
    """The Python for a value: a string, an f-string, or the source of the expression."""
    if isinstance(member, Opaque):
        return NewExpression(member.source)
    if (known := member.literal) is not None:
        return known
    return FString(tuple(Inner(part.source) if isinstance(part, Ref) else part for part in member.parts))


def configured(member: Value) -> Value:
    """A value of the configuration as Python reads it: `{settings.EFS_ID}` is an expression; other placeholders are
    plain text."""
    if isinstance(member, Opaque):
        return member
    parts: list[str | Ref] = []
    for part in member.parts:
        expression = isinstance(part, Ref) and is_expression(part.source)
        found = part if expression else part if isinstance(part, str) else part.source
        if isinstance(found, str) and parts and isinstance(parts[-1], str):
            parts[-1] += found
        else:
            parts.append(found)
    return Text(tuple(parts))


def unbound(document: PythonDocument, member: Value, place: Place) -> str | None:
    """The first name in the expressions of a configured value that is not bound at a place; None if all are."""
    for part in member.parts if isinstance(member, Text) else ():
        if isinstance(part, Ref):
            for name in names_in(part.source):
                if not document.is_bound(name, place):
                    return name
    return None


def filled(node: Node | None) -> Value | None:
    """The value of a node; None also if it is empty."""
    found = value(node)
    return found if found is not None and found.source else None


def called(call: ast.Call) -> str:
    """The last name in the callee of a call; empty if it has none."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


SPELLING = Spelling(read=value, write=write, plain=squeezed)
"""The names of the ECS API, with values read from and written as Python."""
