"""Reads the network between a template's tasks and its file systems: mount targets, security groups, subnets, and the
network configuration of the task runners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.options import of_resource
from migrate.dialects.cloudformation.language.references import ref
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running.task_runners import Start
from migrate.dialects.common.listed import may_hold_more
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.possible.readings import demanded, launch_types_of, words_of
from migrate.dialects.common.values import child, items, mapping, text, truth
from migrate.syntax import get, resolve
from migrate.syntax.node import Mapping, Node, Scalar, Sequence
from rules.model import (
    ANYTHING,
    FileSystemPlace,
    Key,
    MountTarget,
    Network,
    Possible,
    Proxy,
    Ref,
    SecurityGroup,
    Stack,
    Subnet,
    TaskRunner,
    Text,
    Traffic,
    Value,
    Vpc,
    Zone,
)

_GROUP = "AWS::EC2::SecurityGroup"
_INSTANCES = ("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance", "AWS::EC2::SpotFleet")
_REGION_ZONES = re.compile(r"!GetAZs (\$\{AWS::Region\}|AWS::Region|\{Ref: AWS::Region\})?")
_OWN_ADDRESSES = frozenset({"169.254.170.2", "169.254.169.254"})
"""The addresses of the task's credentials and metadata, which bypass every proxy."""
_KNOWING = ("AWS::CloudFormation::", "AWS::SSM::Parameter")
"""The beginnings of the resource types that pass references on to something outside of the template."""
_NAME = re.compile(r"\$\{([A-Za-z0-9]+)")


def with_network(template: Template, stack: Stack) -> Stack:
    """The stack with the network of a template added."""
    return replace(stack, network=_joined(stack.network, NetworkReader(template).network()))


def _joined(one: Network, other: Network) -> Network:
    return Network(
        (*one.groups, *other.groups),
        (*one.traffic, *other.traffic),
        (*one.mount_targets, *other.mount_targets),
        subnets=(*one.subnets, *other.subnets),
        vpcs=(*one.vpcs, *other.vpcs),
        places=(*one.places, *other.places),
        proxies=(*one.proxies, *other.proxies),
        unclear=one.unclear or other.unclear,
    )


