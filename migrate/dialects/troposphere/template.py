"""Groups the objects of a module by the templates that they are added to."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property

from migrate.dialects.cloudformation.language.conditions import TemplateConditions
from migrate.dialects.cloudformation.language.options import TemplateOptions
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.common.python.possible import expression_options
from migrate.dialects.common.values import child, text
from migrate.dialects.troposphere.calls import later
from migrate.dialects.troposphere.late import LateStatements
from migrate.dialects.troposphere.objects import ATTRIBUTES, PACKAGE, Objects, TitledObject, titles_in
from migrate.syntax import resolve
from migrate.syntax.node import Entry, Mapping, Node, Scalar
from migrate.syntax.python.names import Scope
from rules.model import UNSEEN, Possible

_GIVES_USER_DATA = frozenset(
    {"UserData", "LaunchTemplateData", "LaunchTemplate", "LaunchConfigurationName", "Metadata"}
)
"""The properties and attributes that decide what an instance runs at start."""


@dataclass(frozen=True)
class PythonTemplate(Template):
    """A template that a module makes, with the objects that are its resources and parameters."""

    objects: Objects
    objects_by_title: dict[str, TitledObject]
    """Maps titles to objects. An object whose title is an expression has that expression's source as its key."""

    @cached_property
    def options(self) -> TemplateOptions:
        """The possible values of its properties, Python's alternatives included."""
        return TemplateOptions(self.root, TemplateConditions(self._conditions(), self.taken), self._option)

    def _conditions(self) -> Mapping:
        """The conditions that the module adds to its template."""
        entries = []
        for call, place in self.objects.document.names.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr == "add_condition" and len(call.args) == 2:
                name = self.objects.node(call.args[0], place)
                if isinstance(found := resolve(name), Scalar):
                    entries.append(Entry(found, self.objects.node(call.args[1], place)))
        return Mapping(0, 0, entries, flow=True)

    def _option(self, node: Node) -> Possible[str]:
        """The possible values of an expression of Python."""
        document, found = self.objects.document, resolve(node)
        place, origin = self.objects.places.get(id(found)), document.origin(found) if found is not None else None
        return UNSEEN if place is None or origin is None else expression_options(document, origin, place)

    def doubt_of(self, name: str) -> str | None:
        made = self.objects_by_title.get(name)
        if made is None:
            return None
        changes = (c.reason for c in self.late.of(made) if c.name is None or c.name in _GIVES_USER_DATA)
        reason = next(changes, None)
        return re.sub(r"\bit\b", name, reason, count=1) if reason is not None else None

    @cached_property
    def late(self) -> LateStatements:
        """The late changes of the module's objects."""
        return LateStatements(self.objects)

    def mentioned_in(self, node: Node) -> set[str]:
        """The titles of the resources that a node refers to, by title or in a text such as `${Name.Arn}`."""
        found: set[str] = set()
        for word in titles_in(node):
            if word in self.resources:
                found.add(word)
            elif "$" in word:
                found.update(name for name in self.resources if f"${{{name}" in word)
        return found


def templates(objects: Objects) -> list[PythonTemplate]:
    """The templates that a module makes: one for all its objects if the module calls `Template()` at most once, else
    one for each template that objects are added to."""
    several = sum(dotted == f"{PACKAGE}.Template" for dotted in objects.dotted.values()) > 1
    groups: dict[object, list[TitledObject]] = {}
    for made in objects.made:
        group = _identity(objects, made) if several else None
        groups.setdefault(group, []).append(made)
    return [_template(objects, index, group) for index, group in enumerate(groups.values())]


def _identity(objects: Objects, made: TitledObject) -> object:
    """A value that is equal for all objects of one template: the variable or attribute that holds the template, and its
    scope. Objects that nothing certainly adds share one as well."""
    expression, place = made.template, made.added_at
    if expression is None or place is None:
        return "nowhere"
    for _ in range(20):
        binding = objects.bound(expression, place)
        if binding is None or not isinstance(binding.value, ast.Name | ast.Attribute):
            break
        expression, place = binding.value, binding.place
    root = expression
    while isinstance(root, ast.Attribute):
        root = root.value
    scope: Scope | None = place.scope
    if isinstance(root, ast.Name):
        method = place.scope.method_of()
        scope = objects.document.names.owner(root.id, place.scope)[0]
        if method is not None and method[1] == root.id:
            scope = method[0]
    return scope, ast.unparse(expression)


def _template(objects: Objects, index: int, group: list[TitledObject]) -> PythonTemplate:
    """The template that a group of objects makes; `index` is its number in the module."""
    document = objects.document
    titles = [made.title for made in group]
    resources: dict[str, Resource] = {}
    by_title: dict[str, TitledObject] = {}
    entries: list[Entry] = []
    parameters: list[Entry] = []
    for number, made in enumerate(group):
        name = made.title
        if name is None:
            # The title is an expression, so that no reference names it: reports show its source.
            name = "#".join(filter(None, (made.called, str(number) if number else "")))
        elif titles.count(name) > 1:
            made.repeated = f"{name} is the title of several objects"
            name = f"{name}#{titles[:number].count(name) + 1}"
        start, end = document.positions.span(made.call)
        if made.dotted == f"{PACKAGE}.Parameter":
            parameters.append(Entry(Scalar(start, start, name, style='"'), made.node))
            by_title[name] = made
            continue
        beside = [e for e in objects.unlisted.get(id(made.node), []) if e.key.text in ATTRIBUTES]  # type: ignore[union-attr]
        node = Mapping(
            start,
            end,
            [
                Entry(Scalar(start, start, "Type", style='"'), Scalar(start, start, made.type, style='"')),
                *beside,
                Entry(Scalar(start, start, "Properties", style='"'), made.node),
            ],
            flow=True,
        )
        entry = Entry(Scalar(start, start, name, style='"'), node)
        entries.append(entry)
        by_title[name] = made
        resources[name] = Resource(
            entry, name, made.type, node=node, properties=made.node, condition=text(child(node, "Condition"))
        )
    listed = Mapping(0, 0, entries, flow=True)
    section = Mapping(0, 0, parameters, flow=True)
    sections = [
        Entry(Scalar(0, 0, "Parameters", style='"'), section),
        Entry(Scalar(0, 0, "Resources", style='"'), listed),
    ]
    root = Mapping(0, 0, sections, flow=True)
    taken = frozenset(by_title) | objects.other_names
    code_deploy = any(
        text(child(c, "Type")) == "CODE_DEPLOY"
        for r in resources.values()
        if r.type == "AWS::ECS::Service" and isinstance(c := child(r.properties, "DeploymentController"), Mapping)
    )
    return PythonTemplate(
        index,
        root,
        listed,
        resources=resources,
        body=document.text,
        taken=taken,
        blue_green=code_deploy,
        write=later,
        conditions=TemplateConditions(None, taken),
        objects=objects,
        objects_by_title=by_title,
    )
