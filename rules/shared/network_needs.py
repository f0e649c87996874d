"""Requirements on the network before a task can mount a volume that becomes EFS.

A host mount connects from the container instance. The EFS volume of an `awsvpc` task connects from the task's own
network interface, with the security groups of the service, which the mount targets did not have to admit until now. The
step adds the rules and dependencies that this source lacks. If the source shows that the mount would fail, the step is
unsafe; if it does not show enough, the step says what to check.

Source: amazon-ecs-agent `dockervolume.go` ("mount will happen in the task network namespace"); Amazon ECS developer
guide, "Amazon EFS volumes"; aws-app-mesh-roadmap issue 220.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from rules.context import Context
from rules.facts.network_routes import NFS, Reachable, Routes
from rules.facts.values import shown
from rules.model import (
    AddTraffic,
    AddWait,
    Change,
    EfsVolume,
    Engine,
    Key,
    MountTarget,
    Possible,
    SecurityGroup,
    SetStorage,
    Task,
    TaskRunner,
    Text,
    Traffic,
    Value,
)
from rules.rule import Finding, Status


def own_interface(task: Task, context: Context) -> Possible[bool]:
    """Whether the task has a network interface of its own, with its own security groups.

    Where its network mode leaves that open, the services that run it tell: ECS takes an `awsvpcConfiguration` for tasks
    in mode `awsvpc` only, and does not start these without one.
    """
    if task.fargate_only:
        return Possible.of(True)
    if task.engine is Engine.BATCH:  # a job on EC2 uses the network of its instance
        return Possible.of(True, False) if task.may_be_compatible("FARGATE") else Possible.of(False)
    written = task.network_mode.mapped(_has_interface)
    if written.is_surely(True) or written.is_surely(False):
        return written
    started = [runner.own_interfaces for runner in context.runners(task)]
    if any(one.is_surely(True) for one in started):
        return Possible.of(True)
    mode = task.network_mode.otherwise("awsvpc" if task.managed_only else "bridge").mapped(_has_interface)
    if not mode.others and len(mode.known) == 1:
        return mode
    # What the source shows to be possible counts, even beside a service that could not start it.
    refuted = bool(started) and all(one.is_surely(False) for one in started) and not mode.shows(True)
    return Possible.of(False) if refuted else Possible.of(True, False)


def _has_interface(mode: str) -> bool:
    """Whether a task in this network mode has a network interface of its own."""
    return mode == "awsvpc"


def over_the_network(finding: Finding, task: Task, context: Context) -> Finding:
    """The finding, completed by the requirements of its mount on the network if it turns a volume into EFS."""
    storage = next((c.storage for c in finding.changes if isinstance(c, SetStorage)), None)
    if not isinstance(storage, EfsVolume) or storage.file_system is None:
        return finding
    needs = _NetworkNeeds(task, context)
    interface = own_interface(task, context)
    if interface.may_be(True):
        needs.perhaps = not interface.is_surely(True)
        needs.cross(storage.file_system)
    needs.wait(storage.file_system)
    caveat = " ".join([*needs.blockers, *([finding.caveat] if finding.caveat else []), *needs.checks])
    return replace(
        finding,
        status=Status.UNSAFE if needs.blockers else finding.status,
        message="; ".join([finding.message, *needs.additions]),
        caveat=caveat or None,
        changes=(*finding.changes, *needs.changes),
    )


@dataclass
class _NetworkNeeds:
    """The requirements of one task's mount, collected by `cross` and `wait`."""

    task: Task
    context: Context
    changes: list[Change] = field(default_factory=list)
    additions: list[str] = field(default_factory=list)
    """The changes in words, for the finding's message."""
    blockers: list[str] = field(default_factory=list)
    """Sentences on why the mount would fail."""
    checks: list[str] = field(default_factory=list)
    """Sentences on routes that the source does not show, to be checked by hand."""
    perhaps: bool = False
    """Whether it is left open that the task has a network interface of its own. Nothing is added to the source then."""

    @property
    def routes(self) -> Routes:
        return self.context.routes

    def cross(self, file_system: Value) -> None:
        """Open the route from the task's own network interface to the mount targets, and note what blocks it."""
        targets, runners = self.routes.targets(file_system), self.routes.runners(self.task.key)
        worst = Reachable.OPEN if targets and runners else Reachable.UNKNOWN
        missing: dict[tuple[str, str], tuple[TaskRunner, MountTarget]] = {}
        for runner in runners:
            for target in targets:
                server, client = servers(target, self.routes), clients(runner, self.routes)
                out, admitted = self.routes.let_out(runner, target), self.routes.admitted(runner, target)
                if out is Reachable.CLOSED:
                    self._block(not_let_out(client, server))
                if admitted is Reachable.CLOSED:
                    missing.setdefault((server, client), (runner, target))
                if Reachable.UNKNOWN in (out, admitted):
                    worst = Reachable.UNKNOWN
            if outside := self.routes.outside(runner, file_system):
                place = self.routes.place(file_system)
                if place is not None and place.zone is not None:
                    self._block(one_zone(runner, file_system, outside))
        for (server, client), (runner, target) in missing.items():
            self._admit(server, client, runner, target=target)
        if self.routes.blocked_by_proxy(self.task.key):
            self._block(PROXY)
        if worst is Reachable.UNKNOWN:
            sentence = _to_check(runners, targets, self.routes)
            if self.perhaps:
                sentence = f"In network mode awsvpc, which is possible here, {sentence[:1].lower()}{sentence[1:]}"
            self.checks.append(sentence)

    def _block(self, reason: str) -> None:
        sentence = f"The mount would fail as it is: {reason}."
        if self.perhaps:
            sentence = f"In network mode awsvpc, which is possible here, the mount would fail as it is: {reason}."
        if sentence not in self.blockers:
            self.blockers.append(sentence)

    def _admit(self, server: str, client: str, runner: TaskRunner, target: MountTarget) -> None:
        """Add the ingress rule that admits the runner's tasks to the mount target, or note why that is impossible."""
        problem = not_admitted(client, server)
        if self.perhaps:
            self._block(problem)
            return
        to = _the_one_to_open(self.routes.own(self.routes.groups_of_target(target)), self.routes)
        by = self.routes.own(self.routes.groups_of_runner(runner))
        if to is None or len(by) != 1:
            self._block(f"{problem}, and which of the groups a new rule should be about is for you to say")
            return
        (group, opened), (peer, admitted) = to, by[0]
        condition = opened.condition or admitted.condition
        if {opened.condition, admitted.condition} - {None, condition}:
            self._block(f"{problem}, and they are there under different conditions")
            return
        names = {rule.key.last.lower() for rule in self._new_rules()}
        wanted = f"EfsIngressFrom{''.join(c for c in _capital(admitted.name) if c.isalnum())}"
        name = self.context.new_name(wanted, besides=names)
        port = Text.of(str(NFS))
        key = Key("traffic", self.task.key.document, (name,))
        self.changes.append(
            AddTraffic(
                Traffic(key, group, Text.of("tcp"), from_port=port, to_port=port, peer=peer, condition=condition)
            )
        )
        self.additions.append(f"add {name}, because {problem}")

    def _new_rules(self) -> Iterator[Traffic]:
        return (change.rule for change in self.changes if isinstance(change, AddTraffic))

    def wait(self, file_system: Value) -> None:
        """Let the task's runners depend on the mount targets and on the rules that admit their tasks."""
        runners = [runner for runner in self.routes.runners(self.task.key) if runner.can_wait]
        waits = {runner.key: self._waits(runner, self.routes.targets(file_system)) for runner in runners}
        for runner in runners:
            others = [waits.get(other.key, []) for other in self.routes.earlier(runner)]
            new = [key for key in waits[runner.key] if all(key not in other for other in others)]
            self.changes += [AddWait(runner.key, key) for key in new]
            if new:
                self.additions.append(f"let {runner.name} wait for {', '.join(key.last for key in new)}")

    def _waits(self, runner: TaskRunner, targets: list[MountTarget]) -> list[Key]:
        """The mount targets and rules that a runner should wait for and does not."""
        servers_groups = {value for target in targets for value in self.routes.groups_of_target(target) or ()}
        clients_groups = self.routes.groups_of_runner(runner) or ()
        return [
            *(target.key for target in targets if may_be_early(runner, target, self.routes)),
            *(
                rule.key
                for rule in (*self.routes.planned_rules, *self._new_rules())
                if rule.group in servers_groups and rule.peer in clients_groups and self._may_wait_for(rule, runner)
            ),
        ]

    def _may_wait_for(self, rule: Traffic, runner: TaskRunner) -> bool:
        ends = [value for value in (rule.group, rule.peer) if value is not None]
        closes_cycle = any(group.key in runner.comes_before for _, group in self.routes.own(ends))
        return _should_wait(runner, rule.key, rule.condition, routes=self.routes) and not closes_cycle


