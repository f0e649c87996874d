"""A root directory beside an access point

ECS refuses a volume that names both: with an access point, `rootDirectory` must be omitted or `/`, and the access
point's own path is mounted. The entry is dropped unless the access point is known to have another path: then the
definition contradicts itself, and which of the two is meant is not for a tool to say. `/` is valid and stays.

Source: ECS API: "When using an EFS access point, the root directory must either be set to "/" or be omitted".
"""

from __future__ import annotations

from dataclasses import replace

from rules.context import Context
from rules.facts.values import directory, may_be_absent, shown, shown_path
from rules.model import EfsVolume, Level, SetStorage, Task, Volume
from rules.rule import Example, Finding, Rule, Stage, Status

_ID = "EFS301"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    if not isinstance(storage, EfsVolume) or not storage.access_point or storage.root_directory is None:
        return None
    path = directory(storage)
    if path == "/":
        return None
    point, written = shown(storage.access_point), shown(storage.root_directory)
    if may_be_absent(storage.access_point):
        return _refused(volume, f"access point {point} may be left out, and then rootDirectory {written} is mounted")
    known = context.directory_of(storage.file_system, storage.access_point)
    literal = storage.root_directory.literal is not None and path is not None
    if known is not None and literal and known != path:
        return _refused(
            volume,
            f"rootDirectory is {written}, but access point {point} has the path {shown_path(known)}: they contradict each "
            "other, and ECS refuses both together",
        )
    return Finding(
        _ID,
        volume.key,
        Status.FIXABLE,
        message=f"ECS refuses rootDirectory {written} beside access point {point}: drop it",
        caveat=None
        if known is not None and known == path
        else f"The task will see the path of access point {point}: check that it is {written}.",
        changes=(SetStorage(volume.key, replace(storage, root_directory=None)),),
        detail=point,
    )


def _refused(volume: Volume, message: str) -> Finding:
    return Finding(_ID, volume.key, Status.REFUSED, message=message)


RULE = Rule(
    _ID,
    "root-directory-with-access-point",
    "any",
    default="fixable; refused where the access point's path is known to differ",
    page=__doc__,
    check_volume=check,
    stage=Stage.ACCESS_POINTS,
    climbs_to=Level.EFS,
    examples=(
        Example(
            """
            containerDefinitions:
              - {name: blog, image: wordpress}
            volumes:
              - name: uploads
                efsVolumeConfiguration:
                  fileSystemId: fs-0123456789abcdef0
                  rootDirectory: /uploads  # the access point's path
                  transitEncryption: ENABLED
                  authorizationConfig: {accessPointId: fsap-0123456789abcdef0}
            """,
            """
            containerDefinitions:
              - {name: blog, image: wordpress}
            volumes:
              - name: uploads
                efsVolumeConfiguration:
                  fileSystemId: fs-0123456789abcdef0
                  transitEncryption: ENABLED
                  authorizationConfig: {accessPointId: fsap-0123456789abcdef0}
            """,
        ),
    ),
)
