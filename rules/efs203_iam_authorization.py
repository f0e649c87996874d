"""A volume that anyone who reaches the file system may mount

With `iam: ENABLED` the mount carries the task role's identity, so that a policy can say which task may mount, write or
act as root. It needs transit encryption and a task role (not the execution role, not the instance profile).

A role that may be left out or empty is none: `AWS::NoValue` or `""` in a branch, a parameter whose default or allowed values
include the empty string, `default(omit)`, `default('')`, `environ.get("ROLE", "")`. The step is refused then.

The step does not wait for an access point: IAM without one is valid, and the grant then covers the whole file system.
Where the role is outside the source, as in every plain definition, the caveat carries the exact statement to attach
*before* the definition is deployed. `ClientWrite` is in it only if some container mounts the volume writable,
`ClientRootAccess` only with `root-access: true`.

**Caveat.** While the file system has no policy of its own, every client is still let in: IAM restricts nothing until a
file-system policy removes anonymous access, after all consumers are migrated. Giving a role to a task on EC2 that had
none makes its SDK calls use that role instead of the instance profile.

Source: Amazon ECS developer guide, `authorizationConfig`; EFS user guide, "Using IAM to control file system data access".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rules.context import Context
from rules.facts.paths import FILE_SYSTEM
from rules.facts.questions import RoleOf
from rules.facts.values import may_be_absent, shown, yaml_word
from rules.model import (
    ANYTHING,
    ENABLED,
    AddPermissions,
    AddRole,
    Boundary,
    Change,
    EfsVolume,
    Engine,
    Key,
    Level,
    NoSuchCondition,
    Role,
    SetStorage,
    SetTaskRole,
    Task,
    Value,
    Volume,
)
from rules.rule import Example, Finding, Rule, Stage, Status
from rules.shared.grants import (
    Floor,
    actions,
    any_role,
    configured_role,
    family,
    grant,
    may_lack,
    permissions,
    role_name,
)
from rules.shared.network_needs import own_interface
from rules.shared.new_names import role_name as new_role_name
from rules.shared.new_names import tags
from rules.shared.principals import floor

_ID = "EFS203"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    if not isinstance(storage, EfsVolume) or not storage.encrypts or storage.file_system is None:
        return None
    if storage.authorizes and task.task_role is not None and task.may_lack_role:
        return _finding(volume, Status.REFUSED, f"iam is ENABLED, but {may_lack(task.task_role)}")
    if storage.authorizes and (task.task_role or task.engine is Engine.UNKNOWN):
        return None
    if storage.iam is not None and storage.iam.literal is None:
        return _finding(
            volume,
            Status.REFUSED,
            f"iam is the expression {shown(storage.iam)}: whether it is ENABLED cannot be seen here",
        )
    if context.stack.names is not None and not FILE_SYSTEM.fullmatch(storage.file_system.literal or "fs-00000000"):
        return _finding(
            volume,
            Status.REFUSED,
            f"{shown(storage.file_system)} is no file-system id, so no role can be allowed to mount it",
        )
    if task.engine is Engine.UNKNOWN:
        return _finding(
            volume,
            Status.REFUSED,
            "IAM authorization needs a task role, and which task definition uses this volume is not seen here",
        )
    role = task.task_role or configured_role(task, context)
    if role is None and context.stack.names is not None:
        return _with_new_role(volume, storage, task, context=context)
    if role is None:
        start = "iam is ENABLED, but the mount fails without" if storage.authorizes else "IAM authorization needs"
        return Finding(
            _ID,
            volume.key,
            Status.NEEDS_INPUT,
            message=f"{start} a task role: configure `task-roles: {{{yaml_word(family(task))}: {any_role(task)}}}`",
            question=RoleOf(family(task)),
        )
    roles = task.task_roles or (role,)
    if may_be_absent(role) or (task.task_role is not None and task.may_lack_role):
        return _finding(volume, Status.REFUSED, may_lack(role))
    changes: tuple[Change, ...] = ()
    if task.task_role is None:
        changes += (SetTaskRole(task.key, role),)
    if not storage.authorizes:
        changes += (SetStorage(volume.key, replace(storage, iam=ENABLED)),)
    own = [found for arm in roles if (found := context.own_role(arm)) is not None]
    outside = [arm for arm in roles if context.own_role(arm) is None]
    return _with_roles(volume, storage, task, context=context, own=own, outside=outside, changes=changes)


def _with_new_role(volume: Volume, storage: EfsVolume, task: Task, context: Context) -> Finding:
    """The step for a task without a role, in a source that can hold a new one."""
    name = new_role_name(task, context)
    kind = Key("role", task.key.document)
    key = kind.below(name)
    arn = context.reference(key, "Arn")
    role = Role(
        key,
        (context.reference(key, ""), arn),
        task.condition,
        tags=tags(kind, name, context),
        boundary=_of_siblings(kind, context),
    )
    changes: tuple[Change, ...] = (AddRole(role), SetTaskRole(task.key, arn))
    if not storage.authorizes:
        changes += (SetStorage(volume.key, replace(storage, iam=ENABLED)),)
    finding = _with_roles(
        volume, storage, task.with_role(arn), context=context, own=[role], outside=[], changes=changes
    )
    if finding.status is Status.REFUSED:
        return finding
    # Containers of a Fargate task without a role have no credentials, so that a role takes nothing from them; but a
    # template without IAM is deployed without CAPABILITY_IAM, and what starts tasks must be allowed to pass the role.
    harmless = task.fargate_only and bool(context.stack.roles) and not context.stack.starts_tasks
    risk = ""
    if task.may_run_on_ec2:
        risk = (
            " On EC2 the containers' SDK calls used the instance profile and will use this role instead: it needs every "
            "permission they rely on."
        )
    elif not harmless:
        risk = " The stack then needs CAPABILITY_IAM, and whatever starts the task must be allowed to pass the role."
    return replace(
        finding,
        status=finding.status if harmless else Status.UNSAFE,
        message=f"{finding.message}, which is new",
        caveat=f"The task had no role.{risk} {finding.caveat or ''}".strip(),
        question=RoleOf(family(task)),
        label=f"create role {name}",
    )


def _with_roles(
    volume: Volume,
    storage: EfsVolume,
    task: Task,
    context: Context,
    own: Sequence[Role],
    outside: Sequence[Value],
    changes: tuple[Change, ...],
) -> Finding:
    """The step for the roles that the task may have. It grants `own` roles, which this source creates, their
    permissions; for roles `outside` of it, the finding has the statement to attach."""
    for role in own:
        if clash := _clash(role, storage, context):
            return _finding(volume, Status.REFUSED, clash)
    had = floor(volume, storage, task, context=context)
    caveat = _caveat(storage, task, context)
    doubts = [had.doubt] if had.doubt else []
    lacking = []
    for role in own:
        if lacks := permissions(volume, storage, task, context=context, role=role, floor=had):
            lacking.append(role)
            changes = (AddPermissions(role.key, lacks), *changes)
        if role.unclear:
            doubts.append(
                f"Policies of role {_name(role)} deny something or cannot be read: check that they do not forbid the mount."
            )
        needed = actions(volume, task, context, floor=had)
        if role.boundary is not None and role.boundary.actions is None:
            caveat.append(f"{_boundary(role)} has to allow {' and '.join(needed)}, too.")
        elif role.boundary is not None and (closed := [a for a in needed if a not in (role.boundary.actions or ())]):
            doubts.append(f"{_boundary(role)} does not allow {' and '.join(closed)}: without that the mount is denied.")
    allowed = grant(volume, storage, task, context=context, floor=had, roles=outside) if outside else None
    step = "set iam to ENABLED"
    if task.task_role is None and outside:
        step += f" and the task role {role_name(outside[0])}, as configured"
    if lacking:
        step += f" and allow role {_names(lacking)} to mount"
    elif own:
        step += f" (role {_names(own)} is allowed to mount)"
    point = shown(storage.access_point) if storage.access_point else "no access point"
    names = [_name(role) for role in own] + ([allowed.role] if allowed else [])
    return Finding(
        _ID,
        volume.key,
        Status.UNSAFE if doubts else Status.FIXABLE,
        message=f"{_reason(storage, context)}: {step}",
        caveat=" ".join([*caveat, *_kept(had, lacking, outside), *doubts]) or None,
        changes=changes,
        grant=allowed,
        detail=f"{point}, {' and '.join(names)}",
        otherwise="keep IAM authorization off",
    )


def _boundary(role: Role) -> str:
    """The permissions boundary of a role, as the subject of a sentence."""
    return f"The permissions boundary {shown(role.boundary.policy if role.boundary else None)} of role {_name(role)}"


def _of_siblings(kind: Key, context: Context) -> Boundary | None:
    """The permissions boundary that a new role gets, since all roles beside it have one; else None."""
    siblings = [role for role in context.stack.roles if role.key.document == kind.document]
    return siblings[0].boundary if siblings and all(role.boundary for role in siblings) else None


def _reason(storage: EfsVolume, context: Context) -> str:
    """The reason for IAM authorization, in words."""
    system = context.own_file_system(storage.file_system)
    if system and system.policy and not system.policy.admits_anyone:
        return f"{shown(storage.file_system)} has a policy, and the mount does not say who it is"
    return f"anyone who reaches {shown(storage.file_system)} may mount it"


def _clash(role: Role, storage: EfsVolume, context: Context) -> str | None:
    """The reason why no policy can name both the role and the access point or file system, or None: each may exist
    without the other, and no condition can say where both do."""
    point = context.own_point_of(storage.access_point)
    system = context.own_file_system(storage.file_system)
    condition = point.condition if point else system.condition if system else None
    try:
        context.stack.logic(role.key.document).both(role.condition, condition)
    except NoSuchCondition:
        pass
    else:
        return None
    return (
        f"role {_name(role)} is there under condition {role.condition} and {shown(storage.access_point or storage.file_system)} "
        f"under {condition}: a policy cannot name both"
    )


def _kept(had: Floor, lacking: Sequence[Role], outside: Sequence[Value]) -> Iterator[str]:
    """Sentences on access of the old mount because of which the grant is not the usual one."""
    if had.note:
        yield had.note
    if had.root_access and (lacking or outside):
        yield "ClientRootAccess is part of the grant because a policy let the old mount act as root."
    if had.read_only:
        yield "ClientWrite is not part of the grant: the file-system policy did not let the old mount write."


def _name(role: Role) -> str:
    return role.key.last


def _names(roles: Sequence[Role]) -> str:
    return " and ".join(map(_name, roles))


def _caveat(storage: EfsVolume, task: Task, context: Context) -> list[str]:
    parts = []
    if storage.access_point is None:
        parts.append(
            "Without an access point the statement covers the whole file system, not only the directory mounted."
        )
    if task.task_role is None and task.may_run_on_ec2:
        parts.append(
            "The task had no role: on EC2 its SDK calls used the instance profile and will use this role instead, so it needs "
            "every permission they rely on."
        )
    # A definition that is not seen at all may have any network mode, which is no reason to name this one.
    host = task.network_mode.may_be("host") and task.network_mode != ANYTHING
    if host and task.may_run_on_ec2 and own_interface(task, context).may_be(False):
        parts.append(
            "Task roles in host network mode need ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST=true on the instances."
        )
    return parts


def _finding(volume: Volume, status: Status, message: str) -> Finding:
    return Finding(_ID, volume.key, status, message=message)


RULE = Rule(
    _ID,
    "iam-authorization",
    "access-point → iam",
    default="fixable with a task role of the source or the configuration; a plain definition without one needs input",
    page=__doc__,
    check_volume=check,
    stage=Stage.GRANTS,
    climbs_to=Level.IAM,
    examples=(
        Example(
            """
            family: blog
            taskRoleArn: arn:aws:iam::123456789012:role/blog
            containerDefinitions:
              - name: blog
                image: wordpress
                mountPoints: [{sourceVolume: uploads, containerPath: /uploads}]
            volumes:
              - name: uploads
                efsVolumeConfiguration:
                  fileSystemId: fs-0123456789abcdef0
                  transitEncryption: ENABLED
                  authorizationConfig:
                    accessPointId: fsap-0123456789abcdef0
            """,
            """
            family: blog
            taskRoleArn: arn:aws:iam::123456789012:role/blog
            containerDefinitions:
              - name: blog
                image: wordpress
                mountPoints: [{sourceVolume: uploads, containerPath: /uploads}]
            volumes:
              - name: uploads
                efsVolumeConfiguration:
                  fileSystemId: fs-0123456789abcdef0
                  transitEncryption: ENABLED
                  authorizationConfig:
                    accessPointId: fsap-0123456789abcdef0
                    iam: ENABLED
            """,
        ),
    ),
)
