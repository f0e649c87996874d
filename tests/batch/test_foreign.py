"""Folders whose git configuration somebody else wrote: whatever file of it names a command, the command is not run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .campaigns import LEGACY, Repository, campaign
from .conftest import Make

Remote = Callable[[Repository], Path]
Plant = Callable[[Repository, str, Path], None]
"""Has a repository's configuration name a command; the folder is for what it needs beside itself."""


def stale(one: Repository) -> None:
    """Have git compare the content of files, for which filters are run."""
    os.utime(one.folder / "td.json", (1, 1))


def filtered(one: Repository) -> None:
    one.commit({".gitattributes": "*.json filter=evil diff=evil\n"}, "Attributes")
    stale(one)


def worktree_filter(one: Repository, command: str, _beside: Path) -> None:
    filtered(one)
    one.git("config", "core.repositoryFormatVersion", "1")
    one.git("config", "extensions.worktreeConfig", "true")
    (one.folder / ".git" / "config.worktree").write_text(f'[filter "evil"]\n\tclean = "{command}; cat"\n')


def worktree_process(one: Repository, command: str, _beside: Path) -> None:
    filtered(one)
    one.git("config", "core.repositoryFormatVersion", "1")
    one.git("config", "extensions.worktreeConfig", "true")
    (one.folder / ".git" / "config.worktree").write_text(f'[filter "evil"]\n\tprocess = "{command}"\n')


def include(one: Repository, command: str, beside: Path) -> None:
    filtered(one)
    (beside / "more").write_text(f'[filter "evil"]\n\tclean = "{command}; cat"\n')
    one.git("config", "include.path", str(beside / "more"))


def include_if(one: Repository, command: str, beside: Path) -> None:
    filtered(one)
    (beside / "more").write_text(f'[filter "evil"]\n\tclean = "{command}; cat"\n[core]\n\tfsmonitor = "{command}"\n')
    one.git("config", f"includeIf.gitdir:{one.folder}/.path", str(beside / "more"))


def filter_named_by_info_attributes(one: Repository, command: str, _beside: Path) -> None:
    (one.folder / ".git" / "info").mkdir(exist_ok=True)
    (one.folder / ".git" / "info" / "attributes").write_text("* filter=evil\n")
    one.git("config", "core.repositoryFormatVersion", "1")
    one.git("config", "extensions.worktreeConfig", "true")
    (one.folder / ".git" / "config.worktree").write_text(f'[filter "evil"]\n\tclean = "{command}; cat"\n')
    stale(one)


def partial_clone(one: Repository, command: str, beside: Path) -> None:
    one.git("init", "--quiet", "--bare", str(beside / "source"))
    one.git("push", "--quiet", str(beside / "source"), "HEAD:main")
    one.git("config", "core.repositoryFormatVersion", "1")
    one.git("config", "extensions.partialClone", "far")
    one.git("config", "remote.far.url", str(beside / "source"))
    one.git("config", "remote.far.promisor", "true")
    one.git("config", "remote.far.uploadpack", f"{command}; git-upload-pack")
    head = one.git("rev-parse", "HEAD")
    (one.folder / ".git" / "objects" / head[:2] / head[2:]).unlink()


def git_proxy(one: Repository, command: str, beside: Path) -> None:
    """A fetch from a store of ours would be one from a server, through a command."""
    (beside / "proxy").write_text(f"#!/bin/sh\n{command}\n")
    (beside / "proxy").chmod(0o755)
    one.git("config", "core.gitProxy", str(beside / "proxy"))
    one.git("config", "url.git://localhost/.insteadOf", "/")


def helper_by_rewriting(one: Repository, command: str, _beside: Path) -> None:
    one.git("config", "url.ext::sh -c '" + command + "' .insteadOf", "/")
    one.git("config", "protocol.ext.allow", "always")
    one.git("config", "core.sshCommand", command)


def commands_of_the_remote(one: Repository, command: str, _beside: Path) -> None:
    for key in ("uploadpack", "receivepack", "proxy"):
        one.git("config", f"remote.origin.{key}", f"{command}; git-upload-pack")


def aliases_and_tools(one: Repository, command: str, _beside: Path) -> None:
    for alias in ("status", "rev-parse", "update-ref", "unpack-objects", "worktree", "config"):
        one.git("config", f"alias.{alias}", f"!{command}")
        one.git("config", f"pager.{alias}", command)
    for key in ("core.editor", "core.pager", "gpg.program", "gpg.ssh.program", "core.askPass", "credential.helper"):
        one.git("config", key, command)
    one.git("config", "log.showSignature", "true")
    one.git("config", "trailer.efs.command", command)
    one.git("config", "core.alternateRefsCommand", command)


def alternates(one: Repository, command: str, beside: Path) -> None:
    """Objects are read there, and nothing of the other repository's configuration."""
    partial = beside / "other"
    one.git("clone", "--quiet", "--bare", str(one.folder), str(partial))
    one.git("-C", str(partial), "config", "core.fsmonitor", command)
    one.git("-C", str(partial), "config", "core.alternateRefsCommand", command)
    (one.folder / ".git" / "objects" / "info").mkdir(exist_ok=True)
    (one.folder / ".git" / "objects" / "info" / "alternates").write_text(f"{partial}/objects\n")
    (one.folder / ".git" / "objects" / "info" / "http-alternates").write_text("http://localhost:1/objects\n")


