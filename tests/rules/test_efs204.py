"""EFS204 missing-grant: its golden cases, and what counts as a grant."""

from __future__ import annotations

import json

import pytest
from rule_tests import one_by_one

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import PYTHON, YAML
from rules.choices import Choices

test_efs204 = one_by_one("EFS204")

ALLOWED = "Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: %s, Resource: %s%s}]}}]"
BOTH = "['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite']"
ARN = "!GetAtt System.Arn"
THROUGH = ", Condition: {%s: {'elasticfilesystem:AccessPointArn': %s}}"


def allowed(action: str = BOTH, resource: str = ARN, through: str = "", operator: str = "StringEquals") -> str:
    return ALLOWED % (action, resource, THROUGH % (operator, through) if through else "")


def template(role: str = "", *more: str, task: str = "TaskRoleArn: !GetAtt TaskRole.Arn", points: str = "") -> str:
    """A template whose volume says IAM and whose task role has this member."""
    lines = [
        "Conditions: {Wanted: !Equals [!Ref AWS::Region, eu-west-1]}",
        "Parameters: {Given: {Type: String}}",
        "Resources:",
        "  System: {Type: AWS::EFS::FileSystem}",
        "  Point: {Type: AWS::EFS::AccessPoint, Properties: {FileSystemId: !Ref System, RootDirectory: {Path: /a}}}",
        "  Other: {Type: AWS::EFS::AccessPoint, Properties: {FileSystemId: !Ref System, RootDirectory: {Path: /b}}}",
        "  TaskRole:",
        "    Type: AWS::IAM::Role",
        "    Properties:",
        "      AssumeRolePolicyDocument: {Statement: []}",
        *([f"      {role}"] if role else []),
        *more,
        "  Task:",
        "    Type: AWS::ECS::TaskDefinition",
        "    Properties:",
        *([f"      {task}"] if task else []),
        "      RequiresCompatibilities: [FARGATE]",
        "      ContainerDefinitions:",
        f"        - {{Name: app, Image: app, User: '1', MountPoints: [{{SourceVolume: data, ContainerPath: /d{points}}}]}}",
        "      Volumes:",
        "        - Name: data",
        "          EFSVolumeConfiguration:",
        "            FilesystemId: !Ref System",
        "            TransitEncryption: ENABLED",
        "            AuthorizationConfig: {AccessPointId: !Ref Point, IAM: ENABLED}",
        "",
    ]
    return "\n".join(lines)


def planned(text: str, choices: Choices | None = None) -> Outcome:
    outcome = process(text, "app", choices or Choices(), YAML)
    assert outcome.error is None
    return outcome


def said(outcome: Outcome, rule: str = "EFS204") -> list[tuple[str, str]]:
    return [(f.finding.status.value, f.finding.message) for f in outcome.findings if f.finding.rule == rule]


READ_WRITE = "AmazonElasticFileSystemClientReadWriteAccess"


@pytest.mark.parametrize(
    "role",
    [
        allowed(),
        allowed(through="!GetAtt Point.Arn"),
        allowed("'elasticfilesystem:*'", "'*'"),
        allowed("['elasticfilesystem:Client*']"),
        allowed(
            resource="'*'", through="!Sub 'arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/${Point}'"
        ),
        allowed(resource="!Sub 'arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/${System}'"),
        allowed(resource="'arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/*'"),
        f"ManagedPolicyArns: [!Sub 'arn:${{AWS::Partition}}:iam::aws:policy/{READ_WRITE}']",
        # These may allow it: the source does not show that they do not.
        "ManagedPolicyArns: [!Ref Given]",
        "ManagedPolicyArns: ['arn:aws:iam::111122223333:policy/efs']",
        allowed(resource="!Ref Given"),
        allowed(resource="!ImportValue system-arn"),
        allowed(through="!Ref Given"),
        allowed(through="'arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/*'", operator="ArnLike"),
        allowed().replace("[{PolicyName", "[!If [Wanted, {PolicyName").replace("]}}]", "]}}, !Ref AWS::NoValue]]"),
    ],
)
def test_nothing_is_said_of_a_role_that_may_mount(role: str) -> None:
    assert said(planned(template(role))) == []


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("", "role TaskRole is not seen to be allowed ClientMount and ClientWrite on ${System}"),
        (allowed(resource="!Ref System"), "its statement is about ${System})"),
        (allowed(resource="!GetAtt Point.Arn"), "its statement is about ${Point.Arn})"),
        (allowed(through="!Ref Point"), "its statement is about ${System.Arn} through ${Point})"),
        (allowed(through="!GetAtt Other.Arn"), "through ${Other.Arn})"),
        (allowed("'elasticfilesystem:ClientMount'"), "allowed ClientWrite on"),
        (allowed(resource="'arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-0123456789abcdef0'"), "about arn:aws"),
        (allowed(resource="!Sub 'arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/${Point}'"), "access-point/"),
        ("ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonElasticFileSystemFullAccess']", "ClientMount and ClientWrite"),
        ("ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonElasticFileSystemClientReadOnlyAccess']", "allowed ClientWrite on"),
    ],
)  # fmt: skip  # one line each
def test_a_role_that_may_not_mount_is_granted_it(role: str, reason: str) -> None:
    outcome = planned(template(role))
    [(status, message)] = said(outcome)
    assert status == "fixable"
    assert reason.replace("access-point/", "${Point.Arn}") in message
    assert said(planned(outcome.text)) == []
    # What was not ready is ready now, because the plan grants it.
    assert said(outcome, "EFS408")


