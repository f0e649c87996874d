"""The container instances of a source that can run a task.

A task runs where its services, task sets and schedules put it; a task that nothing of the source runs may run on any
instance. An instance is left out only where the source shows that it joins another cluster, belongs to AWS Batch (or does
not), or is started by another capacity provider. Names that are expressions may turn out to be equal.

Sources: Amazon ECS developer guide, "Container agent configuration" (`ECS_CLUSTER`), "Capacity providers"; AWS Batch user
guide, "Compute environments".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rules.facts.images import Ability, Images, ability, hosts_containers, system
from rules.model import Cluster, Engine, Instance, Key, Launch, Ref, Stack, System, Task, Text


@dataclass(frozen=True)
class Hosts:
    """The instances that can run a task: none where it runs on Fargate only, or where the source holds no instances."""

    instances: tuple[Instance, ...]
    images: Images

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
        if launches and all(launch.elsewhere for launch in launches):
            return self._none
        # A source may have thousands of tasks, but these are run in a few ways, so the result is shared.
        ways = frozenset(launch for launch in launches if not launch.elsewhere)
        if (task.engine, ways) not in self._known:
            placed = (i for i in self._of(task.engine) if not ways or any(_may_place(launch, i) for launch in ways))
            self._known[task.engine, ways] = Hosts(tuple(placed), self._images)
        return self._known[task.engine, ways]

    def _of(self, engine: Engine) -> tuple[Instance, ...]:
        """The instances with the best evidence that such tasks run on them. This leaves out a bastion beside a cluster."""
        instances = tuple(i for i in self._stack.instances if _serves(i, engine))
        if engine is Engine.BATCH and (environments := tuple(i for i in instances if i.engine is Engine.BATCH)):
            return environments
        shown = tuple(i for i in instances if hosts_containers(i, self._images))
        return shown or tuple(i for i in instances if i.scripted) or instances

    @cached_property
    def _launches(self) -> dict[Key, list[Launch]]:
        launches: dict[Key, list[Launch]] = {}
        for runner in self._stack.runners:
            if runner.launch is not None:
                for task in runner.tasks:
                    launches.setdefault(task, []).append(runner.launch)
        return launches


def _serves(instance: Instance, engine: Engine) -> bool:
    """Whether an instance runs this kind of task: AWS Batch runs its jobs in clusters of its own."""
    return instance.engine in (Engine.UNKNOWN, engine) or engine is Engine.UNKNOWN


def _may_place(launch: Launch, instance: Instance) -> bool:
    """Whether tasks that are started on this capacity may run on the instance."""
    if launch.providers and not launch.providers & instance.providers:
        return False
    if not launch.clusters or not instance.clusters:
        return True
    return not all(differ(one, other) for one in launch.clusters for other in instance.clusters)


def differ(one: Cluster, other: Cluster) -> bool:
    """Whether two clusters cannot be the same: two that the source creates, one of these and a literal name, two literal
    names, or two expressions that differ in literal parts only."""
    if one == other or not (isinstance(one.name, Text) and isinstance(other.name, Text)):
        return False
    if one.created and other.created:
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
