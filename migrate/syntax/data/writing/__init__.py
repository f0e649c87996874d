"""Changes of nodes, written as minimal edits of the text."""

from __future__ import annotations
