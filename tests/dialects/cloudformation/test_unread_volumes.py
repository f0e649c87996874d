"""Volumes that an expression gives to a task definition: said, never silence."""

from __future__ import annotations

import pytest

from migrate.engine.process import process
from migrate.files.language import YAML
from rules.choices import Choices

MOUNTS = "ContainerDefinitions: [{Name: web, Image: nginx, MountPoints: [{SourceVolume: data, ContainerPath: /data}]}]"


def said(properties: str, containers: str = MOUNTS) -> list[tuple[str, str, int, str]]:
    lines = [f"      {line}" for line in (containers, *properties.splitlines())]
    text = "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n" + "\n".join(lines) + "\n"
    outcome = process(text, "x", Choices(), YAML)
    assert outcome.error is None
    return [(f.rule.id, f.finding.status, f.line, f.finding.message) for f in outcome.findings]


@pytest.mark.parametrize(
    ("properties", "line", "message"),
    [
        ("Volumes: !FindInMap [Vols, !Ref Env, All]", 6, "Volumes comes from Fn::FindInMap"),
        ("Volumes:\n  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/v.yaml}}", 7, "from Fn::Transform"),
        ("Volumes: !GetAtt Custom.Volumes", 6, "Volumes comes from Fn::GetAtt"),
        ("Volumes: !If [Prod, !FindInMap [A, B, C], [{Name: data}]]", 6, "Volumes comes from Fn::FindInMap"),
        ("Volumes:\n  - !Transform {Name: Vol, Parameters: {Name: data}}", 7, "an item of Volumes comes from Fn::Transform"),
        ("Volumes:\n  - {Name: data, Host: !FindInMap [A, B, C]}", 7, "Host of volume data comes from Fn::FindInMap"),
        ("Volumes:\n  - !If [Prod, {Name: data, Host: !If [Big, !GetAtt A.Host, {}]}, !Ref AWS::NoValue]", 7, "Host of volume data"),
        ("Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/v.yaml}}", 6, "Fn::Transform adds to the properties"),
    ],
)  # fmt: skip
def test_volumes_that_an_expression_gives_are_a_finding(properties: str, line: int, message: str) -> None:
    ((rule, status, at, words),) = said(properties)
    assert (rule, status, at) == ("EFS304", "refused", line)
    assert message in words
    assert "cannot be seen" in words


@pytest.mark.parametrize(
    "properties",
    [
        "Volumes: [{Name: data}]",
        "Volumes: !If [Prod, [{Name: data, Host: {}}], !Ref AWS::NoValue]",
        "Volumes:\n  - !If [Prod, {Name: data, Host: {SourcePath: /var/log}}, {Name: data}]",
        "Volumes: [{Name: data, Host: !If [Prod, {SourcePath: /var/log}, !Ref AWS::NoValue]}]",
        "Volumes: [{Name: data}]\nFn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/tags.yaml}}",
    ],
)
def test_volumes_that_conditions_choose_are_read(properties: str) -> None:
    assert said(properties) == []


def test_a_macro_beside_containers_without_mounts_adds_no_volume_that_matters() -> None:
    assert said("Fn::Transform: {Name: AWS::Include}", "ContainerDefinitions: [{Name: web, Image: nginx}]") == []
