"""What several tests share: the golden cases of `samples/`, and running the command line in this process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pytest
from _pytest.mark import ParameterSet
from typer.main import get_command
from typer.testing import CliRunner

from migrate.cli import app

# What a developer or a CI service may have set: the tests say for themselves where they want colours.
for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
    os.environ.pop(name, None)

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
FLEET = SAMPLES / "fleet"

COMMAND = get_command(app)
"""The command line, put together once: `CliRunner.invoke` would do so for each of thousands of runs, at 16 ms each."""


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
    with CliRunner().isolation(input=stdin) as streams:
        with pytest.raises(SystemExit) as ended:
            COMMAND([str(a) for a in arguments], prog_name="efs-migrate")
        sys.stdout.flush()
        sys.stderr.flush()
        stdout, stderr = (stream.getvalue() for stream in streams[:2])
    assert isinstance(ended.value.code, int)
    return Ran(ended.value.code, stdout, stderr.decode())


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


OF_A_RULE = re.compile(r"efs\d{3}(?=-)")
"""How the name of a golden case begins that shows one rule."""

KNOWN_DIFFERENCES: dict[str, str] = {}
"""Cases where the tool does not yet do what the case says, each with what it does instead."""


def parameter(case: Case) -> ParameterSet:
    """A case as a parameter of a test, which is expected to fail where the tool does not yet do what the case says."""
    known = KNOWN_DIFFERENCES.get(case.name)
    return pytest.param(case, id=case.name, marks=[pytest.mark.xfail(strict=True, reason=known)] if known else [])


CASE_PARAMETERS = [parameter(case) for case in cases()]

SOAKING = "SOAK" in os.environ
"""Whether this is `make soak`, where the tests have their large sizes."""

Items = TypeVar("Items", bound=Sequence[Any])


def share(items: Items, start: int = 0) -> Items:
    """Every fourth of them from a given one on; all of them in `make soak`.

    For tests that ask the same of every golden case, at the cost of several runs each. `test_samples.py` and the tests of the
    rules run each case whatever happens; with another start, a neighbouring test takes other cases than this one.
    """
    return items if SOAKING else items[start::4]  # type: ignore[return-value]  # a slice of a list is a list


First = TypeVar("First")
Second = TypeVar("Second")


def combined(first: Sequence[First], second: Sequence[Second]) -> list[tuple[First, Second]]:
    """Every combination in `make soak`; otherwise each of either once at least, with those of the other in turn."""
    if SOAKING:
        return [(one, other) for one in first for other in second]
    most = max(len(first), len(second))
    return [(first[number % len(first)], second[number % len(second)]) for number in range(most)]


# -- cfn-lint, the judge of templates ----------------------------------------------------------------------------------

Problem = tuple[str, str]
"""A rule of cfn-lint, and its message without the names that it lists as possible."""


def lint(files: Sequence[Path]) -> dict[Path, set[Problem]]:
    """What cfn-lint reports as errors, in one run for all files."""
    command = [sys.executable, "-c", "from cfnlint.runner import main; main()", "--format", "json", *map(str, files)]
    done = subprocess.run(command, capture_output=True, check=False)
    found: dict[Path, set[Problem]] = {file: set() for file in files}
    for match in json.loads(done.stdout):
        if match["Level"] == "Error":
            message = re.sub(r"is not one of \[.*\]", "is not one of …", match["Message"])
            found[Path(match["Filename"])].add((match["Rule"]["Id"], message))
    return found


def assert_no_new_problems(pairs: Iterable[tuple[Path, Path]]) -> None:
    listed = list(pairs)
    found = lint([file for pair in listed for file in pair])
    new = {after: found[after] - found[before] for before, after in listed}
    assert {file.name: problems for file, problems in new.items() if problems} == {}


def judged_by_cfn_lint(
    names: Iterable[str], before: Mapping[str, bytes], after: Mapping[str, bytes], folder: Path
) -> int:
    """How many templates it looked at: it has nothing to say of one that it did not say before. They get other names, since
    their own may hold what it takes for patterns."""
    folder.mkdir()
    pairs = []
    for number, name in enumerate(names):
        old, new = (folder / f"{number}-{side}{Path(name).suffix}" for side in ("before", "after"))
        old.write_bytes(before[name])
        new.write_bytes(after[name])
        pairs.append((old, new))
    assert_no_new_problems(pairs)
    return len(pairs)
