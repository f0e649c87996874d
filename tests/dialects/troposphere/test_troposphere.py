"""Troposphere: what real troposphere makes of a module before and after, and what is refused."""

from __future__ import annotations

import copy
import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import troposphere  # type: ignore[import-untyped]  # it has no types
from support import Ran, assert_no_new_problems, cases, efs_migrate

HEAD = "from troposphere import Base64, GetAtt, ImportValue, Join, Ref, Sub, Template, autoscaling, ecs, efs, iam\n"
HOST = """
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
"""
ROLE = """
role = t.add_resource(iam.Role(
    "TaskRole",
    AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]},
    Policies=[iam.Policy(PolicyName="logs", PolicyDocument={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"},
    ]})],
))
"""
TASK = """
t.add_resource(ecs.TaskDefinition(
    "Task",
    TaskRoleArn=Ref(role),
    ContainerDefinitions=[ecs.ContainerDefinition(
        Name="app", Image="app", Memory=512,
        MountPoints=[ecs.MountPoint(ContainerPath="/data", SourceVolume="data")],
    )],
    Volumes=[ecs.Volume(Name="data", Host=ecs.Host(SourcePath="/mnt/efs/app"))],
))
"""


def templates(path: Path) -> list[dict[str, Any]]:
    """The templates that a module makes, in its order."""
    made: list[troposphere.Template] = []

    class Recorded(troposphere.Template):  # type: ignore[misc]  # nor has its class
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            made.append(self)

    original = troposphere.Template
    troposphere.Template = Recorded
    try:
        exec(compile(path.read_text(), str(path), "exec"), {"__name__": "made"})
    finally:
        troposphere.Template = original
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
    root: dict[str, Any] = {"Path": path}
    if path != "/":  # the root is always there and never made
        root["CreationInfo"] = {"OwnerUid": "0", "OwnerGid": "0", "Permissions": "0755"}
    resources[name] = {
        "Type": "AWS::EFS::AccessPoint",
        "Properties": {"FileSystemId": system, "RootDirectory": root},
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
    "from troposphere.iam import Policy, Role\n"
    + re.sub(r"\b(ecs|efs|iam|autoscaling)\.([A-Z])", r"\2", HOST + ROLE + TASK),
    "aliases": "import troposphere.autoscaling as asg\nimport troposphere.ecs as tecs\nimport troposphere.efs\n"
    "import troposphere.iam as iam\nfrom troposphere import Base64, Join, Ref, Template\n"
    + (HOST + ROLE + TASK)
    .replace("ecs.", "tecs.")
    .replace("/etc/tecs.", "/etc/ecs.")
    .replace("/etc/ecs/tecs.", "/etc/ecs/ecs.")
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
data = ecs.Volume(Host=ecs.Host(SourcePath="/mnt/efs/app"))
data.Name = "data"
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
    "a function": HEAD
    + "\n\ndef build():"
    + textwrap.indent(HOST + ROLE + TASK, "    ")
    + "    return t\n\n\nbuild()\n",
    "a class": HEAD
    + "\n\nclass Stack:\n    def __init__(self):\n        self.t = Template()\n        self.storage()\n        self.tasks()\n"
    + "\n    def storage(self):\n        t = self.t"
    + textwrap.indent(HOST.replace("t = Template()\n", ""), "        ")
    + "\n    def tasks(self):"
    + textwrap.indent((ROLE + TASK).replace("t.add_resource", "self.t.add_resource"), "        ")
    + "\n\nStack()\n",
    "titles": HEAD
    + re.sub(r"^\w+ = (?=t\.add)", "", HOST, flags=re.MULTILINE)
    .replace("Ref(cluster)", 'Ref("Cluster")')
    .replace("Ref(fs)", 'Ref("Fs")')
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
    + TASK.replace("t.add_resource(ecs.TaskDefinition(", "ecs.TaskDefinition(")
    .replace('"Task",', '"Task", template=t,')
    .replace("],\n))", "],\n)"),
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


SAMPLES_HERE = [case for case in cases() if case.name.startswith("troposphere-")]


def test_samples_make_valid_templates(tmp_path: Path) -> None:
    """cfn-lint finds nothing in the results that it did not find before."""
    pairs = []
    for case in SAMPLES_HERE:
        for side, body in (("before", case.before.read_bytes()), ("after", case.after)):
            module = tmp_path / f"{case.name}-{side}.py"
            module.write_bytes(body)
            module.with_suffix(".json").write_text(json.dumps(templates(module)[0]))
        pairs.append((tmp_path / f"{case.name}-before.json", tmp_path / f"{case.name}-after.json"))
    assert len(pairs) == len(SAMPLES_HERE) > 0
    assert_no_new_problems(pairs)


def refused(tmp_path: Path, source: str, *options: str, config: str = "") -> list[str]:
    """The messages of what is refused in a module that is left alone."""
    path = tmp_path / "stack.py"
    path.write_text(source)
    if config:
        (tmp_path / ".efs-migrate.yaml").write_text(textwrap.dedent(config))
    ran = efs_migrate("apply", "--format=json", *options, path)
    assert ran.report["files"][0]["error"] is None
    assert path.read_text() == source
    return [str(f["message"]) for f in ran.findings if f["status"] == "refused"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param(
            HEAD
            + HOST
            + ROLE
            + TASK.replace('"Task",', 'f"{name}Task",').replace("\nt.add", "\nname = input()\nt.add", 1),
            "its title is an expression",
            id="title",
        ),
        pytest.param(
            HEAD + HOST + ROLE + "for name in ['a', 'b']:" + textwrap.indent(TASK, "    "),
            "it is made in a loop",
            id="loop",
        ),
        pytest.param(
            HEAD
            + HOST
            + ROLE
            + TASK.replace('ecs.Volume(Name="data", Host=ecs.Host(SourcePath="/mnt/efs/app"))', "data").replace(
                "\nt.add", '\ndata = ecs.Volume(Name="data")\ndata.Host = ecs.Host(SourcePath="/mnt/efs/app")\nt.add', 1
            ),
            "a statement of its own gives the volume its Host",
            id="set apart",
        ),
        pytest.param(
            HEAD + HOST + ROLE + TASK + TASK,
            "Task is the title of several objects",
            id="two of one title",
        ),
        pytest.param(
            HEAD
            + HOST
            + "def more(volumes):\n    return volumes\n"
            + 'x = more([ecs.Volume(Name="d", EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(FilesystemId="fs-12345678"))])\n',
            "which task definition gets this EFSVolumeConfiguration is decided at run time",
            id="volume that goes somewhere",
        ),
    ],
)
def test_refused(source: str, reason: str, tmp_path: Path) -> None:
    assert any(reason in message for message in refused(tmp_path, source))


