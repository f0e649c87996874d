"""The effects of single commands on a host, for the commands that matter for mounts."""

from __future__ import annotations
