"""Troposphere's objects as the nodes of the template that they make.

`ecs.Volume(Name="data", Host=ecs.Host(SourcePath="/mnt"))` is the mapping `{Name: data, Host: {SourcePath: /mnt}}`: it
spans the call, and its entries are the arguments. `Ref(cluster)` is `{Ref: Cluster}`. So the template is read as any
other one, and changes of its mappings are changes of the calls. No code is executed: anything but an object, a call of
troposphere's functions, a literal or a name for one of these stays an expression.

Source: troposphere 4.11, `troposphere/__init__.py`; awacs 2.5.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from migrate.dialects.common.nodes import key_text
from migrate.syntax import resolve
from migrate.syntax.node import Alias, Entry, Expression, Inner, Mapping, Node, Scalar, Sequence
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.names import Binding, Block, Place, Scope, Use

PACKAGE = "troposphere"
_DEPTH = 50
"""The limit for nested expressions, and for names that stand for other names."""
_SERVICES = {
    "autoscaling": "AutoScaling",
    "awslambda": "Lambda",
    "batch": "Batch",
    "cloudformation": "CloudFormation",
    "ec2": "EC2",
    "ecs": "ECS",
    "efs": "EFS",
    "elasticloadbalancingv2": "ElasticLoadBalancingV2",
    "events": "Events",
    "iam": "IAM",
    "logs": "Logs",
    "pipes": "Pipes",
    "scheduler": "Scheduler",
    "serverless": "Serverless",
    "ssm": "SSM",
    "stepfunctions": "StepFunctions",
}
"""Maps troposphere's modules to the names of their services in CloudFormation's resource types."""
_CLASSES = {"AWS::IAM::PolicyType": "AWS::IAM::Policy"}
"""Maps types made from the names of troposphere's classes to CloudFormation's, where these differ."""
_PSEUDO = {
    "AccountId": "AWS::AccountId",
    "NotificationARNs": "AWS::NotificationARNs",
    "NoValue": "AWS::NoValue",
    "Partition": "AWS::Partition",
    "Region": "AWS::Region",
    "StackId": "AWS::StackId",
    "StackName": "AWS::StackName",
    "URLSuffix": "AWS::URLSuffix",
}
"""Maps troposphere's objects for pseudo parameters to their names; `Region` is `Ref("AWS::Region")`."""
_CONSTANTS = {
    "AWS_ACCOUNT_ID": "AWS::AccountId",
    "AWS_NOTIFICATION_ARNS": "AWS::NotificationARNs",
    "AWS_NO_VALUE": "AWS::NoValue",
    "AWS_PARTITION": "AWS::Partition",
    "AWS_REGION": "AWS::Region",
    "AWS_STACK_ID": "AWS::StackId",
    "AWS_STACK_NAME": "AWS::StackName",
    "AWS_URL_SUFFIX": "AWS::URLSuffix",
}
"""Maps troposphere's string constants to their values, the names of pseudo parameters."""
_FUNCTIONS = frozenset(
    {"And", "Base64", "Cidr", "Equals", "FindInMap", "GetAZs", "ImportValue", "Join", "Not", "Or", "Select", "Split"}
)
"""Functions with the same positional arguments as CloudFormation's."""
_OTHER_HELPERS = frozenset({"Condition", "GetAtt", "If", "Name", "Ref", "Sub", "Tag", "Tags"})
"""Functions and classes of the package that are read in a way of their own."""
_INIT = "AWS::CloudFormation::Init"
_METADATA = {
    **{f"{module}.{name}": name for module in ("autoscaling", "cloudformation") for name in ("Init", "Metadata")},
    **{f"cloudformation.{name}": name for name in ("InitFileContext", "InitFiles", "InitServices")},
}
"""The helpers that hold metadata for cfn-init as a dict, in their first argument. Source: `cloudformation` of
troposphere."""
ATTRIBUTES = frozenset(
    {"Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "UpdatePolicy", "UpdateReplacePolicy"}
)
"""The attributes of a resource that stand beside its `Properties`."""
_OWN = ATTRIBUTES | {"title", "template", "validation"}
"""The arguments of a titled object that are not properties."""
_ADDING = frozenset({"add_resource", "add_parameter", "get_or_add_parameter"})
"""The methods of a template that add an object."""
_Collection = TypeVar("_Collection", Mapping, Sequence)
_WHOLE = frozenset({"ContainerDefinitions", "Containers", "MountPoints", "VolumesFrom"})
"""Lists that count as unknown as soon as one item is: a missing item would change their meaning."""


@dataclass(eq=False)
class TitledObject:
    """An object with a title: a resource or a parameter of the template."""

    call: ast.Call
    place: Place
    dotted: str
    """The full name of its class: `troposphere.ecs.TaskDefinition`."""
    title: str | None
    """The title, or None if it is not known."""
    called: str
    """The source of the expression that gives the title."""
    node: Mapping
    """Its properties."""
    added: ast.Call | None = None
    """The call that adds it to a template, or None."""
    template: ast.expr | None = None
    """The expression for the template that it is added to, or None."""
    added_at: Place | None = None
    """The place of the call that adds it, or None."""
    repeated: str | None = None
    """The reason why the call does not describe exactly one resource of the template, or None: it makes several, or a
    later statement changes the object."""

    @property
    def type(self) -> str:
        """The resource type, such as `AWS::ECS::TaskDefinition`."""
        module, _, name = self.dotted.removeprefix(f"{PACKAGE}.").rpartition(".")
        kind = f"AWS::{_SERVICES.get(module, module)}::{name}"
        return _CLASSES.get(kind, kind)


@dataclass(eq=False)
class Objects:
    """The objects that one module makes with troposphere's classes, and the template nodes of its expressions."""

    document: PythonDocument
    dotted: dict[ast.Call, str] = field(default_factory=dict)
    """Maps each call of something that troposphere or awacs exports to its full name."""
    places: dict[int, Place] = field(default_factory=dict)
    """Maps the identity of each node to the place where it was made."""
    classes: dict[int, str] = field(default_factory=dict)
    """Maps the identity of each mapping that is an object to its class, such as `troposphere.ecs.Volume`."""
    unlisted: dict[int, list[Entry]] = field(default_factory=dict)
    """Maps the identity of each titled object's mapping to the arguments that are not properties."""
    sources: dict[int, tuple[str, Place]] = field(default_factory=dict)
    """Maps the identity of each unknown expression's node to its source, in braces, and its place."""
    by_text: dict[str, Expression] = field(default_factory=dict)
    """Maps the text of these nodes to the first that has it. A reference cut out of a longer text has only its text."""
    settled: set[ast.Attribute] = field(default_factory=set)
    """The targets of assignments whose values are read into the properties of objects."""
    _nodes: dict[ast.expr, Node] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)  # `id` may repeat once an object is gone
    _depth: int = 0
    _running: set[ast.expr] = field(default_factory=set)

    def __post_init__(self) -> None:
        for call, place in self.document.names.calls:
            found = self.document.dotted(call.func, place)
            if found is not None and found.split(".")[0] in (PACKAGE, "awacs"):
                self.dotted[call] = found
        list(self.document.calls(self._reads))
        self.document.evaluator.library = lambda name: name == "object" or name.startswith((f"{PACKAGE}.", "awacs."))

    def _reads(self, call: ast.Call) -> bool:
        """Whether a call leaves the dicts that it is given unchanged: one of troposphere, awacs or a template."""
        return call in self.dotted or (isinstance(call.func, ast.Attribute) and call.func.attr in _ADDING)

    # -- objects with titles ------------------------------------------------------------------------------------------

    @cached_property
    def made(self) -> list[TitledObject]:
        """The resources and parameters of the module in the order of the text."""
        found: list[TitledObject] = []
        for call, place in self.document.names.calls:
            dotted = self._class_of(call)
            written = self._title(call, dotted) if dotted else None
            if dotted is None or written is None:
                continue
            node = resolve(self.node(call, place))
            if isinstance(node, Mapping):
                title = self.title(written, place)
                made = TitledObject(
                    call,
                    place,
                    dotted,
                    title=title,
                    called=ast.unparse(written),
                    node=node,
                    repeated=_repeated(place, title),
                )
                made.added, made.template, made.added_at = self._added(call, place)
                binding = self.binding_of(call)
                if binding is not None and (changed := self._changes(binding, node)) is not None:
                    made.repeated = made.repeated or changed
                found.append(made)
        return found

    @cached_property
    def _made_by_call(self) -> dict[ast.Call, tuple[str, ast.expr]]:
        """Maps each call that makes an object with a title to its class and the expression of the title."""
        found: dict[ast.Call, tuple[str, ast.expr]] = {}
        for call, _ in self.document.names.calls:
            dotted = self._class_of(call)
            if dotted and (title := self._title(call, dotted)) is not None:
                found[call] = (dotted, title)
        return found

    def _class_of(self, call: ast.Call) -> str | None:
        """The dotted name of the class of troposphere that a call makes an object of; None for any other call."""
        dotted = self.dotted.get(call, "")
        if not dotted.startswith(f"{PACKAGE}."):
            return None
        name = dotted.removesuffix(".from_dict").removeprefix(f"{PACKAGE}.")
        last = name.rpartition(".")[2]
        if not last[:1].isupper() or name in _FUNCTIONS | _OTHER_HELPERS | {"Template"}:
            return None
        return f"{PACKAGE}.{name}"

    def _title(self, call: ast.Call, dotted: str) -> ast.expr | None:
        """The expression that a call gives as the title, or None: objects that are property values have no title."""
        if call.args and not isinstance(call.args[0], ast.Starred):
            return call.args[0]
        named = [keyword.value for keyword in call.keywords if keyword.arg == "title"]
        del dotted
        return named[0] if named else None

    def _added(self, call: ast.Call, place: Place) -> tuple[ast.Call | None, ast.expr | None, Place | None]:
        """The call that adds an object to a template, the template, and the place of that call; all None if nothing
        certainly adds it."""
        given = next((k.value for k in call.keywords if k.arg == "template"), None)
        if given is not None:
            return call, given, place
        ways: list[tuple[ast.AST, Place]] = [(call, place)]
        binding = self.binding_of(call)
        if binding is not None:
            ways += [(use.node, use.place) for use in self._uses(binding)]
        for node, at in ways:
            parent = self.document.names.parents.get(node)
            if isinstance(parent, ast.List | ast.Tuple):
                parent = self.document.names.parents.get(parent)
            if (
                isinstance(parent, ast.Call)
                and isinstance(parent.func, ast.Attribute)
                and parent.func.attr in _ADDING
                and parent.func is not node
            ):
                return parent, parent.func.value, at
        return None, None, None

    def binding_of(self, call: ast.Call) -> Binding | None:
        """The assignment that stores an object, or the result of `add_resource(object)`, in a variable or attribute;
        None if there is none."""
        value: ast.AST = call
        parent = self.document.names.parents.get(call)
        if isinstance(parent, ast.Call) and _adds(parent):
            value, parent = parent, self.document.names.parents.get(parent)
        if isinstance(parent, ast.Assign) and parent.value is value and len(parent.targets) == 1:
            return self._by_value.get(value)
        return None

    @cached_property
    def _by_value(self) -> dict[ast.AST, Binding]:
        """Maps assigned expressions to the bindings of the variables or attributes that they are assigned to."""
        found: dict[ast.AST, Binding] = {}
        for scope in self.scopes:
            for bindings in scope.bindings.values():
                found |= {b.value: b for b in bindings if b.value is not None}
        for stores in self.document.names.stores.values():
            found |= {s.binding.value: s.binding for s in stores if s.binding.value is not None}
        return found

    @cached_property
    def scopes(self) -> list[Scope]:
        """The scopes that hold calls, and all scopes around them; the module comes first."""
        found: dict[Scope, None] = {self.document.names.module: None}
        for _, place in self.document.names.calls:
            scope: Scope | None = place.scope
            while scope is not None and scope not in found:
                found[scope] = None
                scope = scope.parent
        return list(found)

    @cached_property
    def other_names(self) -> frozenset[str]:
        """The names of conditions and mappings, which a new resource must not have either."""
        found: set[str] = set()
        for call, place in self.document.names.calls:
            if (
                isinstance(call.func, ast.Attribute)
                and call.func.attr in ("add_condition", "add_mapping")
                and call.args
            ):
                name = resolve(self.document.node(call.args[0], place))
                if isinstance(name, Scalar):
                    found.add(name.text)
        return frozenset(found)

    def is_attribute(self, binding: Binding) -> bool:
        """Whether a binding sets an attribute, such as `self.role`, rather than a variable."""
        return any(store.binding is binding for store in self.document.names.stores.get(binding.name, ()))

    def _uses(self, binding: Binding) -> list[Use]:
        """The reads of the variable or attribute that a binding sets."""
        names = self.document.names
        if self.is_attribute(binding):
            return [
                use
                for use in names.attributes.get(binding.name, ())
                if isinstance(getattr(use.node, "ctx", None), ast.Load)
            ]
        owner, _ = names.owner(binding.name, binding.place.scope)
        return names.uses_of(binding.name, owner) if owner is not None else []

    def variable(self, made: TitledObject, place: Place) -> str | None:
        """The variable that certainly holds an object at a place, or None."""
        binding = self.binding_of(made.call)
        if binding is None or self.is_attribute(binding):
            return None
        return binding.name if self.sees(binding.name, binding, place) else None

    def sees(self, name: str, binding: Binding, place: Place) -> bool:
        """Whether a name certainly has the value of a binding at a place."""
        owner, later = self.document.names.owner(name, place.scope)
        if owner is None:
            return False
        found, _ = self.document.evaluator.reaching(name, owner, place, later=later)
        return found is binding

    def same_name(self, name: str, one: Place, other: Place) -> bool:
        """Whether a name certainly has the same value at two places."""
        names, evaluator = self.document.names, self.document.evaluator
        owner, later = names.owner(name, one.scope)
        other_owner, other_later = names.owner(name, other.scope)
        if owner is None or owner is not other_owner:
            return False
        first, _ = evaluator.reaching(name, owner, one, later=later)
        second, _ = evaluator.reaching(name, owner, other, later=other_later)
        return first is not None and first is second

    def title(self, expression: ast.expr, place: Place) -> str | None:
        """The title that an expression means: a string, an object with a title, or `object.title`. None if it is not
        known."""
        if isinstance(expression, ast.Attribute) and expression.attr in ("title", "name"):
            made = self._object(expression.value, place)
            if made is not None:
                return self._title_of(made)
        made = self._object(expression, place)
        if made is not None:
            return self._title_of(made)
        if isinstance(expression, ast.Attribute | ast.Name) and (constant := self._constant(expression, place)):
            return constant
        found = resolve(self.document.node(expression, place))
        return found.text if isinstance(found, Scalar) and found.style else None

    def _title_of(self, made: tuple[ast.Call, Place]) -> str | None:
        """The title of the object that a call makes, or None if it is not known."""
        call, place = made
        known = self._made_by_call.get(call)
        if known is None or call in self._running:
            return None
        self._running.add(call)
        try:
            return self.title(known[1], place)
        finally:
            self._running.discard(call)

    def _object(self, expression: ast.expr, place: Place) -> tuple[ast.Call, Place] | None:
        """The call that makes the titled object which an expression stands for, and its place; None if it is not
        certain."""
        for _ in range(_DEPTH):
            if isinstance(expression, ast.Call):
                if expression in self._made_by_call:
                    return expression, place
                if _adds(expression):
                    expression = expression.args[0]
                    continue
                return None
            binding = self.bound(expression, place)
            if binding is None or binding.value is None:
                return None
            expression, place = binding.value, binding.place
        return None

    def bound(self, expression: ast.expr, place: Place) -> Binding | None:
        """The binding that gives a name or attribute its value, or None if another one might."""
        names = self.document.names
        if isinstance(expression, ast.Name):
            owner, later = names.owner(expression.id, place.scope)
            if owner is None:
                return None
            binding, reason = self.document.evaluator.reaching(expression.id, owner, place, later=later)
            return binding if reason is None else None
        if isinstance(expression, ast.Attribute) and isinstance(expression.value, ast.Name):
            stores = names.stores.get(expression.attr, [])
            if len(stores) != 1 or any(
                expression.attr in scope.bindings for scope in self.scopes if scope.kind == "class"
            ):
                return None
            method = place.scope.method_of()
            if method is not None and method[1] == expression.value.id and stores[0].owner is method[0]:
                return stores[0].binding
        return None

    # -- nodes --------------------------------------------------------------------------------------------------------

    def node(self, expression: ast.expr, place: Place) -> Node:
        """The template node of an expression, always the same one. An unknown one if the expression contains itself or
        is nested too deeply."""
        found = self._nodes.get(expression)
        if found is not None:
            return found
        if self._depth > _DEPTH or expression in self._running:
            return self._unknown(expression, place)
        self._depth += 1
        self._running.add(expression)
        try:
            found = self._node(expression, place)
        finally:
            self._depth -= 1
            self._running.discard(expression)
        self._nodes[expression] = found
        return found

    def _node(self, expression: ast.expr, place: Place) -> Node:
        """A new node for an expression, by its kind."""
        match expression:
            case ast.Call():
                return self._call(expression, place)
            case ast.List() | ast.Tuple():
                items = [self.node(item, place) for item in expression.elts]
                return self._keep(Sequence(*self._span(expression), items, flow=True), expression, place)
            case ast.Dict():
                return self._dict(expression, place)
            case ast.Name() | ast.Attribute():
                return self._name(expression, place)
            case _:
                return self._leaf(expression, place)

    def _name(self, expression: ast.Name | ast.Attribute, place: Place) -> Node:
        """The node of a variable or attribute: an alias of the object or collection that it certainly holds, a pseudo
        parameter or a title; else a leaf."""
        if (constant := self._constant(expression, place)) is not None:
            return Scalar(*self._span(expression), constant, '"')
        dotted = self.document.dotted(expression, place) or ""
        if dotted.startswith(f"{PACKAGE}.") and (pseudo := _PSEUDO.get(dotted.removeprefix(f"{PACKAGE}."))):
            return self._function("Ref", Scalar(*self._span(expression), pseudo, '"'), expression, place=place)
        if isinstance(expression, ast.Attribute) and expression.attr in ("title", "name"):
            title = self.title(expression, place)
            if title is not None:
                return Scalar(*self._span(expression), title, '"')
        binding = self.bound(expression, place)
        if binding is None or binding.value is None:
            return self._leaf(expression, place)
        value = binding.value
        if isinstance(value, ast.Dict | ast.List) and not isinstance(self.document.node(expression, place), Alias):
            return self._leaf(expression, place)  # the dict or list may be changed after its assignment
        if not isinstance(value, ast.Call | ast.Dict | ast.List | ast.Tuple | ast.Name | ast.Attribute):
            return self._leaf(expression, place)
        target = self.node(value, binding.place)
        found = resolve(target)
        if isinstance(found, Scalar):
            return self._leaf(expression, place)
        if isinstance(found, Mapping) and id(found) in self.classes:
            if (changed := self._changes(binding, found)) is not None:
                return self._unknown(expression, place, changed)
            found = resolve(self._nodes[value])
        if found is None or (isinstance(found, Mapping) and id(found) not in self.classes and is_unknown(found)):
            return self._leaf(expression, place)
        alias = Alias(*self._span(expression), binding.name, found)
        self._kept.append(alias)
        return alias

    def _constant(self, expression: ast.expr, place: Place) -> str | None:
        """The string behind a name that troposphere or awacs exports, or None if it is not one of those."""
        dotted = self.document.dotted(expression, place)
        if dotted is None:
            return None
        if dotted.startswith(f"{PACKAGE}."):
            return _CONSTANTS.get(dotted.removeprefix(f"{PACKAGE}."))
        if dotted in ("awacs.aws.Allow", "awacs.aws.Deny"):
            return dotted.rpartition(".")[2]
        package, _, rest = dotted.partition(".")
        service, _, action = rest.partition(".")
        if package == "awacs" and service not in ("aws", "helpers") and action[:1].isupper() and "." not in action:
            return f"{service}:{action}"
        return None

    def _call(self, call: ast.Call, place: Place) -> Node:
        """The node of a call: an object, a function such as `Ref`, a policy of awacs or a `dict`; else a leaf."""
        dotted = self.dotted.get(call, "")
        if _adds(call):
            return self.node(call.args[0], place)
        if dotted.startswith("awacs."):
            return self._awacs(call, dotted.removeprefix("awacs."), place)
        name = dotted.removeprefix(f"{PACKAGE}.")
        if dotted and (name in _FUNCTIONS or name in _OTHER_HELPERS):
            return self._helper(call, name, place)
        if name in _METADATA:
            return self._metadata(call, _METADATA[name], place)
        if self._class_of(call) is not None:
            return self._instance(call, place)
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("ref", "Ref", "get_att", "GetAtt"):
            title = self.title(call.func.value, place)
            if title is not None and not call.keywords:
                known = Scalar(*self._span(call.func.value), title, '"')
                if call.func.attr in ("ref", "Ref") and not call.args:
                    return self._function("Ref", known, call, place=place)
                if len(call.args) == 1:
                    return self._function(
                        "Fn::GetAtt", self._list(known, self.node(call.args[0], place)), call, place=place
                    )
        if isinstance(call.func, ast.Name) and call.func.id == "dict":
            found = self.document.node(call, place)
            if isinstance(found, Mapping) and not call.args and all(k.arg for k in call.keywords):
                return self._mapping(call, found.entries, [k.value for k in call.keywords], place=place)
        return self._leaf(call, place)

    def _instance(self, call: ast.Call, place: Place) -> Node:
        """The mapping of an object's properties, given as arguments or, to `from_dict`, as a dict."""
        dotted = self.dotted[call]
        if dotted.endswith(".from_dict"):
            given = call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "d"), None)
            found = resolve(self.node(given, place)) if given is not None else None
            return found if isinstance(found, Mapping) and not is_unknown(found) else self._leaf(call, place)
        arguments = self.document.arguments(call, place)
        if not isinstance(arguments, Mapping):
            return self._leaf(call, place)
        made = self._mapping(call, arguments.entries, [k.value for k in call.keywords], place=place)
        if any(key_text(e) == "<<" and not isinstance(resolve(e.value), Mapping) for e in made.entries) or any(
            key_text(e) == "<<" and is_unknown(resolve(e.value)) for e in made.entries
        ):
            return self._leaf(call, place)
        self.classes[id(made)] = dotted
        if call in self._made_by_call:  # in a container definition, `DependsOn` is a property
            self.unlisted[id(made)] = [e for e in made.entries if key_text(e) in _OWN]
            made.entries = [e for e in made.entries if key_text(e) not in _OWN]
        return made

    def _metadata(self, call: ast.Call, kind: str, place: Place) -> Node:
        """The mapping that a helper for the metadata of cfn-init stands for; a leaf if it cannot be read as one."""
        given = [resolve(self.node(argument, place)) for argument in call.args]
        held = [node for node in given if isinstance(node, Mapping) and not is_unknown(node)]
        arguments = self.document.arguments(call, place)
        if len(held) < len(given) or not isinstance(arguments, Mapping):
            return self._leaf(call, place)
        entries = [entry for node in held for entry in node.entries]
        if kind == "Init":
            start, end = self._span(call)
            if self.dotted.get(call.args[0] if isinstance(call.args[0], ast.Call) else call, "").endswith("Sets"):
                named = self._mapping(call, arguments.entries, [k.value for k in call.keywords], place=place)
                sets = Entry(Scalar(start, start, "configSets", style='"'), held[0])
                entries = [sets, *named.entries]
            return self._function(_INIT, Mapping(start, end, entries, flow=True), call, place=place)
        return self._keep(Mapping(*self._span(call), entries, flow=True), call, place)

    def _mapping(self, expression: ast.expr, entries: list[Entry], values: list[ast.expr], place: Place) -> Mapping:
        """A mapping with the keys of `entries` and the nodes of `values`, which correspond to them one by one."""
        made: list[Entry] = []
        for entry, value in zip(entries, values, strict=True):
            key = key_text(entry)
            node = self._depended(value, place) if key == "DependsOn" else self.node(value, place)
            if key in _WHOLE and not self._all_known(node):
                node = self._unknown(value, place)
            new = Entry(entry.key, node)
            number = self.document.evaluator.entry_origin.get(id(entry))
            if number is not None:
                self.document.evaluator.entry_origin[id(new)] = number
            made.append(new)
        self._kept.append(made)
        return self._keep(Mapping(*self._span(expression), made, flow=True), expression, place)

    @staticmethod
    def _all_known(node: Node) -> bool:
        """Whether a node is a list without unknown items."""
        listed = resolve(node)
        return isinstance(listed, Sequence) and not any(is_unknown(resolve(item)) for item in listed.items)

    def _depended(self, expression: ast.expr, place: Place) -> Node:
        """The node of a `DependsOn`, in which objects become their titles."""
        if isinstance(expression, ast.List | ast.Tuple):
            items = [self._depended(item, place) for item in expression.elts]
            return self._keep(Sequence(*self._span(expression), items, flow=True), expression, place)
        title = self.title(expression, place)
        if title is not None:
            return Scalar(*self._span(expression), title, '"')
        return self.node(expression, place)

    def _dict(self, expression: ast.Dict, place: Place) -> Node:
        """The mapping of a dict, or a leaf if the dict cannot be read as one."""
        found = self.document.node(expression, place)
        if not isinstance(found, Mapping):
            return self._leaf(expression, place)
        return self._mapping(expression, found.entries, list(expression.values), place=place)

    # -- changes of objects after they were made ----------------------------------------------------------------------

    def _changes(self, binding: Binding, node: Mapping) -> str | None:
        """The reason why an object's properties are not known after later statements, or None. First adds the
        properties that statements `name.Property = value` set to the object's mapping, once for each mapping."""
        if id(node) in self._settled:
            return self._settled[id(node)]
        reason: str | None = None
        for use in self._uses(binding):
            parent = self.document.names.parents.get(use.node)
            if not isinstance(parent, ast.Attribute) or parent.value is not use.node:
                continue
            if parent.attr in ("properties", "resource"):
                reason = f"`{binding.name}` is changed in line {parent.lineno}"
            elif isinstance(parent.ctx, ast.Store):
                self._set(node, parent, use, binding=binding)
            elif isinstance(called := self.document.names.parents.get(parent), ast.Attribute | ast.Subscript):
                self._forget(node, parent, called)
        self._settled[id(node)] = reason
        return reason

    @cached_property
    def _settled(self) -> dict[int, str | None]:
        """Maps the identity of each mapping for which `_changes` has run to its result."""
        return {}

    def _set(self, node: Mapping, target: ast.Attribute, use: Use, binding: Binding) -> None:
        """Adds the property that `name.Property = value` sets to an object's mapping. Its value is unknown if the
        statement may not be executed, or the object already has the property."""
        assign = self.document.names.parents.get(target)
        there = [e for e in node.entries if key_text(e) == target.attr]
        certain = (
            isinstance(assign, ast.Assign)
            and len(assign.targets) == 1
            and use.place.scope is binding.place.scope
            and use.place.block is binding.place.block
        )
        start = self._span(target)[1] - len(target.attr)
        key = Scalar(start, start + len(target.attr), target.attr, style="")
        value: Node
        if certain:
            assert isinstance(assign, ast.Assign)
            self.settled.add(target)
            value = self.node(assign.value, use.place)
            if target.attr in _WHOLE and not self._all_known(value):
                value = self._unknown(assign.value, use.place)
        else:
            value = self._unknown(target, use.place, f"`{target.attr}` is set apart in line {target.lineno}")
        entry = Entry(key, value)
        self._kept.append(entry)
        if target.attr in _OWN and binding.value is not None and self.is_titled(node):
            self.unlisted.setdefault(id(node), []).append(entry)
            return
        if there:
            node.entries = [e for e in node.entries if e not in there]
        node.entries.append(entry)

    def is_argument(self, entry: Entry) -> bool:
        """Whether an entry is an argument of its object's call or an item of a dict, rather than set by a statement."""
        return id(entry) in self.document.evaluator.entry_origin

    def is_titled(self, node: Mapping) -> bool:
        """Whether a mapping is an object with a title."""
        return self.document.evaluator.origin.get(id(node)) in self._made_by_call

    def _forget(self, node: Mapping, target: ast.Attribute, how: ast.Attribute | ast.Subscript) -> None:
        """Makes a property unknown if a statement changes its value in place, as `append` does."""
        if isinstance(how, ast.Attribute) and how.attr in ("copy", "count", "index", "title", "name", "Ref", "ref"):
            return
        if isinstance(how, ast.Subscript) and isinstance(how.ctx, ast.Load):
            parent = self.document.names.parents.get(how)
            if not isinstance(parent, ast.Attribute | ast.Subscript):
                return
        for entry in [e for e in node.entries if key_text(e) == target.attr]:
            place = self.places.get(id(node))
            assert place is not None
            changed = Entry(
                entry.key, self._unknown(target, place, f"`{target.attr}` is changed in line {target.lineno}")
            )
            number = self.document.evaluator.entry_origin.get(id(entry))
            if number is not None:
                self.document.evaluator.entry_origin[id(changed)] = number
            self._kept.append(changed)
            node.entries[node.entries.index(entry)] = changed

    # -- functions ----------------------------------------------------------------------------------------------------

    def _helper(self, call: ast.Call, name: str, place: Place) -> Node:
        """The node of a call of one of troposphere's functions: `Ref("Name")` is `{Ref: Name}`."""
        arguments = call.args
        if any(isinstance(argument, ast.Starred) for argument in arguments):
            return self._leaf(call, place)
        if name in ("Tag", "Tags"):
            return self._tags(call, name, place)
        if call.keywords and name != "Sub":
            return self._leaf(call, place)
        match name, len(arguments):
            case (("Ref" | "Condition"), 1):
                title = self.title(arguments[0], place)
                if title is None:
                    return self._leaf(call, place)
                return self._function(name, Scalar(*self._span(arguments[0]), title, '"'), call, place=place)
            case "GetAtt", 2:
                title = self.title(arguments[0], place)
                attribute = resolve(self.node(arguments[1], place))
                if title is None or not isinstance(attribute, Scalar):
                    return self._leaf(call, place)
                known = Scalar(*self._span(arguments[0]), title, '"')
                return self._function("Fn::GetAtt", self._list(known, attribute), call, place=place)
            case "If", 3:
                title = self.title(arguments[0], place)
                if title is None:
                    return self._leaf(call, place)
                first = Scalar(*self._span(arguments[0]), title, '"')
                arms = (self.node(argument, place) for argument in arguments[1:])
                return self._function("Fn::If", self._list(first, *arms), call, place=place)
            case "Sub", 1 | 2:
                return self._sub(call, place)
            case (("Base64" | "GetAZs" | "ImportValue"), 1):
                return self._function(f"Fn::{name}", self.node(arguments[0], place), call, place=place)
            case _ if name in _FUNCTIONS and arguments:
                listed = (self.node(argument, place) for argument in arguments)
                return self._function(f"Fn::{name}", self._list(*listed), call, place=place)
            case _:
                return self._leaf(call, place)

    def _sub(self, call: ast.Call, place: Place) -> Node:
        """The node of a call of `Sub`, whose variables are keyword arguments or a dict."""
        text = resolve(self.node(call.args[0], place))
        if not isinstance(text, Scalar) or any(keyword.arg is None for keyword in call.keywords):
            return self._leaf(call, place)
        pairs = [(str(keyword.arg), self.node(keyword.value, place)) for keyword in call.keywords]
        if len(call.args) == 2:
            given = resolve(self.node(call.args[1], place))
            if not isinstance(given, Mapping) or is_unknown(given):
                return self._leaf(call, place)
            pairs += [(key_text(entry), entry.value) for entry in given.entries]
        if not pairs:
            return self._function("Fn::Sub", text, call, place=place)
        entries = [Entry(Scalar(text.start, text.start, name, style='"'), value) for name, value in pairs]
        variables = Mapping(*self._span(call), entries, flow=True)
        return self._function("Fn::Sub", self._list(text, variables), call, place=place)

    def _tags(self, call: ast.Call, name: str, place: Place) -> Node:
        """The list of tags that `Tags(Name="x")` makes, or the one tag of `Tag("Name", "x")`."""
        start, end = self._span(call)
        pairs: list[tuple[Node, Node]] = []
        if name == "Tag" and len(call.args) == 2 and not call.keywords:
            pairs = [(self.node(call.args[0], place), self.node(call.args[1], place))]
        elif name == "Tags" and all(k.arg for k in call.keywords) and len(call.args) <= 1 - bool(call.keywords):
            pairs = [(Scalar(start, start, str(k.arg), style='"'), self.node(k.value, place)) for k in call.keywords]
            given = resolve(self.node(call.args[0], place)) if call.args else None
            if call.args and (not isinstance(given, Mapping) or is_unknown(given)):
                return self._leaf(call, place)
            if isinstance(given, Mapping):
                pairs = [(entry.key, entry.value) for entry in given.entries]
            pairs.sort(key=lambda pair: getattr(resolve(pair[0]), "text", ""))
        else:
            return self._leaf(call, place)
        tags: list[Node] = [
            self._keep(
                Mapping(
                    start,
                    end,
                    [
                        Entry(Scalar(start, start, "Key", style='"'), k),
                        Entry(Scalar(start, start, "Value", style='"'), v),
                    ],
                    flow=True,
                ),
                call,
                place,
            )
            for k, v in pairs
        ]
        return tags[0] if name == "Tag" else self._keep(Sequence(start, end, tags, flow=True), call, place)

    def _awacs(self, call: ast.Call, name: str, place: Place) -> Node:
        """The node of a call of awacs: a policy document, a statement, an action or a principal; else a leaf."""
        if call.args and name in ("aws.PolicyDocument", "aws.Policy", "aws.Statement", "aws.PolicyStatement"):
            return self._leaf(call, place)
        match name, len(call.args):
            case (("aws.PolicyDocument" | "aws.Policy" | "aws.Statement" | "aws.PolicyStatement"), 0):
                arguments = self.document.arguments(call, place)
                if isinstance(arguments, Mapping) and all(k.arg for k in call.keywords):
                    return self._mapping(call, arguments.entries, [k.value for k in call.keywords], place=place)
            case "aws.Action", 2:
                service, action = (resolve(self.node(argument, place)) for argument in call.args)
                if isinstance(service, Scalar) and isinstance(action, Scalar):
                    return Scalar(*self._span(call), f"{service.text}:{action.text}", '"')
            case "aws.Principal", 1:
                return self.node(call.args[0], place)
            case "aws.Principal", 2:
                kind = resolve(self.node(call.args[0], place))
                if isinstance(kind, Scalar):
                    entry = Entry(kind, self.node(call.args[1], place))
                    return self._keep(Mapping(*self._span(call), [entry], flow=True), call, place)
            case _:
                pass
        return self._leaf(call, place)

    # -- making nodes -------------------------------------------------------------------------------------------------

    def _span(self, expression: ast.AST) -> tuple[int, int]:
        """The start and end of an expression, as character offsets into the decoded text."""
        return self.document.positions.span(expression)

    def _list(self, *items: Node) -> Sequence:
        """A list of nodes, from the start of the first to the end of the last."""
        return Sequence(items[0].start, items[-1].end, list(items), flow=True)

    def _function(self, name: str, argument: Node, expression: ast.expr, place: Place) -> Mapping:
        """The mapping `{name: argument}` of an intrinsic function, with the span of the expression."""
        start, end = self._span(expression)
        entry = Entry(Scalar(start, start, name, style='"'), argument)
        return self._keep(Mapping(start, end, [entry], flow=True), expression, place)

    def _keep(self, node: _Collection, expression: ast.expr, place: Place) -> _Collection:
        """Records the expression and place of a node, and returns the node."""
        self.document.evaluator.origin[id(node)] = expression
        self.places[id(node)] = place
        self._kept.append(node)
        return node

    def _leaf(self, expression: ast.expr, place: Place) -> Node:
        """The node of an expression that is neither object nor collection: a scalar if it is a literal or a name for
        one, else a text with its unknown parts as variables (see `_text`)."""
        found = self.document.node(expression, place)
        known = resolve(found)
        if isinstance(known, Scalar):
            return found
        if isinstance(known, Expression) and known.parts is not None and known.parts:
            return self._text(expression, known.parts, place)
        return self._unknown(expression, place)

    def _text(self, expression: ast.expr, parts: tuple[str | Inner, ...], place: Place) -> Node:
        """An `Fn::Sub` for a string of which only some parts are known; the Python expressions between them are its
        variables."""
        template = ""
        variables: list[Entry] = []
        start, end = self._span(expression)
        for part in parts:
            if isinstance(part, str):
                template += part.replace("${", "${!")
            else:
                name = f"V{len(variables)}"
                template += f"${{{name}}}"
                variables.append(
                    Entry(Scalar(start, start, name, style='"'), self._inner(expression, part.source, place))
                )
        written = self._list(Scalar(start, end, template, style='"'), Mapping(start, end, variables, flow=True))
        return self._function("Fn::Sub", written, expression, place=place)

    def _inner(self, expression: ast.expr, source: str, place: Place) -> Expression:
        """The node of a Python expression inside a text; `source` is the expression in braces."""
        start, end = self._span(expression)
        node = Expression(start, end, self._qualified(source, expression, place))
        self.sources[id(node)] = (source, place)
        self.by_text.setdefault(node.text, node)
        self._kept.append(node)
        return node

    def _unknown(self, expression: ast.expr, place: Place, reason: str | None = None) -> Node:
        """The node of an expression with an unknown value."""
        del reason
        try:
            source = "{" + ast.unparse(expression) + "}"
        except RecursionError:
            source = "{…}"
        return self._text(expression, (Inner(source),), place)

    def _qualified(self, source: str, expression: ast.expr, place: Place) -> str:
        """The source of an expression, with a suffix such as `@Stack#1` if the same source may mean something else in
        another scope or after another assignment."""
        marks = []
        for node in ast.walk(expression):
            if not isinstance(node, ast.Name):
                continue
            owner, _ = self.document.names.owner(node.id, place.scope)
            if owner is None:
                continue
            bindings = owner.bindings.get(node.id, [])
            others = any(node.id in scope.bindings for scope in self.scopes if scope is not owner)
            if others and owner.path:
                marks.append(".".join(owner.path))
            if len(bindings) > 1:
                marks.append(str(sum(binding.place.index < place.index for binding in bindings)))
        return source if not marks else f"{source[:-1]}@{'#'.join(dict.fromkeys(marks))}}}"