FARGATE = """
from troposphere import Ref, Sub, Template, Parameter, If, Equals, ImportValue, ecs, iam
t = Template()
size = t.add_parameter(Parameter("Size", Type="String", Default="1"))
system = t.add_parameter(Parameter("FileSystemId", Type="String"))
"""


def test_a_file_system_from_a_parameter(tmp_path: Path) -> None:
    source = FARGATE + (
        """
task = t.add_resource(ecs.TaskDefinition(
    "Task",
    RequiresCompatibilities=["FARGATE"],
    Cpu="256",
    Memory="512",
    NetworkMode="awsvpc",
    TaskRoleArn=ImportValue("task-role"),
    ContainerDefinitions=[ecs.ContainerDefinition(
        Name="app", Image="app",
        MountPoints=[ecs.MountPoint(ContainerPath="/data", SourceVolume="data", ReadOnly=True)],
    )],
    Volumes=[ecs.Volume(Name="data", EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(
        FilesystemId=Ref(system), RootDirectory="/app"))],
))
t.add_resource(ecs.Service("Service", TaskDefinition=Ref(task), LaunchType="FARGATE", PlatformVersion="1.3.0"))
"""
    )
    (before,), (after,), ran, text = migrated(tmp_path, source)
    expected = upgraded(before, system={"Ref": "FileSystemId"})
    expected["Resources"]["Service"]["Properties"]["PlatformVersion"] = "1.4.0"
    assert after == expected, text
    assert "ecs, iam, efs\n" in text
    assert any("ClientMount" in str(f["caveat"]) and "ClientWrite" not in str(f["caveat"]) for f in ran.findings)


