"""Changes of a tree, checked and brought into one form for mappings and sequences."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass
from itertools import pairwise

from migrate.syntax.data.style.surroundings import Path, Surroundings
from migrate.syntax.node import (
    Added,
    EditMapping,
    EditSequence,
    Kept,
    Mapping,
    New,
    Renamed,
    Scalar,
    Sequence,
    SetScalar,
    TreeEdit,
)


@dataclass(frozen=True, slots=True)
class Slot:
    """One entry or item after the change. `index` is its index before, None for a new one that replaces none; `added`
    is its new value, None if it stays; `key` is its new key if it is renamed."""

    index: int | None
    added: Added | New | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A change and the path to its node. `slots` is empty for a scalar."""

    change: TreeEdit
    path: Path
    slots: tuple[Slot, ...]

    @property
    def depth(self) -> int:
        """The number of levels between the root and the node."""
        return len(self.path)

    def removed(self, count: int) -> list[int]:
        """The indices, among `count` entries or items, of those that are removed."""
        staying = {slot.index for slot in self.slots}
        return [index for index in range(count) if index not in staying]


def check(around: Surroundings, changes: Items[TreeEdit]) -> dict[int, Changed]:
    """The changes, keyed by the `id()` of their nodes. Raises ValueError as `Document.edits` does."""
    checked: dict[int, Changed] = {}
    for change in changes:
        if id(change.node) in checked:
            raise ValueError("two changes concern one node")
        wanted = {EditMapping: Mapping, EditSequence: Sequence, SetScalar: Scalar}[type(change)]
        if type(change.node) is not wanted:
            raise ValueError(f"{type(change).__name__} of a {type(change.node).__name__}")
        checked[id(change.node)] = Changed(change, around.path(change.node), _slots(change))
    staying = {key: {slot.index for slot in changed.slots if slot.added is None} for key, changed in checked.items()}
    renamed = {key: {slot.index for slot in changed.slots if slot.key is not None} for key, changed in checked.items()}
    for changed in checked.values():
        for step in changed.path:
            outer = staying.get(id(step.container))
            if outer is not None and step.index not in outer:
                raise ValueError("a change inside a part that another change removes or replaces")
            if step.key and step.index in renamed.get(id(step.container), ()):
                raise ValueError("a change of a key that another change renames")
    return checked


def _slots(change: TreeEdit) -> tuple[Slot, ...]:
    found: list[Slot] = []
    if isinstance(change, EditMapping):
        places = {id(entry): index for index, entry in enumerate(change.node.entries)}
        for entry in change.entries:
            if isinstance(entry, Kept):
                found.append(Slot(_place(places, entry.entry)))
            elif isinstance(entry, Renamed):
                found.append(Slot(_place(places, entry.entry), key=entry.key))
            else:
                found.append(Slot(None if entry.replaces is None else _place(places, entry.replaces), entry))
    elif isinstance(change, EditSequence):
        places = {id(item): index for index, item in enumerate(change.node.items)}
        found += [Slot(None, item) if isinstance(item, New) else Slot(_place(places, item)) for item in change.items]
    order = [slot.index for slot in found if slot.index is not None]
    if any(left >= right for left, right in pairwise(order)):
        raise ValueError("entries or items out of document order, or twice")
    return tuple(found)


def _place(places: dict[int, int], part: object) -> int:
    place = places.get(id(part))
    if place is None:
        raise ValueError("an entry or item of another collection")
    return place


def paired(slots: tuple[Slot, ...], count: int) -> tuple[Slot, ...]:
    """The slots, with new ones put in the places of removed ones between the same neighbours."""
    found: list[Slot] = []
    for position, slot in enumerate(slots):
        if slot.index is None:
            before = found[-1].index if found else -1
            after = next((later.index for later in slots[position:] if later.index is not None), count)
            # None: the slot before it found no free place, so this one has none either.
            if before is not None and before + 1 < after:
                slot = Slot(before + 1, slot.added)
        found.append(slot)
    return tuple(found)
