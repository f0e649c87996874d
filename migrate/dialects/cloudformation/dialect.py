"""CloudFormation and SAM templates: ECS task definitions and AWS Batch job definitions among their resources."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TypeVar

from migrate.dialects.cloudformation.language import intrinsics, parameters
from migrate.dialects.cloudformation.language.options import of_resource
from migrate.dialects.cloudformation.language.parameters import ParameterNodes
from migrate.dialects.cloudformation.language.spelling import ECS, in_batch
from migrate.dialects.cloudformation.out_of_reach import places, unread_volumes
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.resources import LOOP, MOST_RESOURCES
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running.instances import capacity
from migrate.dialects.cloudformation.running.network import with_network
from migrate.dialects.cloudformation.running.runner_reader import read_runners
from migrate.dialects.cloudformation.writer import ResourceWriter
from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.batch_jobs import add_part, part_key, parts
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.listed import listed, may_hold_more
from migrate.dialects.common.possible.readings import capitalised, perhaps_more, systems, words_of
from migrate.dialects.common.unread import has_word, unread
from migrate.dialects.common.values import child, mapping, words
from migrate.dialects.common.volumes.spelling import Spelling
from migrate.dialects.dialect import Reading
from migrate.syntax import Document
from migrate.syntax.node import Scalar, SetScalar, TreeEdit
from migrate.syntax.unit import Unit
from rules.model import (
    AddAccessPoint,
    AddPermissions,
    AddRole,
    AddTraffic,
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

_KINDS = {
    "AWS::ECS::TaskDefinition": "task",
    "AWS::Batch::JobDefinition": "task",
    "AWS::EFS::FileSystem": "file system",
}
"""The kind in a resource's key, by resource type: resources that a finding may be about."""


@dataclass(frozen=True)
class TemplateNodes(DefinitionNodes):
    """The nodes of a file's templates, definitions, parameters and machine images, for edits."""

    templates: dict[str | int, Template] = field(default_factory=dict)
    """The templates by their index in the file, which is the `document` of their resources' keys."""
    parameters: dict[Key, ParameterNodes] = field(default_factory=dict)
    images: dict[Key, Scalar] = field(default_factory=dict)
    shared_properties: dict[Key, str] = field(default_factory=dict)
    """The reason why the role of a task cannot be set: an alias shares its properties with another task, which would
    get the role, too, or a macro may give it one."""


Nodes = TypeVar("Nodes", bound=TemplateNodes)


class TemplateDialect(PlainDialect[Nodes]):
    """The base of the dialects for templates: CloudFormation's own, and Troposphere."""

    def configured(self, member: Value) -> Value:
        return intrinsics.configured(member)

    def lacks(self, reading: Reading[Nodes], key: Key, member: Value) -> str | None:
        """The reason why a value cannot be configured for this template, or None if it can: the value refers to a name
        that the template lacks, or another spelling is the one that rules compare."""
        template = reading.nodes.templates[key.document]
        if missing := template.missing(member):
            return f"this template has no {missing}"
        known = template.identities.canonical(member)
        if known is not None and known != member:
            return f"{member.source} is {known.source} in this template: configure it so"
        return None

    def can(
        self, reading: Reading[Nodes], change: Change, added: Collection[Key], outside: Collection[Value]
    ) -> str | None:
        """The reason why a change cannot be made in this template, or None if it can: a loop, properties shared by an
        alias, or the limit of resources may prevent it."""
        if _in_loop(subject(change)) and not same_for_all(reading, change):
            return f"one text makes several resources in {LOOP.rstrip(':')}, and each would need its own"
        if isinstance(change, SetTaskRole) and (shared := reading.nodes.shared_properties.get(change.task)):
            return shared
        if isinstance(change, AddAccessPoint | AddRole | AddPermissions | AddTraffic):
            key = subject(change)
            if not reading.nodes.templates[key.document].has_room({*added, key}):
                return f"a template can have {MOST_RESOURCES} resources, and this one would have more"
        return super().can(reading, change, added, outside)

    def write_template(self, reading: Reading[Nodes], planned: Stack) -> list[TreeEdit]:
        """The edits of existing resources; those for new resources and permissions are left to the caller."""
        edits = [*PlainDialect.write(self, reading, planned)]
        edits += parameters.edits(reading.stack, planned, reading.nodes.parameters)
        for old, new in zip(reading.stack.images, planned.images, strict=True):
            if old != new and old.parameter is None:
                node = reading.nodes.images[old.key]
                edits.append(SetScalar(node, node.text.replace(old.name or "", new.name or "")))
        return edits


