"""The text of a script in a template, and the lines of the template on which it stands."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import Identities
from migrate.dialects.common.user_data import MOST_PARTS
from migrate.syntax import Document, resolve
from migrate.syntax.node import Node, Scalar, Sequence
from rules.model import Text


def script(node: Node | None, identities: Identities) -> Text | None:
    """The text of a script, in which file systems and access points are named as in volumes; None if it is no text."""
    found = identities.canonical(script_text(node))
    return found if isinstance(found, Text) else None


def line_of(script: Node, line: int, document: Document) -> int:
    """The line of the document, from 1, that holds a line of a script (`line`, also from 1). Only the lines of literal
    block scalars can be counted; for any other scalar, it is the line on which the scalar begins."""
    first = document.line_column(script.start)[0]
    for part, following in _parts(script, [MOST_PARTS]):
        first = document.line_column(part.start)[0]
        breaks = part.text.count("\n") + following
        if line <= breaks + (not following and not part.text.endswith("\n")):
            return first + line if part.style == "|" else first
        line -= breaks
    return first


def _parts(node: Node, left: list[int]) -> Iterator[tuple[Scalar, int]]:
    """The scalars that make up a script, in order, each with the number of newlines that the separator of `Fn::Join`
    adds after it. `left` holds the number of nodes that may still be visited, because aliases can multiply them."""
    left[0] -= 1
    if left[0] < 0:
        return
    name, argument = intrinsics.call(node) or ("", node)
    found = resolve(argument)
    if isinstance(found, Scalar):
        yield found, 0
    elif name == "Fn::Join" and isinstance(found, Sequence) and len(found.items) == 2:
        separator, listed = map(resolve, found.items)
        newlines = separator.text.count("\n") if isinstance(separator, Scalar) else 0
        for item in listed.items if isinstance(listed, Sequence) else ():
            parts = list(_parts(item, left))
            yield from parts[:-1]
            yield from ((part, newlines) for part, _ in parts[-1:])
    elif argument is not resolve(node):
        yield from _parts(argument, left)
    elif isinstance(found, Sequence):  # `Fn::Sub`: its first item is the text
        yield from _parts(found.items[0], left) if found.items else ()


def script_text(node: Node | None) -> Text | None:
    """The text of a script; an expression that is not text (`Fn::FindInMap`) becomes one reference."""
    if node is None:
        return None
    called = intrinsics.call(node)
    if called is not None and called[0] == "Fn::Base64":
        argument = called[1]
        if argument is resolve(node):  # the short form `!Base64`, whose argument is the tagged node itself
            return Text.of(argument.text) if isinstance(argument, Scalar) else None
        return script_text(argument)
    return intrinsics.as_text(node, opaque=True)
