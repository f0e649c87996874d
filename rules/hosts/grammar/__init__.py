"""The grammar of POSIX shell scripts: tokens, words, commands."""

from __future__ import annotations
