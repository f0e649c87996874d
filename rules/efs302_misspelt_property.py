"""A property that the dialect spells differently

The same property is `fileSystemId` in the ECS API, `FilesystemId` in CloudFormation and `filesystem_id` in an
`ecs-params.yml`; definitions copied from one to the other fail to register, or lose the property without a word. AWS's own
page said `tranitEncryption` for two days in April 2020.

Where the wrong name is rejected, the definition cannot be deployed today and correcting it is safe. Where it is ignored
(`ecs-params.yml`), production runs without the property: correcting it changes what is mounted, so it is `unsafe`.

Source: botocore's ECS and Batch models; CloudFormation resource schemas; ecs-cli `ecs_params_reader.go`.
"""

from __future__ import annotations

from rules.context import Context
from rules.model import CorrectSpelling, EfsVolume, Level, Misspelling, Task, Volume
from rules.rule import Example, Finding, Rule, Status
from rules.shared.grants import may_lack

_ID = "EFS302"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    if not volume.misspelt or not isinstance(volume.storage, EfsVolume):
        return None
    # Without a file system nothing is registered, so nothing that runs can change.
    ignored = volume.meant is not None and volume.storage.file_system is not None
    names = ", ".join(f"{m.wrong} → {m.right}" for m in volume.misspelt)
    meant = volume.meant or volume.storage
    switched = isinstance(meant, EfsVolume) and meant.authorizes and any(map(_concerns_iam, volume.misspelt))
    if switched and task.task_role is not None and task.may_lack_role:
        return Finding(
            _ID, volume.key, Status.REFUSED, message=f"misspelt: {names}; but {may_lack(task.task_role)}", stops=True
        )
    return Finding(
        _ID,
        volume.key,
        Status.UNSAFE if ignored else Status.FIXABLE,
        message=f"misspelt: {names}",
        caveat="The misspelt property is ignored today: the running task mounts without it, and will mount differently."
        if ignored
        else None,
        changes=(CorrectSpelling(volume.key, volume.misspelt),),
        detail=names,
        stops=True,
    )


def _concerns_iam(misspelling: Misspelling) -> bool:
    """Whether a property decides, under its right name, on IAM authorization."""
    return misspelling.right.lower().replace("_", "") in ("iam", "authorizationconfig")


RULE = Rule(
    _ID,
    "misspelt-property",
    "any",
    default="fixable; unsafe where the misspelling deploys today without effect",
    page=__doc__,
    check_volume=check,
    climbs_to=Level.EFS,
    examples=(
        Example(
            """
            {
                "containerDefinitions": [{"name": "blog", "image": "wordpress"}],
                "volumes": [
                    {"name": "uploads", "efsVolumeConfiguration": {"FilesystemId": "fs-0123456789abcdef0", "tranitEncryption": "ENABLED"}}
                ]
            }
            """,
            """
            {
                "containerDefinitions": [{"name": "blog", "image": "wordpress"}],
                "volumes": [
                    {"name": "uploads", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0", "transitEncryption": "ENABLED"}}
                ]
            }
            """,
        ),
    ),
)
