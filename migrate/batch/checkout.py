"""Makes a clean worktree of a repository's default branch, without touching a user's folder or using its configuration.

The objects of a folder are read through `objects/info/alternates`. A URL is fetched into a store that the next run
reuses, as a shallow clone without the blobs that are not needed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from migrate.batch.address import Address
from migrate.batch.git import Git, GitProblem, TooSlow, serving
from migrate.config.config import NAME
from migrate.files.language import suffixes

FETCH = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules")
BASE = "refs/efs-migrate/base"
_ATTRIBUTES = "* -text !eol -ident -filter -working-tree-encoding -export-subst\n"
"""The attributes with which files are checked out byte for byte as committed. Source: gitattributes, "Checking-out and
checking-in"."""
_BUSY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge", "rebase-apply")
_USUAL = ("main", "master")
_LOCK = ".lock"
_POLL = 0.2  # seconds


class Skipped(Exception):
    """Raised if a repository is not worked on; the message is the end of a sentence."""


@dataclass(frozen=True)
class Checkout:
    """A worktree of a default branch. `tree` is its folder, `store` the tool's own repository that it belongs to,
    `branch` the default branch, and `base` the commit of it that is checked out."""

    tree: Path
    store: Path
    base: str
    branch: str
    address: Address


@contextmanager
def checkout(address: Address, cache: Path, git: Git) -> Iterator[Checkout]:
    """Makes a worktree, which is removed when the context ends. Raises Skipped and GitProblem."""
    work = cache / "work"
    work.mkdir(parents=True, exist_ok=True)
    with _work_folder(work) as folder:
        if address.is_local:
            store = folder / "store.git"
            branch, base = _of_folder(address.location, store, git)
            yield _tree(address, store, branch, base=base, tree=folder / "tree", git=git)
        else:
            store = cache / f"{address.stem}-{address.identity}.git"
            with _locked(store.with_suffix(".lock"), git):
                branch, base = _of_url(address.location, store, git)
                yield _tree(address, store, branch, base=base, tree=folder / "tree", git=git)


@contextmanager
def _work_folder(work: Path) -> Iterator[Path]:
    """Makes a folder, which is removed when the context ends. A lock file beside it shows that its process is alive."""
    handle, name = tempfile.mkstemp(suffix=_LOCK, dir=work)
    lock = Path(name)
    folder = lock.with_suffix("")
    with os.fdopen(handle, "wb"):
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            folder.mkdir()
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def clear(cache: Path) -> None:
    """Removes the folders of runs that were killed."""
    for lock in (cache / "work").glob(f"*{_LOCK}"):
        with suppress(OSError), lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path, git: Git) -> Iterator[None]:
    """Locks a store, after waiting until no other run uses it."""
    with path.open("ab") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if git.deadline is not None and time.monotonic() > git.deadline:
                    raise TooSlow("another run is at work on it") from None
                time.sleep(_POLL)
        yield


