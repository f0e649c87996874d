"""The resources around a template's task definitions: file systems, access points, roles and what they are allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeAlias

from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.cloudformation.language.house_style import HouseStyle
from migrate.dialects.cloudformation.language.references import ref, target
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.resources.resources import MOST_RESOURCES
from migrate.dialects.cloudformation.resources.template import Template
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import child, items, mapping, text
from migrate.syntax import CannotEdit, get, resolve
from migrate.syntax.node import Added, Copy, EditMapping, EditSequence, Kept, Mapping, New, NewValue, Sequence, TreeEdit
from rules.facts.identifiers import short
from rules.model import CLIENT_ACTIONS, AccessPoint, EfsVolume, Opaque, Permission, Stack, Tag, Text, Traffic, Value

_POINT_ARN = "elasticfilesystem:AccessPointArn"
_POLICY_NAME = "efs-access"


# -- writing ----------------------------------------------------------------------------------------------------------


@dataclass
class ResourceWriter:
    """Writes the resources and permissions that a plan adds to one template."""

    template: Template
    old: Stack
    new: Stack

    def merged(self, edits: list[TreeEdit]) -> list[TreeEdit]:
        """The edits with those for new resources."""
        known = {point.key for point in self.old.access_points}
        points = [p for p in self.new.access_points if p.key not in known and p.key.document == self.template.index]
        added = [self._placed(p.key.name, self._home_of(p), partial(self._access_point, p)) for p in points]
        traffic = self._new_traffic()
        added += [self._placed(r.key.name, target(r.group), partial(self._ingress, r)) for r in traffic]
        result = list(edits)
        awaited = self._awaited()
        for role, permissions in self._new_permissions().items():
            resource = self.template.resources.get(role)
            if resource is None:
                added.append(self._placed(role, self._home_of_role(role), partial(self._role, role, permissions)))
                continue
            taken = self.template.roles.policy_names(role)
            for condition, group in self._by_condition(resource, permissions).items():
                policy_name = _free(self.manner.policy_name("efs", "access"), taken)
                taken.add(policy_name)
                policies = self._inline_home(resource, group) if condition == resource.condition else None
                if policies is not None:
                    policy = self._inline_policy(policy_name, group, resource.properties)
                    result.append(EditSequence(policies, (*policies.items, New(policy))))
                else:
                    name = _free(f"{short(role)}EfsPolicy", {*self.template.taken, *(n for _, n, _ in added)})
                    write = partial(self._policy, role, condition, policy_name, group)
                    added.append(self._placed(name, role, write))
                    for service in self._services_of(role, condition):
                        awaited.setdefault(service, []).append(name)
        for service, policies_added in awaited.items():
            result.append(self._depends_on(self.template.resources[service], policies_added))
        if len(self.template.node.entries) <= MOST_RESOURCES < len(self.template.node.entries) + len(added):
            raise CannotEdit(f"the template would have more than {MOST_RESOURCES} resources")
        if added:
            result += self._insert(added)
        return result + self.template.conditions.added({p.condition for p in points}, self.template.write)

    @cached_property
    def manner(self) -> HouseStyle:
        """How the template's resources are laid out."""
        return HouseStyle(self.template.node, tuple(self.template.resources.values()), self.template.body)

    def _placed(self, name: str, home: str | None, write: Callable[[str | None], NewValue]) -> Placed:
        """A new resource with the one that it goes behind, written as those around that place are."""
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
        return self._resource("AWS::EFS::AccessPoint", point.condition, properties, home)

    def _home_of(self, point: AccessPoint) -> str | None:
        """Where a person would put it: behind the last of the file system's own resources, else before what uses it."""
        system = target(point.file_system)
        return self._last_of.get(system) or self._before(self._users_of_points.get(point.ref, ()))

    @cached_property
    def _last_of(self) -> dict[str, str]:
        """For each file system of the template, the last of the resources that belong to it."""
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
    def _users_of_points(self) -> dict[Value, list[str]]:
        """Task definitions by the access points that they mount through."""
        users: dict[Value, list[str]] = {}
        for task in self.new.tasks:
            for volume in task.volumes:
                point = volume.storage.access_point if isinstance(volume.storage, EfsVolume) else None
                if point is not None:
                    users.setdefault(point, []).append(task.key.name)
        return users

    @cached_property
    def _users_of_roles(self) -> dict[str, list[str]]:
        users: dict[str, list[str]] = {}
        for task in self.new.tasks:
            for role in task.task_roles:
                users.setdefault(target(role), []).append(task.key.name)
        return users

    @cached_property
    def _names(self) -> list[str]:
        return [key_text(entry) for entry in self.template.node.entries]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self._names)}

    def _before(self, names: Iterable[str]) -> str | None:
        """The resource that stands before the first of `names`."""
        first = min((self._places[name] for name in names if name in self._places), default=len(self._names))
        return self._names[first - 1] if first else None

    # -- the network --------------------------------------------------------------------------------------------------

    def _new_traffic(self) -> list[Traffic]:
        known = {rule.key for rule in self.old.network.traffic}
        return [r for r in self.new.network.traffic if r.key not in known and r.key.document == self.template.index]

    def _ingress(self, rule: Traffic, home: str | None) -> NewValue:
        """A rule as a resource of its own: a group's list of rules may be managed by whoever wrote it."""
        properties: dict[str, NewValue] = {
            "Description": "NFS from ECS tasks to the EFS mount targets",
            "GroupId": self.template.write(rule.group),
            "IpProtocol": rule.protocol.source if rule.protocol else None,
            "FromPort": _number(rule.from_port),
            "ToPort": _number(rule.to_port),
            "SourceSecurityGroupId": self.template.write(rule.peer) if rule.peer else None,
        }
        return self._resource("AWS::EC2::SecurityGroupIngress", rule.condition, properties, home)

    def _awaited(self) -> dict[str, list[str]]:
        """The mount targets and rules that services are to wait for, in an order that is the same on every run."""
        before = {runner.key: runner.awaits for runner in self.old.runners}
        awaited: dict[str, list[str]] = {}
        for runner in self.new.runners:
            added = runner.awaits - before[runner.key]
            if added and runner.key.document == self.template.index:
                names = [key.name for key in added]
                order = sorted(names, key=lambda name: (self._places.get(name, len(self._places)), name))
                awaited[runner.key.name] = order
        return awaited

    # -- permissions --------------------------------------------------------------------------------------------------

    def _new_permissions(self) -> dict[str, list[Permission]]:
        """What the plan adds, by role, in an order that is the same on every run."""
        found: dict[str, list[Permission]] = {}
        added = [p for p in self.new.permissions - self.old.permissions if p.role.document == self.template.index]
        for permission in sorted(added, key=_by_name):
            found.setdefault(permission.role.name, []).append(permission)
        return found

    def _statements(self, permissions: list[Permission], near: Mapping | None) -> list[NewValue]:
        """One statement per file system and set of actions; a whole file system never shares one with access points."""
        actions: dict[tuple[Value | None, Value | None], tuple[str, ...]] = {}
        for p in permissions:
            actions[p.resource, p.access_point] = (*actions.get((p.resource, p.access_point), ()), p.action)
        groups: dict[tuple[Value | None, tuple[str, ...], bool], list[Value]] = {}
        for (resource, point), names in actions.items():
            points = groups.setdefault((resource, names, point is not None), [])
            points += [point] if point else []
        written = (self._statement(resource, names, points) for (resource, names, _), points in groups.items())
        return [self.manner.statement(statement, near) for statement in written]

    def _statement(self, resource: Value | None, actions: tuple[str, ...], points: list[Value]) -> dict[str, NewValue]:
        statement: dict[str, NewValue] = {"Effect": "Allow", "Action": list(actions)}
        if resource is not None:
            statement["Resource"] = self.template.write(resource)
        scope: list[NewValue] = [self.template.write(point) for point in points]
        if scope:
            return {**statement, "Condition": {"StringEquals": {_POINT_ARN: scope if len(scope) > 1 else scope[0]}}}
        return {**statement, "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}}

    @cached_property
    def _points_by_arn(self) -> dict[Value | None, AccessPoint]:
        return {point.arn: point for point in self.new.access_points}

    def _by_condition(self, role: Resource, permissions: list[Permission]) -> dict[str | None, list[Permission]]:
        """Permissions by the condition under which a policy may name what they are about: the role's, or another one that
        an access point or file system has."""
        groups: dict[str | None, list[Permission]] = {}
        for permission in permissions:
            value = permission.access_point or permission.resource
            point = self._points_by_arn.get(permission.access_point)
            condition = point.condition if point is not None else self.template.condition_of(value)
            groups.setdefault(condition or role.condition, []).append(permission)
        return groups

    def _inline_home(self, role: Resource, permissions: list[Permission]) -> Sequence | None:
        """The role's own policies, if it keeps some, nobody shares them, and naming what the permissions are about there
        closes no cycle."""
        node = child(role.properties, "Policies")
        if not isinstance(node, Sequence) or node.anchor or not node.items or items(node) is None:
            return None
        points = [self._points_by_arn[p.access_point] for p in permissions if p.access_point in self._points_by_arn]
        systems = {target(point.file_system) for point in points}
        systems |= {target(p.resource) for p in permissions} | {target(p.access_point) for p in permissions}
        return None if any(self.template.reaches(name, role.name) for name in systems if name) else node

    def _home_of_role(self, role: str) -> str | None:
        """Where people look for a task role: behind the execution role of its task, else before the task definition."""
        users = self._users_of_roles.get(role, ())
        return self._execution_role(users) or self._before(users)

    def _execution_role(self, tasks: Iterable[str]) -> str:
        """The first execution role of some task definitions that is in the template, or an empty string."""
        given = [self.template.resources[task].properties for task in tasks]
        # AWS Batch keeps it with the job's container.
        holders = [*given, *(mapping(child(properties, "ContainerProperties")) for properties in given)]
        names = (target(intrinsics.value(child(holder, "ExecutionRoleArn"))) for holder in holders)
        return next((name for name in names if name in self.template.resources), "")

    def _role(self, name: str, permissions: list[Permission], home: str | None) -> NewValue:
        """A new task role, with the path and permissions boundary that its siblings have."""
        siblings = [r.properties for _, r in self.template.of_type("AWS::IAM::Role")]
        near = self.manner.nearest("AWS::IAM::Role", home)
        properties: dict[str, NewValue] = {
            "AssumeRolePolicyDocument": self._trust(self._execution_role(self._users_of_roles.get(name, ())), near)
        }
        for key in ("Path", "PermissionsBoundary"):
            given = [node for sibling in siblings if (node := child(sibling, key)) is not None]
            if given and len(given) == len(siblings):
                properties[key] = self.template.write(found) if (found := intrinsics.value(given[0])) else None
        policy_name = self.manner.policy_name("efs", "access")
        properties["Policies"] = [self._inline_policy(policy_name, permissions, near)]
        role = next(r for r in self.new.roles if r.key == self.template.key("role", name))
        if role.tags:
            properties["Tags"] = self._tags(role.tags)
        return self._resource("AWS::IAM::Role", role.condition, properties, home)

    def _tags(self, tags: Iterable[Tag]) -> list[NewValue]:
        return [{"Key": self.template.write(tag.key), "Value": self.template.write(tag.value)} for tag in tags]

    def _trust(self, execution_role: str, near: Mapping | None) -> NewValue:
        known = self.manner.trust(execution_role)
        if known is not None:
            return Copy(known)
        statement: dict[str, NewValue] = {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        return self.manner.document([self.manner.statement(statement, near)], near)

    def _inline_policy(self, name: str, permissions: list[Permission], near: Mapping | None) -> NewValue:
        policy: NewValue = {
            "PolicyName": name,
            "PolicyDocument": self.manner.document(self._statements(permissions, near), near),
        }
        return self.manner.ordered(policy, next(iter(items(child(near, "Policies")) or ()), None))

    def _policy(
        self, role: str, condition: str | None, name: str, permissions: list[Permission], home: str | None
    ) -> NewValue:
        near = self.template.resources[role].properties
        properties: dict[str, NewValue] = {
            "PolicyName": name,
            "PolicyDocument": self.manner.document(self._statements(permissions, near), near),
            "Roles": [self.template.write(ref(role))],
        }
        return self._resource("AWS::IAM::Policy", condition, properties, home)

    def _services_of(self, role: str, condition: str | None) -> list[str]:
        """Services that must not start tasks before a policy of their role, which has a condition, lets them mount.
        CodeDeploy's services are never edited, one that a file system depends on would close a cycle, and one that is
        there without the policy cannot wait for it."""
        if self.template.blue_green:
            return []
        systems = [name for name, _ in self.template.of_type("AWS::EFS::FileSystem")]
        return [
            service.name
            for task in self._users_of_roles.get(role, ())
            if task in self._changed_tasks
            for service in self._services_by_task.get(task, ())
            if condition in (None, service.condition)
            and not any(self.template.reaches(system, service.name) for system in systems)
        ]

    @cached_property
    def _changed_tasks(self) -> set[str]:
        """Task definitions whose volumes the plan changes."""
        before = {task.key: task for task in self.old.tasks}
        return {task.key.name for task in self.new.tasks if task.volumes != before[task.key].volumes}

    @cached_property
    def _services_by_task(self) -> dict[str, list[Resource]]:
        """The services that run each task definition."""
        services: dict[str, list[Resource]] = {}
        for _, service in self.template.of_type("AWS::ECS::Service"):
            task = target(intrinsics.value(child(service.properties, "TaskDefinition")))
            services.setdefault(task, []).append(service)
        return services

    def _depends_on(self, service: Resource, policies: list[str]) -> TreeEdit:
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

    # -- what new resources look like ---------------------------------------------------------------------------------

    def _resource(
        self, kind: str, condition: str | None, properties: dict[str, NewValue], home: str | None
    ) -> NewValue:
        """A resource with its keys in the template's order."""
        near = self.manner.nearest(kind, home)
        members: dict[str, NewValue] = {"Type": kind}
        if condition:
            members["Condition"] = condition
        members["Properties"] = self.manner.ordered(properties, near)
        return dict(sorted(members.items())) if self.manner.type_last else members

    def _insert(self, added: list[Placed]) -> list[TreeEdit]:
        by_home: dict[str | None, list[Added]] = {}
        for home, name, value in sorted(added, key=_by_lower_name) if self.manner.sorts_resources else added:
            by_home.setdefault(home, []).append(Added(name, value))
        entries: list[Kept | Added] = [*by_home.get(None, ())]
        for entry in self.template.node.entries:
            entries += [Kept(entry), *by_home.get(key_text(entry), ())]
        return [EditMapping(self.template.node, tuple(entries))]


def _by_name(permission: Permission) -> tuple[str, str, str, int]:
    resource, point = permission.resource, permission.access_point
    return (
        permission.role.name,
        resource.source if resource else "",
        point.source if point else "",
        CLIENT_ACTIONS.index(permission.action),
    )


Placed: TypeAlias = tuple[str | None, str, NewValue]
"""A new resource: the logical id of the one that it goes behind (None for the first place), its own, and the resource."""


def _by_lower_name(placed: Placed) -> str:
    return placed[1].lower()


def _number(value: Value | None) -> NewValue:
    return int(value.source) if value else None


def _free(name: str, taken: set[str | None] | frozenset[str]) -> str:
    number = 1
    while (candidate := name if number == 1 else f"{name}{number}") in taken:
        number += 1
    return candidate
