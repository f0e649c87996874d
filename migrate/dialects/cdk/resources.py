"""Reads the resources that a CDK program creates around its task definitions: file systems, access points, roles and
their permissions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from migrate.dialects.cdk.api import CLOSED, EFS, IAM, TASK_DEFINITIONS
from migrate.dialects.cdk.aspects import PARTS
from migrate.dialects.cdk.overrides import POINT, Overrides
from migrate.dialects.cdk.policies import Policies
from migrate.dialects.cdk.program import (
    Construct,
    Program,
    TaskSource,
    is_access_point,
    is_file_system,
    scope_of,
    source_of,
)
from migrate.dialects.common.python.values import called
from migrate.dialects.common.values import child, mapping, truth
from migrate.dialects.common.volumes.volumes import rest_but
from migrate.syntax.data.plain import squeezed
from migrate.syntax.node import Mapping
from migrate.syntax.python.names import Place
from rules.facts.paths import normalise
from rules.model import AccessPoint, Directory, FileSystem, FileSystemPolicy, Key, Opaque, Ref, Role, Stack, Text, Value


def added(program: Program, stack: Stack, spans: dict[Key, int], tasks: Sequence[TaskSource], late: Overrides) -> Stack:
    """The stack with the program's resources added; their offsets are added to `spans`."""
    roles: dict[Key, Role] = {}
    for task in tasks:
        if task.role is not None:
            roles.setdefault(task.role.key, task.role)
            spans.setdefault(task.role.key, spans[task.key])
    policies = Policies(program, tasks, late)
    policies.read()
    for key in policies.unclear & roles.keys():
        roles[key] = replace(roles[key], unclear=True)
    for key in (policies.unclear | policies.open) & roles.keys():
        roles[key] = replace(roles[key], open=True)
    for key in policies.boundaries.keys() & roles.keys():
        roles[key] = replace(roles[key], boundary=policies.boundaries[key])
    systems = [_file_system(program, made, policies) for made in program.constructs.values() if is_file_system(made)]
    points = [_access_point(program, made) for made in program.constructs.values() if is_access_point(made)]
    changed = {made for made, _ in points if any(True for _ in late.of(made, POINT))}
    points = [(made, replace(p, path=None, user=("?",)) if made in changed else p) for made, p in points]
    keys = [(made, found.key) for made, found in systems] + [(made, found.key) for made, found in points]
    for made, key in keys:
        spans.setdefault(key, program.document.positions.span(made.call)[0])
    permissions = {p for p in policies.permissions if p.role in roles}
    return replace(
        stack,
        file_systems=tuple(found for _, found in systems),
        access_points=tuple(found for _, found in points),
        roles=tuple(roles.values()),
        permissions=frozenset(permissions),
        names=frozenset(_names(program)),
    )


def _names(program: Program) -> Iterator[str]:
    """The ids of constructs, and the ids that names of variables would be, so that a new access point repeats none
    of them."""
    ids = [made.id for made in program.constructs.values() if made.id]
    yield from ids
    lower = 2 * sum(name[:1].islower() for name in ids) > len(ids)
    for name in program.taken():
        plain = name.replace("_", "")
        yield plain.lower() if lower else plain.capitalize()


def _file_system(program: Program, made: Construct, policies: Policies) -> tuple[Construct, FileSystem]:
    """The file system that a construct creates, with its policy if the program gives it one."""
    key = Key("file system", scope_of(made.place), (program.id_of(made).source,))
    arguments = program.document.arguments(made.call, made.place)
    given = child(arguments, "file_system_policy") if isinstance(arguments, Mapping) else None
    problem = None
    if given is not None:
        problem = "is not read here"
    elif (method := policies.file_system_policies.get(made)) is not None:
        problem = method
    policy = FileSystemPolicy(problem=problem) if problem else None
    anonymous = child(arguments, "allow_anonymous_access") if isinstance(arguments, Mapping) else None
    if policy is None and anonymous is not None and truth(anonymous) is False:
        policy = CLOSED
    handed = bool(policies.late.escapes.uses(made.call, PARTS).escapes)
    settled = not handed and (anonymous is not None or made.kind == f"{EFS}.CfnFileSystem" or program.is_v1)
    return made, FileSystem(
        key, program.id_of(made), program.arn_of(made), condition=None, policy=policy, settled=settled, name=made.name
    )


