"""The partition, region and account in the statements that a user has to attach, and the names of roles there."""

from __future__ import annotations

import pytest

from migrate.dialects.common.whereabouts import of_arns, partition_in, partition_of
from migrate.engine.process import process
from migrate.files.language import PYTHON, YAML, Language
from rules.choices import AccessPoints, Choices, ConfiguredFileSystem
from rules.model import Opaque, Text, Value
from rules.shared.grants import role_name

SYSTEM = ConfiguredFileSystem(Text.of("fs-0123456789abcdef0"), mounts=(("/mnt/efs", "/"),))
CHOICES = Choices(file_systems=(SYSTEM,), access_points=AccessPoints.NEVER)


def prefix(text: str, language: Language = YAML, choices: Choices = CHOICES) -> str:
    """The beginning of the ARNs in the statement to attach."""
    outcome = process(text, "app", choices, language)
    assert outcome.error is None
    (grant,) = {f.finding.grant.arn_prefix for f in outcome.findings if f.finding.grant is not None}
    return grant


def definition(
    *members: str, image: str = "x", role: str = "app-role", host: str = "host: {sourcePath: /mnt/efs/a}"
) -> str:
    return "\n".join((
        "family: app",
        f"taskRoleArn: {role}",
        *members,
        "containerDefinitions:",
        f"  - {{name: a, image: '{image}', mountPoints: [{{sourceVolume: data, containerPath: /d}}]}}",
        f"volumes: [{{name: data, {host}}}]",
        "",
    ))  # fmt: skip  # one line each


NFS = 'dockerVolumeConfiguration: {driver: local, driverOpts: {type: nfs, device: ":/d", o: "addr=%s"}}'
OWN = "taskDefinitionArn: arn:%s:ecs:%s:123456789012:task-definition/app:3"
EXECUTION = "executionRoleArn: arn:%s:iam::123456789012:role/exec"
ECR = "999999999999.dkr.ecr.%s/app:1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (definition(OWN % ("aws-us-gov", "us-gov-west-1")), "arn:aws-us-gov:elasticfilesystem:us-gov-west-1:123456789012"),
        (definition(OWN % ("aws-cn", "cn-north-1")), "arn:aws-cn:elasticfilesystem:cn-north-1:123456789012"),
        (definition(OWN % ("aws", "eu-west-1")), "arn:aws:elasticfilesystem:eu-west-1:123456789012"),
        (definition(OWN % ("aws-iso-b", "us-isob-east-1")), "arn:aws-iso-b:elasticfilesystem:us-isob-east-1:123456789012"),
        (definition(EXECUTION % "aws-cn"), "arn:aws-cn:elasticfilesystem:<region>:123456789012"),
        (definition(EXECUTION % "aws"), "arn:aws:elasticfilesystem:<region>:123456789012"),
        # The role's own ARN says more than any other.
        (
            definition(EXECUTION % "aws", role="arn:aws-cn:iam::210987654321:role/app"),
            "arn:aws-cn:elasticfilesystem:<region>:210987654321",
        ),
        (definition(image=ECR % "cn-north-1.amazonaws.com.cn"), "arn:aws-cn:elasticfilesystem:<region>:<account>"),
        (definition(image=ECR % "us-gov-east-1.amazonaws.com"), "arn:aws-us-gov:elasticfilesystem:<region>:<account>"),
        # A registry may be of another account, and logs of another region.
        (definition(image=ECR % "eu-west-1.amazonaws.com"), "arn:aws:elasticfilesystem:<region>:<account>"),
        (definition("tags: [{key: region, value: us-iso-east-1}]"), "arn:aws-iso:elasticfilesystem:<region>:<account>"),
        (
            definition("tags: [{key: a, value: 'arn:aws-cn:s3:::b'}, {key: b, value: 'arn:aws:s3:::b'}]"),
            "arn:<partition>:elasticfilesystem:<region>:<account>",
        ),
        # Words that only look like a region.
        (definition("tags: [{key: cn-name, value: my-cn-north-1-app}]"), "arn:aws:elasticfilesystem:<region>:<account>"),
        (
            definition(host=NFS % "fs-0123456789abcdef0.efs.cn-northwest-1.amazonaws.com.cn"),
            "arn:aws-cn:elasticfilesystem:cn-northwest-1:<account>",
        ),
        (
            definition(host=NFS % "fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com"),
            "arn:aws:elasticfilesystem:eu-west-1:<account>",
        ),
        # The file around the definition.
        ("region: cn-north-1\ntask:\n  " + definition().replace("\n", "\n  "), "arn:aws-cn:elasticfilesystem:<region>:<account>"),
        (definition(), "arn:aws:elasticfilesystem:<region>:<account>"),
    ],
    ids=range(17),
)  # fmt: skip  # one line each
def test_a_plain_definition(text: str, expected: str) -> None:
    assert prefix(text) == expected


def test_an_own_arn_with_placeholders() -> None:
    own = "taskDefinitionArn: arn:aws-cn:ecs:cn-north-1:${account}:task-definition/app:3"
    assert prefix(definition(own)) == "arn:aws-cn:elasticfilesystem:cn-north-1:<account>"


