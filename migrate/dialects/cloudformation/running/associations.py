"""Reads the associations of Systems Manager that run scripts on a template's instances.

Sources: CloudFormation resource reference, `AWS::SSM::Association` and `AWS::SSM::Document`; Systems Manager user guide,
"Command document plugin reference" (`aws:runShellScript`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import target
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.resources import Resources
from migrate.dialects.cloudformation.running.script_text import script
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.user_data import Passages
from migrate.dialects.common.values import child, items, mapping, text, truth
from migrate.syntax.node import Mapping, Node
from rules.model import Ref, Text

if TYPE_CHECKING:
    from rules.hosts import Association, Passage

_ASSOCIATION, _DOCUMENT = "AWS::SSM::Association", "AWS::SSM::Document"
_RUN_SHELL = "AWS-RunShellScript"
_PLUGIN = "aws:runShellScript"
_MANAGED = re.compile(r"(?:AWS|Amazon)[A-Za-z]*-")
"""The names of documents that AWS makes."""
_RUNS_CODE = re.compile(r"Script|Ansible|Chef|Salt|Document|Puppet")
"""Those of them that run what their parameters name."""
_PATCHES = re.compile(r"\bAWS-RunPatchBaseline")
"""Those that install patches, and restart the instance if a patch needs it. Source: Systems Manager user guide, "SSM
Command documents for patching managed nodes" (`Operation`, `RebootOption`)."""
_CONCERNS_MOUNTS = re.compile(r"mount|fstab|\befs\b|nfs", re.IGNORECASE)
_PARAMETER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


@dataclass(frozen=True)
class _Read:
    """An association whose scripts are read; they are None if it runs something that the template does not show."""

    name: str
    properties: Mapping
    scripts: tuple[Passage, ...] | None
    directory: Text | None


class Associations:
    """The associations of a template."""

    def __init__(self, template: Resources, passages: Passages) -> None:
        self.template = template
        self.passages = passages

    def of(self, resource: Resource, starting: Sequence[Resource]) -> tuple[Association, ...]:
        """The associations that run on the instances of a resource, which the resources `starting` may start, too."""
        return tuple(self._of(resource, starting))

    def _of(self, resource: Resource, starting: Sequence[Resource]) -> Iterator[Association]:
        from rules.hosts import Association

        for read in self._all:
            if read.scripts == ():
                continue
            hit = _targets(read.properties, resource, starting)
            if hit is False:
                continue
            doubt = ""
            if hit is None:
                doubt = f"it is not certain that association {read.name} targets it"
            elif truth(child(read.properties, "ApplyOnlyAtCronInterval")):
                doubt = f"association {read.name} runs on its schedule only"
            elif read.scripts is None:
                doubt = f"association {read.name} runs what this template does not show"
            yield Association(read.scripts or (), read.directory, doubt, hidden=read.scripts is None)

    @cached_property
    def _all(self) -> list[_Read]:
        return [self._read(name, resource.properties) for name, resource in self.template.of_type(_ASSOCIATION)]

    @cached_property
    def _by_given_name(self) -> dict[str, Resource]:
        documents = self.template.of_type(_DOCUMENT)
        return {given: resource for _, resource in documents if (given := text(child(resource.properties, "Name")))}

    def _read(self, name: str, properties: Mapping) -> _Read:
        named = intrinsics.value(child(properties, "Name"))
        literal = named.literal if named is not None else None
        document = self.template.get(target(named)) or self._by_given_name.get(literal or "")
        written = mapping(child(properties, "Parameters"))
        parameters = {key_text(e): e.value for e in written.entries} if written is not None else {}
        if document is not None and document.type == _DOCUMENT:
            return self._run(name, properties, document, parameters)
        if literal is not None and literal.rpartition("/")[2] == _RUN_SHELL:
            script = self._script(parameters.get("commands"), {})
            directory = self._lines(parameters.get("workingDirectory"))
            passages = (self._passage(script, parameters["commands"], name),) if script is not None else None
            return _Read(name, properties, scripts=passages, directory=directory)
        if literal is not None and _PATCHES.search(literal) and _restarts(parameters):
            passage = self._passage(Text.decode("reboot"), properties, name)
            return _Read(name, properties, scripts=(passage,), directory=None)
        own = literal is not None and _MANAGED.match(literal) and not _RUNS_CODE.search(literal)
        concerns = not own and _CONCERNS_MOUNTS.search(self.template.body, properties.start, properties.end)
        return _Read(name, properties, scripts=None if concerns else (), directory=None)

    def _run(self, name: str, properties: Mapping, document: Resource, given: dict[str, Node]) -> _Read:
        """An association with a document of this template."""
        content = mapping(child(document.properties, "Content"))
        declared = mapping(child(content, "parameters"))
        values = {
            key_text(entry): value
            for entry in (declared.entries if declared is not None else ())
            if (value := self._lines(given.get(key_text(entry), child(mapping(entry.value), "default"))))
        }
        passages: list[Passage] = []
        directory = None
        for inputs in _steps(content):
            node = child(inputs, "runCommand")
            script = self._script(node, values)
            if script is not None and node is not None:
                passages.append(self._passage(script, node, name))
            directory = self._script(child(inputs, "workingDirectory"), values) or directory
        if content is None and _CONCERNS_MOUNTS.search(self.template.body, document.node.start, document.node.end):
            return _Read(name, properties, scripts=None, directory=None)
        return _Read(name, properties, scripts=tuple(passages), directory=directory)

    def _passage(self, script: Text, node: Node, name: str) -> Passage:
        return self.passages.add(script, node, f"line {{line}} of association {name}")

    def _lines(self, node: Node | None) -> Text | None:
        """The text of a string, or of a list of lines."""
        if node is None:
            return None
        parts: list[str | Ref] = []
        for number, line in enumerate(items(node) or [node]):
            found = script(line, self.template.identities)
            parts += ["\n"] if number else []
            parts += found.parts if found is not None else [Ref("${?}")]
        return intrinsics.merge(parts)

    def _script(self, node: Node | None, values: dict[str, Text]) -> Text | None:
        """The lines of a script, in which the document's parameters have their values."""
        found = self._lines(node)
        if found is None or not values:
            return found
        parts: list[str | Ref] = []
        for part in found.parts:
            if isinstance(part, Ref):
                parts.append(part)
                continue
            at = 0
            for tag in _PARAMETER.finditer(part):
                value = values.get(tag[1])
                parts += [part[at : tag.start()], *(value.parts if value is not None else (Ref(tag[0]),))]
                at = tag.end()
            parts.append(part[at:])
        return intrinsics.merge(parts)


