"""Python that Black and ruff left alone before a change they leave alone after it, at a line length at which they did."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import black
import pytest
from support import Case, cases

from migrate.engine import process
from rules.model import Text
from rules.rule import FileSystem, Policy

LENGTHS = (79, 88, 100, 120)
CASES = [case for case in cases() if case.before.suffix == ".py" and case.changes]


def by_black(source: str, length: int) -> str:
    return black.format_str(source, mode=black.Mode(line_length=length))


def by_ruff(source: str, length: int) -> str:
    command = [str(Path(sys.executable).with_name("ruff")), "format", "--isolated", f"--line-length={length}", "-"]
    return subprocess.run(command, input=source.encode(), capture_output=True, check=True).stdout.decode()


FORMATTERS = {"black": by_black, "ruff": by_ruff}


def lengths(formatter: str, source: str) -> set[int]:
    """The line lengths at which a formatter changes nothing."""
    return {length for length in LENGTHS if FORMATTERS[formatter](source, length) == source}


@pytest.mark.parametrize("formatter", FORMATTERS)
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_what_was_formatted_stays_so(case: Case, formatter: str) -> None:
    ast.parse(case.after)
    before = lengths(formatter, case.before.read_text(encoding="utf-8"))
    assert not before or before & lengths(formatter, case.after.decode())


def test_some_programs_are_formatted() -> None:
    """So that the test above tests something."""
    assert sum(bool(lengths("ruff", case.before.read_text(encoding="utf-8"))) for case in CASES) > len(CASES) / 3


PROGRAM = """\
from aws_cdk import Stack, aws_ecs as ecs, aws_efs as efs{imports}


class Blog(Stack):
    def __init__(self, scope, id, file_system: efs.IFileSystem) -> None:
        super().__init__(scope, id)
        task = ecs.FargateTaskDefinition(self, "Task", cpu=512)
{volume}
"""

VOLUMES = {
    "one line": """\
        task.add_volume(name="data", host=ecs.Host(source_path="/mnt/efs/data"))""",
    "on a line of their own": """\
        task.add_volume(
            host=ecs.Host(source_path="/mnt/efs/some/data"), name="somebodys-data"
        )""",
    "one a line": """\
        task.add_volume(
            name="data",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=file_system.file_system_id
            ),
        )""",
    "beside one another": """\
        task.add_volume(
            name="data",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=file_system.file_system_id, root_directory="/data"
            ),
        )""",
    "comments as long as they like": """\
        # Whoever mounts this has to know that it is not backed up: everything in it can be made again.
        task.add_volume(
            name="data",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=file_system.file_system_id
            ),
        )
        task.add_container("web", image=image)  # as everywhere else""",
}
IMPORTS = {"": "", "many": ", aws_logs, aws_lambda", "sorted": ", aws_logs as logs"}


@pytest.mark.parametrize("imports", IMPORTS)
@pytest.mark.parametrize("volume", VOLUMES)
def test_forms_that_black_has(volume: str, imports: str) -> None:
    source = PROGRAM.format(volume=VOLUMES[volume], imports=IMPORTS[imports])
    known = FileSystem(Text.of("fs-0123456789abcdef0"), mounts=(("/mnt/efs", "/"),))
    outcome = process(source, "app", Policy(file_systems=(known,)), python=True)
    assert outcome.error is None
    assert "iam=" in outcome.text
    before, after = (lengths("ruff", text) for text in (source, outcome.text))
    assert before, "the form is not what Black makes of it"
    assert before & after, outcome.text
