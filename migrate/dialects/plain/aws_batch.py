"""AWS Batch job definitions as `register-job-definition` takes them, with container, multi-node or ECS properties."""

from __future__ import annotations

import re

from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.batch_jobs import add_part, parts
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.nodes import Path, holders
from migrate.dialects.common.possible.readings import api
from migrate.dialects.common.values import child, filled, written
from migrate.dialects.common.volumes.spelling import API
from migrate.dialects.dialect import Reading
from migrate.syntax.node import Mapping
from migrate.syntax.unit import Unit
from rules.model import Engine, Key, Text

_WORDS = re.compile("containerProperties|nodeProperties|ecsProperties|<<")


class AwsBatch(PlainDialect[DefinitionNodes]):
    """The dialect of mappings with `containerProperties`, `nodeProperties` or `ecsProperties`."""

    name = "aws-batch"

    def read(self, unit: Unit) -> Reading[DefinitionNodes] | None:
        document, stem = unit.document, unit.stem
        collector = Collector(self, unit, DefinitionNodes())
        for job, path in holders(document, _WORDS):
            _read_job(collector, job, path, stem=stem)
        return collector.reading(collector.stack())


def _read_job(collector: Collector[DefinitionNodes], job: Mapping, path: Path, stem: str) -> None:
    """Adds each part of a job definition that has volumes; `stem` names it if it has no name."""
    family = filled(child(job, "jobDefinitionName"))
    name = family.source if family else stem
    for part in parts(job, API.each, api):
        key = Key.of("task", *path, *part.path)
        add_part(
            collector,
            job,
            part,
            key=key,
            name=name,
            spelling=API,
            cased=api,
            family=family if isinstance(family, Text) else None,
            arn=written(child(job, "jobDefinitionArn")),
        )
        if part.platform_version is not None:
            collector.add_service(key.as_a("service"), name, key, entry=part.platform_version, engine=Engine.BATCH)
