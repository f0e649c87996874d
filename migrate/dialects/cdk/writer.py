"""Writes the changes of a plan to a CDK program: volumes are edited in place, access points and grants are new
statements."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from migrate.dialects.cdk import batch
from migrate.dialects.cdk.api import BATCH, ECS, EFS, IAM, PLATFORM_VERSION, STACKS, TASK_DEFINITIONS
from migrate.dialects.cdk.program import Construct, Program, TaskSource, scope_of
from migrate.dialects.common.additions import NewGrant, NewPoint, additions, new_value
from migrate.dialects.common.collector import DefinitionNodes
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.volumes import volume_edits
from migrate.dialects.common.volumes.spelling import Spelling
from migrate.dialects.common.volumes.volumes import VolumeNodes
from migrate.dialects.dialect import Reading
from migrate.syntax import CannotEdit
from migrate.syntax.node import (
    Added,
    AddImport,
    AddStatement,
    AnyEdit,
    Call,
    EditMapping,
    Kept,
    Mapping,
    NewExpression,
    NewValue,
    Renamed,
    SetCallee,
)
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.names import Block, Place, Scope
from rules.facts.iam import Statement, statements
from rules.facts.identifiers import parts as words_of
from rules.model import (
    AccessPoint,
    AddPermissions,
    EfsVolume,
    Key,
    Opaque,
    Permission,
    Ref,
    SetStorage,
    Stack,
    Task,
    Text,
    Value,
)

_L2_POINT, _L1_POINT = f"{EFS}.AccessPoint", f"{EFS}.CfnAccessPoint"
_ARN = re.compile(
    r"arn:\ue000[^\ue001]*\ue001:elasticfilesystem:\ue000[^\ue001]*\ue001:\ue000[^\ue001]*\ue001:(file-system|access-point)/(.+)"
)

_VERSIONS = {"1.4.0": "VERSION1_4", "LATEST": "LATEST"}


@dataclass(frozen=True)
class Home:
    """The place of a new access point: a statement before or behind which it goes, the class that makes it (`kind`),
    and the variable that it is assigned to (`target`)."""

    place: Place
    statement: ast.stmt
    before: bool
    kind: str
    target: str
    scope: str | None
    """The expression for the construct in which it is made; None if a method of the file system makes it."""
    system: str | None
    """The expression for the file system as an object; None if only its id is known."""
    system_id: str | None = None
    """The expression for the file system's id, if the access point goes behind the L1 construct of the file system."""


@dataclass(frozen=True, kw_only=True)
class ProgramNodes(DefinitionNodes):
    """The nodes and places in the program of task definitions and their volumes."""

    program: Program
    sources: dict[Key, TaskSource] = field(default_factory=dict)
    """The task definitions, by their keys."""
    owners: dict[Key, TaskSource] = field(default_factory=dict)
    """The task definition of each volume."""
    places: dict[Key, Place] = field(default_factory=dict)
    """The place where the storage of a volume, or a service, is made."""
    uses: dict[Key, Place] = field(default_factory=dict)
    """The place where the task definition takes a volume, which may be made elsewhere."""
    spellings: dict[Key, Spelling] = field(default_factory=dict)
    """The names of each volume's members. Volumes of AWS Batch are left out, because their classes have members of
    their own."""

    @cached_property
    def sources_of_roles(self) -> dict[Key, list[TaskSource]]:
        """The task definitions of each role."""
        found: dict[Key, list[TaskSource]] = {}
        for source in self.sources.values():
            if source.role is not None:
                found.setdefault(source.role.key, []).append(source)
        return found


