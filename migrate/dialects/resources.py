"""The resources around a template's task definitions: file systems, access points, roles and what they are allowed."""

from __future__ import annotations

import re
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
_WORD = re.compile(r"[A-Za-z0-9]+")
_STARTERS = ("AWS::Events::Rule", "AWS::Scheduler::Schedule", "AWS::StepFunctions::StateMachine", "AWS::Pipes::Pipe")
_INSTANCES = ("AWS::AutoScaling::LaunchConfiguration", "AWS::EC2::LaunchTemplate", "AWS::EC2::Instance")
_FILE_SYSTEM_NAME = re.compile(
    r"(?!(?:[Uu]se|[Ee]nable|[Cc]reate|[Mm]ount|[Ww]ith|[Hh]as|[Aa]ttach)[A-Z_])"
    r"\w*(?:(?<![a-z])efs|Efs|EFS|[Ff]ile_?[Ss]ystem)(?:_?[Ii][Dd])?"
)
"""A parameter's name that says that it holds the id of a file system; those of switches begin with a verb."""


def _section(root: Node, name: str) -> dict[str, Node]:
    """The members of one of a template's sections."""
    section = mapping(child(mapping(root), name))
    return {key_text(entry): entry.value for entry in section.entries} if section else {}


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
    parameters: dict[str, Node]
    outputs: dict[str, Node]
    blue_green: bool
    body: str
    """The text of the whole document."""
    write: Callable[[Value], NewValue]
    """How the template writes values."""

    @classmethod
    def of(cls, root: Node, index: int, body: str, write: Callable[[Value], NewValue]) -> Template | None:
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
        parameters, outputs = (_section(root, name) for name in ("Parameters", "Outputs"))
        return cls(index, listed, resources, frozenset(taken), parameters, outputs, blue_green, body, write)

    def key(self, kind: str, name: str) -> Key:
        return (kind, self.index, name)

    def missing(self, value: Value | None) -> str | None:
        """A resource, parameter, mapping or condition that a value refers to and the template does not have."""
        names = intrinsics.names(value) if value is not None else ()
        return next((name for name in names if not name.startswith("AWS::") and name not in self.taken), None)

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
            has_instances=stack.has_instances or self._has_instances,
            file_system_parameters=(*stack.file_system_parameters, *self._file_system_parameters()),
        )

    @property
    def _has_instances(self) -> bool:
        return any(self.of_type("AWS::ECS::Cluster")) and any(self.of_type(*_INSTANCES))

    def _file_system_parameters(self) -> Iterator[str]:
        for name, parameter in self.parameters.items():
            kind = text(child(mapping(parameter), "Type"))
            if kind == "AWS::EFS::FileSystem::Id" or (kind == "String" and _FILE_SYSTEM_NAME.fullmatch(name)):
                yield name

    def _file_systems(self) -> Iterator[FileSystem]:
        for name, resource in self.of_type("AWS::EFS::FileSystem"):
            guarded = child(resource.properties, "FileSystemPolicy") is not None
            yield FileSystem(ref(name), ref(name, "Arn"), resource.condition, guarded)

    def _access_points(self) -> Iterator[AccessPoint]:
        for name, resource in self.of_type("AWS::EFS::AccessPoint"):
            properties = resource.properties
            written = child(properties, "RootDirectory")
            directory = mapping(written)
            path = intrinsics.value(child(directory, "Path")) if directory else None
            if written is None:
                path = Text.of("/")
            yield AccessPoint(
                self.key("access point", name),
                ref(name),
                ref(name, "Arn"),
                intrinsics.value(child(properties, "FileSystemId")),
                (normalise(path.coded) or "/") if isinstance(path, Text) else None,
                _three(mapping(child(directory, "CreationInfo")), ("OwnerUid", "OwnerGid", "Permissions")),
                _all(child(properties, "PosixUser")),
                resource.condition,
                rest_but(properties, ("FileSystemId", "RootDirectory", "PosixUser"), self.body),
            )

    def _roles(self) -> Iterator[Role]:
        for name, resource in self.of_type("AWS::IAM::Role"):
            unclear = any(self._is_unclear(policy) for policy in self._policies_of(resource))
            yield Role(self.key("role", name), (ref(name), ref(name, "Arn")), resource.condition, unclear)

    def _policies_of(self, role: Resource) -> list[Mapping | None]:
        """A role's own policies; None for what cannot be read."""
        listed = child(role.properties, "Policies")
        found = intrinsics.each(listed) if listed is not None else []
        return [None] if found is None else [mapping(policy) for policy in found]

    def _is_unclear(self, policy: Mapping | None) -> bool:
        document = mapping(child(policy, "PolicyDocument"))
        statements = intrinsics.each(child(document, "Statement"))
        if statements is None:
            statements = [child(document, "Statement") or self.node]
        read = [mapping(statement) for statement in statements]
        return any(s is None or text(child(s, "Effect")) != "Allow" for s in read)

    def _permissions(self) -> Iterator[Permission]:
        for name, resource in self.of_type("AWS::IAM::Role"):
            for conditions, policy in _certain(child(resource.properties, "Policies")):
                if not conditions:
                    yield from self._allowed([name], mapping(policy), resource.condition)
        for _, resource in self.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            yield from self._allowed(self._roles_of(resource), resource.properties, resource.condition)

    def _allowed(self, roles: list[str], policy: Mapping | None, condition: str | None) -> Iterator[Permission]:
        """What a policy allows roles whenever what it names is there."""
        document = mapping(child(policy, "PolicyDocument"))
        for conditions, node in _certain(child(document, "Statement")):
            statement = mapping(node)
            if conditions or statement is None or text(child(statement, "Effect")) != "Allow":
                continue
            scope, plain = _scope(child(statement, "Condition"))
            if not plain:
                continue
            points: list[Value | None] = [*_many(scope)] or [None]
            for action in _many(child(statement, "Action")):
                name = action.literal or ""
                if name != "*" and not name.lower().startswith("elasticfilesystem:"):
                    continue
                for resource in _many(child(statement, "Resource")):
                    for point in points:
                        for role in roles:
                            if condition in (
                                None,
                                self.resources[role].condition,
                                self.condition_of(point or resource),
                            ):
                                yield Permission(self.key("role", role), name, resource, point)

    def condition_of(self, value: Value | None) -> str | None:
        """The condition of the resource that a value refers to."""
        resource = self.resources.get(target(value))
        return resource.condition if resource else None

    def policy_names(self, role: str) -> set[str | None]:
        """Names of policies that a role has, inline or attached by another resource."""
        own = {text(child(p, "PolicyName")) for p in self._policies_of(self.resources[role])}
        return own | self._attached_names.get(role, set())

    @cached_property
    def _attached_names(self) -> dict[str, set[str | None]]:
        """Names of the policies that are resources of their own, by the roles they are attached to."""
        names: dict[str, set[str | None]] = {}
        for _, resource in self.of_type("AWS::IAM::Policy"):
            for role in self._roles_of(resource):
                names.setdefault(role, set()).add(text(child(resource.properties, "PolicyName")))
        return names

    def _roles_of(self, policy: Resource) -> list[str]:
        """The roles of the template that a policy is attached to."""
        roles = [target(intrinsics.value(r)) for r in intrinsics.each(child(policy.properties, "Roles")) or ()]
        return [role for role in roles if role in self.resources]

    def reaches(self, start: str, goal: str) -> bool:
        """Whether a resource depends on another, directly or not. Whatever mentions a name counts as depending on it."""
        if start not in self._reached:
            seen: set[str] = set()
            pending = [start]
            while pending:
                name = pending.pop()
                if name not in seen:
                    seen.add(name)
                    pending += self._mentions(name)
            self._reached[start] = seen
        return goal in self._reached[start]

    @cached_property
    def _reached(self) -> dict[str, set[str]]:
        """What each resource that was asked about depends on, itself included."""
        return {}

    def _mentions(self, name: str) -> set[str]:
        if name not in self.resources:
            return set()
        node = self.resources[name].node
        words = set(_WORD.findall(self.body, node.start, node.end))
        return {word for word in words if word in self.resources and word != name}


