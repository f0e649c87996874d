"""The README shows what the tool does, not what somebody remembers of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from person import Person
from support import FLEET, efs_migrate

ROOT = Path(__file__).parent.parent


def test_readme_shows_a_real_diff() -> None:
    shown = (ROOT / "README.md").read_text(encoding="utf-8").partition("```diff\n")[2].partition("```")[0].splitlines()
    printed = efs_migrate("diff", str(ROOT / "samples" / "fleet" / "billing")).stdout.decode().splitlines()
    changes = [line for line in shown if not line.startswith("# ")]
    assert changes[2:] == [line for line in printed if not line.startswith("# ")][2:]
    for note in (line for line in shown if line.startswith("# ")):
        assert any(line.startswith(note.removesuffix("…").rstrip()) for line in printed), note


def test_readme_shows_a_real_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that the command in its comment gives."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(r"<!-- screen: .* efs-migrate (.*); (.*); 90 columns -->\n```\n(.*?)\n```\n", readme, re.DOTALL)
    assert match
    shutil.copytree(FLEET, tmp_path / "fleet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with Person(*match[1].split()) as person:
        screen = person.sees()
        for key in match[2].split():
            screen = person.answers(key)
        assert match[3] == screen.partition("\n\n")[2].rstrip()
