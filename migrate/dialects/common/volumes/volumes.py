"""Reads volumes, containers and mount points in the ECS API's shape, with any dialect's names, and tells whether a
volume can be edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from migrate.dialects.common.conditional import Arm
from migrate.dialects.common.listed import is_null, may_hold_more
from migrate.dialects.common.nodes import anchors_within, key_text
from migrate.dialects.common.possible.readings import flag
from migrate.dialects.common.values import child, mapping
from migrate.dialects.common.volumes.spelling import Found, Spelling, find
from migrate.syntax import merged_in
from migrate.syntax.data.plain import data
from migrate.syntax.node import Entry, Mapping
from rules.model import (
    ANYTHING,
    Container,
    DockerVolume,
    EfsVolume,
    HostPath,
    Key,
    Misspelling,
    MountPoint,
    OtherStorage,
    Possible,
    Rest,
    Storage,
    Value,
    Volume,
)

# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VolumeNodes:
    """The nodes of a volume: its own mapping, that of its storage and of its authorization, with their entries by
    their correct names."""

    mapping: Mapping
    entries: Found
    storage_name: str | None
    storage: Mapping | None
    storage_entries: Found
    authorization: Mapping | None
    authorization_entries: Found
    is_efs: bool = False
    alphabetical: bool = False
    """Whether the file keeps keys in alphabetical order, as sorted exports do."""
    in_arm: bool = False
    """Whether the storage (or its authorization) is an arm of an `Fn::If`, so that several volumes share the
    volume's mapping."""
    no_value_branch: Arm | None = None
    """The `AWS::NoValue` arm in which the new EFS configuration goes: that of the EFS member's `Fn::If`, under the
    conditions of this storage. None if there is none."""
    no_authorization_branch: Arm | None = None
    """The `AWS::NoValue` arm in which a new authorization goes; None if there is none."""
    obstacle: str | None = None
    """The reason why this storage cannot be replaced without guessing; None if it can."""

    @property
    def edited(self) -> tuple[Mapping, ...]:
        """The mappings that edits of the volume may change."""
        own = (self.storage, self.authorization)
        return tuple(n for n in (own if self._keeps_its_key else (self.mapping, *own)) if n is not None)

    @property
    def _keeps_its_key(self) -> bool:
        """Whether all edits lie inside an arm, and none changes the volume's mapping."""
        name = self.storage_name
        return self.in_arm and self.is_efs and name is not None and key_text(self.entries[name]) == name

    @property
    def identities(self) -> tuple[int, ...]:
        """The identities (`id`) of the mappings that edits may change."""
        return tuple(map(id, self.edited))


def rest(node: Mapping | None, known: Iterable[Entry]) -> Rest:
    """The keys and plain data of the entries that are not among `known`."""
    ids = {id(e) for e in known}
    return tuple((key_text(e), tuple(data(e.value))) for e in node.entries if id(e) not in ids) if node else ()


def rest_but(node: Mapping, names: Sequence[str], body: str, plain: Callable[[str], str] = str) -> Rest:
    """The keys of all entries except those with these names, each with its source in the text `body`. Sources are
    much cheaper than parsed data, and members that no change concerns must stay the same to the byte."""
    found: list[tuple[str, object]] = []
    for entry in node.entries:
        key, merged = key_text(entry), entry.value
        if key == "<<" and isinstance(merged, Mapping):  # its parts may be edited, so they are compared one by one
            found += rest_but(merged, names, body, plain=plain)
        elif key not in names:
            found.append((key, plain(body[entry.value.start : entry.value.end])))
    return tuple(found)


def alphabetical(nodes: Sequence[Mapping]) -> bool:
    """Whether the keys of these mappings are sorted. True only if there are at least eight keys: a few may be in
    order by chance."""
    keys = [[key_text(entry) for entry in node.entries] for node in nodes]
    return sum(map(len, keys)) >= 8 and all(names == sorted(names) for names in keys)


def volume_name(node: Mapping, spelling: Spelling) -> str:
    """The name of a volume, also under a misspelt key, so that correcting the key does not change it; empty if there
    is none."""
    entries, _ = find(node, (spelling.name,), close=False)
    name = spelling.read(entries[spelling.name].value) if spelling.name in entries else None
    return name.source if name else ""


