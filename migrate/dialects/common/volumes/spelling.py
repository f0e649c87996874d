"""The names that a dialect has for the members of volumes and containers, and the search for misspelt ones."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from migrate.dialects.common.conditional import Arm, Conditions, only
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.possible import placeholders
from migrate.dialects.common.values import items, source, value
from migrate.syntax import get
from migrate.syntax.node import Entry, Mapping, NewValue, Node
from rules.model import Misspelling, Possible, Value


def always(node: Node | None) -> list[tuple[Conditions, Node]] | None:
    """The items of a list in a plain file, all of them without conditions; None if it is not a list."""
    found = items(node)
    return None if found is None else [((), item) for item in found]


def unconditional(conditions: Conditions) -> None:
    """Returns None: plain files have no conditions, and so no name for one."""
    del conditions


@dataclass(frozen=True)
class Spelling:
    """A dialect's names for the members of a volume, and its functions to read and write their values. The defaults
    are the ECS API's names, for plain files."""

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
    """The name of the authorization mapping; None where its members are beside the other members of the storage."""
    access_point: str = "accessPointId"
    iam: str = "iam"
    other_storages: tuple[str, ...] = (
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
    """Reads a node as a value; None for a missing one. `write` is its inverse."""
    write: Callable[[Value], NewValue] = source
    options: Callable[[Node | None], Possible[str]] = placeholders.options
    """Reads what a node may be; a missing or empty one may be absent."""
    members: Callable[[Node | None], list[tuple[Conditions, Node]] | None] = always
    """Returns the items of a list, including those that a condition chooses, each with its conditions; None if the
    list is an expression."""
    arms: Callable[[Node | None], list[Arm]] = only
    """Returns the arms among which conditions choose in a node's place."""
    condition: Callable[[Conditions], str | None] = unconditional
    """Returns the name of the condition that is true when all of these hold; None if there are none."""
    plain: Callable[[str], str] = str
    """Normalises the source text of a member that no change touches, so that a different layout does not count as a
    change."""
    drops_unknown_keys: bool = False
    """Whether the consumer of the file ignores unknown keys, so that a misspelt one deploys without effect."""

    def each(self, node: Node | None) -> list[Node] | None:
        """The items of a list, including those that a condition chooses; None if the list is an expression."""
        found = self.members(node)
        return None if found is None else [item for _, item in found]

    @property
    def efs_members(self) -> tuple[str, ...]:
        """The names of the members of an EFS configuration, in the order of the API reference."""
        own = (self.file_system, self.root_directory, self.transit_encryption, self.transit_encryption_port)
        return (*own, self.authorization) if self.authorization else (*own, self.access_point, self.iam)


API = Spelling()
"""The names of the ECS API, in JSON and YAML."""


# -- misspelt keys ----------------------------------------------------------------------------------------------------

Found: TypeAlias = dict[str, Entry]
"""The entries of a mapping, by their correct names."""


def find(node: Mapping, names: Sequence[str], *, close: bool = True) -> tuple[Found, list[Misspelling]]:
    """The entries of a mapping by their correct names, and the misspelt keys among them.

    A key stands for a name if they differ only in case and separators or, with `close`, so little that no other name
    can be meant. If the correct name is present as well, the misspelt key is left alone.
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
    """The name that a key closely resembles, as a list of at most one."""
    size = len(folded)
    # The lengths rule out most names, and difflib is slow.
    possible = [name for name in names if 2 * min(size, len(name)) >= _CUTOFF * (size + len(name))]
    return difflib.get_close_matches(folded, possible, n=1, cutoff=_CUTOFF) if possible else []


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
