"""Files that are written to a host, as far as they mount something: when they are written, or once they are used.

Sources: fstab(5), systemd.unit(5) (unit folders), auto.master(5), rc.local of the distributions.
"""

from __future__ import annotations

import re

from rules.hosts.mounts.host import Host, WrittenFile
from rules.hosts.mounts.mount_files import FSTAB, LISTING, is_master, read_fstab, read_mount_unit

UNIT_FOLDERS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/system")
AT_BOOT = (
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    "/var/lib/cloud/scripts/per-boot/",
    "/var/lib/cloud/scripts/per-instance/",
)
"""Scripts, and folders of scripts, that run when the host starts."""

_SHELLS = re.compile(r"#!\s*/\S*?(?:env\s+)?(?:ba|da|a|k|z)?sh\b")
_FSTAB_LINE = re.compile(r"^\s*[^#\s]\S*:/\S*\s+\S+\s+(?:nfs4?|efs)\b", re.MULTILINE)


def empty(host: Host, path: str) -> None:
    """Forget the content of a file. Mounts from fstab become uncertain: they may be mounted, but not after the next start."""
    if path == FSTAB:
        host.table.doubt_persistent()
    host.files.pop(path, None)


def write(host: Host, path: str, text: str, line: int, step: int, *, certain: bool) -> None:
    """Append to a file. `path` is "" if it is not known, `step` 0 if the text comes from a single line."""
    if path == FSTAB:
        if text != LISTING:
            read_fstab(host, text, line, step=step)
    elif path:
        file = host.files.setdefault(path, WrittenFile(line))
        file.chunks.append(text)
        file.certain &= certain
    elif _FSTAB_LINE.search(text):
        host.unclear(line, "what looks like a line of fstab is written to a file whose path is not known")


def matters(path: str) -> bool:
    """Whether a file mounts something by where it lies."""
    return path == FSTAB or is_map(path) or path.endswith((".sh", ".mount", ".automount"))


def is_script(path: str, text: str) -> bool:
    """Whether a file is a shell script."""
    return _SHELLS.match(text) is not None or (path.endswith(".sh") and not text.startswith("#!")) or path in AT_BOOT


def is_map(path: str) -> bool:
    """Whether a file is an autofs map, or the master map."""
    return is_master(path) or path.startswith(("/etc/auto.", "/etc/auto_", "/etc/autofs/"))


def use_unit(host: Host, path: str, file: WrittenFile) -> None:
    """Add the mount of a unit that was enabled or started."""
    if path.endswith(".mount") and not file.used:
        file.used = True
        read_mount_unit(host, file.text, file.line, sure=file.certain)
