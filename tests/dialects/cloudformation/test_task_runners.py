"""What runs tasks is one thing in the model, whatever is asked about it: its platform version, its capacity, its network."""

from __future__ import annotations

from migrate import dialects
from migrate.engine.proof import _keyed
from migrate.files.language import DATA, PYTHON, Language
from migrate.syntax.unit import Member, Unit
from rules.model import Cluster, Key, Launch, SetPlatformVersion, Stack, Text, apply

INSTANCE = """
  Host: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1}}
"""
TEMPLATE = """
Mappings: {Versions: {all: {fargate: 1.3.0}}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{Name: app, Image: nginx}]
      Volumes: [{Name: data, EFSVolumeConfiguration: {FilesystemId: fs-12345678}}]
  Other:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions: [{Name: app, Image: nginx}]
      Volumes: [{Name: data, EFSVolumeConfiguration: {FilesystemId: fs-12345678}}]
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: web
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      PlatformVersion: !FindInMap [Versions, all, fargate]
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1], SecurityGroups: [sg-1]}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      Targets:
        - Id: nightly
          Arn: arn:aws:ecs:eu-west-1:123456789012:cluster/web
          EcsParameters:
            TaskDefinitionArn: !Ref Other
            PlatformVersion: !FindInMap [Versions, all, fargate]
  Function: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {TASK: !Ref Other}}}}
"""


def stack(text: str, language: Language = DATA) -> Stack:
    reading = dialects.read(Unit.parsed([Member("template", text, language)], "template"))
    assert reading is not None
    return reading.stack


def test_a_service_is_read_once() -> None:
    (service, *_) = stack(TEMPLATE + INSTANCE).runners
    assert (service.name, service.tasks) == ("Service", (Key.of("task", 0, "Task"),))
    assert [version.value for version in service.platform_versions] == [Text.of("1.3.0")]
    assert service.launch == Launch((Cluster(Text.of("web")),), elsewhere=True)
    assert (service.subnets, service.groups) == ((Text.of("subnet-1"),), (Text.of("sg-1"),))
    assert service.starts_at_once


def test_the_first_has_a_version_that_several_share() -> None:
    service, rule = stack(TEMPLATE).runners
    assert [version.tasks for version in service.platform_versions] == [
        (Key.of("task", 0, "Task"), Key.of("task", 0, "Other"))
    ]
    assert rule.platform_versions == ()


def test_where_tasks_run_matters_only_to_instances() -> None:
    assert [(runner.name, runner.launch) for runner in stack(TEMPLATE).runners] == [("Service", None), ("Rule", None)]
    *_, function = stack(TEMPLATE + INSTANCE).runners
    assert (function.name, function.launch, function.shows_network) == ("Function", Launch(), False)


def test_where_tasks_run_is_not_compared() -> None:
    before = stack(TEMPLATE + INSTANCE)
    after = stack((TEMPLATE + INSTANCE).replace("TASK: !Ref Other", "TASK: other"))
    assert len(before.runners) == len(after.runners) + 1
    assert _keyed(before) == _keyed(after)


def test_another_platform_version() -> None:
    before = stack(TEMPLATE)
    (version,) = before.platform_versions
    after = apply(before, [SetPlatformVersion(version.key, Text.of("1.4.0"))])
    assert [v.value for v in after.platform_versions] == [Text.of("1.4.0")]
    assert after.runners[1] is before.runners[1]
    assert _keyed(after) != _keyed(before)


def test_a_program_of_the_cdk_is_read_once() -> None:
    (runner,) = stack(
        """\
from aws_cdk import aws_ecs as ecs, aws_ec2 as ec2

class Service(Stack):
    def __init__(self, scope, id):
        cluster = ecs.Cluster(self, "Cluster")
        cluster.add_capacity("Hosts", instance_type=ec2.InstanceType("t3.small"))
        task = ecs.FargateTaskDefinition(self, "Task", volumes=[
            ecs.Volume(name="data", efs_volume_configuration=ecs.EfsVolumeConfiguration(file_system_id="fs-12345678")),
        ])
        ecs.FargateService(
            self, "Web", cluster=cluster, task_definition=task, platform_version=ecs.FargatePlatformVersion.VERSION1_3,
        )
""",
        PYTHON,
    ).runners
    assert (runner.name, len(runner.tasks)) == ("Web", 1)
    assert [version.value for version in runner.platform_versions] == [Text.of("1.3.0")]
    assert runner.launch is not None
    assert runner.launch.elsewhere
    assert [cluster.created for cluster in runner.launch.clusters] == [True]
