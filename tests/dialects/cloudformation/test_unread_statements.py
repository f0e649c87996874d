"""Statements of policies, rules of security groups and properties that cannot be read: they may say anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from network_templates import ADMITS, finding
from network_templates import template as network
from policy_templates import checked, statement, template

ALLOWS_LOGS = "{PolicyName: logs, PolicyDocument: {Statement: [{Effect: Allow, Action: 'logs:*', Resource: '*'}]}}"
UNREAD_STATEMENT = ALLOWS_LOGS.replace("[{Effect", "[!Ref Outside, {Effect")
INCLUDED_STATEMENT = ALLOWS_LOGS.replace("[{Effect", "[{Fn::Transform: {Name: AWS::Include}}, {Effect")
INCLUDED_DOCUMENT = ALLOWS_LOGS.replace("PolicyDocument: {", "PolicyDocument: {Fn::Transform: {Name: AWS::Include}, ")
UNREAD_ACTION = ALLOWS_LOGS.replace("'logs:*'", "!Ref Outside")

DENIES = "{Statement: [{Effect: Deny, Action: 'elasticfilesystem:*', Resource: '*'}]}"


@pytest.mark.parametrize(
    ("policies", "status"),
    [
        (ALLOWS_LOGS, "fixable"),
        (f"{ALLOWS_LOGS}, !If [A, {ALLOWS_LOGS}, !Ref 'AWS::NoValue']", "fixable"),
        (f"{ALLOWS_LOGS}, !Ref Outside", "unsafe"),
        (f"{ALLOWS_LOGS}, {{Fn::Transform: {{Name: AWS::Include}}}}", "unsafe"),
        (UNREAD_STATEMENT, "unsafe"),
        (INCLUDED_STATEMENT, "unsafe"),
        (INCLUDED_DOCUMENT, "unsafe"),
        (UNREAD_ACTION, "unsafe"),
    ],
)
def test_policies_of_the_task_role(policies: str, status: str, tmp_path: Path) -> None:
    assert checked(template(role_policies=policies), tmp_path)["EFS203"]["status"] == status


def test_properties_of_the_task_role_that_a_macro_adds(tmp_path: Path) -> None:
    body = template(role_policies=ALLOWS_LOGS)
    included = body.replace(
        "      AssumeRolePolicyDocument", "      Fn::Transform: {Name: AWS::Include}\n      AssumeRolePolicyDocument"
    )
    found = checked(included, tmp_path)["EFS203"]
    assert found["status"] == "unsafe"
    assert "cannot be read" in str(found["caveat"])


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ("!Split [',', !Join [',', [!Ref TaskRole, other]]]", "unsafe"),
        ("[!Select [0, [!Ref TaskRole, other]]]", "unsafe"),
        ("[!Ref TaskRole]", "unsafe"),
        ("[!Ref Outside]", "fixable"),
        ("[!ImportValue role]", "fixable"),
    ],
)
def test_a_deny_for_roles_that_an_expression_names(roles: str, status: str, tmp_path: Path) -> None:
    denied = f"  Deny:\n    Type: AWS::IAM::Policy\n    Properties: {{PolicyName: x, Roles: {roles}, PolicyDocument: {DENIES}}}\n"
    assert checked(template(role_policies=ALLOWS_LOGS, more=denied), tmp_path)["EFS203"]["status"] == status


def test_an_allowance_of_the_file_system_that_cannot_be_read(tmp_path: Path) -> None:
    certain = checked(template(policy=statement("Allow", "ClientMount", "ClientWrite")), tmp_path)
    assert certain["EFS203"]["status"] == "fixable"
    policy = (
        "{Statement: [{Effect: Allow, Principal: {AWS: '*'}, Action: [elasticfilesystem:ClientMount, !Ref Outside]}]}"
    )
    found = checked(template(policy=policy), tmp_path)["EFS203"]
    assert found["status"] == "unsafe"
    assert "allows something that cannot be read here" in str(found["caveat"])


def test_a_policy_that_a_macro_may_add(tmp_path: Path) -> None:
    body = template(volume="TransitEncryption: ENABLED, AuthorizationConfig: {IAM: ENABLED}")
    assert "has no policy" in str(checked(body, tmp_path)["EFS408"]["message"])
    included = body.replace("{Encrypted: true", "{Fn::Transform: {Name: AWS::Include}, Encrypted: true")
    assert "may have no policy" in str(checked(included, tmp_path)["EFS408"]["message"])


# -- security groups ----------------------------------------------------------------------------------------------------


def closed(body: str, folder: Path) -> bool:
    """Whether it is said that the way to the file system is closed."""
    start, end = body.index("          DockerVolume"), body.index("  Runner:\n")
    migrated = body[:start] + "          EFSVolumeConfiguration: {FilesystemId: !Ref Fs}\n" + body[end:]
    return finding(migrated, folder, "EFS404") is not None


def separate(group: str) -> str:
    rule = ADMITS.removeprefix("{")
    return f"  Admit:\n    Type: AWS::EC2::SecurityGroupIngress\n    Properties: {{GroupId: {group}, {rule}\n"


def test_a_group_that_admits_nobody(tmp_path: Path) -> None:
    assert closed(network(), tmp_path)
    assert closed(network(more=separate("!Ref Others")), tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        network(ingress="!Ref Cidr"),
        network(ingress="[!Ref Cidr]"),
        network(ingress="[{Fn::Transform: {Name: AWS::Include}}]"),
        network(ingress="!If [Flagged, !Ref Cidr, []]"),
        network(more=separate("!Select [0, [!Ref Servers, !Ref Others]]")),
        network(more=separate("!If [Flagged, !Ref Servers, !Ref Others]")),
        network(servers="[!Ref Servers, !Ref Group]"),
        network(servers="[!If [Flagged, !Ref Servers, !Ref Group]]"),
        network(clients="[!Ref Clients, !If [Flagged, !Ref Group, !Ref 'AWS::NoValue']]"),
        network().replace("GroupDescription: Mount targets", "'Fn::Transform': {Name: AWS::Include}"),
        network().replace("SecurityGroups: [!Ref Servers]", "'Fn::Transform': {Name: AWS::Include}"),
    ],
)
def test_a_group_that_may_admit_anybody(body: str, tmp_path: Path) -> None:
    assert not closed(body, tmp_path)
