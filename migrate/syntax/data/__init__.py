"""JSON and YAML."""

from __future__ import annotations
