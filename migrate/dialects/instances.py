"""What a template's instances mount: user data of launch configurations, launch templates and instances, and
`AWS::CloudFormation::Init`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from migrate.dialects import intrinsics
from migrate.dialects.reading import key_text
from migrate.dialects.resources import Resource, Template
from migrate.dialects.values import child, mapping
from migrate.syntax import SyntaxProblem, literal, parse, resolve
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


def with_mounts(template: Template, stack: Stack) -> Stack:
    """The stack with what the template's instances mount."""
    mounts: list[HostMount] = []
    owners: list[Owner] = []
    for name, resource in template.of_type(*_USER_DATA):
        for certain, script in _scripts(resource):
            mounts += _mounts(script, certain, name, template)
            owners += _owners(script)
    return replace(
        stack,
        host_mounts=(*stack.host_mounts, *mounts),
        owners=(*stack.owners, *owners),
    )


def _mounts(script: HostScript, certain: bool, name: str, template: Template) -> Iterator[HostMount]:
    for mount in script.mounts:
        doubt = None
        if not (certain and mount.certain):
            doubt = f"whether {name} mounts it depends on a condition (line {mount.line} of its user data)"
        file_system = mount.file_system
        if file_system is not None and not _is_nameable(file_system, template):
            file_system = None
        yield HostMount(mount.host_path, file_system, mount.directory, mount.options, mount.server, mount.region, doubt)
    for other in script.others:
        yield HostMount(other.host_path, None, "/", is_nfs=False)


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


def _scripts(resource: Resource) -> Iterator[tuple[bool, HostScript]]:
    """What a resource's scripts do, and whether they are there whatever the conditions."""
    # Most templates define no instance, and reading scripts takes 40 ms to import.
    from rules.hosts import read_file, read_user_data

    node: Node | None = resource.properties
    for name in _USER_DATA[resource.type]:
        node = child(mapping(node), name)
    arms = intrinsics.arms(node)
    for conditions, arm in arms:
        if (script := script_text(arm)) is not None:
            yield not conditions, read_user_data(script, parse_yaml)
    init = mapping(child(mapping(child(resource.node, "Metadata")), "AWS::CloudFormation::Init"))
    for entry in init.entries if init else ():
        config = mapping(entry.value)
        files = mapping(child(config, "files"))
        for file in files.entries if files else ():
            content = script_text(child(mapping(file.value), "content"))
            if content is not None and key_text(file) == "/etc/fstab":
                yield True, read_file("/etc/fstab", content, parse_yaml)
        commands = mapping(child(config, "commands"))
        for command in commands.entries if commands else ():
            line = script_text(child(mapping(command.value), "command"))
            if line is not None:
                yield True, read_user_data(Text(("#!/bin/sh\n", *line.parts)), parse_yaml)


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
