"""Items of lists that cannot be read: a container that is not seen may write to a volume, mount any, and run as any user.

Each definition mounts its volume read-only in the one container that is seen. Without another one, the role needs no
`ClientWrite`.
"""

from __future__ import annotations

import json
import textwrap

import pytest

from migrate.dialects.common.listed import UNREAD, Listed, listed, may_hold_more
from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import JSON, PYTHON, YAML, Language
from migrate.syntax import parse, resolve
from migrate.syntax.node import Mapping, Node
from rules.choices import Choices
from rules.model import AddPermissions

WRITE = "elasticfilesystem:ClientWrite"


def processed(text: str, language: Language) -> Outcome:
    outcome = process(text, "app", Choices(), language)
    assert outcome.error is None, outcome.error
    return outcome


def may_write(text: str, language: Language) -> bool:
    """Whether the grants for the volume let the task write."""
    found = [f.finding for f in processed(text, language).findings if f.finding.rule == "EFS203"]
    actions = {action for finding in found if finding.grant for action in finding.grant.actions}
    for finding in found:
        for change in finding.changes:
            if isinstance(change, AddPermissions):
                actions |= {permission.action for permission in change.permissions}
    assert actions, "there is no grant"
    return WRITE in actions


# -- CloudFormation -----------------------------------------------------------------------------------------------------

TEMPLATE = """\
Parameters: {Sidecar: {Type: String}}
Conditions: {Prod: !Equals [!Ref Sidecar, x]}
Resources:
  Fs: {Type: AWS::EFS::FileSystem}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: CONTAINERS
      Volumes:
        - Name: data
          EFSVolumeConfiguration: {FilesystemId: !Ref Fs}
"""
APP = "{Name: app, Image: app, User: www, MountPoints: [{SourceVolume: data, ContainerPath: /d, ReadOnly: true}]}"
OTHER = "{Name: other, Image: other, User: www}"

SEEN = {
    "alone": f"[{APP}]",
    "another without mount points": f"[{APP}, {OTHER}]",
    "one or nothing": f"[{APP}, !If [Prod, {OTHER}, !Ref 'AWS::NoValue']]",
    "one of two lists": f"!If [Prod, [{APP}], [{APP}, {OTHER}]]",
    "no mount points": f"[{APP}, {OTHER[:-1]}, MountPoints: !Ref 'AWS::NoValue'}}]",
}
UNSEEN = {
    "a reference": f"[{APP}, !Ref Sidecar]",
    "an include": f"[{APP}, {{Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: s3://b/sidecar.yaml}}}}}}]",
    "a mapping": f"[{APP}, !FindInMap [Containers, a, b]]",
    "one or a reference": f"[{APP}, !If [Prod, {OTHER}, !ImportValue sidecar]]",
    "one of two lists": f"!If [Prod, [{APP}], !Ref Sidecar]",
    "a split": "!Split [',', !Ref Sidecar]",
    "mount points": f"[{APP}, {OTHER[:-1]}, MountPoints: !Ref Sidecar}}]",
    "one mount point": f"[{APP}, {OTHER[:-1]}, MountPoints: [!Ref Sidecar]}}]",
    "members of a container": f"[{APP}, {OTHER[:-1]}, 'Fn::Transform': {{Name: AWS::Include}}}}]",
    "volumes of another container": f"[{APP}, {OTHER[:-1]}, VolumesFrom: !Ref Sidecar}}]",
    "one container whose volumes it takes": f"[{APP}, {OTHER[:-1]}, VolumesFrom: [!Ref Sidecar]}}]",
}


@pytest.mark.parametrize("containers", SEEN.values(), ids=SEEN)
def test_containers_of_a_template(containers: str) -> None:
    assert not may_write(TEMPLATE.replace("CONTAINERS", containers), YAML)


@pytest.mark.parametrize("containers", UNSEEN.values(), ids=UNSEEN)
def test_unread_containers_of_a_template(containers: str) -> None:
    assert may_write(TEMPLATE.replace("CONTAINERS", containers), YAML)


