"""What several users share exists whenever one of them does, and only then; an id that may be empty is not relied on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import efs_migrate

CONDITIONS = """\
  HasFileSystem: !Not [!Equals [!Ref FileSystemId, ""]]
  NoFileSystem: !Equals ["", !Ref FileSystemId]
  IsProd: !Equals [!Ref Stage, prod]
  IsStage: !Equals [!Ref Stage, stage]
  IsNotStage: !Not [!Condition IsStage]
  ProdWithFileSystem: !And [!Condition HasFileSystem, !Condition IsProd]
"""
TASK = """\
  %(name)s:
    Type: AWS::ECS::TaskDefinition
%(condition)s    Properties:
      TaskRoleArn: !GetAtt %(role)s.Arn
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
      ContainerDefinitions:
        - {Name: app, Image: app, User: "1000", MountPoints: [{SourceVolume: media, ContainerPath: /media}]}
      Volumes:
        - Name: media
          EFSVolumeConfiguration: %(storage)s
"""
STORAGE = "{FilesystemId: !Ref FileSystemId, RootDirectory: /media}"


def task(name: str, condition: str = "", storage: str = STORAGE, role: str = "TaskRole") -> str:
    line = f"    Condition: {condition}\n" if condition else ""
    return TASK % {"name": name, "condition": line, "storage": storage, "role": role}


def template(*tasks: str, conditions: str = CONDITIONS, role: str = "", default: str = '""', more: str = "") -> str:
    return f"""\
Parameters:
  FileSystemId: {{Type: String, Default: {default}}}
  Stage: {{Type: String, Default: dev}}
