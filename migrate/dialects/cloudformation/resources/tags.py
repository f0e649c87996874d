"""The tags of a template's resources, and the tags for new resources."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, items, mapping
from migrate.syntax.node import Mapping
from rules.model import CODED_REF, Key, Tag, Tagging, Text, Value

# Resource types that are deployed together with ECS tasks, and the property that holds their tags.
_PROPERTY = {
    "AWS::EC2::SecurityGroup": "Tags",
    "AWS::ECS::Cluster": "Tags",
    "AWS::ECS::Service": "Tags",
    "AWS::ECS::TaskDefinition": "Tags",
    "AWS::EFS::AccessPoint": "AccessPointTags",
    "AWS::EFS::FileSystem": "FileSystemTags",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Tags",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Tags",
    "AWS::IAM::Role": "Tags",
    "AWS::Logs::LogGroup": "Tags",
}
_KINDS = {
    "access point": ("AWS::EFS::AccessPoint", "AWS::EFS::FileSystem"),
    "role": ("AWS::IAM::Role",),
}
"""The resource types whose tags decide whether a new resource is tagged: the first type that the template has, else all
types in `_PROPERTY`."""
_TOKEN = re.compile(rf"{CODED_REF}|(?s:.)")
_SEPARATORS = "-_/."
_MOSTLY = 0.8
"""The share of names that must begin with a common prefix."""


def read(kind: str, properties: Mapping) -> tuple[Tag, ...] | None:
    """The tags of a resource of the type `kind`; None if they cannot be read as keys and values."""
    written = child(properties, _PROPERTY[kind])
    if written is None:
        return ()
    found = []
    for item in items(written) or [written]:
        node = mapping(item)
        if node is None or sorted(map(key_text, node.entries)) != ["Key", "Value"]:
            return None
        key, value = intrinsics.value(child(node, "Key")), intrinsics.value(child(node, "Value"))
        if key is None or value is None:
            return None
        found.append(Tag(key, value))
    return tuple(found)


def tagging(document: int, resources: Iterable[Resource]) -> Iterator[Tagging]:
    """The tags for new access points and for new roles of one template, if it tags most of its resources."""
    tagged = [(s.type, read(s.type, s.properties) or ()) for s in resources if s.type in _PROPERTY]
    for kind, types in _KINDS.items():
        deciding = next(
            (found for wanted in types if (found := [tags for known, tags in tagged if known == wanted])),
            [tags for _, tags in tagged],
        )
        some = [tags for tags in deciding if tags]
        if 2 * len(some) > len(deciding):
            yield _shared(Key(kind, document), some[-1], [tags for _, tags in tagged if tags])


def _shared(kind: Key, example: tuple[Tag, ...], tagged: list[tuple[Tag, ...]]) -> Tagging:
    """The tags of `example` that all tagged resources have, and the common prefix of their names."""
    common = set(example).intersection(*tagged)
    shared = [tag for tag in example if tag in common and not _is_own(tag)]
    names = [tag.value for tags in tagged for tag in tags if tag.key.literal == "Name"]
    at = next((i for i, tag in enumerate(example) if tag.key.literal == "Name"), 0)
    before = sum(1 for tag in example[:at] if tag in shared)
    return Tagging(kind, tuple(shared), _prefix(names), name_at=before)


def _is_own(tag: Tag) -> bool:
    """Whether a tag belongs to one resource whatever its value: its name, and tags that AWS services set."""
    key = tag.key.literal or ""
    return key == "Name" or key.startswith("aws:")


def _prefix(names: list[Value]) -> Text | None:
    """The beginning that nearly all names share, up to a separator: the longest that ends in a reference
    (`${AWS::StackName}-`), else the longest of all. None if there is none."""
    seen: Counter[tuple[str, ...]] = Counter()
    for name in names:
        tokens = _TOKEN.findall(name.coded) if isinstance(name, Text) else []
        seen.update(tuple(tokens[: i + 1]) for i, token in enumerate(tokens) if i and token in _SEPARATORS)
    common = [prefix for prefix, count in seen.items() if count > 1 and count >= _MOSTLY * len(names)]
    behind_reference = [prefix for prefix in common if len(prefix[-2]) > 1]
    longest = max(behind_reference or common, key=len, default=())
    return Text.decode("".join(longest)) if longest else None
