"""A Docker volume that mounts EFS over NFS

The `local` driver with NFS options, or the `amazon-ecs-volume-plugin` driver that ECS itself uses, reaches the same
directory that `efsVolumeConfiguration` names directly. The file system is read from `addr=` or from the host part of
`device`, the directory from what follows its colon. A server that is an address or a name of your own may or may not
be EFS: it is left until the configuration says what the volume is (`docker-volumes`).

What the old mount had is kept: `tls`, `iam` and `accesspoint=` become their counterparts, and `ro` becomes
`readOnly: true` on the mount points. `mounttargetip`, `az`, `region` and `crossaccount` have none, and the volume is
refused; so is one with a property that no Docker volume of ECS has, since nothing says what it is there for.

**Caveat.** Labels, scope and `autoprovision` vanish: an EFS volume belongs to one task and only its data is shared. On
Fargate the image's content is no longer copied into an empty directory.

Source: amazon-ecs-agent `dockervolume_efs.go` (the strings the agent generates); Docker `local` driver; `man mount.efs`.
"""

from __future__ import annotations

import re

from rules.context import Context
from rules.facts.iam import BY_INSTANCE_PROFILE
from rules.facts.mounts import UNSUPPORTED, lost_options
from rules.facts.paths import climbs, starts_with_reference, text
from rules.facts.questions import Question, RoleOf, StorageOf
from rules.facts.values import shown, shown_path, yaml_word
from rules.model import (
    CODED_REF,
    ENABLED,
    Change,
    DockerVolume,
    EfsVolume,
    Level,
    SetStorage,
    SetTaskRole,
    Task,
    Text,
    Volume,
)
from rules.rule import Example, Finding, Rule, Status
from rules.shared.grants import Floor, any_role, configured_role, family, grant, may_lack
from rules.shared.network_needs import over_the_network
from rules.shared.placement import DockerMount, docker_mount, unknown_properties
from rules.shared.platforms import may_run_on_fargate
from rules.shared.root_directories import must_exist
from rules.shared.volumes import keep_read_only

_ID = "EFS102"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    if not isinstance(volume.storage, DockerVolume) or (mount := docker_mount(volume.storage)) is None:
        return None
    configured = context.choices.docker_volumes.get(volume.name)
    file_system = mount.file_system or (configured.file_system if configured else None)
    directory = mount.directory or (configured.directory if configured else None)
    if file_system is None or directory is None:
        return _ask(
            volume,
            f"NFS server {mount.server or '(none)'} may or may not be EFS: if it is, configure "
            f"`docker-volumes: {{{yaml_word(volume.name)}: {{file-system: fs-…, directory: /…}}}}`",
            StorageOf(volume.name, shown_path(mount.directory or "/")),
        )
    target = f"{shown(file_system)}:{shown_path(directory)}"
    if configured and (configured.file_system, configured.directory) != (file_system, directory):
        told = f"{shown(configured.file_system)}:{shown_path(configured.directory)}"
        return _refused(volume, f"it mounts {target}, but the configuration's docker-volumes say {told}")
    if reason := _inexpressible(mount, directory, task):
        return _refused(volume, f"it mounts {target} {reason}")
    if names := volume.storage.unknown:
        return _refused(volume, unknown_properties(names))
    # In a template, EFS203 adds IAM together with the grant; the two are applied together or not at all.
    later = mount.option("iam") is not None and context.stack.names is not None
    iam = mount.option("iam") is not None and not later
    role = task.task_role or configured_role(task, context)
    if iam and role is None:
        return _ask(
            volume,
            f"the Docker volume mounts {target} with IAM authorization, which needs a task role: configure "
            f"`task-roles: {{{yaml_word(family(task))}: {any_role(task)}}}`",
            RoleOf(family(task)),
        )
    if iam and task.task_role is not None and task.may_lack_role:
        return _refused(volume, f"it mounts {target} with IAM authorization, and {may_lack(task.task_role)}")
    point = mount.option("accesspoint")
    storage = EfsVolume(
        file_system,
        None if directory == "/" else text(directory),
        ENABLED if mount.option("tls") is not None or iam or later or point else None,
        access_point=Text.decode(point) if point else None,
        iam=ENABLED if iam else None,
    )
    changes: tuple[Change, ...] = (SetStorage(volume.key, storage),)
    if iam and task.task_role is None and role is not None:
        changes = (SetTaskRole(task.key, role), *changes)
    if mount.option("ro") is not None:
        kept = keep_read_only(volume, task, context)
        if kept is None:
            return _refused(
                volume, f"it mounts {target} read-only, and the mount points to keep it so are not readable here"
            )
        changes += kept
    step = Finding(
        _ID,
        volume.key,
        Status.UNSAFE if mount.never_worked or later else Status.FIXABLE,
        message=f"the Docker volume mounts {target}: use efsVolumeConfiguration" + _vanishing(volume.storage),
        caveat=f"{_caveat(mount, task, later, context=context) or ''}{must_exist(storage, context)}".strip() or None,
        changes=changes,
        # The task must keep the access that the old mount had.
        grant=grant(
            volume,
            storage,
            task if task.task_role is not None else task.with_role(role),
            context=context,
            floor=Floor(root_access=True),
        )
        if iam
        else None,
        detail=target,
        keeps_iam=later,
    )
    return over_the_network(step, task, context)