Conditions:
{conditions}Resources:
  TaskRole:
    Type: AWS::IAM::Role
{f"    Condition: {role}" + chr(10) if role else ""}    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Principal: {{Service: ecs-tasks.amazonaws.com}}, Action: "sts:AssumeRole"}}]
{more}{"".join(tasks)}"""


def applied(body: str, folder: Path, *options: str) -> str:
    """The template after everything that is possible in it, which a second run leaves alone."""
    path = folder / "template.yaml"
    path.write_text(body)
    ran = efs_migrate("apply", "--format=json", *options, path)
    assert [file["error"] for file in ran.report["files"]] == [None]
    text = path.read_text()
    efs_migrate("apply", *options, path)
    assert path.read_text() == text
    return text


def refused(body: str, folder: Path) -> dict[str, str]:
    """The messages of refused steps by rule."""
    path = folder / "template.yaml"
    path.write_text(body)
    ran = efs_migrate("check", "--format=json", path)
    return {str(f["rule"]): str(f["message"]) for f in ran.findings if f["status"] == "refused"}


def condition_of(text: str, kind: str) -> list[str | None]:
    """The conditions of the resources of a type."""
    found = re.findall(rf"Type: AWS::{kind}\n(?:    Condition: (\w+)\n)?", text)
    return [name or None for name in found]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("HasFileSystem", "ProdWithFileSystem", "HasFileSystem"),
        ("ProdWithFileSystem", "HasFileSystem", "HasFileSystem"),
        ("IsProd", "IsNotStage", "IsNotStage"),  # one parameter cannot have two values
        ("IsStage", "IsNotStage", None),  # one of them always holds
    ],
)
def test_a_condition_that_the_other_implies(first: str, second: str, expected: str | None, tmp_path: Path) -> None:
    body = template(task("Web", first), task("Report", second), default="fs-0123456789abcdef0")
    text = applied(body, tmp_path)
    assert condition_of(text, "EFS::AccessPoint") == [expected]
    assert condition_of(text, "IAM::Policy") == ([expected] if expected else [])
    assert text.count("AccessPointId: !Ref MediaAccessPoint") == 2


def test_a_new_condition_for_two(tmp_path: Path) -> None:
    body = template(task("Web", "IsStage"), task("Report", "IsProd"), default="fs-0123456789abcdef0")
    text = applied(body, tmp_path)
    assert "  IsProdOrStage: !Or [!Condition IsProd, !Condition IsStage]\n" in text
    assert condition_of(text, "EFS::AccessPoint") == condition_of(text, "IAM::Policy") == ["IsProdOrStage"]
    section = text[: text.index("Resources:")]
    assert section.index("IsProdOrStage") > section.index("  IsStage:"), "behind what it refers to"


def test_a_condition_of_the_template_that_means_the_same(tmp_path: Path) -> None:
    either = '  Either: !Not [!And [!Not [!Equals [prod, !Ref Stage]], !Not [!Equals [!Ref Stage, "stage"]]]]\n'
    body = template(
        task("Web", "IsStage"), task("Report", "IsProd"), conditions=CONDITIONS + either, default="fs-0123456789abcdef0"
    )
    text = applied(body, tmp_path)
    assert condition_of(text, "EFS::AccessPoint") == ["Either"]
    assert "!Or" not in text


def test_three_tasks_and_one_that_needs_nothing_of_its_own(tmp_path: Path) -> None:
    tested = '  IsTest: !Equals [!Ref Stage, "test"]\n'
    tasks = [
        task("Web", "IsStage"),
        task("Report", "IsProd"),
        task("Cron", "ProdWithFileSystem"),
        task("Old", "IsTest"),
    ]
    text = applied(template(*tasks, conditions=CONDITIONS + tested, default="fs-0123456789abcdef0"), tmp_path)
    assert "  IsProdOrStageOrTest: !Or [!Condition IsProd, !Condition IsStage, !Condition IsTest]\n" in text
    assert "IsProdOrStage:" not in text, "only what is used is added"
    assert condition_of(text, "EFS::AccessPoint") == ["IsProdOrStageOrTest"]


def test_a_task_that_always_exists(tmp_path: Path) -> None:
    body = template(task("Web", "IsProd"), task("Report"), default="fs-0123456789abcdef0")
    text = applied(body, tmp_path)
    assert condition_of(text, "EFS::AccessPoint") == [None]
    assert "      Policies:\n" in text


def test_arms_of_different_tasks(tmp_path: Path) -> None:
    one = f"!If [NoFileSystem, !Ref AWS::NoValue, {STORAGE}]"
    other = f"!If [HasFileSystem, {STORAGE}, !Ref AWS::NoValue]"
    text = applied(template(task("Web", storage=one), task("Report", "IsProd", storage=other)), tmp_path)
    assert condition_of(text, "EFS::AccessPoint") == condition_of(text, "IAM::Policy") == ["HasFileSystem"]


def test_a_new_condition_of_new_ones(tmp_path: Path) -> None:
    storage = f"!If [HasFileSystem, {STORAGE}, !Ref AWS::NoValue]"
    text = applied(template(task("Web", "IsStage", storage=storage), task("Report", "ProdWithFileSystem")), tmp_path)
    assert "  IsStageAndHasFileSystem: !And [!Condition IsStage, !Condition HasFileSystem]\n" in text
    name = "ProdWithFileSystemOrIsStageAndHasFileSystem"
    assert f"  {name}: !Or [!Condition ProdWithFileSystem, !Condition IsStageAndHasFileSystem]\n" in text
    assert text.index("  IsStageAndHasFileSystem:") < text.index(f"  {name}:")
    assert condition_of(text, "EFS::AccessPoint") == [name]


@pytest.mark.parametrize(
    ("role", "tasks", "policies"),
    [
        ("HasFileSystem", ("HasFileSystem", "ProdWithFileSystem"), []),  # in the role
        ("ProdWithFileSystem", ("HasFileSystem", "ProdWithFileSystem"), []),
        ("IsProd", ("ProdWithFileSystem", "ProdWithFileSystem"), ["ProdWithFileSystem"]),
    ],
)
def test_a_role_under_a_condition_of_the_task(
    role: str, tasks: tuple[str, str], policies: list[str], tmp_path: Path
) -> None:
    other = "  Other:\n    Type: AWS::IAM::Role\n    Properties: {AssumeRolePolicyDocument: {}}\n"
    body = template(task("Web", tasks[0], role="Other"), task("Report", tasks[1]), role=role, more=other)
    text = applied(body, tmp_path)
    own = text[text.index("  TaskRole:") : text.index("  Other:")]
    assert ("AccessPointArn" in own) == (not policies) or "  TaskRoleEfsPolicy:" in own
    assert text.count("IAM: ENABLED") == 2
    if policies:
        assert policies[0] in condition_of(text, "IAM::Policy")


def test_a_role_and_a_file_system_that_are_both_needed(tmp_path: Path) -> None:
    storage = "{FilesystemId: !Ref Files, RootDirectory: /media}"
    files = "  Files:\n    Type: AWS::EFS::FileSystem\n    Condition: HasFileSystem\n"
    text = applied(template(task("Web", storage=storage), role="IsProd", more=files), tmp_path)
    assert condition_of(text, "EFS::AccessPoint") == ["HasFileSystem"]
    assert condition_of(text, "IAM::Policy") == ["ProdWithFileSystem"]


def test_a_policy_under_a_wider_condition_counts(tmp_path: Path) -> None:
    point = """\
  Point:
    Type: AWS::EFS::AccessPoint
    Condition: ProdWithFileSystem
    Properties: {FileSystemId: !Ref FileSystemId, RootDirectory: {Path: /media}}
  Policy:
    Type: AWS::IAM::Policy
    Condition: %s
    Properties:
      PolicyName: mount
      Roles: [!Ref TaskRole]
      PolicyDocument:
        Statement: [{Effect: Allow, Action: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"], Resource: "*"}]
"""
    body = template(task("Web", "ProdWithFileSystem"), more=point % "HasFileSystem", role="ProdWithFileSystem")
    text = applied(body, tmp_path)
    assert "AccessPointId: !Ref Point" in text
    assert "elasticfilesystem:AccessPointArn" not in text, "the role has it"
    text = applied(template(task("Web", "HasFileSystem"), more=point % "IsProd"), tmp_path)
    assert "AccessPointId: !Ref MediaAccessPoint" in text, "the other one is missing outside of production"
    assert "elasticfilesystem:AccessPointArn" in text


def test_more_conditions_than_a_condition_can_name(tmp_path: Path) -> None:
    many = [f"  Is{letter}: !Equals [!Ref Stage, {letter}]\n" for letter in "ABCDEFGHIJK"]
    tasks = [task(f"Task{letter}", f"Is{letter}") for letter in "ABCDEFGHIJK"]
    body = template(*tasks, conditions="".join(many), default="fs-0123456789abcdef0")
    text = applied(body, tmp_path)
    assert text.count("AccessPointId: !Ref MediaAccessPoint\n") + text.count("!Ref MediaAccessPoint,") == 10
    assert condition_of(text, "EFS::AccessPoint") == ["UsesMedia", "IsK"]


# -- an id that may be empty ------------------------------------------------------------------------------------------


def test_no_access_point_on_an_empty_id(tmp_path: Path) -> None:
    body = template(task("Web", "IsProd"))
    assert "${FileSystemId} may be empty" in refused(body, tmp_path)["EFS202"]
    text = applied(body, tmp_path)
    assert "AWS::EFS::AccessPoint" not in text
    assert "TransitEncryption: ENABLED" in text


@pytest.mark.parametrize(
    ("condition", "default"), [("HasFileSystem", '""'), ("ProdWithFileSystem", '""'), ("", "fs-0123456789abcdef0")]
)
def test_an_id_that_is_not_empty(condition: str, default: str, tmp_path: Path) -> None:
    assert condition_of(applied(template(task("Web", condition), default=default), tmp_path), "EFS::AccessPoint")


INSTANCES = """\
  Instances:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties:
      ImageId: ami-0123456789abcdef0
      InstanceType: t3.micro
      UserData:
        Fn::Base64: !Sub |
          #!/bin/bash
          mount -t efs ${FileSystemId}:/ /mnt/efs
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - {Name: app, Image: app, Memory: 128, MountPoints: [{SourceVolume: data, ContainerPath: /data}]}
      Volumes: [{Name: data, Host: {SourcePath: /mnt/efs/app}}]
"""


@pytest.mark.parametrize(("default", "status"), [('""', "unsafe"), ("fs-0123456789abcdef0", "fixable")])
def test_a_host_path_whose_file_system_may_be_missing(default: str, status: str, tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(template(default=default, more=INSTANCES))
    found = {f["rule"]: f for f in efs_migrate("check", "--format=json", path).findings}["EFS101"]
    assert found["status"] == status
    assert ("${FileSystemId} may be empty" in str(found["caveat"])) == (status == "unsafe")
