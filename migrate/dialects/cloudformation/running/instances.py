"""Reads the container instances of a template and the file systems that they mount.

An `Instance` of the model stands for any resource that launches container instances: a launch configuration, a launch
template, an EC2 instance, or an AWS Batch compute environment without a launch template. It joins the clusters that its
user data names. It belongs to the compute environments that use it, and to the capacity providers whose Auto Scaling
group uses it.
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
from migrate.dialects.cloudformation.running.fleets import LAUNCH_TEMPLATE, SPOT_FLEET, Fleets, launch_specifications
from migrate.dialects.cloudformation.running.images import Images, WrittenImage
from migrate.dialects.cloudformation.running.user_data import InstanceScripts
from migrate.dialects.common.user_data import Script, directory_owners, host_mounts, knows_efs, with_scripts
from migrate.dialects.common.values import child, mapping, text
from migrate.syntax import get
from migrate.syntax.node import Mapping, Node, Scalar
from rules.model import Engine, HostMount, Image, Instance, Key, Owner, Ref, Stack, Text, Value

_STARTED_FROM = ("AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::Instance", LAUNCH_TEMPLATE, SPOT_FLEET)
_AGENT_ROLE = re.compile(r"AmazonEC2ContainerServiceforEC2Role|ecs:(?:RegisterContainerInstance|Poll|\*)")
"""The managed policy and the actions that let an instance register with a cluster; no other instance needs them."""
_SERVER_NAME = re.compile(r"dns|host|endpoint|server|address|url|ip$", re.IGNORECASE)
"""Words in the names of parameters that hold the DNS name or address of a server instead of a file system ID."""


@dataclass(frozen=True)
class TemplateCapacity:
    """The container instances of a template, with their images, their mounts and the owners of their directories."""

    instances: tuple[Instance, ...] = ()
    images: tuple[Image, ...] = ()
    mounts: tuple[HostMount, ...] = ()
    owners: tuple[Owner, ...] = ()
    spans: tuple[tuple[Key, int], ...] = ()
    """The offsets at which the instances, their images and their scripts start."""
    nodes: tuple[tuple[Key, Scalar], ...] = ()
    """The scalars that name the images, without those that images share."""

    def added_to(self, stack: Stack) -> Stack:
        """The stack with these instances, images, mounts and owners added."""
        return replace(
            stack,
            instances=(*stack.instances, *self.instances),
            images=(*stack.images, *self.images),
            host_mounts=(*stack.host_mounts, *self.mounts),
            owners=(*stack.owners, *self.owners),
        )


@dataclass(frozen=True, slots=True)
class InstanceMount:
    """A mount that a script of a resource makes. Paths are in coded form (`Text.coded`). `named` is the file system as
    the script writes it, even if a volume cannot name it in that way."""

    resource: str
    script: Script
    host_path: str
    directory: str
    named: Value | None
    server: str
    line: int
    """The line, as `Script.at` takes it."""
    is_nfs: bool = True
    """Whether the mount is of NFS (EFS included). Of any other mount, only the host path is known."""


def instance_mounts(template: Template) -> Iterator[InstanceMount]:
    """The mounts that the scripts of the template's instances make, with their places in the scripts."""
    scripts = InstanceScripts(template)
    for started in _started_from(template):
        name = started.resource.name
        for script in scripts.of(started.resource, child(started.data, "UserData")):
            for m in script.result.mounts:
                if m.link and m.file_system is None:
                    continue
                yield InstanceMount(
                    name,
                    script,
                    m.host_path,
                    directory=m.directory,
                    named=m.file_system,
                    server=m.server,
                    line=m.line,
                )
            for o in script.result.others:
                yield InstanceMount(
                    name, script, o.host_path, directory="/", named=None, server="", line=o.line, is_nfs=False
                )


def has_instances(template: Template) -> bool:
    """Whether a template launches instances. Only then does the capacity of its tasks matter."""
    return any(_started_from(template))


@dataclass(frozen=True, slots=True)
class _Started:
    """One place of a template that defines instances."""

    resource: Resource
    data: Mapping | None
    """The properties that define the instances: their image, user data and instance profile."""
    nth: int = 0
    """Its number among those of the resource, from 1; 0 if the resource can have only one."""


def _started_from(template: Template) -> Iterator[_Started]:
    """The places that define instances. Compute environments with a launch template are left out."""
    for _, resource in template.of_type(*_STARTED_FROM):
        if resource.type == SPOT_FLEET:
            for nth, data in enumerate(launch_specifications(resource), 1):
                yield _Started(resource, data, nth)
        else:
            yield _Started(resource, _launch_data(resource))
    for _, resource in template.of_type(COMPUTE_ENVIRONMENT):
        compute = mapping(child(resource.properties, "ComputeResources"))
        kind = text(child(compute, "Type")) or ""
        if kind.upper() in ("EC2", "SPOT") and child(compute, "LaunchTemplate") is None:
            yield _Started(resource, compute)


def capacity(template: Template) -> TemplateCapacity:
    """The container instances of a template and everything that belongs to them."""
    reader = _InstanceReader(template, Images(template))
    return reader.found() if reader.resources else TemplateCapacity()


