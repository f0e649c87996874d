"""Files that are written to a host, as far as they mount something: when they are written, or once they are used.

Sources: fstab(5), systemd.unit(5) (unit folders), auto.master(5), rc.local of the distributions.
"""

from __future__ import annotations

import re

from rules.facts.paths import below, normalise
from rules.hosts.grammar.tokens import OPEN
from rules.hosts.mounts.host import Host, WrittenFile
from rules.hosts.mounts.mount_files import (
    FILTERED,
    FSTAB,
    LISTING,
    has_mount_settings,
    is_master,
    read_fstab,
    read_mount_unit,
    where,
)
from rules.hosts.mounts.states import Doubt

UNIT_FOLDERS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/system")
AT_BOOT = (
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    "/var/lib/cloud/scripts/per-boot/",
    "/var/lib/cloud/scripts/per-instance/",
)
"""Scripts, and folders of scripts, that run when the host starts."""
HELPER_CONFIGURATION = "/etc/amazon/efs/efs-utils.conf"
"""The configuration of the mount helper."""

_SHELLS = re.compile(r"#!\s*/\S*?(?:env\s+)?(?:ba|da|a|k|z)?sh\b")
_REGION = re.compile(r"(?<![^\W_])region\s*=\s*([a-z]{2}(?:-[a-z]+)+-[0-9]\b|\ue000[0-9]+\ue001)")
_FSTAB_LINE = re.compile(r"^\s*[^#\s]\S*:/\S*\s+\S+\s+(?:nfs4?|efs)\b", re.MULTILINE)


def empty(host: Host, path: str, line: int, *, certain: bool = True) -> None:
    """Forget the content of a file. Mounts from fstab become uncertain: they may be mounted, but not after the next start."""
    if path == FSTAB:
        host.table.doubt_persistent(Doubt(line, "writes /etc/fstab anew"))
        host.fstab = WrittenFile(0, certain=certain, used=True)
    elif certain:
        host.files.pop(path, None)
    elif file := host.files.get(path):
        file.certain = False


def replace(host: Host, path: str, file: WrittenFile | None, line: int, *, certain: bool) -> None:
    """Put another file, None if its content is not known, in the place of the one at a path."""
    text = file.text if file else ""
    if file and path == FSTAB and text.startswith(LISTING):  # a copy of fstab, perhaps with more lines
        text = text.removeprefix(LISTING)
        doubt = Doubt(line, "puts an older copy in the place of /etc/fstab")
        host.table.doubt_if(lambda state: state.persistent and state.order > file.since, doubt)
    else:
        empty(host, path, line, certain=certain)
    if file:
        write(host, path, text, line=file.line, step=1, certain=certain and file.certain)


def remove(host: Host, path: str, line: int, *, certain: bool) -> None:
    """Remove a file, or a folder with all files in it."""
    if below(FSTAB, path) is not None:
        host.table.doubt_persistent(Doubt(line, "removes /etc/fstab"))
    for name in [name for name in host.files if below(name, path) is not None]:
        empty(host, name, line, certain=certain)
    if certain:
        host.unlink(path)


def write(host: Host, path: str, text: str, line: int, step: int, *, certain: bool) -> None:
    """Append to a file. `path` is "" if it is not known, `step` 0 if the text comes from a single line."""
    if path == FSTAB:
        if text not in (LISTING, FILTERED):
            read_fstab(host, text, line, step=step)
            host.fstab.chunks.append(text)
            host.fstab.certain &= certain
    elif path == HELPER_CONFIGURATION:
        configure_helper(host, text, line)
    elif path:
        file = host.files.setdefault(path, WrittenFile(line, since=host.table.order))
        file.chunks.append(text)
        file.certain &= certain
        if ".mount.d/" in path and path.startswith(UNIT_FOLDERS) and has_mount_settings(text):
            host.at_end.append(lambda: _add_drop_in(host, path.rpartition(".d/")[0], line))
    elif _FSTAB_LINE.search(text):
        host.unclear(line, "what looks like a line of fstab is written to a file whose path is not known")
    elif has_mount_settings(text):
        read_mount_unit(host, text, line, step=step, doubt="writes its unit to a file whose path is not known")


def linked(host: Host, target: str | None, path: str, line: int) -> None:
    """Put a symbolic link at a path. Links to units enable or mask them."""
    unit = path.rpartition("/")[2]
    if path == FSTAB:
        host.table.doubt_persistent(Doubt(line, "makes /etc/fstab a symbolic link"))
    elif path.startswith(UNIT_FOLDERS) and unit.endswith((".mount", ".automount")):
        if target == "/dev/null":
            host.table.doubt(mount_point(unit), Doubt(line, f"changes its unit ({unit})"))
        enabled = host.files.get(target or "")
        if enabled and target:
            use_unit(host, target, enabled)
    host.link(target, path, line)


