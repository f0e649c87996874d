"""Reports of a run, one module a format, and unified diffs."""

from __future__ import annotations
