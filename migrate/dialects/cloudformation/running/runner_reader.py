"""Reads the task runners of a template into the model.

Each resource that starts tasks is read once, together with the capacity on which they start, its network configuration
and the platform versions that it pins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import replace

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import target
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running.clusters import Clusters
from migrate.dialects.cloudformation.running.instances import has_instances
from migrate.dialects.cloudformation.running.network import NetworkReader
from migrate.dialects.cloudformation.running.platform_versions import VersionReader
from migrate.dialects.cloudformation.running.task_runners import JOB, TASK
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.nodes import key_text, walk
from migrate.dialects.common.values import child, mapping
from migrate.syntax.node import Mapping, Node
from rules.model import Engine, Key, Launch, TaskRunner

_AIMING = ("AWS::Events::Rule", "AWS::Scheduler::Schedule")
_STATE_MACHINES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_UNREAD = (
    "AWS::StepFunctions::StateMachine",
    "AWS::Lambda::Function",
    "AWS::Serverless::Function",
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::CustomResource",
)
"""The types of resources that may start tasks in code, definitions or templates that are not read. So may custom resources
with types of their own (`Custom::…`)."""


_CLUSTER = re.compile(r"(?:(?:ecs|task|fargate|service)[_-]?)?cluster(?:[_-]?(?:name|arn))?", re.IGNORECASE)
"""Matches the names of properties, variables and parameters that hold an ECS cluster. Databases have clusters, too."""


def read_runners(template: Template, collector: Collector[DefinitionNodes]) -> None:
    """Adds to the collector the runners of the template's task and job definitions."""
    if not any(template.of_type(TASK, JOB)):
        return
    clusters = Clusters(template) if has_instances(template) else None
    reader = _RunnerReader(template, VersionReader(template, collector, clusters))
    runners = [*reader.runners()]
    collector.runners += map(reader.versions.finished, runners)
    reader.versions.block_shared()


class _RunnerReader:
    """Reads the task runners of one template that has task or job definitions."""

    def __init__(self, template: Template, versions: VersionReader) -> None:
        self.template = template
        self.versions = versions
        self.clusters = versions.clusters

    def runners(self) -> Iterator[TaskRunner]:
        yield from self._started()
        for _, resource in self.template.of_type(JOB):
            yield from self.versions.of_job(resource)
        states = [s for _, r in self.template.of_type(*_STATE_MACHINES) for s in self.versions.of_state_machine(r)]
        yield from states
        if self.clusters is not None:
            yield from self._jobs(self.clusters)
            yield from self._unread(self.clusters, {(s.name, task) for s in states for task in s.tasks})

    def _started(self) -> Iterator[TaskRunner]:
        """The runners of ECS tasks: services, task sets and the targets of EventBridge rules, schedules and pipes."""
        network = NetworkReader(self.template)
        for start in self.template.starters:
            if names := self.template.starters.definitions(start.definition):
                runner = network.runner(start, [self.template.resources[name] for name in names])
                yield replace(
                    runner,
                    replaced=start.resource.type == "AWS::ECS::TaskSet",
                    platform_versions=self.versions.of_start(start, runner.tasks),
                    launch=self.clusters.launch(start) if self.clusters is not None else None,
                )

    def _jobs(self, clusters: Clusters) -> Iterator[TaskRunner]:
        """The runners of AWS Batch jobs: targets of EventBridge, whose `Arn` names the job queue."""
        for name, resource in self.template.of_type(*_AIMING):
            for nth, aimed in enumerate(self.template.starters.targets(resource)):
                parameters = mapping(child(aimed, "BatchParameters"))
                if tasks := self.versions.tasks(child(parameters, "JobDefinition")):
                    key = self.template.key("runner", name).below("job", nth)
                    launch = clusters.launch_of_jobs(child(aimed, "Arn"))
                    yield TaskRunner(key, name, tasks, engine=Engine.BATCH, condition=resource.condition, launch=launch)

    def _unread(self, clusters: Clusters, read: Set[tuple[str, Key]]) -> Iterator[TaskRunner]:
        """The runners that are not read: functions, state machines, nested stacks and custom resources that mention task
        definitions, without those that are `read`. They may run the tasks anywhere, unless they are given a cluster."""
        defined = [name for name, _ in self.template.of_type(TASK, JOB)]
        for name, resource in self.template.resources.items():
            if resource.type not in _UNREAD and not resource.type.startswith("Custom::"):
                continue
            found = (self.template.key("task", d) for d in defined if self.template.reaches(name, d))
            if tasks := tuple(task for task in found if (name, task) not in read):
                named = [clusters.named(node) for node in self._clusters_given(resource)]
                launch = Launch(tuple(named))
                key = self.template.key("runner", name)
                yield TaskRunner(key, name, tasks, condition=resource.condition, launch=launch)

    def _clusters_given(self, resource: Resource) -> Iterator[Node]:
        """The values that properties of a resource give under the name of an ECS cluster."""
        for node in walk([resource.properties]):
            for entry in node.entries if isinstance(node, Mapping) else ():
                other = self.template.resources.get(target(intrinsics.value(entry.value)))
                if _CLUSTER.fullmatch(key_text(entry)) and (other is None or other.type == "AWS::ECS::Cluster"):
                    yield entry.value
