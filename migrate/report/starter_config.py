"""Writes the `.efs-migrate.yaml` of `init`: the values that were found, and commented lines for those to fill in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from migrate.config.config import names_file_system
from migrate.config.schema import MODELINE
from migrate.engine.outcome import VolumeLevels
from migrate.run.run import FileResult
from migrate.terminal.printable import printable
from rules.facts.mounts import SYSTEM_PATH
from rules.facts.other_files import Proposal
from rules.facts.values import directory, shown_path
from rules.model import DockerVolume, EfsVolume, HostPath, Level, Text
from rules.rule import Status
from rules.shared.placement import likely_mount_point
from rules.shared.proposals import mount_entry, where

_PLAIN = re.compile(r"[A-Za-z0-9/][A-Za-z0-9/._-]*")
_MOST = 5

_HEAD = f"""\
{MODELINE}
# What efs-migrate cannot see in the definitions. Fill in the values marked with …, remove the `#` before the lines you
# need, then run `efs-migrate check`. Nothing here is needed for a definition that says everything itself.
"""

_FILE_SYSTEMS = """
# mounts:         path on the container instance -> directory of the file system mounted there (see /proc/mounts on one)
# access-points:  directory of the file system -> access point that exists already
# An id may be an expression, written as the definitions write it.
file-systems:
"""

_DOCKER_VOLUMES = """
# Docker volumes whose file system the definition does not name.
docker-volumes:
"""

_TASK_ROLES = """
# Task roles for definitions that have none: the mount authorizes with this role ("*" serves Fargate tasks only).
task-roles:
"""

_OTHERS = """
# Other host paths. They are left alone; where EFS is mounted at or above one of them, add it to `mounts`.
"""

_CHOICES = """
# target: iam              # tls | access-point | iam
# access-points: always    # always | subdirectories | never
# root-access: false       # let containers act as root once a file-system policy exists
"""


def starter(files: Sequence[FileResult]) -> str:
    """The text of the starter configuration, which is valid as it stands: entries with unknown values are comments."""
    found = [(file, volume) for file in files for volume in file.outcome.volumes]
    seen = _seen_mounts(files)
    parts = [_HEAD, _FILE_SYSTEMS, *_file_systems(found), *_proposed(seen), *_unknown_mounts(found, seen)]
    if docker := list(_docker_volumes(found)):
        parts += [_DOCKER_VOLUMES, *docker]
    if roles := list(_task_roles(files)):
        parts += [_TASK_ROLES, *roles]
    if others := list(_other_paths(found)):
        parts += [_OTHERS, *others]
    return "".join([*parts, _CHOICES])


_Found = Sequence[tuple[FileResult, VolumeLevels]]


def _file_systems(found: _Found) -> Iterator[str]:
    """One entry per file system that the definitions name, with the directories that have no access point yet."""
    systems: dict[str, dict[str, list[str]]] = {}
    for file, volume in found:
        storage = volume.planned
        if isinstance(storage, EfsVolume) and storage.file_system is not None and storage.file_system.source:
            directories = systems.setdefault(storage.file_system.source, {})
            path = directory(storage)
            if storage.access_point is None and path is not None:
                directories.setdefault(shown_path(path), []).append(_place(file, volume))
    for system, directories in systems.items():
        if not names_file_system(system):
            yield f"  # {printable(system)} is no file-system id: {_listed(p for d in directories.values() for p in d)}\n"
            continue
        yield f"  - id: {_quoted(system)}\n    # mounts: {{/mnt/efs: /}}\n"
        if directories:
            yield "    access-points:\n"
        for path, places in directories.items():
            yield f"      # {_quoted(path)}: fsap-…    # {_listed(places)}\n"


_Seen = Mapping[tuple[str, str, str], Sequence[Proposal]]
"""The mounts that other files suggest, by file, task and volume."""


def _seen_mounts(files: Sequence[FileResult]) -> _Seen:
    return {
        (file.name, located.task, located.volume): located.finding.proposals
        for file in files
        for located in file.outcome.findings
        if located.finding.proposals and located.volume is not None
    }


def _proposed(seen: _Seen) -> Iterator[str]:
    """Mounts that other files make on instances, which may be those that run the tasks: one entry for each."""
    groups: dict[Proposal, list[str]] = {}
    for (file, task, volume), proposals in seen.items():
        for proposal in proposals:
            groups.setdefault(proposal, []).append(printable(f"{file} ({task}/{volume})"))
    for proposal, places in groups.items():
        mount = proposal.mount
        yield f"  # - id: {printable(proposal.id or '…')}    # {printable(where([mount]))}\n  #   mounts:\n"
        yield f"  #     {printable(mount_entry(mount))}    # {_listed(places)}\n"


def _unknown_mounts(found: _Found, seen: _Seen) -> Iterator[str]:
    """Host paths that may be EFS and that no other file explains, grouped by the mount point that they suggest."""
    groups: dict[str, list[str]] = {}
    for file, volume in found:
        if (file.name, volume.task, volume.name) in seen:
            continue
        if isinstance(volume.storage, HostPath) and volume.level is Level.HOST and volume.storage.path is not None:
            path = volume.storage.path.source
            groups.setdefault(likely_mount_point(path), []).append(f"{path} in {_place(file, volume)}")
    for mount_point, places in groups.items():
        yield f"  # - id: fs-…    # what is mounted at {printable(mount_point)}?\n  #   mounts:\n"
        yield f"  #     {_quoted(mount_point)}: /    # {_listed(places)}\n"


def _docker_volumes(found: _Found) -> Iterator[str]:
    seen: set[str] = set()
    for file, volume in found:
        if isinstance(volume.planned, DockerVolume) and volume.level is Level.HOST and volume.name not in seen:
            seen.add(volume.name)
            driver = volume.planned.driver.source if volume.planned.driver else "local"
            yield f"  # {_quoted(volume.name)}: {{file-system: fs-…, directory: /…}}    # driver {printable(driver)}, "
            yield f"{_place(file, volume)}\n"


def _task_roles(files: Sequence[FileResult]) -> Iterator[str]:
    tasks: dict[str, str] = {}
    for file in files:
        for located in file.outcome.findings:
            if located.finding.rule == "EFS203" and located.finding.status is Status.NEEDS_INPUT:
                tasks.setdefault(located.task, file.name)
    for task, name in tasks.items():
        yield f"  # {_quoted(task)}: arn:aws:iam::…:role/…    # {printable(name)}\n"


def _other_paths(found: _Found) -> Iterator[str]:
    paths: dict[str, list[str]] = {}
    for file, volume in found:
        storage = volume.storage
        if isinstance(storage, HostPath) and volume.level is Level.OTHER and isinstance(storage.path, Text):
            path = storage.path.source
            if path.startswith("/") and not SYSTEM_PATH.match(path):
                paths.setdefault(path, []).append(_place(file, volume))
    for path, places in sorted(paths.items()):
        yield f"#   {printable(path)}    {_listed(places)}\n"


def _place(file: FileResult, volume: VolumeLevels) -> str:
    return printable(f"{file.name} ({volume.task}/{volume.name})")


def _listed(places: Iterable[str]) -> str:
    unique = list(dict.fromkeys(places))
    more = f" and {len(unique) - _MOST} more" if len(unique) > _MOST else ""
    return ", ".join(unique[:_MOST]) + more


def _quoted(word: str) -> str:
    """A word as a YAML scalar, in JSON's quotes, which YAML reads, too."""
    return word if _PLAIN.fullmatch(word) else json.dumps(word)
