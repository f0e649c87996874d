"""An independent judge: what ECS's and Batch's API models took before, they take afterwards. No network.

botocore checks names, types and required members (not values), which is what a writer can get wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader  # type: ignore[import-untyped]  # botocore has no types
from botocore.model import ServiceModel  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from support import FLEET, KNOWN_DIFFERENCES, ROOT, Case, cases

from migrate.engine.outcome import FileOutcome
from migrate.run.run import Options, Run, UnitResult

CORPUS = ROOT.parent / "shared" / "corpus"
CORPUS_FILES = sorted(
    path for kind in ("json-taskdef", "batch") for path in (CORPUS / "legacy" / kind).glob("*") if path.is_file()
)

CORPUS_CONFIG = """\
file-systems:
  - id: fs-0123456789abcdef0
    mounts: {/mnt/efs: /, /efs: /, /efs.old: /old, /nfs_shares: /shares, /data: /data}
access-points: never
task-roles: {"*": "arn:aws:iam::123456789012:role/any"}
"""

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


def run(path: Path, config: Path | None) -> Iterator[UnitResult]:
    options = Options(config=str(config) if config else None, jobs=1, gitignore=False)
    return Run(options, warn=lambda _: None).results([str(path)])


def judge(before: str, outcome: FileOutcome, path: Path) -> int:
    """Fail for a definition that only the result of a change spoils; return how many changed ones are sound."""
    sound = 0
    olds = [d for document in load(before, path) for d in definitions(document)]
    news = [d for document in load(outcome.text, path) for d in definitions(document)]
    assert outcome.error is None
    for old, new in zip(olds, news, strict=True):
        if problems(old) is None:
            assert problems(new) is None
            sound += old != new
    return sound


def judged(path: Path, config: Path | None) -> int:
    found = 0
    for result in (file for unit in run(path, config) for file in unit.files):
        if result.source is not None and result.outcome.edits:
            found += judge(result.source.text, result.outcome, result.source.path)
    return found


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in cases() if c.name not in KNOWN_DIFFERENCES])
def test_case(case: Case, tmp_path: Path) -> None:
    judged(case.copy(tmp_path), None)


def test_fleet() -> None:
    # Every definition that changes but the one of ecs-cli, whose names are its own.
    assert judged(FLEET, None) == 7


@pytest.mark.skipif(not CORPUS_FILES, reason="the corpus is not beside this checkout")
def test_corpus(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CORPUS_CONFIG)
    assert sum(judged(path, config) for path in CORPUS_FILES) >= 8


def test_the_judge_judges() -> None:
    sound = {"family": "x", "containerDefinitions": [], "volumes": [{"name": "v"}]}
    assert problems(sound) is None
    assert problems(sound | {"volumes": [{"name": "v", "efsVolumeConfiguration": {"FilesystemId": "fs-1"}}]})
    assert problems({"containerProperties": {"volumes": [{"host": "efs"}]}})
