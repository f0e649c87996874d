from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.edit import Edit, apply


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


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(0, 2, ""), Edit(1, 3, "")],
        [Edit(0, 2, ""), Edit(1, 1, "x")],
        [Edit(0, 2, ""), Edit(0, 2, "")],
        [Edit(2, 1, "")],
        [Edit(-1, 1, "")],
        [Edit(3, 4, "")],
    ],
)
def test_refuses_overlaps_and_places_outside(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match=r"^edit "):
        apply("abc", edits)
