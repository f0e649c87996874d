"""Python that Black and ruff left alone before a change they leave alone after it, at a line length at which they did."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import black
import pytest
from support import SOAKING, Case, cases, combined

from migrate.config import config
from migrate.engine.process import process
from migrate.files.language import PYTHON
from migrate.syntax import parse
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.width import width
from rules.choices import Choices, ConfiguredFileSystem
from rules.model import Text

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


@pytest.mark.parametrize(
    ("case", "formatter"), [pytest.param(*at, id=f"{at[0].name}-{at[1]}") for at in combined(CASES, [*FORMATTERS])]
)
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
    known = ConfiguredFileSystem(Text.of("fs-0123456789abcdef0"), mounts=(("/mnt/efs", "/"),))
    outcome = process(source, "app", Choices(file_systems=(known,)), PYTHON)
    assert outcome.error is None
    assert "iam=" in outcome.text
    before, after = (lengths("ruff", text) for text in (source, outcome.text))
    assert before, "the form is not what Black makes of it"
    assert before & after, outcome.text


# Neighbours take different lengths, so that a share of them has programs of every kind at each.
AT_LENGTHS = [
    (case, LENGTHS[(number + shift) % len(LENGTHS)])
    for shift in range(len(LENGTHS))
    for number, case in enumerate(CASES)
]


@pytest.mark.parametrize(
    ("case", "length"),
    [pytest.param(*at, id=f"{at[0].name}-{at[1]}") for at in (AT_LENGTHS if SOAKING else AT_LENGTHS[: len(CASES) : 2])],
)
def test_what_black_makes_of_a_program_at_any_length(case: Case, length: int) -> None:
    """The length is found by what lines are left, and by what is broken that would have had room on a longer one."""
    source = by_black(case.before.read_text(encoding="utf-8"), length)
    found = case.before.with_name("config.yaml")
    policy = config.load(found, found.parent).choices if found.exists() else Choices()
    outcome = process(source, "before", replace(policy, unsafe="--unsafe" in case.options), PYTHON)
    assert outcome.error is None
    assert lengths("black", source) & lengths("black", outcome.text), outcome.text


def width_of(source: str) -> int:
    document = parse(source, PYTHON)
    assert isinstance(document, PythonDocument)
    return width(document, ast.walk(document.module))


LONG = "value = some_function(first_argument, second_argument, third{}=3)\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", 88),
        (LONG.format("d" * 12), 88),
        (LONG.format("d" * 12) * 8, 79),
        (LONG.format("d" * 20), 88),
        (LONG.format("d" * 32), 100),
        (LONG.format("d" * 32) + "# " + "no limit for what is said " * 4, 100),
        (LONG.format("d" * 32) + f"name = '{'x' * 110}'\n", 100),
        (f"value = [\n    '{'x' * 110}',\n    1,\n]\n", 88),
        (f"value = '''\n{'x, ' * 38}'''\n", 88),
        (f"an.attribute_{'x' * 90} = 1\n", 88),
        (f"value = function(\n    argument_{'x' * 50}, 12345\n)\n", 79),
        (f"value = function(\n    argument_{'x' * 65}, 12345\n)\n", 88),
        (f"value = function(\n    argument_{'x' * 65}, 12345,\n)\n", 88),
        (f"value = function(\n    argument_{'x' * 50}, 12345  # said\n)\n", 88),
        ("value = function(\n    a, b\n)\n", 88),
        ("value = function(\n    a, b\n)\n" + LONG.format("d" * 32), 100),
    ],
)
def test_how_long_lines_may_be(source: str, expected: int) -> None:
    assert width_of(source) == expected


def test_a_name_that_leaves_no_room_for_a_call() -> None:
    name = "self.files_of_everybody"
    source = f"""\
from aws_cdk import Stack, aws_ecs as ecs, aws_efs as efs, aws_iam as iam


class Blog(Stack):
    def __init__(self, scope, id, vpc) -> None:
        super().__init__(scope, id)
        {name} = efs.FileSystem(self, "Fs", vpc=vpc)
        task = ecs.FargateTaskDefinition(self, "Task", cpu=512)
        task.add_volume(
            name="whatever-they-do-not-want-to-lose",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id={name}.file_system_id
            ),
        )
"""
    outcome = process(source, "app", Choices(), PYTHON)
    assert outcome.error is None
    assert f"whatever_they_do_not_want_to_lose_access_point = (\n            {name}.add_access_point(\n" in outcome.text
    assert 88 in lengths("black", source) & lengths("black", outcome.text), outcome.text
