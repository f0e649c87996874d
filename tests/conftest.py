"""How often each property is tried, and counts of what a run did, printed at its end.

`FUZZ` multiplies what hypothesis tries of every property, as it does for the mutants of `run/test_fuzz_never_crashes.py`.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes is nothing that a test is about.
settings.register_profile(
    "patient",
    max_examples=100 * int(os.environ.get("FUZZ", "1")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")

# Helpers with assertions of their own, which fail as readably as those in tests.
pytest.register_assert_rewrite(
    "golden_files",
    "host_answers",
    "rule_tests",
    "support",
    "instance_templates",
    "network_templates",
    "policy_templates",
)

if "MUTANT_UNDER_TEST" in os.environ:
    # mutmut calls every function through two of its own.
    sys.setrecursionlimit(3 * sys.getrecursionlimit())


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Counts what a test has done, when it has come that far: `count("faults: kills of apply", 12)`."""
    return lambda what, number: record_property(f"counted {what}", number)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The sums over all tests that passed, whichever process ran them."""
    sums: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name.startswith("counted "):
                sums[name.removeprefix("counted ")] += int(str(value))
    # What hypothesis's plugin leaves for its own summary, with the reports on what is cleared away after a test.
    for report in terminalreporter.getreports(""):
        tried = re.findall(r"(\d+) passing\b", getattr(report, "_hypothesis_stats", ""))
        if tried:
            sums["fuzz: examples of properties"] += sum(map(int, tried))
    if sums:
        terminalreporter.section("counted")
        groups: dict[str, list[str]] = {}
        for what, number in sums.items():
            group, _, name = what.partition(": ")
            groups.setdefault(group, []).append(f"{number:,} {name}")
        for group, names in sorted(groups.items()):
            terminalreporter.line(f"{group}: {', '.join(names)}")
