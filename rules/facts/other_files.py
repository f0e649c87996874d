"""Mounts of EFS that other files of the repository make on their instances. They lead to questions, not to changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeenMount:
    """A mount in another file. Paths are coded and normalised; `host_path` begins with no reference."""

    file: str
    """The file's name in reports."""
    line: int
    resource: str
    """The launch template, configuration or instance whose user data mounts it."""
    source: str
    """The file system, or the server, as that file writes it."""
    host_path: str
    directory: str
    is_nfs: bool = True
    """Whether it is NFS or EFS. Other mounts (a disk, S3) matter only because they cover paths."""
    id: str | None = None
    """An expression for the file system that any template can use (`fs-…`, `!ImportValue …`), if that file shows one."""
    export: str | None = None
    """The name under which that file exports the file system, if it holds expressions, so that other files cannot use it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry for the configuration that a mount in another file suggests."""

    mount: SeenMount
    id: str | None = None
    """The expression for the file system in the file that is migrated; None if nothing shows one."""
    sure: bool = False
    """Whether there is more evidence for the id than a name."""


class SeenMounts:
    """Mounts of other files, indexed by path so that a look-up takes no longer with more mounts."""

    def __init__(self, mounts: Iterable[SeenMount] = ()) -> None:
        self._by_path: dict[str, list[SeenMount]] = {}
        self._own: str | None = None
        for mount in mounts:
            self._by_path.setdefault(mount.host_path, []).append(mount)

    def besides(self, file: str) -> SeenMounts:
        """The mounts of all files but this one."""
        others = SeenMounts()
        others._by_path, others._own = self._by_path, file
        return others

    def holding(self, path: str) -> tuple[SeenMount, ...]:
        """For each file, the mounts of EFS at the deepest mount point of that file that holds `path`."""
        found: list[SeenMount] = []
        deeper: set[str] = set()
        while path and self._by_path:
            known = self._by_path.get(path, ())
            here = [mount for mount in known if mount.file != self._own and mount.file not in deeper]
            found += (mount for mount in here if mount.is_nfs)
            deeper.update(mount.file for mount in here)
            path = path.rpartition("/")[0]
        return tuple(found)


NOTHING_SEEN = SeenMounts()
