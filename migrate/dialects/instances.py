"""What a template's instances mount: user data of launch configurations, launch templates and instances, and
`AWS::CloudFormation::Init`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrate.dialects import intrinsics
from migrate.dialects.reading import key_text
from migrate.dialects.resources import Resource, Template
from migrate.dialects.values import child, mapping
from migrate.syntax import Document, SyntaxProblem, literal, parse, resolve
from migrate.syntax.node import Mapping, Node, Scalar, Sequence
from rules.model import HostMount, Owner, Ref, Stack, Text, Value

if TYPE_CHECKING:
    from rules.hosts import HostScript

_USER_DATA = {
    "AWS::AutoScaling::LaunchConfiguration": ("UserData",),
    "AWS::EC2::Instance": ("UserData",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateData", "UserData"),
}
_MOST_PARTS = 20_000
_SERVER_NAME = re.compile(r"dns|host|endpoint|server|address|url|ip$", re.IGNORECASE)
"""Parameters called so hold the name of a server rather than the id of a file system."""
_SHEBANG = "#!/bin/sh\n"


@dataclass(frozen=True, slots=True)
class Script:
    """A script of a resource's instances: what it does, whether it is there whatever the conditions, and its node."""

    resource: str
    does: HostScript
    certain: bool
    node: Node
    lines_before: int = 0
    """How many lines the reader was given before those of the node."""


@dataclass(frozen=True, slots=True)
class InstanceMount:
    """A mount that a script makes. `named` is what the script gives as the file system, whether or not a volume can name
    it; `line` counts the lines of the script's node from 1."""

    script: Script
    mount: HostMount
    named: Value | None
    line: int


def with_mounts(template: Template, stack: Stack) -> Stack:
    """The stack with what the template's instances mount."""
    mounts: list[HostMount] = []
    owners: list[Owner] = []
    for script in _scripts(template):
        mounts += (made.mount for made in _mounts(script, template))
        owners += _owners(script.does)
    return replace(
        stack,
        host_mounts=(*stack.host_mounts, *mounts),
        owners=(*stack.owners, *owners),
    )


def instance_mounts(template: Template) -> Iterator[InstanceMount]:
    """What the template's instances mount, and where it says so."""
    for script in _scripts(template):
        yield from _mounts(script, template)


def _mounts(script: Script, template: Template) -> Iterator[InstanceMount]:
    for mount in script.does.mounts:
        doubt = None
        if not (script.certain and mount.certain):
            doubt = f"whether {script.resource} mounts it depends on a condition (line {mount.line} of its user data)"
        file_system = mount.file_system
        if file_system is not None and not _is_nameable(file_system, template):
            file_system = None
        made = HostMount(
            mount.host_path, file_system, mount.directory, mount.options, mount.server, mount.region, doubt
        )
        yield InstanceMount(script, made, mount.file_system, mount.line - script.lines_before)
    for other in script.does.others:
        made = HostMount(other.host_path, None, "/", is_nfs=False)
        yield InstanceMount(script, made, None, other.line - script.lines_before)


def _is_nameable(file_system: Value, template: Template) -> bool:
    """Whether a volume can name it: the mount helper takes a DNS name where ECS wants an id, and an expression that is no
    text stands in a script only as its rendering."""
    refs = [p.source for p in file_system.parts if isinstance(p, Ref)] if isinstance(file_system, Text) else ["?"]
    for source in refs:
        name = source[2:-1].partition(".")[0]
        resource = template.resources.get(name)
        if not source.startswith("${") or (resource is not None and resource.type != "AWS::EFS::FileSystem"):
            return False
        if resource is None and (name not in template.taken or _SERVER_NAME.search(name)):
            return False
    return True


def _owners(script: HostScript) -> Iterator[Owner]:
    for made in script.directories:
        if made.file_system is not None and (made.uid is not None or made.mode is not None):
            uid, gid = (str(n) if n is not None else "0" for n in (made.uid, made.gid))
            yield Owner(made.file_system, made.directory, uid, gid, made.mode or "0755")


def _scripts(template: Template) -> Iterator[Script]:
    """The scripts of all instances."""
    for _, resource in template.of_type(*_USER_DATA):
        yield from _user_data(resource)
        yield from _init(resource)


