"""Questions that a rule has for the user. Each asks for one thing, and the configuration has a place for the answer."""

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
    """Which directory of which file system is mounted at or above a path of the container instances (as it is written)?"""

    path: str
    likely: tuple[tuple[str, str, str], ...] = ()
    """Possible answers for which there is evidence: (path, file system, directory), with "" for what is not known."""


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
