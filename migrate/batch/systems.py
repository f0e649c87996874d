"""Groups volumes by file system across repositories, to show which of them still keep anonymous access open."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_SHARED = re.compile(r"fs-[0-9a-f]{8,40}|.*(?:ImportValue|\{\{resolve:).*", re.DOTALL)
"""Matches a value that names the same file system in every repository: an id, or an exported value."""
_RANKS = ("other", "host", "efs", "tls", "access-point", "iam")


def view(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The file systems in the summary's rows, each with `id`, `repositories`, `volumes` (with the repository), `lowest`
    (the lowest level after the campaign) and `blocking`: the volumes without IAM authorization, which a policy against
    anonymous access (EFS408) would keep from being mounted. An expression that is valid in
    one file only counts as a file system of its own for each file."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        for volume in row["volumes"]:
            name = volume["file_system"]
            if name is None:
                continue
            shared = _SHARED.fullmatch(name) is not None
            key = (name,) if shared else (name, row["repository"], volume["file"])
            system = found.setdefault(key, {"id": name, "repositories": [], "volumes": []})
            if row["repository"] not in system["repositories"]:
                system["repositories"].append(row["repository"])
            system["volumes"].append({"repository": row["repository"], "status": row["status"], **volume})
    for system in found.values():
        system["lowest"] = min((volume["after"] for volume in system["volumes"]), key=_RANKS.index)
        system["blocking"] = [
            {key: volume[key] for key in ("repository", "file", "task", "name", "after")}
            for volume in system["volumes"]
            if volume["after"] != "iam"
        ]
    return sorted(found.values(), key=lambda system: (-len(system["repositories"]), system["id"]))