def read_volume(node: Mapping, key: Key, spelling: Spelling) -> tuple[Volume, VolumeNodes]:
    """Reads one item of `volumes`."""
    kinds = (spelling.host, spelling.docker, spelling.efs)
    # fsxVolumeConfiguration is no misspelt efsVolumeConfiguration.
    entries, misspelt = find(node, (spelling.name, *kinds, *spelling.other_storages), close=False)
    # Consoles export every storage key, null where it is not used.
    used = [k for k in (*kinds, *spelling.other_storages) if k in entries and not is_null(entries[k].value)]
    if len(used) > 1 and spelling.host in used and not _host_path(entries[spelling.host], spelling):
        used.remove(spelling.host)
    if spelling.efs in used and _is_skeleton(entries[spelling.efs], spelling):
        used = []
    storage_name = used[0] if len(used) == 1 else None
    storage_node = mapping(entries[storage_name].value) if storage_name else None
    storage: Storage
    meant: Storage | None = None
    found: Found = {}
    authorization: Mapping | None = None
    inner: Found = {}
    if storage_node is None or storage_name in spelling.other_storages:
        storage = OtherStorage(" and ".join(used) or "none", _storage_problem(used, spelling))
        storage_name = None
    elif storage_name == spelling.host:
        found, wrong = find(storage_node, (spelling.source_path,))
        storage = HostPath(_member(found, spelling.source_path, spelling))
        misspelt += wrong
    elif storage_name == spelling.docker:
        storage, found = read_docker(storage_node, spelling)
    else:
        storage, found, authorization, inner, wrong = read_efs(storage_node, spelling)
        misspelt += wrong
        storage, meant = without(storage, wrong, spelling)
        hidden = found.get(spelling.authorization or "")
        if hidden is not None and authorization is None and not is_null(hidden.value):
            storage = OtherStorage(
                storage_name or "", f"{spelling.authorization} is an expression that cannot be read here"
            )
            storage_name, meant, misspelt = None, None, []
    others = [entries[k] for k in (storage_name, spelling.name) if k and k in entries]
    volume = Volume(
        key,
        volume_name(node, spelling),
        storage,
        misspelt=tuple(misspelt),
        meant=meant,
        rest=rest(node, [*others, *(e for k, e in entries.items() if k in kinds and is_null(e.value))]),
    )
    is_efs = isinstance(storage, EfsVolume)
    return volume, VolumeNodes(
        node,
        entries,
        storage_name,
        storage=storage_node,
        storage_entries=found,
        authorization=authorization,
        authorization_entries=inner,
        is_efs=is_efs,
    )


def without(
    storage: EfsVolume, misspelt: Sequence[Misspelling], spelling: Spelling
) -> tuple[EfsVolume, EfsVolume | None]:
    """An EFS configuration as its consumer sees it and, if the consumer ignores misspelt members, as it is meant;
    else None for that."""
    if not misspelt or not spelling.drops_unknown_keys:
        return storage, None
    members = {
        spelling.file_system: "file_system",
        spelling.root_directory: "root_directory",
        spelling.transit_encryption: "transit_encryption",
        spelling.transit_encryption_port: "transit_encryption_port",
        spelling.access_point: "access_point",
        spelling.iam: "iam",
    }
    ignored: dict[str, Any] = {members[m.right]: None for m in misspelt if m.right in members}
    return replace(storage, **ignored), storage


def _storage_problem(used: list[str], spelling: Spelling) -> str | None:
    """The reason why a volume with an EFS configuration cannot be read; None for volumes without one."""
    if spelling.efs not in used:
        return None
    if len(used) > 1:
        return f"the volume has several kinds of storage ({', '.join(used)}), and ECS takes one"
    return f"{spelling.efs} is an expression: what it holds cannot be seen here"


def read_docker(node: Mapping, spelling: Spelling) -> tuple[DockerVolume, Found]:
    """Reads a Docker volume configuration: the model, and its entries by their correct names."""
    names = (spelling.scope, spelling.autoprovision, spelling.driver, spelling.driver_options, spelling.labels)
    found, _ = find(node, names)
    options = mapping(found[spelling.driver_options].value) if spelling.driver_options in found else None
    labels = found.get(spelling.labels)
    label_node = mapping(labels.value) if labels else None
    pairs = [(key_text(e), spelling.read(e.value)) for e in options.entries] if options else []
    return (
        DockerVolume(
            _member(found, spelling.driver, spelling),
            tuple((k, v) for k, v in pairs if v is not None),
            _member(found, spelling.scope, spelling),
            autoprovision=_member(found, spelling.autoprovision, spelling),
            labels=rest(label_node, ()),
            rest=rest(node, found.values()),
        ),
        found,
    )