@dataclass
class ProgramWriter:
    """Writes the changes of one reading; `imports` are the imports that the new code needs."""

    reading: Reading[ProgramNodes]
    imports: dict[tuple[str, str | None, str | None], AddImport] = field(default_factory=dict)

    @property
    def nodes(self) -> ProgramNodes:
        return self.reading.nodes

    @property
    def program(self) -> Program:
        return self.nodes.program

    @property
    def document(self) -> PythonDocument:
        return self.program.document

    # -- what cannot be written ---------------------------------------------------------------------------------------

    def obstacle(self, change: SetStorage) -> str | None:
        """The reason why a volume cannot get the new storage of a change, or None if it can."""
        before, after = self.reading.storages[change.volume], change.storage
        if not isinstance(after, EfsVolume):
            return None
        place = self.nodes.places[change.volume]
        old = before if isinstance(before, EfsVolume) else None
        try:
            if change.volume not in self.nodes.spellings and old is None and after.file_system is not None:
                batch.file_system(self.program, after.file_system, place)
            elif after.file_system is not None and (old is None or old.file_system != after.file_system):
                self.program.write(after.file_system, place)
            if after.root_directory is not None and (old is None or old.root_directory != after.root_directory):
                self.program.write(after.root_directory, place)
            if after.access_point is not None and (old is None or old.access_point != after.access_point):
                return self._no_point(change.volume, after, place)
        except CannotEdit as problem:
            return str(problem)
        return None

    def _no_point(self, volume: Key, after: EfsVolume, place: Place) -> str | None:
        """The reason why a volume cannot mount through the access point of its new storage, or None if it can."""
        point = after.access_point
        name = _name_of(point)
        if name is None:
            return None  # the configuration gives the id
        if name in self.program.points:
            assert isinstance(point, Text)
            found = self.program.source(_only(point), place)
            return None if found else f"the code has no name there for access point {name}"
        assert after.file_system is not None
        before = self.reading.storages[volume]
        path = before.root_directory if isinstance(before, EfsVolume) else None
        home = self.home(name, after.file_system, path, volumes=[volume])
        return home if isinstance(home, str) else None

    def cannot_allow(self, change: AddPermissions) -> str | None:
        """The reason why a role cannot be given permissions, or None if it can."""
        if change.role not in self.reading.spans:
            return "a role for it is not added to programs of the CDK"
        return None if self._grantee(change.role) else "the code has no name for its task definition"

    def _grantee(self, role: Key) -> tuple[TaskSource, str] | None:
        """A task definition with a role, and the expression of the method that adds a policy statement to the role;
        None if the code has no name for either."""
        for source in self.nodes.sources_of_roles.get(role, ()):
            if source.construct is not None and source.kind not in TASK_DEFINITIONS:
                made = source.role_construct
                target = self.program.visible(made, source.place) if made is not None else None
                if target:
                    return source, f"{target}.add_to_policy"
            elif source.expression is not None:
                return source, f"{ast.unparse(source.expression)}.add_to_task_role_policy"
            elif source.construct is not None and source.construct.targets:
                return source, f"{source.construct.targets[0]}.add_to_task_role_policy"
        return None

    # -- where access points go ---------------------------------------------------------------------------------------

    def home(self, name: str, system: Value, path: Value | None, volumes: list[Key]) -> Home | str:
        """The place of a new access point that these volumes mount through, or the reason why there is none."""
        places = [self.nodes.places[volume] for volume in volumes]
        first = min(places, key=lambda place: place.index)
        expression, made = self.program.object_of(system, first)
        plain = not (isinstance(path, Text) and path.literal is None) and not isinstance(path, Opaque)
        uses = [self.nodes.uses[volume] for volume in volumes]
        if made is not None and plain and (found := self._beside(name, made, [*places, *uses])) is not None:
            return found
        if any(place.scope is not first.scope for place in places):
            return "several functions use it, and the file system comes from elsewhere"
        if any(not place.block.within(first.block) for place in places):
            return "it is used in several branches"
        if _repeated(first):
            return "one text makes several volumes in a loop, and each would need an access point of its own"
        task = self.nodes.owners[volumes[0]]
        scope = self._scope(task, first)
        if scope is None:
            return (
                "the code around it may run more than once, and each time an access point would need a name of its own"
            )
        if made is not None and expression is None and made.family != f"{EFS}.CfnFileSystem":
            return f"the code has no name there for file system {made.name}"
        low = expression is None or (made is not None and made.family == f"{EFS}.CfnFileSystem")
        if not low and made is not None and not made.is_imported:
            scope = None
        kind = _L1_POINT if low else _L2_POINT
        target = _snake(name)
        if any(use.scope is not first.scope for use in uses):
            methods = [place.scope.method_of() for place in (first, *uses)]
            if methods[0] is None or any(method != methods[0] for method in methods):
                return "functions that share no object make the volume and the task definition"
            target = f"{methods[0][1]}.{target}"
        return Home(
            first, first.statement, True, kind=kind, target=target, scope=scope, system=None if low else expression
        )

    def _beside(self, name: str, made: Construct, places: list[Place]) -> Home | None:
        """The place behind the statement that makes the file system, or None if the access point cannot be made or
        used from there."""
        statement = made.place.statement
        if (
            not isinstance(statement, ast.Assign | ast.AnnAssign)
            or statement.value is not made.call
            or not made.targets
        ):
            return None
        if not all(self.program.visible(made, place) for place in places):
            return None
        if any(scope_of(place) != scope_of(made.place) for place in places):
            return None
        low = made.family == f"{EFS}.CfnFileSystem"
        in_scope = low or made.is_imported
        scope = made.scope if in_scope else None
        if in_scope and (scope is None or _repeated(made.place) or not (made.id or _in_init(made.place, scope))):
            return None
        target = _snake(name)
        if any(place.scope is not made.place.scope for place in places):
            method = made.place.scope.method_of()
            if method is None or made.place.block.parent is not None:
                return None
            target = f"{method[1]}.{target}"
        system = made.targets[0]
        if low:
            return Home(
                made.place,
                statement,
                False,
                kind=_L1_POINT,
                target=target,
                scope=scope,
                system=None,
                system_id=f"{system}.ref",
            )
        return Home(made.place, statement, False, kind=_L2_POINT, target=target, scope=scope, system=system)

    def _scope(self, task: TaskSource, place: Place) -> str | None:
        """The construct in which a task definition is made; None if a construct with a fixed id cannot be made in
        it, because the code may run more than once."""
        made = task.construct
        if made is None or made.scope is None:
            method = place.scope.method_of()
            return method[1] if method is not None and _in_init(place, method[1]) else None
        if made.place.scope is not place.scope:
            return None
        if _in_init(place, made.scope) or (made.id is not None and not _repeated(made.place)):
            return made.scope
        return None

    # -- the edits ----------------------------------------------------------------------------------------------------

    def edits(self, planned: Stack) -> list[AnyEdit]:
        """The edits that turn the reading's stack into `planned`."""
        self.imports.clear()
        plan = additions(self.reading.stack, planned)
        edits: list[AnyEdit] = list(self._new_points(plan.points))
        for old, new in zip(self.reading.stack.tasks, planned.tasks, strict=True):
            if old is not new:
                edits += self._task(old, new)
        edits += self._grants(planned, plan.grants)
        edits += self._services(planned)
        return [*edits, *self.imports.values()]

    def _task(self, old: Task, new: Task) -> Iterator[AnyEdit]:
        """The edits of a task definition: its volumes and mount points."""
        nodes = self.nodes.tasks[old.key]
        for before, after in zip(old.volumes, new.volumes, strict=True):
            if before == after:
                continue
            found = self.nodes.volumes[before.key]
            place = self.nodes.places[before.key]
            spelling = self.nodes.spellings.get(before.key)
            if spelling is None:
                yield from batch.write_volume(before, after, found, program=self.program, place=place)
                continue
            spelling = replace(spelling, write=partial(self.program.write, place=place))
            for edit in volume_edits.write_volume(before, after, found, spelling=spelling):
                yield from self._as_structs(edit, found, spelling, place=place)
        before_points = [p for c in old.containers for p in c.mount_points]
        after_points = [p for c in new.containers for p in c.mount_points]
        for node, was, is_now in zip(nodes.mount_points, before_points, after_points, strict=True):
            if was != is_now and node is not None:
                yield from volume_edits.set_read_only(node, nodes.spelling, False)

    def _as_structs(self, edit: AnyEdit, nodes: VolumeNodes, spelling: Spelling, place: Place) -> Iterator[AnyEdit]:
        """The edit, with calls of the classes of structs instead of dicts if the mapping that it edits is such a
        call."""
        if not isinstance(edit, EditMapping):
            yield edit
            return
        origin = self.document.origin(edit.node)
        entries: list[Kept | Renamed | Added] = []
        for entry in edit.entries:
            if isinstance(entry, Added) and isinstance(entry.value, dict) and isinstance(origin, ast.Call):
                name = "AuthorizationConfig" if entry.key == spelling.authorization else "EfsVolumeConfiguration"
                entry = replace(entry, value=self._struct(name, entry.value, origin, spelling=spelling, place=place))
            elif isinstance(entry, Renamed) and edit.node is nodes.mapping and nodes.storage is not None:
                made = self.document.origin(nodes.storage)
                if isinstance(made, ast.Call):
                    yield SetCallee(
                        nodes.storage,
                        self._struct("EfsVolumeConfiguration", {}, made, spelling=spelling, place=place).name,
                    )
            entries.append(entry)
        yield replace(edit, entries=tuple(entries))

    def _struct(
        self, name: str, members: dict[str, NewValue], beside: ast.Call, spelling: Spelling, place: Place
    ) -> Call:
        """The call that makes a struct with these members; `beside` is the call that it is an argument of, which
        tells L1 from L2."""
        kind = self.program.kind(beside)
        nested = {
            key: self._struct("AuthorizationConfig", value, beside, spelling=spelling, place=place)
            if isinstance(value, dict) and key == spelling.authorization
            else value
            for key, value in members.items()
        }
        if ".Cfn" in kind:
            efs = "EfsVolume" if kind.startswith(f"{BATCH}.") else "EFSVolume"
            low = {
                "AuthorizationConfig": "AuthorizationConfigProperty",
                "EfsVolumeConfiguration": f"{efs}ConfigurationProperty",
            }
            return Call(ast.unparse(beside.func).rpartition(".")[0] + "." + low[name], nested)
        return Call(self.name(ECS, name, place), nested)

    def _services(self, planned: Stack) -> Iterator[AnyEdit]:
        """The edits that change Fargate platform versions."""
        for before, after in zip(self.reading.stack.platform_versions, planned.platform_versions, strict=True):
            if before == after or after.value is None:
                continue
            node = self.nodes.platform_versions[after.key]
            assert isinstance(node, Mapping)
            place = self.nodes.places[after.key]
            value = NewExpression(self.name(ECS, "FargatePlatformVersion", place) + "." + _VERSIONS[after.value.source])
            entries = (
                Added(key_text(e), value, replaces=e) if key_text(e) in PLATFORM_VERSION else Kept(e)
                for e in node.entries
            )
            yield EditMapping(node, tuple(entries))

    # -- access points ------------------------------------------------------------------------------------------------

    def _new_points(self, points: Iterable[NewPoint]) -> Iterator[AnyEdit]:
        """The statements that create access points. Raises CannotEdit if there is no place for one."""
        for new in points:
            point = new.point
            name = point.key.last
            path = point.path if isinstance(point.path, Opaque) else Text.decode(point.path or "/")
            assert point.file_system is not None
            home = self.home(name, point.file_system, path, volumes=list(new.users))
            if isinstance(home, str):
                raise CannotEdit(home)
            self.program.planned[name] = home.target
            self.program.planned_kinds[name] = home.kind
            self.program.planned_scopes[name] = home.place.scope
            statement = self.document.beside(home.statement)
            yield AddStatement(statement, self._point(name, point, path, home=home), home.target, before=home.before)

    def _point(self, name: str, point: AccessPoint, path: Value, home: Home) -> NewValue:
        """The call that creates an access point at its place."""
        place = home.place
        members: dict[str, NewValue] = {"path": self.program.write(path, place)}
        creation = dict(zip(("owner_uid", "owner_gid", "permissions"), point.creation or (), strict=False))
        user = dict(zip(("uid", "gid"), point.user or (), strict=False))
        if home.kind == _L1_POINT:
            prefix = self.name(EFS, "CfnAccessPoint", place)
            if creation:
                members["creation_info"] = Call(f"{prefix}.CreationInfoProperty", dict(creation))
            assert point.file_system is not None
            known = home.system_id
            given: dict[str, NewValue] = {
                "file_system_id": NewExpression(known) if known else self.program.write(point.file_system, place)
            }
            if user:
                given["posix_user"] = Call(f"{prefix}.PosixUserProperty", dict(user))
            given["root_directory"] = Call(f"{prefix}.RootDirectoryProperty", members)
            return Call(prefix, given, (NewExpression(str(home.scope)), name))
        if creation:
            members["create_acl"] = Call(self.name(EFS, "Acl", place), dict(creation))
        if user:
            members["posix_user"] = Call(self.name(EFS, "PosixUser", place), dict(user))
        system = home.system
        assert system is not None
        if home.scope is None:
            return Call(f"{system}.add_access_point", members, (name,))
        return Call(
            self.name(EFS, "AccessPoint", place),
            {"file_system": NewExpression(system), **members},
            (NewExpression(home.scope), name),
        )

    # -- grants -------------------------------------------------------------------------------------------------------

    def _grants(self, planned: Stack, grants: Iterable[NewGrant]) -> Iterator[AnyEdit]:
        """The statements that add policy statements to roles."""
        for grant in grants:
            grantee = self._grantee(grant.role)
            assert grantee is not None
            for behind, place, group in self._by_statement(planned, grant, grantee[0]):
                of = grantee[1].rpartition(".")[0]
                for statement in statements(group):
                    made = self._policy_statement(statement, place, of)
                    yield AddStatement(self.document.beside(behind), Call(grantee[1], {}, (made,)))

    def _by_statement(
        self, planned: Stack, grant: NewGrant, task: TaskSource
    ) -> list[tuple[ast.stmt, Place, list[Permission]]]:
        """The permissions of a grant, grouped by the statement behind which they are added: in each block, the last
        statement that makes a volume which needs them."""
        before = {volume.key: volume for t in self.reading.stack.tasks for volume in t.volumes}
        changed = [
            (volume, self._granted_at(volume.key, task))
            for t in planned.tasks
            for volume in t.volumes
            if volume != before[volume.key]
            and (found := self.nodes.sources[t.key].role) is not None
            and found.key == grant.role
        ]
        groups: dict[object, list[Permission]] = {}
        places: dict[object, Place] = {}
        # Sorted by the order in which the code makes the access points, so that the grants follow it.
        made = {point.arn: index for index, point in enumerate(planned.access_points)}
        for permission in sorted(
            grant.permissions, key=lambda p: made.get(p.access_point, -1) if p.access_point else -1
        ):
            served = [place for volume, place in changed if self._serves(permission, volume.storage, planned)]
            place = min(served or [task.place], key=lambda one: (_depth(one), one.index))
            if (
                place.scope is not task.place.scope
                and task.construct is not None
                and "." not in task.construct.targets[0]
            ):
                place = task.place
            groups.setdefault(place.block, []).append(permission)
        for block in groups:
            own = [place for _, place in changed if place.block is block]
            if task.place.block is block:
                own.append(task.place)
            places[block] = max(own or [task.place], key=lambda one: one.index)
        return [(self._behind(places[block]), places[block], group) for block, group in groups.items()]

    def _granted_at(self, volume: Key, task: TaskSource) -> Place:
        """The place for the permissions that a volume needs: where it is made or, in another function than the task
        definition, where that takes it."""
        place, use = self.nodes.places[volume], self.nodes.uses[volume]
        return use if place.scope is not task.place.scope and use.scope is task.place.scope else place

    def _serves(self, permission: Permission, storage: object, planned: Stack) -> bool:
        """Whether a storage needs a permission: it mounts through its access point, or through none like the
        permission."""
        if not isinstance(storage, EfsVolume):
            return False
        if permission.access_point is None:
            return storage.access_point is None
        return any(
            p.arn == permission.access_point and p.ref == storage.access_point for p in planned.access_points
        ) or (storage.access_point is not None and permission.access_point.source.endswith(storage.access_point.source))

    def _behind(self, place: Place) -> ast.stmt:
        """The statement at a place, to add another behind it. Raises CannotEdit for one that leaves the function."""
        statement = place.statement
        if isinstance(statement, ast.Return | ast.Raise):
            raise CannotEdit("a grant cannot stand behind a return")
        return statement

    def _policy_statement(self, statement: Statement[Value], place: Place, of: str) -> Call:
        """The call that makes a `PolicyStatement` for the role of the construct `of`."""
        members: dict[str, NewValue] = {"actions": list(statement.actions)}
        if statement.resource is not None:
            members["resources"] = [self._arn(statement.resource, place, of)]
        members["conditions"] = new_value(statement.condition(partial(self._arn, place=place, of=of)))
        return Call(self.name(IAM, "PolicyStatement", place), members)

    def _arn(self, member: Value, place: Place, of: str) -> NewValue:
        """The expression for an ARN: an attribute of an object, or `format_arn` with an id, in the stack of the
        construct `of`."""
        match = _ARN.fullmatch(member.coded) if isinstance(member, Text) else None
        if match is None:
            return self.program.write(member, place)
        kind, value = match[1], Text.decode(match[2])
        if kind == "file-system":
            expression, made = self.program.object_of(value, place)
            if expression is not None and (made is None or made.family == f"{EFS}.FileSystem"):
                return NewExpression(f"{expression}.file_system_arn")
        return Call(
            f"{self._stack(place, of)}.format_arn",
            {"service": "elasticfilesystem", "resource": kind, "resource_name": self.program.write(value, place)},
        )

    def _stack(self, place: Place, of: str) -> str:
        """The expression for the stack at a place: the construct in which the code makes others there, if that is a
        stack; else the stack of that construct, or of the construct `of`."""
        scope = self._scope_there(place)
        if scope is None:
            return f"{of}.stack"
        if self._is_stack(scope, place):
            return scope
        return f"{self.name('aws_cdk', 'Stack', place)}.of({scope})"

    def _scope_there(self, place: Place) -> str | None:
        """The construct in which a function makes others, which is `self` in methods of constructs; None if it makes
        none."""
        method = place.scope.method_of()
        made = [c.scope for c in self._made_in.get(place.scope, ()) if c.scope]
        if method is not None and (method[1] in made or self._is_construct(method[0])):
            return method[1]
        return next((name for name in made if len(place.scope.bindings.get(name, ())) == 1), None)

    @cached_property
    def _made_in(self) -> dict[Scope, list[Construct]]:
        """The constructs that are made in each scope."""
        found: dict[Scope, list[Construct]] = {}
        for made in self.program.constructs.values():
            found.setdefault(made.place.scope, []).append(made)
        return found

    def _bases(self, scope: Scope) -> list[str]:
        """The base classes of a class, by their full names."""
        bases = scope.node.bases if isinstance(scope.node, ast.ClassDef) else []
        place = Place(scope, Block(None), 1 << 60, statement=ast.Pass())
        return [name for base in bases if (name := self.document.dotted(base, place)) is not None]

    def _is_construct(self, scope: Scope) -> bool:
        """Whether a class is based on a class of the CDK."""
        return any(name.startswith(("aws_cdk.", "monocdk.", "constructs.")) for name in self._bases(scope))

    def _is_stack(self, name: str, place: Place) -> bool:
        """Whether a name certainly is a stack: `self` in a stack's method, a stack that the program makes, or a
        parameter with that annotation."""
        method = place.scope.method_of()
        if method is not None and name == method[1]:
            bases = [base.rpartition(".")[2] for base in self._bases(method[0])]
            return "Stack" in bases or "NestedStack" in bases
        expression = ast.parse(name, mode="eval").body
        made = self.program.construct(expression, place)
        return (made is not None and made.kind in STACKS) or self.program.declared(expression, place) in STACKS

    # -- names of classes ---------------------------------------------------------------------------------------------

    def name(self, module: str, name: str, place: Place) -> str:
        """The name of a CDK class as the program would write it at a place; adds an import if there is none yet.
        Raises CannotEdit if the name of the import is taken."""
        prefix = self.program.prefix(module, place)
        if prefix:
            return prefix + name
        if prefix == "" and self.program.resolves(name, f"{module}.{name}", place):
            return name
        if module == "aws_cdk":
            core = self.program.prefix("aws_cdk.core", place)
            if core:
                return core + name
        source, imported, alias, before = (
            (module, name, None, "") if prefix == "" else self.program.import_of(module, name)
        )
        key = (source, imported, alias)
        shown = alias or imported or source
        if self.program.is_taken(shown.partition(".")[0], place) and before != "":
            raise CannotEdit(f"{shown} is another name there")
        if key not in self.imports:
            self.imports[key] = AddImport(self.document.import_place(source), *key)
        return before + name


