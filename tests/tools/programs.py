"""Small Python programs about whose later statements something is said, and what is said of their volumes."""

from __future__ import annotations

from textwrap import indent

from migrate.engine.process import process
from migrate.files.language import PYTHON
from rules.choices import Choices, ConfiguredFileSystem
from rules.model import Text

SYSTEM, POINT = Text.of("fs-0123456789abcdef0"), Text.of("fsap-0123456789abcdef0")
CHOICES = Choices(file_systems=(ConfiguredFileSystem(SYSTEM, (("/mnt/efs", "/"),), (("/app", POINT),)),))
"""One file system on `/mnt/efs`, with an access point for `/app`."""


def said(source: str, dialect: str) -> dict[str, tuple[str, str]]:
    """What is said of the volumes of a program: per rule the status, and the message with its caveat. Definitions of the
    API are configured."""
    outcome = process(source, "app", CHOICES if dialect in ("boto3", "pulumi") else Choices(), PYTHON)
    assert outcome.error is None, outcome.error
    assert outcome.dialect == dialect
    found = (one.finding for one in outcome.findings)
    return {f.rule: (str(f.status), f"{f.message} {f.whole_caveat or ''}") for f in found}


def cdk(body: str, *, imports: str = "", classes: str = "", before: str = "", role: str = "", end: str = "") -> str:
    """A program of the CDK with a Fargate task that mounts `/app` of a file system of its own, and then runs `body`."""
    return f"""\
import os
from typing import cast
import aws_cdk as cdk, jsii
from aws_cdk import App, Aspects, CfnOutput, Stack, Tags
from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs, aws_efs as efs, aws_iam as iam, aws_s3 as s3
{imports}
{classes}
class S(Stack):
    def __init__(self, scope, id, **kw):
        super().__init__(scope, id, **kw)
        vpc = ec2.Vpc(self, "Vpc")
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc)
        fs = efs.FileSystem(self, "Fs", vpc=vpc, allow_anonymous_access=True)
{indent(before, "        ")}
        td = ecs.FargateTaskDefinition(self, "Td"{role})
        storage = ecs.EfsVolumeConfiguration(file_system_id=fs.file_system_id, root_directory="/app")
        td.add_volume(name="data", efs_volume_configuration=storage)
        web = td.add_container("web", image=ecs.ContainerImage.from_registry("nginx"))
        web.add_mount_points(ecs.MountPoint(container_path="/x", source_volume="data", read_only=True))
{indent(body, "        ")}

app = App()
S(app, "S")
{end}
"""


def aspect(visit: str) -> str:
    """An aspect with this body of its `visit`."""
    return f"@jsii.implements(cdk.IAspect)\nclass A:\n    def visit(self, node):\n{indent(visit, '        ')}\n"


ASPECT = "Aspects.of(self).add(A())"


def boto3(body: str, volume: str = '{"name": "data", "host": {"sourcePath": "/mnt/efs/app"}}') -> str:
    """A program with a definition in a dict `td`, in which `body` follows."""
    return f"""\
import copy, json, re
import boto3

ecs = boto3.client("ecs")
points = [{{"sourceVolume": "data", "containerPath": "/d"}}]
td = {{"family": "app", "taskRoleArn": "arn:aws:iam::123456789012:role/app",
    "containerDefinitions": [{{"name": "a", "image": "x", "mountPoints": points}}],
    "volumes": [{volume}]}}
{body}
"""


def troposphere(body: str, *, imports: str = "", role: str = "", late: bool = False) -> str:
    """A module of troposphere with a Fargate task definition `td` of a template `t`, in which `body` follows; with `late`
    the definition is not added to the template yet."""
    start, end = ("", "") if late else ("t.add_resource(", ")")
    return f"""\
import copy, json
from troposphere import GetAtt, NoValue, Output, Ref, Template, ecs, efs, iam
{imports}
t = Template()
fs = t.add_resource(efs.FileSystem("Fs"))
role = t.add_resource(iam.Role("Role", AssumeRolePolicyDocument={{"Statement": []}}{role}))
td = {start}ecs.TaskDefinition("Td",
    Family="app", NetworkMode="awsvpc", RequiresCompatibilities=["FARGATE"], Cpu="256", Memory="512",
    TaskRoleArn=GetAtt(role, "Arn"),
    ContainerDefinitions=[ecs.ContainerDefinition(Name="a", Image="x", User="1000")],
    Volumes=[ecs.Volume(Name="data", EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(
        FilesystemId=Ref(fs), RootDirectory="/app"))]){end}
{body}
print(t.to_json())
"""


def pulumi(body: str, *, before: str = "", options: str = "") -> str:
    """A Pulumi program with one task definition, between the statements `before` and `body`."""
    return f"""\
import json
import pulumi
import pulumi_aws as aws
{before}
td = aws.ecs.TaskDefinition("td", family="app", task_role_arn="arn:aws:iam::123456789012:role/app",
    network_mode="awsvpc", requires_compatibilities=["FARGATE"],
    container_definitions=json.dumps([{{"name": "a", "image": "x"}}]),
    volumes=[{{"name": "data", "efs_volume_configuration": {{
        "file_system_id": "fs-0123456789abcdef0", "root_directory": "/app"}}}}]{options})
{body}
"""
