"""Volumes in files of tools whose task definitions are not edited: each on EFS is a finding, nothing else is."""

from __future__ import annotations

import pytest

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import YAML
from rules.choices import Choices

TASK = """\
      Type: AWS::ECS::TaskDefinition
      Properties:
        Family: web
        ContainerDefinitions: [{Name: web, Image: nginx, MountPoints: [{SourceVolume: data, ContainerPath: /data}]}]
"""
SERVERLESS = "service: web\nprovider: {name: aws}\nresources:\n  Resources:\n    Task:\n" + TASK
COPILOT = "name: web\ntype: Backend Service\nstorage:\n  volumes:\n    data:\n      path: /data\n"
PULUMI = (
    "name: web\nruntime: yaml\nresources:\n  task:\n    type: aws:ecs:TaskDefinition\n    properties:\n      volumes:\n"
)
DAGSTER = "run_launcher:\n  module: dagster_aws.ecs\n  class: EcsRunLauncher\n  config:\n    volumes:\n"
ACK = "apiVersion: ecs.services.k8s.aws/v1alpha1\nkind: TaskDefinition\nspec:\n  volumes:\n"
PATCH = "- op: add\n  path: /Resources/TaskDefinition/Properties/Volumes/-\n  value: "


def outcome(text: str) -> Outcome:
    found = process(text, "x", Choices(), YAML)
    assert found.error is None
    assert not found.edits
    return found


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (SERVERLESS + "        Volumes: [{Name: data, Host: {SourcePath: /mnt/efs/app}}]\n", 10, "/mnt/efs/app, which may be on EFS, stands in a file of the Serverless"),
        (SERVERLESS + "        Volumes: [{Name: data, Host: {SourcePath: '${self:custom.path}'}}]\n", 10, "${self:custom.path}"),
        (SERVERLESS + "        Volumes: [{Name: d, EFSVolumeConfiguration: {FilesystemId: '${self:custom.fs}'}}]\n", 10, "EFSVolumeConfiguration stands"),
        (SERVERLESS + "        Volumes: ${file(volumes.yml):volumes}\n", 10, "Volumes stands in a file of the Serverless"),
        (SERVERLESS.replace("    Task:", "    Task: &task").replace("resources:\n", "custom: {}\nresources:\n") + "        Volumes: [{Name: d, DockerVolumeConfiguration: {Driver: local}}]\n", 11, "DockerVolumeConfiguration"),
        (COPILOT + "      efs: {id: fs-1234567, root_dir: /app}\n", 5, "a file of AWS Copilot"),
        (COPILOT + "      efs: {id: fs-1234567, auth: {iam: false, access_point_id: fsap-1}}\n", 5, "iam: true"),
        (COPILOT + "      efs: ${EFS_ID}\n", 5, "is an expression"),
        ("name: web\ntype: Load Balanced Web Service\nenvironments:\n  prod:\n    storage: {volumes: {data: {path: /d, efs: {id: fs-1}}}}\n", 5, "names its file system"),
        (PATCH + "{Name: d, EFSVolumeConfiguration: {FilesystemId: fs-1}}\n", 3, "EFSVolumeConfiguration stands"),
        (PATCH + "{Name: d, Host: {SourcePath: /mnt/efs/x}}\n", 3, "/mnt/efs/x"),
        (PATCH.replace("/-", "/0/Host/SourcePath").replace("add", "replace") + "/mnt/efs/y\n", 1, "/mnt/efs/y"),
        (PATCH.replace("/-", "/0/Host").replace("add", "replace") + "{SourcePath: /mnt/efs/z}\n", 1, "/mnt/efs/z"),
        (PATCH.replace("/-", "/1/EFSVolumeConfiguration/RootDirectory").replace("add", "replace") + "/app\n", 1, "RootDirectory stands"),
        (DAGSTER + "    - {name: d, efsVolumeConfiguration: {fileSystemId: fs-1, rootDirectory: /x}}\n", 6, "a file of Dagster"),
        (DAGSTER + "    - {name: d, host: {sourcePath: /mnt/efs}}\n", 6, "the host path /mnt/efs"),
        (PULUMI + "      - {name: d, hostPath: /mnt/efs/app}\n", 8, "a file of Pulumi"),
        (PULUMI + "      - {name: d, hostPath: '${path}'}\n", 8, "${path}"),
        (PULUMI.replace("ecs:Task", "ecs/taskDefinition:Task") + "      - {name: d, efsVolumeConfiguration: {fileSystemId: '${fs.id}'}}\n", 8, "efsVolumeConfiguration stands"),
        (ACK + "  - {name: d, efsVolumeConfiguration: {fileSystemID: fs-1}}\n", 5, "a Kubernetes operator"),
        ('resource: {aws_ecs_task_definition: {web: {volume: [{name: d, host_path: /mnt/efs}]}}}\n', 1, "a file of Terraform"),
        ('{"AWSEBDockerrunVersion": 2, "volumes": [{"name": "d", "host": {"sourcePath": "/efs/blog"}}], "containerDefinitions": []}', 1, "Elastic Beanstalk"),
    ],
)  # fmt: skip
def test_a_volume_in_a_file_of_another_tool_is_a_finding(text: str, line: int, said: str) -> None:
    found = outcome(text)
    (finding,) = found.findings
    assert (finding.rule.id, finding.finding.status, finding.line) == ("EFS304", "refused", line)
    assert said in finding.finding.message
    assert not found.unread


