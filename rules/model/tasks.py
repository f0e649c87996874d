"""Task definitions with their containers and mount points, the parameters of a source, and volumes out of reach."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rules.model.possible import NOT_GIVEN, NOTHING_MORE, Possible
from rules.model.storage import Volume
from rules.model.values import Key, Ref, Rest, Text, Value

# -- tasks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MountPoint:
    """A mount point of a container: the name of the volume that it mounts, and whether it may write to it."""

    volume: Value | None
    read_only: Possible[bool]
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
    volumes_from: tuple[tuple[Value | None, Possible[bool]], ...] = ()
    """Pairs (source container, read only); None for a container that is not read."""
    opaque: bool = False
    """Whether some of its mount points, or of the containers whose volumes it takes, cannot be read: it may mount any
    volume, and write to it."""
    rest: Rest = ()


_ADMITS_NOTHING = re.compile(r"\^\$(?=$|[|)])|[|(](?=$|[|)])|^\|")
"""A pattern that has the empty text as an alternative of its own."""


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
    """The task role as it is written."""
    roles: Possible[Value] = NOTHING_MORE
    """The possible values of `task_role` if the source shows more than that: conditions choose among them, or it may be
    left out. A role that may be empty is no role, since ECS takes both for the same."""
    compatibilities: Possible[frozenset[str]] = NOT_GIVEN
    """The possible `requiresCompatibilities`, in upper case: sets of EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES."""
    network_mode: Possible[str] = NOT_GIVEN
    """The network mode in lower case; left out, it is `bridge`, and `awsvpc` on Managed Instances."""
    operating_system: Possible[str] = NOT_GIVEN
    """The family of operating systems in upper case, by `runtimePlatform` or by constraints on the placement; left out,
    it is LINUX."""
    region: str | None = None
    partition: str | None = field(default=None, compare=False)
    """The partition of its account, and the account itself (None if the source does not show them): evidence for
    messages, which may rest on other parts of the text."""
    account: str | None = field(default=None, compare=False)
    containers: tuple[Container, ...] = ()
    opaque_containers: bool = False
    """Whether some containers cannot be read: they may mount any volume, write to it, and run as any user."""
    opaque_volumes: bool = False
    """Whether some volumes cannot be read: they may have any name, and be on any file system."""
    condition: str | None = None
    rest: Rest = ()

    @property
    def task_roles(self) -> tuple[Value, ...]:
        """The task roles that it may have: several if conditions choose, none if it has no role."""
        return self.roles.known or ((self.task_role,) if self.task_role is not None else ())

    @property
    def may_lack_role(self) -> bool:
        """Whether it has no task role, or one that may be left out or empty."""
        return self.task_role is None or self.roles.absent

    def with_role(self, role: Value | None) -> Task:
        """The task with another role, or with none."""
        return replace(self, task_role=role, roles=NOTHING_MORE)

    @property
    def fargate_only(self) -> bool:
        """Whether Fargate is surely its only compatibility."""
        return self.compatibilities.is_surely(frozenset({"FARGATE"}))

    @property
    def managed_only(self) -> bool:
        """Whether Managed Instances are surely its only compatibility."""
        return self.compatibilities.is_surely(frozenset({"MANAGED_INSTANCES"}))

    @property
    def may_run_on_ec2(self) -> bool:
        """Whether it may run on EC2; true if the source lists no compatibilities, since EC2 is the default launch
        type."""
        return self.compatibilities.absent or self.may_be_compatible("EC2")

    def may_be_compatible(self, launch_type: str) -> bool:
        """Whether a launch type may be among its compatibilities."""
        return self.compatibilities.others or self.lists(launch_type)

    def lists(self, launch_type: str) -> bool:
        """Whether the source shows a launch type among its compatibilities, at least under some condition."""
        return any(launch_type in listed for listed in self.compatibilities.known)


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
    def evidence(self) -> tuple[str, ...]:
        """The values that are evidence for the one that a stack has: the allowed ones; if all are allowed, the default;
        without one, an empty value that the pattern admits by itself (`^$|arn:.*`)."""
        if self.allowed is not None:
            return self.allowed
        if self.default is not None:
            return (self.default,)
        return ("",) if self.pattern is not None and _ADMITS_NOTHING.search(self.pattern) else ()

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
