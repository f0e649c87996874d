"""Tasks of a CDK program that may run on instances that the program does not make, and what looks like that but is certain."""

from __future__ import annotations

import pytest

from migrate.engine.process import process
from migrate.files.language import PYTHON
from rules.choices import Choices
from rules.rule import Status

PROGRAM = """\
from aws_cdk import Fn, Stack, aws_autoscaling as autoscaling, aws_ec2 as ec2, aws_ecs as ecs, aws_efs as efs


class App(Stack):
    def __init__(self, scope, id, shared, **kwargs):
        super().__init__(scope, id, **kwargs)
        vpc = ec2.Vpc(self, "Vpc")
        fs = efs.FileSystem(self, "Fs", vpc=vpc)
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc)
        prod = ecs.Cluster.from_cluster_attributes(self, "Prod", cluster_name="prod", vpc=vpc, security_groups=[])
        image = ecs.EcsOptimizedImage.amazon_linux2()
        asg = autoscaling.AutoScalingGroup(self, "Asg", vpc=vpc, machine_image=image)
        asg.add_user_data(f"mount -t efs {fs.file_system_id}:/ /mnt/efs")
        provider = ecs.AsgCapacityProvider(self, "Provider", auto_scaling_group=asg, capacity_provider_name="own")
        cluster.add_asg_capacity_provider(provider)
        strategies = [ecs.CapacityProviderStrategy(capacity_provider=provider.capacity_provider_name)]
        task = ecs.Ec2TaskDefinition(self, "Task")
        task.add_volume(name="data", host=ecs.Host(source_path="/mnt/efs/data"))
"""


def said(service: str, program: str = PROGRAM) -> tuple[Status, str]:
    outcome = process(f"{program}        {service}\n", "app", Choices(), PYTHON)
    assert outcome.error is None, outcome.error
    (found,) = (f.finding for f in outcome.findings if f.finding.rule == "EFS101")
    return found.status, found.message


def on(strategies: str, cluster: str = "cluster") -> str:
    given = f"capacity_provider_strategies={strategies}" if strategies else ""
    return f'ecs.Ec2Service(self, "Service", cluster={cluster}, task_definition=task, {given})'


def strategy(name: str) -> str:
    return f"ecs.CapacityProviderStrategy(capacity_provider={name})"


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        (on("", "prod"), "Service runs the task in cluster prod, which no instance of this source is known to join"),
        (on(f"[{strategy(repr('gpu'))}]"), "Service runs the task on the capacity provider of "),
        (on(f"[{strategy('provider.capacity_provider_name')}, {strategy(repr('gpu'))}]"), "capacity_provider='gpu'"),
        (on(f"[{strategy('Fn.import_value(repr(1))')}]"), "Fn.import_value"),
        (on("shared.strategies"), "capacity providers that shared.strategies gives"),
        (on("strategies + [x]"), "capacity providers that strategies + [x] gives"),
        (on("[*strategies, gpu]"), "the capacity provider of gpu"),
    ],
)
def test_capacity_of_elsewhere(service: str, reason: str) -> None:
    status, message = said(service)
    assert status is Status.NEEDS_INPUT
    assert reason in message


@pytest.mark.parametrize(
    "service",
    [
        on(""),
        on("strategies"),
        on(f"[{strategy('provider.capacity_provider_name')}]"),
        on(f"[{strategy(repr('own'))}]"),
        on(f"[{strategy(repr('own'))}, {strategy(repr('FARGATE'))}]"),
    ],
)
def test_capacity_of_the_program(service: str) -> None:
    status, message = said(service)
    assert status in (Status.FIXABLE, Status.UNSAFE), message


LOW = """\
        low = ecs.CfnCapacityProvider(self, "Low", name="low", auto_scaling_group_provider=
            ecs.CfnCapacityProvider.AutoScalingGroupProviderProperty(auto_scaling_group_arn=asg.auto_scaling_group_arn))
        ecs.CfnService(self, "Service", cluster=cluster.cluster_name, task_definition=task.task_definition_arn, LAUNCH)
"""
ITEM = "ecs.CfnService.CapacityProviderStrategyItemProperty(capacity_provider={})"


def test_low_constructs() -> None:
    for own in ("'low'", "low.ref"):
        launch = f"capacity_provider_strategy=[{ITEM.format(own)}]"
        assert said("pass", PROGRAM + LOW.replace("LAUNCH", launch))[0] in (Status.FIXABLE, Status.UNSAFE)
    launch = f"capacity_provider_strategy=[{ITEM.format(repr('gpu'))}]"
    status, message = said("pass", PROGRAM + LOW.replace("LAUNCH", launch))
    assert status is Status.NEEDS_INPUT
    assert "capacity_provider='gpu'" in message


def test_an_imported_cluster_that_instances_join_by_its_name() -> None:
    joins = 'asg.add_user_data("echo ECS_CLUSTER=prod >> /etc/ecs/ecs.config")\n'
    program = PROGRAM.replace("        cluster.add_asg_capacity_provider(provider)\n", f"        {joins}")
    assert said(on("", "prod"), program)[0] in (Status.FIXABLE, Status.UNSAFE)
    assert said(on("", "cluster"), program)[0] is Status.NEEDS_INPUT


def test_a_group_of_elsewhere() -> None:
    other = (
        'cluster.add_asg_capacity_provider(ecs.AsgCapacityProvider(self, "Other", auto_scaling_group=shared.group))\n'
    )
    status, message = said(f"{other}        {on('')}")
    assert status is Status.NEEDS_INPUT
    assert "this program does not make shared.group" in message


def test_a_bastion() -> None:
    lines = [line for line in PROGRAM.splitlines() if "provider" not in line.lower()]
    program = "\n".join(lines).replace("autoscaling.AutoScalingGroup", "ec2.Instance") + "\n"
    agent = 'asg.add_user_data("systemctl enable --now ecs")\n'
    assert said(agent, program)[0] in (Status.FIXABLE, Status.UNSAFE)
    machine = program.replace("ecs.EcsOptimizedImage.amazon_linux2()", "ec2.MachineImage.latest_amazon_linux2()")
    status, message = said("pass", machine)
    assert status is Status.NEEDS_INPUT
    assert "nothing in this source shows that Asg runs the container agent" in message
