"""CDK programs: an independent judge (the CDK itself, before and after), and what the dialect decides.

The judge needs Node.js on the PATH. CDK v1 and v2 cannot be installed side by side: `make test` installs v1 in an environment
of its own.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Case, cases

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from rules.choices import Choices
from rules.model import Level

V1 = "cdk-v1"
SYNTHESISED = [case for case in cases() if case.name.startswith("cdk-") and case.changes]
ADDED = {"AWS::EFS::AccessPoint", "AWS::IAM::Policy"}
Template = dict[str, Any]


def migrated(source: str, **options: Any) -> Outcome:
    outcome = process(textwrap.dedent(source), "app", Choices(**options), python=True)
    assert outcome.error is None, outcome.error
    assert outcome.dialect == "cdk"
    return outcome


def levels(outcome: Outcome) -> dict[str, Level]:
    return {volume.name: volume.after for volume in outcome.volumes}


def reasons(outcome: Outcome, rule: str) -> list[str]:
    return [f.finding.message for f in outcome.findings if f.finding.rule == rule and f.finding.status == "refused"]


# -- the judge --------------------------------------------------------------------------------------------------------


def synthesise(python: str, paths: list[Path]) -> dict[str, dict[str, Template]]:
    if shutil.which("node") is None:
        pytest.skip("Node.js (20 or later) is not on the PATH, and the CDK does not synthesise without it")
    quiet = {"JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1", "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1"}
    command = [python, str(ROOT / "tests" / "synthesise.py"), *map(str, paths)]
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


# -- decisions --------------------------------------------------------------------------------------------------------

HEAD = """\
from aws_cdk import Stack, aws_ecs as ecs, aws_efs as efs, aws_iam as iam


class App(Stack):
    def __init__(self, scope, id, {parameters}**kwargs):
        super().__init__(scope, id, **kwargs)
