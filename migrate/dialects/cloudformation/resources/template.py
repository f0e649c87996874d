"""A template as a stack of the model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.conditions import TemplateConditions
from migrate.dialects.cloudformation.language.options import TemplateOptions
from migrate.dialects.cloudformation.language.references import ref
from migrate.dialects.cloudformation.resources import tags
from migrate.dialects.cloudformation.resources.policies import file_system_policy
from migrate.dialects.cloudformation.resources.resource import read_resource
from migrate.dialects.cloudformation.resources.resources import MOST_RESOURCES, Resources
from migrate.dialects.cloudformation.resources.roles import Roles, takes_policies
from migrate.dialects.cloudformation.running.task_runners import Starters
from migrate.dialects.common.listed import may_hold_more
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, mapping, text, words
from migrate.dialects.common.volumes.volumes import rest_but
from migrate.syntax.node import Mapping, NewValue, Node
from rules.facts.paths import normalise
from rules.model import AccessPoint, FileSystem, Key, Stack, Text, Value

_STARTERS = (
    "AWS::Events::Rule",
    "AWS::Scheduler::Schedule",
    "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::StateMachine",
    "AWS::Pipes::Pipe",
)
"""The types of resources that may start ECS tasks without a service."""


@dataclass(frozen=True)
class Template(Resources):
    """One template: its resources, and the tasks, file systems and roles that they define."""

    taken: frozenset[str]
    """The names that a new resource must not have, because the template uses them."""
    blue_green: bool
    """Whether CodeDeploy deploys its services, which replaces their tasks (blue/green)."""
    write: Callable[[Value], NewValue]
    """The function that writes values with the template's short or long intrinsics."""
    conditions: TemplateConditions

    @classmethod
    def of(cls, root: Node, index: int, body: str, write: Callable[[Value], NewValue]) -> Template | None:
        """The template in a document's root, or None if it has no `Resources`."""
        whole = mapping(root)
        listed = mapping(child(whole, "Resources"))
        if whole is None or listed is None:
            return None
        resources = {found.name: found for found in map(read_resource, listed.entries) if found is not None}
        taken = {key_text(entry) for entry in listed.entries}
        for section in ("Parameters", "Conditions", "Mappings"):
            others = mapping(child(whole, section))
            taken |= {key_text(entry) for entry in others.entries} if others else set()
        transforms = words(child(whole, "Transform"))
        code_deploy = any(
            text(child(mapping(child(r.properties, "DeploymentController")), "Type")) == "CODE_DEPLOY"
            for r in resources.values()
            if r.type == "AWS::ECS::Service"
        )
        blue_green = code_deploy or "AWS::CODEDEPLOYBLUEGREEN" in transforms
        conditions = TemplateConditions(mapping(child(whole, "Conditions")), frozenset(taken))
        return cls(
            index,
            whole,
            listed,
            resources=resources,
            body=body,
            taken=frozenset(taken),
            blue_green=blue_green,
            write=write,
            conditions=conditions,
        )

    def doubt_of(self, name: str) -> str | None:
        """The reason, in words, why the user data of a resource may be another one than is written, or None."""
        del name
        return None

    @cached_property
    def starters(self) -> Starters:
        """The resources that start its tasks."""
        return Starters(self)

    @cached_property
    def options(self) -> TemplateOptions:
        """The possible values of its properties."""
        return TemplateOptions(self.root, self.conditions)

    @cached_property
    def roles(self) -> Roles:
        """The roles of the template, and their policies."""
        return Roles(self)

    def has_room(self, added: Collection[Key]) -> bool:
        """Whether the template can hold the resources that access points, roles and permissions with these keys need.
        True, too, if it already has too many and cannot be deployed anyway."""
        return (
            len(self.node.entries) > MOST_RESOURCES
            or len(self.node.entries) + len(added) <= MOST_RESOURCES
            or len(self.node.entries) + sum(map(self._needs_resource, added)) <= MOST_RESOURCES
        )

    def _needs_resource(self, key: Key) -> bool:
        """Whether an addition needs a resource of its own: all do but policies that an existing role can take."""
        role = self.resources.get(key.name)
        return key.document == self.index and (role is None or not takes_policies(role))

    def missing(self, value: Value | None) -> str | None:
        """The first name that a value refers to and the template lacks (of a resource, parameter, mapping or
        condition), or None."""
        names = intrinsics.names(value) if value is not None else ()
        return next((name for name in names if not name.startswith("AWS::") and name not in self.taken), None)

    def extend(self, stack: Stack) -> Stack:
        """The stack, with the file systems, access points, roles, permissions and names of this template added."""
        return replace(
            stack,
            file_systems=(*stack.file_systems, *self._file_systems()),
            access_points=(*stack.access_points, *self._access_points()),
            roles=(*stack.roles, *self.roles.roles()),
            permissions=stack.permissions | frozenset(self.roles.permissions()),
            names=(stack.names or frozenset()) | self.taken | self.conditions.new.keys(),
            tagging=(*stack.tagging, *tags.tagging(self.index, self.resources.values())),
            starts_tasks=stack.starts_tasks or any(self.of_type(*_STARTERS)),
            blue_green=stack.blue_green or self.blue_green,
        )

    def _file_systems(self) -> Iterator[FileSystem]:
        for name, resource in self.of_type("AWS::EFS::FileSystem"):
            policy = file_system_policy(child(resource.properties, "FileSystemPolicy"), self.identities)
            yield FileSystem(
                self.key("file system", name),
                ref(name),
                ref(name, "Arn"),
                condition=resource.condition,
                policy=policy,
                settled=policy is not None or not may_hold_more(resource.properties),
            )

    def _access_points(self) -> Iterator[AccessPoint]:
        for name, resource in self.of_type("AWS::EFS::AccessPoint"):
            properties = resource.properties
            written = child(properties, "RootDirectory")
            directory = mapping(written)
            path = intrinsics.value(child(directory, "Path"))
            if path is None and (written is None or directory is not None):
                path = Text.of("/")
            known = ("FileSystemId", "RootDirectory", "PosixUser")
            found = tags.read(resource.type, properties)
            yield AccessPoint(
                self.key("access point", name),
                ref(name),
                ref(name, "Arn"),
                file_system=self.identities.value(child(properties, "FileSystemId")),
                path=(normalise(path.coded) or "/") if isinstance(path, Text) else path,
                creation=_three(mapping(child(directory, "CreationInfo")), ("OwnerUid", "OwnerGid", "Permissions")),
                user=_all(child(properties, "PosixUser")),
                condition=resource.condition,
                tags=found or (),
                rest=rest_but(properties, (*known, "AccessPointTags") if found is not None else known, self.body),
            )


def _three(node: Mapping | None, names: tuple[str, str, str]) -> tuple[str, str, str] | None:
    """The values of three keys, empty strings for missing ones; None if the node is None."""
    if node is None:
        return None
    first, second, third = (found.source if (found := intrinsics.value(child(node, n))) else "" for n in names)
    return first, second, third


def _all(node: Node | None) -> tuple[str, ...] | None:
    """The values of a mapping, or a placeholder for an expression; None if the node is missing."""
    if node is None or intrinsics.is_no_value(node):
        return None
    found = mapping(node)
    return tuple(intrinsics.render(entry.value) for entry in found.entries) if found else ("?",)
