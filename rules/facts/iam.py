"""IAM as clients of EFS meet it: the actions, the condition keys, what AWS's own policies allow, what a statement means for a
mount, and how a statement for one is written.

This is the only place that knows these facts. A dialect reads the statements of its source and has them judged here; a
writer takes a statement from here and spells it.

Sources: EFS user guide, "Using IAM to control access to file systems" (actions, resource type, the condition keys that NFS
clients are checked against); IAM user guide, "IAM JSON policy element reference"; AWS managed policy reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

from rules.model import CLIENT_ACTIONS, Permission, Value

POINT_ARN = "elasticfilesystem:AccessPointArn"
"""The condition key for the access point through which a client mounts."""
VIA_MOUNT_TARGET = "elasticfilesystem:AccessedViaMountTarget"
"""The condition key that is true for every NFS client."""
ENCRYPTED = "aws:SecureTransport"
"""The condition key that is true for every client that uses TLS."""
OF_EVERY_MOUNT = {VIA_MOUNT_TARGET.lower(): True, ENCRYPTED.lower(): True}
"""Condition keys, in lower case since their case does not matter, and the value that each has for every mount that ECS makes
with transit encryption, as all mounts have it that are given IAM authorization."""
TASKS = "ecs-tasks.amazonaws.com"
"""The service that assumes the roles of tasks."""
ASSUME = "sts:AssumeRole"

_MOUNT, _WRITE, _ROOT = CLIENT_ACTIONS
MANAGED = {
    "AdministratorAccess": CLIENT_ACTIONS,
    "PowerUserAccess": CLIENT_ACTIONS,
    "job-function/DataScientist": CLIENT_ACTIONS,
    "AmazonElasticFileSystemClientFullAccess": CLIENT_ACTIONS,
    "AmazonElasticFileSystemClientReadWriteAccess": (_MOUNT, _WRITE),
    "AmazonElasticFileSystemClientReadOnlyAccess": (_MOUNT,),
}
"""AWS's own policies that allow clients something on every file system, by path and name. All others allow clients nothing:
`AmazonElasticFileSystemFullAccess` manages file systems, and `ReadOnlyAccess` only describes them."""

_AWS_POLICY = ":iam::aws:policy/"
_TRUTH = {"true": True, "false": False, "yes": True, "no": False}
"""What a boolean may be written as; the last two by YAML."""
_EQUAL = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")


def managed(arn: str) -> tuple[str, ...]:
    """What the policy with an ARN allows clients on every file system, if it is one of AWS's own."""
    _, aws, name = arn.rpartition(_AWS_POLICY)
    return MANAGED.get(name, ()) if aws else ()


# -- what statements mean ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a condition: an operator, a condition key, and the values that it is compared with."""

    operator: str
    key: str
    values: tuple[Value, ...] | None
    """None where one of them cannot be read."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one statement means for tasks that mount EFS."""

    allows: bool
    """False also for an effect that cannot be read."""
    actions: tuple[str, ...]
    """The actions of clients that it speaks of, or may."""
    resources: tuple[Value, ...]
    access_points: tuple[Value, ...]
    """The ARNs of the access points that it is limited to; empty: it speaks of every mount."""
    applies: bool | None
    """Whether its condition holds for the mounts of ECS, access points aside; None if that cannot be told."""

    @property
    def may_deny(self) -> bool:
        """Whether it may forbid a task to mount, write or act as root."""
        return not self.allows and self.applies is not False and bool(self.actions)


def judge(
    effect: str | None,
    actions: Sequence[str | None],
    resources: Iterable[Value],
    condition: Sequence[Comparison],
    *,
    all_but: bool = False,
) -> Judged:
    """What a statement means for tasks that mount EFS.

    `actions` are patterns as they are written, None for one that cannot be read; with `all_but` they are those of
    `NotAction`. `condition` is empty where the statement has none.
    """
    allows = effect == "Allow"
    points, applies = _condition(condition)
    return Judged(allows, _actions(actions, allows, all_but), tuple(resources), access_points=points, applies=applies)


def _actions(patterns: Sequence[str | None], allows: bool, all_but: bool) -> tuple[str, ...]:
    """The actions of clients that patterns are about. What cannot be read allows nothing, and may deny everything."""
    known = [pattern.lower() for pattern in patterns if pattern is not None]
    if len(known) < len(patterns) and not allows:
        return CLIENT_ACTIONS
    if len(known) < len(patterns) and all_but:
        return ()
    matched = [action for action in CLIENT_ACTIONS if any(fnmatchcase(action.lower(), name) for name in known)]
    return tuple(action for action in CLIENT_ACTIONS if (action in matched) is not all_but)


