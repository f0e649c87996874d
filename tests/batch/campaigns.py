"""What tests of campaigns share."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import efs_migrate

LEGACY = """\
{
  "family": "web",
  "taskRoleArn": "arn:aws:iam::123456789012:role/web",
  "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 64}],
  "volumes": [
    {
      "name": "data",
      "efsVolumeConfiguration": {
        "fileSystemId": "fs-0123456789abcdef0"
      }
    }
  ]
}
"""
"""Climbs to TLS by itself; IAM authorization comes with a caveat."""
HOST = LEGACY.replace('"efsVolumeConfiguration"', '"host"').replace(
    '"fileSystemId": "fs-0123456789abcdef0"', '"sourcePath": "/mnt/efs/data"'
)
"""Needs input."""
BROKEN = '{"volumes": [{"efsVolumeConfiguration": }'
CONFIG = "file-systems: [{id: fs-0123456789abcdef0, mounts: {/mnt/efs: /}}]\naccess-points: never\n"
SETTLED = "access-points: never\n"
"""A configuration with which LEGACY leaves nothing open."""


@dataclass(frozen=True)
class Repository:
    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.folder), *arguments], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(self, files: dict[str, str | bytes], message: str) -> str:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", message)
        return self.git("rev-parse", "HEAD")


@dataclass(frozen=True)
class Ran:
    status: int
    summary: dict[str, Any]
    stderr: str

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["repository"]: row for row in self.summary["repositories"]}

    @property
    def states(self) -> dict[str, str]:
        return {name: row["status"] for name, row in self.rows.items()}


def campaign(*arguments: str | Path, stdin: bytes = b"") -> Ran:
    """Run a campaign in this process's current directory, one repository after the other."""
    ran = efs_migrate("batch", "--format=json", "--jobs=1", *arguments, stdin=stdin)
    summary = json.loads(ran.stdout) if ran.stdout else {"repositories": []}
    return Ran(ran.status, summary, ran.stderr)
