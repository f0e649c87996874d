"""Possible values: what a property may be, what it surely is, and what the source shows of it."""

from __future__ import annotations

import pytest

from rules.model import ANYTHING, NOT_GIVEN, UNSEEN, Possible
from rules.model.possible import NOTHING_MORE

A, B = Possible.of("a"), Possible.of("b")


@pytest.mark.parametrize(
    ("given", "may", "shows", "surely"),
    [
        (A, True, True, True),
        (B, False, False, False),
        (A | B, True, True, False),
        (A | UNSEEN, True, True, False),
        (A | NOT_GIVEN, True, True, False),
        (B | UNSEEN, True, False, False),
        (UNSEEN, True, False, False),
        (ANYTHING, True, False, False),
        (NOT_GIVEN, False, False, False),
        (NOTHING_MORE, False, False, False),
    ],
)
def test_what_it_may_be_and_surely_is(given: Possible[str], may: bool, shows: bool, surely: bool) -> None:
    assert (given.may_be("a"), given.shows("a"), given.is_surely("a")) == (may, shows, surely)


def test_one_of_several_is_surely_one_of_these() -> None:
    assert (A | B).is_surely("b", "a")
    assert (A | B).may_be("c", "b")
    assert not (A | B).may_be("c")


def test_a_union_holds_what_either_may_be() -> None:
    either = A | B
    assert either == Possible(("a", "b"))
    assert A | A == A
    assert A | UNSEEN == UNSEEN | A == Possible(("a",), others=True)
    assert A | NOT_GIVEN == NOT_GIVEN | A == Possible(("a",), absent=True)
    assert NOT_GIVEN | UNSEEN == ANYTHING
    assert NOTHING_MORE | B == B


def test_the_default_counts_where_nothing_may_be_given() -> None:
    assert (A | NOT_GIVEN).otherwise("b") == A | B
    assert (A | NOT_GIVEN).otherwise("a") == A
    assert A.otherwise("b") == A
    assert ANYTHING.otherwise("b") == B | UNSEEN


def test_what_is_not_known_stays_unknown_under_a_function() -> None:
    assert (A | B | NOT_GIVEN | UNSEEN).mapped(str.upper) == Possible(("A", "B"), others=True, absent=True)
    assert (A | B).mapped(len) == Possible.of(1)
