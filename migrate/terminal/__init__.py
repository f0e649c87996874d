"""The terminal: text that is safe and readable on it, and single keys from it."""

from __future__ import annotations
