"""How an upgrade gets into files: reading, planning, writing and proving; the knowledge itself lives in `rules`."""

# Of ecs-efs-migrate: `launcher` looks for this name here, because other distributions have a package `migrate`, too.

from __future__ import annotations

# The only place: hatchling reads it at build time, `--version` without importing importlib.metadata (13 ms).
__version__ = "0.1.0"
