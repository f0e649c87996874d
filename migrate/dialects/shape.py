"""Volumes, containers and mount points as the ECS API shapes them, in any dialect's spelling.

Reading turns nodes into the model; writing turns a volume that differs into tree edits of its own nodes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from migrate.dialects.arms import Arm, Conditions, only
from migrate.dialects.reading import anchors_within, key_text
from migrate.dialects.values import child, items, mapping, source, truth, value
from migrate.syntax import get, literal
from migrate.syntax.data import data
from migrate.syntax.node import (
    Added,
    EditMapping,
    EditSequence,
    Entry,
    Kept,
    Mapping,
    New,
    Node,
    Renamed,
    Scalar,
    SetScalar,
    TreeEdit,
)
from migrate.syntax.node import Value as NewValue
from rules.model import (
    Container,
    DockerVolume,
    EfsVolume,
    HostPath,
    Key,
    Misspelling,
    MountPoint,
    OtherStorage,
    Rest,
    Storage,
    Value,
    Volume,
)


def always(node: Node | None) -> list[tuple[Conditions, Node]] | None:
    """The items of a list in plain files, where everything is there."""
    found = items(node)
    return None if found is None else [((), item) for item in found]


def unconditional(conditions: Conditions) -> None:
    """The name of the condition in plain files."""
    del conditions


@dataclass(frozen=True)
class Spelling:
    """What a dialect calls the members of a volume. The defaults are the ECS API's names."""

    name: str = "name"
    host: str = "host"
    source_path: str = "sourcePath"
    docker: str = "dockerVolumeConfiguration"
    scope: str = "scope"
    autoprovision: str = "autoprovision"
    driver: str = "driver"
    driver_options: str = "driverOpts"
    labels: str = "labels"
    efs: str = "efsVolumeConfiguration"
    file_system: str = "fileSystemId"
    root_directory: str = "rootDirectory"
    transit_encryption: str = "transitEncryption"
    transit_encryption_port: str = "transitEncryptionPort"
    authorization: str | None = "authorizationConfig"
    """None where its members stand beside the others."""
    access_point: str = "accessPointId"
    iam: str = "iam"
    others: tuple[str, ...] = (
        "fsxWindowsFileServerVolumeConfiguration",
        "s3filesVolumeConfiguration",
        "configuredAtLaunch",
    )
    mount_points: str = "mountPoints"
    source_volume: str = "sourceVolume"
    read_only: str = "readOnly"
    volumes_from: str = "volumesFrom"
    source_container: str = "sourceContainer"
    user: str = "user"
    read: Callable[[Node | None], Value | None] = value
    """How the dialect's nodes become values, and the other way round."""
    write: Callable[[Value], NewValue] = source
    members: Callable[[Node | None], list[tuple[Conditions, Node]] | None] = always
    """The items of a list, those that a condition chooses among them, with their conditions; None if the list is an
    expression."""
    arms: Callable[[Node | None], list[Arm]] = only
    """What conditions choose among in a node's place."""
    condition: Callable[[Conditions], str | None] = unconditional
    """The name of the condition that holds where these do together."""
    plain: Callable[[str], str] = str
    """The source of something that no change concerns, without layout that may change all the same."""
    drops_unknown_keys: bool = False
    """Whether the dialect's consumer ignores unknown keys, so that a misspelt one deploys without effect."""

    def each(self, node: Node | None) -> list[Node] | None:
        """The items of a list, those that a condition chooses among them; None if the list is an expression."""
        found = self.members(node)
        return None if found is None else [item for _, item in found]

    @property
    def efs_members(self) -> tuple[str, ...]:
        own = (self.file_system, self.root_directory, self.transit_encryption, self.transit_encryption_port)
        return (*own, self.authorization) if self.authorization else (*own, self.access_point, self.iam)


API = Spelling()


# -- misspelt keys ----------------------------------------------------------------------------------------------------

Found: TypeAlias = dict[str, Entry]
"""Entries by their right names."""


def find(node: Mapping, names: Sequence[str], *, close: bool = True) -> tuple[Found, list[Misspelling]]:
    """The entries of a mapping by the names they have or, misspelt, stand for.

    A key stands for a name if they differ only in case and separators or, with `close`, so little that nothing else can
    be meant. Where the right name is there as well, the misspelt one is left alone.
    """
    found: Found = {}
    misspelt: list[Misspelling] = []
    for name in names:
        if entry := get(node, name):
            found[name] = entry
    plain_names = {_folded(name): name for name in names}
    for entry in node.entries:
        key = key_text(entry)
        if key in names or not key or key == "<<":
            continue
        folded = _ALIASES.get(_folded(key), _folded(key))
        near = _near(folded, plain_names) if close and len(key) > 6 else []
        right = plain_names.get(folded) or (plain_names[near[0]] if near else None)
        if right and right not in found:
            found[right] = entry
            misspelt.append(Misspelling(key, right))
    return found, misspelt


