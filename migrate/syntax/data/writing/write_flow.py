"""The writer of changes in collections in brackets: JSON and YAML flow style."""

from __future__ import annotations

import re
from bisect import bisect_left

from migrate.syntax.data.style.habits import content_start
from migrate.syntax.data.style.surroundings import Container, size, spans
from migrate.syntax.data.writing import block
from migrate.syntax.data.writing.build import Builder, dashes, entries, parent_column
from migrate.syntax.data.writing.change import Changed, Slot, paired
from migrate.syntax.data.writing.draft import Draft, OneLineCollection, added_item
from migrate.syntax.data.writing.piece import FlowStyle, Group, Item, Leaf, flat, flat_item, layout, layout_item
from migrate.syntax.data.writing.write_scalar import key_text, spelled, write_key
from migrate.syntax.node import Alias, Entry, Mapping, Node, Scalar, Sequence, SetScalar
from migrate.syntax.problem import CannotEdit
from migrate.syntax.value import is_literal

_BLANK_LINES = re.compile(r"(\r\n|\n|\r(?!\n))(?:[ \t]*(?:\r\n|\n|\r))+")


_PLAIN_KEY = re.compile(r"\"([A-Za-z][A-Za-z0-9_-]*)\"")


def write_flow(draft: Draft, changed: Changed) -> None:
    """Edit a collection in brackets."""
    node = changed.change.node
    assert type(node) is Mapping or type(node) is Sequence
    _FlowWriter(draft, changed, node).write()


