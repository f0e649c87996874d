"""The schema of the configuration says what the configuration's own reader says, as far as a schema can."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import test_config
from jsonschema import Draft7Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode
from support import ROOT, SAMPLES, efs_migrate

from migrate.config import config, schema

SHIPPED = ROOT / "migrate" / "efs-migrate.schema.json"
SCHEMA: Any = schema.schema()
VALIDATOR = Draft7Validator(SCHEMA)

GENEROUS = {
    "id: !Nonsense a": "a schema sees no tags, so that any word may be the argument of one",
    "id: !Ref AWS::NoValue": "the same",
    "file-system: fs, directory": "the same",
    "task-roles: {web: web}": "the same",
    "id: !ImportValue '${Stack}-efs'": "an expression's meaning is beyond a schema",
    "{Ref: '${Role}'}": "the same",
    "/mnt: /a\n    /mnt/: /b": "two names of one path",
    "<<: {target: iam}": "YAML resolves a merge before a schema is asked",
}
"""Parts of configurations that only the tool itself can reject, and why."""


def data(text: str | bytes) -> Any:
    """What an editor's YAML server makes of a configuration: YAML 1.2, tags of CloudFormation ignored."""
    loader = YAML(typ="safe", pure=True)
    loader.allow_duplicate_keys = False

    class Constructor(loader.Constructor):  # type: ignore[name-defined, misc]  # a class that the instance chooses
        pass

    def untagged(constructor: Any, _: str, node: Node) -> Any:
        if isinstance(node, MappingNode):
            return constructor.construct_mapping(node, deep=True)
        return (
            constructor.construct_sequence(node, deep=True)
            if isinstance(node, SequenceNode)
            else constructor.construct_scalar(node)
        )

    Constructor.add_multi_constructor("!", untagged)
    loader.Constructor = Constructor
    raw = text if isinstance(text, bytes) else text.encode()
    return loader.load(io.StringIO(raw.decode().removeprefix("\ufeff")))


def cases_of(test: Any) -> Iterator[Any]:
    """What a test of `test_config` is run with."""
    for mark in test.pytestmark:
        if mark.name == "parametrize":
            yield from mark.args[1]


INVALID = [text for text, _ in cases_of(test_config.test_errors_name_line_and_key)]
VALID = [
    *cases_of(test_config.test_an_empty_configuration_is_the_default),
    *(f"rules: {{EFS203: {word}}}" for word in cases_of(test_config.test_off)),
    *(f"rules: {{EFS203: {word}}}" for word in cases_of(test_config.test_on)),
    *(f"root-access: {word}" for word in cases_of(test_config.test_on) if '"' not in word),
    *(f"file-systems: [{{id: {i}}}]" for i in cases_of(test_config.test_file_systems_may_be_expressions)),
    *(
        f"file-systems: [{{id: {i}}}]"
        for i, _ in cases_of(test_config.test_expressions_are_what_templates_write_in_any_form)
    ),
    "file-systems: [{id: fs-12345678, mounts: , access-points: }]",
    "file-systems: [{id: 'fs-${Hash}', mounts: {'${Root}/x': '{{ directory }}'}}]",
    "docker-volumes: {a: &a {file-system: fs-12345678, directory: /}, b: *a}",
    "task-roles: {'*': arn:aws-cn:iam::123456789012:role/path/any, b: '{{ role }}'}",
    "posix-users: {/a: {uid: 0, gid: 4294967295}}",
]


def test_the_shipped_schema_is_what_the_code_says() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == schema.text(), "make docs writes it anew"


def test_it_is_printed_and_nothing_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = efs_migrate("init", "--schema")
    assert (ran.status, ran.stdout.decode(), list(tmp_path.iterdir())) == (0, schema.text(), [])


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == schema.URL
    assert schema.URL.endswith(f"/{SHIPPED.relative_to(ROOT)}")


def test_it_knows_the_keys_of_the_configuration() -> None:
    assert ", ".join(SCHEMA["properties"]) == test_config.TOP
    assert set(SCHEMA["properties"]["rules"]["properties"]) == config.RULE_IDS


def described(node: object, path: str = "") -> Iterator[tuple[str, bool]]:
    if isinstance(node, dict):
        for key, member in node.get("properties", {}).items():
            yield f"{path}/{key}", bool(member.get("description"))
        for key, member in node.items():
            yield from described(member, f"{path}/{key}")


def test_every_key_is_described() -> None:
    found = list(described(SCHEMA))
    assert len(found) > 20
    assert [path for path, has in found if not has] == []


@pytest.mark.parametrize("text", VALID)
def test_what_is_right_is_right(text: str) -> None:
    config.read(text.encode(), "c.yaml", "/folder")
    assert [error.message for error in VALIDATOR.iter_errors(data(text))] == []


@pytest.mark.parametrize("text", INVALID)
def test_what_is_wrong_is_wrong(text: str | bytes) -> None:
    try:
        wrong = not VALIDATOR.is_valid(data(text))
    except (YAMLError, UnicodeDecodeError, RecursionError, TypeError, ValueError):
        wrong = True  # not YAML for an editor, either
    generous = [part for part in GENEROUS if isinstance(text, str) and part in text]
    assert wrong != bool(generous)


def test_what_only_the_tool_can_reject_is_still_tested() -> None:
    assert [part for part in GENEROUS if not any(part in str(text) for text in INVALID if isinstance(text, str))] == []


@pytest.mark.parametrize("path", [*sorted(SAMPLES.rglob("*config.yaml")), SAMPLES / "fleet" / ".efs-migrate.yaml"])
def test_samples(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(data(path.read_text(encoding="utf-8")))] == []


def test_the_readme_shows_a_configuration_that_it_takes() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(file-systems:\n.*?)```", readme, re.DOTALL)
    assert [error.message for error in VALIDATOR.iter_errors(data(shown))] == []


def test_init_names_it_for_editors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web.json").write_text(
        json.dumps({"family": "web", "volumes": [{"name": "v", "host": {"sourcePath": "/mnt/efs/app"}}]})
    )
    assert efs_migrate("init").status == 0
    written = (tmp_path / config.NAME).read_text(encoding="utf-8")
    # The first line, as every editor finds it.
    assert written.startswith(f"# yaml-language-server: $schema={schema.URL}\n")
    assert VALIDATOR.is_valid(data(written))
