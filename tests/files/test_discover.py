"""Which files are looked into, and which of them are parsed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from migrate.files import discover, screen
from migrate.files.discover import FoundFile, excluder

ROOT = os.geteuid() == 0


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def put(*names: str | bytes) -> None:
    for name in names:
        path = Path(os.fsdecode(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def found(*paths: str, exclude: tuple[str, ...] = (), gitignore: bool = True) -> list[FoundFile]:
    warnings: list[str] = []
    result = list(discover.discover(paths, exclude=exclude, gitignore=gitignore, warn=warnings.append))
    assert warnings == []
    assert all(Path(each.path).is_absolute() for each in result)
    return result


def names(*paths: str, exclude: tuple[str, ...] = (), gitignore: bool = True) -> list[str]:
    result = found(*paths, exclude=exclude, gitignore=gitignore)
    assert [each.error for each in result] == [None] * len(result)
    assert all(Path(each.path).samefile(each.name) for each in result)
    return [each.name for each in result]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


@pytest.fixture(params=["plain", "repository"])
def tree(request: pytest.FixtureRequest) -> str:
    """An empty directory, once outside of any repository and once the top of one."""
    if request.param == "repository":
        git("init", "-q")
    return str(request.param)


# --- directories, with and without git -------------------------------------------------------------------------------


@pytest.mark.usefixtures("tree")
def test_suffixes_order_and_names() -> None:
    put("b.json", "a/z.yaml", "a/b/c.YML", "a.template", "a-b.json", "x.txt", "json", "main.tf", "d.json.bak")
    assert names() == []
    assert names(".") == ["a-b.json", "a.template", "a/b/c.YML", "a/z.yaml", "b.json"]
    assert (
        names("a") == names("./a/") == names("a/b/..") == names(str(Path("a").absolute())) == ["a/b/c.YML", "a/z.yaml"]
    )
    assert names("b.json", "a") == ["b.json", "a/b/c.YML", "a/z.yaml"]


@pytest.mark.usefixtures("tree")
def test_each_file_once() -> None:
    put("a/b/c.json", "a/d.json", "e.json")
    assert names("a/d.json", ".", "a", "a/b/c.json") == ["a/d.json", "a/b/c.json", "e.json"]
    Path("twin.json").hardlink_to("e.json")
    assert names(".") == ["a/b/c.json", "a/d.json", "e.json"]


@pytest.mark.usefixtures("tree")
def test_names_outside_the_current_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    put("here/a.json", "there/b.json")
    monkeypatch.chdir("here")
    assert names("..") == ["a.json", "../there/b.json"]
    assert names("../there") == names("../there/b.json") == ["../there/b.json"]
    absolute = str(Path.cwd().parent / "there")
    assert names(absolute) == [f"{absolute}/b.json"]
    assert names(str(Path(absolute).parent)) == ["a.json", f"{absolute}/b.json"]
    assert names("../here/a.json") == ["a.json"]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("skipped", sorted(discover.SKIPPED - {".git"}))
def test_skipped_directories(skipped: str) -> None:
    put(f"{skipped}/a.json", f"deep/{skipped}/b/c.yaml", f"{skipped}.json", f"not-{skipped}/d.json")
    assert names(".") == sorted([f"{skipped}.json", f"not-{skipped}/d.json"])
    assert names(skipped) == [f"{skipped}/a.json"]
    assert names(f"deep/{skipped}/b") == [f"deep/{skipped}/b/c.yaml"]
    assert names(f"deep/{skipped}/b/c.yaml") == [f"deep/{skipped}/b/c.yaml"]


@pytest.mark.usefixtures("tree")
def test_virtual_environments_go_by_any_name() -> None:
    put("env/pyvenv.cfg", "env/lib/a.json", "environment/b.json")
    assert names(".") == ["environment/b.json"]
    assert names("env") == ["env/lib/a.json"]


@pytest.mark.usefixtures("tree")
def test_links() -> None:
    put("real/a.json", "real/odd-name", "../outside.json")
    Path("loop").symlink_to(".")
    Path("to-directory").symlink_to("real")
    Path("a-link.json").symlink_to("real/a.json")
    Path("odd.json").symlink_to("real/odd-name")
    Path("odd2.json").symlink_to("odd.json")
    Path("gone.json").symlink_to("nowhere")
    Path("self.json").symlink_to("self.json")
    Path("device.json").symlink_to("/dev/zero")
    Path("out.json").symlink_to("../outside.json")
    assert names(".") == ["odd.json", "real/a.json"]
    assert names("out.json", "a-link.json", ".") == ["out.json", "a-link.json", "odd.json"]
    assert names("to-directory") == ["to-directory/a.json"]


@pytest.mark.usefixtures("tree")
def test_what_is_not_a_file() -> None:
    put("a.json/b.json")
    os.mkfifo("pipe.json")
    assert names(".") == ["a.json/b.json"]


@pytest.mark.usefixtures("tree")
def test_odd_names(capfd: pytest.CaptureFixture[str]) -> None:
    odd = [b"a b.json", b"a\nb.json", b"-x.json", b"--all.json", b"caf\xe9.json", "größe.json".encode(), b'"q".json']
    odd += [b"\\t.json", b"\x1b[31m.json", b"tab\t.json", b":(top).json", b"*.json", b"? x.json"]
    put(*odd, *(b"dir \n\xff/" + name for name in odd))
    git_or_walk = names(".")
    assert sorted(os.fsencode(name) for name in git_or_walk) == sorted(odd + [b"dir \n\xff/" + name for name in odd])
    assert names(*map(os.fsdecode, odd)) == [os.fsdecode(name) for name in odd]
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("tree")
def test_exclude() -> None:
    put("a.json", "keep/a.json", "drop/a.json", "drop/deep/b.json", "keep/drop/c.json")
    assert names(".", exclude=("drop/",)) == ["a.json", "keep/a.json"]
    assert names(".", exclude=("/drop", "a.json")) == ["keep/drop/c.json"]
    assert names("keep", exclude=("/drop",)) == ["keep/a.json"]
    assert names("drop/a.json", exclude=("drop/", "*.json")) == ["drop/a.json"]
    assert names(".", exclude=("drop/**", "!drop/deep/b.json")) == [
        "a.json",
        "drop/deep/b.json",
        "keep/a.json",
        "keep/drop/c.json",
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 12 + "b",
        "**/" + "*a*" * 12 + "b",
        "[a]*" * 12 + "b",
        "?*a" * 12 + "/**/b",
        "*" * 12 + "b",
        "*a" * 12 + "b/",
    ],
)
def test_a_pattern_with_many_stars_ends_on_a_long_name(pattern: str) -> None:
    assert not excluder([pattern])("a" * 5_000 + ".json")
    assert not excluder([pattern])("/".join(["a" * 100] * 50))


@pytest.mark.parametrize("pattern", ["**/a/" * 12 + "b", "**/*a*/" * 12 + "b", "**/a/a/" * 6 + "**/b/**"])
def test_a_pattern_with_many_double_stars_ends_on_a_deep_path(pattern: str) -> None:
    assert not excluder([pattern])("a/" * 2_500 + "c.json")


@pytest.mark.parametrize(
    ("pattern", "path", "excluded"),
    [
        ("*a*a", "xaxa", True),
        ("*a*b*a", "abba", True),
        ("*ab*ab", "xab", False),
        ("*a*a", "aab/c", False),
        ("*aab", "aaab", True),
        ("a*", "b/a/c", True),
        ("**/a/b", "a/a/b", True),
        ("**/a/a/b", "a/a/a/b", True),
        ("**/a/**/a/b", "a/a/c/a/b/d", True),
        ("**/a/**/a/b", "a/c/b", False),
        ("a/**/b/", "a/b", False),
        ("a/**/b/", "a/x/b/c", True),
        ("*?[!b]*c", "abc", False),
        ("*?[!b]*c", "aadc", True),
        ("**", "a", True),
        ("a/**", "a", False),
        ("a/**/", "a/b", False),
        ("a/**/", "a/b/c", True),
    ],
)
def test_stars_match_what_any_division_of_the_path_matches(pattern: str, path: str, excluded: bool) -> None:
    assert excluder([pattern])(path) is excluded


# --- what git adds ----------------------------------------------------------------------------------------------------


def test_gitignore() -> None:
    git("init", "-q")
    put("a.json", "build/b.json", "sub/c.json", "sub/d.gen.json", "tracked/e.json", "committed-then-gone.json")
    Path(".gitignore").write_text("build/\ntracked/\n")
    Path("sub/.gitignore").write_text("*.gen.json\n")
    git("add", "a.json", "committed-then-gone.json")
    git("add", "-f", "tracked/e.json")
    Path("committed-then-gone.json").unlink()
    assert names(".") == ["a.json", "sub/c.json", "tracked/e.json"]
    assert names("sub") == ["sub/c.json"]
    assert names("sub/d.gen.json") == ["sub/d.gen.json"]
    # Naming an ignored directory says more than the ignore file does.
    assert names("build") == ["build/b.json"]
    everything = ["a.json", "build/b.json", "sub/c.json", "sub/d.gen.json", "tracked/e.json"]
    assert names(".", gitignore=False) == everything


def test_ignore_files_mean_nothing_outside_a_repository() -> None:
    put("a.json")
    Path(".gitignore").write_text("*\n")
    assert names(".") == ["a.json"]


def test_repositories_inside() -> None:
    put("plain/x.json", "plain/repository/y.json", "plain/repository/ignored.json")
    Path("plain/repository/.gitignore").write_text("ignored.json\n")
    git("init", "-q", "plain/repository")
    # Below a directory without a repository ...
    assert names(".") == ["plain/repository/y.json", "plain/x.json"]
    # ... and as an untracked part of another one.
    git("init", "-q")
    git("-C", "plain/repository", "add", "y.json")
    git("-C", "plain/repository", "commit", "-qm", "first")
    assert names(".") == ["plain/repository/y.json", "plain/x.json"]
    assert names(".", gitignore=False) == ["plain/repository/ignored.json", "plain/repository/y.json", "plain/x.json"]


def test_submodules_and_worktrees() -> None:
    put("origin/y.json")
    git("init", "-q", "origin")
    git("-C", "origin", "add", ".")
    git("-C", "origin", "commit", "-qm", "first")
    git("init", "-q", "main")
    git("-C", "main", "submodule", "add", "-q", str(Path("origin").absolute()), "modules/m.json")
    git("-C", "main", "commit", "-qm", "first")
    put("main/modules/m.json/new.yaml")
    assert names("main") == ["main/modules/m.json/new.yaml", "main/modules/m.json/y.json"]
    git("-C", "main", "worktree", "add", "-q", "../other")
    put("other/z.json")
    assert names("other") == ["other/z.json"]


def test_a_work_tree_elsewhere_hides_nothing() -> None:
    """A configuration may name another work tree, or none; the files are in this one."""
    git("init", "-q", "main")
    put("main/x.json", "main/sub/y.json", "other/z.json")
    git("-C", "main", "config", "core.worktree", str(Path("other").absolute()))
    assert names("main") == ["main/sub/y.json", "main/x.json"]
    assert names("main/sub") == ["main/sub/y.json"]
    assert names(".") == ["main/sub/y.json", "main/x.json", "other/z.json"]
    git("-C", "main", "config", "--unset", "core.worktree")
    git("-C", "main", "config", "core.bare", "true")
    assert names("main") == ["main/sub/y.json", "main/x.json"]


def test_conflicts_are_listed_once() -> None:
    git("init", "-q", "-b", "main")
    put("a.json")
    git("add", ".")
    git("commit", "-qm", "base")
    for branch in ("one", "two"):
        git("checkout", "-q", "-b", branch, "main")
        Path("a.json").write_text(branch)
        git("commit", "-qam", branch)
    with pytest.raises(subprocess.CalledProcessError):
        git("merge", "one")
    assert names(".") == ["a.json"]


def test_a_link_in_the_place_of_a_tracked_directory() -> None:
    git("init", "-q", "repository")
    put("repository/sub/a.json", "elsewhere/a.json")
    git("-C", "repository", "add", ".")
    Path("repository/sub/a.json").unlink()
    Path("repository/sub").rmdir()
    Path("repository/sub").symlink_to("../elsewhere")
    assert names("repository") == []


def test_links_within_the_repository_lead_out_of_the_argument() -> None:
    git("init", "-q")
    put("shared/a.json", ".git/b.json")
    Path("app").mkdir()
    Path("app/a.json").symlink_to("../shared/a.json")
    Path("app/b.json").symlink_to("../.git/b.json")
    assert names("app") == ["app/a.json"]


def test_a_hooks_environment_does_not_mislead(monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q", "one")
    git("init", "-q", "two")
    put("one/a.json", "two/b.json")
    monkeypatch.setenv("GIT_DIR", str(Path("two/.git").absolute()))
    monkeypatch.setenv("GIT_WORK_TREE", str(Path("two").absolute()))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    assert names("one") == ["one/a.json"]


def test_configuration_runs_nothing() -> None:
    git("init", "-q")
    put("a.json")
    script = Path("trap").absolute()
    script.write_text(f"#!/bin/sh\ntouch '{script}.sprung'\n")
    script.chmod(0o755)
    (Path(".git/hooks") / "post-index-change").write_text(script.read_text())
    (Path(".git/hooks") / "post-index-change").chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "pager.ls-files", "core.sshCommand", "alias.ls-files", "core.editor"):
        git("config", key, str(script))
    git("config", "alias.ls-files", f"!{script}")
    assert names(".") == ["a.json"]
    assert not Path(f"{script}.sprung").exists()


@pytest.mark.skipif(not ROOT, reason="needs a repository that belongs to somebody else")
def test_a_repository_of_somebody_else() -> None:
    git("init", "-q")
    put("a.json", "b.json")
    Path(".gitignore").write_text("b.json\n")
    for path in (Path(), Path(".git"), *Path(".git").rglob("*")):
        os.chown(path, 12345, 12345)
    assert names(".") == ["a.json"]


@pytest.mark.parametrize("broken", ["no git", "no repository", "bad index"])
def test_without_gits_help_the_tree_is_walked(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    put("a.json", "sub/b.json")
    Path(".gitignore").write_text("b.json\n")
    if broken == "no git":
        monkeypatch.setenv("PATH", "/nonexistent")
    elif broken == "no repository":
        Path(".git/HEAD").unlink()
    else:
        Path(".git/index").write_bytes(b"nonsense")
    warnings: list[str] = []
    result = list(discover.discover(["."], warn=warnings.append))
    assert [each.name for each in result] == ["a.json", "sub/b.json"]
    assert warnings[-1] == f"{Path.cwd()}/: git could not list its files, so .gitignore is not honoured there"
    assert all("\n" not in each for each in warnings)


# --- what cannot be looked into ---------------------------------------------------------------------------------------


def _loop() -> None:
    Path("x").symlink_to("x")


@pytest.mark.parametrize(
    ("make", "argument", "error"),
    [
        (lambda: None, "x", "no such file or directory"),
        (lambda: None, "", "no such file or directory"),
        (lambda: None, "-n", "no such file or directory"),
        (lambda: put("x"), "x/", "not a directory"),
        (lambda: Path("x").symlink_to("y"), "x", "no such file or directory"),
        (_loop, "x", "too many levels of symbolic links"),
        (lambda: os.mkfifo("x"), "x", "not a regular file"),
        (lambda: None, "/dev/null", "not a regular file"),
    ],
)
def test_explicit_errors(make: Callable[[], None], argument: str, error: str) -> None:
    make()
    put("z.json")
    bad, good = found(argument, "z.json")
    assert (bad.explicit, bad.error) == (True, error)
    assert (good.explicit, good.error, good.name) == (True, None, "z.json")


def test_explicit_files_need_no_suffix() -> None:
    put("task definition", "x.txt")
    assert [(each.name, each.explicit) for each in found("task definition", "x.txt")] == [
        ("task definition", True),
        ("x.txt", True),
    ]


def test_an_unreadable_directory_is_an_error() -> None:
    with tempfile.TemporaryDirectory() as public:
        os.chdir(public)
        Path(public).chmod(0o755)
        put("a.json", "closed/b.json", "z.json")
        Path("closed").chmod(0)
        drop = "os.setgroups([]); os.setresgid(9, 9, 9); os.setresuid(9, 9, 9)" if ROOT else ""
        # Imported before the identity changes: the checkout may lie where nobody else can read.
        code = f"""
