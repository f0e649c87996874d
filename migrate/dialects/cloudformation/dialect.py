"""CloudFormation and SAM templates: ECS task definitions and AWS Batch job definitions among their resources."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from migrate.dialects.cloudformation.language import intrinsics, parameters
from migrate.dialects.cloudformation.language.spelling import ECS, in_batch
from migrate.dialects.cloudformation.out_of_reach import places
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.resources import LOOP, MOST_RESOURCES
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running import platform_versions
from migrate.dialects.cloudformation.running.instances import capacity
from migrate.dialects.cloudformation.running.network import with_network
from migrate.dialects.cloudformation.writer import ResourceWriter
from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.batch_jobs import add_part, capitalised, part_key, parts
from migrate.dialects.common.collector import Collector, TaskNodes
from migrate.dialects.common.spelling import Spelling
from migrate.dialects.common.unread import unread
from migrate.dialects.common.values import child, mapping, text, words
from migrate.dialects.dialect import Reading
from migrate.files.unit import Unit
from migrate.syntax import Document
from migrate.syntax.node import Mapping, Node, Scalar, SetScalar, TreeEdit
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
"""Resources that a finding may be about, and whose metadata may suppress rules."""


class CloudFormation(PlainDialect):
    """Any document with `Resources`, one of which is of our types."""

    name = "cloudformation"

    def read(self, unit: Unit) -> Reading | None:
        document = unit.document
        write = intrinsics.writer(_prefers_short(document))
        collector = Collector(self, unit, replace(ECS, write=write))
        templates = [
            template
            for i, root in enumerate(document.roots)
            if (template := Template.of(root, i, document.text, write))
        ]
        for template in templates:
            read_resources(collector, template)
        if templates:
            _add_hidden(collector)
        return finished(collector, templates)

    def configured(self, member: Value) -> Value:
        return intrinsics.configured(member)

    def lacks(self, reading: Reading, key: Key, member: Value) -> str | None:
        template = _template(reading, key)
        if missing := template.missing(member):
            return f"this template has no {missing}"
        known = template.identities.canonical(member)
        if known is not None and known != member:
            return f"{member.source} is {known.source} in this template: configure it so"
        return None

    def can(self, reading: Reading, change: Change, added: Collection[Key]) -> str | None:
        if _in_loop(subject(change)) and not same_for_all(reading, change):
            return f"one text makes several resources in {LOOP.rstrip(':')}, and each would need its own"
        if isinstance(change, SetTaskRole) and (shared := reading.blocked.get(("properties", *change.task))):
            return shared
        if isinstance(change, AddAccessPoint | AddRole | AddPermissions | AddTraffic):
            key = subject(change)
            if not _template(reading, key).has_room({*added, key}):
                return f"a template can have {MOST_RESOURCES} resources, and this one would have more"
        return super().can(reading, change, added)

    def write(self, reading: Reading, planned: Stack) -> list[TreeEdit]:
        edits = self.write_template(reading, planned)
        templates = [t for t in reading.nodes.values() if isinstance(t, Template)]
        for template in templates:
            edits = ResourceWriter(template, reading.stack, planned).merged(edits)
        return edits

    def write_template(self, reading: Reading, planned: Stack) -> list[TreeEdit]:
        """The edits of what is there, without those for new resources and permissions."""
        edits = [*super().write(reading, planned), *parameters.edits(reading, planned)]
        for old, new in zip(reading.stack.images, planned.images, strict=True):
            if old != new and old.parameter is None:
                node = reading.nodes[old.key]
                assert isinstance(node, Scalar)
                edits.append(SetScalar(node, node.text.replace(old.name or "", new.name or "")))
        return edits


def finished(collector: Collector, templates: Sequence[Template]) -> Reading | None:
    """The reading of templates whose tasks and services were collected, with everything around these; None if there is
    nothing of ours."""
    reading = collector.reading()
    if reading is None:
        return None
    reading.blocked |= _shared_properties(collector)
    for template in templates:
        found = capacity(template)
        reading.stack = found.added_to(template.extend(reading.stack))
        reading.spans |= found.spans
        reading.nodes |= found.nodes
        reading.stack = with_network(template, template.root, reading.stack)
        reading.nodes[("template", template.index)] = template
        parameters.read(template, reading)
        for name, resource in template.resources.items():
            kinds = {"task", "hidden", "service", "instance", _KINDS.get(resource.type, "task")}
            if resource.type in _KINDS:
                reading.spans.setdefault(template.key(_KINDS[resource.type], name), resource.entry.key.start)
            ignore = child(mapping(child(mapping(child(resource.node, "Metadata")), "efs-migrate")), "ignore")
            if ignore is not None:
                for kind in kinds:
                    reading.ignored[template.key(kind, name)] = (ignore.start, words(ignore))
    return reading


def read_resources(collector: Collector, template: Template, spelling: Spelling = ECS) -> None:
    """The tasks of a template and the services that pin a platform version for them."""
    ecs = replace(spelling, read=template.identities.value, write=template.write, condition=template.conditions.name_of)
    batch = in_batch(ecs)
    for name, resource in template.of_type("AWS::ECS::TaskDefinition"):
        _read_task(collector, resource, template, template.key("task", name), ecs)
    for name, resource in template.of_type("AWS::Batch::JobDefinition"):
        _read_job(collector, resource, template, template.key("task", name), batch)
    for loop, resource in template.in_loops():
        key = (*template.key("task", loop), resource.name)
        if resource.type == "AWS::ECS::TaskDefinition":
            _read_task(collector, resource, template, key, ecs)
        elif resource.type == "AWS::Batch::JobDefinition":
            _read_job(collector, resource, template, key, batch)
    platform_versions.read(template, collector)


def _in_loop(key: Key) -> bool:
    return str(key[2]).startswith(LOOP)


def same_for_all(reading: Reading, change: Change) -> bool:
    """Whether a change of something in a loop is right for all that the loop makes: it brings nothing of its own."""
    if isinstance(change, SetStorage):
        before, after = reading.storages[change.volume], change.storage
        return (
            isinstance(before, EfsVolume)
            and isinstance(after, EfsVolume)
            and replace(before, transit_encryption=after.transit_encryption) == after
        )
    return isinstance(change, CorrectSpelling | SetReadOnly)


def _shared_properties(collector: Collector) -> dict[Key, str]:
    """Tasks whose properties are another's as well, through an alias: a role in them would be both tasks'."""
    first: dict[int, Key] = {}
    shared: dict[Key, str] = {}
    for key, nodes in collector.nodes.items():
        if isinstance(nodes, TaskNodes) and (other := first.setdefault(id(nodes.mapping), key)) != key:
            reason = "another resource shares its properties through an alias"
            shared[("properties", *key)] = shared[("properties", *other)] = reason
    return shared


def _add_hidden(collector: Collector) -> None:
    """Add what the template holds of volumes beside those that were read."""
    document = collector.document
    for word, place in places(document, unread(document, collector.regions)):
        collector.regions.append((word.offset, word.offset + 1))
        if place is not None:
            collector.add_hidden(("hidden", place.root, place.resource), word.offset, place.what, place.advice)


def _template(reading: Reading, key: Key) -> Template:
    template = reading.nodes[("template", key[1])]
    assert isinstance(template, Template)
    return template


def _prefers_short(document: Document) -> bool:
    """Whether a template writes `!Ref` rather than `Ref:`; JSON has no short form."""
    body = document.text
    short = sum(body.count(tag) for tag in ("!Ref", "!Sub", "!GetAtt"))
    return not document.json and short >= sum(body.count(name) for name in ("Ref:", "Fn::Sub", "Fn::GetAtt"))


def _containers(node: Node | None) -> list[Mapping] | None:
    listed = intrinsics.each(node) if node is not None else []
    return None if listed is None else [c for c in map(mapping, listed) if c is not None]


def _read_task(collector: Collector, resource: Resource, template: Template, key: Key, spelling: Spelling) -> None:
    properties = resource.properties
    collector.follow(resource.entry.value, resource.node, child(resource.node, "Properties"))
    platform = mapping(child(properties, "RuntimePlatform"))
    role, role_arms = template.identities.task_role(child(properties, "TaskRoleArn"))
    collector.add_task(
        key,
        resource.name,
        properties,
        child(properties, "Volumes"),
        _containers(child(properties, "ContainerDefinitions")),
        role="TaskRoleArn",
        known=("ContainerDefinitions", "Volumes"),
        role_after=("ExecutionRoleArn", "Family", "NetworkMode"),
        task_role=role,
        role_arms=role_arms,
        compatibilities=words(child(properties, "RequiresCompatibilities")),
        network_mode=text(child(properties, "NetworkMode")),
        operating_system=text(child(platform, "OperatingSystemFamily")),
        spelling=spelling,
        condition=resource.condition,
    )


def _read_job(collector: Collector, resource: Resource, template: Template, key: Key, spelling: Spelling) -> None:
    """AWS Batch: each part of the job that has volumes."""
    collector.follow(resource.entry.value, resource.node, child(resource.node, "Properties"))
    for part in parts(resource.properties, intrinsics.each, capitalised):
        add_part(
            collector,
            resource.properties,
            part,
            part_key(key, part),
            resource.name,
            spelling,
            capitalised,
            template.identities.task_role,
            condition=resource.condition,
        )