def _access_point(program: Program, made: Construct) -> tuple[Construct, AccessPoint]:
    """The access point that an L1 or L2 construct creates."""
    arguments = program.document.arguments(made.call, made.place)
    node = arguments if isinstance(arguments, Mapping) else None
    key = Key("access point", scope_of(made.place), (program.point_name(made),))
    if made.kind == f"{EFS}.CfnAccessPoint":
        system = program.value(child(node, "file_system_id"))
        root = mapping(child(node, "root_directory"))
        written, acl = child(root, "path"), mapping(child(root, "creation_info"))
        unread = child(node, "root_directory") is not None and root is None
        own: tuple[str, ...] = ("file_system_id", "root_directory", "posix_user")
    else:
        system = _system_of_point(program, made)
        written, acl = child(node, "path"), mapping(child(node, "create_acl"))
        unread = False
        own = ("file_system", "path", "create_acl", "posix_user")
    path = program.value(written) or (None if unread else Text.of("/"))
    directory: Directory | None = (normalise(path.coded) or "/") if isinstance(path, Text) else path
    creation: tuple[str, str, str] | None = None
    if acl is not None:
        owner, group, mode = (child(acl, name) for name in ("owner_uid", "owner_gid", "permissions"))
        creation = (source_of(program, owner), source_of(program, group), source_of(program, mode))
    user: tuple[str, ...] | None = None
    if (enforced := child(node, "posix_user")) is not None:
        inside = mapping(enforced)
        user = ("?",) if inside is None else tuple(source_of(program, e.value) for e in inside.entries)
    body = program.document.text
    return made, AccessPoint(
        key,
        program.id_of(made),
        program.arn_of(made),
        file_system=system,
        path=directory,
        creation=creation,
        user=user,
        rest=rest_but(node, own, body, plain=squeezed) if node is not None else (),
    )


def _system_of_point(program: Program, made: Construct) -> Value | None:
    """The id of the file system of an L2 access point, if it is known."""
    on: ast.expr | None = None
    if called(made.call) == "add_access_point":
        on = made.call.func.value if isinstance(made.call.func, ast.Attribute) else None
    else:
        on = next((keyword.value for keyword in made.call.keywords if keyword.arg == "file_system"), None)
    return system_id(program, on, made.place) if on is not None else None


def system_id(program: Program, expression: ast.expr, place: Place) -> Value | None:
    """The id of the file system that an expression stands for as an object, if it is known."""
    return program.of(ast.Attribute(expression, "file_system_id", ast.Load()), place)


# -- roles ------------------------------------------------------------------------------------------------------------


def role_given(task: TaskSource) -> ast.expr | None:
    """The expression that gives a task definition its role, or None."""
    if task.construct is None or task.part is not None:
        return task.role_given
    names = ("task_role", "task_role_arn", "job_role")
    return next((k.value for k in task.construct.call.keywords if k.arg in names), None)


def role_of(program: Program, task: TaskSource) -> Value | None:
    """The task role of a task definition, or None. L2 constructs create a role if they are given none; a role to
    which the program can add policies is stored in `task.role`."""
    if task.late_role is not None:
        expression, place = task.late_role
        return program.value(program.document.node(expression, place)) or Opaque(ast.unparse(expression))
    given = role_given(task)
    if task.construct is not None:
        low = ".Cfn" in task.kind
        # L1 constructs and definitions of AWS Batch create no role.
        if given is None and task.kind not in TASK_DEFINITIONS:
            return None
        base = (
            given.value
            if low and isinstance(given, ast.Attribute) and given.attr in ("role_arn", "attr_arn")
            else given
        )
        if base is not None:
            made = program.construct(base, task.construct.place)
            if made is not None and made.kind == f"{IAM}.Role":
                scope = f"{scope_of(made.place)}.{program.named(made)}"
                ref = Text((Ref(f"{{{scope}}}"),))
                task.role = Role(Key("role", scope, (made.name,)), (ref,))
                task.role_construct = made
                return ref
        if given is not None:
            found = program.value(program.document.node(given, task.construct.place))
            return found if found is not None else Opaque(ast.unparse(given))
    # Task definitions in different stacks may have the same name.
    owner = ".".join(map(str, task.key.parts[1:]))
    ref = Text((Ref(f"{{{owner}.task_role}}"),))
    task.role = Role(Key("role", owner, (f"{task.name} (task role)",)), (ref,))
    return ref
