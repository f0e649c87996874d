"""A way to the file system that the source shows to be closed

An EFS volume needs TCP 2049 from the task to a mount target: for `awsvpc` tasks (Fargate's are) from the service's security
groups, otherwise from the container instance's. The mount target has to lie in the task's availability zone, because the
file system's name resolves only where there is one, and it has to exist when the task starts: a service that does not
depend on the mount targets may start its tasks before them when the stack is created.

Nothing is said where the source does not show it, or shows that all is well. What a migrated volume needs (an ingress
rule, `DependsOn`) is part of EFS101 and EFS102.

Source: EFS user guide, "Using VPC security groups" and "Mounting on Amazon EC2 with a DNS name"; Amazon ECS developer
guide, "Amazon EFS volumes"; aws-app-mesh-roadmap issue 220.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.context import Context
from rules.facts.network_routes import Reachable, Routes
from rules.facts.values import shown
from rules.model import EfsVolume, Level, Stack, Task, TaskRunner, Value
from rules.rule import Finding, Rule, Stage, Status
from rules.shared.network_needs import (
    PROXY,
    clients,
    may_be_early,
    not_admitted,
    not_let_out,
    one_zone,
    own_interface,
    servers,
)
from rules.shared.platforms import unsupported

_ID = "EFS404"


def check(stack: Stack, context: Context) -> Iterator[Finding]:
    routes = Routes(stack)
    systems = {system.ref for system in stack.file_systems}
    for task in stack.tasks:
        storages = [v.storage for v in task.volumes if isinstance(v.storage, EfsVolume)]
        mounted = dict.fromkeys(s.file_system for s in storages if s.file_system is not None)
        platform = unsupported(task, context)
        if not mounted or (platform and platform[1] is Level.HOST):
            continue
        said = [
            sentence
            for system in mounted
            for sentence in _of(system, system in systems, task, context=context, routes=routes)
        ]
        # CodeDeploy's services start with the stack, too, but are never edited.
        if not stack.blue_green:
            runners = routes.runners(task.key)
            said += (s for system in mounted for runner in runners for s in _early(runner, system, routes))
        if own_interface(task, context).is_surely(True) and routes.blocked_by_proxy(task.key):
            said.append(PROXY)
        if said:
            yield Finding(_ID, task.key, Status.ADVICE, message="; ".join(dict.fromkeys(said)))


def _of(file_system: Value, own: bool, task: Task, context: Context, routes: Routes) -> Iterator[str]:
    """The obstacles between a task and one file system, in words; `own` says whether the source creates the file
    system."""
    targets, runners, place = routes.targets(file_system), routes.runners(task.key), routes.place(file_system)
    if own and not targets and not routes.network.unclear and place is not None and not place.handed_on:
        yield f"{shown(file_system)} has no mount target here, and a task needs one in its availability zone"
    for runner in runners if own_interface(task, context).is_surely(True) else ():
        for target in targets:
            client, server = clients(runner, routes), servers(target, routes)
            if routes.admitted(runner, target) is Reachable.CLOSED:
                yield not_admitted(client, server)
            if routes.let_out(runner, target) is Reachable.CLOSED:
                yield not_let_out(client, server)
        if outside := routes.outside(runner, file_system):
            if place is not None and place.zone is not None:
                yield one_zone(runner, file_system, outside)
            else:
                yield (
                    f"no mount target of {shown(file_system)} lies in the availability zone of "
                    f"{', '.join(map(shown, outside))}, where {runner.name} runs tasks"
                )
    for vpc in {v.ref: v for runner in (*runners, None) for v in routes.vpcs(runner, targets)}.values():
        if not vpc.resolves_names:
            yield f"{shown(vpc.ref)} switches DNS support or DNS host names off, so the file system's name does not resolve"


def _early(runner: TaskRunner, file_system: Value, routes: Routes) -> Iterator[str]:
    """The advice to wait for the mount targets, for a runner that may start tasks before they are there."""
    early = [target.key.last for target in routes.targets(file_system) if may_be_early(runner, target, routes)]
    if early:
        yield (
            f"{runner.name} may start tasks before the mount targets are there: add {' and '.join(early)} to its `DependsOn`"
        )


RULE = Rule(
    _ID,
    "network-path",
    "any",
    default="advice",
    page=__doc__,
    check_stack=check,
    stage=Stage.NETWORK,
    climbs_to=Level.EFS,
)
