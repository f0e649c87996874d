"""What runs task definitions: services, task sets, schedules, state machines, and where and how these start tasks."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.model.instances import Cluster
from rules.model.tasks import Engine
from rules.model.values import Key, Value


@dataclass(frozen=True, slots=True)
class PlatformVersion:
    """A Fargate platform version that is written at one place of the source. A runner has several where a condition chooses
    among them."""

    key: Key
    value: Value | None
    tasks: tuple[Key, ...]
    """The tasks that run on it. Where the same words stand for several runners (through an alias or a mapping), the first of
    these has the version, and the tasks of the others are among its tasks."""
    place: str | None = None
    """Where it is written, if that is a place that is never edited: a text inside the text, a mapping."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Which capacity a runner starts its tasks on."""

    clusters: tuple[Cluster, ...] = ()
    """The clusters, one of which it is; empty: not known."""
    providers: frozenset[str] = frozenset()
    """Where it is within the cluster: capacity providers of this source (for AWS Batch: compute environments); empty for all
    of it."""
    elsewhere: bool = False
    """Whether it starts the tasks on Fargate, on Managed Instances or on external instances."""


@dataclass(frozen=True, slots=True)
class TaskRunner:
    """What runs task definitions: a service, a task set, a target of EventBridge, a state of a state machine. A job definition
    of AWS Batch is one, too, since it pins a platform version for itself."""

    key: Key
    name: str
    tasks: tuple[Key, ...]
    """Those of this source that it runs: several where a condition chooses among them, none where it is not known which."""
    engine: Engine = Engine.ECS
    condition: str | None = None
    replaced: bool = False
    """Whether it is a task set, which another version replaces rather than changes."""
    platform_versions: tuple[PlatformVersion, ...] = ()
    launch: Launch | None = field(default=None, compare=False)
    """None where it is of no use, because the source has no container instances. It takes no part in comparisons: whatever
    a function mentions, it may run, and a change makes resources mention new ones."""
    shows_network: bool = False
    """Whether the source shows the network in which it starts ECS tasks, if only by leaving it out. It does not where the
    way to start them is not read, and for the jobs of AWS Batch, whose network is that of their compute environments."""
    groups: tuple[Value, ...] | None = None
    """The security groups of `awsvpc` tasks; empty: the VPC's default group; None: not known."""
    subnets: tuple[Value, ...] | None = None
    """The subnets of `awsvpc` tasks; None: not known."""
    starts_at_once: bool = False
    """Whether it is known to start tasks as soon as it is created."""
    can_wait: bool = False
    """Whether the source lets it be told to wait for another resource."""
    awaits: frozenset[Key] = frozenset()
    """Mount targets and security group rules that it is told to wait for."""
    comes_after: frozenset[Key] = field(default=frozenset(), compare=False)
    """Mount targets that are there before its tasks for any other reason, and other runners that are."""
    comes_before: frozenset[Key] = field(default=frozenset(), compare=False)
    """Mount targets and security groups that depend on it, so that it cannot wait for them."""
