"""A template with a file system, its policy, a task and its role, and instances that mount the file system."""

from __future__ import annotations

from pathlib import Path

from support import efs_migrate

ARN = "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}"


def template(
    *,
    policy: str = "",
    role_policies: str = "",
    volume: str = "RootDirectory: /data, TransitEncryption: ENABLED",
    role: str = "!GetAtt TaskRole.Arn",
    user: str = "'1000'",
    more: str = "",
) -> str:
    body = f"""\
Parameters:
  Outside: {{Type: String}}
Conditions:
  A: !Equals [!Ref Outside, a]
  B: !Equals [!Ref Outside, b]
Resources:
  FileSystem:
    Type: AWS::EFS::FileSystem
    Properties: {{Encrypted: true{", FileSystemPolicy: " + policy if policy else ""}}}
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{}}
      Policies: [{role_policies}]
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: {role}
      ContainerDefinitions:
        - {{Name: app, Image: app, User: {user}, MountPoints: [{{SourceVolume: data, ContainerPath: /data}}]}}
      Volumes:
        - Name: data
          EFSVolumeConfiguration: {{FilesystemId: !Ref FileSystem, {volume}}}
"""
    return body + more


def checked(body: str, folder: Path, *options: str) -> dict[str, dict[str, str | bool | None]]:
    """The findings by rule."""
    path = folder / "template.yaml"
    path.write_text(body, encoding="utf-8")
    ran = efs_migrate("check", "--format=json", *options, path)
    assert all(file["error"] is None for file in ran.report["files"])
    return {str(finding["rule"]): finding for finding in ran.findings}


def statement(effect: str, *actions: str, principal: str = "{AWS: '*'}", more: str = "") -> str:
    listed = ", ".join(f"elasticfilesystem:{action}" for action in actions)
    return f"{{Statement: [{{Effect: {effect}, Principal: {principal}, Action: [{listed}]{more}}}]}}"


INSTANCES = """\
  Instances:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties:
      IamInstanceProfile: %s
      UserData:
        Fn::Base64: !Sub "#!/bin/bash\\nmount -t efs -o tls,iam ${FileSystem.FileSystemId}:/ /mnt/efs\\n"
  Profile:
    Type: AWS::IAM::InstanceProfile
    Properties: {Roles: [!Ref InstanceRole]}
  InstanceRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies: [%s]
"""
ALLOWED = (
    "{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: [%s], Resource: !Sub '"
    + ARN
    + ":file-system/*'}]}}"
)


def on_instances(profile: str, actions: str, policy: str = "", effect: str = "Allow") -> str:
    body = template(policy=policy, more=INSTANCES % (profile, (ALLOWED % actions).replace("Allow", effect)))
    start = body.index("          EFSVolumeConfiguration:")
    end = body.index("\n", start)
    return f"{body[:start]}          Host: {{SourcePath: /mnt/efs/data}}{body[end:]}"
