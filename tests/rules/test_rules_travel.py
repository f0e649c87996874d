"""Rules go to other processes by their ids."""

from __future__ import annotations

import pickle
import subprocess
import sys

from support import ROOT

from rules import RULES


def test_a_rule_is_pickled_as_its_id() -> None:
    pickled = pickle.dumps(RULES)
    assert all(rule is known for rule, known in zip(pickle.loads(pickled), RULES, strict=True))
    assert len(pickled) < 1000


def test_a_process_that_has_no_rules_yet_loads_them() -> None:
    program = "import pickle, sys; print(*(rule.id for rule in pickle.load(sys.stdin.buffer)))"
    done = subprocess.run(
        [sys.executable, "-c", program], input=pickle.dumps(RULES), cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == [rule.id for rule in RULES]
