"""Troposphere: Python that makes a CloudFormation template.

The objects are read as the template that they make (`troposphere_objects`), so that everything which is known of templates
is known of them; what changes is written as calls and statements (`troposphere_writer`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from migrate.dialects.cloudformation import ECS, CloudFormation, finished, read_resources, same_for_all
from migrate.dialects.conditions import TemplateConditions
from migrate.dialects.plain import Collector, PlainDialect, TaskNodes
from migrate.dialects.reading import Reading
from migrate.dialects.resources import Resource, Template
from migrate.dialects.shape import VolumeNodes
from migrate.dialects.troposphere_objects import ATTRIBUTES, PACKAGE, Made, Objects, titles_in
from migrate.dialects.troposphere_writer import StatementWriter, Writer, later
from migrate.dialects.values import child, text
from migrate.syntax import CannotEdit, Document
from migrate.syntax.data import squeezed
from migrate.syntax.node import AnyEdit, Entry, Mapping, Node, Scalar, TreeEdit
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.names import Scope
from rules.model import (
    AddAccessPoint,
    AddPermissions,
    AddRole,
    AddTraffic,
    AddWait,
    Change,
    CorrectSpelling,
    EfsVolume,
    Key,
    SetReadOnly,
    SetStorage,
    SetTaskRole,
    Stack,
    Value,
    subject,
)


class Troposphere(CloudFormation):
    """Modules that make task definitions or job definitions with troposphere's classes."""

    name = "troposphere"

    def read(self, document: Document, stem: str) -> Reading | None:
        del stem  # a resource has a title
        assert isinstance(document, PythonDocument)
        if PACKAGE not in document.text:
            return None
        objects = Objects(document)
        if not any(made.type in _OURS for made in objects.made) and not any(_strays(objects, [])):
            return None
        collector = Collector(self, document, replace(ECS, write=later, plain=squeezed))
        templates = _templates(objects)
        for template in templates:
            read_resources(collector, template, replace(ECS, plain=squeezed))
        for start, end, what in _strays(objects, collector.regions):
            collector.regions.append((start, end))
            collector.add_hidden(
                ("hidden", 0, what),
                start,
                f"which task definition gets this {what} is decided at run time",
                "write it into the task definition itself, or migrate it by hand",
            )
        reading = finished(collector, templates)
        if reading is not None:
            reading.nodes[("objects",)] = objects
        return reading

    def can(self, reading: Reading, change: Change, added: Collection[Key]) -> str | None:
        key = subject(change)
        template = reading.nodes[("template", key[1])]
        assert isinstance(template, PythonTemplate)
        made = template.objects_by_title.get(str(key[2]))
        if made is not None and made.repeated and not same_for_all(reading, change):
            return made.repeated
        if reason := super().can(reading, change, added):
            return reason
        writer = Writer.of(reading)
        try:
            match change:
                case SetStorage(storage=EfsVolume() as storage):
                    nodes = reading.nodes[change.volume]
                    assert isinstance(nodes, VolumeNodes)
                    entry = nodes.entries.get(nodes.storage_name or "")
                    if entry is not None and not nodes.is_efs and not writer.objects.is_argument(entry):
                        return f"a statement of its own gives the volume its {nodes.storage_name}"
                    place = writer.objects.places.get(id(nodes.storage or nodes.mapping))
                    for member in (storage.file_system, storage.root_directory):
                        if member is not None and place is not None:
                            writer.value(member, place)
                case AddAccessPoint() | AddRole() | AddTraffic() | AddPermissions():
                    return writer.cannot_add(template, change, reading.stack)
                case _:
                    pass
        except CannotEdit as problem:
            return str(problem)
        return None

    def write(self, reading: Reading, planned: Stack) -> list[AnyEdit]:  # type: ignore[override]
        edits: list[TreeEdit] = [*self.write_template(reading, planned)]
        writer = Writer.of(reading)
        statements: list[AnyEdit] = []
        for template in reading.nodes.values():
            if isinstance(template, PythonTemplate):
                resources = StatementWriter(template, reading.stack, planned, writer)
                edits = resources.merged(edits)
                statements += resources.statements()
        return writer.finished([*edits, *statements])


