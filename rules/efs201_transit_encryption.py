"""A volume without transit encryption

`transitEncryption` is `DISABLED` unless the definition says otherwise: file data crosses the network in the clear, and
neither an access point nor IAM authorization can be used. `ENABLED` makes the mount helper run a TLS proxy beside the
mount; nothing changes for the containers.

No `transitEncryptionPort` is written: the mount helper chooses a free port, and a fixed one serves only one volume at a
time (EFS303).

**Caveat.** Container instances need the ECS-optimized AMI 20200319 or later (container agent 1.38.0, ecs-init 1.38.0-1)
or, on an AMI of your own, `amazon-efs-utils` and the running `amazon-ecs-volume-plugin`. Fargate needs platform version
1.4.0; its supervisor container takes a little of the task's memory.

Source: Amazon ECS developer guide, "Amazon EFS volumes"; Security Hub control ECS.18.
"""

from __future__ import annotations

from dataclasses import replace

from rules.context import Context
from rules.facts.values import shown
from rules.model import ENABLED, EfsVolume, Level, OtherStorage, SetStorage, Task, Text, Volume
from rules.rule import Example, Finding, Rule, Stage, Status
from rules.shared.platforms import volume_prerequisites

_ID = "EFS201"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    if isinstance(storage, OtherStorage) and storage.problem:
        return Finding(_ID, volume.key, Status.REFUSED, message=storage.problem)
    if not isinstance(storage, EfsVolume) or storage.encrypts:
        return None
    if storage.file_system is None or storage.file_system == Text.of(""):
        return Finding(
            _ID,
            volume.key,
            Status.REFUSED,
            message="the volume names no file system (fileSystemId is missing or empty)",
        )
    written = storage.transit_encryption
    if written is not None and written.literal is None:
        return Finding(
            _ID,
            volume.key,
            Status.REFUSED,
            message=f"transitEncryption is the expression {shown(written)}: whether it is ENABLED cannot be seen here",
        )
    word = (written.literal or "").upper() if written else ""
    if word not in ("ENABLED", "DISABLED", ""):
        return Finding(
            _ID,
            volume.key,
            Status.REFUSED,
            message=f"transitEncryption is {shown(written)}, which is neither ENABLED nor DISABLED",
        )
    state = "is not encrypted in transit"
    if word == "ENABLED":
        state = f"is not known to be encrypted in transit (ECS knows ENABLED, not {shown(written)})"
    return Finding(
        _ID,
        volume.key,
        Status.FIXABLE,
        message=f"EFS traffic of {shown(storage.file_system)} {state}: set transitEncryption to ENABLED",
        caveat=volume_prerequisites(task, context) or None,
        changes=(SetStorage(volume.key, replace(storage, transit_encryption=ENABLED)),),
    )


RULE = Rule(
    _ID,
    "transit-encryption",
    "efs → tls",
    default="fixable",
    page=__doc__,
    check_volume=check,
    stage=Stage.PLATFORM,
    climbs_to=Level.TLS,
    examples=(
        Example(
            """
            {
              "containerDefinitions": [{"name": "blog", "image": "wordpress"}],
              "volumes": [
                {
                  "name": "uploads",
                  "efsVolumeConfiguration": {
                    "fileSystemId": "fs-0123456789abcdef0",
                    "rootDirectory": "/uploads"
                  }
                }
              ]
            }
            """,
            """
            {
              "containerDefinitions": [{"name": "blog", "image": "wordpress"}],
              "volumes": [
                {
                  "name": "uploads",
                  "efsVolumeConfiguration": {
                    "fileSystemId": "fs-0123456789abcdef0",
                    "rootDirectory": "/uploads",
                    "transitEncryption": "ENABLED"
                  }
                }
              ]
            }
            """,
        ),
    ),
)
