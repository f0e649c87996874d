"""A run over many files: discovery, configuration, what files know of one another, parallel work."""

from __future__ import annotations
