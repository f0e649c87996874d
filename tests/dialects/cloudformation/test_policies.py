"""Who may do what on a file system: policy documents, the expressions that name one thing, and what rules make of both.

The byte-for-byte cases are in `samples/cloudformation-file-system-policy*`, `…-role-*` and their like.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from policy_templates import ARN, checked, on_instances, statement, template
from support import efs_migrate

from migrate.dialects.cloudformation.language.intrinsics import value
from migrate.dialects.cloudformation.language.references import Identities, ref
from migrate.dialects.cloudformation.resources.policies import file_system_policy, statements
from migrate.files.language import YAML
from migrate.syntax import parse, resolve
from migrate.syntax.node import Mapping, Node
from rules.model import ANY, CLIENT_ACTIONS, Allowance, FileSystemPolicy, Text

MOUNT, WRITE, ROOT = CLIENT_ACTIONS
IDENTITIES = Identities(
    {
        "Fs": "AWS::EFS::FileSystem",
        "Ap": "AWS::EFS::AccessPoint",
        "Custom": "Custom::FileSystem",
        "Role": "AWS::IAM::Role",
        "Deep": "AWS::IAM::Role",
    },
    {"Role": "/", "Deep": "/service/"},
    {"app": "Role", "deep": "Deep"},
)


def node(text: str) -> Node:
    """The value of `x` in a YAML document."""
    root = resolve(parse(f"x: {text}\n", YAML).roots[0])
    assert isinstance(root, Mapping)
    return root.entries[-1].value


# -- one name for a thing ---------------------------------------------------------------------------------------------

ROLE_ARN = "arn:aws:iam::${AWS::AccountId}:role"


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("!GetAtt Fs.FileSystemId", "!Ref Fs"),
        ("!Sub '${Fs.FileSystemId}'", "!Ref Fs"),
        ("!Sub '/mnt/${Fs.FileSystemId}/x'", "!Sub '/mnt/${Fs}/x'"),
        ("!GetAtt Ap.AccessPointId", "!Ref Ap"),
    ],
)
def test_ids(written: str, same: str) -> None:
    assert IDENTITIES.value(node(written)) == value(node(same)) != value(node(written))


@pytest.mark.parametrize(
    "written",
    ["!GetAtt Custom.FileSystemId", "!GetAtt Fs.Arn", "!GetAtt Fs.AccessPointId", "!GetAtt Gone.FileSystemId"],
)
def test_other_attributes_are_no_ids(written: str) -> None:
    assert IDENTITIES.value(node(written)) == value(node(written))


@pytest.mark.parametrize(
    ("written", "same"),
    [
        (f"!Sub {ARN}:file-system/${{Fs}}", "!GetAtt Fs.Arn"),
        (f"!Sub {ARN}:file-system/${{Fs.FileSystemId}}", "!GetAtt Fs.Arn"),
        (f"!Sub {ARN}:access-point/${{Ap}}", "!GetAtt Ap.Arn"),
        (f"!Sub {ARN}:file-system/*", "'*'"),
        ("arn:aws:elasticfilesystem:*:*:*", "'*'"),
        # What is not surely the same stays what it is.
        (f"!Sub {ARN}:access-point/${{Fs}}", f"!Sub {ARN}:access-point/${{Fs}}"),
        (f"!Sub {ARN}:file-system/${{Fs}}/x", f"!Sub {ARN}:file-system/${{Fs}}/x"),
        ("arn:aws:elasticfilesystem:eu-west-1:*:file-system/*", "arn:aws:elasticfilesystem:eu-west-1:*:file-system/*"),
        ("arn:aws:s3:*:*:*", "arn:aws:s3:*:*:*"),
    ],
)
def test_arns(written: str, same: str) -> None:
    assert IDENTITIES.arn(value(node(written))) == value(node(same))


@pytest.mark.parametrize(
    ("written", "role"),
    [
        (f"!Sub {ROLE_ARN}/${{Role}}", "Role"),
        (f"!Sub {ROLE_ARN}/app", "Role"),
        ("arn:aws:iam::123456789012:role/app", "Role"),
        ("app", "Role"),
        ("!Join ['', ['arn:aws:iam::', !Ref AWS::AccountId, ':role/', !Ref Role]]", "Role"),
        (f"!Sub {ROLE_ARN}/service/${{Deep}}", "Deep"),
        (f"!Sub {ROLE_ARN}/service/deep", "Deep"),
        # The path belongs to the ARN, and another account has roles of its own.
        (f"!Sub {ROLE_ARN}/${{Deep}}", None),
        (f"!Sub {ROLE_ARN}/service/app", None),
        ("!Sub arn:aws:iam::${Account}:role/app", None),
        (f"!Sub {ROLE_ARN}/other", None),
        ("other", None),
        ("!Ref Parameter", None),
    ],
)
def test_roles(written: str, role: str | None) -> None:
    expected = ref(role, "Arn") if role else value(node(written))
    assert IDENTITIES.role(value(node(written))) == expected


# -- statements -------------------------------------------------------------------------------------------------------


def policy(*statements: str) -> FileSystemPolicy | None:
    return file_system_policy(node("{Statement: [" + ", ".join(statements) + "]}"), IDENTITIES)


ANYONE = "Principal: {AWS: '*'}"
HARMLESS = [
    "Condition: {Bool: {aws:SecureTransport: 'false'}}, Action: '*'",
    "Condition: {Bool: {aws:SecureTransport: [false]}}, Action: elasticfilesystem:Client*",
    "Condition: {BoolIfExists: {AWS:SecureTransport: false}}, Action: '*'",
    "Condition: {Bool: {elasticfilesystem:AccessedViaMountTarget: 'false'}}, Action: '*'",
    "Condition: {Bool: {elasticfilesystem:AccessedViaMountTarget: 'true', aws:SecureTransport: 'false'}}, Action: '*'",
    "Condition: {StringEquals: {aws:SourceVpc: v}, Bool: {aws:SecureTransport: 'false'}}, Action: '*'",
    "Condition: {Bool: {aws:SecureTransport: 'false'}, StringEquals: {aws:SourceVpc: v}}, Action: '*'",
    "Action: elasticfilesystem:DeleteFileSystem",
    "Action: [elasticfilesystem:Delete*, elasticfilesystem:Put*]",
    "NotAction: elasticfilesystem:Client*",
]
HARMFUL = [
    "Action: elasticfilesystem:ClientRootAccess",
    "Action: ELASTICFILESYSTEM:client*",
    "Action: !Ref Actions",
    "NotAction: elasticfilesystem:ClientMount",
    "NotAction: !Ref Actions",
    "Condition: {Bool: {aws:SecureTransport: 'true'}}, Action: '*'",
    "Condition: {Bool: {aws:SecureTransport: !Ref Secure}}, Action: '*'",
    "Condition: {Bool: {aws:SecureTransport: [true, false]}}, Action: '*'",
    "Condition: {StringNotEquals: {elasticfilesystem:AccessPointArn: !GetAtt Ap.Arn}}, Action: '*'",
    "Condition: {StringNotEquals: {aws:SourceVpc: v}}, Action: '*'",
    "Condition: !If [Strict, {Bool: {aws:SecureTransport: 'false'}}, !Ref AWS::NoValue], Action: '*'",
]


@pytest.mark.parametrize("denial", HARMLESS)
def test_what_every_mount_of_ecs_passes_is_no_denial(denial: str) -> None:
    assert policy(f"{{Effect: Deny, {ANYONE}, {denial}}}") == FileSystemPolicy()
    (read,) = statements(node(f"{{Statement: {{Effect: Deny, {denial}}}}}"), IDENTITIES)
    assert read is not None
    assert not read.said.may_deny


@pytest.mark.parametrize("denial", HARMFUL)
def test_any_other_denial_may_matter(denial: str) -> None:
    found = policy(f"{{Effect: Deny, {ANYONE}, {denial}}}")
    assert found is not None
    assert found.problem == "denies something"
    (read,) = statements(node(f"{{Statement: {{Effect: Deny, {denial}}}}}"), IDENTITIES)
    assert read is not None
    assert read.said.may_deny


@pytest.mark.parametrize(
    ("statement", "allowance"),
    [
        ("Principal: '*', Action: '*'", Allowance((ANY,), CLIENT_ACTIONS)),
        (f"{ANYONE}, Action: elasticfilesystem:ClientMount", Allowance((ANY,), (MOUNT,))),
        (f"{ANYONE}, NotAction: elasticfilesystem:ClientRootAccess", Allowance((ANY,), (MOUNT, WRITE))),
        (
            f"{ANYONE}, Action: elasticfilesystem:Client*, Condition: {{Bool: {{aws:SecureTransport: true}}}}",
            Allowance((ANY,), CLIENT_ACTIONS),
        ),
        (
            f"{ANYONE}, Action: elasticfilesystem:ClientWrite, "
            "Condition: {StringEquals: {elasticfilesystem:AccessPointArn: [!GetAtt Ap.Arn]}}",
            Allowance((ANY,), (WRITE,), (ref("Ap", "Arn"),)),
        ),
        (
            f"Principal: {{AWS: [!GetAtt Role.Arn, !Sub '{ROLE_ARN}/service/deep']}}, Action: '*'",
            Allowance((ref("Role", "Arn"), ref("Deep", "Arn")), CLIENT_ACTIONS),
        ),
        # An account leaves it to its identity policies, and services do not mount.
        ("Principal: {AWS: !Ref AWS::AccountId}, Action: '*'", None),
        ("Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}, Action: '*'", None),
        ("Principal: {AWS: '123456789012'}, Action: '*'", None),
        ("Principal: {Service: backup.amazonaws.com}, Action: '*'", None),
        (f"{ANYONE}, Action: '*', Condition: {{Bool: {{aws:SecureTransport: 'false'}}}}", None),
    ],
)
def test_allowances(statement: str, allowance: Allowance | None) -> None:
    assert policy(f"{{Effect: Allow, {statement}}}") == FileSystemPolicy((allowance,) if allowance else ())


@pytest.mark.parametrize(
    "written",
    [
        "!Ref Policy",
        "{Fn::Transform: {Name: AWS::Include}}",
        "!If [Strict, {Statement: []}, !Ref AWS::NoValue]",
        "text",
        "{}",
        "{Statement: !Ref Statements}",
        "{Statement: [!Ref Statement]}",
        f"{{Statement: [!If [Strict, {{Effect: Allow, {ANYONE}, Action: '*'}}, !Ref AWS::NoValue]]}}",
        f"{{Statement: [{{Effect: !Ref Effect, {ANYONE}, Action: '*'}}]}}",
        "{Statement: [{Effect: Allow, NotPrincipal: {AWS: '*'}, Action: '*'}]}",
        "{Statement: [{Effect: Allow, Principal: {AWS: !Ref Whoever}, Action: '*'}]}",
        "{Statement: [{Effect: Allow, Principal: {AWS: !If [Open, '*', !GetAtt Role.Arn]}, Action: '*'}]}",
        "{Statement: [{Effect: Allow, Action: '*'}]}",
        f"{{Statement: [{{Effect: Allow, {ANYONE}, Action: '*', Condition: {{StringEquals: {{aws:SourceVpc: v}}}}}}]}}",
        f"{{Statement: [{{Effect: Allow, {ANYONE}, Action: '*', Condition: "
        "{StringLike: {elasticfilesystem:AccessPointArn: 'arn:aws:*'}}}]}",
    ],
)
def test_what_cannot_be_read_is_a_problem(written: str) -> None:
    found = file_system_policy(node(written), IDENTITIES)
    assert found is not None
    assert found.problem
    assert not found.admits_anyone


def test_no_policy() -> None:
    assert file_system_policy(None, IDENTITIES) is None
    assert file_system_policy(node("!Ref AWS::NoValue"), IDENTITIES) is None


def test_who_is_admitted() -> None:
    """CDK's `grantRead` and its like leave a policy that lets nobody mount who does not say who it is."""
    cdk = policy(f"{{Effect: Allow, {ANYONE}, Action: [elasticfilesystem:ClientWrite, {ROOT}]}}")
    assert cdk is not None
    assert not cdk.admits_anyone
    assert cdk.allows([ANY], ROOT, None)
    assert not cdk.allows([Text.of("x")], ROOT, None)