def may_be_early(runner: TaskRunner, target: MountTarget, routes: Routes) -> bool:
    """Whether a runner may start tasks before a mount target is created, and can be made to wait for it."""
    return _should_wait(runner, target.key, target.condition, routes=routes) and target.key not in runner.comes_before


def _should_wait(runner: TaskRunner, awaited: Key, condition: str | None, routes: Routes) -> bool:
    """Whether the runner should wait for the resource: it starts tasks at once, does not wait yet, and never exists
    without the resource (which its condition would allow if the resource has another one)."""
    there = condition in (None, runner.condition)
    return runner.starts_at_once and there and not routes.awaits(runner, awaited)


def _the_one_to_open(groups: list[tuple[Value, SecurityGroup]], routes: Routes) -> tuple[Value, SecurityGroup] | None:
    """The security group that a new rule for NFS belongs to, with its expression; None if several could be it."""
    named = [found for found in groups if routes.names_nfs(found[1])]
    candidates = named if len(groups) > 1 else groups
    return candidates[0] if len(candidates) == 1 else None


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


# -- words ------------------------------------------------------------------------------------------------------------

PROXY = f"the App Mesh proxy takes the mount for its own traffic unless EgressIgnoredPorts names {NFS}"


def not_admitted(client: str, server: str) -> str:
    """The problem that the mount target's security groups do not admit the client's, in words."""
    return f"{server} does not admit {client} on TCP {NFS}"


