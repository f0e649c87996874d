"""Faults while files are written: kills, a full disk, permissions that change, others at work. Nothing is lost, nothing half done."""

from __future__ import annotations

import errno
import os
import random
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT, efs_migrate

from migrate.engine.process import process
from migrate.files import source as source_module
from migrate.files.language import JSON
from rules.choices import Choices
from rules.model import Level

OLD = """\
{
  "family": "web",
  "containerDefinitions": [],
  "padding": "%s",
  "volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}]
}
"""
NUMBER = 60
KILLS = 6 * int(os.environ.get("FAULTS", "1"))
Count = Callable[[str, int], None]
APPLY = [sys.executable, "-m", "migrate", "apply", "--target=tls", "-q", "."]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[bytes, bytes]]:
    """Many files, and what each holds before and after."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found = {}
    for number in range(NUMBER):
        old = OLD % (str(number) * 40)
        new = process(old, str(number), Choices(target=Level.TLS), JSON).text
        assert '"transitEncryption": "ENABLED"' in new
        Path(f"{number}.json").write_text(old)
        found[f"{number}.json"] = (old.encode(), new.encode())
    return found


def check_whole(files: dict[str, tuple[bytes, bytes]]) -> int:
    """Every file holds what it held or what it is to hold; returns how many hold the latter."""
    states = [files[name].index(Path(name).read_bytes()) for name in files]
    return sum(states)


def test_what_is_written(files: dict[str, tuple[bytes, bytes]]) -> None:
    assert subprocess.run(APPLY, check=False, stdout=subprocess.DEVNULL).returncode == 0
    assert check_whole(files) == NUMBER


@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_at_any_point(jobs: int, files: dict[str, tuple[bytes, bytes]], count: Count) -> None:
    chance = random.Random(20201126 + jobs)
    whole = time.monotonic()
    subprocess.run([*APPLY, f"--jobs={jobs}", "--exclude=*"], check=False)
    start = time.monotonic() - whole
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen([*APPLY, f"--jobs={jobs}"], start_new_session=True, stdout=subprocess.DEVNULL)
        time.sleep(start * chance.uniform(0.5, 1.6))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
        if check_whole(files) == NUMBER:
            for name, (old, _) in files.items():
                Path(name).write_bytes(old)
    assert killed
    subprocess.run([*APPLY, f"--jobs={jobs}"], check=False, stdout=subprocess.DEVNULL)
    assert check_whole(files) == NUMBER
    # What a kill leaves behind are hidden files of ours, never parts of others'.
    assert {path.name for path in Path().iterdir() if not path.name.startswith(".efs-migrate-")} == set(files)
    count("faults: kills of apply", killed)


def limited() -> None:
    """No file may become larger than what the first ones need; a signal would end the process instead of the write."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))


def test_no_room_for_the_new_file(files: dict[str, tuple[bytes, bytes]], count: Count) -> None:
    done = subprocess.run([*APPLY, "--jobs=1"], preexec_fn=limited, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"file too large") == NUMBER - check_whole(files) > 0
    assert {path.name for path in Path().iterdir()} == set(files), "nothing is left behind"
    count("faults: files without room", NUMBER - check_whole(files))


def test_a_full_disk(files: dict[str, tuple[bytes, bytes]], count: Count) -> None:
    """A file system of its own, filled to the last page, in a name space in which everybody may mount one."""
    script = f"""
        mkdir disk && mount -t tmpfs -o size=1m tmpfs disk && cp *.json disk && cd disk || exit 99
        cat /dev/zero >theirs 2>/dev/null
        {shlex.join(APPLY)} --jobs=1
        status=$?
        ls -A >../names && rm ../*.json && cp *.json .. || exit 98
        exit $status
    """
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], capture_output=True, check=False
    )
    if done.returncode not in (0, 1, 2):
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()[:200]}")
    assert done.returncode == 2
    assert done.stderr.count(b"no space left on device") == NUMBER
    assert check_whole(files) == 0
    assert set(Path("names").read_text().split()) == {*files, "theirs"}, "nothing is left behind"
    count("faults: files on a full disk", NUMBER)


def test_a_disk_that_is_full_for_some(
    files: dict[str, tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch, count: Count
) -> None:
    left = 3_000
    write = os.write

    def full(handle: int, data: bytes | memoryview) -> int:
        nonlocal left
        if os.fstat(handle).st_size == 0 and left < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left -= len(data)
        return write(handle, data)

    monkeypatch.setattr(os, "write", full)
    ran = efs_migrate("apply", "--target=tls", "--jobs=1", ".")
    assert ran.status == 2
    assert ran.stderr.count("no space left on device") == NUMBER - check_whole(files) > NUMBER / 2
    assert {path.name for path in Path().iterdir()} == set(files)
    count("faults: files on a full disk", NUMBER - check_whole(files))


def test_permissions_that_change_meanwhile(
    files: dict[str, tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch, count: Count
) -> None:
    replacement = source_module._Replacement
    prepare = replacement.prepare

    def late(self: source_module._Replacement, keep: bool) -> None:
        if self.target.name in ("7.json", "8.json"):
            self.target.chmod(0o444)
        if self.target.name == "9.json":
            self.target.unlink()
        prepare(self, keep)

    monkeypatch.setattr(replacement, "prepare", late)
    ran = efs_migrate("apply", "--target=tls", "--jobs=1", ".")
    assert ran.status == 2
    assert ran.stderr.count("read-only, so left alone") == 2
    assert ran.stderr.count("9.json: no such file or directory") == 1
    for name in ("7.json", "8.json"):
        assert Path(name).read_bytes() == files[name][0]
    del files["9.json"]
    assert check_whole(files) == NUMBER - 3
    count("faults: files that changed meanwhile", 3)


def test_a_file_that_somebody_else_changes_meanwhile(
    files: dict[str, tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch, count: Count
) -> None:
    """Between reading and writing, even at the last moment before the new file takes the old one's place."""
    require = source_module._require
    theirs = b'{"theirs": true}'

    def late(target: Path, content: bytes) -> None:
        if target.name == "5.json":
            target.write_bytes(theirs)
        require(target, content)

    monkeypatch.setattr(source_module, "_require", late)
    ran = efs_migrate("apply", "--target=tls", "--jobs=1", ".")
    assert ran.status == 2
    assert "5.json: changed on disk since it was read" in ran.stderr
    assert Path("5.json").read_bytes() == theirs
    del files["5.json"]
    assert check_whole(files) == NUMBER - 1
    count("faults: files that changed meanwhile", 1)


def test_two_runs_at_once(files: dict[str, tuple[bytes, bytes]], count: Count) -> None:
    for _ in range(3):
        runs = [subprocess.Popen(APPLY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(3)]
        assert {run.wait() for run in runs} <= {0, 2}
        assert check_whole(files) == NUMBER
        for name, (old, _) in files.items():
            Path(name).write_bytes(old)
        count("faults: runs at once", len(runs))
