"""The commands `mount` and `umount`, mount helpers, and file systems in user space (FUSE).

Sources: mount(8), umount(8), mount.nfs(8), `mount.efs` of efs-utils, systemd-mount(1), fusermount(1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rules.facts.mounts import parse_source
from rules.hosts.commands.printing import write
from rules.hosts.grammar.tokens import CLOSE, OPEN, is_unknown
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts.host import Host, MountRequest, literal_head, looks_like_efs, split_options, split_source
from rules.hosts.mounts.mount_files import LISTING
from rules.hosts.mounts.states import NOTHING, Doubt, Mounted
from rules.hosts.state import ShellState

_NETWORK = re.compile(r"\b(?:efs|nfs4?)\b")
_WITH_VALUE = {
    "t": "type", "types": "type", "o": "options", "options": "options", "O": "", "test-opts": "", "L": "device",
    "label": "device", "U": "device", "uuid": "device", "source": "source", "target": "target", "T": "fstab",
    "fstab": "fstab", "N": "namespace", "namespace": "namespace", "p": "", "target-prefix": "prefix",
}  # fmt: skip
_FLAGS = {
    "a": "all", "B": "bind", "R": "rbind", "M": "move", "f": "fake", "help": "fake", "h": "fake", "version": "fake",
    "V": "fake", "v": "", "verbose": "", "n": "", "no-mtab": "", "s": "", "F": "", "fork": "", "c": "",
    "no-canonicalize": "", "m": "", "mkdir": "", "onlyonce": "", "l": "list", "show-labels": "list",
}  # fmt: skip
"""Flags of mount(8) and the names that they have here; "" for those that make no difference."""
_AS_OPTION = {"r": "ro", "read-only": "ro", "w": "rw", "rw": "rw", "read-write": "rw"}
_UNDERSTOOD = frozenset(("all", "bind", "rbind", "move", "list", ""))
_ALL_ITEMS = re.compile(r"\[[@*]\]|\$[@*]")
_DECISIVE = ("ro", "rw", "accesspoint=", "subdir")

_UNMOUNT_WITH_VALUE = {
    "t": "type", "types": "type", "O": "", "test-opts": "", "N": "namespace", "namespace": "namespace"
}  # fmt: skip
_UNMOUNT_FLAGS = {
    "a": "all", "A": "all", "all-targets": "all", "R": "recursive", "l": "recursive", "lazy": "recursive",
    "help": "fake", "h": "fake", "version": "fake", "V": "fake",
}  # fmt: skip
"""Flags of umount(8). A lazy unmount takes the mounts below along."""

_BUCKETS = frozenset(("s3fs", "goofys", "mount-s3", "gcsfuse", "rclone", "sshfs"))
"""Programs that mount something whose name is no path."""


@dataclass(slots=True)
class _Arguments:
    """A command line of mount(8) or umount(8), taken apart."""

    positional: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)

    @classmethod
    def parse(
        cls, arguments: list[str], valued: Mapping[str, str] = _WITH_VALUE, names: Mapping[str, str] = _FLAGS
    ) -> _Arguments:
        """Split a command line into its operands (source first), the values of options, and flags."""
        found = cls()
        words = iter(arguments)
        for word in words:
            if word.startswith("--"):
                name, sign, value = word[2:].partition("=")
                if name in valued:
                    found._set(valued[name], value if sign else next(words, ""))
                else:
                    found._flag(name, names)
            elif word.startswith("-") and len(word) > 1:
                for index, letter in enumerate(word[1:], 2):
                    if letter in valued:
                        found._set(valued[letter], word[index:] or next(words, ""))
                        break
                    found._flag(letter, names)
            else:
                found.positional.append(word)
        if "source" in found.values or "target" in found.values:
            named = [found.values[name] for name in ("source", "target") if name in found.values]
            found.positional = named + found.positional if "source" in found.values else found.positional + named
        return found

    def _flag(self, name: str, names: Mapping[str, str]) -> None:
        if name in _AS_OPTION and names is _FLAGS:
            self._set("options", _AS_OPTION[name])
        else:
            self.flags.add(names.get(name, name))

    def _set(self, name: str, value: str) -> None:
        joined = name == "options" and name in self.values
        self.values[name] = f"{self.values[name]},{value}" if joined else value

    @property
    def doubt(self) -> str:
        """The reason why the command may not mount what it seems to mount."""
        if "fake" in self.flags:
            return "is told not to mount it (--fake)"
        if "namespace" in self.values:
            return "mounts it in another namespace"
        if "prefix" in self.values:
            return "mounts it with --target-prefix, which not every version of mount knows"
        strange = sorted(f for f in self.flags - _UNDERSTOOD if not f.startswith("make-"))
        return f"mounts it with the option {strange[0]}, which is not understood" if strange else ""


def mount(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`mount`, `mount.efs`, `mount.nfs4` …"""
    given = _Arguments.parse(arguments)
    kind = name.partition(".")[2] or given.values.get("type", "")
    options = split_options(given.values.get("options", ""))
    words = given.positional
    host = shell.host
    if "remount" in options:
        _remount(host, words, options, line=line, directory=shell.directory)
    elif "all" in given.flags:
        if "fstab" in given.values:
            host.unclear(line, f"what {given.values['fstab']} holds is not followed")
        if not given.doubt:
            host.table.wake()
    elif "move" in given.flags:
        _move(shell, words, line)
    elif "device" in given.values or (len(words) < 2 and any(flag.startswith("make-") for flag in given.flags)):
        _device(shell, words, line)
    elif len(words) == 1 and words[0].startswith("/"):
        _by_fstab(shell, words[0], kind, options=options, line=line)
    elif len(words) == 2:
        options += tuple(flag for flag in ("bind", "rbind") if flag in given.flags)
        for target in _targets(words[1], given.values.get("prefix", "")):
            request = MountRequest(words[0], target, kind, options=options, line=line, doubt=given.doubt)
            host.mount(request, shell.directory)
    elif not words:
        write(shell, LISTING, line)
        return Likelihood.UNKNOWN if given.flags or given.values else Likelihood.LIKELY
    elif not _wake_source(host, words[0]) and (
        kind in ("nfs", "nfs4", "efs") or _names_network(host, " ".join(words)) or _several(host, words[0])
    ):
        host.unclear(line, f"mount is given {' '.join(words)}, not a source and a mount point", sure=True)
        if _several(host, words[0]):
            host.table.doubt_if(
                lambda state: state.network, Doubt(line, f"may mount something over it (mount {words[0]})")
            )
    return Likelihood.LIKELY


