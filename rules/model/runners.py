"""Task runners (services, task sets, schedules, state machines), with the capacity and the network that they start
tasks in."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.model.instances import Cluster
from rules.model.possible import ANYTHING, NOT_GIVEN, UNSEEN, Possible
from rules.model.tasks import Engine
from rules.model.values import Key, Value


@dataclass(frozen=True, slots=True)
class PlatformVersion:
    """A Fargate platform version that is written at one place of the source. A runner has several if a condition
    chooses among them."""

    key: Key
    value: Value | None
    tasks: tuple[Key, ...]
    """The tasks that run on it. If several runners share the place (through an alias or a mapping), the first runner
    has the version, and the tasks of all of them are listed here."""
    place: str | None = None
    """The place in words, if it is one that is never edited (a string that holds a definition, a mapping); None
    otherwise."""


@dataclass(frozen=True, slots=True)
class Launch:
    """The capacity on which a runner starts its tasks."""

    clusters: tuple[Cluster, ...] = ()
    """The possible clusters, one of which it uses; empty if they are not known."""
    providers: frozenset[str] = frozenset()
    """The capacity providers of this source that it uses (for AWS Batch: the compute environments); empty if it may use
    every instance of the cluster."""
    elsewhere: bool = False
    """Whether it starts all tasks on Fargate or on Managed Instances, which run no user data."""
    unseen: str | None = None
    """The capacity that it uses, too, and whose instances the source does not hold ("capacity provider gpu, whose
    instances are not in this source"); None if there is none."""
    unseen_only: bool = False
    """Whether it starts tasks on that capacity and on no instance of the source."""


@dataclass(frozen=True, slots=True)
class TaskRunner:
    """Anything that starts tasks: a service, a task set, a target of EventBridge, a state of a state machine. An AWS
    Batch job definition is one, too, because it pins its platform version itself."""

    key: Key
    name: str
    tasks: tuple[Key, ...]
    """The tasks of this source that it runs: several if a condition chooses among them, none if they are not known."""
    engine: Engine = Engine.ECS
    condition: str | None = None
    replaced: bool = False
    """Whether it is a task set, which CloudFormation replaces when its platform version changes."""
    platform_versions: tuple[PlatformVersion, ...] = ()
    launch: Launch | None = field(default=None, compare=False)
    """The capacity of its tasks; None if the source has no container instances, because nothing asks for it then. It is
    left out of comparisons: a function may run every task that it mentions, and the changes of a plan add such
    mentions."""
    launch_types: Possible[str] = ANYTHING
    """The launch types of its tasks, in upper case, by a launch type or a strategy of capacity providers. EC2 in general,
    if it leaves both out."""
    systems: Possible[str] = NOT_GIVEN
    """The families of operating systems that its placement constraints ask for, in upper case."""
    own_interfaces: Possible[bool] = UNSEEN
    """Whether it gives its tasks network interfaces of their own (`awsvpcConfiguration`). ECS demands that for tasks in
    network mode `awsvpc`, and refuses it for all others."""
    shows_network: bool = False
    """Whether the source shows the network configuration of its ECS tasks (leaving it out shows it, too). False if the
    way in which it starts tasks is not read, and for jobs of AWS Batch, whose compute environments have the network."""
    groups: tuple[Value, ...] | None = None
    """The security groups of `awsvpc` tasks; empty for the VPC's default group, None if they are not known."""
    subnets: tuple[Value, ...] | None = None
    """The subnets of `awsvpc` tasks; None if they are not known."""
    starts_at_once: bool = False
    """Whether it is known to start tasks as soon as it is created."""
    can_wait: bool = False
    """Whether the source can declare that it depends on another resource (`DependsOn`)."""
    awaits: frozenset[Key] = frozenset()
    """The mount targets and security group rules that it is declared to depend on."""
    comes_after: frozenset[Key] = field(default=frozenset(), compare=False)
    """Mount targets and other runners that are created before its tasks for any other reason."""
    comes_before: frozenset[Key] = field(default=frozenset(), compare=False)
    """Mount targets and security groups that depend on it. To wait for them would close a circle."""
