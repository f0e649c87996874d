"""Associations of Systems Manager that mount or unmount on a template's instances, after their user data."""

from __future__ import annotations

import textwrap

import pytest
from instance_templates import AGENT, TASK, template

from migrate.engine.process import process
from rules.choices import Choices

FS = "Fs: {Type: AWS::EFS::FileSystem}\n"
MOUNTS = "mount -t efs -o tls ${Fs}:/ /mnt/efs"
MIGRATED = "${Fs}:/data"


def instances(*script: str) -> str:
    lines = textwrap.indent("\n".join(["#!/bin/bash", *script]), " " * 10)
    return f"""
Launch:
  Type: AWS::EC2::LaunchTemplate
  Properties:
    LaunchTemplateData:
      ImageId: ami-1
      TagSpecifications: [{{ResourceType: instance, Tags: [{{Key: Role, Value: ecs}}]}}]
      UserData:
        Fn::Base64: !Sub |
{lines}
Group:
  Type: AWS::AutoScaling::AutoScalingGroup
  Properties:
    LaunchTemplate: {{LaunchTemplateId: !Ref Launch, Version: !GetAtt Launch.LatestVersionNumber}}
    Tags: [{{Key: Name, Value: workers, PropagateAtLaunch: true}}, {{Key: Team, Value: !Ref AWS::StackName}}]
"""


ALL = "[{Key: InstanceIds, Values: ['*']}]"


def shell(*commands: str, targets: str = ALL, more: str = "") -> str:
    """An association with AWS-RunShellScript."""
    lines = "".join(f"        - !Sub '{command}'\n" for command in commands)
    return f"""
Associated:
  Type: AWS::SSM::Association
  Properties:
    Name: AWS-RunShellScript
    Targets: {targets}
    {more}
    Parameters:
      commands:
{lines}"""


DOCUMENT = f"""
Mounting:
  Type: AWS::SSM::Document
  Properties:
    DocumentType: Command
    Content:
      schemaVersion: "2.2"
      parameters:
        FileSystem: {{type: String}}
        Path: {{type: String, default: /mnt/efs}}
      mainSteps:
        - action: aws:updateSsmAgent
          name: agent
        - action: aws:runShellScript
          name: mount
          inputs:
            runCommand:
              - mkdir -p {{{{ Path }}}}
              - "mount -t efs -o tls {{{{FileSystem}}}}:/ {{{{ Path }}}}"
Associated:
  Type: AWS::SSM::Association
  Properties:
    Name: !Ref Mounting
    Targets: {ALL}
    Parameters: {{FileSystem: [!Ref Fs]}}
"""
OLD_DOCUMENT = f"""
Mounting:
  Type: AWS::SSM::Document
  Properties:
    Name: site-mounts
    Content:
      schemaVersion: "1.2"
      runtimeConfig:
        aws:runShellScript: {{properties: [{{id: a, runCommand: [!Sub '{MOUNTS}']}}]}}
Associated:
  Type: AWS::SSM::Association
  Properties: {{Name: site-mounts, Targets: {ALL}}}
"""


def said(*resources: str) -> str:
    outcome = process(template(TASK, FS, *resources), "template", Choices())
    assert outcome.error is None, outcome.error
    ((status, message),) = [(f.finding.status, f.finding.message) for f in outcome.findings if f.rule.id == "EFS101"]
    if status in ("fixable", "unsafe"):
        return message.partition(": mount ")[2].partition(" with ")[0]
    return f"{status}: {message}"


CERTAIN = {
    "all instances": [instances("true"), shell(MOUNTS)],
    "a tag of the launch template": [
        instances("true"),
        shell(MOUNTS, targets="[{Key: 'tag:Role', Values: [ecs, web]}]"),
    ],
    "a tag of the group": [instances("true"), shell(MOUNTS, targets="[{Key: 'tag:Name', Values: [workers]}]")],
    "a tag with a reference": [
        instances("true"),
        shell(MOUNTS, targets="[{Key: 'tag:Team', Values: [!Ref AWS::StackName]}]"),
    ],
    "the group by its own tag": [
        instances("true"),
        shell(MOUNTS, targets="[{Key: 'tag:aws:autoscaling:groupName', Values: [!Ref Group]}]"),
    ],
    "a directory": [
        instances("true"),
        shell("mount -t efs ${Fs}:/ efs").rstrip() + "\n      workingDirectory: [/mnt]\n",
    ],
    "a document": [instances("true"), DOCUMENT],
    "a document of the old schema": [instances("true"), OLD_DOCUMENT],
    "one that unmounts on other instances": [
        instances(MOUNTS),
        shell("umount /mnt/efs", targets="[{Key: 'tag:Role', Values: [bastion]}]"),
    ],
    "one that unmounts on an instance": [
        instances(AGENT, MOUNTS),
        "Bastion: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-2}}\n",
        shell("umount /mnt/efs", targets="[{Key: InstanceIds, Values: [!Ref Bastion]}]"),
    ],
    "what AWS itself does": [
        instances(MOUNTS),
        f"Agent: {{Type: AWS::SSM::Association, Properties: {{Name: AWS-UpdateSSMAgent, Targets: {ALL}}}}}\n"
        f"Watch: {{Type: AWS::SSM::Association, Properties: {{Name: AmazonCloudWatch-ManageAgent, Targets: {ALL}}}}}\n",
    ],
}


