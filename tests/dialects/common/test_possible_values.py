"""What a task may be where parameters, conditions, defaults and alternatives decide: its role, its platform, its network."""

from __future__ import annotations

import ast
from textwrap import dedent, indent

import pytest

from migrate.dialects.common.possible import placeholders
from migrate.dialects.common.python.possible import expression_options
from migrate.engine.process import process
from migrate.files.language import DATA, PYTHON
from migrate.syntax.node import Scalar
from migrate.syntax.python import PythonDocument
from rules.choices import Choices, ConfiguredFileSystem
from rules.model import ANYTHING, NOT_GIVEN, UNSEEN, Possible, Text
from rules.rule import Finding

FS = Text.of("fs-0123456789abcdef0")
CHOICES = Choices(
    file_systems=(
        ConfiguredFileSystem(
            FS, mounts=(("/mnt/efs", "/"),), access_points=(("/app", Text.of("fsap-0123456789abcdef0")),)
        ),
    )
)
ROLE = "arn:aws:iam::123456789012:role/x"
MAY_LACK = "may be left out, and IAM authorization needs one"
LEAVES = "the mount will leave through the task's security group"
PERHAPS = f"In network mode awsvpc, which is possible here, {LEAVES}"


def findings(source: str) -> list[Finding]:
    """The findings about a template, a plain definition, or a program if it begins with an import."""
    text = dedent(source)
    outcome = process(text, "app", CHOICES, PYTHON if text.lstrip().startswith(("import", "from")) else DATA)
    assert outcome.error is None, outcome.error
    return [located.finding for located in outcome.findings]


def said(source: str, *rules: str) -> list[tuple[str, str]]:
    """The statuses and words of the findings of some rules."""
    return [(f.status.value, f"{f.message} {f.caveat or ''}") for f in findings(source) if f.rule in rules]


def answers(source: str, *rules: str) -> tuple[str, str]:
    """The status and the words of the only finding of some rules."""
    (found,) = said(source, *rules)
    return found


# -- sources ----------------------------------------------------------------------------------------------------------


def of_role(role: str, parameters: str = "", conditions: str = "", mappings: str = "", condition: str = "") -> str:
    """A template whose task has this role."""
    return f"""
Parameters: {{Env: {{Type: String, Default: dev}}, {parameters}}}
Conditions: {{{conditions}}}
Mappings: {{{mappings}}}
Resources:
  Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{Statement: []}}}}}}
  Task:
    Type: AWS::ECS::TaskDefinition
    {condition}
    Properties:
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      TaskRoleArn: {role}
      ContainerDefinitions: [{{Name: app, Image: nginx, MountPoints: [{{SourceVolume: data, ContainerPath: /data}}]}}]
      Volumes: [{{Name: data, EFSVolumeConfiguration: {{FilesystemId: fs-0123456789abcdef0, RootDirectory: /app}}}}]
"""


def of_job(role: str, parameters: str) -> str:
    """A template with a job definition of AWS Batch."""
    return f"""
Parameters: {{{parameters}}}
Resources:
  Job:
    Type: AWS::Batch::JobDefinition
    Properties:
      Type: container
      ContainerProperties:
        Image: nginx
        JobRoleArn: {role}
        MountPoints: [{{SourceVolume: data, ContainerPath: /data}}]
        Volumes: [{{Name: data, EfsVolumeConfiguration: {{FileSystemId: fs-0123456789abcdef0, RootDirectory: /app}}}}]
"""


def playbook(role: str = ROLE, more: str = "", service: str = "") -> str:
    return f"""
- hosts: localhost
  tasks:
    - community.aws.ecs_taskdefinition:
        family: app
        state: present
        task_role_arn: {role}
        {more}
        containers: [{{name: app, image: nginx, mountPoints: [{{sourceVolume: data, containerPath: /data}}]}}]
        volumes: [{{name: data, host: {{sourcePath: /mnt/efs/app}}}}]
    - community.aws.ecs_service:
        name: app
        task_definition: app
        {service}
"""


def plain(role: str = ROLE, more: str = "") -> str:
    return f"""
family: app
taskRoleArn: {role}
{more}
containerDefinitions: [{{name: app, image: nginx, mountPoints: [{{sourceVolume: data, containerPath: /data}}]}}]
volumes: [{{name: data, host: {{sourcePath: /mnt/efs/app}}}}]
"""


CONTAINERS = '[{"name": "app", "image": "nginx", "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]}]'
LITERAL_ROLE = f'"{ROLE}"'


def registered(role: str = LITERAL_ROLE, before: str = "", more: str = "", after: str = "") -> str:
    """A program that registers a definition through boto3."""
    return f"""import os
import boto3
ecs = boto3.client("ecs")
{before}
answer = ecs.register_task_definition(
    family="app", taskRoleArn={role}, containerDefinitions={CONTAINERS}, {more}
    volumes=[{{"name": "data", "host": {{"sourcePath": "/mnt/efs/app"}}}}],
)
{after}
"""


def in_function(parameter: str, role: str) -> str:
    body = registered(role).partition("answer = ")[2]
    return f"import boto3\ndef go(ecs, {parameter}):\n" + indent(body, "    ")


def pulumi(role: str = LITERAL_ROLE, before: str = "", more: str = "", after: str = "") -> str:
    return f"""import json, os
import pulumi
import pulumi_aws as aws
{before}
task = aws.ecs.TaskDefinition("app", family="app", task_role_arn={role}, container_definitions=json.dumps({CONTAINERS}), {more}
    volumes=[{{"name": "data", "efs_volume_configuration": {{"file_system_id": "fs-0123456789abcdef0", "root_directory": "/app"}}}}])
{after}
"""