_ALIASES = {"authorizationconfiguration": "authorizationconfig"}


_CUTOFF = 0.9


def _near(folded: str, names: Iterable[str]) -> list[str]:
    """The name that a key comes very near, if there is one."""
    size = len(folded)
    # Lengths alone rule most out, and difflib takes its time for each.
    possible = [name for name in names if 2 * min(size, len(name)) >= _CUTOFF * (size + len(name))]
    return difflib.get_close_matches(folded, possible, n=1, cutoff=_CUTOFF) if possible else []


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VolumeNodes:
    """Where a volume is written: its own mapping and its storage's entry, and entries by their right names."""

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
    """Whether the storage is an arm of an expression (or the authorization is), so that the volume's mapping is another
    volume's as well."""
    vacancy: Arm | None = None
    """The `AWS::NoValue` that stands for an EFS configuration where this storage is there."""
    authorization_vacancy: Arm | None = None
    """The `AWS::NoValue` that stands for an authorization."""
    obstacle: str | None = None
    """Why this storage cannot become another without guessing."""

    @property
    def edited(self) -> tuple[Mapping, ...]:
        """What the volume's edits may touch."""
        own = (self.storage, self.authorization)
        return tuple(n for n in (own if self._keeps_its_key else (self.mapping, *own)) if n is not None)

    @property
    def _keeps_its_key(self) -> bool:
        """Whether all edits lie inside an arm."""
        name = self.storage_name
        return self.in_arm and self.is_efs and name is not None and key_text(self.entries[name]) == name

    @property
    def identities(self) -> tuple[int, ...]:
        return tuple(map(id, self.edited))


def rest(node: Mapping | None, known: Iterable[Entry]) -> Rest:
    """The keys and plain data of the entries that are not among `known`."""
    ids = {id(e) for e in known}
    return tuple((key_text(e), tuple(data(e.value))) for e in node.entries if id(e) not in ids) if node else ()


def rest_but(node: Mapping, names: Sequence[str], body: str, plain: Callable[[str], str] = str) -> Rest:
    """The keys of all entries but those with these names, with their source in the text `body`: much cheaper than their
    data, and what no change concerns must not move by a byte."""
    found: list[tuple[str, object]] = []
    for entry in node.entries:
        key, merged = key_text(entry), entry.value
        if key == "<<" and isinstance(merged, Mapping):  # written in place, so that its parts may change
            found += rest_but(merged, names, body, plain)
        elif key not in names:
            found.append((key, plain(body[entry.value.start : entry.value.end])))
    return tuple(found)


def alphabetical(nodes: Sequence[Mapping]) -> bool:
    """Whether these mappings together look as if their keys were sorted; a few keys may be in order by chance."""
    keys = [[key_text(entry) for entry in node.entries] for node in nodes]
    return sum(map(len, keys)) >= 8 and all(names == sorted(names) for names in keys)


def volume_name(node: Mapping, spelling: Spelling) -> str:
    """The name of a member of `volumes`, under a misspelt property as well: it stays the same when that is corrected."""
    entries, _ = find(node, (spelling.name,), close=False)
    name = spelling.read(entries[spelling.name].value) if spelling.name in entries else None
    return name.source if name else ""


def read_volume(node: Mapping, key: Key, spelling: Spelling) -> tuple[Volume, VolumeNodes]:
    """Read one member of `volumes`."""
    kinds = (spelling.host, spelling.docker, spelling.efs)
    # fsxVolumeConfiguration is no misspelt efsVolumeConfiguration.
    entries, misspelt = find(node, (spelling.name, *kinds, *spelling.others), close=False)
    # Consoles export every storage key, null where it is not used.
    used = [k for k in (*kinds, *spelling.others) if k in entries and not _is_null(entries[k].value)]
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
    if storage_node is None or storage_name in spelling.others:
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
        if hidden is not None and authorization is None and not _is_null(hidden.value):
            storage = OtherStorage(
                storage_name or "", f"{spelling.authorization} is an expression that cannot be read here"
            )
            storage_name, meant, misspelt = None, None, []
    others = [entries[k] for k in (storage_name, spelling.name) if k and k in entries]
    volume = Volume(
        key,
        volume_name(node, spelling),
        storage,
        tuple(misspelt),
        meant,
        rest(node, [*others, *(e for k, e in entries.items() if k in kinds and _is_null(e.value))]),
    )
    is_efs = isinstance(storage, EfsVolume)
    return volume, VolumeNodes(node, entries, storage_name, storage_node, found, authorization, inner, is_efs)


