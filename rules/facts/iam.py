"""IAM for clients of EFS: their actions, condition keys, AWS managed policies, and the statements of policies.

This is the only place that knows these facts. A dialect reads the statements of its source and has them judged here; a
writer takes a new statement from here and spells it in its language.

Sources: EFS user guide, "Using IAM to control access to file systems" (actions, resource type, the condition keys that
NFS clients are checked against); IAM user guide, "IAM JSON policy element reference"; AWS managed policy reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Generic, NamedTuple, TypeVar

from rules.model import ANY, CLIENT_ACTIONS, Permission, Text, Value

POINT_ARN = "elasticfilesystem:AccessPointArn"
"""The condition key for the access point through which a client mounts."""
VIA_MOUNT_TARGET = "elasticfilesystem:AccessedViaMountTarget"
"""The condition key that is true for every NFS client."""
ENCRYPTED = "aws:SecureTransport"
"""The condition key that is true for every client that uses TLS."""
OF_EVERY_MOUNT = {VIA_MOUNT_TARGET.lower(): True, ENCRYPTED.lower(): True}
"""Condition keys (in lower case, since IAM ignores their case), each with the value that it has for every mount that
ECS makes with transit encryption. IAM authorization requires transit encryption."""
TASKS = "ecs-tasks.amazonaws.com"
"""The service principal that assumes task roles."""
ASSUME = "sts:AssumeRole"

BY_INSTANCE_PROFILE = (
    "The instance's mount was authorized by the instance profile: a file-system policy that names that role has to name the "
    "task role, too."
)
"""The caveat of a step that replaces a mount with IAM authorization."""
_MOUNT, _WRITE, _ROOT = CLIENT_ACTIONS
MANAGED = {
    "AdministratorAccess": CLIENT_ACTIONS,
    "PowerUserAccess": CLIENT_ACTIONS,
    "job-function/DataScientist": CLIENT_ACTIONS,
    "AmazonElasticFileSystemClientFullAccess": CLIENT_ACTIONS,
    "AmazonElasticFileSystemClientReadWriteAccess": (_MOUNT, _WRITE),
    "AmazonElasticFileSystemClientReadOnlyAccess": (_MOUNT,),
}
"""The actions that AWS managed policies allow clients on every file system, by the policy's path and name. All other
AWS managed policies allow clients nothing: `AmazonElasticFileSystemFullAccess` manages file systems, and
`ReadOnlyAccess` only describes them."""

MOST_INLINE = 10_240
"""The most characters that all inline policies of a role may have together, without white space. Source of these quotas:
IAM user guide, "IAM and AWS STS quotas"."""
MOST_IN_MANAGED = 6_144
"""The most characters that a managed policy may have, without white space."""
MOST_MANAGED = 10
"""The number of managed policies that every account can attach to a role; a higher quota has to be asked for."""

_AWS_POLICY = ":iam::aws:policy/"
_TRUTH = {"true": True, "false": False, "yes": True, "no": False}
"""The spellings of a boolean; `yes` and `no` are those of YAML."""
_EQUAL = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")


def managed(arn: str) -> tuple[str, ...]:
    """The actions that an AWS managed policy allows clients on every file system; empty for any other policy's ARN."""
    _, aws, name = arn.rpartition(_AWS_POLICY)
    return MANAGED.get(name, ()) if aws else ()


def is_of_aws(arn: str) -> bool:
    """Whether an ARN is that of a managed policy of AWS."""
    return _AWS_POLICY in arn


# -- what statements mean ---------------------------------------------------------------------------------------------


class Comparison(NamedTuple):
    """One comparison of a condition: an operator, a condition key, and the values that it is compared with."""

    operator: str
    key: str
    values: tuple[Value, ...] | None
    """The values; None if one of them cannot be read."""


class Judged(NamedTuple):
    """The effect of one statement on tasks that mount EFS."""

    allows: bool
    """Whether its effect is `Allow`. Any other effect, and one that cannot be read, counts as `Deny`."""
    actions: tuple[str, ...]
    """The client actions that it matches. If it denies and a pattern cannot be read: all of them."""
    resources: tuple[Value, ...]
    access_points: tuple[Value, ...]
    """The ARNs of the access points that its condition is limited to; empty if it covers every mount."""
    applies: bool | None
    """Whether its condition, access points aside, holds for every mount that ECS makes; None if that is not known."""

    @property
    def may_deny(self) -> bool:
        """Whether it may deny a task to mount, write or act as root."""
        return not self.allows and self.applies is not False and bool(self.actions)


