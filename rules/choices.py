"""The user's choices, from the configuration and the command line, as rules see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rules.facts.other_files import NOTHING_SEEN, SeenMounts
from rules.model import Level, Value


class AccessPoints(StrEnum):
    """The volumes that get an access point: all, only those below the file system's root, or none."""

    ALWAYS = "always"
    SUBDIRECTORIES = "subdirectories"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class ConfiguredFileSystem:
    """A file system as the configuration describes it; paths coded and normalised."""

    id: Value
    mounts: tuple[tuple[str, str], ...] = ()
    """Pairs (path on the container host, directory of the file system)."""
    access_points: tuple[tuple[str, Value], ...] = ()
    """Pairs (directory, access point id)."""


@dataclass(frozen=True, slots=True)
class DockerStorage:
    """The directory of a file system that a Docker volume stands for, from the configuration's `docker-volumes`."""

    file_system: Value
    directory: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The settings of a run, from the configuration and the command line."""

    target: Level = Level.IAM
    """The highest level that volumes climb to."""
    access_points: AccessPoints = AccessPoints.ALWAYS
    root_access: bool = False
    """Whether tasks are allowed to act as root on their file systems (`ClientRootAccess`)."""
    unsafe: bool = False
    """Whether unsafe steps are applied, too."""
    file_systems: tuple[ConfiguredFileSystem, ...] = ()
    docker_volumes: Mapping[str, DockerStorage] = field(default_factory=dict)
    """The storage of Docker volumes, by the volume's name."""
    task_roles: Mapping[str, Value] = field(default_factory=dict)
    """Task roles, by the family of the task definition; `*` is for all Fargate tasks without a role."""
    posix_users: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """The POSIX users (uid, gid) that new access points enforce, by directory."""
    off: frozenset[str] = frozenset()
    """Ids of rules that are switched off."""
    seen: SeenMounts = NOTHING_SEEN
    """Mounts that other files of the repository make on their instances."""
    passed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The parameters through which a parent template passes file systems to this one, by the file and the source of the
    mount that was seen there."""

    def values(self) -> Iterator[Value]:
        """All ids of file systems and access points, and all roles."""
        for system in self.file_systems:
            yield system.id
            yield from (point for _, point in system.access_points)
        yield from (volume.file_system for volume in self.docker_volumes.values())
        yield from self.task_roles.values()

    def with_values(self, read: Callable[[Value], Value]) -> Choices:
        """These choices with `read` applied to every id and role."""
        if not (self.file_systems or self.docker_volumes or self.task_roles):
            return self
        systems = (
            replace(s, id=read(s.id), access_points=tuple((path, read(point)) for path, point in s.access_points))
            for s in self.file_systems
        )
        volumes = {n: replace(v, file_system=read(v.file_system)) for n, v in self.docker_volumes.items()}
        roles = {name: read(role) for name, role in self.task_roles.items()}
        return replace(self, file_systems=tuple(systems), docker_volumes=volumes, task_roles=roles)
