"""Python programs of Pulumi."""

from __future__ import annotations
