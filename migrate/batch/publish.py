"""Publishes the new texts: as a commit, a patch for `git am`, and a branch that never replaces commits of others."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrate.batch.checkout import FETCH, Checkout, Skipped
from migrate.batch.git import Git, GitProblem, serving

_TRAILERS = "Efs-Migrate-Base: {}\nEfs-Migrate-Tree: {}\n"
"""The trailers with the parent and tree of a commit of this tool. If either differs, it was changed."""
_TRAILER = re.compile(r"^Efs-Migrate-(Base|Tree): ([0-9a-f]{40,64})$", re.MULTILINE)
_NOBODY = {
    "GIT_AUTHOR_NAME": "efs-migrate",
    "GIT_AUTHOR_EMAIL": "efs-migrate@localhost",
    "GIT_COMMITTER_NAME": "efs-migrate",
    "GIT_COMMITTER_EMAIL": "efs-migrate@localhost",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One commit on top of the default branch. `blobs` has the new content of its files by path."""

    commit: str
    blobs: Mapping[str, str]


def commit(checkout: Checkout, paths: list[str], message: str, git: Git, *, needs_author: bool) -> Change:
    """Commits the files of a worktree as they are. If git has no author configured, the author is the tool, unless the
    commit goes to a branch (`needs_author`). Raises GitProblem."""
    tree = checkout.tree
    index = git.run("ls-files", "-s", "-z", "--", *(f":(literal){path}" for path in paths), folder=tree)
    modes = {os.fsdecode(row.partition(b"\t")[2]): row[:6].decode() for row in index.split(b"\0") if row}
    blobs: dict[str, str] = {}
    for path in paths:
        raw = (tree / path).read_bytes()
        blobs[path] = git.run("hash-object", "-w", "--no-filters", "--stdin", folder=tree, stdin=raw).decode().strip()
    lines = "".join(f"{modes[path]} {blob}\t{path}\0" for path, blob in blobs.items())
    git.run("update-index", "-z", "--index-info", folder=tree, stdin=os.fsencode(lines))
    made = git.text("write-tree", folder=tree)
    body = f"{message.rstrip()}\n\n{_TRAILERS.format(checkout.base, made)}"
    author = _author(checkout, git)
    if not author and needs_author:
        raise GitProblem("git does not know who commits: set user.name and user.email")
    found = git.run(
        "commit-tree", made, "-p", checkout.base, folder=tree, stdin=body.encode(), environment=author or _NOBODY
    )
    return Change(found.decode().strip(), blobs)


def _author(checkout: Checkout, git: Git) -> dict[str, str]:
    """The name of the committer, from the environment, the repository's configuration or the user's; empty if nobody says so."""
    place = git.inside(checkout.address.location if checkout.address.is_local else str(checkout.store))
    name = os.environ.get("GIT_AUTHOR_NAME") or place.text("config", "user.name", fails=[1])
    mail = os.environ.get("GIT_AUTHOR_EMAIL") or place.text("config", "user.email", fails=[1])
    if not name or not mail:
        return {}
    return {
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": os.environ.get("GIT_COMMITTER_NAME") or name,
        "GIT_COMMITTER_EMAIL": os.environ.get("GIT_COMMITTER_EMAIL") or mail,
    }


def patch(checkout: Checkout, change: Change, git: Git) -> bytes:
    """The commit as a mail that `git am` takes. Raises GitProblem."""
    # Mail changes line endings, so files with carriage returns are sent as binary.
    odd = [path for path in change.blobs if b"\r" in (checkout.tree / path).read_bytes()]
    attributes = checkout.store / "info" / "attributes"
    before = attributes.read_text()
    try:
        with attributes.open("a") as file:
            file.writelines(f"{_quoted(path)} -diff\n" for path in odd)
        options = ("-1", "--stdout", "--binary", "--full-index", "--no-signature", "--no-renames", "--no-attach")
        return git.run("format-patch", *options, change.commit, folder=checkout.tree)
    finally:
        attributes.write_text(before)


