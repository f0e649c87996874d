"""A platform that cannot mount EFS volumes

Windows tasks and external instances (ECS Anywhere) do not support `efsVolumeConfiguration`: every step is refused, and
the volume stays as it is. A definition that is also compatible with EC2 or Fargate is not external.

Source: amazon-ecs-agent `agent_capability_windows.go`; Amazon ECS developer guide, "External instances".
"""

from __future__ import annotations

from rules.levels import level
from rules.model import Level, Task, Volume
from rules.rule import Context, Finding, Rule, Status

_ID = "EFS403"


def unsupported(task: Task) -> str | None:
    """The platform that cannot mount EFS volumes, or None."""
    if (task.operating_system or "").upper().startswith("WINDOWS"):
        return "Windows tasks"
    if task.compatibilities == {"EXTERNAL"}:
        return "External instances (ECS Anywhere)"
    return None


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    platform = unsupported(task)
    if platform is None or not Level.OTHER.rank < level(volume, task, context).rank < context.policy.target.rank:
        return None
    return Finding(
        _ID, volume.key, Status.REFUSED, f"{platform} do not support EFS volumes: the volume stays as it is", stops=True
    )


RULE = Rule(_ID, "unsupported-platform", "any", "refused", __doc__, check_volume=check)
