"""Reads everything that a template's instances run at start, each set of instances as one host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.resources import Resources
from migrate.dialects.cloudformation.running.associations import Associations
from migrate.dialects.cloudformation.running.init_metadata import read_inits
from migrate.dialects.cloudformation.running.script_text import script
from migrate.dialects.common.user_data import Passages, Script
from migrate.syntax.node import Node
from rules.model import Text

if TYPE_CHECKING:
    from rules.hosts import Boot, Init

_ENCODED = re.compile(r"[A-Za-z0-9+/\s]{16,}+={0,2}\s*")
_STARTING = ("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance")
"""The types of resources that start instances from a launch template or configuration."""


class InstanceScripts:
    """The scripts of a template's instances: user data, the metadata that cfn-init is called for, and the associations
    of Systems Manager."""

    def __init__(self, template: Resources) -> None:
        self._template = template
        self._passages = Passages()
        self._associations = Associations(template, self._passages)

    def of(self, resource: Resource, node: Node | None) -> Iterator[Script]:
        """The scripts of the instances that are started from a resource, whose user data is `node`: one for each arm of
        that."""
        arms = [
            (_unpacked(text), arm, not conditions)
            for conditions, arm in intrinsics.arms(node)
            if (text := script(arm, self._template.identities)) is not None
        ]
        boot = self._boot(resource, hidden=node is not None and not arms)
        if not arms and boot is not None and any(boot.passages):
            arms = [(Text(()), node or resource.node, True)]
        for text, arm, certain in arms:
            origin = "line {line} of its user data"
            yield Script(text, arm, certain, origin=origin, boot=boot, passages=self._passages)

    def _boot(self, resource: Resource, *, hidden: bool) -> Boot | None:
        """Everything that the instances may run beside their user data; None if there is nothing."""
        starting = self._starting.get(resource.name, [])
        inits, associations = self._inits, self._associations.of(resource, starting)
        if not inits and not associations:
            return None
        from rules.hosts import Boot

        own = (resource.name, *(r.name for r in starting))
        return Boot(inits, tuple(name for name in own if name in inits), associations=associations, hidden=hidden)

    @cached_property
    def _inits(self) -> dict[str, Init]:
        return read_inits(self._template, self._passages)

    @cached_property
    def _starting(self) -> dict[str, list[Resource]]:
        """Maps each launch template and configuration to the groups and instances that are started from it."""
        found: dict[str, list[Resource]] = {}
        for name, resource in self._template.of_type(*_STARTING):
            for mentioned in self._template.mentions(name):
                found.setdefault(mentioned, []).append(resource)
        return found


def _unpacked(text: Text) -> Text:
    """User data without the encoding in which it may be written; `Fn::Base64` adds that to a plain text."""
    written = text.literal
    if written is None or not _ENCODED.fullmatch(written):
        return text
    from rules.hosts.archive import decoded

    return Text.of(decoded(written, "base64"))