# -- what rules make of it --------------------------------------------------------------------------------------------


def applied(body: str, folder: Path, *options: str) -> str:
    path = folder / "template.yaml"
    path.write_text(body, encoding="utf-8")
    assert efs_migrate("apply", *options, path).status in (0, 1)
    return path.read_text(encoding="utf-8")


def granted(body: str) -> list[str]:
    """The actions of clients that a template names in policies of roles."""
    policies = body.partition("  TaskRole:")[2]
    return [action.partition(":")[2] for action in CLIENT_ACTIONS if action in policies]


def test_everything_that_everyone_could_do(tmp_path: Path) -> None:
    body = template(policy=statement("Allow", "ClientMount", "ClientWrite", "ClientRootAccess"), user="root")
    found = checked(body, tmp_path)
    assert found["EFS203"]["status"] == "fixable"
    assert "ClientRootAccess is part" in str(found["EFS203"]["caveat"])
    assert "EFS407" not in found
    assert granted(applied(body, tmp_path)) == ["ClientMount", "ClientWrite", "ClientRootAccess"]


def test_nothing_that_nobody_could_do(tmp_path: Path) -> None:
    body = template(policy=statement("Allow", "ClientMount", "ClientRootAccess"))
    found = checked(body, tmp_path)
    assert found["EFS203"]["status"] == "fixable"
    assert "ClientWrite is not part" in str(found["EFS203"]["caveat"])
    assert granted(applied(body, tmp_path)) == ["ClientMount", "ClientRootAccess"]


