"""Writes new resources into a template: access points, task roles, policies and security group rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from typing import TypeAlias

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.house_style import HouseStyle
from migrate.dialects.cloudformation.language.references import ref, target
from migrate.dialects.cloudformation.resources.quotas import Quotas, length
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.resources import MOST_RESOURCES
from migrate.dialects.cloudformation.resources.roles import takes_policies
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.common.additions import Additions, NewGrant, NewPoint, NewRole, NoRoom, additions, new_value
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, items, mapping, text
from migrate.syntax import CannotEdit, get, resolve
from migrate.syntax.node import Added, Copy, EditMapping, EditSequence, Kept, Mapping, New, NewValue, Sequence, TreeEdit
from rules.facts.iam import MOST_IN_MANAGED, MOST_INLINE, MOST_MANAGED, Statement, size, statements, trust
from rules.facts.identifiers import short
from rules.model import AccessPoint, Key, Opaque, Permission, Stack, Tag, Text, Traffic, Value


@dataclass
class ResourceWriter:
    """Writes the resources and permissions that a plan adds to one template."""

    template: Template
    old: Stack
    new: Stack

    def merged(self, edits: list[TreeEdit]) -> list[TreeEdit]:
        """The given edits, and those that add resources, policies and dependencies. Raises `CannotEdit` if the template
        would have more resources than CloudFormation allows, or a role larger policies than IAM does."""
        added = list(self._created())
        result = list(edits)
        awaited = self._awaited()
        taken: dict[Key, set[str | None]] = {}
        for grant in self.plan.grants:
            role = self.template.resources[grant.role.name]
            names = taken.setdefault(grant.role, self.template.roles.policy_names(role.name))
            policy_name = _free(self.manner.policy_name("efs", "access"), names)
            names.add(policy_name)
            inline = self._has_room(grant)
            if inline and self._goes_into(role, grant):
                policy = self._inline_policy(policy_name, grant.statements, role.properties)
                result.append(self._with_policy(role, policy))
                continue
            for part in [grant] if inline else self._parts(grant):
                name = _free(f"{short(role.name)}EfsPolicy", {*self.template.taken, *(n for _, n, _ in added)})
                added.append(
                    self._placed(name, role.name, partial(self._policy, part, policy_name if inline else None))
                )
                for service in self._services_of(grant):
                    awaited.setdefault(service, []).append(name)
        for service, policies_added in awaited.items():
            result.append(self._depends_on(self.template.resources[service], policies_added))
        if len(self.template.node.entries) <= MOST_RESOURCES < len(self.template.node.entries) + len(added):
            raise CannotEdit(f"the template would have more than {MOST_RESOURCES} resources")
        if added:
            result += self._insert(added)
        return result + self.template.conditions.added(
            {n.point.condition for n in self.plan.points}, self.template.write
        )

    def _created(self) -> Iterator[Placed]:
        """The new resources, without the policies for existing roles."""
        for made in self.plan.points:
            yield self._placed(made.point.key.name, self._home_of(made), partial(self._access_point, made.point))
        for ingress in self.plan.ingress:
            rule = ingress.rule
            yield self._placed(rule.key.name, target(rule.group), partial(self._ingress, rule))
        for new in self.plan.roles:
            yield self._placed(new.role.key.name, self._home_of_role(new), partial(self._role, new))

    @cached_property
    def plan(self) -> Additions:
        """The additions of the plan to the template."""
        return additions(self.old, self.new, self.template.index)

    @cached_property
    def manner(self) -> HouseStyle:
        """The layout of the template's resources, which new ones follow."""
        return HouseStyle(self.template.node, tuple(self.template.resources.values()), self.template.body)

    def _placed(self, name: str, home: str | None, write: Callable[[str | None], NewValue]) -> Placed:
        """A new resource with its place; `write` makes its content in the style of the resources near that place."""
        home = self.manner.place(name, home)
        return home, name, write(home)

    # -- access points ------------------------------------------------------------------------------------------------

    def _access_point(self, point: AccessPoint, home: str | None) -> NewValue:
        properties: dict[str, NewValue] = {}
        if point.file_system is not None:
            properties["FileSystemId"] = self.template.write(point.file_system)
        if point.user is not None:
            properties["PosixUser"] = {"Uid": point.user[0], "Gid": point.user[1]}
        path = point.path if isinstance(point.path, Opaque) else Text.decode(point.path or "/")
        directory: dict[str, NewValue] = {"Path": self.template.write(path)}
        if point.creation is not None:
            uid, gid, mode = point.creation
            directory["CreationInfo"] = {"OwnerUid": uid, "OwnerGid": gid, "Permissions": mode}
        properties["RootDirectory"] = directory
        if point.tags:
            properties["AccessPointTags"] = self._tags(point.tags)
        return self._resource("AWS::EFS::AccessPoint", point.condition, properties, home=home)

    def _home_of(self, new: NewPoint) -> str | None:
        """The resource to put a new access point behind: the last one of its file system, else the one before the first
        task that uses it. None for the first place."""
        system = target(new.point.file_system)
        return self._last_of.get(system) or self._before(_names_of(new.users))

    @cached_property
    def _last_of(self) -> dict[str, str]:
        """Maps each file system of the template to its last resource: itself, a mount target or an access point."""
        kinds = ("AWS::EFS::FileSystem", "AWS::EFS::MountTarget", "AWS::EFS::AccessPoint")
        last: dict[str, str] = {}
        for name, resource in self.template.of_type(*kinds):
            system = (
                name
                if resource.type == kinds[0]
                else target(intrinsics.value(child(resource.properties, "FileSystemId")))
            )
            if self.template.resources.get(system, resource).type == kinds[0] and system in self.template.resources:
                last[system] = name
        return last

    @cached_property
    def _names(self) -> list[str]:
        return [key_text(entry) for entry in self.template.node.entries]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self._names)}

    def _before(self, names: Iterable[str]) -> str | None:
        """The resource directly before the first of `names`; None if that is the template's first."""
        first = min((self._places[name] for name in names if name in self._places), default=len(self._names))
        return self._names[first - 1] if first else None

    # -- the network --------------------------------------------------------------------------------------------------

    def _ingress(self, rule: Traffic, home: str | None) -> NewValue:
        """A security group rule as a resource of its own, so that the list of rules in the group stays as its author
        wrote it."""
        properties: dict[str, NewValue] = {
            "Description": "NFS from ECS tasks to the EFS mount targets",
            "GroupId": self.template.write(rule.group),
            "IpProtocol": rule.protocol.source if rule.protocol else None,
            "FromPort": _number(rule.from_port),
            "ToPort": _number(rule.to_port),
            "SourceSecurityGroupId": self.template.write(rule.peer) if rule.peer else None,
        }
        return self._resource("AWS::EC2::SecurityGroupIngress", rule.condition, properties, home=home)

    def _awaited(self) -> dict[str, list[str]]:
        """The mount targets and rules that each service has to wait for, in the template's order, so that every run
        writes the same."""
        awaited: dict[str, list[str]] = {}
        for wait in self.plan.waits:
            awaited.setdefault(wait.runner.name, []).append(wait.awaited.name)
        for names in awaited.values():
            names.sort(key=lambda name: (self._places.get(name, len(self._places)), name))
        return awaited

    # -- permissions --------------------------------------------------------------------------------------------------

    def _statements(self, statements: Iterable[Statement[Value]], near: Mapping | None) -> list[NewValue]:
        return [self.manner.statement(new_value(s.document(self.template.write)), near) for s in statements]

    @cached_property
    def _points_by_arn(self) -> dict[Value | None, AccessPoint]:
        return {point.arn: point for point in self.new.access_points}

    def _has_room(self, grant: NewGrant) -> bool:
        """Whether a role's inline policies leave room for a grant, which otherwise needs managed policies."""
        role = grant.role.name
        total = self._inline.get(role, self._quotas.inline(role)) + size(grant.statements, length)
        if total > MOST_INLINE:
            return False
        self._inline[role] = total
        return True

    def _parts(self, grant: NewGrant) -> list[NewGrant]:
        """The parts of a grant, each of which a managed policy can hold. Raises NoRoom if the role cannot have as many
        more."""
        role = grant.role.name
        parts: list[tuple[Permission, ...]] = [()]
        for _, together in groupby(grant.permissions, lambda p: (p.resource, p.access_point)):
            more = tuple(together)
            if size(statements((*parts[-1], *more)), length) > MOST_IN_MANAGED and parts[-1]:
                parts.append(())
            parts[-1] += more
        known = self._quotas.managed(role)
        count = self._managed[role] = self._managed.get(role, 0) + len(parts)
        full = f"the inline policies of role {role} would have more than {MOST_INLINE:,} characters, and"
        if known is None:
            raise NoRoom(f"{full} how many managed policies it has cannot be seen here", grant.role)
        if known + count > MOST_MANAGED:
            reason = f"{full} it has {known} managed policies of the {MOST_MANAGED} that a role may have"
            raise NoRoom(reason, grant.role)
        return [grant._replace(permissions=part) for part in parts]

    @cached_property
    def _quotas(self) -> Quotas:
        return Quotas(self.template)

    @cached_property
    def _inline(self) -> dict[str, int]:
        """Maps each role with new permissions to the size of its inline policies."""
        return {}

    @cached_property
    def _managed(self) -> dict[str, int]:
        """Maps each role to the number of new managed policies for it."""
        return {}

    def _goes_into(self, role: Resource, grant: NewGrant) -> bool:
        """Whether a grant can be an inline policy of its role, which needs no resource of its own and no dependencies.
        It cannot if its condition is not the role's, or if a resource that it names depends on the role, which would be
        a cycle."""
        if grant.condition != role.condition or not takes_policies(role):
            return False
        named = set(self._named_in(grant))
        if self._depends(named, role.name):
            return False
        self._granted.setdefault(role.name, set()).update(named)
        return True

    def _named_in(self, grant: NewGrant) -> Iterator[str]:
        """The resources that a role with this grant depends on: those that the grant names, and those that its access
        points refer to."""
        for permission in grant.permissions:
            point = self._points_by_arn.get(permission.access_point)
            system = point.file_system if point is not None else None
            yield from map(target, (permission.resource, permission.access_point, system))
            path = point.path if point is not None else None
            if path is not None:
                yield from intrinsics.names(path if isinstance(path, Opaque) else Text.decode(path))

    def _depends(self, names: Iterable[str], role: str) -> bool:
        """Whether one of `names` depends on a role, directly or through grants that were written into other roles."""
        seen: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending += [*self.template.mentions(name), *self._granted.get(name, ())]
        return role in seen

    @cached_property
    def _granted(self) -> dict[str, set[str]]:
        """Maps each role to the resources named in the inline policies added to it; `_goes_into` fills it."""
        return {}

    def _with_policy(self, role: Resource, policy: NewValue) -> TreeEdit:
        """The edit that adds an inline policy to a role."""
        properties = role.properties
        entry = get(properties, "Policies")
        listed = entry.value if entry is not None else None
        if isinstance(listed, Sequence) and listed.items:
            return EditSequence(listed, (*listed.items, New(policy)))
        entries: list[Kept | Added] = [Kept(e) for e in properties.entries]
        if entry is not None:
            entries[properties.entries.index(entry)] = Added("Policies", [policy], replaces=entry)
        else:
            entries.insert(self.manner.position(properties, "Policies", role.type), Added("Policies", [policy]))
        return EditMapping(properties, tuple(entries))

    def _home_of_role(self, new: NewRole) -> str | None:
        """The resource to put a new task role behind: the execution role of its task, else the resource before the task
        definition. None for the first place."""
        users = _names_of(new.users)
        return self._execution_role(users) or self._before(users)

    def _execution_role(self, tasks: Iterable[str]) -> str:
        """The logical ID of the first execution role of some tasks that the template defines, or an empty string."""
        given = [self.template.resources[task].properties for task in tasks]
        # AWS Batch keeps it with the job's container.
        holders = [*given, *(mapping(child(properties, "ContainerProperties")) for properties in given)]
        names = (target(intrinsics.value(child(holder, "ExecutionRoleArn"))) for holder in holders)
        return next((name for name in names if name in self.template.resources), "")

    def _role(self, new: NewRole, home: str | None) -> NewValue:
        """A new task role. It has a path and a permissions boundary if every other role of the template has one."""
        siblings = [r.properties for _, r in self.template.of_type("AWS::IAM::Role")]
        near = self.manner.nearest("AWS::IAM::Role", home)
        properties: dict[str, NewValue] = {
            "AssumeRolePolicyDocument": self._trust(self._execution_role(_names_of(new.users)), near)
        }
        for key in ("Path", "PermissionsBoundary"):
            given = [node for sibling in siblings if (node := child(sibling, key)) is not None]
            if given and len(given) == len(siblings):
                properties[key] = self.template.write(found) if (found := intrinsics.value(given[0])) else None
        if size(new.statements, length) > MOST_INLINE:
            reason = f"the policy of role {new.role.key.name} would have more than {MOST_INLINE:,} characters"
            raise NoRoom(reason, new.role.key)
        policy_name = self.manner.policy_name("efs", "access")
        properties["Policies"] = [self._inline_policy(policy_name, new.statements, near)]
        if new.role.tags:
            properties["Tags"] = self._tags(new.role.tags)
        return self._resource("AWS::IAM::Role", new.role.condition, properties, home=home)

    def _tags(self, tags: Iterable[Tag]) -> list[NewValue]:
        return [{"Key": self.template.write(tag.key), "Value": self.template.write(tag.value)} for tag in tags]

    def _trust(self, execution_role: str, near: Mapping | None) -> NewValue:
        """The trust policy of a new task role: a copy of a suitable one in the template, else a new one."""
        known = self.manner.trust(execution_role)
        if known is not None:
            return Copy(known)
        return self.manner.document([self.manner.statement(new_value(trust()), near)], near)

    def _inline_policy(self, name: str, statements: Iterable[Statement[Value]], near: Mapping | None) -> NewValue:
        policy: NewValue = {
            "PolicyName": name,
            "PolicyDocument": self.manner.document(self._statements(statements, near), near),
        }
        return self.manner.ordered(policy, next(iter(items(child(near, "Policies")) or ()), None))

    def _policy(self, grant: NewGrant, name: str | None, home: str | None) -> NewValue:
        """A policy resource for a grant that cannot stand in its role: a managed policy, without a name of its own, if
        `name` is None."""
        role = grant.role.name
        near = self.template.resources[role].properties
        properties: dict[str, NewValue] = {"PolicyName": name} if name else {}
        properties["PolicyDocument"] = self.manner.document(self._statements(grant.statements, near), near)
        properties["Roles"] = [self.template.write(ref(role))]
        kind = "AWS::IAM::Policy" if name else "AWS::IAM::ManagedPolicy"
        return self._resource(kind, grant.condition, properties, home=home)

    def _services_of(self, grant: NewGrant) -> list[str]:
        """The services that have to wait for a grant's policy, because their tasks cannot mount without it. Left out
        are the services of a template that uses CodeDeploy (they are never edited), services that a file system depends
        on (a cycle), and services that exist without the policy."""
        if self.template.blue_green:
            return []
        systems = [name for name, _ in self.template.of_type("AWS::EFS::FileSystem")]
        return [
            service.name
            for task in _names_of(grant.users)
            if task in self._changed_tasks
            for service in self._services_by_task.get(task, ())
            if grant.condition in (None, service.condition)
            and not any(self.template.reaches(system, service.name) for system in systems)
        ]

    @cached_property
    def _changed_tasks(self) -> set[str]:
        """The logical IDs of the task definitions whose volumes the plan changes."""
        before = {task.key: task for task in self.old.tasks}
        return {task.key.name for task in self.new.tasks if task.volumes != before[task.key].volumes}

    @cached_property
    def _services_by_task(self) -> dict[str, list[Resource]]:
        """Maps each task definition to the services that run it."""
        services: dict[str, list[Resource]] = {}
        for _, service in self.template.of_type("AWS::ECS::Service"):
            task = target(intrinsics.value(child(service.properties, "TaskDefinition")))
            services.setdefault(task, []).append(service)
        return services

    def _depends_on(self, service: Resource, policies: list[str]) -> TreeEdit:
        """The edit that adds resources to the `DependsOn` of a service."""
        entry = get(service.node, "DependsOn")
        listed = resolve(entry.value) if entry else None
        if isinstance(listed, Sequence) and items(listed) is not None:
            return EditSequence(listed, (*listed.items, *map(New, policies)))
        entries: list[Kept | Added] = [Kept(e) for e in service.node.entries]
        if entry is not None:
            both: list[NewValue] = [text(entry.value) or "", *policies]
            entries[service.node.entries.index(entry)] = Added("DependsOn", both, replaces=entry)
        else:
            names = [key_text(e) for e in service.node.entries]
            alone = policies[0] if len(policies) == 1 else list[NewValue](policies)
            entries.insert(names.index("Type") + 1, Added("DependsOn", alone))
        return EditMapping(service.node, tuple(entries))

    # -- the layout of new resources ----------------------------------------------------------------------------------

    def _resource(
        self, kind: str, condition: str | None, properties: dict[str, NewValue], home: str | None
    ) -> NewValue:
        """A new resource, with its keys in the order that the template uses."""
        near = self.manner.nearest(kind, home)
        members: dict[str, NewValue] = {"Type": kind}
        if condition:
            members["Condition"] = condition
        members["Properties"] = self.manner.ordered(properties, near)
        return dict(sorted(members.items())) if self.manner.type_last else members

    def _insert(self, added: list[Placed]) -> list[TreeEdit]:
        """The edit that puts new resources in their places."""
        by_home: dict[str | None, list[Added]] = {}
        for home, name, value in sorted(added, key=_by_lower_name) if self.manner.sorts_resources else added:
            by_home.setdefault(home, []).append(Added(name, value))
        entries: list[Kept | Added] = [*by_home.get(None, ())]
        for entry in self.template.node.entries:
            entries += [Kept(entry), *by_home.get(key_text(entry), ())]
        return [EditMapping(self.template.node, tuple(entries))]


def _names_of(keys: Iterable[Key]) -> list[str]:
    """The logical IDs in keys of task definitions or of their volumes."""
    return [key.name for key in keys]


Placed: TypeAlias = tuple[str | None, str, NewValue]
"""A new resource: the logical ID of the resource that it goes behind (None for the first place), its own logical ID,
and its content."""


def _by_lower_name(placed: Placed) -> str:
    return placed[1].lower()


def _number(value: Value | None) -> NewValue:
    return int(value.source) if value else None


def _free(name: str, taken: set[str | None] | frozenset[str]) -> str:
    """The name if it is not taken, else with the first number from 2 on that makes it free."""
    number = 1
    while (candidate := name if number == 1 else f"{name}{number}") in taken:
        number += 1
    return candidate