def low_level(role: str, before: str = "") -> str:
    """A program of the CDK with an L1 construct."""
    return f"""import os
import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
class App(cdk.Stack):
    def __init__(self, scope, id, role_arn=""):
        super().__init__(scope, id)
        {before}
        ecs.CfnTaskDefinition(
            self, "Task", task_role_arn={role},
            container_definitions=[ecs.CfnTaskDefinition.ContainerDefinitionProperty(
                name="app", image="nginx",
                mount_points=[ecs.CfnTaskDefinition.MountPointProperty(source_volume="data", container_path="/data")])],
            volumes=[ecs.CfnTaskDefinition.VolumeProperty(
                name="data", efs_volume_configuration=ecs.CfnTaskDefinition.EFSVolumeConfigurationProperty(
                    filesystem_id="fs-0123456789abcdef0", root_directory="/app"))])
"""


def high_level(kind: str, arguments: str = "", after: str = "") -> str:
    """A program of the CDK with an L2 construct."""
    return f"""import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
class App(cdk.Stack):
    def __init__(self, scope, id, cluster, mode):
        super().__init__(scope, id)
        task = ecs.{kind}(self, "Task", {arguments})
        task.add_volume(name="data", host=ecs.Host(source_path="/mnt/efs/app"))
        app = task.add_container("app", image=ecs.ContainerImage.from_registry("nginx"))
        app.add_mount_points(ecs.MountPoint(source_volume="data", container_path="/data", read_only=False))
        {after}
"""


def troposphere(role: str = LITERAL_ROLE, before: str = "", more: str = "", after: str = "") -> str:
    return f"""import os
from troposphere import Equals, GetAtt, If, Not, NoValue, Parameter, Ref, Template
from troposphere.ecs import ContainerDefinition, Host, MountPoint, RuntimePlatform, Service, TaskDefinition, Volume
t = Template()
{before}
task = t.add_resource(TaskDefinition("Task", TaskRoleArn={role}, {more}
    ContainerDefinitions=[ContainerDefinition(
        Name="app", Image="nginx", MountPoints=[MountPoint(SourceVolume="data", ContainerPath="/data")])],
    Volumes=[Volume(Name="data", Host=Host(SourcePath="/mnt/efs/app"))]))
{after}
"""


# -- a role that may be empty is no role ------------------------------------------------------------------------------

EMPTY = 'R: {Type: String, Default: ""}'
HAS = 'Has: !Not [!Equals [!Ref R, ""]]'
ENV = 'os.environ.get("ROLE", "")'

MAY_BE_EMPTY = {
    "default": of_role("!Ref R", EMPTY),
    "default-in-sub": of_role('!Sub "${R}"', EMPTY),
    "default-in-join": of_role("!Join ['', [!Ref R]]", EMPTY),
    "allowed": of_role("!Ref R", f'R: {{Type: String, Default: "{ROLE}", AllowedValues: ["{ROLE}", ""]}}'),
    "pattern": of_role("!Ref R", "R: {Type: String, AllowedPattern: '^$|arn:.*'}"),
    "arm": of_role("!If [P, !Ref R, !GetAtt Role.Arn]", EMPTY, "P: !Equals [!Ref Env, prod]"),
    "arm-of-arm": of_role(
        "!If [P, !If [Q, !GetAtt Role.Arn, !Ref AWS::NoValue], !GetAtt Role.Arn]",
        conditions="P: !Equals [!Ref Env, prod], Q: !Equals [!Ref Env, x]",
    ),
    "other-condition": of_role("!If [Has, !GetAtt Role.Arn, !Ref R]", EMPTY, HAS),
    "row": of_role("!FindInMap [M, !Ref Env, R]", mappings=f'M: {{dev: {{R: ""}}, prod: {{R: "{ROLE}"}}}}'),
    "rendered": of_role("\"{{ role | default('') }}\""),
    "job": of_job("!Ref R", EMPTY),
    "jinja-default": playbook("\"{{ role | default('') }}\""),
    "jinja-omit": playbook('"{{ role|d(omit) }}"'),
    "jinja-default-of-false": playbook('"{{ role | default(omit, true) }}"'),
    "jinja-if-else": playbook("\"{{ role if wanted else '' }}\""),
    "jinja-if": playbook('"{{ role if wanted }}"'),
    "jinja-ternary": playbook('"{{ wanted | ternary(role, omit) }}"'),
    "jinja-block": playbook('"{% if wanted %}{{ role }}{% endif %}"'),
    "jinja-lookup": playbook("\"{{ lookup('env', 'ROLE') }}\""),
    "jinja-or": playbook("\"{{ role or '' }}\""),
    "jinja-trim": playbook("\"{{ (role | default('')) | trim }}\""),
    "shell": plain('"${ROLE:-}"'),
    "go-template": plain("'{{ .Values.role | default \"\" }}'"),
    "ecspresso": plain("'{{ env `ROLE` `` }}'"),
    "environ": registered(ENV),
    "getenv-none": registered('os.getenv("ROLE", None)'),
    "none-or-empty": registered('ROLE or ""', "ROLE = None"),
    "if-else": registered('os.environ["ROLE"] if os.environ.get("X") else ""'),
    "and": registered('os.environ.get("X") and os.environ["ROLE"]'),
    "variable": registered("ROLE", f"ROLE = {ENV}.strip()"),
    "f-string": registered('f"{ROLE}"', f"ROLE = {ENV}"),
    "branch": registered("ROLE", 'ROLE = ""\nif os.environ.get("X"):\n    ROLE = os.environ["ROLE"]'),
    "keyword": registered('config("ROLE", default="")', "from decouple import config"),
    "attribute": registered('getattr(settings, "ROLE", "")', "import settings"),
    "function": registered(
        "role()", 'def role():\n    if os.environ.get("X"):\n        return os.environ["ROLE"]\n    return ""'
    ),
    "dict": registered('ROLES[os.environ["ENV"]]', f'ROLES = {{"prod": "{ROLE}", "dev": ""}}'),
    "dict-get": registered('ROLES.get(os.environ["ENV"], "")', f'ROLES = {{"prod": "{ROLE}"}}'),
    "argparse": registered(
        "args.role",
        'import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument("--role", default="")\nargs = parser.parse_args()',
    ),
    "parameter": in_function('role=""', "role"),
    "click": in_function("role", "role").replace("def go", '@click.option("--role", default="")\ndef go'),
    "typer": in_function('role=typer.Option("")', "role"),
    "field": registered("settings.role", 'class Settings:\n    role: str = ""\nsettings = Settings()'),
    "argument-of-a-class": registered(
        "settings.role", f"class Settings:\n    role: str\nsettings = Settings(role={ENV})"
    ),
    "checked-for-something-else": registered(
        "ROLE", f'ROLE = {ENV}\nif not os.environ.get("X"):\n    raise SystemExit("X")'
    ),
    "checked-before-it-changes": registered("ROLE", f'ROLE = "x"\nassert ROLE\nROLE = {ENV}'),
    "warned-of": registered("ROLE", f'ROLE = {ENV}\nif not ROLE:\n    print("no role")'),
    "loop": registered()
    .replace("answer = ", 'for role in ["", "arn:x"]:\n  answer = ')
    .replace(f"taskRoleArn={LITERAL_ROLE}", "taskRoleArn=role"),
    "parameter-none": in_function("role=None", "role"),
    "pulumi-config": pulumi('config.get("role")', "config = pulumi.Config()"),
    "pulumi-none": pulumi("role.arn if role else None", 'role = aws.iam.Role("r") if os.environ.get("X") else None'),
    "cdk-context": low_level('self.node.try_get_context("role")'),
    "cdk-parameter-of-python": low_level("role_arn"),
    "cdk-parameter": low_level("given.value_as_string", 'given = cdk.CfnParameter(self, "Role", default="")'),
    "cdk-condition": low_level(f'cdk.Fn.condition_if("C", "{ROLE}", cdk.Aws.NO_VALUE).to_string()'),
    "cdk-import": high_level(
        "Ec2TaskDefinition",
        'task_role=iam.Role.from_role_arn(self, "R", cdk.CfnParameter(self, "P", default="").value_as_string)',
    ).replace("import aws_ecs as ecs", "import aws_ecs as ecs, aws_iam as iam"),
    "troposphere-parameter": troposphere("Ref(p)", 'p = t.add_parameter(Parameter("R", Type="String", Default=""))'),
    "troposphere-environ": troposphere(ENV),
    "troposphere-if": troposphere('If("X", GetAtt("Role", "Arn"), NoValue)'),
    "troposphere-if-else": troposphere('Ref("Role") if os.environ.get("X") else NoValue'),
}


