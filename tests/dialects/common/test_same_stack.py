"""One stack, spelt in every dialect that holds resources: each reads the same permissions and doubts, and adds the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from support import ROOT

from migrate.dialects.common.additions import additions
from migrate.engine.decisions import UNDECIDED
from migrate.engine.process import Opened, open_text
from migrate.files.language import DATA, PYTHON, Language
from rules.choices import Choices
from rules.model import ANY, CLIENT_ACTIONS, Value

FS, POINT = "<file system>", "<access point>"
"""What stands for the ARNs of the file system, and of an access point for another directory than the task's."""
NEW = "<new access point>"
MOUNT, WRITE, ROOT_ACCESS = CLIENT_ACTIONS
TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}


@dataclass(frozen=True)
class Policies:
    """What the task's role has: AWS's own policies by name, and statements as a policy document has them."""

    managed: Sequence[str] = ()
    statements: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Seen:
    """What a dialect makes of a role: its permissions (action, file system, access point), whether it is in doubt, the
    status of EFS203, and the statements that the plan adds."""

    permissions: frozenset[tuple[str, str, str | None]] = frozenset()
    unclear: bool = False
    added: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return "unsafe" if self.unclear else "fixable"


def granted(*actions: str) -> list[dict[str, Any]]:
    """What a task is granted that mounts through a new access point."""
    condition = {"StringEquals": {"elasticfilesystem:AccessPointArn": NEW}}
    return [{"Effect": "Allow", "Action": list(actions), "Resource": FS, "Condition": condition}]


def allowed(resource: str, point: str | None = None, *actions: str) -> frozenset[tuple[str, str, str | None]]:
    return frozenset((action, resource, point) for action in actions or CLIENT_ACTIONS)


# -- the spellings ----------------------------------------------------------------------------------------------------


def template(policies: Policies) -> dict[str, Any]:
    role: dict[str, Any] = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [TRUST]}}
    if policies.managed:
        role["ManagedPolicyArns"] = [f"arn:aws:iam::aws:policy/{name}" for name in policies.managed]
    if policies.statements:
        document = {"Version": "2012-10-17", "Statement": list(policies.statements)}
        role["Policies"] = [{"PolicyName": "own", "PolicyDocument": document}]
    task = {
        "TaskRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "RequiresCompatibilities": ["FARGATE"],
        "ContainerDefinitions": [
            {"Name": "app", "Image": "app", "MountPoints": [{"SourceVolume": "data", "ContainerPath": "/data"}]}
        ],
        "Volumes": [
            {"Name": "data", "EFSVolumeConfiguration": {"FilesystemId": {"Ref": "Fs"}, "RootDirectory": "/data"}}
        ],
    }
    point = {"FileSystemId": {"Ref": "Fs"}, "RootDirectory": {"Path": "/other"}}
    made = {
        "Fs": {"Type": "AWS::EFS::FileSystem", "Properties": {"Encrypted": True}},
        "Other": {"Type": "AWS::EFS::AccessPoint", "Properties": point},
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
    }
    text = json.dumps({"Resources": made})
    for name, resource in ((FS, "Fs"), (POINT, "Other")):
        text = text.replace(json.dumps(name), json.dumps({"Fn::GetAtt": [resource, "Arn"]}))
    found: dict[str, Any] = json.loads(text)
    return found


def as_yaml(policies: Policies) -> str:
    return yaml.safe_dump(template(policies), sort_keys=False)


def as_json(policies: Policies) -> str:
    return json.dumps(template(policies), indent=2)


def as_troposphere(policies: Policies) -> str:
    role = f"AssumeRolePolicyDocument={{'Version': '2012-10-17', 'Statement': [{TRUST!r}]}},\n"
    if policies.managed:
        role += f"    ManagedPolicyArns={[f'arn:aws:iam::aws:policy/{name}' for name in policies.managed]!r},\n"
    if policies.statements:
        document = f"{{'Version': '2012-10-17', 'Statement': {list(policies.statements)!r}}}"
        role += f"    Policies=[iam.Policy(PolicyName='own', PolicyDocument={document})],\n"
    return f"""\
from troposphere import GetAtt, Ref, Template, ecs, efs, iam

t = Template()
fs = t.add_resource(efs.FileSystem("Fs", Encrypted=True))
other = t.add_resource(efs.AccessPoint(
    "Other", FileSystemId=Ref(fs), RootDirectory=efs.RootDirectory(Path="/other")
))
role = t.add_resource(iam.Role(
    "Role",
    {role}))
t.add_resource(ecs.TaskDefinition(
    "Task",
    TaskRoleArn=GetAtt(role, "Arn"),
    RequiresCompatibilities=["FARGATE"],
    ContainerDefinitions=[ecs.ContainerDefinition(
        Name="app", Image="app", MountPoints=[ecs.MountPoint(SourceVolume="data", ContainerPath="/data")]
    )],
    Volumes=[ecs.Volume(
        Name="data",
        EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(FilesystemId=Ref(fs), RootDirectory="/data"),
    )],
))
""".replace(repr(FS), 'GetAtt(fs, "Arn")').replace(repr(POINT), 'GetAtt(other, "Arn")')


