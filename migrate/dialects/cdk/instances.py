"""Reads the container instances of a CDK program, the file systems that their user data mounts, and where the program
runs its tasks.

Source: API references of `aws_ec2.CloudFormationInit`, `aws_autoscaling.AutoScalingGroup` and `aws_ecs.Cluster` in
aws-cdk-lib.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from migrate.dialects.cdk.api import (
    EC2,
    ECS,
    GROUP,
    GROUP_OF,
    IMAGES,
    LOW,
    MACHINES,
    OPTIMIZED,
    PROVIDER,
    SCALING,
    STARTED_FROM,
)
from migrate.dialects.cdk.aspects import PARTS, aspects
from migrate.dialects.cdk.init import CHANGES, InitChange, ProgramInits, argument_of
from migrate.dialects.cdk.program import Construct, Program, joined, scope_of
from migrate.dialects.cdk.user_data import ADDING, Data, UserDataPart, UserDataReader
from migrate.dialects.common.python.escapes import Escapes, unread_code
from migrate.dialects.common.python.execution import Execution, Step
from migrate.dialects.common.python.values import called
from migrate.dialects.common.user_data import Script, directory_owners, host_mounts, knows_efs, with_scripts
from migrate.dialects.common.values import items
from migrate.syntax.node import Node, Scalar
from migrate.syntax.python.names import Place, Scope
from rules.model import Cluster, Engine, HostMount, Image, Instance, Key, Launch, Owner, Ref, Stack, Text, Value

if TYPE_CHECKING:
    from rules.hosts import Boot

_SERVER_NAME = re.compile(r"dns|host|endpoint|server|address|url|ip\}?$", re.IGNORECASE)
"""Finds expressions that name a server, not the id of a file system."""
_CHILD = re.compile(
    r"find_child|autoscaling_group\b|find_all|default_child|children|__dict__|getattr|globals|locals\(|vars\("
)
"""Finds expressions for constructs that are looked up by name."""
_CLUSTER_ATTRIBUTE = re.compile(r"\.(?:cluster_name|cluster_arn|ref|attr_arn)(?=[}/0-9])")
"""Finds the attribute in a reference that names a cluster (`{cluster.cluster_name}`)."""
_LOW_PROVIDER = f"{ECS}.CfnCapacityProvider"
_MOST_LINES = 5_000
"""The largest number of strings that one argument may add to user data."""
_PARTS = PARTS | {"user_data", "launch_template", *GROUP_OF}
"""The attributes and methods that lead from what launches instances to what decides their user data."""
_OVERRIDES = frozenset(
    {"add_override", "add_property_override", "add_deletion_override", "add_property_deletion_override"}
)
"""The methods of L1 constructs that change what they become in the template."""
_GIVES = frozenset(
    {
        "user_data",
        "launch_template_data",
        "launch_template_name",
        "launch_configuration_name",
        "launch_template",
        "mixed_instances_policy",
    }
)
"""The attributes of L1 constructs that decide the user data of instances."""
_DECIDES = re.compile(
    r"(?:^|\.)(?:UserData|LaunchTemplateData|Properties|LaunchConfigurationName|MixedInstancesPolicy"
    r"|LaunchTemplate(?:Specification)?(?:\.(?:LaunchTemplateId|LaunchTemplateName|Version))?)?$"
)
"""The end of a path in the template at which a change may replace user data."""


@dataclass(eq=False)
class InstanceSource:
    """A construct that launches instances or is a template for them; `call` is the call that makes it, or None if
    the program does not show it."""

    name: str
    place: Place
    call: ast.Call | None
    data: Data
    clusters: dict[Cluster, None] = field(default_factory=dict)
    providers: set[str] = field(default_factory=set)
    in_cluster: bool = False
    inits: list[tuple[ast.expr, Place]] = field(default_factory=list)


class ProgramInstances:
    """The container instances of one program, and the instances on which each call runs tasks."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.hosts: dict[object, InstanceSource] = {}
        """The constructs that launch instances, by their calls or, if the program does not show these, by expression
        and scope."""
        self.inits = ProgramInits(program, self.text)
        self.escapes = Escapes(program.document)
        self.reader = UserDataReader(program, lambda expression, place: self.host(expression, place).data)
        self.steps: dict[ast.Call, list[Step]] = {}
        """The steps of the program in which each call is executed."""
        self.dead: set[ast.AST] = set()
        """The nodes of the program that are never executed."""
        self.unfinished: dict[Scope, str] = {}
        """The functions that are not followed to their end, with the reason."""
        self.is_cut = False
        """Whether the program is too long to be followed to its end."""

    # -- finding ------------------------------------------------------------------------------------------------------

    def find(self) -> None:
        """Finds the constructs that launch instances, then the calls that add to them, in the order of execution."""
        self.execute()
        for call, place in self.program.calls:
            construct = self.program.constructs.get(call)
            if isinstance(call.func, ast.Attribute) and call.func.attr == "add_capacity" and not self.own(call, place):
                self.join(self.started_from(call, place, _literal_id(call)), call.func.value, place)
            elif (base := self.base(call, place)) is not None:
                self.started_from(call, place, _literal_id(call, second=True), base=base)
            elif construct is None:
                continue
            elif construct.kind in STARTED_FROM and _given(call, "launch_template") is None:
                self.started_from(call, place, construct.name)
            elif construct.kind == f"{ECS}.Cluster" and _given(call, "capacity") is not None:
                self.join(self.started_from(call, place, construct.name), call, place)
        for call, place in self.program.calls:
            if isinstance(call.func, ast.Attribute):
                self.added(call, call.func, place)
        for step in sorted((step for steps in self.steps.values() for step in steps), key=lambda step: step.time):
            with self.program.evaluator.at(step.time):
                self.reader.add(step)
                self.attached(step)

    def execute(self) -> None:
        """Follows the program in the order of its execution, if it makes instances or adds to user data."""
        for call, _ in self.program.calls:
            name, kind = called(call), self.program.kind(call)
            if name in ADDING or name == "add_capacity" or kind in STARTED_FROM or kind == f"{ECS}.Cluster":
                execution = Execution(self.escapes)
                for step in execution.run():
                    self.steps.setdefault(step.call, []).append(step)
                self.dead, self.unfinished = execution.dead, execution.unfinished
                self.is_cut = execution.is_cut
                break
        self.reader.steps = self.steps

    def own(self, call: ast.Call, place: Place) -> bool:
        """Whether a call on `self` calls a method that the program's own class defines."""
        function, method = call.func, place.scope.method_of()
        return (
            isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and method is not None
            and function.value.id == method[1]
            and function.attr in method[0].bindings
        )

    def base(self, call: ast.Call, place: Place) -> ast.Call | None:
        """The call of the constructor of what launches instances, for a class of the program that inherits from it."""
        for function in self.escapes.functions(call, place) if called(call)[:1].isupper() else ():
            for inner, at in self.program.names.calls:
                if at.scope is function and called(inner) == "__init__" and function.parent is not None:
                    bases = getattr(function.parent.node, "bases", ())
                    if any(self.program.dotted(one, at) in STARTED_FROM for one in bases):
                        return inner
        return None

    def started_from(self, call: ast.Call, place: Place, name: str, *, base: ast.Call | None = None) -> InstanceSource:
        """The construct that `call` makes, with the user data that it is given. For a class of the program, `base` is
        the call that hands the arguments on to the class of the CDK."""
        if call not in self.hosts:
            data, written = Data(), _given(base or call, "user_data")
            if base is not None:
                place = self.program.names.places.get(base, place)
            if self.program.kind(call) in LOW:
                written = self.low(call, place)
            if written is not None:
                step = next(iter(self.steps.get(base or call, ())), None) or Step(call, place, 0)
                with self.program.evaluator.at(step.time):
                    data = self.reader.data_of(written, place) or self.reader.unread(written, step)
            self.hosts[call] = InstanceSource(name, place, call, data=data)
        return self.hosts[call]

    def low(self, call: ast.Call, place: Place) -> ast.expr | None:
        """The user data among the arguments of an L1 construct, or None."""
        given = _given(call, "launch_template_data")
        inner = self.program.evaluator.definition(given, place)[0] if given is not None else call
        for node in (*ast.walk(call), *ast.walk(inner)):
            if isinstance(node, ast.Call) and (found := _given(node, "user_data")) is not None:
                return found
            for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
                if isinstance(key, ast.Constant) and key.value in ("userData", "user_data"):
                    return value
        return None

    def host(self, expression: ast.expr, place: Place) -> InstanceSource:
        """The construct that launches instances for which an expression stands; a new one if the program does not
        show it."""
        origin, at = self.program.evaluator.definition(expression, place)
        construct = self.program.constructs.get(origin) if isinstance(origin, ast.Call) else None
        if isinstance(origin, ast.Call) and origin in self.hosts:
            return self.hosts[origin]
        if construct is not None and construct.kind == GROUP:
            template = _given(construct.call, "launch_template")
            if template is not None:
                return self.host(template, construct.place)
        if isinstance(origin, ast.Attribute) and origin.attr in GROUP_OF:
            owner, _ = self.program.evaluator.definition(origin.value, at)
            of = self.program.constructs.get(owner) if isinstance(owner, ast.Call) else None
            if of is not None and of.call in self.hosts:
                return self.hosts[of.call]
            if of is not None and of.kind == PROVIDER and (group := _given(of.call, *GROUP_OF)) is not None:
                return self.host(group, of.place)
        shown = ast.unparse(origin)
        key = (shown, at.scope)
        if key not in self.hosts:
            self.hosts[key] = InstanceSource(shown.removeprefix("self."), place, None, data=Data())
        return self.hosts[key]

    def added(self, call: ast.Call, function: ast.Attribute, place: Place) -> None:
        """Reads a call that may add to a cluster."""
        match function.attr:
            case name if name in CHANGES:
                self.inits.changes.append(InitChange(function.value, call, place))
            case "add_asg_capacity_provider" | "add_auto_scaling_group" if call.args:
                self.joined(call.args[0], place, function.value)
            case _:
                pass

    def attach(self, host: InstanceSource, init: ast.expr, options: ast.expr | None, step: Step) -> None:
        """Gives instances an init: the CDK adds the call of cfn-init to their user data then."""
        host.inits.append((init, step.place))
        chosen = self.inits.chosen(options, step.place)
        sets: str | Ref = chosen if chosen is not None else Ref("${config_sets}")
        call = (f" --resource {_init_name(host)} -c ", sets, "\n)\n")
        added = joined(["(\nset +e\n/opt/aws/bin/cfn-init -v --stack ", Ref("${AWS::StackName}"), *call])
        host.data.pieces.append(UserDataPart(step, text=tuple(added)))

    def attached(self, step: Step) -> None:
        """Reads a call that may give instances an init, at the moment when it is executed."""
        call, place = step.call, step.place
        if called(call) == "apply_cloud_formation_init" and isinstance(call.func, ast.Attribute):
            if (init := argument_of(call, 0, "init")) is not None:
                self.attach(self.host(call.func.value, place), init, argument_of(call, 1, "options"), step)
        elif call in self.hosts and (init := _given(call, "init")) is not None:
            self.attach(self.hosts[call], init, _given(call, "init_options"), step)

    # -- clusters -----------------------------------------------------------------------------------------------------

    def cluster(self, expression: ast.expr, place: Place) -> Cluster:
        """The cluster that an expression stands for, with the same name for every expression."""
        origin, at = self.program.evaluator.definition(expression, place)
        if isinstance(origin, ast.Attribute) and origin.attr in ("cluster_name", "cluster_arn", "ref", "attr_arn"):
            origin, at = self.program.evaluator.definition(origin.value, at)
        made = self.program.constructs.get(origin) if isinstance(origin, ast.Call) else None
        if made is None or made.kind not in (f"{ECS}.Cluster", f"{ECS}.CfnCluster"):
            given = _given(origin, "cluster_name") if isinstance(origin, ast.Call) else None
            name = self.program.value(self.program.document.node(given, at)) if given is not None else None
            return Cluster(name if isinstance(name, Text) else self.program.known_as(origin, at))
        named = _given(made.call, "cluster_name")
        if known := self.literal(named, made.place):
            return Cluster(Text.of(known), created=True)
        return Cluster(Text((Ref(f"{{{self.program.named(made)}}}"),)), created=True, generated=named is None)

    def told_cluster(self, name: Text) -> Cluster:
        """The cluster that a script names: by a literal, or by an attribute of the construct."""
        known = {made.name: made for made in self.clusters_made}
        part = name.parts[0] if len(name.parts) == 1 else None
        if not isinstance(part, Ref):
            return known.get(name, Cluster(name))
        whole = Text((Ref(_CLUSTER_ATTRIBUTE.sub("", part.source)),))
        return known.get(whole, Cluster(whole))

    @cached_property
    def clusters_made(self) -> list[Cluster]:
        """The clusters that the program makes."""
        kinds = (f"{ECS}.Cluster", f"{ECS}.CfnCluster")
        made = [found for found in self.program.constructs.values() if found.kind in kinds]
        return [self.cluster(found.call, found.place) for found in made]

    def join(self, host: InstanceSource, cluster: ast.expr, place: Place) -> None:
        """Makes the instances of `host` members of a cluster."""
        host.in_cluster = True
        host.clusters[self.cluster(cluster, place)] = None

    def joined(self, expression: ast.expr, place: Place, cluster: ast.expr) -> None:
        """Reads a call that adds a capacity provider or an Auto Scaling group to a cluster."""
        origin, _ = self.program.evaluator.definition(expression, place)
        made = self.program.constructs.get(origin) if isinstance(origin, ast.Call) else None
        group: ast.expr | None = expression
        where = place
        if made is not None and made.kind == PROVIDER:
            group, where = _given(made.call, *GROUP_OF), made.place
        elif isinstance(origin, ast.Name | ast.Attribute):
            return  # a provider or a group that the program does not define
        if group is not None:
            host = self.host(group, where)
            if made is not None and made.kind == PROVIDER:
                host.providers.add(made.name)
            self.join(host, cluster, place)

    def launch(self, call: ast.Call, place: Place, kind: str) -> Launch:
        """The cluster and capacity providers on which a call of `kind` starts tasks, and whether they may run
        elsewhere than on instances."""
        cluster = _given(call, "cluster")
        how = [k.value for k in call.keywords if k.arg in ("launch_target", "launch_type", "launch_options")]
        shown = [kind.rpartition(".")[2], *(ast.unparse(self.program.evaluator.definition(e, place)[0]) for e in how)]
        elsewhere = any(re.search("fargate", word, re.IGNORECASE) for word in shown)
        written = _given(call, "capacity_provider_strategies", "capacity_provider_strategy")
        origin, at = self.program.evaluator.definition(written, place) if written is not None else (None, place)
        own: list[Construct] = []
        others: list[str] = []
        if origin is not None and not isinstance(origin, ast.List | ast.Tuple):
            others.append(f"capacity providers that {ast.unparse(origin)} gives")
        for item, where in self.members(origin, at) if origin is not None else ():
            provider = self.provider(item, where)
            if provider is None:
                others.append(f"the capacity provider of {ast.unparse(item)}")
            elif not isinstance(provider, str):
                own.append(provider)
        if any(re.search("external", word, re.IGNORECASE) for word in shown):
            others.append("external instances (ECS Anywhere)")
        # The group of an L1 provider is not followed: any instance of the cluster may be its.
        followed = all(provider.kind == PROVIDER for provider in own)
        known = self.cluster(cluster, place) if cluster is not None else None
        return Launch(
            (known,) if known is not None else (),
            frozenset(provider.name for provider in own) if followed else frozenset(),
            elsewhere=not (own or others) and (elsewhere or origin is not None),
            unseen=f"{others[0]}, which this source does not show" if others else None,
            unseen_only=bool(others) and not own,
        )

    def members(self, listed: ast.expr, place: Place, depth: int = 0) -> Iterator[tuple[ast.expr, Place]]:
        """The items of a list or tuple, with those of the lists that are spread in it. A spread of anything else is an
        item itself."""
        for item in getattr(listed, "elts", ()):
            spread = self.program.evaluator.definition(item.value, place) if isinstance(item, ast.Starred) else None
            if spread is not None and isinstance(spread[0], ast.List | ast.Tuple) and depth < 5:
                yield from self.members(*spread, depth + 1)
            else:
                yield item, place

    def provider(self, strategy: ast.expr, place: Place) -> Construct | str | None:
        """The capacity provider that a strategy gives, or the name of one of Fargate's; None if the program does not make
        it."""
        made, at = self.program.evaluator.definition(strategy, place)
        named = _given(made, "capacity_provider") if isinstance(made, ast.Call) else None
        if named is None:
            return None
        origin, at = self.program.evaluator.definition(named, at)
        if isinstance(origin, ast.Constant):
            literal = str(origin.value)
            return literal if literal.startswith("FARGATE") else self.named_providers.get(literal)
        provider = self.program.construct(origin.value, at) if isinstance(origin, ast.Attribute) else None
        return provider if provider is not None and provider.kind in (PROVIDER, _LOW_PROVIDER) else None

    @cached_property
    def named_providers(self) -> dict[str, Construct]:
        """The capacity providers by the literal names that they are given."""
        found: dict[str, Construct] = {}
        for made in self.program.constructs.values():
            if made.kind in (PROVIDER, _LOW_PROVIDER):
                name = self.literal(_given(made.call, "capacity_provider_name", "name"), made.place)
                if name:
                    found[name] = made
        return found

    # -- scripts ------------------------------------------------------------------------------------------------------

    def scripts(self, host: InstanceSource) -> Iterator[Script]:
        """The script that instances run at start: their user data, which calls cfn-init for their
        `CloudFormationInit`."""
        node = Scalar(0, 0, "", style="")  # a placeholder: lines of a program's scripts have no nodes
        doubt = self.doubt(host)
        if host.data.parts or doubt is not None:
            made = self.steps.get(host.call, []) if host.call is not None else []
            read = self.reader.script(host.data, made or [piece.step for piece in host.data.parts[:1]])
            yield Script(
                read.text,
                node,
                True,
                origin="line {line} of its user data",
                boot=self.boot(host) if host.inits else None,
                passages=self.inits.passages,
                variants=read.variants,
                doubt=doubt or read.doubt,
                unread=(next(iter(read.unread), None) or doubt) if self.knows_efs else None,
            )

    def boot(self, host: InstanceSource) -> Boot:
        """The init of instances, and those of other instances with the same user data, whose calls of cfn-init it holds,
        too. The first init of each counts: the CDK does not take a second one."""
        from rules.hosts import Boot

        sharing = {_init_name(h): h.inits[0] for h in self.hosts.values() if h.inits and h.data is host.data}
        return Boot({name: self.inits.read(*init, name) for name, init in sharing.items()}, (_init_name(host),))

    @cached_property
    def knows_efs(self) -> bool:
        """Whether the program has anything to do with EFS, so that user data that is not read may mount it."""
        return knows_efs(self.program.document.text)

    def doubt(self, host: InstanceSource) -> str | None:
        """The reason, in words, why the user data of instances may be another one than the program shows; None if it
        is that one."""
        found: list[tuple[int, str]] = []
        name = host.name
        for made, shown in ((host.call, name), (host.data.call, f"the user data of {name}")):
            if made is None:
                continue
            uses = self.escapes.uses(made, _PARTS)
            found += [(escape.line, escape.of(shown)) for escape in uses.escapes]
            for target, _ in uses.assigned:
                if target.attr in _GIVES:
                    found.append((target.lineno, f"line {target.lineno} replaces the user data of {name}"))
            for call, place in uses.methods:
                if call in self.dead:
                    continue
                if called(call) in ADDING and not self.is_followed(call):
                    found.append((call.lineno, f"line {call.lineno} adds user data in a way that is not followed"))
                elif called(call) in _OVERRIDES and self.overrides(call, place):
                    found.append((call.lineno, f"line {call.lineno} overrides the user data of {name}"))
                elif called(call) == "try_remove_child":
                    found.append((call.lineno, f"line {call.lineno} removes a part of {name}"))
        found += self.doubts
        return min(found, default=(0, None))[1]

    def is_followed(self, call: ast.Call) -> bool:
        """Whether it is known to which user data of the program a call adds."""
        data = self.reader.read.get(call)
        owners = (host for host in self.hosts.values() if host.data is data)
        return data is not None and (data.call is not None or any(host.call is not None for host in owners))

    def is_looked_up(self, call: ast.Call) -> bool:
        """Whether a method is called on a construct that is looked up in the tree, perhaps in a loop over it."""
        written: list[ast.AST] = [call.func]
        on = call.func.value if isinstance(call.func, ast.Attribute) else None
        node: ast.AST = call
        while isinstance(on, ast.Name) and not isinstance(node, ast.stmt):
            node = self.program.names.parents[node]
            match node:
                case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                    written += [g.iter for g in node.generators if on.id in {n.id for n in _names(g.target)}]
                case _:
                    pass
        place = self.program.names.places.get(call)
        owner = self.program.names.owner(on.id, place.scope)[0] if isinstance(on, ast.Name) and place else None
        for binding in owner.bindings.get(on.id, ()) if owner is not None and isinstance(on, ast.Name) else ():
            written += [found for found in (binding.loop_over, binding.value) if found is not None]
        return any(_CHILD.search(ast.unparse(found)) for found in written)

    def overrides(self, call: ast.Call, place: Place) -> bool:
        """Whether an override may replace user data: its path leads there, or is not known."""
        path = call.args[0] if call.args else _given(call, "path", "property_path")
        known = self.program.evaluator.string(path, place) if path is not None else None
        return (
            known is None
            or any(not isinstance(part, str) for part in known)
            or bool(_DECIDES.search("".join(map(str, known))))
        )

    @cached_property
    def doubts(self) -> list[tuple[int, str]]:
        """The lines that may change the user data of any instance, each with the reason."""
        found = [
            (escape.line, escape.reason)
            for escape in aspects(self.program, self.escapes, frozenset({EC2, ECS, SCALING}))
        ]
        found += [
            (call.lineno, f"line {call.lineno} adds user data in a way that is not followed")
            for call in self.reader.read
            if not self.is_followed(call) and self.is_looked_up(call)
        ]
        found += unread_code(self.program.names)
        found += [
            (line := store.binding.place.statement.lineno, f"line {line} replaces the method `{name}`")
            for name in ADDING
            for store in self.program.names.stores.get(name, ())
        ]
        found += [
            (call.lineno, self.unfinished[place.scope])
            for call, place in self.program.names.calls
            if place.scope in self.unfinished and called(call) in ADDING
        ]
        if self.is_cut:
            found.append((0, "the program is too long, or nested too deeply, to be followed to its end"))
        known: set[ast.AST] = set()
        for host in self.hosts.values():
            for made in (host.call, host.data.call):
                if made is not None:
                    uses = self.escapes.uses(made, _PARTS)
                    known.update(call for call, _ in uses.methods)
                    known.update(uses.assignments)
        for call, place in self.program.names.calls:
            if (
                called(call) not in _OVERRIDES
                or call in known
                or call in self.dead
                or not isinstance(call.func, ast.Attribute)
            ):
                continue
            if self.overrides(call, place) and not self.is_other(call.func.value, place):
                found.append((call.lineno, f"line {call.lineno} may override the user data of any instance"))
        for name in ("user_data", "launch_template_data"):
            for store in self.program.names.stores.get(name, ()):
                statement = store.binding.place.statement
                if store.owner is None and statement not in known:
                    line = statement.lineno
                    found.append((line, f"line {line} may replace the user data of any instance"))
        return found

    def is_other(self, expression: ast.expr, place: Place) -> bool:
        """Whether an expression stands for a construct that launches no instances, or for a part of one."""
        for _ in range(10):
            origin, place = self.program.evaluator.definition(expression, place)
            if isinstance(origin, ast.Call) and origin in self.program.constructs:
                kind = self.program.constructs[origin].kind
                return kind not in STARTED_FROM and kind != f"{ECS}.Cluster"
            inner = origin.func if isinstance(origin, ast.Call) else origin
            if not isinstance(inner, ast.Attribute):
                return False
            expression = inner.value
        return False

    def text(self, lines: Sequence[tuple[ast.expr, Place]]) -> Text:
        """Commands as the lines of a text; an unknown one is a single reference."""
        parts: list[str | Ref] = []
        for expression, place in lines:
            for node in self.each(expression, place):
                found = self.program.value(node)
                source = found.source if found is not None else "None"
                parts += [*(found.parts if isinstance(found, Text) else (Ref("{" + source + "}"),)), "\n"]
        return Text(tuple(joined(parts)))

    def literal(self, expression: ast.expr | None, place: Place) -> str | None:
        """The string that an expression is known to be; None for any other expression, and without one."""
        found = self.program.value(self.program.document.node(expression, place)) if expression is not None else None
        return found.literal if found is not None else None

    def each(self, expression: ast.expr, place: Place) -> Iterator[Node]:
        """The strings that an argument gives: all items for a starred list, and for the variable of a loop over a
        list."""
        document = self.program.document
        listed = None
        if isinstance(expression, ast.Starred):
            listed = items(document.node(expression.value, place))
        elif isinstance(expression, ast.Name):
            over = self.program.evaluator.loop_over(expression, place)
            listed = items(document.node(*over)) if over is not None else None
        if listed is None or len(listed) > _MOST_LINES:
            yield document.node(expression, place)
        else:
            yield from listed

    # -- the model ----------------------------------------------------------------------------------------------------

    def added_to(self, stack: Stack, spans: dict[Key, int]) -> Stack:
        """The stack with the program's instances and their mounts added; the offsets of the instances are added to
        `spans`."""
        self.find()
        if not self.hosts:
            return stack
        instances: list[Instance] = []
        images: list[Image] = []
        mounts: list[HostMount] = []
        owners: list[Owner] = []
        count: dict[tuple[str, str], int] = {}
        for host in self.hosts.values():
            scope = scope_of(host.place)
            nth = count[scope, host.name] = count.get((scope, host.name), 0) + 1
            key = Key.of("instance", scope, host.name, *((nth,) if nth > 1 else ()))
            listed = list(self.scripts(host))
            named = [cluster for script in listed for cluster in script.clusters]
            clusters = [*host.clusters, *(self.told_cluster(cluster) for cluster in named if cluster is not None)]
            known = host.in_cluster or bool(named)
            instance = Instance(
                key,
                host.name,
                Engine.ECS if known else Engine.UNKNOWN,
                clusters=() if None in named else tuple(dict.fromkeys(clusters)),
                providers=frozenset(host.providers),
                hosts_containers=known,
                unseen=f"this program does not make {host.name}"
                if host.call is None and not host.data.pieces
                else None,
                alone=host.call is not None and self.program.kind(host.call) in MACHINES,
            )
            instance = with_scripts(instance, listed)
            image = self.image(host, instance.image_key)
            if image is not None:
                images.append(image)
                instance = replace(instance, images=(image.key,))
            instances.append(instance)
            for script in listed:
                mounts += host_mounts(script, instance, self.nameable)
                owners += directory_owners(script)
            start = self.program.document.positions.span(host.call or host.place.statement)[0]
            for one in (key, instance.image_key, instance.script_key):
                spans[one] = start
        return replace(
            stack,
            instances=tuple(instances),
            images=tuple(images),
            host_mounts=tuple(mounts),
            owners=tuple(owners),
        )

    def image(self, host: InstanceSource, key: Key) -> Image | None:
        """The machine image of instances, or None if the program does not show it. Capacity that a cluster adds has
        Amazon Linux 2 by default."""
        written = _given(host.call, "machine_image", "machine_image_type") if host.call is not None else None
        if written is None:
            return Image(key, "", OPTIMIZED.format("amazon-linux-2")) if host.call and host.in_cluster else None
        origin, at = self.program.evaluator.definition(written, host.place)
        function = origin.func if isinstance(origin, ast.Call) else origin
        name = IMAGES.get(self.program.dotted(function, at) or "")
        if name is None and isinstance(origin, ast.Call) and called(origin) == "from_ssm_parameter" and origin.args:
            name = self.text([(origin.args[0], at)]).coded.strip()
        return Image(key, ast.unparse(function), name)

    def nameable(self, system: Value) -> bool:
        """Whether a volume can name a file system by this value: not by the name of a server."""
        return isinstance(system, Text) and not any(
            _SERVER_NAME.search(part.source) for part in system.parts if isinstance(part, Ref)
        )


def _names(target: ast.expr) -> Iterator[ast.Name]:
    """The names in a target."""
    return (node for node in ast.walk(target) if isinstance(node, ast.Name))


def _init_name(host: InstanceSource) -> str:
    """The name that stands for the logical ID of instances in the call of cfn-init."""
    return host.name if re.fullmatch(r"\w+", host.name) else "Instances"


def _given(call: ast.Call, *names: str) -> ast.expr | None:
    """The value of the first of these keywords that a call has, or None."""
    return next((k.value for name in names for k in call.keywords if k.arg == name), None)


def _literal_id(call: ast.Call, *, second: bool = False) -> str:
    """The id that `add_capacity` (or a class, as its `second` argument) gives its construct; "capacity" if it is no
    literal."""
    arguments = call.args[1:] if second else call.args
    first = arguments[0] if arguments else _given(call, "id", "id_")
    return str(first.value) if isinstance(first, ast.Constant) else "capacity"
