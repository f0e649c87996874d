"""Reads what starts machines from launch templates: Auto Scaling groups, fleets, EC2 instances and compute environments.

A launch template has versions, and the source shows the latest only. CloudFormation makes a new version at each update
and leaves the default version as it was, so what starts a pinned version, or `$Default`, may run another user data.

Sources: CloudFormation resource reference, `AWS::EC2::LaunchTemplate` ("The default version of a launch template cannot
be specified"), `AWS::EC2::SpotFleet`, `AWS::EC2::EC2Fleet`, `AWS::AutoScaling::AutoScalingGroup`
(`MixedInstancesPolicy`), `AWS::Batch::ComputeEnvironment`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.references import ref, target
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.resources import Resources
from migrate.dialects.common.nodes import key_text, walk
from migrate.dialects.common.values import child, mapping
from migrate.syntax.node import Mapping, Node
from rules.model import Value

LAUNCH_TEMPLATE = "AWS::EC2::LaunchTemplate"
SPOT_FLEET = "AWS::EC2::SpotFleet"
_GROUP = "AWS::AutoScaling::AutoScalingGroup"
_STARTING = (_GROUP, SPOT_FLEET, "AWS::EC2::EC2Fleet", "AWS::EC2::Instance", "AWS::Batch::ComputeEnvironment")
_NAMED_BY = ("LaunchTemplateId", "LaunchTemplateName")


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """One place that starts machines from a launch template."""

    user: Resource
    """The group, fleet, instance or compute environment."""
    name: str
    """The logical ID of the launch template; empty for one that the source does not hold."""
    doubt: str | None
    """The reason why the machines may run something else than the source shows, as a sentence without its full stop; None
    if they run what stands there."""


@dataclass(frozen=True)
class Fleets:
    """The uses of launch templates in one template."""

    resources: Resources

    @cached_property
    def uses(self) -> list[TemplateUse]:
        """Every use of a launch template."""
        return [use for _, user in self.resources.of_type(*_STARTING) for use in self._uses(user)]

    def of(self, name: str) -> str | None:
        """The reason why machines that are started from a launch template may run another version; None if they run what
        stands there."""
        return next((use.doubt for use in self.uses if use.name == name and use.doubt), None)

    def outside(self) -> Iterator[TemplateUse]:
        """The first use of a launch template that the source does not hold, of each group or fleet."""
        seen: set[str] = set()
        for use in self.uses:
            if not use.name and use.user.name not in seen:
                seen.add(use.user.name)
                yield use

    def _uses(self, user: Resource) -> Iterator[TemplateUse]:
        for node in walk([user.properties]):
            if not isinstance(node, Mapping):
                continue
            for entry in node.entries:
                if key_text(entry) in ("LaunchTemplate", "LaunchTemplateSpecification"):
                    for _, arm in intrinsics.arms(entry.value):
                        yield from self._use(user, arm)

    def _use(self, user: Resource, node: Node) -> Iterator[TemplateUse]:
        """The use of the launch template that a specification names, in each branch of `Fn::If`."""
        given = mapping(node)
        named = [child(given, key) for key in _NAMED_BY if child(given, key) is not None]
        if given is not None and not named:
            return  # `LaunchTemplate` of a mixed instances policy, which holds the specification
        for _, arm in intrinsics.arms(named[0]) if named else [((), node)]:
            value = intrinsics.value(arm)
            name = target(value)
            known = self.resources.get(name)
            if known is None or known.type != LAUNCH_TEMPLATE:
                name = self._by_given_name.get(value, "")
            if not name:
                written = value.source if value is not None else "?"
                doubt = f"{user.name} starts instances from launch template {written}, which is not in this source"
                yield TemplateUse(user, "", doubt)
            else:
                yield TemplateUse(user, name, self._version(user, name, child(given, "Version")))

    def _version(self, user: Resource, name: str, node: Node | None) -> str | None:
        """The reason why a version of a launch template may not be what stands in the source; None if it is the latest,
        or none is written, as for AWS Batch."""
        for _, arm in intrinsics.arms(node):
            value = intrinsics.value(arm)
            if value is not None and value.source not in ("$Latest", "") and value != ref(name, "LatestVersionNumber"):
                version = f"version {value.source} of launch template {name}"
                return f"{user.name} starts {version}, which may be older than what stands in this source"
        return None

    @cached_property
    def _by_given_name(self) -> dict[Value | None, str]:
        """Maps the `LaunchTemplateName` of each launch template to its logical ID."""
        listed = self.resources.of_type(LAUNCH_TEMPLATE)
        found = ((intrinsics.value(child(r.properties, "LaunchTemplateName")), name) for name, r in listed)
        return {given: name for given, name in found if given is not None}


def launch_specifications(fleet: Resource) -> list[Mapping]:
    """The launch specifications of a Spot Fleet, each of which defines instances of its own."""
    data = mapping(child(fleet.properties, "SpotFleetRequestConfigData"))
    listed = intrinsics.each(child(data, "LaunchSpecifications")) or []
    return [found for found in map(mapping, listed) if found is not None]