def _strays(objects: Objects, regions: Collection[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Configurations of volumes that lie in no task definition: where each starts and ends, and what it is."""
    known = sorted(regions)
    for call, dotted in objects.dotted.items():
        name = dotted.rpartition(".")[2]
        if name in _CONFIGURATIONS and dotted.startswith(f"{PACKAGE}."):
            start, end = objects.document.positions.span(call)
            if not any(first <= start < last for first, last in known):
                yield start, end, name


_CONFIGURATIONS = frozenset({"EFSVolumeConfiguration", "EfsVolumeConfiguration", "DockerVolumeConfiguration"})
_OURS = frozenset({"AWS::ECS::TaskDefinition", "AWS::Batch::JobDefinition"})


@dataclass(frozen=True)
class PythonTemplate(Template):
    """A template that a module makes."""

    objects: Objects
    objects_by_title: dict[str, Made]

    def mentioned_in(self, node: Node) -> set[str]:
        found: set[str] = set()
        for word in titles_in(node):
            if word in self.resources:
                found.add(word)
            elif "$" in word:
                found.update(name for name in self.resources if f"${{{name}" in word)
        return found


def _templates(objects: Objects) -> list[PythonTemplate]:
    """The templates of a module: its objects by what they are added to. Where the module itself makes one template at most,
    whatever is passed around is that one."""
    several = sum(dotted == f"{PACKAGE}.Template" for dotted in objects.dotted.values()) > 1
    groups: dict[object, list[Made]] = {}
    for made in objects.made:
        group = _identity(objects, made) if several else None
        groups.setdefault(group, []).append(made)
    return [_template(objects, index, group) for index, group in enumerate(groups.values())]


def _identity(objects: Objects, made: Made) -> object:
    """What is the same for all objects of one template."""
    import ast

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


def _template(objects: Objects, index: int, group: list[Made]) -> PythonTemplate:
    document = objects.document
    titles = [made.title for made in group]
    resources: dict[str, Resource] = {}
    by_title: dict[str, Made] = {}
    entries: list[Entry] = []
    parameters: list[Entry] = []
    for number, made in enumerate(group):
        name = made.title
        if name is None or titles.count(name) > 1:
            # Nothing refers to it by this name, which has a place in no template.
            if name is not None:
                made.repeated = f"{name} is the title of several objects"
            name = f"{name or 'untitled'}#{titles[:number].count(made.title) + 1}"
        start, end = document.positions.span(made.call)
        if made.dotted == f"{PACKAGE}.Parameter":
            parameters.append(Entry(Scalar(start, start, name, '"'), made.node))
            by_title[name] = made
            continue
        beside = [e for e in objects.unlisted.get(id(made.node), []) if e.key.text in ATTRIBUTES]  # type: ignore[union-attr]
        node = Mapping(
            start,
            end,
            [
                Entry(Scalar(start, start, "Type", '"'), Scalar(start, start, made.type, '"')),
                *beside,
                Entry(Scalar(start, start, "Properties", '"'), made.node),
            ],
            flow=True,
        )
        entry = Entry(Scalar(start, start, name, '"'), node)
        entries.append(entry)
        by_title[name] = made
        resources[name] = Resource(entry, name, made.type, node, made.node, text(child(node, "Condition")))
    listed = Mapping(0, 0, entries, flow=True)
    section = Mapping(0, 0, parameters, flow=True)
    sections = [
        Entry(Scalar(0, 0, "Parameters", '"'), section),
        Entry(Scalar(0, 0, "Resources", '"'), listed),
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
        resources,
        taken,
        code_deploy,
        document.text,
        later,
        TemplateConditions(None, taken),
        objects,
        by_title,
    )


__all__ = ["Troposphere"]
_Unused = (AddWait, SetTaskRole, TaskNodes, PlainDialect, Value)
