"""Templates put together from resources: a task definition whose host path lies at /mnt/efs, and instances that may run it."""

from __future__ import annotations

import textwrap
from pathlib import Path

from support import Ran, efs_migrate

PATH = "/aws/service/ecs/optimized-ami"
OLD_IMAGE = f"{PATH}/amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20190603-x86_64-ebs/image_id"
PREVIEW_AMI = OLD_IMAGE.replace("20190603", "20200115")
MAPPED = "!FindInMap [Amis, !Ref AWS::Region, Ecs]"
TASK = """
Task:
  Type: AWS::ECS::TaskDefinition
  Properties:
    TaskRoleArn: arn:aws:iam::123456789012:role/task
    ContainerDefinitions: [{Name: app, Image: nginx, Memory: 128, User: www-data}]
    Volumes:
      - Name: data
        Host: {SourcePath: /mnt/efs/data}
"""
JOB = """
Task:
  Type: AWS::Batch::JobDefinition
  Properties:
    Type: container
    ContainerProperties:
      Image: nginx
      JobRoleArn: arn:aws:iam::123456789012:role/task
      Volumes:
        - Name: data
          Host: {SourcePath: /mnt/efs/data}
"""
CLUSTERS = """
Web: {Type: AWS::ECS::Cluster}
Ops: {Type: AWS::ECS::Cluster}
"""
RECOMMENDED = "'{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id}}'"
AGENT = "echo ECS_LOGLEVEL=info >> /etc/ecs/ecs.config"
MOUNT = "mount -t efs fs-11111111:/ /mnt/efs"
OTHER_MOUNT = "mount -t efs fs-22222222:/ /mnt/efs"


def service(cluster: str = "", more: str = "") -> str:
    named = f"Cluster: {cluster}" if cluster else ""
    return f"""
Service:
  Type: AWS::ECS::Service
  Properties:
    TaskDefinition: !Ref Task
    {named}
    {more}
"""


def launched(name: str, *script: str, image: str = RECOMMENDED, more: str = "") -> str:
    """A launch configuration with a user data script."""
    lines = textwrap.indent("\n".join(["#!/bin/bash", *script]), " " * 8)
    user_data = f"UserData:\n      Fn::Base64: !Sub |\n{lines}" if script else ""
    return f"""
{name}:
  Type: AWS::AutoScaling::LaunchConfiguration
  Properties:
    ImageId: {image}
    {more}
    {user_data}
"""


def joins(cluster: str) -> str:
    return f"echo ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config"


def template(*resources: str, parameters: str = "") -> str:
    head = f"Parameters:\n{textwrap.indent(textwrap.dedent(parameters), '  ')}\n" if parameters else ""
    return f"{head}Resources:\n{textwrap.indent(''.join(resources), '  ')}"


def check(text: str, *options: str) -> Ran:
    Path("template.yaml").write_text(text)
    ran = efs_migrate("check", "--format=json", *options, "template.yaml")
    assert [file["error"] for file in ran.report["files"]] == [None]
    return ran


def of_rule(ran: Ran, rule: str) -> list[tuple[str, str]]:
    return [(str(f["status"]), str(f["message"])) for f in ran.findings if f["rule"] == rule]
