"""A volume that anyone who reaches the file system may mount

With `iam: ENABLED` the mount carries the task role's identity, so that a policy can say which task may mount, write or
act as root. It needs transit encryption and a task role (not the execution role, not the instance profile).

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

from dataclasses import replace

from rules.grants import configured_role, family, grant, permissions, role_name
from rules.model import (
    ENABLED,
    AddPermissions,
    AddRole,
    Change,
    EfsVolume,
    Engine,
    Level,
    Ref,
    Role,
    SetStorage,
    SetTaskRole,
    Task,
    Text,
    Volume,
)
from rules.names import role_name as new_role_name
from rules.names import tags
from rules.rule import Context, Example, Finding, Rule, Status, may_be_absent, shown, yaml_word

_ID = "EFS203"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    if not isinstance(storage, EfsVolume) or not storage.encrypts or storage.file_system is None:
        return None
    if storage.authorizes and (task.task_role or task.engine is Engine.UNKNOWN):
        return None
    if storage.iam is not None and storage.iam.literal is None:
        return _finding(
            volume,
            Status.REFUSED,
            f"iam is the expression {shown(storage.iam)}: whether it is ENABLED cannot be seen here",
        )
    if task.engine is Engine.UNKNOWN:
        return _finding(
            volume,
            Status.REFUSED,
            "IAM authorization needs a task role, and this file holds volumes only: the task definition that has the role is "
            "not here",
        )
    role = task.task_role or configured_role(task, context)
    if role is None and context.stack.names is not None:
        return _with_new_role(volume, storage, task, context)
    if role is None:
        start = "iam is ENABLED, but the mount fails without" if storage.authorizes else "IAM authorization needs"
        return _finding(
            volume,
            Status.NEEDS_INPUT,
            f"{start} a task role: configure `task-roles: {{{yaml_word(family(task))}: arn:aws:iam::…}}`",
        )
    if may_be_absent(role):
        return _finding(
            volume, Status.REFUSED, f"the task role {shown(role)} may be left out, and IAM authorization needs one"
        )
    changes: tuple[Change, ...] = ()
    if task.task_role is None:
        changes += (SetTaskRole(task.key, role),)
    if not storage.authorizes:
        changes += (SetStorage(volume.key, replace(storage, iam=ENABLED)),)
    own = context.own_role(role)
    if own is not None:
        return _with_own_role(volume, storage, task, context, own, changes)
    given = f" and the task role {role_name(role)}, as configured" if task.task_role is None else ""
    allowed = grant(volume, storage, replace(task, task_role=role), context)
    return Finding(
        _ID,
        volume.key,
        Status.FIXABLE,
        f"anyone who reaches {shown(storage.file_system)} may mount it: set iam to ENABLED{given}",
        _caveat(storage, task),
        changes=changes,
        grant=allowed,
        detail=f"{', '.join(allowed.access_points) or 'no access point'}, {allowed.role}",
    )


def _with_new_role(volume: Volume, storage: EfsVolume, task: Task, context: Context) -> Finding | None:
    """IAM for a task without a role, where the source can create one."""
    name = new_role_name(task, context)
    arn = Text((Ref(f"${{{name}.Arn}}"),))
    kind = ("role", task.key[1])
    refs = (Text((Ref(f"${{{name}}}"),)), arn)
    role = Role((*kind, name), refs, task.condition, tags=tags(kind, name, context))
    changes: tuple[Change, ...] = (AddRole(role), SetTaskRole(task.key, arn))
    if not storage.authorizes:
        changes += (SetStorage(volume.key, replace(storage, iam=ENABLED)),)
    finding = _with_own_role(volume, storage, replace(task, task_role=arn), context, role, changes)
    if finding is None or finding.status is Status.REFUSED:
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
    )


def _with_own_role(
    volume: Volume, storage: EfsVolume, task: Task, context: Context, role: Role, changes: tuple[Change, ...]
) -> Finding | None:
    """IAM with a role that this source creates: the grant is part of the step."""
    system = context.own_file_system(storage.file_system)
    guarded = system is not None and system.has_policy
    lacking = permissions(volume, storage, task, context, role)
    if lacking:
        changes = (AddPermissions(role.key, lacking), *changes)
    name = str(role.key[-1])
    caveat = _caveat(storage, task) or ""
    if guarded:
        caveat += " The file system has a policy of its own: check that it lets this role mount, write and act as root."
    if role.unclear:
        caveat += f" Policies of role {name} deny something or cannot be read: check that they do not forbid the mount."
    return Finding(
        _ID,
        volume.key,
        Status.UNSAFE if guarded or role.unclear else Status.FIXABLE,
        f"anyone who reaches {shown(storage.file_system)} may mount it: set iam to ENABLED and allow role {name} to mount",
        caveat.strip() or None,
        changes=changes,
        detail=f"{shown(storage.access_point) if storage.access_point else 'no access point'}, {name}",
    )


def _caveat(storage: EfsVolume, task: Task) -> str | None:
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
    if task.network_mode == "host" and task.may_run_on_ec2:
        parts.append(
            "Task roles in host network mode need ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST=true on the instances."
        )
    return " ".join(parts) or None


def _finding(volume: Volume, status: Status, message: str) -> Finding:
    return Finding(_ID, volume.key, status, message)


RULE = Rule(
    _ID,
    "iam-authorization",
    "access-point → iam",
    "fixable with a task role of the source or the configuration; a plain definition without one needs input",
    __doc__,
    check_volume=check,
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
