"""Clusters: which expressions cannot name one and the same."""

from __future__ import annotations

import pytest

from rules.facts.capacity import differ
from rules.model import Cluster, Ref, Text


def refs(*parts: str) -> Cluster:
    return Cluster(Text(tuple(Ref(part) if part.startswith("$") else part for part in parts)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (refs("a"), refs("a"), False),
        (refs("a"), refs("b"), True),
        (refs("${A}", "-a"), refs("${A}", "-b"), True),
        (refs("${A}", "-a"), refs("${A}"), True),
        (refs("a-", "${A}"), refs("b-", "${A}"), True),
        (refs("${A}", "-a"), refs("${B}", "-a"), False),
        (refs("${A}"), refs("${A}", "${A}"), False),
        (refs("${A}", "x", "${A}"), refs("${A}", "x", "${A}", "x", "${A}"), False),
    ],
)
def test_differ(one: Cluster, other: Cluster, expected: bool) -> None:
    assert differ(one, other) is expected
    assert differ(other, one) is expected
