"""How the author of a template lays out resources: the order of keys and resources, lists of one, trust policies, names.

What is new is written as its nearest sibling is: an access point as the access points that are there, a statement as other
statements. Where there is none it has the documentation's order, or the alphabet's in a template that is sorted throughout.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.common.nodes import key_text, walk
from migrate.dialects.common.values import child, items, mapping, text
from migrate.syntax.node import Alias, Mapping, NewValue, Node
from rules.facts.iam import ASSUME, TASKS

_SOME = 500
"""How many mappings are looked at before a template is called sorted."""
_FEWEST_KEYS, _FEWEST_RESOURCES = 8, 5
"""How many mappings of three keys or more, and how many resources, it takes to say that somebody sorts them."""
_MOSTLY = 0.7
_CAMEL = re.compile(r"[A-Z][A-Za-z0-9]*")
_SNAKE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")


@dataclass(frozen=True)
class HouseStyle:
    """What the resources of one template show; `siblings` are those that have a type, in its order."""

    listed: Mapping
    siblings: tuple[Resource, ...]
    body: str
    """The text of the whole document."""

    # -- orders -------------------------------------------------------------------------------------------------------

    @cached_property
    def sorts_keys(self) -> bool:
        """Whether nearly all mappings of three keys or more are in alphabetical order, resources themselves aside."""
        own = {id(self.listed)} | {id(entry.value) for entry in self.listed.entries}
        found = (node for node in walk([self.listed]) if isinstance(node, Mapping) and id(node) not in own)
        keys = [[key_text(e) for e in node.entries] for node in islice(found, _SOME) if len(node.entries) > 2]
        return len(keys) >= _FEWEST_KEYS and sum(map(_is_sorted, keys)) >= _MOSTLY * len(keys)

    @cached_property
    def sorts_resources(self) -> bool:
        """Whether all resources are in alphabetical order."""
        names = [key_text(entry) for entry in self.listed.entries]
        return len(names) >= _FEWEST_RESOURCES and _is_sorted(names)

    @cached_property
    def type_last(self) -> bool:
        """Whether most resources have their properties before their type."""
        orders = [
            [key_text(e) for e in node.entries] for entry in self.listed.entries if (node := mapping(entry.value))
        ]
        last = sum(o.index("Properties") < o.index("Type") for o in orders if "Properties" in o and "Type" in o)
        return 2 * last > len(self.siblings)

    def place(self, name: str, home: str | None) -> str | None:
        """The resource that a new one goes behind: `home`, or the alphabet's choice among sorted resources."""
        if not self.sorts_resources:
            return home
        before = [known for entry in self.listed.entries if (known := key_text(entry)).lower() < name.lower()]
        return before[-1] if before else None

    def ordered(self, value: NewValue, example: Node | None) -> NewValue:
        """A new value with the keys of its mappings in the order that they have in an example."""
        if isinstance(value, list):
            first = next((item for item in items(example) or () if mapping(item)), None)
            return [self.ordered(item, first) for item in value]
        if not isinstance(value, dict):
            return value
        node = mapping(example)
        if node is None:
            names = sorted(value) if self.sorts_keys else list(value)
        else:
            names = _merged(list(value), [key_text(entry) for entry in node.entries])
        return {name: self.ordered(value[name], child(node, name)) for name in names}

    def position(self, properties: Mapping, name: str, kind: str) -> int:
        """Where a new property goes among those of a resource: where the alphabet puts it if they are sorted, where the first
        resource of its type has it, else last, but before the tags."""
        names = [key_text(entry) for entry in properties.entries]
        if self.sorts_keys or (len(names) > 2 and names == sorted(names)):
            return sum(known < name for known in names)
        orders = ([key_text(e) for e in s.properties.entries] for s in self.siblings if s.type == kind)
        order = next((found for found in orders if name in found), [])
        before = [at for at, known in enumerate(names) if known in order and order.index(known) < order.index(name)]
        if before:
            return before[-1] + 1
        return names.index("Tags") if "Tags" in names else len(names)

    # -- siblings -----------------------------------------------------------------------------------------------------

    def nearest(self, kind: str, home: str | None) -> Mapping | None:
        """The properties of the resource of a type that stands nearest above the place behind `home`, else the first one below it."""
        found: Mapping | None = None
        above = home is not None
        for sibling in self.siblings:
            if sibling.type == kind and (above or found is None):
                found = sibling.properties
            above = above and sibling.name != home
        return found

    # -- policies -----------------------------------------------------------------------------------------------------

    def trust(self, role: str) -> Node | None:
        """The trust policy to copy for a new role that ECS tasks assume: that of another such role. One with conditions of
        its own is taken only from `role`, the execution role of the same task."""
        for sibling in sorted(self._roles, key=lambda sibling: sibling.name != role):
            document = child(sibling.properties, "AssumeRolePolicyDocument")
            if document is None or "#" in self.body[document.start : document.end]:
                continue  # a comment is not meant for two roles
            if _trusts_tasks(document, conditional=sibling.name == role):
                return document
        return None

    def statement(self, statement: dict[str, NewValue], near: Mapping | None) -> NewValue:
        """A statement as the author writes them: its keys in the order of one in the properties `near`, else of the first in
        the template, and lists of one as they are."""
        kind, other = (_trusting, _granting) if "Principal" in statement else (_granting, _trusting)
        around = [near, *self._policies]
        known = next((s for read in (kind, other) for properties in around for s in read(properties)), None)
        lists = self._lists[kind]
        shaped: dict[str, NewValue] = {}
        for key, value in statement.items():
            shaped[key] = value
            if key == "Principal" and isinstance(value, dict):
                shaped[key] = {name: _one(member, lists.get(name)) for name, member in value.items()}
            elif key in ("Action", "Resource"):
                shaped[key] = _one(value, lists.get(key))
        return self.ordered(shaped, known)

    def document(self, statements: list[NewValue], near: Mapping | None) -> NewValue:
        """A policy document with its keys in the order of one in the properties `near`, else of the first in the template."""
        known = next((document for properties in (near, *self._policies) for document in _documents(properties)), None)
        names = ["Version", "Statement"]
        members: dict[str, NewValue] = {"Version": "2012-10-17", "Statement": statements}
        order = [key_text(entry) for entry in known.entries] if known else sorted(names) if self.sorts_keys else names
        return {name: members[name] for name in _merged(names, order)}

    def policy_name(self, *words: str) -> str:
        """A name for a policy in the style of those that are there: `efs-access`, `EfsAccess` or `efs_access`."""
        separator = self._policy_separator
        return separator.join(words if separator else map(str.capitalize, words))

    @cached_property
    def _policy_separator(self) -> str:
        names = [name for name in map(_policy_name, self._inline) if name is not None]
        styles = ((_CAMEL, ""), (_SNAKE, "_"))
        return next((sep for style, sep in styles if names and all(style.fullmatch(n) for n in names)), "-")

    @cached_property
    def _roles(self) -> list[Resource]:
        return [sibling for sibling in self.siblings if sibling.type == "AWS::IAM::Role"]

    @cached_property
    def _policies(self) -> list[Mapping]:
        """The properties of all roles and policies."""
        return [sibling.properties for sibling in self.siblings if sibling.type.startswith("AWS::IAM::")]

    @cached_property
    def _inline(self) -> list[Mapping]:
        """Everything that has a policy's name: inline policies, and policies that are resources of their own."""
        return [policy for properties in self._policies for policy in (*_own(properties), properties)]

    @cached_property
    def _lists(self) -> dict[Callable[[Mapping | None], Iterator[Mapping]], dict[str, bool]]:
        """For the members of statements of either kind, whether most single values stand in a list."""
        return {kind: _lists_of_one(map(kind, self._policies)) for kind in (_granting, _trusting)}


