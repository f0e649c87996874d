"""Expressions of Python as values of the model: strings with expressions inside, as f-strings have them."""

from __future__ import annotations

from migrate.dialects.common.volumes.spelling import Spelling
from migrate.syntax import literal, resolve
from migrate.syntax.data.plain import squeezed
from migrate.syntax.node import Alias, Expression, FString, Inner, NewExpression, NewValue, Node, Scalar
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.names import Place
from migrate.syntax.python.spell import is_expression, names_in
from rules.model import Opaque, Ref, Text, Value


def value(node: Node | None) -> Value | None:
    """A node as a value: None for a missing node and for None. `f"/mnt/{name}"` is a text with the reference `{name}`,
    and so is a name of which nothing is known: it is taken for a string where a string belongs."""
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
    """A value as Python has it: a string, an f-string, or the expression that it was."""
    if isinstance(member, Opaque):
        return NewExpression(member.source)
    if (known := member.literal) is not None:
        return known
    return FString(tuple(Inner(part.source) if isinstance(part, Ref) else part for part in member.parts))


def configured(member: Value) -> Value:
    """A value of the configuration as Python reads it: `{settings.EFS_ID}` is an expression, and what else looks like a
    placeholder is text here."""
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
    """A name in the expressions of a configured value that means nothing at a place, or None."""
    for part in member.parts if isinstance(member, Text) else ():
        if isinstance(part, Ref):
            for name in names_in(part.source):
                if not document.is_bound(name, place):
                    return name
    return None


def filled(node: Node | None) -> Value | None:
    """A value that is there and not empty."""
    found = value(node)
    return found if found is not None and found.source else None


SPELLING = Spelling(read=value, write=write, plain=squeezed)
"""The ECS API's names, in Python."""
