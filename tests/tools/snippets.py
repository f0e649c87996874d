"""Small definitions about which a rule says something particular, which is in `golden/said/snippets` by their names.

What nobody would take for an example of the tool's use, and so is no golden case of `samples/`: rare combinations, refusals.
They are in the tests of the rules; here is what they are put together from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent


@dataclass(frozen=True)
class Snippet:
    """A definition in a file of its own, and its configuration."""

    name: str
    text: str
    config: str = ""
    options: tuple[str, ...] = ()

    def copy(self, folder: Path) -> Path:
        """Put the definition and its configuration where a user would have them; return the definition's path."""
        if self.config:
            (folder / ".efs-migrate.yaml").write_text(dedent(self.config))
        path = folder / ("stack.py" if self.text.startswith(("import", "from")) else "stack.yaml")
        path.write_text(dedent(self.text).removeprefix("\n"))
        return path


MOUNTED = "[{sourceVolume: data, containerPath: /data}]"


APP = "        - {Name: app, Image: 'example/app:1', MountPoints: [{SourceVolume: data, ContainerPath: /data}]}\n"


def plain(volume: str, more: str = "", points: str = MOUNTED) -> str:
    """A definition of the API with one volume, `data`."""
    container = f"containerDefinitions: [{{name: app, image: 'example/app:1', mountPoints: {points}}}]"
    return f"family: app\n{container}\nvolumes: [{{name: data, {volume}}}]\n{more}"


def stack(volume: str, properties: str = "", resources: str = "", parameters: str = "", head: str = "") -> str:
    """A template with a task definition that has one volume, `data`; each argument is YAML in brackets or lines of its own."""
    parts = [
        head,
        f"Parameters: {{{parameters}}}" if parameters else "",
        "Resources:",
        indent(dedent(resources), "  "),
        "  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: app",
        indent(dedent(properties), "      "),
        "      ContainerDefinitions:",
        APP,
        f"      Volumes:\n        - {{Name: data, {volume}}}",
    ]
    return "".join(f"{line}\n" for part in parts for line in part.splitlines() if line.strip())


def efs(more: str = "", system: str = "fs-0123456789abcdef0") -> str:
    return f"EFSVolumeConfiguration: {{FilesystemId: {system}{more}}}"


def docker(options: str, more: str = "", driver: str = "local") -> str:
    return f"dockerVolumeConfiguration: {{scope: shared, driver: {driver}, driverOpts: {{{options}}}{more}}}"


SERVER = "fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com"
TLS = ", TransitEncryption: ENABLED"
PLAIN_TLS = ", transitEncryption: ENABLED"
POINT = f"{TLS}, AuthorizationConfig: {{AccessPointId: fsap-0123456789abcdef0}}"
MAPPED = """
    file-systems:
      - id: fs-0123456789abcdef0
        mounts: {/mnt/efs: /}
    """


def instance(name: str, *mounts: str) -> str:
    """A container instance whose user data mounts these."""
    lines = "".join(f"\n          mount -t efs {mount}" for mount in mounts)
    return f"""
{name}:
  Type: AWS::EC2::Instance
  Properties:
    ImageId: '{{{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id}}}}'
    UserData:
      Fn::Base64: |
          #!/bin/bash
          echo ECS_CLUSTER=default >> /etc/ecs/ecs.config{lines}
"""


MOUNTED_ANYWHERE = instance("One", "fs-0123456789abcdef0:/ /mnt/efs").replace(
    "'{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id}}'", "ami-0123456789abcdef0"
)
ROLES = """
    Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
    """
ALLOWED = """
    Role:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument: {Statement: []}
        Policies:
          - PolicyName: efs
            PolicyDocument:
              Statement:
                - {Effect: Allow, Action: 'elasticfilesystem:ClientRootAccess', Resource: !GetAtt System.Arn}
    """
OLD = "amazon-linux-2/recommended", "amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20190301-x86_64-ebs"
SERVICE = """
    Service:
      Type: AWS::ECS::Service
      Properties: {TaskDefinition: !Ref Task, LaunchType: FARGATE, PlatformVersion: !Ref Version}
    """
SYSTEM = """
    System:
      Type: AWS::EFS::FileSystem
      Properties:
        FileSystemPolicy:
          Statement:
            - {Effect: Allow, Principal: {AWS: '*'}, Action: [%s], Resource: '*'}
    """