def test_nobody_could_mount(tmp_path: Path) -> None:
    """As CDK has it: who could not mount had nothing, and gets what the mount needs."""
    body = template(policy=statement("Allow", "ClientWrite", "ClientRootAccess"), user="root")
    found = checked(body, tmp_path)
    assert found["EFS203"]["status"] == "fixable"
    assert found["EFS203"]["message"].startswith("${FileSystem} has a policy")  # type: ignore[union-attr]  # it has one
    assert not {"EFS407", "EFS408"} & found.keys(), "everyone who may mount may act as root, and nobody is anonymous"
    assert granted(applied(body, tmp_path)) == ["ClientMount", "ClientWrite"]


def test_a_policy_for_the_role_is_enough(tmp_path: Path) -> None:
    principal = "{AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:role/${TaskRole}'}"
    body = template(policy=statement("Allow", "ClientMount", "ClientWrite", principal=principal))
    after = applied(body, tmp_path)
    assert "IAM: ENABLED" in after
    assert granted(after) == []


@pytest.mark.parametrize("through", [True, False])
def test_what_only_an_access_point_gave(through: bool, tmp_path: Path) -> None:
    scope = ", Condition: {StringEquals: {elasticfilesystem:AccessPointArn: !GetAtt Old.Arn}}"
    policy = statement("Allow", "ClientMount", "ClientWrite").replace(
        "]}", "]}, " + statement("Allow", "ClientRootAccess", more=scope)[len("{Statement: [") :], 1
    )
    point = "  Old:\n    Type: AWS::EFS::AccessPoint\n    Properties: {FileSystemId: !Ref FileSystem}\n"
    volume = "TransitEncryption: ENABLED, AuthorizationConfig: {AccessPointId: !Ref Old}" if through else None
    body = template(policy=policy[:-2], more=point, **({"volume": volume} if volume else {}))
    caveat = checked(body, tmp_path)["EFS203"]["caveat"]
    assert ("ClientRootAccess is part" in str(caveat)) is through