def as_cdk(policies: Policies) -> str:
    managed = ", ".join(f"iam.ManagedPolicy.from_aws_managed_policy_name({name!r})" for name in policies.managed)
    statements = "".join(f"        role.add_to_policy({_cdk_statement(one)})\n" for one in policies.statements)
    return f"""\
from aws_cdk import App, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam


class Storage(Stack):
    def __init__(self, scope, construct_id, vpc, **kwargs):
        super().__init__(scope, construct_id, **kwargs)
        fs = efs.FileSystem(self, "Fs", vpc=vpc, encrypted=True)
        other = fs.add_access_point("Other", path="/other")
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            managed_policies=[{managed}],
        )
{statements}\
        task = ecs.FargateTaskDefinition(self, "Task", task_role=role)
        task.add_volume(
            name="data",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=fs.file_system_id, root_directory="/data"
            ),
        )
        container = task.add_container("app", image=ecs.ContainerImage.from_registry("app"))
        container.add_mount_points(
            ecs.MountPoint(source_volume="data", container_path="/data", read_only=False)
        )
""".replace(repr(FS), "fs.file_system_arn").replace(repr(POINT), "other.access_point_arn")


def _cdk_statement(statement: dict[str, Any]) -> str:
    names = {"Action": "actions", "NotAction": "not_actions", "Resource": "resources", "Condition": "conditions"}
    arguments = [f"effect=iam.Effect.{statement['Effect'].upper()}"]
    for key, name in names.items():
        if key in statement:
            value = statement[key]
            arguments.append(f"{name}={[value] if isinstance(value, str) else value!r}")
    return f"iam.PolicyStatement({', '.join(arguments)})"


SPELLINGS: dict[str, tuple[Callable[[Policies], str], Language]] = {
    "yaml": (as_yaml, DATA),
    "json": (as_json, DATA),
    "troposphere": (as_troposphere, PYTHON),
    "cdk": (as_cdk, PYTHON),
}
"""For each spelling how it is written, and in which language."""


# -- what is seen -----------------------------------------------------------------------------------------------------


def opened(source: str, language: Language) -> Opened:
    found = open_text(source, "stack", language)
    assert isinstance(found, Opened), found
    return found


def seen(source: str, language: Language) -> Seen:
    """What a dialect reads, and adds when everything is applied that may be."""
    found = opened(source, language)
    stack = found.reading.stack
    (role,) = stack.roles
    (system,) = stack.file_systems
    (point,) = stack.access_points
    names: dict[Value | None, str | None] = {system.arn: FS, point.arn: POINT, ANY: "*", None: None}
    permissions = frozenset(
        (p.action, str(names.get(p.resource, "?")), names.get(p.access_point, "?")) for p in stack.permissions
    )
    planned = found.plan(Choices(unsafe=True), UNDECIDED).stack
    plan = additions(stack, planned)
    for new in plan.points:
        names[new.point.arn] = NEW
    added = [s.document(lambda arn: names.get(arn, "?")) for grant in plan.grants for s in grant.statements]
    return Seen(permissions, role.unclear, added)


