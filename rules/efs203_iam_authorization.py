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

from rules.context import Context
from rules.facts.paths import FILE_SYSTEM
from rules.facts.values import shown
from rules.model import EfsVolume, Engine, Level, Task, Volume
from rules.rule import Example, Finding, Rule, Stage, refusal
from rules.shared.authorization import Authorization, reason
from rules.shared.grants import may_lack

_ID = "EFS203"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    if not isinstance(storage, EfsVolume) or not storage.encrypts or storage.file_system is None:
        return None
    if storage.authorizes and task.task_role is not None and task.may_lack_role:
        return refusal(_ID, volume, f"iam is ENABLED, but {may_lack(task.task_role)}")
    if storage.authorizes:
        return None  # EFS204 looks at what the role is allowed
    if storage.iam is not None and storage.iam.literal is None:
        return refusal(
            _ID, volume, f"iam is the expression {shown(storage.iam)}: whether it is ENABLED cannot be seen here"
        )
    if context.stack.names is not None and not FILE_SYSTEM.fullmatch(storage.file_system.literal or "fs-00000000"):
        return refusal(
            _ID, volume, f"{shown(storage.file_system)} is no file-system id, so no role can be allowed to mount it"
        )
    if task.engine is Engine.UNKNOWN:
        return refusal(
            _ID,
            volume,
            "IAM authorization needs a task role, and which task definition uses this volume is not seen here",
        )
    return Authorization(_ID, volume, storage, task=task, context=context, reason=reason(storage, context)).step()


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
