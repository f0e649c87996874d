"""Patches, branches, pushes and pull requests: made once, brought up to date when the result differs, never over others' work."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from migrate.batch.address import AddressProblem, parse, without_credentials
from migrate.batch.forge import Forge, ForgeProblem, compare, place

from .campaigns import LEGACY, SETTLED, Repository, campaign
from .conftest import Make

Remote = Callable[[Repository], Path]
COMMIT = ("--branch=efs", "--commit")
PUSH = ("--branch=efs", "--push")


@pytest.mark.parametrize("content", [LEGACY, LEGACY.replace("\n", "\r\n"), "\ufeff" + LEGACY, LEGACY.rstrip()])
def test_git_am_takes_the_patch(content: str, make: Make, tmp_path: Path) -> None:
    one = make("one", {"infra/td ü.json": content})
    out = tmp_path / "out"
    campaign("one", "--output-dir", out)
    campaign("one", *COMMIT)
    one.git("am", "--quiet", str(out / "one.patch"))
    assert one.git("rev-parse", "HEAD^{tree}") == one.git("rev-parse", "efs^{tree}")
    assert one.git("log", "-1", "--format=%an %s") == "Ann Mount EFS with transit encryption and IAM authorization"


def test_a_patch_needs_no_author_and_a_branch_does(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = make("one")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    assert campaign("one", "--output-dir", tmp_path / "out").states == {"one": "migrated"}
    assert b"From: efs-migrate <efs-migrate@localhost>" in (tmp_path / "out" / "one.patch").read_bytes()
    row = campaign("one", *COMMIT).rows["one"]
    assert (row["status"], row["reason"]) == ("failed", "git does not know who commits: set user.name and user.email")
    one.git("config", "user.name", "Local")
    one.git("config", "user.email", "local@example.com")
    assert campaign("one", *COMMIT).states == {"one": "migrated"}
    assert one.git("log", "-1", "--format=%an", "efs") == "Local"


def test_a_second_run_makes_no_second_commit(make: Make, remote: Remote) -> None:
    one = make("one")
    bare = Repository(remote(one))
    first = campaign("one", *PUSH).rows["one"]["commit"]
    time.sleep(1.1)  # a commit of another second would have another name
    assert campaign("one", *PUSH).rows["one"]["commit"] == first
    assert bare.git("rev-parse", "efs") == one.git("rev-parse", "efs") == first


def test_a_branch_follows_when_the_result_differs(make: Make) -> None:
    one = make("one")
    first = campaign("one", *COMMIT).rows["one"]["commit"]
    other = one.commit({"readme.txt": "x"}, "Elsewhere")
    assert campaign("one", *COMMIT).rows["one"]["commit"] == first, "the same change on another commit"
    base = one.commit({"td.json": LEGACY.replace("nginx", "caddy")}, "Another image")
    second = campaign("one", *COMMIT).rows["one"]["commit"]
    assert second != first
    assert one.git("rev-parse", "efs^") == base != other
    assert one.git("rev-list", "--count", "main..efs") == "1"


@pytest.mark.parametrize("how", ["on top", "amended", "below", "instead"])
def test_commits_of_others_are_never_overwritten(how: str, make: Make, remote: Remote) -> None:
    one = make("one")
    bare = Repository(remote(one))
    campaign("one", *PUSH)
    one.git("switch", "--quiet", "efs")
    if how == "on top":
        one.commit({"mine.txt": "x"}, "Mine")
    elif how == "amended":
        (one.folder / "td.json").write_text(LEGACY.replace("64", "65"))
        one.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    elif how == "below":
        one.git("reset", "--quiet", "--hard", "main")
        one.commit({"mine.txt": "x"}, "Mine")
        one.git(
            "cherry-pick", "origin/efs" if "origin/efs" in one.git("branch", "-a") else bare.git("rev-parse", "efs")
        )
    else:
        one.git("reset", "--quiet", "--hard", "main")
        one.commit({"mine.txt": "x"}, "Mine")
    theirs = one.git("rev-parse", "efs")
    one.git("switch", "--quiet", "main")
    one.commit({"td.json": LEGACY.replace("nginx", "caddy")}, "Another image")
    row = campaign("one", *COMMIT).rows["one"]
    assert (row["status"], row["reason"]) == ("skipped", "branch efs has commits that are not of this tool")
    assert one.git("rev-parse", "efs") == theirs
    one.git("push", "--quiet", "--force", "origin", "efs")
    row = campaign(f"file://{bare.folder}", *PUSH).rows[f"file://{bare.folder}"]
    assert (row["status"], row["reason"]) == ("skipped", "branch efs has commits that are not of this tool")
    assert bare.git("rev-parse", "efs") == theirs


def test_a_branch_that_is_checked_out_is_left_alone(make: Make) -> None:
    one = make("one")
    one.git("switch", "--quiet", "--create", "efs")
    row = campaign("one", *COMMIT).rows["one"]
    assert (row["status"], row["reason"]) == ("skipped", "efs is checked out")


@pytest.mark.parametrize("name", ["-x", "a..b", "a b", "x.lock", ""])
def test_names_that_no_branch_can_have(name: str, make: Make) -> None:
    make("one")
    assert campaign("one", f"--branch={name}", "--commit").status == 2


def test_a_message_of_ones_own(make: Make, tmp_path: Path) -> None:
    one = make("one", {"td.json": LEGACY, ".efs-migrate.yaml": SETTLED})
    template = tmp_path / "message"
    template.write_text("infra: {target} {unknown} {0}\n\n{files}\n{volumes}\n")
    campaign("one", *COMMIT, "--message", template)
    assert one.git("log", "-1", "--format=%B", "efs").splitlines()[:4] == [
        "infra: transit encryption and IAM authorization {unknown} {0}",
        "",
        "- td.json",
        "- td.json: web/data: efs -> iam",
    ]


# -- remotes ----------------------------------------------------------------------------------------------------------


def test_a_clone_is_shallow_blobless_and_used_again(make: Make, remote: Remote, tmp_path: Path) -> None:
    one = make("one", {"td.json": LEGACY, "big.bin": b"\0" * 100_000})
    one.commit({"readme.md": "x"}, "Second")
    url = f"file://{remote(one)}"
    assert campaign(url).states == {url: "migrated"}
    (store,) = (tmp_path / "cache" / "efs-migrate").glob("*.git")
    cloned = Repository(store)
    assert cloned.git("rev-list", "--count", "--all") == "1"
    there = cloned.git("cat-file", "--batch-all-objects", "--batch-check", "--unordered")
    assert "blob 100000" not in there
    inode = store.stat().st_ino
    one.commit({"td.json": LEGACY.replace("data", "files")}, "Third")
    one.git("push", "--quiet", "origin", "main")
    assert campaign(url).rows[url]["volumes"][0]["name"] == "files"
    assert store.stat().st_ino == inode
    assert list((tmp_path / "cache" / "efs-migrate" / "work").iterdir()) == []


@contextmanager
def daemon(folder: Path) -> Iterator[str]:
    """A git daemon that takes pushes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            "git",
            "daemon",
            f"--base-path={folder}",
            "--export-all",
            "--enable=receive-pack",
            "--reuseaddr",
            "--listen=127.0.0.1",
            f"--port={port}",
            str(folder),
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"git://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def test_over_a_git_daemon(make: Make, remote: Remote) -> None:
    if subprocess.run(["git", "daemon", "--help"], capture_output=True, check=False).returncode == 1:
        pytest.skip("git daemon is not installed")
    bare = Repository(remote(make("one")))
    with daemon(bare.folder.parent) as url:
        ran = campaign(f"{url}/one.git", *PUSH)
        assert ran.states == {f"{url}/one.git": "migrated"}
        assert bare.git("rev-parse", "efs") == ran.rows[f"{url}/one.git"]["commit"]
        assert campaign(f"{url}/none.git").states == {f"{url}/none.git": "failed"}