@pytest.mark.parametrize("source", MAY_BE_EMPTY.values(), ids=MAY_BE_EMPTY)
def test_a_role_that_may_be_empty_is_no_role(source: str) -> None:
    status, words = answers(source, "EFS203")
    assert status == "refused"
    assert MAY_LACK in words


IS_A_ROLE = {
    "no-default": of_role("!Ref R", "R: {Type: String}"),
    "default": of_role("!Ref R", f'R: {{Type: String, Default: "{ROLE}"}}'),
    "arm-of-the-condition": of_role("!If [Has, !Ref R, !GetAtt Role.Arn]", EMPTY, HAS),
    "arm-of-the-opposite": of_role("!If [No, !GetAtt Role.Arn, !Ref R]", EMPTY, 'No: !Equals [!Ref R, ""]'),
    "arm-of-both": of_role(
        "!If [Both, !Ref R, !GetAtt Role.Arn]",
        EMPTY,
        f"{HAS}, Both: !And [!Condition Has, !Equals [!Ref Env, prod]]",
    ),
    "condition-of-the-task": of_role("!Ref R", EMPTY, HAS, condition="Condition: Has"),
    "parameter-of-ssm": of_role("!Ref R", 'R: {Type: "AWS::SSM::Parameter::Value<String>", Default: /x}'),
    "rows": of_role("!FindInMap [M, !Ref Env, R]", mappings=f'M: {{dev: {{R: "{ROLE}"}}, prod: {{R: "{ROLE}2"}}}}'),
    "pattern": of_role("!Ref R", "R: {Type: String, AllowedPattern: '^arn:(aws|aws-cn):.*$'}"),
    "rendered": of_role('"{{ role }}"'),
    "jinja": playbook('"{{ role }}"'),
    "jinja-default": playbook(f"\"{{{{ role | default('{ROLE}') }}}}\""),
    "jinja-default-of-empty": playbook(f"\"{{{{ lookup('env', 'ROLE') | default('{ROLE}', true) }}}}\""),
    "jinja-guarded": playbook(f"\"{{{{ role if role != '' else '{ROLE}' }}}}\""),
    "jinja-block": playbook(f'"{{% if wanted %}}{{{{ role }}}}{{% else %}}{ROLE}{{% endif %}}"'),
    "shell": plain('"${ROLE}"'),
    "shell-default": plain(f'"${{ROLE:-{ROLE}}}"'),
    "environ": registered('os.environ["ROLE"]'),
    "environ-default": registered(f'os.environ.get("ROLE", "{ROLE}")'),
    "or": registered(f'{ENV} or "{ROLE}"'),
    "checked": registered("ROLE", f'ROLE = {ENV}\nif not ROLE:\n    raise SystemExit("set ROLE")'),
    "asserted": registered("ROLE", f"ROLE = {ENV}\nassert ROLE"),
    "checked-with-others": registered(
        "ROLE", f'ROLE = {ENV}\nif ROLE is None or ROLE == "":\n    raise SystemExit("set ROLE")'
    ),
    "in-a-branch": in_function('role=""', "role").replace("    ecs.register", "    if role:\n      ecs.register"),
    "assigned-again": registered("ROLE", f'ROLE = ""\nROLE = "{ROLE}"'),
    "dict": registered('ROLES[os.environ["ENV"]]', f'ROLES = {{"prod": "{ROLE}", "dev": "{ROLE}2"}}'),
    "parameter": in_function("role", "role"),
    "pulumi": pulumi('config.require("role")', "config = pulumi.Config()"),
    "troposphere-condition": troposphere(
        f'If("Has", Ref(p), "{ROLE}")',
        'p = t.add_parameter(Parameter("R", Type="String", Default=""))\nt.add_condition("Has", Not(Equals(Ref(p), "")))',
    ),
}


@pytest.mark.parametrize("source", IS_A_ROLE.values(), ids=IS_A_ROLE)
def test_a_role_that_is_there_whatever_is_deployed_is_used(source: str) -> None:
    assert answers(source, "EFS203")[0] == "fixable"


