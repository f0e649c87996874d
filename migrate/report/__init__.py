"""Reports: what a run found, for people (`text`) and for programs (`json`), and as a unified diff."""

from __future__ import annotations
