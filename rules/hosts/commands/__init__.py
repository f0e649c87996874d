"""The commands of shell scripts that matter for mounts."""

from __future__ import annotations
