"""Policies, permissions boundaries and file-system policies of CDK programs, wherever these give them."""

from __future__ import annotations

import pytest
from programs import ASPECT, aspect, cdk, said

TRUST = 'assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com")'
DENY = 'iam.PolicyStatement(effect=iam.Effect.DENY, actions=["elasticfilesystem:*"], resources=["*"])'
RULES = '{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
DENIED = {
    "policy": f'iam.Policy(self, "P", roles=[td.task_role], statements=[{DENY}])',
    "document": f'iam.Policy(self, "P", roles=[td.task_role], document=iam.PolicyDocument(statements=[{DENY}]))',
    "inline": f'td.task_role.attach_inline_policy(iam.Policy(self, "P", statements=[{DENY}]))',
    "inline, statements later": f'p = iam.Policy(self, "P")\np.add_statements({DENY})\ntd.task_role.attach_inline_policy(p)',
    "attached": f'p = iam.Policy(self, "P", statements=[{DENY}])\np.attach_to_role(td.task_role)',
    "managed": f'td.task_role.add_managed_policy(iam.ManagedPolicy(self, "P", statements=[{DENY}]))',
    "managed, by roles": f'iam.ManagedPolicy(self, "P", roles=[td.task_role], statements=[{DENY}])',
    "principal policy": f"for role in [td.task_role]:\n    role.add_to_principal_policy({DENY})",
    "roles of a loop": f'iam.Policy(self, "P", roles=[r for r in kw["roles"]], statements=[{DENY}])',
    "effect later": 's = iam.PolicyStatement(actions=["elasticfilesystem:*"], resources=["*"])\n'
    "s.effect = iam.Effect.DENY\ntd.add_to_task_role_policy(s)",
    "actions later": "s = iam.PolicyStatement(effect=iam.Effect.DENY)\ns.add_actions('elasticfilesystem:*')\n"
    "td.add_to_task_role_policy(s)",
    "JSON": f"td.add_to_task_role_policy(iam.PolicyStatement.from_json({RULES}))",
    "L1": f'iam.CfnPolicy(self, "P", policy_name="x", roles=[td.task_role.role_name], policy_document={RULES})',
    "helper": f"def restrict(role): role.add_to_policy({DENY})\nrestrict(td.task_role)",
    "override": 'policy = td.task_role.node.find_child("DefaultPolicy").node.default_child\n'
    'policy.add_property_override("PolicyDocument.Statement.0.Effect", "Deny")',
    "another module": "restrict(td.task_role)",
}


@pytest.mark.parametrize("body", DENIED.values(), ids=DENIED)
def test_a_role_that_may_be_denied_something_is_unclear(body: str) -> None:
    status, message = said(cdk(body, imports="from lib import restrict as restrict_"), "cdk")["EFS203"]
    assert status == "unsafe"
    assert "Policies of role Td (task role) deny something or cannot be read" in message


def test_an_aspect_may_deny_too() -> None:
    visit = f"if isinstance(node, iam.Role):\n    node.add_to_policy({DENY})"
    assert said(cdk(ASPECT, classes=aspect(visit)), "cdk")["EFS203"][0] == "unsafe"


def test_a_policy_of_the_role_denies_too() -> None:
    role = f'role = iam.Role(self, "R", {TRUST}, managed_policies=[iam.ManagedPolicy(self, "P", statements=[{DENY}])])'
    assert said(cdk("", before=role, role=", task_role=role"), "cdk")["EFS203"][0] == "unsafe"


@pytest.mark.parametrize(
    ("before", "document", "status"),
    [
        ("", f"iam.PolicyDocument(statements=[{DENY}])", "unsafe"),
        ("document = iam.PolicyDocument()\n" + f"document.add_statements({DENY})\n", "document", "unsafe"),
        ("", "iam.PolicyDocument(statements=[*kw['more']])", "unsafe"),
        ("", "iam.PolicyDocument(statements=[iam.PolicyStatement(actions=['s3:*'])])", "fixable"),
    ],
)
def test_inline_policies_of_the_role(before: str, document: str, status: str) -> None:
    role = f'{before}role = iam.Role(self, "R", {TRUST}, inline_policies={{"more": {document}}})'
    assert said(cdk("", before=role, role=", task_role=role"), "cdk")["EFS203"][0] == status


ALLOWED = {
    "policy": 'iam.Policy(self, "P", roles=[td.task_role], statements=[iam.PolicyStatement(actions=["s3:*"])])',
    "AWS": 'td.task_role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("ReadOnlyAccess"))',
    "something else denied": f"td.add_to_task_role_policy({DENY.replace('elasticfilesystem', 's3')})",
    "actions later": "s = iam.PolicyStatement(resources=['*'])\ns.add_actions('s3:Get*')\ntd.add_to_task_role_policy(s)",
    "a policy of others": f'other = iam.Role(self, "O", {TRUST})\n'
    f'iam.Policy(self, "P", roles=[other], statements=[{DENY}])',
}


@pytest.mark.parametrize("body", ALLOWED.values(), ids=ALLOWED)
def test_a_role_that_is_denied_nothing_is_clear(body: str) -> None:
    assert said(cdk(body), "cdk")["EFS203"][0] == "fixable"


