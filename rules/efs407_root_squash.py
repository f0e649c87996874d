"""A container that runs as root on a volume with IAM authorization

Without a file-system policy nothing changes. As soon as one exists, root is squashed for every client that is not
allowed `ClientRootAccess`: a container running as root can then no longer write to directories that root owns, nor
change owners. Run the container as the owner of its files, or set `root-access: true` to have the action in the grant.

Source: EFS user guide, "Network File System (NFS) level users, groups, and permissions".
"""

from __future__ import annotations

from rules.model import EfsVolume, Level, Task, Volume
from rules.rule import Context, Finding, Rule, Status, runs_as_root

_ID = "EFS407"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    if not isinstance(storage, EfsVolume) or storage.level is not Level.IAM or context.policy.root_access:
        return None
    containers = runs_as_root(volume, task, context)
    if not containers:
        return None
    return Finding(
        _ID,
        volume.key,
        Status.ADVICE,
        f"container {', '.join(containers)} runs as root (or as its image's user): once a file-system policy exists it "
        "needs ClientRootAccess (`root-access: true`)",
    )


RULE = Rule(_ID, "root-squash", "any", "advice", __doc__, check_volume=check, climbs_to=Level.IAM)
