"""What several tests share: the golden cases of `samples/`, and running the command line in this process."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from migrate.cli import app

# What a developer or a CI service may have set: the tests say for themselves where they want colours.
for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
    os.environ.pop(name, None)

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"
FLEET = SAMPLES / "fleet"


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    stdout: bytes
    stderr: str

    @cached_property
    def report(self) -> Any:
        """The JSON report that was printed."""
        return json.loads(self.stdout)

    @property
    def findings(self) -> list[dict[str, str | bool | None]]:
        return [finding for file in self.report["files"] for finding in file["findings"]]


def efs_migrate(*arguments: str | Path, stdin: bytes | None = None) -> Ran:
    """Run `efs-migrate` in this process; a traceback fails the test."""
    result = CliRunner().invoke(app, [str(a) for a in arguments], input=stdin, prog_name="efs-migrate")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout_bytes, result.stderr)


@dataclass(frozen=True)
class Case:
    """One golden case: a folder with `before.*` and, where something changes, `after.*`; `config.yaml`, `options` (for the
    command line) and `findings.json` ([rule, status] pairs) where they matter."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def before(self) -> Path:
        (path,) = self.folder.glob("before.*")
        return path

    @property
    def after(self) -> bytes:
        """What the file must become."""
        path = self.folder / f"after{self.before.suffix}"
        return (path if path.exists() else self.before).read_bytes()

    @property
    def changes(self) -> bool:
        return self.after != self.before.read_bytes()

    @property
    def options(self) -> list[str]:
        path = self.folder / "options"
        return path.read_text().split() if path.exists() else []

    @property
    def findings(self) -> list[tuple[str, str]] | None:
        """The findings to expect, sorted; None where the case does not say."""
        path = self.folder / "findings.json"
        return sorted((rule, status) for rule, status in json.loads(path.read_bytes())) if path.exists() else None

    def copy(self, folder: Path) -> Path:
        """Put the definition and its configuration where a user would have them; return the definition's path."""
        folder.mkdir(exist_ok=True)
        config = self.folder / "config.yaml"
        if config.exists():
            shutil.copyfile(config, folder / ".efs-migrate.yaml")
        return Path(shutil.copyfile(self.before, folder / self.before.name))


def cases() -> list[Case]:
    """Every golden case, by name."""
    return [Case(path.parent) for path in sorted(SAMPLES.glob("*/before.*"))]


KNOWN_DIFFERENCES: dict[str, str] = {}
"""Cases where the tool does not yet do what the case says, each with what it does instead."""

CASE_PARAMETERS = [
    pytest.param(
        case,
        id=case.name,
        marks=[pytest.mark.xfail(strict=True, reason=KNOWN_DIFFERENCES[case.name])]
        if case.name in KNOWN_DIFFERENCES
        else [],
    )
    for case in cases()
]
