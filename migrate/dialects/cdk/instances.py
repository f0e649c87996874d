"""Reads the container instances of a CDK program, the file systems that their user data mounts, and where the program
runs its tasks.

User data comes from the object that a construct is given (`user_data=`) and from later calls on the construct
(`asg.add_user_data`, `asg.user_data.add_commands`) or on the object. Commands are lines of one shell script.

Source: API references of `aws_ec2.UserData`, `MultipartUserData` and `CloudFormationInit`,
`aws_autoscaling.AutoScalingGroup` and `aws_ecs.Cluster` in aws-cdk-lib.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from migrate.dialects.cdk.api import (
    ECS,
    GROUP,
    GROUP_OF,
    IMAGES,
    LOW,
    OPTIMIZED,
    PARTS,
    PROVIDER,
    STARTED_FROM,
    USER_DATA,
)
from migrate.dialects.cdk.init import CHANGES, InitChange, ProgramInits, argument_of
from migrate.dialects.cdk.program import Program, joined, scope_of
from migrate.dialects.common.python.values import called
from migrate.dialects.common.user_data import Script, directory_owners, host_mounts, with_scripts
from migrate.dialects.common.values import items
from migrate.syntax.node import Node, Scalar
from migrate.syntax.python.names import Place
from rules.model import Cluster, Engine, HostMount, Image, Instance, Key, Launch, Owner, Ref, Stack, Text, Value

if TYPE_CHECKING:
    from rules.hosts import Boot

_SHEBANG = "#!/bin/bash"
"""The first line of the script of `UserData.for_linux`."""
_BOUNDARY = "+AWS+CDK+User+Data+Separator+"

_SERVER_NAME = re.compile(r"dns|host|endpoint|server|address|url|ip\}?$", re.IGNORECASE)
"""Finds expressions that name a server, not the id of a file system."""
_MATTERS = re.compile(r"mount|fstab")
"""Finds commands that may mount a file system."""
_MOST_LINES = 5_000
"""The largest number of strings that one argument may add to user data."""


@dataclass(eq=False)
class UserDataPart:
    """A part of user data that a call adds: commands, or a part of a multipart archive; `place` is the place of the
    call."""

    place: Place
    lines: list[tuple[ast.expr, Place]]
    known: bool = True
    """Whether the lines are everything that the call adds."""
    content_type: str = ""
    """The content type of a part of a multipart archive; empty for commands."""
    added: Text | None = None
    """The text that the CDK itself adds, if that is what the call does."""


@dataclass(eq=False)
class Data:
    """User data, put together from the parts that calls add."""

    place: Place
    pieces: list[UserDataPart] = field(default_factory=list)
    shebang: str = _SHEBANG + "\n"


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
        self.data: dict[ast.Call, Data] = {}
        """The user data that each call makes."""
        self.inits = ProgramInits(program, self.text)

    # -- finding ------------------------------------------------------------------------------------------------------

    def find(self) -> None:
        """Finds the constructs that launch instances, then the calls that add to them, in the order of the text."""
        for call, place in self.program.calls:
            construct = self.program.constructs.get(call)
            if isinstance(call.func, ast.Attribute) and call.func.attr == "add_capacity" and not self.own(call, place):
                self.join(self.started_from(call, place, _literal_id(call)), call.func.value, place)
            elif construct is None:
                continue
            elif construct.kind in STARTED_FROM and _given(call, "launch_template") is None:
                self.started_from(call, place, construct.name)
            elif construct.kind == f"{ECS}.Cluster" and _given(call, "capacity") is not None:
                self.join(self.started_from(call, place, construct.name), call, place)
        for call, place in self.program.calls:
            if call in self.hosts and (init := _given(call, "init")) is not None:
                self.attach(self.hosts[call], init, _given(call, "init_options"), place)
            if isinstance(call.func, ast.Attribute):
                self.added(call, call.func, place)

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

    def started_from(self, call: ast.Call, place: Place, name: str) -> InstanceSource:
        """The construct that `call` makes, with the user data that it is given."""
        if call not in self.hosts:
            data, written = Data(place), _given(call, "user_data")
            if self.program.kind(call) in LOW:
                written = self.low(call)
            if written is not None:
                data = self.data_of(written, place) or data
            self.hosts[call] = InstanceSource(name, place, call, data=data)
        return self.hosts[call]

    def low(self, call: ast.Call) -> ast.expr | None:
        """The user data among the arguments of an L1 construct, or None."""
        found = (k for n in ast.walk(call) if isinstance(n, ast.Call) for k in n.keywords if k.arg == "user_data")
        return next((k.value for k in found), None)

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
            self.hosts[key] = InstanceSource(shown.removeprefix("self."), place, None, data=Data(place))
        return self.hosts[key]

    def added(self, call: ast.Call, function: ast.Attribute, place: Place) -> None:
        """Reads a call that may add to user data or to a cluster."""
        arguments = [(argument, place) for argument in call.args]
        match function.attr:
            case "add_user_data":
                self.host(function.value, place).data.pieces.append(UserDataPart(place, arguments))
            case "add_commands":
                self.append(function.value, place, UserDataPart(place, arguments))
            case "add_execute_file_command" | "add_s3_download_command" | "add_on_exit_commands":
                self.append(
                    function.value, place, UserDataPart(place, [], known=function.attr == "add_s3_download_command")
                )
            case "add_user_data_part" if call.args:
                self.append(function.value, place, self.part(call.args[0], place, place))
            case "apply_cloud_formation_init" if (init := argument_of(call, 0, "init")) is not None:
                self.attach(self.host(function.value, place), init, argument_of(call, 1, "options"), place)
            case name if name in CHANGES:
                self.inits.changes.append(InitChange(function.value, call, place))
            case "add_part" if call.args:
                self.append(function.value, place, self.body(call.args[0], place))
            case "add_asg_capacity_provider" | "add_auto_scaling_group" if call.args:
                self.joined(call.args[0], place, function.value)
            case _:
                pass

    def attach(self, host: InstanceSource, init: ast.expr, options: ast.expr | None, place: Place) -> None:
        """Gives instances an init: the CDK adds the call of cfn-init to their user data then."""
        host.inits.append((init, place))
        chosen = self.inits.chosen(options, place)
        sets: str | Ref = chosen if chosen is not None else Ref("${config_sets}")
        call = (f" --resource {_init_name(host)} -c ", sets, "\n)\n")
        added = Text(tuple(joined(["(\nset +e\n/opt/aws/bin/cfn-init -v --stack ", Ref("${AWS::StackName}"), *call])))
        host.data.pieces.append(UserDataPart(place, [], added=added))

    def append(self, expression: ast.expr, place: Place, piece: UserDataPart) -> None:
        """Adds a part to the user data that an expression stands for. Does nothing if that is not known."""
        if isinstance(expression, ast.Attribute) and expression.attr == "user_data":
            self.host(expression.value, place).data.pieces.append(piece)
        elif (data := self.data_of(expression, place)) is not None:
            data.pieces.append(piece)

    def data_of(self, expression: ast.expr, place: Place) -> Data | None:
        """The user data that an expression stands for, as an object or as the text of an L1 construct; None if it is
        not known."""
        origin, at = self.program.evaluator.definition(expression, place)
        if isinstance(origin, ast.Attribute) and origin.attr == "user_data":
            return self.host(origin.value, at).data
        if not isinstance(origin, ast.Call):
            return None
        if origin in self.data:
            return self.data[origin]
        kind = self.program.kind(origin) or self.program.dotted(origin.func, at) or ""
        data = Data(at)
        if kind == USER_DATA[0]:
            data.shebang = self.shebang(origin, at)
        elif kind == USER_DATA[1]:
            data.shebang = "<powershell>\n"
        elif kind == USER_DATA[2] or kind in ("aws_cdk.Fn.base64", "aws_cdk.Fn.base_64"):
            data.shebang = ""
            data.pieces.append(UserDataPart(at, [(argument, at) for argument in origin.args[:1]]))
        elif kind != PARTS:
            return None
        self.data[origin] = data
        return data

    def shebang(self, call: ast.Call, place: Place) -> str:
        """The first line of the script that `UserData.for_linux` makes, with its line break."""
        written = _given(call, "shebang")
        found = self.text([(written, place)]) if written is not None else None
        return f"{found.literal.rstrip()}\n" if found is not None and found.literal else _SHEBANG + "\n"

    def part(self, expression: ast.expr, place: Place, at: Place) -> UserDataPart:
        """User data as a part of a multipart archive. The part refers to the user data, because later calls may add
        to it."""
        data = self.data_of(expression, place)
        return _Inner(at, data) if data is not None else UserDataPart(at, [], known=False)

    def body(self, expression: ast.expr, place: Place) -> UserDataPart:
        """The part of a multipart archive that a method of `MultipartBody` makes."""
        origin, at = self.program.evaluator.definition(expression, place)
        if not isinstance(origin, ast.Call):
            return UserDataPart(place, [], known=False)
        last = called(origin)
        if last == "from_user_data" and (data := next(iter(origin.args), _given(origin, "user_data"))) is not None:
            return self.part(data, at, place)
        kind, body = _given(origin, "content_type"), _given(origin, "body")
        written = self.text([(kind, at)]) if kind is not None else None
        if last == "from_raw_body" and body is not None and written is not None and written.literal:
            return UserDataPart(place, [(body, at)], content_type=written.literal)
        return UserDataPart(place, [], known=False)

    # -- clusters -----------------------------------------------------------------------------------------------------

    def cluster(self, expression: ast.expr, place: Place) -> Cluster:
        """The cluster that an expression stands for, with the same name for every expression."""
        origin, at = self.program.evaluator.definition(expression, place)
        if isinstance(origin, ast.Attribute) and origin.attr in ("cluster_name", "cluster_arn", "ref", "attr_arn"):
            origin, at = self.program.evaluator.definition(origin.value, at)
        made = self.program.constructs.get(origin) if isinstance(origin, ast.Call) else None
        if made is None or made.kind not in (f"{ECS}.Cluster", f"{ECS}.CfnCluster"):
            return Cluster(self.program.known_as(origin, at))
        named = _given(made.call, "cluster_name")
        known = self.text([(named, made.place)]) if named is not None else None
        if known is not None and known.literal:
            return Cluster(Text.of(known.literal), created=True)
        return Cluster(Text((Ref(f"{{{self.program.named(made)}}}"),)), created=True, generated=named is None)

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
        elsewhere = any(re.search("fargate|external", word, re.IGNORECASE) for word in shown)
        strategies = _given(call, "capacity_provider_strategies")
        named = [self.provider(item, place) for item in getattr(strategies, "elts", ())]
        providers: frozenset[str] = frozenset()
        if named and None not in named:
            providers = frozenset(name for name in named if name is not None and not name.startswith("FARGATE"))
            elsewhere = elsewhere or not providers
        known = self.cluster(cluster, place) if cluster is not None else None
        return Launch((known,) if known is not None else (), providers, elsewhere)

    def provider(self, strategy: ast.expr, place: Place) -> str | None:
        """The name of the capacity provider that a strategy gives; None if the program does not show it."""
        named = _given(strategy, "capacity_provider") if isinstance(strategy, ast.Call) else None
        if named is None:
            return None
        origin, at = self.program.evaluator.definition(named, place)
        if isinstance(origin, ast.Constant):
            return str(origin.value) if str(origin.value).startswith("FARGATE") else None
        made = self.program.construct(origin.value, at) if isinstance(origin, ast.Attribute) else None
        return made.name if made is not None and made.kind == PROVIDER else None

    # -- scripts ------------------------------------------------------------------------------------------------------

    def scripts(self, host: InstanceSource) -> Iterator[Script]:
        """The script that instances run at start: their user data, which calls cfn-init for their
        `CloudFormationInit`."""
        node = Scalar(0, 0, "", style="")  # a placeholder: lines of a program's scripts have no nodes
        if host.data.pieces:
            certain = all(
                self.runs_with(piece.place, host.place)
                for piece in self.flat(host.data)
                if not piece.known or piece.added or _MATTERS.search(self.text(piece.lines).coded)
            )
            boot = self.boot(host) if host.inits else None
            origin = "line {line} of its user data"
            yield Script(self.script(host.data), node, certain, origin=origin, boot=boot, passages=self.inits.passages)

    def boot(self, host: InstanceSource) -> Boot:
        """The init of instances, and those of other instances with the same user data, whose calls of cfn-init it holds,
        too. The first init of each counts: the CDK does not take a second one."""
        from rules.hosts import Boot

        sharing = {_init_name(h): h.inits[0] for h in self.hosts.values() if h.inits and h.data is host.data}
        return Boot({name: self.inits.read(*init, name) for name, init in sharing.items()}, (_init_name(host),))

    def flat(self, data: Data, depth: int = 0) -> Iterator[UserDataPart]:
        """The parts of user data, with those of nested user data in their place."""
        for piece in data.pieces:
            if not isinstance(piece, _Inner):
                yield piece
            elif depth < 5:
                yield from self.flat(piece.data, depth + 1)

    def script(self, data: Data, depth: int = 0) -> Text:
        """User data as one text, as EC2 gets it."""
        parts: list[str | Ref] = [data.shebang]
        archive = any(isinstance(p, _Inner) or p.content_type for p in data.pieces)
        if archive:
            parts = [f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"\nMIME-Version: 1.0\n\n']
        for piece in data.pieces:
            if archive:
                kind = piece.content_type or 'text/x-shellscript; charset="utf-8"'
                parts.append(f"--{_BOUNDARY}\nContent-Type: {kind}\n\n")
            if isinstance(piece, _Inner):
                parts += self.script(piece.data, depth + 1).parts if depth < 5 else ()
            else:
                parts += (piece.added or self.text(piece.lines)).parts
                parts += () if piece.known else ("# what is added here is not read\n",)
        if archive:
            parts.append(f"--{_BOUNDARY}--\n")
        return Text(tuple(joined(parts)))

    def text(self, lines: Sequence[tuple[ast.expr, Place]]) -> Text:
        """Commands as the lines of a text; an unknown one is a single reference."""
        parts: list[str | Ref] = []
        for expression, place in lines:
            for node in self.each(expression, place):
                found = self.program.value(node)
                source = found.source if found is not None else "None"
                parts += [*(found.parts if isinstance(found, Text) else (Ref("{" + source + "}"),)), "\n"]
        return Text(tuple(joined(parts)))

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

    def runs_with(self, place: Place, made: Place, depth: int = 0) -> bool:
        """Whether the code at `place` always runs when the code at `made` does."""
        if place.scope is made.scope:
            return made.block.within(place.block) or self._looped(place, made)
        method, home = place.scope.method_of(), made.scope.method_of()
        if method is None or home is None or method[0] is not home[0] or place.block.parent is not None or depth > 3:
            return False
        name = place.scope.path[-1]
        uses = self.program.names.attributes.get(name, ())
        return any(
            isinstance(use.node, ast.Attribute)
            and isinstance(use.node.value, ast.Name)
            and (own := use.place.scope.method_of()) is not None
            and own[0] is method[0]
            and use.node.value.id == own[1]
            and self.runs_with(use.place, made, depth + 1)
            for use in uses
        )

    def _looped(self, place: Place, made: Place) -> bool:
        """Whether a place is in a loop whose surroundings always run when the code at `made` does."""
        block = place.block
        return block.loop and block.parent is not None and made.block.within(block.parent)

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
            clusters = [*host.clusters, *(Cluster(cluster) for cluster in named if cluster is not None)]
            known = host.in_cluster or bool(named)
            instance = Instance(
                key,
                host.name,
                Engine.ECS if known else Engine.UNKNOWN,
                clusters=() if None in named else tuple(dict.fromkeys(clusters)),
                providers=frozenset(host.providers),
                hosts_containers=known,
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


class _Inner(UserDataPart):
    """User data that is a part of a multipart archive."""

    def __init__(self, place: Place, data: Data) -> None:
        super().__init__(place, [])
        self.data = data


def _init_name(host: InstanceSource) -> str:
    """The name that stands for the logical ID of instances in the call of cfn-init."""
    return host.name if re.fullmatch(r"\w+", host.name) else "Instances"


def _given(call: ast.Call, *names: str) -> ast.expr | None:
    """The value of the first of these keywords that a call has, or None."""
    return next((k.value for name in names for k in call.keywords if k.arg == name), None)


def _literal_id(call: ast.Call) -> str:
    """The id that `add_capacity` gives its construct; "capacity" if it is no literal."""
    first = call.args[0] if call.args else _given(call, "id", "id_")
    return str(first.value) if isinstance(first, ast.Constant) else "capacity"