def test_an_included_part_of_the_properties() -> None:
    included = TEMPLATE.replace("CONTAINERS", f"[{APP}]").replace(
        "      Volumes:", "      Fn::Transform: {Name: AWS::Include}\n      Volumes:"
    )
    assert may_write(included, YAML)


# -- plain files --------------------------------------------------------------------------------------------------------

DEFINITION = {
    "family": "app",
    "taskRoleArn": "arn:aws:iam::123456789012:role/app",
    "containerDefinitions": [
        {
            "name": "app",
            "image": "app",
            "user": "www",
            "mountPoints": [{"sourceVolume": "data", "containerPath": "/d", "readOnly": True}],
        }
    ],
    "volumes": [
        {
            "name": "data",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-12345678",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0"},
            },
        }
    ],
}


def definition(*more: object) -> str:
    whole = json.loads(json.dumps(DEFINITION))
    whole["containerDefinitions"] += more
    return json.dumps(whole, indent=2)


@pytest.mark.parametrize(
    ("more", "unread"),
    [
        ({"name": "other", "image": "other"}, False),
        ({"name": "other", "image": "other", "mountPoints": None}, False),
        ("${SIDECAR}", True),
        (["nested"], True),
        (None, True),
        ({"name": "other", "image": "other", "mountPoints": "${MOUNT_POINTS}"}, True),
        ({"name": "other", "image": "other", "mountPoints": ["${MOUNT_POINT}"]}, True),
        ({"name": "other", "image": "other", "volumesFrom": "${FROM}"}, True),
        ({"name": "other", "image": "other", "${MORE}": ""}, True),
    ],
)
def test_a_definition_in_json(more: object, unread: bool) -> None:
    assert not may_write(definition(), JSON)
    assert may_write(definition(more), JSON) is unread


def test_a_definition_in_yaml() -> None:
    merged = "name: other\n    image: other\n    <<: *base"
    base = definition().replace('"containerDefinitions": [', '"containerDefinitions": [').strip()
    whole = f"base: &base {{mountPoints: []}}\ndefinition: {base}\n"
    assert not may_write(whole, YAML)
    flow = "{" + merged.replace("\n    ", ", ") + "}, "
    assert not may_write(whole.replace('"containerDefinitions": [', f'"containerDefinitions": [{flow}'), YAML)


ANSIBLE = """\
- hosts: localhost
  tasks:
    - community.aws.ecs_taskdefinition:
        family: app
        task_role_arn: arn:aws:iam::123456789012:role/app
        containers:
          - name: app
            image: app
            mountPoints: [{sourceVolume: data, containerPath: /d, readOnly: true}]
          MORE
        volumes:
          - name: data
            efsVolumeConfiguration:
              fileSystemId: fs-12345678
              transitEncryption: ENABLED
              authorizationConfig: {accessPointId: fsap-0123456789abcdef0}
"""


@pytest.mark.parametrize(
    ("more", "unread"),
    [
        ("- {name: other, image: other}", False),
        ('- "{{ sidecar }}"', True),
        ("- {name: other, image: other, mountPoints: '{{ mount_points }}'}", True),
        ("- {{ sidecar }}", True),
    ],
)
def test_ansible(more: str, unread: bool) -> None:
    assert may_write(ANSIBLE.replace("MORE", more), YAML) is unread


BATCH = {
    "jobDefinitionName": "app",
    "type": "container",
    "ecsProperties": {
        "taskProperties": [
            {
                "taskRoleArn": DEFINITION["taskRoleArn"],
                "containers": DEFINITION["containerDefinitions"],
                "volumes": DEFINITION["volumes"],
            }
        ]
    },
}


def test_a_job_of_batch() -> None:
    assert not may_write(json.dumps(BATCH), JSON)
    assert may_write(json.dumps(BATCH).replace('"containers": [', '"containers": ["${SIDECAR}", '), JSON)


# -- programs -----------------------------------------------------------------------------------------------------------

