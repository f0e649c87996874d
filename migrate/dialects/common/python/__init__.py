"""Code that the dialects of Python programs share."""

from __future__ import annotations
