"""A campaign as a whole: its files, going on where it stopped, several processes, one page."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from support import efs_migrate

from migrate.batch.campaign import failures
from migrate.batch.executors import processes
from migrate.batch.repository import RepositoryState, RepositoryTask, Row, Wish
from migrate.batch.systems import view

from .campaigns import BROKEN, HOST, LEGACY, SETTLED, Repository, campaign
from .conftest import Make


def many(make: Make, number: int) -> list[str]:
    for n in range(number):
        make(f"r{n:02}", {"td.json": LEGACY.replace('"web"', f'"web{n}"'), ".efs-migrate.yaml": SETTLED})
    return [f"r{n:02}" for n in range(number)]


def test_where_repositories_come_from(make: Make, tmp_path: Path) -> None:
    for name in ("a1", "a2", "b", "c"):
        make(name, {"x.txt": ""})
    listed = tmp_path / "list"
    listed.write_text("# a comment\n\n  b  \nb/\n")
    ran = campaign("a*", "--from", listed, "--from", "-", stdin=b"c\n")
    assert list(ran.states) == ["a1", "a2", "b", "c"]
    none = efs_migrate("batch")
    assert (none.status, none.stdout) == (2, b"")
    assert "no repository is named" in none.stderr


@pytest.mark.parametrize(
    "arguments", [("--commit",), ("--push",), ("--pr",), ("--branch=x",), ("--resume",), ("--only=EFS999",)]
)
def test_usage(arguments: tuple[str, ...], make: Make) -> None:
    make("one")
    ran = efs_migrate("batch", "one", *arguments)
    assert ran.status == 2
    assert ran.stderr.startswith("efs-migrate: error: ")


def test_the_summary_for_people(make: Make) -> None:
    make("one", {"td.json": LEGACY})
    make("needs", {"td.json": HOST})
    ran = efs_migrate("batch", "one", "needs", "gone", "--jobs=1")
    text = ran.stdout.decode()
    assert "one         migrated         1      1/1\n" in text
    assert "configure `file-systems:" in text
    assert text.endswith(
        "3 repositories: 1 migrated, 1 needs-input, 1 failed (preview: nothing was written; --branch NAME --commit does)\n"
    )
    assert "efs-migrate: [1/3] gone: failed (does not exist)\n" in ran.stderr


def test_control_characters_reach_no_terminal(make: Make) -> None:
    make("one", {"a\x1b[2Jb.json": BROKEN, "::error::x.json": LEGACY.replace("data", "\\u001b[31m")})
    ran = efs_migrate("batch", "one", "--jobs=1")
    assert b"\x1b" not in ran.stdout
    assert "\x1b" not in ran.stderr


def test_resume_does_what_is_left(make: Make, tmp_path: Path) -> None:
    names = many(make, 4)
    out = tmp_path / "out"
    first = campaign(*names[:2], "--output-dir", out)
    assert first.summary["complete"]
    stamp = {name: (out / f"{name}.patch").stat().st_mtime_ns for name in names[:2]}
    with (out / "state.jsonl").open("a") as file:
        file.write('{"repository": "r02", "status": "migr')  # as a killed run leaves it
    again = campaign(*names, "--output-dir", out, "--resume")
    assert again.states == dict.fromkeys(names, "migrated")
    assert {name: (out / f"{name}.patch").stat().st_mtime_ns for name in names[:2]} == stamp
    assert len(list(out.glob("*.patch"))) == 4
    assert json.loads((out / "summary.json").read_text()) == again.summary


def test_a_campaign_of_other_options_is_another_one(make: Make, tmp_path: Path) -> None:
    make("one")
    campaign("one", "--output-dir", tmp_path / "out")
    ran = efs_migrate("batch", "one", "--output-dir", tmp_path / "out", "--resume", "--target=tls")
    assert ran.status == 2
    assert "its campaign has other options" in ran.stderr


def test_only_failed(make: Make, tmp_path: Path) -> None:
    make("good")
    make("bad", {"td.json": BROKEN})
    out = tmp_path / "out"
    assert campaign("good", "bad", "--output-dir", out).states == {"good": "migrated", "bad": "failed"}
    Repository(Path("bad")).commit({"td.json": LEGACY}, "Repaired")
    Repository(Path("good")).commit({"td.json": "{}"}, "Gone")
    again = campaign("good", "bad", "--output-dir", out, "--only-failed")
    assert again.states == {"good": "migrated", "bad": "migrated"}, "what did not fail is not looked at again"
    nothing = efs_migrate("batch", "good", "--output-dir", tmp_path / "other", "--only-failed")
    assert nothing.status == 2


def test_two_runs_do_not_share_a_folder(make: Make, tmp_path: Path) -> None:
    import fcntl

    make("one")
    out = tmp_path / "out"
    out.mkdir()
    with (out / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = efs_migrate("batch", "one", "--output-dir", out)
    assert ran.status == 2
    assert "another run is at work there" in ran.stderr


def test_every_number_of_processes_gives_the_same(make: Make, tmp_path: Path) -> None:
    names = many(make, 5)
    make("bad", {"td.json": BROKEN})
    found = []
    for jobs in (1, 2, 3):
        out = tmp_path / str(jobs)
        campaign(*names, "bad", "--output-dir", out, f"--jobs={jobs}")
        rows = json.loads((out / "summary.json").read_text())["repositories"]
        found.append([{key: value for key, value in row.items() if key != "seconds"} for row in rows])
    assert found[0] == found[1] == found[2]


def _dies(task: RepositoryTask) -> Row:
    if task.address.name == "r01":
        os.kill(os.getpid(), signal.SIGKILL)
    return Row(task.address.name, RepositoryState.CLEAN)


def test_a_process_that_dies_takes_nothing_with_it(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from migrate.batch import address, executors

    monkeypatch.setattr(executors, "work", _dies)
    tasks = [RepositoryTask(address.parse(name), Wish(), str(tmp_path)) for name in many(make, 6)]
    rows = {task.address.name: row for task, row in processes(2)(tasks)}
    assert {name: row.status for name, row in rows.items()} == {
        f"r{n:02}": RepositoryState.FAILED if n == 1 else RepositoryState.CLEAN for n in range(6)
    }
    assert rows["r01"].reason == "the process that worked on it was killed"


def test_a_repository_has_its_time(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from migrate.batch import repository

    def slow(*_: object, **__: object) -> None:
        time.sleep(60)

    make("one")
    monkeypatch.setattr(repository, "_work", slow)
    begun = time.monotonic()
    row = campaign("one", "--timeout=1").rows["one"]
    assert (row["status"], row["reason"]) == ("failed", "the time for it is over")
    assert time.monotonic() - begun < 30


def test_a_git_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", f"sh -c 'echo $$ > {tmp_path}/pid; exec sleep 60' --")
    row = campaign("ssh://example.invalid/x", "--timeout=1").rows["ssh://example.invalid/x"]
    assert row["status"] == "failed"
    assert "the time for it is over" in row["reason"]
    pid = int((tmp_path / "pid").read_text())
    for _ in range(50):
        if not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.1)
    else:
        pytest.fail("what git started still runs")


# -- across repositories ----------------------------------------------------------------------------------------------


def test_file_systems_across_repositories(make: Make) -> None:
    make("one", {"td.json": LEGACY, ".efs-migrate.yaml": SETTLED})
    make("two", {"td.json": LEGACY, ".efs-migrate.yaml": "target: tls\n"})
    make("three", {"td.json": LEGACY.replace("0abcdef0", "0abcdef1").replace("789abcdef0", "789abcdef1")})
    ran = campaign("one", "two", "three")
    shared, alone = ran.summary["file_systems"]
    assert (shared["id"], shared["repositories"], shared["lowest"]) == ("fs-0123456789abcdef0", ["one", "two"], "tls")
    assert shared["blocking"] == [
        {"repository": "two", "file": "td.json", "task": "web", "name": "data", "after": "tls"}
    ]
    assert (alone["repositories"], alone["blocking"]) == (["three"], [])
    text = efs_migrate("batch", "one", "two", "--jobs=1").stdout.decode()
    assert (
        "fs-0123456789abcdef0: 2 repositories, lowest level tls; 1 volume without IAM: anonymous access must stay"
        in text
    )


def test_a_reference_means_something_in_its_file_only() -> None:
    def row(name: str, system: str) -> dict[str, object]:
        volume = {"file": "t.yaml", "task": "T", "name": "v", "level": "efs", "after": "iam", "file_system": system}
        return {"repository": name, "status": "migrated", "volumes": [volume]}

    assert len(view([row("a", "${Fs}"), row("b", "${Fs}")])) == 2
    assert len(view([row("a", "${ImportValue shared}"), row("b", "${ImportValue shared}")])) == 1


def test_failures_are_grouped_by_their_causes() -> None:
    def row(name: str, reason: str, *errors: str) -> dict[str, object]:
        return {
            "repository": name,
            "status": "migrated" if errors else "failed",
            "reason": reason,
            "errors": list(errors),
        }

    groups = failures(
        [
            row("a", "unable to access 'https://x/a/': timed out after 10 ms"),
            row("b", "unable to access 'https://x/b/': timed out after 20 ms"),
            row("c", "x", "one.yaml:3: not UTF-8"),
            row("d", "x", "two.yaml:77: not UTF-8"),
            row("e", "has no commits"),
        ]
    )
    assert [(group["cause"], group["repositories"]) for group in groups] == [
        ("unable to access …: timed out after … ms", ["a", "b"]),
        ("not UTF-…", ["c", "d"]),
        ("has no commits", ["e"]),
    ]


def test_on_a_dask_cluster(make: Make, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="dask, an extra, is not installed")
    names = [str(Path(name).resolve()) for name in many(make, 3)]
    make("bad", {"td.json": BROKEN})
    out = tmp_path / "out"
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        ran = campaign(*names, "bad", "--dask", cluster.scheduler_address, "--output-dir", out)
    assert ran.states == {**dict.fromkeys(names, "migrated"), "bad": "failed"}
    assert sorted(path.name for path in out.glob("*.patch")) == ["r00.patch", "r01.patch", "r02.patch"]
    for name in names:
        Repository(Path(name)).git("apply", "--check", str(out / f"{Path(name).name}.patch"))


def test_without_a_cluster(make: Make) -> None:
    pytest.importorskip("distributed", reason="dask, an extra, is not installed")
    make("one")
    ran = efs_migrate("batch", "one", "--dask=nonsense://nowhere")
    assert ran.status == 2
    assert ran.stderr.splitlines()[-1].startswith("efs-migrate: error: nonsense://nowhere: ")
