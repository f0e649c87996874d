"""The style of a document: indentation, quotes, order and spelling, as the lines around a change show it."""

from __future__ import annotations
