"""An independent judge: what ECS's and Batch's API models took before, they take afterwards. No network.

botocore checks names, types and required members (not values), which is what a writer can get wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_models import definitions, load, problems
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
