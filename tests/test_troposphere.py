"""Troposphere: what real troposphere makes of a module before and after, and what is refused."""

from __future__ import annotations

import copy
import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from support import Ran, efs_migrate

import troposphere

HEAD = "from troposphere import Base64, GetAtt, ImportValue, Join, Ref, Sub, Template, autoscaling, ecs, efs, iam\n"
HOST = '''
t = Template()
cluster = t.add_resource(ecs.Cluster("Cluster"))
fs = t.add_resource(efs.FileSystem("Fs"))
t.add_resource(autoscaling.LaunchConfiguration(
    "Launch",
    ImageId="ami-0123456789abcdef0",
    InstanceType="t3.large",
    UserData=Base64(Join("", [
        "#!/bin/bash\\n", "echo ECS_CLUSTER=", Ref(cluster), " >> /etc/ecs/ecs.config\\n",
        "mount -t efs ", Ref(fs), ":/ /mnt/efs\\n",
    ])),
))
'''
ROLE = '''
role = t.add_resource(iam.Role(
    "TaskRole",
    AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]},
    Policies=[iam.Policy(PolicyName="logs", PolicyDocument={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"},
    ]})],
))
'''
TASK = '''
t.add_resource(ecs.TaskDefinition(
    "Task",
    TaskRoleArn=Ref(role),
    ContainerDefinitions=[ecs.ContainerDefinition(
        Name="app", Image="app", Memory=512,
        MountPoints=[ecs.MountPoint(ContainerPath="/data", SourceVolume="data")],
    )],
    Volumes=[ecs.Volume(Name="data", Host=ecs.Host(SourcePath="/mnt/efs/app"))],
))
'''


def templates(path: Path) -> list[dict[str, Any]]:
    """The templates that a module makes, in its order."""
    made: list[troposphere.Template] = []

    class Recorded(troposphere.Template):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            made.append(self)

    original = troposphere.Template
    troposphere.Template = Recorded  # type: ignore[misc]
    try:
        exec(compile(path.read_text(), str(path), "exec"), {"__name__": "made"})
    finally:
        troposphere.Template = original  # type: ignore[misc]
    return [json.loads(template.to_json()) for template in made]


def migrated(tmp_path: Path, source: str, *options: str, config: str = "") -> tuple[list[Any], list[Any], Ran, str]:
    """The templates before and after, the report, and the new source."""
    path = tmp_path / "stack.py"
    path.write_text(source)
    if config:
        (tmp_path / ".efs-migrate.yaml").write_text(textwrap.dedent(config))
    before = templates(path)
    ran = efs_migrate("apply", "--format=json", *options, path)
    assert not ran.report["files"] or ran.report["files"][0]["error"] is None, ran.report["files"][0]["error"]
    text = path.read_text()
    return before, templates(path), ran, text


def upgraded(before: dict[str, Any], name: str = "AppAccessPoint", path: str = "/app", system: object = None) -> Any:
    """What the template of `HOST`, `ROLE` and `TASK` is to become."""
    system = system or {"Ref": "Fs"}
    after = copy.deepcopy(before)
    resources = after["Resources"]
    resources[name] = {
        "Type": "AWS::EFS::AccessPoint",
        "Properties": {
            "FileSystemId": system,
            "RootDirectory": {
                "Path": path,
                "CreationInfo": {"OwnerUid": "0", "OwnerGid": "0", "Permissions": "0755"},
            },
        },
    }
    resources["Task"]["Properties"]["Volumes"] = [
        {
            "Name": "data",
            "EFSVolumeConfiguration": {
                "FilesystemId": system,
                "TransitEncryption": "ENABLED",
                "AuthorizationConfig": {"AccessPointId": {"Ref": name}, "IAM": "ENABLED"},
            },
        }
    ]
    return after


def statement(name: str = "AppAccessPoint") -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        "Resource": {"Fn::GetAtt": ["Fs", "Arn"]},
        "Condition": {"StringEquals": {"elasticfilesystem:AccessPointArn": {"Fn::GetAtt": [name, "Arn"]}}},
    }


