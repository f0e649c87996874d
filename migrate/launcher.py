"""An import hook that makes sure that `migrate` and `rules` are the packages of this distribution.

Both names are common words: a repository may well have a `rules/` folder, `PYTHONPATH` may lead to one, and other
distributions install packages of these names. Python would take whichever comes first. This module imports nothing that
Python has not loaded already, because every run of every hook executes it.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in `migrate.files.discover`
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import NoReturn

OURS = ("migrate", "rules")
"""The distribution's top-level packages."""

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""The folder that contains these packages."""

_SIGNATURE = b"ecs-efs-migrate"
"""A text in the first lines of both packages' `__init__.py`, by which they are recognised."""

_DAMAGED = (
    "another distribution has overwritten a part of ecs-efs-migrate. Install it by itself: pipx install ecs-efs-migrate, or "
    "uv tool install ecs-efs-migrate"
)


class OwnPackages:
    """An import hook (a meta path finder) that finds `migrate` and `rules` in our folder and nowhere else."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package of that name in our folder; None for any other module, which the usual finders look for. Exits with
        2 if another distribution has overwritten the package."""
        if path is not None or name not in OURS:
            return None
        check(name)
        # Of the usual finders, only the path finder heeds a folder; importing it by name takes longer than calling all.
        others = (finder for finder in sys.meta_path if finder is not self)
        return next((spec for finder in others if (spec := finder.find_spec(name, [HOME], target))), None)


def check(name: str) -> None:
    """Exits with 2 if the package of that name in our folder is not ours."""
    file = os.path.join(HOME, name, "__init__.py")
    try:
        with open(file, "rb") as opened:
            ours = _SIGNATURE in opened.read(600)
    except OSError:
        ours = False
    if not ours:
        fail(file)


def claim() -> None:
    """Makes Python import `migrate` and `rules` from our folder only. Exits with 2 if `migrate`, of which this module is a
    part, has been overwritten by another distribution."""
    if not any(isinstance(finder, OwnPackages) for finder in sys.meta_path):
        check("migrate")
        sys.meta_path.insert(0, OwnPackages())


def fail(what: str) -> NoReturn:
    """Writes, in one line, that a file is no longer this distribution's, and exits with 2."""
    sys.stderr.write(f"efs-migrate: {what}: {_DAMAGED}\n")
    sys.exit(2)


# On import, not in a function: where processes are not forked, a new one imports this module and calls nothing in it.
claim()
