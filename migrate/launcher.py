"""Sees to it that `migrate` and `rules` are this distribution's own, whatever else bears these names.

Both are ordinary words: a repository may well have a `rules/` folder, `PYTHONPATH` may lead to one, and other distributions
install packages of these names. Python would take whichever comes first. This module imports nothing that Python has not
loaded already, because every run of every hook passes through here.
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
"""The folder in which they lie."""

_SIGNATURE = b"ecs-efs-migrate"
"""What the first lines of both packages' `__init__.py` say."""

_DAMAGED = (
    "another distribution has overwritten a part of ecs-efs-migrate. Install it by itself: pipx install ecs-efs-migrate, or "
    "uv tool install ecs-efs-migrate"
)


class OwnPackages:
    """An import hook (a meta path finder) that finds `migrate` and `rules` in our folder and nowhere else."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package of that name in our folder; None for any other module, which the usual finders look for."""
        if path is not None or name not in OURS:
            return None
        # Of the usual finders only that of paths heeds a folder; importing it by name takes longer than asking all.
        others = (finder for finder in sys.meta_path if finder is not self)
        return next((spec for finder in others if (spec := finder.find_spec(name, [HOME], target))), None)


def claim() -> None:
    """Import `migrate` and `rules` from our folder only, from now on. Exits with 2 where another distribution has put its own
    in their place."""
    if any(isinstance(finder, OwnPackages) for finder in sys.meta_path):
        return
    for name in OURS:
        file = os.path.join(HOME, name, "__init__.py")
        try:
            with open(file, "rb") as opened:
                ours = _SIGNATURE in opened.read(600)
        except OSError:
            ours = False
        if not ours:
            fail(file)
    sys.meta_path.insert(0, OwnPackages())


def fail(what: str) -> NoReturn:
    """Say in one line what is not ours any more, and exit with 2."""
    sys.stderr.write(f"efs-migrate: {what}: {_DAMAGED}\n")
    sys.exit(2)


# Already at import: where processes are not forked, a new one imports this module without calling anything of it.
claim()
