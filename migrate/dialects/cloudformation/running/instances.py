"""The container instances of a template, and what they mount.

An instance is what others are started from: a launch configuration, a launch template, an instance, an AWS Batch compute
environment without a launch template. It joins the clusters that its user data names, and belongs to the capacity
providers and compute environments that lead to it through their Auto Scaling groups.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import target
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running.clusters import COMPUTE_ENVIRONMENT, Clusters
from migrate.dialects.cloudformation.running.images import Images, WrittenImage
from migrate.dialects.cloudformation.running.user_data import scripts
from migrate.dialects.common.user_data import Script, directory_owners, host_mounts, with_scripts
from migrate.dialects.common.values import child, mapping, text
from migrate.syntax import get
from migrate.syntax.node import Mapping, Node, Scalar
from rules.model import Engine, HostMount, Image, Instance, Key, Owner, Ref, Stack, Text, Value

_LAUNCH_TEMPLATE = "AWS::EC2::LaunchTemplate"
_STARTED_FROM = ("AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::Instance", _LAUNCH_TEMPLATE)
_AGENT_ROLE = re.compile(r"AmazonEC2ContainerServiceforEC2Role|ecs:(?:RegisterContainerInstance|Poll|\*)")
"""What lets an instance register with a cluster: nothing else needs it."""
_SERVER_NAME = re.compile(r"dns|host|endpoint|server|address|url|ip$", re.IGNORECASE)
"""Parameters called so hold the name of a server rather than the id of a file system."""


@dataclass(frozen=True)
class TemplateCapacity:
    """What a template says of capacity, where its parts start in the text, and the nodes of its images."""

    instances: tuple[Instance, ...] = ()
    images: tuple[Image, ...] = ()
    mounts: tuple[HostMount, ...] = ()
    owners: tuple[Owner, ...] = ()
    spans: tuple[tuple[Key, int], ...] = ()
    nodes: tuple[tuple[Key, Scalar], ...] = ()

    def added_to(self, stack: Stack) -> Stack:
        """The stack with what was found."""
        return replace(
            stack,
            instances=(*stack.instances, *self.instances),
            images=(*stack.images, *self.images),
            host_mounts=(*stack.host_mounts, *self.mounts),
            owners=(*stack.owners, *self.owners),
        )


@dataclass(frozen=True, slots=True)
class InstanceMount:
    """A mount that a script of a resource makes. Paths are coded; `named` is what the script gives as the file system,
    whether or not a volume can name it."""

    resource: str
    script: Script
    host_path: str
    directory: str
    named: Value | None
    server: str
    line: int
    """In the script's node, from 1."""
    is_nfs: bool = True


def instance_mounts(template: Template) -> Iterator[InstanceMount]:
    """What the template's instances mount, and where it says so."""
    for name, resource in template.of_type(*_STARTED_FROM):
        for script in scripts(resource, child(_launch_data(resource), "UserData"), template.identities):
            before = script.lines_before
            for m in script.result.mounts:
                yield InstanceMount(
                    name,
                    script,
                    m.host_path,
                    directory=m.directory,
                    named=m.file_system,
                    server=m.server,
                    line=m.line - before,
                )
            for o in script.result.others:
                yield InstanceMount(
                    name, script, o.host_path, directory="/", named=None, server="", line=o.line - before, is_nfs=False
                )


def has_instances(template: Template) -> bool:
    """Whether a template starts container instances, so that it matters where its tasks run."""
    return any(_started_from(template))


def _started_from(template: Template) -> Iterator[tuple[str, Resource]]:
    """What instances are started from; compute environments where they start them from nothing else."""
    yield from template.of_type(*_STARTED_FROM)
    for name, resource in template.of_type(COMPUTE_ENVIRONMENT):
        compute = mapping(child(resource.properties, "ComputeResources"))
        kind = text(child(compute, "Type")) or ""
        if kind.upper() in ("EC2", "SPOT") and child(compute, "LaunchTemplate") is None:
            yield name, resource


def capacity(template: Template) -> TemplateCapacity:
    """What a template says of the instances that tasks run on."""
    reader = _InstanceReader(template, Images(template))
    return reader.found() if reader.resources else TemplateCapacity()


