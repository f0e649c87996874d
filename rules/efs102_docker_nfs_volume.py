"""A Docker volume that mounts EFS over NFS

The `local` driver with NFS options, or the `amazon-ecs-volume-plugin` driver that ECS itself uses, reaches the same
directory that `efsVolumeConfiguration` names directly. The file system is read from `addr=` or from the host part of
`device`, the directory from what follows its colon. A server that is an address or a name of your own may or may not
be EFS: it is left until the configuration says what the volume is (`docker-volumes`).

What the old mount had is kept: `tls`, `iam` and `accesspoint=` become their counterparts, and `ro` becomes
`readOnly: true` on the mount points. `mounttargetip`, `az`, `region` and `crossaccount` have none, and the volume is
refused.

**Caveat.** Labels, scope and `autoprovision` vanish: an EFS volume belongs to one task and only its data is shared. On
Fargate the image's content is no longer copied into an empty directory.

Source: amazon-ecs-agent `dockervolume_efs.go` (the strings the agent generates); Docker `local` driver; `man mount.efs`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rules.model import (
    ENABLED,
    Change,
    DockerVolume,
    EfsVolume,
    Level,
    SetReadOnly,
    SetStorage,
    Task,
    Text,
    Value,
    Volume,
)
from rules.mounts import UNSUPPORTED, parse_source, split_options
from rules.paths import text
from rules.rule import Context, Example, Finding, Rule, Status, read_only, shown, shown_path

_ID = "EFS102"
_PLUGIN = "amazon-ecs-volume-plugin"


@dataclass(frozen=True, slots=True)
class DockerMount:
    """What a Docker volume mounts, as far as its options say; paths and options coded."""

    file_system: Value | None
    directory: str | None
    server: str
    options: tuple[str, ...]
    region: str | None = None
    never_worked: bool = False


def docker_mount(storage: DockerVolume) -> DockerMount | None:
    """Read the options of a `local` NFS volume or of the ECS volume plugin; None for any other volume."""
    driver = "local" if storage.driver is None else storage.driver.literal
    kind = storage.option("type")
    kind_name = (kind.literal or "").lower() if kind else ""
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
    addresses = [o.removeprefix("addr=") for o in options if o.startswith("addr=")]
    sources = [parse_source(server, directory or "/") for server in (*addresses, host) if server]
    systems = {s.file_system for s in sources if s.file_system}
    source = next((s for s in sources if s.file_system), None) if len(systems) == 1 else None
    server = Text.decode((addresses or [host])[-1]).source
    return DockerMount(
        source.file_system if source else None,
        source.directory if source and directory is not None else None,
        server,
        tuple(options),
        source.region if source else None,
        never_worked=driver == "local" and kind_name == "efs",
    )


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    if not isinstance(volume.storage, DockerVolume) or (mount := docker_mount(volume.storage)) is None:
        return None

    def finding(status: Status, message: str, caveat: str | None = None, *changes: Change) -> Finding:
        return Finding(_ID, volume.key, status, message, caveat, changes=changes)

    file_system, directory = mount.file_system, mount.directory
    if configured := context.policy.docker_volumes.get(volume.name):
        file_system, directory = configured.file_system, configured.directory
    if file_system is None or directory is None:
        return finding(
            Status.NEEDS_INPUT,
            f"NFS server {mount.server or '(none)'} may or may not be EFS: if it is, configure "
            f"`docker-volumes: {{{volume.name}: {{file-system: fs-…, directory: /…}}}}`",
        )
    target = f"{shown(file_system)}:{shown_path(directory)}"
    names = {o.partition("=")[0]: o.partition("=")[2] for o in mount.options}
    if unsupported := [name for name in UNSUPPORTED if name in names]:
        return finding(
            Status.REFUSED,
            f"the Docker volume mounts {target} with {', '.join(unsupported)}, which efsVolumeConfiguration cannot express",
        )
    if mount.region and task.region and mount.region != task.region:
        return finding(
            Status.REFUSED,
            f"the Docker volume mounts {target} in {mount.region}, but the task runs in {task.region}: "
            "efsVolumeConfiguration reaches file systems of its own region only",
        )
    point = Text.decode(names["accesspoint"]) if names.get("accesspoint") else None
    if point and directory != "/":
        return finding(
            Status.REFUSED,
            f"the Docker volume mounts {shown_path(directory)} below access point {point.source}; ECS mounts an access "
            "point's own root only",
        )
    if "iam" in names and task.task_role is None:
        return finding(
            Status.NEEDS_INPUT,
            f"the Docker volume mounts {target} with IAM authorization, which needs a task role: configure "
            f"`task-roles: {{{task.name}: arn:aws:iam::…}}`",
        )
    storage = EfsVolume(
        file_system,
        None if directory == "/" else text(directory),
        ENABLED if "tls" in names or "iam" in names or point else None,
        access_point=point,
        iam=ENABLED if "iam" in names else None,
    )
    changes: tuple[Change, ...] = (SetStorage(volume.key, storage),)
    if "ro" in names and not read_only(volume, task, context):
        points = context.mount_points(volume, task)
        if points is None or any(point.read_only is None for _, point in points):
            return finding(
                Status.REFUSED,
                f"the Docker volume mounts {target} read-only, and the mount points that would have to keep it so are not "
                "readable here",
            )
        changes += (SetReadOnly(task.key, volume.name),)
    return finding(
        Status.UNSAFE if mount.never_worked else Status.FIXABLE,
        f"the Docker volume mounts {target}: use efsVolumeConfiguration" + _vanishing(volume.storage),
        _caveat(mount, task),
        *changes,
    )


def _vanishing(storage: DockerVolume) -> str:
    labels = ", ".join(name for name, _ in storage.labels)
    return f" (its labels vanish: {labels})" if labels else ""


def _caveat(mount: DockerMount, task: Task) -> str | None:
    parts = []
    if mount.never_worked:
        parts.append(
            "Docker's local driver has no type `efs`: this volume never mounted, so the change makes the task mount EFS for "
            "the first time."
        )
    if "FARGATE" in task.compatibilities:
        parts.append("On Fargate an empty directory is no longer filled from the image.")
    if task.network_mode == "awsvpc":
        parts.append(
            "The mount will leave through the task's security group, which needs TCP 2049 to the mount targets."
        )
    if re.search(r"\.efs\.", mount.server) and mount.region is None:
        parts.append(f"The region in {mount.server} must be the one the task runs in.")
    return " ".join(parts) or None


RULE = Rule(
    _ID,
    "docker-nfs-volume",
    "host → efs",
    "fixable; needs input where the NFS server does not show whether it is EFS",
    __doc__,
    check_volume=check,
    climbs_to=Level.EFS,
    examples=(
        Example(
            """
            family: wiki
            containerDefinitions:
              - name: wiki
                image: mediawiki
                mountPoints: [{sourceVolume: images, containerPath: /var/www/html/images}]
            volumes:
              - name: images
                dockerVolumeConfiguration:
                  scope: shared
                  autoprovision: true
                  driver: local
                  driverOpts:
                    type: nfs
                    device: ":/wiki/images"
                    o: addr=fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com,nfsvers=4.1,ro
            """,
            """
            family: wiki
            containerDefinitions:
              - name: wiki
                image: mediawiki
                mountPoints: [{sourceVolume: images, containerPath: /var/www/html/images, readOnly: true}]
            volumes:
              - name: images
                efsVolumeConfiguration:
                  fileSystemId: fs-0123456789abcdef0
                  rootDirectory: /wiki/images
            """,
        ),
    ),
)
