"""Reads the IAM policies and grants of a CDK program as permissions of roles."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from migrate.dialects.cdk.api import EFS, GRANTS, IAM
from migrate.dialects.cdk.aspects import PARTS
from migrate.dialects.cdk.overrides import POLICY, ROLE, SYSTEM, LateChange, Overrides, resource_type
from migrate.dialects.cdk.program import Construct, Program, TaskSource, is_file_system
from migrate.dialects.common.policy_conditions import comparisons
from migrate.dialects.common.python.values import called
from migrate.dialects.common.values import child, items
from migrate.syntax.node import Mapping, Node
from migrate.syntax.python.names import Place, Scope
from rules.facts.iam import MANAGED, Judged, bounded, bounded_by_aws, judge, managed
from rules.model import ANY, CLIENT_ACTIONS, Boundary, Key, Opaque, Permission, Role, Value

_EFFECTS = {"ALLOW": "Allow", "DENY": "Deny"}
_OF_AWS = "from_aws_managed_policy_name"
_POLICIES = frozenset({f"{IAM}.Policy", f"{IAM}.ManagedPolicy"})
_LOW = frozenset({f"{IAM}.CfnPolicy", f"{IAM}.CfnManagedPolicy", f"{IAM}.CfnRolePolicy"})
"""The L1 constructs that give roles a policy."""
_ADDING = frozenset({"add_actions", "add_resources", "add_all_resources", "add_condition", "add_conditions"})
"""Methods of a statement that make it allow more, or less, but never deny."""


class Policies:
    """The permissions that the program gives task roles, the roles whose permissions cannot be read fully
    (`unclear`), which may be allowed more (`open`) or are limited (`boundaries`), and the reason why each file system's policy is not known."""

    def __init__(self, program: Program, tasks: Sequence[TaskSource], late: Overrides) -> None:
        self.program = program
        self.tasks = tasks
        self.late = late
        self.permissions: set[Permission] = set()
        self.unclear: set[Key] = set()
        self.open: set[Key] = set()
        self.boundaries: dict[Key, Boundary] = {}
        self.file_system_policies: dict[Construct, str] = {}

    def read(self) -> None:
        """Reads the policies and grants of all calls and of the roles that the program makes."""
        for call, place in self.program.calls:
            if self.program.kind(call) in _POLICIES:
                self._policy(call, place)
            elif self.program.kind(call) in _LOW:
                self._low_policy(call, place)
            elif isinstance(call.func, ast.Attribute):
                self._method(call, call.func, place)
        self._of_stacks()
        for task in self.tasks:
            if task.role is not None and task.role_construct is not None:
                self._of_construct(task.role.key, task.role_construct)
        for call, place in self.program.names.calls:
            if called(call) in ("attach_inline_policy", "attach_to_role") and isinstance(call.func, ast.Attribute):
                self._attached(call, call.func, place)
            elif called(call) == "apply" and isinstance(call.func, ast.Attribute):
                self._applied(call, call.func.value, place)
        self._changed_later()

    def _method(self, call: ast.Call, function: ast.Attribute, place: Place) -> None:
        """Reads the call of a method that gives a role or file system permissions."""
        match function.attr:
            case "add_to_task_role_policy":
                self._statements(self._tasks_roles(function.value, place), call.args, place)
            case "add_to_policy" | "add_to_principal_policy":
                self._statements(self._roles(function.value, place), call.args, place)
            case "add_managed_policy":
                self._managed(self._roles(function.value, place), call.args, place)
            case "add_to_resource_policy":
                self._policy_of(function.value, place, function.attr, call.args)
            case "add_statements":
                origins = self.late.origins.of(function.value, place) or []
                for policy in (o for o, _ in origins if isinstance(o, ast.Call) and self.program.kind(o) in _POLICIES):
                    self._statements(self._of_policy(policy), call.args, place)
            case name if name == "grant" or name in GRANTS:
                self._grant(call, function, place)
            case _:
                pass

    # -- roles --------------------------------------------------------------------------------------------------------

    @cached_property
    def _all(self) -> list[Role]:
        """The task roles of the program."""
        return list({task.role.key: task.role for task in self.tasks if task.role is not None}.values())

    def _tasks_roles(self, expression: ast.expr, place: Place) -> list[Role] | None:
        """The task roles of the task definitions that an expression may stand for; None if that is not known."""
        if (role := self._role_of_task(expression, place)) is not None:
            return [role]
        origins = self.late.origins.of(expression, place)
        if origins is None:
            return None
        found = (self._by_call.get(origin) for origin, _ in origins)
        return [task.role for task in found if task is not None and task.role is not None]

    def _role_of_task(self, expression: ast.expr, place: Place) -> Role | None:
        """The task role of the task definition that an expression stands for, if it is known."""
        origin, at = self.program.evaluator.definition(expression, place)
        task = self._by_call.get(origin) or self._by_name.get((ast.unparse(origin), at.scope))
        return task.role if task is not None else None

    @cached_property
    def _by_call(self) -> dict[ast.expr, TaskSource]:
        """The task definitions by the calls of their constructs."""
        return {task.construct.call: task for task in self.tasks if task.construct is not None}

    @cached_property
    def _by_name(self) -> dict[tuple[str, Scope], TaskSource]:
        """The task definitions without a construct, by the expression that stands for each and its scope."""
        found: dict[tuple[str, Scope], TaskSource] = {}
        for task in self.tasks:
            if task.expression is not None:
                origin, at = self.program.evaluator.definition(task.expression, task.place)
                found.setdefault((ast.unparse(origin), at.scope), task)
        return found

    def _roles(self, expression: ast.expr, place: Place) -> list[Role] | None:
        """The task roles that an expression like `role` or `task.task_role` may stand for; None if that is not known."""
        origins = self.late.origins.of(expression, place)
        if origins is None:
            return None
        found: list[Role] = []
        for origin, at in origins:
            if isinstance(origin, ast.Attribute) and origin.attr in ("task_role", "role", "role_name", "role_arn"):
                inner = self._tasks_roles if origin.attr == "task_role" else self._roles
                roles = inner(origin.value, at)
                if roles is None:
                    return None
                found += roles
            elif isinstance(origin, ast.Call):
                found += [t.role for t in self.tasks if t.role and t.role_construct and t.role_construct.call is origin]
            elif not isinstance(origin, ast.Constant | ast.Attribute):
                return None
        return list({role.key: role for role in found}.values())

    def _listed(self, node: ast.expr | None, place: Place) -> list[Role] | None:
        """The task roles in a list of roles."""
        if node is None:
            return []
        origins = self.late.origins.of(node, place)
        if origins is None or not all(isinstance(o, ast.List | ast.Tuple) for o, _ in origins):
            return None
        found: list[Role] = []
        for origin, at in origins:
            for item in origin.elts if isinstance(origin, ast.List | ast.Tuple) else ():
                roles = self._roles(item, at)
                if roles is None:
                    return None
                found += roles
        return found

    # -- statements ---------------------------------------------------------------------------------------------------

    def _statements(self, roles: list[Role] | None, written: Iterable[ast.expr], place: Place) -> None:
        """Adds the permissions of the policy statements that roles are given (None for roles that are not known)."""
        for expression in written if roles is None or roles else ():
            for origin, at in self.late.origins.of(expression, place) or [(expression, place)]:
                self._give(roles, self._judged(origin, at), certain=roles is not None and len(roles) == 1)

    def _give(self, roles: list[Role] | None, said: Judged | None, *, certain: bool = True) -> None:
        """Adds the permissions of one statement (None for one that cannot be read) if it is `certain` that all of the
        roles get them. The roles are unclear if it may deny something, and all are if these are not known."""
        may_deny = said is None or said.may_deny
        if may_deny:
            self.unclear.update(role.key for role in (self._all if roles is None else roles))
        if said is None or not (said.allows and said.applies and certain):
            if said is None or (said.allows and said.actions and said.applies is not False):
                self._opened(roles)
            return
        for role in roles or ():
            for resource in said.resources:
                for point in said.access_points or (None,):
                    self.permissions |= {
                        Permission(role.key, action, resource, access_point=point) for action in said.actions
                    }

    def _opened(self, roles: Sequence[Role] | None) -> None:
        """Remembers that roles (None for roles that are not known) may be allowed more than is read here."""
        self.open.update(role.key for role in (self._all if roles is None else roles))

    def _judged(self, expression: ast.expr, place: Place) -> Judged | None:
        """The effect of a `PolicyStatement`; None if it cannot be read."""
        program = self.program
        if not isinstance(expression, ast.Call) or program.kind(expression) != f"{IAM}.PolicyStatement":
            return None
        node = program.document.arguments(expression, place)
        if not isinstance(node, Mapping):
            return None
        effect = child(node, "effect")
        origin = program.document.origin(effect) if effect is not None else None
        said = _EFFECTS.get(origin.attr) if isinstance(origin, ast.Attribute) else None
        if self._is_changed(expression):
            return None
        but = child(node, "not_actions")
        return judge(
            "Allow" if effect is None else said,
            self._patterns(but if but is not None else child(node, "actions")),
            [found for item in items(child(node, "resources")) or () if (found := program.value(item)) is not None],
            condition=list(comparisons(child(node, "conditions"), self.program.value)),
            all_but=but is not None,
        )

    def _is_changed(self, statement: ast.Call) -> bool:
        """Whether the program changes the effect of a statement after it has made it, or adds to what it denies."""
        uses = self.late.escapes.uses(statement)
        denies = any(k.arg == "effect" and not ast.unparse(k.value).endswith("ALLOW") for k in statement.keywords)
        added = {called(call) for call, _ in uses.methods}
        left = any(not escape.is_return for escape in uses.escapes)
        return left or bool(uses.assigned) or not added <= _ADDING | {"copy", "to_json"} or (denies and bool(added))

    def _patterns(self, node: Node | None) -> list[str | None]:
        """The action patterns of a statement; None for one that cannot be read."""
        listed = items(node)
        if listed is None:
            return [] if node is None else [None]
        return [found.literal if (found := self.program.value(item)) is not None else None for item in listed]

    # -- policies -----------------------------------------------------------------------------------------------------

    def _document(self, policy: ast.Call, place: Place) -> Iterator[Judged | None]:
        """The effects of the statements that a policy is made with."""
        given = {keyword.arg: keyword.value for keyword in policy.keywords}
        if None in given:
            yield None
        for name in ("statements", "document"):
            for origin, at in (
                self.late.origins.of(given[name], place) or [(given[name], place)] if name in given else ()
            ):
                yield from self._listed_statements(origin, at)

    def _listed_statements(self, written: ast.expr, place: Place) -> Iterator[Judged | None]:
        """The effects of the statements in a list, or in a policy document."""
        if isinstance(written, ast.Call) and self.program.kind(written) == f"{IAM}.PolicyDocument":
            yield from self._document(written, place)
            if any(called(later) == "add_statements" for later, _ in self.late.escapes.uses(written).methods):
                yield None
        elif isinstance(written, ast.List | ast.Tuple):
            for item in written.elts:
                for origin, at in self.late.origins.of(item, place) or [(item, place)]:
                    yield self._judged(origin, at)
        else:
            yield None

    def _policy(self, call: ast.Call, place: Place) -> None:
        """Reads a policy of the program, as far as it names its roles itself."""
        given = next((k.value for k in call.keywords if k.arg == "roles"), None)
        roles = self._listed(given, place)
        certain = isinstance(given, ast.List) and len(given.elts) == len(roles or ())
        if roles is None or roles:
            for said in self._document(call, place):
                self._give(roles, said, certain=certain)

    def _of_policy(self, policy: ast.expr) -> list[Role] | None:
        """The task roles that have a policy of the program, as far as it names them itself."""
        given = [k.value for k in policy.keywords if k.arg == "roles"] if isinstance(policy, ast.Call) else []
        place = self.program.place_of(policy)
        named = self._listed(given[0], place) if given and place is not None else []
        return None if named is None or not named else named

    def _low_policy(self, call: ast.Call, place: Place) -> None:
        """Reads an L1 policy: its document has the names of CloudFormation, and is searched for a `Deny` only."""
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        roles = (
            self._roles(given["role_name"], place) if "role_name" in given else self._listed(given.get("roles"), place)
        )
        words = {n.value for n in ast.walk(call) if isinstance(n, ast.Constant)}
        names = {n.attr for n in ast.walk(call) if isinstance(n, ast.Attribute)}
        written = given.get("policy_document")
        known = isinstance(written, ast.Dict) or "ALLOW" in names or "Allow" in words
        if "Deny" in words or "DENY" in names or not known:
            self._give(roles, None)
        if roles is None or roles:
            self._opened(roles)

    def _attached(self, call: ast.Call, function: ast.Attribute, place: Place) -> None:
        """Reads `role.attach_inline_policy(policy)` and `policy.attach_to_role(role)`."""
        one, other = function.value, next(iter([*call.args, *(k.value for k in call.keywords)]), None)
        if other is None:
            return
        role, policy = (one, other) if function.attr == "attach_inline_policy" else (other, one)
        roles = self._roles(role, place)
        if roles is not None and not roles:
            return
        for origin, at in self.late.origins.of(policy, place) or [(policy, place)]:
            known = isinstance(origin, ast.Call) and self.program.kind(origin) in _POLICIES
            for said in self._document(origin, at) if known and isinstance(origin, ast.Call) else [None]:
                self._give(roles, said, certain=roles is not None and len(roles) == 1)
            for later, there in self.late.escapes.uses(origin).methods if known else ():
                if called(later) == "add_statements":
                    self._statements(roles, later.args, there)

    def _managed(self, roles: list[Role] | None, given: Sequence[ast.expr], place: Place) -> None:
        """Adds the permissions of managed policies that roles are given."""
        for expression in given if roles is None or roles else ():
            for origin, at in self.late.origins.of(expression, place) or [(expression, place)]:
                if isinstance(origin, ast.Call) and self.program.kind(origin) == f"{IAM}.ManagedPolicy":
                    for said in self._document(origin, at):
                        self._give(roles, said, certain=roles is not None and len(roles) == 1)
                    continue
                known = self._by_aws(origin)
                if known is None or roles is None or len(roles) != 1:
                    self._opened(roles)
                for action in known or ():
                    for role in roles if roles is not None and len(roles) == 1 else ():
                        self.permissions.add(Permission(role.key, action, ANY, access_point=None))

    @staticmethod
    def _by_aws(expression: ast.expr) -> frozenset[str] | None:
        """The client actions that a managed policy of AWS allows; None if the expression names none."""
        by_name = isinstance(expression, ast.Call) and called(expression) == _OF_AWS
        words = [n.value for n in ast.walk(expression) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        known = [frozenset(MANAGED.get(w, ()) if by_name else managed(w)) for w in words if by_name or "iam::aws:" in w]
        return frozenset().union(*known) if known else None

    def _of_construct(self, role: Key, made: Construct) -> None:
        """Adds the policies that are arguments of the role itself, and its permissions boundary."""
        for keyword in made.call.keywords:
            if keyword.arg is None:
                self.open.add(role)
            elif keyword.arg == "managed_policies":
                if isinstance(keyword.value, ast.List):
                    self._managed([Role(role, ())], keyword.value.elts, made.place)
                else:
                    self.open.add(role)
            elif keyword.arg == "permissions_boundary":
                self._limit([role], keyword.value, made.place)
            elif keyword.arg == "inline_policies":
                written, place = self.program.evaluator.definition(keyword.value, made.place)
                if not isinstance(written, ast.Dict):
                    self.unclear.add(role)
                for policy in written.values if isinstance(written, ast.Dict) else ():
                    for origin, at in self.late.origins.of(policy, place) or [(policy, place)]:
                        for said in self._listed_statements(origin, at):
                            self._give([Role(role, ())], said)

    # -- permissions boundaries ---------------------------------------------------------------------------------------

    def _applied(self, call: ast.Call, on: ast.expr, place: Place) -> None:
        """Reads `iam.PermissionsBoundary.of(scope).apply(policy)`, which holds for all roles in a scope."""
        of, at = self.program.evaluator.definition(on, place)
        if not isinstance(of, ast.Call) or self.program.dotted(of.func, at) != f"{IAM}.PermissionsBoundary.of":
            return
        scope = of.args[0] if of.args else None
        made = self.program.construct(scope, at) if scope is not None else None
        only = [t.role.key for t in self.tasks if made and t.role and made in (t.role_construct, t.construct)]
        # A scope that is no role or task definition may hold them all.
        is_role = made is not None and made.kind in (f"{IAM}.Role", *(t.kind for t in self.tasks))
        keys = only if is_role else [role.key for role in self._all]
        for argument in call.args[:1]:
            self._limit(keys, argument, place)

    def _of_stacks(self) -> None:
        """Reads the boundaries that stacks, stages and other scopes are given for all of their roles."""
        for call, place in self.program.names.calls:
            if self.program.kind(call).startswith(f"{IAM}."):
                continue
            for keyword in call.keywords:
                if keyword.arg == "permissions_boundary" and not self._is_none(keyword.value):
                    self._limit([role.key for role in self._all], keyword.value, place)

    @staticmethod
    def _is_none(expression: ast.expr) -> bool:
        return isinstance(expression, ast.Constant) and expression.value is None

    def _limit(self, roles: Iterable[Key], policy: ast.expr, place: Place) -> None:
        """Remembers the permissions boundary of roles, with what it allows if the program or AWS defines it."""
        origin, at = self.program.evaluator.definition(policy, place)
        if isinstance(origin, ast.Attribute) and origin.attr == "managed_policy_arn":
            origin, at = self.program.evaluator.definition(origin.value, at)
        allowed = self._by_aws(origin)
        if isinstance(origin, ast.Call) and self.program.kind(origin) == f"{IAM}.ManagedPolicy":
            allowed = bounded(self._document(origin, at))
        elif isinstance(origin, ast.Constant) and isinstance(origin.value, str):
            allowed = bounded_by_aws(origin.value)
        shown: Value = Opaque(" ".join(ast.unparse(policy).split()))
        for role in roles:
            self.boundaries[role] = Boundary(shown, allowed)

    # -- changes of templates -----------------------------------------------------------------------------------------

    def _changed_later(self) -> None:
        """Looks at what the program changes of the templates of roles, policies and file systems."""
        for task in self.tasks:
            role = task.role
            if role is None:
                continue
            for change in self.late.changes:
                if not self._concerns(change, task):
                    continue
                if change.path == ("PermissionsBoundary",) and change.value is not None:
                    self._limit([role.key], change.value, change.place)
                elif change.path != ("PermissionsBoundary",) or not change.deleted:
                    self.unclear.add(role.key)
            made = task.role_construct
            handed = self.late.escapes.uses(made.call, PARTS).escapes if made is not None else []
            if task.construct is not None:
                handed = [*handed, *self.late.escapes.uses(task.construct.call, PARTS | {"task_role"}).escapes]
            if any(not escape.is_return for escape in handed):
                self.unclear.add(role.key)
        for made in self.program.constructs.values():
            if is_file_system(made) and any(True for _ in self.late.of(made, SYSTEM)):
                self.file_system_policies[made] = "an override writes"

    def _concerns(self, change: LateChange, task: TaskSource) -> bool:
        """Whether a change of a template may change the role of a task, or a policy that may be the role's."""
        if change.owners is None:
            return change.concerns(ROLE) or change.concerns(POLICY)
        for owner, at in change.owners:
            made = self.program.constructs.get(owner) if isinstance(owner, ast.Call) else None
            kind = resource_type(made) if made is not None else None
            if change.concerns(ROLE) and made is not None and made is task.role_construct:
                return True
            if kind == POLICY and change.concerns(POLICY):
                return True
            if made is not None or not (change.concerns(ROLE) or change.concerns(POLICY)):
                continue
            if not isinstance(owner, ast.Attribute):  # a child of some construct
                return True
            roles = self._roles(owner.value if owner.attr == "default_policy" else owner, at)
            if owner.attr in ("task_role", "default_policy") and (roles is None or task.role in roles):
                return True
        return False

    # -- file systems -------------------------------------------------------------------------------------------------

    def _policy_of(self, expression: ast.expr, place: Place, method: str, given: Sequence[ast.expr] = ()) -> None:
        """Remembers that `method` gives the file systems that an expression may stand for a policy."""
        origins = self.late.origins.of(expression, place)
        owned = {origin for origin, _ in origins or ()}
        concerns = any(said is None or said.actions for said in (self._judged(*self._single(g, place)) for g in given))
        for made in self.program.constructs.values():
            if is_file_system(made) and (made.call in owned or (origins is None and concerns)):
                self.file_system_policies.setdefault(made, f"{method} writes")

    def _single(self, expression: ast.expr, place: Place) -> tuple[ast.expr, Place]:
        return self.program.evaluator.definition(expression, place)

    def _grant(self, call: ast.Call, function: ast.Attribute, place: Place) -> None:
        """Adds the permissions of a grant, and remembers that it gives the file system a policy."""
        made = self.program.construct(function.value, place)
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if made is None or made.family != f"{EFS}.FileSystem" or not call.args:
            if made is None and given:
                self._opened(self._roles(given[0], place) or self._tasks_roles(given[0], place))
            return
        if function.attr in GRANTS:
            self._policy_of(function.value, place, function.attr)
        roles = self._roles(call.args[0], place) or self._tasks_roles(call.args[0], place)
        named = [a.value for a in call.args[1:] if isinstance(a, ast.Constant)]
        if roles is None or len(roles) != 1 or len(named) < len(call.args) - 1 or call.keywords:
            self._opened(roles)
        for role in roles if roles is not None and len(roles) == 1 else ():
            for action in GRANTS.get(function.attr) or [a for a in CLIENT_ACTIONS if a in named]:
                self.permissions.add(Permission(role.key, action, self.program.arn_of(made), access_point=None))
