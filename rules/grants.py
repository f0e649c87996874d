"""The least-privilege IAM statement that lets a task role mount a volume.

Sources: EFS user guide, "Using IAM to control file system data access" (actions, resource type, condition keys that NFS
clients are checked against). The resource of all three actions is the file system, never the access point.
"""

from __future__ import annotations

import json
import re

from rules.model import EfsVolume, Opaque, Task, Text, Value, Volume
from rules.rule import Context, read_only, shown

_ROLE_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[^:]+):role/.+")


def actions(volume: Volume, task: Task, context: Context) -> list[str]:
    """Exactly what the task needs: no write access where every mount is read-only."""
    names = ["elasticfilesystem:ClientMount"]
    if not read_only(volume, task, context):
        names.append("elasticfilesystem:ClientWrite")
    if context.policy.root_access:
        names.append("elasticfilesystem:ClientRootAccess")
    return names


def statement(volume: Volume, storage: EfsVolume, task: Task, context: Context) -> str:
    """The statement as one line of JSON. `<region>` and `<account>` stand where the source does not say."""
    partition, account = _role_parts(task.task_role)
    prefix = f"arn:{partition}:elasticfilesystem:{task.region or '<region>'}:{account}"
    condition: dict[str, dict[str, str]] = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
    if storage.access_point:
        condition = {
            "StringEquals": {"elasticfilesystem:AccessPointArn": f"{prefix}:access-point/{shown(storage.access_point)}"}
        }
    return json.dumps(
        {
            "Effect": "Allow",
            "Action": actions(volume, task, context),
            "Resource": f"{prefix}:file-system/{shown(storage.file_system)}",
            "Condition": condition,
        },
        ensure_ascii=False,
    )


def _role_parts(role: Value | None) -> tuple[str, str]:
    if isinstance(role, Text) and (match := _ROLE_ARN.fullmatch(role.coded)):
        return match["partition"], Text.decode(match["account"]).source
    return "aws", "<account>"


def role_name(role: Value | None) -> str:
    """How people call a role: the last component of its ARN, or what is written."""
    if isinstance(role, Opaque) or role is None:
        return shown(role)
    return Text.decode(role.coded.rpartition("/")[2]).source
