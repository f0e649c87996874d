"""The parts of a review that need no terminal: edits between two texts, patched hunks, entries of the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.config import config, entries
from migrate.edit import Edit, apply, between
from migrate.review.hunks import NotEdited, hunks, patched, shown
from migrate.review.inputs import Inputs
from migrate.run.run import Job, Options, Run
from migrate.terminal.keyboard import Terminal
from rules.choices import Choices
from rules.facts.digest import digest
from rules.facts.questions import AccessPointOf, MountAt, Question, RoleOf, StorageOf
from rules.model import EfsVolume, Key, Opaque, Permission, Ref, SetStorage, Text
from rules.rule import Status


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit], list[Edit]]:
    """A text and two sets of edits of it, some of them in both."""
    text = draw(st.text("ab\n", max_size=40))
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pool = [Edit(a, b, draw(st.text("xy\n", max_size=4))) for a, b in zip(places[::2], places[1::2], strict=False)]
    sides = [[edit for edit in pool if draw(st.booleans())] for _ in range(2)]
    for side in sides:
        place = draw(st.integers(0, len(text)))
        if not any(edit.start < place < edit.end for edit in pool):
            side.append(Edit(place, place, draw(st.text("xy", max_size=2))))
    return text, sides[0], sides[1]


@settings(deadline=None)
@given(edited())
def test_edits_between_two_texts(given: tuple[str, list[Edit], list[Edit]]) -> None:
    text, old, new = given
    found = between(text, old, new)
    assert apply(apply(text, old), found) == apply(text, new)
    assert between(text, old, old) == []


@settings(deadline=None)
@given(edited())
def test_hunks_that_nobody_touched_are_the_change(given: tuple[str, list[Edit], list[Edit]]) -> None:
    text, old, new = given
    before, after = apply(text, old), apply(text, new)
    change = hunks(before, after, between(text, old, new))
    written = "".join("\n".join([hunk.header, *hunk.lines, ""]) for hunk in change)
    # Whether the last line has an end is nothing that can be edited.
    if before.endswith("\n") and after.endswith("\n"):
        assert patched([before], change, written) == ([after] if after != before else None)


def test_a_patch_keeps_carriage_returns() -> None:
    before, after = "a\r\nb\r\n", "a\r\nc\r\n"
    change = hunks(before, after, [Edit(3, 4, "c")])
    assert patched([before], change, "@@ -1,2 +1,2 @@\n a\n-b\n+d\n+e\n") == ["a\r\nd\r\ne\r\n"]
    with pytest.raises(NotEdited):
        patched([before], change, "@@ -1,2 +1,2 @@\n x\n-b\n+d\n")


def test_long_lines_are_shown_around_what_changes() -> None:
    before, after = "x" * 5000 + "old" + "y" * 5000, "x" * 5000 + "new" + "y" * 5000
    _, minus, plus = shown(hunks(before, after, [Edit(5000, 5003, "new")])[0])
    assert minus == "\x1b[31m-…" + "x" * 100 + "old" + "y" * 100 + "…\x1b[0m"
    assert plus == "\x1b[32m+…" + "x" * 100 + "new" + "y" * 100 + "…\x1b[0m"


# -- the configuration ------------------------------------------------------------------------------------------------

ID = "fs-0123456789abcdef0"
POINT = "fsap-0123456789abcdef0"
ASKED: list[tuple[Question, list[str], str]] = [
    (
        AccessPointOf(Text.of(ID), "/app"),
        [POINT],
        f"file-systems:\n  - id: {ID}\n    access-points:\n      /app: {POINT}\n",
    ),
    (MountAt("/mnt/efs/app"), [ID, "/mnt/efs", "/"], f"file-systems:\n  - id: {ID}\n    mounts:\n      /mnt/efs: /\n"),
    (
        MountAt("/x"),
        ["!ImportValue shared", "/x", "/"],
        "file-systems:\n  - id: !ImportValue shared\n    mounts:\n      /x: /\n",
    ),
    (StorageOf("home"), [ID, "/data"], f"docker-volumes:\n  home:\n    file-system: {ID}\n    directory: /data\n"),
    (
        RoleOf("a: b"),
        ["arn:aws:iam::123456789012:role/x"],
        'task-roles:\n  "a: b": "arn:aws:iam::123456789012:role/x"\n',
    ),
]


@pytest.mark.parametrize(("question", "answers", "written"), ASKED, ids=range(len(ASKED)))
def test_an_answer_is_an_entry(question: Question, answers: list[str], written: str) -> None:
    assert len(entries.blanks(question)) == len(answers)
    assert [entries.problem(question, answers[: n + 1]) for n in range(len(answers))] == [None] * len(answers)
    entry = entries.settings(question, answers)
    assert entry is not None
    assert entries.new(entry).endswith(written)
    added = entries.add("# head\nroot-access: true  # yes\n", entry)
    assert added.startswith("# head\nroot-access: true  # yes\n")
    told = entries.told(entry).choices
    for text in (added, entries.add("# nothing yet\n", entry), entries.add("", entry), entries.new(entry)):
        policy = config.read(text.encode(), "x", "").choices
        assert (policy.file_systems, policy.docker_volumes, policy.task_roles) == (
            told.file_systems,
            told.docker_volumes,
            told.task_roles,
        )
        # A second time there is nothing to add, and what is there is not replaced.
        assert config.read(entries.add(text, entry).encode(), "x", "").choices == policy


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        (AccessPointOf(Text.of(ID), "/app"), ["fs-1"]),
        (MountAt("/x"), ["vol-1"]),
        (MountAt("/x"), [ID, "relative"]),
        (StorageOf("home"), [ID, "/a/../b"]),
        (RoleOf("web"), ["role/x"]),
        (RoleOf("web"), ["arn:aws:iam::123456789012:role/x\x1b[31m\n"]),
    ],
)
def test_an_answer_that_the_configuration_would_not_take(question: Question, answers: list[str]) -> None:
    if "\n" in answers[-1]:
        entry = entries.settings(question, answers)
        assert entry is not None
        assert "\x1b" not in entries.new(entry)
        return
    assert entries.problem(question, answers)


def test_an_expression_is_named_only_where_it_is_one_word() -> None:
    long = Opaque("!If [Own, !Ref A, !Ref B]")
    assert entries.settings(AccessPointOf(long, "/a"), [POINT]) is None
    assert entries.settings(AccessPointOf(Opaque("!Ref A"), "/a"), [POINT]) is not None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"file-systems: # all\n- id: {ID}  # shared\n  mounts: {{/mnt: /}}\n- id: fs-12345678\n",
            f"file-systems: # all\n- id: {ID}  # shared\n  mounts: {{/mnt: /}}\n  access-points: {{/app: {POINT}}}\n- id: fs-12345678\n",
        ),
        (
            "file-systems:\n  # - id: fs-…\ntarget: tls\n",
            f"file-systems:\n  - id: {ID}\n    access-points:\n      /app: {POINT}\n  # - id: fs-…\ntarget: tls\n",
        ),
        (
            f"file-systems:\n  - id: {ID}\n    access-points:\n      /other: {POINT}   # mine\n",
            f"file-systems:\n  - id: {ID}\n    access-points:\n      /other: {POINT}   # mine\n      /app: {POINT}\n",
        ),
    ],
    ids=range(3),
)
def test_an_entry_joins_what_is_there(before: str, after: str) -> None:
    entry = entries.settings(*ASKED[0][:2])
    assert entry is not None
    assert entries.add(before, entry) == after


@pytest.mark.parametrize("text", ["file-systems: {}\n", "- a\n", "file-systems: [", "unknown: 1\n", "task-roles: []\n"])
def test_a_configuration_that_cannot_take_it(text: str) -> None:
    entry = entries.settings(*ASKED[0][:2])
    assert entry is not None
    with pytest.raises(entries.NotSaved):
        entries.add(text, entry)


# -- mounts that other files suggest ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Typing(Terminal):
    """A terminal at which these lines are typed, and one key pressed."""

    lines: list[str] = field(default_factory=list)
    pressed: str = "n"
    shown: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.shown.append(text)

    def line(self, prompt: str) -> str:
        self.write(prompt)
        return self.lines.pop(0)

    def key(self, prompt: str, *, fresh: bool = False) -> str:
        assert not fresh
        self.write(prompt)
        return self.pressed


LIKELY = (("/mnt/efs", "!ImportValue shared", "/"), ("/mnt", "fs-12345678", "/apps"))


@pytest.mark.parametrize(
    ("lines", "answer", "systems"),
    [
        (["1", "", ""], True, [("!ImportValue shared", (("/mnt/efs", "/"),))]),
        (["9", "x", "2", "/other", ""], True, [("fs-12345678", (("/other", "/apps"),))]),
        (["0", "fs-1", ID, "", "/"], True, [(ID, (("/mnt/efs", "/"),))]),
        (["0", ""], False, []),
        ([""], False, []),
        (["\x04"], None, []),
        (["2", "\x04"], None, []),
    ],
    ids=range(7),
)
def test_one_of_several_mounts(
    lines: list[str], answer: bool | None, systems: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    terminal = Typing(-1, -1, colour=False, by_line=True, lines=[*lines])
    inputs = Inputs(Run(Options(), warn=print), terminal, str(tmp_path))
    job = Job("x.yaml", "x.yaml", Choices())
    question = MountAt("/mnt/efs/app", LIKELY)
    assert inputs.may_ask(question)
    assert inputs.ask(question, job) is answer
    assert not inputs.may_ask(question)
    assert terminal.lines == []
    assert terminal.shown[:2] == [
        "  1  !ImportValue shared:/ mounted at /mnt/efs\n",
        "  2  fs-12345678:/apps mounted at /mnt\n",
    ]
    assert [(s.id.source, s.mounts) for s in inputs.choices(job).file_systems] == systems
    assert list(tmp_path.iterdir()) == []


# -- digests ----------------------------------------------------------------------------------------------------------


def test_a_digest_is_of_what_is_done() -> None:
    storage = EfsVolume(Text.of(ID), iam=Text.of("ENABLED"))
    change = SetStorage(Key("volume", 0), storage)
    assert digest(change) == digest(SetStorage(Key("volume", 0), replace(storage)))
    others = [
        SetStorage(Key("volume", 1), storage),
        SetStorage(Key("volume", 0), replace(storage, access_point=Text.of(POINT))),
        SetStorage(Key("volume", 0), replace(storage, root_directory=Text((Ref("${A}"),)))),
        SetStorage(Key("volume", 0), replace(storage, root_directory=Text(("${A}",)))),
    ]
    assert len({digest(one) for one in [change, *others]}) == 5


def test_a_digest_does_not_depend_on_a_sets_order_or_on_handles() -> None:
    some = [Permission(Key("role"), f"action{i}", None, None) for i in range(20)]
    assert digest(frozenset(some)) == digest(frozenset(reversed(some)))
    assert digest(Opaque("x", handle=object())) == digest(Opaque("x", handle=object()))
    assert digest("a", "b") != digest("ab")


def test_digests_stay_what_they_are() -> None:
    """Answers are recorded by them and hold in later versions, so they are written down here."""
    change = SetStorage(Key("volume", 0), EfsVolume(Text.of(ID), root_directory=Text((Ref("${A}"), "/\udcff"))))
    assert digest(Status.UNSAFE, (change,), None) == "15b58d5e6f4f2ffd"
    assert (
        digest(frozenset({Permission(Key("role"), "b", None, None), Permission(Key("role"), "a", None, None)}))
        == "68cdd69fbf3d1e78"
    )