def test_a_role_from_outside_is_told_of_root_access(tmp_path: Path) -> None:
    body = template(policy=statement("Allow", "ClientMount", "ClientRootAccess"), role="!Ref Outside")
    found = checked(body, tmp_path)["EFS203"]
    assert found["status"] == "fixable"
    assert '"Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientRootAccess"]' in str(found["caveat"])


@pytest.mark.parametrize("role", ["!GetAtt TaskRole.Arn", "!Ref Outside"])
def test_a_policy_that_denies(role: str, tmp_path: Path) -> None:
    found = checked(template(policy=statement("Deny", "ClientMount"), role=role), tmp_path)
    assert found["EFS203"]["status"] == "unsafe"
    assert "denies something" in str(found["EFS203"]["caveat"])


POLICY = "{PolicyName: p, PolicyDocument: {Statement: [{Effect: %s, Action: %s, Resource: '%s'}]}}"


@pytest.mark.parametrize(
    ("written", "status"),
    [
        (POLICY % ("Deny", "s3:*", "*"), "fixable"),
        (POLICY % ("Deny", "elasticfilesystem:*", "*"), "unsafe"),
        (POLICY % ("!Ref Outside", "'*'", "*"), "unsafe"),
        ("!Ref Outside", "unsafe"),
    ],
)
def test_a_role_that_is_denied(written: str, status: str, tmp_path: Path) -> None:
    assert checked(template(role_policies=written), tmp_path)["EFS203"]["status"] == status


