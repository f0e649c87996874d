"""The hooks, run by the real pre-commit on a scratch repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import ROOT, SAMPLES

from migrate.files.language import suffixes

HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
BEFORE = (SAMPLES / "efs201-preview-form" / "before.json").read_bytes()
AFTER = (SAMPLES / "efs201-preview-form" / "after.json").read_bytes()


def environment(home: Path) -> dict[str, str]:
    """The environment of a commit: the tool on the path, and nothing that belongs to a repository around this one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PRE_COMMIT_HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


class Scratch:
    """A repository with two definitions, one of them not staged, that runs hooks as a commit would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q")
        self.staged = folder / "infra" / "staged.json"
        self.staged.parent.mkdir()
        self.staged.write_bytes(BEFORE)
        shutil.copy(SAMPLES / "efs201-preview-form" / "config.yaml", folder / ".efs-migrate.yaml")
        (folder / "infra" / "README.md").write_text("efsVolumeConfiguration: not ours\n")
        self.git("add", ".")
        self.other = folder / "infra" / "other.json"
        self.other.write_bytes(BEFORE)

    def git(self, *arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments],
            cwd=self.folder,
            env=environment(self.folder),
            check=True,
        )

    def configure(self, **repository: Any) -> None:
        (self.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [repository]}))
        self.git("add", ".pre-commit-config.yaml")

    def run(self, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--verbose", *arguments],
            cwd=self.folder,
            env=environment(home),
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    """A repository whose hooks are those of this one, with the tool as it is installed here: no environment to build."""
    made = Scratch(tmp_path / "scratch")
    made.configure(repo="local", hooks=[hook | {"language": "system"} for hook in HOOKS])
    return made


def test_the_files_are_those_that_are_looked_into() -> None:
    for hook in HOOKS:
        assert all(re.search(hook["files"], f"x{suffix}") for suffix in suffixes())
        assert re.search(hook["files"], "TASK.JSON")
        assert not re.search(hook["files"], "x.jsonl")


def test_check_fails_and_changes_nothing(scratch: Scratch, tmp_path: Path) -> None:
    done = scratch.run(tmp_path / "home", "efs-migrate-check")
    assert (done.returncode, scratch.staged.read_bytes()) == (1, BEFORE), done.stdout + done.stderr
    assert "exit code: 1" in done.stdout
    assert "infra/staged.json (task-definition)" in done.stdout
    assert "EFS201 fixable" in done.stdout
    assert "other.json" not in done.stdout


def test_apply_changes_only_the_files_of_the_commit(scratch: Scratch, tmp_path: Path) -> None:
    done = scratch.run(tmp_path / "home", "efs-migrate-apply")
    assert (done.returncode, scratch.staged.read_bytes()) == (1, AFTER), done.stdout + done.stderr
    assert "files were modified by this hook" in done.stdout
    assert scratch.other.read_bytes() == BEFORE
    scratch.git("add", "infra/staged.json")
    again = scratch.run(tmp_path / "home")  # both, as a commit does
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("Passed") == 2


def test_what_the_configuration_excludes_is_left_out(scratch: Scratch, tmp_path: Path) -> None:
    (scratch.folder / ".efs-migrate.yaml").write_text('exclude: ["infra/"]\n')
    scratch.git("add", ".")
    done = scratch.run(tmp_path / "home", "efs-migrate-check", "--all-files")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_broken_configuration_fails(scratch: Scratch, tmp_path: Path) -> None:
    (scratch.folder / ".efs-migrate.yaml").write_text("tarmac: iam\n")
    scratch.git("add", ".efs-migrate.yaml")
    done = scratch.run(tmp_path / "home", "efs-migrate-check")
    assert done.returncode == 1
    assert "exit code: 2" in done.stdout
    assert "unknown key `tarmac`" in done.stdout


def test_installed_from_this_repository(tmp_path: Path) -> None:
    """As users have it: cloned, installed into an environment of its own, run by its name."""
    hooks = tmp_path / "hooks"
    shutil.copytree(ROOT, hooks, ignore=shutil.ignore_patterns(".*", "samples", "tests", "__pycache__"))
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    source = Scratch(tmp_path / "scratch")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "release"], ["tag", "v1"]):
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *command],
            cwd=hooks,
            env=environment(hooks),
            check=True,
        )
    source.configure(repo=str(hooks), rev="v1", hooks=[{"id": "efs-migrate-apply", "args": ["--target", "tls"]}])
    done = source.run(tmp_path / "home")
    if "Could not find a version" in done.stdout or "No matching distribution" in done.stdout:
        pytest.skip("no package index is reachable, so that pre-commit cannot install the hook")
    assert (done.returncode, source.staged.read_bytes()) == (1, AFTER), done.stdout + done.stderr
    assert source.other.read_bytes() == BEFORE