def test_a_role_that_a_macro_may_give_is_not_added() -> None:
    source = of_role("!Ref R", "R: {Type: String}")
    source = source.replace(
        "TaskRoleArn: !Ref R", "Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}"
    )
    status, words = answers(source, "EFS203")
    assert status == "refused"
    assert "a macro adds to its properties" in words


def test_a_misspelling_of_iam_is_not_corrected_for_a_role_that_may_be_empty() -> None:
    efs = "TransitEncryption: ENABLED, AuthorizationConfig: {Iam: ENABLED}"
    source = of_role("!Ref R", EMPTY).replace("RootDirectory: /app", efs)
    status, words = answers(source, "EFS302")
    assert status == "refused"
    assert MAY_LACK in words


# -- the network mode, with what services show ------------------------------------------------------------------------

NETWORK = "NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1], SecurityGroups: [!Ref TaskSg]}}"
VPC = "{Subnets: [subnet-1], SecurityGroups: [!Ref TaskSg]}"
ANY_MODE = "Mode: {Type: String}"


def of_network(
    mode: str = "bridge",
    parameters: str = ANY_MODE,
    service: str = "LaunchType: EC2",
    network: str = "",
    compatibilities: str = "[EC2]",
    more: str = "Cpu: '256'",
    mappings: str = "",
) -> str:
    """A template whose mount targets admit the instances only, with a service."""
    return f"""
Parameters: {{Vpc: {{Type: String}}, Env: {{Type: String}}, {parameters}}}
Conditions: {{P: !Equals [!Ref Env, prod]}}
Mappings: {{{mappings}}}
Resources:
  Fs: {{Type: AWS::EFS::FileSystem}}
  TaskSg: {{Type: AWS::EC2::SecurityGroup, Properties: {{GroupDescription: t, VpcId: !Ref Vpc}}}}
  InstSg: {{Type: AWS::EC2::SecurityGroup, Properties: {{GroupDescription: i, VpcId: !Ref Vpc}}}}
  MtSg:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: m
      VpcId: !Ref Vpc
      SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, SourceSecurityGroupId: !Ref InstSg}}]
  Mt: {{Type: AWS::EFS::MountTarget, Properties: {{FileSystemId: !Ref Fs, SubnetId: subnet-1, SecurityGroups: [!Ref MtSg]}}}}
  Svc:
    Type: AWS::ECS::Service
    DependsOn: Mt
    Properties:
      Cluster: c
      TaskDefinition: !Ref Task
      {service}
      {network}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: {ROLE}
      RequiresCompatibilities: {compatibilities}
      NetworkMode: {mode}
      {more}
      ContainerDefinitions: [{{Name: app, Image: nginx, MountPoints: [{{SourceVolume: data, ContainerPath: /data}}]}}]
      Volumes:
        - Name: data
          DockerVolumeConfiguration:
            Driver: local
            DriverOpts: {{type: nfs, device: ":/app", o: !Sub "addr=${{Fs}}.efs.${{AWS::Region}}.amazonaws.com"}}
"""


def one_of(*modes: str) -> str:
    return f"Mode: {{Type: String, Default: {modes[0]}, AllowedValues: [{', '.join(modes)}]}}"


OPENED = {
    "literal": of_network("awsvpc", network=NETWORK),
    "allowed": of_network("!Ref Mode", one_of("awsvpc"), network=NETWORK),
    "allowed-both-but-the-service": of_network("!Ref Mode", one_of("bridge", "awsvpc"), network=NETWORK),
    "service": of_network("!Ref Mode", network=NETWORK),
    "import": of_network("!ImportValue mode", network=NETWORK),
    "dynamic-reference": of_network('"{{resolve:ssm:/mode}}"', network=NETWORK),
    "rows": of_network(
        "!FindInMap [M, !Ref Env, Mode]", network=NETWORK, mappings="M: {dev: {Mode: awsvpc}, prod: {Mode: awsvpc}}"
    ),
}


@pytest.mark.parametrize("source", OPENED.values(), ids=OPENED)
def test_the_route_of_a_task_in_awsvpc_mode_is_opened(source: str) -> None:
    status, words = answers(source, "EFS102")
    assert status == "fixable"
    assert "add EfsIngressFromTaskSg" in words


CLOSED = {
    "arms": of_network(
        "!If [P, awsvpc, bridge]",
        network=f"NetworkConfiguration: !If [P, {{AwsvpcConfiguration: {VPC}}}, !Ref AWS::NoValue]",
    ),
    "default": of_network(
        "!Ref Mode",
        "Mode: {Type: String, Default: awsvpc}",
        network=f"NetworkConfiguration: {{AwsvpcConfiguration: !If [P, {VPC}, !Ref AWS::NoValue]}}",
    ),
}


@pytest.mark.parametrize("source", CLOSED.values(), ids=CLOSED)
def test_a_route_that_is_closed_in_a_possible_mode_makes_the_step_unsafe(source: str) -> None:
    status, words = answers(source, "EFS102")
    assert status == "unsafe"
    assert "In network mode awsvpc, which is possible here, the mount would fail as it is" in words


LEFT_OPEN = {
    "arms": of_network("!If [P, awsvpc, bridge]"),
    "allowed": of_network("!Ref Mode", one_of("bridge", "awsvpc")),
    "no-service": of_network("!Ref Mode").replace("TaskDefinition: !Ref Task", "TaskDefinition: other"),
    "jinja": playbook(more="network_mode: \"{{ mode | default('awsvpc') }}\""),
    "shell": plain(more='networkMode: "${MODE}"'),
    "environ": registered(more='networkMode=os.environ.get("MODE", "awsvpc"),'),
    "if-else": registered(more='networkMode="awsvpc" if os.environ.get("X") else "bridge",'),
    "merged": registered(before="import settings\nMORE = settings.more()", more="**MORE,"),
    "cdk": high_level("Ec2TaskDefinition", "network_mode=mode"),
    "cdk-if-else": high_level(
        "Ec2TaskDefinition", "network_mode=ecs.NetworkMode.AWS_VPC if mode else ecs.NetworkMode.BRIDGE"
    ),
    "troposphere": troposphere(more='NetworkMode=os.environ.get("MODE", "awsvpc"),'),
}


