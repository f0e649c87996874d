"""How an upgrade gets into files: reading, planning, writing and proving; the knowledge itself lives in `rules`."""

from __future__ import annotations

# The only place: hatchling reads it at build time, `--version` without importing importlib.metadata (13 ms).
__version__ = "0.1.0"
