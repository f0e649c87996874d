"""Opens pull requests: through `gh` or `glab` where they are installed, otherwise the address of the page that opens
one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from migrate.batch.address import without_credentials

_LIMITED = re.compile(r"rate limit|abuse detection|too many requests|\b429\b", re.IGNORECASE)
_SCP = re.compile(r"(?:[^@/]+@)?([^:/]+):(.+)")
TRIES = 5
"""The number of tries for a request that the forge defers; the pause doubles each time."""
_TIMEOUT = 120  # seconds


class ForgeProblem(Exception):
    """Raised if a pull request could not be opened; the message is one line."""


@dataclass(frozen=True, slots=True)
class ForgeRepository:
    """A repository on a forge. `kind` is `github` or `gitlab`, `slug` the path such as `team/service`."""

    kind: str
    host: str
    slug: str

    @property
    def page(self) -> str:
        return f"https://{self.host}/{self.slug}"


def place(url: str) -> ForgeRepository | None:
    """The repository of a URL on its forge; None if the host name contains neither `github` nor `gitlab`."""
    if "://" in url:
        found = urlsplit(url)
        host, path = found.hostname or "", found.path
    elif (match := _SCP.fullmatch(url)) is not None:
        host, path = match[1], match[2]
    else:
        return None
    kind = next((k for k in ("github", "gitlab") if k in host.lower()), None)
    slug = path.strip("/").removesuffix(".git")
    return ForgeRepository(kind, host, slug) if kind and slug.count("/") >= 1 else None


def compare(where: ForgeRepository, base: str, branch: str) -> str:
    """The URL of the page that opens a pull request for a branch."""
    if where.kind == "github":
        return f"{where.page}/compare/{quote(base)}...{quote(branch)}?expand=1"
    wanted = f"merge_request%5Bsource_branch%5D={quote(branch, '')}&merge_request%5Btarget_branch%5D={quote(base, '')}"
    return f"{where.page}/-/merge_requests/new?{wanted}"


@dataclass
class Forge:
    """Opens pull requests one after the other, with a pause between requests to respect rate limits."""

    interval: float
    """The seconds between two requests."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _last: float | None = None

    def open(self, url: str, base: str, branch: str, title: str, body: str) -> str | None:
        """Opens or updates the pull request of a branch and returns its URL. Without the forge's own tool, returns the
        URL of the page that opens one; None for an unknown forge. Raises ForgeProblem."""
        where = place(url)
        if where is None:
            return None
        tool = {"github": "gh", "gitlab": "glab"}[where.kind]
        if shutil.which(tool) is None:
            return compare(where, base, branch)
        make = self._github if where.kind == "github" else self._gitlab
        return make(where, base, branch, title, body)

    def _github(self, where: ForgeRepository, base: str, branch: str, title: str, body: str) -> str:
        repository = f"--repo={where.host}/{where.slug}"
        listed = self._run("gh", "pr", "list", repository, f"--head={branch}", "--state=open", "--json=url")
        known = _urls(listed, "url")
        if known:
            self._run("gh", "pr", "edit", known[0], "--body-file=-", stdin=body)
            return known[0]
        made = self._run(
            "gh",
            "pr",
            "create",
            repository,
            f"--base={base}",
            f"--head={branch}",
            f"--title={title}",
            "--body-file=-",
            stdin=body,
        )
        return _last_line(made)

    def _gitlab(self, where: ForgeRepository, base: str, branch: str, title: str, body: str) -> str:
        repository = f"--repo={where.page}"
        listed = self._run("glab", "mr", "list", repository, f"--source-branch={branch}", "--output=json")
        known = _urls(listed, "web_url")
        if known:
            self._run("glab", "mr", "update", known[0].rpartition("/")[2], repository, f"--description={body}")
            return known[0]
        made = self._run(
            "glab",
            "mr",
            "create",
            repository,
            f"--source-branch={branch}",
            f"--target-branch={base}",
            f"--title={title}",
            f"--description={body}",
            "--yes",
        )
        return _last_line(made)

    def _run(self, *command: str, stdin: str = "") -> str:
        """Runs a forge's tool and returns its output. Waits for the interval, and longer if the forge defers it."""
        pause = max(self.interval, 1.0)
        for attempt in range(TRIES):
            self._wait(self.interval)
            try:
                done = subprocess.run(
                    command,
                    input=stdin,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=_TIMEOUT,
                    errors="replace",
                )
            except subprocess.TimeoutExpired:
                raise ForgeProblem(f"`{command[0]}` did not answer within {_TIMEOUT} seconds") from None
            self._last = self.clock()
            if not done.returncode:
                return done.stdout
            if not _LIMITED.search(done.stderr) or attempt == TRIES - 1:
                said = next((line for line in done.stderr.splitlines() if line.strip()), f"status {done.returncode}")
                raise ForgeProblem(without_credentials(f"{command[0]}: {said.strip()}"))
            pause *= 2
            self.sleep(pause)
        raise AssertionError("the last attempt raises")

    def _wait(self, interval: float) -> None:
        if self._last is not None and (left := self._last + interval - self.clock()) > 0:
            self.sleep(left)


def _urls(raw: str, key: str) -> list[str]:
    try:
        return [entry[key] for entry in json.loads(raw or "[]")]
    except (ValueError, TypeError, KeyError):
        return []


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if line.startswith("http")), lines[-1] if lines else "")
