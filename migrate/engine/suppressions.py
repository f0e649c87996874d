"""Reads suppression comments: `# efs-migrate: ignore[EFS202, EFS203] reason` on a volume's line or the line above."""

from __future__ import annotations

import re

from migrate.dialects.dialect import Reading
from migrate.syntax import Document, SyntaxProblem
from migrate.syntax.unit import UnitProblem
from rules import RULES
from rules.model import Key

_MARK = "efs-migrate:"
_IGNORE = re.compile(r"efs-migrate:\s*ignore\[([^\]]*)\]")
_ALONE = re.compile(r"[ \t\ufeff]*(?:#|//|/\*)")
_DASH = re.compile(r"[ \t]*-[ \t]*(?:#.*)?(?=\r?\n)")
_IDS = frozenset(rule.id for rule in RULES)


def suppressions(reading: Reading[object]) -> dict[Key, frozenset[str]]:
    """The ids of the rules that comments suppress, by the key of the volume, service or instance that they are written
    at.

    Raises UnitProblem for a comment that cannot be parsed or names an unknown rule: a typo must not go unnoticed.
    """
    found = _by_metadata(reading)
    for index, document in enumerate(reading.unit.documents):
        if _MARK in document.text:
            try:
                _by_comments(reading, index, document, found=found)
            except SyntaxProblem as problem:
                raise UnitProblem(index, problem) from None
    return found


def _by_comments(reading: Reading[object], index: int, document: Document, found: dict[Key, frozenset[str]]) -> None:
    """Adds to `found` the rules that the comments of one document suppress."""
    by_line: dict[int, frozenset[str]] = {}
    alone: set[int] = set()
    for line, comment in document.comments():
        if _MARK not in comment:
            continue
        match = _IGNORE.search(comment)
        ids = frozenset(re.split(r"[,\s]+", match[1].strip())) if match else frozenset()
        if not match or ids == {""}:
            raise SyntaxProblem(line, 1, "a suppression reads `efs-migrate: ignore[EFS202, EFS203] reason`")
        _check(ids, line)
        by_line[line] = by_line.get(line, frozenset()) | ids
        if _ALONE.match(document.text, document.line_starts[line - 1]):
            alone.add(line)
    places = [(key, reading.unit.line_column(o)) for key, o in (*reading.spans.items(), *reading.around.items())]
    lines = [(key, line) for key, (where, line, _) in places if where == index]
    for key, line in lines:
        first = _first_line(document, line)
        # A comment at the end of the line above belongs to that line; one that stands alone belongs to this.
        about = [by_line.get(n, frozenset()) for n in range(first - (first - 1 in alone), line + 1)]
        ids = frozenset().union(*about)
        if ids:
            found[key] = found.get(key, frozenset()) | ids
    for key, _ in lines:
        # A comment at an instance's resource holds for its image and its user data, too.
        if key.kind == "instance" and (whole := found.get(key._replace(path=key.path[:1]))):
            found[key] = found.get(key, frozenset()) | whole


def _first_line(document: Document, line: int) -> int:
    """The line of a list item's dash, if the dash is on its own above `line`, with at most comments between; else
    `line`."""
    for above in range(line - 1, 0, -1):
        start = document.line_starts[above - 1]
        if _DASH.match(document.text, start):
            return above
        if not _ALONE.match(document.text, start):
            break
    return line


def _by_metadata(reading: Reading[object]) -> dict[Key, frozenset[str]]:
    """The rules that the metadata of a resource suppresses, for the resource and all its volumes."""
    found: dict[Key, frozenset[str]] = {}
    for task, (offset, ids) in reading.ignored.items():
        index, line, _ = reading.unit.line_column(offset)
        try:
            _check(ids, line)
        except SyntaxProblem as problem:
            raise UnitProblem(index, problem) from None
        for key in reading.spans:
            if key.kind in (task.kind, "service") and key.lies_in(task):
                found[key] = ids
    return found


def _check(ids: frozenset[str], line: int) -> None:
    if unknown := sorted(ids - _IDS):
        raise SyntaxProblem(line, 1, f"unknown rule {', '.join(unknown)} in a suppression")