class CloudFormation(TemplateDialect[TemplateNodes]):
    """The dialect of CloudFormation and SAM templates: documents with `Resources` that hold tasks or hidden volumes."""

    name = "cloudformation"

    def read(self, unit: Unit) -> Reading[TemplateNodes] | None:
        document = unit.document
        write = intrinsics.writer(_prefers_short(document))
        collector = Collector(self, unit, TemplateNodes(), spelling=replace(ECS, write=write))
        templates = [
            template
            for i, root in enumerate(document.roots)
            if (template := Template.of(root, i, document.text, write=write))
        ]
        for template in templates:
            read_resources(collector, template)
            _add_unread_volumes(collector, template)
        if templates:
            _add_hidden(collector)
        reading = finished(collector, templates)
        if reading is None or not _is_synthesised(unit):
            return reading
        return replace(reading, stack=replace(reading.stack, generated=_SYNTHESISED))

    def write(self, reading: Reading[TemplateNodes], planned: Stack) -> list[TreeEdit]:
        edits = self.write_template(reading, planned)
        for template in reading.nodes.templates.values():
            edits = ResourceWriter(template, reading.stack, planned).merged(edits)
        return edits


def finished(collector: Collector[Nodes], templates: Sequence[Template]) -> Reading[Nodes] | None:
    """Completes the reading of templates whose tasks were collected: adds file systems, access points, roles, network,
    capacity, parameters and ignored rules. None if nothing was collected."""
    stack, nodes = collector.stack(), collector.nodes
    if stack is None:
        return None
    _find_shared_properties(nodes)
    for template in templates:
        nodes.templates[template.index] = template
        found = capacity(template)
        stack = with_network(template, found.added_to(template.extend(stack)))
        collector.spans |= found.spans
        nodes.images.update(found.nodes)
        for key, one in parameters.read(template, collector.document).items():
            stack = replace(stack, parameters=(*stack.parameters, one.parameter))
            collector.spans[key] = one.start
            nodes.parameters[key] = one.nodes
            if one.problem:
                nodes.blocked[key] = one.problem
        for name, resource in template.resources.items():
            kinds = {"task", "hidden", "service", "instance", _KINDS.get(resource.type, "task")}
            if resource.type in _KINDS:
                collector.spans.setdefault(template.key(_KINDS[resource.type], name), resource.entry.key.start)
            ignore = child(mapping(child(mapping(child(resource.node, "Metadata")), "efs-migrate")), "ignore")
            if ignore is not None:
                for kind in kinds:
                    collector.ignored[template.key(kind, name)] = (ignore.start, words(ignore))
    return collector.reading(stack)


def read_resources(collector: Collector[DefinitionNodes], template: Template, spelling: Spelling = ECS) -> None:
    """Collects the tasks of a template, and the services and other resources that run them."""
    ecs = replace(spelling, read=template.identities.value, write=template.write, condition=template.conditions.name_of)
    batch = in_batch(ecs)
    for name, resource in template.of_type("AWS::ECS::TaskDefinition"):
        _read_task(collector, resource, template, key=template.key("task", name), spelling=ecs)
    for name, resource in template.of_type("AWS::Batch::JobDefinition"):
        _read_job(collector, resource, template, key=template.key("task", name), spelling=batch)
    for loop, resource in template.in_loops():
        key = template.key("task", loop).below(resource.name)
        if resource.type == "AWS::ECS::TaskDefinition":
            _read_task(collector, resource, template, key=key, spelling=ecs)
        elif resource.type == "AWS::Batch::JobDefinition":
            _read_job(collector, resource, template, key=key, spelling=batch)
    read_runners(template, collector)


_MARKS = re.compile(r"aws:cdk:path|AWS::CDK::Metadata|/cdk-bootstrap/")
"""Words that `cdk synth` writes into templates and that hardly anybody else does."""
_SYNTHESISED = "This template is generated by the AWS CDK: change the program instead, or the next `cdk synth` takes the change back."


def _is_synthesised(unit: Unit) -> bool:
    """Whether a template is written by the AWS CDK."""
    return "cdk.out" in PurePath(unit.members[0].name).parts or _MARKS.search(unit.document.text) is not None


