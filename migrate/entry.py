"""The module `ecs_efs_migrate`, where the command `efs-migrate` starts. No other distribution has this name.

`migrate` and `rules` are common words, which a folder on `PYTHONPATH` may have, too. This file is installed beside the
two packages, not in one of them, and recognises ours by a file that only ours has.
"""

from __future__ import annotations

import os
import sys

_MARK = os.path.join("migrate", "efs-migrate.schema.json")


def _home() -> str:
    """The folder with our packages: the folder of this file if installed from a wheel; in an editable installation,
    another one on `sys.path`. Exits with 2 if there is none."""
    for folder in (os.path.dirname(os.path.abspath(__file__)), *sys.path):
        if os.path.isfile(os.path.join(folder, _MARK)):
            return os.path.abspath(folder)
    sys.stderr.write("efs-migrate: the package `migrate` of ecs-efs-migrate is missing: install it anew\n")
    sys.exit(2)


# On import, not only when called: where processes are not forked, a new one imports this module and no more.
sys.path.insert(0, _home())
try:
    from migrate.__main__ import main
except ImportError as problem:
    sys.stderr.write(
        f"efs-migrate: {problem}: another distribution has overwritten a part of ecs-efs-migrate. Install it by itself: pipx "
        "install ecs-efs-migrate, or uv tool install ecs-efs-migrate\n"
    )
    sys.exit(2)
finally:
    del sys.path[0]

__all__ = ["main"]

if __name__ == "__main__":
    main()
