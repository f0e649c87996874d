"""Mounts of EFS that other files of the same repository make on their instances: a reason to ask, never to change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeenMount:
    """A mount in another file. Paths are coded and normalised; `host_path` begins with no reference."""

    file: str
    """What reports call the file."""
    line: int
    resource: str
    """Whose instances mount it."""
    source: str
    """The file system, or the server, as that file writes it."""
    host_path: str
    directory: str
    is_nfs: bool = True
    """False for disks, S3 and the like, which matter only where they lie."""
    id: str | None = None
    """How any other template writes the file system (`fs-…`, `!ImportValue …`), if that file shows it."""
    export: str | None = None
    """The name under which that file exports the file system, if other files cannot know it: it holds expressions."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the configuration could say of a seen mount. `id` is how the asking file would write the file system, None
    where nothing shows it; `sure` is whether more than a name speaks for it."""

    mount: SeenMount
    id: str | None = None
    sure: bool = False


class SeenMounts:
    """Mounts of other files, indexed so that a question costs the path's depth and the mounts that it finds."""

    def __init__(self, mounts: Iterable[SeenMount] = ()) -> None:
        self._by_path: dict[str, list[SeenMount]] = {}
        self._own: str | None = None
        for mount in mounts:
            self._by_path.setdefault(mount.host_path, []).append(mount)

    def besides(self, file: str) -> SeenMounts:
        """What all files but this one mount."""
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