class _InstanceReader:
    """Reads the instances of one template."""

    def __init__(self, template: Template, images: Images) -> None:
        self.template = template
        self.images = images
        self.resources = list(_started_from(template))
        self.clusters = Clusters(template)

    def found(self) -> TemplateCapacity:
        instances: list[Instance] = []
        written: dict[Key, WrittenImage] = {}
        mounts: list[HostMount] = []
        owners: list[Owner] = []
        spans: list[tuple[Key, int]] = []
        for name, resource in self.resources:
            node = _launch_data(resource)
            if (
                resource.type == "AWS::EC2::Instance"
                and not child(node, "UserData")
                and self._launch_template(resource)
            ):
                continue  # the launch template stands for it
            listed = list(scripts(resource, child(node, "UserData"), self.template.identities))
            instance = self._instance(name, node, listed)
            found = [
                image for place in self._image_places(name, node) for image in self.images.of(place, instance.image_key)
            ]
            instance = replace(instance, images=tuple(dict.fromkeys(f.image.key for f in found)))
            written |= {f.image.key: f for f in found}
            instances.append(instance)
            for script in listed:
                role = self.template.roles.of_instance(resource) if script.result.mounts else None
                nameable = partial(_is_nameable, template=self.template)
                mounts += (replace(mount, role=role) for mount in host_mounts(script, instance, nameable))
                owners += directory_owners(script)
            spans += _spans(instance, resource, node)
        uses = Counter(id(w.node) for w in written.values())
        # What two images share (through an anchor), neither can change.
        own = {key: w.node for key, w in written.items() if w.node is not None and uses[id(w.node)] == 1}
        images = (
            replace(w.image, writable=w.image.writable and (w.node is None or key in own)) for key, w in written.items()
        )
        return TemplateCapacity(
            tuple(instances),
            tuple(images),
            tuple(mounts),
            owners=tuple(owners),
            spans=tuple(spans),
            nodes=tuple(own.items()),
        )

    def _instance(self, name: str, node: Mapping | None, listed: list[Script]) -> Instance:
        providers = self.clusters.providers_of(name)
        batch = any(self.template.resources[p].type == COMPUTE_ENVIRONMENT for p in providers)
        named = [cluster for script in listed for cluster in script.clusters]
        clusters = [self.clusters.of(cluster) for cluster in named if cluster is not None]
        if None in named:
            clusters = []
        elif not named and not batch:
            clusters = [c for p in providers for c in self.clusters.of_provider(p)]
        engine = Engine.ECS if named or providers else Engine.UNKNOWN
        instance = Instance(
            self.template.key("instance", name),
            name,
            Engine.BATCH if batch else engine,
            clusters=tuple(dict.fromkeys(clusters)),
            providers=providers,
            hosts_containers=bool(providers or named) or self._may_register(node),
        )
        return with_scripts(instance, listed)

    def _launch_template(self, resource: Resource) -> str | None:
        """The launch template of this template that an instance is started from."""
        launch = mapping(child(resource.properties, "LaunchTemplate"))
        named = (target(intrinsics.value(child(launch, key))) for key in ("LaunchTemplateId", "LaunchTemplateName"))
        return next((n for n in named if n in self.template.resources), None)

    def _image_places(self, name: str, node: Mapping | None) -> Iterator[Node | None]:
        """Where the image is written: a compute environment's own replaces its launch template's."""
        environments = [
            mapping(child(self.template.resources[p].properties, "ComputeResources"))
            for p in sorted(self.clusters.providers_of(name))
            if p != name and self.template.resources[p].type == COMPUTE_ENVIRONMENT
        ]
        replaced = [place for environment in environments if (place := child(environment, "ImageId")) is not None]
        yield from replaced
        if not environments or len(replaced) < len(environments):
            yield child(node, "ImageId")

    def _may_register(self, node: Mapping | None) -> bool:
        """Whether the instance's role is one of container instances."""
        profile = child(node, "IamInstanceProfile")
        inner = mapping(profile)
        values = [profile] if inner is None else [child(inner, "Arn"), child(inner, "Name")]
        names = {target(intrinsics.value(value)) for value in values if value is not None}
        roles = {role for name in names for role in self.template.mentions(name)}
        return any(
            _AGENT_ROLE.search(self.template.body, r.node.start, r.node.end)
            for name in roles
            if (r := self.template.resources[name]).type == "AWS::IAM::Role"
        )


def _launch_data(resource: Resource) -> Mapping | None:
    """Where a resource says what instances start from."""
    if resource.type == _LAUNCH_TEMPLATE:
        return mapping(child(resource.properties, "LaunchTemplateData"))
    if resource.type == COMPUTE_ENVIRONMENT:
        return mapping(child(resource.properties, "ComputeResources"))
    return resource.properties


def _spans(instance: Instance, resource: Resource, node: Mapping | None) -> Iterator[tuple[Key, int]]:
    start = resource.entry.key.start
    yield instance.key, start
    for key, name in ((instance.image_key, "ImageId"), (instance.script_key, "UserData")):
        entry = get(node, name) if node is not None else None
        yield key, entry.key.start if entry is not None else start


def _is_nameable(file_system: Value, template: Template) -> bool:
    """Whether a volume can name it: the mount helper takes a DNS name where ECS wants an id, and an expression that is no
    text stands in a script only as its rendering."""
    refs = [p.source for p in file_system.parts if isinstance(p, Ref)] if isinstance(file_system, Text) else ["?"]
    for source in refs:
        name = source[2:-1].partition(".")[0]
        resource = template.resources.get(name)
        if not source.startswith("${") or (resource is not None and resource.type != "AWS::EFS::FileSystem"):
            return False
        if resource is None and (name not in template.taken or _SERVER_NAME.search(name)):
            return False
    return True