PLAYBOOK = """\
- community.aws.ecs_taskdefinition:
    family: app
    region: %s
    task_role_arn: app-role
    containers: [{name: a, image: x, mountPoints: [{sourceVolume: data, containerPath: /d}]}]
    volumes: [{name: data, host: {sourcePath: /mnt/efs/a}}]
"""


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("cn-north-1", "arn:aws-cn:elasticfilesystem:cn-north-1:<account>"),
        ("eu-central-1", "arn:aws:elasticfilesystem:eu-central-1:<account>"),
        ("'{{ aws_region }}'", "arn:aws:elasticfilesystem:<region>:<account>"),
    ],
)
def test_a_playbook(region: str, expected: str) -> None:
    assert prefix(PLAYBOOK % region) == expected


def test_a_program() -> None:
    program = """\
import boto3

boto3.client("ecs", region_name="us-gov-west-1").register_task_definition(
    family="app",
    taskRoleArn="app-role",
    containerDefinitions=[{"name": "a", "mountPoints": [{"sourceVolume": "data", "containerPath": "/d"}]}],
    volumes=[{"name": "data", "host": {"sourcePath": "/mnt/efs/a"}}],
)
"""
    assert prefix(program, PYTHON) == "arn:aws-us-gov:elasticfilesystem:<region>:<account>"


def test_a_role_of_the_configuration() -> None:
    from dataclasses import replace

    choices = replace(CHOICES, task_roles={"app": Text.of("arn:aws-us-gov:iam::123456789012:role/a/b")})
    text = definition().replace("taskRoleArn: app-role\n", "")
    assert prefix(text, choices=choices) == "arn:aws-us-gov:elasticfilesystem:<region>:123456789012"


def test_the_key_to_configure_has_the_partition_too() -> None:
    text = definition(EXECUTION % "aws-cn").replace("taskRoleArn: app-role\n", "")
    messages = [f.finding.message for f in process(text, "app", CHOICES, YAML).findings if f.rule.id == "EFS203"]
    assert any("`task-roles: {app: arn:aws-cn:iam::123456789012:role/…}`" in message for message in messages)


@pytest.mark.parametrize(
    ("text", "partition"),
    [
        ("", None),
        ("eu-west-1", None),
        ("arn:aws:s3:::b", None),
        ("aws-cli and us-east-1", "aws"),
        ("cn-north-1 and arn:aws-cn:iam::123456789012:role/a", "aws-cn"),
        ("cn-north-1, us-east-1", "<partition>"),
        ("eusc-de-east-1", "aws-eusc"),
        ("arn:aws-iso:s3:::b in eu-west-1", "aws-iso"),
    ],
)
def test_a_text_that_names_partitions(text: str, partition: str | None) -> None:
    assert partition_in(text) == partition


def test_regions_and_arns() -> None:
    assert [partition_of(r) for r in ("cn-north-1", "us-gov-west-1", "us-east-1")] == ["aws-cn", "aws-us-gov", "aws"]
    assert of_arns("", "") == (None, None, None)
    assert of_arns("arn:aws:batch:eu-west-1:1:x", "") == ("aws", "eu-west-1", None)


# -- names of roles ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "name"),
    [
        (Text.of("{{resolve:ssm:/app/role}}"), "{{resolve:ssm:/app/role}}"),
        (Text.of("{{resolve:secretsmanager:a/b:SecretString:role}}"), "{{resolve:secretsmanager:a/b:SecretString:role}}"),
        (Text.of("arn:aws:iam::123456789012:role/{{resolve:ssm:/app/role}}"), "{{resolve:ssm:/app/role}}"),
        (Text.of("arn:aws:iam::123456789012:role/team/{{resolve:ssm:/a/b}}-task"), "{{resolve:ssm:/a/b}}-task"),
        (Text.of("arn:aws:iam::123456789012:role/team/path/app"), "app"),
        (Text.of("arn:aws-cn:iam::123456789012:role/app"), "app"),
        (Text.of("app"), "app"),
        (Text.of("team/app"), "team/app"),
        (Opaque("!ImportValue shared/role"), "!ImportValue shared/role"),
    ],
)  # fmt: skip  # one line each
def test_a_role_is_called_as_people_know_it(role: Value, name: str) -> None:
    assert role_name(role) == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('"{{resolve:ssm:/app/role}}"', "{{resolve:ssm:/app/role}}"),
        ("!Sub '{{resolve:ssm:/app/${AWS::Region}/role}}'", "{{resolve:ssm:/app/${AWS::Region}/role}}"),
        ("!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/team/${Name}'", "${Name}"),
        ("!Ref RoleArn", "${RoleArn}"),
        ("!GetAtt Nested.Outputs.RoleArn", "${Nested.Outputs.RoleArn}"),
    ],
)
def test_a_role_of_a_template(written: str, name: str) -> None:
    text = f"""\
Resources:
  Fs: {{Type: AWS::EFS::FileSystem}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: {written}
      ContainerDefinitions: [{{Name: a, MountPoints: [{{SourceVolume: data, ContainerPath: /d}}]}}]
      Volumes: [{{Name: data, EFSVolumeConfiguration: {{FilesystemId: !Ref Fs}}}}]
"""
    (grant,) = (f.finding.grant for f in process(text, "t", CHOICES, YAML).findings if f.finding.grant is not None)
    assert f"attach to role {name} this statement" in grant.sentence()
