"""Services of troposphere modules that run tasks on instances that the module does not make."""

from __future__ import annotations

import pytest

from migrate.engine.process import process
from migrate.files.language import PYTHON
from rules.choices import Choices

MODULE = """\
from troposphere import Base64, ImportValue, Join, Ref, Sub, Template, autoscaling, ecs, efs

t = Template()
cluster = t.add_resource(ecs.Cluster("Cluster"))
fs = t.add_resource(efs.FileSystem("Fs"))
t.add_resource(autoscaling.LaunchConfiguration(
    "Launch",
    ImageId="ami-0123456789abcdef0",
    InstanceType="t3.large",
    UserData=Base64(Join("", [
        "#!/bin/bash\\n", "echo ECS_CLUSTER=", Ref(cluster), " >> /etc/ecs/ecs.config\\n",
        "mount -t efs ", Ref(fs), ":/ /mnt/efs\\n",
    ])),
))
task = t.add_resource(ecs.TaskDefinition(
    "Task",
    ContainerDefinitions=[ecs.ContainerDefinition(Name="app", Image="app", Memory=512)],
    Volumes=[ecs.Volume(Name="data", Host=ecs.Host(SourcePath="/mnt/efs/app"))],
))
t.add_resource(ecs.Service("Service", TaskDefinition=Ref(task), WHERE))
"""
GPU = 'CapacityProviderStrategy=[ecs.CapacityProviderStrategyItem(CapacityProvider="gpu", Weight=1)]'


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("Cluster=Ref(cluster)", None),
        ('Cluster=Ref("Cluster")', None),
        ('Cluster=ImportValue("prod")', "cluster !ImportValue prod, which no instance of this source is known to join"),
        ('Cluster="prod"', "cluster prod, which no instance of this source is known to join"),
        (f"Cluster=Ref(cluster), {GPU}", "capacity provider gpu, whose instances are not in this source"),
    ],
)
def test_where_a_service_runs(where: str, reason: str | None) -> None:
    outcome = process(MODULE.replace("WHERE", where), "app", Choices(), PYTHON)
    assert outcome.error is None
    (found,) = (f.finding for f in outcome.findings if f.finding.rule == "EFS101")
    assert found.status == ("fixable" if reason is None else "needs-input")
    assert reason is None or f"Service runs the task {'on' if 'gpu' in where else 'in'} {reason}" in found.message