CASES: dict[str, tuple[Policies, Seen]] = {
    "nothing": (Policies(), Seen(added=granted(MOUNT, WRITE))),
    "PowerUserAccess": (Policies(["PowerUserAccess"]), Seen(allowed("*"))),
    "AdministratorAccess": (Policies(["AdministratorAccess"]), Seen(allowed("*"))),
    "DataScientist": (Policies(["job-function/DataScientist"]), Seen(allowed("*"))),
    "read and write": (
        Policies(["AmazonElasticFileSystemClientReadWriteAccess"]),
        Seen(allowed("*", None, MOUNT, WRITE)),
    ),
    "read only": (
        Policies(["AmazonElasticFileSystemClientReadOnlyAccess"]),
        Seen(allowed("*", None, MOUNT), added=granted(WRITE)),
    ),
    "no clients": (
        Policies(["AmazonElasticFileSystemFullAccess", "ReadOnlyAccess", "DataScientist"]),
        Seen(added=granted(MOUNT, WRITE)),
    ),
    "deny unless TLS": (
        Policies(
            statements=[
                {
                    "Effect": "Deny",
                    "Action": "*",
                    "Resource": "*",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ]
        ),
        Seen(added=granted(MOUNT, WRITE)),
    ),
    "deny with TLS": (
        Policies(
            statements=[
                {
                    "Effect": "Deny",
                    "Action": "*",
                    "Resource": "*",
                    "Condition": {"Bool": {"aws:SecureTransport": "true"}},
                }
            ]
        ),
        Seen(unclear=True, added=granted(MOUNT, WRITE)),
    ),
    "deny": (
        Policies(statements=[{"Effect": "Deny", "Action": "elasticfilesystem:ClientRoot*", "Resource": "*"}]),
        Seen(unclear=True, added=granted(MOUNT, WRITE)),
    ),
    "deny something else": (
        Policies(statements=[{"Effect": "Deny", "Action": ["s3:*", "elasticfilesystem:Delete*"], "Resource": "*"}]),
        Seen(added=granted(MOUNT, WRITE)),
    ),
    "deny all but clients": (
        Policies(statements=[{"Effect": "Deny", "NotAction": "elasticfilesystem:Client*", "Resource": "*"}]),
        Seen(added=granted(MOUNT, WRITE)),
    ),
    "deny all but one": (
        Policies(statements=[{"Effect": "Deny", "NotAction": MOUNT, "Resource": "*"}]),
        Seen(unclear=True, added=granted(MOUNT, WRITE)),
    ),
    "allow on the file system": (
        Policies(statements=[{"Effect": "Allow", "Action": "elasticfilesystem:Client*", "Resource": FS}]),
        Seen(allowed(FS)),
    ),
    "allow all but IAM": (
        Policies(statements=[{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}]),
        Seen(allowed("*")),
    ),
    "allow with TLS": (
        Policies(
            statements=[
                {
                    "Effect": "Allow",
                    "Action": [MOUNT, WRITE],
                    "Resource": FS,
                    "Condition": {
                        "Bool": {"aws:SecureTransport": "true", "elasticfilesystem:AccessedViaMountTarget": "true"}
                    },
                }
            ]
        ),
        Seen(allowed(FS, None, MOUNT, WRITE)),
    ),
    "allow without TLS": (
        Policies(
            statements=[
                {
                    "Effect": "Allow",
                    "Action": [MOUNT, WRITE],
                    "Resource": FS,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ]
        ),
        Seen(added=granted(MOUNT, WRITE)),
    ),
    "allow through another access point": (
        Policies(
            statements=[
                {
                    "Effect": "Allow",
                    "Action": [MOUNT, WRITE],
                    "Resource": FS,
                    "Condition": {"StringEquals": {"elasticfilesystem:AccessPointArn": POINT}},
                }
            ]
        ),
        Seen(allowed(FS, POINT, MOUNT, WRITE), added=granted(MOUNT, WRITE)),
    ),
    "allow from somewhere": (
        Policies(
            statements=[
                {
                    "Effect": "Allow",
                    "Action": [MOUNT, WRITE],
                    "Resource": FS,
                    "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-12345678"}},
                }
            ]
        ),
        Seen(added=granted(MOUNT, WRITE)),
    ),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("case", CASES)
def test_the_same_in_every_dialect(case: str, spelling: str) -> None:
    policies, expected = CASES[case]
    write, language = SPELLINGS[spelling]
    source = write(policies)
    assert seen(source, language) == expected
    outcome = opened(source, language).outcome(Choices(unsafe=True), UNDECIDED)
    assert outcome.error is None
    assert [f.finding.status.value for f in outcome.findings if f.finding.rule == "EFS203"] == [expected.status]
    again = opened(outcome.text or "", language)
    assert additions(again.reading.stack, again.plan(Choices(unsafe=True), UNDECIDED).stack).grants == ()


def test_the_condition_keys_stand_in_one_place() -> None:
    known = re.compile("accesspointarn|accessedviamounttarget|aws:securetransport|ClientFullAccess|ecs-tasks", re.I)
    files = {
        str(path.relative_to(ROOT))
        for package in ("migrate", "rules")
        for path in (ROOT / package).rglob("*.py")
        # The examples of a rule's page are whole templates.
        if known.search(path.read_text(encoding="utf-8").partition("\nRULE = ")[0])
    }
    assert files == {"rules/facts/iam.py"}