@pytest.mark.parametrize("resources", CERTAIN.values(), ids=CERTAIN)
def test_what_is_surely_mounted(resources: list[str]) -> None:
    assert said(*resources) == MIGRATED


SUGGESTS = "its name suggests EFS, but no mount of it is known"
DOUBTFUL = {
    "unmounts what user data mounts": ([instances(MOUNTS), shell("umount /mnt/efs")], SUGGESTS),
    "by a tag that only a parameter knows": (
        [instances("true"), shell(MOUNTS, targets="[{Key: !Ref AWS::StackName, Values: [a]}]")],
        "it is not certain that association Associated targets it",
    ),
    "by a resource group": (
        [instances("true"), shell(MOUNTS, targets="[{Key: 'resource-groups:Name', Values: [ecs]}]")],
        "it is not certain that association Associated targets it",
    ),
    "unmounts, by instances that are not in the source": (
        [
            instances(MOUNTS),
            shell("umount /mnt/efs", targets="[{Key: InstanceIds, Values: !Split [',', !ImportValue x]}]"),
        ],
        "it is not certain that association Associated targets it",
    ),
    "on its schedule only": (
        [
            instances("true"),
            shell(MOUNTS, more="ScheduleExpression: rate(1 day)\n    ApplyOnlyAtCronInterval: true"),
        ],
        "association Associated runs on its schedule only",
    ),
    "a script from elsewhere": (
        [
            instances(MOUNTS),
            f"""
Associated:
  Type: AWS::SSM::Association
  Properties:
    Name: AWS-RunRemoteScript
    Targets: {ALL}
    Parameters: {{sourceType: [S3], commandLine: [remount-efs.sh]}}
""",
        ],
        "association Associated runs what this template does not show",
    ),
    "a document of another stack": (
        [
            instances(MOUNTS),
            f"Associated: {{Type: AWS::SSM::Association, Properties: {{Name: !ImportValue efs-document, Targets: {ALL}}}}}\n",
        ],
        "association Associated runs what this template does not show",
    ),
}


@pytest.mark.parametrize(("resources", "reason"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_may_not_be_mounted(resources: list[str], reason: str) -> None:
    message = said(*resources)
    assert message.startswith("needs-input: ")
    assert reason in message


def patches(parameters: str) -> str:
    """An association that installs patches."""
    return (
        f"Patches: {{Type: AWS::SSM::Association, Properties: {{Name: AWS-RunPatchBaseline, Targets: {ALL}, "
        f"Parameters: {parameters}}}}}\n"
    )


def test_patches_may_restart_an_instance() -> None:
    lost = "association Patches restarts the instance, which does not mount it again"
    assert lost in said(instances(MOUNTS), patches("{Operation: [Install]}"))
    assert lost in said(instances(MOUNTS), patches("{Operation: [Install], RebootOption: [RebootIfNeeded]}"))
    for harmless in ("{Operation: [Scan]}", "{Operation: Install, RebootOption: NoReboot}"):
        assert said(instances(MOUNTS), patches(harmless)) == MIGRATED
    kept = 'echo "${Fs}:/ /mnt/efs efs tls,_netdev 0 0" >> /etc/fstab'
    assert said(instances(kept, "mount -a"), patches("{Operation: [Install]}")) == MIGRATED


def test_a_script_that_restarts_an_instance() -> None:
    assert "line 2 of association Associated restarts" in said(instances(MOUNTS), shell("yum update -y", "reboot"))
    assert said(instances("reboot"), shell(MOUNTS)) == MIGRATED
