"""The commands `mount`, `umount` and `ln -s`, mount helpers, and file systems in user space (FUSE).

Sources: mount(8), umount(8), mount.nfs(8), `mount.efs` of efs-utils, ln(1).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.hosts.commands.printing import write
from rules.hosts.grammar.tokens import is_unknown
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts.host import MountRequest, looks_like_efs, split_options
from rules.hosts.mounts.mount_files import LISTING
from rules.hosts.state import ShellState

_WITH_VALUE = {
    "t": "type", "types": "type", "o": "options", "options": "options", "O": "", "test-opts": "", "L": "device",
    "label": "device", "U": "device", "uuid": "device", "source": "source", "target": "target", "T": "", "fstab": "",
    "N": "", "namespace": "", "p": "", "target-prefix": "",
}  # fmt: skip
_FLAGS = {"a": "all", "B": "bind", "R": "bind", "M": "move", "r": "ro", "rbind": "bind", "read-only": "ro"}


@dataclass(slots=True)
class _Arguments:
    """A command line of mount(8), taken apart."""

    positional: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)

    @classmethod
    def parse(cls, arguments: list[str]) -> _Arguments:
        """Split a command line into its operands (source first), the values of options, and flags."""
        found = cls()
        words = iter(arguments)
        for word in words:
            if word.startswith("--"):
                name, sign, value = word[2:].partition("=")
                if name in _WITH_VALUE:
                    found._set(_WITH_VALUE[name], value if sign else next(words, ""))
                else:
                    found.flags.add(_FLAGS.get(name, name))
            elif word.startswith("-") and len(word) > 1:
                for index, letter in enumerate(word[1:], 2):
                    if letter in _WITH_VALUE:
                        found._set(_WITH_VALUE[letter], word[index:] or next(words, ""))
                        break
                    found.flags.add(_FLAGS.get(letter, letter))
            else:
                found.positional.append(word)
        if "source" in found.values or "target" in found.values:
            named = [found.values[name] for name in ("source", "target") if name in found.values]
            found.positional = named + found.positional if "source" in found.values else found.positional + named
        return found

    def _set(self, name: str, value: str) -> None:
        joined = name == "options" and name in self.values
        self.values[name] = f"{self.values[name]},{value}" if joined else value


def mount(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`mount`, `mount.efs`, `mount.nfs4` …"""
    given = _Arguments.parse(arguments)
    kind = name.partition(".")[2] or given.values.get("type", "")
    options = split_options(given.values.get("options", "")) + (("ro",) if "ro" in given.flags else ())
    words = given.positional
    host = shell.host
    if "all" in given.flags:
        host.table.wake()
    elif "move" in given.flags:
        _move(shell, words, line)
    elif any(flag.startswith("make-") for flag in given.flags) or "device" in given.values:
        _device(shell, words, line)
    elif "remount" in options:
        if "ro" in options and words and (path := host.path(words[-1], shell.directory)):
            host.table.doubt(path)
    elif len(words) == 1 and words[0].startswith("/"):
        path = host.path(words[0], shell.directory)
        if not (path and host.table.wake(path)) and kind in ("nfs", "nfs4", "efs"):
            host.unclear(line, f"mount {words[0]}: fstab, which would say what is mounted, is not known")
    elif len(words) == 2:
        if "bind" in given.flags:
            options += ("bind",)
        host.mount(MountRequest(words[0], words[1], kind, options=options, line=line), shell.directory)
    elif not words:
        write(shell, LISTING, line)
        return Likelihood.UNKNOWN if given.flags else Likelihood.LIKELY
    elif kind in ("nfs", "nfs4", "efs") or looks_like_efs(" ".join(words)):
        host.unclear(line, f"mount is given {' '.join(words)}, not a source and a mount point")
    return Likelihood.LIKELY


def _move(shell: ShellState, words: list[str], line: int) -> None:
    paths = [shell.host.path(word, shell.directory) for word in words[-2:]]
    if len(paths) == 2 and paths[0] and paths[1]:
        shell.host.table.bind(paths[0], paths[1], line)
        shell.host.table.doubt(paths[1])
        shell.host.table.unmount(paths[0])


def _device(shell: ShellState, words: list[str], line: int) -> None:
    """Mount something by its label or UUID: a disk."""
    if len(words) == 1 and not words[0].startswith("-"):
        shell.host.mount(MountRequest("LABEL", words[0], "auto", options=(), line=line), shell.directory)


def fuse(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`s3fs BUCKET PATH …` and its kin."""
    for word in arguments:
        if word.startswith("/"):
            shell.host.mount(MountRequest(name, word, f"fuse.{name}", options=(), line=line), shell.directory)
            break
    return Likelihood.LIKELY


def umount(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Unmount by mount point. By source is rare and not followed; after `-a`, all mounts are uncertain."""
    table = shell.host.table
    words = iter(arguments)
    for word in words:
        if word in ("-t", "-O", "-N"):
            next(words, "")
        elif word in ("-a", "-A"):
            shell.host.unclear(line, "umount -a")
            table.doubt_all()
        elif not word.startswith("-"):
            path = shell.host.path(word, shell.directory)
            if path is None or is_unknown(word):
                if table.states.first(1):
                    shell.host.unclear(line, f"umount {word}: which mount point is not known")
            else:
                table.unmount(path)
    return Likelihood.LIKELY


def link(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Note a symbolic link; its target is resolved when all mounts are known."""
    words = [a for a in arguments if not a.startswith("-")]
    symbolic = any(a.startswith("-") and not a.startswith("--") and "s" in a for a in arguments)
    if (symbolic or "--symbolic" in arguments) and len(words) == 2:
        target, path = shell.host.path(words[0], shell.directory), shell.host.path(words[1], shell.directory)
        if target and path:
            shell.host.link(target, path, line)
    return Likelihood.LIKELY