VOLUMES = '[{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678", "transitEncryption": "ENABLED", \
"authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0"}}}]'
MOUNTING = '{"name": "app", "image": "app", "mountPoints": [{"sourceVolume": "data", "containerPath": "/d", "readOnly": True}]}'
BOTO3 = f"""\
import boto3

app = {MOUNTING}
other = {{"name": "other", "image": "other"}}


def register(sidecars, extra):
    boto3.client("ecs").register_task_definition(
        family="app",
        taskRoleArn="arn:aws:iam::123456789012:role/app",
        containerDefinitions=CONTAINERS,
        volumes={VOLUMES},
    )
"""


@pytest.mark.parametrize(
    ("containers", "unread"),
    [
        ("[app]", False),
        ("[app, other]", False),
        ("[app, *sidecars]", True),
        ("[app] + sidecars", True),
        ("[app, make('other')]", True),
        ("[app, sidecars[0]]", True),
        ("[app, {**other, **extra}]", True),
        ("[app, {'name': 'other', 'image': 'other', 'mountPoints': extra['mountPoints']}]", True),
        ("[app, {'name': 'other', 'image': 'other', 'volumesFrom': extra}]", True),
    ],
)
def test_boto3(containers: str, unread: bool) -> None:
    assert may_write(BOTO3.replace("CONTAINERS", containers), PYTHON) is unread


LITERAL = f"""\
import boto3

definition = {{
    "family": "app",
    "taskRoleArn": "arn:aws:iam::123456789012:role/app",
    "containerDefinitions": [{MOUNTING}],
    "volumes": {VOLUMES},
}}
MORE
boto3.client("ecs").register_task_definition(**definition)
"""


@pytest.mark.parametrize(
    ("more", "unread"),
    [
        ("definition['tags'] = tags", False),
        ("definition['volumes'].append(other)", False),
        ("for container in definition['containerDefinitions']:\n    print(container)", False),
        ("definition['containerDefinitions'].append(sidecar)", True),
        ("definition['containerDefinitions'] += sidecars", True),
        ("definition['containerDefinitions'] = sidecars", True),
        ("definition['containerDefinitions'][0]['mountPoints'] = mount_points", True),
        ("definition['containerDefinitions'][0].update(more)", True),
        ("containers = definition['containerDefinitions']\ncontainers.append(sidecar)", True),
        ("containers = definition['containerDefinitions']\ncontainers += sidecars", True),
        ("other['containerDefinitions'].append(sidecar)", False),
        ("same = definition\nsame |= {'containerDefinitions': sidecars}", True),
        ("same = definition\nsame |= {'tags': tags}", False),
        ("for container in definition['containerDefinitions']:\n    container['mountPoints'].append(more)", True),
    ],
)
def test_statements_that_change_a_definition(more: str, unread: bool) -> None:
    assert may_write(LITERAL.replace("MORE", more), PYTHON) is unread
    handed_on = LITERAL.replace('boto3.client("ecs").register_task_definition(**definition)', "run(definition)")
    assert may_write(handed_on.replace("MORE", more), PYTHON) is unread


PULUMI = f"""\
import json, pulumi_aws as aws
from sidecars import sidecar, sidecars

aws.ecs.TaskDefinition("app", family="app", task_role_arn=role, container_definitions=json.dumps([{MOUNTING}, MORE]), volumes=[{{
    "name": "data", "efs_volume_configuration": {{"file_system_id": "fs-12345678", "transit_encryption": "ENABLED",
    "authorization_config": {{"access_point_id": "fsap-0123456789abcdef0"}}}}}}])
"""


@pytest.mark.parametrize(
    ("more", "unread"),
    [
        ('{"name": "other", "image": "other"}', False),
        ("sidecar", True),
        ("*sidecars", True),
        ('{"name": "other", **sidecar}', True),
    ],
)
def test_pulumi(more: str, unread: bool) -> None:
    assert may_write(PULUMI.replace("MORE", more), PYTHON) is unread


