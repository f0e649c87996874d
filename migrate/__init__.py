"""The engine of efs-migrate: reads files, plans, writes and proves their changes; the rules are in `rules`."""

# Of ecs-efs-migrate: `launcher` looks for this name here, because other distributions also have a package `migrate`.

from __future__ import annotations

# The only place of the version: hatchling reads it at build time, `--version` without importlib.metadata (13 ms).
__version__ = "0.1.0"