def test_a_policy_that_names_the_role_allows_it() -> None:
    allowed = 'iam.PolicyStatement(actions=["elasticfilesystem:Client*"], resources=["*"])'
    policy = f'iam.Policy(self, "P", roles=[td.task_role], statements=[{allowed}])'
    assert "(role Td (task role) is allowed to mount)" in said(cdk(policy), "cdk")["EFS203"][1]


# -- permissions boundaries -------------------------------------------------------------------------------------------

BOUNDARY = '"arn:aws:iam::123456789012:policy/boundary"'
LOW_ROLE = "td.task_role.node.default_child"


@pytest.mark.parametrize(
    ("body", "classes"),
    [
        ('iam.PermissionsBoundary.of(self).apply(kw["policy"])', ""),
        (f'{LOW_ROLE}.add_property_override("PermissionsBoundary", {BOUNDARY})', ""),
        (f"{LOW_ROLE}.permissions_boundary = {BOUNDARY}", ""),
        (ASPECT, aspect(f"if isinstance(node, iam.CfnRole):\n    node.permissions_boundary = {BOUNDARY}")),
    ],
    ids=["applied", "overridden", "assigned", "by an aspect"],
)
def test_an_unknown_boundary_has_to_allow_the_mount(body: str, classes: str) -> None:
    status, message = said(cdk(body, classes=classes), "cdk")["EFS203"]
    assert status == "fixable"
    assert "The permissions boundary" in message
    assert "has to allow elasticfilesystem:ClientMount, too." in message


def with_boundary(boundary: str) -> tuple[str, str]:
    role = f'role = iam.Role(self, "R", {TRUST}, permissions_boundary={boundary})'
    return said(cdk("", before=role, role=", task_role=role"), "cdk")["EFS203"]


@pytest.mark.parametrize(
    "boundary",
    [
        'iam.ManagedPolicy(self, "B", statements=[iam.PolicyStatement(actions=["s3:*"], resources=["*"])])',
        f'iam.ManagedPolicy(self, "B", statements=[iam.PolicyStatement(actions=["*"], resources=["*"]), {DENY}])',
        'iam.ManagedPolicy.from_aws_managed_policy_name("ReadOnlyAccess")',
    ],
    ids=["own", "own that denies", "AWS"],
)
def test_a_boundary_that_does_not_allow_the_mount(boundary: str) -> None:
    status, message = with_boundary(boundary)
    assert status == "unsafe"
    assert "of role R does not allow elasticfilesystem:ClientMount" in message


@pytest.mark.parametrize(
    "boundary",
    [
        'iam.ManagedPolicy(self, "B", statements=[iam.PolicyStatement(actions=["*"], resources=["*"])])',
        'iam.ManagedPolicy.from_aws_managed_policy_name("PowerUserAccess")',
    ],
    ids=["own", "AWS"],
)
def test_a_boundary_that_allows_the_mount_is_not_mentioned(boundary: str) -> None:
    status, message = with_boundary(boundary)
    assert status == "fixable"
    assert "boundary" not in message


def test_a_boundary_of_the_whole_app() -> None:
    policy = 'iam.ManagedPolicy.from_aws_managed_policy_name("ReadOnlyAccess")'
    assert said(cdk("", end=f"iam.PermissionsBoundary.of(app).apply({policy})"), "cdk")["EFS203"][0] == "unsafe"


# -- file systems -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        f'fs.node.default_child.add_property_override("FileSystemPolicy", {RULES})',
        f"fs.node.default_child.file_system_policy = {RULES}",
        f"for one in [fs]:\n    one.add_to_resource_policy({DENY})",
        f"def lock(one): one.add_to_resource_policy({DENY})\nlock(fs)",
    ],
    ids=["override", "attribute", "loop", "helper"],
)
def test_a_file_system_policy_counts(body: str) -> None:
    status, message = said(cdk(body), "cdk")["EFS203"]
    assert status == "unsafe"
    assert "The file system has a policy" in message


def test_an_access_point_that_is_changed_is_not_used() -> None:
    point = 'point = fs.add_access_point("Ap", path="/app")\n'
    assert "Ap:" in said(cdk(point), "cdk")["EFS202"][1] or "has access point" in said(cdk(point), "cdk")["EFS202"][1]
    changed = point + 'point.node.default_child.add_property_override("RootDirectory.Path", "/other")'
    assert "create access point" in said(cdk(changed), "cdk")["EFS202"][1]


@pytest.mark.parametrize("of", ["stack", "construct"])
def test_a_boundary_that_a_scope_is_given(of: str) -> None:
    boundary = 'permissions_boundary=cdk.PermissionsBoundary.from_name("b")'
    source = cdk("")
    old, new = (
        ("id, **kw)\n        vpc", f"id, {boundary}, **kw)\n        vpc")
        if of == "stack"
        else ('"S")', f'"S", {boundary})')
    )
    status, message = said(source.replace(old, new), "cdk")["EFS203"]
    assert (status, "has to allow elasticfilesystem:ClientMount" in message) == ("fixable", True)
