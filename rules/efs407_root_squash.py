"""A container that runs as root on a volume with IAM authorization

Without a file-system policy nothing changes. As soon as one exists, root is squashed for every client that is not
allowed `ClientRootAccess`: a container running as root can then no longer write to directories that root owns, nor
change owners. Run the container as the owner of its files, or set `root-access: true` to have the action in the grant.

Nothing is said of a role that is seen to have the action, or of an access point that enforces a user other than root:
EFS puts that user in the place of every client's.

Source: EFS user guide, "Network File System (NFS) level users, groups, and permissions" and "Enforcing a user
identity using an access point".
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.context import Context
from rules.facts.values import shown
from rules.model import ANY, CLIENT_ACTIONS, EfsVolume, FileSystemPolicy, Level, Task, Volume
from rules.rule import Finding, Rule, Stage, Status
from rules.shared.grants import is_allowed, point_arn
from rules.shared.volumes import ONE_UNREAD, may_run_as_root

_ID = "EFS407"
_ROOT = CLIENT_ACTIONS[2]


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    if not isinstance(storage, EfsVolume) or storage.level is not Level.IAM or context.choices.root_access:
        return None
    point = context.own_point_of(storage.access_point)
    if point is not None and point.user is not None and _is_other_than_root(point.user):
        return None  # EFS puts that user in the place of root, which then has nothing to be squashed
    containers = may_run_as_root(volume, task)
    if not containers:
        return None
    system = context.own_file_system(storage.file_system)
    policy = system.policy if system else None
    if (policy is None or not policy.problem) and _may_act_as_root(policy, storage, task, context=context):
        return None
    one = len(containers) == 1
    who = f"container {containers[0]} runs" if one else f"containers {' and '.join(containers)} run"
    if containers == [ONE_UNREAD]:
        who = "a container that cannot be read here may run"
    needs = (
        f"once a file-system policy exists {'it needs' if one else 'they need'} ClientRootAccess"
        if policy is None
        else f"{shown(storage.file_system)} has a policy, and nothing seen here allows {'it' if one else 'them'} ClientRootAccess"
    )
    return Finding(
        _ID,
        volume.key,
        Status.ADVICE,
        message=f"{who} as root (or as {'its' if one else 'their'} image's user): {needs} (`root-access: true`)",
    )


def _is_other_than_root(user: Sequence[str]) -> bool:
    """Whether the uid and gid that an access point enforces are both known not to be root's."""
    return all(number.isdecimal() and int(number) for number in user[:2])


def _may_act_as_root(policy: FileSystemPolicy | None, storage: EfsVolume, task: Task, context: Context) -> bool:
    """Whether every role that the task may have is allowed `ClientRootAccess`, by the file-system policy or its own."""
    arn = point_arn(storage.access_point, context)
    for written in task.task_roles:
        role = context.own_role(written)
        names = (ANY, written, *(role.refs if role else ()))
        by_policy = policy is not None and policy.allows(names, _ROOT, arn)
        allowed = by_policy or (role and is_allowed(role, _ROOT, storage, context=context))
        if not allowed:
            return False
    return bool(task.task_roles)


RULE = Rule(
    _ID,
    "root-squash",
    "any",
    default="advice",
    page=__doc__,
    check_volume=check,
    climbs_to=Level.IAM,
    stage=Stage.GRANTS,
)
