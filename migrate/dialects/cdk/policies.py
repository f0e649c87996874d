"""Reads the IAM policies and grants of a CDK program as permissions of roles."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cached_property

from migrate.dialects.cdk.api import EFS, GRANTS, IAM
from migrate.dialects.cdk.program import Construct, Program, TaskSource, is_file_system
from migrate.dialects.common.policy_conditions import comparisons
from migrate.dialects.common.python.values import called
from migrate.dialects.common.values import child, items
from migrate.syntax.node import Mapping, Node
from migrate.syntax.python.names import Place, Scope
from rules.facts.iam import MANAGED, judge, managed
from rules.model import ANY, CLIENT_ACTIONS, Key, Permission, Role

_EFFECTS = {"ALLOW": "Allow", "DENY": "Deny"}
_OF_AWS = "from_aws_managed_policy_name"


class Policies:
    """The permissions that the program gives task roles, the roles whose permissions cannot be read fully
    (`unclear`), and the method that gives each file system a policy."""

    def __init__(self, program: Program, tasks: Sequence[TaskSource]) -> None:
        self.program = program
        self.tasks = tasks
        self.permissions: set[Permission] = set()
        self.unclear: set[Key] = set()
        self.file_system_policies: dict[Construct, str] = {}

    def read(self) -> None:
        """Reads the policies and grants of all calls and of the roles that the program makes."""
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
            elif function.attr == "grant" or function.attr in GRANTS:
                self._grant(call, function, place)
        for task in self.tasks:
            if task.role is not None and task.role_construct is not None:
                self._of_construct(task.role.key, task.role_construct)

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

    def _role(self, expression: ast.expr, place: Place) -> Role | None:
        """The role that an expression like `role` or `task.task_role` stands for, if it is known."""
        origin, at = self.program.evaluator.definition(expression, place)
        if isinstance(origin, ast.Attribute) and origin.attr == "task_role":
            return self._role_of_task(origin.value, at)
        made = self.program.constructs.get(origin) if isinstance(origin, ast.Call) else None
        return next((t.role for t in self.tasks if made is not None and t.role_construct is made), None)

    def _statements(self, role: Role | None, written: Sequence[ast.expr], place: Place) -> None:
        """Adds the permissions of the policy statements that a method call gives a role; nothing for None."""
        for expression in written if role is not None else ():
            assert role is not None
            origin, at = self.program.evaluator.definition(expression, place)
            self._statement(role.key, origin, at)

    def _statement(self, role: Key, expression: ast.expr, place: Place) -> None:
        """Adds the permissions of a `PolicyStatement`; the role is unclear if that cannot be read or may deny."""
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
        said = _EFFECTS.get(origin.attr) if isinstance(origin, ast.Attribute) else None
        but = child(node, "not_actions")
        judged = judge(
            "Allow" if effect is None else said,
            self._patterns(but if but is not None else child(node, "actions")),
            [found for item in items(child(node, "resources")) or () if (found := program.value(item)) is not None],
            condition=list(comparisons(child(node, "conditions"), self.program.value)),
            all_but=but is not None,
        )
        if judged.may_deny:
            self.unclear.add(role)
        if judged.allows and judged.applies:
            for resource in judged.resources:
                for point in judged.access_points or (None,):
                    self.permissions |= {
                        Permission(role, action, resource, access_point=point) for action in judged.actions
                    }

    def _patterns(self, node: Node | None) -> list[str | None]:
        """The action patterns of a statement; None for one that cannot be read."""
        listed = items(node)
        if listed is None:
            return [] if node is None else [None]
        return [found.literal if (found := self.program.value(item)) is not None else None for item in listed]

    def _managed(self, role: Role | None, given: Sequence[ast.expr]) -> None:
        """Adds the permissions of managed policies that a role is given."""
        for expression in given if role is not None else ():
            assert role is not None
            by_name = isinstance(expression, ast.Call) and called(expression) == _OF_AWS
            words = [n.value for n in ast.walk(expression) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            for word in words:
                for action in MANAGED.get(word, ()) if by_name else managed(word):
                    self.permissions.add(Permission(role.key, action, ANY, access_point=None))

    def _of_construct(self, role: Key, made: Construct) -> None:
        """Adds the policies that are arguments of the role itself."""
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
        """Remembers that `method` gives the file system that an expression stands for a policy."""
        made = self.program.construct(expression, place)
        if made is not None and is_file_system(made):
            self.file_system_policies.setdefault(made, method)

    def _grant(self, call: ast.Call, function: ast.Attribute, place: Place) -> None:
        """Adds the permissions of a grant, and remembers that it gives the file system a policy."""
        made = self.program.construct(function.value, place)
        if made is None or made.family != f"{EFS}.FileSystem" or not call.args:
            return
        if function.attr in GRANTS:
            self._policy_of(function.value, place, function.attr)
        role = self._role(call.args[0], place) or self._role_of_task(call.args[0], place)
        if role is None:
            return
        named = [a.value for a in call.args[1:] if isinstance(a, ast.Constant)]
        for action in GRANTS.get(function.attr) or [a for a in CLIENT_ACTIONS if a in named]:
            self.permissions.add(Permission(role.key, action, self.program.arn_of(made), access_point=None))
