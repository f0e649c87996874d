"""`apply` and `diff` end to end: only what is planned changes, in the file that it is in, and both say the same."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from support import FLEET, SAMPLES, efs_migrate, share

from migrate.files import source

JSON = """\
{
  "family": "web",
  "taskRoleArn": "arn:aws:iam::123456789012:role/web",
  "volumes": [
    {
      "name": "data",
      "efsVolumeConfiguration": {
        "fileSystemId": "fs-12345678",
        "transitEncryption": "ENABLED"
      }
    }
  ]
}
"""
JSON_AFTER = JSON.replace(
    '"ENABLED"\n', '"ENABLED",\n        "authorizationConfig": {\n          "iam": "ENABLED"\n        }\n'
)
YAML = """\
family: web  # größe
taskRoleArn: arn:aws:iam::123456789012:role/web
volumes:
  - name: data
    efsVolumeConfiguration:
      fileSystemId: fs-12345678
      transitEncryption: ENABLED
"""
YAML_AFTER = YAML + "      authorizationConfig:\n        iam: ENABLED\n"
OTHER = '{"name": "package", "volumes": []}\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder (without git's own) and what it holds."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def write(path: str, text: str, newline: str = "\n", bom: bool = False) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"\xef\xbb\xbf" * bom + text.replace("\n", newline).encode())
    return file


def git(*arguments: str, cwd: str | Path = ".", stdin: bytes | None = None) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=cwd, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def apply(*arguments: str | Path) -> int:
    ran = efs_migrate("apply", "-q", *arguments)
    assert ran.stderr == ""
    return ran.status


# -- one file ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "before", "after"), [("x.json", JSON, JSON_AFTER), ("x.yaml", YAML, YAML_AFTER)])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("final", [True, False])
def test_bytes(name: str, before: str, after: str, newline: str, bom: bool, final: bool) -> None:
    if not final:
        before, after = before.removesuffix("\n"), after.removesuffix("\n")
    path = write(name, before, newline, bom)
    diff = efs_migrate("diff", "-q").stdout
    apply()
    expected = write("expected", after, newline, bom).read_bytes()
    assert path.read_bytes() == expected
    write(name, before, newline, bom)
    git("apply", "-", stdin=diff)
    assert path.read_bytes() == expected


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755, 0o640])
def test_mode(mode: int) -> None:
    path = write("x.json", JSON)
    path.chmod(mode)
    apply()
    assert path.read_text() == JSON_AFTER
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_reader_sees_the_old_file_or_the_new_one() -> None:
    path = write("x.json", JSON)
    with path.open() as reader:
        inode = os.fstat(reader.fileno()).st_ino
        apply()
        assert reader.read() == JSON
    assert path.stat().st_ino != inode


def test_a_symbolic_link_stays() -> None:
    target = write("shared/real.json", JSON)
    write("service/a/README", "")
    Path("service/a/link.json").symlink_to("../../shared/real.json")
    apply("service/a/link.json")
    assert str(Path("service/a/link.json").readlink()) == "../../shared/real.json"
    assert target.read_text() == JSON_AFTER


def test_a_link_out_of_the_tree_is_followed_only_by_name(tmp_path: Path) -> None:
    target = write("outside/real.json", JSON)
    Path("inside").mkdir()
    Path("inside/link.json").symlink_to(tmp_path / "outside/real.json")
    assert apply("inside") == 0
    assert target.read_text() == JSON
    apply("inside/link.json")
    assert target.read_text() == JSON_AFTER


def test_hard_links_stay_together() -> None:
    path = write("a.json", JSON)
    Path("b.json").hardlink_to(path)
    ran = efs_migrate("apply", "-q", "--format", "json")
    assert [file["path"] for file in ran.report["files"]] == ["a.json"]
    assert path.samefile("b.json")
    assert Path("b.json").read_text() == JSON_AFTER


def test_nothing_is_left_behind() -> None:
    write("x.json", JSON)
    write("y.json", JSON).chmod(0o444)
    efs_migrate("apply")
    assert sorted(tree(Path())) == ["x.json", "y.json"]


def test_a_failed_write_says_what_is_not_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(changes: Sequence[tuple[source.SourceFile, str]]) -> None:
        raise source.NotWritten(changes[0][0], "no space left on device")

    path = write("x.json", JSON)
    monkeypatch.setattr("migrate.run.run.write_all", full)
    ran = efs_migrate("apply", "--format", "json")
    assert (ran.status, ran.stderr) == (2, "efs-migrate: error: x.json: no space left on device\n")
    assert [finding["applied"] for finding in ran.findings] == [False] * len(ran.findings)
    assert path.read_text() == JSON


# -- a second time ----------------------------------------------------------------------------------------------------


def samples(folder: Path) -> None:
    """The fleet and golden cases, each case with its configuration."""
    shutil.copytree(FLEET, folder / "fleet")
    for case in share(sorted(SAMPLES.iterdir())):
        for before in case.glob("before.*"):
            place = folder / case.name
            place.mkdir()
            shutil.copyfile(before, place / before.name)
            if (case / "config.yaml").exists():
                shutil.copyfile(case / "config.yaml", place / ".efs-migrate.yaml")


def test_a_second_time_nothing_happens(tmp_path: Path) -> None:
    samples(tmp_path)
    before = tree(tmp_path)
    first = efs_migrate("apply", "-q")
    assert (first.status, first.stderr) == (1, "")
    after = tree(tmp_path)
    assert sum(after[name] != content for name, content in before.items()) > 20
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert efs_migrate("diff", "-q").stdout == b""
    again = efs_migrate("apply", "-q", "--format", "json")
    assert not any(finding["applied"] for finding in again.findings)
    assert tree(tmp_path) == after
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == stamps


@pytest.mark.parametrize("options", [[], ["--unsafe"], ["--target", "tls"], ["--jobs", "2"]], ids=" ".join)
def test_apply_writes_what_diff_prints(options: Sequence[str], tmp_path: Path) -> None:
    samples(tmp_path)
    write("crlf.yaml", YAML, "\r\n", bom=True)
    write("no-final-newline.json", JSON.removesuffix("\n"))
    write("minified.json", JSON.replace("\n", "").replace("  ", ""))
    before = tree(tmp_path)
    diff = efs_migrate("diff", "-q", *options)
    assert tree(tmp_path) == before
    efs_migrate("apply", "-q", *options)
    applied = tree(tmp_path)
    for name, content in before.items():
        Path(name).write_bytes(content)
    git("apply", "-", stdin=diff.stdout)
    assert tree(tmp_path) == applied != before


# -- paths ------------------------------------------------------------------------------------------------------------


def test_an_absolute_path(tmp_path: Path) -> None:
    path = write("a/x.json", JSON)
    assert apply(tmp_path / "a") == 1
    assert path.read_text() == JSON_AFTER


def test_a_path_outside_of_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [write("a/x.json", JSON), write("b/y.json", JSON), write("c/z.json", JSON)]
    Path("here").mkdir()
    monkeypatch.chdir("here")
    ran = efs_migrate("apply", "-q", "--format", "json", "../a", "../b/y.json", tmp_path / "c")
    assert [file["path"] for file in ran.report["files"]] == ["../a/x.json", "../b/y.json", str(tmp_path / "c/z.json")]
    assert [(tmp_path / path).read_text() for path in paths] == [JSON_AFTER] * 3


def test_the_current_directory_inside_the_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a/here/x.json", JSON)
    write("a/y.json", JSON)
    monkeypatch.chdir("a/here")
    ran = efs_migrate("apply", "-q", "--format", "json", "..")
    assert sorted(str(file["path"]) for file in ran.report["files"]) == ["../y.json", "x.json"]
    assert set(tree(tmp_path).values()) == {JSON_AFTER.encode()}


@pytest.mark.parametrize(
    ("stand", "argument", "take"),
    [
        (".", ".", "."),
        ("infra", ".", "infra"),
        ("infra", "web", "infra"),
        ("infra/web", "x.json", "infra/web"),
        (".", "infra", "."),
        ("infra/web", "..", "."),
        ("other", "../infra", "."),
        ("..", "repository/infra", ".."),
    ],
)
def test_git_takes_the_diff_where_it_was_made(
    stand: str, argument: str, take: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a subdirectory of a repository as well; the diff of a file outside is for the root of its repository."""
    repository = tmp_path / "repository"
    repository.mkdir()
    monkeypatch.chdir(repository)
    git("init", "-q")
    path = write("infra/web/x.json", JSON).absolute()
    Path("other").mkdir()
    git("add", ".")
    monkeypatch.chdir(repository / stand)
    ran = efs_migrate("diff", "-q", argument)
    assert (ran.status, ran.stderr) == (1, "")
    if (stand, argument) == ("infra/web", ".."):
        # Files below the current directory go by their short name, and so fit where one stands.
        take = stand
    git("apply", "-", cwd=repository / take, stdin=ran.stdout)
    assert path.read_text() == JSON_AFTER


