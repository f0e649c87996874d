"""Permissions boundaries of the roles of templates: a grant has no effect that they do not allow, too."""

from __future__ import annotations

import pytest

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import YAML
from rules.choices import Choices

TEMPLATE = """\
Parameters:
  Given: {{Type: String}}
Resources:
  System: {{Type: AWS::EFS::FileSystem}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{Version: "2012-10-17", Statement: []}}
      PermissionsBoundary: {boundary}
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{statements}]
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: task
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
      {role}
      ContainerDefinitions:
        - {{Name: app, Image: nginx, User: "1000", MountPoints: [{{SourceVolume: data, ContainerPath: /data}}]}}
      Volumes:
        - Name: data
          EFSVolumeConfiguration: {{FilesystemId: !Ref System, RootDirectory: /data}}
"""
ALLOW = "{{Effect: Allow, Action: [{}], Resource: {}}}"


def migrated(boundary: str, statements: str = "", role: str = "TaskRoleArn: !GetAtt Role.Arn") -> Outcome:
    outcome = process(
        TEMPLATE.format(boundary=boundary, statements=statements, role=role), "stack", Choices(unsafe=True), YAML
    )
    assert outcome.error is None, outcome.error
    return outcome


def iam(outcome: Outcome) -> tuple[str, str]:
    return next((str(f.status), f.caveat or "") for f in (o.finding for o in outcome.findings) if f.rule == "EFS203")


@pytest.mark.parametrize(
    ("boundary", "statements"),
    [
        ("!Ref Given", ""),
        ("arn:aws:iam::123456789012:policy/boundary", ""),
        ("!Sub arn:aws:iam::${AWS::AccountId}:policy/boundary", ""),
        ("!ImportValue boundary", ""),
        ("!Ref Boundary", ALLOW.format("'elasticfilesystem:*'", "!GetAtt Other.Arn")),
        ("!Ref Boundary", "!Ref Given"),
        ("!Ref Boundary", ALLOW.format("'s3:*', !Ref Given", "'*'")),
    ],
    ids=["parameter", "ARN", "Sub", "import", "some file systems", "unread statement", "unread action"],
)
def test_an_unknown_boundary_has_to_allow_the_mount(boundary: str, statements: str) -> None:
    status, caveat = iam(migrated(boundary, statements))
    assert status == "fixable"
    assert "of role Role has to allow elasticfilesystem:ClientMount and elasticfilesystem:ClientWrite, too." in caveat


@pytest.mark.parametrize(
    ("boundary", "statements", "lacking"),
    [
        ("!Ref Boundary", ALLOW.format("'s3:*'", "'*'"), "ClientMount and elasticfilesystem:ClientWrite"),
        ("!Ref Boundary", ALLOW.format("'elasticfilesystem:ClientMount'", "'*'"), "ClientWrite"),
        (
            "!Ref Boundary",
            ALLOW.format("'*'", "'*'") + ", {Effect: Deny, Action: 'elasticfilesystem:ClientWrite', Resource: '*'}",
            "ClientWrite",
        ),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "", "ClientMount and elasticfilesystem:ClientWrite"),
    ],
    ids=["other actions", "mount only", "deny", "AWS"],
)
def test_a_boundary_that_does_not_allow_the_mount(boundary: str, statements: str, lacking: str) -> None:
    status, caveat = iam(migrated(boundary, statements))
    assert status == "unsafe"
    assert f"does not allow elasticfilesystem:{lacking}: without that the mount is denied." in caveat


@pytest.mark.parametrize(
    ("boundary", "statements"),
    [
        ("!Ref Boundary", ALLOW.format("'*'", "'*'")),
        ("!Ref Boundary", ALLOW.format("'elasticfilesystem:Client*'", "'*'")),
        ("arn:aws:iam::aws:policy/PowerUserAccess", ""),
        ("!Ref AWS::NoValue", ""),
    ],
    ids=["all", "clients", "AWS", "none"],
)
def test_a_boundary_that_allows_the_mount_is_not_mentioned(boundary: str, statements: str) -> None:
    status, caveat = iam(migrated(boundary, statements))
    assert status == "fixable"
    assert "boundary" not in caveat


def test_a_new_role_has_the_boundary_of_its_siblings() -> None:
    outcome = migrated("!Ref Given", role="Tags: []")
    assert outcome.text.count("PermissionsBoundary: !Ref Given") == 2
    assert "has to allow elasticfilesystem:ClientMount" in iam(outcome)[1]
