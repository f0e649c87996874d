"""Runs git on untrusted repositories, without the programs that their configuration names.

No hooks, no prompts, no filters, no file-system monitor, no recursion into submodules; a deadline for everything.
A folder that somebody names (`Git.inside`) has a configuration that nobody has looked at, in more files than could be
searched for what names a command. In it git only reads and writes objects and references: there is no transport at all,
and no comparison of files, for which filters would be run. Both happen in stores of our own.
A repository on this machine that is fetched from or pushed to has such a configuration as well, and git starts its other end
under it: `other_end` says how.
Source: git's documentation of `core.hooksPath`, `core.fsmonitor`, `filter.<driver>`, `GIT_ALLOW_PROTOCOL`,
`GIT_TERMINAL_PROMPT`, and gitattributes (`$GIT_DIR/info/attributes` has the highest precedence).
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from migrate.batch.address import SCHEMES, without_credentials

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.quotePath": "false",
    "core.symlinks": "false",  # links are checked out as text, so that none leads out of the worktree
    "core.autocrlf": "false",
    "core.safecrlf": "false",
    "core.attributesFile": os.devnull,
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "push.recurseSubmodules": "no",
    "push.gpgSign": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
    "protocol.ext.allow": "never",
    "credential.interactive": "false",
    "user.useConfigOnly": "true",
    "log.showSignature": "false",
}
"""The settings that override the configuration of a repository."""
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GCM_INTERACTIVE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_ALLOW_PROTOCOL": ":".join(sorted(SCHEMES | {"ssh"})),
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}
_NO_TRANSPORT = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
"""Settings that keep git from reaching anything from a folder: a partial clone would fetch what it lacks, by the command that its
configuration names for that."""
_OTHER_END = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.alternateRefsCommand": "true",
    "receive.autogc": "false",
    "receive.denyCurrentBranch": "refuse",  # updateInstead would write files, through filters
}
"""The settings that override the configuration of a repository on this machine at the other end of a transport."""
_FOREIGN = (
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG",
)
"""The environment variables of an outer git, whose hook this process may be; they would mislead the inner one."""
_LONGEST = 300


class GitProblem(Exception):
    """Raised if git fails; the message is its own, in one line, without credentials."""


class TooSlow(GitProblem):
    """Raised if the time for a repository is over."""


@dataclass
class Git:
    """Runs git for one repository, until a deadline (seconds of `time.monotonic`; None for no limit)."""

    deadline: float | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further configuration: a URL's credentials, which are not to be seen on a command line."""
    folder: str | None = None
    """The folder of somebody else that all commands run in, without any transport; None where each names a store of ours."""

    def inside(self, folder: str) -> Git:
        """The same for commands inside a folder whose configuration is not ours."""
        return Git(self.deadline, folder=folder)

    def run(
        self,
        *arguments: str,
        folder: str | Path | None = None,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        fails: Sequence[int] = (),
    ) -> bytes:
        """Standard output of a command; of a status in `fails` it makes nothing. Raises GitProblem."""
        assert self.folder is None or folder is None
        place = folder if self.folder is None else self.folder
        command = ["git", *(["-C", os.fspath(place)] if place is not None else []), *arguments]
        left = None if self.deadline is None else self.deadline - time.monotonic()
        if left is not None and left <= 0:
            raise TooSlow("the time for it is over")
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment({**self.settings, **(settings or {})}, environment or {}),
                start_new_session=True,  # so that processes that git starts can be ended with it
            )
        except FileNotFoundError:
            raise GitProblem("git is not installed") from None
        try:
            output, said = process.communicate(stdin, timeout=left)
        except subprocess.TimeoutExpired:
            raise TooSlow(f"the time for it is over (`git {_verb(arguments)}`)") from None
        finally:
            if process.poll() is None:
                _end(process)
        if process.returncode and process.returncode not in fails:
            raise GitProblem(_said(said, process.returncode, arguments))
        return output

    def text(self, *arguments: str, folder: str | Path | None = None, fails: Sequence[int] = ()) -> str:
        """The standard output of a command as text, without the last newline. Raises GitProblem."""
        return os.fsdecode(self.run(*arguments, folder=folder, fails=fails)).rstrip("\n")

    def succeeds(self, *arguments: str, folder: str | Path | None = None) -> bool:
        """Whether a command exits with status 0; one that fails counts as no."""
        try:
            self.run(*arguments, folder=folder)
        except TooSlow:
            raise
        except GitProblem:
            return False
        return True

    def _environment(self, settings: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
        made = {**inherited, **_ENVIRONMENT, **(_NO_TRANSPORT if self.folder is not None else {}), **more}
        made.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
        # Later settings win, so these come after the user's own.
        own = os.environ.get("GIT_CONFIG_COUNT", "0")
        first = int(own) if own.isdecimal() else 0
        everything = {**_SETTINGS, **settings}
        made["GIT_CONFIG_COUNT"] = str(first + len(everything))
        for number, (key, value) in enumerate(everything.items(), first):
            made[f"GIT_CONFIG_KEY_{number}"] = key
            made[f"GIT_CONFIG_VALUE_{number}"] = value
        return made


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.communicate()


def _verb(arguments: Sequence[str]) -> str:
    return next((word for word in arguments if not word.startswith("-")), "")


def _said(raw: bytes, status: int, arguments: Sequence[str]) -> str:
    """The line of git's error output that tells the cause."""
    lines = [line.strip() for line in raw.decode("utf-8", "replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "ERROR", "!"))] or lines
    line = next((line for line in told if line.startswith("fatal:")), told[0] if told else "")
    line = without_credentials(line.removeprefix("fatal: ").removeprefix("error: "))
    return line[:_LONGEST] or f"`git {_verb(arguments)}` ended with status {status}"


def other_end(url: str, service: str) -> str | None:
    """The command for the other end of a transport (`upload-pack`, `receive-pack`) where that is on this machine: it would run
    hooks, and fetch what it lacks, under its own configuration, which this overrides. None for a server."""
    if ("://" in url or ":" in url.split("/")[0]) and not url.startswith("file:"):
        return None
    environment = " ".join(f"{name}={value}" for name, value in _NO_TRANSPORT.items())
    settings = " ".join(f"-c {name}={value}" for name, value in _OTHER_END.items())
    return f"{environment} git {settings} {service}"


def serving(url: str, service: str) -> list[str]:
    """The option that has git start `other_end`, if that is needed."""
    command = other_end(url, service)
    return [f"--{service}={command}"] if command is not None else []


def is_branch(name: str) -> bool:
    """Whether git accepts a name for a branch."""
    return not name.startswith("-") and Git().succeeds("check-ref-format", "--branch", name)