class _InstanceReader:
    """Reads the container instances of one template."""

    def __init__(self, template: Template, images: Images) -> None:
        self.template = template
        self.images = images
        self.resources = list(_started_from(template))
        self.clusters = Clusters(template)
        self.scripts = InstanceScripts(template)
        self.fleets = Fleets(template)

    def found(self) -> TemplateCapacity:
        """The instances of the template and everything that belongs to them."""
        instances: list[Instance] = []
        written: dict[Key, WrittenImage] = {}
        mounts: list[HostMount] = []
        owners: list[Owner] = []
        spans: list[tuple[Key, int]] = []
        for started in self.resources:
            resource, node = started.resource, started.data
            name = resource.name
            if (
                resource.type == "AWS::EC2::Instance"
                and not child(node, "UserData")
                and self._launch_template(resource)
            ):
                continue  # its launch template is read instead
            listed = [self._doubted(name, script) for script in self.scripts.of(resource, child(node, "UserData"))]
            instance = self._instance(started, listed)
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
        known = {instance.name for instance in instances}
        for use in self.fleets.outside():
            if use.user.name not in known:
                instance = self._instance(_Started(use.user, None), [])
                instances.append(instance)
                spans += _spans(instance, use.user, None)
        uses = Counter(id(w.node) for w in written.values())
        # Two images may share a node through an anchor. An edit for one of them would change the other.
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

    def _doubted(self, name: str, script: Script) -> Script:
        """A script of a resource with the doubts that the template casts on it."""
        doubt = self.template.doubt_of(name)
        unknown = script.unknown or doubt
        return replace(script, doubt=doubt, unread=unknown if unknown and knows_efs(self.template.body) else None)

    def _instance(self, started: _Started, listed: list[Script]) -> Instance:
        """The instance for a resource, without its images. It has no clusters if a script computes the name of one."""
        name, node = started.resource.name, started.data
        providers = self.clusters.providers_of(name)
        batch = any(self.template.resources[p].type == COMPUTE_ENVIRONMENT for p in providers)
        named = [cluster for script in listed for cluster in script.clusters]
        clusters = [self.clusters.of(cluster) for cluster in named if cluster is not None]
        if None in named:
            clusters = []
        elif not named and not batch:
            clusters = [c for p in providers for c in self.clusters.of_provider(p)]
        # AWS Batch starts its instances from launch templates only.
        ecs = named or providers or started.resource.type != LAUNCH_TEMPLATE
        engine = Engine.ECS if ecs else Engine.UNKNOWN
        key = self.template.key("instance", name)
        instance = Instance(
            key.below(started.nth) if started.nth else key,
            name,
            Engine.BATCH if batch else engine,
            clusters=tuple(dict.fromkeys(clusters)),
            providers=providers,
            hosts_containers=bool(providers or named) or self._may_register(node),
            alone=started.resource.type == "AWS::EC2::Instance",
            unseen=self._unseen(name),
        )
        return with_scripts(instance, listed)

    def _unseen(self, name: str) -> str | None:
        """The reason why instances of a resource may run something else than the source shows, or None."""
        elsewhere = (use.doubt for use in self.fleets.outside() if use.user.name == name)
        return self.fleets.of(name) or next(elsewhere, None)

    def _launch_template(self, resource: Resource) -> str | None:
        """The logical ID of the launch template that an EC2 instance uses; None if it is not in this template."""
        launch = mapping(child(resource.properties, "LaunchTemplate"))
        named = (target(intrinsics.value(child(launch, key))) for key in ("LaunchTemplateId", "LaunchTemplateName"))
        return next((n for n in named if n in self.template.resources), None)

    def _image_places(self, name: str, node: Mapping | None) -> Iterator[Node | None]:
        """The nodes that give the image ID. That of a compute environment overrides that of its launch template."""
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
        """Whether the instance's role allows it to register with a cluster, as only container instances need to."""
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
    """The properties of a resource that define its instances: their image, user data and instance profile."""
    if resource.type == LAUNCH_TEMPLATE:
        return mapping(child(resource.properties, "LaunchTemplateData"))
    if resource.type == COMPUTE_ENVIRONMENT:
        return mapping(child(resource.properties, "ComputeResources"))
    return resource.properties


def _spans(instance: Instance, resource: Resource, node: Mapping | None) -> Iterator[tuple[Key, int]]:
    """The offsets of an instance, its image and its script; that of the resource for a property that is missing."""
    start = resource.entry.key.start
    yield instance.key, start
    for key, name in ((instance.image_key, "ImageId"), (instance.script_key, "UserData")):
        entry = get(node, name) if node is not None else None
        yield key, entry.key.start if entry is not None else start


def _is_nameable(file_system: Value, template: Template) -> bool:
    """Whether a volume can name the file system as a script does. It cannot use a DNS name, which the mount helper
    accepts but ECS does not. Nor can it use an expression that is not text, because a script only has its rendering."""
    refs = [p.source for p in file_system.parts if isinstance(p, Ref)] if isinstance(file_system, Text) else ["?"]
    for source in refs:
        name = source[2:-1].partition(".")[0]
        resource = template.resources.get(name)
        if not source.startswith("${") or (resource is not None and resource.type != "AWS::EFS::FileSystem"):
            return False
        if resource is None and (name not in template.taken or _SERVER_NAME.search(name)):
            return False
    return True
