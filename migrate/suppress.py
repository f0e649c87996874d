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
    """Rule ids that comments suppress, by the key of the volume or service they stand at.

    Raises SyntaxProblem for a comment that is not understood: a typo must not pass for consent.
    """
    if _MARK not in reading.document.text:
        return {}
    by_line: dict[int, frozenset[str]] = {}
    for line, comment in reading.document.comments():
        if _MARK not in comment:
            continue
        match = _IGNORE.search(comment)
        ids = frozenset(re.split(r"[,\s]+", match[1].strip())) if match else frozenset()
        if not match or ids == {""}:
            raise SyntaxProblem(line, 1, "a suppression reads `efs-migrate: ignore[EFS202, EFS203] reason`")
        if unknown := sorted(ids - _IDS):
            raise SyntaxProblem(line, 1, f"unknown rule {', '.join(unknown)} in a suppression comment")
        by_line[line] = by_line.get(line, frozenset()) | ids
    found = {}
    lines = {key: reading.document.line_column(offset)[0] for key, offset in reading.spans.items()}
    taken = set(lines.values())
    for key, line in lines.items():
        # A comment on the line above speaks of that line's own volume, if it has one.
        above = by_line.get(line - 1, frozenset()) if line - 1 not in taken else frozenset()
        ids = by_line.get(line, frozenset()) | above
        if ids:
            found[key] = ids
    return found
