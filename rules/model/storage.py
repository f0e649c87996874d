"""Volumes and their storage, with the levels of the migration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from rules.model.values import ENABLED, Key, Rest, Text, Value

# -- storage ----------------------------------------------------------------------------------------------------------


class Level(StrEnum):
    """The levels of the migration, from the lowest. `OTHER` is storage that is not EFS and stays as it is."""

    OTHER = "other"
    HOST = "host"
    EFS = "efs"
    TLS = "tls"
    ACCESS_POINT = "access-point"
    IAM = "iam"

    @property
    def rank(self) -> int:
        """The position of the level in the migration, from 0, for comparisons."""
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
        """The names of properties that no Docker volume of ECS has, so that their purpose is not known."""
        return tuple(name for name, _ in self.rest if name != "<<")  # a YAML merge key, whose content is read


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
        """Whether transit encryption is literally ENABLED."""
        return self.transit_encryption == ENABLED

    @property
    def authorizes(self) -> bool:
        """Whether IAM authorization is literally ENABLED."""
        return self.iam == ENABLED

    @property
    def level(self) -> Level:
        """The highest level that it reaches. Without TLS, an access point or IAM does not count: ECS refuses them."""
        if not self.encrypts:
            return Level.EFS
        if self.authorizes:
            return Level.IAM
        return Level.ACCESS_POINT if self.access_point else Level.TLS


@dataclass(frozen=True, slots=True)
class OtherStorage:
    """Storage that is left alone, named by `kind`: FSx, S3 Files, `configuredAtLaunch`, or storage that could not be
    read."""

    kind: str
    problem: str | None = None
    """The reason why the storage cannot be read, if it is EFS or may be; None otherwise."""


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
    """The storage that was meant by misspelt names, if they are ignored at deployment; `storage` is then the one that
    is deployed today. None if misspelt names are rejected: `storage` is then read as it was meant."""
    rest: Rest = ()
    condition: str | None = None
    """The condition under which the volume exists: one of the template, or one that would have to be added to it."""
