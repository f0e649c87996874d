"""Reads what a property may be: the literals, defaults and alternatives in expressions, as `Possible` values."""

from __future__ import annotations
