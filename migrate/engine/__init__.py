"""From one text to a proven change: read, plan, write, prove."""

from __future__ import annotations
