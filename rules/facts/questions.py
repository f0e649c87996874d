"""What only people know and a rule needs: each names one thing, in the model's words, that the configuration can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rules.model import Value


@dataclass(frozen=True, slots=True)
class AccessPointOf:
    """Which access point of a file system serves a directory (as it is written)?"""

    file_system: Value
    directory: str


@dataclass(frozen=True, slots=True)
class MountAt:
    """Which file system is mounted at or above a path of the container instances (as it is written), and which directory
    of it? `likely` are mounts that something suggests: (path, file system, directory), with "" for what is not known."""

    path: str
    likely: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StorageOf:
    """Which directory of which file system is behind a Docker volume? `usual` is the directory if nobody chose another."""

    volume: str
    usual: str = "/"


@dataclass(frozen=True, slots=True)
class RoleOf:
    """Which task role should a task definition of this family have?"""

    family: str


Question: TypeAlias = AccessPointOf | MountAt | StorageOf | RoleOf
