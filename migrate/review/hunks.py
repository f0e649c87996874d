"""The hunks between two texts: shows them on a terminal, and lets the user edit them as in `git add -p`."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from migrate.edit import Edit, shared
from migrate.files.screen import reason
from migrate.report.diff import unified
from migrate.terminal.keyboard import Terminal
from migrate.terminal.printable import painted, printable, printable_lines

_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? ")
_LONGEST = 400
_AROUND = 100
_STYLES = {"-": "red", "+": "green", "@": "cyan"}

_GUIDE = """\
# ---
# To keep a line that is marked `-`, replace the mark by a space. To leave out a line that is marked `+`, delete it.
# Lines that begin with `#` do not count. The lines marked ` ` and `-` must stay what they are, and new lines stand where
# the step has its own.
# What comes out is checked as far as that can be (it has to be read as the same definition again), but it is not the
# planned change any more, so that nothing proves it: read it once more before you deploy.
# To apply nothing, delete everything.
"""


class NotEdited(Exception):
    """Raised if a hunk could not be edited; the message is the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines and the lines around them. `first` is the index of the first old line; each of `lines` begins with
    its mark: space, `-` or `+`. If `crlf`, all lines end in `\\r\\n` in the file, and the `\\r` is left out here.
    `file` is the index of the file in its unit, and `name` is shown if the unit has several files."""

    header: str
    first: int
    lines: tuple[str, ...]
    crlf: bool
    file: int = 0
    name: str = ""

    @property
    def old(self) -> list[str]:
        return [line[1:] for line in self.lines if line[0] != "+"]


def hunks(before: str, after: str, edits: Sequence[Edit]) -> list[Hunk]:
    """The hunks that turn the text `before` into `after`. `edits` do the same, in character offsets into `before`."""
    found = []
    # The first two lines of a diff name the file.
    lines = unified("", before, after, edits=edits).split("\n")[2:-1]
    starts = [i for i, line in enumerate(lines) if line.startswith("@@")]
    for start, end in zip(starts, [*starts[1:], None], strict=False):
        body = [line for line in lines[start + 1 : end] if not line.startswith("\\")]
        crlf = all(line.endswith("\r") for line in body)
        match = _HEADER.match(lines[start])
        assert match
        # An empty range names the line before it.
        first = int(match[1]) - (match[2] != "0")
        found.append(
            Hunk(lines[start], first, tuple(line.removesuffix("\r") if crlf else line for line in body), crlf=crlf)
        )
    return found


def shown(hunk: Hunk) -> Iterator[str]:
    """The lines of a hunk in colour, safe for a terminal."""
    if hunk.name:
        yield painted(printable(hunk.name), "bold")
    for line in (hunk.header, *_shortened(hunk.lines)):
        text = printable_lines(line.removesuffix("\r"))
        yield painted(text, _STYLES[line[0]]) if line[0] in _STYLES else text


def _shortened(lines: Sequence[str]) -> Iterator[str]:
    """The lines, of which long ones are cut down to where they differ: a whole JSON file may be on one line."""
    long = [line[1:] for line in lines if len(line) > _LONGEST and line[0] != " "]
    head, tail = shared(long[0], long[1]) if len(long) == 2 else (0, 0)
    start = 1 + max(0, head - _AROUND)
    for line in lines:
        end = min(len(line), len(line) - tail + _AROUND)
        if len(line) <= _LONGEST:
            yield line
        elif line[0] == " " or len(long) != 2:
            yield f"{line[:_LONGEST]}…"
        else:
            yield f"{line[0]}{'…' if start > 1 else ''}{line[start:end]}{'…' if end < len(line) else ''}"


# -- by hand ----------------------------------------------------------------------------------------------------------


def edit(before: Sequence[str], change: Sequence[Hunk], title: str, terminal: Terminal) -> list[str] | None:
    """Lets the user edit the hunks and returns the unit's texts with the edited hunks applied; None if no hunk is left.

    No line outside the hunks changes. Raises NotEdited.
    """
    return patched(before, change, _edited(_as_text(change, title), terminal))


def _as_text(change: Sequence[Hunk], title: str) -> str:
    lines = [f"# {printable(title)}"]
    for hunk in change:
        lines += [f"# {printable(hunk.name)}"] if hunk.name else []
        lines += [hunk.header, *hunk.lines]
    return "\n".join(lines) + "\n" + _GUIDE


def patched(before: Sequence[str], change: Sequence[Hunk], text: str) -> list[str] | None:
    """The texts `before` with the hunks applied as they stand in the edited `text`; None if no hunk is left. Raises
    NotEdited."""
    edited: list[list[str]] = []
    for line in text.removesuffix("\n").split("\n") if text.strip() else ():
        if line.startswith("@@"):
            edited.append([])
        elif not line.startswith(("#", "\\")):
            if not edited or (line and line[0] not in " +-"):
                raise NotEdited(f"a line begins with neither a space nor `+` nor `-`: {line[:40]}")
            edited[-1].append(line or " ")
    while edited and not edited[-1]:
        edited.pop()
    if not edited:
        return None
    if len(edited) != len(change):
        raise NotEdited(f"there were {len(change)} hunks, and now there are {len(edited)}")
    files = [file.split("\n") for file in before]
    for hunk, now in reversed([*zip(change, edited, strict=True)]):
        if [line[1:] for line in now if line[0] != "+"] != hunk.old:
            raise NotEdited("the lines marked with a space or `-` are not those of the file any more")
        if strange := _beyond(hunk, now):
            raise NotEdited(
                f"only the lines that the step changes can be edited, and this is another: {strange[1:].strip()[:40]}"
            )
        new = [line[1:] + "\r" * hunk.crlf for line in now if line[0] != "-"]
        lines = files[hunk.file]
        lines[hunk.first : hunk.first + len(hunk.old)] = new
    after = ["\n".join(lines) for lines in files]
    return None if after == [*before] else after


def _beyond(hunk: Hunk, edited: Sequence[str]) -> str | None:
    """The first line by which an edited hunk changes the file where the hunk itself does not; None if there is none."""
    marks = [line[0] for line in hunk.lines if line[0] != "+"]
    places: set[int] = set()
    """The numbers of unchanged lines that changes of the hunk stand behind."""
    passed = 0
    for line in hunk.lines:
        passed += line[0] == " "
        if line[0] != " ":
            places.add(passed)
    old = passed = 0
    for line in edited:
        if line[0] == "+":
            if passed not in places:
                return line
            continue
        if marks[old] == " ":
            if line[0] == "-":
                return line
            passed += 1
        old += 1
    return None


def _edited(text: str, terminal: Terminal) -> str:
    """The text after the user has edited it in `$EDITOR`. Raises NotEdited."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with TemporaryDirectory(prefix="efs-migrate-") as folder:
        path = Path(folder, "hunk.diff")
        path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
        try:
            command = [*shlex.split(editor), str(path)]
            with _interrupts_for_the_editor():
                done = subprocess.run(command, stdin=terminal.input, stdout=terminal.output, stderr=terminal.output)
            edited = path.read_text(encoding="utf-8", errors="surrogateescape")
        except ValueError as error:
            raise NotEdited(f"the editor's command cannot be read: {error}") from None
        except OSError as error:
            raise NotEdited(f"{editor}: {reason(error)}") from None
    if done.returncode:
        raise NotEdited(f"{editor} ended with status {done.returncode}")
    return edited


@contextmanager
def _interrupts_for_the_editor() -> Iterator[None]:
    """Leaves Ctrl-C to the editor while it runs. A handler, because the editor would inherit an ignored signal."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
