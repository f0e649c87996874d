"""The stack: everything that one source says."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.model.access import AccessPoint, FileSystem, Permission, Role, Tagging
from rules.model.instances import HostMount, Image, Instance, Owner, Run
from rules.model.network import Network
from rules.model.tasks import HiddenDefinition, Parameter, Service, Task


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that one source says."""

    tasks: tuple[Task, ...] = ()
    services: tuple[Service, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    file_systems: tuple[FileSystem, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    roles: tuple[Role, ...] = ()
    permissions: frozenset[Permission] = frozenset()
    names: frozenset[str] | None = None
    """Names that are taken in the source; None if it cannot hold new resources."""
    tagging: tuple[Tagging, ...] = ()
    host_mounts: tuple[HostMount, ...] = ()
    instances: tuple[Instance, ...] = ()
    images: tuple[Image, ...] = ()
    runs: tuple[Run, ...] = ()
    owners: tuple[Owner, ...] = ()
    hidden: tuple[HiddenDefinition, ...] = ()
    starts_tasks: bool = False
    """Whether something in the source starts tasks (EventBridge, Step Functions), and so needs permission to pass their roles."""
    blue_green: bool = False
    """Whether CodeDeploy replaces the tasks. It rejects deployments that change anything else."""
    network: Network = field(default_factory=Network)
