"""An access point on the whole file system

An access point with the path `/` gives IAM a handle but confines nothing: every task that uses it sees every directory.
Move the data into a directory of its own, or set `access-points: subdirectories` to leave such volumes without one.

Source: Security Hub control EFS.3.
"""

from __future__ import annotations

from rules.context import Context
from rules.facts.values import shown
from rules.model import EfsVolume, Level, Task, Volume
from rules.rule import Finding, Rule, Stage, Status

_ID = "EFS406"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    if (
        not isinstance(storage, EfsVolume)
        or not storage.access_point
        or context.directory_of(storage.file_system, storage.access_point) != "/"
    ):
        return None
    return Finding(
        _ID,
        volume.key,
        Status.ADVICE,
        message=f"access point {shown(storage.access_point)} serves the whole of {shown(storage.file_system)}: it confines nothing "
        "(`access-points: subdirectories` leaves such volumes without one)",
    )


RULE = Rule(
    _ID,
    "whole-file-system",
    "any",
    default="advice",
    page=__doc__,
    check_volume=check,
    climbs_to=Level.ACCESS_POINT,
    stage=Stage.ACCESS_POINTS,
)
