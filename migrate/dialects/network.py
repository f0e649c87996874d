"""What lies between a template's tasks and its file systems: mount targets, security groups, subnets, and who runs what
where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from migrate.dialects import intrinsics
from migrate.dialects.reading import key_text
from migrate.dialects.resources import Resource, Template, ref, target
from migrate.dialects.values import child, items, mapping, text, truth
from migrate.syntax import get, resolve
from migrate.syntax.node import Mapping, Node, Scalar, Sequence
from rules.model import (
    FileSystemPlace,
    Key,
    MountTarget,
    Network,
    Proxy,
    Ref,
    Runner,
    SecurityGroup,
    Stack,
    Subnet,
    Text,
    Traffic,
    Value,
    Vpc,
    Zone,
)

_HOSTS = ("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance", "AWS::EC2::SpotFleet")
_REGION_ZONES = re.compile(r"!GetAZs (\$\{AWS::Region\}|AWS::Region|\{Ref: AWS::Region\})?")
_OWN_ADDRESSES = frozenset({"169.254.170.2", "169.254.169.254"})
"""What every proxy leaves alone: the task's credentials and metadata."""
_NAME = re.compile(r"\$\{([A-Za-z0-9]+)")


def with_network(template: Template, root: Node, stack: Stack) -> Stack:
    """The stack with what a template, which is the document `root`, says of its network."""
    return replace(stack, network=_joined(stack.network, _Reader(template, root).network()))


def _joined(one: Network, other: Network) -> Network:
    return Network(
        (*one.groups, *other.groups),
        (*one.traffic, *other.traffic),
        (*one.mount_targets, *other.mount_targets),
        (*one.subnets, *other.subnets),
        (*one.vpcs, *other.vpcs),
        (*one.runners, *other.runners),
        (*one.places, *other.places),
        (*one.proxies, *other.proxies),
        one.unclear or other.unclear,
    )