_OWN_REGION = re.compile(r"\.efs\.\$?\{(?:AWS::Region|self\.region|(?:\w+\.)?Aws\.REGION)\}\.")
"""A server's name with the region that its own stack is deployed to, in which the stack's tasks run, too."""


def _ask(volume: Volume, message: str, question: Question) -> Finding:
    return Finding(_ID, volume.key, Status.NEEDS_INPUT, message=message, question=question)


def _refused(volume: Volume, reason: str) -> Finding:
    return Finding(_ID, volume.key, Status.REFUSED, message=f"the Docker volume cannot be replaced: {reason}")


def _inexpressible(mount: DockerMount, directory: str, task: Task) -> str | None:
    """The reason why an EFS volume could not mount the same, or None if it can; completes "it mounts fs-…:/ …"."""
    if unsupported := [name for name in UNSUPPORTED if mount.option(name) is not None]:
        return f"with {', '.join(unsupported)}, which efsVolumeConfiguration cannot express"
    if hidden := [o for o in mount.options if re.match(CODED_REF, o)]:
        return f"with options that an expression hides ({Text.decode(hidden[0]).source})"
    if mount.region and task.region and mount.region != task.region:
        return f"in {mount.region}, but the task runs in {task.region}, and EFS volumes do not cross regions"
    if climbs(directory) or not (directory.startswith("/") or starts_with_reference(directory)):
        return "by a path that is not absolute or climbs with .."
    if mount.option("accesspoint") and directory != "/":
        return f"below access point {mount.option('accesspoint')}, and ECS mounts an access point's own root only"
    return None


def _vanishing(storage: DockerVolume) -> str:
    labels = ", ".join(name for name, _ in storage.labels)
    return f" (its labels vanish: {labels})" if labels else ""


def _caveat(mount: DockerMount, task: Task, unauthorized: bool, context: Context) -> str | None:
    parts = []
    if unauthorized:
        parts.append(BY_INSTANCE_PROFILE)
    if mount.never_worked:
        parts.append(
            "Docker's local driver has no type `efs`: this volume never mounted, so the change makes the task mount EFS for "
            "the first time."
        )
    if lost := lost_options(mount.options):
        parts.append(f"Mount options without an equivalent are lost: {', '.join(lost)}.")
    if may_run_on_fargate(task, context):
        parts.append("On Fargate an empty directory is no longer filled from the image.")
    if ".efs." in mount.server and task.region is None and not _OWN_REGION.search(mount.server):
        parts.append(f"The task must run in the region of {mount.server}.")
    return " ".join(parts) or None


RULE = Rule(
    _ID,
    "docker-nfs-volume",
    "host → efs",
    default="fixable; needs input where the NFS server does not show whether it is EFS",
    page=__doc__,
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