class NetworkReader:
    """Reads the network of one template and the network configuration of its task runners."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._targets = [name for name, _ in template.of_type("AWS::EFS::MountTarget")]

    def network(self) -> Network:
        """The network of the template, without its task runners."""
        return Network(
            tuple(self._groups()),
            tuple(self._traffic()),
            tuple(self._mount_targets()),
            subnets=tuple(self._subnets()),
            vpcs=tuple(self._vpcs()),
            places=tuple(self._places()),
            proxies=tuple(self._proxies()),
            # Loops, includes and modules add resources that the template does not show.
            unclear=any(key_text(entry).startswith("Fn::") for entry in self.template.node.entries)
            or any(resource.type.endswith("::MODULE") for resource in self.template.resources.values()),
        )

    def _values(self, holder: Mapping, name: str) -> tuple[Value, ...] | None:
        """The values of a property that is a list: empty if it is missing, None if expressions, conditions or macros
        decide the items."""
        node = child(holder, name)
        if node is None:
            return None if may_hold_more(holder) else ()
        found: list[Value] = []
        for conditions, item in intrinsics.items_with_conditions(node):
            value = intrinsics.value(item)
            if conditions or value is None or items(node) is None:
                return None
            if self._chooses(value):
                return None
            found.append(value)
        return tuple(found)

    def _chooses(self, value: Value) -> bool:
        """Whether a value is an expression that may choose among resources of the template (`Fn::If`, `Fn::Select`)."""
        return not isinstance(value, Text) and any(
            name in self.template.resources for name in _NAME.findall(value.source)
        )

    # -- addresses ----------------------------------------------------------------------------------------------------

    def _vpcs(self) -> Iterator[Vpc]:
        for name, resource in self.template.of_type("AWS::EC2::VPC"):
            written = intrinsics.value(child(resource.properties, "CidrBlock"))
            addresses = (ref(name, "CidrBlock"), *([written] if written is not None else []))
            switches = (child(resource.properties, key) for key in ("EnableDnsSupport", "EnableDnsHostnames"))
            resolves = all(truth(switch, default=True) is not False for switch in switches)
            yield Vpc(ref(name), addresses, ref(name, "DefaultSecurityGroup"), resolves_names=resolves)

    def _subnets(self) -> Iterator[Subnet]:
        for name, resource in self.template.of_type("AWS::EC2::Subnet"):
            properties = resource.properties
            vpc, addresses = (intrinsics.value(child(properties, key)) for key in ("VpcId", "CidrBlock"))
            yield Subnet(ref(name), vpc, addresses, zone=zone(child(properties, "AvailabilityZone")))

    # -- security groups ----------------------------------------------------------------------------------------------

    def _key(self, kind: str, *names: str | int) -> Key:
        return Key(kind, self.template.index, names)

    def _groups(self) -> Iterator[SecurityGroup]:
        for name, resource in self.template.of_type(_GROUP):
            egress = intrinsics.items_with_conditions(child(resource.properties, "SecurityGroupEgress"))
            yield SecurityGroup(
                self._group_keys[name],
                (ref(name), ref(name, "GroupId"), ref(name, "Id")),
                intrinsics.value(child(resource.properties, "VpcId")),
                condition=resource.condition,
                restricts_egress=any(egress) or may_hold_more(resource.properties),
            )
        for name, _ in self.template.of_type("AWS::EC2::VPC"):
            group = ref(name, "DefaultSecurityGroup")
            yield SecurityGroup(self._key("security group", f"{name}.DefaultSecurityGroup"), (group,), ref(name))

    def _traffic(self) -> Iterator[Traffic]:
        for name, group in self.template.of_type(_GROUP):
            properties = group.properties
            if may_hold_more(properties):
                for outbound in (False, True):
                    key = self._key("traffic", name, "unread", outbound)
                    yield self._rule(key, ref(name), None, doubtful=True, outbound=outbound)
            for listed in ("SecurityGroupIngress", "SecurityGroupEgress"):
                for nth, (conditions, node) in enumerate(intrinsics.items_with_conditions(child(properties, listed))):
                    key = self._key("traffic", name, listed, nth)
                    yield self._rule(
                        key, ref(name), mapping(node), doubtful=bool(conditions), outbound=listed.endswith("Egress")
                    )
        for name, _ in self.template.of_type("AWS::EC2::VPC"):
            # The default group of a VPC lets its members reach each other.
            default = ref(name, "DefaultSecurityGroup")
            yield Traffic(
                self._key("traffic", name), default, Text.of("-1"), from_port=None, to_port=None, peer=default
            )
        for name, resource in self.template.of_type("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"):
            properties = resource.properties
            names_group = child(properties, "GroupId") or child(properties, "GroupName")
            for nth, (conditions, node) in enumerate(intrinsics.arms(names_group)):
                of_group = intrinsics.value(node)
                outbound = resource.type.endswith("Egress")
                for number, one in enumerate(self._among(of_group)):
                    key = self._key("traffic", name, *([nth] if conditions else []), *([number] if number else []))
                    doubtful = bool(conditions) or one != of_group
                    rule = self._rule(key, one, properties, doubtful=doubtful, outbound=outbound)
                    yield replace(rule, condition=resource.condition)

    def _among(self, group: Value | None) -> list[Value]:
        """The group that a value names, or the groups of the template among which its expression may choose."""
        if group is None or not self._chooses(group):
            return [] if group is None else [group]
        return [ref(name) for name in sorted(set(_NAME.findall(group.source)) & self._group_keys.keys())] or [group]

    def _rule(self, key: Key, group: Value, node: Mapping | None, doubtful: bool, *, outbound: bool) -> Traffic:
        """The rule of a security group that a node defines. It is doubtful if the node cannot be read (None)."""
        other = "Destination" if outbound else "Source"

        def read(*names: str) -> Value | None:
            values = (intrinsics.value(child(node, name)) for name in names)
            return next((value for value in values if value is not None), None)

        peer = read(f"{other}SecurityGroupId")
        return Traffic(
            key,
            group,
            read("IpProtocol"),
            from_port=read("FromPort"),
            to_port=read("ToPort"),
            peer=None if peer is not None and self._chooses(peer) else peer,
            addresses=read("CidrIp", "CidrIpv6"),
            outbound=outbound,
            doubtful=doubtful or node is None,
        )

    # -- file systems -------------------------------------------------------------------------------------------------

    def _mount_targets(self) -> Iterator[MountTarget]:
        for name in self._targets:
            resource = self.template.resources[name]
            properties = resource.properties
            yield MountTarget(
                self._awaited[name],
                intrinsics.value(child(properties, "FileSystemId")),
                self._values(properties, "SecurityGroups"),
                subnet=intrinsics.value(child(properties, "SubnetId")),
                condition=resource.condition,
            )

    def _places(self) -> Iterator[FileSystemPlace]:
        for name, resource in self.template.of_type("AWS::EFS::FileSystem"):
            only = zone(child(resource.properties, "AvailabilityZoneName"))
            yield FileSystemPlace(ref(name), only, name in self._handed_on)

    @cached_property
    def _handed_on(self) -> set[str]:
        """The logical IDs of the resources that something outside of the template may use: nested stacks, custom
        resources, and readers of its outputs or of SSM parameters."""
        known: set[str] = set()
        for name, resource in self.template.resources.items():
            if not resource.type.startswith("AWS::") or resource.type.startswith(_KNOWING):
                known |= self.template.mentions(name)
        outputs = child(self.template.root, "Outputs")
        return known | self.template.mentioned_in(outputs) if outputs is not None else known

    # -- tasks --------------------------------------------------------------------------------------------------------

    def _proxies(self) -> Iterator[Proxy]:
        for name, resource in self.template.of_type("AWS::ECS::TaskDefinition"):
            proxy = mapping(child(resource.properties, "ProxyConfiguration"))
            if proxy is not None:
                yield Proxy(
                    self.template.key("task", name), _ignored_ports(child(proxy, "ProxyConfigurationProperties"))
                )

    def runner(self, start: Start, tasks: list[Resource]) -> TaskRunner:
        """The runner for one start of tasks, with its network configuration and the resources that it waits for."""
        resource, node = start.resource, start.parameters
        key = self._key("runner", resource.name) if start.is_service else self._key("runner", resource.name, start.nth)
        spelling = of_resource(resource, self.template.options)
        vpc, own_interfaces = self._network_configuration(child(node, "NetworkConfiguration"))
        launch_types = launch_types_of(node, spelling)
        told = depends_on(resource.node) or []
        earlier = {name for name in self._before if resource.name in self.template.dependents(name)} - {resource.name}
        if self._on_instances(launch_types, tasks):
            earlier |= self._before_instances
        later = self.template.dependents(resource.name) if self._targets else set()
        return TaskRunner(
            key,
            resource.name,
            tuple(self.template.key("task", task.name) for task in tasks),
            condition=resource.condition,
            launch_types=launch_types,
            systems=demanded(node, spelling),
            own_interfaces=own_interfaces,
            shows_network=True,
            groups=self._values(vpc, "SecurityGroups") if vpc else None,
            subnets=self._values(vpc, "Subnets") if vpc else None,
            starts_at_once=start.is_service,
            can_wait=not self.template.blue_green and can_depend(resource),
            awaits=frozenset(self._awaited[name] for name in told if name in self._awaited),
            comes_after=frozenset(self._before[name] for name in earlier),
            comes_before=frozenset(key for name, key in (self._awaited | self._group_keys).items() if name in later),
        )

    def _network_configuration(self, node: Node | None) -> tuple[Mapping | None, Possible[bool]]:
        """The `awsvpcConfiguration` of a runner, if it has one under some condition, and whether it has one. None if
        conditions choose among several."""
        found: dict[str, Mapping] = {}
        given: Possible[bool] = Possible() if node is not None else Possible.of(False)
        for outer in intrinsics.branches(node):
            configuration = mapping(outer.node) if not outer.absent else None
            # `AWS::Events::Rule` spells it `AwsVpcConfiguration`.
            inner = child(configuration, "AwsvpcConfiguration") or child(configuration, "AwsVpcConfiguration")
            if outer.absent or (configuration is not None and inner is None):
                given |= Possible.of(False)
                continue
            for arm in intrinsics.branches(inner):
                vpc = mapping(arm.node)
                if vpc is not None:
                    found[intrinsics.render(vpc)] = vpc
                given |= Possible.of(False) if arm.absent else Possible.of(True) if vpc is not None else ANYTHING
            if inner is None:
                given |= ANYTHING
        return (next(iter(found.values())) if len(found) == 1 else None), given

    def _on_instances(self, launch_types: Possible[str], tasks: list[Resource]) -> bool:
        """Whether a runner's tasks surely run on container instances, which is the default if nothing asks for
        Fargate."""
        if launch_types.may_be("FARGATE"):
            return False
        if not launch_types.absent:
            return True
        for task in tasks:
            listed = words_of(
                child(task.properties, "RequiresCompatibilities"), of_resource(task, self.template.options)
            )
            if listed.may_be(frozenset({"FARGATE"})):
                return False
        return True

    @cached_property
    def _awaited(self) -> dict[str, Key]:
        """Maps the logical ID of each mount target, and of each ingress rule that is a resource of its own, to its key.
        A runner may have to wait for them (`DependsOn`)."""
        rules = (name for name, _ in self.template.of_type("AWS::EC2::SecurityGroupIngress"))
        targets = {name: self._key("mount target", name) for name in self._targets}
        return targets | {name: self._key("traffic", name) for name in rules}

    @cached_property
    def _before(self) -> dict[str, Key]:
        """Maps the logical ID of each mount target and of each service to its key. A runner that comes after a service
        also comes after the mount targets that the service waits for."""
        if not self._targets:
            return {}
        services = {name: self._key("runner", name) for name, _ in self.template.of_type("AWS::ECS::Service")}
        return services | {name: self._awaited[name] for name in self._targets}

    @cached_property
    def _group_keys(self) -> dict[str, Key]:
        """Maps the logical ID of each security group to its key."""
        return {name: self._key("security group", name) for name, _ in self.template.of_type(_GROUP)}

    @cached_property
    def _before_instances(self) -> set[str]:
        """The mount targets that all instances depend on, so that tasks on instances come after them, too."""
        instances = {name for name, _ in self.template.of_type(*_INSTANCES)}
        return {name for name in self._targets if instances and instances <= self.template.dependents(name)}


def _ignored_ports(node: Node | None) -> frozenset[str] | None:
    """The ports for which traffic bypasses an App Mesh proxy; None if expressions or addresses decide, too."""
    listed = intrinsics.each(node)
    if listed is None:
        return None if node is not None else frozenset()
    given = {text(child(mapping(pair), "Name")): child(mapping(pair), "Value") for pair in listed}
    ports, addresses = (intrinsics.value(given.get(f"EgressIgnored{kind}")) for kind in ("Ports", "IPs"))
    if None in given or any(value is not None and value.literal is None for value in (ports, addresses)):
        return None
    if addresses is not None and not {a.strip() for a in addresses.source.split(",")} <= {*_OWN_ADDRESSES, ""}:
        return None
    return frozenset(port.strip() for port in (ports.source if ports is not None else "").split(","))


def zone(node: Node | None) -> Zone | None:
    """The availability zone that a node gives, in a form that can be compared (`Zone`); None if it gives none."""
    called = intrinsics.call(node)
    if called is not None and called[0] == "Fn::Select":
        argument = resolve(called[1])
        if isinstance(argument, Sequence) and len(argument.items) == 2:
            member, listed = (intrinsics.render(item) for item in argument.items)
            return ("region" if _REGION_ZONES.fullmatch(listed) else listed), member
    value = intrinsics.value(node)
    if value is None:
        return None
    if isinstance(value, Text) and len(value.parts) == 2 and isinstance(value.parts[0], Ref):
        return value.parts[0].source, str(value.parts[1])  # !Sub "${AWS::Region}a"
    return ("", value.literal) if value.literal is not None else (value.source, "")


# -- DependsOn --------------------------------------------------------------------------------------------------------


def depends_on(node: Mapping) -> list[str] | None:
    """The logical IDs in the `DependsOn` of a resource; None if they cannot be read."""
    entry = get(node, "DependsOn")
    if entry is None:
        return []
    listed = items(entry.value)
    named = [entry.value] if listed is None else listed
    names = [None if intrinsics.call(item) else text(item) for item in named]
    return None if None in names else [name for name in names if name is not None]


def can_depend(resource: Resource) -> bool:
    """Whether `DependsOn` of a resource can be extended without changing another resource that shares its text."""
    entry = get(resource.node, "DependsOn")
    if resource.entry.value is not resource.node or resource.node.anchor or depends_on(resource.node) is None:
        return False
    if entry is None:
        return all(key_text(e) != "<<" and not key_text(e).startswith("Fn::") for e in resource.node.entries)
    return entry in resource.node.entries and isinstance(entry.value, Scalar | Sequence) and not entry.value.anchor
