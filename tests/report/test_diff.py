"""Diffs that git and patch apply to exactly the new text, whatever the lines, the newlines and the name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.edit import Edit
from migrate.report.diff import unified


def changed(text: str, edits: list[Edit]) -> str:
    """Return `text` with edits made, back to front: an own two lines, so that nothing judges itself here."""
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text


def diff(old: str, *edits: Edit, path: str = "x.json", notes: tuple[str, ...] = (), bom: bool = False) -> str:
    return unified(path, old, changed(old, list(edits)), edits, notes, bom)


def numbered(count: int, newline: str = "\n") -> str:
    return "".join(f"line {number}{newline}" for number in range(1, count + 1))


def at(text: str, old: str, new: str) -> Edit:
    start = text.index(old)
    return Edit(start, start + len(old), new)


def test_one_line() -> None:
    text = numbered(9)
    assert diff(text, at(text, "5", "five"), path="a/b.json") == (
        "--- a/a/b.json\n+++ b/a/b.json\n@@ -2,7 +2,7 @@\n"
        " line 2\n line 3\n line 4\n-line 5\n+line five\n line 6\n line 7\n line 8\n"
    )


def test_nothing() -> None:
    assert unified("x", "a\n", "a\n", [], ["note"]) == ""
    assert diff("a\n", Edit(0, 1, "a"), notes=("note",)) == ""


def test_hunks_join_where_their_context_touches() -> None:
    text = numbered(30)
    near = diff(text, at(text, "line 5\n", "X\n"), at(text, "line 12\n", "Y\n"))
    far = diff(text, at(text, "line 5\n", "X\n"), at(text, "line 13\n", "Y\n"))
    assert (near.count("@@ -"), far.count("@@ -")) == (1, 2)
    assert "@@ -10,7 +10,7 @@\n line 10\n" in far


def test_an_edit_over_many_lines_shows_only_what_differs() -> None:
    text = numbered(9)
    edit = Edit(0, len(text), text.replace("line 2\n", "").replace("8", "eight"))
    assert [line for line in diff(text, edit).splitlines()[3:] if line[0] != " "] == [
        "-line 2",
        "-line 8",
        "+line eight",
    ]


def test_final_newline() -> None:
    none = "\\ No newline at end of file\n"
    assert diff("a\nb", Edit(3, 3, "\n")).endswith(f"@@ -1,2 +1,2 @@\n a\n-b\n{none}+b\n")
    assert diff("a\nb\n", Edit(3, 4, "")).endswith(f"@@ -1,2 +1,2 @@\n a\n-b\n+b\n{none}")
    assert diff("a\nb", Edit(0, 1, "A")).endswith(f"@@ -1,2 +1,2 @@\n-a\n+A\n b\n{none}")
    assert diff("", Edit(0, 0, "a")).endswith(f"@@ -0,0 +1 @@\n+a\n{none}")
    assert diff("a", Edit(0, 1, "")).endswith(f"@@ -1 +0,0 @@\n-a\n{none}")


def test_only_line_feeds_end_lines() -> None:
    text = "a\rb\x0cc\u2028d\x85e\r\nf\r\n"
    assert diff(text, at(text, "f", "F")).endswith("@@ -1,2 +1,2 @@\n a\rb\x0cc\u2028d\x85e\r\n-f\r\n+F\r\n")


def test_bom() -> None:
    shown = diff("a\nb\nc\nd\ne\n", Edit(0, 1, "A"), bom=True)
    assert "\n-\ufeffa\n+\ufeffA\n b\n" in shown
    assert "\n \ufeffa\n-b\n" in diff("a\nb\n", Edit(2, 3, "B"), bom=True)


def test_notes_cannot_pose_as_a_diff_or_steer_a_terminal() -> None:
    notes = ("two\nlines", "--- a/evil\n+++ b/evil\n@@ -1 +1 @@\n-x\n+y", "\x1b[2J\r--- a/evil\u202e", "end\n")
    assert diff("a\n", Edit(0, 1, "b"), notes=notes).splitlines()[: 5 + 6] == [
        "# two",
        "# lines",
        "# --- a/evil",
        "# +++ b/evil",
        "# @@ -1 +1 @@",
        "# -x",
        "# +y",
        "# \\x1b[2J\\r--- a/evil\\u202e",
        "# end",
        "#",
        "--- a/x.json",
    ]


@pytest.mark.parametrize(
    ("new", "edits"),
    [("b\n", []), ("b\nc\n", [Edit(0, 1, "b")]), ("a\nx\nc\n", [Edit(4, 5, "d")]), ("", [Edit(0, 1, "")])],
)
def test_edits_that_lead_elsewhere(new: str, edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="do not lead"):
        unified("x", "a\nb\nc\n", new, edits)


# --- judged by git and patch ------------------------------------------------------------------------------------------

NAMES = [
    b"x.json",
    b"dir/x.json",
    b"a/b/c.yaml",
    b"b/x.json",
    b"with space.json",
    b"dir with space/x.json",
    b"two  spaces.json",
    b" leading",
    b"trailing ",
    b"trailing/x ",
    b"2020-01-01 10:00:00.json",
    b"x 2020-01-01 10:00:00 +0000",
    b"-n.json",
    b'"quoted".json',
    b"it's.json",
    b"back\\slash.json",
    b"\\n.json",
    b"tab\there.json",
    b"tab and space \t.json",
    b"line\nfeed.json",
    b"return\r.json",
    b"escape\x1b[31m.json",
    b"bell\x07\x08\x0b\x0c\x01\x7f.json",
    "größe/大.json".encode(),
    b"latin-\xe9 1.json",
    b"*?[x].json",
    b"# note.json",
    b"--- a.json",
    b'a b/c d/e\\f "g" \xff.json',
]


def git(*arguments: str, cwd: Path, stdin: bytes = b"") -> None:
    done = subprocess.run(["git", *arguments], cwd=cwd, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")


def patch(cwd: Path, stdin: bytes) -> None:
    if shutil.which("patch") is None:
        pytest.skip("patch is not installed")
    done = subprocess.run(["patch", "-p1", "--fuzz=0"], cwd=cwd, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")
    assert b"offset" not in done.stdout


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["repository", "subdirectory", "no repository", "patch"])
def test_names(name: bytes, where: str, tmp_path: Path) -> None:
    here = tmp_path / "sub dir" / "deep" if where == "subdirectory" else tmp_path
    here.mkdir(parents=True, exist_ok=True)
    if where in {"repository", "subdirectory"}:
        git("init", "-q", cwd=tmp_path)
    path = here / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = numbered(20)
    path.write_text(text)
    edits = [at(text, "line 7", "seven"), at(text, "line 19", "nineteen")]
    shown = diff(text, *edits, path=os.fsdecode(name), notes=("a note",))
    stdin = (shown + diff("z\n", Edit(0, 1, "y"), path="z.json", notes=("--- a/x.json",))).encode()
    (here / "z.json").write_text("z\n")
    if where == "patch":
        patch(here, stdin)
    else:
        git("apply", cwd=here, stdin=stdin)
    assert path.read_text() == changed(text, edits)
    assert (here / "z.json").read_text() == "y\n"


CONTENTS = {
    "plain": (numbered(20), [(1, "x"), (40, "y\nz\n")]),
    "crlf": (numbered(20, "\r\n"), [(1, "x"), (40, "y\r\nz\r\n")]),
    "lone carriage returns": ("a\rb\rc\r", [(2, "x\r")]),
    "mixed newlines": ("a\r\nb\nc\rd\r\r\ne", [(3, "x\r\n"), (6, "y\n")]),
    "form feeds and friends": ("a\x0cb\u2028c\x85d\x1ce\nf\n", [(1, "x"), (10, "y")]),
    "no final newline": ("a\nb\nc", [(5, "!")]),
    "final newline added": ("a\nb", [(3, "\n")]),
    "lines like headers": ("-- a/x\n++ b/x\n@ -1 +1 @@\n\\ No newline\n# x\n", [(0, "-"), (7, "+"), (14, "@")]),
    "empty lines": ("\n\n\n\n\n\n\n\n", [(3, "x"), (4, "\n")]),
    "whitespace": ("  a  \n\t\n \nb\n", [(1, "\t"), (7, "  ")]),
    "one long line": ("[" + "1, " * 100_000 + "1]", [(3, "2, ")]),
    "not only ASCII": ("größe: 大 🐘\n", [(6, "ß")]),
}  # fmt: skip  # a case a line


@pytest.mark.parametrize("tool", ["git", "patch"])
@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("case", CONTENTS)
def test_contents(case: str, bom: bool, tool: str, tmp_path: Path) -> None:
    text, insertions = CONTENTS[case]
    edits = [Edit(offset, offset, inserted) for offset, inserted in insertions]
    mark = b"\xef\xbb\xbf" if bom else b""
    path = tmp_path / "x.yaml"
    path.write_bytes(mark + text.encode())
    stdin = diff(text, *edits, path="x.yaml", notes=("note",), bom=bom).encode()
    if tool == "git":
        git("apply", cwd=tmp_path, stdin=stdin)
    else:
        patch(tmp_path, stdin)
    assert path.read_bytes() == mark + changed(text, edits).encode()


# --- judged by an applier of four lines -------------------------------------------------------------------------------

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def applied(old: str, shown: str) -> str:
    """Return `old` with the hunks of a diff applied strictly: no offset, no fuzz, every count right."""
    if not shown:
        return old
    lines = re.findall(r"[^\n]*\n|[^\n]+", old)
    result: list[str] = []
    position = 0
    body = iter([*re.findall(r"[^\n]*\n", shown)[2:], ""])
    line = next(body)
    while line:
        header = HUNK.match(line)
        assert header
        old_line, old_count, new_line, new_count = (
            int(default if value is None else value) for value, default in zip(header.groups(), "1111", strict=True)
        )
        start = old_line - (old_count > 0)
        result += lines[position:start]
        assert len(result) == new_line - (new_count > 0)
        position = start
        line = next(body)
        while line[:1] in {" ", "-", "+"}:
            mark, content = line[0], line[1:]
            line = next(body)
            if line.startswith("\\"):
                content = content[:-1]
                line = next(body)
            if mark != "+":
                assert lines[position] == content
                position += 1
            if mark != "-":
                result.append(content)
        assert (position - start, len(result) - new_line + (new_count > 0)) == (old_count, new_count)
    return "".join(result + lines[position:])


TEXT = st.lists(st.sampled_from(["a", "b", "\n", "\n", "\n", "\r", "\r\n", "-", "é"]), max_size=60).map("".join)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(TEXT)
    offsets = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    pairs = zip(offsets[::2], offsets[1::2], strict=False)
    edits = [Edit(start, draw(st.sampled_from([start, end])), draw(TEXT)) for start, end in pairs]
    return text, draw(st.permutations(edits))


@given(edited(), st.booleans())
def test_any_edits(case: tuple[str, list[Edit]], bom: bool) -> None:
    text, edits = case
    new = changed(text, edits)
    shown = unified("x", text, new, edits, bom=bom)
    mark = "\ufeff" if bom else ""
    assert applied(mark + text, shown) == mark + new


def test_insertions_at_one_offset() -> None:
    edits = [Edit(2, 2, "x\n"), Edit(2, 2, "y\n"), Edit(2, 3, "B")]
    assert applied("a\nb\n", unified("x", "a\nb\n", "a\nx\ny\nB\n", edits)) == "a\nx\ny\nB\n"


def test_a_line_that_loses_its_end_after_another_edit() -> None:
    shown = unified("x", "a\n\n", "xa\n", [Edit(0, 0, "x"), Edit(1, 2, "")])
    assert "No newline" not in shown
    assert applied("a\n\n", shown) == "xa\n"


def test_a_large_window_is_not_compared_line_by_line() -> None:
    old = "".join(f"{number}\n" for number in range(20_000))
    new = "".join(f"{number * 7919 % 20_011}\n" for number in range(20_000))
    assert applied(old, unified("x", old, new, [Edit(0, len(old), new)])) == new