ATTACHED = """\
  Extra:
    Type: AWS::IAM::%s
    Properties:
      %s
      PolicyName: p
      PolicyDocument:
        Statement: [{Effect: %s, Action: 'elasticfilesystem:Client*', Resource: !GetAtt FileSystem.Arn}]
"""


@pytest.mark.parametrize(
    ("kind", "attached"),
    [
        ("Policy", "Roles: [!Ref TaskRole]"),
        ("ManagedPolicy", "Roles: [!Ref TaskRole]"),
        ("RolePolicy", "RoleName: !Ref TaskRole"),
    ],
)
def test_policies_that_are_resources(kind: str, attached: str, tmp_path: Path) -> None:
    body = template(more=ATTACHED % (kind, attached, "Allow"))
    assert "AccessPointArn" not in applied(body, tmp_path), "the role is allowed everything already"
    assert checked(template(more=ATTACHED % (kind, attached, "Deny")), tmp_path)["EFS203"]["status"] == "unsafe"


def test_a_managed_policy_that_the_role_names(tmp_path: Path) -> None:
    more = ATTACHED % ("ManagedPolicy", "Path: /", "Allow")
    named = template(more=more).replace("      Policies: []", "      ManagedPolicyArns: [!Ref Extra]")
    assert "AccessPointArn" not in applied(named, tmp_path)
    assert "AccessPointArn" in applied(template(more=more), tmp_path)


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("AmazonElasticFileSystemClientFullAccess", False),
        ("AmazonElasticFileSystemClientReadWriteAccess", False),
        ("AmazonElasticFileSystemClientReadOnlyAccess", True),
        ("AmazonElasticFileSystemFullAccess", True),
        ("ReadOnlyAccess", True),
        ("AdministratorAccess", False),
    ],
)
@pytest.mark.parametrize("arn", ["arn:aws:iam::aws:policy/%s", "!Sub 'arn:${AWS::Partition}:iam::aws:policy/%s'"])
def test_policies_of_aws(name: str, arn: str, lacks: bool, tmp_path: Path) -> None:
    body = template().replace("      Policies: []", f"      ManagedPolicyArns: [{arn % name}]")
    assert ("elasticfilesystem:ClientWrite" in applied(body, tmp_path)) is lacks


