"""Definitions judged by the API models of ECS and Batch, as botocore has them: what the register calls would take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import Loader  # type: ignore[import-untyped]  # botocore has no types
from botocore.model import ServiceModel  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

DESCRIBED_ONLY = {
    *(
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
    ),
    *("deregisteredAt", "jobDefinitionArn", "containerOrchestrationType"),
}
"""What the describe calls add, and the register calls do not take."""
VOLUME_KEYS = {"name", "host", "dockerVolumeConfiguration", "efsVolumeConfiguration"}


@cache
def shape(service: str, operation: str) -> Any:
    return ServiceModel(Loader().load_service_model(service, "service-2")).operation_model(operation).input_shape


def without_nulls(node: Any) -> Any:
    """Plain data without the nulls of the console's exports, which mean that a key is not set."""
    if isinstance(node, dict):
        return {key: without_nulls(value) for key, value in node.items() if value is not None}
    return [without_nulls(item) for item in node] if isinstance(node, list) else node


def problems(definition: dict[str, Any]) -> str | None:
    """What the API model says against a definition; names that a file leaves to the command line are put in."""
    given = {k: v for k, v in without_nulls(definition).items() if k not in DESCRIBED_ONLY}
    if "containerDefinitions" in given or "volumes" in given:
        service, operation = "ecs", "RegisterTaskDefinition"
        given = {"family": "given", "containerDefinitions": []} | given
    else:
        service, operation = "batch", "RegisterJobDefinition"
        given = {"jobDefinitionName": "given", "type": "container"} | given
    report = ParamValidator().validate(given, shape(service, operation))
    return report.generate_report() if report.has_errors() else None


def load(text: str, path: Path) -> list[Any]:
    """The documents of a file; none if it is not one that plain parsers read."""
    text = text.removeprefix("\ufeff")
    try:
        if path.suffix == ".json":
            return [json.loads(text)]
        return list(YAML(typ="safe", pure=True).load_all(text))
    except (ValueError, YAMLError):
        return []


def definitions(node: Any) -> Iterator[dict[str, Any]]:
    """The task and job definitions inside plain data, in order."""
    if isinstance(node, list):
        if node and all(isinstance(item, dict) and "name" in item and item.keys() <= VOLUME_KEYS for item in node):
            yield {"volumes": node}
            return
        for item in node:
            yield from definitions(item)
    elif isinstance(node, dict):
        if node.keys() & {"containerDefinitions", "containerProperties", "nodeProperties", "ecsProperties"}:
            yield node
        else:
            for value in node.values():
                yield from definitions(value)