def not_let_out(client: str, server: str) -> str:
    """The problem that the client's security groups do not let NFS out to the mount target's, in words."""
    return f"{client} does not let TCP {NFS} out to {server}"


def clients(runner: TaskRunner, routes: Routes) -> str:
    """The security groups of a runner's tasks, in words."""
    return _groups(routes.groups_of_runner(runner), routes) or f"the security group of {runner.name}"


def servers(target: MountTarget, routes: Routes) -> str:
    """The security groups of a mount target, in words."""
    return _groups(routes.groups_of_target(target), routes) or f"the security group of {target.key.last}"


def _groups(groups: Iterable[Value] | None, routes: Routes) -> str:
    """Security groups in words; "" without any."""
    names = [own[0][1].name if (own := routes.own([value])) else shown(value) for value in groups or ()]
    return f"security group{'s' if len(names) > 1 else ''} {' and '.join(names)}" if names else ""


def one_zone(runner: TaskRunner, file_system: Value, outside: list[Value]) -> str:
    """The problem of a runner whose subnets lie outside of a One Zone file system's zone, in words."""
    return (
        f"{shown(file_system)} lies in one availability zone, and {runner.name} runs tasks in others "
        f"({', '.join(map(shown, outside))})"
    )


def _to_check(runners: list[TaskRunner], targets: list[MountTarget], routes: Routes) -> str:
    """The sentence that asks to check the route between security groups that the source does not fully show."""
    by = {_groups(routes.groups_of_runner(runner), routes) for runner in runners} or {""}
    to = {_groups(routes.groups_of_target(target), routes) for target in targets} or {""}
    through = "the task's security group" if "" in by else " or ".join(sorted(by))
    if "" in to:
        return f"The mount will leave through {through}, which needs TCP {NFS} to the mount targets."
    return f"The mount will leave through {through}: check that {' and '.join(sorted(to))} admits it on TCP {NFS}."