def without(
    storage: EfsVolume, misspelt: Sequence[Misspelling], spelling: Spelling
) -> tuple[EfsVolume, EfsVolume | None]:
    """A configuration as its consumer sees it, and as it is meant if that ignores the misspelt names."""
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
    if spelling.efs not in used:
        return None
    if len(used) > 1:
        return f"the volume has several kinds of storage ({', '.join(used)}), and ECS takes one"
    return f"{spelling.efs} is an expression: what it holds cannot be seen here"


def read_docker(node: Mapping, spelling: Spelling) -> tuple[DockerVolume, Found]:
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
            _member(found, spelling.autoprovision, spelling),
            rest(label_node, ()),
            rest(node, found.values()),
        ),
        found,
    )


def read_efs(node: Mapping, spelling: Spelling) -> tuple[EfsVolume, Found, Mapping | None, Found, list[Misspelling]]:
    """Read an EFS configuration: the model, its entries, the authorization mapping and its entries, misspelt names."""
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
        _member(found, spelling.transit_encryption_port, spelling),
        _filled(_member(inner, spelling.access_point, spelling)),
        _member(inner, spelling.iam, spelling),
        (*rest(node, found.values()), *beside),
    )
    return storage, found, authorization, inner, misspelt


def _member(found: Found, name: str, spelling: Spelling) -> Value | None:
    return spelling.read(found[name].value) if name in found else None


def _filled(member: Value | None) -> Value | None:
    """Skeletons that the CLI generates hold empty strings for what is not set."""
    return None if member is not None and member.source == "" else member


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and literal(node) is None


def _host_path(entry: Entry, spelling: Spelling) -> Value | None:
    host = mapping(entry.value)
    return _filled(_member(find(host, (spelling.source_path,))[0], spelling.source_path, spelling)) if host else None


def _is_skeleton(entry: Entry, spelling: Spelling) -> bool:
    """Whether an EFS configuration is a form to fill in, as the CLI generates it: its file system is an empty string."""
    efs = mapping(entry.value)
    system = _member(find(efs, (spelling.file_system,))[0], spelling.file_system, spelling) if efs else None
    return system is not None and system.source == ""


def read_container(node: Mapping, spelling: Spelling, body: str, known: Sequence[str] = ()) -> Container:
    """What a container definition says about volumes and users; the keys `known` are read by others."""
    points = child(node, spelling.mount_points)
    listed = spelling.each(points)
    return Container(
        spelling.read(child(node, spelling.name)),
        spelling.read(child(node, spelling.user)),
        tuple(_mount_point(mapping(p), spelling, body) for p in listed or ()),
        tuple(_view(mapping(v), spelling) for v in spelling.each(child(node, spelling.volumes_from)) or ()),
        opaque=listed is None and points is not None and not _is_null(points),
        rest=rest_but(node, (spelling.mount_points, *known), body, spelling.plain),
    )


def _mount_point(node: Mapping | None, spelling: Spelling, body: str) -> MountPoint:
    mode = truth(child(node, spelling.read_only), default=False) if node else None
    beside = rest_but(node, (spelling.read_only,), body, spelling.plain) if node else ()
    return MountPoint(spelling.read(child(node, spelling.source_volume)), mode, beside)


def _view(node: Mapping | None, spelling: Spelling) -> tuple[Value | None, bool | None]:
    mode = truth(child(node, spelling.read_only), default=False) if node else None
    return spelling.read(child(node, spelling.source_container)), mode


# -- writing ----------------------------------------------------------------------------------------------------------


def efs_value(storage: EfsVolume, spelling: Spelling, alphabetical: bool = False) -> dict[str, NewValue]:
    """A whole EFS configuration, members in the order of the API reference or of the alphabet."""
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
    """The tree edits that turn `old` into `new`, for a storage that stays where it stands."""
    corrected = {m.wrong: m.right for m in old.misspelt} if not new.misspelt else {}
    before = old.meant or old.storage if corrected else old.storage
    edits: list[TreeEdit] = []
    if isinstance(before, EfsVolume) and isinstance(new.storage, EfsVolume):
        if old.meant and not corrected:
            # What is misspelt stays, beside what it stands for.
            right = {name: e for name, e in nodes.storage_entries.items() if key_text(e) == name}
            nodes = replace(nodes, storage_entries=right)
        if nodes.mapping is not nodes.storage:
            edits += edit_mapping(nodes.mapping, {}, {}, (), corrected)
        edits += write_efs(before, new.storage, nodes, spelling, corrected)
    elif isinstance(new.storage, EfsVolume) and old.storage != new.storage:
        edits += replace_storage(new.storage, nodes, spelling)
    return edits


