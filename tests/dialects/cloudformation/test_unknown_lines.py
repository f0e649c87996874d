"""Lines of user data that a parameter or an expression gives: they may be any commands."""

from __future__ import annotations

import pytest

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import YAML
from rules.choices import Choices

TEMPLATE = """\
Parameters:
  Extra: {Type: String}
Conditions:
  Own: !Equals [!Ref Extra, ""]
Resources:
  Fs: {Type: AWS::EFS::FileSystem}
  Launch:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties:
      ImageId: ami-1
      InstanceType: t3.small
      UserData: DATA
  Td:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Volumes: [{Name: data, Host: {SourcePath: /srv/data/app}}]
      ContainerDefinitions: [{Name: c, Image: nginx, Memory: 1, MountPoints: [{SourceVolume: data, ContainerPath: /d}]}]
"""
MOUNT = "mount -t efs ${Fs}:/ /srv/data"


def run(data: str) -> Outcome:
    outcome = process(TEMPLATE.replace("DATA", data), "template", Choices(), YAML)
    assert outcome.error is None, outcome.error
    return outcome


def script(*lines: str) -> str:
    body = "\\n".join(("#!/bin/bash", "echo ECS_CLUSTER=x > /etc/ecs/ecs.config", *lines))
    return f'{{"Fn::Base64": {{"Fn::Sub": "{body}"}}}}'


def said(outcome: Outcome) -> str:
    return " ".join(one.finding.message for one in outcome.findings if one.finding.rule == "EFS101")


CERTAIN = {
    "before the mount": script("${Extra}", MOUNT),
    "in a here-document": script(MOUNT, "cat > /etc/motd <<END", "${Extra}", "END"),
    "an argument": script(MOUNT, "echo ${Extra}"),
    "the value of a variable": script(MOUNT, "NAME=${Extra}"),
}


@pytest.mark.parametrize("data", CERTAIN.values(), ids=CERTAIN)
def test_expressions_that_do_not_matter(data: str) -> None:
    assert "lies on EFS" in said(run(data))


DOUBTFUL = {
    "after the mount": (script(MOUNT, "${Extra}"), "line 4 of Launch's user data runs ${Extra}, which is not known"),
    "with a semicolon": (script(MOUNT, "  ${Extra};"), "line 4 of Launch's user data runs ${Extra}"),
    "a variable from before": (script("AT=/srv/data", "${Extra}", "mount -t efs ${Fs}:/ $AT"), ""),
    "a condition": (
        '{"Fn::Base64": {"Fn::Join": ["\\n", ["#!/bin/bash", "echo ECS_CLUSTER=x > /etc/ecs/ecs.config", '
        '{"Fn::Sub": "mount -t efs ${Fs}:/ /srv/data"}, {"Fn::If": ["Own", "umount /srv/data", ""]}]]}}',
        "which is not known",
    ),
    "no mount that is known": (script("${Extra}"), "line 3 of Launch's user data runs ${Extra}"),
    "all of it": ("!Ref Extra", "Launch's user data is ${Extra}, which is not known"),
}


@pytest.mark.parametrize(("data", "reason"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_expressions_that_may_be_any_commands(data: str, reason: str) -> None:
    message = said(run(data))
    assert "may be EFS" in message
    assert reason in message
