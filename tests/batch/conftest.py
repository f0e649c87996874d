"""Real git repositories, with real remotes, for campaigns."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .campaigns import LEGACY, Repository

Make = Callable[..., Repository]


@pytest.fixture(autouse=True)
def own_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration but this; no name in the environment."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Ann\n\temail = ann@example.com\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a repository with one commit of some files, in the current directory (or another one)."""

    def made(name: str, files: dict[str, str | bytes] | None = None, *, at: Path | None = None) -> Repository:
        repository = Repository((at or tmp_path / "work") / name)
        repository.folder.mkdir(parents=True)
        repository.git("init", "--quiet")
        repository.commit(files if files is not None else {"td.json": LEGACY}, "First")
        return repository

    return made


@pytest.fixture
def remote(tmp_path: Path) -> Callable[[Repository], Path]:
    """A bare copy of a repository, which becomes its `origin`."""

    def made(repository: Repository) -> Path:
        bare = tmp_path / "remotes" / f"{repository.folder.name}.git"
        bare.parent.mkdir(exist_ok=True)
        subprocess.run(["git", "clone", "--quiet", "--bare", str(repository.folder), str(bare)], check=True)
        subprocess.run(["git", "-C", str(bare), "config", "uploadpack.allowFilter", "true"], check=True)
        repository.git("remote", "add", "origin", str(bare))
        repository.git("fetch", "--quiet", "origin")
        repository.git("remote", "set-head", "origin", "--auto")
        return bare

    return made


@pytest.fixture(scope="session", autouse=True)
def needs_git() -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
