"""The golden cases at the least cost: what is said of them and what they become. Mutants ask thousands of times."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_files import said, said_before
from support import CASE_PARAMETERS, Case, efs_migrate


@pytest.mark.parametrize("case", CASE_PARAMETERS)
def test_case(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = case.copy(tmp_path)
    assert said(path.name, case.options) == said_before(case)
    efs_migrate("apply", "--quiet", *case.options, ".")
    assert path.read_bytes() == case.after
