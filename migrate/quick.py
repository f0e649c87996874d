"""The usual answer, without the tool: nothing here reaches EFS the old way.

Most runs, in hooks above all, end with that, and the imports of everything else would take several times as long. Whatever is
not certain, and every option that is more than a switch, is left to the command line proper.
"""

from __future__ import annotations

import os

from migrate import discover

TYPE_CHECKING = False  # as in `migrate.discover`
if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = frozenset({"check", "diff", "apply"})
_SWITCHES = frozenset({"--exit-zero", "--unsafe", "-q", "--quiet", "-v", "--verbose", "--force-exclude"})
"""What changes nothing where there is nothing."""


def nothing_to_do(arguments: Sequence[str]) -> bool:
    """Whether a command line certainly has no output and the status 0. What was found on the way is kept for the other case
    (`discover.remember`)."""
    if not arguments or arguments[0] not in _COMMANDS:
        return False
    paths = [word for word in arguments[1:] if word not in _SWITCHES]
    if any(word.startswith("-") for word in paths):
        return False
    paths = paths or ["."]
    if any(map(_is_governed, paths)):
        return False  # a configuration has to be read, and may be broken
    warnings: list[str] = []
    dull = set()
    for file in discover.discover(paths, warn=warnings.append):
        if warnings or file.error is not None:
            break
        try:
            raw = discover.content(file.path)
        except OSError:
            break
        if raw is not None and discover.screen(raw):
            break
        # What only answers the questions of others matters to nobody as long as nobody asks.
        if raw is None or not discover.tells(raw):
            dull.add(file.path)
    else:
        return not warnings
    discover.remember(dull)
    return False


def _is_governed(path: str) -> bool:
    """Whether there is a configuration for a path, or the path is one."""
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