class _FlowWriter:
    """Writes the change of one collection in brackets."""

    def __init__(self, draft: Draft, changed: Changed, node: Container) -> None:
        self.draft = draft
        self.text = draft.text
        self.around = draft.around
        self.node = node
        self.depth = changed.depth
        self.changed = changed
        self.places = spans(node)
        self.slots = paired(changed.slots, len(self.places))
        self.builder = draft.builder(node, changed.path)
        self.start = content_start(draft.text, node)
        if draft.text[self.start] not in "{[":
            raise CannotEdit("a pair without braces in a sequence")

    def write(self) -> None:
        last = len(self.places) - 1
        self.trailing_comma = last >= 0 and self._comma(last) is not None
        for slot in self.slots:
            if slot.key is not None and slot.index is not None and type(self.node) is Mapping:
                write_key(self.draft, self.builder, self.node.entries[slot.index].key, name=slot.key, flow=True)
        if not self.places:
            self._fill()
        elif not self.slots:
            if self.builder.has_comment(self.start, self.node.end):
                raise CannotEdit("comments inside brackets that would be empty")
            self.draft.replace(self.start + 1, self.node.end - 1, "")
        elif self._own_lines():
            self._write_lines()
        else:
            self._write_gaps()

    def _fill(self) -> None:
        """Writes entries or items into empty brackets."""
        if self.builder.has_comment(self.start, self.node.end):
            raise CannotEdit("a comment inside empty brackets")
        items = [added_item(self.builder, slot.added) for slot in self.slots]
        mapping = type(self.node) is Mapping
        group = Group(mapping, items, expand=self.builder.habits.expands(mapping=mapping))
        style = self._style()
        if self.draft.unit is not None:
            written = flat(group, style)
            if written is None or (group.expand and items):
                self.draft.unit.too_long = True
            written = written or ""
        else:
            start = self.start
            written = layout(group, style, self.around.indent(start), column=self.around.column(start))
        self.draft.replace(self.start, self.node.end, written)

    def _style(self) -> FlowStyle:
        return self.builder.habits.flow()

    # -- entries on lines of their own --------------------------------------------------------------------------------

    def _own_lines(self) -> bool:
        """Whether every entry or item, and the closing bracket, is the first on its line."""
        around = self.around
        if around.line(self.node.start) == around.line(self.node.end):
            return False
        starts = [start for start, _ in self.places] + [self.node.end - 1]
        return all(not self.text[around.line_start(start) : start].strip(" \t") for start in starts)

    def _write_lines(self) -> None:
        style = self._style()
        for index in self.changed_indices():
            start, end = self.places[index]
            self.draft.replace(self.around.line_end(self.around.line_start(start) - 1), self.around.line_end(end), "")
        indent = self.around.indent(self.places[0][0])
        waiting: list[str] = []
        # From last to first, because the comma after an element depends on the elements that follow.
        for position in range(len(self.slots) - 1, -1, -1):
            slot = self.slots[position]
            comma = position < len(self.slots) - 1 or self.trailing_comma
            if slot.index is None:
                written = self._laid_out(slot, style, indent)
                waiting.append(written + ("," if comma else ""))
                continue
            start, end = self.places[slot.index]
            if slot.added is not None:
                self.draft.replace(start, end, self._laid_out(slot, style, self.around.indent(start)))
            self._write_comma(slot.index, wanted=comma)
            if waiting:
                lines = "".join(style.newline + indent + line for line in reversed(waiting))
                self.draft.insert(self.around.line_end(end), lines, -self.depth)
                waiting = []
        if waiting:
            lines = "".join(line + style.newline + indent for line in reversed(waiting))
            self.draft.insert(self.places[0][0], lines, self.depth)

    def changed_indices(self) -> list[int]:
        """The indices of the entries or items that are removed."""
        staying = {slot.index for slot in self.slots}
        return [index for index in range(len(self.places)) if index not in staying]

    def _write_comma(self, index: int, *, wanted: bool) -> None:
        comma = self._comma(index)
        if wanted and comma is None:
            self.draft.insert(self.places[index][1], self._before_comma(index) + ",", -self.depth - 1)
        elif not wanted and comma is not None:
            self.draft.replace(comma, comma + 1, "")

    def _before_comma(self, index: int) -> str:
        """The white space before the comma of the preceding element."""
        comma = self._comma(index - 1) if index else None
        gap = self.text[self.places[index - 1][1] : comma] if comma is not None else ""
        return gap if not gap.strip(" \t") else ""

    def _comma(self, index: int) -> int | None:
        """The offset of the comma after an entry or item; None if there is none."""
        start = self.places[index][1]
        end = self.places[index + 1][0] if index + 1 < len(self.places) else self.node.end - 1
        comments = self.draft.document.comment_spans
        while (comma := self.text.find(",", start, end)) >= 0:
            behind = bisect_left(comments, (comma, comma))
            if not behind or comments[behind - 1][1] <= comma:
                return comma
            start = comments[behind - 1][1]
        return None

    def _laid_out(self, slot: Slot, style: FlowStyle, indent: str) -> str:
        return layout_item(self._item(slot), style, indent, column=len(indent))

    def _item(self, slot: Slot) -> Item:
        builder = self.builder
        if slot.index is not None:
            child = entries(self.node)[slot.index]
            replaced = child.value if isinstance(child, Entry) else child
            builder = self.draft.builder(self.node, self.changed.path, replaced)
        return added_item(builder, slot.added)

    # -- entries that share lines -------------------------------------------------------------------------------------

    def _write_gaps(self) -> None:
        style = self._style()
        removed = self.changed_indices()
        for first, last in _runs(removed):
            if first > 0:
                start, end = self.places[first - 1][1], self.places[last][1]
            else:
                start, end = self.places[first][0], self.places[last + 1][0]
            self._check_comments(start, end)
            self.draft.replace(start, end, "")
        before: int | None = None
        waiting: list[Slot] = []
        for slot in self.slots:
            if slot.index is None and before is None:
                waiting.append(slot)
                continue
            if slot.index is None:
                assert before is not None
                gap = self._gap(before, style)
                self.draft.insert(self.places[before][1], gap + self._in_line(slot, style, gap), -self.depth)
                continue
            before = slot.index
            if slot.added is not None:
                start, end = self.places[slot.index]
                self._check_comments(start, end)
                self.draft.replace(start, end, self._in_line(slot, style, self.text[max(0, start - 200) : start]))
        for slot in waiting:
            gap = self._gap(0, style)
            self.draft.insert(self.places[0][0], self._in_line(slot, style, gap) + gap, self.depth)

    def _in_line(self, slot: Slot, style: FlowStyle, before: str) -> str:
        item = self._item(slot)
        one_line = flat_item(item, style)
        if self.draft.unit is not None:
            if one_line is None:
                self.draft.unit.too_long = True
            return one_line or ""
        if style.width is None:
            if one_line is None:
                raise CannotEdit("a block value cannot be moved into brackets")
            return one_line
        line = re.split(r"[\r\n]", before)[-1]
        broken = line != before and not line.strip()
        position = self.places[slot.index if slot.index is not None else 0][0]
        indent = line if broken else self.around.indent(position)
        return layout_item(item, style, indent, column=len(line) if broken else self.around.column(position))

    def _gap(self, index: int, style: FlowStyle) -> str:
        """The text between the entry at `index` and one that is inserted after it."""
        left = index if index + 1 < len(self.places) else index - 1
        if left >= 0:
            start, end = self.places[left][1], self.places[left + 1][0]
            self._check_comments(start, end)
            return _BLANK_LINES.sub(r"\1", self.text[start:end])
        opening = self.text[self.start + 1 : self.places[0][0]]
        self._check_comments(self.start, self.node.end)
        broken = re.search(r"(\r\n|[\n\r])[ \t]*$", opening)
        return "," + broken.group() if broken else style.comma

    def _check_comments(self, start: int, end: int) -> None:
        if self.builder.has_comment(start, end):
            raise CannotEdit("comments between entries that share a line")


