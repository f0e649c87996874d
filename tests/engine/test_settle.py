"""Steps that cannot be written or proven: each is found and refused, in words, and the rest of the file goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from math import ceil, log2

import pytest

from migrate.dialects.common.volumes import volume_edits
from migrate.edit import Edit
from migrate.engine import settle
from migrate.engine.decisions import UNDECIDED, Decisions
from migrate.engine.outcome import Outcome
from migrate.engine.process import Opened, open_text, process
from migrate.engine.proof import Unproven
from migrate.files.language import JSON, YAML
from migrate.syntax.data.document import DataDocument
from migrate.syntax.node import NewValue, TreeEdit
from rules.choices import AccessPoints, Choices, ConfiguredFileSystem
from rules.model import EfsVolume, Key, Text
from rules.rule import Status, StepId

SYSTEM = ConfiguredFileSystem(Text.of("fs-0123456789abcdef0"), mounts=(("/mnt/efs", "/"),))
CHOICES = Choices(file_systems=(SYSTEM,), access_points=AccessPoints.NEVER)
ROLE = "arn:aws:iam::123456789012:role/app"


def definitions(count: int, *bad: int) -> str:
    """Definitions with a volume each, in one file; the paths of the bad ones say so."""
    made = [
        {
            "family": f"t{i}",
            "taskRoleArn": ROLE,
            "containerDefinitions": [{"name": "a", "mountPoints": [{"sourceVolume": "data", "containerPath": "/d"}]}],
            "volumes": [{"name": "data", "host": {"sourcePath": f"/mnt/efs/{'bad' if i in bad else 'good'}/{i}"}}],
        }
        for i in range(count)
    ]
    return json.dumps(made, indent=1)


Fault = Callable[[dict[str, NewValue]], dict[str, NewValue]]


def fault(change: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the writer spoil the configuration of the bad volumes."""
    right = volume_edits.efs_value

    def wrong(storage: EfsVolume, *arguments: object) -> dict[str, NewValue]:
        members = right(storage, *arguments)  # type: ignore[arg-type]  # passed on
        root = storage.root_directory
        return change(members) if root is not None and root.source.startswith("/bad/") else members

    monkeypatch.setattr(volume_edits, "efs_value", wrong)


def elsewhere(members: dict[str, NewValue]) -> dict[str, NewValue]:
    return members | {"rootDirectory": "/elsewhere"}


def without_iam(members: dict[str, NewValue]) -> dict[str, NewValue]:
    return {key: value for key, value in members.items() if key != "authorizationConfig"}


