"""A platform that cannot mount EFS volumes

Windows tasks and external instances (ECS Anywhere) do not support `efsVolumeConfiguration`: every step is refused, and
the volume stays as it is. A definition that is also compatible with EC2 or Fargate is not external, unless a service starts
it there (`LaunchType: EXTERNAL`). Windows is told by the definition's platform, and by placement constraints of the definition
and of its services (`attribute:ecs.os-type == windows`). A condition or a parameter's default that leads to such a platform
counts; a parameter without one does not.

Bottlerocket mounts EFS volumes, but only without TLS, and so without access points and IAM: every step above `efs` is
refused for a task whose instances, as far as the source shows their images, are all Bottlerocket, unless it runs on Fargate
only.

Source: amazon-ecs-agent `agent_capability_windows.go`; Amazon ECS developer guide, "External instances"; bottlerocket#815,
bottlerocket#1080.
"""

from __future__ import annotations

from rules.context import Context
from rules.model import Level, Task, Volume
from rules.rule import Finding, Rule, Stage, Status
from rules.shared.levels import level, tls_mount
from rules.shared.platforms import unsupported

_ID = "EFS403"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    found = unsupported(task, context)
    if found is None:
        return None
    platform, highest = found
    now = level(volume, task, context)
    # A step that would have to keep the TLS of the old mount leads too high at once.
    after = Level.TLS if tls_mount(volume, task, context) else Level.EFS if now is Level.HOST else Level.TLS
    if not Level.OTHER.rank < now.rank < context.choices.target.rank or after.rank <= highest.rank:
        return None
    return Finding(_ID, volume.key, Status.REFUSED, message=f"{platform}: the volume stays as it is", stops=True)


RULE = Rule(
    _ID, "unsupported-platform", "any", default="refused", page=__doc__, check_volume=check, stage=Stage.PLATFORM
)
