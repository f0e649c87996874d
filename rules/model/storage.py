"""Volumes and what they store to, with the levels that they climb."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from rules.model.values import ENABLED, Key, Rest, Text, Value

# -- storage ----------------------------------------------------------------------------------------------------------


class Level(StrEnum):
    """How far a volume has climbed. `OTHER` is storage that is not EFS and stays as it is."""

    OTHER = "other"
    HOST = "host"
    EFS = "efs"
    TLS = "tls"
    ACCESS_POINT = "access-point"
    IAM = "iam"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class HostPath:
    """A bind mount from the container instance. Without a path Docker gives the task an empty directory."""

    path: Value | None


@dataclass(frozen=True, slots=True)
class DockerVolume:
    """A volume that a Docker volume driver provides."""

    driver: Value | None
    options: tuple[tuple[str, Value], ...]
    scope: Value | None
    autoprovision: Value | None
    labels: Rest
    rest: Rest

    def option(self, name: str) -> Text | None:
        """A driver option's text; None if it is missing or not interpreted."""
        return next((v for k, v in self.options if k == name and isinstance(v, Text)), None)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of properties that no Docker volume of ECS has, so that nobody can say what they are there for."""
        return tuple(name for name, _ in self.rest if name != "<<")  # which is read with what it merges


@dataclass(frozen=True, slots=True)
class EfsVolume:
    """`efsVolumeConfiguration`, with the members of `authorizationConfig` beside the others."""

    file_system: Value | None
    root_directory: Value | None = None
    transit_encryption: Value | None = None
    transit_encryption_port: Value | None = None
    access_point: Value | None = None
    iam: Value | None = None
    rest: Rest = ()

    @property
    def encrypts(self) -> bool:
        return self.transit_encryption == ENABLED

    @property
    def authorizes(self) -> bool:
        return self.iam == ENABLED

    @property
    def level(self) -> Level:
        """The highest rung it stands on; an access point or IAM without TLS is refused by ECS and stands on none."""
        if not self.encrypts:
            return Level.EFS
        if self.authorizes:
            return Level.IAM
        return Level.ACCESS_POINT if self.access_point else Level.TLS


@dataclass(frozen=True, slots=True)
class OtherStorage:
    """FSx, S3 Files, `configuredAtLaunch`, or something this tool could not read: left alone. `kind` says which."""

    kind: str
    problem: str | None = None
    """Why a volume that is EFS, or may be, cannot be read."""


Storage: TypeAlias = HostPath | DockerVolume | EfsVolume | OtherStorage


@dataclass(frozen=True, slots=True)
class Misspelling:
    """A property name that the dialect does not have, and the one it stands for."""

    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class Volume:
    """One member of a task definition's `volumes`; `name` as it is written, expressions included."""

    key: Key
    name: str
    storage: Storage
    misspelt: tuple[Misspelling, ...] = ()
    meant: Storage | None = None
    """The storage that the misspelt names stand for, where the dialect's consumer ignores them: `storage` is then what
    deploys today. None where misspelt names are rejected; they are then read as what they stand for."""
    rest: Rest = ()
    condition: str | None = None
    """The condition that has to hold for the volume to be there: of the template, or one that it would have to be given."""
