"""Reads the capacity that a template runs its tasks on: clusters, capacity providers and compute environments."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import ref, target
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running.task_runners import Start
from migrate.dialects.common.values import child, mapping, text
from migrate.syntax.node import Node
from rules.model import Cluster, Launch, Ref, Text, Value

CAPACITY_PROVIDER = "AWS::ECS::CapacityProvider"
COMPUTE_ENVIRONMENT = "AWS::Batch::ComputeEnvironment"
_CLUSTER = "AWS::ECS::Cluster"
_FARGATE = ("FARGATE", "FARGATE_SPOT")


class Clusters:
    """The clusters of one template, and the capacity providers and compute environments that supply their instances."""

    def __init__(self, template: Template) -> None:
        self.template = template

    # -- clusters -----------------------------------------------------------------------------------------------------

    def of(self, value: Value) -> Cluster:
        """The cluster that a value names, by its name or its ARN."""
        name = _as_text(value)
        _, arn, rest = name.coded.rpartition(":cluster/")
        name = Text.decode(rest) if arn else name
        return self._created.get(ref(target(name))) or self._created.get(name) or Cluster(name)

    @cached_property
    def _created(self) -> dict[Value, Cluster]:
        """The clusters of the template, by reference and, if the template names them, by name."""
        created: dict[Value, Cluster] = {}
        for name, resource in self.template.of_type(_CLUSTER):
            given = intrinsics.value(child(resource.properties, "ClusterName"))
            if given is None:
                created[ref(name)] = Cluster(ref(name), created=True, generated=True)
            else:
                created[ref(name)] = created[_as_text(given)] = Cluster(_as_text(given), created=True)
        return created

    def _named(self, node: Node | None) -> list[Cluster]:
        """The clusters that a property may name. Without the property, ECS uses the cluster `default`."""
        values = (intrinsics.value(arm) for _, arm in intrinsics.arms(node))
        return [self.of(value) for value in values if value is not None] or [Cluster(Text.of("default"))]

    def of_provider(self, provider: str) -> list[Cluster]:
        """The clusters that a capacity provider serves."""
        return self._served.get(provider, [])

    @cached_property
    def _served(self) -> dict[str, list[Cluster]]:
        """Maps each capacity provider to the clusters that it serves."""
        served: dict[str, list[Cluster]] = {}
        for name, resource in self.template.of_type(_CLUSTER, "AWS::ECS::ClusterCapacityProviderAssociations"):
            own = resource.type == _CLUSTER
            clusters = [self.of(ref(name))] if own else self._named(child(resource.properties, "Cluster"))
            for provider in self._provider_names(intrinsics.each(child(resource.properties, "CapacityProviders"))):
                served.setdefault(provider, []).extend(clusters)
        return served

    # -- capacity providers and compute environments ------------------------------------------------------------------

    def providers_of(self, name: str) -> frozenset[str]:
        """The capacity providers and compute environments that launch instances from a resource, by logical ID."""
        return frozenset(self._starting.get(name, ()))

    @cached_property
    def _starting(self) -> dict[str, list[str]]:
        """Maps each resource to the compute environments that mention it (a compute environment to itself, too) and to
        the capacity providers whose Auto Scaling group mentions it."""
        starting: dict[str, list[str]] = {}
        for name, resource in self.template.of_type(CAPACITY_PROVIDER):
            for mentioned in self.template.mentions(self._group_of(resource)):
                starting.setdefault(mentioned, []).append(name)
        for name, _ in self.template.of_type(COMPUTE_ENVIRONMENT):
            for mentioned in {name, *self.template.mentions(name)}:
                starting.setdefault(mentioned, []).append(name)
        return starting

    def _group_of(self, provider: Resource) -> str:
        """The logical ID of a capacity provider's Auto Scaling group; empty if the template has no such resource."""
        group = mapping(child(provider.properties, "AutoScalingGroupProvider"))
        name = target(intrinsics.value(child(group, "AutoScalingGroupArn")))
        return name if name in self.template.resources else ""

    def _provider_names(self, nodes: Iterable[Node] | None) -> list[str]:
        """The logical IDs of the capacity providers that nodes refer to or name. One that the template does not create
        keeps the name that is written."""
        values = [intrinsics.value(node) for node in nodes or ()]
        names = [target(value) or (value.literal or value.source if value is not None else "") for value in values]
        return [self._by_given_name.get(name, name) for name in names]

    @cached_property
    def _by_given_name(self) -> dict[str, str]:
        """Maps the `Name` of each capacity provider to its logical ID."""
        providers = self.template.of_type(CAPACITY_PROVIDER)
        return {given: name for name, r in providers if (given := text(child(r.properties, "Name")))}

    def _is_known(self, provider: str) -> bool:
        """Whether the template shows all the capacity that a capacity provider launches."""
        resource = self.template.resources.get(provider)
        if resource is None or resource.type != CAPACITY_PROVIDER:
            return False
        return bool(self._group_of(resource)) or child(resource.properties, "ManagedInstancesProvider") is not None

    # -- capacity of runners ------------------------------------------------------------------------------------------

    def launch(self, start: Start) -> Launch:
        """The capacity on which a service or another runner starts ECS tasks."""
        holder = start.parameters
        launch_type = text(child(holder, "LaunchType"))
        strategy = intrinsics.each(child(holder, "CapacityProviderStrategy"))
        listed = [child(mapping(item), "CapacityProvider") for item in strategy or ()]
        providers = [p for p in self._provider_names(n for n in listed if n is not None) if p not in _FARGATE]
        elsewhere = launch_type not in (None, "EC2") or bool(listed and not providers)
        known = frozenset(providers) if all(self._is_known(p) for p in providers) else frozenset[str]()
        return Launch(tuple(self._named(start.cluster)), known, elsewhere)

    def launch_of_jobs(self, queue: Node | None) -> Launch:
        """The capacity on which a job queue starts AWS Batch jobs."""
        return Launch(providers=self._environments(target(intrinsics.value(queue))))

    def _environments(self, queue: str) -> frozenset[str]:
        """The logical IDs of a job queue's compute environments; empty if the template does not create all of them."""
        properties = self.template.resources[queue].properties if queue in self.template.resources else None
        order = intrinsics.each(child(properties, "ComputeEnvironmentOrder")) or []
        names = [target(intrinsics.value(child(mapping(item), "ComputeEnvironment"))) for item in order]
        known = all(n in self.template.resources for n in names)
        return frozenset(names) if known else frozenset()


def _as_text(value: Value) -> Text:
    """A name as text. An expression becomes a reference, as it does in user data, so that both compare equal."""
    return value if isinstance(value, Text) else Text((Ref(value.source),))
