"""AWS Batch job definitions: container, multi-node and ECS properties, as `register-job-definition` takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.dialects.plain import Collector, PlainDialect
from migrate.dialects.reading import Reading, holders
from migrate.dialects.values import child, filled, items, mapping, text, words
from migrate.syntax import Document, get
from migrate.syntax.node import Mapping
from rules.model import Engine, Key, Text

_WORDS = re.compile("containerProperties|nodeProperties|ecsProperties|<<")
_ARN_REGION = re.compile(r"arn:aws[a-z-]*:batch:([a-z0-9-]+):")


class AwsBatch(PlainDialect):
    """Any mapping with `containerProperties`, `nodeProperties` or `ecsProperties`."""

    name = "aws-batch"

    def read(self, document: Document, stem: str) -> Reading | None:
        collector = Collector(self, document)
        for node, path in holders(document, _WORDS):
            for part, inner in _containers(node):
                _read_container(collector, node, part, (*path, *inner), stem)
            for part, inner in _task_properties(node):
                _read_task(collector, node, part, (*path, *inner), stem)
        return collector.reading()


def _containers(job: Mapping) -> Iterator[tuple[Mapping, Key]]:
    """The container properties of a job, each with its path."""
    if own := mapping(child(job, "containerProperties")):
        yield own, ("containerProperties",)
    for i, item in enumerate(_node_ranges(job)):
        if container := mapping(child(item, "container")):
            yield container, ("nodeRangeProperties", i)


def _task_properties(job: Mapping) -> Iterator[tuple[Mapping, Key]]:
    """The ECS task properties of a job, each with its path."""
    places: list[tuple[Mapping | None, Key]] = [(job, ())]
    places += [(item, ("nodeRangeProperties", i)) for i, item in enumerate(_node_ranges(job))]
    for place, path in places:
        listed = items(child(mapping(child(place, "ecsProperties")), "taskProperties"))
        for i, item in enumerate(listed or ()):
            if task := mapping(item):
                yield task, (*path, "ecsProperties", i)


def _node_ranges(job: Mapping) -> list[Mapping | None]:
    listed = items(child(mapping(child(job, "nodeProperties")), "nodeRangeProperties"))
    return [mapping(item) for item in listed or ()]


def _read_container(collector: Collector, job: Mapping, part: Mapping, path: Key, stem: str) -> None:
    _add(collector, job, part, path, stem, [part], "jobRoleArn", ("image",))
    fargate = mapping(child(part, "fargatePlatformConfiguration"))
    if fargate and (entry := get(fargate, "platformVersion")):
        collector.add_service(("service", *path), _name(job, stem), ("task", *path), entry, Engine.BATCH)


def _read_task(collector: Collector, job: Mapping, part: Mapping, path: Key, stem: str) -> None:
    containers = items(child(part, "containers"))
    listed = None if containers is None else [c for c in map(mapping, containers) if c is not None]
    _add(collector, job, part, path, stem, listed, "taskRoleArn", ("executionRoleArn",))
    if entry := get(part, "platformVersion"):
        collector.add_service(("service", *path), _name(job, stem), ("task", *path), entry, Engine.BATCH)


def _add(
    collector: Collector,
    job: Mapping,
    part: Mapping,
    path: Key,
    stem: str,
    containers: list[Mapping] | None,
    role: str,
    role_after: tuple[str, ...],
) -> None:
    arn = _ARN_REGION.match(text(child(job, "jobDefinitionArn")) or "")
    family = filled(child(job, "jobDefinitionName"))
    collector.add_task(
        ("task", *path),
        _name(job, stem),
        part,
        child(part, "volumes"),
        containers,
        role=role,
        known=("volumes", "containers", "fargatePlatformConfiguration", "platformVersion"),
        role_after=role_after,
        task_role=filled(child(part, role)),
        family=family if isinstance(family, Text) else None,
        engine=Engine.BATCH,
        # EC2 is the default.
        compatibilities=words(child(job, "platformCapabilities")) or frozenset({"EC2"}),
        operating_system=text(child(mapping(child(part, "runtimePlatform")), "operatingSystemFamily")),
        region=arn[1] if arn else None,
    )


def _name(job: Mapping, stem: str) -> str:
    name = filled(child(job, "jobDefinitionName"))
    return name.source if name else stem
