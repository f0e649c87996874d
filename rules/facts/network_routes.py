"""The network routes from tasks to the mount targets of their file systems, as far as the source shows them.

NFS uses TCP port 2049, also with TLS. The mount target's security groups have to admit it, and the client's have to let
it out (by default they allow all egress). A file system's DNS name resolves only in a zone that has a mount target.

Source: EFS user guide, "Using VPC security groups" and "Mounting on Amazon EC2 with a DNS name".
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from rules.model import (
    AddTraffic,
    AddWait,
    Change,
    FileSystemPlace,
    Key,
    MountTarget,
    SecurityGroup,
    Stack,
    Subnet,
    TaskRunner,
    Traffic,
    Value,
    Vpc,
    Zone,
)

if TYPE_CHECKING:
    from ipaddress import IPv4Network


NFS = 2049
_NOWHERE = ("127.0.0.1/32", "255.255.255.255/32")
"""Address ranges of egress rules that are meant to allow nothing, since a group with an empty list of egress rules
allows all egress."""


class Reachable(IntEnum):
    """Whether traffic gets through. The maximum is that of two alternatives, the minimum that of two conditions that
    must both hold."""

    CLOSED = 0
    UNKNOWN = 1
    OPEN = 2


class Routes:
    """Indices over a source's network and the task runners in it. `planned` adds the changes of earlier steps of the
    plan."""

    def __init__(self, stack: Stack) -> None:
        self.network = network = stack.network
        self.planned_rules: list[Traffic] = []
        self._groups = {ref: group for group in network.groups for ref in group.refs}
        self._subnets = {subnet.ref: subnet for subnet in network.subnets}
        self._vpcs = {vpc.ref: vpc for vpc in network.vpcs}
        self._places = {place.file_system: place for place in network.places}
        self._targets: dict[Value, list[MountTarget]] = {}
        for target in network.mount_targets:
            if target.file_system is not None:
                self._targets.setdefault(target.file_system, []).append(target)
        self._runners: dict[Key, list[TaskRunner]] = {}
        runners = [runner for runner in stack.runners if runner.shows_network]
        for runner in runners:
            for task in runner.tasks:
                self._runners.setdefault(task, []).append(runner)
        self._runners_by_key = {runner.key: runner for runner in runners}
        self._awaited = {runner.key: set(runner.awaits | runner.comes_after) for runner in runners}
        self._rules: dict[tuple[Key, bool], list[Traffic]] = {}
        for rule in network.traffic:
            self._index(rule)
        self._ignored_ports = {proxy.task: proxy.ignored_ports for proxy in network.proxies}

    def _index(self, rule: Traffic) -> None:
        """Add a rule to the index, if this source creates its security group."""
        group = self._groups.get(rule.group)
        if group is not None:
            self._rules.setdefault((group.key, rule.outbound), []).append(rule)

    def planned(self, change: Change) -> None:
        """Note a change that is part of the plan."""
        if isinstance(change, AddTraffic):
            self.planned_rules.append(change.rule)
            self._index(change.rule)
        elif isinstance(change, AddWait):
            self._awaited[change.runner].add(change.awaited)

    # -- what is there ------------------------------------------------------------------------------------------------

    def runners(self, task: Key) -> list[TaskRunner]:
        """The runners of a task definition whose network configuration the source shows."""
        return self._runners.get(task, [])

    def targets(self, file_system: Value) -> list[MountTarget]:
        """The mount targets that the source creates for a file system."""
        return self._targets.get(file_system, [])

    def place(self, file_system: Value) -> FileSystemPlace | None:
        """The zone and the further mount targets of a file system, if this source creates it."""
        return self._places.get(file_system)

    def own(self, groups: Iterable[Value] | None) -> list[tuple[Value, SecurityGroup]]:
        """The security groups among `groups` that the source creates, each after the expression that names it."""
        return [(value, self._groups[value]) for value in groups or () if value in self._groups]

    def blocked_by_proxy(self, task: Key) -> bool:
        """Whether the task has a proxy that intercepts NFS, because its port is not ignored."""
        ports = self._ignored_ports.get(task)
        return ports is not None and str(NFS) not in ports

    def earlier(self, runner: TaskRunner) -> list[TaskRunner]:
        """The runners that are created before a runner, under no condition or under the same."""
        found = (self._runners_by_key.get(key) for key in runner.comes_after)
        return [other for other in found if other and other.condition in (None, runner.condition)]

    def awaits(self, runner: TaskRunner, awaited: Key) -> bool:
        """Whether a runner's tasks start only after a mount target or rule is created."""
        return any(awaited in self._awaited[one.key] for one in (runner, *self.earlier(runner)))

    def vpcs(self, runner: TaskRunner | None, targets: Iterable[MountTarget]) -> list[Vpc]:
        """The VPCs of the source that a runner and mount targets lie in."""
        values = list(runner.subnets or ()) if runner else []
        found = [self._subnets[value].vpc for value in values if value in self._subnets]
        groups = list(runner.groups or ()) if runner else []
        for target in targets:
            groups += target.groups or ()
            if target.subnet in self._subnets:
                found.append(self._subnets[target.subnet].vpc)
        found += [group.vpc for _, group in self.own(groups)]
        return list({vpc: self._vpcs[vpc] for vpc in found if vpc in self._vpcs}.values())

    # -- security groups ----------------------------------------------------------------------------------------------

    def admitted(self, runner: TaskRunner, target: MountTarget) -> Reachable:
        """Whether a mount target's security groups admit NFS from a runner's tasks."""
        if runner.groups == () and target.groups == ():
            return Reachable.OPEN  # the VPC's default group admits its own members
        servers = self.groups_of_target(target)
        # Groups that another source creates may be admitted by rules of that source.
        known = servers is not None and self.own(self.groups_of_runner(runner)) and not self.network.unclear
        answer = Reachable.CLOSED if known else Reachable.UNKNOWN
        for value in servers or ():
            group = self._groups.get(value)
            if group is None:
                answer = max(answer, Reachable.UNKNOWN)
            else:
                answer = max([answer, *(self._covers(r, runner, target) for r in self._of(group, outbound=False))])
        return answer

    def let_out(self, runner: TaskRunner, target: MountTarget) -> Reachable:
        """Whether a runner's security groups let NFS out to a mount target."""
        answer = Reachable.CLOSED
        groups = self.groups_of_runner(runner)
        for value in groups or ():
            group = self._groups.get(value)
            if group is None:
                return Reachable.OPEN  # a group that is not seen here has, by default, a rule that allows all egress
            rules = self._of(group, outbound=True)
            if not group.restricts_egress:
                # An egress rule that is a resource of its own may replace the default rule, which allows all egress.
                answer = max(answer, Reachable.UNKNOWN if rules else Reachable.OPEN)
            answer = max([answer, *(self._covers(r, runner, target) for r in rules)])
        return max(answer, Reachable.UNKNOWN) if self.network.unclear else answer if groups else Reachable.OPEN

    def _of(self, group: SecurityGroup, *, outbound: bool) -> list[Traffic]:
        """The egress rules of a security group if `outbound`, otherwise its ingress rules."""
        return self._rules.get((group.key, outbound), [])

    def names_nfs(self, group: SecurityGroup) -> bool:
        """Whether one of the group's inbound rules is for NFS alone."""
        port = str(NFS)
        rules = self._of(group, outbound=False)
        return any(r.from_port and r.to_port and r.from_port.literal == r.to_port.literal == port for r in rules)

    def groups_of_target(self, target: MountTarget) -> tuple[Value, ...] | None:
        """The security groups of a mount target, or the default group of its VPC if it names none. None if not
        known."""
        if target.groups is None:
            return None
        return target.groups or self._default_groups([target.subnet] if target.subnet else [])

    def groups_of_runner(self, runner: TaskRunner) -> tuple[Value, ...] | None:
        """The security groups of a runner's tasks, or the default group of their VPC if it names none. None if not
        known."""
        if runner.groups is None:
            return None
        return runner.groups or self._default_groups(runner.subnets or ())

    def _default_groups(self, subnets: Iterable[Value]) -> tuple[Value, ...] | None:
        """The default groups of the VPCs that subnets lie in; None if this source creates none of these VPCs."""
        vpcs = dict.fromkeys(self._subnets[s].vpc for s in subnets if s in self._subnets)
        return tuple(self._vpcs[vpc].default_group for vpc in vpcs if vpc in self._vpcs) or None

    def _covers(self, rule: Traffic, runner: TaskRunner, target: MountTarget) -> Reachable:
        """Whether an ingress rule admits NFS from a runner's tasks, or an egress rule lets NFS out to a mount
        target."""
        clients, servers = self.groups_of_runner(runner), self.groups_of_target(target)
        near, far = (clients, servers) if rule.outbound else (servers, clients)
        subnets = ([target.subnet] if target.subnet else None) if rule.outbound else runner.subnets
        vpcs = self.vpcs(runner, [target])
        answer = min(_carries_nfs(rule), self._reaches(rule, far, subnets, vpcs=vpcs))
        conditions = {None, runner.condition, target.condition}
        conditions |= {group.condition for _, group in self.own([*(near or ()), *(far or ())])}
        there = rule.condition in conditions and not rule.doubtful
        return answer if there else min(answer, Reachable.UNKNOWN)

    def _reaches(
        self, rule: Traffic, groups: Iterable[Value] | None, subnets: Iterable[Value] | None, vpcs: list[Vpc]
    ) -> Reachable:
        """Whether a rule's other side is one of `groups`, or a range that contains the addresses of `subnets`."""
        if rule.addresses is not None:
            return self._holds(rule.addresses, subnets, vpcs)
        if rule.peer is None or groups is None:
            return Reachable.UNKNOWN
        if rule.peer in groups:
            return Reachable.OPEN
        peer = self._groups.get(rule.peer)
        others = [self._groups.get(value) for value in groups]
        if peer is None:  # a group that another source creates is never one of this source's groups
            return Reachable.UNKNOWN if None in others else Reachable.CLOSED
        return (
            Reachable.OPEN if any(other is not None and other.key == peer.key for other in others) else Reachable.CLOSED
        )

    def _holds(self, addresses: Value, subnets: Iterable[Value] | None, vpcs: list[Vpc]) -> Reachable:
        """Whether an address range holds all addresses of some subnets."""
        literal = addresses.literal
        if literal == "0.0.0.0/0":
            return Reachable.OPEN
        if literal in _NOWHERE:
            return Reachable.CLOSED
        known = [self._subnets.get(subnet) for subnet in subnets or ()]
        if known and None not in known:
            answers = {self._subnet_within(subnet, addresses) for subnet in known if subnet}
        else:
            answers = {_within([*vpc.addresses], addresses) for vpc in vpcs}
        return answers.pop() if len(answers) == 1 else Reachable.UNKNOWN

    def _subnet_within(self, subnet: Subnet, addresses: Value) -> Reachable:
        """Whether an address range contains a subnet, by itself or together with the subnet's whole VPC."""
        vpc = self._vpcs.get(subnet.vpc) if subnet.vpc else None
        if vpc is not None and _within([*vpc.addresses], addresses) is Reachable.OPEN:
            return Reachable.OPEN
        return _within([subnet.addresses] if subnet.addresses else [], addresses)

    # -- zones --------------------------------------------------------------------------------------------------------

    def outside(self, runner: TaskRunner, file_system: Value) -> list[Value]:
        """The subnets of a runner that provably lie in zones where the file system has no mount target."""
        targets, place = self.targets(file_system), self.place(file_system)
        subnets = [self._subnets[value] for value in runner.subnets or () if value in self._subnets]
        if place is not None and place.zone is not None:
            found = [s.ref for s in subnets if s.zone and _differ(s.zone, place.zone)]
            chosen = {s.zone for s in subnets if s.zone}
            apart = len(chosen) > len({zone[0] for zone in chosen})  # then not all can be the file system's
            return found or ([s.ref for s in subnets] if apart else [])
        zones = [self._zone(target) for target in targets]
        if not zones or None in zones or self.network.unclear:
            return []
        return [s.ref for s in subnets if s.zone and all(zone and _differ(s.zone, zone) for zone in zones)]

    def _zone(self, target: MountTarget) -> Zone | None:
        return self._subnets[target.subnet].zone if target.subnet in self._subnets else None


