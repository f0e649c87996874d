"""What several tests share: the golden cases of `samples/`, and running the command line in this process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from migrate.cli import app
from migrate.run.run import Options, Run, work
from rules.rule import Finding

# What a developer or a CI service may have set: the tests say for themselves where they want colours.
for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
    os.environ.pop(name, None)

ROOT = Path(__file__).parents[2]
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


SAID = ROOT / "tests" / "golden" / "said.txt"
"""What the tool says of each golden case and snippet: read it in the diff of a change. `make docs` writes it anew."""


def said(name: str, options: Sequence[str] = ()) -> str:
    """What `check` prints of a file in the current folder, and what else a person gets to see of it."""
    return efs_migrate("check", *options, name).stdout.decode() + "".join(_offered(name, "--unsafe" in options))


def _offered(name: str, unsafe: bool) -> Iterator[str]:
    """What a review shows of each finding and what the reports name it by, in lines."""
    for job in Run(Options(unsafe=unsafe), warn=lambda _: None).jobs([name]):
        for located in work(job).outcome.findings:
            finding = located.finding
            more = {
                "help": finding.help,
                "else": finding.otherwise,
                "asks": finding.question,
                "this": finding.label,
                **{f"or {number}": _way(other) for number, other in enumerate(finding.alternatives, 1)},
            }
            written = [f"    {name}: {value}\n" for name, value in more.items() if value]
            if written or finding.detail:
                yield f"  {located.line}:{located.column} {finding.rule} {finding.detail}".rstrip() + "\n"
                yield from written


def _way(other: Finding) -> str:
    return f"{other.status} {other.detail}, {other.label}: {other.message}. {other.whole_caveat}"


@cache
def said_before() -> dict[str, str]:
    """What `said.txt` has of each case and snippet."""
    found = re.split(r"^== (.*) ==\n", SAID.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


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
