"""Volume configurations in a template outside of the task definitions that this tool edits, with explanations.

A word of a volume that has no explanation here stays unread, and is reported as unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.resources import LOOP
from migrate.dialects.common.nodes import Way, key_text, way_to
from migrate.dialects.common.values import child, items, mapping, text
from migrate.dialects.dialect import Unread
from migrate.syntax import Document
from migrate.syntax.node import Entry, Mapping, Node

_TASKS = ("AWS::ECS::TaskDefinition", "AWS::Batch::JobDefinition")
_TEMPLATE = re.compile(r"AWS::(?:ECS::TaskDefinition|Batch::JobDefinition)")
_REGISTERS = re.compile(r"register[_-]?(?:task|job)[_-]?definition", re.IGNORECASE)
_DEFINITION = re.compile(r"container[_-]?(?:definitions|properties)", re.IGNORECASE)
_CONFIGURATION = re.compile(r"(efs|docker)[_-]?volume[_-]?configuration", re.IGNORECASE)
_DECLARED = "AWS::ECS::TaskDefinition, which has had EFS volumes since August 2020"
_NAMES = ("Parameters", "Conditions", "Mappings", "Outputs", "Rules", "Variables")
"""The sections whose keys are names that the author chose, at any depth."""


@dataclass(frozen=True)
class HiddenPlace:
    """A place in a template where a volume is defined that this tool cannot edit."""

    root: int
    """The index of the document root that it lies in."""
    resource: str
    """The logical ID of the resource that it is part of."""
    what: str
    """A sentence for the report: what the place is, and why it is not edited."""
    advice: str
    """The advice for the report: a change that lets the tool edit the volume."""


def places(document: Document, found: Iterable[Unread]) -> Iterator[tuple[Unread, HiddenPlace | None]]:
    """The unread words that can be explained, each with its place. The place is None for a name that the author chose,
    and for a word in a property that was explained before."""
    seen: set[tuple[object, ...]] = set()
    for word in found:
        way, scalar = way_to(document, word.offset)
        keys = [key_text(node.entries[i]) if isinstance(node, Mapping) else "" for node, i in way]
        if scalar is None or not keys:
            continue
        holder, index = way[-1]
        is_key = isinstance(holder, Mapping) and holder.entries[index].key is scalar
        if is_key and (len(keys) == 1 or keys[-2] in _NAMES or (len(keys) == 2 and keys[0] == "Resources")):
            yield word, None
        elif (
            keys[0] == "Resources"
            and len(keys) > 1
            and (explained := _explain(document, way, keys, word=word, is_key=is_key))
        ):
            # A script may be a list of lines with several such words: it is one place.
            identity = (id(scalar),) if is_key else (id(way[0][0]), *keys[:4])
            root = next(i for i, node in enumerate(document.roots) if node is way[0][0])
            yield word, HiddenPlace(root, keys[1], *explained) if identity not in seen else None
            seen.add(identity)


def unread_volumes(resource: Resource) -> Iterator[tuple[Node, str, str]]:
    """The places in a task definition where an expression gives volumes, or the storage of one, so that they cannot be
    seen: each node with an explanation and advice (see `HiddenPlace`)."""
    properties = resource.properties
    written = child(properties, "Volumes")
    advice = "write the volumes out (conditions may choose among them), or migrate them where they are kept"
    for node, subject in _given(written):
        called = intrinsics.call(node)
        if called is not None:
            yield node, f"{subject} comes from {called[0]}, and what it gives cannot be seen", advice
    if (macro := _macro(properties)) is not None and written is None and _mounts_volumes(properties):
        yield (
            macro.key,
            f"{key_text(macro)} adds to the properties, and the volumes that are mounted cannot be seen",
            advice,
        )


def _given(written: Node | None) -> Iterator[tuple[Node, str]]:
    """The list of volumes, its items, and their host and Docker storage, under any condition, each with its name."""
    for _, listed in intrinsics.arms(written):
        yield listed, "Volumes"
        for item in items(listed) or () if intrinsics.call(listed) is None else ():
            for _, volume in intrinsics.arms(item):
                yield volume, "an item of Volumes"
                if intrinsics.call(volume) is not None:
                    continue
                for key in ("Host", "DockerVolumeConfiguration"):
                    for _, storage in intrinsics.arms(child(mapping(volume), key)):
                        yield storage, f"{key} of volume {text(child(mapping(volume), 'Name')) or 'without a name'}"


def _macro(properties: Mapping) -> Entry | None:
    return next((entry for entry in properties.entries if key_text(entry) == "Fn::Transform"), None)


def _mounts_volumes(properties: Mapping) -> bool:
    """Whether a container mounts a volume, as far as can be seen."""
    containers = intrinsics.each(child(properties, "ContainerDefinitions"))
    return containers is None or any(
        mapping(point) is not None and child(mapping(point), "SourceVolume") is not None
        for container in containers
        for point in intrinsics.each(child(mapping(container), "MountPoints")) or ()
    )


def _explain(document: Document, way: Way, keys: list[str], word: Unread, is_key: bool) -> tuple[str, str] | None:
    """The explanation of a word in a resource (what holds it, and advice), or None if there is none."""
    if is_key and not _is_of_a_volume(keys):
        return None
    if loop := next((key for key in keys if key.startswith(LOOP)), None):
        return (
            f"{word.word} stands in {loop}: one text makes several resources, and what each becomes is not edited",
            "write the task definitions out, or migrate the body by hand: an access point for each needs a loop of its own",
        )
    kind = text(child(mapping(_value(way, 1)), "Type")) or ""
    if is_key and kind in _TASKS:
        return _explain_misplaced(way, keys, word)
    if is_key and (kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"):
        return (
            f"{word.word} is a property of a custom resource, whose code decides what becomes of it",
            f"replace the custom resource by {_DECLARED}",
        )
    return _explain_text(_source(document, way), _property(keys), word, is_key=is_key)


def _explain_text(source: str, name: str, word: Unread, is_key: bool) -> tuple[str, str] | None:
    """The explanation of a word in the property `name`, judged by the property's source; None if there is none."""
    if not is_key and _TEMPLATE.search(source):
        return (
            f"{name} is a template with {word.word} inside a string, which is not edited",
            "keep it as a file of its own (TemplateURL; `aws cloudformation package` uploads it), and migrate that",
        )
    if _REGISTERS.search(source):
        return (
            f"{name} registers a task definition with {word.word} by itself, and code is not edited",
            f"declare the task definition as {_DECLARED}",
        )
    if not is_key and _DEFINITION.search(source):
        return (
            f"{name} is a task definition with {word.word} inside a string, which is not edited",
            "keep it as a file of its own, and migrate that",
        )
    return None


