"""The edits that turn a volume as it was read into the volume that is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from migrate.dialects.common.conditional import Arm
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.volumes.spelling import Found, Spelling
from migrate.dialects.common.volumes.volumes import VolumeNodes
from migrate.syntax import get
from migrate.syntax.node import (
    Added,
    EditMapping,
    EditSequence,
    Kept,
    Mapping,
    New,
    NewValue,
    Renamed,
    Scalar,
    SetScalar,
    TreeEdit,
)
from rules.model import EfsVolume, Volume

# -- writing ----------------------------------------------------------------------------------------------------------


def efs_value(storage: EfsVolume, spelling: Spelling, alphabetical: bool = False) -> dict[str, NewValue]:
    """The members of a whole EFS configuration, in the order of the API reference or, if `alphabetical`, sorted."""
    inner = _authorization_members(storage, spelling)
    members = _own_members(storage, spelling)
    if spelling.authorization is None:
        members |= inner
    elif inner:
        members[spelling.authorization] = dict(inner)
    return dict(sorted(members.items())) if alphabetical else members


def _own_members(storage: EfsVolume, spelling: Spelling) -> dict[str, NewValue]:
    members = {
        spelling.file_system: storage.file_system,
        spelling.root_directory: storage.root_directory,
        spelling.transit_encryption: storage.transit_encryption,
        spelling.transit_encryption_port: storage.transit_encryption_port,
    }
    return {name: spelling.write(member) for name, member in members.items() if member is not None}


def _authorization_members(storage: EfsVolume, spelling: Spelling) -> dict[str, NewValue]:
    members = {spelling.access_point: storage.access_point, spelling.iam: storage.iam}
    return {name: spelling.write(member) for name, member in members.items() if member is not None}


def write_volume(old: Volume, new: Volume, nodes: VolumeNodes, spelling: Spelling) -> list[TreeEdit]:
    """The tree edits that turn `old` into `new`, a volume whose mapping stays in its place."""
    corrected = {m.wrong: m.right for m in old.misspelt} if not new.misspelt else {}
    before = old.meant or old.storage if corrected else old.storage
    edits: list[TreeEdit] = []
    if isinstance(before, EfsVolume) and isinstance(new.storage, EfsVolume):
        if old.meant and not corrected:
            # The misspelt keys stay: edit only entries with a correct name.
            right = {name: e for name, e in nodes.storage_entries.items() if key_text(e) == name}
            nodes = replace(nodes, storage_entries=right)
        if nodes.mapping is not nodes.storage:
            edits += edit_mapping(nodes.mapping, {}, {}, order=(), corrected=corrected)
        edits += write_efs(before, new.storage, nodes, spelling=spelling, corrected=corrected)
    elif isinstance(new.storage, EfsVolume) and old.storage != new.storage:
        edits += replace_storage(new.storage, nodes, spelling)
    return edits


def replace_storage(new: EfsVolume, nodes: VolumeNodes, spelling: Spelling) -> list[TreeEdit]:
    """The edits that turn a host or Docker volume into one on EFS: its key is renamed and the entries of its value
    are replaced."""
    assert nodes.storage is not None
    assert nodes.storage_name is not None
    entry = nodes.entries[nodes.storage_name]
    members = efs_value(new, spelling, nodes.alphabetical)
    if nodes.no_value_branch is not None:
        kept = tuple(Kept(e) for e in nodes.mapping.entries if e is not entry)
        return [EditMapping(nodes.mapping, kept), fill(nodes.no_value_branch, members)]
    if spare := nodes.entries.get(spelling.efs):
        # Consoles export every kind of storage, null if it is not used: swap the two values.
        swapped = {id(spare): members, id(entry): None}
        return [
            EditMapping(
                nodes.mapping,
                tuple(
                    Added(key_text(e), swapped[id(e)], replaces=e) if id(e) in swapped else Kept(e)
                    for e in nodes.mapping.entries
                ),
            )
        ]
    outer = tuple(Renamed(e, spelling.efs) if e is entry else Kept(e) for e in nodes.mapping.entries)
    anchor = nodes.storage_entries.get(spelling.source_path) or nodes.storage_entries.get(spelling.driver_options)
    anchor = anchor or (nodes.storage.entries[0] if nodes.storage.entries else None)
    first, *others = members.items()
    inner = (Added(*first, replaces=anchor), *(Added(k, v) for k, v in others))
    return [EditMapping(nodes.mapping, outer), EditMapping(nodes.storage, inner)]


def fill(no_value_branch: Arm, value: NewValue) -> TreeEdit:
    """The edit that puts a value in place of an `AWS::NoValue` arm."""
    assert no_value_branch.choice is not None
    return EditSequence(
        no_value_branch.choice,
        tuple(New(value) if i is no_value_branch.node else i for i in no_value_branch.choice.items),
    )


def write_efs(
    old: EfsVolume, new: EfsVolume, nodes: VolumeNodes, spelling: Spelling, corrected: dict[str, str]
) -> list[TreeEdit]:
    """The tree edits inside an EFS configuration; `corrected` maps misspelt names to the right ones."""
    assert nodes.storage is not None
    before, after = _own_members(old, spelling), _own_members(new, spelling)
    inner_before, inner_after = _authorization_members(old, spelling), _authorization_members(new, spelling)
    edits: list[TreeEdit] = []
    if spelling.authorization is None:
        before, after = before | inner_before, after | inner_after
    elif nodes.authorization is not None:
        names = (spelling.access_point, spelling.iam)
        edits += edit_mapping(
            nodes.authorization,
            inner_before,
            inner_after,
            order=names,
            corrected=corrected,
            entries=nodes.authorization_entries,
        )
    elif inner_after and nodes.no_authorization_branch is not None:
        edits.append(fill(nodes.no_authorization_branch, dict(inner_after)))
    elif inner_after:
        after = after | {spelling.authorization: dict(inner_after)}
    order = sorted(spelling.efs_members) if nodes.alphabetical else spelling.efs_members
    edits += edit_mapping(nodes.storage, before, after, order=order, corrected=corrected, entries=nodes.storage_entries)
    return edits


def edit_mapping(
    node: Mapping,
    before: dict[str, NewValue],
    after: dict[str, NewValue],
    order: Sequence[str],
    corrected: dict[str, str] | None = None,
    entries: Found | None = None,
) -> list[TreeEdit]:
    """The edits that turn the members `before` of a mapping into `after`. New members go where `order` puts them,
    keys of `corrected` are renamed to its values, and all other entries stay."""
    entries, corrected = entries or {}, corrected or {}
    by_entry = {id(entry): name for name, entry in entries.items()}
    edits: list[TreeEdit] = []
    result: list[Kept | Renamed | Added] = []
    for entry in node.entries:
        name = by_entry.get(id(entry), key_text(entry))
        if name in before and name not in after:
            continue
        right = corrected.get(key_text(entry))
        result.append(Renamed(entry, right) if right else Kept(entry))
        if name in after and name in before and after[name] != before[name]:
            if isinstance(entry.value, Scalar):
                edits.append(SetScalar(entry.value, after[name]))  # type: ignore[arg-type]  # members are scalars
            else:
                result[-1] = Added(right or name, after[name], replaces=entry)
    for name in [n for n in after if n not in before]:
        spare = entries.get(name)
        if spare is not None:  # present, but null
            at = next(i for i, e in enumerate(result) if isinstance(e, Kept) and e.entry is spare)
            result[at] = Added(name, after[name], replaces=spare)
        else:
            result.insert(_position(result, name, order), Added(name, after[name]))
    if len(result) != len(node.entries) or any(not isinstance(e, Kept) for e in result):
        edits.append(EditMapping(node, tuple(result)))
    return edits


def _position(result: Sequence[Kept | Renamed | Added], name: str, order: Sequence[str]) -> int:
    """The index at which a new entry is inserted: behind the last one that `order` puts before it."""
    keys = [e.key if not isinstance(e, Kept) else key_text(e.entry) for e in result]
    rank = order.index(name) if name in order else len(order)
    return max((i + 1 for i, k in enumerate(keys) if k not in order or order.index(k) < rank), default=0)


def set_read_only(node: Mapping, spelling: Spelling, alphabetical: bool) -> list[TreeEdit]:
    """The edit that makes a mount point read-only."""
    entry = get(node, spelling.read_only)
    if entry is not None and isinstance(entry.value, Scalar) and entry in node.entries:
        return [SetScalar(entry.value, True)]
    return [EditMapping(node, insert(node, spelling.read_only, True, alphabetical=alphabetical))]


def insert(
    node: Mapping, name: str, value: NewValue, alphabetical: bool, after: Sequence[str] = ()
) -> tuple[Kept | Added, ...]:
    """The entries of a mapping with a new one: behind the first of the keys `after` that exists, else at the end; in
    a sorted mapping (`alphabetical`), in its place by the alphabet."""
    keys = [key_text(entry) for entry in node.entries]
    entries: list[Kept | Added] = [Kept(entry) for entry in node.entries]
    at = next((keys.index(key) + 1 for key in after if key in keys), len(keys))
    if alphabetical:
        at = sum(key < name for key in keys)
    entries.insert(at, Added(name, value))
    return tuple(entries)
