"""Finds the places in a template that start tasks (services, task sets, targets of EventBridge rules, schedules and
pipes) and the task definitions that they name. `runner_reader` turns them into the `TaskRunner`s of the model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import target
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.resources import Resources
from migrate.dialects.common.values import child, mapping
from migrate.syntax.node import Mapping, Node
from rules.model import Text, Value

SERVICES = ("AWS::ECS::Service", "AWS::ECS::TaskSet")
_TARGETS = {
    "AWS::Scheduler::Schedule": ("Target", "EcsParameters"),
    "AWS::Pipes::Pipe": ("TargetParameters", "EcsTaskParameters"),
}
_RULE = "AWS::Events::Rule"
TYPES = (*SERVICES, *_TARGETS, _RULE)
_VARIABLE = re.compile(r"[$&]\{[^}]*\}?")
"""Matches a variable of `Fn::ForEach` in a logical ID."""
TASK, JOB = "AWS::ECS::TaskDefinition", "AWS::Batch::JobDefinition"


@dataclass(frozen=True, slots=True)
class Start:
    """One place in a template that starts tasks: a service, a task set, or a target of another resource."""

    resource: Resource
    nth: int
    """The index of the target among those of the resource; 0 for a service."""
    label: str | None
    """The `Id` of the target of an EventBridge rule; None for a resource that starts tasks in one place only."""
    parameters: Mapping
    """The properties that say how tasks start: those of the service, or the ECS parameters of the target."""
    definition: Node | None
    """The node that names the task definition."""
    cluster: Node | None

    @property
    def is_service(self) -> bool:
        """Whether a service or a task set starts the tasks, as soon as it is created."""
        return self.resource.type in SERVICES


@dataclass(frozen=True)
class Starters:
    """The places in one template that start ECS tasks, also in loops, where one stands for all that the loop makes."""

    resources: Resources

    def __iter__(self) -> Iterator[Start]:
        looped = [(name, resource) for name, resource in self.resources.in_loops() if resource.type in TYPES]
        for _, resource in (*self.resources.of_type(*TYPES), *looped):
            properties = resource.properties
            if resource.type in SERVICES:
                definition, cluster = child(properties, "TaskDefinition"), child(properties, "Cluster")
                yield Start(resource, 0, None, parameters=properties, definition=definition, cluster=cluster)
            elif resource.type == _RULE:
                for nth, aimed in enumerate(self.targets(resource)):
                    label = intrinsics.render(child(aimed, "Id"))
                    yield from self._start(
                        resource, nth, label, node=child(aimed, "EcsParameters"), cluster=child(aimed, "Arn")
                    )
            else:
                outer, inner = _TARGETS[resource.type]
                aimed = mapping(child(properties, outer))
                cluster = child(aimed, "Arn") if outer == "Target" else child(properties, "Target")
                yield from self._start(resource, 0, None, node=child(aimed, inner), cluster=cluster)

    def _start(
        self, resource: Resource, nth: int, label: str | None, node: Node | None, cluster: Node | None
    ) -> Iterator[Start]:
        if (parameters := mapping(node)) is not None:
            yield Start(
                resource,
                nth,
                label,
                parameters=parameters,
                definition=child(parameters, "TaskDefinitionArn"),
                cluster=cluster,
            )

    def targets(self, resource: Resource) -> list[Mapping | None]:
        """The targets of an EventBridge rule or a schedule, with None for each that cannot be read."""
        one = child(resource.properties, "Target")
        listed = [one] if one is not None else intrinsics.each(child(resource.properties, "Targets")) or []
        return [mapping(node) for node in listed]

    def definitions(self, node: Node | None) -> list[str]:
        """The logical IDs of the template's task or job definitions that a node names, in any branch of `Fn::If`."""
        found = (self.named(intrinsics.value(arm)) for _, arm in intrinsics.arms(node))
        return list(dict.fromkeys(name for names in found for name in names))

    def named(self, value: Value | None) -> list[str]:
        """The logical IDs of the template's task or job definitions that a value names: by a reference, a family, an ARN
        that ends with a family, or an expression that holds a reference, such as a part of the ARN. A loop's variable stands
        for any text. A family with a revision names a task definition that exists already."""
        name = target(value)
        resource = self.resources.get(name)
        if resource is not None:
            return [name] if resource.type in (TASK, JOB) else []
        if isinstance(value, Text) and (known := self._families.get(value.coded.rpartition("task-definition/")[2])):
            return known
        mentioned = [*intrinsics.names(value)] if value is not None else []
        return [found for found, _ in self.resources.of_type(TASK, JOB) if any(_fits(found, one) for one in mentioned)]

    @cached_property
    def _families(self) -> dict[str, list[str]]:
        """Maps each family, in coded form (`Text.coded`), to the logical IDs of its task definitions."""
        families: dict[str, list[str]] = {}
        for name, resource in self.resources.of_type(TASK):
            family = intrinsics.value(child(resource.properties, "Family"))
            if isinstance(family, Text):
                families.setdefault(family.coded, []).append(name)
        return families


def _fits(name: str, mention: str) -> bool:
    """Whether a mention may name a resource: `Task${Name}` in a loop any whose name begins with `Task`."""
    before, *after = _VARIABLE.split(mention)
    return name == mention if not after else name.startswith(before) and name.endswith(after[-1])
