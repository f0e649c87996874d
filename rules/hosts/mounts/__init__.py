"""The host that a script changes: its mounts, and the files that mount something (fstab, units, autofs maps)."""

from __future__ import annotations