def _condition(comparisons: Sequence[Comparison]) -> tuple[tuple[Value, ...], bool | None]:
    """The access points that a condition names, and whether the rest of it holds for every mount of ECS."""
    points: tuple[Value, ...] = ()
    applies: bool | None = True
    for one in comparisons:
        name = one.key.lower()
        holds: bool | None = None
        if one.operator in ("Bool", "BoolIfExists") and name in OF_EVERY_MOUNT:
            given = _truth(one.values)
            holds = None if given is None else given is OF_EVERY_MOUNT[name]
        elif one.operator in _EQUAL and name == POINT_ARN.lower() and not points:
            points = _without_patterns(one.values)
            holds = True if points else None
        if holds is False:  # all of it has to hold
            return (), False
        applies = holds and applies
    return points, applies


def _truth(values: tuple[Value, ...] | None) -> bool | None:
    if values is None or len(values) != 1 or values[0].literal is None:
        return None
    return _TRUTH.get(values[0].literal.lower())


def _without_patterns(values: tuple[Value, ...] | None) -> tuple[Value, ...]:
    """The values, or none of them where one is a pattern or cannot be read."""
    return () if values is None or any(set("*?") & set(value.source) for value in values) else values


# -- how statements are written ---------------------------------------------------------------------------------------

_Arn = TypeVar("_Arn")


@dataclass(frozen=True)
class Statement(Generic[_Arn]):
    """A least-privilege statement: what clients may do on one file system, through some access points or however they
    mount it. The resource of every action is the file system, never the access point."""

    actions: tuple[str, ...]
    resource: _Arn | None
    """The ARN of the file system."""
    access_points: tuple[_Arn, ...] = ()
    """Their ARNs; empty: the whole file system."""

    def document(self, write: Callable[[_Arn], object]) -> dict[str, object]:
        """The statement as it stands in a policy document, its ARNs written by `write`."""
        document: dict[str, object] = {"Effect": "Allow", "Action": list(self.actions)}
        if self.resource is not None:
            document["Resource"] = write(self.resource)
        return {**document, "Condition": self.condition(write)}

    def condition(self, write: Callable[[_Arn], object]) -> dict[str, object]:
        """Its condition: the access points or, for a whole file system, that clients mount it."""
        scope = [write(point) for point in self.access_points]
        if not scope:
            return {"Bool": {VIA_MOUNT_TARGET: "true"}}
        return {"StringEquals": {POINT_ARN: scope if len(scope) > 1 else scope[0]}}


def statements(permissions: Iterable[Permission]) -> list[Statement[Value]]:
    """The statements that allow what permissions of one role say: one per file system and set of actions, in the order of
    the permissions. A whole file system never shares one with access points."""
    actions: dict[tuple[Value | None, Value | None], tuple[str, ...]] = {}
    for p in permissions:
        actions[p.resource, p.access_point] = (*actions.get((p.resource, p.access_point), ()), p.action)
    groups: dict[tuple[Value | None, tuple[str, ...], bool], tuple[Value, ...]] = {}
    for (resource, point), names in actions.items():
        key = (resource, names, point is not None)
        groups[key] = (*groups.get(key, ()), *([point] if point is not None else []))
    return [Statement(names, resource, points) for (resource, names, _), points in groups.items()]


def trust() -> dict[str, object]:
    """The statement of a trust policy that lets ECS tasks assume a role."""
    return {"Effect": "Allow", "Principal": {"Service": TASKS}, "Action": ASSUME}


@dataclass(frozen=True, slots=True)
class Grant:
    """A statement for a role that the source does not hold, which somebody attaches by hand. All members as they are
    written."""

    role: str
    arn_prefix: str
    """`arn:PARTITION:elasticfilesystem:REGION:ACCOUNT`"""
    file_system: str
    access_points: tuple[str, ...]
    """Empty: the whole file system."""
    actions: tuple[str, ...]

    def statement(self) -> dict[str, object]:
        """The statement as it stands in a policy document."""
        points = tuple(f"access-point/{point}" for point in self.access_points)
        statement = Statement(self.actions, f"file-system/{self.file_system}", points)
        return statement.document(lambda resource: f"{self.arn_prefix}:{resource}")

    def demand(self) -> str:
        """What has to be done with the statement, which follows."""
        scope = f"access point {', '.join(self.access_points)}" if self.access_points else "the whole file system"
        return f"attach to role {self.role} this statement, which covers {scope}"

    def sentence(self) -> str:
        return f"Before you deploy, {self.demand()}: {json.dumps(self.statement(), ensure_ascii=False)}"
