"""Where a grant for a role of the template goes: into the role's own policies, or why it is a policy beside it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
import yaml
from support import efs_migrate

BODY = """\
Conditions:
  Some: !Equals [a, a]
Resources:
  FileSystem:
    Type: AWS::EFS::FileSystem
{system}  Role:
    Type: AWS::IAM::Role
{role}  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: app
          Image: app
          User: "1000"
          MountPoints: [{{SourceVolume: data, ContainerPath: /data}}]
      Volumes:
        - Name: data
          EFSVolumeConfiguration:
            FilesystemId: !Ref FileSystem
            RootDirectory: /data
{more}"""
PROPERTIES = "    Properties:\n      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}\n"
POLICY = "{PolicyName: a, PolicyDocument: {Statement: []}}"
SERVICE = "  Service:\n    Type: AWS::ECS::Service\n    Properties: {TaskDefinition: !Ref Task}\n"
KEY = (
    "  Key:\n    Type: AWS::KMS::Key\n    Properties: {KeyPolicy: {Statement: [{Principal: {AWS: !GetAtt %s.Arn}}]}}\n"
)


class Loader(yaml.SafeLoader):
    """Reads intrinsics as what they are called."""


Loader.add_multi_constructor("!", lambda _, suffix, node: f"{suffix} {getattr(node, 'value', '')}")


def written(folder: Path, role: str = PROPERTIES, system: str = "", more: str = SERVICE) -> str:
    """The template afterwards."""
    path = folder / "template.yaml"
    path.write_text(BODY.format(role=role, system=system, more=more), encoding="utf-8")
    efs_migrate("apply", path)
    return path.read_text(encoding="utf-8")


def keys(after: str, resource: str = "Role") -> list[str]:
    """The names of a resource's properties, in their order."""
    found = yaml.load(after, Loader)
    return list(found["Resources"][resource]["Properties"])


def test_a_role_without_policies_gets_some(tmp_path: Path) -> None:
    after = written(tmp_path)
    assert keys(after) == ["AssumeRolePolicyDocument", "Policies"]
    assert "AWS::IAM::Policy" not in after
    assert "DependsOn" not in after


@pytest.mark.parametrize("more", ["[]", "[ ]"])
def test_an_empty_list_is_filled(more: str, tmp_path: Path) -> None:
    after = written(tmp_path, PROPERTIES + f"      Policies: {more}\n")
    assert after.count("Policies:") == 1
    assert after.count("PolicyName: efs-access\n") == 1
    assert "AWS::IAM::Policy" not in after


def test_policies_stand_before_tags(tmp_path: Path) -> None:
    role = (
        PROPERTIES.replace("Properties:\n", "Properties:\n      RoleName: app\n") + "      Tags: [{Key: a, Value: b}]\n"
    )
    assert keys(written(tmp_path, role)) == ["RoleName", "AssumeRolePolicyDocument", "Policies", "Tags"]


def test_policies_stand_where_another_role_has_them(tmp_path: Path) -> None:
    other = "  Other:\n    Type: AWS::IAM::Role\n    Properties:\n      Path: /\n      Policies: [{PolicyName: a}]\n"
    other += "      AssumeRolePolicyDocument: {}\n"
    after = written(tmp_path, "    Properties:\n      Path: /\n      AssumeRolePolicyDocument: {}\n", more=other)
    assert keys(after) == ["Path", "Policies", "AssumeRolePolicyDocument"]


