"""The resources of a template by type, name and mention.

Modules that read one kind of resource (roles and policies, or services that run tasks) look up other resources here,
without depending on `Template`, which is built from all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from migrate.dialects.cloudformation.language.references import Identities, target
from migrate.dialects.cloudformation.resources.resource import Resource, read_resource
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, items, mapping
from migrate.syntax.node import Mapping, Node
from rules.model import Key, Value

MOST_RESOURCES = 500
"""The most resources that a template may have. Source: CloudFormation user guide,
"Understand CloudFormation quotas"."""

MENTION = re.compile(r"(?<!::)\b[A-Za-z0-9]++(?![\"']?\s*+:)")
"""Matches words that may name a resource: not a key, and not a part of a type, as `Service` in `AWS::ECS::Service`."""
LOOP = "Fn::ForEach::"
"""The prefix of the keys of loops (`AWS::LanguageExtensions`)."""


@dataclass(frozen=True)
class Resources:
    """The resources of one template, in its order."""

    index: int
    """The index of the template among the documents of its file."""
    root: Mapping
    """The whole template."""
    node: Mapping
    """The `Resources` section."""
    resources: dict[str, Resource]
    """The resources that have a type, by logical ID."""
    body: str
    """The text of the whole document."""

    def get(self, name: str) -> Resource | None:
        """The resource with a logical ID, or None."""
        return self.resources.get(name)

    def of_type(self, *types: str) -> Iterator[tuple[str, Resource]]:
        """The resources of some types, with their logical IDs."""
        return ((name, r) for name, r in self.resources.items() if r.type in types)

    def in_loops(self) -> Iterator[tuple[str, Resource]]:
        """The resources in the bodies of `Fn::ForEach`, with the loop's key. Each stands for all that
        the loop makes."""
        pending = [(key_text(e), e.value) for e in reversed(self.node.entries) if key_text(e).startswith(LOOP)]
        while pending:
            loop, node = pending.pop()
            arguments = items(node)
            body = mapping(arguments[2]) if arguments is not None and len(arguments) == 3 else None
            for entry in body.entries if body is not None else ():
                if key_text(entry).startswith(LOOP):
                    pending.append((f"{loop}/{key_text(entry)}", entry.value))
                elif (found := read_resource(entry)) is not None:
                    yield loop, found

    @cached_property
    def identities(self) -> Identities:
        """The resources and the expressions that name them."""
        return Identities.of(self.resources)

    @cached_property
    def parameters(self) -> dict[str, Node]:
        """The declarations of the template's parameters by name."""
        return self._section("Parameters")

    @cached_property
    def outputs(self) -> dict[str, Node]:
        """The declarations of the template's outputs by name."""
        return self._section("Outputs")

    def _section(self, name: str) -> dict[str, Node]:
        section = mapping(child(self.root, name))
        return {key_text(entry): entry.value for entry in section.entries} if section else {}

    def key(self, kind: str, name: str) -> Key:
        """The key of something that this template defines."""
        return Key(kind, self.index, (name,))

    def condition_of(self, value: Value | None) -> str | None:
        """The condition of the resource that a value refers to; None if there is none."""
        resource = self.resources.get(target(value))
        return resource.condition if resource else None

    def reaches(self, start: str, goal: str) -> bool:
        """Whether a resource depends on another, directly or not. Every mention of a name counts as a dependency."""
        if start not in self._reached:
            seen: set[str] = set()
            pending = [start]
            while pending:
                name = pending.pop()
                if name not in seen:
                    seen.add(name)
                    pending += self.mentions(name)
            self._reached[start] = seen
        return goal in self._reached[start]

    def dependents(self, name: str) -> set[str]:
        """The resources that depend on a resource, directly or not, and that resource itself."""
        if name not in self._depending:
            seen: set[str] = set()
            pending = [name]
            while pending:
                current = pending.pop()
                if current not in seen:
                    seen.add(current)
                    pending += self._mentioned_by.get(current, ())
            self._depending[name] = seen
        return self._depending[name]

    @cached_property
    def _depending(self) -> dict[str, set[str]]:
        """A cache of `dependents`."""
        return {}

    @cached_property
    def _mentioned_by(self) -> dict[str, list[str]]:
        """Maps each resource to those that mention it."""
        found: dict[str, list[str]] = {}
        for name in self.resources:
            for other in self.mentions(name):
                found.setdefault(other, []).append(name)
        return found

    @cached_property
    def _reached(self) -> dict[str, set[str]]:
        """A cache of `reaches`: maps a resource to all that it depends on, itself included."""
        return {}

    def mentions(self, name: str) -> set[str]:
        """The other resources that a resource mentions."""
        if name not in self._mentions:
            resource = self.resources.get(name)
            self._mentions[name] = self.mentioned_in(resource.node) - {name} if resource else set()
        return self._mentions[name]

    @cached_property
    def _mentions(self) -> dict[str, set[str]]:
        """A cache of `mentions`."""
        return {}

    def mentioned_in(self, node: Node) -> set[str]:
        """The resources whose names stand in the text of a node."""
        words = set(MENTION.findall(self.body, node.start, node.end))
        return {word for word in words if word in self.resources}