def test_a_role_of_fargate(tmp_path: Path) -> None:
    source = FARGATE + (
        """
execution_role = t.add_resource(iam.Role(
    "ExecutionRole",
    Path="/service/",
    AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]},
))
t.add_resource(ecs.TaskDefinition(
    "Task",
    RequiresCompatibilities=["FARGATE"],
    Cpu="256",
    Memory="512",
    NetworkMode="awsvpc",
    ExecutionRoleArn=Ref(execution_role),
    ContainerDefinitions=[ecs.ContainerDefinition(Name="app", Image="app")],
    Volumes=[
        ecs.Volume(
            Name="data",
            EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(FilesystemId=ImportValue(Sub("${AWS::StackName}-fs"))),
        ),
    ],
))
"""
    )
    (before,), (after,), _, text = migrated(tmp_path, source)
    system = {"Fn::ImportValue": {"Fn::Sub": "${AWS::StackName}-fs"}}
    name = next(name for name in after["Resources"] if name.endswith("AccessPoint"))
    expected = upgraded(before, name, path="/", system=system)
    expected["Resources"]["Task"]["Properties"]["TaskRoleArn"] = {"Fn::GetAtt": ["TaskRole", "Arn"]}
    role = copy.deepcopy(before["Resources"]["ExecutionRole"])
    arn = "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/${FileSystemId}"
    role["Properties"]["Policies"] = [
        {
            "PolicyName": "efs-access",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                        "Resource": {"Fn::Sub": [arn, {"FileSystemId": system}]},
                        "Condition": {
                            "StringEquals": {"elasticfilesystem:AccessPointArn": {"Fn::GetAtt": [name, "Arn"]}}
                        },
                    }
                ],
            },
        }
    ]
    expected["Resources"]["TaskRole"] = role
    assert after == expected, text


def test_batch(tmp_path: Path) -> None:
    source = (
        "from troposphere import Ref, Template, batch, efs\n"
        "template = Template()\n"
        'files = efs.FileSystem("Files")\n'
        "template.add_resource(files)\n"
        "template.add_resource(batch.JobDefinition(\n"
        '    "Job",\n'
        '    Type="container",\n'
        "    ContainerProperties=batch.ContainerProperties(\n"
        '        Image="app",\n'
        '        JobRoleArn="arn:aws:iam::123456789012:role/job",\n'
        '        MountPoints=[batch.MountPoints(ContainerPath="/data", SourceVolume="data")],\n'
        '        Volumes=[batch.Volumes(Name="data", Host=batch.VolumesHost(SourcePath="/mnt/efs/in"))],\n'
        "    ),\n"
        "))\n"
    )
    config = "file-systems: [{id: !Ref Files, mounts: {/mnt/efs: /}}]\n"
    (before,), (after,), _, text = migrated(tmp_path, source, config=config)
    volume = after["Resources"]["Job"]["Properties"]["ContainerProperties"]["Volumes"][0]
    assert volume == {
        "Name": "data",
        "EfsVolumeConfiguration": {
            "FileSystemId": {"Ref": "Files"},
            "TransitEncryption": "ENABLED",
            "AuthorizationConfig": {"AccessPointId": {"Ref": "InAccessPoint"}, "Iam": "ENABLED"},
        },
    }, text
    assert set(after["Resources"]) - set(before["Resources"]) == {"InAccessPoint"}


def test_parameters_of_a_function(tmp_path: Path) -> None:
    """What only the function knows is carried over where it is known."""
    source = """from troposphere import Template, ecs


def build(template, fs_id, role):
    template.add_resource(
        ecs.TaskDefinition(
            "Task",
            TaskRoleArn=role,
            ContainerDefinitions=[ecs.ContainerDefinition(Name="app", Image="app")],
            Volumes=[
                ecs.Volume(
                    Name="data",
                    EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(FilesystemId=fs_id, RootDirectory=f"/{fs_id}/x"),
                ),
            ],
        )
    )


build(Template(), "fs-0123456789abcdef0", "arn:aws:iam::123456789012:role/app")
"""
    (before,), (after,), _, text = migrated(tmp_path, source)
    system = "fs-0123456789abcdef0"
    name = next(name for name in after["Resources"] if name != "Task")
    assert after == upgraded(before, name, path=f"/{system}/x", system=system), text


def test_a_shared_line(tmp_path: Path) -> None:
    """Without a place for the access point the other steps are taken."""
    source = HEAD + HOST.replace("\nfs =", "\nx = 1; fs =") + ROLE + TASK
    _, (after,), ran, _ = migrated(tmp_path, source)
    assert any("the statement of Fs shares its line" in str(f["message"]) for f in ran.findings)
    (volume,) = after["Resources"]["Task"]["Properties"]["Volumes"]
    assert volume["EFSVolumeConfiguration"]["RootDirectory"] == "/app"