import os, sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from migrate.files.discover import discover
{drop}
for found in discover(["."]): print(found.name, found.error)
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        Path("closed").chmod(0o755)
        assert (done.stdout, done.stderr) == ("a.json None\nclosed permission denied\nz.json None\n", "")


# --- patterns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "matches", "others"),
    [
        ("x.json", ["x.json", "a/x.json", "x.json/y"], ["ax.json", "x.jsonx", "xajson"]),
        ("*.json", ["x.json", ".json", "a/b.json"], ["x.yaml", "json"]),
        ("/x.json", ["x.json"], ["a/x.json"]),
        ("a/*.json", ["a/x.json"], ["a/b/x.json", "b/a/x.json"]),
        ("**/x.json", ["x.json", "a/x.json", "a/b/x.json"], ["ax.json"]),
        ("vendor/**", ["vendor/x", "vendor/a/x"], ["a/vendor/x", "vendor"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b", "a/b/c"], ["ab", "a/xb"]),
        ("dir/", ["dir/x", "a/dir/x", "dir/"], ["dir", "a/dir"]),
        ("/dir/", ["dir/x"], ["a/dir/x"]),
        ("dir", ["dir", "dir/x", "dir/", "a/dir/x"], ["dirx"]),
        ("?.json", ["a.json"], ["ab.json", "/.json"]),
        ("a?b", ["axb"], ["a/b"]),
        ("[ab].json", ["a.json"], ["c.json", "[ab].json"]),
        ("[!a-c].json", ["d.json"], ["b.json"]),
        ("[^a].json", ["b.json"], ["a.json"]),
        ("[]x].json", ["].json", "x.json"], ["[.json"]),
        ("[a\\]", ["a", "\\"], ["b"]),
        ("a[/]b", ["a[/]b"], ["a/b"]),
        ("[z-a]", [], ["z", "a", "-"]),
        ("[[:&&~~||]", ["[", "&", "|", ":"], ["a"]),
        ("[open", ["[open"], ["o"]),
        ("\\*.json", ["*.json"], ["x.json"]),
        ("\\!x", ["!x"], ["x"]),
        ("a+(b).{c}$", ["a+(b).{c}$"], ["aab"]),
        ("**", ["x", "a/b"], []),
        ("a b\n.json", ["a b\n.json"], ["a b"]),
        ("", [], ["", "x"]),
        ("/", [], ["x", "/"]),
        ("!", [], ["x", "!"]),
    ],
)
def test_patterns(pattern: str, matches: list[str], others: list[str]) -> None:
    excluded = excluder([pattern])
    assert [path for path in matches + others if excluded(path)] == matches


@pytest.mark.parametrize(
    "pattern",
    ["x.json", "*.json", "/x.json", "a/*.json", "**/x.json", "a/**", "a/**/b", "b/", "?", "[!a]", "\\*", "a**b", "**a"],
)
def test_patterns_agree_with_git(pattern: str) -> None:
    git("init", "-q")
    put("x.json", "a/x.json", "a/b/x.json", "a/b/c", "c/b/y", "d/a/x.yml", "d/b", "*", "z", "a/q/r/b/s", "axb", "a/xa")
    Path(".gitignore").write_text(pattern + "\n.gitignore\n")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
    ).stdout
    excluded = excluder([pattern])
    files = [path.as_posix() for path in Path().rglob("*") if path.is_file() and path.parts[0][:4] != ".git"]
    assert sorted(path for path in files if not excluded(path)) == sorted(filter(None, listed.split("\0")))


