"""The author's style of resources: the order of keys and resources, lists of one item, trust policies, names.

New text is written like its nearest sibling: an access point like the existing access points, a statement like the
existing statements. Without a sibling, keys have the order of the AWS documentation, or are alphabetical if the whole
template is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from migrate.dialects.cloudformation.resources.resource import Resource
from migrate.dialects.common.nodes import key_text, stands_alone, walk
from migrate.dialects.common.values import child, items, mapping, text
from migrate.syntax.node import Alias, Mapping, NewValue, Node
from rules.facts.iam import ASSUME, TASKS

_SOME = 500
"""The most mappings that are checked to decide whether a template is sorted."""
_FEWEST_KEYS, _FEWEST_RESOURCES = 8, 5
"""The fewest mappings of three keys or more, and the fewest resources, whose alphabetical order counts as intended."""
_MOSTLY = 0.7
"""The share of those mappings that must be sorted."""
_CAMEL = re.compile(r"[A-Z][A-Za-z0-9]*")
_SNAKE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")


@dataclass(frozen=True)
class HouseStyle:
    """The style that the resources of one template show."""

    listed: Mapping
    """The `Resources` section."""
    siblings: tuple[Resource, ...]
    """The resources that have a type, in the template's order."""
    body: str
    """The text of the whole document."""

    # -- orders -------------------------------------------------------------------------------------------------------

    @cached_property
    def sorts_keys(self) -> bool:
        """Whether most mappings of three keys or more are in alphabetical order, resources themselves not counted."""
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
        """The resource to put a new one behind: `home`, or the one before it in the alphabet if the resources are
        sorted. None for the first place."""
        if not self.sorts_resources:
            return home
        before = [known for entry in self.listed.entries if (known := key_text(entry)).lower() < name.lower()]
        return before[-1] if before else None

    def ordered(self, value: NewValue, example: Node | None) -> NewValue:
        """A new value with the keys of its mappings in the order that they have in `example`."""
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
        """The index of a new property among those of a resource: its alphabetical place if they are sorted, else its
        place in the first resource of the type `kind` that has it, else the last, but before `Tags`."""
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
        """The properties of the nearest resource of the type `kind` above the place behind `home`, else of the first
        one below it; None if there is none."""
        found = self.nearest_resource(kind, home)
        return found.properties if found is not None else None

    def nearest_resource(self, kind: str, home: str | None) -> Resource | None:
        """That resource itself."""
        found: Resource | None = None
        above = home is not None
        for sibling in self.siblings:
            if sibling.type == kind and (above or found is None):
                found = sibling
            above = above and sibling.name != home
        return found

    # -- policies -----------------------------------------------------------------------------------------------------

    def trust(self, role: str) -> Node | None:
        """The trust policy to copy for a new task role: that of another role which only ECS tasks may assume, or None.
        A policy with conditions is copied only from `role`, the execution role of the same task."""
        for sibling in sorted(self._roles, key=lambda sibling: sibling.name != role):
            document = child(sibling.properties, "AssumeRolePolicyDocument")
            if document is None or "#" in self.body[document.start : document.end]:
                continue  # a comment in it is about that role alone
            if _trusts_tasks(document, conditional=sibling.name == role):
                return document
        return None

    def statement(self, statement: dict[str, NewValue], near: Mapping | None) -> NewValue:
        """A policy statement in the author's style: its keys in the order of the first statement in the properties
        `near`, else in the template, and single values in a list or by themselves as in most statements."""
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
        """A policy document with its keys in the order of the first one in the properties `near`, else in
        the whole template."""
        known = next((document for properties in (near, *self._policies) for document in _documents(properties)), None)
        names = ["Version", "Statement"]
        members: dict[str, NewValue] = {"Version": "2012-10-17", "Statement": statements}
        order = [key_text(entry) for entry in known.entries] if known else sorted(names) if self.sorts_keys else names
        return {name: members[name] for name in _merged(names, order)}

    def policy_name(self, *words: str) -> str:
        """A name for a policy in the style of the existing ones: `efs-access`, `EfsAccess` or `efs_access`."""
        separator = self._policy_separator
        return separator.join(words if separator else map(str.capitalize, words))

    @cached_property
    def _policy_separator(self) -> str:
        """The separator between the words of policy names."""
        names = [name for name in map(_policy_name, self._inline) if name is not None]
        styles = ((_CAMEL, ""), (_SNAKE, "_"))
        return next((sep for style, sep in styles if names and all(style.fullmatch(n) for n in names)), "-")

    @cached_property
    def _roles(self) -> list[Resource]:
        return [sibling for sibling in self.siblings if sibling.type == "AWS::IAM::Role"]

    @cached_property
    def _policies(self) -> list[Mapping]:
        """The properties of all IAM resources: roles and policies."""
        return [sibling.properties for sibling in self.siblings if sibling.type.startswith("AWS::IAM::")]

    @cached_property
    def _inline(self) -> list[Mapping]:
        """The mappings that hold a policy's name: inline policies, and the properties of policy resources."""
        return [policy for properties in self._policies for policy in (*_own(properties), properties)]

    @cached_property
    def _lists(self) -> dict[Callable[[Mapping | None], Iterator[Mapping]], dict[str, bool]]:
        """For granting and for trusting statements: whether most single values of a member stand in a list."""
        return {kind: _lists_of_one(map(kind, self._policies)) for kind in (_granting, _trusting)}


