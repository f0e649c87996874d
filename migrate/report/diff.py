"""Writes unified diffs that `git apply` and `patch -p1` accept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from migrate.edit import Edit
from migrate.terminal.printable import printable

CONTEXT = 3
"""Unchanged lines shown before and after a change."""

# difflib takes quadratic time where much differs; with more lines than this, a window is shown as removed and added.
_COMPARED = 2_000

_ESCAPES = {0x07: "a", 0x08: "b", 0x09: "t", 0x0A: "n", 0x0B: "v", 0x0C: "f", 0x0D: "r", 0x22: '"', 0x5C: "\\"}


@dataclass(slots=True)
class _Change:
    """Lines that are replaced by other lines: character offsets into the old text, at line starts or its end, and new
    lines.

    `line` is the number of the first old line, from 0; `shift` is the number of lines that earlier changes added.
    """

    start: int
    end: int
    added: list[str]
    line: int
    shift: int


def unified(
    path: str,
    old: str,
    new: str,
    edits: Sequence[Edit],
    notes: Sequence[str] = (),
    bom: bool = False,
) -> str:
    """Return the unified diff from `old` to `new`, or an empty string if they are equal.

    `edits`, in character offsets into `old`, turn it into `new`, in any order; the time taken grows with the
    length of the text, not with its square. `path` is relative to where the diff will be applied (a leading `/` is
    dropped, as git does). There is no `diff --git` line: in a subdirectory `git apply` resolves the names in
    traditional headers only. Each note becomes lines starting with `# ` before the header, which git and patch skip;
    they are safe for a terminal. With `bom` both texts begin with a byte order mark in the file, and so does the
    diff's first line of it.

    Only `\\n` ends a line, as for git and patch; encode the result as UTF-8 and never translate its newlines.
    Raises ValueError if the edits do not lead from `old` to `new`.
    """
    if bom:
        old, new = "\ufeff" + old, "\ufeff" + new
        edits = [Edit(edit.start + 1, edit.end + 1, edit.replacement) for edit in edits]
    changes = list(_changes(old, new, edits))
    if not changes:
        return ""
    parts = [line for note in notes for line in _comment(note)]
    parts += [f"--- {_quoted('a', path)}\n", f"+++ {_quoted('b', path)}\n"]
    for hunk in _hunks(old, changes):
        parts += _printed(old, hunk)
    return "".join(parts)


def _comment(note: str) -> Iterator[str]:
    for line in note.split("\n"):
        yield f"# {printable(line)}".rstrip() + "\n"


def _quoted(side: str, path: str) -> str:
    """Return a header's name as git writes it: in C's quotes where needed, a tab after a name with spaces."""
    raw = f"{side}/".encode() + os.fsencode(path).lstrip(b"/")
    # Without the tab patch would take what follows a space for a date.
    end = "\t" if b" " in raw else ""
    # Patch drops spaces at the end of a bare name, tab or not.
    if all(0x20 <= byte < 0x7F and byte not in _ESCAPES for byte in raw) and not raw.endswith(b" "):
        return raw.decode("ascii") + end
    return f'"{"".join(map(_quoted_byte, raw))}"{end}'


def _quoted_byte(byte: int) -> str:
    if byte in _ESCAPES:
        return "\\" + _ESCAPES[byte]
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"


def _changes(old: str, new: str, edits: Sequence[Edit]) -> Iterator[_Change]:
    """Yield the changes in order, with unchanged lines between any two."""
    done = line = shift = 0  # offset into `old`, its line number, lines added so far
    drift = 0  # new offset minus old offset
    for start, end, growth in _windows(old, edits):
        if old[done:start] != new[done + drift : start + drift]:
            raise ValueError("the edits do not lead from the old text to the new one")
        line += old.count("\n", done, start)
        removed = _lines(old[start:end])
        added = _lines(new[start + drift : end + drift + growth])
        offset = start
        for same, before, after in _compare(removed, added):
            size = sum(map(len, before))
            if not same:
                yield _Change(offset, offset + size, after, line=line, shift=shift)
                shift += len(after) - len(before)
            offset += size
            line += len(before)
        done = end
        drift += growth
    if old[done:] != new[done + drift :]:
        raise ValueError("the edits do not lead from the old text to the new one")


def _windows(old: str, edits: Sequence[Edit]) -> Iterator[tuple[int, int, int]]:
    """Yield the line ranges that edits touch: start and end offsets in `old`, and the number of characters added."""
    start = end = growth = -1
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        # Lines that follow each other are one window, so that all removed lines come before all added ones.
        if start >= 0 and (old.rfind("\n", 0, edit.start) + 1 <= end or edit.start == end == len(old)):
            growth += len(edit.replacement) - (edit.end - edit.start)
            if edit.end >= end:  # it may take the line's end with it
                end = _line_end(old, edit.end)
            continue
        if start >= 0:
            yield start, end, growth
        start = old.rfind("\n", 0, edit.start) + 1
        end = _line_end(old, edit.end)
        growth = len(edit.replacement) - (edit.end - edit.start)
    if start >= 0:
        yield start, end, growth


def _line_end(text: str, offset: int) -> int:
    return text.find("\n", offset) + 1 or len(text)


def _lines(text: str) -> list[str]:
    """Return the lines with their `\\n`; splitlines would also split at `\\r`, form feeds and more."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _compare(old: list[str], new: list[str]) -> Iterator[tuple[bool, list[str], list[str]]]:
    """Yield (equal, old lines, new lines) in order."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    rest = shorter - head
    tail = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    old_end, new_end = len(old) - tail, len(new) - tail
    yield True, old[:head], new[:head]
    before, after = old[head:old_end], new[head:new_end]
    if len(before) + len(after) > _COMPARED:
        yield False, before, after
    else:
        for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            yield tag == "equal", before[i:j], after[k:m]
    yield True, old[old_end:], new[new_end:]


def _hunks(old: str, changes: list[_Change]) -> Iterator[list[_Change]]:
    """Group the changes whose context would touch."""
    hunk: list[_Change] = []
    for change in changes:
        if hunk and old.count("\n", hunk[-1].end, change.start) > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    yield hunk


def _printed(old: str, hunk: list[_Change]) -> Iterator[str]:
    first, last = hunk[0], hunk[-1]
    start, end = first.start, last.end
    for _ in range(CONTEXT):
        start = old.rfind("\n", 0, max(start - 1, 0)) + 1
        end = _line_end(old, end)
    leading = old.count("\n", start, first.start)
    body: list[str] = []
    removed = added = 0
    position = start
    for change in hunk:
        body += _marked(" ", _lines(old[position : change.start]))
        before = _lines(old[change.start : change.end])
        body += _marked("-", before) + _marked("+", change.added)
        removed += len(before)
        added += len(change.added)
        position = change.end
    body += _marked(" ", _lines(old[position:end]))
    line = first.line - leading
    length = len(_lines(old[start:end]))
    yield f"@@ -{_range(line, length)} +{_range(line + first.shift, length - removed + added)} @@\n"
    yield from body


def _range(line: int, length: int) -> str:
    """Return a hunk header's range; `line` counts from 0, and an empty range names the line before it."""
    if length == 0:
        return f"{line},0"
    return f"{line + 1}" if length == 1 else f"{line + 1},{length}"


def _marked(mark: str, lines: list[str]) -> list[str]:
    return [mark + (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n") for line in lines]