def _certain(node: Node | None) -> Iterator[tuple[intrinsics.Arms, Node]]:
    """Items of a list (or the one that stands in its place) with their conditions."""
    for outer, listed in intrinsics.arms(node):
        nodes = items(listed)
        for item in [listed] if nodes is None else nodes:
            for inner, arm in intrinsics.arms(item):
                yield (*outer, *inner), arm


def _scope(node: Node | None) -> tuple[Node | None, bool]:
    """The access points that a statement's condition names, and whether it asks for nothing else that could fail."""
    if node is None:
        return None, True
    condition = mapping(node)
    if condition is None or len(condition.entries) != 1:
        return None, False
    operator, inner = key_text(condition.entries[0]), mapping(condition.entries[0].value)
    if inner is None or len(inner.entries) != 1:
        return None, False
    name, value = key_text(inner.entries[0]), inner.entries[0].value
    if operator == "StringEquals" and name == _POINT_ARN:
        return value, True
    return None, operator == "Bool" and name == "elasticfilesystem:AccessedViaMountTarget"


def _many(node: Node | None) -> list[Value]:
    """The values of a list, or the one that stands in its place."""
    nodes = items(node) or ([node] if node is not None else [])
    return [found for inner in nodes if (found := intrinsics.value(inner)) is not None]


