"""Reads the `AWS::CloudFormation::Init` metadata of a template's resources, for which cfn-init is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.resources.resources import Resources
from migrate.dialects.cloudformation.running.script_text import script
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.user_data import Passages
from migrate.dialects.common.values import child, mapping, text, truth
from migrate.syntax.node import Entry, Mapping, Node
from rules.model import Text

if TYPE_CHECKING:
    from rules.hosts import Init, InitCommand, InitConfig, InitFile, InitService

METADATA = "AWS::CloudFormation::Init"
_SETS = "configSets"
_INCLUDE = "Fn::Transform"
"""The key under which a template includes another file."""
_MOST_PASSAGES = 5_000
"""The largest number of texts that are read before the rest of the metadata counts as unknown."""
_MANAGERS = ("sysvinit", "systemd")


def read_inits(template: Resources, passages: Passages) -> dict[str, Init]:
    """The metadata by the logical ID of the resource that has it."""
    found = {name: _written(child(r.node, "Metadata")) for name, r in template.resources.items()}
    return {name: _InitReader(template, name, passages).read(node) for name, node in found.items() if node is not None}


def _written(metadata: Node | None) -> Node | None:
    """The metadata for cfn-init within all metadata of a resource. It may also be in metadata that cannot be read."""
    known = mapping(metadata)
    return metadata if known is None else child(known, METADATA)


class _InitReader:
    """Reads the metadata of one resource."""

    def __init__(self, template: Resources, resource: str, passages: Passages) -> None:
        self.template = template
        self.resource = resource
        self.passages = passages

    def read(self, written: Node) -> Init:
        """The configs and config sets that the metadata holds."""
        from rules.hosts import WITHOUT_SETS, Init

        node = mapping(written)
        if node is None or self.passages.count > _MOST_PASSAGES:  # aliases can multiply the parts of a small file
            return Init(self.resource, {}, {}, hidden=True)
        configs = {
            key_text(e): self.config(mapping(e.value)) for e in node.entries if key_text(e) not in (_SETS, _INCLUDE)
        }
        sets: dict[str, tuple[str | None, ...]] | None = {**WITHOUT_SETS}
        if (listed := child(node, _SETS)) is not None:
            named = mapping(listed)
            sets = {key_text(e): tuple(_members(e.value)) for e in named.entries} if named is not None else None
        return Init(self.resource, configs, sets or {}, hidden=sets is None or child(node, _INCLUDE) is not None)

    def config(self, node: Mapping | None) -> InitConfig:
        """One config."""
        from rules.hosts import InitConfig

        if node is None:
            return InitConfig(hidden=True)
        read = ("files", "commands", "services")
        hidden = any(
            key_text(e) == _INCLUDE or (key_text(e) in read and mapping(e.value) is None) for e in node.entries
        )
        return InitConfig(
            tuple(file for entry in _entries(node, "files") for file in self.files(entry)),
            tuple(command for entry in _entries(node, "commands") for command in self.commands(entry)),
            tuple(self.services(mapping(child(node, "services")))),
            hidden=hidden,
        )

    def files(self, entry: Entry) -> Iterator[InitFile]:
        """A file, once for each arm of its content."""
        from rules.hosts import InitFile

        path = Text.of(key_text(entry))
        origin = f"line {{line}} of {path.source} in {self.resource}'s {METADATA}"
        for outer, node in intrinsics.arms(entry.value):
            file = mapping(node)
            context = mapping(child(file, "context"))
            values = {key_text(e): t for e in context.entries if (t := self.text(e.value))} if context else None
            written = intrinsics.arms(child(file, "content"))
            for inner, arm in written or [((), node)]:
                content = self.text(arm) if written else None
                yield InitFile(
                    path,
                    self.passages.add(content, arm, origin) if content is not None else None,
                    self.passages.reserve(node, origin),
                    mode=text(child(file, "mode")) or "",
                    encoded=text(child(file, "encoding")) == "base64",
                    context=values,
                    sure=not (outer or inner),
                )

    def commands(self, entry: Entry) -> Iterator[InitCommand]:
        """A command, once for each arm of it."""
        from rules.hosts import InitCommand

        name = key_text(entry)
        origin = f"command {name} of {self.resource}'s {METADATA}"
        for outer, node in intrinsics.arms(entry.value):
            command = mapping(node)
            test = child(command, "test")
            environment = mapping(child(command, "env"))
            values = [(key_text(e), self.text(e.value)) for e in environment.entries] if environment else []
            for inner, arm in intrinsics.arms(child(command, "command")):
                listed = intrinsics.members(arm)
                words = [(inner, arm)] if listed is None else listed
                known = [(t, word) for _, word in words if (t := self.text(word)) is not None]
                if not known:
                    continue
                run_if = self.text(test) if test is not None else None
                unknown = test is not None and run_if is None
                yield InitCommand(
                    name,
                    tuple(self.passages.add(t, word, origin) for t, word in known),
                    shell=listed is None,
                    test=self.passages.add(run_if, test, f"the test of {origin}") if run_if and test else None,
                    cwd=self.text(child(command, "cwd")),
                    environment={key: value for key, value in values if value is not None},
                    ignores_errors=truth(child(command, "ignoreErrors")) or False,
                    sure=not (outer or inner or unknown or any(conditions for conditions, _ in words)),
                )

    def services(self, node: Mapping | None) -> Iterator[InitService]:
        """The services that are started or enabled, and those that are stopped or disabled."""
        from rules.hosts import InitService

        for manager in node.entries if node is not None else ():
            listed = mapping(manager.value)
            for entry in listed.entries if listed is not None and key_text(manager) in _MANAGERS else ():
                service = mapping(entry.value)
                wanted = [truth(child(service, key)) for key in ("enabled", "ensureRunning")]
                line = self.passages.reserve(entry.value, f"service {key_text(entry)} of {self.resource}'s {METADATA}")
                if True in wanted or False in wanted:
                    yield InitService(key_text(entry), wanted=True in wanted, line=line)

    def text(self, node: Node | None) -> Text | None:
        """The text of a node, with file systems named as in volumes."""
        return script(node, self.template.identities)


def _entries(config: Mapping, section: str) -> list[Entry]:
    found = mapping(child(config, section))
    return found.entries if found is not None else []


def _members(node: Node) -> Iterator[str | None]:
    """The members of a config set, as `Init.sets` holds them."""
    for conditions, item in intrinsics.items_with_conditions(node):
        nested = mapping(item)
        name = text(child(nested, "ConfigSet") if nested is not None else item)
        yield None if conditions or name is None else f":{name}" if nested is not None else name
