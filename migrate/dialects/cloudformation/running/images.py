"""Reads the machine images (AMIs) of a template's instances: the names that `ImageId` or a parameter gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.common.values import child, mapping, text
from migrate.syntax.node import Node, Scalar
from rules.model import Image, Key, Opaque, Ref, Text, Value

# CloudFormation resolves `{{resolve:ssm:PATH}}`, EC2 itself `resolve:ssm:PATH` in a launch template.
_DYNAMIC = re.compile(r"(?:\{\{resolve:ssm:(.*)\}\}|resolve:ssm:(.*))")
_ID = re.compile(r"ami-[0-9a-f]*")


@dataclass(frozen=True)
class WrittenImage:
    """An image with the scalar that holds its name. The scalar is None if a parameter holds the name, or if the name
    cannot be edited."""

    image: Image
    node: Scalar | None


class Images:
    """Reads the images of one template."""

    def __init__(self, template: Template) -> None:
        self._parameters = {name: mapping(node) for name, node in template.parameters.items()}
        self._template = template

    def of(self, node: Node | None, owner: Key) -> Iterator[WrittenImage]:
        """The images that an `ImageId` may give, one for each branch of `Fn::If`, with keys below `owner`."""
        arms = intrinsics.arms(node)
        for number, (_, arm) in enumerate(arms, 1):
            value = intrinsics.value(arm)
            parameter = self._parameter(value)
            if value is None or (parameter and len(arms) > 1 and not self._default(parameter)):
                continue  # an optional override: its empty default is no image
            if parameter:
                yield self._by_parameter(parameter)
            else:
                yield self._by_value(value, arm, owner.below(number))

    def _parameter(self, value: Value | None) -> str | None:
        """The name of the parameter that the value refers to, directly or in a dynamic reference; else None."""
        if not isinstance(value, Text):
            return None
        inner = _DYNAMIC.fullmatch(value.coded)
        parts = (Text.decode(inner[1] or inner[2] or "") if inner else value).parts
        if len(parts) != 1 or not isinstance(parts[0], Ref):
            return None
        name = parts[0].source[2:-1]
        return name if self._parameters.get(name) is not None else None

    def _default(self, parameter: str) -> str:
        """The default of a parameter; empty if it has none."""
        return text(child(self._parameters[parameter], "Default")) or ""

    def _filled(self, ref: Ref) -> str:
        """The text to read in place of a reference inside a name: the parameter's default, or a placeholder."""
        name = ref.source[2:-1]
        return (self._default(name) if self._parameters.get(name) is not None else "") or "x"

    def _by_parameter(self, name: str) -> WrittenImage:
        """The image that is the default of a parameter."""
        parameter = self._parameters[name]
        # A new default has to be allowed, too, so a parameter that restricts its values is left alone.
        free = child(parameter, "AllowedValues") is None and child(parameter, "AllowedPattern") is None
        default = _name(self._default(name))
        declared = self._template.key("parameter", name)
        key = self._template.key("image", name)
        return WrittenImage(
            Image(key, f"${{{name}}}", default, parameter=declared, writable=free and default is not None), None
        )

    def _by_value(self, value: Value, node: Node, key: Key) -> WrittenImage:
        """The image that a value names if the value is more than a parameter. Only a literal can be edited."""
        if isinstance(value, Opaque):
            return WrittenImage(Image(key, value.source), None)
        if value.literal is None:
            filled = "".join(part if isinstance(part, str) else self._filled(part) for part in value.parts)
            name = _name(filled) if _DYNAMIC.fullmatch(filled) else None
            return WrittenImage(Image(key, value.source, name), None)
        called = intrinsics.call(node)
        name = _name(value.literal)
        scalar = _own_scalar(called[1] if called else node) if name else None
        if scalar is not None and (name or "") not in scalar.text:
            scalar = None
        return WrittenImage(Image(key, value.literal, name, writable=scalar is not None), scalar)


def _name(written: str) -> str | None:
    """The path of the SSM parameter or the image name in a text; None for an AMI ID."""
    inner = _DYNAMIC.fullmatch(written)
    name = (inner[1] or inner[2] or "") if inner else written
    return None if not name or _ID.fullmatch(name) else name


def _own_scalar(node: Node | None) -> Scalar | None:
    """The node if it is a scalar without an anchor, which nothing else can share; else None."""
    return node if isinstance(node, Scalar) and node.anchor is None else None