# --- content ----------------------------------------------------------------------------------------------------------

NAMES = [
    "efsVolumeConfiguration",
    "EFSVolumeConfiguration",
    "EfsVolumeConfiguration",
    "efs_volume_configuration",
    "efs-volume-configuration",
    "efsVolumeConfig",
    "efs_volumes",
    "dockerVolumeConfiguration",
    "DockerVolumeConfiguration",
    "docker_volume_configuration",
    "docker_volumes",
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", NAMES)
def test_screen_passes(name: str, encoding: str) -> None:
    assert screen.screen(f'{{"größe": {{"{name}": {{}}}}}}'.encode(encoding))


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ('[{"name": "data", "host": {"sourcePath": "/mnt/efs"}}]', True),
        ("Volumes:\n  - Host: {SourcePath: /mnt}\n", True),
        ("volumes:\n  - host:\n      source_path: /mnt\n", True),
        ("sourcePath: src\nvolumes: []\n", False),
        ("volumes:\n  - hostPath: {path: /mnt/efs}\n", False),
        ("services: {web: {volumes: ['/mnt/efs:/data']}}", False),
        ("- community.docker.docker_volume: {name: x}", False),
        ("", False),
        ("olume ourcePath", False),
    ],
)
def test_screen(text: str, passes: bool) -> None:
    assert screen.screen(text.encode()) is passes