def judge(
    effect: str | None,
    actions: Sequence[str | None],
    resources: Iterable[Value],
    condition: Sequence[Comparison],
    *,
    all_but: bool = False,
) -> Judged:
    """Judge the effect of a statement on tasks that mount EFS.

    `actions` are the patterns of `Action` as they are written, with None for one that cannot be read; with `all_but`
    they are those of `NotAction`. `condition` is empty if the statement has none.
    """
    allows = effect == "Allow"
    points, applies = _condition(condition)
    return Judged(allows, _actions(actions, allows, all_but), tuple(resources), access_points=points, applies=applies)


def _actions(patterns: Sequence[str | None], allows: bool, all_but: bool) -> tuple[str, ...]:
    """The client actions that patterns match. A pattern that cannot be read allows nothing, and may deny everything."""
    known = [pattern.lower() for pattern in patterns if pattern is not None]
    if len(known) < len(patterns) and not allows:
        return CLIENT_ACTIONS
    if len(known) < len(patterns) and all_but:
        return ()
    matched = [action for action in CLIENT_ACTIONS if any(fnmatchcase(action.lower(), name) for name in known)]
    return tuple(action for action in CLIENT_ACTIONS if (action in matched) is not all_but)


def _condition(comparisons: Sequence[Comparison]) -> tuple[tuple[Value, ...], bool | None]:
    """The access points that a condition names, and whether the rest of it holds for every mount that ECS makes (None
    if that is not known)."""
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
    """The boolean that a comparison's only value spells; None if it spells none."""
    if values is None or len(values) != 1 or values[0].literal is None:
        return None
    return _TRUTH.get(values[0].literal.lower())


def _without_patterns(values: tuple[Value, ...] | None) -> tuple[Value, ...]:
    """The values; empty if one of them is a pattern or cannot be read."""
    return () if values is None or any(set("*?") & set(value.source) for value in values) else values


def bounded(statements: Iterable[Judged | None]) -> frozenset[str] | None:
    """The client actions that the statements of a permissions boundary allow on every file system; None if one cannot
    be read, or limits an action to something that may be another file system or access point."""
    allowed: set[str] = set()
    perhaps: set[str] = set()
    denied: set[str] = set()
    for said in statements:
        if said is None:
            return None
        if not said.allows:
            denied.update(said.actions if said.may_deny else ())
        elif said.applies and ANY in said.resources and not said.access_points:
            allowed.update(said.actions)
        elif said.applies is not False:
            perhaps.update(said.actions)
    return None if perhaps - allowed - denied else frozenset(allowed - denied)


def bounded_by_aws(arn: str | None) -> frozenset[str] | None:
    """The client actions that a managed policy of AWS allows as a permissions boundary; None for any other policy."""
    return frozenset(managed(arn)) if arn is not None and _AWS_POLICY in arn else None


_EFS_ARN = re.compile(r"arn:[^:]*:elasticfilesystem:[^:]*:[^:]*:(?P<kind>[a-z-]+)/(?P<id>.+)", re.DOTALL)
_WILD = frozenset("*?")


@dataclass(frozen=True, slots=True)
class StatementSubject:
    """A file system or access point that a statement may be about."""

    kind: str
    """`file-system` or `access-point`."""
    id: Value | None

    def is_named_by(self, known: Value | None, arn: Value | None, own: Collection[Value]) -> bool | None:
        """Whether `known`, which a statement has in the place of an ARN, names it; None if that is not known.

        `arn` is its ARN as this source writes it, and `own` are the ids and ARNs of what this source creates, which
        are never those of something else. An id is no ARN, and names nothing.
        """
        if known in (ANY, arn):
            return True
        if not isinstance(known, Text):
            return None
        match = _EFS_ARN.fullmatch(known.coded)
        if match is None:
            written = known.literal
            return False if known in own or (written is not None and not _WILD & set(written)) else None
        named = Text.decode(match["id"])
        if match["kind"] != self.kind:
            return False
        if named == self.id:
            return True
        return self._matches(named, own)

    def _matches(self, named: Text, own: Collection[Value]) -> bool | None:
        """Whether an id in an ARN, perhaps a pattern, is another expression for the id; None if that is not known."""
        pattern, written = named.literal, self.id.literal if self.id is not None else None
        if named in own:
            return False
        if pattern is None:
            return None
        if pattern in ("*", "fs-*", "fsap-*"):
            return True
        if written is not None:
            return fnmatchcase(written, pattern)
        return False if self.id in own and not _WILD & set(pattern) else None