def _only(value: Text) -> Ref:
    """The only part of a text, which is a reference."""
    (part,) = value.parts
    assert isinstance(part, Ref)
    return part


def _name_of(point: Value | None) -> str | None:
    """The name of the access point in the source to which a value refers; None for any other value."""
    if not isinstance(point, Text) or len(point.parts) != 1 or not isinstance(point.parts[0], Ref):
        return None
    source = point.parts[0].source
    return source[2:-1] if source.startswith("${") else None


def _repeated(place: Place) -> bool:
    """Whether a loop or comprehension may run the code at a place more than once."""
    block: Block | None = place.block
    while block is not None:
        if block.loop:
            return True
        block = block.parent
    return place.scope.kind == "comprehension"


def _in_init(place: Place, scope: str) -> bool:
    """Whether a place is in the constructor of the construct that `scope` names, and in no loop."""
    method = place.scope.method_of()
    return method is not None and method[1] == scope and place.scope.path[-1:] == ("__init__",) and not _repeated(place)


def _depth(place: Place) -> int:
    """The number of blocks around the block of a place."""
    depth = 0
    block = place.block.parent
    while block is not None:
        depth, block = depth + 1, block.parent
    return depth


def _snake(name: str) -> str:
    """The name of the variable for a construct: `uploads_access_point` for `UploadsAccessPoint`."""
    made = "_".join(part.lower() for part in words_of(name))
    return made if made.isidentifier() else "access_point"
