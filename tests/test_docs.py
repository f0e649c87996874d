"""The README shows what the tool does, not what somebody remembers of it."""

from __future__ import annotations

from pathlib import Path

from support import efs_migrate

ROOT = Path(__file__).parent.parent


def test_readme_shows_a_real_diff() -> None:
    shown = (ROOT / "README.md").read_text(encoding="utf-8").partition("```diff\n")[2].partition("```")[0].splitlines()
    printed = efs_migrate("diff", str(ROOT / "samples" / "fleet" / "billing")).stdout.decode().splitlines()
    changes = [line for line in shown if not line.startswith("# ")]
    assert changes[2:] == [line for line in printed if not line.startswith("# ")][2:]
    for note in (line for line in shown if line.startswith("# ")):
        assert any(line.startswith(note.removesuffix("…").rstrip()) for line in printed), note
