"""Reads the files that define mounts, line by line: fstab, systemd units, autofs maps.

Sources: fstab(5), systemd.mount(5), systemd.syntax(7), auto.master(5), autofs(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rules.hosts.grammar.tokens import UNKNOWN
from rules.hosts.mounts.host import Host, MountRequest, looks_like_efs, split_options

_OCTAL = re.compile(r"\\([0-7]{3})")
FSTAB = "/etc/fstab"

MOUNT_LISTS = frozenset(
    ("/proc/mounts", "/proc/self/mounts", "/proc/self/mountinfo", "/etc/mtab", "/etc/fstab", "/proc/1/mounts")
)
"""Files that list the current mounts."""

LISTING = "\ue010mounts"
"""Stands for the text of such a list, or for the output of a command that prints one."""

FILTERED = "\ue010some mounts"
"""Stands for some lines of such a list."""


def read_fstab(host: Host, text: str, line: int, step: int = 1, *, sure: bool = True) -> None:
    """Every line is mounted, `mount -a` or not: the next start mounts it. `line` is the first one's, `step` 0 if the
    whole text comes from one line of a script."""
    binds: list[MountRequest] = []
    for number, entry in enumerate(text.split("\n")):
        fields = [_OCTAL.sub(lambda m: chr(int(m[1], 8) & 255), f) for f in entry.split()]
        if not fields or fields[0].startswith("#"):
            continue
        at = line + step * number
        if len(fields) < 3 or not fields[1].startswith(("/", "\ue000")):
            if looks_like_efs(entry):
                host.unclear(at, f"the line of fstab is not understood: {entry.strip()}")
            continue
        options = split_options(fields[3]) if len(fields) > 3 else ()
        request = MountRequest(fields[0], fields[1], fields[2], options=options, line=at, persistent=True, sure=sure)
        if "bind" in options or "rbind" in options:
            binds.append(request)  # systemd mounts them after the file systems that they lie on
        else:
            host.mount(request, None)
    for request in binds:
        host.mount(request, None)


def read_mount_unit(host: Host, text: str, line: int, step: int = 1, *, sure: bool = True, doubt: str = "") -> None:
    """Add the mount of a systemd unit of type mount. `doubt` is that of `MountRequest`."""
    found: dict[str, tuple[str, int]] = {}
    for number, key, value in _settings(text, "Mount"):
        found[key] = (value, line + step * number)
    what, at = found.get("What", ("", line))
    where = found.get("Where", ("", line))[0]
    kind = found.get("Type", ("", line))[0]
    options = split_options(found.get("Options", ("", line))[0])
    if "%" in what + where:
        if looks_like_efs(what):
            host.unclear(at, "the unit has a specifier (%) in What= or Where=", sure=True)
        return
    if what and where:
        request = MountRequest(what, where, kind, options=options, line=at, persistent=True, sure=sure, doubt=doubt)
        host.mount(request, None)


def where(text: str) -> str:
    """The mount point that a unit gives; "" if it gives none."""
    return next((value for _, key, value in reversed([*_settings(text, "Mount")]) if key == "Where"), "")


def has_mount_settings(text: str) -> bool:
    """Whether a unit, or a drop-in of one, sets what is mounted."""
    return next(_settings(text, "Mount"), None) is not None


def service_commands(text: str) -> str:
    """The commands of a systemd service, one per line, on the lines where they stand in the unit."""
    lines = [""] * (text.count("\n") + 1)
    for number, key, value in _settings(text, "Service"):
        if key.startswith("ExecStart"):
            lines[number] = value.lstrip("-@+!:").replace("$$", "$").replace("%%", "%")
    return "\n".join(lines)


def hook_actions(text: str) -> str:
    """The commands of the hooks of cfn-hup, on the lines where they stand in the file."""
    lines = text.split("\n")
    return "\n".join(
        value if sign and key.strip() == "action" else ""
        for key, sign, value in (entry.partition("=") for entry in lines)
    )


def _settings(text: str, section: str) -> Iterator[tuple[int, str, str]]:
    """The settings of one section, each as line number (from 0), key and value."""
    current = ""
    logical, start = "", 0
    for number, raw in enumerate(text.split("\n")):
        stripped = raw.strip()
        if not logical:
            start = number
        if stripped.startswith(("#", ";")):
            continue
        if stripped.endswith("\\") and len(logical) < 4096:
            logical += stripped[:-1] + " "
            continue
        entry, logical = logical + stripped, ""
        if entry.startswith("["):
            current = entry.strip("[]")
            continue
        key, sign, value = entry.partition("=")
        if sign and current == section:
            yield start, key.strip(), value.strip().strip('"')


def read_autofs(host: Host, maps: dict[str, tuple[str, int]], *, sure: bool = True) -> None:
    """Add the mounts of autofs maps, which are given by path, with their text and first line.

    The master map among them says where the others are mounted.
    """
    parents: dict[str, str] = {"/etc/auto.misc": "/misc"}
    for path, (text, _) in maps.items():
        if not is_master(path):
            continue
        for entry in text.split("\n"):
            fields = entry.split()
            if len(fields) > 1 and not fields[0].startswith(("#", "+")):
                parents[fields[1].removeprefix("file:")] = fields[0]
    for path, (text, line) in maps.items():
        if not is_master(path):
            _read_map(host, text, line, parent=parents.get(path), sure=sure)


def is_master(path: str) -> bool:
    """Whether a file is the automounter's master map or a part of it."""
    return path == "/etc/auto.master" or (path.startswith("/etc/auto.master.d/") and path.endswith(".autofs"))


def _read_map(host: Host, text: str, line: int, parent: str | None, sure: bool) -> None:
    for number, entry in enumerate(text.split("\n")):
        fields = entry.split()
        if len(fields) < 2 or fields[0].startswith(("#", "+")):
            continue
        at = line + number
        options = [o for f in fields[1:] if f.startswith("-") for o in split_options(f[1:])]
        sources = [f for f in fields[1:] if not f.startswith("-")]
        kind = next((o.removeprefix("fstype=") for o in options if o.startswith("fstype=")), "nfs")
        key = fields[0]
        if kind not in ("nfs", "nfs4", "efs"):
            continue
        if len(sources) != 1 or "*" in key or "&" in sources[0] or entry.rstrip().endswith("\\"):
            host.unclear(
                at, f"the autofs entry {entry.strip()} is not read", f"{parent}/{UNKNOWN}" if parent else "", sure=True
            )
            continue
        if not key.startswith("/") and (parent is None or parent == "/-"):
            host.unclear(at, f"autofs mounts {sources[0].lstrip(':')}, but no master map says where", sure=True)
            continue
        target = key if key.startswith("/") else f"{parent}/{key}"
        kept = tuple(o for o in options if not o.startswith("fstype="))
        host.mount(
            MountRequest(sources[0].lstrip(":"), target, kind, options=kept, line=at, persistent=True, sure=sure), None
        )
