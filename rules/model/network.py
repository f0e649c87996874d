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
    """The expressions that name it."""
    vpc: Value | None = None
    condition: str | None = None
    restricts_egress: bool = False
    """Whether it lists what it lets out, which is everything otherwise."""

    @property
    def name(self) -> str:
        return self.key.last


@dataclass(frozen=True, slots=True)
class Traffic:
    """One rule of a security group: what it admits or, `outbound`, lets out. The other side is a group (`peer`) or an
    address range in CIDR notation (`addresses`); neither for a prefix list. Ports and protocol as they are written."""

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
    """Whether it is there only under conditions that are not followed, or cannot be read."""


@dataclass(frozen=True, slots=True)
class MountTarget:
    """A mount target that the source creates."""

    key: Key
    file_system: Value | None
    groups: tuple[Value, ...] | None
    """Its security groups; empty: the VPC's default group; None: an expression decides."""
    subnet: Value | None
    condition: str | None = None


Zone: TypeAlias = tuple[str, str]
"""An availability zone as (list, member) of what it is chosen from: different members of one list are different zones,
and nothing is known of members of different lists. A literal zone is a member of the list ""."""


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
    """False where DNS support or DNS host names are switched off."""


@dataclass(frozen=True, slots=True)
class FileSystemPlace:
    """Where a file system that the source creates can be reached."""

    file_system: Value
    zone: Zone | None
    """The only availability zone of a One Zone file system."""
    handed_on: bool
    """Whether something beyond this source may give it mount targets."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A service mesh's proxy in front of a task: the ports that bypass it, None if they are not known."""

    task: Key
    ignored_ports: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Network:
    """What lies between tasks and file systems, as far as the source says."""

    groups: tuple[SecurityGroup, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    mount_targets: tuple[MountTarget, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    places: tuple[FileSystemPlace, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    unclear: bool = False
    """Whether something in the source adds resources that cannot be seen."""
