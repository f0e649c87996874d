"""What the tool says is recorded for every golden case and every snippet of a rule, and for nothing else.

Each is compared where it is tested: the samples in `test_samples.py` and the tests of the rules, the snippets in the latter.
"""

from __future__ import annotations

from golden_files import SAID, said_file, snippets
from support import cases


def test_there_is_a_file_for_each_case_and_for_nothing_else() -> None:
    expected = [*map(said_file, cases()), *map(said_file, snippets())]
    assert len(expected) == len(set(expected)), "two cases have one name"
    assert {path for path in SAID.rglob("*") if path.is_file()} == set(expected)
