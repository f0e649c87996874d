"""The resources around a template's task definitions: file systems, access points, roles and what they are allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from migrate.dialects import intrinsics
from migrate.dialects.reading import key_text
from migrate.dialects.shape import rest_but
from migrate.dialects.values import child, items, mapping, text, words
from migrate.syntax import get, resolve
from migrate.syntax.node import Added, EditMapping, EditSequence, Entry, Kept, Mapping, New, Node, Sequence, TreeEdit
from migrate.syntax.node import Value as NewValue
from rules.model import AccessPoint, EfsVolume, FileSystem, Key, Permission, Ref, Role, Stack, Text, Value
from rules.paths import normalise

_POINT_ARN = "elasticfilesystem:AccessPointArn"
_POLICY_NAME = "efs-access"
_STARTERS = ("AWS::Events::Rule", "AWS::Scheduler::Schedule", "AWS::StepFunctions::StateMachine", "AWS::Pipes::Pipe")


def target(value: Value | None) -> str:
    """The logical id that a value refers to, or an empty string."""
    if isinstance(value, Text) and value.literal is None and len(value.parts) == 1:
        return value.source[2:-1].partition(".")[0]
    return ""


def ref(name: str, attribute: str = "") -> Text:
    """A reference to a resource or its attribute."""
    return Text((Ref(f"${{{name}.{attribute}}}" if attribute else f"${{{name}}}"),))


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    entry: Entry
    name: str
    type: str
    node: Mapping
    properties: Mapping
    condition: str | None


@dataclass(frozen=True)
class Template:
    """The resources of one document, in its order."""

    index: int
    node: Mapping
    resources: dict[str, Resource]
    taken: frozenset[str]
    """Names that a new resource must not have."""
    blue_green: bool
    body: str
    """The text of the whole document."""

    @classmethod
    def of(cls, root: Node, index: int, body: str) -> Template | None:
        """The template in a document, or None."""
        listed = mapping(child(mapping(root), "Resources"))
        if listed is None:
            return None
        resources = {}
        for entry in listed.entries:
            node = mapping(entry.value)
            kind = text(child(node, "Type"))
            if node is None or kind is None:
                continue
            properties = mapping(child(node, "Properties")) or Mapping(node.start, node.start, [], flow=False)
            condition = text(child(node, "Condition"))
            resources[key_text(entry)] = Resource(entry, key_text(entry), kind, node, properties, condition)
        taken = {key_text(entry) for entry in listed.entries}
        for section in ("Parameters", "Conditions", "Mappings"):
            others = mapping(child(mapping(root), section))
            taken |= {key_text(entry) for entry in others.entries} if others else set()
        transforms = words(child(mapping(root), "Transform"))
        code_deploy = any(
            text(child(mapping(child(r.properties, "DeploymentController")), "Type")) == "CODE_DEPLOY"
            for r in resources.values()
            if r.type == "AWS::ECS::Service"
        )
        blue_green = code_deploy or "AWS::CODEDEPLOYBLUEGREEN" in transforms
        return cls(index, listed, resources, frozenset(taken), blue_green, body)

    def key(self, kind: str, name: str) -> Key:
        return (kind, self.index, name)

    def of_type(self, *types: str) -> Iterator[tuple[str, Resource]]:
        """Resources of some types, by logical id."""
        return ((name, r) for name, r in self.resources.items() if r.type in types)

    def extend(self, stack: Stack) -> Stack:
        """The stack with what this template says beside its tasks."""
        return replace(
            stack,
            file_systems=(*stack.file_systems, *self._file_systems()),
            access_points=(*stack.access_points, *self._access_points()),
            roles=(*stack.roles, *self._roles()),
            permissions=stack.permissions | frozenset(self._permissions()),
            names=(stack.names or frozenset()) | self.taken,
            starts_tasks=stack.starts_tasks or any(self.of_type(*_STARTERS)),
            blue_green=stack.blue_green or self.blue_green,
        )

    def _file_systems(self) -> Iterator[FileSystem]:
        for name, resource in self.of_type("AWS::EFS::FileSystem"):
            guarded = child(resource.properties, "FileSystemPolicy") is not None
            yield FileSystem(ref(name), ref(name, "Arn"), resource.condition, guarded)

    def _access_points(self) -> Iterator[AccessPoint]:
        for name, resource in self.of_type("AWS::EFS::AccessPoint"):
            properties = resource.properties
            directory = mapping(child(properties, "RootDirectory"))
            path = intrinsics.value(child(directory, "Path")) if directory else Text.of("/")
            yield AccessPoint(
                self.key("access point", name),
                ref(name),
                ref(name, "Arn"),
                intrinsics.value(child(properties, "FileSystemId")),
                (normalise(path.coded) or "/") if isinstance(path, Text) else None,
                _three(mapping(child(directory, "CreationInfo")), ("OwnerUid", "OwnerGid", "Permissions")),
                _all(mapping(child(properties, "PosixUser"))),
                resource.condition,
                rest_but(properties, ("FileSystemId", "RootDirectory", "PosixUser"), self.body),
            )

    def _roles(self) -> Iterator[Role]:
        for name, resource in self.of_type("AWS::IAM::Role"):
            yield Role(self.key("role", name), (ref(name), ref(name, "Arn")), resource.condition)

    def _permissions(self) -> Iterator[Permission]:
        for name, resource in self.of_type("AWS::IAM::Role"):
            for policy in intrinsics.each(child(resource.properties, "Policies")) or ():
                yield from self._allowed([name], mapping(policy))
        for _, resource in self.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            roles = [target(intrinsics.value(r)) for r in intrinsics.each(child(resource.properties, "Roles")) or ()]
            yield from self._allowed([r for r in roles if r in self.resources], resource.properties)

    def _allowed(self, roles: list[str], policy: Mapping | None) -> Iterator[Permission]:
        document = mapping(child(policy, "PolicyDocument"))
        listed = child(document, "Statement")
        for node in intrinsics.each(listed) or ([listed] if listed is not None else []):
            statement = mapping(node)
            if statement is None or text(child(statement, "Effect")) != "Allow":
                continue
            scope = child(mapping(child(mapping(child(statement, "Condition")), "StringEquals")), _POINT_ARN)
            for action in _many(child(statement, "Action")):
                name = action.literal or ""
                if name == "*" or name.lower().startswith("elasticfilesystem:"):
                    points: list[Value | None] = [*_many(scope)] or [None]
                    for resource in _many(child(statement, "Resource")):
                        for point in points:
                            for role in roles:
                                yield Permission(self.key("role", role), name, resource, point)


def _many(node: Node | None) -> list[Value]:
    """The values of a list, or the one that stands in its place."""
    nodes = items(node) or ([node] if node is not None else [])
    return [found for inner in nodes if (found := intrinsics.value(inner)) is not None]


def _three(node: Mapping | None, names: tuple[str, str, str]) -> tuple[str, str, str] | None:
    if node is None:
        return None
    first, second, third = (found.source if (found := intrinsics.value(child(node, n))) else "" for n in names)
    return first, second, third


def _all(node: Mapping | None) -> tuple[str, ...] | None:
    return tuple(intrinsics.render(entry.value) for entry in node.entries) if node else None


# -- writing ----------------------------------------------------------------------------------------------------------


@dataclass
class ResourceWriter:
    """Writes the resources and permissions that a plan adds to one template."""

    template: Template
    old: Stack
    new: Stack
    write: Callable[[Value], NewValue]

    def merged(self, edits: list[TreeEdit]) -> list[TreeEdit]:
        """The edits with those for new resources."""
        known = {point.key for point in self.old.access_points}
        points = [p for p in self.new.access_points if p.key not in known and p.key[1] == self.template.index]
        added = [(self._home_of(point), str(point.key[2]), self._access_point(point)) for point in points]
        result = list(edits)
        for role, permissions in self._new_permissions().items():
            statements = self._statements(permissions)
            resource = self.template.resources.get(role)
            if resource is None:
                added.append((self._before(self._users_of_roles.get(role, ())), role, self._role(role, statements)))
                continue
            policies = resolve(child(resource.properties, "Policies"))
            if isinstance(policies, Sequence) and policies.items and self._may_be_inline(resource, permissions):
                taken = {text(child(mapping(item), "PolicyName")) for item in policies.items}
                policy = {"PolicyName": _free(_POLICY_NAME, taken), "PolicyDocument": _document(statements)}
                result.append(EditSequence(policies, (*policies.items, New(self._like(policies.items[0], policy)))))
            else:
                name = _free(f"{role}EfsPolicy", self.template.taken)
                added.append((role, name, self._policy(role, resource, statements, permissions)))
                result += self._depend(role, name)
        if added:
            result.append(self._insert(added))
        return result

    # -- access points ------------------------------------------------------------------------------------------------

    def _access_point(self, point: AccessPoint) -> NewValue:
        properties: dict[str, NewValue] = {}
        if point.file_system is not None:
            properties["FileSystemId"] = self.write(point.file_system)
        if point.user is not None:
            properties["PosixUser"] = {"Uid": point.user[0], "Gid": point.user[1]}
        directory: dict[str, NewValue] = {"Path": self.write(Text.decode(point.path or "/"))}
        if point.creation is not None:
            uid, gid, mode = point.creation
            directory["CreationInfo"] = {"OwnerUid": uid, "OwnerGid": gid, "Permissions": mode}
        properties["RootDirectory"] = directory
        return self._resource("AWS::EFS::AccessPoint", point.condition, properties)

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
                    users.setdefault(point, []).append(str(task.key[2]))
        return users

    @cached_property
    def _users_of_roles(self) -> dict[str, list[str]]:
        users: dict[str, list[str]] = {}
        for task in self.new.tasks:
            users.setdefault(target(task.task_role), []).append(str(task.key[2]))
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

    # -- permissions --------------------------------------------------------------------------------------------------

    def _new_permissions(self) -> dict[str, list[Permission]]:
        """What the plan adds, by role, in an order that is the same on every run."""
        found: dict[str, list[Permission]] = {}
        added = [p for p in self.new.permissions - self.old.permissions if p.role[1] == self.template.index]
        for permission in sorted(added, key=_by_name):
            found.setdefault(str(permission.role[2]), []).append(permission)
        return found

    def _statements(self, permissions: list[Permission]) -> list[NewValue]:
        """One statement per file system and set of actions; a whole file system never shares one with access points."""
        actions: dict[tuple[Value | None, Value | None], tuple[str, ...]] = {}
        for p in permissions:
            actions[p.resource, p.access_point] = (*actions.get((p.resource, p.access_point), ()), p.action)
        groups: dict[tuple[Value | None, tuple[str, ...], bool], list[Value]] = {}
        for (resource, point), names in actions.items():
            points = groups.setdefault((resource, names, point is not None), [])
            points += [point] if point else []
        return [self._statement(resource, names, points) for (resource, names, _), points in groups.items()]

    def _statement(self, resource: Value | None, actions: tuple[str, ...], points: list[Value]) -> NewValue:
        statement: dict[str, NewValue] = {"Effect": "Allow", "Action": list(actions)}
        if resource is not None:
            statement["Resource"] = self.write(resource)
        scope: list[NewValue] = [self.write(point) for point in points]
        if scope:
            return {**statement, "Condition": {"StringEquals": {_POINT_ARN: scope if len(scope) > 1 else scope[0]}}}
        return {**statement, "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}}

    def _may_be_inline(self, role: Resource, permissions: list[Permission]) -> bool:
        """Whether a statement in the role itself can name the access points and file systems: they must be there whenever
        the role is, and must not depend on it."""
        for permission in permissions:
            for value in (permission.resource, permission.access_point):
                name = target(value)
                condition = next((p.condition for p in self.new.access_points if p.key[2] == name), None)
                resource = self.template.resources.get(name)
                condition = condition or (resource.condition if resource else None)
                if condition is not None and condition != role.condition:
                    return False
                if resource is not None and child(resource.properties, "FileSystemPolicy") is not None:
                    return False
        return True

    def _role(self, name: str, statements: list[NewValue]) -> NewValue:
        """A new task role, with the path and permissions boundary that its siblings have."""
        siblings = [r.properties for _, r in self.template.of_type("AWS::IAM::Role")]
        trust: NewValue = {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        properties: dict[str, NewValue] = {"AssumeRolePolicyDocument": _document([trust])}
        for key in ("Path", "PermissionsBoundary"):
            given = [node for sibling in siblings if (node := child(sibling, key)) is not None]
            if given and len(given) == len(siblings):
                properties[key] = self.write(found) if (found := intrinsics.value(given[0])) else None
        properties["Policies"] = [{"PolicyName": _POLICY_NAME, "PolicyDocument": _document(statements)}]
        condition = next(r.condition for r in self.new.roles if r.key == self.template.key("role", name))
        return self._resource("AWS::IAM::Role", condition, properties)

    def _policy(
        self, role: str, resource: Resource, statements: list[NewValue], permissions: list[Permission]
    ) -> NewValue:
        conditions = [p.condition for p in self.new.access_points if p.arn in {q.access_point for q in permissions}]
        condition = resource.condition or next((c for c in conditions if c), None)
        properties: dict[str, NewValue] = {
            "PolicyName": _POLICY_NAME,
            "PolicyDocument": _document(statements),
            "Roles": [self.write(ref(role))],
        }
        return self._resource("AWS::IAM::Policy", condition, properties)

    def _depend(self, role: str, policy: str) -> list[TreeEdit]:
        """Services must not start tasks before their role may mount."""
        users = set(self._users_of_roles.get(role, ()))
        edits: list[TreeEdit] = []
        for _, service in self.template.of_type("AWS::ECS::Service"):
            if target(intrinsics.value(child(service.properties, "TaskDefinition"))) in users:
                edits += self._depends_on(service, policy)
        return edits

    def _depends_on(self, service: Resource, policy: str) -> list[TreeEdit]:
        entry = get(service.node, "DependsOn")
        listed = resolve(entry.value) if entry else None
        if isinstance(listed, Sequence):
            return [EditSequence(listed, (*listed.items, New(policy)))]
        entries: list[Kept | Added] = [Kept(e) for e in service.node.entries]
        if entry is not None:
            both: list[NewValue] = [text(entry.value) or "", policy]
            entries[service.node.entries.index(entry)] = Added("DependsOn", both, replaces=entry)
        else:
            kinds = [key_text(e) for e in service.node.entries]
            entries.insert(kinds.index("Type") + 1, Added("DependsOn", policy))
        return [EditMapping(service.node, tuple(entries))]

    # -- what new resources look like ---------------------------------------------------------------------------------

    def _resource(self, kind: str, condition: str | None, properties: dict[str, NewValue]) -> NewValue:
        """A resource with its keys in the template's order."""
        members: dict[str, NewValue] = {"Type": kind}
        if condition:
            members["Condition"] = condition
        members["Properties"] = properties
        return dict(sorted(members.items())) if self._type_last else members

    @cached_property
    def _type_last(self) -> bool:
        """Whether most resources have their properties before their type."""
        orders = [[key_text(e) for e in r.node.entries] for r in self.template.resources.values()]
        last = sum(o.index("Properties") < o.index("Type") for o in orders if "Properties" in o)
        return 2 * last > len(orders)

    def _like(self, sibling: Node, members: dict[str, NewValue]) -> dict[str, NewValue]:
        node = mapping(sibling)
        names = [key_text(e) for e in node.entries] if node else []
        return dict(sorted(members.items(), key=lambda m: names.index(m[0]) if m[0] in names else len(names)))

    def _insert(self, added: list[tuple[str | None, str, NewValue]]) -> TreeEdit:
        by_home: dict[str | None, list[Added]] = {}
        for home, name, value in added:
            by_home.setdefault(home, []).append(Added(name, value))
        entries: list[Kept | Added] = [*by_home.get(None, ())]
        for entry in self.template.node.entries:
            entries += [Kept(entry), *by_home.get(key_text(entry), ())]
        return EditMapping(self.template.node, tuple(entries))


_ORDER = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess")


def _by_name(permission: Permission) -> tuple[str, str, str, int]:
    resource, point = permission.resource, permission.access_point
    return (
        str(permission.role[2]),
        resource.source if resource else "",
        point.source if point else "",
        _ORDER.index(permission.action),
    )


def _document(statements: list[NewValue]) -> NewValue:
    return {"Version": "2012-10-17", "Statement": statements}


def _free(name: str, taken: set[str | None] | frozenset[str]) -> str:
    number = 1
    while (candidate := name if number == 1 else f"{name}{number}") in taken:
        number += 1
    return candidate
