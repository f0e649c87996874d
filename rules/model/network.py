"""Security groups, subnets and mount targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rules.model.values import Key, Value

# -- networks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group that the source creates, or the default group of a VPC that it creates."""

    key: Key
    refs: tuple[Value, ...]
    """The expressions by which the source refers to it."""
    vpc: Value | None = None
    condition: str | None = None
    restricts_egress: bool = False
    """Whether it lists egress rules itself; otherwise all egress is allowed."""

    @property
    def name(self) -> str:
        """The group's name for messages: the last part of its key."""
        return self.key.last


@dataclass(frozen=True, slots=True)
class Traffic:
    """One ingress rule of a security group, or an egress rule if `outbound`. The other side is a group (`peer`) or an
    address range in CIDR notation (`addresses`), and neither for a prefix list. Ports and protocol are as the source
    writes them."""

    key: Key
    group: Value
    protocol: Value | None
    from_port: Value | None
    to_port: Value | None
    peer: Value | None = None
    addresses: Value | None = None
    outbound: bool = False
    condition: str | None = None
    doubtful: bool = False
    """Whether it cannot be read, or exists only under conditions that are not followed."""


@dataclass(frozen=True, slots=True)
class MountTarget:
    """A mount target that the source creates."""

    key: Key
    file_system: Value | None
    groups: tuple[Value, ...] | None
    """Its security groups; empty for the VPC's default group, None if an expression gives them."""
    subnet: Value | None
    condition: str | None = None


Zone: TypeAlias = tuple[str, str]
"""An availability zone as (list, member), after the list that it is chosen from. Different members of one list are
different zones; members of different lists may be equal. A literal zone is a member of the list ""."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet that the source creates."""

    ref: Value
    vpc: Value | None
    addresses: Value | None
    zone: Zone | None


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC that the source creates."""

    ref: Value
    addresses: tuple[Value, ...]
    """The expressions for its address range, in CIDR notation."""
    default_group: Value
    resolves_names: bool = True
    """Whether DNS support and DNS host names are on, so that the DNS names of file systems resolve."""


@dataclass(frozen=True, slots=True)
class FileSystemPlace:
    """The availability zone of a file system that the source creates, and whether the source shows all of its mount
    targets."""

    file_system: Value
    zone: Zone | None
    """The only availability zone of a One Zone file system; None for any other."""
    handed_on: bool
    """Whether something outside of this source may create mount targets for it."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy of a service mesh in a task, with the ports that bypass it (None if they are not known)."""

    task: Key
    ignored_ports: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Network:
    """The network between tasks and file systems, as far as the source shows it."""

    groups: tuple[SecurityGroup, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    mount_targets: tuple[MountTarget, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    places: tuple[FileSystemPlace, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    unclear: bool = False
    """Whether something in the source (a loop, an include, a module) adds resources that cannot be seen."""
