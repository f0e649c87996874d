"""The interpreter of shell scripts: it follows lists, branches, loops and functions, and leaves commands to `commands`."""

from __future__ import annotations
