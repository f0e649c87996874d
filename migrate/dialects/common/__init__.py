"""What several dialects share. Nothing here belongs to a single dialect."""

from __future__ import annotations
