"""How a dialect spells the members of volumes and containers, and how misspelt ones are recognised."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from migrate.dialects.common.conditional import Arm, Conditions, only
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import items, source, value
from migrate.syntax import get
from migrate.syntax.node import Entry, Mapping, NewValue, Node
from rules.model import Misspelling, Value


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
