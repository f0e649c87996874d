"""The writer of changes in YAML block collections: it adds and removes whole lines."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import islice, pairwise, takewhile

from migrate.syntax.data.style.habits import content_start
from migrate.syntax.data.style.surroundings import children, spans
from migrate.syntax.data.writing import block
from migrate.syntax.data.writing.build import Builder, dashes, ends_with_block_scalar, entries
from migrate.syntax.data.writing.change import Changed, Slot
from migrate.syntax.data.writing.draft import Draft, added_item
from migrate.syntax.data.writing.write_scalar import write_key
from migrate.syntax.node import Added, Copy, Entry, Mapping, New, Sequence, Tagged
from migrate.syntax.problem import CannotEdit

# A few entries show a habit; reading all would make many edits of a large collection take quadratic time.
_SOME = 64


def write_block(draft: Draft, changed: Changed) -> None:
    """Adds the edits of a block collection to the draft."""
    _BlockWriter(draft, changed).write()


class _BlockWriter:
    """Writes the change of one block collection."""

    def __init__(self, draft: Draft, changed: Changed) -> None:
        node = changed.change.node
        assert type(node) is Mapping or type(node) is Sequence
        self.draft = draft
        self.around = draft.around
        self.text = draft.text
        self.node = node
        self.changed = changed
        self.slots = changed.slots
        self.builder = draft.builder(node, changed.path)
        self.style = self.builder.habits.block()
        if type(node) is Mapping:
            self.places = spans(node)
        else:
            starts = dashes(self.around, node)
            self.places = [(dash, max(end, dash + 1)) for dash, (_, end) in zip(starts, spans(node), strict=True)]
        self.column = self.around.column(self.places[0][0])

    def write(self) -> None:
        if type(self.node) is Mapping:
            self._check_keys(self.node)
        if not self.slots:
            self._empty()
            return
        removed = self.changed.removed(len(self.places))
        if self.slots[0].index is None and 0 in removed:
            # The new first element takes the place of the old first one, so that a dash before it stays.
            self.slots = (Slot(0, self.slots[0].added), *self.slots[1:])
            removed = removed[1:]
        self._remove(removed)
        before: int | None = None
        for position, slot in enumerate(self.slots):
            if slot.index is None:
                following = self.slots[position + 1] if position + 1 < len(self.slots) else None
                self._insert(slot, before, last=following is None or following.index is not None)
                continue
            before = slot.index
            if slot.key is not None:
                assert type(self.node) is Mapping
                write_key(self.draft, self.builder, self.node.entries[before].key, name=slot.key, flow=False)
            if slot.added is not None:
                self._replace(slot, before)

    def _check_keys(self, node: Mapping) -> None:
        """Raises CannotEdit if an entry starts with `? `, because its key and value are not on a line of their own."""
        for entry in node.entries:
            start = entry.key.start
            before = self.text[self.around.line_start(start) : start].rstrip()
            if before.endswith("?") or isinstance(entry.key, (Mapping, Sequence)):
                raise CannotEdit("a complex key (`? `)")

    # -- removing -----------------------------------------------------------------------------------------------------

    def _remove(self, removed: list[int]) -> None:
        count = len(self.places)
        first_kept = next(index for index in range(count + 1) if index not in removed[: index + 1])
        if first_kept and not self._owns_line(0):
            self._move_up(first_kept)
            removed = removed[first_kept:]
        gone = 0
        before = -1
        for position, index in enumerate(removed):
            if position == 0 or removed[position - 1] != index - 1:
                before = index - 1
            start, end = self.places[index]
            start, end = self.around.line_start(start), self.around.line_end(end)
            if start == gone:
                # There is no line break before it that could be removed with it.
                gone = self.around.line_starts[self.around.line(end) + 1]
                self.draft.replace(start, gone, "")
                continue
            break_start = self.around.line_end(start - 1)
            if not self.text[end : end + 3].strip() and self._ends_with_block_scalar(before, keeping=True):
                raise CannotEdit("a block scalar before it would keep the blank lines after it")
            if end == len(self.text) and self._ends_with_block_scalar(before):
                # A block scalar would lose a part of its value if its last line had no line break.
                break_start = start
            self.draft.replace(break_start, end, "")

    def _owns_line(self, index: int) -> bool:
        start = self.places[index][0]
        return not self.text[self.around.line_start(start) : start].strip(" ")

    def _move_up(self, first_kept: int) -> None:
        """Removes the text from a dash or tag to the first entry or item that stays."""
        start, end = self.places[0][0], self.places[first_kept][0]
        gap_start = self.around.line_end(self.places[first_kept - 1][1])
        comments = self._comments(gap_start, end)
        self.draft.replace(start, comments[0][0] if comments else end, "")

    def _ends_with_block_scalar(self, index: int, *, keeping: bool = False) -> bool:
        child = entries(self.node)[index] if index >= 0 else None
        value = child.value if isinstance(child, Entry) else child
        return ends_with_block_scalar(value, self.text if keeping else None)

    def _empty(self) -> None:
        """Removes all items of a sequence."""
        if type(self.node) is Mapping:
            raise CannotEdit("a block mapping cannot lose all its entries")
        first, last = self.places[0][0], self.places[-1][1]
        comments = self._comments(first, last)
        if any(not self.text[self.around.line_start(start) : start].strip() for start, _ in comments):
            raise CannotEdit("comments among the items that would go")
        path = self.changed.path
        start = content_start(self.text, self.node)
        if not self._owns_line(0) or not path:
            self.draft.replace(first, last, "[]")
            return
        if start == self.node.start:
            container = path[-1].container
            if type(container) is not Mapping:
                raise CannotEdit("a sequence below a dash of its own")
            key = container.entries[path[-1].index].key
            start = self.text.index(":", key.end) + 1
        self.draft.insert(start, " []", 0)
        self.draft.replace(self.around.line_end(self.around.line_start(first) - 1), self.around.line_end(last), "")

    # -- adding -------------------------------------------------------------------------------------------------------

    def _printed(self, slot: Slot, builder: Builder, comments: list[str]) -> str:
        item = added_item(builder, slot.added)
        if type(self.node) is Mapping:
            return block.entry(item, self.column, self.style, comments=comments)
        return block.item(item.value, self.column, self.style)

    def _check_end(self, offset: int, added: Added | New | None) -> None:
        """Raises CannotEdit if a copied block scalar would lose its last line break at the end of the text."""
        value = None if added is None else added.value
        while isinstance(value, (dict, list, Tagged)) and value:
            if isinstance(value, Tagged):
                value = value.value
            else:
                value = list(value.values() if isinstance(value, dict) else value)[-1]
        if offset == len(self.text) and isinstance(value, Copy) and ends_with_block_scalar(value.node):
            raise CannotEdit("a block scalar at the end of a text whose last line has no end")

    def _insert(self, slot: Slot, before: int | None, *, last: bool) -> None:
        """Inserts after the entry or item `before`; `last` if no other new one follows."""
        builder = self.builder
        if isinstance(slot.added, Added) and slot.added.like:
            builder = self.draft.builder(self.node, self.changed.path, like=slot.added.like)
            self.style = builder.habits.block()
        written = self._printed(slot, builder, [])
        indent = " " * self.column
        if before is None:
            self._insert_first(written, indent)
            return
        end = self._end(before)
        if end == len(self.text) and self._ends_with_block_scalar(before):
            raise CannotEdit("a block scalar whose last line has no end")
        self._check_end(end, slot.added)
        newline = self.around.newline(end)
        space = newline * self._space if newline in written else ""
        close = space if last and self._is_close(before) else ""
        self.draft.insert(end, newline + space + indent + written + close, -self.changed.depth)

    def _insert_first(self, written: str, indent: str) -> None:
        start = self.places[0][0]
        newline = self.around.newline(start)
        space = newline * self._space if newline in written else ""
        above = self._comments_above()
        if above is None:
            self.draft.insert(start, written + newline + space + indent, self.changed.depth)
        else:
            self.draft.insert(above, indent + written + newline + space, self.changed.depth)

    def _comments_above(self) -> int | None:
        """The offset at which the comments above the first entry or item, which stay with it, start; or None."""
        if not self._owns_line(0):
            return None
        start = found = self.around.line_start(self.places[0][0])
        while start:
            start = self.around.line_start(start - 1)
            line = self.text[start : self.around.line_end(start)].strip()
            if line.startswith("#"):
                found = start
            elif line:
                break
        return found if found < self.around.line_start(self.places[0][0]) else None

    def _end(self, index: int) -> int:
        """The offset at which the lines of an entry or item end, with comments below it that are indented more."""
        end = self.around.line_end(self.places[index][1])
        last = index + 1 == len(self.places)
        stop = len(self.text) if last else self.around.line_start(self.places[index + 1][0])
        start = self._below(end)
        while start < stop:
            line_end = self.around.line_end(start)
            line = self.text[start:line_end]
            if line.lstrip(" ").startswith("#") and len(line) - len(line.lstrip(" ")) > self.column:
                end = line_end
            elif line.strip():
                break
            start = self._below(line_end)
        return end

    def _is_close(self, index: int) -> bool:
        """Whether an entry or item is followed by the next without a blank line between."""
        if index + 1 == len(self.places):
            return False
        below = self._below(self._end(index))
        return bool(self.text[below : self.around.line_end(below)].strip())

    def _below(self, line_end: int) -> int:
        """The offset at which the next line starts."""
        return line_end + len(self.around.newline(line_end))

    @cached_property
    def _space(self) -> int:
        """The number of blank lines between entries of several lines: in this collection, or, if it does not show that,
        in the mappings beside it, such as the parameters of a template."""
        path = self.changed.path
        beside = children(path[-1].container, 0, _SOME) if path and type(self.node) is Mapping else []
        for nodes in ([self.node], [node for node in beside if type(node) is Mapping and not node.flow]):
            seen = Counter(gap for node in nodes for gap in self._gaps(node))
            if seen:
                return min(seen, key=lambda gap: (-seen[gap], gap))
        return 0

    def _gaps(self, node: Mapping | Sequence) -> Iterator[int]:
        """The numbers of blank lines after entries or items of several lines."""
        for (start, end), (following, _) in islice(pairwise(spans(node)), _SOME):
            first, last = self.around.line(start), self.around.line(end)
            if first < last:
                until = self.around.line(following)
                blank = (self._is_blank(line) for line in range(last + 1, until))
                yield sum(1 for _ in takewhile(bool, blank))

    def _is_blank(self, line: int) -> bool:
        start = self.around.line_starts[line]
        return not self.text[start : self.around.line_end(start)].strip()

    def _replace(self, slot: Slot, index: int) -> None:
        start, end = self.places[index]
        child = entries(self.node)[index]
        replaced = child.value if isinstance(child, Entry) else child
        builder = self.draft.builder(self.node, self.changed.path, replaced)
        self.style = builder.habits.block()
        self._check_end(end, slot.added)
        line_end = self.around.line_end(end)
        comments = self._comments(start, line_end)
        if comments and type(self.node) is Sequence:
            if self._comments(start, end):
                raise CannotEdit("comments inside an item that would be replaced")
            comments = []
        kept = [self._with_space(*span) for span in comments]
        written = self._printed(slot, builder, kept)
        self.draft.replace(start, line_end if kept else end, written)

    def _with_space(self, start: int, end: int) -> str:
        line = self.text[self.around.line_start(start) : start]
        space = line[len(line.rstrip(" \t")) :] if line.strip() else "  "
        return space + self.text[start:end].rstrip()

    def _comments(self, start: int, end: int) -> list[tuple[int, int]]:
        """The comments that start in `text[start:end]`."""
        if "#" not in self.text[start:end]:
            return []
        spans = self.draft.document.comment_spans
        return spans[bisect_left(spans, (start, start)) : bisect_left(spans, (end, end))]
