"""Writes the resources that a plan adds to a template of troposphere, as statements beside existing ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from migrate.dialects.cloudformation.language.references import target
from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.cloudformation.writer import Placed, ResourceWriter
from migrate.dialects.common.additions import NewGrant, NewPoint, NewRole, new_value
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import items
from migrate.dialects.troposphere.calls import CallWriter, Variable
from migrate.dialects.troposphere.objects import TitledObject
from migrate.dialects.troposphere.template import PythonTemplate
from migrate.syntax import CannotEdit, resolve
from migrate.syntax.node import (
    Added,
    AddStatement,
    AnyEdit,
    Call,
    EditMapping,
    EditSequence,
    Kept,
    Mapping,
    New,
    NewValue,
    Scalar,
    Sequence,
    TreeEdit,
)
from migrate.syntax.python.names import Place
from rules.facts.iam import trust
from rules.model import AddAccessPoint, AddPermissions, Change, EfsVolume, Key, Storage

_RESOURCES = {
    "AWS::EC2::SecurityGroupIngress": ("ec2", "SecurityGroupIngress"),
    "AWS::EFS::AccessPoint": ("efs", "AccessPoint"),
    "AWS::IAM::ManagedPolicy": ("iam", "ManagedPolicy"),
    "AWS::IAM::Policy": ("iam", "PolicyType"),
    "AWS::IAM::Role": ("iam", "Role"),
}
"""Maps resource types to troposphere's modules and classes."""
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[0-9]+")
"""The words of a title in camel case: `MyEFSRole` has `My`, `EFS` and `Role`."""


@dataclass(frozen=True)
class Spot:
    """The place of a new statement: the statement beside which it goes, the side, and the template's name there."""

    place: Place
    before: bool
    template: str

    @property
    def there(self) -> Place:
        """The place at which the new statement is executed. After a statement, the names that this one binds are
        known."""
        return self.place if self.before else replace(self.place, index=self.place.index + 2)


