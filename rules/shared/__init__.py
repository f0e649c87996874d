"""What several rules need to know, above the context."""

from __future__ import annotations