def _lists_of_one(found: Iterable[Iterator[Mapping]]) -> dict[str, bool]:
    listed: dict[str, list[bool]] = {}
    for statement in chain.from_iterable(found):
        members = [("Action", child(statement, "Action")), ("Resource", child(statement, "Resource"))]
        principal = mapping(child(statement, "Principal"))
        members += [(key_text(entry), entry.value) for entry in principal.entries] if principal else []
        for key, node in members:
            inner = items(node)
            if node is not None and (inner is None or len(inner) == 1):
                listed.setdefault(key, []).append(inner is not None)
    return {key: 2 * sum(seen) > len(seen) for key, seen in listed.items()}


def _one(value: NewValue, listed: bool | None) -> NewValue:
    """A value, which may be a list of one, as a list or by itself; as it is if nothing shows which."""
    if listed is None or (isinstance(value, list) and len(value) != 1):
        return value
    single = value[0] if isinstance(value, list) else value
    return [single] if listed else single


def _is_sorted(names: list[str]) -> bool:
    return names == sorted(names) or names == sorted(names, key=str.lower)


def _merged(names: list[str], order: list[str]) -> list[str]:
    """`names` in the order of those that an example has. Any other stays behind the one that it followed, or where the
    alphabet puts it if the example is sorted."""
    if len(order) > 2 and order == sorted(order):
        return sorted(names)
    result = sorted((name for name in names if name in order), key=order.index)
    for before, name in zip([None, *names], names, strict=False):
        if name not in order:
            result.insert(0 if before is None else result.index(before) + 1, name)
    return result


