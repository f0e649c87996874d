"""A mount that is authorized by IAM today: it is migrated with its authorization, or stays as it is and says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from migrate.engine import plan
from migrate.engine.decisions import UNDECIDED, Answer, Decisions
from migrate.engine.floor import Shortfall, is_authorized, not_possible, not_taken
from migrate.engine.outcome import Located, Outcome
from migrate.engine.process import Opened, open_text, process
from rules import RULES
from rules.choices import AccessPoints, Choices, ConfiguredFileSystem
from rules.context import Context
from rules.model import ENABLED, EfsVolume, HostPath, Key, Level, Task, Text, Volume
from rules.model.changes import Change, SetStorage
from rules.rule import Finding, Status, StepId, VolumeCheck

ROLE = """\
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}}
"""


def template(
    mount: str = "tls,iam",
    role: str = "TaskRoleArn: !GetAtt Role.Arn",
    volume: str = "Host: {SourcePath: /mnt/efs/app}",
    note: str = "",
    more: str = "",
) -> str:
    return f"""\
Resources:
  Fs: {{Type: AWS::EFS::FileSystem}}
{ROLE}  Launch:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties:
      UserData:
        Fn::Base64: !Sub "#!/bin/bash\\nmount -t efs -o {mount} ${{Fs}}:/ /mnt/efs\\n"
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: app
      {role}
      ContainerDefinitions:
        - {{Name: app, Image: app, User: '1000', MountPoints: [{{SourceVolume: data, ContainerPath: /data}}]}}
      Volumes:
        - Name: data{note}
          {volume}
{more}"""


PLUGIN = (
    "DockerVolumeConfiguration: {Driver: amazon-ecs-volume-plugin, "
    "DriverOpts: {type: efs, device: 'fs-0123456789abcdef0:/app', o: 'tls,iam'}}"
)
UNSAFE = Choices(unsafe=True)
WITHOUT = Choices(unsafe=True, off=frozenset({"EFS203"}))
LOW = Choices(unsafe=True, target=Level.ACCESS_POINT)


def first(outcome: Outcome) -> Located:
    assert outcome.error is None
    return next(f for f in outcome.findings if f.rule.id in ("EFS101", "EFS102"))


def storage(outcome: Outcome) -> EfsVolume | None:
    planned = outcome.volumes[0].planned
    return planned if isinstance(planned, EfsVolume) else None


@pytest.mark.parametrize("volume", ["Host: {SourcePath: /mnt/efs/app}", PLUGIN], ids=["host", "docker"])
@pytest.mark.parametrize(
    ("choices", "note", "because"),
    [
        pytest.param(WITHOUT, "", "it is switched off: let it take part", id="off"),
        pytest.param(Choices(off=frozenset({"EFS203"})), "", "it is switched off", id="off, and not even unsafe"),
        pytest.param(LOW, "", "the target is access-point: take `iam` as the target", id="target"),
        pytest.param(Choices(unsafe=True, target=Level.TLS), "", "the target is tls", id="target tls"),
        pytest.param(UNSAFE, "  # efs-migrate: ignore[EFS203] later", "it is suppressed here", id="suppressed"),
    ],
)
def test_the_step_is_refused_where_nobody_keeps_the_authorization(
    choices: Choices, note: str, because: str, volume: str
) -> None:
    outcome = process(template(volume=volume, note=note), "stack", choices)
    found = first(outcome)
    assert (found.finding.status, found.applied) == (Status.REFUSED, False)
    assert "left alone: the mount is authorized by IAM today, only EFS203 would keep that, and" in found.finding.message
    assert because in found.finding.message
    assert outcome.edits == ()


@pytest.mark.parametrize("volume", ["Host: {SourcePath: /mnt/efs/app}", PLUGIN], ids=["host", "docker"])
def test_the_volume_is_migrated_with_its_authorization(volume: str) -> None:
    new = storage(process(template(volume=volume), "stack", UNSAFE))
    assert new is not None
    assert (new.encrypts, new.authorizes) == (True, True)


@pytest.mark.parametrize("choices", [WITHOUT, LOW, Choices(off=frozenset({"EFS203"}))])
@pytest.mark.parametrize("mount", ["tls", "tls,_netdev", "tls,ro"])
def test_a_mount_without_authorization_needs_none(choices: Choices, mount: str) -> None:
    outcome = process(template(mount=mount), "stack", choices)
    new = storage(outcome)
    assert first(outcome).applied
    assert new is not None
    assert (new.encrypts, new.authorizes) == (True, False)


@pytest.mark.parametrize("option", ["tls,accesspoint=fsap-0123456789abcdef0", "accesspoint=fsap-0123456789abcdef0"])
def test_an_access_point_is_kept_whatever_is_off(option: str) -> None:
    choices = Choices(off=frozenset({"EFS201", "EFS202", "EFS203"}))
    new = storage(process(template(mount=option, volume="Host: {SourcePath: /mnt/efs}"), "stack", choices))
    assert new is not None
    assert new.encrypts
    assert new.access_point == Text.of("fsap-0123456789abcdef0")


@pytest.mark.parametrize(
    ("role", "because"),
    [
        pytest.param("TaskRoleArn: !If [Has, !GetAtt Role.Arn, !Ref AWS::NoValue]", "may be left out", id="absent"),
        pytest.param("TaskRoleArn: !If [Has, !GetAtt Role.Arn, '']", "may be left out", id="empty"),
    ],
)
def test_a_role_that_may_be_absent_keeps_nothing(role: str, because: str) -> None:
    text = "Conditions: {Has: !Equals [!Ref AWS::Region, eu-west-1]}\n" + template(role=role)
    for choices in (UNSAFE, Choices()):
        found = first(process(text, "stack", choices))
        assert (found.finding.status, found.applied) == (Status.REFUSED, False)
        assert because in found.finding.message


def test_a_task_without_a_role_gets_one_in_the_same_plan() -> None:
    new = storage(process(template(role="NetworkMode: bridge"), "stack", UNSAFE))
    assert new is not None
    assert new.authorizes


PLAIN = """\
family: app
containerDefinitions: [{name: app, image: app, mountPoints: [{sourceVolume: data, containerPath: /data}]}]
volumes:
  - name: data
    dockerVolumeConfiguration: {driver: local, driverOpts: {type: none, o: "bind,tls,iam", device: /mnt/efs/app}}
