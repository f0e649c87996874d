"""EFS101's answer about a host path of a task, on an instance with a given script as its user data."""

from __future__ import annotations

import textwrap

from migrate.engine.process import Opened, open_text
from rules import efs101_host_path_volume
from rules.choices import Choices
from rules.context import Context
from rules.rule import Finding, Status

PATH = "/mnt/efs/app"
CERTAIN = "host path /mnt/efs/app lies on EFS: mount ${Fs}:/app with efsVolumeConfiguration"


def answer(script: str, path: str = PATH, choices: Choices | None = None) -> Finding | None:
    """What EFS101 says of a task that binds `path` on an instance with this script as its user data."""
    opened = open_text(template(script, path), "t")
    assert isinstance(opened, Opened)
    stack = opened.reading.stack
    (task,) = stack.tasks
    return efs101_host_path_volume.check(task.volumes[0], task, Context(stack, choices or Choices()))


def template(script: str, path: str) -> str:
    """A template with an instance that has this script as its user data, and a task that binds the path."""
    return f"""
Resources:
  Fs: {{Type: AWS::EFS::FileSystem}}
  Fs2: {{Type: AWS::EFS::FileSystem}}
  Launch:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties:
      ImageId: ami-1
      UserData:
        Fn::Base64:
          Fn::Sub: |
{textwrap.indent("#!/bin/bash" + chr(10) + script, " " * 12)}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{{Name: app, Image: nginx, Memory: 256}}]
      Volumes:
        - Name: data
          Host: {{SourcePath: {path}}}
"""


def asks(script: str, path: str, reason: str) -> None:
    found = answer(script, path)
    assert found is not None
    assert found.status is Status.NEEDS_INPUT
    assert reason in found.message


def is_certain(script: str) -> None:
    found = answer(script)
    assert found is not None
    assert found.message == CERTAIN
