"""What files on a host mean: which of them mount something, when they are written and in the end.

Sources: fstab(5), systemd.unit(5) (unit folders), auto.master(5), rc.local of the distributions.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from rules.hosts.host import Host, WrittenFile
from rules.hosts.likelihood import LISTING
from rules.hosts.mount_files import FSTAB, is_master, read_autofs, read_fstab, read_mount_unit, service_commands

if TYPE_CHECKING:
    from rules.hosts.shell import Shell


UNIT_FOLDERS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/system")
_AT_BOOT = (
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    "/var/lib/cloud/scripts/per-boot/",
    "/var/lib/cloud/scripts/per-instance/",
)
_SHELLS = re.compile(r"#!\s*/\S*?(?:env\s+)?(?:ba|da|a|k|z)?sh\b")
_FSTAB_LINE = re.compile(r"^\s*[^#\s]\S*:/\S*\s+\S+\s+(?:nfs4?|efs)\b", re.MULTILINE)


def empty(host: Host, path: str) -> None:
    """Forget what a file holds. What fstab said may be mounted already, but the next start does not mount it again."""
    if path == FSTAB:
        host.table.doubt_persistent()
    host.files.pop(path, None)


def write(host: Host, path: str, text: str, line: int, step: int, *, certain: bool) -> None:
    """Append to a file. `path` is "" if not known."""
    if path == FSTAB:
        if text != LISTING:
            read_fstab(host, text, line, step)
    elif path:
        file = host.files.setdefault(path, WrittenFile(line))
        file.chunks.append(text)
        file.certain &= certain
    elif _FSTAB_LINE.search(text):
        host.unclear(line, "what looks like a line of fstab is written to a file whose path is not known")


def is_script(path: str, text: str) -> bool:
    """Whether a file is a shell script."""
    return _SHELLS.match(text) is not None or (path.endswith(".sh") and not text.startswith("#!")) or path in _AT_BOOT


def is_map(path: str) -> bool:
    """Whether a file is an autofs map, or the master map."""
    return is_master(path) or path.startswith(("/etc/auto.", "/etc/auto_", "/etc/autofs/"))


def use_unit(host: Host, path: str, file: WrittenFile) -> None:
    """A unit was enabled or started."""
    if path.endswith(".mount") and not file.used:
        file.used = True
        read_mount_unit(host, file.text, file.line, sure=file.certain)


def finish(shell: Shell) -> None:
    """Files that nothing has used so far: what starts with the host does count, what may be run some day may count."""
    host = shell.host
    maps: dict[str, tuple[str, int]] = {}
    certain = True
    for path, file in list(host.files.items()):
        if file.used:
            continue
        text = file.text
        if is_map(path):
            maps[path] = (text, file.line)
            certain &= file.certain
        elif path.endswith(".mount"):
            read_mount_unit(host, text, file.line, sure=False)
        elif "mount" in text or ".efs." in text:
            if path.endswith(".service"):
                text = service_commands(text)
            elif not is_script(path, text):
                continue
            run = partial(shell.inline, text, file.line, None, step=1)
            if path.startswith(_AT_BOOT) and file.certain:
                run()
            else:
                shell.alternatives([run], exhaustive=False)
    if maps:
        read_autofs(host, maps, sure=certain)
