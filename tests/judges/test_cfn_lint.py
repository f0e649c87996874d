"""What cfn-lint says of templates: nothing of a result that it did not say before. The samples, and real templates of the corpus."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from support import ROOT, Problem, assert_no_new_problems, cases, efs_migrate, lint

CORPUS = ROOT.parent / "shared" / "corpus"
FOLDERS = ("legacy/cfn-yaml", "legacy/cfn-json", "legacy/batch", "noop/cfn-yaml", "noop/cfn-json")
CASES = [case for case in cases() if case.name.startswith(("cloudformation-", "efs404-"))]
MOST_LINTED = 12
LARGEST_LINTED = 10_000
"""Bytes: cfn-lint takes seconds for some larger templates."""


# -- judged by cfn-lint -----------------------------------------------------------------------------------------------


CHANGED = [(case.before, case.before.with_stem("after")) for case in CASES if case.changes]


@pytest.fixture(scope="module")
def linted() -> dict[Path, set[Problem]]:
    """What cfn-lint says of the samples, before and after, in one run: starting it takes seconds."""
    assert CHANGED
    return lint([file for pair in CHANGED for file in pair])


def test_samples_are_as_valid_as_before(linted: dict[Path, set[Problem]]) -> None:
    new = {after.parent.name: linted[after] - linted[before] for before, after in CHANGED}
    assert {name: problems for name, problems in new.items() if problems} == {}


def test_the_judge_sees_what_is_wrong(linted: dict[Path, set[Problem]]) -> None:
    (case,) = (case for case in CASES if case.name == "cloudformation-legacy-cdk-casing")
    assert {rule for rule, _ in linted[case.before]} == {"E3002"}


def test_samples_are_valid(linted: dict[Path, set[Problem]]) -> None:
    """What is fit to deploy in the end: a sample whose result has an error teaches a mistake."""
    assert {after.parent.name: linted[after] for _, after in CHANGED if linted[after]} == {}


# -- real templates ---------------------------------------------------------------------------------------------------

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real templates is not part of the repository"
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus as it was in `before/`, and migrated, unsafe steps included, in `after/`; beside them the report."""
    folder = tmp_path_factory.mktemp("corpus")
    for name in FOLDERS:
        for source in sorted((CORPUS / name).iterdir()):
            for side in ("before", "after"):
                copy = folder / side / name / source.name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)  # not its mode: the corpus is read-only
    ran = efs_migrate("apply", "--unsafe", "--format=json", f"--output={folder / 'report.json'}", folder / "after")
    assert ran.status in (0, 1, 2)
    return folder


def changed_files(corpus: Path) -> list[tuple[Path, Path]]:
    pairs = [
        (before, corpus / "after" / before.relative_to(corpus / "before"))
        for before in sorted((corpus / "before").rglob("*"))
        if before.is_file()
    ]
    return [(before, after) for before, after in pairs if before.read_bytes() != after.read_bytes()]


@needs_corpus
def test_corpus_proves(corpus: Path) -> None:
    report = json.loads((corpus / "report.json").read_bytes())
    errors = {file["path"]: file["error"] for file in report["files"] if file["error"]}
    assert {name: error for name, error in errors.items() if "left alone" in error} == {}


@needs_corpus
def test_corpus_grants_no_more_than_needed(corpus: Path) -> None:
    changed = changed_files(corpus)
    assert len(changed) > 30
    for before, after in changed:
        old = before.read_text(encoding="utf-8").splitlines()
        added = added_lines(old, after.read_text(encoding="utf-8").splitlines())
        for i, line in enumerate(added):
            assert not re.search(r"""Resource["']?:\s*\[?\s*["']?\*["']?\s*\]?,?$""", line), (after.name, line)
            assert "elasticfilesystem:*" not in line, after.name
            if "ClientMount" in line and "Action" not in line and i:  # scoped: every statement has a condition
                assert any("AccessPointArn" in near or "AccessedViaMountTarget" in near for near in added[i : i + 12])


def added_lines(old: list[str], new: list[str]) -> list[str]:
    """The lines of `new` that are not in `old`, in order."""
    known = set(old)
    return [line for line in new if line not in known]


@needs_corpus
def test_corpus_is_as_valid_as_before(corpus: Path, tmp_path: Path) -> None:
    """A dozen of different kinds: one per folder and combination of the constructs that decide how things are written."""
    picked: dict[tuple[object, ...], tuple[Path, Path]] = {}
    for before, after in sorted(changed_files(corpus), key=lambda pair: pair[0].stat().st_size):
        body = before.read_text(encoding="utf-8")
        if len(body) < LARGEST_LINTED:
            words = ("Fn::GetAtt", "!Sub", "AWS::IAM::Role", "AWS::EFS::FileSystem", "SourcePath", "EFSVolume")
            kind = (before.parent.name, before.suffix, *(word in body for word in words))
            picked.setdefault(kind, (before, after))
    pairs = []
    for number, pair in enumerate(list(picked.values())[:MOST_LINTED]):
        names = [tmp_path / f"{number}-{side}{pair[0].suffix}" for side in ("before", "after")]
        for source, copy in zip(pair, names, strict=True):
            shutil.copyfile(source, copy)  # their own names hold what cfn-lint takes for patterns
        pairs.append((names[0], names[1]))
    assert len(pairs) >= 5
    assert_no_new_problems(pairs)
