"""CloudFormation: grants, intrinsic functions, and names. cfn-lint judges results in `judges/test_cfn_lint.py`.

The byte-for-byte cases are in `samples/cloudformation-*`, run by `golden/test_samples.py`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import SOAKING, efs_migrate

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.running.script_text import script_text
from migrate.files.language import YAML
from migrate.syntax import parse, resolve
from migrate.syntax.node import Mapping, Node
from rules.model import Opaque, Ref, Text

# -- grants -----------------------------------------------------------------------------------------------------------

HEAD = """
Resources:
  FileSystem:
    Type: AWS::EFS::FileSystem
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
"""


def task(name: str = "TaskDefinition", *, read_only: str = "false", directory: str = "/data", more: str = "") -> str:
    return f"""\
  {name}:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt TaskRole.Arn
      ContainerDefinitions:
        - Name: app
          Image: app
          User: "1000"
          MountPoints:
            - SourceVolume: data
              ContainerPath: /data
              ReadOnly: {read_only}
{more}      Volumes:
        - Name: data
          EFSVolumeConfiguration:
            FilesystemId: !Ref FileSystem
            RootDirectory: {directory}
"""


def migrated(template: str, folder: Path, *options: str) -> str:
    path = folder / "template.yaml"
    path.write_text(template, encoding="utf-8")
    efs_migrate("apply", *options, path)
    return path.read_text(encoding="utf-8")


SIDECAR = "        - {Name: side, Image: side, User: '1000', VolumesFrom: [{SourceContainer: app, ReadOnly: %s}]}\n"


@pytest.mark.parametrize(
    ("read_only", "more", "writes"),
    [
        ("true", "", False),
        ("false", "", True),
        ('"true"', "", False),
        ("!If [Prod, true, false]", "", True),
        ("!Ref ReadOnly", "", True),
        ("true", SIDECAR % "true", False),
    ],
)
def test_write_access_only_where_it_is_used(read_only: str, more: str, writes: bool, tmp_path: Path) -> None:
    after = migrated(HEAD + task(read_only=read_only, more=more), tmp_path)
    assert "elasticfilesystem:ClientMount" in after
    assert ("elasticfilesystem:ClientWrite" in after) is writes
    assert "ClientRootAccess" not in after


# -- intrinsics -------------------------------------------------------------------------------------------------------


def node(text: str) -> Node:
    """The value of `x` in a YAML document."""
    document = parse(f"x: {text}\n", YAML)
    root = resolve(document.roots[0])
    assert isinstance(root, Mapping)
    return root.entries[-1].value


def refs(*parts: str) -> Text:
    """A text; parts that begin with `$` are references."""
    return Text(tuple(Ref(part) if part.startswith("$") else part for part in parts))


@pytest.mark.parametrize(
    ("short", "long", "text"),
    [
        ("!Ref Fs", "{Ref: Fs}", refs("${Fs}")),
        ("!GetAtt Fs.Arn", "{'Fn::GetAtt': [Fs, Arn]}", refs("${Fs.Arn}")),
        ("!GetAtt [Fs, Arn]", "{'Fn::GetAtt': Fs.Arn}", refs("${Fs.Arn}")),
        ("!GetAtt Nested.Outputs.Id", "{'Fn::GetAtt': [Nested, Outputs.Id]}", refs("${Nested.Outputs.Id}")),
        ('!Sub "${Fs}"', '{"Fn::Sub": "${Fs}"}', refs("${Fs}")),
        ('!Sub "/a/${Env}/b"', '{"Fn::Sub": "/a/${Env}/b"}', refs("/a/", "${Env}", "/b")),
        (
            '!Sub ["/${e}/${f}", {e: !Ref Env, f: x}]',
            '{"Fn::Sub": ["/${e}/x", {e: {Ref: Env}}]}',
            refs("/", "${Env}", "/x"),
        ),
        ('!Sub ["${e}", {e: !Sub "a${B}"}]', '{"Fn::Join": ["", [a, {Ref: B}]]}', refs("a", "${B}")),
        ("!Join ['', [/a/, !Ref B]]", "{'Fn::Join': ['', [/a/, {Ref: B}]]}", refs("/a/", "${B}")),
        ("!Join [/, ['', a, b]]", "{'Fn::Join': [/, ['', a, b]]}", refs("/a/b")),
        ('!Sub "${!Fs}"', '{"Fn::Sub": "${!Fs}"}', Text(("${Fs}",))),
    ],
)
def test_short_and_long_forms_are_equal(short: str, long: str, text: Text) -> None:
    assert intrinsics.value(node(short)) == intrinsics.value(node(long)) == text
    assert intrinsics.render(node(short)) == intrinsics.render(node(long))


@pytest.mark.parametrize(
    ("source", "spelling"),
    [
        ("!ImportValue shared", "!ImportValue shared"),
        ("{'Fn::ImportValue': shared}", "!ImportValue shared"),
        ("{'Fn::ImportValue': !Sub '${Stack}-fs'}", "!ImportValue ${Stack}-fs"),
        ("!ImportValue {'Fn::Sub': '${Stack}-fs'}", "!ImportValue ${Stack}-fs"),
        ("!ImportValue {'Fn::Join': ['', [!Ref Stack, -fs]]}", "!ImportValue ${Stack}-fs"),
        ("!FindInMap [Map, !Ref Env, Id]", "!FindInMap [Map, ${Env}, Id]"),
        ("!If [Prod, a, !Ref AWS::NoValue]", "!If [Prod, a, ${AWS::NoValue}]"),
        ("!Join ['', [a, !ImportValue b]]", "!Join [, [a, !ImportValue b]]"),
        ("!Join ['', !Split [',', a]]", "!Join [, !Split [,, a]]"),
        ("!Select [0, [a, b]]", "!Select [0, [a, b]]"),
        ("!ImportValue", "!ImportValue null"),
        ("{'Fn::ImportValue': }", "!ImportValue null"),
    ],
)
def test_what_is_no_text_is_opaque(source: str, spelling: str) -> None:
    assert intrinsics.value(node(source)) == Opaque(spelling)
    assert intrinsics.as_text(node(source)) is None


@pytest.mark.parametrize("source", ["!Ref AWS::NoValue", "{Ref: 'AWS::NoValue'}", "null", "~", ""])
def test_no_value(source: str) -> None:
    assert intrinsics.value(node(source)) is None


def test_parse_sub() -> None:
    assert intrinsics.parse_sub("a${B}c") == refs("a", "${B}", "c")
    assert intrinsics.parse_sub("${ B }") == refs("${B}")
    assert intrinsics.parse_sub("${!B}${B.Arn}") == Text(("${B}", Ref("${B.Arn}")))
    assert intrinsics.parse_sub("${x}", {"x": refs("/", "${Y}")}) == refs("/", "${Y}")
    assert intrinsics.parse_sub("$B {B} $") == Text.of("$B {B} $")
    assert intrinsics.parse_sub("") == Text(())


def test_a_literal_reference_survives_writing() -> None:
    write = intrinsics.writer(short=False)
    assert write(intrinsics.parse_sub("${!A}/${B}")) == {"Fn::Sub": "${!A}/${B}"}
    assert write(refs("${B}")) == {"Ref": "B"}
    assert write(refs("${B.Outputs.C}")) == {"Fn::GetAtt": ["B", "Outputs.C"]}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("!Ref A", ["A"]),
        ("!GetAtt A.Arn", ["A"]),
        ("{'Fn::GetAtt': [A, Arn]}", ["A"]),
        ("!Sub '${A}/${B.Arn}/${!C}'", ["A", "B"]),
        ("!Sub ['${a}/${B}', {a: !ImportValue {'Fn::Sub': '${C}'}}]", ["B", "C"]),
        ("!ImportValue shared", []),
        ("!ImportValue {'Fn::Sub': '${A}'}", ["A"]),
        ("!FindInMap [Map, !Ref A, id]", ["Map", "A"]),
        ("!If [Prod, !Ref A, {Ref: B}]", ["Prod", "A", "B"]),
        ("!Select [0, !Split [',', !Ref A]]", ["A"]),
        ("!Join ['', [a, {Ref: A}]]", ["A"]),
        ("!Base64 {a: !Ref B}", ["B"]),
        ("text", []),
    ],
)
def test_names_of_an_expression(source: str, names: list[str]) -> None:
    assert list(intrinsics.references(node(source))) == names


@pytest.mark.parametrize(
    ("source", "script"),
    [
        ("!Base64 text", refs("text")),
        ("!Base64 {'Fn::Sub': 'mount ${Fs}:/'}", refs("mount ", "${Fs}", ":/")),
        ("{'Fn::Base64': !Sub 'mount ${Fs}:/'}", refs("mount ", "${Fs}", ":/")),
        ("!Base64 {a: b}", None),
        ("!Base64 [a]", None),
    ],
)
def test_scripts_in_base64(source: str, script: Text | None) -> None:
    assert script_text(node(source)) == script


def test_arms() -> None:
    found = intrinsics.arms(node("!If [A, !If [B, x, y], {'Fn::If': [C, z, !Ref AWS::NoValue]}]"))
    assert [(conditions, intrinsics.render(part)) for conditions, part in found] == [
        ((("A", True), ("B", True)), "x"),
        ((("A", True), ("B", False)), "y"),
        ((("A", False), ("C", True)), "z"),
    ]


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("[a, b]", ["a", "b"]),
        ("[a, !If [P, b, !Ref AWS::NoValue], c]", ["a", "b", "c"]),
        ("!If [P, [a], [b, c]]", ["a", "b", "c"]),
        ("{'Fn::If': [P, [a, {'Fn::If': [Q, b, c]}], {Ref: 'AWS::NoValue'}]}", ["a", "b", "c"]),
        ("!Ref AWS::NoValue", []),
        ("!Ref List", None),
        ("!Split [',', a]", None),
        ("!If [P, [a], !Ref List]", None),
        ("text", None),
    ],
)
def test_each(source: str, parts: list[str] | None) -> None:
    found = intrinsics.each(node(source))
    assert (None if found is None else [intrinsics.render(part) for part in found]) == parts


@pytest.mark.parametrize(
    "level",
    [
        "!Join ['', [*a{}, *a{}]]",
        "!If [P, *a{}, *a{}]",
        "!Select [0, [*a{}, *a{}]]",
    ],
)
def test_alias_bombs_are_bounded(level: str) -> None:
    """Sixty levels of two aliases each stand for 2**60 parts."""
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} {level.format(n - 1, n - 1)}" for n in range(1, 61)]
    (root,) = parse("\n".join(lines) + "\n", YAML).roots
    assert isinstance(root, Mapping)
    bomb = root.entries[-1].value
    assert len(intrinsics.render(bomb)) < 100_000
    intrinsics.value(bomb)
    assert len(intrinsics.arms(bomb)) < 10_000
    assert len(list(intrinsics.references(bomb))) < 10_000


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "taken",
    [
        "Parameters:\n  DataAccessPoint: {Type: String}\n",
        "Conditions:\n  DataAccessPoint: !Equals [a, b]\n",
        "Mappings:\n  DataAccessPoint: {a: {b: c}}\n",
        "Parameters:\n  dataaccesspoint: {Type: String}\n",
    ],
)
def test_names_do_not_clash(taken: str, tmp_path: Path) -> None:
    after = migrated(taken + HEAD.lstrip() + task(), tmp_path)
    assert "  DataAccessPoint2:\n    Type: AWS::EFS::AccessPoint\n" in after
    assert "AccessPointId: !Ref DataAccessPoint2\n" in after
    assert after.count("AWS::EFS::AccessPoint\n") == 1


def test_names_do_not_clash_with_resources(tmp_path: Path) -> None:
    taken = "".join(f"  {name}:\n    Type: AWS::SNS::Topic\n" for name in ("DataAccessPoint", "TaskRoleEfsPolicy"))
    head = HEAD.replace("AssumeRolePolicyDocument:", "Policies: !Ref AWS::NoValue\n      AssumeRolePolicyDocument:")
    after = migrated(head + taken + task(), tmp_path)
    assert re.findall(r"^  (\w+):$", after, re.M) == [
        "FileSystem",
        "DataAccessPoint2",
        "TaskRole",
        "TaskRoleEfsPolicy2",
        "DataAccessPoint",
        "TaskRoleEfsPolicy",
        "TaskDefinition",
    ]


def test_volumes_of_one_name_get_access_points_of_their_own(tmp_path: Path) -> None:
    after = migrated(HEAD + task("One") + task("Two", directory="/other") + task("Three"), tmp_path)
    assert re.findall(r"AccessPointId: !Ref (\w+)", after) == ["DataAccessPoint", "OtherAccessPoint", "DataAccessPoint"]


def test_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    body = HEAD + "".join(
        task(f"Task{n}", directory=f"/d{n % 5}", read_only=("true", "false")[n % 2]) for n in range(12)
    )
    printed = set()
    for seed in ("0", "1", "4242"):
        path = tmp_path / "template.yaml"
        path.write_text(body, encoding="utf-8")
        command = [sys.executable, "-m", "migrate", "diff", path.name]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (1, b"")
        printed.add(done.stdout)
    assert len(printed) == 1


# -- size -------------------------------------------------------------------------------------------------------------


def test_a_large_template(tmp_path: Path) -> None:
    """A megabyte in `make soak`, with more tasks than CloudFormation takes: what is right for a few stays right."""
    size = 1_000_000 if SOAKING else 250_000
    variables = ", ".join(f"{{Name: V{n}, Value: value-{n}}}" for n in range(40))
    filler = f"        - {{Name: init, Image: init, User: '1000', Essential: false, Environment: [{variables}]}}\n"
    count = (size + 10_000) // len(task(more=filler)) + 1
    body = HEAD + "".join(task(f"Task{n}", directory=f"/d{n % 50}", more=filler) for n in range(count))
    assert len(body) > size
    after = migrated(body, tmp_path)
    assert after.count("Type: AWS::EFS::AccessPoint\n") == 50
    assert after.count("              IAM: ENABLED\n") == count
    assert after.count("PolicyName: efs-access\n") == 1
    points = re.findall(r"AccessPointArn:\n((?: +- !GetAtt \w+\.Arn\n)+)", after)
    assert [len(listed.splitlines()) for listed in points] == [50]
    assert migrated(after, tmp_path) == after
