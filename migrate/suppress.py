"""Suppression comments: `# efs-migrate: ignore[EFS202, EFS203] reason` on a volume's line or the line above."""

from __future__ import annotations

import re

from migrate.dialects.reading import Reading
from migrate.syntax import SyntaxProblem
from rules import RULES
from rules.model import Key

_MARK = "efs-migrate:"
_IGNORE = re.compile(r"efs-migrate:\s*ignore\[([^\]]*)\]")
_IDS = frozenset(rule.id for rule in RULES)


def suppressions(reading: Reading) -> dict[Key, frozenset[str]]:
    """Rule ids that comments suppress, by the key of the volume, service or instance they stand at.

    Raises SyntaxProblem for a comment that is not understood: a typo must not pass for consent.
    """
    found = _by_metadata(reading)
    if _MARK not in reading.document.text:
        return found
    by_line: dict[int, frozenset[str]] = {}
    for line, comment in reading.document.comments():
        if _MARK not in comment:
            continue
        match = _IGNORE.search(comment)
        ids = frozenset(re.split(r"[,\s]+", match[1].strip())) if match else frozenset()
        if not match or ids == {""}:
            raise SyntaxProblem(line, 1, "a suppression reads `efs-migrate: ignore[EFS202, EFS203] reason`")
        _check(ids, line)
        by_line[line] = by_line.get(line, frozenset()) | ids
    places = [*reading.spans.items(), *reading.around.items()]
    lines = [(key, reading.document.line_column(offset)[0]) for key, offset in places]
    taken = {line for _, line in lines}
    for key, line in lines:
        # A comment on the line above speaks of that line's own volume, if it has one.
        above = by_line.get(line - 1, frozenset()) if line - 1 not in taken else frozenset()
        ids = by_line.get(line, frozenset()) | above
        if ids:
            found[key] = found.get(key, frozenset()) | ids
    for key, _ in lines:
        # What is said at an instance's resource holds for its image and its user data, too.
        if key[0] == "instance" and (whole := found.get(key[:3])):
            found[key] = found.get(key, frozenset()) | whole
    return found


def _by_metadata(reading: Reading) -> dict[Key, frozenset[str]]:
    """What a resource's metadata suppresses, for the resource and all its volumes."""
    found: dict[Key, frozenset[str]] = {}
    for task, (offset, ids) in reading.ignored.items():
        _check(ids, reading.document.line_column(offset)[0])
        for key in reading.spans:
            if key[: len(task)] == task or (key[0] == "service" and key[1 : len(task)] == task[1:]):
                found[key] = ids
    return found


def _check(ids: frozenset[str], line: int) -> None:
    if unknown := sorted(ids - _IDS):
        raise SyntaxProblem(line, 1, f"unknown rule {', '.join(unknown)} in a suppression")
