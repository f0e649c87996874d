"""The golden cases: what `diff` prints and `apply` writes is what an expert wrote by hand, byte for byte.

Run as a user does: a folder with the definition and its `.efs-migrate.yaml`, the printed diff taken by the real git.
Those that are named after a rule are in the test of that rule: `tests/rules/test_efs101.py` and so on.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from golden_files import check_sample, git_apply
from support import FLEET, KNOWN_DIFFERENCES, OF_A_RULE, SAMPLES, Case, cases, efs_migrate, parameter


@pytest.mark.parametrize("case", [parameter(case) for case in cases() if not OF_A_RULE.match(case.name)])
def test_case(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_sample(case, tmp_path)


def test_as_a_command(tmp_path: Path) -> None:
    case = next(case for case in cases() if case.name == "efs101-host-path-to-iam")
    path = case.copy(tmp_path)
    command = [sys.executable, "-m", "migrate", "diff", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    git_apply(done.stdout, tmp_path)
    assert path.read_bytes() == case.after


def test_fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `make demo` shows: real changes with their caveats, things that must not change, and no error."""
    shutil.copytree(FLEET, tmp_path / "fleet")
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in sorted(Path("fleet").rglob("*")) if path.is_file()}
    checked = efs_migrate("check", "--format=json", "fleet")
    assert checked.status == 1
    assert all(file["error"] is None for file in checked.report["files"])
    dialects = {str(file["dialect"]) for file in checked.report["files"]} - {"None"}
    assert dialects == {"task-definition", "ansible", "ecs-params", "aws-batch"}
    levels = {str(volume["level"]) for file in checked.report["files"] for volume in file["volumes"]}
    assert levels == {"other", "host", "efs", "tls", "access-point", "iam"}
    dry = efs_migrate("diff", "fleet")
    assert dry.status == 1
    # What is mounted read-only gets no write access.
    read_only = [line for line in dry.stdout.decode().splitlines() if "access-point/fsap-0a1b2c3d4e5f60004" in line]
    assert read_only
    assert all("ClientMount" in line and "ClientWrite" not in line for line in read_only)
    git_apply(dry.stdout, tmp_path)
    changed = {path.as_posix() for path, raw in before.items() if path.read_bytes() != raw}
    assert changed == {
        "fleet/billing/task-definition.json",
        "fleet/ci/jenkins.json",
        "fleet/crm/ecs-params.yml",
        "fleet/intranet/roles/intranet/tasks/main.yml",
        "fleet/platform/services.json",
        "fleet/render/job-definition.json",
        "fleet/wiki/taskdef.yaml",
    }
    assert efs_migrate("diff", "fleet").stdout == b""


def test_readme_of_samples_names_the_fleet() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for folder in (path.name for path in FLEET.iterdir() if path.is_dir()):
        assert f"`{folder}/" in readme, folder


def test_case_folders_hold_nothing_else() -> None:
    known = {"config.yaml", "findings.json", "options"}
    for case in cases():
        names = {path.name for path in case.folder.iterdir()} - known
        assert names <= {case.before.name, f"after{case.before.suffix}"}, case.name
    folders = {path.name for path in SAMPLES.iterdir() if path.is_dir()}
    assert folders == {case.name for case in cases()} | {FLEET.name}


def test_known_differences_are_cases() -> None:
    assert KNOWN_DIFFERENCES.keys() <= {case.name for case in cases()}
