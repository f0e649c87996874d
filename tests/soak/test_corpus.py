"""Real definitions of strangers, where there are any beside the checkout (`CORPUS`): nothing is known of their right answers but
what always holds, and what the labels of its index say must not change."""

from __future__ import annotations

import csv
import difflib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT, efs_migrate, judged_by_cfn_lint

CORPUS = Path(os.environ.get("CORPUS", ROOT.parent / "shared" / "corpus"))
UNCHANGED = {"host-path-other", "none", "no-op"}
LINTED = 60
LARGEST_LINTED = 20_000
"""Bytes: cfn-lint takes seconds for some larger templates."""

pytestmark = [
    pytest.mark.skipif("SOAK" not in os.environ, reason="`make soak` looks at the whole corpus"),
    pytest.mark.skipif(not CORPUS.is_dir(), reason="there is no corpus of real definitions beside this checkout"),
]


def labels() -> dict[str, str]:
    found: dict[str, str] = {}
    for sheet in ("index.csv", "noop.csv"):
        with (CORPUS / sheet).open(encoding="utf-8", newline="") as rows:
            found |= {row["file"]: row.get("legacy_form", "no-op") for row in csv.DictReader(rows)}
    return found


@pytest.mark.parametrize("options", [(), ("--unsafe",), ("--target=tls",)], ids=" ".join)
def test_corpus(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Callable[[str, int], None]
) -> None:
    files = labels()
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CORPUS / name, tmp_path / name)  # not its mode: the corpus may be read-only
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "-c", "core.autocrlf=false", "add", "--all", "--force"], check=True)
    before = {name: Path(name).read_bytes() for name in files}
    report = efs_migrate("check", "--format=json", *options).report
    diff = efs_migrate("diff", "-q", *options).stdout
    assert {name: Path(name).read_bytes() for name in files} == before, "only `apply` writes"
    efs_migrate("apply", "-q", *options)
    after = {name: Path(name).read_bytes() for name in files}
    changed = [name for name in files if after[name] != before[name]]
    assert changed
    assert [name for name in changed if files[name] in UNCHANGED] == []
    failed = {file["path"]: file["error"] for file in report["files"] if file["error"]}
    assert [name for name in failed if name in changed] == []
    told = [*failed.values(), *(str(finding["message"]) for file in report["files"] for finding in file["findings"])]
    assert [message for message in told if "could not be proven" in message] == []
    # A second run has nothing to do, and git makes of the printed diff what was written.
    assert efs_migrate("diff", "-q", *options).stdout == b""
    subprocess.run(["git", "checkout", "-q", "."], check=True)
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=diff, check=True)
    assert {name: Path(name).read_bytes() for name in files} == after
    for name in changed:
        one_kind_of_change(before[name], after[name], name)
    if options == ():
        templates = [name for name in changed if "cfn-" in name and len(before[name]) < LARGEST_LINTED]
        count(
            "soak, corpus: templates judged by cfn-lint",
            judged_by_cfn_lint(templates[:LINTED], before, after, tmp_path / "linted"),
        )
        count("soak, corpus: files", len(files))
        count("soak, corpus: volumes", sum(len(file["volumes"]) for file in report["files"]))
    count("soak, corpus: files changed, in three runs", len(changed))


def one_kind_of_change(before: bytes, after: bytes, name: str) -> None:
    """Line breaks, the mark at the beginning and the end stay as they are, and most of the lines."""
    assert after.startswith(b"\xef\xbb\xbf") == before.startswith(b"\xef\xbb\xbf"), name
    assert after.endswith(b"\n") == before.endswith(b"\n"), name
    assert (b"\r\n" in after, after.count(b"\r\n") == after.count(b"\n")) == (
        b"\r\n" in before,
        before.count(b"\r\n") == before.count(b"\n"),
    ), name
    old, new = before.decode("utf-8-sig").splitlines(), after.decode("utf-8-sig").splitlines()
    gone = sum(line.startswith("-") and not line.startswith("---") for line in difflib.unified_diff(old, new, n=0))
    assert gone <= max(4, len(old) / 2), name