def _runs(indices: list[int]) -> list[tuple[int, int]]:
    """Runs of consecutive numbers, each as its first and last."""
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


# -- a line that becomes too long -------------------------------------------------------------------------------------


def overflow(draft: Draft, unit: OneLineCollection) -> None:
    """Rewrites a one-line collection, with its changes, on several lines: as a block if it stands in a YAML block, else
    with each entry on a line of its own."""
    node = unit.node
    builder = draft.builder(node, unit.path)
    group = _Rewriter(draft).piece(node)
    around = draft.around
    parent = unit.path[-1] if unit.path else None
    if parent is not None and not parent.container.flow and not parent.key:
        _as_block(draft, unit, builder, group=group)
        return
    assert isinstance(group, Group)
    group.expand = True
    start = node.start
    after = around.line_end(node.end) - node.end
    written = layout(group, builder.habits.flow(), around.indent(start), column=around.column(start), after=after)
    draft.replace(start, node.end, written)


def _as_block(draft: Draft, unit: OneLineCollection, builder: Builder, group: Group | Leaf) -> None:
    around, text, node = draft.around, draft.text, unit.node
    parent = unit.path[-1]
    style = builder.habits.block()
    column = parent_column(around, parent)
    if isinstance(group, Group):
        group.block = True
        if not size(node):
            block.open_up(group)
    end = around.line_end(node.end)
    comment = text[node.end : end].rstrip()
    if comment and not comment.lstrip().startswith("#"):
        raise CannotEdit("something behind the closing bracket")
    comments = [comment] if comment else []
    if type(parent.container) is Mapping:
        key = parent.container.entries[parent.index].key
        colon = text.find(":", key.end, node.start)
        if colon < 0 or around.line(key.start) != around.line(node.start):
            raise CannotEdit("a value in brackets that is not on the line of its key")
        if isinstance(group, Group) and isinstance(key, Scalar) and not key.style:
            _unquote_keys(group)
        written = block.entry(Item(group, text[key.start : key.end]), column, style, comments=comments)
        draft.replace(key.end, end if comments else node.end, written[key.end - key.start :])
        return
    dash = dashes(around, parent.container)[parent.index]
    written = block.item(group, column, style)
    if comments:
        first, newline, rest = written.partition(style.newline)
        written = first + comments[0] + newline + rest
    draft.replace(dash, end if comments else node.end, written)


def _unquote_keys(group: Group) -> None:
    """Writes keys that have quotes by JSON's habits as keys of a block are written."""
    for item in group.items:
        quoted = _PLAIN_KEY.fullmatch(item.key or "")
        if quoted and not is_literal(quoted[1]):
            item.key = quoted[1]
        if isinstance(item.value, Group) and item.value.block:
            _unquote_keys(item.value)


class _Rewriter:
    """Builds the pieces of a collection with all changes inside it."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def piece(self, node: Node) -> Group | Leaf:
        """The piece of a node with all changes inside it."""
        draft = self.draft
        changed = draft.changed.get(id(node))
        path = draft.around.path(node)
        if type(node) is Scalar and changed is not None and isinstance(changed.change, SetScalar):
            properties = draft.text[node.start : content_start(draft.text, node)]
            written = properties + spelled(draft, node, changed.change.value, path=path)
            return Leaf(written, written)
        # Everything on the way to a change is taken apart; the rest is carried over as it is.
        if id(node) not in draft.touched or type(node) is Scalar or type(node) is Alias:
            return draft.builder(path[-1].container, path[:-1]).node(node)
        assert type(node) is Mapping or type(node) is Sequence
        builder = draft.builder(node, path)
        children = entries(node)
        if changed is None:
            items = [self._kept(builder, child, None) for child in children]
        else:
            items = [self._item(builder, slot, children) for slot in paired(changed.slots, len(children))]
        return builder.flow_group(node, items)

    def _item(self, builder: Builder, slot: Slot, children: list[Entry] | list[Node]) -> Item:
        if slot.added is not None:
            return added_item(builder, slot.added)
        assert slot.index is not None
        return self._kept(builder, children[slot.index], slot.key)

    def _kept(self, builder: Builder, child: Entry | Node, renamed: str | None) -> Item:
        if not isinstance(child, Entry):
            return Item(self.piece(child))
        key, flow_key = builder.kept_key(child)
        if renamed is not None:
            key = key_text(builder, child.key, renamed, flow=False)
            flow_key = key_text(builder, child.key, renamed, flow=True)
        return Item(self.piece(child.value), key, flow_key)
