"""Code that several dialects share; nothing here belongs to a single dialect."""

from __future__ import annotations