class _Private(http.server.SimpleHTTPRequestHandler):
    """A plain web server with a password."""

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != "Basic dXNlcjpzM2NyM3Q=":  # user:s3cr3t
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


def test_credentials_reach_the_server_and_nothing_else(make: Make, remote: Remote, tmp_path: Path) -> None:
    bare = Repository(remote(make("one")))
    bare.git("update-server-info")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Private, directory=str(bare.folder.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    out = tmp_path / "out"
    try:
        host = f"127.0.0.1:{server.server_port}"
        ran = campaign(f"http://user:s3cr3t@{host}/one.git", f"http://user:wr0ng@{host}/one.git?x", "--output-dir", out)
    finally:
        server.shutdown()
    assert ran.states[f"http://{host}/one.git"] == "migrated"
    assert ran.states[f"http://{host}/one.git?x"] == "failed"
    kept = [path for folder in (out, tmp_path / "cache") for path in folder.rglob("*") if path.is_file()]
    said = ran.stderr.encode() + json.dumps(ran.summary).encode() + b"".join(path.read_bytes() for path in kept)
    for secret in (b"s3cr3t", b"wr0ng", b"dXNlcjpzM2NyM3Q"):
        assert secret not in said


@pytest.mark.parametrize(
    ("word", "location"),
    [
        ("https://me:token@example.com/team/a.git", "https://example.com/team/a.git"),
        ("ssh://git@example.com:2222/a", "ssh://git@example.com:2222/a"),
        ("git@example.com:team/a.git", "git@example.com:team/a.git"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a"),
    ],
)
def test_addresses(word: str, location: str) -> None:
    assert parse(word).location == location


@pytest.mark.parametrize(
    "word", ["-u", "ext::sh", "https://-oProxyCommand=x/a", "fd::17", "https:///a", "http://[::1", "x\n"]
)
def test_what_is_no_address(word: str) -> None:
    with pytest.raises(AddressProblem):
        parse(word)


def test_texts_without_credentials() -> None:
    assert without_credentials("fatal: https://a:b@c/d and ssh://x@y/z") == "fatal: https://c/d and ssh://y/z"


# -- forges -----------------------------------------------------------------------------------------------------------

GH = """\
#!/bin/sh
echo "$@" >> "$LOG"
case "$2" in
  list) cat "$KNOWN" ;;
  create) cat > "$BODY"; echo "Creating pull request"; echo https://github.com/team/one/pull/7 ;;
  edit) cat > "$BODY" ;;
esac
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that is all of the PATH but for git and the shell's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("git", "sh", "cat", "true", "ssh"):
        if found := shutil.which(program):
            (folder / program).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    for name in ("LOG", "BODY", "KNOWN"):
        monkeypatch.setenv(name, str(tmp_path / name))
    (tmp_path / "KNOWN").write_text("[]")
    return folder


def on_github(bare: Path) -> None:
    """Have git find a bare repository where GitHub is asked for."""
    config = Path(os.environ["GIT_CONFIG_GLOBAL"])
    config.write_text(config.read_text() + f'[url "{bare}"]\n\tinsteadOf = https://github.com/team/one.git\n')


def test_a_pull_request(make: Make, remote: Remote, tools: Path, tmp_path: Path) -> None:
    one = make("one")
    on_github(remote(one))
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    url = "https://github.com/team/one.git"
    row = campaign(url, "--branch=efs", "--pr", "--pr-interval=0").rows[url]
    assert (row["status"], row["pull_request"]) == ("migrated", "https://github.com/team/one/pull/7")
    listed, created = (tmp_path / "LOG").read_text().splitlines()
    assert listed == "pr list --repo=github.com/team/one --head=efs --state=open --json=url"
    assert created.startswith("pr create --repo=github.com/team/one --base=main --head=efs --title=Mount EFS")
    assert "fs-0123456789abcdef0" in (tmp_path / "BODY").read_text()
    (tmp_path / "KNOWN").write_text('[{"url": "https://github.com/team/one/pull/7"}]')
    campaign(url, "--branch=efs", "--pr", "--pr-interval=0")
    assert (tmp_path / "LOG").read_text().splitlines()[-1] == "pr edit https://github.com/team/one/pull/7 --body-file=-"


def test_without_the_forges_tool_there_is_the_page_that_opens_a_pull_request(
    make: Make, remote: Remote, tools: Path
) -> None:
    one = make("one")
    on_github(remote(one))
    assert not (tools / "gh").exists()
    url = "https://github.com/team/one.git"
    row = campaign(url, "--branch=efs", "--pr").rows[url]
    assert row["pull_request"] == "https://github.com/team/one/compare/main...efs?expand=1"


GLAB = """\
#!/bin/sh
echo "$@" >> "$LOG"
case "$2" in
  list) cat "$KNOWN" ;;
  create) echo https://gitlab.example.com/team/one/-/merge_requests/3 ;;
