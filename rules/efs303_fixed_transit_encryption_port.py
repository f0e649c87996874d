"""A fixed port for the TLS proxy

The mount helper's proxy listens on a port of the container instance (or of the task, in `awsvpc` mode). A fixed
`transitEncryptionPort` serves one mount at a time: the second task on the instance, or the second volume of the task,
fails with "Specified port … is unavailable". Without it the helper chooses a free port.

Removing it is offered as an unsafe step only: a port may have been fixed for a firewall rule.

Source: efs-utils `proxy.py`; containers-roadmap issue 2337 (fixed ports fail with container agents from 1.82.1).
"""

from __future__ import annotations

from dataclasses import replace

from rules.context import Context
from rules.facts.values import shown
from rules.model import EfsVolume, Level, SetStorage, Task, Volume
from rules.rule import Example, Finding, Rule, Status

_ID = "EFS303"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    # The agent treats 0 as not set.
    if not isinstance(storage, EfsVolume) or (port := storage.transit_encryption_port) is None or port.literal == "0":
        return None
    removal = Finding(
        _ID,
        volume.key,
        Status.UNSAFE,
        message=f"transitEncryptionPort {shown(port)} is fixed: it serves one mount at a time; remove it and let the mount helper choose",
        caveat="Check that no firewall rule or sidecar relies on the port.",
        changes=(SetStorage(volume.key, replace(storage, transit_encryption_port=None)),),
        detail="removed",
    )
    if context.choices.unsafe:
        return removal
    return Finding(_ID, volume.key, Status.ADVICE, message=removal.message, alternatives=(removal,))


RULE = Rule(
    _ID,
    "fixed-transit-encryption-port",
    "any",
    default="advice; `--unsafe` removes it",
    page=__doc__,
    check_volume=check,
    climbs_to=Level.EFS,
    examples=(
        Example(
            """
            containerDefinitions: []
            volumes:
              - name: uploads
                efsVolumeConfiguration:
                  fileSystemId: fs-0123456789abcdef0
                  transitEncryption: ENABLED
                  transitEncryptionPort: 2999
            """,
            """
            containerDefinitions: []
            volumes:
              - name: uploads
                efsVolumeConfiguration:
                  fileSystemId: fs-0123456789abcdef0
                  transitEncryption: ENABLED
            """,
        ),
    ),
)
