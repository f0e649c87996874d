"""Synthetic files with known answers: every one of them is checked for its answer, and all of them for what always holds.

A few of each dialect run with the other tests; `make soak` sets `SOAK` to how many times as many.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from api_models import definitions, load, problems
from generator import CONFIG, DIALECTS, Case, case
from support import SOAKING, efs_migrate, judged_by_cfn_lint

TIMES = int(os.environ.get("SOAK", "1"))
REPLACED = ("o", "type", "device", "driver", "driverOpts", "scope", "autoprovision")
"""Keys of Docker volumes that mount EFS by NFS."""
EACH = 25 if SOAKING else 8
"""Files of a dialect in one batch."""
LINTED = 10
"""Files of every fourth batch of `make soak` that cfn-lint looks at, before and after."""


def write(folder: Path, dialect: str, batch: int) -> dict[str, Case]:
    """One batch of files, each in a folder of its own, in a repository."""
    cases = {}
    for number in range(batch * EACH, (batch + 1) * EACH):
        made = case(dialect, number)
        path = folder / f"{number:05}" / made.name
        path.parent.mkdir()
        path.write_bytes(made.content)
        cases[f"{number:05}/{made.name}"] = made
    (folder / ".efs-migrate.yaml").write_text(CONFIG)
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", "-C", str(folder), "-c", "core.autocrlf=false", *command], check=True)
    return cases


@pytest.mark.parametrize("batch", range(TIMES))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_known_answers(
    dialect: str, batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Callable[[str, int], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    cases = write(tmp_path, dialect, batch)
    report = efs_migrate("check", "--format=json").report
    found = {file["path"]: file for file in report["files"]}
    assert {name: file["error"] for name, file in found.items() if file["error"]} == {}
    for name, made in cases.items():
        file = found.get(name, {"volumes": [], "findings": []})
        levels = {v["name"]: (v["level"], v["after"]) for v in file["volumes"]}
        told = made.levels if name in found else {}
        if not told:
            assert all(before == "other" for before, _ in made.levels.values()), (name, made.content.decode())
        assert levels == told, (name, made.content.decode())
        left = {
            (f["volume"], f["rule"], f["status"])
            for f in file["findings"]
            if f["status"] in ("needs-input", "refused", "unsafe")
        }
        if made.left is not None:
            assert left == made.left, (name, made.content.decode())
    diff = efs_migrate("diff", "-q").stdout
    if diff:
        subprocess.run(["git", "apply", "--check", "--whitespace=nowarn", "-"], input=diff, check=True)
    efs_migrate("apply", "-q")
    written = {name: Path(name).read_bytes() for name in cases}
    gone = removed(diff.decode())
    assert gone.keys() == {name for name, made in cases.items() if written[name] != made.content}
    for name, made in cases.items():
        look_at(made, written[name], name, gone.get(name, []))
    again = efs_migrate("apply", "--format=json").report
    assert {name: Path(name).read_bytes() for name in cases} == written, "a second run changes something"
    assert not any(f["status"] == "fixable" for file in again["files"] for f in file["findings"])
    if diff:
        # What git makes of the printed diff is what was written.
        subprocess.run(["git", "checkout", "-q", "."], check=True)
        subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=diff, check=True)
        assert {name: Path(name).read_bytes() for name in cases} == written
    count(f"soak, {dialect}: files", len(cases))
    count(f"soak, {dialect}: volumes", sum(len(made.levels) for made in cases.values()))
    count(f"soak, {dialect}: files changed", sum(written[name] != made.content for name, made in cases.items()))
    if dialect.startswith("cloudformation") and TIMES > 1 and batch % 4 == 0:
        changed = [name for name, made in cases.items() if written[name] != made.content][:LINTED]
        before = {name: made.content for name, made in cases.items()}
        linted = judged_by_cfn_lint(changed, before, written, tmp_path / "linted")
        count(f"soak, {dialect}: files judged by cfn-lint", linted)


def removed(diff: str) -> dict[str, list[str]]:
    """The lines that a diff takes out of each file."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^--- a/", diff, flags=re.MULTILINE)[1:]:
        name, _, hunks = part.partition("\n")
        found[name] = re.findall(r"^-(.*?)\r?$", hunks, re.MULTILINE)
    return found


def look_at(made: Case, after: bytes, name: str, gone: list[str]) -> None:
    """What always holds for a written file, from which the diff took the lines `gone`."""
    text = after.decode("utf-8-sig")
    if made.data is not None:
        (data,) = load(text, Path(name))
        assert data == made.data, name
        # The API's own model takes it as it took what was there.
        for old, new in zip(
            *(list(definitions(load(t, Path(name)))) for t in (made.content.decode("utf-8-sig"), text)), strict=True
        ):
            assert problems(new) is None or problems(old) is not None, (name, problems(new))
    for line in made.kept:
        assert line in text, (name, line)
    assert after.startswith(b"\xef\xbb\xbf") == made.content.startswith(b"\xef\xbb\xbf")
    assert (b"\r\n" in after) == (b"\r\n" in made.content)
    assert after.count(b"\n") - after.count(b"\r\n") in (0, after.count(b"\n")), "two kinds of newlines"
    if name.endswith(".py"):
        ast.parse(text)
    elif name.endswith(".json"):
        json.loads(text)
    # Lines that no volume stands on are as they were.
    words = (
        "olume",
        "scope",
        "autoprovision",
        "type",
        "irectory",
        "ystem",
        "root",
        "host",
        "Host",
        "ource",
        "iver",
        "device",
        "addr",
        "TransitEnc",
        "transit",
        "access",
        "import",
        "}",
        "{",
        "ENABLED",
        ")",
        "]",
    )
    # A comment on a key that is replaced goes with it.
    gone = [line for line in gone if line.strip() not in {f"# about {key}" for key in REPLACED}]
    assert [line for line in gone if not any(word in line for word in words)] == [], name
