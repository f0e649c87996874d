"""What is tested of every rule in the same way: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from golden_files import check_sample, check_snippet
from snippets import Snippet
from support import Case, cases, efs_migrate, parameter

from rules import RULES
from rules.rule import Example, Rule

Test = Callable[[Example | Case | Snippet, Path, pytest.MonkeyPatch], None]


def one_by_one(rule_id: str, snippets: Sequence[Snippet] = ()) -> Test:
    """The test of a rule, with a parameter for each example of its page, golden case of its name, and snippet."""
    (rule,) = (rule for rule in RULES if rule.id == rule_id)
    samples = [parameter(case) for case in cases() if case.name.startswith(f"{rule.id.lower()}-")]
    assert samples, f"a folder samples/{rule.id.lower()}-… shows what the rule does"

    @pytest.mark.parametrize(
        "what",
        [
            *(pytest.param(example, id=f"example-{number}") for number, example in enumerate(rule.examples, 1)),
            # Mutants are tried on the samples in a quicker way: see `tests/mutation/samples.py`.
            *(
                pytest.param(*sample.values, id=sample.id, marks=[*sample.marks, pytest.mark.sample])
                for sample in samples
            ),
            *(pytest.param(snippet, id=snippet.name) for snippet in snippets),
        ],
    )
    def test(what: Example | Case | Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        if isinstance(what, Example):
            check_example(rule, what)
        elif isinstance(what, Case):
            check_sample(what, tmp_path)
        else:
            check_snippet(what, tmp_path)

    return test


def check_example(rule: Rule, example: Example) -> None:
    """In an empty folder, the current one: the rule alone makes of an example what its page shows."""
    path = Path("example.json" if example.before.startswith(("{", "[")) else "example.yaml")
    path.write_text(example.before)
    if example.config:
        Path(".efs-migrate.yaml").write_text(example.config)
    unsafe = ["--unsafe"] if "--unsafe" in rule.default else []
    done = efs_migrate("apply", "--only", rule.id, *unsafe, path)
    assert done.status == 0, done.stdout + done.stderr.encode()
    assert path.read_text() == example.after