STYLES = {
    "modules": HEAD + HOST + ROLE + TASK,
    "names": HEAD
    + "from troposphere.ecs import TaskDefinition, ContainerDefinition, Host, MountPoint, Volume\n"
    + HOST
    + ROLE
    + re.sub(r"ecs\.(TaskDefinition|ContainerDefinition|Host|MountPoint|Volume)", r"\1", TASK),
    "all names": "from troposphere import Base64, Join, Ref, Template\n"
    "from troposphere.autoscaling import LaunchConfiguration\n"
    "from troposphere.ecs import (\n    Cluster,\n    ContainerDefinition,\n    Host,\n    MountPoint,\n    TaskDefinition,\n"
    "    Volume,\n)\n"
    "from troposphere.efs import FileSystem\n"
    "from troposphere.iam import Policy, Role\n" + re.sub(r"\b(ecs|efs|iam|autoscaling)\.([A-Z])", r"\2", HOST + ROLE + TASK),
    "aliases": "import troposphere.autoscaling as asg\nimport troposphere.ecs as tecs\nimport troposphere.efs\n"
    "import troposphere.iam as iam\nfrom troposphere import Base64, Join, Ref, Template\n"
    + (HOST + ROLE + TASK)
    .replace("ecs.", "tecs.")
    .replace("/etc/tecs.", "/etc/ecs.").replace("/etc/ecs/tecs.", "/etc/ecs/ecs.")
    .replace("efs.File", "troposphere.efs.File")
    .replace("autoscaling.", "asg."),
    "named parts": HEAD
    + HOST
    + ROLE
    + """
data = ecs.Volume(Name="data", Host=ecs.Host(SourcePath="/mnt/efs/app"))
point = ecs.MountPoint(ContainerPath="/data", SourceVolume="data")
app = ecs.ContainerDefinition(Name="app", Image="app", Memory=512, MountPoints=[point])
volumes = [data]
task = ecs.TaskDefinition("Task", TaskRoleArn=Ref(role), ContainerDefinitions=[app], Volumes=volumes)
t.add_resource(task)
""",
    "set apart": HEAD
    + HOST
    + ROLE
    + """
data = ecs.Volume()
data.Name = "data"
data.Host = ecs.Host(SourcePath="/mnt/efs/app")
task = ecs.TaskDefinition("Task")
task.TaskRoleArn = Ref("TaskRole")
task.ContainerDefinitions = [
    ecs.ContainerDefinition(
        Name="app", Image="app", Memory=512, MountPoints=[ecs.MountPoint(ContainerPath="/data", SourceVolume="data")]
    )
]
task.Volumes = [data]
t.add_resource(task)
""",
    "a function": HEAD + "\n\ndef build():" + textwrap.indent(HOST + ROLE + TASK, "    ") + "    return t\n\n\nbuild()\n",
    "a class": HEAD
    + "\n\nclass Stack:\n    def __init__(self):\n        self.t = Template()\n        self.storage()\n        self.tasks()\n"
    + "\n    def storage(self):\n        t = self.t"
    + textwrap.indent(HOST.replace("t = Template()\n", ""), "        ")
    + "\n    def tasks(self):"
    + textwrap.indent((ROLE + TASK).replace("t.add_resource", "self.t.add_resource"), "        ")
    + "\n\nStack()\n",
    "titles": HEAD
    + re.sub(r"^\w+ = (?=t\.add)", "", HOST, flags=re.MULTILINE).replace("Ref(cluster)", 'Ref("Cluster")').replace("Ref(fs)", 'Ref("Fs")')
    + re.sub(r"^\w+ = (?=t\.add)", "", ROLE, flags=re.MULTILINE)
    + TASK.replace("Ref(role)", 'GetAtt("TaskRole", "Arn")'),
    "from_dict": HEAD
    + HOST
    + ROLE
    + """
t.add_resource(ecs.TaskDefinition.from_dict("Task", {
    "TaskRoleArn": Ref(role),
    "ContainerDefinitions": [
        {"Name": "app", "Image": "app", "Memory": 512,
         "MountPoints": [{"ContainerPath": "/data", "SourceVolume": "data"}]},
    ],
    "Volumes": [{"Name": "data", "Host": {"SourcePath": "/mnt/efs/app"}}],
}))
""",
    "keywords in a dict": HEAD
    + HOST
    + ROLE
    + """
properties = {
    "TaskRoleArn": role.ref(),
    "ContainerDefinitions": [ecs.ContainerDefinition(
        Name="app", Image="app", Memory=512, MountPoints=[ecs.MountPoint(ContainerPath="/data", SourceVolume="data")])],
    "Volumes": [ecs.Volume(Name="data", Host=ecs.Host(SourcePath="/mnt/efs/app"))],
}
t.add_resource(ecs.TaskDefinition("Task", **properties))
""",
    "template argument": HEAD
    + HOST
    + ROLE
    + TASK.replace("t.add_resource(ecs.TaskDefinition(", "ecs.TaskDefinition(").replace('"Task",', '"Task", template=t,').replace("],\n))", "],\n)"),
    "sub": HEAD
    + re.sub(
        r"UserData=.*?\]\)\),",
        'UserData=Base64(Sub("#!/bin/bash\\\\necho ECS_CLUSTER=${Cluster} >> /etc/ecs/ecs.config\\\\nmount -t efs ${Fs}:/ /mnt/efs\\\\n")),',
        HOST,
        flags=re.DOTALL,
    )
    + ROLE
    + TASK,
}


@pytest.mark.parametrize("style", STYLES)
def test_every_style(style: str, tmp_path: Path) -> None:
    (before,), (after,), ran, text = migrated(tmp_path, STYLES[style])
    expected = upgraded(before)
    policies = expected["Resources"]["TaskRole"]["Properties"]["Policies"]
    policies.append(
        {"PolicyName": "efs-access", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement()]}}
    )
    assert after == expected, text
    assert ran.report["files"][0]["dialect"] == "troposphere"
