"""Campaigns: runs over many repositories, which can be previewed, carried out, stopped and resumed."""

from __future__ import annotations
