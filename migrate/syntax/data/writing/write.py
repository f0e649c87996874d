"""The writer for JSON and YAML: from changes of a tree to text edits."""

from __future__ import annotations

from collections.abc import Sequence as Items

from migrate.edit import Edit
from migrate.syntax.data.anchors import check_anchors
from migrate.syntax.data.style.surroundings import USUAL_WIDTH, size
from migrate.syntax.data.writing.change import Changed
from migrate.syntax.data.writing.draft import Draft, OneLineCollection
from migrate.syntax.data.writing.write_block import write_block
from migrate.syntax.data.writing.write_flow import overflow, write_flow
from migrate.syntax.data.writing.write_scalar import write_scalar
from migrate.syntax.document import Document
from migrate.syntax.node import Added, EditMapping, EditSequence, Mapping, New, Sequence, SetScalar, TreeEdit


def write(document: Document, changes: Items[TreeEdit]) -> list[Edit]:
    """Implements `Document.edits`."""
    draft = Draft(document, changes)
    check_anchors(document, draft.changed.values())
    units: dict[int, OneLineCollection] = {}
    for changed in draft.changed.values():
        unit = _unit(draft, changed)
        draft.unit = None if unit is None else units.setdefault(id(unit.node), unit)
        if draft.unit is not None and _adds(changed.change):
            draft.unit.grows = True
        _write(draft, changed)
    draft.unit = None
    for unit in units.values():
        _settle(draft, unit)
    return draft.finished()


def _adds(change: TreeEdit) -> bool:
    match change:
        case EditMapping():
            return any(isinstance(entry, Added) for entry in change.entries)
        case EditSequence():
            return any(isinstance(item, New) for item in change.items)
        case SetScalar():
            return False


def _write(draft: Draft, changed: Changed) -> None:
    change = changed.change
    if isinstance(change, SetScalar):
        write_scalar(draft, change.node, change.value, path=changed.path)
    elif change.node.flow:
        write_flow(draft, changed)
    else:
        write_block(draft, changed)


def _unit(draft: Draft, changed: Changed) -> OneLineCollection | None:
    """The collection that is rewritten if its line becomes too long: the outermost one in brackets that stands on one
    line; None if there is none."""
    node = changed.change.node
    if draft.minified(node, changed.path):
        return None
    way = [step.container for step in changed.path]
    if type(node) is Mapping or type(node) is Sequence:
        way.append(node)
    for index, container in enumerate(way):
        if container.flow and draft.around.one_line(container):
            return OneLineCollection(container, changed.path[:index])
    return None


def _settle(draft: Draft, unit: OneLineCollection) -> None:
    """Accepts a unit's edits, or rewrites it on several lines."""
    around = draft.around
    node = unit.node
    length = around.line_end(node.end) - around.line_start(node.start)
    # An author who has let a line grow this long does not wrap lines.
    wraps = length <= USUAL_WIDTH
    length += sum(len(edit.replacement) - (edit.end - edit.start) for edit in unit.edits)
    fills = not size(node) and bool(unit.edits) and _becomes_block(draft, unit)
    if not unit.too_long and not fills and (not (unit.grows and wraps) or length <= around.width):
        draft.edits += unit.edits
        return
    overflow(draft, unit)


def _becomes_block(draft: Draft, unit: OneLineCollection) -> bool:
    """Whether a collection has empty brackets only because a block cannot be empty."""
    if draft.document.json or not unit.path or unit.path[-1].container.flow:
        return False
    parent = unit.path[-1].container
    return draft.builder(parent, unit.path[:-1]).habits.is_block(mapping=type(unit.node) is Mapping)
