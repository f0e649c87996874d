"""Reviews of every golden case, without a terminal: what somebody answers to each step leads where it should."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import CASE_PARAMETERS, Case, share

from migrate.engine.outcome import Outcome
from migrate.review import Review
from migrate.run.run import Options, Run, work
from migrate.terminal.keyboard import Terminal
from rules.rule import Status


@dataclass(frozen=True)
class Scripted(Terminal):
    """A terminal at which a function presses the keys; it gets what is on the screen."""

    press: Callable[[str], str] = str
    shown: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.shown.append(text)

    def key(self, prompt: str, *, fresh: bool = False) -> str:
        assert fresh or "UNSAFE" not in prompt
        self.write(prompt)
        assert len(self.shown) < 10_000, "it goes on for ever"
        return self.press(prompt)

    def line(self, prompt: str) -> str:
        self.write(prompt)
        return ""

    @property
    def width(self) -> int:
        return 80


def reviewed(case: Case, folder: Path, press: Callable[[str], str], unsafe: bool = False) -> tuple[Outcome, str]:
    """What becomes of a case, and the whole screen."""
    file = case.copy(folder)
    run = Run(Options(unsafe=unsafe), warn=lambda _: None)
    terminal = Scripted(-1, -1, colour=True, by_line=False, press=press)
    review = Review(run, terminal, str(folder))
    (result,) = review.results(run.jobs([str(file)]))
    return result.outcome, "".join(terminal.shown)


def applied(case: Case, folder: Path, unsafe: bool) -> Outcome:
    run = Run(Options(unsafe=unsafe), warn=lambda _: None)
    (job,) = run.jobs([str(case.copy(folder))])
    return work(job).outcome


def has_work(case: Case, folder: Path) -> bool:
    return bool(Run(Options(), warn=lambda _: None).jobs([str(case.copy(folder))]))


@pytest.mark.parametrize("case", share(CASE_PARAMETERS, 0))
def test_reviews(case: Case, tmp_path: Path) -> None:
    if not has_work(case, tmp_path):
        return
    usual, daring = (applied(case, tmp_path, unsafe) for unsafe in (False, True))
    every, _ = reviewed(case, tmp_path, lambda _: "y")
    assert (every.text, every.error) == (daring.text, daring.error)
    assert [(f.finding.id, f.applied) for f in every.findings] == [(f.finding.id, f.applied) for f in daring.findings]
    if usual.error is None:
        safe, _ = reviewed(case, tmp_path, lambda prompt: "n" if "UNSAFE" in prompt else "y")
        assert (safe.text, safe.error) == (usual.text, usual.error)
        at_once, _ = reviewed(case, tmp_path, lambda prompt: "n" if "UNSAFE" in prompt else "a")
        assert (at_once.text, at_once.error) == (usual.text, usual.error)
    for key in "ndsq":
        none, _ = reviewed(case, tmp_path, lambda _, key=key: key)  # type: ignore[misc]  # mypy does not infer the default
        assert (none.edits, none.error) == ((), usual.error)
        assert not any(f.applied for f in none.findings)


@pytest.mark.parametrize("case", share(CASE_PARAMETERS, 2))
def test_any_answers_go_together(case: Case, tmp_path: Path) -> None:
    """Whatever is refused, what is accepted can be proven; and it is what the report says."""
    if not has_work(case, tmp_path) or applied(case, tmp_path, unsafe=True).error is not None:
        return
    for seed in range(4):
        keys = random.Random(seed)
        outcome, screen = reviewed(case, tmp_path, lambda _, keys=keys: keys.choice("yyn123ds"))  # type: ignore[misc]  # as above
        assert outcome.error is None
        assert "This step is left" not in screen
        assert bool(outcome.edits) == any(f.applied for f in outcome.findings)
        assert not any(f.applied for f in outcome.findings if f.finding.status in (Status.REFUSED, Status.ADVICE))