esac
"""


def test_a_merge_request(make: Make, remote: Remote, tools: Path, tmp_path: Path) -> None:
    url = "https://gitlab.example.com/team/one.git"
    config = Path(os.environ["GIT_CONFIG_GLOBAL"])
    config.write_text(config.read_text() + f'[url "{remote(make("one"))}"]\n\tinsteadOf = {url}\n')
    (tools / "glab").write_text(GLAB)
    (tools / "glab").chmod(0o755)
    row = campaign(url, "--branch=efs", "--pr", "--pr-interval=0").rows[url]
    assert row["pull_request"] == "https://gitlab.example.com/team/one/-/merge_requests/3"
    said = (tmp_path / "LOG").read_text()
    where = "--repo=https://gitlab.example.com/team/one"
    assert said.startswith(f"mr list {where} --source-branch=efs --output=json\nmr create {where} --source-branch=efs ")
    (tmp_path / "KNOWN").write_text(f'[{{"web_url": "{row["pull_request"]}"}}]')
    assert campaign(url, "--branch=efs", "--pr", "--pr-interval=0").rows[url]["pull_request"] == row["pull_request"]
    assert f"mr update 3 {where} --description=" in (tmp_path / "LOG").read_text()


def test_places() -> None:
    where = place("git@gitlab.example.com:group/sub/app.git")
    assert where is not None
    assert (where.kind, where.host, where.slug) == ("gitlab", "gitlab.example.com", "group/sub/app")
    assert compare(where, "main", "efs/iam").startswith(
        "https://gitlab.example.com/group/sub/app/-/merge_requests/new?"
    )
    assert place("/srv/git/app.git") is None
    assert place("https://example.com/team/app") is None


def test_a_forge_is_not_hurried(tools: Path, tmp_path: Path) -> None:
    (tools / "gh").write_text(
        '#!/bin/sh\necho x >> "$LOG"\necho "HTTP 403: You have exceeded a secondary rate limit" >&2\nexit 1\n'
    )
    (tools / "gh").chmod(0o755)
    slept: list[float] = []
    forge = Forge(3.0, sleep=slept.append, clock=lambda: 0.0)
    with pytest.raises(ForgeProblem, match="secondary rate limit"):
        forge.open("https://github.com/a/b", "main", "efs", "t", "b")
    assert (tmp_path / "LOG").read_text().count("x") == 5
    assert [pause for pause in slept if pause > 3.0] == [6.0, 12.0, 24.0, 48.0]
    assert slept.count(3.0) == 4