def _names_network(host: Host, text: str) -> bool:
    """Whether a text, or what its unknown values are made of, names EFS or NFS."""
    return looks_like_efs(text) or (is_unknown(text) and _NETWORK.search(host.tokens.show(text)) is not None)


def _several(host: Host, word: str) -> bool:
    """Whether a word that only the host knows may be several, such as all items of an array."""
    return is_unknown(word) and _ALL_ITEMS.search(host.tokens.source(word)) is not None


def _targets(target: str, prefix: str) -> list[str]:
    """The mount points that a prefix may lead to: with it and, as old versions do not know it, without."""
    return [f"{prefix}/{target}", target] if prefix else [target]


def _by_fstab(shell: ShellState, word: str, kind: str, options: tuple[str, ...], line: int) -> None:
    """`mount PATH`: fstab says what is mounted there."""
    host = shell.host
    path = host.path(word, shell.directory)
    if path and host.table.wake(path):
        if any(option.startswith(_DECISIVE) for option in options):
            host.table.doubt(path, Doubt(line, f"mounts it with other options than fstab has ({','.join(options)})"))
    elif kind in ("nfs", "nfs4", "efs"):
        doubt = "mounts it as fstab says, which is not known"
        host.mount(MountRequest("", word, kind, options=options, line=line, doubt=doubt), shell.directory)


def _wake_source(host: Host, word: str) -> bool:
    """`mount SOURCE`: fstab says where that is mounted. Returns whether it does."""
    server, directory = split_source(word)
    paths = [
        path
        for path, states in host.table.states.items()
        if any(s and s.persistent and (s.server, s.directory) == (server, directory) for s in states)
    ]
    for path in paths:
        host.table.wake(path)
    return bool(paths)


def _remount(host: Host, words: list[str], options: tuple[str, ...], line: int, directory: str | None) -> None:
    """Mount again, with other options. Only the rights to read and write count."""
    right = next((o for o in options if o in ("ro", "rw")), "")
    if not right:
        return
    doubt = Doubt(line, f"mounts it again with {right}")
    path = host.path(words[-1], directory) if words else None
    may_be = host.may_be(words[-1] if words else "")

    def changes(state: Mounted) -> bool:
        here = state.path == path if path else may_be(state)
        return here and ("ro" in state.options) != (right == "ro")

    host.table.doubt_if(changes, doubt)


def _move(shell: ShellState, words: list[str], line: int) -> None:
    table = shell.host.table
    paths = [shell.host.path(word, shell.directory) for word in words[-2:]]
    if len(paths) == 2 and paths[0] and paths[1]:
        doubt = Doubt(line, f"moves it from {paths[0]} to {paths[1]}")
        table.bind(paths[0], paths[1], line)
        table.doubt(paths[1], doubt)
        table.unmount(paths[0], doubt)
        table.doubt_around(paths[0], doubt)
    elif words:
        table.doubt_if(shell.host.may_be(words[0]), Doubt(line, f"moves {words[0]} to {words[-1]}"))