def read_efs(node: Mapping, spelling: Spelling) -> tuple[EfsVolume, Found, Mapping | None, Found, list[Misspelling]]:
    """Reads an EFS configuration: the model, its entries, the authorization mapping and its entries, and the
    misspelt names."""
    found, misspelt = find(node, spelling.efs_members)
    authorization: Mapping | None = None
    inner: Found = found
    beside: Rest = ()
    if spelling.authorization:
        entry = found.get(spelling.authorization)
        authorization = mapping(entry.value) if entry else None
        inner, wrong = find(authorization, (spelling.access_point, spelling.iam)) if authorization else ({}, [])
        misspelt += wrong
        beside = rest(authorization, inner.values())
    storage = EfsVolume(
        _member(found, spelling.file_system, spelling),
        _filled(_member(found, spelling.root_directory, spelling)),
        _member(found, spelling.transit_encryption, spelling),
        transit_encryption_port=_member(found, spelling.transit_encryption_port, spelling),
        access_point=_filled(_member(inner, spelling.access_point, spelling)),
        iam=_member(inner, spelling.iam, spelling),
        rest=(*rest(node, found.values()), *beside),
    )
    return storage, found, authorization, inner, misspelt


def _member(found: Found, name: str, spelling: Spelling) -> Value | None:
    return spelling.read(found[name].value) if name in found else None


def _filled(member: Value | None) -> Value | None:
    """The value, or None if it is empty: skeletons that the AWS CLI generates hold empty strings for members that
    are not set."""
    return None if member is not None and member.source == "" else member


def _host_path(entry: Entry, spelling: Spelling) -> Value | None:
    """The path of a `host` member; None if it is missing or empty."""
    host = mapping(entry.value)
    return _filled(_member(find(host, (spelling.source_path,))[0], spelling.source_path, spelling)) if host else None


def _is_skeleton(entry: Entry, spelling: Spelling) -> bool:
    """Whether an EFS configuration is an empty form, as the AWS CLI generates it: its file system is an empty
    string."""
    efs = mapping(entry.value)
    system = _member(find(efs, (spelling.file_system,))[0], spelling.file_system, spelling) if efs else None
    return system is not None and system.source == ""


def read_container(node: Mapping, spelling: Spelling, body: str, known: Sequence[str] = ()) -> Container:
    """The mount points, users and volumes of a container definition. The keys `known` are read elsewhere and left
    out of its other members."""
    points = spelling.each(written := child(node, spelling.mount_points))
    views = spelling.each(taken := child(node, spelling.volumes_from))
    unread = any(each is None and n is not None and not is_null(n) for each, n in ((points, written), (views, taken)))
    return Container(
        spelling.read(child(node, spelling.name)),
        spelling.read(child(node, spelling.user)),
        tuple(_mount_point(mapping(p), spelling, body) for p in points or ()),
        volumes_from=tuple(_view(mapping(v), spelling) for v in views or ()),
        opaque=unread or may_hold_more(node),
        rest=rest_but(node, (spelling.mount_points, *known), body, plain=spelling.plain),
    )


def _mount_point(node: Mapping | None, spelling: Spelling, body: str) -> MountPoint:
    mode = flag(child(node, spelling.read_only), spelling) if node else ANYTHING
    beside = rest_but(node, (spelling.read_only,), body, plain=spelling.plain) if node else ()
    return MountPoint(spelling.read(child(node, spelling.source_volume)), mode, beside)


def _view(node: Mapping | None, spelling: Spelling) -> tuple[Value | None, Possible[bool]]:
    """The container of a `volumesFrom` item and whether it is read-only."""
    mode = flag(child(node, spelling.read_only), spelling) if node else ANYTHING
    return spelling.read(child(node, spelling.source_container)), mode


def problem(nodes: VolumeNodes, used_anchors: frozenset[str]) -> str | None:
    """The reason why a volume's storage cannot be edited without guessing, or None if it can."""
    name = nodes.storage_name
    if nodes.storage is None:
        return None
    if nodes.obstacle:
        return nodes.obstacle
    if name is not None and nodes.entries[name] not in nodes.mapping.entries:
        return "the storage comes from another mapping, which is merged in"
    if name is not None and not nodes.is_efs and merged_in(nodes.mapping, key_text(nodes.entries[name])):
        return f"{name} is merged in from another mapping, too, and that one would stay beside the new configuration"
    for node in nodes.edited:
        if any(key_text(e).startswith("Fn::") for e in node.entries):
            return "a macro adds to it"
        keys = [key_text(e) for e in node.entries]
        if len(keys) != len(set(keys)):
            return f"key {next(k for k in keys if keys.count(k) > 1)} is there twice"
        if "<<" in keys and node is not nodes.mapping:
            return "another mapping is merged into the storage"
    if not nodes.is_efs and any(a in used_anchors for a in anchors_within(nodes.storage)):
        return "an alias elsewhere uses a part of it"
    return None
