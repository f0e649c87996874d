"""The use that a task's containers make of a volume: reading or writing, and the user that they run as."""

from __future__ import annotations

from rules.context import Context
from rules.facts.values import shown
from rules.model import Change, Container, Engine, MountPoint, SetReadOnly, Task, Value, Volume


def _viewers(holders: set[Value | None], task: Task) -> list[tuple[Container, bool]]:
    """Containers that take over volumes (`volumesFrom`) of `holders` or of one another, and whether surely read-only."""
    viewers: list[tuple[Container, bool]] = []
    grows = True
    while grows:
        grows = False
        for container in task.containers:
            for source, ro in container.volumes_from:
                seen = source is None or source.literal is None or source in holders
                if seen and (container, ro.is_surely(True)) not in viewers:
                    viewers.append((container, ro.is_surely(True)))
                    holders = holders | {container.name}
                    grows = True
    return viewers


def read_only(volume: Volume, task: Task, context: Context) -> bool:
    """Whether no container of the task can write to the volume; anything that is not known counts as writable.

    A container that takes over the volumes of another (`volumesFrom`) must take them read-only, too.
    """
    found = context.mount_points(volume, task)
    if not found or not all(point.read_only.is_surely(True) for _, point in found):
        return False
    return all(ro for _, ro in _viewers({container.name for container, _ in found}, task))


def keep_read_only(volume: Volume, task: Task, context: Context) -> tuple[Change, ...] | None:
    """The changes that make every mount point of a volume read-only; None if the source does not show all of them, or
    an expression decides on one of them."""
    if read_only(volume, task, context):
        return ()
    found = context.mount_points(volume, task)
    if found is None or not all(
        point.read_only.is_surely(True) or point.read_only.is_surely(False) for _, point in found
    ):
        return None
    return (SetReadOnly(task.key, volume.name),) if found else ()


ONE_UNREAD = "one that cannot be read here"
"""The name, for messages, of a container that cannot be read."""


def may_run_as_root(volume: Volume, task: Task) -> list[str]:
    """Names of containers that see the volume, or may see it, and run as root (or as their image's user, which usually
    is root). A container that cannot be read may do all of that."""
    if task.engine is Engine.UNKNOWN:
        return []
    holders = [c for c in task.containers if c.opaque or any(_may_show(point, volume) for point in c.mount_points)]
    holders += [container for container, _ in _viewers({c.name for c in holders}, task)] if holders else []
    found = [
        shown(container.name) if container.name is not None else "of the job"
        for container in dict.fromkeys(holders)
        if container.user is None or (container.user.literal or "x").partition(":")[0] in ("root", "0")
    ]
    return [*found, ONE_UNREAD] if task.opaque_containers else found


def _may_show(point: MountPoint, volume: Volume) -> bool:
    """Whether a mount point is of the volume, or of a volume that is not known."""
    return point.shows(volume.name) or point.volume is None or point.volume.literal is None