def _user_data(resource: Resource) -> Iterator[Script]:
    # Most templates define no instance, and reading scripts takes 40 ms to import.
    from rules.hosts import read_user_data

    node: Node | None = resource.properties
    for name in _USER_DATA[resource.type]:
        node = child(mapping(node), name)
    for conditions, arm in intrinsics.arms(node):
        if (script := script_text(arm)) is not None:
            yield Script(resource.name, read_user_data(script, parse_yaml), not conditions, arm)


def _init(resource: Resource) -> Iterator[Script]:
    """What `cfn-init` does: the commands, and the file system table that it writes."""
    from rules.hosts import read_file, read_user_data

    init = mapping(child(mapping(child(resource.node, "Metadata")), "AWS::CloudFormation::Init"))
    for entry in init.entries if init else ():
        config = mapping(entry.value)
        files = mapping(child(config, "files"))
        for file in files.entries if files else ():
            content = child(mapping(file.value), "content")
            table = script_text(content)
            if content is not None and table is not None and key_text(file) == "/etc/fstab":
                yield Script(resource.name, read_file("/etc/fstab", table, parse_yaml), certain=True, node=content)
        commands = mapping(child(config, "commands"))
        for command in commands.entries if commands else ():
            written = child(mapping(command.value), "command")
            line = script_text(written)
            if written is not None and line is not None:
                does = read_user_data(Text((_SHEBANG, *line.parts)), parse_yaml)
                yield Script(resource.name, does, certain=True, node=written, lines_before=1)


def line_of(script: Node, line: int, document: Document) -> int:
    """The line of the document, from 1, on which a line of a script stands; where that cannot be counted (a folded
    text), the line on which the part that holds it begins."""
    first = document.line_column(script.start)[0]
    for part, following in _parts(script, [_MOST_PARTS]):
        first = document.line_column(part.start)[0]
        breaks = part.text.count("\n") + following
        if line <= breaks + (not following and not part.text.endswith("\n")):
            return first + line if part.style == "|" else first
        line -= breaks
    return first


def _parts(node: Node, left: list[int]) -> Iterator[tuple[Scalar, int]]:
    """The scalars that make up a script, in order, each with the number of newlines that a separator adds to it."""
    left[0] -= 1
    if left[0] < 0:
        return
    name, argument = intrinsics.call(node) or ("", node)
    found = resolve(argument)
    if isinstance(found, Scalar):
        yield found, 0
    elif name == "Fn::Join" and isinstance(found, Sequence) and len(found.items) == 2:
        separator, listed = map(resolve, found.items)
        newlines = separator.text.count("\n") if isinstance(separator, Scalar) else 0
        for item in listed.items if isinstance(listed, Sequence) else ():
            parts = list(_parts(item, left))
            yield from parts[:-1]
            yield from ((part, newlines) for part, _ in parts[-1:])
    elif argument is not resolve(node):
        yield from _parts(argument, left)
    elif isinstance(found, Sequence):  # Fn::Sub: the text stands first
        yield from _parts(found.items[0], left) if found.items else ()


def script_text(node: Node | None) -> Text | None:
    """A script as a text: what is no text in it (a mapping's value, an import) is one reference each."""
    if node is None:
        return None
    called = intrinsics.call(node)
    if called is not None and called[0] == "Fn::Base64":
        argument = called[1]
        if argument is resolve(node):  # tagged, and no function inside
            return Text.of(argument.text) if isinstance(argument, Scalar) else None
        return script_text(argument)
    return intrinsics.as_text(node, opaque=True)


def parse_yaml(body: str) -> object:
    """Plain lists, dictionaries and scalars of a YAML text. Raises ValueError."""
    try:
        document = parse(body, json=False)
    except SyntaxProblem as problem:
        raise ValueError(problem.cause) from None
    left = [_MOST_PARTS]
    return _plain(document.roots[0], left) if document.roots else None


def _plain(node: Node, left: list[int]) -> object:
    left[0] -= 1
    if left[0] < 0:
        raise ValueError("too many parts")
    match resolve(node):
        case Scalar() as scalar:
            return literal(scalar)
        case Sequence() as sequence:
            return [_plain(item, left) for item in sequence.items]
        case Mapping() as found:
            return {key_text(entry): _plain(entry.value, left) for entry in found.entries}
        case _:
            raise ValueError("an alias that contains itself")