def _device(shell: ShellState, words: list[str], line: int) -> None:
    """Mount something by its label or UUID: a disk."""
    if len(words) == 1 and not words[0].startswith("-"):
        shell.host.mount(MountRequest("LABEL", words[0], "auto", options=(), line=line), shell.directory)


def systemd_mount(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """`systemd-mount WHAT WHERE`, `systemd-mount --umount WHERE`."""
    if any(word in ("-u", "--umount", "--unmount") for word in arguments):
        return umount(shell, "umount", [word for word in arguments if not word.startswith("-")], line=line)
    return mount(shell, "mount", [word for word in arguments if not word.startswith(("--no", "--q"))], line=line)


def fuse(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`s3fs BUCKET PATH …` and its kin."""
    if name in ("rclone", "juicefs") and "mount" not in arguments:
        return Likelihood.LIKELY
    words = [word for word in arguments if word.startswith("/") and not word.startswith("/dev/")]
    for word in words[-1:]:
        request = MountRequest(name, word, f"fuse.{name}", options=(), line=line)
        shell.host.mount(request, shell.directory)
        for other in words[:-1]:
            _shows(shell, name, other, target=word, line=line)
    unknown = next((word for word in reversed(arguments) if is_unknown(word) and not word.startswith("-")), "")
    if not words and unknown:
        shell.host.mount(MountRequest(name, unknown, f"fuse.{name}", options=(), line=line), shell.directory)
    return Likelihood.LIKELY


def _shows(shell: ShellState, name: str, source: str, target: str, line: int) -> None:
    """Note that a program may show a directory of EFS at its mount point. Of two paths that are given to one that shows
    a bucket, either may be the mount point."""
    table = shell.host.table
    place, path = shell.host.path(source), shell.host.path(target)
    if place and path and any(s and s.network for s in table.covering(place)):
        table.veil(path, place, Doubt(line, f"shows {source} there"), link=False)
        if name in _BUCKETS:
            table.veil(place, "", Doubt(line, f"mounts {name} there or at {target}"), link=False)


def umount(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Unmount by mount point or by source. After `-a`, and for what is not known, mounts are uncertain."""
    given = _Arguments.parse(arguments, _UNMOUNT_WITH_VALUE, _UNMOUNT_FLAGS)
    if "fake" in given.flags:
        return Likelihood.LIKELY
    if "all" in given.flags:
        types = [t.strip() for t in given.values.get("type", "").split(",")]
        if types == [""] or any(t.startswith(("nfs", "efs", "no", OPEN)) for t in types):
            shell.host.table.doubt_all(Doubt(line, "may unmount it (umount -a)"))
        return Likelihood.LIKELY
    for word in given.positional:
        _unmount(shell, word, line, recursive="recursive" in given.flags, elsewhere="namespace" in given.values)
    return Likelihood.LIKELY


def _unmount(shell: ShellState, word: str, line: int, *, recursive: bool, elsewhere: bool) -> None:
    host, table = shell.host, shell.host.table
    doubt = Doubt(line, f"may unmount it (umount {word})")
    path = host.path(word, shell.directory)
    if not word.startswith("/") and (":" in word or looks_like_efs(word)):
        if not table.doubt_if(_comes_from(word), doubt):
            table.doubt_if(lambda state: state.network, doubt)
    elif path is None or literal_head(path) != path:
        if (path and table.at(path) != NOTHING) and not elsewhere:
            table.unmount(path, doubt)
        elif not host.undo_unplaced(word):
            table.doubt_if(host.may_be(word), doubt)
    elif elsewhere or host.resolved(path) != path:
        table.doubt(path, doubt)
        table.doubt(host.resolved(path), doubt)
    else:
        if OPEN in path and table.at(path) == NOTHING:
            table.doubt_if(_may_become(path), doubt)
        table.unmount(path, doubt)
        table.doubt_if(
            lambda state: 0 < len(head := literal_head(state.path)) < len(state.path) and path.startswith(head), doubt
        )
        if recursive:
            table.doubt_if(lambda state: state.path.startswith(f"{path}/"), doubt)


def _may_become(path: str) -> Callable[[Mounted], bool]:
    """A function that tells whether the path of a mount may be what a path with references becomes."""
    literal = (re.escape(part) for part in re.split(f"{OPEN}[^{CLOSE}]*{CLOSE}", path))
    pattern = re.compile("/?" + ".+".join(literal))
    return lambda state: OPEN in state.path or pattern.fullmatch(state.path) is not None


def _comes_from(source: str) -> Callable[[Mounted], bool]:
    """A function that tells whether a mount comes from a source, as far as that names a file system."""
    server, directory = split_source(source)
    named = parse_source(server, directory).file_system
    system = named.coded if named else None
    return lambda state: state.server == server or (system is not None and state.file_system == system)
