"""What a CDK program creates around its task definitions: file systems, access points, roles and what these are allowed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cached_property

from migrate.dialects.cdk_program import EFS, IAM, TASK_DEFINITIONS, Construct, Program, TaskSource, called, scope_of
from migrate.dialects.reading import Reading, key_text
from migrate.dialects.shape import rest_but
from migrate.dialects.values import child, items, mapping, truth
from migrate.syntax.data import squeezed
from migrate.syntax.node import Mapping, Node
from migrate.syntax.python.names import Place, Scope
from rules.model import (
    ANY,
    CLIENT_ACTIONS,
    AccessPoint,
    Allowance,
    Directory,
    FileSystem,
    FileSystemPolicy,
    Key,
    Opaque,
    Permission,
    Ref,
    Role,
    Text,
    Value,
)
from rules.paths import normalise

_POINT_ARN = "elasticfilesystem:accesspointarn"
_OF_EVERY_MOUNT = {"elasticfilesystem:accessedviamounttarget", "aws:securetransport"}
_MANAGED = {
    "AmazonElasticFileSystemClientFullAccess": CLIENT_ACTIONS,
    "AmazonElasticFileSystemClientReadWriteAccess": CLIENT_ACTIONS[:2],
    "AmazonElasticFileSystemClientReadOnlyAccess": CLIENT_ACTIONS[:1],
    "AdministratorAccess": CLIENT_ACTIONS,
}
_GRANTS = {
    "grant_read": CLIENT_ACTIONS[:1],
    "grant_read_write": CLIENT_ACTIONS[:2],
    "grant_root_access": CLIENT_ACTIONS,
}
"""What methods of a file system allow. Source: `FileSystem` in aws-cdk-lib; on a file system that the program creates they
also give it a policy that lets nobody mount who does not use IAM."""
_CLOSED = FileSystemPolicy((Allowance((ANY,), CLIENT_ACTIONS[1:]),))
"""What L2 file systems get that deny anonymous access: by their argument, or (v2) where the project sets the feature flag
`@aws-cdk/aws-efs:denyAnonymousAccess`, as those do that `cdk init` makes. Source: `FileSystem` in aws-cdk-lib."""


def add(program: Program, reading: Reading, tasks: Sequence[TaskSource]) -> None:
    """Add them to a reading."""
    roles: dict[Key, Role] = {}
    for task in tasks:
        if task.role is not None:
            roles.setdefault(task.role.key, task.role)
            reading.spans.setdefault(task.role.key, reading.spans[task.key])
    policies = _Policies(program, tasks)
    policies.read()
    for key in policies.unclear & roles.keys():
        roles[key] = replace(roles[key], unclear=True)
    systems = [_file_system(program, made, policies) for made in program.constructs.values() if _is_system(made)]
    points = [_access_point(program, made) for made in program.constructs.values() if _is_point(made)]
    keys = [(made, found.key) for made, found in systems] + [(made, found.key) for made, found in points]
    for made, key in keys:
        reading.spans.setdefault(key, program.document.positions.span(made.call)[0])
    permissions = {p for p in policies.permissions if p.role in roles}
    reading.stack = replace(
        reading.stack,
        file_systems=tuple(found for _, found in systems),
        access_points=tuple(found for _, found in points),
        roles=tuple(roles.values()),
        permissions=frozenset(permissions),
        names=frozenset(_names(program)),
    )


def _names(program: Program) -> Iterator[str]:
    """Ids of constructs, and what variables would be as such."""
    ids = [made.id for made in program.constructs.values() if made.id]
    yield from ids
    lower = 2 * sum(name[:1].islower() for name in ids) > len(ids)
    for name in program.taken():
        plain = name.replace("_", "")
        yield plain.lower() if lower else plain.capitalize()


# -- file systems and access points -----------------------------------------------------------------------------------


def _is_system(made: Construct) -> bool:
    return made.kind in (f"{EFS}.FileSystem", f"{EFS}.CfnFileSystem")


def _is_point(made: Construct) -> bool:
    return made.kind in (f"{EFS}.AccessPoint", f"{EFS}.CfnAccessPoint")


def _file_system(program: Program, made: Construct, policies: _Policies) -> tuple[Construct, FileSystem]:
    key: Key = ("file system", scope_of(made.place), program.id_of(made).source)
    arguments = program.document.arguments(made.call, made.place)
    given = child(arguments, "file_system_policy") if isinstance(arguments, Mapping) else None
    problem = None
    if given is not None:
        problem = "is not read here"
    elif (method := policies.file_system_policies.get(made)) is not None:
        problem = f"{method} writes"
    policy = FileSystemPolicy(problem=problem) if problem else None
    anonymous = child(arguments, "allow_anonymous_access") if isinstance(arguments, Mapping) else None
    if policy is None and anonymous is not None and truth(anonymous) is False:
        policy = _CLOSED
    settled = anonymous is not None or made.kind == f"{EFS}.CfnFileSystem" or program.is_v1
    return made, FileSystem(key, program.id_of(made), program.arn_of(made), None, policy, settled, made.name)


def _access_point(program: Program, made: Construct) -> tuple[Construct, AccessPoint]:
    arguments = program.document.arguments(made.call, made.place)
    node = arguments if isinstance(arguments, Mapping) else None
    key: Key = ("access point", scope_of(made.place), program.point_name(made))
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
        creation = (_source(program, owner), _source(program, group), _source(program, mode))
    user: tuple[str, ...] | None = None
    if (enforced := child(node, "posix_user")) is not None:
        inside = mapping(enforced)
        user = ("?",) if inside is None else tuple(_source(program, e.value) for e in inside.entries)
    body = program.document.text
    return made, AccessPoint(
        key,
        program.id_of(made),
        program.arn_of(made),
        system,
        directory,
        creation,
        user,
        rest=rest_but(node, own, body, squeezed) if node is not None else (),
    )


def _source(program: Program, node: Node | None) -> str:
    found = program.value(node)
    return found.source if found is not None else ""


def _system_of_point(program: Program, made: Construct) -> Value | None:
    """The id of the file system that an L2 access point is made on."""
    on: ast.expr | None = None
    if called(made.call) == "add_access_point":
        on = made.call.func.value if isinstance(made.call.func, ast.Attribute) else None
    else:
        on = next((keyword.value for keyword in made.call.keywords if keyword.arg == "file_system"), None)
    return system_id(program, on, made.place) if on is not None else None


def system_id(program: Program, expression: ast.expr, place: Place) -> Value | None:
    """The id of the file system that an expression stands for as an object."""
    return program.of(ast.Attribute(expression, "file_system_id", ast.Load()), place)


# -- roles ------------------------------------------------------------------------------------------------------------


def role_of(program: Program, task: TaskSource) -> Value | None:
    """The task role of a task definition. L2 constructs make one of their own where they are given none, or an object that
    takes policies."""
    given: ast.expr | None = None
    if task.construct is not None:
        names = ("task_role", "task_role_arn", "job_role")
        own = (k.value for k in task.construct.call.keywords if k.arg in names)
        given = task.role_given if task.part is not None else next(own, None)
        low = ".Cfn" in task.kind
        # L2 definitions of Batch make none of their own.
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
                task.role = Role(("role", scope, made.name), (ref,))
                task.role_construct = made
                return ref
        if given is not None:
            found = program.value(program.document.node(given, task.construct.place))
            return found if found is not None else Opaque(ast.unparse(given))
    # Several task definitions may have one name, in several stacks.
    owner = ".".join(map(str, task.key[1:]))
    ref = Text((Ref(f"{{{owner}.task_role}}"),))
    task.role = Role(("role", owner, f"{task.name} (task role)"), (ref,))
    return ref


class _Policies:
    """What the program allows roles, and which file systems it gives a policy."""

    def __init__(self, program: Program, tasks: Sequence[TaskSource]) -> None:
        self.program = program
        self.tasks = tasks
        self.permissions: set[Permission] = set()
        self.unclear: set[Key] = set()
        self.file_system_policies: dict[Construct, str] = {}

    def read(self) -> None:
        for call, place in self.program.calls:
            function = call.func
            if not isinstance(function, ast.Attribute):
                continue
            if function.attr == "add_to_task_role_policy":
                self._statements(self._role_of_task(function.value, place), call.args, place)
            elif function.attr in ("add_to_policy", "add_to_principal_policy"):
                self._statements(self._role(function.value, place), call.args, place)
            elif function.attr == "add_managed_policy":
                self._managed(self._role(function.value, place), call.args)
            elif function.attr == "add_to_resource_policy":
                self._policy_of(function.value, place, function.attr)
            elif function.attr == "grant" or function.attr in _GRANTS:
                self._grant(call, function, place)
        for task in self.tasks:
            if task.role is not None and task.role_construct is not None:
                self._of_construct(task.role.key, task.role_construct)

    def _role_of_task(self, expression: ast.expr, place: Place) -> Role | None:
        origin, at = self.program.evaluator.definition(expression, place)
        task = self._by_call.get(origin) or self._by_name.get((ast.unparse(origin), at.scope))
        return task.role if task is not None else None

    @cached_property
    def _by_call(self) -> dict[ast.expr, TaskSource]:
        return {task.construct.call: task for task in self.tasks if task.construct is not None}

    @cached_property
    def _by_name(self) -> dict[tuple[str, Scope], TaskSource]:
        found: dict[tuple[str, Scope], TaskSource] = {}
        for task in self.tasks:
            if task.expression is not None:
                origin, at = self.program.evaluator.definition(task.expression, task.place)
                found.setdefault((ast.unparse(origin), at.scope), task)
        return found

    def _role(self, expression: ast.expr, place: Place) -> Role | None:
        """The role behind `role` or `task.task_role`."""
        origin, at = self.program.evaluator.definition(expression, place)
        if isinstance(origin, ast.Attribute) and origin.attr == "task_role":
            return self._role_of_task(origin.value, at)
        made = self.program.constructs.get(origin) if isinstance(origin, ast.Call) else None
        return next((t.role for t in self.tasks if made is not None and t.role_construct is made), None)

    def _statements(self, role: Role | None, written: Sequence[ast.expr], place: Place) -> None:
        for expression in written if role is not None else ():
            assert role is not None
            origin, at = self.program.evaluator.definition(expression, place)
            self._statement(role.key, origin, at)

    def _statement(self, role: Key, expression: ast.expr, place: Place) -> None:
        program = self.program
        if not isinstance(expression, ast.Call) or program.kind(expression) != f"{IAM}.PolicyStatement":
            self.unclear.add(role)
            return
        node = program.document.arguments(expression, place)
        if not isinstance(node, Mapping):
            self.unclear.add(role)
            return
        effect = child(node, "effect")
        origin = program.document.origin(effect) if effect is not None else None
        allows = effect is None or (isinstance(origin, ast.Attribute) and origin.attr == "ALLOW")
        actions = self._actions(child(node, "actions"))
        if actions is None or child(node, "not_actions") is not None:
            self.unclear.add(role)
            return
        if not actions:
            return
        if not allows:
            self.unclear.add(role)
            return
        points = self._points(child(node, "conditions"))
        resources = items(child(node, "resources"))
        if points is None or resources is None:
            return  # it allows something under conditions that are not known to hold
        for item in resources:
            resource = program.value(item)
            for action in actions if resource is not None else ():
                self.permissions |= {Permission(role, action, resource, point) for point in points or [None]}

    def _actions(self, node: Node | None) -> list[str] | None:
        listed = items(node)
        if listed is None:
            return [] if node is None else None
        words = [found.literal if (found := self.program.value(item)) is not None else None for item in listed]
        if None in words:
            return None
        patterns = [word.lower() for word in words if word]
        return [a for a in CLIENT_ACTIONS if any(fnmatchcase(a.lower(), pattern) for pattern in patterns)]

    def _points(self, node: Node | None) -> list[Value | None] | None:
        """The ARNs of access points that a statement's conditions name, empty if it has none; None for other conditions."""
        if node is None:
            return []
        conditions = mapping(node)
        points: list[Value | None] = []
        for operator in conditions.entries if conditions is not None else ():
            tests = mapping(operator.value)
            for test in tests.entries if tests is not None else ():
                name = key_text(test).lower()
                if name == _POINT_ARN and key_text(operator) in ("StringEquals", "StringLike", "ArnEquals", "ArnLike"):
                    points += [self.program.value(item) for item in items(test.value) or [test.value]]
                elif name not in _OF_EVERY_MOUNT or _source(self.program, test.value).lower() != "true":
                    return None
            if tests is None:
                return None
        return points if conditions is not None else None

    def _managed(self, role: Role | None, given: Sequence[ast.expr]) -> None:
        for expression in given if role is not None else ():
            assert role is not None
            words = [n.value for n in ast.walk(expression) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            for word in words:
                for action in _MANAGED.get(word.rpartition("/")[2], ()):
                    self.permissions.add(Permission(role.key, action, ANY, None))

    def _of_construct(self, role: Key, made: Construct) -> None:
        """The policies that a role is made with."""
        for keyword in made.call.keywords:
            if keyword.arg == "managed_policies" and isinstance(keyword.value, ast.List):
                self._managed(Role(role, ()), keyword.value.elts)
            elif keyword.arg == "inline_policies":
                calls = [n for n in ast.walk(keyword.value) if isinstance(n, ast.Call)]
                statements = [c for c in calls if self.program.kind(c) == f"{IAM}.PolicyStatement"]
                if not statements:
                    self.unclear.add(role)
                for call in statements:
                    self._statement(role, call, made.place)

    def _policy_of(self, expression: ast.expr, place: Place, method: str) -> None:
        made = self.program.construct(expression, place)
        if made is not None and _is_system(made):
            self.file_system_policies.setdefault(made, method)

    def _grant(self, call: ast.Call, function: ast.Attribute, place: Place) -> None:
        made = self.program.construct(function.value, place)
        if made is None or made.family != f"{EFS}.FileSystem" or not call.args:
            return
        if function.attr in _GRANTS:
            self._policy_of(function.value, place, function.attr)
        role = self._role(call.args[0], place) or self._role_of_task(call.args[0], place)
        if role is None:
            return
        named = [a.value for a in call.args[1:] if isinstance(a, ast.Constant)]
        for action in _GRANTS.get(function.attr) or [a for a in CLIENT_ACTIONS if a in named]:
            self.permissions.add(Permission(role.key, action, self.program.arn_of(made), None))
