"""EFS403 unsupported-platform: its examples, its golden cases, what is said of small definitions, and instances that take nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from instance_templates import AGENT, MOUNT, TASK, check, launched, of_rule, template
from rule_tests import one_by_one
from snippets import PLAIN_TLS, Snippet, instance, plain, stack

SNIPPETS = [
    *(
        Snippet(
            f"unsupported-platform-of-{name}",
            plain(volume, "runtimePlatform: {operatingSystemFamily: WINDOWS_SERVER_2022_CORE}", "[]"),
            f"target: {target}",
        )
        for name, volume, target in (
            ("a-volume-at-the-target", f"efsVolumeConfiguration: {{fileSystemId: fs-1{PLAIN_TLS}}}", "tls"),
            ("a-volume-below-the-target", "efsVolumeConfiguration: {fileSystemId: fs-1}", "tls"),
            (
                "a-volume-with-tls-below-the-target",
                f"efsVolumeConfiguration: {{fileSystemId: fs-1{PLAIN_TLS}}}",
                "access-point",
            ),
            ("a-volume-that-is-not-efs", "host: {sourcePath: 'C:/data'}", "iam"),
        )
    ),
    *(
        Snippet(
            f"docker-volume-on-bottlerocket-with-{option}",
            stack(
                "DockerVolumeConfiguration: {Driver: amazon-ecs-volume-plugin, DriverOpts: "
                f"{{type: efs, device: 'fs-0123456789abcdef0:/', o: {option}}}}}",
                resources=instance("One").replace(
                    "ecs/optimized-ami/amazon-linux-2/recommended", "bottlerocket/aws-ecs-1/x86_64/latest"
                ),
            ),
            "target: tls",
        )
        for option in ("iam", "tls", "ro")
    ),
]

test_efs403 = one_by_one("EFS403", SNIPPETS)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


BOTTLEROCKET = "resolve:ssm:/aws/service/bottlerocket/aws-ecs-2/x86_64/latest/image_id"
WINDOWS = "resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2019-English-Full-ECS_Optimized/image_id"


def test_bottlerocket_stops_above_efs() -> None:
    volume = "EFSVolumeConfiguration: {FilesystemId: fs-11111111}"
    plain = TASK.replace("Host: {SourcePath: /mnt/efs/data}", volume)
    ran = check(template(plain, launched("A", "[settings.ecs]", image=BOTTLEROCKET)))
    assert {(f["rule"], f["status"]) for f in ran.findings} == {("EFS403", "refused")}
    mixed = template(plain, launched("A", image=BOTTLEROCKET), launched("B", AGENT))
    assert of_rule(check(mixed), "EFS201")[0][0] == "fixable"
    docker = (
        "DockerVolumeConfiguration: {Driver: local, DriverOpts: {type: nfs, device: ':/', "
        "o: 'addr=fs-11111111.efs.eu-west-1.amazonaws.com,OPTION'}}"
    )
    for option, rules in (("nfsvers=4.1", {"EFS102", "EFS403"}), ("tls", {"EFS403"})):
        old = TASK.replace("Host: {SourcePath: /mnt/efs/data}", docker.replace("OPTION", option))
        ran = check(template(old, launched("A", image=BOTTLEROCKET)))
        assert {f["rule"] for f in ran.findings} == rules
        assert [v["after"] for v in ran.report["files"][0]["volumes"]] == ["efs" if len(rules) > 1 else "host"]


def test_bottlerocket_counts_beside_fargate() -> None:
    volume = "EFSVolumeConfiguration: {FilesystemId: fs-11111111}"
    both = TASK.replace("Host: {SourcePath: /mnt/efs/data}", volume).replace(
        "  Properties:", "  Properties:\n    RequiresCompatibilities: [EC2, FARGATE]", 1
    )
    assert of_rule(check(template(both, launched("A", image=BOTTLEROCKET))), "EFS403")[0][0] == "refused"
    only = both.replace("[EC2, FARGATE]", "[FARGATE]")
    assert of_rule(check(template(only, launched("A", image=BOTTLEROCKET))), "EFS201")[0][0] == "fixable"


def test_windows_instances_take_nothing() -> None:
    ran = check(template(TASK, launched("A", AGENT, MOUNT, image=WINDOWS)))
    assert {(f["rule"], f["status"]) for f in ran.findings} == {("EFS403", "refused")}
