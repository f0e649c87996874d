"""The level that a volume has reached, for reports and rules."""

from __future__ import annotations

from rules.context import Context
from rules.facts.mounts import Mapped, encrypts
from rules.model import DockerVolume, EfsVolume, Level, OtherStorage, Task, Volume
from rules.shared.placement import docker_mount, is_plugin_volume, placement


def level(volume: Volume, task: Task, context: Context) -> Level:
    """The level of a volume; `Level.OTHER` if nothing suggests that it is EFS."""
    storage = volume.storage
    if isinstance(storage, EfsVolume):
        return storage.level
    if isinstance(storage, OtherStorage):
        return Level.EFS if storage.problem else Level.OTHER
    if isinstance(storage, DockerVolume) and (docker_mount(storage) or is_plugin_volume(storage)):
        return Level.HOST
    return Level.HOST if placement(volume, task, context) else Level.OTHER


def tls_mount(volume: Volume, task: Task, context: Context) -> bool:
    """Whether a volume that is not an EFS volume yet mounts EFS with TLS: the EFS volume must keep it."""
    found = placement(volume, task, context)
    mounted = docker_mount(volume.storage) if isinstance(volume.storage, DockerVolume) else None
    options = found.mount.options if isinstance(found, Mapped) else mounted.options if mounted else ()
    return encrypts(options)