def _three(node: Mapping | None, names: tuple[str, str, str]) -> tuple[str, str, str] | None:
    if node is None:
        return None
    first, second, third = (found.source if (found := intrinsics.value(child(node, n))) else "" for n in names)
    return first, second, third


def _all(node: Node | None) -> tuple[str, ...] | None:
    if node is None or intrinsics.is_no_value(node):
        return None
    found = mapping(node)
    return tuple(intrinsics.render(entry.value) for entry in found.entries) if found else ("?",)


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
        points = [p for p in self.new.access_points if p.key not in known and p.key[1] == self.template.index]
        added = [(self._home_of(point), str(point.key[2]), self._access_point(point)) for point in points]
        result = list(edits)
        awaited: dict[str, list[str]] = {}
        for role, permissions in self._new_permissions().items():
            resource = self.template.resources.get(role)
            if resource is None:
                added.append((self._before(self._users_of_roles.get(role, ())), role, self._role(role, permissions)))
                continue
            taken = self.template.policy_names(role)
            for condition, group in self._by_condition(resource, permissions).items():
                policy_name = _free(_POLICY_NAME, taken)
                taken.add(policy_name)
                policies = self._inline_home(resource, group) if condition == resource.condition else None
                if policies is not None:
                    policy = {"PolicyName": policy_name, "PolicyDocument": _document(self._statements(group))}
                    result.append(EditSequence(policies, (*policies.items, New(self._like(policies.items[0], policy)))))
                else:
                    name = _free(f"{role}EfsPolicy", {*self.template.taken, *(n for _, n, _ in added)})
                    added.append((role, name, self._policy(role, condition, policy_name, group)))
                    for service in self._services_of(role, condition):
                        awaited.setdefault(service, []).append(name)
        for service, policies_added in awaited.items():
            result.append(self._depends_on(self.template.resources[service], policies_added))
        if added:
            result.append(self._insert(added))
        return result

    # -- access points ------------------------------------------------------------------------------------------------

    def _access_point(self, point: AccessPoint) -> NewValue:
        properties: dict[str, NewValue] = {}
        if point.file_system is not None:
            properties["FileSystemId"] = self.template.write(point.file_system)
        if point.user is not None:
            properties["PosixUser"] = {"Uid": point.user[0], "Gid": point.user[1]}
        directory: dict[str, NewValue] = {"Path": self.template.write(Text.decode(point.path or "/"))}
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
            statement["Resource"] = self.template.write(resource)
        scope: list[NewValue] = [self.template.write(point) for point in points]
        if scope:
            return {**statement, "Condition": {"StringEquals": {_POINT_ARN: scope if len(scope) > 1 else scope[0]}}}
        return {**statement, "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}}

    def _by_condition(self, role: Resource, permissions: list[Permission]) -> dict[str | None, list[Permission]]:
        """Permissions by the condition under which a policy may name what they are about: the role's, or another one that
        an access point or file system has."""
        conditions = {str(p.key[2]): p.condition for p in self.new.access_points}
        groups: dict[str | None, list[Permission]] = {}
        for permission in permissions:
            value = permission.access_point or permission.resource
            name = target(value)
            condition = conditions[name] if name in conditions else self.template.condition_of(value)
            groups.setdefault(condition or role.condition, []).append(permission)
        return groups

    def _inline_home(self, role: Resource, permissions: list[Permission]) -> Sequence | None:
        """The role's own policies, if it keeps some, nobody shares them, and naming what the permissions are about there
        closes no cycle."""
        node = child(role.properties, "Policies")
        if not isinstance(node, Sequence) or node.anchor or not node.items or items(node) is None:
            return None
        systems = {
            target(p.file_system) for p in self.new.access_points if p.arn in {q.access_point for q in permissions}
        }
        systems |= {target(p.resource) for p in permissions} | {target(p.access_point) for p in permissions}
        return None if any(self.template.reaches(name, role.name) for name in systems if name) else node

    def _role(self, name: str, permissions: list[Permission]) -> NewValue:
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
                properties[key] = self.template.write(found) if (found := intrinsics.value(given[0])) else None
        document = _document(self._statements(permissions))
        properties["Policies"] = [{"PolicyName": _POLICY_NAME, "PolicyDocument": document}]
        condition = next(r.condition for r in self.new.roles if r.key == self.template.key("role", name))
        return self._resource("AWS::IAM::Role", condition, properties)

    def _policy(self, role: str, condition: str | None, name: str, permissions: list[Permission]) -> NewValue:
        properties: dict[str, NewValue] = {
            "PolicyName": name,
            "PolicyDocument": _document(self._statements(permissions)),
            "Roles": [self.template.write(ref(role))],
        }
        return self._resource("AWS::IAM::Policy", condition, properties)

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
        return {str(task.key[2]) for task in self.new.tasks if task.volumes != before[task.key].volumes}

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
