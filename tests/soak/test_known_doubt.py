"""Random scripts of instances, judged by bash, and random templates with known answers: no volume is migrated to a directory that
its container might not have seen, and none that may lie on EFS is passed over in silence. Questions that were needless, because
the source holds the answer, are counted."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import capacity
import hosts
import pytest
from hosts import Seen
from support import efs_migrate

TIMES = int(os.environ.get("SOAK", "1"))
EACH = 25
"""Files of one batch."""
OPTIONS = ("--unsafe", "--target=tls")
"""What is unsafe counts as well: it is said to be unsafe for other reasons than a wrong directory."""


def around(script: str, host_path: str) -> dict[str, Any]:
    """A template with a task and an instance that runs a script."""
    agent = "#!/bin/bash\necho ECS_CLUSTER=web >> /etc/ecs/ecs.config\n"
    data = {"UserData": {"Fn::Base64": agent + script}}
    launch = {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": data}}
    return {"Resources": {"Task": capacity.task(host_path), "Launch": launch}}


def tell(templates: dict[str, dict[str, Any]], possible: Callable[[str], tuple[set[Seen], bool]]) -> tuple[int, int]:
    """Migrate templates; return how many were changed, and how many questions were needless.

    `possible` returns what a task may see, and whether the source has the answer.
    """
    for name, template in templates.items():
        Path(name).write_text(json.dumps(template, indent=1))
    asked = {file["path"]: file["findings"] for file in efs_migrate("check", "--format=json", *OPTIONS).report["files"]}
    efs_migrate("apply", "-q", *OPTIONS)
    changed = needless = 0
    for name in templates:
        found = migrated(Path(name))
        seen, known = possible(name)
        about = (name, json.dumps(templates[name], indent=1), found, seen, asked.get(name))
        changed += found is not None
        if found is not None:
            assert seen == {found}, about
        elif seen & {hosts.NESTED, capacity.UNABLE}:
            continue
        elif seen != {None}:
            assert asked.get(name), about
            needless += known
        else:
            needless += bool(asked.get(name))
    return changed, needless


def migrated(path: Path) -> Seen:
    """The file system and directory that the written volume mounts; None if it was left as it was."""
    (volume,) = json.loads(path.read_text())["Resources"]["Task"]["Properties"]["Volumes"]
    made = volume.get("EFSVolumeConfiguration")
    return made and (made["FilesystemId"], made.get("RootDirectory", "/"))


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash, the judge of scripts, is not installed")
@pytest.mark.parametrize("batch", range(TIMES))
def test_scripts(
    batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Callable[[str, int], None]
) -> None:
    hosts.prepare(tmp_path)
    (tmp_path / "repository").mkdir()
    monkeypatch.chdir(tmp_path / "repository")
    scripts = {f"{seed:06}.json": hosts.script(seed) for seed in range(batch * EACH, (batch + 1) * EACH)}

    def possible(name: str) -> tuple[set[Seen], bool]:
        seen, later = hosts.worlds(*scripts[name], tmp_path)
        return seen, len(seen | later) == 1

    changed, needless = tell({name: around(*script) for name, script in scripts.items()}, possible)
    count("soak, hosts: scripts judged by bash", EACH)
    count("soak, hosts: volumes migrated", changed)
    count("soak, hosts: needless questions", needless)


@pytest.mark.parametrize("batch", range(TIMES))
def test_capacity(
    batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Callable[[str, int], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    made = {f"{seed:06}.json": capacity.template(seed) for seed in range(batch * EACH, (batch + 1) * EACH)}

    def possible(name: str) -> tuple[set[Seen], bool]:
        seen = made[name][1]
        return seen, len(seen) == 1 and capacity.ANYTHING not in seen

    changed, needless = tell({name: template for name, (template, _) in made.items()}, possible)
    count("soak, capacity: templates", EACH)
    count("soak, capacity: volumes migrated", changed)
    count("soak, capacity: needless questions", needless)
