"""The metadata for cfn-init in programs of troposphere, as its helpers write it."""

from __future__ import annotations

import pytest

from migrate.engine.process import process
from migrate.files.language import PYTHON
from rules.choices import Choices

PROGRAM = """\
from troposphere import Base64, Ref, Sub, Template, autoscaling, cloudformation, ecs, efs

t = Template()
fs = t.add_resource(efs.FileSystem("Fs"))
MOUNT = {{"a": {{"command": Sub("mount -t efs ${{Fs}}:/ /mnt/efs")}}}}
UMOUNT = {{"a": {{"command": "umount /mnt/efs"}}}}
t.add_resource(
    autoscaling.LaunchConfiguration(
        "Launch",
        ImageId="ami-1",
        InstanceType="t3.large",
        UserData=Base64(Sub("#!/bin/bash\\n/opt/aws/bin/cfn-init -s ${{AWS::StackName}} -r Launch\\n")),
        Metadata={metadata},
    )
)
t.add_resource(
    ecs.TaskDefinition(
        "Task",
        TaskRoleArn="arn:aws:iam::123456789012:role/task",
        ContainerDefinitions=[ecs.ContainerDefinition(Name="app", Image="nginx", Memory=128)],
        Volumes=[ecs.Volume(Name="data", Host=ecs.Host(SourcePath="/mnt/efs/data"))],
    )
)
"""
CONFIG = "cloudformation.InitConfig(commands=MOUNT)"


def said(metadata: str) -> str:
    outcome = process(PROGRAM.format(metadata=metadata), "app", Choices(), PYTHON)
    assert outcome.error is None, outcome.error
    ((status, message),) = [(f.finding.status, f.finding.message) for f in outcome.findings if f.rule.id == "EFS101"]
    return message.partition(": mount ")[2].partition(" with ")[0] if status == "fixable" else f"{status}: {message}"


CERTAIN = {
    "a dict": '{"AWS::CloudFormation::Init": {"config": {"commands": MOUNT}}}',
    "one config": f'autoscaling.Metadata(cloudformation.Init({{"config": {CONFIG}}}))',
    "config sets": "cloudformation.Metadata(cloudformation.Init(cloudformation.InitConfigSets(default=['up']), "
    f"up={CONFIG}, down=cloudformation.InitConfig(commands=UMOUNT)))",
    "a script": "cloudformation.Metadata(cloudformation.Init({'config': cloudformation.InitConfig("
    "files=cloudformation.InitFiles({'/opt/up.sh': cloudformation.InitFile(content=Sub('mount -t efs ${Fs}:/ /mnt/efs'))}), "
    "commands={'a': {'command': 'sh /opt/up.sh'}})}))",
}


@pytest.mark.parametrize("metadata", CERTAIN.values(), ids=CERTAIN)
def test_what_metadata_surely_mounts(metadata: str) -> None:
    assert said(metadata) == "${Fs}:/data"


DOUBTFUL = {
    "another set": "cloudformation.Metadata(cloudformation.Init(cloudformation.InitConfigSets(default=['down']), "
    f"up={CONFIG}, down=cloudformation.InitConfig(commands=UMOUNT)))",
    "the order of configs": "cloudformation.Metadata(cloudformation.Init("
    f"cloudformation.InitConfigSets(default=['up', 'down']), up={CONFIG}, down=cloudformation.InitConfig(commands=UMOUNT)))",
    "a function of the program": "make_metadata()",
}


@pytest.mark.parametrize("metadata", DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_metadata_may_not_mount(metadata: str) -> None:
    assert said(metadata).startswith("needs-input: ")
