"""Finds the file system and directory behind a legacy volume: a host path, a Docker NFS volume, a volume of a plugin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rules.context import Context
from rules.facts.mounts import SYSTEM_PATH, Mapped, Unplaced, parse_source, place, serving, split_options
from rules.facts.other_files import SeenMount
from rules.facts.paths import climbs, is_of_windows, looks_like_efs, normalise
from rules.facts.values import shown, shown_path
from rules.model import DockerVolume, HostPath, Task, Text, Value, Volume
from rules.shared.proposals import where


def host_path(volume: Volume) -> Value | None:
    """The path on the container instance that a volume binds; None if it binds none.

    It is that of a host volume, or of a `local` Docker volume with the option `bind`.
    """
    storage = volume.storage
    if isinstance(storage, HostPath):
        return storage.path
    if isinstance(storage, DockerVolume) and (storage.driver is None or storage.driver.literal == "local"):
        options = split_options(storage.option("o"))
        if "bind" in options or "rbind" in options:
            return storage.option("device")
    return None


def placement(volume: Volume, task: Task, context: Context) -> Mapped | Unplaced | None:
    """The directory of a file system that the volume's host path leads to, or the reason why it is not known.

    None if the volume has no host path, or nothing suggests that it is EFS.
    """
    path = host_path(volume)
    # Managed instances run no user data, so nothing can have mounted EFS there.
    if path is None or task.managed_only:
        return None
    if not isinstance(path, Text):
        return place(None, volume.name, context.mounts(task))
    if is_of_windows(path) or _on_windows(volume, task, context):
        return None
    found = place(path, volume.name, context.mounts(task), unseen=context.hosts(task).unseen)
    if isinstance(found, Mapped):
        return found
    found = _by_default(path, volume, task, context=context) or found
    if found is None or found.by_name:
        known = context.mounts_by_default(task) if context.stack.parameters else context.mounts(task)
        if served := serving(normalise(path.coded), known):
            return served
        seen = _seen_elsewhere(normalise(path.coded), task, context, suspected=found is not None)
        return Unplaced(where(seen), seen=seen) if seen else found
    return found


_DRIVE = re.compile(r"[\"'`]?[A-Za-z]:\\")


def _on_windows(volume: Volume, task: Task, context: Context) -> bool:
    """Whether containers mount the volume at a path of Windows (`C:\\data`), so that its own path is one, too."""
    points = context.mount_points(volume, task) or ()
    beside = (
        text for _, point in points for name, text in point.rest if name.lower().replace("_", "") == "containerpath"
    )
    return any(isinstance(text, str) and _DRIVE.match(text) for text in beside)


def _by_default(path: Text, volume: Volume, task: Task, context: Context) -> Unplaced | None:
    """A guess at the directory, from the defaults of all parameters; None if they lead to no known mount."""
    if not context.stack.parameters:
        return None
    unseen = context.hosts(task).unseen
    target = place(context.with_defaults(path, volume.key), volume.name, context.mounts_by_default(task), unseen=unseen)
    if not isinstance(target, Mapped) or target.nested:
        return None
    likely = shown(target.mount.file_system), shown_path(target.directory)
    named = [f"parameter {p.name} is {p.default} by default" for p in context.parameters(path, volume.key)]
    given = " and ".join(named) or f"parameters put a mount at {shown_path(target.mount.host_path)} by default"
    return Unplaced(f"{given}, and then it is {':'.join(likely)}", likely=likely)


def _seen_elsewhere(path: str, task: Task, context: Context, *, suspected: bool) -> tuple[SeenMount, ...]:
    """Mounts of EFS in other files that hold the path, if the instances of these files may run the task."""
    if not task.may_run_on_ec2 or climbs(path) or context.mounts(task).at_or_above(path):
        return ()
    hosts = context.hosts(task)
    if not suspected and (SYSTEM_PATH.match(path) or (hosts.instances and hosts.unseen is None)):
        return ()
    return context.choices.seen.holding(path)


_SLASH = re.compile(r"/(?![^{}]*\})")
"""A slash outside of a reference, which may hold some: `${EFS:-/mnt/efs}`."""


def likely_mount_point(path: str) -> str:
    """The part of a host path up to the first component that looks like EFS: `/mnt/efs` of `/mnt/efs/app/data`."""
    components = _SLASH.split(path.rstrip("/"))
    for i, component in enumerate(components):
        if looks_like_efs(component):
            return "/".join(components[: i + 1])
    return path


_PLUGIN = "amazon-ecs-volume-plugin"


@dataclass(frozen=True, slots=True)
class DockerMount:
    """The directory of a file system that a Docker volume mounts, as far as its options show it. Paths and options are
    coded."""

    file_system: Value | None
    directory: str | None
    server: str
    options: tuple[str, ...]
    region: str | None = None
    never_worked: bool = False

    def option(self, name: str) -> str | None:
        """The value of an option ("" for one without), or None if it is not given."""
        return next((value for key, _, value in (o.partition("=") for o in self.options) if key == name), None)


def docker_mount(storage: DockerVolume) -> DockerMount | None:
    """Read the options of a `local` NFS volume or of the ECS volume plugin; None for any other volume."""
    driver = "local" if storage.driver is None else storage.driver.literal
    kind = storage.option("type")
    kind_name = ("nfs" if kind.literal is None else kind.literal.lower()) if kind else ""
    device = storage.option("device")
    options = split_options(storage.option("o"))
    if driver == "local" and kind_name not in ("nfs", "nfs4", "efs"):
        return None
    if driver not in ("local", _PLUGIN) or (driver == _PLUGIN and kind_name not in ("efs", "")):
        return None
    host, colon, path = device.coded.partition(":") if device else ("", "", "")
    directory: str | None = path if colon else None
    if driver == _PLUGIN and not colon:
        directory = "/"
    if kind is not None and kind.literal is None:
        options.append(kind.coded)
    # The kernel connects to `addr=`; a host in `device` is a label beside it, but must not name another file system.
    address = next((o.removeprefix("addr=") for o in reversed(options) if o.startswith("addr=")), None)
    source = parse_source(address or host, directory or "/")
    label = parse_source(host, "/").file_system if host else None
    agrees = label is None or label == source.file_system
    return DockerMount(
        file_system=source.file_system if agrees else None,
        directory=None if directory is None else source.directory,
        server=Text.decode(address or host).source,
        options=tuple(options),
        region=source.region,
        never_worked=driver == "local" and kind_name == "efs",
    )


def unknown_properties(names: Sequence[str]) -> str:
    """The reason to keep a Docker volume with such properties; completes "the Docker volume cannot be replaced: …"."""
    return f"what becomes of {', '.join(names)}, which no Docker volume of ECS has, is not known"


_DRIVER = re.compile(r"rexray/efs\b|(?:.*/)?cloudstor(?::|$)|(?:.*[/_-])?efs(?:[:_-].*)?$", re.IGNORECASE)


def is_plugin_volume(storage: DockerVolume) -> bool:
    """Whether the volume comes from a plugin for EFS.

    Volumes of cloudstor with `relocatable` backing or an EBS type are EBS, not EFS.
    """
    driver = storage.driver.literal if storage.driver else None
    if driver is None or driver == "amazon-ecs-volume-plugin" or not _DRIVER.match(driver):
        return False
    backing = storage.option("backing")
    on_ebs = storage.option("ebstype") is not None or (backing is not None and backing.literal == "relocatable")
    return not on_ebs