def _tree(address: Address, store: Path, branch: str, base: str, tree: Path, git: Git) -> Checkout:
    """Makes the worktree, with only the files that may have something to process."""
    git.run("worktree", "prune", folder=store)
    git.run("worktree", "add", "--quiet", "--no-checkout", "--detach", "--", str(tree), base, folder=store)
    patterns = Path(git.text("rev-parse", "--git-path", "info/sparse-checkout", folder=tree))
    patterns = tree / patterns
    patterns.parent.mkdir(parents=True, exist_ok=True)
    wanted = ["*" + "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in suffix) for suffix in suffixes()]
    patterns.write_text("".join(f"{pattern}\n" for pattern in (*wanted, NAME)))
    sparse = {"core.sparseCheckout": "true", "core.sparseCheckoutCone": "false"}
    git.run("read-tree", "-m", "-u", "HEAD", folder=tree, settings=sparse)
    return Checkout(tree, store, base, branch=branch, address=address)


def _prepare(store: Path, git: Git) -> None:
    git.run("init", "--quiet", "--bare", "--template=", "--", str(store))
    (store / "info").mkdir(exist_ok=True)
    (store / "info" / "attributes").write_text(_ATTRIBUTES)


# -- a folder ---------------------------------------------------------------------------------------------------------


_OF_FILES = (
    "core.checkStat",
    "core.eol",
    "core.fileMode",
    "core.ignoreCase",
    "core.precomposeUnicode",
    "core.sparseCheckout",
    "core.trustCtime",
)
"""Settings of a repository that decide how its files are compared. None of them names a command."""


def _of_folder(folder: str, store: Path, git: Git) -> tuple[str, str]:
    """The default branch of a folder's repository and the commit to start from, in a store of ours that borrows its objects."""
    inside = git.inside(folder)
    try:
        bare = inside.text("rev-parse", "--is-bare-repository") == "true"
    except GitProblem as problem:
        raise GitProblem("is no git repository" if "not a git repository" in str(problem) else str(problem)) from None
    if not bare:
        top = os.path.realpath(inside.text("rev-parse", "--show-toplevel"))
        if top != folder:
            raise GitProblem(f"is a folder inside the repository {top}")
    common = Path(folder, inside.text("rev-parse", "--git-common-dir"))
    if not bare:
        _check_clean(folder, common, store.with_name("status.git"), git=git)
    branch, base = _default(inside)
    _prepare(store, git)
    _borrow(common, store)
    with suppress(FileNotFoundError):
        shutil.copyfile(common / "shallow", store / "shallow")
    git.run("update-ref", BASE, base, folder=store)
    return branch, base


def _borrow(common: Path, store: Path) -> None:
    """Have a store of ours find the objects of a folder's repository."""
    objects = (common / "objects").resolve()
    (store / "objects" / "info").mkdir(parents=True, exist_ok=True)
    (store / "objects" / "info" / "alternates").write_bytes(os.fsencode(objects) + b"\n")


def _check_clean(folder: str, common: Path, store: Path, git: Git) -> None:
    """Raise Skipped if a folder has changes that are not committed.

    Its files are compared from a store of ours, by a copy of its index: nobody has looked at the folder's configuration,
    which may name filters in files of several kinds.
    """
    inside = git.inside(folder)
    own = Path(folder, inside.text("rev-parse", "--git-dir"))
    if busy := next((name for name in _BUSY if (own / name).exists()), None):
        raise Skipped(f"something is under way in it ({busy})")
    options = ("--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames")
    _prepare(store, git)
    _borrow(common, store)
    (store / "info" / "attributes").unlink()
    for source in (own / "index", *own.glob("sharedindex.*"), common / "info" / "attributes"):
        if source.is_file():
            # With its time, by which git tells files that were changed just after the index was written.
            shutil.copy2(source, store / source.relative_to(common if source.parent.name == "info" else own))
    if (head := _commit("HEAD", inside)) is not None:
        git.run("update-ref", "--no-deref", "HEAD", head, folder=store)
    elif named := inside.text("rev-parse", "--verify", "--quiet", "HEAD", fails=[1]):
        raise GitProblem(f"lacks the commit {named}")
    settings = {name: value for name in _OF_FILES if (value := inside.text("config", name, fails=[1]))}
    place = {"GIT_DIR": str(store), "GIT_WORK_TREE": folder}
    own_git = Git(git.deadline)
    changed = own_git.run("status", *options, settings=settings, environment=place | {"GIT_NO_LAZY_FETCH": "1"}).split(
        b"\0"
    )
    files = [os.fsdecode(line[3:]) for line in changed if line]
    if files:
        more = f" (and {len(files) - 1} more)" if len(files) > 1 else ""
        raise Skipped(f"has changes that are not committed: {files[0]}{more}")


def _default(inside: Git) -> tuple[str, str]:
    """The default branch of a repository, and its commit: the local one, or that of the remote if the local one is behind."""
    heads = inside.text("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").splitlines()
    remote = inside.text("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", fails=[1])
    remote_name = remote.removeprefix("refs/remotes/origin/")
    current = inside.text("symbolic-ref", "--quiet", "HEAD", fails=[1]).removeprefix("refs/heads/")
    if remote and _commit(remote, inside) is not None:
        name = remote_name
    elif not heads:
        raise Skipped("has no commits")
    elif len(heads) == 1:
        name = heads[0]
    else:
        usual = [*(word for word in _USUAL if word in heads), *([current] if current in heads else [])]
        if not usual:
            raise Skipped("has no default branch")
        name = usual[0]
    ours = _commit(f"refs/heads/{name}", inside)
    theirs = _commit(f"refs/remotes/origin/{name}", inside)
    if ours is None or theirs is None or ours == theirs:
        found = ours or theirs
        assert found is not None
        return name, found
    counted = inside.text("rev-list", "--left-right", "--count", f"{ours}...{theirs}")
    ahead, behind = map(int, counted.split())
    if ahead and behind:
        raise Skipped(f"{name} has diverged from origin/{name}: {ahead} commits ahead, {behind} behind")
    return name, theirs if behind else ours


def _commit(name: str, inside: Git) -> str | None:
    found = inside.text("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", fails=[1])
    return found or None


# -- a URL ------------------------------------------------------------------------------------------------------------


def _of_url(url: str, store: Path, git: Git) -> tuple[str, str]:
    branch = _remote_default(url, git)
    wanted = f"+refs/heads/{branch}:{BASE}"
    if not (store / "HEAD").exists():
        _new_store(store, url, git, partial=True)
    if git.text("config", "extensions.partialClone", folder=store, fails=[1]):
        try:
            git.run("fetch", *FETCH, "--depth=1", "--filter=blob:none", "origin", wanted, folder=store)
        except TooSlow:
            raise
        except GitProblem as problem:
            if "dumb http" not in str(problem):
                raise
            # A plain web server can neither filter blobs nor send a missing one later: clone everything.
            _new_store(store, url, git, partial=False)
    if not git.text("config", "extensions.partialClone", folder=store, fails=[1]):
        git.run("fetch", *FETCH, "origin", wanted, folder=store)
    return branch, git.text("rev-parse", f"{BASE}^{{commit}}", folder=store)


def _new_store(store: Path, url: str, git: Git, *, partial: bool) -> None:
    fresh = store.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    _prepare(fresh, git)
    settings = {"remote.origin.url": url}
    if partial:
        settings |= {
            "core.repositoryFormatVersion": "1",
            "extensions.partialClone": "origin",
            "remote.origin.promisor": "true",
            "remote.origin.partialCloneFilter": "blob:none",
        }
    for key, value in settings.items():
        git.run("config", key, value, folder=fresh)
    shutil.rmtree(store, ignore_errors=True)
    fresh.rename(store)


def _remote_default(url: str, git: Git) -> str:
    other = serving(url, "upload-pack")
    lines = git.text("ls-remote", "--symref", *other, "--", url, "HEAD").splitlines()
    for line in lines:
        if line.startswith("ref: refs/heads/"):
            return line.removeprefix("ref: refs/heads/").partition("\t")[0]
    heads: dict[str, str] = {}
    for line in git.text("ls-remote", "--heads", *other, "--", url).splitlines():
        commit, _, name = line.partition("\t")
        heads[name.removeprefix("refs/heads/")] = commit
    if not heads:
        raise Skipped("has no commits")
    at_head = {line.partition("\t")[0] for line in lines}
    names = [name for name, commit in heads.items() if commit in at_head]
    found = next((name for name in _USUAL if name in names), names[0] if len(names) == 1 else None)
    if found is None:
        raise Skipped("has no default branch")
    return found