def hooks_of_a_remote_that_came_with_it(one: Repository, command: str, _beside: Path) -> None:
    bare = Path(one.git("remote", "get-url", "origin"))
    (bare / "hooks").mkdir(exist_ok=True)
    for name in ("pre-receive", "update", "post-receive", "post-update", "reference-transaction"):
        (bare / "hooks" / name).write_text(f"#!/bin/sh\n{command}\n")
        (bare / "hooks" / name).chmod(0o755)
    one.git("-C", str(bare), "config", "core.alternateRefsCommand", command)


def remote_with_a_work_tree(one: Repository, command: str, beside: Path) -> None:
    """A push to the branch that is checked out there would write its files, through filters."""
    live = Repository(beside / "live")
    one.git("clone", "--quiet", str(one.folder), str(live.folder))
    live.git("symbolic-ref", "HEAD", "refs/heads/other")
    live.git("rm", "--quiet", "--cached", "-r", ".")
    (live.folder / "td.json").unlink()
    (live.folder / ".git" / "info" / "attributes").write_text("* filter=evil\n")
    live.git("config", "receive.denyCurrentBranch", "updateInstead")
    live.git("config", "filter.evil.clean", f"{command}; cat")
    live.git("config", "filter.evil.smudge", f"{command}; cat")
    one.git("remote", "set-url", "origin", str(live.folder))


def remote_that_lacks_objects(one: Repository, command: str, beside: Path) -> None:
    """The other end of a fetch or push would fetch what it lacks."""
    bare = Repository(Path(one.git("remote", "get-url", "origin")))
    one.git("clone", "--quiet", "--bare", str(one.folder), str(beside / "source"))
    bare.git("config", "core.repositoryFormatVersion", "1")
    bare.git("config", "extensions.partialClone", "far")
    bare.git("config", "remote.far.url", str(beside / "source"))
    bare.git("config", "remote.far.promisor", "true")
    bare.git("config", "remote.far.uploadpack", f"{command}; git-upload-pack")
    for kind in ("objects/??/*", "objects/pack/*"):
        for path in bare.folder.glob(kind):
            path.unlink()


def index_of_a_monitor(one: Repository, command: str, _beside: Path) -> None:
    one.git("update-index", "--untracked-cache")
    one.git("config", "core.fsmonitor", f"{command}; true")
    one.git("update-index", "--fsmonitor")


def submodule(one: Repository, command: str, _beside: Path) -> None:
    one.git("clone", "--quiet", str(one.folder), str(one.folder / "sub"))
    one.git("-c", "advice.addEmbeddedRepo=false", "add", "sub")
    one.git("commit", "--quiet", "-m", "Submodule")
    one.git("config", "submodule.sub.update", f"!{command}")
    one.git("config", "submodule.recurse", "true")
    one.git("config", "diff.ignoreSubmodules", "none")
    one.git("-C", str(one.folder / "sub"), "config", "core.fsmonitor", command)
    one.git("-C", str(one.folder / "sub"), "config", "filter.evil.clean", f"{command}; cat")
    (one.folder / ".git" / "modules").mkdir(exist_ok=True)
    os.utime(one.folder / "sub" / "td.json", (1, 1))


PLANTS = (
    worktree_filter,
    worktree_process,
    include,
    include_if,
    filter_named_by_info_attributes,
    partial_clone,
    git_proxy,
    helper_by_rewriting,
    commands_of_the_remote,
    aliases_and_tools,
    alternates,
    hooks_of_a_remote_that_came_with_it,
    remote_with_a_work_tree,
    remote_that_lacks_objects,
    index_of_a_monitor,
    submodule,
)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_no_command_of_a_folder_is_run(plant: Plant, make: Make, remote: Remote, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    one = make("one", {"td.json": LEGACY})
    remote(one)
    beside = tmp_path / "beside"
    beside.mkdir()
    plant(one, f"touch {marker}", beside)
    marker.unlink(missing_ok=True)  # what the planting itself set off
    ran = campaign("one", "--branch=efs", "--commit")
    assert not marker.exists(), ran.stderr
    assert ran.states == {"one": "failed" if plant is partial_clone else "migrated"}, ran.rows
    campaign("one", "--branch=other", "--push")
    assert not marker.exists()
    campaign(f"file://{one.git('config', 'remote.origin.url')}", "--branch=other", "--push")
    assert not marker.exists()


def test_changes_are_seen_as_git_sees_them(make: Make) -> None:
    """Files are compared by what the repository says of them that is no command."""
    one = make("one", {"td.json": LEGACY, "crlf.yaml": "a: 1\r\n", ".gitattributes": "*.yaml text eol=crlf\n"})
    one.git("add", "--renormalize", ".")
    one.git("commit", "--quiet", "--allow-empty", "-m", "Ends of lines")
    one.git("config", "core.fileMode", "false")
    (one.folder / "td.json").chmod(0o755)
    os.utime(one.folder / "crlf.yaml", (1, 1))
    assert one.git("status", "--porcelain") == ""
    assert campaign("one").states == {"one": "migrated"}
    one.git("config", "core.fileMode", "true")
    assert campaign("one").states == {"one": "skipped"}
    (one.folder / "td.json").chmod(0o644)
    one.git("update-index", "--split-index")
    assert campaign("one").states == {"one": "migrated"}
    (one.folder / "td.json").write_text(LEGACY.replace('"web"', '"new"', 1))
    assert campaign("one").states == {"one": "skipped"}


def test_a_linked_worktree_is_compared_by_its_own_index(make: Make) -> None:
    one = make("one", {"td.json": LEGACY})
    one.git("worktree", "add", "--quiet", "-b", "side", str(one.folder.with_name("two")))
    assert campaign("two").states == {"two": "migrated"}
    (one.folder.with_name("two") / "td.json").write_text(LEGACY + "\n")
    assert campaign("two", "one").states == {"two": "skipped", "one": "migrated"}