TROPOSPHERE = """\
from troposphere import GetAtt, If, NoValue, Ref, Template, ecs, efs, iam

from sidecars import sidecar, sidecars

t = Template()
fs = t.add_resource(efs.FileSystem("Fs"))
role = t.add_resource(iam.Role("Role", AssumeRolePolicyDocument={}))
app = ecs.ContainerDefinition(
    Name="app", Image="app", MountPoints=[ecs.MountPoint(ContainerPath="/d", SourceVolume="data", ReadOnly=True)]
)
other = ecs.ContainerDefinition(Name="other", Image="other")
t.add_resource(ecs.TaskDefinition(
    "Task",
    TaskRoleArn=GetAtt(role, "Arn"),
    ContainerDefinitions=CONTAINERS,
    Volumes=[ecs.Volume(Name="data", EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(FilesystemId=Ref(fs)))],
))
"""


@pytest.mark.parametrize(
    ("containers", "unread"),
    [
        ("[app]", False),
        ("[app, other]", False),
        ("[app, sidecar]", True),
        ("[app, *sidecars]", True),
        ("[app, sidecar('x')]", True),
        ("[app, ecs.ContainerDefinition(Name='other', Image='other', **sidecar)]", True),
        ("[app, ecs.ContainerDefinition(Name='other', Image='other', MountPoints=sidecars)]", True),
    ],
)
def test_troposphere(containers: str, unread: bool) -> None:
    assert may_write(TROPOSPHERE.replace("CONTAINERS", containers), PYTHON) is unread


CDK = """\
from aws_cdk import Stack, aws_ecs as ecs, aws_efs as efs, aws_iam as iam


class App(Stack):
    def __init__(self, scope, id, vpc, sidecar, sidecars, **kwargs):
        super().__init__(scope, id)
        fs = efs.FileSystem(self, "Fs", vpc=vpc)
        task = ecs.FargateTaskDefinition(self, "Task")
        task.add_volume(name="data", efs_volume_configuration=ecs.EfsVolumeConfiguration(file_system_id=fs.file_system_id))
        app = task.add_container("app", image=ecs.ContainerImage.from_registry("app"))
        app.add_mount_points(ecs.MountPoint(container_path="/d", source_volume="data", read_only=True))
"""
OTHER_CONTAINER = 'other = task.add_container("other", image=ecs.ContainerImage.from_registry("other"))\n'


@pytest.mark.parametrize(
    ("more", "unread"),
    [
        ("", False),
        (OTHER_CONTAINER, False),
        ('task.add_container("other", **kwargs)', True),
        (OTHER_CONTAINER + "other.add_mount_points(*sidecars)", True),
        (OTHER_CONTAINER + "other.add_mount_points(sidecar)", True),
    ],
)
def test_the_cdk(more: str, unread: bool) -> None:
    assert may_write(CDK + textwrap.indent(more, " " * 8) + "\n", PYTHON) is unread


LOW = """\
from aws_cdk import Stack, aws_ecs as ecs, aws_iam as iam


class App(Stack):
    def __init__(self, scope, id, sidecar, sidecars):
        super().__init__(scope, id)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        app = ecs.CfnTaskDefinition.ContainerDefinitionProperty(
            name="app", image="app", mount_points=[ecs.CfnTaskDefinition.MountPointProperty(
                source_volume="data", container_path="/d", read_only=True)])
        ecs.CfnTaskDefinition(
            self, "Task", task_role_arn=role.role_arn, container_definitions=CONTAINERS,
            volumes=[ecs.CfnTaskDefinition.VolumeProperty(
                name="data", efs_volume_configuration=ecs.CfnTaskDefinition.EFSVolumeConfigurationProperty(
                    filesystem_id="fs-12345678"))])
"""


@pytest.mark.parametrize(
    ("containers", "unread"),
    [("[app]", False), ("[app, sidecar]", True), ("[app, *sidecars]", True), ("[app] + sidecars", True)],
)
def test_low_constructs_of_the_cdk(containers: str, unread: bool) -> None:
    assert may_write(LOW.replace("CONTAINERS", containers), PYTHON) is unread


# -- the user of a container --------------------------------------------------------------------------------------------


def roots(containers: str) -> list[str]:
    found = processed(TEMPLATE.replace("CONTAINERS", containers), YAML).findings
    return [f.finding.message.partition(":")[0] for f in found if f.finding.rule == "EFS407"]


