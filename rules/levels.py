"""How far a volume has climbed, for reports and for rules that ask."""

from __future__ import annotations

from rules.efs101_host_path_volume import placement
from rules.efs102_docker_nfs_volume import docker_mount
from rules.efs103_docker_plugin_volume import is_plugin_volume
from rules.model import DockerVolume, EfsVolume, Level, OtherStorage, Task, Volume
from rules.rule import Context


def level(volume: Volume, task: Task, context: Context) -> Level:
    """The rung a volume stands on; `Level.OTHER` if nothing says that it is EFS."""
    storage = volume.storage
    if isinstance(storage, EfsVolume):
        return storage.level
    if isinstance(storage, OtherStorage):
        return Level.EFS if storage.problem else Level.OTHER
    if isinstance(storage, DockerVolume) and (docker_mount(storage) or is_plugin_volume(storage)):
        return Level.HOST
    return Level.HOST if placement(volume, task, context) else Level.OTHER
