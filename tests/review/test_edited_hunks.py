"""Hunks that the user edits: only what the step itself changes can be edited, and what came of it is said."""

from __future__ import annotations

import pytest

from migrate.edit import Edit
from migrate.review.hunks import NotEdited, hunks, patched

BEFORE = "a\nb\nc\nd\ne\nf\n"
AFTER = "a\nb\nC\nd\ne\nf\n"
HEAD = "@@ -1,6 +1,6 @@\n"
(HUNK,) = hunks(BEFORE, AFTER, [Edit(4, 5, "C")])


def edited(*lines: str) -> str | None:
    found = patched([BEFORE], [HUNK], HEAD + "".join(f"{line}\n" for line in lines))
    return found[0] if found else None


@pytest.mark.parametrize(
    "lines",
    [
        (" a", "-b", "+B", "-c", "+C", " d", " e", " f"),
        (" a", "-b", "-c", "+C", " d", " e", " f"),
        ("-a", "+A", " b", "-c", "+C", " d", " e", " f"),
        (" a", " b", "-c", "+C", " d", " e", "-f"),
        (" a", " b", "-c", "+C", " d", "+new", " e", " f"),
        ("+new", " a", " b", "-c", "+C", " d", " e", " f"),
        (" a", " b", "-c", "+C", " d", " e", " f", "+new"),
        (" a", "+new", " b", " c", " d", " e", " f"),
        (" a", " b", " c", "-d", "+D", " e", " f"),
    ],
    ids=" ".join,
)
def test_another_line_cannot_be_changed(lines: tuple[str, ...]) -> None:
    with pytest.raises(NotEdited, match="only the lines that the step changes can be edited, and this is another: "):
        edited(*lines)


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ((" a", " b", "-c", "+C", " d", " e", " f"), AFTER),
        ((" a", " b", "-c", "+other", " d", " e", " f"), AFTER.replace("C", "other")),
        ((" a", " b", "-c", "+one", "+two", " d", " e", " f"), AFTER.replace("C", "one\ntwo")),
        ((" a", " b", "+more", " c", " d", " e", " f"), BEFORE.replace("c", "more\nc")),
        ((" a", " b", " c", "+more", " d", " e", " f"), BEFORE.replace("c", "c\nmore")),
        ((" a", " b", "-c", " d", " e", " f"), BEFORE.replace("c\n", "")),
        ((" a", " b", " c", " d", " e", " f"), None),
    ],
)
def test_the_lines_of_the_step_can_be_changed(lines: tuple[str, ...], after: str | None) -> None:
    assert edited(*lines) == after


def test_two_changes_in_one_hunk() -> None:
    after = "a\nB\nc\nd\nE\nf\n"
    (hunk,) = hunks(BEFORE, after, [Edit(2, 3, "B"), Edit(8, 9, "E")])
    text = HEAD + " a\n-b\n+%s c\n d\n%s f\n"
    assert patched([BEFORE], [hunk], text % ("X\n", "-e\n+Y\n")) == [after.replace("B", "X").replace("E", "Y")]
    with pytest.raises(NotEdited):
        patched([BEFORE], [hunk], (text % ("X\n", "-e\n+Y\n")).replace(" c\n d", " c\n+between\n d"))
