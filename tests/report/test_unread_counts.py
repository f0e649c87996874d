"""What was not read is counted in every format, and the exit status is 0 only where all was read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import efs_migrate

UNREAD = "x:\n  dockerVolumeConfiguration: {driver: local}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_text(UNREAD)
    yield


@pytest.mark.parametrize("command", ["check", "apply"])
def test_a_file_that_was_not_read_is_no_success(command: str) -> None:
    done = efs_migrate(command)
    assert done.status == 1
    assert done.stdout.decode().endswith("1 file: 1 not read\n")
    assert "x.yaml:2: not read: dockerVolumeConfiguration" in done.stderr
    assert efs_migrate(command, "--exit-zero").status == 0
    assert efs_migrate(command, "--exclude", "x.yaml").status == 0


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("json", '"unread": 1'),
        ("github", "::warning file=x.yaml,line=2,col=3,title=not read"),
        ("gitlab", '"check_name": "not-read"'),
        ("sarif", "not read: dockerVolumeConfiguration"),
        ("markdown", "1 file: 1 not read."),
    ],
)
def test_every_format_says_it(form: str, words: str) -> None:
    done = efs_migrate("check", "--format", form)
    assert done.status == 1
    assert words in done.stdout.decode()
    if form in ("json", "gitlab", "sarif"):
        json.loads(done.stdout)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.tf", "resource x {}\n"),
        ("notes.txt", "hello\n"),
        ("app.yaml", "Resources: {Fs: {Type: AWS::EFS::FileSystem}}\n"),
        ("task.json", '{"containerDefinitions": [], "volumes": []}'),
        ("wide.txt", "efs"),
    ],
)
def test_a_named_file_that_no_dialect_reads_is_said(name: str, text: str) -> None:
    Path(name).write_text(text)
    assert f"{name}: no dialect reads it" in efs_migrate("check", name).stderr
    assert efs_migrate("check", "-q", name).stderr == ""
    # A hook names whatever a commit holds.
    assert efs_migrate("check", "--force-exclude", name).stderr == ""


def test_a_named_file_without_a_word_of_tasks_or_efs_is_read_at_a_glance() -> None:
    Path("package.json").write_text("{}")
    assert efs_migrate("check", "package.json").stderr == ""
    Path("a.txt").write_text("")
    Path("b.txt").write_text("")
    assert "a.txt (and 1 more): no dialect" in efs_migrate("check", "a.txt", "b.txt").stderr