class _Reader:
    def __init__(self, template: Template, root: Node) -> None:
        self.template = template
        self.root = root
        self.targets = [name for name, _ in template.of_type("AWS::EFS::MountTarget")]
        self.security_groups = [name for name, _ in template.of_type("AWS::EC2::SecurityGroup")]

    def network(self) -> Network:
        return Network(
            tuple(self._groups()),
            tuple(self._traffic()),
            tuple(self._mount_targets()),
            tuple(self._subnets()),
            tuple(self._vpcs()),
            tuple(self._runners()),
            tuple(self._places()),
            tuple(self._proxies()),
            # Loops, includes and modules make resources that stand nowhere.
            any(key_text(entry).startswith("Fn::") for entry in self.template.node.entries)
            or any(resource.type.endswith("::MODULE") for resource in self.template.resources.values()),
        )

    def _values(self, node: Node | None) -> tuple[Value, ...] | None:
        """The values of a list: empty if it is not there, None if an expression hides what it holds."""
        if node is None:
            return ()
        found: list[Value] = []
        for conditions, item in intrinsics.items_with_conditions(node):
            value = intrinsics.value(item)
            if conditions or value is None or items(node) is None:
                return None
            if not isinstance(value, Text) and self._names_own(value):
                return None
            found.append(value)
        return tuple(found)

    def _names_own(self, value: Value) -> bool:
        """Whether an expression chooses among resources of the template."""
        return any(name in self.template.resources for name in _NAME.findall(value.source))

    # -- addresses ----------------------------------------------------------------------------------------------------

    def _vpcs(self) -> Iterator[Vpc]:
        for name, resource in self.template.of_type("AWS::EC2::VPC"):
            written = intrinsics.value(child(resource.properties, "CidrBlock"))
            addresses = (ref(name, "CidrBlock"), *([written] if written is not None else []))
            switches = (child(resource.properties, key) for key in ("EnableDnsSupport", "EnableDnsHostnames"))
            resolves = all(truth(switch, default=True) is not False for switch in switches)
            yield Vpc(ref(name), addresses, ref(name, "DefaultSecurityGroup"), resolves)

    def _subnets(self) -> Iterator[Subnet]:
        for name, resource in self.template.of_type("AWS::EC2::Subnet"):
            properties = resource.properties
            vpc, addresses = (intrinsics.value(child(properties, key)) for key in ("VpcId", "CidrBlock"))
            yield Subnet(ref(name), vpc, addresses, zone(child(properties, "AvailabilityZone")))

    # -- security groups ----------------------------------------------------------------------------------------------

    def _key(self, kind: str, *names: str | int) -> Key:
        return (kind, self.template.index, *names)

    def _groups(self) -> Iterator[SecurityGroup]:
        for name in self.security_groups:
            resource = self.template.resources[name]
            egress = child(resource.properties, "SecurityGroupEgress")
            yield SecurityGroup(
                self._key("security group", name),
                (ref(name), ref(name, "GroupId"), ref(name, "Id")),
                intrinsics.value(child(resource.properties, "VpcId")),
                resource.condition,
                restricts_egress=egress is not None and items(egress) != [],
            )
        for name, _ in self.template.of_type("AWS::EC2::VPC"):
            group = ref(name, "DefaultSecurityGroup")
            yield SecurityGroup(self._key("security group", f"{name}.DefaultSecurityGroup"), (group,), ref(name))

    def _traffic(self) -> Iterator[Traffic]:
        for name in self.security_groups:
            properties = self.template.resources[name].properties
            for listed in ("SecurityGroupIngress", "SecurityGroupEgress"):
                for nth, (conditions, node) in enumerate(intrinsics.items_with_conditions(child(properties, listed))):
                    key = self._key("traffic", name, listed, nth)
                    yield _rule(key, ref(name), mapping(node), bool(conditions), outbound=listed.endswith("Egress"))
        for name, _ in self.template.of_type("AWS::EC2::VPC"):
            default = ref(name, "DefaultSecurityGroup")
            yield Traffic(self._key("traffic", name), default, Text.of("-1"), None, None, default)
        for name, resource in self.template.of_type("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"):
            properties = resource.properties
            of = child(properties, "GroupId") or child(properties, "GroupName")
            for nth, (conditions, node) in enumerate(intrinsics.arms(of)):
                group = intrinsics.value(node)
                if group is not None:
                    key = self._key("traffic", name, *([nth] if conditions else []))
                    outbound = resource.type.endswith("Egress")
                    rule = _rule(key, group, properties, bool(conditions), outbound=outbound)
                    yield replace(rule, condition=resource.condition)

    # -- file systems -------------------------------------------------------------------------------------------------

    def _mount_targets(self) -> Iterator[MountTarget]:
        for name in self.targets:
            resource = self.template.resources[name]
            properties = resource.properties
            yield MountTarget(
                self._key("mount target", name),
                intrinsics.value(child(properties, "FileSystemId")),
                self._values(child(properties, "SecurityGroups")),
                intrinsics.value(child(properties, "SubnetId")),
                resource.condition,
            )

    def _places(self) -> Iterator[FileSystemPlace]:
        for name, resource in self.template.of_type("AWS::EFS::FileSystem"):
            only = zone(child(resource.properties, "AvailabilityZoneName"))
            yield FileSystemPlace(ref(name), only, name in self._handed_on)

    @cached_property
    def _handed_on(self) -> set[str]:
        """Resources that nested stacks, custom resources and other stacks get to know."""
        known: set[str] = set()
        for name, resource in self.template.resources.items():
            if not resource.type.startswith("AWS::") or resource.type.startswith("AWS::CloudFormation::"):
                known |= self.template.mentions(name)
        outputs = mapping(child(mapping(self.root), "Outputs"))
        for entry in outputs.entries if outputs else ():
            if child(mapping(entry.value), "Export") is not None:
                known |= self.template.mentioned_in(entry.value)
        return known

    # -- tasks --------------------------------------------------------------------------------------------------------

    def _proxies(self) -> Iterator[Proxy]:
        for name, resource in self.template.of_type("AWS::ECS::TaskDefinition"):
            proxy = mapping(child(resource.properties, "ProxyConfiguration"))
            if proxy is not None:
                yield Proxy(
                    self.template.key("task", name), _ignored_ports(child(proxy, "ProxyConfigurationProperties"))
                )

    def _runners(self) -> Iterator[Runner]:
        kinds = ("AWS::ECS::Service", "AWS::ECS::TaskSet", "AWS::Events::Rule", "AWS::Scheduler::Schedule")
        for name, resource in self.template.of_type(*kinds):
            properties = resource.properties
            if resource.type in kinds[:2]:
                yield from self._runner(resource, self._key("runner", name), properties, "TaskDefinition")
                continue
            one = child(properties, "Target")
            listed = [one] if one is not None else intrinsics.each(child(properties, "Targets")) or []
            for nth, node in enumerate(listed):
                parameters = mapping(child(mapping(node), "EcsParameters"))
                if parameters is not None:
                    yield from self._runner(resource, self._key("runner", name, nth), parameters, "TaskDefinitionArn")

    def _runner(self, resource: Resource, key: Key, node: Mapping, names_task: str) -> Iterator[Runner]:
        tasks = [target(intrinsics.value(arm)) for _, arm in intrinsics.arms(child(node, names_task))]
        known = tuple(self.template.key("task", task) for task in tasks if task in self.template.resources)
        if not known:
            return
        network = mapping(child(node, "NetworkConfiguration"))
        # EventBridge spells it in its own way.
        vpc = mapping(child(network, "AwsvpcConfiguration") or child(network, "AwsVpcConfiguration"))
        name = resource.name
        awaited = {name: self._key("mount target", name) for name in self.targets}
        after = {target for target in self.targets if name in self.template.dependents(target)}
        if text(child(node, "LaunchType")) != "FARGATE":
            after |= self._there_before_hosts
        before = {
            self._key("mount target", name) for name in self.targets if self.template.reaches(name, resource.name)
        }
        before |= {
            self._key("security group", group)
            for group in self.security_groups
            if self.targets and self.template.reaches(group, name)
        }
        rules = {n: self._key("traffic", n) for n, _ in self.template.of_type("AWS::EC2::SecurityGroupIngress")}
        told = depends_on(resource.node) or []
        yield Runner(
            key,
            known,
            self._values(child(vpc, "SecurityGroups")) if vpc else None,
            self._values(child(vpc, "Subnets")) if vpc else None,
            resource.condition,
            starts_at_once=names_task == "TaskDefinition",
            can_wait=not self.template.blue_green and can_depend(resource),
            awaits=frozenset((awaited | rules)[name] for name in told if name in awaited or name in rules),
            comes_after=frozenset(awaited[name] for name in after),
            comes_before=frozenset(before),
        )

    @cached_property
    def _there_before_hosts(self) -> set[str]:
        """Mount targets that every container instance waits for, and so every task on one."""
        hosts = {name for name, _ in self.template.of_type(*_HOSTS)}
        return {target for target in self.targets if hosts and hosts <= self.template.dependents(target)}


