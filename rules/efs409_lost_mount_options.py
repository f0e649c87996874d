"""Mount options that an EFS volume cannot carry

ECS mounts with the mount helper's own options (`nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,
noresvport`) and takes no others. `ro` has a counterpart, `readOnly` of the mount points, and is carried over; `soft`,
`noac`, `nosuid`, another `timeo` and the like are lost, and with them the behaviour they were chosen for.

Source: `man mount.efs`; amazon-ecs-agent `dockervolume_efs.go`.
"""

from __future__ import annotations

from rules.context import Context
from rules.facts.mounts import lost_options
from rules.model import DockerVolume, Level, Task, Volume
from rules.rule import Finding, Rule, Status
from rules.shared.placement import docker_mount

_ID = "EFS409"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    if not isinstance(volume.storage, DockerVolume) or (mount := docker_mount(volume.storage)) is None:
        return None
    if not (lost := lost_options(mount.options)):
        return None
    return Finding(
        _ID,
        volume.key,
        Status.ADVICE,
        message=f"mount options without an equivalent are lost: {', '.join(lost)}",
        detail=",".join(lost),
    )


RULE = Rule(_ID, "lost-mount-options", "any", default="advice", page=__doc__, check_volume=check, climbs_to=Level.EFS)
