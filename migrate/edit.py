"""Text edits as values, and the one function that applies them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace `text[start:end]` by `replacement`.

    `start` and `end` are character offsets into the decoded text (without a byte order mark), `start <= end`;
    `start == end` inserts.
    """

    start: int
    end: int
    replacement: str


def joined(edits: Iterable[Edit]) -> list[Edit]:
    """The same edits, sorted, with those that touch made one, so that no order has to be kept among insertions."""
    found: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if found and found[-1].end == edit.start:
            last = found.pop()
            edit = Edit(last.start, edit.end, last.replacement + edit.replacement)
        found.append(edit)
    return found


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with all `edits` made. Insertions at one offset keep the order in which they are given.

    An insertion may stand at either border of a replacement, not inside it. Raises ValueError if an edit lies outside
    the text or two edits overlap.
    """
    pieces: list[str] = []
    position = 0
    # A stable sort by span keeps the order of insertions at one offset, and puts them before a replacement there.
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not 0 <= edit.start <= edit.end <= len(text):
            raise ValueError(f"edit {edit.start}:{edit.end} lies outside a text of {len(text)} characters")
        if edit.start < position:
            raise ValueError(f"edit {edit.start}:{edit.end} overlaps the one before it, which ends at {position}")
        pieces += (text[position : edit.start], edit.replacement)
        position = edit.end
    pieces.append(text[position:])
    return "".join(pieces)
