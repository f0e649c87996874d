"""What is said of small definitions (see `snippets.py`), and that every one of them can be upgraded or is left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from snippets import SNIPPETS, Snippet
from support import efs_migrate, said, said_before


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: str(snippet.name))
def test_said(snippet: Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = snippet.copy(tmp_path)
    assert said(path.name, snippet.options) == said_before()[snippet.name]
    applied = efs_migrate("apply", "--unsafe", "--quiet", path.name)
    assert applied.status < 2, applied.stderr
    assert efs_migrate("diff", "--unsafe", path.name).stdout == b""