def impossible(_members: dict[str, NewValue]) -> dict[str, NewValue]:
    raise ValueError("nothing says where it goes")


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Counts the attempts to write and prove a plan."""
    made: list[int] = []
    right = settle._Search.attempt

    def attempt(self: settle._Search, decisions: Decisions) -> settle.Settled:
        made.append(1)
        return right(self, decisions)

    monkeypatch.setattr(settle._Search, "attempt", attempt)
    yield made


def refused(outcome: Outcome) -> list[tuple[str, str, str]]:
    assert outcome.error is None
    found = [(f.task, f.rule.id, f.finding.message) for f in outcome.findings if f.finding.status is Status.REFUSED]
    assert not any(word in message for _, _, message in found for word in ("Item", "root[", "Key(", "{'"))
    return found


def levels(outcome: Outcome) -> list[str]:
    return [volume.after.value for volume in outcome.volumes]


@pytest.mark.parametrize("bad", [(0,), (3,), (1, 3), (0, 1, 2, 3)], ids=str)
@pytest.mark.parametrize(
    ("change", "because"),
    [
        pytest.param(
            elsewhere,
            "the change could not be proven: the result reads differently from the plan: volume data mounts EFS in another way "
            "than planned (root directory /bad/{} → /elsewhere)",
            id="another directory",
        ),
        pytest.param(lambda members: members | {"transitEncryptionPort": 1}, "(transit encryption port", id="more"),
        pytest.param(impossible, "not possible here: nothing says where it goes", id="not written"),
        pytest.param(lambda members: members | {"fileSystemId": "fs-1\u2028"}, "volume data", id="another id"),
    ],
)
def test_a_volume_that_fails_is_refused_and_the_others_go_on(
    change: Fault, because: str, bad: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(change, monkeypatch)
    outcome = process(definitions(4, *bad), "file", CHOICES, JSON)
    found = refused(outcome)
    assert [(task, rule) for task, rule, _ in found] == [(f"t{i}", "EFS101") for i in bad]
    assert all(because.format(i) in message for i, (_, _, message) in zip(bad, found, strict=True))
    assert levels(outcome) == ["host" if i in bad else "iam" for i in range(4)]
    again = process(outcome.text, "file", CHOICES, JSON)
    assert (again.edits, again.error) == ((), None)


def test_only_the_step_that_fails_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    fault(without_iam, monkeypatch)
    outcome = process(definitions(3, 1), "file", CHOICES, JSON)
    ((task, rule, message),) = refused(outcome)
    assert (task, rule) == ("t1", "EFS203")
    assert "IAM authorization ENABLED dropped" in message
    assert levels(outcome) == ["iam", "tls", "iam"]


def test_refusals_that_were_needed_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = open_text(definitions(1), "file")
    assert isinstance(unit, Opened)
    first, second = (StepId(rule, Key.of("a")) for rule in ("EFS101", "EFS203"))
    settled = settle.Settled(unit.plan(CHOICES, UNDECIDED), (), ())
    for fails in (True, False):
        unwritten = {first: "one", second: "two"}
        search = settle._Search(unit.reading, CHOICES, {}, decisions=UNDECIDED, unwritten=unwritten)
        better = settle.Settled(settled.plan, (), ("better",))

        def attempt(_decisions: Decisions, fails: bool = fails, better: settle.Settled = better) -> settle.Settled:
            if fails:
                raise Unproven("it fails again")
            return better

        monkeypatch.setattr(search, "attempt", attempt)
        found = search.best({Key.of("a"): [first, second]}, settled)
        assert found is (settled if fails else better)
        assert unwritten == ({first: "one", second: "two"} if fails else {second: "two"})
        assert search.best({Key.of("a"): [second]}, settled) is settled


def test_many_failures_take_few_proofs(monkeypatch: pytest.MonkeyPatch, proofs: list[int]) -> None:
    fault(elsewhere, monkeypatch)
    bad = tuple(range(0, 40, 2))
    assert len(refused(process(definitions(40, *bad), "file", CHOICES, JSON))) == len(bad)
    assert len(proofs) <= 8


@pytest.mark.parametrize("bad", [0, 31])
def test_one_failure_takes_as_many_proofs_as_a_bisection(
    bad: int, monkeypatch: pytest.MonkeyPatch, proofs: list[int]
) -> None:
    fault(impossible, monkeypatch)
    outcome = process(definitions(32, bad), "file", CHOICES, JSON)
    assert [task for task, _, _ in refused(outcome)] == [f"t{bad}"]
    assert len(proofs) <= 3 + ceil(log2(3 * 32))


def spoil(monkeypatch: pytest.MonkeyPatch, right: str, wrong: str) -> None:
    """Has the printer spoil the text where a bad volume is written."""
    printed = DataDocument.edits

    def edits(self: DataDocument, changes: Sequence[TreeEdit]) -> list[Edit]:
        return [
            Edit(e.start, e.end, e.replacement.replace(right, wrong)) if "/bad/" in e.replacement else e
            for e in printed(self, changes)
        ]

    monkeypatch.setattr(DataDocument, "edits", edits)


@pytest.mark.parametrize(
    ("right", "wrong", "because"),
    [
        ('"rootDirectory"', '"rootDirectory', "the result does not parse"),
        ('"rootDirectory"', '"rootDirectory" ,', "the result does not parse"),
        ("/bad/1", "/other", "volume data mounts EFS in another way than planned (root directory"),
        ("\n", "\r\n", "another kind of newline"),
    ],
)
def test_a_text_that_tells_of_no_volume_is_bisected(
    right: str, wrong: str, because: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, right, wrong)
    outcome = process(definitions(3, 1), "file", CHOICES, JSON)
    ((task, rule, message),) = refused(outcome)
    assert (task, rule) == ("t1", "EFS101")
    assert because in message
    assert levels(outcome) == ["iam", "host", "iam"]


def test_a_file_of_failures_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    fault(impossible, monkeypatch)
    monkeypatch.setattr(settle, "_MOST_ROUNDS", 2)
    outcome = process(definitions(4, 0, 1, 2, 3), "file", CHOICES, JSON)
    assert outcome.error == "cannot be edited without guessing: nothing says where it goes"


def test_time_is_bounded(monkeypatch: pytest.MonkeyPatch, proofs: list[int]) -> None:
    fault(impossible, monkeypatch)
    monkeypatch.setattr(settle, "_EFFORT", 0)
    monkeypatch.setattr(settle, "_MOST_ATTEMPTS", 3)
    outcome = process(definitions(6, *range(6)), "file", CHOICES, JSON)
    assert outcome.error == "cannot be edited without guessing: nothing says where it goes"
    assert len(proofs) < 12


# -- known before anything is written ---------------------------------------------------------------------------------

MERGED = """\
base: &base
  name: data
  host: {sourcePath: /var/data}
more: &more {host: {sourcePath: /var/more}}
other: &other {name: data}
"""
DEFINITION = """\
- family: %s
  taskRoleArn: arn:aws:iam::123456789012:role/app
  containerDefinitions: [{name: a, image: x, mountPoints: [{sourceVolume: data, containerPath: /d}]}]
  volumes:
    - <<: %s
      name: data
      host: {sourcePath: /mnt/efs/app}
"""


@pytest.mark.parametrize("merge", ["*base", "[*other, *base]", "[*more, *other]", "{<<: *more}"])
def test_a_host_that_is_merged_in_below_the_own_one(merge: str) -> None:
    text = MERGED + "list:\n" + DEFINITION % ("bad", merge) + DEFINITION % ("good", "*other")
    outcome = process(text, "file", CHOICES, YAML)
    ((task, rule, message),) = refused(outcome)
    assert (task, rule) == ("bad", "EFS101")
    assert "host is merged in from another mapping, too, and that one would stay beside" in message
    assert levels(outcome) == ["host", "iam"]


def test_a_merged_mapping_without_a_host_is_no_obstacle() -> None:
    outcome = process(MERGED + "list:\n" + DEFINITION % ("good", "*other"), "file", CHOICES, YAML)
    assert (refused(outcome), levels(outcome)) == ([], ["iam"])