@pytest.mark.parametrize(
    "text",
    [
        SERVERLESS + "        Volumes: [{Name: sock, Host: {SourcePath: /var/run/docker.sock}}]\n",
        SERVERLESS
        + "        Volumes: [{Name: d, EFSVolumeConfiguration: {FilesystemId: fs-1, TransitEncryption: ENABLED, "
        "AuthorizationConfig: {AccessPointId: fsap-1, IAM: ENABLED}}}]\n",
        COPILOT + "      efs: true\n",
        COPILOT + "      efs: {uid: 1000, gid: 1000}\n",
        COPILOT + "      efs: {id: fs-1234567, auth: {access_point_id: fsap-1}}\n",
        "- {op: remove, path: /Resources/TaskDefinition/Properties/Volumes/0/EFSVolumeConfiguration}\n",
        DAGSTER + "    - {name: scratch}\n",
        PULUMI + "      - {name: d, hostPath: /var/log}\n",
        '{"AWSEBDockerrunVersion": 2, "volumes": [{"name": "d", "host": {"sourcePath": "/var/app"}}]}',
    ],
)
def test_what_is_done_or_no_efs_is_no_news(text: str) -> None:
    found = outcome(text)
    assert (found.findings, found.unread) == ((), ())


CONTAINERS = '"containerDefinitions": [{"name": "w", "mountPoints": [{"sourceVolume": "d", "containerPath": "/d"}]}]'


@pytest.mark.parametrize("given", ["${jsonencode(volumes)}", '"{{ volumes }}"', "<%= volumes %>", '"#{Volumes}"'])
def test_volumes_that_a_placeholder_gives_are_a_finding(given: str) -> None:
    found = process(f'{{"family": "web", {CONTAINERS}, "volumes": {given}}}', "x", Choices())
    (finding,) = found.findings
    assert (finding.rule.id, finding.task) == ("EFS304", "web")
    assert f"volumes comes from {given}" in finding.finding.message


def test_volumes_that_nothing_mounts_may_be_a_placeholder() -> None:
    found = process('{"containerDefinitions": [{"name": "w"}], "volumes": ${volumes}}', "x", Choices())
    assert found.findings == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("docker_volumes: ['/srv/app:/app', /var/log]\n", []),
        ("efs_volumes:\n  - fs-12345678\n", []),
        ("input: {source_path: /data, host: db}\n", []),
        ("x:\n  efs_volumes: [{name: d, filesystem_id: fs-1}]\n", ["efs_volumes"]),
        ("volume:\n  host: {source_path: /mnt/efs}\n", ["source_path"]),
    ],
)
def test_a_word_with_a_meaning_of_its_own_is_no_news(text: str, words: list[str]) -> None:
    assert [word.word for word in process(text, "x", Choices(), YAML).unread] == words


def test_what_ansible_removes_is_no_news() -> None:
    removed = (
        "- amazon.aws.ecs_taskdefinition:\n    state: absent\n    volumes: [{name: d, host: {sourcePath: /mnt/efs}}]\n"
    )
    kept = "- amazon.aws.ecs_taskdefinition:\n    state: present\n    family: a\n    volumes: [{name: d}]\n"
    assert outcome(kept + removed).unread == ()