def configure_helper(host: Host, text: str, line: int) -> None:
    """Note a region that is written to the mount helper's configuration. One that only the host knows is its own."""
    for region in _REGION.findall(text):
        if "AWS::Region" not in host.tokens.show(region):
            host.helper_doubt = Doubt(line, f"has the mount helper look for file systems in region {region}")


def matters(path: str) -> bool:
    """Whether a file mounts something by where it lies."""
    return path == FSTAB or is_map(path) or path.endswith((".sh", ".mount", ".automount"))


def edit_fstab(host: Host, text: str, line: int) -> None:
    """Replace the lines that were added to fstab, because a command on this line edits them."""
    doubt = Doubt(line, "edits /etc/fstab with sed")
    before, after = host.fstab.text.split("\n"), text.split("\n")
    kept = set(before) & set(after)
    changed = [entry for entry in after if entry not in kept and not entry.lstrip().startswith("#")]
    replaced = {fields[1]: entry for entry in changed if len(fields := entry.split()) > 2}
    mounted: set[str] = set()
    for entry in before:
        fields = entry.split()
        if entry not in kept and len(fields) > 2 and not entry.lstrip().startswith("#"):
            path = host.path(fields[1]) or ""
            if fields[1] in replaced and not host.table.waits(path):
                mounted.add(replaced[fields[1]])
            host.table.withdraw(path, doubt, replaced=fields[1] in replaced)
    read_fstab(host, "\n".join(entry for entry in changed if entry not in mounted), line, step=0)
    for entry in mounted:
        read_fstab(host, entry, line, step=0, sure=False)
        host.table.disagree(host.path(entry.split()[1]) or "", doubt)
    host.fstab.chunks = [text]


def is_script(path: str, text: str) -> bool:
    """Whether a file is a shell script."""
    return _SHELLS.match(text) is not None or (path.endswith(".sh") and not text.startswith("#!")) or path in AT_BOOT


def is_map(path: str) -> bool:
    """Whether a file is an autofs map, or the master map."""
    return is_master(path) or path.startswith(("/etc/auto.", "/etc/auto_", "/etc/autofs/"))


def use_unit(host: Host, path: str, file: WrittenFile) -> None:
    """Add the mount of a unit that was enabled or started, with its drop-ins as they are now; what changes them later is
    looked at in the end."""
    name = path.rpartition("/")[2]
    state = _state_of(host, path)
    before = host.units.get(name)
    if not path.endswith(".mount") or state == before:
        return
    file.used = True
    doubt = ""
    if before is not None:
        doubt = "changes the unit of the mount after it was enabled"
    elif (point := where(file.text)) and OPEN not in point + name and normalise(point) != mount_point(name):
        doubt = f"mounts it by a unit named {name}, which systemd refuses for this mount point"
    elif state[2:]:
        doubt = "mounts it by a unit whose drop-ins change what is mounted"
    read_mount_unit(host, "\n".join(state[1:]), file.line, sure=file.certain, doubt=doubt)
    if before is None:
        host.at_end.append(lambda: _compare(host, path, file.line))
    host.units[name] = state


def _state_of(host: Host, path: str) -> tuple[str, ...]:
    """Whether the file of a unit is certain, its text, and the texts of its drop-ins."""
    name = path.rpartition("/")[2]
    file = host.files.get(path)
    folders = tuple(f"{folder}/{name}.d/" for folder in UNIT_FOLDERS)
    added = sorted((place.rpartition("/")[2], f.text) for place, f in host.files.items() if place.startswith(folders))
    decisive = (text for _, text in added if has_mount_settings(text))
    return (str(file and file.certain), file.text if file else "", *decisive)


def _add_drop_in(host: Host, unit: str, line: int) -> None:
    """Make the mount of a unit that systemd makes of fstab uncertain, because a drop-in changes it."""
    point = mount_point(unit)
    if unit.rpartition("/")[2] not in host.units and any(s and s.persistent for s in host.table.at(point)):
        host.table.doubt(point, Doubt(line, "changes it by a drop-in of its unit"))


def _compare(host: Host, path: str, line: int) -> None:
    """Make the mount of a unit uncertain if its files are no longer those that were used."""
    name = path.rpartition("/")[2]
    before = host.units[name]
    if _state_of(host, path) != before:
        file = host.files.get(path)
        doubt = Doubt(file.line if file else line, "writes the unit of the mount, which is changed or removed later")
        host.table.doubt(where(before[1]) or mount_point(name), doubt)


def mount_point(unit: str) -> str:
    """The mount point of a unit by its name: `/mnt/efs` of `mnt-efs.mount`. Source: systemd.unit(5), escaping."""
    name = unit.rpartition("/")[2].rpartition(".")[0].replace("-", "/")
    return "/" + re.sub(r"\\x([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), name)
