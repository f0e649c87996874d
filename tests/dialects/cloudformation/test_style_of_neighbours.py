"""New resources look like their nearest kin: colons, quotes, blocks, expressions, names and numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support import efs_migrate

ROLE = """\
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: "sts:AssumeRole"}]
"""
TASK = """\
  %(name)s:
    Type: AWS::ECS::TaskDefinition
    Properties:
%(role)s      RequiresCompatibilities: [FARGATE]
      ContainerDefinitions:
        - Name: app
          Image: app
          User: "1000"
          MountPoints:
            - SourceVolume: %(volume)s
              ContainerPath: /data
      Volumes:
        - Name: %(volume)s
          EFSVolumeConfiguration:
            FilesystemId: %(system)s
            RootDirectory: %(path)s
"""


def task(
    name: str = "Task", volume: str = "data", system: str = "!Ref Fs", path: str = "/media", *, role: bool = True
) -> str:
    given = "      TaskRoleArn: !GetAtt TaskRole.Arn\n" if role else ""
    return TASK % {"name": name, "volume": volume, "system": system, "path": path, "role": given}


def applied(body: str, folder: Path, *options: str, name: str = "template.yaml") -> str:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(body)
    ran = efs_migrate("apply", "--format=json", *options, path)
    assert [file["error"] for file in ran.report["files"]] == [None]
    return path.read_text()


def resource(text: str, name: str) -> str:
    """The lines of a resource."""
    found = re.search(rf"^  {name}:\n(?:    .*\n)*", text, re.MULTILINE)
    assert found, text
    return found[0]


# -- brackets and quotes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("around", "far"), [(": ", ":"), (":", ": ")])
def test_colons_of_json_are_those_beside(around: str, far: str, tmp_path: Path) -> None:
    """Most of the file, and its beginning, have other colons than the resources of EFS."""

    def written(value: object, colon: str) -> str:
        return json.dumps(value, indent=2, separators=(",", colon))[2:-2]

    others = {
        f"Topic{n}": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "a", "DisplayName": "b"}} for n in range(9)
    }
    volume = {"Name": "data", "EFSVolumeConfiguration": {"FilesystemId": {"Ref": "Fs"}, "RootDirectory": "/media"}}
    own = {
        "Fs": {"Type": "AWS::EFS::FileSystem", "Properties": {"PerformanceMode": "generalPurpose"}},
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"TaskRoleArn": "arn:aws:iam::111122223333:role/web", "Volumes": [volume]},
        },
    }
    body = f'{{"Resources"{far}{{\n{written(others, far)},\n{written(own, around)}\n}}}}\n'
    text = applied(body, tmp_path, name="template.json")
    new = text[text.index('"MediaAccessPoint"') : text.index('"Task"')]
    assert '"Type"' + around + '"AWS::EFS::AccessPoint"' in new
    assert not re.search(r'"\w+"' + ("" if around == ": " else ":") + (r":\S" if around == ": " else r" "), new)


@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_quotes_of_the_nearest_kind(quote: str, tmp_path: Path) -> None:
    other = '"' if quote != '"' else ""
    topics = "".join(f"  Topic{n}:\n    Type: {other}AWS::SNS::Topic{other}\n" for n in range(9))
    fs = f"  Fs:\n    Type: {quote}AWS::EFS::FileSystem{quote}\n    Properties:\n      Encrypted: true\n"
    text = applied("Resources:\n" + topics + fs + ROLE + task(), tmp_path)
    assert f"    Type: {quote}AWS::EFS::AccessPoint{quote}\n" in text


def test_blocks_beside_and_brackets_far_away(tmp_path: Path) -> None:
    network = "".join(
        f"  my{n}:\n    Type: AWS::EC2::VPC\n    Properties: {{CidrBlock: 10.0.0.0/16}}\n" for n in "ABCDEFGH"
    )
    fs = "  Fs:\n    Type: AWS::EFS::FileSystem\n    Properties:\n      Encrypted: true\n"
    text = applied("Resources:\n" + fs + ROLE + task() + network, tmp_path)
    assert "    Properties:\n      FileSystemId: !Ref Fs\n" in resource(text, "MediaAccessPoint")


# -- expressions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "system",
    [
        "\n              Fn::ImportValue:\n                !Join ['-', [!Ref 'Network', 'EFS']]",
        '\n              Fn::ImportValue: !Sub "${Network}-EFS"',
        "!ImportValue 'shared-efs'",
        "{'Fn::ImportValue': !Join [ '-', [!Ref Network, \"EFS\"] ]}",
        "!Ref 'Network'",
        "!Select [0, !Split [':', !Ref 'Network']]",
    ],
)
def test_an_expression_keeps_its_authors_text(system: str, tmp_path: Path) -> None:
    body = "Parameters:\n  Network: {Type: String}\nResources:\n" + task(system=system, role=False)
    text = applied(body, tmp_path)
    new = resource(text, "MediaAccessPoint")
    flat = re.sub(r"\s*\n\s*", "\n", system)
    assert f"FileSystemId:{'' if system.startswith(chr(10)) else ' '}{flat}" in re.sub(r"\n\s*", "\n", new)


def test_a_directory_keeps_its_authors_text(tmp_path: Path) -> None:
    path = '!Sub "/${AWS::StackName}/media"'
    body = "Resources:\n  Fs:\n    Type: 'AWS::EFS::FileSystem'\n" + task(path=path, role=False)
    assert f"Path: {path}\n" in applied(body, tmp_path)


def test_an_anchored_expression_is_written_anew(tmp_path: Path) -> None:
    body = "Parameters:\n  Network: {Type: String}\nResources:\n" + task(system="&id !Ref Network", role=False)
    new = resource(applied(body, tmp_path), "MediaAccessPoint")
    assert "FileSystemId: !Ref Network\n" in new


# -- names and numbers ------------------------------------------------------------------------------------------------

FS = "  Fs:\n    Type: AWS::EFS::FileSystem\n"


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([FS, ROLE, task(), *(f"  my{n}:\n    Type: AWS::SNS::Topic\n" for n in range(9))], ["MediaAccessPoint"]),
        (
            [
                FS,
                "  GameSavesAccessPoint:\n    Type: AWS::EFS::AccessPoint\n    Properties: {FileSystemId: !Ref Fs}\n",
                ROLE,
                task("GameTaskDefinition", "mods", path="/mods"),
            ],
            ["GameModsAccessPoint"],
        ),
        (
            [
                FS,
                ROLE,
                task("GameTask", "saves", path="/game"),
                task("BackupTask", "saves", path="/backup"),
                task("WebTask", "html", path="/html"),
            ],
            ["GameSavesAccessPoint", "BackupSavesAccessPoint", "HtmlAccessPoint"],
        ),
        (
            [FS, ROLE, task("GameTask", "saves", path="/saves"), task("BackupTask", "saves", path="/saves")],
            ["SavesAccessPoint"],
        ),
    ],
    ids=["case", "neighbour", "namesakes", "shared"],
)
def test_names_of_access_points(resources: list[str], expected: list[str], tmp_path: Path) -> None:
    body = "Resources:\n" + "".join(resources)
    text = applied(body, tmp_path)
    named = re.findall(r"^  (\w+):\n    Type: AWS::EFS::AccessPoint", text, re.MULTILINE)
    assert sorted(name for name in named if f"  {name}:" not in body) == sorted(expected)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("TaskCron", "CronTaskRole"),
        ("CronTask", "CronTaskRole"),
        ("Taskmaster", "TaskmasterTaskRole"),
        ("Task", "TaskRole"),
    ],
)
def test_names_of_roles(name: str, role: str, tmp_path: Path) -> None:
    text = applied("Resources:\n" + FS + task(name, role=False), tmp_path, "--unsafe")
    assert f"  {role}:\n    Type: AWS::IAM::Role\n" in text


def test_policies_are_numbered_in_order(tmp_path: Path) -> None:
    parameters = "Parameters:\n  Stage: {Type: String}\nConditions:\n"
    conditions = "".join(f"  Is{n}: !Equals [!Ref Stage, {n}]\n" for n in "AB")
    tasks = [
        task(f"Task{n}", f"data{n}", path=f"/{n}").replace(
            "    Properties:", f"    Condition: Is{n}\n    Properties:", 1
        )
        for n in "AB"
    ]
    body = parameters + conditions + "Resources:\n" + FS + ROLE + "".join(tasks) + task("Last", "datac", path="/c")
    text = applied(body, tmp_path)
    assert re.findall(r"PolicyName: (\S+)", text) == ["efs-access", "efs-access2", "efs-access3"]


# -- dependencies -----------------------------------------------------------------------------------------------------

NETWORK = """\
  Target1:
    Type: AWS::EFS::MountTarget
    Properties: {FileSystemId: !Ref Fs, SubnetId: subnet-1, SecurityGroups: [sg-1]}
  Target2:
    Type: AWS::EFS::MountTarget
    Properties: {FileSystemId: !Ref Fs, SubnetId: subnet-2, SecurityGroups: [sg-1]}
  Instances:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties:
      ImageId: ami-0123456789abcdef0
      UserData:
        Fn::Base64: !Sub "#!/bin/bash\\nmount -t efs ${Fs}:/ /mnt/efs\\n"
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{Name: app, Image: app, MountPoints: [{SourceVolume: data, ContainerPath: /data}]}]
      Volumes: [{Name: data, Host: {SourcePath: /mnt/efs/app}}]
  Service:
    Type: AWS::ECS::Service
    DependsOn: %s
    Properties: {TaskDefinition: !Ref Task, DesiredCount: 1}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[Target1]", "    DependsOn: [Target1, Target2]\n"),
        ("[Target2]", "    DependsOn: [Target2, Target1]\n"),
        ("[Target1, Target2]", "    DependsOn: [Target1, Target2]\n"),
        ("Target2", "    DependsOn:\n      - Target2\n      - Target1\n"),
        ("\n      - Target1", "    DependsOn:\n      - Target1\n      - Target2\n"),
    ],
)
def test_mount_targets_that_are_awaited_already(before: str, after: str, tmp_path: Path) -> None:
    body = ("Resources:\n" + FS + NETWORK % before).replace("DependsOn: \n", "DependsOn:\n")
    assert after in applied(body, tmp_path)


# -- templates that a program writes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "name", "generated"),
    [
        ("    Metadata: {'aws:cdk:path': App/Fs}\n", "template.yaml", True),
        ("  CDKMetadata:\n    Type: AWS::CDK::Metadata\n", "template.yaml", True),
        ("", "cdk.out/App.template.yaml", True),
        ("    Metadata: {Note: made by hand with cdk in mind}\n", "cdk/template.yaml", False),
    ],
)
def test_a_synthesised_template_is_said_to_be_one(mark: str, name: str, generated: bool, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("Resources:\n" + FS + mark + ROLE + task() + task("Other", "other", path="/other"))
    ran = efs_migrate("check", "--format=json", path)
    said = [f for f in ran.findings if "change the program instead" in str(f["caveat"])]
    assert len(said) == generated
