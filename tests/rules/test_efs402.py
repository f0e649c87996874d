"""EFS402 container-agent: its examples, its golden cases, what is said of small definitions, and which images are replaced and which agents are too old."""

from __future__ import annotations

from pathlib import Path

import pytest
from instance_templates import (
    AGENT,
    MAPPED,
    MOUNT,
    OLD_IMAGE,
    PATH,
    PREVIEW_AMI,
    RECOMMENDED,
    TASK,
    check,
    joins,
    launched,
    of_rule,
    service,
    template,
)
from rule_tests import one_by_one
from snippets import MOUNTED_ANYWHERE, OLD, POINT, Snippet, efs, instance, stack
from support import efs_migrate

SNIPPETS = [
    Snippet(
        "instances-of-an-old-image",
        stack(efs(POINT), resources=instance("One").replace(*OLD)),
    ),
    Snippet(
        "instances-of-an-old-agent",
        stack(
            efs(POINT),
            resources=instance("One").replace(
                "ECS_CLUSTER", "docker pull amazon/amazon-ecs-agent:v1.36.1; echo ECS_CLUSTER"
            ),
        ),
    ),
    Snippet(
        "instances-of-an-old-image-beside-others",
        stack(
            efs(POINT),
            resources=instance("One") + instance("Two").replace(*OLD),
        ),
    ),
    Snippet(
        "instances-of-an-old-image-beside-fargate",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            instance("One").replace(*OLD),
        ),
    ),
    Snippet(
        "instances-of-an-old-image-by-a-parameter",
        stack(
            efs(POINT),
            resources=instance("One").replace(
                "'{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id}}'", "!Ref Image"
            ),
            parameters="Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: "
            "/aws/service/ecs/optimized-ami/amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20190301-x86_64-ebs/image_id}",
        ),
    ),
    Snippet(
        "instances-of-an-unknown-image-with-volumes-of-different-levels",
        stack(efs(POINT), resources=MOUNTED_ANYWHERE) + "        - {Name: old, Host: {SourcePath: /mnt/efs/old}}\n",
    ),
    Snippet(
        "instances-of-an-unknown-image-with-tasks-of-different-levels",
        stack(efs(POINT), resources=MOUNTED_ANYWHERE.replace("ECS_CLUSTER=default", "ECS_CLUSTER=one"))
        + """
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: one}}
  Service: {Type: AWS::ECS::Service, Properties: {Cluster: one, TaskDefinition: !Ref Other, LaunchType: EC2}}
  Other:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{Name: app, Image: example/app, MountPoints: [{SourceVolume: old, ContainerPath: /old}]}]
      Volumes: [{Name: old, Host: {SourcePath: /mnt/efs/old}}]
""",
    ),
]

test_efs402 = one_by_one("EFS402", SNIPPETS)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


IMAGES = [
    pytest.param(RECOMMENDED, [], [], id="recommended"),
    pytest.param("resolve:ssm:" + OLD_IMAGE, [], ["unsafe"], id="ec2-resolves"),
    pytest.param("'{{resolve:ssm:" + OLD_IMAGE + "}}'", [], ["unsafe"], id="cloudformation-resolves"),
    pytest.param("!Sub '{{resolve:ssm:" + PREVIEW_AMI + "}}'", [], ["unsafe"], id="sub"),
    pytest.param("!Ref Pinned", [], ["unsafe"], id="parameter"),
    pytest.param("!Ref Limited", [], ["advice"], id="parameter-with-allowed-values"),
    pytest.param("!Ref Current", [], [], id="current-parameter"),
    pytest.param("!Sub '{{resolve:ssm:${PathOf}}}'", [], ["unsafe"], id="path-by-parameter"),
    pytest.param("!If [Own, !Ref Optional, !Ref Current]", [], [], id="parameter-that-may-override"),
    pytest.param("!If [Old, !Ref Pinned, !Ref Current]", [], ["unsafe"], id="either"),
    pytest.param("ami-12345678", [], ["advice"], id="id"),
    pytest.param(MAPPED, [], ["advice"], id="mapping"),
    pytest.param(
        MAPPED,
        ["yum install -y amazon-efs-utils", "systemctl enable --now amazon-ecs-volume-plugin"],
        [],
        id="installed",
    ),
    pytest.param(MAPPED, ["#yum install -y amazon-efs-utils", "#reboot"], ["advice"], id="in-comments"),
    pytest.param(RECOMMENDED, ["docker run amazon/amazon-ecs-agent:v1.23.0"], ["advice"], id="old-agent"),
    pytest.param(RECOMMENDED, ["yum install -y ecs-init-1.36.1-1.amzn2"], ["advice"], id="old-init"),
    pytest.param(RECOMMENDED, ["# ecs-init-1.36.1-1.amzn2"], [], id="old-init-in-a-comment"),
    pytest.param(RECOMMENDED, ["yum install -y ecs-init-1.40.0-1.amzn2"], [], id="new-init"),
]
PARAMETERS = f"""
Pinned: {{Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: {OLD_IMAGE}}}
Limited: {{Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: {OLD_IMAGE}, AllowedValues: [{OLD_IMAGE}]}}
Current: {{Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: {PATH}/amazon-linux-2/recommended/image_id}}
PathOf: {{Type: String, Default: {OLD_IMAGE}}}
Optional: {{Type: String, Default: ''}}
"""