@pytest.mark.parametrize("source", LEFT_OPEN.values(), ids=LEFT_OPEN)
def test_a_mode_that_is_left_open_is_said(source: str) -> None:
    status, words = answers(source, "EFS101", "EFS102")
    assert status == "fixable"
    assert PERHAPS in words


CERTAINLY_OWN = {
    "allowed": of_network("!Ref Mode", one_of("awsvpc")),
    "service-of-a-program": registered(
        more='networkMode=os.environ["MODE"],',
        after='ecs.create_service(serviceName="s", taskDefinition="app", networkConfiguration={"awsvpcConfiguration": {"subnets": []}})',
    ),
    "service-of-a-playbook": playbook(
        more='network_mode: "{{ mode }}"', service="network_configuration: {subnets: [a]}"
    ),
    "cdk": high_level("Ec2TaskDefinition", "network_mode=ecs.NetworkMode.AWS_VPC"),
}


@pytest.mark.parametrize("source", CERTAINLY_OWN.values(), ids=CERTAINLY_OWN)
def test_a_mode_that_is_shown_to_be_awsvpc_is_certain(source: str) -> None:
    _, words = answers(source, "EFS101", "EFS102")
    assert f"T{LEAVES[1:]}" in words


CERTAINLY_NOT = {
    "literal": of_network("host"),
    "absent": of_network("!Ref AWS::NoValue"),
    "allowed": of_network("!Ref Mode", one_of("bridge", "host")),
    "service-without-a-network": of_network("!Ref Mode"),
    "default": of_network("!Ref Mode", "Mode: {Type: String, Default: bridge}"),
    "program": registered(more='networkMode="host" if os.environ.get("X") else "bridge",'),
    "service-of-a-program": registered(
        more='networkMode=os.environ["MODE"],',
        after='ecs.create_service(serviceName="s", taskDefinition="app", launchType="EC2")',
    ),
    "service-of-a-playbook": playbook(more='network_mode: "{{ mode }}"', service="launch_type: EC2"),
    "empty": plain(more='networkMode: ""'),
    "cdk": high_level("Ec2TaskDefinition", "network_mode=ecs.NetworkMode.BRIDGE"),
    "troposphere": troposphere(more='NetworkMode="bridge",'),
}


@pytest.mark.parametrize("source", CERTAINLY_NOT.values(), ids=CERTAINLY_NOT)
def test_other_modes_have_nothing_to_say_of_the_network(source: str) -> None:
    status, words = answers(source, "EFS101", "EFS102")
    assert status == "fixable"
    assert LEAVES not in words


def test_the_host_mode_is_warned_of_where_it_is_possible() -> None:
    host = "ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST"
    assert host in answers(of_network("!Ref Mode", one_of("bridge", "host")), "EFS203")[1]
    assert host not in answers(of_network("!Ref Mode", one_of("bridge")), "EFS203")[1]


# -- platforms --------------------------------------------------------------------------------------------------------

WINDOWS_ONLY = "attribute:ecs.os-type == windows"
MEMBER_OF = f'ecs.PlacementConstraint.member_of("{WINDOWS_ONLY}")'
CONSTRAINED = f'placementConstraints=[{{"type": "memberOf", "expression": "{WINDOWS_ONLY}"}}]'

UNSUPPORTED = {
    "external-service": of_network(service="LaunchType: EXTERNAL"),
    "external-by-default": of_network(parameters="L: {Type: String, Default: EXTERNAL}", service="LaunchType: !Ref L"),
    "external-in-an-arm": of_network(service="LaunchType: !If [P, EC2, EXTERNAL]"),
    "external-list-in-an-arm": of_network(compatibilities="!If [P, [EXTERNAL], [EC2]]"),
    "external-member": of_network(parameters="L: {Type: String, Default: EXTERNAL}", compatibilities="[!Ref L]"),
    "external-boto3": registered(
        after='ecs.create_service(serviceName="s", taskDefinition="app", launchType="EXTERNAL")'
    ),
    "external-run-task": registered(
        after='ecs.run_task(taskDefinition=answer["taskDefinition"]["taskDefinitionArn"], launchType="EXTERNAL")'
    ),
    "external-playbook": playbook(service="launch_type: EXTERNAL"),
    "external-jinja": playbook(more="launch_type: \"{{ kind | default('EXTERNAL') }}\""),
    "external-cdk": high_level(
        "TaskDefinition",
        "compatibility=ecs.Compatibility.EC2",
        'ecs.ExternalService(self, "S", cluster=cluster, task_definition=task)',
    ),
    "external-cdk-if-else": high_level(
        "TaskDefinition", "compatibility=ecs.Compatibility.EXTERNAL if mode else ecs.Compatibility.EC2"
    ),
    "external-pulumi": pulumi(after='aws.ecs.Service("s", task_definition=task.arn, launch_type="EXTERNAL")'),
    "external-troposphere": troposphere(
        after='t.add_resource(Service("S", TaskDefinition=Ref(task), LaunchType="EXTERNAL"))'
    ),
    "windows-by-default": of_network(
        parameters="Os: {Type: String, Default: WINDOWS_SERVER_2019_CORE}",
        more="RuntimePlatform: {OperatingSystemFamily: !Ref Os}",
    ),
    "windows-in-an-arm": of_network(
        more="RuntimePlatform: !If [P, {OperatingSystemFamily: WINDOWS_SERVER_2019_CORE}, !Ref AWS::NoValue]"
    ),
    "windows-constraint": of_network(
        service=f"PlacementConstraints: [{{Type: memberOf, Expression: '{WINDOWS_ONLY}'}}]"
    ),
    "windows-constraint-of-the-task": of_network(
        more="PlacementConstraints: [{Type: memberOf, Expression: 'attribute:ecs.os-family in [WINDOWS_SERVER_2019_CORE]'}]"
    ),
    "windows-not-linux": of_network(
        service="PlacementConstraints: [{Type: memberOf, Expression: 'attribute:ecs.os-type != linux'}]"
    ),
    "windows-boto3": registered(
        more='runtimePlatform={"operatingSystemFamily": os.environ.get("OS", "WINDOWS_SERVER_2022_CORE")},'
    ),
    "windows-boto3-constraint": registered(more=f"{CONSTRAINED},"),
    "windows-boto3-service": registered(after=f'ecs.create_service(taskDefinition="app", {CONSTRAINED})'),
    "windows-jinja": playbook(
        more="runtime_platform: {operatingSystemFamily: \"{{ 'WINDOWS_SERVER_2022_CORE' if w else 'LINUX' }}\"}"
    ),
    "windows-shell": plain(more='runtimePlatform: {operatingSystemFamily: "${OS:-WINDOWS_SERVER_2022_CORE}"}'),
    "windows-cdk": high_level(
        "TaskDefinition",
        "compatibility=ecs.Compatibility.EC2, runtime_platform=ecs.RuntimePlatform("
        "operating_system_family=ecs.OperatingSystemFamily.WINDOWS_SERVER_2019_CORE)",
    ),
    "windows-cdk-constraint": high_level("Ec2TaskDefinition", f"placement_constraints=[{MEMBER_OF}]"),
    "windows-cdk-added": high_level("Ec2TaskDefinition", after=f"task.add_placement_constraint({MEMBER_OF})"),
    "windows-cdk-service": high_level(
        "Ec2TaskDefinition",
        after=f'ecs.Ec2Service(self, "S", cluster=cluster, task_definition=task, placement_constraints=[{MEMBER_OF}])',
    ),
    "windows-pulumi": pulumi(more='runtime_platform={"operating_system_family": "WINDOWS_SERVER_2019_CORE"},'),
    "windows-pulumi-arguments": pulumi(
        more='runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(operating_system_family="WINDOWS_SERVER_2019_CORE"),'
    ),
    "windows-troposphere": troposphere(
        more='RuntimePlatform=RuntimePlatform(OperatingSystemFamily=os.environ.get("OS", "WINDOWS_SERVER_2019_CORE")),'
    ),
}


