"""The configuration: what users write in `.efs-migrate.yaml`, and what it means for each file."""

from __future__ import annotations
