"""Proposals for the configuration, made from mounts that other files of the repository make, and their wording."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rules.context import Context
from rules.facts.other_files import Proposal, SeenMount
from rules.facts.values import shown_path, yaml_word
from rules.model import Parameter

_MOST = 3
_FILE_SYSTEM_NAME = re.compile(
    r"(?!(?:[Uu]se|[Ee]nable|[Cc]reate|[Mm]ount|[Ww]ith|[Hh]as|[Aa]ttach)[A-Z_])"
    r"\w*(?:(?<![a-z])efs|Efs|EFS|[Ff]ile_?[Ss]ystem)(?:_?[Ii][Dd])?"
)
"""Matches names of parameters that hold the id of a file system, but not those of switches, which begin with a verb."""
_CONDITIONS = ("if its instances run this task", "if the instances of one of them run this task")


def propose(seen: Sequence[SeenMount], context: Context) -> tuple[Proposal, ...]:
    """A proposal for each mount that was seen in another file."""
    return tuple(_proposal(mount, context) for mount in seen)


def _proposal(mount: SeenMount, context: Context) -> Proposal:
    is_template = context.stack.names is not None
    if mount.id is not None and (is_template or not mount.id.startswith("!")):
        return Proposal(mount, mount.id, sure=True)
    if not is_template:
        return Proposal(mount)
    if parameter := context.choices.passed.get((mount.file, mount.source)):
        return Proposal(mount, f"!Ref {parameter}", sure=True)
    evident = [parameter.name for parameter in context.stack.parameters if _holds_file_system(parameter)]
    return Proposal(mount, f"!Ref {evident[0]}") if len(evident) == 1 else Proposal(mount)


def _holds_file_system(parameter: Parameter) -> bool:
    kind = parameter.type
    return kind == "AWS::EFS::FileSystem::Id" or (
        kind == "String" and _FILE_SYSTEM_NAME.fullmatch(parameter.name) is not None
    )


def where(seen: Sequence[SeenMount]) -> str:
    """The mounts of the other files in words, with the places where they stand."""
    named = [
        f"{mount.file} mounts {mount.source}:{shown_path(mount.directory)} at {shown_path(mount.host_path)} "
        f"(line {mount.line}, {mount.resource})"
        for mount in seen[:_MOST]
    ]
    more = f" (and {len(seen) - _MOST} more)" if len(seen) > _MOST else ""
    return ", ".join(named) + more


def settle(proposals: Sequence[Proposal], context: Context) -> str:
    """The configuration to write, in words, with `…` for values that are not known or differ between the proposals."""
    unknown = "fs-…" if context.stack.names is None else "!ImportValue …"
    entries = {f"{{id: {p.id or unknown}, mounts: {{{mount_entry(p.mount)}}}}}" for p in proposals}
    entry = entries.pop() if len(entries) == 1 else "{id: …, mounts: {…: …}}"
    return f"{_CONDITIONS[len(proposals) > 1]}, configure `file-systems: [{entry}]`"


def mount_entry(mount: SeenMount) -> str:
    """A seen mount as an entry of the configuration's `mounts`, with `…` for a path that holds an expression."""
    host_path, directory = (
        yaml_word(path) if shown_path(path) == path else "…" for path in (mount.host_path, mount.directory)
    )
    return f"{host_path}: {directory}"