@pytest.mark.parametrize(("name", "source"), UNSUPPORTED.items(), ids=UNSUPPORTED)
def test_a_platform_that_cannot_mount_efs_is_refused_where_it_is_possible(name: str, source: str) -> None:
    status, words = answers(source, "EFS403")
    assert status == "refused"
    assert ("xternal instances (ECS Anywhere)" if name.startswith("external") else "Windows") in words
    assert not said(source, "EFS101", "EFS102", "EFS201")


SUPPORTED = {
    "linux": of_network(
        service="PlacementConstraints: [{Type: memberOf, Expression: 'attribute:ecs.os-type == linux'}]"
    ),
    "not-windows": of_network(
        service="PlacementConstraints: [{Type: memberOf, Expression: 'attribute:ecs.os-type != windows'}]"
    ),
    "parameter-of-the-system": of_network(
        parameters="Os: {Type: String}", more="RuntimePlatform: {OperatingSystemFamily: !Ref Os}"
    ),
    "parameter-of-the-launch-type": of_network(parameters="L: {Type: String}", service="LaunchType: !Ref L"),
    "external-beside-ec2": of_network(compatibilities="[EC2, EXTERNAL]"),
    "shell": plain(more='runtimePlatform: {operatingSystemFamily: "${OS}"}'),
}


@pytest.mark.parametrize("source", SUPPORTED.values(), ids=SUPPORTED)
def test_a_platform_of_which_nothing_is_shown_is_no_obstacle(source: str) -> None:
    assert not said(source, "EFS403")
    assert answers(source, "EFS101", "EFS102")[0] == "fixable"


INSTANCES, FARGATE = "Container instances need", "Fargate needs platform version"


@pytest.mark.parametrize(
    ("compatibilities", "parameters", "expected"),
    [
        ("[FARGATE]", ANY_MODE, {FARGATE}),
        ("[!Ref L]", "L: {Type: String, AllowedValues: [FARGATE]}", {FARGATE}),
        ("[!Ref L]", "L: {Type: String, AllowedValues: [EC2, FARGATE]}", {FARGATE, INSTANCES}),
        ("[!Ref L]", "L: {Type: String}", {FARGATE, INSTANCES}),
        ("!Ref L", "L: {Type: CommaDelimitedList, Default: 'EC2,FARGATE'}", {FARGATE, INSTANCES}),
        ("[!If [P, FARGATE, EC2]]", ANY_MODE, {FARGATE, INSTANCES}),
        ("!If [P, [FARGATE], !Ref AWS::NoValue]", ANY_MODE, {FARGATE, INSTANCES}),
        ("[FARGATE, !If [P, EC2, !Ref AWS::NoValue]]", ANY_MODE, {FARGATE, INSTANCES}),
        ("[EC2]", ANY_MODE, {INSTANCES}),
        ("!Ref AWS::NoValue", ANY_MODE, {INSTANCES}),
    ],
)
def test_what_may_run_on_either_platform_needs_what_both_need(
    compatibilities: str, parameters: str, expected: set[str]
) -> None:
    source = of_network("awsvpc", parameters, network=NETWORK, compatibilities=compatibilities)
    _, words = answers(source, "EFS201")
    assert {needed for needed in (INSTANCES, FARGATE) if needed in words} == expected


def test_a_new_role_is_harmless_on_fargate_only() -> None:
    def status(compatibilities: str, parameters: str = ANY_MODE) -> str:
        own = "Own: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}"
        source = of_network("awsvpc", parameters, "", compatibilities=compatibilities, network=NETWORK)
        return answers(
            source.replace(f"      TaskRoleArn: {ROLE}\n", "").replace("  Fs:", f"  {own}\n  Fs:"), "EFS203"
        )[0]

    assert status("[FARGATE]") == "fixable"
    assert status("[!Ref L]", "L: {Type: String, AllowedValues: [FARGATE]}") == "fixable"
    assert status("[!Ref L]", "L: {Type: String, Default: FARGATE}") == "unsafe"
    assert status("[!If [P, FARGATE, EC2]]") == "unsafe"