# -- how statements are written ---------------------------------------------------------------------------------------

_Arn = TypeVar("_Arn")


@dataclass(frozen=True)
class Statement(Generic[_Arn]):
    """A least-privilege statement: the actions that clients are allowed on one file system, through certain access
    points or on every mount. The resource of every action is the file system, never the access point."""

    actions: tuple[str, ...]
    resource: _Arn | None
    """The ARN of the file system."""
    access_points: tuple[_Arn, ...] = ()
    """The ARNs of the access points; empty for the whole file system."""

    def document(self, write: Callable[[_Arn], object]) -> dict[str, object]:
        """The statement as a dictionary for a policy document; `write` converts each ARN."""
        document: dict[str, object] = {"Effect": "Allow", "Action": list(self.actions)}
        if self.resource is not None:
            document["Resource"] = write(self.resource)
        return {**document, "Condition": self.condition(write)}

    def condition(self, write: Callable[[_Arn], object]) -> dict[str, object]:
        """The statement's condition: its access points or, for a whole file system, access through a mount target."""
        scope = [write(point) for point in self.access_points]
        if not scope:
            return {"Bool": {VIA_MOUNT_TARGET: "true"}}
        return {"StringEquals": {POINT_ARN: scope if len(scope) > 1 else scope[0]}}


def statements(permissions: Iterable[Permission]) -> list[Statement[Value]]:
    """The statements that grant the permissions of one role: one per file system and set of actions, in the order of
    the permissions. Permissions for a whole file system and for access points never share a statement."""
    actions: dict[tuple[Value | None, Value | None], tuple[str, ...]] = {}
    for p in permissions:
        actions[p.resource, p.access_point] = (*actions.get((p.resource, p.access_point), ()), p.action)
    groups: dict[tuple[Value | None, tuple[str, ...], bool], tuple[Value, ...]] = {}
    for (resource, point), names in actions.items():
        key = (resource, names, point is not None)
        groups[key] = (*groups.get(key, ()), *([point] if point is not None else []))
    return [Statement(names, resource, points) for (resource, names, _), points in groups.items()]


def size(statements: Iterable[Statement[_Arn]], length: Callable[[_Arn], int]) -> int:
    """The number of characters of a policy with these statements, without white space; `length` is that of an ARN."""
    listed = [statement.document(lambda arn: "x" * length(arn)) for statement in statements]
    return len(json.dumps({"Version": "2012-10-17", "Statement": listed}, separators=(",", ":")))


def trust() -> dict[str, object]:
    """The statement of a trust policy that lets ECS tasks assume a role."""
    return {"Effect": "Allow", "Principal": {"Service": TASKS}, "Action": ASSUME}


@dataclass(frozen=True, slots=True)
class Grant:
    """A statement for a role that the source does not create, to be attached by hand. All members are strings as the
    source writes them."""

    role: str
    arn_prefix: str
    """`arn:PARTITION:elasticfilesystem:REGION:ACCOUNT`"""
    file_system: str
    access_points: tuple[str, ...]
    """The ids of the access points; empty for the whole file system."""
    actions: tuple[str, ...]
    not_yet: bool = False
    """Whether the deployment makes the access point, so that the statement can be attached only after it."""

    def statement(self) -> dict[str, object]:
        """The statement as a dictionary for a policy document."""
        points = tuple(f"access-point/{point}" for point in self.access_points)
        statement = Statement(self.actions, f"file-system/{self.file_system}", points)
        return statement.document(lambda resource: f"{self.arn_prefix}:{resource}")

    def demand(self) -> str:
        """The instruction to attach the statement, for a message in which the statement follows."""
        scope = f"access point {', '.join(self.access_points)}" if self.access_points else "the whole file system"
        return f"attach to role {self.role} this statement, which covers {scope}"

    def sentence(self) -> str:
        """The instruction when to attach the statement, with the statement as JSON."""
        return f"{self.when()}, {self.demand()}: {json.dumps(self.statement(), ensure_ascii=False)}"

    def when(self) -> str:
        """The beginning of the instruction: the time to attach the statement."""
        return "Once the access point exists, which this deployment creates" if self.not_yet else "Before you deploy"