def _own(properties: Mapping | None) -> Iterator[Mapping]:
    """A role's own policies."""
    return filter(None, map(mapping, items(child(properties, "Policies")) or ()))


def _documents(properties: Mapping | None) -> Iterator[Mapping]:
    """The policy documents of a role (its trust policy last), or of a policy."""
    found = [child(policy, "PolicyDocument") for policy in (*_own(properties), properties)]
    return filter(None, map(mapping, (*found, child(properties, "AssumeRolePolicyDocument"))))


def _policy_name(policy: Mapping) -> str | None:
    return text(child(policy, "PolicyName")) or text(child(policy, "ManagedPolicyName"))


def _granting(properties: Mapping | None) -> Iterator[Mapping]:
    """The statements of a role's own policies, or of a policy."""
    for policy in (*_own(properties), properties):
        yield from _statements(child(policy, "PolicyDocument"))


def _trusting(properties: Mapping | None) -> Iterator[Mapping]:
    """The statements of a role's trust policy."""
    return _statements(child(properties, "AssumeRolePolicyDocument"))


def _statements(document: Node | None) -> Iterator[Mapping]:
    listed = child(mapping(document), "Statement")
    return filter(None, map(mapping, items(listed) or ([listed] if listed is not None else ())))


def _trusts_tasks(document: Node, *, conditional: bool) -> bool:
    """Whether a trust policy, which can be copied as it stands, lets ECS tasks and nobody else assume a role."""
    statements = list(_statements(document))
    if isinstance(document, Alias) or len(statements) != 1 or not _is_plain(document):
        return False
    (statement,) = statements
    principal = mapping(child(statement, "Principal"))
    if principal is None or len(principal.entries) != 1:
        return False
    condition = child(statement, "Condition")
    return (
        _only(child(principal, "Service")) == TASKS
        and _only(child(statement, "Action")) == ASSUME
        and text(child(statement, "Effect")) == "Allow"
        and (condition is None or conditional)
    )


def _is_plain(node: Node) -> bool:
    """Whether a node holds neither anchors nor aliases, which cannot stand twice."""
    for inner in walk([node]):
        children = [e.value for e in inner.entries] if isinstance(inner, Mapping) else getattr(inner, "items", [])
        if inner.anchor or any(isinstance(c, Alias) or c.anchor for c in children):
            return False
    return True


def _only(node: Node | None) -> str | None:
    """The literal string that a node is, or holds as the only item of a list."""
    listed = items(node)
    return text(listed[0] if listed is not None and len(listed) == 1 else node)