def _rule(key: Key, group: Value, node: Mapping | None, doubtful: bool, *, outbound: bool) -> Traffic:
    """A rule of a security group; what cannot be read (None) may be any rule."""
    other = "Destination" if outbound else "Source"

    def read(*names: str) -> Value | None:
        values = (intrinsics.value(child(node, name)) for name in names)
        return next((value for value in values if value is not None), None)

    return Traffic(
        key,
        group,
        read("IpProtocol"),
        read("FromPort"),
        read("ToPort"),
        read(f"{other}SecurityGroupId"),
        read("CidrIp", "CidrIpv6"),
        outbound,
        doubtful=doubtful or node is None,
    )


def _ignored_ports(node: Node | None) -> frozenset[str] | None:
    """The ports for which traffic bypasses an App Mesh proxy; None if addresses or expressions decide."""
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
    """An availability zone, as far as its expression tells it from others."""
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
    """What a resource is told to wait for; None if it cannot be read."""
    entry = get(node, "DependsOn")
    if entry is None:
        return []
    listed = items(entry.value)
    names = [text(item) for item in ([entry.value] if listed is None else listed)]
    return None if None in names else [name for name in names if name is not None]


def can_depend(resource: Resource) -> bool:
    """Whether `DependsOn` of a resource can be added to without another resource noticing."""
    entry = get(resource.node, "DependsOn")
    if resource.entry.value is not resource.node or resource.node.anchor or depends_on(resource.node) is None:
        return False
    if entry is None:
        return all(key_text(e) != "<<" and not key_text(e).startswith("Fn::") for e in resource.node.entries)
    return entry in resource.node.entries and isinstance(entry.value, Scalar | Sequence) and not entry.value.anchor