def titles_in(node: Node) -> Iterator[str]:
    """The texts of all scalars in a node and in the nodes that its aliases refer to; among them are the titles that it
    mentions."""
    pending, seen = [node], set[int]()
    while pending:
        found = resolve(pending.pop())
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, Scalar):
            yield found.text
        elif isinstance(found, Mapping):
            pending += [entry.value for entry in found.entries]
        elif isinstance(found, Sequence):
            pending += found.items


def _adds(call: ast.Call) -> bool:
    """Whether a call adds one object to a template, as `template.add_resource(object)` does."""
    return (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in _ADDING
        and len(call.args) == 1
        and not call.keywords
        and not isinstance(call.args[0], ast.Starred)
    )


def is_unknown(node: Node | None) -> bool:
    """True if a node is missing, or is an expression whose value is not known in full."""
    found = resolve(node)
    if not isinstance(found, Mapping) or len(found.entries) != 1 or key_text(found.entries[0]) != "Fn::Sub":
        return found is None or isinstance(found, Expression)
    argument = resolve(found.entries[0].value)
    variables = resolve(argument.items[1]) if isinstance(argument, Sequence) and len(argument.items) == 2 else None
    return isinstance(variables, Mapping) and any(isinstance(e.value, Expression) for e in variables.entries)


def _repeated(place: Place, title: str | None) -> str | None:
    """The reason why one call may make several resources, or None if it makes one."""
    if title is None:
        return "its title is an expression: one text may make several resources, each of which would need its own"
    block: Block | None = place.block
    while block is not None:
        if block.loop:
            return "it is made in a loop: each of the resources would need its own"
        block = block.parent
    return (
        None
        if place.scope.kind in ("module", "function", "class")
        else "it is made in a lambda, which may be called several times"
    )