"""
VOLUME = 'ecs.EfsVolumeConfiguration(file_system_id={0}, root_directory="/data")'


def program(*lines: str, parameters: str = "") -> str:
    return HEAD.format(parameters=parameters) + "".join(f"        {line}\n" for line in lines)


FILE_SYSTEM = 'fs = efs.FileSystem(self, "Fs", vpc=kwargs["vpc"])'
TASK = 'task = ecs.FargateTaskDefinition(self, "Task")'
ADD = f'task.add_volume(name="data", efs_volume_configuration={VOLUME.format("fs.file_system_id")})'


def test_an_owned_file_system_makes_its_access_point() -> None:
    outcome = migrated(program(FILE_SYSTEM, TASK, ADD))
    assert levels(outcome) == {"data": Level.IAM}
    assert "data_access_point = fs.add_access_point(" in outcome.text
    assert "grant_" not in outcome.text


def test_an_override_of_a_part_of_the_volumes_is_not_edited_around() -> None:
    override = 'task.node.default_child.add_override("Properties.Volumes.0.Name", "other")'
    outcome = migrated(program(FILE_SYSTEM, TASK, ADD, override))
    assert not outcome.edits
    assert "an override of Volumes.0.Name" in reasons(outcome, "EFS201")[0]


def test_an_override_of_all_volumes_may_be_cast() -> None:
    hatch = "cast(ecs.CfnTaskDefinition, task.node.default_child)"
    volume = '{"Name": "data", "EFSVolumeConfiguration": {"FilesystemId": fs.file_system_id}}'
    outcome = migrated(program(FILE_SYSTEM, TASK, f'{hatch}.add_property_override("Volumes", [{volume}])'))
    assert levels(outcome) == {"data": Level.IAM}
    assert '"AccessPointId": data_access_point.access_point_id' in outcome.text


def test_a_file_system_of_unknown_type_is_named_by_its_id() -> None:
    """Whether `fs` is an `IFileSystem` is not known: the L1 construct takes any id."""
    outcome = migrated(program(TASK, ADD, parameters="fs, "))
    assert "efs.CfnAccessPoint(" in outcome.text
    assert "resource_name=fs.file_system_id" in outcome.text


def test_a_declared_file_system_is_taken_as_an_object() -> None:
    outcome = migrated(program(TASK, ADD, parameters="fs: efs.IFileSystem, "))
    assert "efs.AccessPoint(" in outcome.text
    assert "resources=[fs.file_system_arn]" in outcome.text


def test_a_role_from_outside_gets_no_policy() -> None:
    """Its stack cannot depend on this one: the statement is part of the finding."""
    task = 'task = ecs.FargateTaskDefinition(self, "Task", task_role=role)'
    outcome = migrated(program(FILE_SYSTEM, task, ADD, parameters="role, "))
    assert levels(outcome) == {"data": Level.IAM}
    assert "PolicyStatement" not in outcome.text
    (found,) = (f.finding for f in outcome.findings if f.finding.rule == "EFS203")
    assert found.grant is not None


def test_one_text_for_several_volumes_gets_no_access_point() -> None:
    add = ADD.replace('"/data"', 'f"/data/{name}"').replace('name="data"', "name=name")
    outcome = migrated(program(FILE_SYSTEM, TASK, 'for name in ("a", "b"):', f"    {add}"))
    assert levels(outcome) == {"{name}": Level.IAM}
    assert "in a loop" in reasons(outcome, "EFS202")[0]
    assert "AccessedViaMountTarget" in outcome.text


def test_a_helper_that_runs_for_each_task_makes_no_access_point() -> None:
    source = """\
        from aws_cdk import aws_ecs as ecs

        def make(scope, name, fs):
            task = ecs.FargateTaskDefinition(scope, name)
            task.add_volume(name="data", efs_volume_configuration=ecs.EfsVolumeConfiguration(file_system_id=fs))
            return task
    """
    assert "more than once" in reasons(migrated(source), "EFS202")[0]


def test_a_task_definition_without_a_name_is_granted_nothing() -> None:
    line = (
        'ecs.FargateService(self, "S", cluster=kwargs["c"], task_definition=ecs.FargateTaskDefinition(self, "T", '
        f'volumes=[ecs.Volume(name="data", efs_volume_configuration={VOLUME.format("fs.file_system_id")})]))'
    )
    outcome = migrated(program(FILE_SYSTEM, line))
    assert levels(outcome) == {"data": Level.ACCESS_POINT}
    assert "no name for its task definition" in reasons(outcome, "EFS203")[0]


def test_external_task_definitions_are_refused() -> None:
    outcome = migrated(program(FILE_SYSTEM, TASK.replace("Fargate", "External"), ADD))
    assert outcome.edits == ()
    assert levels(outcome) == {"data": Level.EFS}


@pytest.mark.parametrize(
    ("policy", "edited"),
    [
        ('fs.grant(task.task_role, "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite")', True),
        ('task.task_role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["*"]))', True),
        ('task.add_to_task_role_policy(iam.PolicyStatement(actions=["elasticfilesystem:*"], resources=["*"]))', True),
        ("fs.grant_read_write(task.task_role)", False),
        ("task.add_to_task_role_policy(statement())", False),
    ],
)
def test_policies_that_are_there(policy: str, edited: bool) -> None:
    outcome = migrated(program(FILE_SYSTEM, TASK, ADD, policy))
    assert levels(outcome)["data"] == (Level.IAM if edited else Level.ACCESS_POINT)
    allowed = "elasticfilesystem" in policy
    assert ("AccessPointArn" in outcome.text) == (edited and not allowed)


def test_a_module_that_is_shadowed_is_not_read() -> None:
    assert process(program("ecs = Other()", TASK, ADD), "app", Choices(), python=True).edits == ()


@pytest.mark.parametrize(
    "imports",
    [
        "import aws_cdk.aws_ecs as ecs\nimport aws_cdk.aws_efs as efs\n",
        "from aws_cdk import aws_ecs as ecs\nfrom aws_cdk import aws_efs as efs\n",
        "from aws_cdk import (\n    aws_ecs as ecs,\n    aws_efs as efs,\n)\n",
    ],
)
def test_imports_follow_the_manner_of_the_file(imports: str) -> None:
    source = f"{imports}from aws_cdk import Stack\n" + HEAD.format(parameters="").partition("\n")[2]
    source += f"        {FILE_SYSTEM}\n        {TASK}\n        {ADD}\n"
    text = migrated(source).text
    assert imports.replace("ecs", "iam").splitlines()[-1].strip(")") in text or "    aws_iam as iam,\n" in text
