"""A host path that lies on a mount of EFS

Before 2020 a task reached EFS only through the container instance: user data mounted the file system, and the task
definition named a path below that mount in `host.sourcePath`. Every instance has to be mounted before Docker starts,
every task on it can read everything, and Fargate cannot run the task at all. `efsVolumeConfiguration` lets ECS mount
the file system for the task.

The directory stays the same: what the host path adds to the mount point, below the directory that is mounted there.
Which file system is mounted where comes from the source itself or from the configuration (`file-systems`, `mounts`);
a host path that only looks like EFS is never migrated on its name.

**Caveat.** No source shows what an instance really mounts: compare `ls -la` of the directory from inside a running
container (Docker may have started before the mount, and symbolic links are not seen) before you deploy. On EC2, Docker
fills an EFS directory that is empty with the image's content at the container path; a bind mount never did.

Source: Amazon ECS developer guide, "Amazon EFS volumes" and "Tutorial: Using Amazon EFS file systems with Amazon ECS".
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.context import Context
from rules.facts.iam import BY_INSTANCE_PROFILE
from rules.facts.mounts import UNSUPPORTED, Unplaced, encrypts, lost_options, split_options
from rules.facts.other_files import Proposal
from rules.facts.paths import looks_like_a_file, text
from rules.facts.questions import MountAt, Question
from rules.facts.values import shown, shown_path, yaml_word
from rules.model import ENABLED, Change, DockerVolume, EfsVolume, Level, SetStorage, Task, Text, Value, Volume
from rules.rule import Example, Finding, Rule, Status
from rules.shared.network_needs import over_the_network
from rules.shared.placement import host_path, likely_mount_point, placement
from rules.shared.proposals import propose, settle
from rules.shared.root_directories import must_exist
from rules.shared.volumes import keep_read_only

_ID = "EFS101"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    found = placement(volume, task, context)
    if found is None:
        return None
    path = shown(host_path(volume))
    if isinstance(found, Unplaced):
        return _ask(volume, path, found, context=context)
    target = f"{shown(found.mount.file_system)}:{shown_path(found.directory)}"
    if found.nested:
        return _refuse(
            volume,
            f"host path {path} is {target}, but another mount lies below it, at {shown_path(found.nested)}: an EFS volume "
            "would not contain that one; give each its own volume",
        )
    mount = found.mount
    options = [*mount.options, *_bind_options(volume)]
    names = {o.partition("=")[0]: o.partition("=")[2] for o in options}
    if unsupported := [name for name in UNSUPPORTED if name in names]:
        return _refuse(
            volume, f"{target} is mounted with {', '.join(unsupported)}, which efsVolumeConfiguration cannot express"
        )
    beyond = path.rstrip("/") != shown_path(mount.host_path)
    point = names.get("accesspoint")
    if point and found.directory != "/":
        return _refuse(
            volume, f"{target} is mounted below access point {point}, and ECS mounts an access point's own root only"
        )
    changes: tuple[Change, ...] = ()
    if "ro" in names:
        kept = keep_read_only(volume, task, context)
        if kept is None:
            return _refuse(
                volume, f"{target} is mounted read-only, and the mount points to keep it so are not readable here"
            )
        changes = kept
    storage = EfsVolume(
        found.mount.file_system,
        None if found.directory == "/" else text(found.directory),
        ENABLED if encrypts(options) else None,
        access_point=Text.decode(point) if point else None,
    )
    file_like = beyond and looks_like_a_file(path)
    empty = context.may_be_empty(found.mount.file_system, volume, task)
    careful = file_like or empty or "iam" in names
    step = Finding(
        _ID,
        volume.key,
        Status.UNSAFE if careful else Status.FIXABLE,
        message=f"host path {path} lies on EFS: mount {target} with efsVolumeConfiguration",
        caveat=_caveat(target, path, task, options=options, file_like=file_like)
        + must_exist(storage, context, docker_made_it=beyond)
        + (_empty(found.mount.file_system) if empty else ""),
        changes=(SetStorage(volume.key, storage), *changes),
        detail=target,
        keeps_iam="iam" in names,
    )
    return over_the_network(step, task, context)


def _empty(file_system: Value | None) -> str:
    return (
        f" {shown(file_system)} may be empty: the task then has a directory of the instance today, and could not be registered "
        "after this step."
    )


def _bind_options(volume: Volume) -> list[str]:
    """The options of a Docker volume that binds a host path."""
    storage = volume.storage
    return split_options(storage.option("o")) if isinstance(storage, DockerVolume) else []


def _ask(volume: Volume, path: str, found: Unplaced, context: Context) -> Finding:
    proposals = propose(found.seen, context)
    if proposals:
        remedy = settle(proposals, context)
    elif found.mappable:
        mount_point, file_system, directory = _mount_point(path, found), "fs-…", "/"
        if found.likely:
            mount_point, (file_system, directory) = path, map(yaml_word, found.likely)
        remedy = f"if it is, configure `file-systems: [{{id: {file_system}, mounts: {{{yaml_word(mount_point)}: {directory}}}}}]`"
    else:
        remedy = "mount it another way, or leave it as it is with `rules: {EFS101: off}`"
    return Finding(
        _ID,
        volume.key,
        Status.NEEDS_INPUT,
        message=f"host path {path} may be EFS: {found.reason}; {remedy}",
        help="`efs-migrate init` writes a configuration to fill in; /proc/mounts on an instance shows its mounts",
        proposals=proposals,
        question=_question(path, found, proposals),
    )


def _mount_point(path: str, found: Unplaced) -> str:
    """The mount point to ask about."""
    return likely_mount_point(path) if found.at is None else shown_path(found.at)


def _question(path: str, found: Unplaced, proposals: Sequence[Proposal]) -> Question | None:
    """The question which file system is mounted at the path; None if the configuration cannot answer it."""
    mounts = [(shown_path(p.mount.host_path), p.id or "", shown_path(p.mount.directory)) for p in proposals]
    likely = [mount for mount in mounts if mount[0].startswith("/") and mount[2].startswith("/")]
    if found.mappable and not proposals:
        likely = [(path, *found.likely) if found.likely else (_mount_point(path, found), "", "/")]
    return MountAt(path, tuple(likely)) if likely else None


def _refuse(volume: Volume, message: str) -> Finding:
    return Finding(_ID, volume.key, Status.REFUSED, message=message)


def _caveat(target: str, path: str, task: Task, options: list[str], file_like: bool) -> str:
    caveat = (
        f"Compare `ls -la` of {target} with the directory that a running container sees: no source shows what an instance "
        "really mounts."
    )
    if task.may_run_on_ec2:
        caveat += " If the directory is empty, Docker will fill it from the image; the bind mount did not."
    if lost := [o for o in lost_options(options) if o not in ("bind", "rbind")]:
        caveat += f" Mount options without an equivalent are lost: {', '.join(lost)}."
    if any(o.partition("=")[0] == "iam" for o in options):
        caveat += f" {BY_INSTANCE_PROFILE}"
    if file_like:
        caveat += f" {path} looks like a file, and EFS mounts directories only."
    return caveat


RULE = Rule(
    _ID,
    "host-path-volume",
    "host → efs",
    default="fixable where the mount is known; a path that looks like EFS needs input; anything else is left alone",
    page=__doc__,
    check_volume=check,
    climbs_to=Level.EFS,
    examples=(
        Example(
            """
            family: web
            containerDefinitions:
              - name: web
                image: nginx
                mountPoints: [{sourceVolume: html, containerPath: /usr/share/nginx/html}]
            volumes:
              - name: html
                host:
                  sourcePath: /mnt/efs/web/html
            """,
            """
            family: web
            containerDefinitions:
              - name: web
                image: nginx
                mountPoints: [{sourceVolume: html, containerPath: /usr/share/nginx/html}]
            volumes:
              - name: html
                efsVolumeConfiguration:
                  fileSystemId: fs-0123456789abcdef0
                  rootDirectory: /web/html
            """,
            """
            file-systems:
              - id: fs-0123456789abcdef0
                mounts: {/mnt/efs: /}
            """,
        ),
    ),
)