# -- read-only --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "surely"),
    [
        ("true", True),
        ("!If [P, true, true]", True),
        ("!Ref Ro", False),
        ("!If [P, true, false]", False),
        ("!If [P, true, !Ref AWS::NoValue]", False),
        ("!Ref AWS::NoValue", False),
        ("!Ref true", False),
    ],
)
def test_a_mode_that_an_expression_decides_is_neither(written: str, surely: bool) -> None:
    source = of_network(parameters='Ro: {Type: String, Default: "true"}').replace(
        "ContainerPath: /data", f"ContainerPath: /data, ReadOnly: {written}"
    )
    (found,) = (f for f in findings(source) if f.rule == "EFS203")
    assert found.grant is not None
    assert any(action.endswith("ClientWrite") for action in found.grant.actions) is not surely
    status, _ = answers(source.replace(".amazonaws.com", ".amazonaws.com,ro"), "EFS102")
    assert status == ("fixable" if surely else "refused")


# -- the type and its readers -----------------------------------------------------------------------------------------


def test_operations() -> None:
    one, two = Possible.of("a"), Possible.of("a", "b")
    assert one.is_surely("a")
    assert not two.is_surely("a")
    assert two.is_surely("a", "b")
    assert not (one | NOT_GIVEN).is_surely("a")
    assert not (one | UNSEEN).is_surely("a")
    assert (one | UNSEEN).may_be("x")
    assert not (one | UNSEEN).shows("x")
    assert not (one | NOT_GIVEN).may_be("x")
    assert (one | NOT_GIVEN).otherwise("b") == two
    assert one.otherwise("b") == one
    assert two.mapped(lambda _: "x") == Possible.of("x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bridge", Possible.of("bridge")),
        ("", NOT_GIVEN),
        ("{{ x }}", UNSEEN),
        ("a{{ x | default('') }}", UNSEEN),
        ("{{ x | default('a') }}", Possible(("a",), others=True)),
        ("{{ 'a' if x else 'b' }}", Possible.of("a", "b")),
        ("{{ 'a' if x else omit }}", Possible(("a",), absent=True)),
        ("{{ x | default('') }}{{ y | default('') }}", Possible(others=True, absent=True)),
        ("{{ x | default('') }}{{ y }}", UNSEEN),
        ("{{ x | default(y) | mandatory }}", UNSEEN),
        ("{% if x %}a{% elif y %}b{% else %}c{% endif %}", Possible.of("a", "b", "c")),
        ("{% if x %}a{% endif %}", Possible(("a",), absent=True)),
        ("{{ if .x }}a{{ end }}", Possible(others=True, absent=True)),
        ("{{- with .x }}{{ . }}{{- end }}", Possible(others=True, absent=True)),
        ("{{ if .x }}a{{ else }}b{{ end }}", UNSEEN),
        ("<% if x %>a<% end %>", Possible(others=True, absent=True)),
        ("%{ if x }a%{ endif }", Possible(others=True, absent=True)),
        ("${X:?needed}", UNSEEN),
        ("${X:+a}", Possible(others=True, absent=True)),
        ("${X-a}", Possible(("a",), others=True)),
        ("<%= role || '' %>", Possible(others=True, absent=True)),
    ],
)
def test_placeholders(text: str, expected: Possible[str]) -> None:
    assert placeholders.options(Scalar(0, 0, text, '"')) == expected


# -- expressions of programs by themselves ------------------------------------------------------------------------------


def of(text: str, expression: str, *, none_counts: bool = True) -> Possible[str]:
    """The possible values of an expression after the statements of a program."""
    document = PythonDocument(f"{text}\nuse({expression})\n")
    call, place = next((c, p) for c, p in document.names.calls if isinstance(c.func, ast.Name) and c.func.id == "use")
    return expression_options(document, call.args[0], place, none_counts=none_counts)


A, B = Possible.of("a"), Possible.of("b")
PARSER = "p = argparse.ArgumentParser()\np.add_argument({})\nx = p.parse_args()"
LOOKUP = "x = os.environ.get('X')\n"


@pytest.mark.parametrize(
    ("text", "expression", "expected"),
    [
        ("", "os.environ.get('X')", ANYTHING),
        ("", "os.environ.get('X', 'a')", A | UNSEEN),
        ("", "os.environ.get('X', '')", ANYTHING),
        ("", "os.environ['X']", UNSEEN),
        ("if c:\n  x = 'a'\nelse:\n  x = 'b'", "x", A | B),
        ("x = 'a'\nx = f()", "x", UNSEEN),
        ("for x in ['a', 'b']:\n  pass", "x", A | B),
        ("for x in []:\n  pass", "x", UNSEEN),
        # checked
        (f"{LOOKUP}if not x:\n  raise E()", "x", UNSEEN),
        (f"{LOOKUP}if not x:\n  sys.exit(1)", "x", UNSEEN),
        (f"{LOOKUP}assert x", "x", UNSEEN),
        (f"{LOOKUP}if not x:\n  print(1)", "x", ANYTHING),
        (f"{LOOKUP}assert x\n{LOOKUP}", "x", ANYTHING),
        # members of dicts
        ("m = {'k': 'a', 'l': 'b'}", "m['k']", A),
        ("m = {'k': 'a', 'l': 'b'}", "m[k]", A | B),
        ("m = {'k': 'a', 'l': 'b'}", "m.get(k)", A | B | NOT_GIVEN),
        ("m = {'k': 'a'}", "m.get('k', 'b')", A | B),
        ("m = {**n, 'k': 'a'}", "m['k']", UNSEEN),
        ("m = {'k': 'a'}", "m['l']", UNSEEN),
        # arguments of the command line
        (PARSER.format("'--role'"), "x.role", ANYTHING),
        (PARSER.format("'--role', required=True"), "x.role", UNSEEN),
        (PARSER.format("'--role', required=False"), "x.role", ANYTHING),
        (PARSER.format("'role'"), "x.role", UNSEEN),
        (PARSER.format("'--role', default='a'"), "x.role", A | UNSEEN),
        (PARSER.format("'-r', dest='role'"), "x.role", ANYTHING),
        # attributes
        ("class C:\n  r = 'a'\nx = C(r='b')", "x.r", B),
        ("class C:\n  r = 'a'\nx = C()", "x.r", A | UNSEEN),
        ("x = CfnParameter(s, 'x', default='a')", "x.value_as_string", A | UNSEEN),
        ("x = CfnParameter(s, 'x')", "x.value_as_string", UNSEEN),
        # functions
        ("", "If('c', 'a', 'b')", A | B),
        ("", "Fn.condition_if('c', 'a', Aws.NO_VALUE)", A | NOT_GIVEN),
        ("", "Ref('AWS::NoValue')", NOT_GIVEN),
        ("", "cast(str, 'a')", A),
        ("", "typer.Option('a')", A | UNSEEN),
        ("x = 'a'", "f'{x}'", A | UNSEEN),
        ("x = 'a'", "f'{x}-b'", UNSEEN),
        ("def f():\n  return 'a'", "f()", A),
        ("def f():\n  pass", "f()", UNSEEN),
        ("def f():\n  if c:\n    return 'a'\n  return None", "f()", A | NOT_GIVEN),
        ("def f():\n  if c:\n    return 'a'\n  return", "f()", A | NOT_GIVEN),
    ],
)
def test_expressions(text: str, expression: str, expected: Possible[str]) -> None:
    assert of(text, expression) == expected


