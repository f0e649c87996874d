"""CDK programs: what the dialect decides. What the CDK itself makes of them is in `judges/test_synth.py`."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import PYTHON
from rules.choices import Choices
from rules.model import Level


def migrated(source: str, **options: Any) -> Outcome:
    outcome = process(textwrap.dedent(source), "app", Choices(**options), PYTHON)
    assert outcome.error is None, outcome.error
    assert outcome.dialect == "cdk"
    return outcome


def levels(outcome: Outcome) -> dict[str, Level]:
    return {volume.name: volume.after for volume in outcome.volumes}


def reasons(outcome: Outcome, rule: str) -> list[str]:
    return [f.finding.message for f in outcome.findings if f.finding.rule == rule and f.finding.status == "refused"]


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
    assert process(program("ecs = Other()", TASK, ADD), "app", Choices(), PYTHON).edits == ()


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
