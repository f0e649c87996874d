"""The `.efs-migrate.yaml` that `init` writes."""

from __future__ import annotations

from collections.abc import Sequence

from migrate.run import FileResult


def starter(files: Sequence[FileResult]) -> str:
    raise NotImplementedError
