"""Files on disk: discovering the ones that matter, decoding them, and writing them back."""

from __future__ import annotations