def test_nothing_is_said_of_a_grant_that_is_there(tmp_path: Path) -> None:
    more = ATTACHED % ("Policy", "Roles: [!Ref TaskRole]", "Allow")
    body = template(policy=statement("Allow", "ClientMount", "ClientWrite", "ClientRootAccess"), more=more)
    found = checked(body, tmp_path)["EFS203"]
    assert (found["status"], found["caveat"]) == ("fixable", None)


ALLOW_ALL = POLICY % ("Allow", "elasticfilesystem:Client*", "*")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(template(role_policies=f"!If [A, {ALLOW_ALL}, !Ref AWS::NoValue]"), id="a policy"),
        pytest.param(
            template(role_policies=ALLOW_ALL.replace("[{", "[!If [A, {").replace("}]}}", "}, !Ref AWS::NoValue]]}}")),
            id="a statement",
        ),
        pytest.param(
            template(
                more=(ATTACHED % ("Policy", "Roles: [!Ref TaskRole]", "Allow")).replace(
                    "    Properties", "    Condition: A\n    Properties"
                )
            ),
            id="a policy that is a resource",
        ),
        pytest.param(
            template().replace(
                "      Policies: []",
                "      ManagedPolicyArns: [!If [A, 'arn:aws:iam::aws:policy/AdministratorAccess', !Ref AWS::NoValue]]",
            ),
            id="a policy of AWS",
        ),
    ],
)
def test_what_is_allowed_under_a_condition_is_not_enough(body: str, tmp_path: Path) -> None:
    found = checked(body, tmp_path)["EFS203"]
    assert found["status"] == "fixable"
    assert "allow role TaskRole" in str(found["message"])
    assert "AccessPointArn" in applied(body, tmp_path)


def test_a_name_that_somebody_else_may_have(tmp_path: Path) -> None:
    """Where the role's condition does not hold, the name is another role's."""
    role = "!Sub 'arn:aws:iam::${AWS::AccountId}:role/app'"
    named = template(role=role).replace("      Policies: []", "      RoleName: app")
    assert "AccessPointArn" in applied(named, tmp_path)
    conditional = named.replace("Type: AWS::IAM::Role", "Type: AWS::IAM::Role\n    Condition: A")
    assert "attach to role app this statement" in str(checked(conditional, tmp_path)["EFS203"]["caveat"])


SECOND = """\
  Second:
    Type: AWS::IAM::Role
    Condition: %s
    Properties: {AssumeRolePolicyDocument: {}}
"""


def test_a_role_that_may_be_left_out(tmp_path: Path) -> None:
    for other in ("!Ref AWS::NoValue", "''"):
        found = checked(template(role=f"!If [A, !GetAtt TaskRole.Arn, {other}]"), tmp_path)["EFS203"]
        assert found["status"] == "refused"


def test_every_arm_is_granted(tmp_path: Path) -> None:
    role = "!If [A, !GetAtt Second.Arn, !If [B, !GetAtt TaskRole.Arn, !Ref Outside]]"
    body = template(role=role, more=SECOND % "A")
    found = checked(body, tmp_path)["EFS203"]
    assert found["status"] == "fixable"
    assert "TaskRole" in str(found["message"])
    assert "Second" in str(found["message"])
    assert "attach to role ${Outside} this statement" in str(found["caveat"])
    after = applied(body, tmp_path)
    assert after.count("elasticfilesystem:AccessPointArn") == 2
    assert role in after


def test_conditions_that_no_policy_can_meet(tmp_path: Path) -> None:
    body = template(role="!GetAtt Second.Arn", more=SECOND % "A").replace(
        "    Type: AWS::EFS::FileSystem\n", "    Type: AWS::EFS::FileSystem\n    Condition: B\n"
    )
    found = checked(body, tmp_path)["EFS203"]
    assert found["status"] == "refused"
    assert "Second" in str(found["message"])


