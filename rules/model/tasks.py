"""Task definitions with their containers and mount points, the parameters of a source, and volumes out of reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rules.model.storage import Volume
from rules.model.values import Key, Ref, Rest, Text, Value

# -- tasks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MountPoint:
    """A mount point of a container: the name of the volume that it mounts. `read_only` is None if it is an
    expression."""

    volume: Value | None
    read_only: bool | None
    rest: Rest = ()

    def shows(self, volume: str) -> bool:
        """Whether it mounts the volume of this name; names are compared as they are written."""
        return self.volume is not None and self.volume.source == volume


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a task. `user` is that of the container definition; None means the image's user, usually root."""

    name: Value | None
    user: Value | None
    mount_points: tuple[MountPoint, ...]
    volumes_from: tuple[tuple[Value | None, bool | None], ...] = ()
    """Pairs (source container, read only); None for a member that is an expression."""
    opaque: bool = False
    """Whether the mount points are an expression, so that it is not known which volumes the container mounts."""
    rest: Rest = ()


class Engine(StrEnum):
    """The service that runs a task. The name of the task role's property and the rules for platforms depend on it."""

    ECS = "ecs"
    BATCH = "batch"
    UNKNOWN = "unknown"
    """Not known, because the file holds volumes only."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task definition, or the container of an AWS Batch job definition. `name` is its name in reports."""

    key: Key
    name: str
    volumes: tuple[Volume, ...]
    family: Text | None = None
    engine: Engine = Engine.ECS
    task_role: Value | None = None
    role_arms: tuple[Value, ...] = ()
    """The possible values of `task_role` if conditions choose it; empty otherwise."""
    compatibilities: frozenset[str] = frozenset()
    """`requiresCompatibilities` or launch type in upper case: EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES."""
    network_mode: str | None = None
    operating_system: str | None = None
    region: str | None = None
    partition: str | None = field(default=None, compare=False)
    """The partition of its account, and the account itself (None if the source does not show them): evidence for
    messages, which may rest on other parts of the text."""
    account: str | None = field(default=None, compare=False)
    containers: tuple[Container, ...] = ()
    opaque_containers: bool = False
    """Whether the container definitions are an expression."""
    condition: str | None = None
    rest: Rest = ()

    @property
    def task_roles(self) -> tuple[Value, ...]:
        """The task roles that it may have: several if conditions choose, none if it has no role."""
        return self.role_arms or ((self.task_role,) if self.task_role is not None else ())

    @property
    def fargate_only(self) -> bool:
        """Whether Fargate is its only compatibility."""
        return self.compatibilities == {"FARGATE"}

    @property
    def may_run_on_ec2(self) -> bool:
        """Whether it may run on EC2; true if the source lists no compatibilities, since EC2 is the default launch
        type."""
        return not self.compatibilities or "EC2" in self.compatibilities


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the source. Its default and allowed values are only evidence, because a deployed stack keeps the
    value that it has."""

    key: Key
    ref: Ref
    """The reference by which the source uses it."""
    name: str
    type: str = "String"
    default: str | None = None
    allowed: tuple[str, ...] | None = None
    """The allowed values; None if all values are."""
    pattern: str | None = None
    """A regular expression that the whole value has to match."""

    @property
    def values(self) -> tuple[str, ...]:
        """The values that the source shows, the default first. Empty for types other than String and Number, whose
        default is a list or the name of a value (an SSM parameter)."""
        if self.type not in ("String", "Number"):
            return ()
        default = () if self.default is None else (self.default,)
        return tuple(dict.fromkeys((*default, *(self.allowed or ()))))


@dataclass(frozen=True, slots=True)
class HiddenDefinition:
    """A volume in a place of the source that is never edited. For messages, `what` names the place and the reason, and
    `advice` the way to make the volume editable."""

    key: Key
    what: str
    advice: str
