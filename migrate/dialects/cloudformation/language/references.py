"""One value for each resource that expressions refer to, however they are written.

`!GetAtt Fs.FileSystemId` is `!Ref Fs`, an ARN built of its parts is `!GetAtt Fs.Arn`, and a role may be given by its
`RoleName`. Rules compare values, so each resource has only one here; the source's own expression is kept as the
reference's handle.

Source: CloudFormation resource reference, return values of `AWS::EFS::FileSystem`, `AWS::EFS::AccessPoint` and
`AWS::IAM::Role`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.common.possible.readings import WrittenRole, chosen_role
from migrate.dialects.common.values import child, reference
from migrate.syntax.node import Node
from rules.model import ANY, CODED_REF, Opaque, Possible, Ref, Text, Value

_IDS = {"AWS::EFS::FileSystem": "FileSystemId", "AWS::EFS::AccessPoint": "AccessPointId"}
"""The attributes that return the same as `Ref`, by resource type."""
_ARN_KINDS = {"file-system": "AWS::EFS::FileSystem", "access-point": "AWS::EFS::AccessPoint"}
_ARN = re.compile(rf"arn:[^:]*:elasticfilesystem:[^:]*:[^:]*:(?P<kind>[a-z-]+)/(?P<id>{CODED_REF})")
_ANY_ARN = re.compile(
    rf"arn:(?:\*|[a-z-]+|{CODED_REF}):elasticfilesystem:(?P<region>[^:]+):(?P<account>[^:]+):(?:file-system/)?\*"
)
_ROLE_ARN = re.compile(r"arn:[^:]+:iam::(?P<account>[^:]+):role/(?P<name>.+)")
_ACCOUNT = Text((Ref("${AWS::AccountId}"),)).coded
_REGION = Text((Ref("${AWS::Region}"),)).coded


def ref(name: str, attribute: str = "") -> Text:
    """A reference to a resource, or to one of its attributes."""
    return reference(name, attribute)


def target(value: Value | None) -> str:
    """The logical ID that a value refers to, or an empty string."""
    return (_reference(value) or "").partition(".")[0]


@dataclass(frozen=True)
class Identities:
    """The resources of one template, and the expressions that name them."""

    types: Mapping[str, str]
    """The types of resources by logical ID."""
    role_paths: Mapping[str, str]
    """The IAM paths of roles by logical ID, coded: `/` or `/service/`."""
    role_names: Mapping[str, str]
    """The logical IDs of roles by their `RoleName`, coded; only roles without a condition."""

    @classmethod
    def of(cls, resources: Mapping[str, Resource]) -> Identities:
        """The identities of the resources of a template, which are given by logical ID."""
        paths: dict[str, str] = {}
        names: dict[str, str] = {}
        for logical_id, resource in resources.items():
            if resource.type == "AWS::IAM::Role":
                path = intrinsics.value(child(resource.properties, "Path"))
                name = intrinsics.value(child(resource.properties, "RoleName"))
                if path is None or isinstance(path, Text):
                    paths[logical_id] = path.coded if path else "/"
                # If its condition does not hold, a role of another stack may have the name.
                if isinstance(name, Text) and resource.condition is None:
                    names[name.coded] = logical_id
        return cls({name: resource.type for name, resource in resources.items()}, paths, names)

    def value(self, node: Node | None) -> Value | None:
        """The node as a value, in which an expression that names a file system or access point of the template is
        `!Ref` of it."""
        return self.canonical(intrinsics.value(node), node)

    def canonical(self, member: Value | None, node: Node | None = None) -> Value | None:
        """The value, in which each file system and access point of the template is named by `!Ref`. `node` is the
        expression in the source, kept in the reference for writing it again."""
        if not isinstance(member, Text):
            return member
        parts = [self._canonical(part, node if len(member.parts) == 1 else None) for part in member.parts]
        return Text(tuple(parts)) if parts != list(member.parts) else member

    def _canonical(self, part: str | Ref, node: Node | None) -> str | Ref:
        name, _, attribute = part.source[2:-1].partition(".") if isinstance(part, Ref) else ("", "", "")
        known = attribute and _IDS.get(self.types.get(name, "")) == attribute
        return Ref(f"${{{name}}}", node) if known else part

    def arn(self, member: Value | None) -> Value | None:
        """The ARN in a policy: `!GetAtt` of the file system or access point of the template that it names, `*` if it
        covers every file system of this account and region, else the value as it is."""
        if not isinstance(member, Text):
            return member
        if match := _ANY_ARN.fullmatch(member.coded):
            here = match["region"] in ("*", _REGION) and match["account"] in ("*", _ACCOUNT)
            return ANY if here else member
        match = _ARN.fullmatch(member.coded)
        name = _reference(self.canonical(Text.decode(match["id"]))) if match else None
        if match and name and self.types.get(name) == _ARN_KINDS.get(match["kind"]):
            return ref(name, "Arn")
        return member

    def role(self, member: Value | None) -> Value | None:
        """The role that an ARN or a name stands for: `!GetAtt` of a role of the template, else the value as it is."""
        if not isinstance(member, Text):
            return member
        name = self.role_names.get(member.coded, "")
        match = _ROLE_ARN.fullmatch(member.coded)
        if match and (match["account"] == _ACCOUNT or re.fullmatch(r"\d{12}", match["account"])):
            path, _, last = match["name"].rpartition("/")
            name = _reference(Text.decode(last)) or self.role_names.get(last, "")
            if self.role_paths.get(name) != f"/{path}/".replace("//", "/"):
                return member
        return ref(name, "Arn") if name in self.role_paths else member

    def task_role(self, node: Node | None, options: Possible[str]) -> WrittenRole:
        """The role of a task, with the roles among which conditions choose; `options` are what the node may be."""
        arms = intrinsics.arms(node)
        found = (self.role(intrinsics.value(arm)) for _, arm in arms) if len(arms) > 1 else ()
        chosen = tuple(dict.fromkeys(role for role in found if role is not None and role.literal != ""))
        return chosen_role(self.role(intrinsics.value(node)), chosen, options)


def _reference(member: Value | None) -> str | None:
    """The name in a value that is a single reference (`Fs`, `Fs.Arn`); else None."""
    if member is None or isinstance(member, Opaque) or len(member.parts) != 1:
        return None
    (part,) = member.parts
    return part.source[2:-1] if isinstance(part, Ref) and part.source.startswith("${") else None
