"""An access point is not called after the variable that holds its volume's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import efs_migrate

PROGRAM = """\
from aws_cdk import aws_ecs as ecs
from constructs import Construct


class Worker(Construct):
    def __init__(self, scope: Construct, id: str, {argument}: str, file_system_id: str) -> None:
        super().__init__(scope, id)
        task = ecs.FargateTaskDefinition(self, "Task")
        task.add_volume(
            name={name},
            efs_volume_configuration=ecs.EfsVolumeConfiguration(file_system_id=file_system_id{directory}),
        )
"""


@pytest.mark.parametrize(
    ("argument", "name", "directory", "expected"),
    [
        ("efs_volume_name", "efs_volume_name", "", "DataAccessPoint"),
        ("efs_volume_name", "efs_volume_name", ', root_directory="/reports"', "ReportsAccessPoint"),
        ("uploads_volume_name", "uploads_volume_name", "", "UploadsAccessPoint"),
        ("stage", 'f"{id}-uploads"', "", "UploadsAccessPoint"),
    ],
)
def test_name(argument: str, name: str, directory: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "worker.py"
    path.write_text(PROGRAM.format(argument=argument, name=name, directory=directory))
    found = {f["rule"]: f for f in efs_migrate("check", "--format=json", path).findings}
    assert f"create access point {expected} " in str(found["EFS202"]["message"])
