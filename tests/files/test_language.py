"""Languages: which one a file is in, and which words make it worth reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.files import discover, language, screen
from migrate.files.language import DATA, JSON, PYTHON, YAML, Language

HCL = Language(
    "hcl",
    (".tf", ".tf.json"),
    comments=("#",),
    words=(((b"efsvolumeconf",), "efs_volume_configuration"), ((b"hostpath", b"ecs"), "host_path = …")),
    sign=b"host_path",
    spellings=(b"host_path",),
    telling=(),
)


@pytest.fixture
def with_hcl(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(language, "LANGUAGES", [*language.LANGUAGES])
    monkeypatch.setattr(language, "_endings", {end: [*known] for end, known in language._endings.items()})
    language.register([HCL])
    yield


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.json", JSON),
        ("A.JSON", JSON),
        ("/x/a.yaml", YAML),
        ("a.yml", YAML),
        ("a.template", DATA),
        ("a.py", PYTHON),
        ("a.txt", DATA),
        ("json", DATA),
        ("/x.json/a", DATA),
        ("", DATA),
        ("-", DATA),
    ],
)
def test_a_file_is_in_the_language_that_its_name_says(path: str, expected: Language) -> None:
    assert language.of(path) is expected


@pytest.mark.usefixtures("with_hcl")
def test_the_longest_ending_counts() -> None:
    assert (language.of("a.tf"), language.of("a.tf.json"), language.of("a.json")) == (HCL, HCL, JSON)


@pytest.mark.usefixtures("with_hcl")
def test_files_of_a_new_language_are_discovered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.tf", "b.TF.json", "c.txt"):
        Path(name).write_text("{}")
    assert [found.name for found in discover.discover(["."])] == ["a.tf", "b.TF.json"]


@pytest.mark.parametrize(
    ("text", "hcl", "data"),
    [
        ("efs_volume_configuration {", True, True),
        ('host_path = "/mnt" # ecs', True, False),
        ('host_path = "/mnt"', False, False),
        ("docker_volume_configuration {", False, True),
        ('"sourcePath": "/host"', False, True),
    ],
)
def test_each_language_has_its_own_words(text: str, hcl: bool, data: bool) -> None:
    assert screen.screen(text.encode(), HCL) is hcl
    assert screen.screen(text.encode()) is data
    assert screen.screen(text.encode("utf-16"), HCL) is hcl


def test_python_tells_other_files_nothing() -> None:
    raw = b"AWS::CloudFormation::Init mount"
    assert screen.informs_others(raw)
    assert not screen.informs_others(raw, PYTHON)
