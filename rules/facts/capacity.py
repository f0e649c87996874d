"""The container instances of a source that can run a task.

A task runs where its services, task sets and schedules put it; a task that nothing of the source runs may run on any
instance. An instance is left out only where the source shows that it joins another cluster, belongs to AWS Batch (or does
not), or is started by another capacity provider.

A task may also run on instances that the source does not hold: those of a capacity provider or a cluster of another
stack, or of a group whose launch template is elsewhere. What these mount is not known, so they disagree with everything.

Sources: Amazon ECS developer guide, "Container agent configuration" (`ECS_CLUSTER`), "Capacity providers"; AWS Batch user
guide, "Compute environments".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.facts.images import Ability, Images, ability, hosts_containers, is_another_machine, system
from rules.facts.values import shown
from rules.model import Cluster, Engine, Instance, Key, Launch, Ref, Stack, System, Task, Text


@dataclass(frozen=True)
class Hosts:
    """The instances that can run a task: none where it runs on Fargate only, or where the source holds no instances."""

    instances: tuple[Instance, ...]
    images: Images
    unseen: str | None = None
    """The reason why it may run on instances that the source does not hold, as a sentence without its full stop; None
    if nothing shows that."""

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        return tuple(instance.key for instance in self.instances)

    @cached_property
    def system(self) -> System:
        """The operating system of the instances: Linux if one of them may run it, since Linux mounts every EFS volume."""
        return system(self.instances, self.images)

    @cached_property
    def least_able(self) -> tuple[Instance, Ability] | None:
        """The instance with the least support for EFS volumes, the first of several."""
        abilities = ((instance, ability(instance, self.images)) for instance in self.instances)
        return min(abilities, key=lambda pair: pair[1].support, default=None)


_Way = tuple[str, Launch]
"""The name of a runner, and the capacity on which it starts a task."""


class Capacity:
    """The instances of a source, by the tasks that can run on them."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._images = {image.key: image for image in stack.images}
        self._none = Hosts((), self._images)
        self._known: dict[tuple[Engine, frozenset[Launch]], Hosts] = {}

    def hosts(self, task: Task) -> Hosts:
        """The instances that can run a task; the same object for tasks that are run in the same ways."""
        if not task.may_run_on_ec2 or not self._stack.instances:
            return self._none
        launches = self._launches.get(task.key, ())
        if launches and all(launch.elsewhere for _, launch in launches):
            return self._none
        # A source may have thousands of tasks, but these are run in a few ways, so the result is shared.
        ways = tuple(way for way in launches if not way[1].elsewhere)
        key = task.engine, frozenset(launch for _, launch in ways)
        if key not in self._known:
            self._known[key] = self._found(task.engine, ways)
        found = self._known[key]
        # The reason names the runner.
        return found if found.unseen is None else self._found(task.engine, ways)

    def _found(self, engine: Engine, ways: Sequence[_Way]) -> Hosts:
        """The instances on which tasks that are run in some ways may run; on any, if nothing runs them."""
        serving, doubt = self._of(engine)
        placed = tuple(i for i in serving if not ways or any(_may_place(launch, i) for _, launch in ways))
        reasons = (
            *(reason for name, launch in ways if (reason := _unseen(name, launch, serving)) is not None),
            *(instance.unseen for instance in placed if instance.unseen is not None),
        )
        return Hosts(placed, self._images, next(iter(reasons), doubt if placed else None))

    def _of(self, engine: Engine) -> tuple[tuple[Instance, ...], str | None]:
        """The instances with the best evidence that such tasks run on them, which leaves out a bastion beside a cluster;
        and a sentence that says so if there is no evidence for any of them."""
        instances = tuple(i for i in self._stack.instances if _serves(i, engine))
        if engine is Engine.BATCH and (environments := tuple(i for i in instances if i.engine is Engine.BATCH)):
            return environments, None
        if members := tuple(i for i in instances if hosts_containers(i, self._images)):
            return members, None
        scripted = tuple(i for i in instances if i.scripted) or instances
        others = [i for i in scripted if is_another_machine(i, self._images)]
        if len(others) < len(scripted):
            return tuple(i for i in scripted if i not in others), None
        if not others:
            return scripted, None
        named = f"{', '.join(i.name for i in others[:3])} {'runs' if len(others) == 1 else 'run'}"
        return scripted, (
            f"nothing in this source shows that {named} the container agent, so tasks may run on other instances"
        )

    @cached_property
    def _launches(self) -> dict[Key, list[_Way]]:
        launches: dict[Key, list[_Way]] = {}
        for runner in self._stack.runners:
            if runner.launch is not None:
                for task in runner.tasks:
                    launches.setdefault(task, []).append((runner.name, runner.launch))
        return launches


def _serves(instance: Instance, engine: Engine) -> bool:
    """Whether an instance runs this kind of task: AWS Batch runs its jobs in clusters of its own."""
    return instance.engine in (Engine.UNKNOWN, engine) or engine is Engine.UNKNOWN


def _may_place(launch: Launch, instance: Instance) -> bool:
    """Whether tasks that are started on this capacity may run on the instance."""
    if launch.unseen_only or launch.providers:
        return not launch.providers.isdisjoint(instance.providers)
    if not launch.clusters or not instance.clusters:
        return True
    return not all(differ(one, other) for one in launch.clusters for other in instance.clusters)


def _unseen(runner: str, launch: Launch, serving: Sequence[Instance]) -> str | None:
    """The reason why tasks that are started on this capacity may run on instances that the source does not hold, as a
    sentence; None if it holds instances of all of it."""
    if launch.unseen is not None:
        return f"{runner} runs the task on {launch.unseen}"
    missing = () if launch.providers else (c for c in launch.clusters if not _has_members(c, serving))
    for cluster in missing:
        for case in _cases(cluster):
            if not _has_members(case, serving):
                return f"{runner} runs the task in cluster {shown(case.name)}, which no instance of this source is known to join"
    return None


def _has_members(cluster: Cluster, serving: Sequence[Instance]) -> bool:
    """Whether an instance joins this cluster and no other. One that shows no cluster is taken to join it."""
    return any(not instance.clusters or instance.clusters == (cluster,) for instance in serving)


def differ(one: Cluster, other: Cluster) -> bool:
    """Whether two clusters cannot be the same: two that the source creates, one of these and a literal name or one that
    another stack exports, two literal names, or two expressions that differ in literal parts only. Other names that are
    expressions may turn out to be equal."""
    if one.cases or other.cases:
        return all(differ(a, b) for a in _cases(one) for b in _cases(other))
    if one == other or not (isinstance(one.name, Text) and isinstance(other.name, Text)):
        return False
    if (one.created and (other.created or other.imported)) or (one.imported and other.created):
        return True
    if one.generated or other.generated:
        return all(cluster.generated or cluster.name.literal is not None for cluster in (one, other))
    left, right = one.name.parts, other.name.parts
    start = end = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    while start + end < min(len(left), len(right)) and left[-1 - end] == right[-1 - end]:
        end += 1
    between = (*left[start : len(left) - end], *right[start : len(right) - end])
    return not any(isinstance(part, Ref) for part in between)


def _cases(cluster: Cluster) -> Iterator[Cluster]:
    return iter(cluster.cases or (cluster,))
