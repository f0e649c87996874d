"""Repositories of every kind: what becomes of each, and that nothing else in it changes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .campaigns import BROKEN, CONFIG, HOST, LEGACY, SETTLED, Repository, campaign
from .conftest import Make

Remote = Callable[[Repository], Path]


def everything(repository: Repository) -> str:
    """What a campaign may not change without being asked to: branches, the index, files, worktrees, configuration."""
    config = (repository.folder / ".git" / "config").read_text()
    return "\n".join(
        [
            repository.git("for-each-ref"),
            repository.git("status", "--porcelain", "--ignored"),
            repository.git("ls-files", "--stage"),
            repository.git("worktree", "list"),
            repository.git("stash", "list"),
            config,
        ]
    )


def test_states(make: Make) -> None:
    make("migrated", {"td.json": LEGACY, ".efs-migrate.yaml": SETTLED})
    make("clean", {"package.json": "{}"})
    make("needs", {"td.json": HOST})
    make("broken", {"td.json": BROKEN})
    make("some-broken", {"td.json": LEGACY, "bad.json": BROKEN})
    ran = campaign("migrated", "clean", "needs", "broken", "some-broken", "missing")
    assert ran.status == 2
    assert ran.states == {
        "missing": "failed",
        "migrated": "migrated",
        "clean": "clean",
        "needs": "needs-input",
        "broken": "failed",
        "some-broken": "migrated",
    }
    rows = ran.rows
    assert set(rows["migrated"]) >= {"repository", "status", "branch", "commit", "files", "reason", "volumes"}
    assert rows["migrated"]["files"] == ["td.json"]
    assert (rows["migrated"]["branch"], rows["migrated"]["commit"], rows["migrated"]["reason"]) == (None, None, None)
    (volume,) = rows["migrated"]["volumes"]
    assert (volume["level"], volume["after"], volume["file_system"]) == ("efs", "iam", "fs-0123456789abcdef0")
    assert "configure `file-systems:" in rows["needs"]["reason"]
    assert rows["broken"]["reason"].startswith("td.json:1: ")
    assert rows["some-broken"]["reason"].startswith("bad.json:1: ")
    assert rows["missing"]["reason"] == "does not exist"
    assert ran.summary["totals"] == {"migrated": 2, "clean": 1, "needs-input": 1, "skipped": 0, "failed": 2}


@pytest.mark.parametrize(
    ("files", "options", "status"),
    [
        ({"package.json": "{}"}, (), 0),
        ({"td.json": LEGACY, ".efs-migrate.yaml": SETTLED}, (), 1),
        ({"td.json": LEGACY, ".efs-migrate.yaml": SETTLED}, ("--exit-zero",), 0),
        ({"td.json": LEGACY, ".efs-migrate.yaml": SETTLED}, ("--branch=efs", "--commit"), 0),
        ({"td.json": HOST}, (), 1),
        ({"td.json": HOST}, ("--branch=efs", "--commit"), 1),
        ({"td.json": BROKEN}, ("--exit-zero",), 2),
    ],
)
def test_exit_status(files: dict[str, str | bytes], options: tuple[str, ...], status: int, make: Make) -> None:
    make("one", files)
    assert campaign("one", *options).status == status


def test_a_preview_changes_nothing(make: Make) -> None:
    one = make("one", {"td.json": LEGACY, "notes.txt": "x"})
    (one.folder / "untracked.json").write_text(LEGACY)
    before = everything(one)
    assert campaign("one").states == {"one": "migrated"}
    assert everything(one) == before


def test_a_folder_is_never_checked_out_in_place(make: Make) -> None:
    one = make("one")
    one.git("switch", "--quiet", "--create", "feature")
    one.commit({"td.json": LEGACY.replace("data", "other")}, "Another")
    (one.folder / "untracked.json").write_text(LEGACY)
    before = one.git("status", "--porcelain", "--branch")
    ran = campaign("one", "--branch=efs", "--commit")
    row = ran.rows["one"]
    assert row["commit"] == one.git("rev-parse", "efs")
    assert one.git("rev-parse", "efs^") == one.git("rev-parse", "main")
    assert one.git("diff", "--name-only", "main", "efs") == "td.json"
    assert one.git("log", "-1", "--format=%an <%ae> %cn", "efs") == "Ann <ann@example.com> Ann"
    assert one.git("status", "--porcelain", "--branch") == before
    assert one.git("branch", "--format=%(refname:short)").split() == ["efs", "feature", "main"]


def test_dirty(make: Make) -> None:
    edited, staged, busy = make("edited"), make("staged"), make("busy")
    (edited.folder / "td.json").write_text(LEGACY + "\n")
    (staged.folder / "new.json").write_text("{}")
    staged.git("add", "new.json")
    (busy.folder / ".git" / "MERGE_HEAD").write_text(busy.git("rev-parse", "HEAD"))
    ran = campaign("edited", "staged", "busy", "--branch=efs", "--commit")
    assert ran.status == 1
    assert {name: row["reason"] for name, row in ran.rows.items()} == {
        "edited": "has changes that are not committed: td.json",
        "staged": "has changes that are not committed: new.json",
        "busy": "something is under way in it (MERGE_HEAD)",
    }
    assert set(ran.states.values()) == {"skipped"}


def test_diverged_ahead_and_behind(make: Make, remote: Remote, tmp_path: Path) -> None:
    found = {}
    for name in ("diverged", "ahead", "behind"):
        one = make(name)
        bare = remote(one)
        other = Repository(tmp_path / f"other-{name}")
        subprocess.run(["git", "clone", "--quiet", str(bare), str(other.folder)], check=True)
        if name != "ahead":
            found[name] = other.commit({"remote.txt": "1"}, "Theirs")
            other.git("push", "--quiet")
            one.git("fetch", "--quiet")
        if name != "behind":
            found[name] = one.commit({"local.txt": "1"}, "Ours")
    ran = campaign("diverged", "ahead", "behind", "--branch=efs", "--commit")
    assert ran.states == {"diverged": "skipped", "ahead": "migrated", "behind": "migrated"}
    assert ran.rows["diverged"]["reason"] == "main has diverged from origin/main: 1 commits ahead, 1 behind"
    for name in ("ahead", "behind"):
        assert Repository(Path(name)).git("rev-parse", "efs^") == found[name]


def test_empty_and_without_a_default_branch(make: Make, tmp_path: Path) -> None:
    Repository(Path("empty")).folder.mkdir()
    Repository(Path("empty")).git("init", "--quiet")
    many = make("many")
    many.git("branch", "one")
    many.git("branch", "two")
    many.git("checkout", "--quiet", "--detach")
    many.git("branch", "-D", "main")
    only = make("only")
    only.git("branch", "--move", "trunk")
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "void.git")], check=True)
    ran = campaign("empty", "many", "only", f"file://{tmp_path}/void.git")
    assert {name: row["reason"] for name, row in ran.rows.items() if row["status"] == "skipped"} == {
        "empty": "has no commits",
        "many": "has no default branch",
        f"file://{tmp_path}/void.git": "has no commits",
    }
    assert ran.states["only"] == "migrated"


def test_what_is_no_repository(make: Make, tmp_path: Path) -> None:
    make("one", {"inner/td.json": LEGACY})
    (tmp_path / "plain").mkdir()
    (tmp_path / "file").write_text("x")
    places = [
        "one/inner",
        str(tmp_path / "plain"),
        str(tmp_path / "file"),
        "ext::sh -c id",
        "rsync://h/p",
        "--",
        "a\x1b[31m",
    ]
    ran = campaign(*places[:5], "--from=-", stdin=b"a\x1b[31m\n# no\n\n")
    assert set(ran.states.values()) == {"failed"}
    assert [row["reason"].replace(str(tmp_path), "") for row in ran.rows.values()] == [
        "is no folder",
        "names a helper program, which git would run",
        "has the scheme rsync, with which git might run a program",
        "holds control characters",
        "is a folder inside the repository /work/one",
        "is no git repository",
    ]
    assert "\x1b" not in ran.stderr


def test_submodules_are_left_alone(make: Make, tmp_path: Path) -> None:
    inner = make("inner", at=tmp_path)
    outer = make("outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "module")
    outer.git("commit", "--quiet", "-m", "Module")
    ran = campaign("outer", "--branch=efs", "--commit")
    assert ran.rows["outer"]["files"] == ["td.json"]
    assert outer.git("diff", "--name-only", "main", "efs") == "td.json"
    assert outer.git("ls-tree", "efs", "module").split()[:2] == ["160000", "commit"]


def test_lfs_pointers_stay_pointers(make: Make, tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 1\n"
    marker = tmp_path / "ran"
    one = make(
        "one", {"td.json": LEGACY, ".gitattributes": "*.yaml filter=lfs diff=lfs merge=lfs -text\n", "x.yaml": pointer}
    )
    for name in ("clean", "smudge", "process"):
        one.git("config", f"filter.lfs.{name}", f"touch {marker}; cat")
    one.git("config", "filter.lfs.required", "true")
    (one.folder / "x.yaml").touch()
    ran = campaign("one", "--branch=efs", "--commit")
    assert ran.states == {"one": "migrated"}
    assert one.git("show", "efs:x.yaml") == pointer.strip()
    assert not marker.exists()


def test_nothing_of_a_repository_is_run(make: Make, remote: Remote, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    one = make("one", {"td.json": LEGACY, ".gitattributes": "* filter=evil diff=evil\n*.json ident\n"})
    remote(one)
    hooks = one.folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "post-checkout",
        "pre-commit",
        "commit-msg",
        "post-commit",
        "pre-push",
        "reference-transaction",
        "post-update",
    ):
        (hooks / name).write_text(f"#!/bin/sh\necho {name} >> {marker}\n")
        (hooks / name).chmod(0o755)
    script = f"sh -c 'echo run >> {marker}'"
    for key in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.askPass",
        "gpg.program",
        "diff.external",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "diff.evil.command",
        "credential.helper",
        "sequence.editor",
        "uploadpack.packObjectsHook",
    ):
        one.git("config", key, script)
    one.git("config", "core.hooksPath", str(hooks))
    one.git("config", "commit.gpgSign", "true")
    ran = campaign("one", "--branch=efs", "--push")
    assert ran.states == {"one": "migrated"}
    assert not marker.exists(), marker.read_text()


def test_hostile_names(make: Make, tmp_path: Path) -> None:
    names = ['a "b" $(touch x).json', "-rf.json", "new\nline.json", "ümläut.json", "a\\b.json", "[x]*.json", "#y.json"]
    raw = b"\xff.json"
    one = make("..;rm -rf $HOME", dict.fromkeys(names, LEGACY) | {raw.decode("utf-8", "surrogateescape"): LEGACY})
    out = tmp_path / "out"
    ran = campaign(f"./{one.name}", "--branch=efs", "--commit", "--output-dir", out)
    row = ran.rows[f"./{one.name}"]
    assert row["status"] == "migrated"
    assert len(row["files"]) == len(names) + 1
    changed = subprocess.run(
        ["git", "-C", str(one.folder), "diff", "-z", "--name-only", "main", "efs"], capture_output=True, check=True
    )
    assert set(changed.stdout.split(b"\0")[:-1]) == {*(name.encode() for name in names), raw}
    assert sorted(path.name for path in out.iterdir() if not path.name.startswith(".")) == [
        "report.html",
        "rm--rf-HOME.patch",
        "state.jsonl",
        "summary.json",
    ]


def test_stems_tell_repositories_of_one_name_apart_and_stay_in_their_folder(make: Make, tmp_path: Path) -> None:
    for group in ("a", "b"):
        make("service", at=tmp_path / group)
    ran = campaign(str(tmp_path / "a" / "service"), str(tmp_path / "b" / "service"), "--output-dir", tmp_path / "out")
    assert set(ran.states.values()) == {"migrated"}
    patches = sorted((tmp_path / "out").glob("*.patch"))
    assert len(patches) == 2
    assert all(path.name.startswith("service-") for path in patches)


def test_links_lead_nowhere(make: Make, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text(LEGACY)
    one = make("one", {"x.txt": ""})
    (one.folder / "td.json").symlink_to(outside)
    (one.folder / "folder").symlink_to(tmp_path)
    one.commit({}, "Links")
    assert campaign("one", "--branch=efs", "--commit").states == {"one": "clean"}
    assert outside.read_text() == LEGACY


def test_bytes_are_what_is_committed(make: Make) -> None:
    """No attribute, and no setting, makes other files of the ones that do not change."""
    crlf = LEGACY.replace("\n", "\r\n")
    one = make("one", {"td.json": crlf, "plain.json": "{}\r\n", "lf.yaml": "a: 1\n"})
    one.git("config", "core.autocrlf", "true")
    one.commit({".gitattributes": "* text=auto eol=crlf\n"}, "Attributes")
    (one.folder / ".git" / "index").unlink()
    one.git("reset", "--quiet", "--hard")
    one.git("config", "core.autocrlf", "true")
    ran = campaign("one", "--branch=efs", "--commit")
    if ran.states == {"one": "migrated"}:
        assert one.git("diff", "--name-only", "main", "efs") == "td.json"
        stored = subprocess.run(
            ["git", "-C", "one", "cat-file", "blob", "efs:td.json"], capture_output=True, check=True
        ).stdout
        assert (b"\r\n" in stored) == (
            b"\r\n"
            in subprocess.run(
                ["git", "-C", "one", "cat-file", "blob", "main:td.json"], capture_output=True, check=True
            ).stdout
        )


def test_configurations(make: Make, tmp_path: Path) -> None:
    base = tmp_path / "campaign.yaml"
    base.write_text(CONFIG + "task-roles: {other: 'arn:aws:iam::123456789012:role/x'}\n")
    make("without", {"td.json": HOST})
    make("own", {"td.json": HOST, ".efs-migrate.yaml": "target: tls\n"})
    make(
        "other",
        {"td.json": HOST, ".efs-migrate.yaml": "file-systems: [{id: fs-00000000000000001, mounts: {/mnt/efs: /x}}]\n"},
    )
    make("bad", {"td.json": HOST, ".efs-migrate.yaml": "targets: tls\n"})
    ran = campaign("without", "own", "other", "bad", "--config", base, "--branch=efs", "--commit")
    after = {name: [v["after"] for v in row["volumes"]] for name, row in ran.rows.items()}
    assert after == {"without": ["iam"], "own": ["tls"], "other": ["iam"], "bad": []}
    assert ran.rows["other"]["volumes"][0]["file_system"] == "fs-00000000000000001"
    assert ran.states["bad"] == "failed"
    assert ".efs-migrate.yaml:1" in ran.rows["bad"]["reason"]
    base.write_text("nonsense: 1\n")
    ran = campaign("without", "--config", base)
    assert ran.status == 2
    assert "campaign.yaml:1" in ran.stderr
