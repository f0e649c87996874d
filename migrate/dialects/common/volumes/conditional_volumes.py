"""Splits a volume whose storage a condition chooses into one volume for each arm.

`EFSVolumeConfiguration: !If [Imported, {…}, {…}]` is two volumes of one name, each of which exists under a condition of
its own; so is a volume that has a `Host` under a condition and an `EFSVolumeConfiguration` under its opposite. Each is
read from a view: a copy of the volume's mapping with the arms in place of the expressions. Edits change the nodes of
the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from migrate.dialects.common.conditional import Arm, Conditions, both, only
from migrate.dialects.common.values import mapping
from migrate.dialects.common.volumes.spelling import Found, Spelling, find
from migrate.dialects.common.volumes.volumes import VolumeNodes
from migrate.syntax.node import Entry, Mapping

_MOST = 16
"""The largest number of alternatives of one volume that are read. Nested `Fn::If` multiply; no real template needs
more."""


@dataclass(frozen=True)
class Alternative:
    """A volume as it is under some conditions."""

    view: Mapping
    """The volume's mapping with the arms in place of the expressions."""
    conditions: Conditions = ()
    mappings: dict[int, Mapping] = field(default_factory=dict)
    """The mappings of the source, by the identity (`id`) of the view of each."""
    entries: dict[int, Entry] = field(default_factory=dict)
    """The entries of the source, by the identity (`id`) of the view's entry for each."""
    storage: Arm | None = None
    no_value_branch: Arm | None = None
    no_authorization_branch: Arm | None = None
    obstacle: str | None = None
    """The same as in `VolumeNodes`."""

    @property
    def suffix(self) -> tuple[str, ...]:
        """The last parts of the volume's key: its conditions, which tell it from other volumes of the same name."""
        words = [name if holds else f"not {name}" for name, holds in self.conditions]
        return (" and ".join(words),) if words else ()

    def locate(self, nodes: VolumeNodes) -> VolumeNodes:
        """The nodes that were read from the view, replaced by those of the source."""
        return replace(
            nodes,
            mapping=self.mappings.get(id(nodes.mapping), nodes.mapping),
            entries=self._sources(nodes.entries),
            storage=self.mappings.get(id(nodes.storage), nodes.storage),
            storage_entries=self._sources(nodes.storage_entries),
            in_arm=self.storage is not None,
            no_value_branch=self.no_value_branch,
            no_authorization_branch=self.no_authorization_branch,
            obstacle=self.obstacle,
        )

    def _sources(self, found: Found) -> Found:
        return {name: self.entries.get(id(entry), entry) for name, entry in found.items()}


def alternatives(node: Mapping, spelling: Spelling) -> list[Alternative]:
    """The alternatives of a volume, in the order of the arms. Only the volume itself, with its expressions unread,
    if there are more than the limit."""
    if spelling.arms is only:
        return [Alternative(node)]
    every = (inner for outer in _by_storage(node, spelling) for inner in _by_authorization(outer, spelling))
    found = list(islice(every, _MOST + 1))
    return found if len(found) <= _MOST else [Alternative(node)]


def _by_storage(node: Mapping, spelling: Spelling) -> Iterator[Alternative]:
    """The alternatives of a volume by the arms of its storages (host, Docker, EFS and others)."""
    kinds = (spelling.host, spelling.docker, spelling.efs)
    entries, _ = find(node, (*kinds, *spelling.other_storages), close=False)
    own = {name: spelling.arms(entry.value) for name, entry in entries.items() if entry in node.entries}
    chosen = {name: arms for name, arms in own.items() if any(arm.conditions for arm in arms)}
    if not chosen:
        yield Alternative(node)
        return
    hidden = {id(entries[name]) for name in chosen}
    present = [(name, arm) for name, arms in chosen.items() for arm in arms if not arm.absent]
    for name, arm in present:
        view, shown = _view(node, hidden, entries[name], arm=arm)
        no_value_branch = None
        if name != spelling.efs:
            no_value_branch = next(
                (a for a in chosen.get(spelling.efs, ()) if a.absent and a.conditions == arm.conditions), None
            )
        yield Alternative(
            view,
            arm.conditions,
            {id(view): node},
            entries=shown,
            storage=arm,
            no_value_branch=no_value_branch,
            obstacle=_obstacle(name, [n for n, _ in present], no_value_branch, spelling=spelling)
            if name in kinds
            else None,
        )
    if not present:
        view, _ = _view(node, hidden)
        yield Alternative(view, (), {id(view): node})


def _obstacle(name: str, present: list[str], no_value_branch: Arm | None, spelling: Spelling) -> str | None:
    """The reason why an arm of storage `name` cannot become an EFS configuration, or None; `present` names the
    storage of every arm."""
    others = sorted({other for other in present if other != name})
    if name == spelling.efs or not others:
        return None
    if no_value_branch is None or others != [spelling.efs] or present.count(name) > 1:
        return (
            f"conditions choose between {name} and {' and '.join(others)}: only where each has one arm, and one is "
            "AWS::NoValue exactly where the other is not, can the one take the other's place"
        )
    return None


def _by_authorization(outer: Alternative, spelling: Spelling) -> Iterator[Alternative]:
    """The alternatives of an alternative by the arms of its EFS authorization."""
    found, _ = find(outer.view, (spelling.efs,), close=False)
    entry = found.get(spelling.efs)
    storage = mapping(entry.value) if entry is not None else None
    members = find(storage, (spelling.authorization,))[0] if storage and spelling.authorization else {}
    authorization = members.get(spelling.authorization or "")
    arms = spelling.arms(authorization.value) if authorization is not None else []
    if not any(arm.conditions for arm in arms) or storage is None or authorization not in storage.entries:
        yield outer
        return
    assert entry is not None
    assert authorization is not None
    for arm in arms:
        conditions = both(outer.conditions, arm.conditions)
        if conditions is None:
            continue
        inner, own = _view(storage, {id(authorization)}, None if arm.absent else authorization, arm=arm)
        view, outer_own = _view(outer.view, {id(entry)}, entry, arm=replace(arm, node=inner))
        sources = {new: outer.entries.get(id(old), old) for new, old in outer_own.items()}
        yield replace(
            outer,
            view=view,
            conditions=conditions,
            mappings={id(view): outer.mappings.get(id(outer.view), outer.view), id(inner): storage},
            entries={**outer.entries, **own, **sources},
            storage=outer.storage or arm,
            no_authorization_branch=arm if arm.absent else None,
        )


def _view(
    node: Mapping, hidden: set[int], shown: Entry | None = None, arm: Arm | None = None
) -> tuple[Mapping, dict[int, Entry]]:
    """A mapping without the `hidden` entries except `shown`, which gets an arm as its value; and the source's entry
    for that new entry, by its identity."""
    entries: list[Entry] = []
    sources: dict[int, Entry] = {}
    for entry in node.entries:
        if entry is shown and arm is not None:
            entries.append(Entry(entry.key, arm.node))
            sources[id(entries[-1])] = entry
        elif id(entry) not in hidden:
            entries.append(entry)
    return Mapping(node.start, node.end, entries, flow=node.flow, tag=node.tag, anchor=node.anchor), sources