def _restarts(parameters: dict[str, Node]) -> bool:
    """Whether the document for patches may restart the instance when it is given these parameters."""
    given = {name: [text(node) for node in items(value) or [value]] for name, value in parameters.items()}
    return given.get("Operation") != ["Scan"] and given.get("RebootOption") != ["NoReboot"]


def _steps(content: Mapping | None) -> Iterator[Mapping | None]:
    """The inputs of the steps of a document that run a shell script."""
    for step in items(child(content, "mainSteps")) or ():
        if text(child(mapping(step), "action")) == _PLUGIN:
            yield mapping(child(mapping(step), "inputs"))
    plugin = mapping(child(mapping(child(content, "runtimeConfig")), _PLUGIN))  # schema version 1.2
    for properties in items(child(plugin, "properties")) or ():
        yield mapping(properties)


# -- targets ----------------------------------------------------------------------------------------------------------


def _targets(properties: Mapping, resource: Resource, starting: Sequence[Resource]) -> bool | None:
    """Whether an association targets the instances of a resource; None if that is not certain."""
    one = child(properties, "InstanceId")
    if one is not None:
        return _is_instance([one], resource, starting)
    listed = items(child(properties, "Targets"))
    if not listed:
        return None
    hits = [_hit(mapping(node), resource, starting) for node in listed]
    return False if False in hits else None if None in hits else True


def _hit(wanted: Mapping | None, resource: Resource, starting: Sequence[Resource]) -> bool | None:
    key = text(child(wanted, "Key")) or ""
    values = items(child(wanted, "Values"))
    if values is None:
        return None
    if key.lower() == "instanceids":
        return _is_instance(values, resource, starting)
    name = key.removeprefix("tag:")
    if name == key:
        return None
    sources = [intrinsics.value(value) for value in values]
    wanted_values = {value.source if value is not None else "?" for value in sources}
    own = [resource, *starting]
    if name == "aws:autoscaling:groupName":
        groups = {target(value) for value in sources}
        return True if groups & {r.name for r in starting} else None
    if name in ("aws:cloudformation:stack-name", "aws:cloudformation:stack-id"):
        return True if wanted_values & {"${AWS::StackName}", "${AWS::StackId}"} else None
    if name == "aws:cloudformation:logical-id":
        return bool(wanted_values & {r.name for r in own})
    certain = True
    for owner in own:
        tags, known = _tags(owner)
        if name in tags:
            return tags[name] in wanted_values or (
                None if any("${" in v for v in wanted_values | {tags[name]}) else False
            )
        certain = certain and known
    return False if certain else None


def _is_instance(values: list[Node], resource: Resource, starting: Sequence[Resource]) -> bool | None:
    if any(text(value) == "*" for value in values):
        return True
    names = [target(intrinsics.value(value)) for value in values]
    if resource.name in names or any(r.name in names and r.type == "AWS::EC2::Instance" for r in starting):
        return True
    return None if "" in names else False


def _tags(resource: Resource) -> tuple[dict[str, str], bool]:
    """The tags that a resource gives its instances, and whether these are all."""
    written = child(resource.properties, "Tags")
    if resource.type == "AWS::EC2::LaunchTemplate":
        data = mapping(child(resource.properties, "LaunchTemplateData"))
        specifications = items(child(data, "TagSpecifications")) or ()
        of_instances = [s for s in map(mapping, specifications) if text(child(s, "ResourceType")) == "instance"]
        written = child(of_instances[0], "Tags") if of_instances else None
    found: dict[str, str] = {}
    known = written is None or items(written) is not None
    for node in items(written) or ():
        tag = mapping(node)
        key, value = text(child(tag, "Key")), intrinsics.value(child(tag, "Value"))
        if key is None or value is None:
            known = False
        elif truth(child(tag, "PropagateAtLaunch")) is not False:
            found[key] = value.source
    return found, known
