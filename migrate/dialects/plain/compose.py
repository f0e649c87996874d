"""The Compose file beside `ecs-params.yml`: the host paths and named volumes that its services mount.

ecs-cli makes one volume of each host path, whatever the number of services that mount it. A volume on EFS has a name
instead: declared under `volumes:` in this file, and described under `efs_volumes` in the other. Source: amazon-ecs-cli
`adapter/convert.go` and `convert_task_definition.go`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, items, mapping, parse_text, text, truth, value
from migrate.syntax import Document, get, resolve
from migrate.syntax.node import (
    Added,
    Copy,
    EditMapping,
    Entry,
    Kept,
    Mapping,
    Node,
    Scalar,
    SetScalar,
    TreeEdit,
)
from rules.model import Container, MountPoint, Possible, Text

_SHORT = re.compile(r"((?:\$\{[^}]*\}|[^:$]|\$(?!\{))+):([^:]+)(?::([a-z,]+))?\Z")
"""A mount in one text: source, path in the container, mode. A variable may have a default after a colon."""
_LONG = frozenset({"type", "source", "target", "read_only"})
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SERVICE_WITHOUT_MOUNTS = frozenset({"extends", "volumes_from", "volume_driver", "<<"})


@dataclass
class HostMounts:
    """A host path, the name that its volume would have, and the places where services mount it."""

    compose: Compose
    path: Text
    name: str
    uses: list[Node] = field(default_factory=list)


@dataclass
class Compose:
    """A Compose file, as far as it concerns volumes."""

    document: Document
    root: Mapping
    hosts: dict[str, HostMounts] = field(default_factory=dict)
    """By their host paths as they are written, in the order of their first use."""
    containers: list[Container] = field(default_factory=list)
    unclear: list[Node] = field(default_factory=list)
    """The mounts that are not understood."""
    obstacle: str | None = None
    """The reason why the mounts of this file cannot be edited without guessing."""

    @classmethod
    def of(cls, document: Document, taken: Collection[str]) -> Compose | None:
        """Reads a Compose file; `taken` are names of volumes that the other file describes. None if it is none."""
        root = mapping(document.roots[0]) if len(document.roots) == 1 else None
        services = mapping(child(root, "services"))
        if root is None or services is None:
            return None
        found = cls(document, root)
        names = {*taken, *found.declared}
        for entry in services.entries:
            found.containers.append(found._container(entry, names))
        if document.aliases:
            found.obstacle = "the Compose file shares parts of it through aliases"
        elif (declared := get(root, "volumes")) is not None and not _may_grow(declared):
            found.obstacle = "the list of volumes in the Compose file is an expression"
        return found

    @property
    def declared(self) -> list[str]:
        """The names of the volumes that the file declares."""
        listed = mapping(child(self.root, "volumes"))
        return [key_text(entry) for entry in listed.entries] if listed else []

    def drivers(self) -> Iterator[tuple[Entry, str]]:
        """The declared volumes that have a driver or options, which ecs-cli refuses, each with its name."""
        listed = mapping(child(self.root, "volumes"))
        for entry in listed.entries if listed else ():
            if (options := mapping(entry.value)) is not None and options.entries:
                yield entry, key_text(entry)

    def _container(self, entry: Entry, names: set[str]) -> Container:
        service = mapping(entry.value)
        listed = child(service, "volumes")
        mounted = items(listed)
        points = [self._mount(item, names) for item in mounted or ()]
        return Container(
            parse_text(key_text(entry)),
            value(child(service, "user")),
            tuple(point for point in points if point is not None),
            opaque=service is None
            or (mounted is None and value(listed) is not None)
            or None in points
            or any(key_text(e) in _SERVICE_WITHOUT_MOUNTS for e in service.entries),
        )

    def _mount(self, item: Node, names: set[str]) -> MountPoint | None:
        """The mount point that an item of a service's volumes stands for; None if it is not understood."""
        found = _parts(item)
        if found is None:
            self.unclear.append(item)
            return None
        source, read_only = found
        if not source.startswith(("/", "$")):
            return MountPoint(parse_text(source), read_only)
        if source not in self.hosts:
            name = _name(source, names)
            names.add(name)
            self.hosts[source] = HostMounts(self, parse_text(source), name)
        self.hosts[source].uses.append(item)
        return MountPoint(parse_text(self.hosts[source].name), read_only)

    def edits(self, moved: Collection[HostMounts]) -> list[TreeEdit]:
        """The edits that mount host paths by the names of their volumes, and declare these."""
        edits: list[TreeEdit] = [_renamed(item, host.name) for host in moved for item in host.uses]
        new = [host.name for host in moved if host.name not in self.declared]
        entry = get(self.root, "volumes")
        listed = mapping(entry.value) if entry is not None else None
        if listed is not None:
            # As the other volumes are written: `name:` or `name: null`.
            like = next((Copy(e.value) for e in listed.entries if value(e.value) is None), None)
            edits.append(EditMapping(listed, (*map(Kept, listed.entries), *(Added(name, like) for name in new))))
        else:
            added = Added("volumes", dict.fromkeys(new), replaces=entry)
            entries = [added if e is entry else Kept(e) for e in self.root.entries]
            edits.append(EditMapping(self.root, tuple(entries if entry is not None else [*entries, added])))
        return edits


def _may_grow(declared: Entry) -> bool:
    return mapping(declared.value) is not None or value(declared.value) is None


def _parts(item: Node) -> tuple[str, Possible[bool]] | None:
    """The source of a mount and whether it is read-only; the source is empty for a volume without one."""
    written = resolve(item)
    if isinstance(written, Scalar):
        match = _SHORT.match(written.text)
        if match is None:
            return ("", Possible.of(False)) if ":" not in written.text else None
        modes = (match[3] or "rw").split(",")
        return (match[1], Possible.of("ro" in modes)) if {"ro", "rw"} >= set(modes) else None
    long = mapping(item)
    kind = text(child(long, "type"))
    if long is None or kind not in ("bind", "volume") or {key_text(e) for e in long.entries} - _LONG:
        return None
    mode = truth(child(long, "read_only"), default=False)
    source = value(child(long, "source"))
    return (source.source if source else "", Possible.of(mode) if mode is not None else Possible(others=True))


def _renamed(item: Node, name: str) -> TreeEdit:
    """The edit that mounts a volume by its name where a service mounts a host path."""
    written = resolve(item)
    if isinstance(written, Scalar):
        match = _SHORT.match(written.text)
        assert match is not None
        return SetScalar(written, name + written.text[match.end(1) :])
    assert isinstance(written, Mapping)
    new = {"type": "volume", "source": name}
    return EditMapping(
        written, tuple(Added(k, new[k], replaces=e) if (k := key_text(e)) in new else Kept(e) for e in written.entries)
    )


def _name(path: str, taken: Collection[str]) -> str:
    """A name for the volume at a host path: the last word of the path, with a number if others have it."""
    words = _WORD.findall(re.sub(r"\$\{[^}]*\}|\$\w+", "/", path).rpartition("/")[2] or path)
    base = words[-1] if words else "data"
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name
