"""What the user settles: the configuration and the command line, as rules see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rules.facts.other_files import NOTHING_SEEN, SeenMounts
from rules.model import Level, Value

# -- what the user settles --------------------------------------------------------------------------------------------


class AccessPoints(StrEnum):
    """Which volumes get an access point: all, only those below the file system's root, none."""

    ALWAYS = "always"
    SUBDIRECTORIES = "subdirectories"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class ConfiguredFileSystem:
    """A file system as the configuration describes it; paths coded and normalised."""

    id: Value
    mounts: tuple[tuple[str, str], ...] = ()
    """(path on the container host, directory of the file system)"""
    access_points: tuple[tuple[str, Value], ...] = ()
    """(directory, access point id)"""


@dataclass(frozen=True, slots=True)
class DockerStorage:
    """Which storage a Docker volume name stands for."""

    file_system: Value
    directory: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user settled, in the configuration and on the command line."""

    target: Level = Level.IAM
    access_points: AccessPoints = AccessPoints.ALWAYS
    root_access: bool = False
    unsafe: bool = False
    file_systems: tuple[ConfiguredFileSystem, ...] = ()
    docker_volumes: Mapping[str, DockerStorage] = field(default_factory=dict)
    task_roles: Mapping[str, Value] = field(default_factory=dict)
    posix_users: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """(uid, gid) per directory"""
    off: frozenset[str] = frozenset()
    """Ids of rules that are switched off."""
    seen: SeenMounts = NOTHING_SEEN
    """What instances of other files mount."""
    passed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The parameter in which a nesting template passes a file system on, by the file and the source of a seen mount."""

    def values(self) -> Iterator[Value]:
        """Its ids and roles."""
        for system in self.file_systems:
            yield system.id
            yield from (point for _, point in system.access_points)
        yield from (volume.file_system for volume in self.docker_volumes.values())
        yield from self.task_roles.values()

    def with_values(self, read: Callable[[Value], Value]) -> Choices:
        """These choices with each of its ids and roles as `read` returns it."""
        if not (self.file_systems or self.docker_volumes or self.task_roles):
            return self
        systems = (
            replace(s, id=read(s.id), access_points=tuple((path, read(point)) for path, point in s.access_points))
            for s in self.file_systems
        )
        volumes = {n: replace(v, file_system=read(v.file_system)) for n, v in self.docker_volumes.items()}
        roles = {name: read(role) for name, role in self.task_roles.items()}
        return replace(self, file_systems=tuple(systems), docker_volumes=volumes, task_roles=roles)