@pytest.mark.parametrize(("image", "script", "expected"), IMAGES)
def test_images_of_instances(image: str, script: list[str], expected: list[str]) -> None:
    text = template(TASK, launched("A", joins("x"), *script, MOUNT, image=image), parameters=PARAMETERS)
    ran = check(text)
    assert [status for status, _ in of_rule(ran, "EFS402")] == expected
    old = "unsafe" in expected or (any(word in text for word in ("v1.23.0", "-init-1.36")) and expected)
    assert of_rule(ran, "EFS101")[0][0] == ("unsafe" if old or image == "!Ref Limited" else "fixable")
    applied = efs_migrate("apply", "--unsafe", "--format=json", "template.yaml")
    assert [file["error"] for file in applied.report["files"]] == [None]
    changed = Path("template.yaml").read_text()
    if expected == ["unsafe"]:
        assert changed.count("/recommended/image_id") == text.count("/recommended/image_id") + 1
    else:
        assert changed.count("/recommended/image_id") == text.count("/recommended/image_id")


def test_advice_only_where_a_task_with_efs_can_run() -> None:
    other = launched("B", joins("y"), image="ami-12345678")
    advised = [
        finding["task"]
        for finding in check(
            template(TASK, service("x"), launched("A", joins("x"), MOUNT, image=MAPPED), other)
        ).findings
        if finding["rule"] == "EFS402"
    ]
    assert advised == ["A"]
    no_efs = TASK.replace("/mnt/efs/data", "/var/run/docker.sock")
    assert check(template(no_efs, launched("A", AGENT, MOUNT, image=MAPPED))).findings == []


def test_an_image_that_two_share_is_replaced_for_both() -> None:
    both = [launched(name, joins("x"), MOUNT, image="!Ref Pinned") for name in ("A", "B")]
    ran = check(template(TASK, *both, parameters=PARAMETERS))
    assert [status for status, _ in of_rule(ran, "EFS402")] == ["unsafe", "unsafe"]
    quiet = both[0].replace("    ImageId", "    # efs-migrate: ignore[EFS402]\n    ImageId")
    ran = check(template(TASK, quiet, both[1], parameters=PARAMETERS))
    assert [status for status, _ in of_rule(ran, "EFS402")] == ["refused"]


def test_what_an_anchor_shares_is_not_replaced() -> None:
    anchored = launched("A", joins("x"), MOUNT, image="resolve:ssm:" + OLD_IMAGE).replace(
        "Properties:", "Properties: &launch"
    )
    text = template(TASK, anchored, "\nB: {Type: AWS::AutoScaling::LaunchConfiguration, Properties: *launch}\n")
    assert [status for status, _ in of_rule(check(text), "EFS402")] == ["advice", "advice"]


def test_first_use_of_tls_on_a_preview_volume_is_unsafe() -> None:
    preview = TASK.replace("Host: {SourcePath: /mnt/efs/data}", "EFSVolumeConfiguration: {FilesystemId: fs-11111111}")
    ran = check(template(preview, launched("A", joins("x"), image="resolve:ssm:" + PREVIEW_AMI)))
    ((status, _),) = of_rule(ran, "EFS201")
    assert status == "unsafe"
    encrypted = preview.replace("fs-11111111}", "fs-11111111, TransitEncryption: ENABLED}")
    ran = check(template(encrypted, launched("A", joins("x"), image="resolve:ssm:" + PREVIEW_AMI)))
    assert {status for rule in ("EFS202", "EFS203") for status, _ in of_rule(ran, rule)} == {"fixable"}