def _lists_of_one(found: Iterable[Iterator[Mapping]]) -> dict[str, bool]:
    """Whether most single values stand in a list, by member (`Action`, `Resource`, or a kind of principal)."""
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
    """A single value in a list or by itself, as `listed` says; unchanged if `listed` is None or there
    are more values."""
    if listed is None or (isinstance(value, list) and len(value) != 1):
        return value
    single = value[0] if isinstance(value, list) else value
    return [single] if listed else single


def _is_sorted(names: list[str]) -> bool:
    """Whether names are in alphabetical order, with or without regard to case."""
    return names == sorted(names) or names == sorted(names, key=str.lower)


def _merged(names: list[str], order: list[str]) -> list[str]:
    """`names` in the order that `order` gives them. Names that it lacks stay behind the one that they followed; if
    `order` is alphabetical, so is the result."""
    if len(order) > 2 and order == sorted(order):
        return sorted(names)
    result = sorted((name for name in names if name in order), key=order.index)
    for before, name in zip([None, *names], names, strict=False):
        if name not in order:
            result.insert(0 if before is None else result.index(before) + 1, name)
    return result


def _own(properties: Mapping | None) -> Iterator[Mapping]:
    """The inline policies of a role."""
    return filter(None, map(mapping, items(child(properties, "Policies")) or ()))


def _documents(properties: Mapping | None) -> Iterator[Mapping]:
    """The policy documents in the properties of a role (its trust policy last) or of a policy resource."""
    found = [child(policy, "PolicyDocument") for policy in (*_own(properties), properties)]
    return filter(None, map(mapping, (*found, child(properties, "AssumeRolePolicyDocument"))))


def _policy_name(policy: Mapping) -> str | None:
    """The literal name of an inline policy or a policy resource, or None."""
    return text(child(policy, "PolicyName")) or text(child(policy, "ManagedPolicyName"))


def _granting(properties: Mapping | None) -> Iterator[Mapping]:
    """The statements of a role's inline policies, or of a policy resource."""
    for policy in (*_own(properties), properties):
        yield from _statements(child(policy, "PolicyDocument"))


def _trusting(properties: Mapping | None) -> Iterator[Mapping]:
    """The statements of a role's trust policy."""
    return _statements(child(properties, "AssumeRolePolicyDocument"))


def _statements(document: Node | None) -> Iterator[Mapping]:
    listed = child(mapping(document), "Statement")
    return filter(None, map(mapping, items(listed) or ([listed] if listed is not None else ())))


def _trusts_tasks(document: Node, *, conditional: bool) -> bool:
    """Whether a trust policy lets ECS tasks and no other principal assume a role, and can be copied as it is written.
    It may have conditions only if `conditional`."""
    statements = list(_statements(document))
    if isinstance(document, Alias) or len(statements) != 1 or not stands_alone(document):
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


def _only(node: Node | None) -> str | None:
    """The literal string that a node is, or holds as the only item of a list; else None."""
    listed = items(node)
    return text(listed[0] if listed is not None and len(listed) == 1 else node)
