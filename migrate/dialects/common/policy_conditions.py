"""Conditions of IAM policies in syntax trees, read as comparisons that `rules.facts.iam` judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import items, mapping
from migrate.syntax.node import Node
from rules.facts.iam import Comparison
from rules.model import Value


def comparisons(node: Node | None, read: Callable[[Node], Value | None]) -> Iterator[Comparison]:
    """The comparisons of a condition, their values as `read` returns them (None for one that it cannot read). Each part that
    cannot be read counts as a comparison that cannot be judged."""
    if node is None:
        return
    operators = mapping(node)
    if operators is None:
        yield Comparison("", "", None)
        return
    for operator in operators.entries:
        keys = mapping(operator.value)
        if keys is None:
            yield Comparison(key_text(operator), "", None)
            continue
        for entry in keys.entries:
            nodes = items(entry.value) or [entry.value]
            values = tuple(found for item in nodes if (found := read(item)) is not None)
            yield Comparison(key_text(operator), key_text(entry), values if len(values) == len(nodes) else None)