def _is_of_a_volume(keys: list[str]) -> bool:
    """Whether the last key is a volume's configuration, or a member of its `Host`. `SourcePath` alone is not enough,
    since other things have one, too."""
    return _CONFIGURATION.fullmatch(keys[-1]) is not None or (len(keys) > 1 and keys[-2].lower() == "host")


def _explain_misplaced(way: Way, keys: list[str], word: Unread) -> tuple[str, str]:
    """The explanation of a volume configuration that lies in a task definition, but in none of its volumes."""
    called = next((found for node, _ in way[2:] if (found := intrinsics.call(node))), None)
    if called is not None and called[0] == "Fn::Transform":
        return (
            f"{word.word} is given to a macro, and what it makes of it cannot be seen",
            "migrate what the macro produces, or the macro",
        )
    path = ".".join(key for key in keys[2:-1] if key and not key.startswith("Fn::"))
    if called is not None:
        return (
            f"{word.word} stands in {called[0]} at {path}, whose result is not edited",
            "let conditions choose among lists of volumes, among volumes, or among a volume's configurations",
        )
    volumes = mapping(_value(way, 3)) if keys[3:4] == ["Volumes"] else None
    if volumes is not None:
        return (
            f"{word.word} stands in Volumes, which is a mapping here where CloudFormation takes a list",
            "write each volume as an item of the list, with its Name",
        )
    return (
        f"{word.word} stands in {path}, where the resource has no such property",
        "a volume's configuration belongs into an item of Volumes, beside its Name",
    )


def _property(keys: list[str]) -> str:
    """The name of the property that a word stands in, for messages: the innermost key that is no intrinsic function."""
    named = [key for key in keys[3:] if key and not key.startswith("Fn::")]
    return named[-1] if named else keys[-1] or "a property"


def _source(document: Document, way: Way) -> str:
    """The source text of the resource's property that a place lies in."""
    node = _value(way, min(3, len(way) - 1))
    return document.text[node.start : node.end] if node is not None else ""


def _value(way: Way, depth: int) -> Node | None:
    """The node that a way (the steps from the document's root) leads to at a depth; None if the way is shorter."""
    if depth >= len(way):
        return None
    node, index = way[depth]
    return node.entries[index].value if isinstance(node, Mapping) else node.items[index]
