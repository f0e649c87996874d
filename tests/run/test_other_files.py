"""What files of one repository say of each other: a question that names the mount, never a change."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from support import efs_migrate

CLUSTER = """\
Resources:
  FileSystem:
    Type: AWS::EFS::FileSystem
  LaunchTemplate:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        UserData:
          Fn::Base64: !Sub |
            #!/bin/bash
            mount -t efs ${FileSystem}:/ /mnt/shared
Outputs:
  FileSystemId:
    Value: !Ref FileSystem
    Export:
      Name: shared-efs-id
"""
SERVICE = """\
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !ImportValue task-role
      ContainerDefinitions:
        - {Name: app, Image: app, Memory: 64, MountPoints: [{SourceVolume: data, ContainerPath: /data}]}
      Volumes:
        - {Name: data, Host: {SourcePath: /mnt/shared/app}}
"""
PLAIN = (
    '{"family": "app", "containerDefinitions": [], "volumes": [{"name": "d", "host": {"sourcePath": "/mnt/shared/x"}}]}'
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**files: str) -> None:
    for name, text in files.items():
        path = Path(name.replace("__", "/") + (".json" if text.startswith("{") else ".yaml"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


def asked() -> dict[str, str]:
    """The messages of all questions about host paths, by file."""
    messages = {}
    for file in efs_migrate("check", "--format=json", ".").report["files"]:
        for finding in file["findings"]:
            if finding["rule"] == "EFS101":
                # What another file mounts is a reason to ask, not to change.
                assert finding["status"] == "needs-input"
                messages[file["path"]] = finding["message"]
    return messages


def test_the_file_whose_instances_mount_it_is_named() -> None:
    write(infra__cluster=CLUSTER, app__service=SERVICE)
    message = asked()["app/service.yaml"]
    assert "infra/cluster.yaml mounts ${FileSystem}:/ at /mnt/shared (line 11, LaunchTemplate)" in message
    assert "`file-systems: [{id: !ImportValue shared-efs-id, mounts: {/mnt/shared: /}}]`" in message


def test_what_it_proposes_settles_it(monkeypatch: pytest.MonkeyPatch) -> None:
    write(infra__cluster=CLUSTER, app__service=SERVICE)
    assert efs_migrate("init").status == 0
    lines = Path(".efs-migrate.yaml").read_text().splitlines()
    (at,) = [i for i, line in enumerate(lines) if "- id: !ImportValue shared-efs-id" in line]
    assert "infra/cluster.yaml mounts ${FileSystem}:/ at /mnt/shared" in lines[at]
    lines[at : at + 3] = [line.replace("  # ", "  ", 1) for line in lines[at : at + 3]]
    Path("settled").mkdir()
    monkeypatch.chdir("settled")
    write(infra__cluster=CLUSTER, app__service=SERVICE)
    Path(".efs-migrate.yaml").write_text("\n".join(lines) + "\n")
    assert efs_migrate("apply", ".").status == 0
    after = Path("app/service.yaml").read_text()
    assert "FilesystemId: !ImportValue shared-efs-id" in after
    assert "Path: /app" in after
    assert Path("infra/cluster.yaml").read_text() == CLUSTER


def test_the_parameter_that_a_nesting_template_passes() -> None:
    parent = """\
        Resources:
          Infra:
            Type: AWS::CloudFormation::Stack
            Properties:
              TemplateURL: infra/cluster.yaml
              Parameters: {Name: x}
          App:
            Type: AWS::CloudFormation::Stack
            Properties:
              TemplateURL: https://bucket.s3.amazonaws.com/templates/service.yaml
              Parameters:
                Storage: !GetAtt Infra.Outputs.FileSystemId
        """
    exported = CLUSTER[CLUSTER.index("    Export:") :]
    write(
        main=parent,
        infra__cluster=CLUSTER.replace(exported, ""),
        app__service="Parameters: {Storage: {Type: String}}\n" + SERVICE,
    )
    assert "{id: !Ref Storage, mounts:" in asked()["app/service.yaml"]


@pytest.mark.parametrize(
    ("parameters", "proposed"),
    [
        ("EfsId: {Type: String}", "!Ref EfsId"),
        ("Storage: {Type: 'AWS::EFS::FileSystem::Id'}", "!Ref Storage"),
        ("EfsId: {Type: String}, OtherFileSystem: {Type: String}", "!ImportValue …"),
        ("UseEfs: {Type: String}", "!ImportValue …"),
    ],
)
def test_a_parameter_that_holds_a_file_system(parameters: str, proposed: str) -> None:
    exported = CLUSTER[CLUSTER.index("Outputs:") :]
    write(cluster=CLUSTER.replace(exported, ""), service=f"Parameters: {{{parameters}}}\n{SERVICE}")
    assert f"[{{id: {proposed}, mounts:" in asked()["service.yaml"]


def test_a_plain_definition_needs_the_id_itself() -> None:
    write(cluster=CLUSTER, task=PLAIN)
    assert "[{id: fs-…, mounts: {/mnt/shared: /}}]" in asked()["task.json"]


def test_several_files_that_mount_there() -> None:
    write(a=CLUSTER, b=CLUSTER.replace("shared-efs-id", "other"), service=SERVICE)
    message = asked()["service.yaml"]
    assert "a.yaml mounts" in message
    assert "b.yaml mounts" in message
    assert "if the instances of one of them run this task" in message


def test_only_files_of_the_same_repository() -> None:
    write(one__cluster=CLUSTER, two__service=SERVICE)
    for repository in ("one", "two"):
        Path(repository, ".git").mkdir()
    assert asked() == {}


@pytest.mark.parametrize(
    "service",
    [
        SERVICE.replace("TaskRoleArn", "RequiresCompatibilities: [FARGATE]\n      TaskRoleArn"),
        SERVICE.replace("/mnt/shared/app", "/var/run/docker.sock"),
        SERVICE.replace("/mnt/shared/app", "/mnt/shared2/app"),
        SERVICE.replace("/mnt/shared/app", "/mnt/shared/../app"),
        SERVICE.replace("/mnt/shared/app", "/srv"),
    ],
)
def test_nothing_to_ask(service: str) -> None:
    write(cluster=CLUSTER, service=service)
    assert asked() == {}


def test_a_disk_below_hides_the_mount() -> None:
    disk = CLUSTER.replace("Outputs:", "Outputs:").replace(
        "/mnt/shared\n", "/mnt/shared\n            mount /dev/xvdf /mnt/shared/app\n", 1
    )
    write(cluster=disk, service=SERVICE)
    assert asked() == {}


def test_its_own_instances_count_first() -> None:
    host = CLUSTER[CLUSTER.index("  FileSystem:") : CLUSTER.index("Outputs:")].replace("/mnt/shared", "/mnt/own")
    write(cluster=CLUSTER, service=SERVICE + host)
    assert asked() == {}


def test_files_that_cannot_be_read_say_nothing() -> None:
    write(cluster=CLUSTER + "  : [", service=SERVICE)
    Path("latin.yaml").write_bytes(CLUSTER.encode() + b"# \xe9 AWS::X UserData mount\n")
    assert asked() == {}


def test_an_excluded_file_says_nothing() -> None:
    write(cluster=CLUSTER, service=SERVICE)
    Path(".efs-migrate.yaml").write_text("exclude: [cluster.yaml]\n")
    assert asked() == {}


def test_names_cannot_smuggle_control_codes() -> None:
    write(
        cluster=CLUSTER.replace("/mnt/shared", "/mnt/shared").replace(
            "LaunchTemplate:\n    Type", '"L\\e[31mT":\n    Type', 1
        ),
        service=SERVICE,
    )
    for arguments in (["check", "."], ["init"]):
        assert b"\x1b" not in efs_migrate(*arguments).stdout
    assert "\x1b" not in Path(".efs-migrate.yaml").read_text()
