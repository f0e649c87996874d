"""The stack: all that a source defines, as the dialect has read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from rules.model.access import AccessPoint, FileSystem, Permission, Role, Tagging
from rules.model.conditions import PLAIN, ConditionLogic
from rules.model.instances import HostMount, Image, Instance, Owner
from rules.model.network import Network
from rules.model.runners import PlatformVersion, TaskRunner
from rules.model.tasks import HiddenDefinition, Parameter, Task


@dataclass(frozen=True, slots=True)
class Stack:
    """All entities that one source defines, as far as rules ask for them."""

    tasks: tuple[Task, ...] = ()
    runners: tuple[TaskRunner, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    file_systems: tuple[FileSystem, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    roles: tuple[Role, ...] = ()
    permissions: frozenset[Permission] = frozenset()
    names: frozenset[str] | None = None
    """The names that are taken in the source; None if new resources cannot be added to it."""
    tagging: tuple[Tagging, ...] = ()
    host_mounts: tuple[HostMount, ...] = ()
    instances: tuple[Instance, ...] = ()
    images: tuple[Image, ...] = ()
    owners: tuple[Owner, ...] = ()
    hidden: tuple[HiddenDefinition, ...] = ()
    starts_tasks: bool = False
    """Whether something in the source (EventBridge, Step Functions) starts tasks, so that it needs permission to pass
    their roles."""
    blue_green: bool = False
    """Whether CodeDeploy replaces the tasks. It rejects deployments that change anything else."""
    generated: str | None = field(default=None, compare=False)
    """A sentence on the program that writes the source anew, so that a change of the source does not last; None if nothing
    shows one."""
    network: Network = field(default_factory=Network)

    conditions: Mapping[str | int, ConditionLogic] = field(default_factory=lambda: MappingProxyType({}), compare=False)
    """The relations between the conditions of the source, by document."""

    def logic(self, document: str | int) -> ConditionLogic:
        """The relations between the conditions of a document."""
        return self.conditions.get(document, PLAIN)

    @property
    def platform_versions(self) -> tuple[PlatformVersion, ...]:
        """All platform versions that the source pins, in the order of the runners."""
        return tuple(version for runner in self.runners for version in runner.platform_versions)
