"""The parameters of a template, and edits of their defaults and allowed values."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Mapped
from dataclasses import dataclass

from migrate.dialects.cloudformation.language.options import read_parameter, scalar_text
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.common.nodes import key_text, used_anchors
from migrate.dialects.common.values import child, items, mapping
from migrate.syntax import Document, get
from migrate.syntax.node import EditSequence, Entry, Mapping, New, Node, Scalar, Sequence, SetScalar, TreeEdit
from rules.model import Key, Parameter, Stack


@dataclass(frozen=True)
class ParameterNodes:
    """The nodes of a parameter's default and of its allowed values; None for each that it does not have."""

    default: Node | None
    allowed: Node | None


@dataclass(frozen=True)
class FoundParameter:
    """A parameter of the model, with its nodes."""

    parameter: Parameter
    nodes: ParameterNodes
    start: int
    """The character offset of its default's key, or of its name if it has no default."""
    problem: str | None
    """The reason why its values cannot be edited, or None if they can."""


def read(template: Template, document: Document) -> dict[Key, FoundParameter]:
    """The parameters of a template by their keys."""
    section = mapping(child(template.root, "Parameters"))
    found: dict[Key, FoundParameter] = {}
    anchors = used_anchors(document)
    for entry in section.entries if section else ():
        declared = mapping(entry.value)
        if declared is None:
            continue
        parameter, nodes = _read(template, entry, declared)
        start = (get(declared, "Default") or entry).key.start
        found[parameter.key] = FoundParameter(parameter, nodes, start, problem=_problem(declared, nodes, anchors))
    return found


def _read(template: Template, entry: Entry, declared: Mapping) -> tuple[Parameter, ParameterNodes]:
    name = key_text(entry)
    nodes = ParameterNodes(child(declared, "Default"), child(declared, "AllowedValues"))
    return read_parameter(template.key("parameter", name), entry, declared), nodes


def _problem(declared: Mapping, nodes: ParameterNodes, anchors: frozenset[str]) -> str | None:
    """The reason why a parameter's values cannot be edited, or None if they can."""
    entries = {id(entry.value) for entry in declared.entries}
    for node in (nodes.default, nodes.allowed):
        if node is not None and id(node) not in entries:
            return "a YAML merge key brings its values"
    parts = [nodes.default, nodes.allowed, *(items(nodes.allowed) or ())]
    if any(node is not None and node.anchor in anchors for node in (declared, *parts)):
        return "an alias elsewhere uses its values, too"
    if nodes.default is not None and not isinstance(nodes.default, Scalar):
        return "its default is no plain value"
    if nodes.allowed is not None and (
        not isinstance(nodes.allowed, Sequence) or not all(isinstance(item, Scalar) for item in nodes.allowed.items)
    ):
        return "its allowed values are no plain list"
    return None


def edits(before: Stack, planned: Stack, written: Mapped[Key, ParameterNodes]) -> Iterator[TreeEdit]:
    """The edits for every parameter whose default or allowed values the plan changes."""
    for old, new in zip(before.parameters, planned.parameters, strict=True):
        nodes = written[old.key]
        if old == new or new.default is None:
            continue
        assert isinstance(nodes.default, Scalar)
        if old.default != new.default:
            yield SetScalar(nodes.default, new.default)
        if old.allowed != new.allowed and new.allowed is not None:
            assert isinstance(nodes.allowed, Sequence)
            # New values are quoted like the old default, which is an allowed value if the template can be deployed.
            like = next((n for n in nodes.allowed.items if scalar_text(n) == old.default), nodes.default)
            assert isinstance(like, Scalar)
            yield EditSequence(nodes.allowed, tuple(_merged(nodes.allowed, new.allowed, like)))


def _merged(listed: Sequence, values: tuple[str, ...], like: Scalar) -> Iterator[Node | New]:
    """The items for `values`: existing nodes as long as they match in order, and new ones, quoted like `like`."""
    kept = list(reversed(listed.items))
    for value in values:
        if kept and scalar_text(kept[-1]) == value:
            yield kept.pop()
        else:
            yield New(value, like)