def test_an_unread_container_may_run_as_root() -> None:
    assert roots(f"[{APP}]") == []
    (alone,) = roots(f"[{APP}, !Ref Sidecar]")
    assert alone == "a container that cannot be read here may run as root (or as its image's user)"
    (both,) = roots(f"[{APP.replace('User: www, ', '')}, !Ref Sidecar]")
    assert both == "containers app and one that cannot be read here run as root (or as their image's user)"
    assert "container other runs" in roots(f"[{APP}, {{Name: other, Image: other, MountPoints: !Ref Sidecar}}]")[0]


# -- volumes ------------------------------------------------------------------------------------------------------------

HOSTED = """\
Parameters: {Other: {Type: String}}
Resources:
  Fs: {Type: AWS::EFS::FileSystem}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
  Hosts:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties:
      ImageId: ami-12345678
      UserData:
        Fn::Base64: !Sub |
          #!/bin/bash
          echo ECS_CLUSTER=web >> /etc/ecs/ecs.config
          mount -t efs ${Fs}:/ /mnt/efs
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{Name: app, Image: app, User: www}]
      Volumes:
        - {Name: data, Host: {SourcePath: /mnt/efs/data}}
"""


def said(text: str, rule: str) -> str:
    return " ".join(f.finding.message for f in processed(text, YAML).findings if f.finding.rule == rule)


@pytest.mark.parametrize("item", ["!Ref Other", "{'Fn::Transform': {Name: AWS::Include}}", "!FindInMap [A, b, c]"])
def test_an_unread_volume_may_use_the_mount(item: str) -> None:
    assert "no volume here needs that any more" in said(HOSTED, "EFS405")
    unread = f"{HOSTED}        - {item}\n"
    assert said(unread, "EFS405") == ""
    assert "perhaps: Task (a volume that cannot be read here)" in said(unread, "EFS408")


# -- lists and mappings by themselves -----------------------------------------------------------------------------------


def node(text: str) -> Node:
    (root,) = parse(f"x: {text}\n", YAML).roots
    holder = resolve(root)
    assert isinstance(holder, Mapping)
    return holder.entries[0].value


@pytest.mark.parametrize(
    ("text", "count", "complete"),
    [
        ("[]", 0, True),
        ("null", 0, True),
        ("[{a: 1}, {b: 2}]", 2, True),
        ("[{a: 1}, b]", 1, False),
        ("[{a: 1}, [b]]", 1, False),
        ("b", 0, False),
        ("{a: 1}", 0, False),
    ],
)
def test_lists(text: str, count: int, complete: bool) -> None:
    found = listed(node(text))
    assert (len(found.mappings), found.complete) == (count, complete)


def test_a_missing_list_is_empty_and_a_sum_is_as_complete_as_its_parts() -> None:
    empty = listed(None)
    assert empty == Listed([])
    whole = listed(node("[{a: 1}]"))
    assert [(whole + UNREAD).complete, (UNREAD + whole).complete, (whole + empty).complete] == [False, False, True]
    assert (whole + whole).mappings == [*whole.mappings, *whole.mappings]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("{a: 1, b-c: 2}", False),
        ("{'Fn::Transform': x}", True),
        ("{'Fn::If': x}", True),
        ("{'${Key}': 1}", True),
        ("{'{{ key }}': 1}", True),
        ("{<<: {a: 1}}", False),
        ("{<<: [{a: 1}, {b: 1}]}", False),
        ("{<<: {'${Key}': 1}}", True),
        ("{<<: [{a: 1}, {<<: {'${Key}': 1}}]}", True),
        ("{<<: !Ref Other}", True),
        ("{<<: [{a: 1}, !Ref Other]}", True),
        ("{? [a, b] : 1}", True),
    ],
)
def test_mappings_that_may_hold_more(text: str, more: bool) -> None:
    found = node(text)
    assert isinstance(found, Mapping)
    assert may_hold_more(found) is more
    assert not may_hold_more(None)
