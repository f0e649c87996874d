"""The possible states of a path: one if it is certain, several if branches or restarts decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

_MAX_STATES = 8


@dataclass(frozen=True, slots=True)
class Doubt:
    """The reason why a mount may not be there, or not be what it seems, and the line that gives rise to it."""

    line: int
    """The line; 0 if it is none of the host's scripts (`because`)."""
    reason: str
    """Completes "line 7 of its user data …": `may unmount it (umount -a)`."""


def because(reason: str) -> Doubt:
    """The doubt for a reason outside of the scripts. It completes "whether it is mounted is not known, because …"."""
    return Doubt(0, reason)


@dataclass(frozen=True, slots=True)
class Mounted:
    """One mount. Strings hold tokens."""

    path: str
    network: bool
    """Whether it is NFS or EFS."""
    line: int
    persistent: bool = False
    """Whether it comes from fstab or a unit, so that it comes back at the next start."""
    file_system: str | None = None
    directory: str = "/"
    options: tuple[str, ...] = ()
    server: str = ""
    region: str | None = None
    order: int = 0
    reason: str = ""
    """The reason why it may be missing, if there is a better one than a branch of the script."""
    doubt: Doubt | None = None
    link: bool = False
    """Whether it stands for a symbolic link (`server` is its target): what the path leads to is not known."""
    helper: bool = False
    """Whether the mount helper looks its file system up in the region of the helper's configuration."""

    def same_data(self, other: Mounted) -> bool:
        """Whether a container would see the same directory with the same rights through either."""
        return self._data() == other._data()

    def _data(self) -> tuple[object, ...]:
        confined = tuple(sorted(o for o in self.options if o == "ro" or o.startswith("accesspoint=")))
        server = self.server if self.file_system is None else ""
        return (self.network, self.file_system, self.directory, server, confined)


def is_left_out(options: tuple[str, ...]) -> bool:
    """Whether the options of a line of fstab say that a start does not mount it."""
    return "noauto" in options and "x-systemd.automount" not in options


States: TypeAlias = tuple[Mounted | None, ...]
"""The possible states of a path; None stands for no mount."""

NOTHING: States = (None,)


@dataclass(slots=True)
class DirectoryState:
    """Owner and mode of a directory, as far as commands have set them."""

    mount: Mounted
    path: str
    line: int
    uid: int | None = None
    gid: int | None = None
    mode: str | None = None


def distinct(states: States) -> States:
    """The states without duplicates. Of several mounts of the same data, one with TLS is kept: TLS must not be lost."""
    kept: list[Mounted | None] = []
    for state in states:
        for index, known in enumerate(kept):
            if known is state or (known and state and known.same_data(state)):
                if known and state and "tls" in state.options and "tls" not in known.options:
                    kept[index] = state
                break
        else:
            kept.append(state)
    return tuple(kept[:_MAX_STATES])


def upwards(path: str) -> Iterator[str]:
    """A normalised path and the directories above it, without the root: nothing is mounted there."""
    while path:
        yield path
        path = path.rpartition("/")[0]