def test_policies_stand_where_the_alphabet_puts_them(tmp_path: Path) -> None:
    role = PROPERTIES + "      ManagedPolicyArns: [a]\n      RoleName: app\n"
    assert keys(written(tmp_path, role)) == ["AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "RoleName"]


@pytest.mark.parametrize(
    ("role", "system", "more"),
    [
        (PROPERTIES + f"      Policies: !If [Some, [{POLICY}], !Ref AWS::NoValue]\n", "", SERVICE),
        (PROPERTIES + "      Policies: !Ref AWS::NoValue\n", "", SERVICE),
        (PROPERTIES.replace("Properties:", "Properties: &own"), "", SERVICE),
        (PROPERTIES + "      <<: {Path: /}\n", "", SERVICE),
        (PROPERTIES + f"      Policies: &policies [{POLICY}]\n", "", SERVICE),
        (PROPERTIES, "    Properties: {KmsKeyId: !GetAtt Key.Arn}\n", SERVICE + KEY % "Role"),
        (PROPERTIES, "    Properties: {KmsKeyId: !GetAtt Key.Arn}\n    DependsOn: Role\n", SERVICE + KEY % "Other"),
    ],
    ids=["chosen", "none", "shared", "merged", "shared list", "key", "depends"],
)
def test_a_role_that_cannot_hold_it(role: str, system: str, more: str, tmp_path: Path) -> None:
    after = written(tmp_path, role, system, more)
    assert after.count("    Type: AWS::IAM::Policy\n") == 1
    assert "    DependsOn: RoleEfsPolicy\n" in after


def test_what_is_under_another_condition_is_granted_there(tmp_path: Path) -> None:
    after = written(tmp_path, system="    Condition: Some\n")
    assert "    Type: AWS::IAM::Policy\n    Condition: Some\n" in after
    assert keys(after) == ["AssumeRolePolicyDocument"]


def test_a_role_under_a_condition_takes_what_is_there_too(tmp_path: Path) -> None:
    after = written(tmp_path, "    Condition: Some\n" + PROPERTIES)
    assert "AWS::IAM::Policy" not in after


def test_two_roles_close_no_cycle_between_them(tmp_path: Path) -> None:
    """Each file system's key names the role of the other task: one grant can be the role's own, not both."""
    more = (
        "  Second:\n    Type: AWS::EFS::FileSystem\n    Properties: {KmsKeyId: !GetAtt Key.Arn}\n"
        "  OtherRole:\n    Type: AWS::IAM::Role\n" + PROPERTIES + KEY % "Role"
    )
    more += (KEY % "OtherRole").replace("Key:", "FirstKey:")
    task = BODY[BODY.index("  Task:") : BODY.index("{more}")].replace("{{", "{").replace("}}", "}")
    task = task.replace("Task:", "OtherTask:").replace("!GetAtt Role", "!GetAtt OtherRole")
    more += task.replace("!Ref FileSystem", "!Ref Second")
    after = written(tmp_path, system="    Properties: {KmsKeyId: !GetAtt FirstKey.Arn}\n", more=more)
    assert after.count("PolicyName: efs-access\n") == 2
    assert after.count("    Type: AWS::IAM::Policy\n") == 1


def test_troposphere_adds_a_policy_beside_the_role(tmp_path: Path) -> None:
    path = tmp_path / "stack.py"
    source = """
        from troposphere import GetAtt, Ref, Template, ecs, efs, iam, kms

        t = Template()
        role = t.add_resource(iam.Role("Role", AssumeRolePolicyDocument={"Statement": []}))
        key = t.add_resource(kms.Key("Key", KeyPolicy={"Statement": [{"Principal": {"AWS": GetAtt(role, "Arn")}}]}))
        fs = t.add_resource(efs.FileSystem("Fs", KmsKeyId=GetAtt(key, "Arn")))
        task = t.add_resource(ecs.TaskDefinition(
            "Task",
            TaskRoleArn=GetAtt(role, "Arn"),
            ContainerDefinitions=[ecs.ContainerDefinition(
                Name="app", Image="app", MountPoints=[ecs.MountPoint(ContainerPath="/data", SourceVolume="data")],
            )],
            Volumes=[ecs.Volume(
                Name="data",
                EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(FilesystemId=Ref(fs), RootDirectory="/data"),
            )],
        ))
        t.add_resource(ecs.Service("Service", TaskDefinition=Ref(task)))
    """
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    efs_migrate("apply", path)
    after = path.read_text(encoding="utf-8")
    assert "iam.PolicyType(" in after
    assert 'DependsOn="RoleEfsPolicy"' in after
    assert "Policies=" not in after