@pytest.mark.parametrize("profile", ["!Ref Profile", "!GetAtt Profile.Arn"])
def test_the_instances_role_had_root_access(profile: str, tmp_path: Path) -> None:
    body = on_instances(profile, "elasticfilesystem:*")
    found = checked(body, tmp_path, "--unsafe")["EFS203"]
    assert found["status"] == "fixable"
    assert "act as root" in str(found["caveat"])
    assert granted(applied(body, tmp_path, "--unsafe").partition("  Instances:")[0])[-1] == "ClientRootAccess"


def test_the_instances_role_had_no_root_access(tmp_path: Path) -> None:
    body = on_instances("!Ref Profile", MOUNT)
    found = checked(body, tmp_path, "--unsafe")["EFS203"]
    assert (found["status"], found["caveat"]) == ("fixable", None)
    after = applied(body, tmp_path, "--unsafe").partition("  Instances:")[0]
    assert granted(after) == ["ClientMount", "ClientWrite"], "without a file-system policy everyone may write"


def test_a_file_system_policy_for_the_instances_role(tmp_path: Path) -> None:
    """What it gave the instances' role alone, the task's role gets."""
    policy = statement("Allow", "ClientMount", "ClientRootAccess", principal="{AWS: !GetAtt InstanceRole.Arn}")
    body = on_instances("!Ref Profile", "s3:GetObject", policy)
    assert checked(body, tmp_path, "--unsafe")["EFS203"]["status"] == "fixable"
    after = applied(body, tmp_path, "--unsafe").partition("  Instances:")[0]
    assert granted(after) == ["ClientMount", "ClientRootAccess"]


@pytest.mark.parametrize(
    ("profile", "effect", "policy", "status"),
    [
        ("!Ref Outside", "Allow", "", "fixable"),
        ("!Ref Outside", "Allow", statement("Allow", "ClientMount"), "unsafe"),
        ("!Ref Profile", "Deny", "", "unsafe"),
        ("!Ref Profile", "Allow", statement("Deny", "ClientMount"), "unsafe"),
    ],
)
def test_it_is_not_known_what_the_instances_could_do(
    profile: str, effect: str, policy: str, status: str, tmp_path: Path
) -> None:
    found = checked(on_instances(profile, "'*'", policy, effect), tmp_path, "--unsafe")["EFS203"]
    assert found["status"] == status
    assert found["caveat"]


def test_a_profile_of_one_of_two_roles(tmp_path: Path) -> None:
    body = on_instances("!Ref Profile", "elasticfilesystem:*").replace(
        "Roles: [!Ref InstanceRole]", "Roles: [!If [A, !Ref InstanceRole, !Ref TaskRole]]"
    )
    assert "the instance's own role" in str(checked(body, tmp_path, "--unsafe")["EFS203"]["caveat"])


# -- configuration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ('{id: "${FileSystem.FileSystemId}", mounts: {/mnt/efs: /}}', "EFS101"),
        ('{id: "${FileSystem}", mounts: {/mnt/efs: /}, access-points: {/data: "${Old.AccessPointId}"}}', "EFS202"),
    ],
)
def test_a_configured_id_in_another_form_is_refused(config: str, rule: str, tmp_path: Path) -> None:
    """What is written must read as it was planned."""
    point = "  Old:\n    Type: AWS::EFS::AccessPoint\n    Properties: {FileSystemId: !Ref FileSystem}\n"
    body = on_instances("!Ref Profile", "'*'").replace("mount -t efs", "true") + point
    (tmp_path / ".efs-migrate.yaml").write_text(f"file-systems: [{config}]\n")
    found = checked(body, tmp_path)[rule]
    assert found["status"] == "refused"
    assert "in this template: configure it so" in str(found["message"])
