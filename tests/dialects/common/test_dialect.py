"""The interface of a dialect: the worked example in its docstring, the keys of entities, and a reading that stays as it is."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from textwrap import dedent

import pytest

from migrate import dialects
from migrate.dialects import dialect
from migrate.engine.process import process
from migrate.files.language import DATA, JSON, PYTHON, YAML, Language
from migrate.syntax import node
from migrate.syntax.unit import Member, Unit
from rules import model
from rules.choices import Choices
from rules.facts.digest import digest
from rules.model import Key
from rules.rule import Status

LINES = """\
# Two of our volumes
- uploads fs-0123456789abcdef0
- logs fs-0123456789abcdef0 ENABLED
"""


def unit(text: str, language: Language) -> Unit:
    return Unit.parsed([Member("app", text, language)], "app")


def worked_example() -> dialect.Dialect[object]:
    """The dialect that the docstring of the interface shows."""
    assert dialect.__doc__ is not None
    names = {**vars(model), **vars(node), **vars(dialect), "replace": replace}
    exec(dedent(dialect.__doc__.partition("(a test runs it):\n\n")[2]), names)
    made: dialect.Dialect[object] = names["Lines"]()
    return made


def test_the_worked_example_upgrades_and_proves_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    others = tuple(dialects.dialects_of(DATA))
    monkeypatch.setattr(dialects, "dialects_of", lambda _: (*others, worked_example()))
    outcome = process(LINES, "shop", Choices(), YAML)
    assert (outcome.dialect, outcome.error) == ("lines", None)
    assert outcome.text == LINES.replace("abcdef0\n", "abcdef0 ENABLED\n", 1)
    said = [(f.finding.rule, f.finding.status, f.line, f.task, f.volume) for f in outcome.findings if f.applied]
    assert said == [("EFS201", Status.FIXABLE, 2, "shop", "uploads")]
    refused = {
        f.finding.message.rpartition(" \u2014 ")[2] for f in outcome.findings if f.finding.status is Status.REFUSED
    }
    assert all("a line has no place" in reason or "task role" in reason for reason in refused)


def test_the_worked_example_is_short() -> None:
    assert dialect.__doc__ is not None
    example = dialect.__doc__.partition("(a test runs it):\n\n")[2]
    assert sum(1 for line in example.splitlines() if line.strip()) <= 40


def test_a_reading_stays_as_it_is() -> None:
    read = dialects.read(unit('{"containerDefinitions": [], "volumes": [{"name": "data"}]}', JSON))
    assert read is not None
    for field in fields(read):
        with pytest.raises(FrozenInstanceError):
            setattr(read, field.name, None)


def test_a_key_leads_to_its_entity() -> None:
    task = Key("task", 0, ("Web",))
    volume = task.below("volume", "data", 1)
    assert volume == Key.of("task", 0, "Web", "volume", "data", 1) == Key.of(*volume.parts)  # type: ignore[arg-type]  # begins with its kind
    assert (volume.kind, volume.document, volume.name, volume.last) == ("task", 0, "Web", "1")
    assert volume.lies_in(task)
    assert not task.lies_in(volume)
    assert volume.lies_in(task.as_a("service"))
    assert not volume.lies_in(Key("task", 1, ("Web",)))
    assert Key.of("task").parts == ("task",)


def test_digests_know_a_key_by_its_parts() -> None:
    assert digest(Key("task", 0, ("Web", "volume", "data", 1))) == digest(("task", 0, "Web", "volume", "data", 1))


_OWN = "TaskDefinition('web', volumes=[{'name': 'a', 'efs_volume_configuration': {'file_system_id': 'fs-12345678'}}])\n"
_API = """\
ecs.register_task_definition(
    family="api", containerDefinitions=[], volumes=[{"name": "b", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}]
)
"""


@pytest.mark.parametrize(
    ("source", "name", "volumes"),
    [
        (_OWN, "pulumi", ["a"]),
        (_API + _OWN, "pulumi", ["b", "a"]),
        (_API, "boto3", ["b"]),
    ],
)
def test_a_program_of_pulumi_is_read_with_what_it_hands_to_the_api(source: str, name: str, volumes: list[str]) -> None:
    read = dialects.read(unit("import pulumi\nfrom pulumi_aws.ecs import TaskDefinition\n" + source, PYTHON))
    assert read is not None
    assert read.dialect.name == name
    assert [volume.name for task in read.stack.tasks for volume in task.volumes] == volumes
