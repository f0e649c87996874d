"""Differences between models in words: a change for reports, and what came out wrong where a proof failed.

deepdiff takes milliseconds where `==` takes microseconds, so this module is imported only if the words are printed.
"""

from __future__ import annotations

from dataclasses import fields

from deepdiff import DeepDiff

from rules.model import DockerVolume, EfsVolume, HostPath, Key, OtherStorage, Stack, Storage, Volume


def misread(planned: Stack, read: Stack) -> dict[Key, str]:
    """The entities of a planned stack that read differently in the result, each with what becomes of it, in words."""
    found: dict[Key, str] = {}
    tasks = {task.key: task for task in read.tasks}
    for task in planned.tasks:
        again = tasks.get(task.key)
        volumes = {volume.key: volume for volume in again.volumes} if again else {}
        for volume in task.volumes:
            if volume != (other := volumes.get(volume.key)):
                found[volume.key] = f"volume {volume.name} {_became(volume, other)}"
        others = [
            f.name
            for f in fields(task)
            if f.name != "volumes" and getattr(task, f.name) != getattr(again, f.name, None)
        ]
        if others:
            what = " and ".join(others).replace("_", " ")
            found[task.key] = f"task definition {task.name} has other {what} than planned"
    for what, mine, theirs in (
        ("access point", planned.access_points, read.access_points),
        ("role", planned.roles, read.roles),
        ("parameter", planned.parameters, read.parameters),
        ("security group rule", planned.network.traffic, read.network.traffic),
    ):
        entities = {entity.key: entity for entity in theirs}
        found |= {e.key: f"{what} {e.key.last} is not what was planned" for e in mine if entities.get(e.key) != e}
    for permission in planned.permissions ^ read.permissions:
        found[permission.role] = f"role {permission.role.last} has other permissions than planned"
    return found


def _became(planned: Volume, read: Volume | None) -> str:
    """The end of a sentence that begins with the name of a volume: the difference between what was planned and what is read."""
    if read is None:
        return "is not found any more"
    match read.storage:
        case OtherStorage(problem=str() as problem):
            return f"cannot be read any more: {problem}"
        case EfsVolume() as storage if isinstance(planned.storage, EfsVolume) and storage != planned.storage:
            return f"mounts EFS in another way than planned ({change_in_words(planned.storage, storage) or 'other members'})"
        case EfsVolume():
            return "has other members than planned"
        case HostPath():
            return "is still one of a host path"
        case DockerVolume():
            return "is still a Docker volume"
    return "is no EFS volume"


_NAMES = {
    "file_system": "file system",
    "root_directory": "root directory",
    "transit_encryption": "transit encryption",
    "transit_encryption_port": "transit encryption port",
    "access_point": "access point",
    "iam": "IAM authorization",
}


def change_in_words(before: Storage, after: Storage) -> str:
    """The change from one storage to another, in words: "transit encryption DISABLED → ENABLED, access point fsap-…
    added"."""
    assert isinstance(after, EfsVolume)
    if not isinstance(before, EfsVolume):
        before = EfsVolume(None)
    old, new = ({k: v for k, v in _shown(s).items() if v is not None} for s in (before, after))
    # Without the threshold deepdiff reports two very different dictionaries as a single changed value.
    diff = DeepDiff(old, new, view="tree", threshold_to_diff_deeper=0)
    templates = {
        "dictionary_item_added": "{name} {new}",
        "values_changed": "{name} {old} → {new}",
        "dictionary_item_removed": "{name} {old} dropped",
    }
    words = {}
    for kind, template in templates.items():
        for item in diff.get(kind, ()):
            member = str(item.path(output_format="list")[0])
            words[member] = template.format(name=_NAMES[member], old=item.t1, new=item.t2)
    return ", ".join(words[member] for member in _NAMES if member in words)


def _shown(storage: EfsVolume) -> dict[str, str | None]:
    return {name: getattr(storage, name).source if getattr(storage, name) is not None else None for name in _NAMES}
