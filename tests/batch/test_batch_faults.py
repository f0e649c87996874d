"""Faults while a campaign runs: kills, no room, missing permissions, others at work. Every repository stays whole, and what was
not done is done by the next run."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support import ROOT

from .campaigns import LEGACY, SETTLED, Repository, campaign
from .conftest import Make

FAULTS = int(os.environ.get("FAULTS", "1"))
NUMBER = 12
COMMIT = ("--branch=efs", "--commit")
Count = Callable[[str, int], None]


@pytest.fixture
def names(make: Make) -> list[str]:
    """Repositories that all need the same."""
    for n in range(NUMBER):
        make(f"r{n:02}", {"td.json": LEGACY.replace('"web"', f'"web{n}"'), ".efs-migrate.yaml": SETTLED})
    return [f"r{n:02}" for n in range(NUMBER)]


def batch(names: Sequence[str], out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "migrate", "batch", *names, f"--output-dir={out}", *COMMIT, *options]


def start(command: Sequence[str], preexec: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
    # PYTHONPATH, since the campaign works in other folders than the checkout.
    return subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=preexec,
    )


def check_whole(names: Sequence[str], out: Path) -> int:
    """Every repository is as it was, or has one commit more on its branch; returns how many have."""
    done = 0
    for name in names:
        one = Repository(Path(name))
        assert one.git("status", "--porcelain") == ""
        one.git("fsck", "--strict")
        assert one.git("rev-list", "--count", "main") == "1"
        if "efs" in one.git("branch", "--format=%(refname:short)").split():
            assert one.git("rev-list", "--count", "main..efs") == "1"
            assert one.git("diff", "--name-only", "main", "efs") == "td.json"
            done += 1
    for patch in out.glob("*.patch"):
        Repository(Path(patch.stem)).git("apply", "--check", str(patch))
    if (out / "summary.json").exists():
        json.loads((out / "summary.json").read_text())
    return done


def finish(names: Sequence[str], out: Path, cache: Path, *options: str) -> None:
    """The next run does what is left, and leaves nothing behind."""
    ran = campaign(*names, "--output-dir", out, *COMMIT, *options)
    assert ran.status == 0
    assert ran.states == dict.fromkeys(names, "migrated")
    assert check_whole(names, out) == len(names)
    assert list((cache / "efs-migrate" / "work").iterdir()) == []
    assert [Repository(Path(name)).git("for-each-ref", "refs/efs-migrate") for name in names] == [""] * len(names)


def test_killed_in_mid_run_and_resumed(names: list[str], tmp_path: Path, count: Count) -> None:
    out, chance = tmp_path / "out", random.Random(20_201_126)
    kills = 0
    delays = [0.3, 0.5, 0.7, 0.9, *(chance.uniform(0.2, 1.6) for _ in range(4 * (FAULTS - 1)))]
    for delay in delays:
        process = start(batch(names, out, "--jobs=2", "--resume"))
        time.sleep(delay)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
        if check_whole(names, out) == NUMBER:  # all over again
            for name in names:
                Repository(Path(name)).git("branch", "--quiet", "-D", "efs")
            shutil.rmtree(out)
    assert kills
    finish(names, out, tmp_path / "cache", "--resume")
    count("faults: kills of batch", kills)


@pytest.mark.parametrize("largest", [0, 150, 300, 600, 2_000])
def test_no_room(largest: int, names: list[str], tmp_path: Path, count: Count) -> None:
    """No file of git's or of ours can become larger."""

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

    out, some = tmp_path / "out", names[:3]
    process = start(batch(some, out, "--jobs=1"), limited)
    _, said = process.communicate()
    assert process.returncode == 2
    assert b"Traceback" not in said
    assert check_whole(some, out) < len(some) or b"error" in said
    state = out / "state.jsonl"
    # What could still be written down as failed is tried again on demand only.
    has_failed = state.is_file() and b'"failed"' in state.read_bytes()
    finish(some, out, tmp_path / "cache", "--resume", *(["--only-failed"] if has_failed else []))
    count("faults: campaigns without room", 1)


def unprivileged(command: list[str]) -> list[str]:
    """The command as somebody to whom permissions apply; the superuser may write everywhere."""
    if os.geteuid() != 0:
        return command
    if shutil.which("setpriv") is None:
        pytest.skip("the superuser may write everywhere, and there is no setpriv to change that")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--inh-caps=-all", *command]


@pytest.mark.parametrize(
    ("what", "done"),
    [
        ("r01/.git/objects", 2),
        ("r01/.git/refs/heads", 2),
        ("r01", 2),
        ("out", 0),
        ("cache", 0),
    ],
)
def test_permissions(what: str, done: int, names: list[str], tmp_path: Path, count: Count) -> None:
    out, some = tmp_path / "out", names[:3]
    out.mkdir()
    (tmp_path / "cache").mkdir()
    folder = Path(what) if what.startswith("r01") else tmp_path / what
    mode = folder.stat().st_mode
    folder.chmod(0o555 if what != "r01" else 0)
    try:
        process = start(unprivileged(batch(some, out, "--jobs=1")))
        _, said = process.communicate()
    finally:
        folder.chmod(mode)
    assert process.returncode == 2, said
    assert b"Traceback" not in said
    # Where one repository is concerned, the others are done.
    assert check_whole(some, out) == done, said
    finish(some, out, tmp_path / "cache", "--only-failed" if what.startswith("r01") else "--resume")
    count("faults: missing permissions", 1)


def test_a_branch_that_somebody_else_moves_meanwhile(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Count
) -> None:
    """Between the look at the branch and the writing of it, it gets a commit of theirs: that stays."""
    real = shutil.which("git")
    tools = tmp_path / "tools"
    tools.mkdir()
    theirs = f"{real} -C {tmp_path / 'work' / 'r01'} branch --quiet efs main 2>/dev/null"
    (tools / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *work/r01\\ update-ref*refs/heads/efs*) {theirs} ;; esac\nexec {real} "$@"\n'
    )
    (tools / "git").chmod(0o755)
    before = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{before}")
    ran = campaign(*names[:3], "--output-dir", tmp_path / "out", *COMMIT)
    monkeypatch.setenv("PATH", before)
    assert ran.states == {"r00": "migrated", "r01": "failed", "r02": "migrated"}
    one = Repository(Path("r01"))
    assert one.git("rev-parse", "efs") == one.git("rev-parse", "main")
    count("faults: repositories changed meanwhile", 1)


def test_two_campaigns_at_once(names: list[str], tmp_path: Path, count: Count) -> None:
    """Each of them may find a repository's branch made by the other; none of them breaks one."""
    outs = [tmp_path / "one", tmp_path / "two"]
    runs = [start(batch(names, out, "--jobs=1")) for out in outs]
    ended = []
    for run in runs:
        _, said = run.communicate()
        assert b"Traceback" not in said
        ended.append(run.returncode)
        print(said.decode())
    assert set(ended) <= {0, 2}
    assert check_whole(names, outs[0]) == NUMBER
    for out, status in zip(outs, ended, strict=True):
        finish(names, out, tmp_path / "cache", "--only-failed" if status else "--resume")
    count("faults: campaigns at once", len(runs))
