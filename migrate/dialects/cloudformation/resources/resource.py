"""One resource of a template: its logical ID, type and properties."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, mapping, text
from migrate.syntax.node import Entry, Mapping


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    entry: Entry
    """Its entry in `Resources`."""
    name: str
    """Its logical ID."""
    type: str
    node: Mapping
    """The whole resource, with its type and properties."""
    properties: Mapping
    """Its properties; an empty mapping if it has none."""
    condition: str | None
    """The name of the condition under which it exists; None if it always does."""


def read_resource(entry: Entry) -> Resource | None:
    """The resource that an entry of `Resources` defines; None if it has no type."""
    node = mapping(entry.value)
    kind = text(child(node, "Type"))
    if node is None or kind is None:
        return None
    properties = mapping(child(node, "Properties")) or Mapping(node.start, node.start, [], flow=False)
    return Resource(
        entry, key_text(entry), kind, node=node, properties=properties, condition=text(child(node, "Condition"))
    )
