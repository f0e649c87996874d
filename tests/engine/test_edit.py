from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.edit import Edit, apply, between, joined, shared


@st.composite
def texts_with_edits(draw: st.DrawFn) -> tuple[str, list[Edit], str]:
    """A text, edits of it in any order, and what the text becomes, put together piece by piece."""
    pieces = draw(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=3), st.lists(st.text(max_size=3)))))
    before, after = "", ""
    edits: list[Edit] = []
    for index, (kept, replaced, insertions) in enumerate(pieces):
        before, after = before + kept, after + kept
        edits += [Edit(len(before), len(before), text) for text in insertions]
        after += "".join(insertions)
        if replaced:
            edits.append(Edit(len(before), len(before) + len(replaced), str(index)))
            before, after = before + replaced, after + str(index)
    # Only insertions at one offset have an order.
    groups: dict[tuple[int, int], list[Edit]] = {}
    for edit in edits:
        groups.setdefault((edit.start, edit.end), []).append(edit)
    shuffled = draw(st.permutations(list(groups.values())))
    return before, [edit for group in shuffled for edit in group], after


@given(texts_with_edits())
def test_applies_edits_in_any_order(case: tuple[str, list[Edit], str]) -> None:
    before, edits, after = case
    # Empty pieces between insertions join their groups, which then keep the order of the text.
    assert apply(before, sorted(edits, key=lambda edit: edit.start)) == after
    assert len(apply(before, edits)) == len(after)


@given(st.text())
def test_no_edits_change_nothing(text: str) -> None:
    assert apply(text, []) == text


@pytest.mark.parametrize(
    ("edits", "after"),
    [
        ([Edit(1, 1, "x"), Edit(1, 1, "y")], "axybc"),
        ([Edit(1, 2, "B"), Edit(1, 1, "x"), Edit(2, 2, "y")], "axByc"),
        ([Edit(0, 3, ""), Edit(3, 3, "end")], "end"),
        ([Edit(3, 3, "!")], "abc!"),
    ],
)
def test_borders(edits: list[Edit], after: str) -> None:
    assert apply("abc", edits) == after


OUTSIDE = "edit {} lies outside a text of 3 characters"
OVERLAP = "edit {} overlaps the one before it, which ends at 2"


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([Edit(0, 2, ""), Edit(1, 3, "")], OVERLAP.format("1:3")),
        ([Edit(0, 2, ""), Edit(1, 1, "x")], OVERLAP.format("1:1")),
        ([Edit(0, 2, ""), Edit(0, 2, "")], OVERLAP.format("0:2")),
        ([Edit(2, 1, "")], OUTSIDE.format("2:1")),
        ([Edit(-1, 1, "")], OUTSIDE.format("-1:1")),
        ([Edit(3, 4, "")], OUTSIDE.format("3:4")),
    ],
)
def test_refuses_overlaps_and_places_outside(edits: list[Edit], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        apply("abc", edits)


@pytest.mark.parametrize(
    ("edits", "together"),
    [
        ([], []),
        ([Edit(4, 5, "b"), Edit(0, 1, "a")], [Edit(0, 1, "a"), Edit(4, 5, "b")]),
        ([Edit(1, 2, "b"), Edit(0, 1, "a"), Edit(2, 2, "c")], [Edit(0, 2, "abc")]),
        ([Edit(1, 3, "z"), Edit(1, 1, "y"), Edit(1, 1, "x")], [Edit(1, 3, "yxz")]),
    ],
)
def test_edits_that_touch_are_joined(edits: list[Edit], together: list[Edit]) -> None:
    assert joined(edits) == together


@given(texts_with_edits())
def test_joined_edits_do_the_same(case: tuple[str, list[Edit], str]) -> None:
    before, edits, _ = case
    assert apply(before, joined(edits)) == apply(before, edits)


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        pytest.param([], [Edit(2, 4, "x")], [Edit(2, 4, "x")], id="one more"),
        pytest.param([Edit(2, 4, "x")], [], [Edit(2, 3, "cd")], id="one less"),
        pytest.param([Edit(0, 1, "xyz")], [Edit(0, 1, "xyz"), Edit(3, 4, "")], [Edit(5, 6, "")], id="behind another"),
        pytest.param(
            [Edit(0, 0, "x")], [Edit(0, 0, "x"), Edit(1, 1, "y")], [Edit(2, 2, "y")], id="that does not touch"
        ),
        pytest.param([Edit(1, 3, "x")], [Edit(2, 4, "y")], [Edit(1, 3, "by")], id="that overlap"),
        pytest.param([Edit(1, 2, "x")], [Edit(2, 3, "y")], [Edit(1, 3, "by")], id="that touch"),
    ],
)
def test_edits_between(before: list[Edit], after: list[Edit], edits: list[Edit]) -> None:
    assert between("abcdef", before, after) == edits


@pytest.mark.parametrize(
    ("old", "new", "head", "tail"),
    [
        ("", "", 0, 0),
        ("abc", "abc", 3, 0),
        ("abc", "abcd", 3, 0),
        ("abxc", "abyc", 2, 1),
        ("abc", "xbc", 0, 2),
        ("aaa", "aa", 2, 0),
        ("a--a", "a-a", 2, 1),
        ("ab", "ba", 0, 0),
    ],
)
def test_what_two_texts_share(old: str, new: str, head: int, tail: int) -> None:
    assert shared(old, new) == (head, tail)
