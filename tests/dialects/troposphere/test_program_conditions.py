"""What tasks of a troposphere program share under conditions that the program adds to its template."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import efs_migrate

PROGRAM = """\
from troposphere import And, Condition, Equals, GetAtt, Not, Parameter, Ref, Sub, Template, ecs, efs, iam

t = Template()
t.add_parameter(Parameter("FileSystemId", Type="String"))
t.add_parameter(Parameter("Stage", Type="String", Default="dev"))
t.add_condition("HasFileSystem", Not(Equals(Ref("FileSystemId"), "")))
t.add_condition("IsProd", Equals(Ref("Stage"), "prod"))
t.add_condition("ProdWithFileSystem", And(Condition("HasFileSystem"), Condition("IsProd")))
role = t.add_resource(iam.Role("TaskRole", AssumeRolePolicyDocument={}))
"""
TASK = """\
t.add_resource(ecs.TaskDefinition(
    "%s",
    Condition="%s",
    TaskRoleArn=GetAtt(role, "Arn"),
    ContainerDefinitions=[ecs.ContainerDefinition(Name="app", Image="app", User="1000", Memory=128)],
    Volumes=[
        ecs.Volume(
            Name="media",
            EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(FilesystemId=Ref("FileSystemId"), RootDirectory="/media"),
        ),
    ],
))
"""


@pytest.mark.parametrize(
    ("conditions", "points"),
    [
        (("HasFileSystem", "ProdWithFileSystem"), ["HasFileSystem"]),
        (("ProdWithFileSystem", "HasFileSystem"), ["HasFileSystem"]),
        # A program is not given new conditions: each task gets an access point of its own.
        (("HasFileSystem", "IsProd"), ["HasFileSystem", "IsProd"]),
    ],
)
def test_access_points_of_two_tasks(conditions: tuple[str, str], points: list[str], tmp_path: Path) -> None:
    path = tmp_path / "stack.py"
    path.write_text(PROGRAM + TASK % ("Web", conditions[0]) + TASK % ("Report", conditions[1]))
    ran = efs_migrate("apply", "--format=json", path)
    assert [file["error"] for file in ran.report["files"]] == [None]
    text = path.read_text()
    for kind, known in (("efs.AccessPoint(", points), ("iam.PolicyType(", points)):
        assert sorted(part.split('Condition="')[1].split('"')[0] for part in text.split(kind)[1:]) == sorted(known)
    assert text.count('IAM="ENABLED"') == 2
