"""The facts in a template that matter to other files of the repository: the mounts of its instances, the file systems
that it exports, and the stacks that it nests with the parameters passed to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.cloudformation.running.instances import InstanceMount, instance_mounts
from migrate.dialects.cloudformation.running.script_text import line_of
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, mapping
from migrate.syntax import Document
from rules.model import Ref, Text, Value

_EXPORT_NAME = re.compile(r"[A-Za-z0-9:-]+")
_LITERAL_ID = re.compile(r"fs-[0-9a-f]{8,40}")
_IMPORT = "!ImportValue "
_STACKS = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
"""The resource types that nest a template, and the property that holds its location."""


@dataclass(frozen=True, slots=True)
class ToldMount:
    """A mount on the template's instances, for templates whose tasks may run there. Paths are coded (`Text.coded`)."""

    host_path: str
    directory: str
    is_nfs: bool
    source: str
    """The file system or NFS server, as the template writes it."""
    resource: str
    """The logical ID of the resource that starts the instances."""
    line: int
    """The line of the mount in the file, from 1."""
    id: str | None
    """The file system as any other template can write it (an ID or `!ImportValue`); None if they cannot name it."""
    export: str | None
    """The export's name if it holds expressions, so that other templates cannot know it; else None."""


@dataclass(frozen=True, slots=True)
class NestedStack:
    """A stack nested in a template: the template that it names, and its parameters as they are written."""

    name: str
    """The logical ID of the stack."""
    template: Text
    """The location of the nested template: a path or URL."""
    parameters: dict[str, str]
    """The source of each value that is passed, by parameter."""


@dataclass(frozen=True, slots=True)
class Told:
    """The facts that one file tells other files. `outputs` maps each value to the names of the outputs that have it."""

    mounts: tuple[ToldMount, ...]
    outputs: dict[str, tuple[str, ...]]
    stacks: tuple[NestedStack, ...]


def told(document: Document) -> Told:
    """The mounts, outputs and nested stacks of all templates in a document."""
    mounts: list[ToldMount] = []
    outputs: dict[str, tuple[str, ...]] = {}
    stacks: list[NestedStack] = []
    write = intrinsics.writer(short=True)  # required to read a template; nothing is written here
    for index, root in enumerate(document.roots):
        template = Template.of(root, index, document.text, write=write)
        if template is None:
            continue
        exports = _exports(template)
        mounts += (
            told for made in instance_mounts(template) if (told := _mount(made, exports, template, document=document))
        )
        stacks += _stacks(template)
        for name, node in template.outputs.items():
            value = _source(template.identities.value(child(mapping(node), "Value")))
            outputs[value] = (*outputs.get(value, ()), name)
    return Told(tuple(mounts), outputs, tuple(stacks))


def _mount(made: InstanceMount, exports: dict[str, str], template: Template, document: Document) -> ToldMount | None:
    """The mount as other files see it; None if its path is not known outside of the template."""
    host_path = _with_defaults(made.host_path, template)
    if not host_path.startswith("/"):
        return None
    source = _source(made.named) or made.server
    export = exports.get(source)
    known = _shared_name(source) if export is None else f"{_IMPORT}{export}" if _EXPORT_NAME.fullmatch(export) else None
    at = made.script.at(made.line)
    line = line_of(at.node, at.line, document)
    unknown = export if known is None else None
    return ToldMount(
        host_path,
        made.directory,
        made.is_nfs,
        source=source,
        resource=made.resource,
        line=line,
        id=known,
        export=unknown,
    )


def _shared_name(source: str) -> str | None:
    """The file system as every template can write it: a literal ID, or a literal import. None if it is neither."""
    imported = source.removeprefix(_IMPORT)
    known = _LITERAL_ID.fullmatch(source) or (imported != source and _EXPORT_NAME.fullmatch(imported))
    return source if known else None


def _with_defaults(path: str, template: Template) -> str:
    """A coded path in which parameters have their defaults. A stack may pass other values, so the result is good enough
    for a question to the user, but not for an edit."""
    parts: list[str | Ref] = []
    for part in Text.decode(path).parts:
        name = part.source[2:-1] if isinstance(part, Ref) else ""
        default = intrinsics.value(child(mapping(template.parameters.get(name)), "Default"))
        parts.append(default.literal or part if default is not None else part)
    return intrinsics.merge(parts).coded


def _source(value: Value | None) -> str:
    return value.source if value is not None else ""


def _exports(template: Template) -> dict[str, str]:
    """Maps each exported value to the name of its first export, as it is written."""
    found: dict[str, str] = {}
    for node in template.outputs.values():
        output = mapping(node)
        name = intrinsics.value(child(mapping(child(output, "Export")), "Name"))
        value = _source(template.identities.value(child(output, "Value")))
        if name is not None and value:
            found.setdefault(value, name.source)
    return found


def _stacks(template: Template) -> Iterator[NestedStack]:
    """The stacks that the template nests with parameters."""
    for name, resource in template.of_type(*_STACKS):
        url = intrinsics.value(child(resource.properties, _STACKS[resource.type]))
        passed = mapping(child(resource.properties, "Parameters"))
        if isinstance(url, Text) and passed is not None:
            values = ((key_text(entry), template.identities.value(entry.value)) for entry in passed.entries)
            yield NestedStack(name, url, {parameter: _source(value) for parameter, value in values if value})