"""


def configured(**more: object) -> Choices:
    system = ConfiguredFileSystem(Text.of("fs-0123456789abcdef0"), mounts=(("/mnt/efs", "/"),))
    return Choices(unsafe=True, access_points=AccessPoints.NEVER, file_systems=(system,), **more)  # type: ignore[arg-type]  # fields of the test's choice


def test_the_question_for_a_role_is_that_of_the_first_step() -> None:
    found = first(process(PLAIN, "app", configured()))
    assert (found.finding.status, found.applied) == (Status.NEEDS_INPUT, False)
    assert "configure `task-roles: {app: arn:aws:iam::…}`" in found.finding.message
    assert found.finding.question is not None
    role = {"app": Text.of("arn:aws:iam::123456789012:role/app")}
    new = storage(process(PLAIN, "app", configured(task_roles=role)))
    assert new is not None
    assert new.authorizes


@pytest.mark.parametrize("option", ["tls,iam", "tls"])
def test_a_mount_that_the_configuration_settles_keeps_its_authorization(option: str) -> None:
    # Whether it is mounted is not seen here: the configuration says that it is, but not how.
    text = (
        template(mount=option).replace("mount -t", "[ -e /x ] && mount -t").replace("${Fs}:/", "fs-0123456789abcdef0:/")
    )
    assert first(process(text, "stack", UNSAFE)).finding.status is Status.NEEDS_INPUT
    for off in (frozenset[str](), frozenset({"EFS203"})):
        choices = replace(configured(), off=off)
        outcome = process(text, "stack", choices)
        if "iam" not in option:
            assert first(outcome).applied
        elif off:
            assert "authorized by IAM today" in first(outcome).finding.message
        else:
            new = storage(outcome)
            assert new is not None
            assert (new.encrypts, new.authorizes) == (True, True)


def test_a_mount_on_instances_of_another_stack_may_need_authorization_too() -> None:
    """The instances of this source are a hint at how the others mount, but not at their role."""
    service = """\
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      CapacityProviderStrategy: [{CapacityProvider: !ImportValue Shared, Weight: 1}]
"""
    text = template(more=service)
    assert "whose instances are not in this source" in first(process(text, "stack", UNSAFE)).finding.message
    outcome = process(text, "stack", replace(configured(), off=frozenset({"EFS203"})))
    assert "authorized by IAM today" in first(outcome).finding.message
    outcome = process(text, "stack", configured())
    (step,) = (f.finding for f in outcome.findings if f.rule.id == "EFS203")
    assert "Until now the instance's own role mounted with IAM" in (step.caveat or "")


# -- answers ----------------------------------------------------------------------------------------------------------


def opened(text: str) -> Opened:
    found = open_text(text, "stack")
    assert isinstance(found, Opened)
    return found


def answered(unit: Opened, words: Mapping[str, bool], *, asking: bool = False, skipped: str = "") -> Outcome:
    """The outcome if these are the answers to the steps of rules, each given when the plan comes to it."""
    answers: dict[StepId, Answer] = {}
    for _ in words:
        known = Decisions(answers, taken=frozenset(), asking=True)
        steps = [f.finding for f in unit.outcome(Choices(), known).findings if f.finding.changes and not f.applied]
        answers |= {f.id: Answer(words[f.rule], f.digest) for f in steps if f.rule in words}
    return unit.outcome(Choices(), Decisions(answers, frozenset({skipped} - {""}), frozenset(), asking=asking))


@pytest.mark.parametrize("volume", ["Host: {SourcePath: /mnt/efs/app}", PLUGIN], ids=["host", "docker"])
def test_a_no_to_the_authorization_is_one_to_the_mount(volume: str) -> None:
    unit = opened(template(volume=volume))
    rule = "EFS101" if volume.startswith("Host") else "EFS102"
    for asking in (True, False):
        outcome = answered(unit, {rule: True, "EFS202": True, "EFS203": False}, asking=asking)
        assert first(outcome).finding.status is Status.REFUSED
        assert "you have refused its step" in first(outcome).finding.message
        assert outcome.edits == ()


def test_an_authorization_that_is_skipped_is_refused() -> None:
    outcome = answered(opened(template()), {"EFS101": True}, skipped="EFS203")
    assert "you have refused all of its steps" in first(outcome).finding.message
    assert outcome.edits == ()


def test_a_mount_waits_for_the_answer_about_its_authorization() -> None:
    unit = opened(template())
    asked = answered(unit, {"EFS101": True}, asking=True)
    assert first(asked).applied
    assert "EFS203" in {f.rule.id for f in asked.findings}
    left = answered(unit, {"EFS101": True})
    assert "its step is not accepted" in first(left).finding.message
    assert left.edits == ()
    whole = answered(unit, {"EFS101": True, "EFS202": True, "EFS203": True})
    new = storage(whole)
    assert new is not None
    assert new.authorizes
    without_a_point = answered(unit, {"EFS101": True, "EFS202": False, "EFS203": True})
    new = storage(without_a_point)
    assert new is not None
    assert (new.authorizes, new.access_point) == (True, None)


def test_an_unsafe_authorization_makes_its_mount_unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    (mount,) = (rule for rule in RULES if rule.id == "EFS101")
    assert mount.check_volume is not None
    right: VolumeCheck = mount.check_volume

    def fixable(volume: Volume, task: Task, context: Context) -> Finding | None:
        found = right(volume, task, context)
        return replace(found, status=Status.FIXABLE) if found and found.changes else found

    rules = tuple(replace(rule, check_volume=fixable) if rule is mount else rule for rule in RULES)
    monkeypatch.setattr(plan, "RULES", rules)
    assert first(process(template(), "stack", Choices())).finding.status is Status.FIXABLE
    text = template(role="NetworkMode: bridge")  # a new role on EC2 is unsafe
    found = first(process(text, "stack", Choices()))
    assert (found.finding.status, found.applied) == (Status.UNSAFE, False)
    assert "together with EFS203, which is unsafe here" in str(found.finding.caveat)


def test_what_is_kept_is_the_same_on_every_plan() -> None:
    text = template()
    once = process(text, "stack", UNSAFE)
    assert process(once.text, "stack", UNSAFE).edits == ()
    assert opened(text).plan(UNSAFE, UNDECIDED).stack == opened(text).plan(UNSAFE, UNDECIDED).stack


# -- the reasons by themselves ------------------------------------------------------------------------------------------


def keeper(*changes: Change, rule: str = "EFS203") -> Finding:
    return Finding(rule, Key.of("v"), Status.NEEDS_INPUT, "a role is needed", changes=changes)


CHANGE = SetStorage(Key.of("v"), EfsVolume(Text.of("fs-1")))


def test_a_keeper_that_cannot_authorize() -> None:
    assert not_possible(keeper(CHANGE), None) is None
    for obstacle, found, reason in (
        (None, None, "it has nothing to say about this volume"),
        (None, keeper(), "it says: a role is needed"),
        ("no room", keeper(CHANGE), "its step is not possible here: no room"),
        ("no room", None, "it has nothing to say about this volume"),
    ):
        short = not_possible(found, obstacle)
        assert short is not None
        assert short.reason == reason
        assert short.status is (Status.NEEDS_INPUT if "says" in reason else Status.REFUSED)


def test_a_keeper_whose_step_is_not_taken() -> None:
    step = keeper(CHANGE)
    for found, decisions, reason in (
        (None, Decisions(asking=True), "it has nothing to say about this volume"),
        (keeper(), Decisions(asking=True), "it says: a role is needed"),
        (step, Decisions(), "its step is not accepted"),
        (step, Decisions(skipped=frozenset(["EFS203"]), asking=True), "you have refused its step"),
        (step, Decisions({step.id: Answer(True)}), "its step is not accepted"),
    ):
        short = not_taken(found, decisions)
        assert short is not None
        assert short.reason == reason
    assert not_taken(step, Decisions(asking=True)) is None


def test_what_is_authorized() -> None:
    assert is_authorized(Volume(Key.of("v"), "v", EfsVolume(Text.of("fs-1"), iam=ENABLED, transit_encryption=ENABLED)))
    assert not is_authorized(Volume(Key.of("v"), "v", EfsVolume(Text.of("fs-1"))))
    assert not is_authorized(Volume(Key.of("v"), "v", HostPath(Text.of("/x"))))


def test_a_step_that_is_withheld_says_why() -> None:
    found = Shortfall("it is off", Status.REFUSED).withheld(keeper(CHANGE, rule="EFS101"))
    assert (found.status, found.changes) == (Status.REFUSED, ())
    assert found.message.startswith("a role is needed — left alone: the mount is authorized by IAM today, only EFS203")
    assert found.message.endswith("and it is off")
