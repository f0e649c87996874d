"""Completion in shells: what the tool answers them, and that what it installs asks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
SHELLS = ("bash", "zsh", "fish")


def run(*command: str, home: Path | None = None, **environment: str) -> str:
    done = subprocess.run(
        command,
        env={"PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]), "HOME": str(home or "/"), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def asked(shell: str, line: str) -> str:
    """What the tool answers when a shell asks how a line goes on."""
    return run(
        "efs-migrate",
        _EFS_MIGRATE_COMPLETE=f"complete_{shell}",
        COMP_WORDS=line,
        COMP_CWORD=str(len(line.split(" ")) - 1),
        _TYPER_COMPLETE_ARGS=line,
        _TYPER_COMPLETE_FISH_ACTION="get-args",
    )


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("line", ["check --only EFS20", "apply --only EFS301 --skip EFS20", "rules EFS20"])
def test_rule_ids(shell: str, line: str) -> None:
    answer = asked(shell, f"efs-migrate {line}")
    assert all(rule in answer for rule in ("EFS201", "EFS202", "EFS203"))
    assert "EFS301" not in answer
    assert ("without transit encryption" in answer) == (shell != "bash")  # bash shows no descriptions


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_and_options(shell: str) -> None:
    assert "check" in asked(shell, "efs-migrate ch")
    assert "--target" in asked(shell, "efs-migrate apply --tar")
    assert "access-point" in asked(shell, "efs-migrate apply --target acc")


@pytest.mark.parametrize("shell", SHELLS)
def test_installed(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    run(shell, "-c", "efs-migrate --install-completion; true", home=tmp_path)
    written = [path for path in tmp_path.rglob("*") if path.is_file() and f"complete_{shell}" in path.read_text()]
    assert len(written) == 1
    if shell == "bash":
        line = "COMP_WORDS=(efs-migrate check --only EFS20); COMP_CWORD=3; _efs_migrate_completion efs-migrate"
        assert (
            run("bash", "-c", f'source {written[0]}; {line}; echo "${{COMPREPLY[@]}}"', home=tmp_path)
            == "EFS201 EFS202 EFS203 EFS204\n"
        )
    if shell == "fish":
        answer = run("fish", "-c", "complete --do-complete 'efs-migrate check --only EFS20'", home=tmp_path)
        assert [line.split("\t")[0] for line in answer.splitlines()] == ["EFS201", "EFS202", "EFS203", "EFS204"]
