"""User data in troposphere's modules: what is written, what changes it later, and what is not read."""

from __future__ import annotations

import pytest

from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import PYTHON
from rules.choices import Choices
from rules.model import Level

MODULE = """\
import helpers
from helpers import harden
from troposphere import Base64, Join, Ref, Sub, Template, autoscaling, ecs, efs
t = Template()
cluster = t.add_resource(ecs.Cluster("Cluster"))
fs = t.add_resource(efs.FileSystem("Fs"))
{before}
lc = t.add_resource(autoscaling.LaunchConfiguration("Lc", ImageId="ami-1", InstanceType="t3.small", UserData={data}))
{after}
td = t.add_resource(ecs.TaskDefinition(
    "Td",
    Volumes=[ecs.Volume(Name="data", Host=ecs.Host(SourcePath="/mnt/shared/app"))],
    ContainerDefinitions=[ecs.ContainerDefinition(Name="c", Image="nginx", Memory=1, MountPoints=[
        ecs.MountPoint(SourceVolume="data", ContainerPath="/d")])],
))
print(t.to_json())
"""
LINES = (
    '"#!/bin/bash", Join("", ["echo ECS_CLUSTER=", Ref(cluster), " >> /etc/ecs/ecs.config"]), '
    'Join("", ["mount -t efs ", Ref(fs), ":/ /mnt/shared"])'
)
DATA = f'Base64(Join("\\n", [{LINES}]))'


def run(before: str, data: str, after: str) -> Outcome:
    source = MODULE.format(before=before, data=data, after=after)
    compile(source, "stack.py", "exec")
    outcome = process(source, "stack", Choices(), PYTHON)
    assert outcome.error is None, outcome.error
    return outcome


def said(outcome: Outcome) -> str:
    return " ".join(one.finding.message for one in outcome.findings if one.finding.rule == "EFS101")


CERTAIN = {
    "a list": ("", DATA, ""),
    "a variable": (f"lines = [{LINES}]", 'Base64(Join("\\n", lines))', ""),
    "a constant in an f-string": (
        'to = "/mnt/shared"',
        'Base64(Join("", ["#!/bin/bash\\necho ECS_CLUSTER=x > /etc/ecs/ecs.config\\nmount -t efs ", Ref(fs), f":/ {to}"]))',
        "",
    ),
    "another property is changed": ("", DATA, 'lc.InstanceType = "t3.large"'),
    "another object is handed on": ("", DATA, 'other = t.add_resource(efs.FileSystem("Other"))\nharden(other)'),
    "a file before the mount": (
        "",
        'Base64(Join("\\n", ["#!/bin/bash\\necho ECS_CLUSTER=x > /etc/ecs/ecs.config", open("x").read(), '
        'Join("", ["mount -t efs ", Ref(fs), ":/ /mnt/shared"])]))',
        "",
    ),
}


@pytest.mark.parametrize(("before", "data", "after"), CERTAIN.values(), ids=CERTAIN)
def test_user_data_that_is_read(before: str, data: str, after: str) -> None:
    outcome = run(before, data, after)
    assert "lies on EFS" in said(outcome)
    assert outcome.volumes[0].after is not Level.HOST


MORE = f'Base64(Join("\\n", [{LINES}, {{0}}]))'
DOUBTFUL = {
    "umount": ("", MORE.format('"umount /mnt/shared"'), "", ""),
    "a file": (
        "",
        MORE.format('open("x").read()'),
        "",
        "line 4 of Lc's user data runs {open('x').read()}, which is not known",
    ),
    "a function": ("", MORE.format("helpers.more()"), "", "runs {helpers.more()}, which is not known"),
    "all of it": ("", "helpers.data()", "", "Lc's user data is {helpers.data()}, which is not known"),
    "a list that grows": (
        f"lines = [{LINES}]\nif helpers.x:\n    lines.append('umount')",
        'Base64(Join("\\n", lines))',
        "",
        "which is not known",
    ),
    "a list that is handed on": (
        f"lines = [{LINES}]\nharden(lines)",
        'Base64(Join("\\n", lines))',
        "",
        "which is not known",
    ),
    "handed on": ("", DATA, "harden(lc)", "line 9 gives Lc to `harden()`, which is not followed"),
    "a template that is handed on": ("", DATA, "helpers.harden(t)", "line 9 gives Lc to `helpers.harden()`"),
    "by its title": ("", DATA, 't.resources["Lc"].UserData = Base64("echo")', "line 9 changes UserData"),
    "by its properties": ("", DATA, 'lc.properties["UserData"] = Base64("echo")', "line 9 changes UserData"),
    "by its dict": ("", DATA, 'lc.__dict__["properties"]["UserData"] = Base64("echo")', "line 9 hands on"),
    "setattr": ("", DATA, 'setattr(lc, "UserData", Base64("echo"))', "line 9 changes UserData"),
    "a function of the module": (
        "",
        DATA,
        'def change(one):\n    one.UserData = Base64("echo")\nchange(lc)',
        "line 10 changes UserData",
    ),
    "a loop": (
        "",
        DATA,
        'for one in t.resources.values():\n    one.UserData = Base64("echo")',
        "line 10 changes UserData",
    ),
    "deleted": ("", DATA, "del lc.UserData", "line 9 changes UserData"),
    "a branch": ("", DATA, 'if helpers.x:\n    lc.UserData = Base64("echo")', ""),
}


@pytest.mark.parametrize(("before", "data", "after", "reason"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_user_data_that_is_not_certain(before: str, data: str, after: str, reason: str) -> None:
    outcome = run(before, data, after)
    assert reason in said(outcome)
    assert outcome.volumes[0].after in (Level.HOST, Level.OTHER)
