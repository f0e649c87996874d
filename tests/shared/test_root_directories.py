"""What a caveat says of a directory that no access point makes, and the time at which a statement can be attached."""

from __future__ import annotations

import pytest

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import YAML
from rules.choices import AccessPoints, Choices, ConfiguredFileSystem
from rules.model import Level, Text

SYSTEM = ConfiguredFileSystem(Text.of("fs-0123456789abcdef0"), mounts=(("/mnt/efs", "/"),))
KNOWN = ConfiguredFileSystem(SYSTEM.id, (("/mnt/efs", "/"),), (("/a/b", Text.of("fsap-0123456789abcdef0")),))
TEMPLATE = """\
Parameters: {TaskRoleArn: {Type: String}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !Ref TaskRoleArn
      ContainerDefinitions:
        - {Name: app, Image: app, MountPoints: [{SourceVolume: data, ContainerPath: /d}]}
      Volumes:
        - {Name: data, Host: {SourcePath: /mnt/efs/%s}}
"""
PLAIN = """\
taskRoleArn: arn:aws:iam::111122223333:role/app
containerDefinitions: [{name: app, image: app, mountPoints: [{sourceVolume: data, containerPath: /d}]}]
volumes: [{name: data, host: {sourcePath: /mnt/efs/%s}}]
"""


def planned(text: str, choices: Choices) -> Outcome:
    outcome = process(text, "app", choices, YAML)
    assert outcome.error is None
    return outcome


def caveat(text: str, rule: str, choices: Choices) -> str:
    return " ".join(f.finding.whole_caveat or "" for f in planned(text, choices).findings if f.finding.rule == rule)


@pytest.mark.parametrize(
    ("text", "path", "choices", "warned"),
    [
        (TEMPLATE, "a/b", Choices(file_systems=(SYSTEM,)), False),
        (TEMPLATE, "a/b", Choices(file_systems=(SYSTEM,), target=Level.TLS), True),
        (TEMPLATE, "a/b", Choices(file_systems=(SYSTEM,), access_points=AccessPoints.NEVER), True),
        (TEMPLATE, "a/b", Choices(file_systems=(SYSTEM,), off=frozenset({"EFS202"})), True),
        (TEMPLATE, "a/b/c/d/e", Choices(file_systems=(SYSTEM,)), True),
        (TEMPLATE, "a/.b", Choices(file_systems=(SYSTEM,)), True),
        (TEMPLATE, "", Choices(file_systems=(SYSTEM,), target=Level.TLS), False),
        (PLAIN, "a/b", Choices(file_systems=(SYSTEM,)), True),
        (PLAIN, "a/b", Choices(file_systems=(KNOWN,)), False),
        (PLAIN, "", Choices(file_systems=(SYSTEM,)), False),
    ],
)
def test_a_root_directory_that_stays_must_exist(text: str, path: str, choices: Choices, warned: bool) -> None:
    said = caveat(text % path, "EFS101", choices)
    sentence = (
        f"create /{path} first: a mount of a rootDirectory that is not there fails; Docker made the host path itself"
    )
    assert (sentence in said) is warned
    assert ("rootDirectory" in said) is warned


def test_a_statement_on_an_access_point_of_this_deployment_is_attached_after_it() -> None:
    said = caveat(TEMPLATE % "a/b", "EFS203", Choices(file_systems=(SYSTEM,)))
    assert said.startswith("Once the access point exists, which this deployment creates, attach to role")
    assert "Before you deploy" not in said
    assert "Before you deploy, attach" in caveat(TEMPLATE % "a/b", "EFS203", Choices(file_systems=(KNOWN,)))
    assert "Before you deploy, attach" in caveat(PLAIN % "a/b", "EFS203", Choices(file_systems=(SYSTEM,)))


POLICY = """\
  System:
    Type: AWS::EFS::FileSystem
    Properties:
      FileSystemPolicy:
        Statement: [{Effect: Deny, Principal: '*', Action: '*', Condition: {Bool: {'aws:SecureTransport': 'false'}}}]
"""


@pytest.mark.parametrize(
    ("policy", "status"), [(POLICY, "unsafe"), ("  System: {Type: AWS::EFS::FileSystem}\n", "fixable")]
)
def test_it_is_unsafe_where_a_policy_locks_the_task_out_until_then(policy: str, status: str) -> None:
    text = (TEMPLATE % "a").replace("Resources:\n", f"Resources:\n{policy}")
    text = text.replace(
        "Host: {SourcePath: /mnt/efs/a}", "EFSVolumeConfiguration: {FilesystemId: !Ref System, RootDirectory: /a}"
    )
    assert [f.finding.status for f in planned(text, Choices()).findings if f.finding.rule == "EFS203"] == [status]


@pytest.mark.parametrize(
    ("path", "inside", "asked"),
    [
        ("!Sub '${TaskRoleArn}\\'", "/d", False),
        ("'C:\\efs\\data'", "/d", False),
        ("!Sub '${TaskRoleArn}:/efs'", "/d", False),
        ("!Sub '${TaskRoleArn}/efs\\data'", "/d", False),
        ("!Ref TaskRoleArn", "'C:\\d'", False),
        ("!Sub '${TaskRoleArn}/efs'", '"D:\\\\d"', False),
        ("!Ref TaskRoleArn", "/d", True),
        ("!Sub '${TaskRoleArn}/efs'", "/c:/d", True),
    ],
)
def test_a_path_of_windows_is_no_efs(path: str, inside: str, asked: bool) -> None:
    text = TEMPLATE.replace("/mnt/efs/%s", path).replace("/d}", f"{inside}}}")
    assert [f.finding.rule for f in planned(text, Choices()).findings] == (["EFS101"] if asked else [])
