"""Troposphere: Python that makes a CloudFormation template.

The objects are read as the template that they make (`troposphere_objects`), so that everything which is known of templates
is known of them; what changes is written as calls and statements (`troposphere_writer`).
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import replace

from migrate.dialects.cloudformation.dialect import CloudFormation, finished, read_resources, same_for_all
from migrate.dialects.cloudformation.language.spelling import ECS
from migrate.dialects.common.collector import Collector
from migrate.dialects.common.volumes import VolumeNodes
from migrate.dialects.dialect import Reading
from migrate.dialects.troposphere.calls import CallWriter, later
from migrate.dialects.troposphere.objects import PACKAGE, Objects
from migrate.dialects.troposphere.statements import StatementWriter
from migrate.dialects.troposphere.template import PythonTemplate, templates
from migrate.files.unit import Unit
from migrate.syntax import CannotEdit
from migrate.syntax.data.plain import squeezed
from migrate.syntax.node import AnyEdit, TreeEdit
from migrate.syntax.python import PythonDocument
from rules.model import Change, EfsVolume, Key, SetStorage, Stack, subject


class Troposphere(CloudFormation):
    """Modules that make task definitions or job definitions with troposphere's classes."""

    name = "troposphere"

    def read(self, unit: Unit) -> Reading | None:
        document = unit.document
        assert isinstance(document, PythonDocument)
        if PACKAGE not in document.text:
            return None
        objects = Objects(document)
        if not any(made.type in _OURS for made in objects.made) and not any(_strays(objects, [])):
            return None
        collector = Collector(self, unit, replace(ECS, write=later, plain=squeezed))
        found = templates(objects)
        for template in found:
            read_resources(collector, template, replace(ECS, plain=squeezed))
        for start, end, what in _strays(objects, collector.regions):
            collector.regions.append((start, end))
            collector.add_hidden(
                ("hidden", 0, what),
                start,
                f"which task definition gets this {what} is decided at run time",
                "write it into the task definition itself, or migrate it by hand",
            )
        reading = finished(collector, found)
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
        statements = reading.nodes.setdefault(
            ("statements", key[1]), StatementWriter(template, reading.stack, reading.stack, CallWriter.of(reading))
        )
        assert isinstance(statements, StatementWriter)
        try:
            if isinstance(change, SetStorage) and isinstance(change.storage, EfsVolume):
                nodes = reading.nodes[change.volume]
                assert isinstance(nodes, VolumeNodes)
                objects = statements.writer.objects
                entry = nodes.entries.get(nodes.storage_name or "")
                if entry is not None and not nodes.is_efs and not objects.is_argument(entry):
                    return f"a statement of its own gives the volume its {nodes.storage_name}"
                place = objects.places[id(nodes.storage or nodes.mapping)]
                statements.check_storage(change.volume, change.storage, reading.storages[change.volume], place)
            else:
                statements.check(change)
        except CannotEdit as problem:
            return str(problem)
        return None

    def write(self, reading: Reading, planned: Stack) -> list[AnyEdit]:  # type: ignore[override]
        writer = CallWriter.of(reading)
        writer.begin()
        edits: list[TreeEdit] = [*self.write_template(reading, planned)]
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
                given = objects.document.names.parents.get(call)
                start = objects.document.positions.span(given)[0] if isinstance(given, ast.keyword) else start
                yield start, end, name


_CONFIGURATIONS = frozenset({"EFSVolumeConfiguration", "EfsVolumeConfiguration", "DockerVolumeConfiguration"})
_OURS = frozenset({"AWS::ECS::TaskDefinition", "AWS::Batch::JobDefinition"})