def _differ(one: Zone, other: Zone) -> bool:
    """Whether two zones are certainly different."""
    return one[0] == other[0] and one[1] != other[1]


def _carries_nfs(rule: Traffic) -> Reachable:
    """Whether a rule's protocol and ports include TCP 2049."""
    protocol = rule.protocol.literal if rule.protocol else None
    if protocol is None:
        return Reachable.UNKNOWN
    if protocol == "-1":
        return Reachable.OPEN
    if protocol.lower() not in ("tcp", "6"):
        return Reachable.CLOSED
    first, last = _port(rule.from_port), _port(rule.to_port)
    if first == -1:
        return Reachable.OPEN
    if (first is not None and first > NFS) or (last is not None and last < NFS):
        return Reachable.CLOSED
    return Reachable.UNKNOWN if first is None or last is None else Reachable.OPEN


def _port(value: Value | None) -> int | None:
    """A port as a number; None for an expression and for a missing port."""
    literal = value.literal if value else None
    try:
        return int(literal) if literal else None
    except ValueError:
        return None


def _within(inner: list[Value], outer: Value) -> Reachable:
    """Whether an address range lies within `outer`; `inner` are several expressions for that one range."""
    if outer in inner:
        return Reachable.OPEN
    given = _range(outer)
    for known in map(_range, inner):
        if given is not None and known is not None:
            if known.subnet_of(given):
                return Reachable.OPEN
            return Reachable.UNKNOWN if known.overlaps(given) else Reachable.CLOSED
    return Reachable.UNKNOWN


def _range(value: Value) -> IPv4Network | None:
    """A literal IPv4 address range; None for anything else. IPv6 is left out because mount targets are reached by
    IPv4."""
    from ipaddress import IPv4Network  # few templates write addresses that have to be compared

    try:
        return IPv4Network(value.literal, strict=False) if value.literal else None
    except ValueError:
        return None
