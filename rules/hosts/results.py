"""The results of reading scripts: mounts and directories of a host. Paths and options are coded (`Text.coded`)."""

from __future__ import annotations

from dataclasses import dataclass

from rules.hosts.mounts.states import Doubt
from rules.model import Value


@dataclass(frozen=True, slots=True)
class FoundMount:
    """A directory of an NFS or EFS file system, visible at a path of the host.

    Bind mounts of such a directory and symbolic links to it (never certain) are mounts of their own.
    """

    host_path: str
    """The mount point, coded and normalised; it may begin with a reference."""
    file_system: Value | None
    """The file system; None if the source does not show it: for an address, a custom name, a command's output, an
    unknown directory.

    A lone reference that is given to the mount helper is taken for an id. The helper also accepts a DNS name, so the
    caller has to check the value of the reference.
    """
    directory: str
    """The directory, coded and normalised; `/` if none is given. It lies below the access point's root directory if the
    options name an access point."""
    options: tuple[str, ...]
    """The options as written, coded, without those that the mount helper or mount(8) adds."""
    server: str
    """The server, or the file system id, after shell expansion, for messages (not coded)."""
    region: str | None
    """The region in the DNS name, if it is literal."""
    certain: bool
    """Whether every instance that runs the script without a failure ends with this mount. False in a branch, on an
    instance-dependent condition, with another mount possible on the same path, or hidden by a later mount above it."""
    line: int
    reason: str = ""
    """The reason why it is not certain, if there is a better one than a branch of the script."""
    doubt: Doubt | None = None
    """The reason why it is not certain, if something is to blame that was not understood; None for a branch."""
    link: bool = False
    """Whether it is a symbolic link on EFS or to it, and no mount."""


@dataclass(frozen=True, slots=True)
class UnplacedMount:
    """A mount of EFS, or what seems to be one, whose mount point is not known."""

    line: int
    reason: str
    """The part that was not understood: `the mount point $DIR is not known`."""
    head: str = ""
    """The text that the mount point begins with, coded, as far as it is known."""
    sure: bool = False
    """Whether it certainly mounts something."""


@dataclass(frozen=True, slots=True)
class OtherMount:
    """A mount of another kind (a disk, S3, tmpfs …) at or below the path of a `FoundMount`; at any path if there is an
    `UnplacedMount`."""

    host_path: str
    certain: bool
    line: int


@dataclass(frozen=True, slots=True)
class MadeDirectory:
    """A directory that was made, or whose owner or mode was set, while a `FoundMount` was visible there.

    `file_system` and `directory` say where on EFS, as mounted at that moment; scripts often mount `/` only to make the
    directory that they mount afterwards at the same path. Owners are numeric (names other than root are None), the mode
    is four octal digits (None if symbolic or not set).
    """

    path: str
    file_system: Value | None
    directory: str
    uid: int | None
    gid: int | None
    mode: str | None
    line: int


@dataclass(frozen=True, slots=True)
class HostScript:
    """The state in which a script leaves a fresh host, as far as EFS is concerned."""

    mounts: tuple[FoundMount, ...] = ()
    """The mounts in order of effect. A later unconditional mount on a path replaces the earlier one and umount removes
    it; several mounts on one path are alternatives, none of them certain."""
    others: tuple[OtherMount, ...] = ()
    directories: tuple[MadeDirectory, ...] = ()
    unclear: tuple[UnplacedMount, ...] = ()
    """The mounts of EFS that were seen and not placed, so that they may serve any path."""
    agent_config: str = ""
    """The container agent's configuration file, coded. Values that only the host knows are as the script writes them."""
