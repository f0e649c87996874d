"""EFS408 anonymous-access: its examples, its golden cases, what is said of small definitions, and who must use IAM before the last step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from policy_templates import INSTANCES, checked, on_instances, statement, template
from rule_tests import one_by_one
from snippets import POINT, ROLES, SYSTEM, Snippet, efs, stack

SNIPPETS = [
    Snippet(
        "anonymous-beside-other-servers",
        stack(efs(POINT.replace("}", ", IAM: ENABLED}"), "!Ref System"), "TaskRoleArn: !GetAtt Role.Arn", ROLES)
        + "\n".join(
            f"    - {{Name: {name}, DockerVolumeConfiguration: {{Driver: {driver}, DriverOpts: {{{options}}}}}}}\n"
            for name, driver, options in (
                ("server", "local", "type: nfs, device: 'nas:/x', o: nolock"),
                ("address", "local", "type: nfs, device: ':/x', o: addr=10.0.0.1"),
                ("none", "local", "type: nfs, device: ':/x'"),
                ("plugin", "rexray/efs", "size: 1"),
            )
        ).replace("    - ", "        - ")
        + "  System: {Type: AWS::EFS::FileSystem}\n",
    ),
    Snippet(
        "anonymous-where-a-policy-asks-who-it-is",
        stack(
            efs("", "!Ref System"), "TaskRoleArn: !GetAtt Role.Arn", ROLES + SYSTEM % "'elasticfilesystem:ClientMount'"
        ),
    ),
]

test_efs408 = one_by_one("EFS408", SNIPPETS)


def test_the_last_step_names_consumers_and_the_policy(tmp_path: Path) -> None:
    second = template().partition("  TaskDefinition:")[2]
    body = template(more=f"  Second:{second}" + INSTANCES.replace(",iam", "") % ("!Ref Profile", ""))
    found = checked(body, tmp_path)["EFS408"]
    assert (found["line"], found["task"], found["volume"]) == (7, "FileSystem", None)
    assert "with IAM: TaskDefinition/data, Second/data; without: container instances at /mnt/efs" in str(
        found["message"]
    )
    proposed = json.loads(str(found["help"]).removeprefix("FileSystemPolicy: "))
    assert [(s["Effect"], s["Condition"]) for s in proposed["Statement"]] == [
        ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    ]


def test_instances_that_mount_with_iam_are_not_anonymous(tmp_path: Path) -> None:
    assert "without" not in str(checked(on_instances("!Ref Profile", "'*'"), tmp_path, "--unsafe")["EFS408"]["message"])


def test_the_proposed_policy_is_the_last(tmp_path: Path) -> None:
    """Who takes the advice is not given it again, and nothing is in its way."""
    advised = str(checked(template(), tmp_path)["EFS408"]["help"]).removeprefix("FileSystemPolicy: ")
    found = checked(template(policy=advised), tmp_path)
    assert "EFS408" not in found
    assert found["EFS203"]["status"] == "fixable"


def test_a_file_system_that_is_only_named(tmp_path: Path) -> None:
    body = template().replace("!Ref FileSystem", "fs-0123456789abcdef0")
    found = checked(body, tmp_path)["EFS408"]
    assert (found["task"], found["volume"]) == ("TaskDefinition", "data")
    assert str(found["help"]).startswith("aws efs put-file-system-policy --file-system-id fs-0123456789abcdef0 ")


@pytest.mark.parametrize(
    "change",
    [
        ("      Volumes:\n", "      Volumes:\n        - {Name: x, Host: {SourcePath: /mnt/efs/x}}\n"),
        ("      Volumes:\n", "      Volumes:\n        - {Name: x, EFSVolumeConfiguration: !Ref Outside}\n"),
    ],
)
def test_who_may_be_a_consumer(change: tuple[str, str], tmp_path: Path) -> None:
    assert "; perhaps: TaskDefinition/x (" in str(checked(template().replace(*change), tmp_path)["EFS408"]["message"])


BARE = template(role="!If [A, !Ref Outside, '']")


@pytest.mark.parametrize(
    ("body", "options"),
    [
        pytest.param(template(policy=statement("Deny", "ClientMount")), ["--unsafe"], id="a policy that denies"),
        pytest.param(template(more="  Second:" + BARE.partition("  TaskDefinition:")[2]), [], id="the second has none"),
        pytest.param(BARE + "  Second:" + template().partition("  TaskDefinition:")[2], [], id="the first has none"),
        pytest.param(template(), ["--target=access-point"], id="the user wants less"),
        pytest.param(template(), ["--skip=EFS203"], id="IAM is skipped"),
        pytest.param(
            template().replace("FileSystem:\n", "FileSystem: # efs-migrate: ignore[EFS408]\n", 1), [], id="suppressed"
        ),
        pytest.param(
            template().replace(
                "Type: AWS::EFS::FileSystem\n",
                "Type: AWS::EFS::FileSystem\n    Metadata: {efs-migrate: {ignore: [EFS408]}}\n",
            ),
            [],
            id="suppressed in the metadata",
        ),
    ],
)
def test_no_last_step(body: str, options: list[str], tmp_path: Path) -> None:
    assert "EFS408" not in checked(body, tmp_path, *options)
