"""Commands that copy, move, link and remove files.

Sources: cp(1), mv(1), install(1), ln(1), rm(1), unlink(1).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from rules.hosts.commands import ownership
from rules.hosts.grammar.tokens import OPEN, is_unknown
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts import written_files
from rules.hosts.mounts.mount_files import FSTAB
from rules.hosts.mounts.states import Doubt
from rules.hosts.state import ShellState

_WITH_VALUE = {"cp": "tS", "mv": "tS", "ln": "tS", "install": "tSomg"}
_FOLDERS = frozenset(("/etc", "/tmp", "/opt", "/root", "/usr/local/bin", *written_files.UNIT_FOLDERS))


@dataclass(slots=True)
class _Operands:
    """The operands of a command that makes files out of others."""

    sources: list[str] = field(default_factory=list)
    target: str = ""
    flags: set[str] = field(default_factory=set)
    """The letters and names of its options."""
    into: bool = False
    """Whether the target is certainly a folder that the new files go into."""

    @classmethod
    def parse(cls, name: str, arguments: list[str]) -> _Operands:
        """Take a command line apart."""
        found = cls()
        words = iter(arguments)
        for word in words:
            if word.startswith("--"):
                option, sign, value = word[2:].partition("=")
                found.flags.add(option)
                if option in ("target-directory", "owner", "group", "mode", "suffix"):
                    found._set(option, value if sign else next(words, ""))
            elif word.startswith("-") and len(word) > 1:
                for index, letter in enumerate(word[1:], 2):
                    found.flags.add(letter)
                    if letter in _WITH_VALUE[name]:
                        found._set(letter, word[index:] or next(words, ""))
                        break
            else:
                found.sources.append(word)
        if not found.into and len(found.sources) > 1:
            found.target = found.sources.pop()
            found.into = len(found.sources) > 1 or found.target.endswith("/")
        return found

    def _set(self, option: str, value: str) -> None:
        if option in ("t", "target-directory"):
            self.target, self.into = value, True

    def has(self, *names: str) -> bool:
        """Whether one of these options is given."""
        return not self.flags.isdisjoint(names)

    def pairs(self, shell: ShellState) -> Iterator[tuple[str, str | None]]:
        """Each source as it is written, with the path that it gets; None for a path that only the host knows."""
        target = shell.host.path(self.target, shell.directory)
        into = self.into or (
            target is not None and not self.has("T", "no-target-directory") and _is_folder(shell, target)
        )
        for source in self.sources:
            name = source.rstrip("/").rpartition("/")[2]
            yield source, target and (shell.host.path(f"{target}/{name}") if into else target)


def _is_folder(shell: ShellState, path: str) -> bool:
    """Whether a path is known to be a folder."""
    return path in _FOLDERS or path.endswith(".d") or any(s and not s.link for s in shell.host.table.at(path))


def copy(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`cp`, `mv` and `install`, for files that matter and for symbolic links."""
    given = _Operands.parse(name, arguments)
    if name == "install" and given.has("d", "directory"):
        return ownership.install(shell, name, arguments, line)
    host, certain = shell.host, not shell.branches
    if not shell.spend(len(host.files), line):
        return Likelihood.UNKNOWN
    for source, path in given.pairs(shell):
        origin = host.path(source, shell.directory)
        if path is None or path == origin:
            continue
        file = host.files.get(origin or "")
        if name == "cp" and given.has("s", "symbolic-link"):
            host.link(origin, path, line)
            continue
        if file or path == FSTAB or path in host.files:
            if file:
                file.used = True
            written_files.replace(host, path, file, line, certain=certain)
        if origin and (name == "mv" or given.has("a", "d", "P", "R", "r", "archive", "no-dereference", "recursive")):
            host.moved(origin, path, line)
        if origin and name == "mv":
            written_files.remove(host, origin, line, certain=certain)
    return Likelihood.LIKELY


def link(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """Symbolic links. A relative target is relative to the link's own folder."""
    given = _Operands.parse(name, arguments)
    if not given.has("s", "symbolic"):
        return Likelihood.LIKELY
    if not given.target:  # `ln -s TARGET` makes the link in the working directory
        given.target, given.into = shell.directory or shell.variables.get("PWD") or "", True
    for target, path in given.pairs(shell):
        if path is None:
            _link_somewhere(shell, given.target, line)
            continue
        base = shell.directory if given.has("r", "relative") else path.rpartition("/")[0] or "/"
        leads = shell.host.path(posixpath.normpath(f"{base}/{target}") if target[:1] not in ("/", OPEN) else target)
        written_files.linked(shell.host, leads, path, line)
    return Likelihood.LIKELY


def _link_somewhere(shell: ShellState, word: str, line: int) -> None:
    """Make a symbolic link at a path that is not known: it may replace any directory that the path may lie below."""
    head = word.partition("\ue000?")[0]
    if is_unknown(word) and not shell.host.is_fresh(word):
        doubt = Doubt(line, f"makes a symbolic link at {word}, which may lie on it")
        shell.host.table.doubt_if(
            lambda state: state.network and (head.startswith(f"{state.path}/") or state.path.startswith(head)), doubt
        )


def remove(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """`rm`, for files that mount something and for symbolic links."""
    host = shell.host
    for word in arguments:
        if word.startswith("-") or not (path := host.path(word, shell.directory)):
            continue
        if not shell.spend(len(host.files), line):
            break
        glob = any(sign in path for sign in "*?[")
        for known in [n for n in (FSTAB, *host.files) if fnmatchcase(n, path)] if glob else [path]:
            written_files.remove(host, known, line, certain=not shell.branches)
    return Likelihood.LIKELY
