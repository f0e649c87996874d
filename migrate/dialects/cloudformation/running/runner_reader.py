"""What runs the tasks of a template, as the model has it.

Every resource that starts tasks is read once: for the capacity that it starts them on, for its place in the network, and for
the platform versions that it pins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running.clusters import Clusters
from migrate.dialects.cloudformation.running.instances import has_instances
from migrate.dialects.cloudformation.running.network import NetworkReader
from migrate.dialects.cloudformation.running.platform_versions import VersionReader
from migrate.dialects.cloudformation.running.task_runners import JOB, TASK
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.values import child, mapping
from rules.model import Engine, Launch, TaskRunner

_AIMING = ("AWS::Events::Rule", "AWS::Scheduler::Schedule")
_STATE_MACHINES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_UNREAD = ("AWS::StepFunctions::StateMachine", "AWS::Lambda::Function", "AWS::Serverless::Function")
"""What may start tasks in a way that is not read."""


def read_runners(template: Template, collector: Collector[DefinitionNodes]) -> None:
    """Add everything that runs a task or job definition of the template."""
    if not any(template.of_type(TASK, JOB)):
        return
    reader = _RunnerReader(template, VersionReader(template, collector))
    runners = [*reader.runners()]
    collector.runners += map(reader.versions.finished, runners)
    reader.versions.block_shared()


class _RunnerReader:
    def __init__(self, template: Template, versions: VersionReader) -> None:
        self.template = template
        self.versions = versions
        self.clusters = Clusters(template) if has_instances(template) else None
        """None where the template has no instances: where its tasks run matters to nobody, so no template pays for that."""

    def runners(self) -> Iterator[TaskRunner]:
        yield from self._started()
        for _, resource in self.template.of_type(JOB):
            yield from self.versions.of_job(resource)
        for _, resource in self.template.of_type(*_STATE_MACHINES):
            yield from self.versions.of_state_machine(resource)
        if self.clusters is not None:
            yield from self._jobs(self.clusters)
            yield from self._unread()

    def _started(self) -> Iterator[TaskRunner]:
        """What starts tasks of ECS: services and task sets, targets of EventBridge and its kin."""
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
        """What starts jobs of AWS Batch: targets of EventBridge, through the queue that `Arn` names."""
        for name, resource in self.template.of_type(*_AIMING):
            for nth, aimed in enumerate(self.template.starters.targets(resource)):
                parameters = mapping(child(aimed, "BatchParameters"))
                if tasks := self.versions.tasks(child(parameters, "JobDefinition")):
                    key = self.template.key("runner", name).below("job", nth)
                    launch = clusters.launch_of_jobs(child(aimed, "Arn"))
                    yield TaskRunner(key, name, tasks, engine=Engine.BATCH, condition=resource.condition, launch=launch)

    def _unread(self) -> Iterator[TaskRunner]:
        """What mentions task definitions and may run them anywhere."""
        defined = [name for name, _ in self.template.of_type(TASK, JOB)]
        for name, resource in self.template.of_type(*_UNREAD):
            tasks = tuple(self.template.key("task", d) for d in defined if self.template.reaches(name, d))
            if tasks:
                key = self.template.key("runner", name)
                yield TaskRunner(key, name, tasks, condition=resource.condition, launch=Launch())
