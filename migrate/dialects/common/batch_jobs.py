"""The parts of an AWS Batch job definition that have volumes: container, multi-node and ECS properties.

Sources: Batch API `RegisterJobDefinition`; the registry's schema of AWS::Batch::JobDefinition, which has the same
members, capitalised. Node ranges run on EC2 only. Jobs on EKS (`eksProperties`) have the volumes of Kubernetes pods,
which are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.listed import Each, Listed, listed
from migrate.dialects.common.nodes import Path
from migrate.dialects.common.possible.readings import WrittenRole, role, systems, words_of
from migrate.dialects.common.values import child, mapping
from migrate.dialects.common.volumes.spelling import Spelling
from migrate.syntax import get
from migrate.syntax.node import Entry, Mapping
from rules.model import Engine, Key, Text

Cased = Callable[[str], str]
"""Returns a dialect's name for a member of the Batch API."""


@dataclass(frozen=True)
class JobPart:
    """A part of a job that has volumes, a role and containers of its own."""

    node: Mapping
    path: Path
    """The keys and indices from the job to the part, which make its key unique."""
    containers: Listed
    role: str
    role_after: str
    platform_version: Entry | None


def parts(job: Mapping, each: Each, cased: Cased) -> Iterator[JobPart]:
    """Every part of a job definition (or of a CloudFormation resource's properties) that may have volumes."""
    if container := mapping(child(job, cased("containerProperties"))):
        yield _container(container, ("containerProperties",), cased)
    yield from _tasks(job, (), each, cased=cased)
    ranges = each(child(mapping(child(job, cased("nodeProperties"))), cased("nodeRangeProperties")))
    for i, node in enumerate(map(mapping, ranges or ())):
        if container := mapping(child(node, cased("container"))):
            yield _container(container, ("nodeRangeProperties", i), cased)
        yield from _tasks(node, ("nodeRangeProperties", i), each, cased=cased)


def _container(node: Mapping, path: Path, cased: Cased) -> JobPart:
    """The part for container properties, which are its only container."""
    fargate = mapping(child(node, cased("fargatePlatformConfiguration")))
    version = get(fargate, cased("platformVersion")) if fargate is not None else None
    return JobPart(
        node, path, Listed([node]), role=cased("jobRoleArn"), role_after=cased("image"), platform_version=version
    )


def _tasks(place: Mapping | None, path: Path, each: Each, cased: Cased) -> Iterator[JobPart]:
    """The parts for the tasks in the ECS properties of a job or node range."""
    tasks = each(child(mapping(child(place, cased("ecsProperties"))), cased("taskProperties")))
    for i, node in enumerate(map(mapping, tasks or ())):
        if node is not None:
            containers = listed(child(node, cased("containers")), each)
            version = get(node, cased("platformVersion"))
            role = (cased("taskRoleArn"), cased("executionRoleArn"))
            yield JobPart(node, (*path, "ecsProperties", i), containers, *role, version)


def part_key(key: Key, part: JobPart) -> Key:
    """The key of a part of the job at `key`: the job's own if the part is the whole job, else one with the part's
    path."""
    return key if part.path == ("containerProperties",) else key.below(*part.path)


def add_part(
    collector: Collector[DefinitionNodes],
    job: Mapping,
    part: JobPart,
    key: Key,
    name: str,
    spelling: Spelling,
    cased: Cased,
    *,
    task_role: WrittenRole | None = None,
    family: Text | None = None,
    arn: str = "",
    condition: str | None = None,
) -> None:
    """Adds a part of a job as a task. `task_role` is its role, if it is not read like any other value."""
    collector.add_task(
        key,
        name,
        part.node,
        volumes=child(part.node, cased("volumes")),
        containers=part.containers,
        role=part.role,
        known=tuple(map(cased, ("volumes", "containers", "fargatePlatformConfiguration", "platformVersion"))),
        role_after=(part.role_after,),
        task_role=task_role or role(child(part.node, part.role), spelling),
        family=family,
        engine=Engine.BATCH,
        # AWS Batch runs a job on EC2 if `platformCapabilities` is missing.
        compatibilities=words_of(child(job, cased("platformCapabilities")), spelling).otherwise(frozenset({"EC2"})),
        operating_system=systems(part.node, spelling, cased, family=cased("operatingSystemFamily")),
        arn=arn,
        spelling=spelling,
        condition=condition,
    )
