"""CloudFormation and SAM templates: ECS task definitions and AWS Batch job definitions among their resources."""

from __future__ import annotations

from dataclasses import replace

from migrate.dialects import intrinsics
from migrate.dialects.instances import with_mounts
from migrate.dialects.plain import Collector, PlainDialect
from migrate.dialects.reading import Reading
from migrate.dialects.resources import Resource, ResourceWriter, Template, target
from migrate.dialects.shape import Spelling
from migrate.dialects.values import child, mapping, text, words
from migrate.syntax import Document, get
from migrate.syntax.node import Entry, Mapping, Node, TreeEdit
from rules.model import Engine, Key, Stack, Value

# Casing as in the CloudFormation registry's resource schemas: ECS and Batch differ.
_ECS = Spelling(
    name="Name",
    host="Host",
    source_path="SourcePath",
    docker="DockerVolumeConfiguration",
    scope="Scope",
    autoprovision="Autoprovision",
    driver="Driver",
    driver_options="DriverOpts",
    labels="Labels",
    efs="EFSVolumeConfiguration",
    file_system="FilesystemId",
    root_directory="RootDirectory",
    transit_encryption="TransitEncryption",
    transit_encryption_port="TransitEncryptionPort",
    authorization="AuthorizationConfig",
    access_point="AccessPointId",
    iam="IAM",
    others=("FSxWindowsFileServerVolumeConfiguration", "S3FilesVolumeConfiguration", "ConfiguredAtLaunch"),
    mount_points="MountPoints",
    source_volume="SourceVolume",
    read_only="ReadOnly",
    volumes_from="VolumesFrom",
    source_container="SourceContainer",
    user="User",
    read=intrinsics.value,
    each=intrinsics.each,
    conditions=intrinsics.conditions,
)
_BATCH = replace(_ECS, efs="EfsVolumeConfiguration", file_system="FileSystemId", iam="Iam")


class CloudFormation(PlainDialect):
    """Any document with `Resources`, one of which is of our types."""

    name = "cloudformation"

    def read(self, document: Document, stem: str) -> Reading | None:
        del stem  # a resource has a name of its own
        write = intrinsics.writer(_prefers_short(document))
        ecs, batch = replace(_ECS, write=write), replace(_BATCH, write=write)
        collector = Collector(self, document, ecs)
        templates = [
            template
            for i, root in enumerate(document.roots)
            if (template := Template.of(root, i, document.text, write))
        ]
        for template in templates:
            for name, resource in template.of_type("AWS::ECS::TaskDefinition"):
                _read_task(collector, resource, template.key("task", name))
            for name, resource in template.of_type("AWS::Batch::JobDefinition"):
                _read_job(collector, resource, template.key("task", name), batch)
            for name, resource in template.of_type("AWS::ECS::Service"):
                task = target(intrinsics.value(child(resource.properties, "TaskDefinition")))
                entry = get(resource.properties, "PlatformVersion")
                if entry is not None:
                    key = template.key("task", task) if task in template.resources else None
                    collector.add_service(template.key("service", name), name, key, entry)
        reading = collector.reading()
        if reading is None:
            return None
        for template in templates:
            reading.stack = with_mounts(template, template.extend(reading.stack))
            reading.nodes[("template", template.index)] = template
            for name, resource in template.of_type("AWS::ECS::TaskDefinition", "AWS::Batch::JobDefinition"):
                ignore = child(mapping(child(mapping(child(resource.node, "Metadata")), "efs-migrate")), "ignore")
                if ignore is not None:
                    reading.ignored[template.key("task", name)] = (ignore.start, words(ignore))
        return reading

    def configured(self, member: Value) -> Value:
        return intrinsics.configured(member)

    def lacks(self, reading: Reading, key: Key, member: Value) -> str | None:
        template = reading.nodes[("template", key[1])]
        assert isinstance(template, Template)
        missing = template.missing(member)
        return f"this template has no {missing}" if missing else None

    def write(self, reading: Reading, planned: Stack) -> list[TreeEdit]:
        edits = super().write(reading, planned)
        templates = [t for t in reading.nodes.values() if isinstance(t, Template)]
        for template in templates:
            edits = ResourceWriter(template, reading.stack, planned).merged(edits)
        return edits


def _prefers_short(document: Document) -> bool:
    """Whether a template writes `!Ref` rather than `Ref:`; JSON has no short form."""
    body = document.text
    short = sum(body.count(tag) for tag in ("!Ref", "!Sub", "!GetAtt"))
    return not document.json and short >= sum(body.count(name) for name in ("Ref:", "Fn::Sub", "Fn::GetAtt"))


def _containers(node: Node | None) -> list[Mapping] | None:
    listed = intrinsics.each(node) if node is not None else []
    return None if listed is None else [c for c in map(mapping, listed) if c is not None]


def _read_task(collector: Collector, resource: Resource, key: Key) -> None:
    properties = resource.properties
    platform = mapping(child(properties, "RuntimePlatform"))
    collector.add_task(
        key,
        resource.name,
        properties,
        child(properties, "Volumes"),
        _containers(child(properties, "ContainerDefinitions")),
        role="TaskRoleArn",
        known=("ContainerDefinitions", "Volumes"),
        role_after=("ExecutionRoleArn", "Family", "NetworkMode"),
        task_role=intrinsics.value(child(properties, "TaskRoleArn")),
        compatibilities=words(child(properties, "RequiresCompatibilities")),
        network_mode=text(child(properties, "NetworkMode")),
        operating_system=text(child(platform, "OperatingSystemFamily")),
        condition=resource.condition,
    )


def _read_job(collector: Collector, resource: Resource, key: Key, spelling: Spelling) -> None:
    """AWS Batch: the volumes, mount points and role of the job's container."""
    properties = resource.properties
    container = mapping(child(properties, "ContainerProperties"))
    if container is None:
        return
    collector.add_task(
        key,
        resource.name,
        container,
        child(container, "Volumes"),
        [container],
        role="JobRoleArn",
        known=("Volumes", "FargatePlatformConfiguration"),
        role_after=("Image",),
        task_role=intrinsics.value(child(container, "JobRoleArn")),
        engine=Engine.BATCH,
        compatibilities=words(child(properties, "PlatformCapabilities")) or frozenset({"EC2"}),
        spelling=spelling,
        condition=resource.condition,
    )
    fargate = mapping(child(container, "FargatePlatformConfiguration"))
    entry: Entry | None = get(fargate, "PlatformVersion") if fargate else None
    if entry is not None:
        collector.add_service(("service", *key[1:]), resource.name, key, entry, Engine.BATCH)
