"""The language server: shows the findings of `check` in an editor and offers the changes of `apply` as quick fixes."""

from __future__ import annotations
