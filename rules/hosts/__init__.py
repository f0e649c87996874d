"""Reads the EFS mounts of a container instance from its user data and files: file system, directory and mount point.

A script is followed as a shell would run it on a fresh host (`interpreter`, `commands`), as far as mounts are
concerned: variables, branches, here-documents, files that it writes and then runs. cloud-config and MIME archives
(`cloud_init`, `archive`) and fstab, systemd units and autofs maps (`mounts`) end in the same mount table. References of
the source (`Ref`) are single tokens all the way. A value that only the host knows, such as a command's output or an
unset variable, is a token, too, and makes only the text around it unknown. Where several outcomes are possible, none is
certain: a wrong mapping would be worse than none.
"""

from __future__ import annotations

from rules.hosts.boot import (
    DEFAULT,
    WITHOUT_SETS,
    Association,
    Boot,
    Init,
    InitCommand,
    InitConfig,
    InitFile,
    InitService,
    Passage,
)
from rules.hosts.read import read_file, read_user_data
from rules.hosts.results import FoundMount, HostScript, MadeDirectory, OtherMount

__all__ = [
    "DEFAULT",
    "WITHOUT_SETS",
    "Association",
    "Boot",
    "FoundMount",
    "HostScript",
    "Init",
    "InitCommand",
    "InitConfig",
    "InitFile",
    "InitService",
    "MadeDirectory",
    "OtherMount",
    "Passage",
    "read_file",
    "read_user_data",
]
