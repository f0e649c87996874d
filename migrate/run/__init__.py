"""A run over many files: discovery, configuration, mounts that other files show, parallel work."""

from __future__ import annotations
