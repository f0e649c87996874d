"""Troposphere: Python that makes a CloudFormation template.

A module's objects are read as the resources of a template (`objects.py`, `template.py`), so that everything that reads
templates serves here too. Changes are written as calls (`calls.py`) and statements (`statements.py`).
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from migrate.dialects.cloudformation.dialect import (
    TemplateDialect,
    TemplateNodes,
    finished,
    read_resources,
    same_for_all,
)
from migrate.dialects.cloudformation.language.spelling import ECS
from migrate.dialects.common.collector import Collector
from migrate.dialects.common.python.definitions import block_reads
from migrate.dialects.dialect import Reading
from migrate.dialects.troposphere.calls import CallWriter, later
from migrate.dialects.troposphere.late import LateStatements
from migrate.dialects.troposphere.objects import PACKAGE, Objects, TitledObject
from migrate.dialects.troposphere.statements import StatementWriter
from migrate.dialects.troposphere.template import PythonTemplate, templates
from migrate.syntax import CannotEdit
from migrate.syntax.data.plain import squeezed
from migrate.syntax.node import AnyEdit, TreeEdit
from migrate.syntax.python import PythonDocument
from migrate.syntax.unit import Unit
from rules.model import Change, EfsVolume, Key, SetStorage, Stack, Value, subject


@dataclass(frozen=True, kw_only=True)
class ModuleNodes(TemplateNodes):
    """The objects of a module, the templates that they make, and the writers for both."""

    writer: CallWriter
    python_templates: dict[str | int, PythonTemplate] = field(default_factory=dict)
    """Maps each template's index in the module to the template."""
    statements: dict[str | int, StatementWriter] = field(default_factory=dict)
    """Maps each template's index to the writer that checks whether a change can be written."""


class Troposphere(TemplateDialect[ModuleNodes]):
    """Modules that make task definitions or job definitions with troposphere's classes."""

    name = "troposphere"

    def read(self, unit: Unit) -> Reading[ModuleNodes] | None:
        document = unit.document
        assert isinstance(document, PythonDocument)
        if PACKAGE not in document.text:
            return None
        objects = Objects(document)
        if not any(made.type in _OURS for made in objects.made) and not any(_strays(objects, [])):
            return None
        nodes = ModuleNodes(writer=CallWriter.of(objects))
        collector = Collector(self, unit, nodes, spelling=replace(ECS, write=later, plain=squeezed))
        found = templates(objects)
        for template in found:
            read_resources(collector, template, replace(ECS, plain=squeezed))
            nodes.python_templates[template.index] = template
        for start, end, what in _strays(objects, collector.regions):
            collector.regions.append((start, end))
            collector.add_hidden(
                Key("hidden", 0, (what,)),
                start,
                f"which task definition gets this {what} is decided at run time",
                advice="write it into the task definition itself, or migrate it by hand",
            )
        _block_what_changes(collector, found, objects)
        block_reads(document, nodes)
        reading = finished(collector, found)
        if reading is not None:
            for template in found:
                nodes.statements[template.index] = StatementWriter(
                    template, reading.stack, reading.stack, writer=nodes.writer
                )
        return reading

    def can(
        self, reading: Reading[ModuleNodes], change: Change, added: Collection[Key], outside: Collection[Value]
    ) -> str | None:
        key = subject(change)
        template = reading.nodes.python_templates[key.document]
        made = template.objects_by_title.get(key.name)
        if made is not None and made.repeated and not same_for_all(reading, change):
            return made.repeated
        if reason := super().can(reading, change, added, outside):
            return reason
        statements = reading.nodes.statements[key.document]
        try:
            if isinstance(change, SetStorage) and isinstance(change.storage, EfsVolume):
                nodes = reading.nodes.volumes[change.volume]
                objects = statements.writer.objects
                entry = nodes.entries.get(nodes.storage_name or "")
                if entry is not None and not nodes.is_efs and not objects.is_argument(entry):
                    return f"a statement of its own gives the volume its {nodes.storage_name}"
                place = objects.places[id(nodes.storage or nodes.mapping)]
                statements.check_storage(change.volume, change.storage, reading.storages[change.volume], place=place)
            else:
                statements.check(change)
        except CannotEdit as problem:
            return str(problem)
        return None

    def write(self, reading: Reading[ModuleNodes], planned: Stack) -> list[AnyEdit]:  # type: ignore[override]  # statements
        writer = reading.nodes.writer
        writer.begin()
        edits: list[TreeEdit] = [*self.write_template(reading, planned)]
        statements: list[AnyEdit] = []
        for template in reading.nodes.python_templates.values():
            resources = StatementWriter(template, reading.stack, planned, writer=writer)
            edits = resources.merged(edits)
            statements += resources.statements()
        return writer.finished([*edits, *statements])


def _block_what_changes(collector: Collector[ModuleNodes], found: list[PythonTemplate], objects: Objects) -> None:
    """Blocks what late statements change of task definitions and their roles."""
    late = LateStatements(objects)
    nodes = collector.nodes
    for template in found:
        for made in template.objects_by_title.values():
            if made.type == "AWS::IAM::Role":
                changes = (change for change in late.of(made) if change.name is None or change.name in _OF_ROLES)
                made.repeated = made.repeated or next((change.reason for change in changes), None)
            volumes = [key for key in nodes.volumes if _lies_in(key, template, made)]
            for change in late.of(made) if volumes else ():
                if change.name in _ROLES:
                    reason = f"line {change.line} may delete or replace the task role, and IAM authorization needs one"
                    nodes.blocked_iam.update(dict.fromkeys(volumes, reason))
                elif change.is_class:
                    doubt = f"{change.reason}: check that it changes neither the volumes nor the task role."
                    collector.doubts.update(dict.fromkeys(volumes, doubt))
                elif change.name is None or change.name in _READ:
                    nodes.blocked.update(dict.fromkeys(volumes, change.reason))


def _lies_in(key: Key, template: PythonTemplate, made: TitledObject) -> bool:
    """Whether a volume is one of an object's."""
    return key.document == template.index and template.objects_by_title.get(key.name) is made


_ROLES = frozenset({"TaskRoleArn", "JobRoleArn"})
_OF_ROLES = frozenset({"ManagedPolicyArns", "PermissionsBoundary", "Policies", "RoleName", "Type"})
"""The properties of a role that are read."""
_READ = frozenset(
    {
        "ContainerDefinitions",
        "ContainerProperties",
        "NetworkMode",
        "NodeProperties",
        "RequiresCompatibilities",
        "RuntimePlatform",
        "Type",
        "Volumes",
    }
)
"""The properties of a definition that are read, without the task role."""


def _strays(objects: Objects, regions: Collection[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """The configurations of volumes that lie outside all task definitions: the start and end of each (character offsets
    into the decoded text), and the name of its class."""
    known = sorted(regions)
    for call, dotted in objects.dotted.items():
        name = dotted.rpartition(".")[2]
        if name in _CONFIGURATIONS and dotted.startswith(f"{PACKAGE}."):
            start, end = objects.document.positions.span(call)
            if not any(first <= start < last for first, last in known):
                given = objects.document.names.parents.get(call)
                start = objects.document.positions.span(given)[0] if isinstance(given, ast.keyword) else start
                yield start, end, name


_CONFIGURATIONS = frozenset({"EFSVolumeConfiguration", "EfsVolumeConfiguration", "DockerVolumeConfiguration"})
"""The classes that configure a volume's storage."""
_OURS = frozenset({"AWS::ECS::TaskDefinition", "AWS::Batch::JobDefinition"})
"""The resource types for which a module is read at all."""