@dataclass
class StatementWriter(ResourceWriter):
    """Writes the resources that a plan adds to a template as statements of the module."""

    template: PythonTemplate
    writer: CallWriter
    added: list[tuple[str | None, str, NewValue]] = field(default_factory=list)
    """The new resources: the title of the existing one that each goes after (None if it goes before one), its own
    title, and its value."""
    before: dict[str, str] = field(default_factory=dict)
    """Maps the title of each new resource that goes before an existing one to the title of that one."""

    def _placed(self, name: str, home: str | None, write: Callable[[str | None], NewValue]) -> Placed:
        """A new resource with its title and `home`, which is not moved: statements keep the order of execution."""
        return home, name, write(home)

    def _home_of(self, new: NewPoint) -> str | None:
        """The title of the resource that a new access point goes after, or None if it goes before the first of its
        users (see `before`)."""
        system = target(new.point.file_system)
        last = self._last_of.get(system)
        if last is not None and not self._made(last).repeated and self._made(last).place.block.parent is None:
            return last
        if system in self.template.resources:
            return system
        self._stands_before(new.point.key.name, new.users)
        return None

    def _home_of_role(self, new: NewRole) -> str | None:
        """The title of the execution role that a new task role goes after, or None if it goes before the first of its
        users."""
        home = self._execution_role(user.name for user in new.users)
        if home:
            return home
        self._stands_before(new.role.key.name, new.users)
        return None

    def _stands_before(self, name: str, users: Iterable[Key]) -> None:
        """Records that a new resource goes before the first of its users. Raises CannotEdit if the template has none of
        them."""
        tasks = (key.name for key in users)
        first = min((task for task in tasks if task in self._places), key=self._places.__getitem__, default=None)
        if first is None:
            raise CannotEdit("nothing in the module shows where a new resource belongs")
        self.before[name] = first

    def _made(self, title: str) -> TitledObject:
        """The object with a title."""
        return self.template.objects_by_title[title]

    def _resource(
        self, kind: str, condition: str | None, properties: dict[str, NewValue], home: str | None
    ) -> NewValue:
        """The call that makes a new resource, with its arguments in the order that the module uses."""
        module, name = _RESOURCES[kind]
        near = self.manner.nearest(kind, home)
        ordered = self.manner.ordered(properties, near)
        assert isinstance(ordered, dict)
        arguments: dict[str, NewValue] = {"Condition": condition} if condition else {}
        arguments |= {key: self.writer.shaped(key, value, module) for key, value in ordered.items()}
        return Call(self.writer.name(module, name), arguments)

    def _trust(self, execution_role: str, near: Mapping | None) -> NewValue:
        """The trust policy of a new task role."""
        del execution_role  # not copied from that role: a copy has the layout of its old place
        return self.manner.document([self.manner.statement(new_value(trust()), near)], near)

    def _goes_into(self, role: Resource, grant: NewGrant) -> bool:
        """Whether a role itself takes the new permissions, as in any template. False if the resources that they name
        cannot be written where the role is made."""
        place = self._made(role.name).place
        try:
            for permission in grant.permissions:
                for member in (permission.resource, permission.access_point):
                    if member is not None:
                        self.writer.value(member, place)
        except CannotEdit:
            return False
        return super()._goes_into(role, grant)

    def _insert(self, added: list[Placed]) -> list[TreeEdit]:
        """Keeps the new resources for `statements`; none of them is an edit of an existing mapping."""
        self.added += added
        return []

    def statements(self) -> Iterator[AnyEdit]:
        """The edits that add the new resources to the template, each a statement `template.add_resource(…)`."""
        spots = {name: self.spot(home or self.before[name], before=home is None) for home, name, _ in self.added}
        for name, spot in spots.items():
            if (variable := self._variable(name)) is not None:
                self.writer.new[name] = Variable(variable, spot.place, spot.before)
        for _, name, value in self.added:
            spot = spots[name]
            assert isinstance(value, Call)
            made = self.writer.written(replace(value, positional=(name,)), spot.there)
            variable = self.writer.new[name].name if name in self.writer.new else None
            call = Call(f"{spot.template}.add_resource", {}, (made,), hug=self._hugs)
            statement = self.writer.objects.document.statement(spot.place)
            yield AddStatement(statement, call, variable, before=spot.before, apart=self._apart(spot))

    def _apart(self, spot: Spot) -> bool:
        """Whether an empty line stands between a statement and its neighbour on the side where a new statement goes, or
        on the other side if there is no neighbour."""
        body = self._bodies.get(spot.place.statement, [])
        at = body.index(spot.place.statement) if spot.place.statement in body else 0
        around = list(pairwise(body[max(0, at - 1) : at + 2]))
        if not around:
            return False
        one, other = around[0] if spot.before else around[-1]
        return any(not line.strip() for line in self._lines[(one.end_lineno or 0) : other.lineno - 1])

    @cached_property
    def _lines(self) -> list[str]:
        """The lines of the module, without their ends."""
        return self.writer.objects.document.text.splitlines()

    @cached_property
    def _bodies(self) -> dict[ast.stmt, list[ast.stmt]]:
        """Maps each statement to the list of statements that it belongs to."""
        found: dict[ast.stmt, list[ast.stmt]] = {}
        for node in ast.walk(self.writer.objects.document.module):
            for name in ("body", "orelse", "finalbody"):
                listed = getattr(node, name, None)
                if isinstance(listed, list):
                    found |= dict.fromkeys(listed, listed)
        return found

    def spot(self, title: str, *, before: bool) -> Spot:
        """The place of a new resource's statement, after (or `before`) the one that makes or adds an object. Raises
        CannotEdit if the template has no certain name there, or the line holds another statement."""
        objects = self.writer.objects
        made = self._made(title)
        known = made if made.template is not None else self._added_one(made)
        root = known.template
        while isinstance(root, ast.Attribute):
            root = root.value
        for place in (made.place, made.added_at) if before else (made.added_at, made.place):
            if (
                place is not None
                and known.template is not None
                and known.added_at is not None
                and isinstance(root, ast.Name)
                and place.scope.kind in ("module", "function")
                and objects.same_name(root.id, place, known.added_at)
            ):
                if not self._alone(place.statement):
                    raise CannotEdit(f"the statement of {made.title} shares its line with another one")
                return Spot(place, before, ast.unparse(known.template))
        raise CannotEdit(f"where {made.title} is added to a template cannot be seen here")

    def _alone(self, statement: ast.stmt) -> bool:
        """True if nothing but a comment stands beside a statement on its lines."""
        document = self.writer.objects.document
        start, end = document.positions.span(statement)
        before = document.text[document.line_starts[statement.lineno - 1] : start]
        after = document.text[end:].partition("\n")[0].strip()
        return not before.strip() and (not after or after.startswith("#"))

    def _added_one(self, near: TitledObject) -> TitledObject:
        """An object of the same scope whose template is known; `near` itself if there is none."""
        others: list[TitledObject] = list(self.template.objects_by_title.values())
        return next((m for m in others if m.template is not None and m.place.scope is near.place.scope), near)

    @cached_property
    def _hugs(self) -> bool:
        """Whether most calls of several lines start on the line of `add_resource(`, rather than on the next."""
        found = [
            made.call.lineno == made.added.func.end_lineno
            for made in self.template.objects_by_title.values()
            if made.added is not None and made.call in made.added.args and made.call.end_lineno != made.call.lineno
        ]
        return 2 * sum(found) > len(found)

    def _variable(self, title: str) -> str | None:
        """The name of the variable for a new resource, or None if most resources of the module have no variable, or the
        name is taken."""
        named = self._named
        if 2 * len(named) < sum(m.title in self.template.resources for m in self.template.objects_by_title.values()):
            return None
        same = sum(variable == titled for titled, variable in named)
        name = title if 2 * same > len(named) else "_".join(word.lower() for word in _WORDS.findall(title))
        return None if name in self.writer.bound or not name.isidentifier() else name

    @cached_property
    def _named(self) -> list[tuple[str, str]]:
        """The titles of the template's resources that variables hold, each with its variable."""
        objects = self.writer.objects
        named: list[tuple[str, str]] = []
        for made in self.template.objects_by_title.values():
            if made.title in self.template.resources and made.title is not None:
                binding = objects.binding_of(made.call)
                if binding is not None and not objects.is_attribute(binding):
                    named.append((made.title, binding.name))
        return named

    def _depends_on(self, service: Resource, policies: list[str]) -> TreeEdit:
        """The edit that adds policies to the `DependsOn` of a service. Raises CannotEdit if that is neither a title nor
        a list."""
        node = service.properties
        hidden = self.writer.objects.unlisted.get(id(node), [])
        entry = next((e for e in hidden if key_text(e) == "DependsOn"), None)
        listed = resolve(entry.value) if entry else None
        if isinstance(listed, Sequence) and items(listed) is not None:
            return EditSequence(listed, (*listed.items, *map(New, policies)))
        if isinstance(listed, Scalar) and entry is not None:
            waits: list[NewValue] = [listed.text, *policies]
            return EditMapping(
                node, tuple(Added("DependsOn", waits, replaces=e) if e is entry else Kept(e) for e in node.entries)
            )
        if entry is not None:
            raise CannotEdit(f"what {service.name} waits for is no list")
        alone: NewValue = policies[0] if len(policies) == 1 else list[NewValue](policies)
        return EditMapping(node, (*map(Kept, node.entries), Added("DependsOn", alone)))

    # -- checks -------------------------------------------------------------------------------------------------------

    def check(self, change: Change) -> None:
        """Raises CannotEdit if there is no certain place in the module for the statements that a change needs."""
        match change:
            case AddAccessPoint():
                system = self.template.objects_by_title.get(target(change.point.file_system))
                if system is not None and system.title in self.template.resources:
                    if system.place.block.parent is not None:
                        raise CannotEdit(f"{system.title} is made in a branch of the code, and may not be there")
                    self.spot(str(system.title), before=False)
            case AddPermissions():
                title = change.role.name
                if title in self.template.objects_by_title:
                    place = self.spot(title, before=False).there
                    for permission in change.permissions:
                        for member in (permission.resource, permission.access_point):
                            if member is not None:
                                self.writer.value(member, place)
            case _:
                pass

    def check_storage(self, volume: Key, storage: EfsVolume, before: Storage, place: Place) -> None:
        """Raises CannotEdit if a volume's new storage cannot be written at its place, or its new access point has no
        place in the module."""
        if storage.file_system is None:
            return
        own = storage.root_directory
        for member in (storage.file_system, own) if own is not None else (storage.file_system,):
            self.writer.value(member, place)
        known = {point.ref for point in self.old.access_points}
        if storage.access_point is None or storage.access_point in known or not target(storage.access_point):
            return
        if target(storage.file_system) not in self.template.resources:
            there = self.spot(volume.name, before=True).there
            self.writer.value(storage.file_system, there)
            moved = before.root_directory if isinstance(before, EfsVolume) else None
            if moved is not None:
                self.writer.value(moved, there)
