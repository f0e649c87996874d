"""The same over many repositories: a campaign that is previewed, carried out, stopped and resumed."""

from __future__ import annotations
