"""What the engine makes of the rules' answers: refusals, and volumes that share a node of the source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrate.engine import plan
from migrate.engine.decisions import Answer, Decisions
from migrate.engine.outcome import Outcome
from migrate.engine.process import Opened, open_text, process
from migrate.files.language import JSON
from rules.choices import Choices
from rules.facts.iam import Grant
from rules.facts.questions import MountAt
from rules.model import HostPath, Key, SetStorage, Text
from rules.rule import Finding, Status, StepId

TASK = """\
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: {family}
      ContainerDefinitions:
        - Name: web
          Image: example/web:1
          MountPoints: [{{SourceVolume: data, ContainerPath: /data}}]
      Volumes: {volumes}
"""
VOLUMES = """&volumes
        - Name: data
          EFSVolumeConfiguration: {FilesystemId: fs-0123456789abcdef0}"""


def found(text: str) -> list[tuple[str, str, Status, str]]:
    outcome: Outcome = process(text, "stack", Choices())
    assert outcome.error is None
    return [(f.task, f.finding.rule, f.finding.status, f.finding.message) for f in outcome.findings]


def test_a_rule_that_is_suppressed_for_one_of_those_that_share_a_volume() -> None:
    one, two = TASK.format(family="one", volumes=VOLUMES), TASK.format(family="two", volumes="*volumes")
    text = f"Resources:\n  One:\n    Metadata: {{efs-migrate: {{ignore: [EFS201]}}}}\n{one}  Two:\n{two}"
    message = "EFS traffic of fs-0123456789abcdef0 is not encrypted in transit: set transitEncryption to ENABLED"
    because = "it shares its source with a volume for which this rule is suppressed"
    assert found(text) == [("Two", "EFS201", Status.REFUSED, f"{message} — {because}")]


SERVICE = """\
  Service:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref Task, LaunchType: FARGATE, PlatformVersion: 1.3.0}