def test_boto3_raises_an_error_for_none() -> None:
    assert of("", "os.environ.get('X')", none_counts=False) == UNSEEN
    assert of("m = {'k': 'a'}", "m.get(k)", none_counts=False) == A
    assert of(PARSER.format("'--role'"), "x.role", none_counts=False) == UNSEEN


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        ("if c:\n    return 'a'", True),
        ("if c:\n    return 'a'\n  elif d:\n    return 'b'", True),
        ("if c:\n    return 'a'\n  else:\n    return 'b'", False),
        ("if c:\n    return 'a'\n  raise E()", False),
        ("if c:\n    return 'a'\n  sys.exit(1)", False),
        ("with c:\n    return 'a'", False),
        ("try:\n    return 'a'\n  except E:\n    return 'b'", False),
        ("try:\n    return 'a'\n  except E:\n    pass", True),
        ("try:\n    f()\n  except E:\n    return 'b'\n  else:\n    return 'a'", False),
        ("while True:\n    return 'a'", False),
        ("while c:\n    return 'a'", True),
        ("for c in d:\n    return 'a'", True),
        ("match c:\n    case 1:\n      return 'a'", True),
        ("match c:\n    case 1:\n      return 'a'\n    case _:\n      return 'b'", False),
        ("match c:\n    case 1:\n      return 'a'\n    case _:\n      pass", True),
        ("match c:\n    case 1:\n      return 'a'\n    case _ if d:\n      return 'b'", True),
    ],
)
def test_a_function_that_may_end_without_a_value(body: str, ends: bool) -> None:
    assert of(f"def f():\n  {body}", "f()").absent is ends


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(r='a'):\n  use(r)", A | UNSEEN),
        ("def f(r):\n  use(r)", UNSEEN),
        ("def f(*, r='a'):\n  use(r)", A | UNSEEN),
        ("@click.option('--r', default='a')\ndef f(r):\n  use(r)", A | UNSEEN),
        (f"{LOOKUP}if x:\n  use(x)", UNSEEN),
        (f"{LOOKUP}if not x:\n  use(x)", ANYTHING),
        (f"{LOOKUP}if y:\n  use(x)", ANYTHING),
        (f"{LOOKUP}if not x:\n  pass\nelse:\n  use(x)", UNSEEN),
    ],
)
def test_expressions_inside_of_blocks(text: str, expected: Possible[str]) -> None:
    assert of(text, "1") == expected


# -- items of lists, and authorization that is there already ----------------------------------------------------------------

LISTED = (
    "R: {Type: String, Default: ''}, L: {Type: CommaDelimitedList, Default: ''}, Full: {Type: String, Default: 'a,b'}"
)


@pytest.mark.parametrize(
    "role",
    [
        "!Select [0, !Split [',', !Ref R]]",
        "!Select [1, [x, !Ref R]]",
        "!Select ['0', !Ref L]",
        "{'Fn::Select': [0, {'Fn::Split': ['/', {'Fn::If': [Prod, {Ref: R}, x]}]}]}",
        "!Select [1, !Split [',', 'x,']]",
        "!FindInMap [Roles, dev, Arn, {DefaultValue: ''}]",
    ],
)
def test_an_item_that_may_be_empty(role: str) -> None:
    source = of_role(role, LISTED, "Prod: !Equals [!Ref Env, prod]", "Roles: {x: {Arn: y}}")
    status, message = answers(source, "EFS203")
    assert status == "refused" and MAY_LACK in message


@pytest.mark.parametrize(
    "role",
    [
        "!Select [1, [!Ref R, x]]",
        "!Select [1, !Split [',', !Ref Full]]",
        "!Select [1, !Split [',', !ImportValue roles]]",
        "!Select [9, [x]]",
        "!Select [!Ref Env, [x, y]]",
        "!Select [0, !Split [',', !If [Given, !Ref R, x]]]",
    ],
)
def test_an_item_that_is_not_shown_to_be_empty(role: str) -> None:
    assert answers(of_role(role, LISTED, "Given: !Not [!Equals [!Ref R, '']]"), "EFS203")[0] == "fixable"


def test_authorization_whose_role_may_be_empty_is_told() -> None:
    both = "TransitEncryption: ENABLED, AuthorizationConfig: {IAM: ENABLED, AccessPointId: fsap-0123456789abcdef0}"
    source = of_role("!Ref R", LISTED).replace("RootDirectory: /app", both)
    assert answers(source, "EFS203") == ("refused", f"iam is ENABLED, but the task role ${{R}} {MAY_LACK} ")
    assert said(source.replace("!Ref R", ROLE), "EFS203") == []
