"""Files by the names of templates, and words that are spelt with escapes: read where they can be, else told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import efs_migrate

from migrate.engine.process import process
from migrate.files import discover, language, screen
from migrate.files.language import DATA, JSON, PYTHON, YAML, Language
from migrate.nothing_to_do import nothing_to_do
from rules.choices import Choices


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("app.json.tpl", JSON),
        ("app.JSON.TFTPL", JSON),
        ("app.json.j2", JSON),
        ("app.json.erb", JSON),
        ("app.yaml.j2", YAML),
        ("app.yml.jinja2", YAML),
        ("app.yaml.tmpl", YAML),
        ("app.yml.gotmpl", YAML),
        ("app.template.json", JSON),
        ("app.json.template", DATA),
    ],
)
def test_a_template_is_in_the_language_of_what_it_makes(
    name: str, expected: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("x")
    assert language.of(name) is expected
    assert [file.name for file in discover.discover(["."])] == [name]


@pytest.mark.parametrize("name", ["app.tpl", "app.j2", "page.html.j2", "setup.py.j2", "a.json.bak", "json.tpl", "yaml"])
def test_other_files_are_passed_over(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("volumes: [{name: a, host: {sourcePath: /mnt/efs}}]")
    assert [file.name for file in discover.discover(["."])] == []


DEFINITION = """\
family: app
taskRoleArn: arn:aws:iam::123456789012:role/app
containerDefinitions:
  - {name: app, image: nginx, mountPoints: [{sourceVolume: data, containerPath: /data}]}
volumes:
  - name: data
    efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0, rootDirectory: "/{{ env }}"}
"""
TASK = (
    '{"family": "app", "containerDefinitions": [{"name": "a"%s}], "volumes": '
    '[{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0", "rootDirectory": "/${env}"}}]}\n'
)
CHART = """\
{{- if .Values.enabled }}
kind: Deployment
spec:
  volumes:
    - name: data
      hostPath: {path: {{ .Values.path }}}
{{- end }}
"""


@pytest.mark.parametrize(
    ("name", "text"), [("a.yaml.j2", DEFINITION), ("a.json.tpl", TASK % ""), ("b.json.tpl", TASK % ', "cpu": ${cpu}')]
)
def test_a_template_that_parses_is_upgraded(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text)
    ran = efs_migrate("apply", "--target", "tls", ".")
    assert ran.status == 0
    assert "ENABLED" in Path(name).read_text()
    assert efs_migrate("diff", "--target", "tls", ".").stdout == b""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml.j2", DEFINITION + "{% if more %}\n  - {name: b, host: {sourcePath: /mnt/efs}}\n{% endif %}\n"),
        ("a.json.tpl", TASK % '%{ if big }, "cpu": 1%{ endif }'),
        ("a.json.erb", TASK % ", <%= more %>"),
    ],
)
def test_one_that_does_not_parse_is_told_of(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text)
    ran = efs_migrate("check", ".")
    assert ran.status == 2
    assert ran.stderr.startswith(f"efs-migrate: error: {name}:")
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["a.yaml.tmpl", "a.yaml.gotmpl", "a.yml.j2", "a.json.tpl"])
def test_one_that_does_not_concern_us_is_passed_over_in_silence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(CHART)
    assert nothing_to_do(["check", "."])


# -- escapes ----------------------------------------------------------------------------------------------------------

PLAIN = (
    '{"containerDefinitions": [{"name": "a"}], "volumes": [{"name": "data", "efsVolumeConfiguration": '
    '{"fileSystemId": "fs-0123456789abcdef0"}}]}'
)


def escaped(text: str, word: str, *letters: str, form: str = "\\u{:04x}") -> str:
    """The text with these letters of a word written as escapes."""
    spelt = "".join(form.format(ord(c)) if c in letters else c for c in word)
    return text.replace(word, spelt)


WORDS = [
    pytest.param("efsVolumeConfiguration", "V", id="one letter"),
    pytest.param("efsVolumeConfiguration", "o", id="a letter twice"),
    pytest.param("efsVolumeConfiguration", *"efsVolumeConfiguration", id="all"),
    pytest.param("containerDefinitions", "D", id="the containers"),
    pytest.param("volumes", "v", "s", id="the volumes"),
    pytest.param("fileSystemId", "S", id="a member"),
]


@pytest.mark.parametrize("args", [p.values for p in WORDS], ids=[p.id for p in WORDS])
@pytest.mark.parametrize("spelling", ["\\u{:04x}", "\\u{:04X}"])
def test_words_may_be_spelt_with_escapes(args: tuple[str, ...], spelling: str) -> None:
    word, *letters = args
    text = escaped(PLAIN, word, *letters, form=spelling)
    assert text != PLAIN
    assert screen.screen(text.encode(), JSON)
    outcome = process(text, "app", Choices(), JSON)
    assert outcome.error is None
    assert [v.after.value for v in outcome.volumes] == ["tls"]
    assert process(outcome.text, "app", Choices(), JSON).edits == ()


def test_keys_of_yaml_may_be_too() -> None:
    text = DEFINITION.replace("efsVolumeConfiguration", '"efs\\x56olumeConfiguration"')
    assert screen.screen(text.encode(), YAML)
    assert [v.name for v in process(text, "app", Choices(), YAML).volumes] == ["data"]


def test_a_word_that_is_not_read_is_told_of_too() -> None:
    text = escaped('{"spec": {"dockerVolumeConfiguration": {"driver": "local"}}}', "dockerVolumeConfiguration", "V")
    (word,) = process(text, "app", Choices(), JSON).unread
    assert word.word == "dockerVolumeConfiguration"


@pytest.mark.parametrize(
    "text",
    [
        '{"text": "caf\\u00e9 \\u003cb\\u003e"}',
        '{"text": "\\u0056olume of a sphere"}',
        '{"text": "\\u00"}',
        '{"text": "\\u00zz olume"}',
        '{"path": "C:\\\\u0056olumes"}',
    ],
)
def test_escapes_elsewhere_make_nothing_worth_reading(text: str) -> None:
    assert not screen.screen(text.encode(), JSON)
    assert not screen.screen(text.encode(), PYTHON)