"""


@pytest.mark.parametrize("transform", ["", "Transform: AWS::CodeDeployBlueGreen\n"])
def test_services_that_code_deploy_replaces_are_not_edited(transform: str) -> None:
    text = f"{transform}Resources:\n  Task:\n{TASK.format(family='web', volumes=VOLUMES)}{SERVICE}"
    (service,) = (f for f in found(text) if f[1] == "EFS401")
    message = "Fargate platform version 1.3.0 cannot mount EFS volumes: set 1.4.0"
    because = " — CodeDeploy replaces the tasks here, and its services are not edited"
    assert service[2:] == ((Status.REFUSED, message + because) if transform else (Status.FIXABLE, message))


# -- answers of volumes that share a node -----------------------------------------------------------------------------

ONE, TWO = (Key("task", name, ("volume", 0)) for name in ("one", "two"))
CHANGE = SetStorage(ONE, HostPath(Text.of("/")))
STEP = Finding(
    "EFS101",
    ONE,
    Status.FIXABLE,
    "step",
    "caveat",
    "help",
    (CHANGE,),
    Grant("role", "arn:aws:elasticfilesystem:us-east-1:1:", "fs-1", (), ()),
    question=MountAt("/mnt", ()),
    alternatives=(Finding("EFS101", ONE, Status.FIXABLE, "another way"),),
)
OTHER = replace(STEP, subject=TWO, changes=(SetStorage(TWO, HostPath(Text.of("/"))),))
SAYS_NO = {"caveat": None, "changes": (), "grant": None, "question": None, "alternatives": ()}


def agreed(*findings: Finding, silenced: bool = False) -> list[Finding]:
    return plan._agree(list(findings), [ONE, TWO], silenced)


def test_nothing_that_a_step_brings_stays_when_it_is_refused() -> None:
    refused = {**SAYS_NO, "status": Status.REFUSED}
    assert plan._refuse(STEP, "no") == replace(STEP, **refused, message="step — no")  # type: ignore[arg-type]  # of several types


def test_one_that_is_suppressed_refuses_for_all() -> None:
    assert agreed(STEP, silenced=True) == [
        plan._refuse(STEP, "it shares its source with a volume for which this rule is suppressed")
    ]


def test_all_of_one_mind() -> None:
    assert agreed(STEP, OTHER) == [STEP, OTHER]
    advice = replace(STEP, status=Status.ADVICE)
    assert agreed(advice) == [advice]
    assert agreed() == []


def test_the_most_careful_speaks_for_all() -> None:
    unsafe = replace(OTHER, status=Status.UNSAFE, message="danger")
    because = "step — shared with a volume for which danger"
    assert agreed(STEP, unsafe) == [replace(STEP, status=Status.UNSAFE, message=because), unsafe]
    asks = replace(OTHER, status=Status.NEEDS_INPUT, message="who knows", changes=())
    because = "step — shared with a volume for which who knows"
    expected = replace(STEP, **SAYS_NO, status=Status.NEEDS_INPUT, message=because)  # type: ignore[arg-type]  # of several types
    assert agreed(STEP, asks) == [expected, asks]
    advice = replace(STEP, status=Status.ADVICE)
    assert agreed(advice, asks) == [advice, asks]


def test_what_stops_one_stops_all() -> None:
    stops = replace(OTHER, status=Status.REFUSED, message="no", changes=(), stops=True)
    assert agreed(stops) == [stops, replace(stops, subject=ONE, message="shared: no")]
    both = replace(stops, subject=ONE)
    assert agreed(both, stops) == [both, stops]


def test_a_node_that_only_some_of_its_volumes_want_to_change() -> None:
    because = "it shares its source with a volume that this does not concern: write them apart first"
    assert agreed(STEP) == [plan._refuse(STEP, because)]
    elsewhere = replace(STEP, changes=OTHER.changes)
    assert agreed(elsewhere) == [elsewhere]


# -- decisions --------------------------------------------------------------------------------------------------------


def test_decisions() -> None:
    step = STEP.id
    assert Decisions().of(STEP) is None
    assert Decisions(skipped=frozenset({"EFS101"})).of(STEP) is False
    assert Decisions({step: Answer(True)}, frozenset({"EFS101"})).of(STEP) is True
    assert Decisions({step: Answer(False, STEP.digest)}).of(STEP) is False
    assert Decisions({step: Answer(True, "of another step")}).of(STEP) is None
    assert Decisions.only([step]).of(STEP) is True
    other = replace(STEP.alternatives[0], detail="other")
    both = replace(STEP, alternatives=(other,))
    assert Decisions().choose(both) is both
    assert Decisions({other.id: Answer(True)}).choose(both) is other
    assert Decisions({other.id: Answer(False)}).choose(both) is both


PLAIN = """\
{"family": "app", "containerDefinitions": [{"name": "app"}], "taskRoleArn": "arn:aws:iam::123456789012:role/app",
 "volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}]}
"""


def test_only_the_steps_that_were_named_are_taken() -> None:
    findings = process(PLAIN, "app", Choices()).findings
    steps = {f.finding.rule: f.finding.id for f in findings}
    for rule in ("EFS201", "EFS203"):
        outcome = process(PLAIN, "app", Choices(), decisions=Decisions.only([steps["EFS201"], steps[rule]]))
        assert {f.finding.rule for f in outcome.findings if f.applied} == {"EFS201", rule}
    assert process(PLAIN, "app", Choices(), decisions=Decisions.only([StepId("EFS101", ONE)])).edits == ()


def test_a_plan_without_the_step_that_was_declined() -> None:
    opened = open_text(PLAIN, "app")
    assert isinstance(opened, Opened)
    planned = opened.plan(Choices(), Decisions())
    first = next(d.finding for d in planned.decided if d.finding.rule == "EFS201")
    declined = opened.plan(Choices(), Decisions({first.id: Answer(False, first.digest)}))
    assert set(first.changes) <= set(planned.changes)
    assert not set(first.changes) & set(declined.changes)


# -- texts that somebody edited ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"data"', '"data", "x": 1', ""),
        ('"data"', '"data"\n', ""),
        ("}]}", "}]}}", "line 2: "),
        ('"volumes"', '"volume"', "it is not recognised any more"),
        ('{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}', "", "it has other volumes than before"),
        (PLAIN, "{}", "it is not recognised any more"),
        ("\n", "\r\n", "it has another kind of newline"),
        (
            '"fs-0123456789abcdef0"',
            '"fs-0123456789abcdef0", "authorizationConfig": {"iam": "ENABLED"}',
            "it breaks a constraint of ECS: IAM authorization without transit encryption",
        ),
    ],
)  # fmt: skip
def test_a_text_that_somebody_edited(old: str, new: str, problem: str) -> None:
    opened = open_text(PLAIN, "app")
    assert isinstance(opened, Opened)
    text = PLAIN.replace(old, new)
    assert text != PLAIN
    edited = opened.edited(text)
    if problem:
        assert isinstance(edited, str)
        assert edited.startswith(problem), edited
    else:
        assert isinstance(edited, Opened)
        assert (edited.texts, edited.reading.unit.stem, edited.unwritten) == ([text], "app", 0)


def test_what_is_not_for_the_tool_is_not_opened() -> None:
    assert open_text("{", "app", JSON) == Outcome.failed("ends where a string or '}' is expected", 1)
    unread = open_text('{"efsVolumeConfiguration": 1}', "app")
    assert isinstance(unread, Outcome)
    assert [(word.line, word.column, word.word) for word in unread.unread] == [(1, 2, "efsVolumeConfiguration")]
    told = open_text(PLAIN.replace('"family"', '"family":'), "app")
    assert isinstance(told, Outcome)
    assert told.error_line == 1
