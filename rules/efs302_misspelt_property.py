"""A property that the dialect spells differently

The same property is `fileSystemId` in the ECS API, `FilesystemId` in CloudFormation and `filesystem_id` in an
`ecs-params.yml`; definitions copied from one to the other fail to register, or lose the property without a word. AWS's own
page said `tranitEncryption` for two days in April 2020.

Where the wrong name is rejected, the definition cannot be deployed today and correcting it is safe. Where it is ignored
(`ecs-params.yml`), production runs without the property: correcting it changes what is mounted, so it is `unsafe`.

Source: botocore's ECS and Batch models; CloudFormation resource schemas; ecs-cli `ecs_params_reader.go`.
"""

from __future__ import annotations

from dataclasses import replace

from rules.context import Context
from rules.model import CorrectSpelling, EfsVolume, Engine, Level, Misspelling, Task, Volume
from rules.rule import CAREFUL, Example, Finding, Rule, Status
from rules.shared.authorization import NEEDS_ROLE, Authorization
from rules.shared.grants import unseen

_ID = "EFS302"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    if not volume.misspelt or not isinstance(volume.storage, EfsVolume):
        return None
    # Without a file system nothing is registered, so nothing that runs can change.
    ignored = volume.meant is not None and volume.storage.file_system is not None
    names = ", ".join(f"{m.wrong} → {m.right}" for m in volume.misspelt)
    meant = volume.meant or volume.storage
    finding = Finding(
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
    if isinstance(meant, EfsVolume) and meant.authorizes and any(map(_concerns_iam, volume.misspelt)):
        return _with_authorization(finding, volume, meant, task=task, context=context)
    return finding


def _with_authorization(finding: Finding, volume: Volume, meant: EfsVolume, task: Task, context: Context) -> Finding:
    """The correction that brings `iam: ENABLED` to life, together with the role and the grant that it then needs."""
    if task.engine is Engine.UNKNOWN or meant.file_system is None:
        return finding
    if task.task_role is not None and not task.may_lack_role and not unseen(volume, meant, task, context=context):
        return finding
    step = Authorization(_ID, volume, meant, task=task, context=context, reason=NEEDS_ROLE).step()
    why = step.message
    if task.task_role is not None:
        why = why.removeprefix(f"{NEEDS_ROLE}: ")
    if not step.changes and step.status is not Status.FIXABLE:
        return replace(step, message=f"{finding.message}; but {why}", stops=True)
    return replace(
        finding,
        status=max(finding.status, step.status, key=CAREFUL.index),
        message=f"{finding.message}; {why}",
        caveat=" ".join(filter(None, (finding.caveat, step.caveat))) or None,
        changes=(*finding.changes, *step.changes),
        grant=step.grant,
        question=step.question,
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
