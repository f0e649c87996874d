"""Text edits as values, and the functions that combine and apply them."""

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
    """The same edits, sorted and with adjacent ones merged, so that insertions at one offset need no order."""
    found: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if found and found[-1].end == edit.start:
            last = found.pop()
            edit = Edit(last.start, edit.end, last.replacement + edit.replacement)
        found.append(edit)
    return found


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Returns `text` with all `edits` made. Insertions at one offset keep the order in which they are given.

    An insertion may be at either border of a replacement, not inside it. Raises ValueError if an edit lies outside the
    text or two edits overlap.
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


def between(text: str, before: Iterable[Edit], after: Iterable[Edit]) -> list[Edit]:
    """Returns the edits that turn `apply(text, before)` into `apply(text, after)`; they touch only places where the two
    have different edits."""
    edits = sorted(
        [(e.start, e.end, 0, i, e) for i, e in enumerate(before)]
        + [(e.start, e.end, 1, i, e) for i, e in enumerate(after)]
    )
    groups: list[tuple[list[Edit], list[Edit]]] = []
    reach = -1
    for start, end, side, _, edit in edits:
        if start > reach:
            groups.append(([], []))
        groups[-1][side].append(edit)
        reach = max(reach, end)
    found = []
    shift = 0
    for old, new in groups:
        start, end = min(e.start for e in (*old, *new)), max(e.end for e in (*old, *new))
        length = end - start + _growth(old)
        if old != new:
            part = [Edit(e.start - start, e.end - start, e.replacement) for e in new]
            found.append(Edit(start + shift, start + shift + length, apply(text[start:end], part)))
        shift += _growth(old)
    return found


def _growth(edits: Iterable[Edit]) -> int:
    return sum(len(e.replacement) - (e.end - e.start) for e in edits)


def shared(old: str, new: str) -> tuple[int, int]:
    """The length of the common beginning of two texts, and that of the common end of their rests, in characters."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    return head, tail