def replace_storage(new: EfsVolume, nodes: VolumeNodes, spelling: Spelling) -> list[TreeEdit]:
    """Turn a host or Docker volume into an EFS one: its key is renamed and its value's entries replaced."""
    assert nodes.storage is not None
    assert nodes.storage_name is not None
    entry = nodes.entries[nodes.storage_name]
    members = efs_value(new, spelling, nodes.alphabetical)
    if nodes.vacancy is not None:
        kept = tuple(Kept(e) for e in nodes.mapping.entries if e is not entry)
        return [EditMapping(nodes.mapping, kept), fill(nodes.vacancy, members)]
    if spare := nodes.entries.get(spelling.efs):
        # Consoles export every kind, null where it is not used: the values change places.
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


def fill(vacancy: Arm, value: NewValue) -> TreeEdit:
    """Put a value in the place of an arm."""
    assert vacancy.choice is not None
    return EditSequence(vacancy.choice, tuple(New(value) if i is vacancy.node else i for i in vacancy.choice.items))


def write_efs(
    old: EfsVolume, new: EfsVolume, nodes: VolumeNodes, spelling: Spelling, corrected: dict[str, str]
) -> list[TreeEdit]:
    """The tree edits inside an EFS configuration."""
    assert nodes.storage is not None
    before, after = _own_members(old, spelling), _own_members(new, spelling)
    inner_before, inner_after = _authorization_members(old, spelling), _authorization_members(new, spelling)
    edits: list[TreeEdit] = []
    if spelling.authorization is None:
        before, after = before | inner_before, after | inner_after
    elif nodes.authorization is not None:
        names = (spelling.access_point, spelling.iam)
        edits += edit_mapping(
            nodes.authorization, inner_before, inner_after, names, corrected, nodes.authorization_entries
        )
    elif inner_after and nodes.authorization_vacancy is not None:
        edits.append(fill(nodes.authorization_vacancy, dict(inner_after)))
    elif inner_after:
        after = after | {spelling.authorization: dict(inner_after)}
    order = sorted(spelling.efs_members) if nodes.alphabetical else spelling.efs_members
    edits += edit_mapping(nodes.storage, before, after, order, corrected, nodes.storage_entries)
    return edits


def edit_mapping(
    node: Mapping,
    before: dict[str, NewValue],
    after: dict[str, NewValue],
    order: Sequence[str],
    corrected: dict[str, str] | None = None,
    entries: Found | None = None,
) -> list[TreeEdit]:
    """Edits that turn members `before` into `after`; new ones stand where `order` puts them, right names take the place
    of `corrected` ones, everything else stays."""
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
    keys = [e.key if not isinstance(e, Kept) else key_text(e.entry) for e in result]
    rank = order.index(name) if name in order else len(order)
    return max((i + 1 for i, k in enumerate(keys) if k not in order or order.index(k) < rank), default=0)


def set_read_only(node: Mapping, spelling: Spelling, alphabetical: bool) -> list[TreeEdit]:
    """Make a mount point read-only."""
    entry = get(node, spelling.read_only)
    if entry is not None and isinstance(entry.value, Scalar) and entry in node.entries:
        return [SetScalar(entry.value, True)]
    return [EditMapping(node, insert(node, spelling.read_only, True, alphabetical))]


def insert(
    node: Mapping, name: str, value: NewValue, alphabetical: bool, after: Sequence[str] = ()
) -> tuple[Kept | Added, ...]:
    """A mapping's entries with a new one: behind the first of the keys `after` that is there, else at the end; where the
    alphabet puts it in a sorted mapping."""
    keys = [key_text(entry) for entry in node.entries]
    entries: list[Kept | Added] = [Kept(entry) for entry in node.entries]
    at = next((keys.index(key) + 1 for key in after if key in keys), len(keys))
    if alphabetical:
        at = sum(key < name for key in keys)
    entries.insert(at, Added(name, value))
    return tuple(entries)


def problem(nodes: VolumeNodes, used_anchors: frozenset[str]) -> str | None:
    """Why a volume's storage cannot be edited without guessing, or None."""
    name = nodes.storage_name
    if nodes.storage is None:
        return None
    if nodes.obstacle:
        return nodes.obstacle
    if name is not None and nodes.entries[name] not in nodes.mapping.entries:
        return "the storage comes from another mapping, which is merged in"
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
