"""Reads the capacity that a template runs its tasks on: clusters, capacity providers and compute environments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import ref, target
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running.task_runners import Start
from migrate.dialects.common.values import child, mapping, text
from migrate.syntax.node import Mapping, Node
from rules.model import Cluster, Launch, Opaque, Ref, Text, Value

CAPACITY_PROVIDER = "AWS::ECS::CapacityProvider"
COMPUTE_ENVIRONMENT = "AWS::Batch::ComputeEnvironment"
_CLUSTER = "AWS::ECS::Cluster"
_GROUP = "AWS::AutoScaling::AutoScalingGroup"
_JOB_QUEUE = "AWS::Batch::JobQueue"
_FARGATE = ("FARGATE", "FARGATE_SPOT")
Read = Callable[[Node | None], Value | None]
"""A function that reads a node as a value."""
_OUTSIDE = ", whose instances are not in this source"


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
        known = self._created.get(ref(target(name))) or self._created.get(name) or self._only(value)
        return known or Cluster(name, imported=name.source.startswith("!ImportValue"))

    def _only(self, value: Value) -> Cluster | None:
        """The cluster of the template whose ARN `Fn::Select` takes the name from; None for any other
        value."""
        selects = isinstance(value, Opaque) and value.source.startswith("!Select ")
        names = set(intrinsics.names(value)) if selects else set[str]()
        return self._created.get(ref(names.pop())) if len(names) == 1 else None

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

    def named(self, node: Node | None) -> Cluster:
        """The cluster that a property names. Without the property, ECS uses the cluster `default`."""
        default = Cluster(Text.of("default"))
        found = intrinsics.branches(node)
        cases = [default if (value := intrinsics.value(arm.node)) is None else self.of(value) for arm in found]
        if len(cases) < 2 or node is None:
            return next(iter(cases), default)
        return Cluster(Text((Ref(intrinsics.render(node)),)), cases=tuple(dict.fromkeys(cases)))

    def of_provider(self, provider: str) -> list[Cluster]:
        """The clusters that a capacity provider serves."""
        return self._served.get(provider, [])

    @cached_property
    def _served(self) -> dict[str, list[Cluster]]:
        """Maps each capacity provider to the clusters that it serves."""
        served: dict[str, list[Cluster]] = {}
        for cluster, resource in self._supplied():
            for provider in self._providers(child(resource.properties, "CapacityProviders")).own:
                served.setdefault(provider, []).append(cluster)
        return served

    def _supplied(self) -> Iterator[tuple[Cluster, Resource]]:
        """The clusters that are given capacity providers, each with the resource that lists these."""
        for name, resource in self.template.of_type(_CLUSTER, "AWS::ECS::ClusterCapacityProviderAssociations"):
            own = resource.type == _CLUSTER
            yield self.of(ref(name)) if own else self.named(child(resource.properties, "Cluster")), resource

    @cached_property
    def _strategies(self) -> dict[Cluster, list[tuple[_Providers, _Providers]]]:
        """Maps each cluster to the capacity providers of its default strategy and to all of its capacity providers, for
        each place that gives it some."""
        found: dict[Cluster, list[tuple[_Providers, _Providers]]] = {}
        for cluster, resource in self._supplied():
            properties = resource.properties
            default = self._providers(child(properties, "DefaultCapacityProviderStrategy"), "CapacityProvider")
            default.may_be_absent |= resource.type != _CLUSTER and resource.condition is not None
            listed = self._providers(child(properties, "CapacityProviders"))
            for case in cluster.cases or (cluster,):
                found.setdefault(case, []).append((default, listed))
        return found

    # -- capacity providers and compute environments ------------------------------------------------------------------

    def providers_of(self, name: str) -> frozenset[str]:
        """The capacity providers and compute environments that launch instances from a resource, by logical ID."""
        return frozenset(self._starting.get(name, ()))

    @cached_property
    def _starting(self) -> dict[str, list[str]]:
        """Maps each resource to the compute environments that mention it (a compute environment to itself, too) and to
        the capacity providers whose Auto Scaling group it is or mentions it."""
        starting: dict[str, list[str]] = {}
        for name, resource in self.template.of_type(CAPACITY_PROVIDER):
            group = self._group_of(resource)
            for mentioned in {group, *self.template.mentions(group)}:
                starting.setdefault(mentioned, []).append(name)
        for name, _ in self.template.of_type(COMPUTE_ENVIRONMENT):
            for mentioned in {name, *self.template.mentions(name)}:
                starting.setdefault(mentioned, []).append(name)
        return starting

    def _group_of(self, provider: Resource) -> str:
        """The logical ID of a capacity provider's Auto Scaling group; empty if the template has no such resource."""
        group = mapping(child(provider.properties, "AutoScalingGroupProvider"))
        arn = intrinsics.value(child(group, "AutoScalingGroupArn"))
        named = set(intrinsics.names(arn)) if arn is not None else set[str]()
        found = [name for name in named if (r := self.template.resources.get(name)) is not None and r.type == _GROUP]
        return found[0] if len(found) == 1 else ""

    def _providers(self, node: Node | None, member: str = "", read: Read = intrinsics.value) -> _Providers:
        """The capacity providers that the items of a list name, or that `member` of the items names, as in a strategy."""
        found = _Providers()
        for arm in intrinsics.branches(node):
            found.may_be_absent |= arm.absent
            listed = None if arm.absent else intrinsics.members(arm.node)
            if listed is None and not arm.absent:
                found.others.append(f"capacity providers that {_written(arm.node)} gives{_OUTSIDE}")
            for _, item in listed or ():
                holder = mapping(item)
                named = child(holder, member) if member else item
                if named is None or (member and holder is None):
                    found.others.append(f"a capacity provider that {_written(item)} names{_OUTSIDE}")
                elif len(listed or ()) == 1 or not _gets_no_task(holder):
                    for _, case in intrinsics.arms(named):
                        self._add_provider(found, read(case))
            found.may_be_absent |= listed == []
        found.may_be_absent |= node is None
        return found

    def _add_provider(self, found: _Providers, value: Value | None) -> None:
        """Adds the capacity provider that a value names."""
        written = value.source if value is not None else "nothing"
        name = target(value)
        if self._is_provider(name) or (name := self._by_given_name.get(value, "")):
            provider = self.template.resources[name]
            if self._group_of(provider):
                found.own.append(name)
            elif child(provider.properties, "ManagedInstancesProvider") is not None:
                found.managed.append(f"capacity provider {name}, whose Managed Instances run no user data")
            else:
                found.others.append(f"capacity provider {name}{_OUTSIDE}")
        elif written in _FARGATE:
            found.fargate = True
        else:
            found.others.append(f"capacity provider {written}{_OUTSIDE}")

    @cached_property
    def _by_given_name(self) -> dict[Value | None, str]:
        """Maps the `Name` of each capacity provider to its logical ID."""
        providers = self.template.of_type(CAPACITY_PROVIDER)
        found = ((intrinsics.value(child(r.properties, "Name")), name) for name, r in providers)
        return {given: name for given, name in found if given is not None}

    def _is_provider(self, name: str) -> bool:
        resource = self.template.resources.get(name)
        return resource is not None and resource.type == CAPACITY_PROVIDER

    # -- capacity of runners ------------------------------------------------------------------------------------------

    def launch(self, start: Start) -> Launch:
        """The capacity on which a service or another runner starts ECS tasks."""
        return self.launch_of(start.parameters, self.named(start.cluster))

    def launch_of(self, holder: Mapping, named: Cluster, read: Read = intrinsics.value) -> Launch:
        """The capacity that the properties of a runner choose in a cluster; `read` gives the values of the properties.

        A strategy decides alone. Without one, the launch type does; without both, the default strategy of the cluster.
        """
        used = self._providers(child(holder, "CapacityProviderStrategy"), "CapacityProvider", read)
        anywhere = False
        if used.may_be_absent:
            types = [read(arm.node) for arm in intrinsics.branches(child(holder, "LaunchType"))] or [None]
            for launch_type in types:
                literal = (launch_type.literal if launch_type is not None else None) or ""
                if literal == "EXTERNAL":
                    used.others.append("external instances (ECS Anywhere), which this source does not show")
                elif literal and literal != "EC2":  # Fargate or Managed Instances
                    used.fargate = True
                else:
                    anywhere |= self._add_cluster(used, named, by_default=launch_type is None)
        if anywhere or used.own:
            used.others += used.managed
        return Launch(
            (named,),
            frozenset() if anywhere else frozenset(used.own),
            elsewhere=(used.fargate or bool(used.managed)) and not (anywhere or used.own or used.others),
            unseen=next(iter(used.others), None),
            unseen_only=bool(used.others) and not (anywhere or used.own),
        )

    def _add_cluster(self, used: _Providers, named: Cluster, *, by_default: bool) -> bool:
        """Adds the capacity that a cluster gives tasks without a strategy of their own: that of its default strategy, if
        `by_default`, else all. Returns whether tasks may run on every instance that joins the cluster."""
        anywhere = False
        for case in named.cases or (named,):
            given = self._strategies.get(case, [])
            defaults = [d for d, _ in given if by_default and (d.own or d.others or d.managed or d.fargate)]
            for default in defaults:
                used.own += default.own
                used.others += default.others
                used.managed += default.managed
                used.fargate |= default.fargate
            if not defaults or any(default.may_be_absent for default in defaults):
                anywhere = True
                used.others += [other for _, listed in given for other in listed.others]
        return anywhere

    def launch_of_jobs(self, queue: Node | None) -> Launch:
        """The capacity on which a job queue starts AWS Batch jobs."""
        own: set[str] = set()
        others: list[str] = []
        for _, node in intrinsics.arms(queue):
            name = self._of_batch(intrinsics.value(node), _JOB_QUEUE, "JobQueueName")
            if not name:
                others.append(f"job queue {_written(node)}{_OUTSIDE}")
                continue
            order = child(self.template.resources[name].properties, "ComputeEnvironmentOrder")
            for _, item in intrinsics.members(order) or ([((), order)] if order is not None else []):
                for _, arm in intrinsics.arms(child(mapping(item), "ComputeEnvironment") or item):
                    value = intrinsics.value(arm)
                    if environment := self._of_batch(value, COMPUTE_ENVIRONMENT, "ComputeEnvironmentName"):
                        own.add(environment)
                    else:
                        others.append(f"compute environment {_written(arm)}{_OUTSIDE}")
        return Launch((), frozenset(own), unseen=next(iter(others), None), unseen_only=bool(others) and not own)

    def _of_batch(self, value: Value | None, kind: str, name: str) -> str:
        """The logical ID of the resource of AWS Batch that a value refers to or names; empty if there is none."""
        found = self.template.resources.get(target(value))
        if found is None or found.type != kind:
            listed = self.template.of_type(kind)
            named = (r for _, r in listed if value is not None and intrinsics.value(child(r.properties, name)) == value)
            found = next(named, None)
        unmanaged = found is not None and text(child(found.properties, "Type")) == "UNMANAGED"
        return found.name if found is not None and not unmanaged else ""


@dataclass(eq=False)
class _Providers:
    """The capacity that a list of capacity providers stands for."""

    own: list[str] = field(default_factory=list)
    """The providers of the template, by logical ID."""
    managed: list[str] = field(default_factory=list)
    """Managed Instances of the template, as `Launch.unseen` says it."""
    others: list[str] = field(default_factory=list)
    """Capacity whose instances the template does not hold, as `Launch.unseen` says it."""
    fargate: bool = False
    """Whether Fargate is among it."""
    may_be_absent: bool = False
    """Whether the list may be missing altogether."""


def _gets_no_task(item: Mapping | None) -> bool:
    """Whether ECS places no task on the capacity provider of an item, unless it is the only one."""
    return text(child(item, "Weight")) == "0" and text(child(item, "Base")) in (None, "0")


def _written(node: Node) -> str:
    """A node in one line, for messages."""
    value = intrinsics.value(node)
    return value.source if value is not None else "nothing"


def _as_text(value: Value) -> Text:
    """A name as text. An expression becomes a reference, as it does in user data, so that both compare equal."""
    return value if isinstance(value, Text) else Text((Ref(value.source),))