def _quoted(path: str) -> str:
    """A path as a pattern of gitattributes that matches only this path."""
    escaped = re.sub(r"([\\*?\[\]!#])", r"\\\1", "/" + path)
    return '"' + escaped.replace("\\", "\\\\").replace('"', '\\"') + '"'


# -- branches ---------------------------------------------------------------------------------------------------------


def branch(checkout: Checkout, change: Change, name: str, git: Git) -> str:
    """Have a branch in the folder point to a change; returns the commit that it points to, which is the one that is there if
    it changes the same files in the same way. Raises Skipped where the branch has commits of others, and GitProblem."""
    inside = git.inside(checkout.address.location)
    ref = f"refs/heads/{name}"
    tip = inside.text("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", fails=[1])
    if tip:
        _check_ours(checkout.tree, tip, name, base=checkout.base, git=git)
        if _is_same(checkout.tree, change, tip, git=git):
            return tip
    # Not by a fetch, which would go by the folder's configuration: that may send it elsewhere, through a command.
    between = f"{change.commit}\n^{checkout.base}\n".encode()
    pack = git.run("pack-objects", "--revs", "--stdout", "--quiet", folder=checkout.store, stdin=between)
    inside.run("unpack-objects", "-q", stdin=pack)
    _check_not_checked_out(inside, ref)
    # Only if it still is what we looked at.
    inside.run("update-ref", "-m", "efs-migrate", ref, change.commit, tip or "0" * len(change.commit))
    return change.commit


def _check_not_checked_out(inside: Git, ref: str) -> None:
    rows = inside.text("worktree", "list", "--porcelain").splitlines()
    if f"branch {ref}" in rows:
        raise Skipped(f"{ref.removeprefix('refs/heads/')} is checked out")


def push(checkout: Checkout, change: Change, name: str, url: str, git: Git) -> str:
    """Pushes a change to a branch of a remote and returns the commit that is there afterwards. Raises Skipped and
    GitProblem."""
    ref = f"refs/heads/{name}"
    other = serving(url, "upload-pack")
    found = git.text("ls-remote", *other, "--", url, ref).partition("\t")[0]
    if found:
        depth = [] if checkout.address.is_local else ["--depth=2"]
        git.run("fetch", *FETCH, *depth, *other, "--", url, f"+{ref}:refs/efs-migrate/theirs", folder=checkout.store)
        _check_ours(checkout.tree, found, name, base=checkout.base, git=git)
        if _is_same(checkout.tree, change, found, git=git):
            return found
    lease = f"--force-with-lease={ref}:{found}"
    options = ["--quiet", "--no-verify", lease, *serving(url, "receive-pack")]
    git.run("push", *options, "--", url, f"{change.commit}:{ref}", folder=checkout.store)
    return change.commit


def _check_ours(folder: Path, tip: str, name: str, base: str, git: Git) -> None:
    """Raises Skipped unless a branch has just one commit of this tool, unchanged, or none beyond the default branch."""
    if git.succeeds("merge-base", "--is-ancestor", tip, base, folder=folder):
        return
    claimed = dict(_TRAILER.findall(git.text("log", "-1", "--format=%B", tip, folder=folder)))
    tree, parents = git.text("log", "-1", "--format=%T %P", tip, folder=folder).split(" ", 1)
    if claimed != {"Tree": tree, "Base": parents}:
        raise Skipped(f"branch {name} has commits that are not of this tool")


def _is_same(folder: Path, change: Change, tip: str, git: Git) -> bool:
    """Whether a commit changes the same files to the same content as a change does."""
    rows = git.run("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", tip, folder=folder).split(b"\0")
    there = {os.fsdecode(path): row.split()[3].decode() for row, path in zip(rows[::2], rows[1::2], strict=False)}
    return there == dict(change.blobs)
