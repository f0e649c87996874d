"""Questions that a rule has for the user. Each asks for one thing, and the configuration has a place for the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rules.model import Value


@dataclass(frozen=True, slots=True)
class AccessPointOf:
    """The question which access point of a file system serves a directory (as it is written)."""

    file_system: Value
    directory: str


@dataclass(frozen=True, slots=True)
class MountAt:
    """The question which directory of which file system is mounted at or above a host path (as it is written)."""

    path: str
    likely: tuple[tuple[str, str, str], ...] = ()
    """Possible answers for which there is evidence: (path, file system, directory), with "" for what is not known."""


@dataclass(frozen=True, slots=True)
class StorageOf:
    """The question which directory of which file system a Docker volume stands for. `usual` is the directory to
    suggest."""

    volume: str
    usual: str = "/"


@dataclass(frozen=True, slots=True)
class RoleOf:
    """The question which task role a task definition of this family should have."""

    family: str


Question: TypeAlias = AccessPointOf | MountAt | StorageOf | RoleOf
