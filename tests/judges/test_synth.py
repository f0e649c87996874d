"""CDK programs before and after, as the CDK itself synthesises them: the upgrade, and nothing else.

This needs Node.js on the PATH. CDK v1 and v2 cannot be installed side by side: `make test` installs v1 in an environment
of its own.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Case, cases

V1 = "cdk-v1"
SYNTHESISED = [case for case in cases() if case.name.startswith("cdk-") and case.changes]
ADDED = {"AWS::EFS::AccessPoint", "AWS::IAM::Policy"}
Template = dict[str, Any]


def synthesise(python: str, paths: list[Path]) -> dict[str, dict[str, Template]]:
    if shutil.which("node") is None:
        pytest.skip("Node.js (20 or later) is not on the PATH, and the CDK does not synthesise without it")
    quiet = {"JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1", "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1"}
    command = [python, str(ROOT / "tests" / "tools" / "synthesise.py"), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **quiet})
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    found: dict[str, dict[str, Template]] = json.loads(done.stdout)
    return found


def judge(python: str, judged: list[Case]) -> None:
    paths = [path for case in judged for path in (case.before, case.folder / "after.py")]
    templates = synthesise(python, paths)
    for template in (template for stacks in templates.values() for template in stacks.values()):
        jobs_as_tasks(template)
    for case in judged:
        before, after = templates[str(case.before)], templates[str(case.folder / "after.py")]
        assert before.keys() == after.keys(), case.name
        for stack in before:
            differs_as_planned(before[stack], after[stack], case.name)


def jobs_as_tasks(template: Template) -> None:
    """Give jobs of AWS Batch the form of task definitions, which differ in names only."""
    for job in (r for r in template["Resources"].values() if r["Type"] == "AWS::Batch::JobDefinition"):
        container = job["Properties"]["ContainerProperties"]
        job["Type"] = "AWS::ECS::TaskDefinition"
        job["Properties"]["Volumes"] = volumes = container.pop("Volumes")
        job["Properties"]["TaskRoleArn"] = container.get("JobRoleArn")
        for volume in volumes:
            if (efs := volume.pop("EfsVolumeConfiguration", None)) is not None:
                efs["FilesystemId"] = efs.pop("FileSystemId")
                if (authorization := efs.get("AuthorizationConfig")) is not None:
                    authorization["IAM"] = authorization.pop("Iam", None)
                volume["EFSVolumeConfiguration"] = efs


def differs_as_planned(before: Template, after: Template, name: str) -> None:
    """The upgrade and nothing else: volumes climb, on the same directories; access points and policies are new."""
    assert "FileSystemPolicy" not in json.dumps(after), name
    old, new = before["Resources"], after["Resources"]
    added = {key for key in new if key not in old}
    assert {new[key]["Type"] for key in added} <= ADDED, name
    for key, resource in new.items():
        if resource["Type"] == "AWS::ECS::TaskDefinition":
            climbs(old[key], resource, new, name)
        if resource["Type"] == "AWS::IAM::Policy":
            is_scoped([s for s in statements(resource) if s not in statements(old.get(key))], name)
    after = without_upgrade(after, added)
    # A policy in another stack needs the ARN of the file system.
    exported = {key for key in after.get("Outputs", {}) if key not in before.get("Outputs", {})}
    for key in exported:
        file_system, attribute = after["Outputs"].pop(key)["Value"]["Fn::GetAtt"]
        assert (new[file_system]["Type"], attribute) == ("AWS::EFS::FileSystem", "Arn"), name
    assert after == without_upgrade(before, set()), name


def climbs(old: Template, new: Template, resources: dict[str, Template], name: str) -> None:
    pairs = zip(old["Properties"].get("Volumes", []), new["Properties"].get("Volumes", []), strict=True)
    for was, is_now in pairs:
        if "EFSVolumeConfiguration" not in is_now:
            assert was == is_now, name
            continue
        was = was.get("EFSVolumeConfiguration") or mounted_by_hosts(was["Host"]["SourcePath"], resources)
        is_now = is_now["EFSVolumeConfiguration"]
        assert is_now["TransitEncryption"] == "ENABLED", name
        allowed = new["Properties"].get("TaskRoleArn") is not None
        assert is_now["AuthorizationConfig"]["IAM"] == ("ENABLED" if allowed else None), name
        point = is_now["AuthorizationConfig"].get("AccessPointId")
        if point is None:
            assert is_now.get("RootDirectory") == was.get("RootDirectory"), name
        elif "AccessPointId" not in was.get("AuthorizationConfig", {}):
            assert "RootDirectory" not in is_now, name
            made = resources[point["Ref"] if "Ref" in point else point["Fn::GetAtt"][0]]["Properties"]
            assert made["FileSystemId"] == was["FilesystemId"], name
            assert made["RootDirectory"]["Path"] == was.get("RootDirectory", "/").rstrip("/") or "/", name


def mounted_by_hosts(path: str, resources: dict[str, Template]) -> Template:
    """What lies at a path below `/mnt/efs`, where instances mount the only file system."""
    (file_system,) = (key for key, resource in resources.items() if resource["Type"] == "AWS::EFS::FileSystem")
    assert f'{{"Ref": "{file_system}"}}' in json.dumps([r for r in resources.values() if "UserData" in json.dumps(r)])
    return {"FilesystemId": {"Ref": file_system}, "RootDirectory": path.removeprefix("/mnt/efs")}


def statements(policy: Template | None) -> list[Template]:
    found: list[Template] = policy["Properties"]["PolicyDocument"]["Statement"] if policy else []
    return found


def is_scoped(added: list[Template], name: str) -> None:
    """Every new statement names the access point, or the file system of volumes that cannot have one."""
    for statement in added:
        assert statement["Resource"] != "*", name
        assert set(statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]) <= {
            "elasticfilesystem:ClientMount",
            "elasticfilesystem:ClientWrite",
        }
        (test,) = statement["Condition"].values()
        assert set(test) in (
            {"elasticfilesystem:AccessPointArn"},
            {"elasticfilesystem:AccessedViaMountTarget"},
        ), name


def without_upgrade(template: Template, added: set[str]) -> Template:
    template = copy.deepcopy(template)
    for key in added:
        del template["Resources"][key]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::IAM::Policy":
            kept = [s for s in statements(resource) if "elasticfilesystem:Client" not in json.dumps(s.get("Action"))]
            resource["Properties"]["PolicyDocument"]["Statement"] = kept
        for volume in resource.get("Properties", {}).get("Volumes", []):
            if volume.get("Host", {}).get("SourcePath", "").startswith("/mnt/efs"):
                volume["EFSVolumeConfiguration"] = mounted_by_hosts(
                    volume.pop("Host")["SourcePath"], template["Resources"]
                )
            for member in ("TransitEncryption", "RootDirectory", "AuthorizationConfig"):
                volume.get("EFSVolumeConfiguration", {}).pop(member, None)
        fargate = resource.get("Properties", {}).get("ContainerProperties", {}).get("FargatePlatformConfiguration")
        pinned = resource["Properties"] if resource["Type"] == "AWS::ECS::Service" else fargate or {}
        if pinned.get("PlatformVersion") == "1.3.0":
            pinned["PlatformVersion"] = "1.4.0"
        waits = resource.get("DependsOn")
        if isinstance(waits, list):
            resource["DependsOn"] = [name for name in waits if name not in added]
    return template


def test_synthesised_by_cdk_v2() -> None:
    judge(sys.executable, [case for case in SYNTHESISED if case.name != V1])


def test_synthesised_by_cdk_v1() -> None:
    python = ROOT / ".venv" / "cdk-v1" / "bin" / "python"
    if not python.exists():
        pytest.skip("CDK v1 is not installed in .venv/cdk-v1; `make .venv/.cdk-v1` does that")
    judge(str(python), [case for case in SYNTHESISED if case.name == V1])
