"""The terminal: text that is safe and readable there, and single keys from it."""

from __future__ import annotations