# -- what is left alone -----------------------------------------------------------------------------------------------


def test_left_alone(tmp_path: Path) -> None:
    git("init", "-q")
    alone = [
        "ignored.json",
        "generated/x.json",
        "node_modules/a/x.json",
        "vendor/x.yaml",
        ".venv/x.json",
        "env/lib/x.json",
        "cdk.out/x.template",
        ".terraform/x.json",
        ".git/x.json",
        "old/x.json",
        "skipped.json",
        "x.json.orig",
        "notes.txt",
    ]
    for name in alone:
        write(name, JSON)
    write("env/pyvenv.cfg", "")
    write(".gitignore", "/ignored.json\ngenerated/\n")
    write(".efs-migrate.yaml", 'exclude: ["old/", "skipped.json"]\n')
    write("package.json", OTHER)
    found = write("services/x.json", JSON)
    before = tree(tmp_path)
    apply()
    assert found.read_text() == JSON_AFTER
    changed = [name for name, content in tree(tmp_path).items() if content != before.get(name)]
    assert changed == ["services/x.json"]
    assert Path(".git/x.json").read_text() == JSON
    # Named, each of them is meant.
    for name in alone:
        apply(name)
        assert Path(name).read_text() == JSON_AFTER


def test_left_alone_by_option(tmp_path: Path) -> None:
    for name in ("a/x.json", "b/x.json", "b/y.yaml"):
        write(name, JSON if name.endswith("json") else YAML)
    apply("--exclude", "a/", "--exclude", "*.yaml")
    assert [name for name, content in tree(tmp_path).items() if b"iam" + b'": "ENABLED' in content] == ["b/x.json"]


def test_tracked_although_ignored() -> None:
    """Git goes on with a file that was added before, and so do we."""
    git("init", "-q")
    write("x.json", JSON)
    git("add", "x.json")
    write(".gitignore", "x.json\n")
    apply()
    assert Path("x.json").read_text() == JSON_AFTER


def test_what_is_not_for_us_is_not_even_touched(tmp_path: Path) -> None:
    for name, text in {
        "package.json": OTHER,
        "compose.yaml": "services: {web: {image: web, volumes: [/mnt/efs:/data]}}\nvolumes: {}\n",
        "pod.yaml": "kind: Pod\nspec:\n  volumes:\n    - name: data\n      hostPath: {path: /mnt/efs}\n",
        "broken.json": "{",
        "prose.yaml": "volume: [",
    }.items():
        write(name, text)
    stamps = {path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.iterdir()}
    assert apply() == 0
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns, p.stat().st_ino) for p in tmp_path.iterdir()} == stamps
