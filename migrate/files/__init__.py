"""Files on disk: which ones matter, how they are decoded, and how they are written back."""

from __future__ import annotations
