"""The configuration: reads `.efs-migrate.yaml`, and finds the one that governs each file."""

from __future__ import annotations