def test_a_volume_whose_role_stays_without_a_grant_is_not_ready_for_a_policy() -> None:
    assert said(planned(template(), Choices(off=frozenset({"EFS204"}))), "EFS408") == []
    assert said(planned(template(allowed()), Choices(off=frozenset({"EFS204"}))), "EFS408")


def test_reading_needs_no_write() -> None:
    assert said(planned(template(allowed("'elasticfilesystem:ClientMount'"), points=", ReadOnly: true"))) == []


def test_a_policy_under_a_condition_may_allow_it() -> None:
    policy = (
        "  Policy: {Type: AWS::IAM::Policy, Condition: Wanted, Properties: {Roles: [!Ref TaskRole], PolicyName: p, "
        f"PolicyDocument: {{Statement: [{{Effect: Allow, Action: {BOTH}, Resource: {ARN}}}]}}}}}}"
    )
    assert said(planned(template("", policy))) == []
    assert said(planned(template("", policy.replace("Condition: Wanted, ", "")))) == []


def test_the_policy_of_the_file_system_may_allow_it() -> None:
    open_to = "{Type: AWS::EFS::FileSystem, Properties: {FileSystemPolicy: {Statement: [{Effect: Allow, Principal: %s, Action: %s, Resource: '*'}]}}}"
    text = template().replace("{Type: AWS::EFS::FileSystem}", open_to % ("{AWS: '*'}", BOTH))
    assert said(planned(text)) == []
    assert said(planned(text.replace("AWS: '*'", "AWS: 'arn:aws:iam::111122223333:role/other'"))) != []


def test_iam_without_a_task_role_comes_with_one() -> None:
    outcome = planned(template(allowed(), task=""))
    [(status, message)] = said(outcome)
    assert status == "fixable"
    assert "EFS IAM authorization requires a task role" in message
    assert "TaskRoleArn: " in outcome.text
    [(status, _)] = said(planned(template(allowed(), task="").replace("[FARGATE]", "[EC2]")))
    assert status == "unsafe"


def definition(**more: object) -> str:
    volume = {
        "name": "data",
        "efsVolumeConfiguration": {
            "fileSystemId": "fs-0123456789abcdef0",
            "transitEncryption": "ENABLED",
            "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"},
        },
    }
    points = [{"sourceVolume": "data", "containerPath": "/d"}]
    containers = [{"name": "a", "image": "a", "mountPoints": points}]
    return json.dumps({"family": "app", "containerDefinitions": containers, "volumes": [volume], **more}, indent=2)


def test_a_role_outside_the_source_is_believed() -> None:
    assert said(planned(definition(taskRoleArn="arn:aws:iam::111122223333:role/app"))) == []
    [(status, message)] = said(planned(definition(executionRoleArn="arn:aws:iam::111122223333:role/app")))
    assert status == "needs-input"
    assert "requires a task role" in message
    assert "configure `task-roles: {app: " in message


@pytest.mark.parametrize("launch", ["EC2", "FARGATE"])
def test_a_corrected_spelling_does_not_bring_iam_to_life_without_a_role(launch: str) -> None:
    text = template(allowed(), task="").replace("IAM: ENABLED", "Iam: ENABLED").replace("FARGATE", launch)
    outcome = planned(text)
    [(status, message)] = said(outcome, "EFS302")
    assert status == ("unsafe" if launch == "EC2" else "fixable")
    assert "EFS IAM authorization requires a task role" in message
    assert ("IAM: ENABLED" in outcome.text) is (launch == "FARGATE")
    assert ("TaskRoleArn" in outcome.text) is (launch == "FARGATE")
    taken = planned(text, Choices(unsafe=True)).text
    assert "IAM: ENABLED" in taken
    assert "TaskRoleArn" in taken


def test_a_corrected_spelling_stays_where_no_role_is_known() -> None:
    text = definition().replace('"iam"', '"Iam"')
    outcome = planned(text)
    [(status, message)] = said(outcome, "EFS302")
    assert status == "needs-input"
    assert "misspelt: Iam → iam; but" in message
    assert "EFS IAM authorization requires a task role" in message
    assert outcome.text == text


def test_a_corrected_spelling_brings_the_grant() -> None:
    text = template().replace("IAM: ENABLED", "Iam: ENABLED")
    outcome = planned(text)
    [(status, message)] = said(outcome, "EFS302")
    assert status == "fixable"
    assert message == "misspelt: Iam → IAM; allow role TaskRole to mount"
    assert "elasticfilesystem:ClientMount" in outcome.text


PROGRAM = """\
from aws_cdk import Stack, aws_ecs as ecs, aws_efs as efs, aws_iam as iam


class App(Stack):
    def __init__(self, scope, id, **kwargs):
        super().__init__(scope, id, **kwargs)
        system = efs.FileSystem(self, "System", vpc=vpc)
        point = system.add_access_point("Point", path="/a")
        task = ecs.FargateTaskDefinition(self, "Task")
        task.add_volume(
            name="data",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=system.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=ecs.AuthorizationConfig(access_point_id=point.access_point_id, iam="ENABLED"),
            ),
        )
        app = task.add_container("app", image=image)
        app.add_mount_points(ecs.MountPoint(source_volume="data", container_path="/d", read_only=False))
"""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", ["fixable"]),
        ("system.grant_root_access(task.task_role)", []),
        ("system.grant_read_write(task.task_role)", []),
        ("task.task_role.add_managed_policy(policy)", []),
        ("task.add_to_task_role_policy(statement())", []),
    ],
)
def test_programs(line: str, found: list[str]) -> None:
    outcome = process(PROGRAM + f"        {line}\n", "app", Choices(), PYTHON)
    assert [status for status, _ in said(outcome)] == found
