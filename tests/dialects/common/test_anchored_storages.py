"""Storages that volumes share through anchors and merge keys: migrated where all agree, else refused in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import efs_migrate

HEAD = """\
Resources:
  TaskRole:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}}
  Fs:
    Type: AWS::EFS::FileSystem
"""
TASK = """\
  %s:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt TaskRole.Arn
      RequiresCompatibilities: [FARGATE]
      ContainerDefinitions:
        - Name: app
          Image: app
          User: "1000"
          MountPoints: %s
      Volumes:
"""
MOUNTS = "[{SourceVolume: data, ContainerPath: /data}, {SourceVolume: other, ContainerPath: /other}]"


def task(volumes: str, name: str = "Web", mounts: str = MOUNTS) -> str:
    return TASK % (name, mounts) + volumes


def applied(body: str, folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """The template after all that is possible, and the findings."""
    path = folder / "template.yaml"
    path.write_text(body)
    ran = efs_migrate("apply", "--format=json", path)
    assert [file["error"] for file in ran.report["files"]] == [None]
    return path.read_text(), ran.findings


SHARED = """\
        - Name: data
          EFSVolumeConfiguration: &storage
            FilesystemId: !Ref Fs
            RootDirectory: /d
"""
AGREED = {
    "names": task(SHARED + "        - {Name: other, EFSVolumeConfiguration: *storage}\n"),
    "tasks": task(SHARED) + task("        - {Name: other, EFSVolumeConfiguration: *storage}\n", "Report"),
    "flow": task(
        "        - {Name: data, EFSVolumeConfiguration: &storage {FilesystemId: !Ref Fs, RootDirectory: /d}}\n"
        "        - {Name: other, EFSVolumeConfiguration: *storage}\n"
    ),
    "merged volume": task(
        "        - &volume\n          Name: data\n          EFSVolumeConfiguration: {FilesystemId: !Ref Fs, RootDirectory: /d}\n"
        "        - {<<: *volume, Name: other}\n"
    ),
    "merged list": task(
        "        - &volume\n          Name: data\n          EFSVolumeConfiguration: {FilesystemId: !Ref Fs, RootDirectory: /d}\n"
        "        - {<<: [*volume], Name: other}\n"
    ),
    "mount points": task(SHARED, mounts=f"&mounts {MOUNTS}")
    + task("        - {Name: other, EFSVolumeConfiguration: *storage}\n", "Report", mounts="*mounts"),
}


@pytest.mark.parametrize("body", AGREED.values(), ids=AGREED)
def test_all_that_share_it_get_one_access_point(body: str, tmp_path: Path) -> None:
    after, findings = applied(HEAD + body, tmp_path)
    assert {f["status"] for f in findings} <= {"fixable", "advice"}
    assert after.count("AWS::EFS::AccessPoint") == 1
    assert after.count("AccessPointId: !Ref DAccessPoint") == 1, "written once, for all"
    assert {f["volume"] for f in findings if f["rule"] == "EFS203"} >= {"data", "other"} or "Report" in after


def test_a_storage_that_stands_elsewhere(tmp_path: Path) -> None:
    top = "Metadata:\n  Storage: &storage\n    FilesystemId: !Ref Fs\n    RootDirectory: /d\n"
    volumes = "        - {Name: data, EFSVolumeConfiguration: *storage}\n        - {Name: other, EFSVolumeConfiguration: *storage}\n"
    after, _ = applied(top + HEAD + task(volumes), tmp_path)
    assert after.count("AccessPointId: !Ref DAccessPoint") == after.count("IAM: ENABLED") == 1


REFUSED = {
    "another directory": (
        task(SHARED + "        - {Name: other, EFSVolumeConfiguration: {<<: *storage, RootDirectory: /e}}\n"),
        {
            "data": "volume other merges its configuration with `<<` and would change, too: write them apart first",
            "other": "another mapping is merged into the storage with `<<`: write it out first",
        },
    ),
    "merged through another": (
        "Metadata:\n  Base: &base {FilesystemId: !Ref Fs}\n  More: &more {<<: *base, RootDirectory: /d}\n"
        + HEAD
        + task(
            "        - {Name: data, EFSVolumeConfiguration: *base}\n        - {Name: other, EFSVolumeConfiguration: {<<: *more}}\n"
        ),
        {"data": "an alias elsewhere uses it, too", "other": "is merged into the storage with `<<`"},
    ),
    "used for something else": (
        "Metadata:\n  Storage: &storage {FilesystemId: !Ref Fs}\n  Again: {Inner: *storage}\n"
        + HEAD
        + task("        - {Name: data, EFSVolumeConfiguration: *storage}\n"),
        {"data": "an alias elsewhere uses it, too"},
    ),
}


@pytest.mark.parametrize(("body", "reasons"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_change_alone(body: str, reasons: dict[str, str], tmp_path: Path) -> None:
    text = body if HEAD in body else HEAD + body
    after, findings = applied(text, tmp_path)
    assert after == text
    said = {f["volume"]: f["message"] for f in findings if f["status"] == "refused"}
    assert said.keys() == reasons.keys()
    assert all(reason in said[name] for name, reason in reasons.items())


def test_only_the_authorization_is_shared(tmp_path: Path) -> None:
    body = task(
        "        - Name: data\n          EFSVolumeConfiguration:\n            FilesystemId: !Ref Fs\n            RootDirectory: /d\n"
        "            AuthorizationConfig: &auth {IAM: ENABLED}\n            TransitEncryption: &on ENABLED\n"
        "        - Name: other\n          EFSVolumeConfiguration:\n            FilesystemId: !Ref Fs\n            RootDirectory: /e\n"
        "            AuthorizationConfig: *auth\n            TransitEncryption: *on\n"
    )
    after, findings = applied(HEAD + body, tmp_path)
    refused = [f["message"] for f in findings if f["status"] == "refused"]
    assert len(refused) == 2
    assert all("through an anchor and needs another access point" in message for message in refused)
    assert "AWS::EFS::AccessPoint" not in after


def test_an_id_and_a_directory_that_are_aliases(tmp_path: Path) -> None:
    body = task(
        "        - Name: data\n          EFSVolumeConfiguration: {FilesystemId: &id !Ref Fs, RootDirectory: &dir /d}\n"
        "        - Name: other\n          EFSVolumeConfiguration: {FilesystemId: *id, RootDirectory: *dir}\n"
    )
    after, _ = applied(HEAD + body, tmp_path)
    assert after.count("AccessPointId: !Ref DAccessPoint") == 2
