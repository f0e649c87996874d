"""The fast exit: recognises runs in which no file concerns EFS volumes, before the command line is imported.

Most runs, above all those of hooks, have nothing to report, and the imports for everything else would take several
times as long. A doubtful case, and any option that is more than a switch, is left to the command line proper.
"""

from __future__ import annotations

import os

from migrate.files import discover, language, screen

TYPE_CHECKING = False  # as in `migrate.files.discover`
if TYPE_CHECKING:
    from collections.abc import Sequence

_DULL, _TELLS, _MATTERS = range(3)
_WORTH_FORKING = 2_000
"""The number of files for each process."""
_COMMANDS = frozenset({"check", "diff", "apply"})
_SWITCHES = frozenset({"--exit-zero", "--unsafe", "-q", "--quiet", "-v", "--verbose", "--force-exclude"})
"""The switches that make no difference if there is nothing to do."""


def nothing_to_do(arguments: Sequence[str]) -> bool:
    """Whether a command line certainly has no output and exit status 0. If not, the files that were ruled out on the
    way are remembered (`screen.remember`)."""
    if not arguments or arguments[0] not in _COMMANDS:
        return False
    paths = [word for word in arguments[1:] if word not in _SWITCHES]
    if any(word.startswith("-") for word in paths):
        return False
    try:
        return _nothing_in(paths or ["."], hook="--force-exclude" in arguments)
    except OSError:  # the current directory may be gone
        return False


def _nothing_in(paths: list[str], hook: bool) -> bool:
    if any(map(_is_governed, paths)):
        return False  # a configuration has to be read, and may be broken
    warnings: list[str] = []
    found = []
    for file in discover.discover(paths, warn=warnings.append):
        if warnings or file.error is not None or (file.explicit and not hook and _is_said(file.path)):
            return False
        found.append(file.path)
    dull = _dull(found)
    if len(dull) == len(found) and not warnings:
        return True
    screen.remember(dull)
    return False


def _dull(paths: list[str]) -> list[str]:
    """The files that need not be read: all of them if no file matters, else those that were ruled out before one was
    found, without those that matter only to other files. Several processes share the work if there are many files."""
    # Without `fork`, a second process would have to start its own Python, which takes longer than most trees.
    processes = min(os.cpu_count() or 1, len(paths) // _WORTH_FORKING + 1) if hasattr(os, "fork") else 1
    children = []
    for number in range(1, processes):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                told = _flags(paths[number::processes])
                view = memoryview(told)
                while view:
                    view = view[os.write(writer, view) :]
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        children.append((number, reader, child))
    flags = [_flags(paths[::processes])]
    for _, reader, child in children:
        with open(reader, "rb") as pipe:
            flags.append(pipe.read())
        os.waitpid(child, 0)
    matters = any(_MATTERS in told or len(told) < len(paths[n::processes]) for n, told in enumerate(flags))
    known = [path for n, told in enumerate(flags) for path, flag in zip(paths[n::processes], told) if flag == _DULL]  # noqa: B905  # a part may end early
    return known if matters else paths


def _flags(paths: list[str]) -> bytes:
    """One byte for each file, up to the first that matters: `_DULL` (ruled out), `_TELLS` (matters only to other files)
    or `_MATTERS`."""
    told = bytearray()
    for path in paths:
        written_in = language.of(path)
        try:
            raw = screen.content(path)
        except OSError:
            told.append(_MATTERS)
            break
        if raw is not None and screen.screen(raw, written_in):
            told.append(_MATTERS)
            break
        # A file of a unit of several is read together with those that matter, whatever it holds itself.
        tells = written_in.members is not None or (raw is not None and screen.informs_others(raw, written_in))
        told.append(_TELLS if tells else _DULL)
    return bytes(told)


def _is_said(path: str) -> bool:
    """Whether it has to be said of a file that the user named if nothing reads it (see `Run.named`)."""
    return not language.is_known(path) or screen.speaks_of_tasks(screen.content(path) or b"")


def _is_governed(path: str) -> bool:
    """Whether a configuration file applies to a path, or the path is one."""
    folder = os.path.abspath(path)
    if not os.path.isdir(folder):
        if os.path.basename(folder) == discover.CONFIGURATION:
            return True
        folder = os.path.dirname(folder)
    while not os.path.lexists(os.path.join(folder, discover.CONFIGURATION)):
        parent = os.path.dirname(folder)
        if parent == folder or os.path.lexists(os.path.join(folder, ".git")):
            return False
        folder = parent
    return True
