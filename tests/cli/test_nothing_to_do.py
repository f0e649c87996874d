"""The usual answer is the one that the whole tool gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from migrate.nothing_to_do import nothing_to_do

VOLUME = '{"volumes": [{"name": "a", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}], "containerDefinitions": []}'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dull.yaml").write_text("on: push\n")
    Path("inner").mkdir()
    Path("inner/x.json").write_text("{}")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "."],
        ["diff", "dull.yaml"],
        ["apply", "-q", "inner", "dull.yaml"],
        ["check", "--exit-zero", "--unsafe"],
    ],
)
def test_nothing_to_do(arguments: list[str]) -> None:
    assert nothing_to_do(arguments)
    done = subprocess.run(
        [sys.executable, "-c", "from migrate.cli import app; app()", *arguments],
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["rules"],
        ["check", "--format=json"],
        ["check", "--output", "x"],
        ["check", "-"],
        ["check", "missing.json"],
        ["check", "--nonsense"],
        ["check", "volume.json"],
        ["check", "inner/deep"],
        ["apply", "-i"],
    ],
)
def test_what_the_command_line_has_to_answer(arguments: list[str]) -> None:
    Path("inner/deep").mkdir()
    for name in ("volume.json", "inner/deep/volume.json"):
        Path(name).write_text(VOLUME)
    assert not nothing_to_do(arguments)


@pytest.mark.parametrize(
    "arguments", [["check"], ["check", "inner"], ["check", "inner/x.json"], ["check", ".efs-migrate.yaml"]]
)
def test_a_configuration_is_read_even_where_no_file_needs_it(arguments: list[str]) -> None:
    Path(".efs-migrate.yaml").write_text("nonsense: 1\n")
    assert not nothing_to_do(arguments)


def test_a_configuration_below_is_not_asked() -> None:
    Path("inner/.efs-migrate.yaml").write_text("nonsense: 1\n")
    assert nothing_to_do(["check"])