@pytest.mark.parametrize(
    ("content", "outcome"),
    [(b"", False), (b"services: {}", False), (b"efsVolumeConfiguration: {}", True)],
)
def test_content(content: bytes, outcome: bool) -> None:
    Path("x.json").write_bytes(content)
    assert screen.content("x.json") == content
    assert screen.screen(content) is outcome


def test_content_of_any_size() -> None:
    with Path("x.json").open("wb") as file:
        file.truncate(screen.LIMIT + 1)
    assert screen.content("x.json") is None
    with Path("x.json").open("r+b") as file:
        file.seek((1 << 24) - 5)  # across two pieces
        file.write(b"efsVolumeConfiguration")
    with pytest.raises(OSError, match="larger than 64 MiB"):
        screen.content("x.json")


def test_imports_stay_light() -> None:
    code = "import sys; before = set(sys.modules); import migrate.files.discover; print(*set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) <= {
        "migrate",
        "migrate.files",
        "migrate.files.language",
        "migrate.files.discover",
        "migrate.files.screen",
        "errno",
        "select",
        "__future__",
        "os",
        "stat",
    } | {*("posixpath", "genericpath", "_collections_abc", "abc", "_abc", "_stat", "os.path", "io")}


@pytest.fixture(autouse=True)
def _back() -> Iterator[None]:
    before = Path.cwd()
    yield
    os.chdir(before)
