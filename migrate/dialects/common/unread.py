"""Reports the words for which a file passed the screening but that lie in nothing that was read, so that no volume
is skipped silently."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from migrate.dialects.common.nodes import key_text, occurrences, way_to
from migrate.dialects.common.values import items, mapping
from migrate.dialects.dialect import Unread
from migrate.files.language import PYTHON
from migrate.files.mentions import DESCRIPTIONS
from migrate.syntax import Document
from migrate.syntax.node import Mapping, Node, Scalar

_KEY = re.compile(r"(efs|docker)[_-]?volumes?([_-]?configuration)?|source[_-]?path", re.IGNORECASE)
_INSIDE = re.compile(r"efs_?volume_?configuration", re.IGNORECASE)
_DEFINITION = re.compile(
    r"AWS::(ECS::TaskDefinition|Batch::JobDefinition)|(register|container)[_-]?(task[_-]?)?definitions?", re.IGNORECASE
)
_LEGACY = re.compile(r"docker[_-]?volumes?([_-]?configuration)?|source[_-]?path", re.IGNORECASE)
_EFS = re.compile(r"(?<![a-z])(efs|nfs)(?![a-z])", re.IGNORECASE)
_SOURCE_PATH = re.compile(r"source[_-]?path", re.IGNORECASE)
_HOST = re.compile(r"host\W", re.IGNORECASE)
_NEAR = 200
"""The number of characters before a source path of Python code in which its host is named."""
_WORD = re.compile(r"(?:efs|docker)[_-]?volumes?|source[_-]?path", re.IGNORECASE)


def unread(document: Document, regions: Sequence[tuple[int, int]]) -> tuple[Unread, ...]:
    """The keys that name EFS or Docker volumes (or a host's source path), and the texts with an embedded definition,
    outside of all `regions` (spans in characters). Comments do not count."""
    ordered = sorted(regions)
    starts = [start for start, _ in ordered]
    ends: list[int] = []
    for _, end in ordered:
        ends.append(max(end, ends[-1] if ends else 0))

    def is_read(offset: int) -> bool:
        i = bisect_right(starts, offset)
        return i > 0 and offset < ends[i - 1]

    found: dict[int, Unread] = {}
    seen: set[int] = set()
    for offset in _places(document):
        if is_read(offset):
            continue  # as nearly every word is
        scalar, is_key = _at(document, offset)
        if scalar is None or is_read(scalar.start) or scalar.start in seen:
            continue
        seen.add(scalar.start)
        if is_key and _KEY.fullmatch(scalar.text):
            if _is_of_another(document, scalar):
                continue
            found[scalar.start] = Unread(scalar.start, scalar.text)
        elif not (is_key or _KEY.fullmatch(scalar.text)) and len(scalar.text) > 20 and (word := _embedded(scalar.text)):
            found[scalar.start] = Unread(scalar.start, word)
    return tuple(found[offset] for offset in sorted(found))


def _is_of_another(document: Document, key: Scalar) -> bool:
    """Whether a key has another meaning where it stands: a source path that is no host's, a list of names or of binds
    among the variables of a playbook, a property that a schema describes."""
    is_path = _SOURCE_PATH.fullmatch(key.text) is not None
    if document.language is PYTHON:
        return is_path and _HOST.search(document.text, max(0, key.start - _NEAR), key.start) is None
    way, _ = way_to(document, key.start)
    if is_path:
        above = (key_text(node.entries[i]) for node, i in way[-5:-1] if isinstance(node, Mapping))
        return not any(name.lower() == "host" for name in above)
    holder, index = way[-1]
    assert isinstance(holder, Mapping)
    held = holder.entries[index].value
    listed, described = items(held), mapping(held)
    if described is not None:
        return any(key_text(entry) in DESCRIPTIONS for entry in described.entries)
    return bool(listed) and all(isinstance(item, Scalar) for item in listed or ())


def has_word(document: Document, node: Node) -> bool:
    """Whether a node's text holds one of the words that `unread` reports."""
    return _WORD.search(document.text, node.start, node.end) is not None


def _places(document: Document) -> Iterator[int]:
    """The offsets of the words to look at."""
    if document.language is PYTHON:
        return (match.start() for match in _WORD.finditer(document.text))
    return occurrences(document, _WORD)


def _at(document: Document, offset: int) -> tuple[Scalar | None, bool]:
    """The scalar at a character offset (None if there is none), and whether it is a key."""
    if document.language is PYTHON:
        from migrate.syntax.python import PythonDocument

        assert isinstance(document, PythonDocument)
        return document.string_at(offset) or (None, False)
    way, scalar = way_to(document, offset)
    node, index = way[-1] if way else (None, 0)
    return scalar, isinstance(node, Mapping) and node.entries[index].key is scalar


def _embedded(text: str) -> str | None:
    """The word that shows that a text holds a definition with a volume on EFS, or None. Host paths and Docker
    volumes that do not mention EFS or NFS do not count."""
    if inside := _INSIDE.search(text):
        return inside[0]
    legacy = _LEGACY.search(text) if _DEFINITION.search(text) else None
    return legacy[0] if legacy and _EFS.search(text, legacy.end()) else None
