"""Words that made the screening stop at a file but lie in nothing that was read: reported, never silence."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from migrate.dialects.reading import Unread, walk
from migrate.syntax import Document
from migrate.syntax.node import Mapping, Node, Scalar
from migrate.syntax.node import Sequence as SequenceNode

_KEY = re.compile(r"(efs|docker)[_-]?volumes?([_-]?configuration)?|source[_-]?path", re.IGNORECASE)
_INSIDE = re.compile(r"\"?efs_?volume_?configuration\"?", re.IGNORECASE)


def unread(document: Document, regions: Sequence[tuple[int, int]]) -> tuple[Unread, ...]:
    """Keys that name EFS or Docker volumes (or a host's source path), and texts with an embedded definition, outside of
    all `regions` (spans in characters). Comments do not count."""
    ordered = sorted(regions)
    starts = [start for start, _ in ordered]
    ends: list[int] = []
    for _, end in ordered:
        ends.append(max(end, ends[-1] if ends else 0))

    def is_read(offset: int) -> bool:
        i = bisect_right(starts, offset)
        return i > 0 and offset < ends[i - 1]

    found = []
    for node, _ in walk(document.roots):
        texts: list[Node] = []
        if isinstance(node, Mapping):
            for entry in node.entries:
                key = entry.key
                if isinstance(key, Scalar) and _KEY.fullmatch(key.text) and not is_read(key.start):
                    found.append(Unread(key.start, key.text))
                texts.append(entry.value)
        elif isinstance(node, SequenceNode):
            texts = node.items
        for inner in texts:
            if isinstance(inner, Scalar) and len(inner.text) > 20:
                match = _INSIDE.search(inner.text)
                if match and not is_read(inner.start):
                    found.append(Unread(inner.start, match[0].strip('"')))
    return tuple(sorted(found, key=lambda u: u.offset))
