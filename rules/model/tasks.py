"""Task definitions with their containers and mount points, and what else a source says of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rules.model.storage import Volume
from rules.model.values import Key, Ref, Rest, Text, Value

# -- tasks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MountPoint:
    """Where a container sees a volume. `read_only` is None where the source gives an expression."""

    volume: Value | None
    read_only: bool | None
    rest: Rest = ()

    def shows(self, volume: str) -> bool:
        """Whether it names this volume; names are compared as they are written."""
        return self.volume is not None and self.volume.source == volume


@dataclass(frozen=True, slots=True)
class Container:
    """`user` as in the container definition; None means the image's user, which is usually root."""

    name: Value | None
    user: Value | None
    mount_points: tuple[MountPoint, ...]
    volumes_from: tuple[tuple[Value | None, bool | None], ...] = ()
    """(source container, read only) pairs."""
    opaque: bool = False
    """Whether the mount points are an expression, so that what the container mounts is not known."""
    rest: Rest = ()


class Engine(StrEnum):
    """Who runs the task: the name of its role property and the platform rules depend on it."""

    ECS = "ecs"
    BATCH = "batch"
    UNKNOWN = "unknown"
    """A file that holds volumes only."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task definition (or an AWS Batch job definition's container). `name` is what reports call it."""

    key: Key
    name: str
    volumes: tuple[Volume, ...]
    family: Text | None = None
    engine: Engine = Engine.ECS
    task_role: Value | None = None
    role_arms: tuple[Value, ...] = ()
    """What `task_role` may be, where conditions choose it."""
    compatibilities: frozenset[str] = frozenset()
    """`requiresCompatibilities` or launch type in upper case: EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES."""
    network_mode: str | None = None
    operating_system: str | None = None
    region: str | None = None
    containers: tuple[Container, ...] = ()
    opaque_containers: bool = False
    """Whether the container definitions are an expression."""
    condition: str | None = None
    rest: Rest = ()

    @property
    def task_roles(self) -> tuple[Value, ...]:
        """The roles that it may have."""
        return self.role_arms or ((self.task_role,) if self.task_role is not None else ())

    @property
    def fargate_only(self) -> bool:
        return self.compatibilities == {"FARGATE"}

    @property
    def may_run_on_ec2(self) -> bool:
        """Also true where the source does not say: EC2 is the default launch type."""
        return not self.compatibilities or "EC2" in self.compatibilities


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that whoever deploys the source may choose. What it says is evidence: existing stacks keep their value."""

    key: Key
    ref: Ref
    """How the source refers to it."""
    name: str
    type: str = "String"
    default: str | None = None
    allowed: tuple[str, ...] | None = None
    """None: any value."""
    pattern: str | None = None
    """A regular expression that the whole value has to match."""

    @property
    def values(self) -> tuple[str, ...]:
        """The values that the source shows, its default first; none where it shows only a name of the value, or a list."""
        if self.type not in ("String", "Number"):
            return ()
        default = () if self.default is None else (self.default,)
        return tuple(dict.fromkeys((*default, *(self.allowed or ()))))


@dataclass(frozen=True, slots=True)
class HiddenDefinition:
    """A volume in a place of the source that is not edited: `what` says where and why, `advice` how to bring it within
    reach."""

    key: Key
    what: str
    advice: str