def _in_loop(key: Key) -> bool:
    """Whether a key belongs to a resource in the body of an `Fn::ForEach`."""
    return key.name.startswith(LOOP)


def same_for_all(reading: Reading[object], change: Change) -> bool:
    """Whether a change in the body of a loop fits all that the loop makes, as it needs no new resource for each one."""
    if isinstance(change, SetStorage):
        before, after = reading.storages[change.volume], change.storage
        return (
            isinstance(before, EfsVolume)
            and isinstance(after, EfsVolume)
            and replace(before, transit_encryption=after.transit_encryption) == after
        )
    return isinstance(change, CorrectSpelling | SetReadOnly)


def _find_shared_properties(nodes: TemplateNodes) -> None:
    """Records the tasks whose properties are one node, shared through a YAML alias, or come from a macro, too."""
    first: dict[int, Key] = {}
    for key, task in nodes.tasks.items():
        if may_hold_more(task.mapping):
            nodes.shared_properties[key] = "a macro adds to its properties, perhaps a role"
        if (other := first.setdefault(id(task.mapping), key)) != key:
            reason = "another resource shares its properties through an alias"
            nodes.shared_properties[key] = nodes.shared_properties[other] = reason


def _add_unread_volumes(collector: Collector[TemplateNodes], template: Template) -> None:
    """Adds the volumes of task definitions that an expression gives."""
    for name, resource in template.of_type("AWS::ECS::TaskDefinition"):
        for node, what, advice in unread_volumes(resource):
            if not has_word(collector.document, node):  # else the word in it is explained
                collector.add_hidden(template.key("hidden", name), node.start, what, advice=advice)


def _add_hidden(collector: Collector[TemplateNodes]) -> None:
    """Adds the mentions of volumes outside of the definitions that were read, once for each place
    with an explanation."""
    document = collector.document
    for word, place in places(document, unread(document, collector.regions)):
        collector.regions.append((word.offset, word.offset + 1))
        if place is not None:
            collector.add_hidden(
                Key("hidden", place.root, (place.resource,)), word.offset, place.what, advice=place.advice
            )


def _prefers_short(document: Document) -> bool:
    """Whether a template writes `!Ref` at least as often as `Ref:`; False for JSON, which has no short form."""
    body = document.text
    short = sum(body.count(tag) for tag in ("!Ref", "!Sub", "!GetAtt"))
    return not document.json and short >= sum(body.count(name) for name in ("Ref:", "Fn::Sub", "Fn::GetAtt"))


def _read_task(
    collector: Collector[DefinitionNodes], resource: Resource, template: Template, key: Key, spelling: Spelling
) -> None:
    properties = resource.properties
    collector.follow(resource.entry.value, resource.node, child(resource.node, "Properties"))
    spelling = of_resource(resource, template.options, spelling)
    written, more = child(properties, "TaskRoleArn"), may_hold_more(properties)
    collector.add_task(
        key,
        resource.name,
        properties,
        volumes=child(properties, "Volumes"),
        containers=listed(child(properties, "ContainerDefinitions"), intrinsics.each),
        role="TaskRoleArn",
        known=("ContainerDefinitions", "Volumes"),
        role_after=("ExecutionRoleArn", "Family", "NetworkMode"),
        task_role=template.identities.task_role(written, spelling.options(written)),
        compatibilities=perhaps_more(words_of(child(properties, "RequiresCompatibilities"), spelling), more),
        network_mode=perhaps_more(spelling.options(child(properties, "NetworkMode")), more),
        operating_system=systems(properties, spelling, capitalised, family="OperatingSystemFamily"),
        spelling=spelling,
        condition=resource.condition,
    )


def _read_job(
    collector: Collector[DefinitionNodes], resource: Resource, template: Template, key: Key, spelling: Spelling
) -> None:
    """Collects each part of an AWS Batch job definition that has volumes."""
    collector.follow(resource.entry.value, resource.node, child(resource.node, "Properties"))
    spelling = of_resource(resource, template.options, spelling)
    for part in parts(resource.properties, intrinsics.each, capitalised):
        written = child(part.node, part.role)
        add_part(
            collector,
            resource.properties,
            part,
            key=part_key(key, part),
            name=resource.name,
            spelling=spelling,
            cased=capitalised,
            task_role=template.identities.task_role(written, spelling.options(written)),
            condition=resource.condition,
        )
