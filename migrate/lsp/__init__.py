"""The language server: what `check` reports and `apply` does, in an editor, on the text as it stands there."""

from __future__ import annotations
