"""Platforms that cannot take a step, or need something first: Windows, Bottlerocket, Managed Instances, old images."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from rules.context import Context
from rules.facts.images import Support
from rules.model import EfsVolume, Engine, Level, Possible, SetStorage, Storage, System, Task, Volume
from rules.rule import Finding, Status


def unsupported(task: Task, context: Context) -> tuple[str, Level] | None:
    """A sentence on the platform that cannot mount every EFS volume, with the level that it reaches; None if there is none."""
    runners = context.runners(task)
    systems = reduce(Possible.__or__, (runner.systems for runner in runners), task.operating_system)
    if windows := [system for system in systems.known if system.startswith("WINDOWS")]:
        surely = task.operating_system.is_surely(*windows) or any(r.systems.is_surely(*windows) for r in runners)
        who = "Windows tasks do" if surely else "It may run on Windows, whose tasks do"
        return f"{who} not support EFS volumes", Level.HOST
    outside = frozenset({"EXTERNAL"})
    if task.compatibilities.shows(outside) or any(r.launch_types.shows("EXTERNAL") for r in runners):
        surely = task.compatibilities.is_surely(outside) or any(r.launch_types.is_surely("EXTERNAL") for r in runners)
        who = (
            "External instances (ECS Anywhere) do"
            if surely
            else "It may run on external instances (ECS Anywhere), which do"
        )
        return f"{who} not support EFS volumes", Level.HOST
    hosts = context.hosts(task)
    if hosts.system is System.LINUX:
        return None
    names = ", ".join(instance.name for instance in hosts.instances[:3])
    if hosts.system is System.WINDOWS:
        return f"Windows instances ({names}) do not support EFS volumes", Level.HOST
    return f"Bottlerocket instances ({names}) mount EFS volumes without TLS, access points and IAM only", Level.EFS


def limit_by_platform(finding: Finding, volume: Volume, task: Task, context: Context) -> Finding:
    """The finding, made unsafe where the task's platform is a reason not to apply it by default.

    Such reasons are Managed Instances, CodeDeploy replacing the tasks, and instances that are too old for the new volume.

    Whether Managed Instances support TLS, access points and IAM on EFS volumes is not established: AWS documents the
    parameter there, without a confirmation.
    """
    if finding.status not in (Status.FIXABLE, Status.UNSAFE):
        return finding
    doubts = []
    managed = task.lists("MANAGED_INSTANCES") or any(
        runner.launch_types.shows("MANAGED_INSTANCES") for runner in context.runners(task)
    )
    if finding.status is Status.FIXABLE and managed:
        doubts.append(
            "AWS does not confirm TLS, access points and IAM on EFS volumes for Managed Instances: try it first."
        )
    elif finding.status is Status.FIXABLE and context.stack.blue_green:
        doubts.append(
            "CodeDeploy replaces the tasks here, and takes no other change in the same deployment: deploy the access points, "
            "roles and policies first, the task definition after them."
        )
    if _needs_more(finding, volume.storage) and (problem := old_instances(task, context)):
        doubts.append(problem)
    if not doubts:
        return finding
    return replace(finding, status=Status.UNSAFE, caveat=" ".join([finding.caveat or "", *doubts]).strip())


def _needs_more(finding: Finding, storage: Storage) -> bool:
    """Whether a finding's changes make a volume need the volume plugin, or TLS, for the first time."""
    planned = [c.storage for c in finding.changes if isinstance(c, SetStorage) and isinstance(c.storage, EfsVolume)]
    if not isinstance(storage, EfsVolume):
        return bool(planned)
    return not storage.encrypts and any(new.encrypts for new in planned)


def may_run_on_fargate(task: Task, context: Context) -> bool:
    """Whether the task may run on Fargate: its compatibilities may include it, or do not say and something of the source
    starts it there."""
    started = any(runner.launch_types.shows("FARGATE") for runner in context.runners(task))
    return task.may_be_compatible("FARGATE") or (task.compatibilities.absent and started)


def old_instances(task: Task, context: Context) -> str | None:
    """A sentence on the instances that are too old to mount EFS volumes with TLS; None if the source shows none."""
    least = context.hosts(task).least_able
    if least is None or least[1].support > Support.PREVIEW:
        return None
    instance, ability = least
    able = (
        "can mount EFS volumes by plain NFS only" if ability.support is Support.PREVIEW else "cannot mount EFS volumes"
    )
    return (
        f"{instance.name} has {ability.shown_by}, which {able}: it needs a current image first (EFS402), or ECS places no task "
        "with this volume there."
    )


INSTANCE_PREREQUISITES = (
    "the ECS-optimized AMI 20200319 or later (container agent 1.38.0, ecs-init 1.38.0-1); on an AMI of your own: `yum install "
    "amazon-efs-utils`, then `systemctl enable --now amazon-ecs-volume-plugin` (Amazon Linux 1: reboot)"
)


def volume_prerequisites(task: Task, context: Context) -> str:
    """Sentences on the platform's prerequisites for an EFS volume with TLS, an access point or IAM.

    Source: the ECS developer guide's EFS volume considerations; `ecs.capability.efsAuth` of the container agent.
    """
    if task.engine is Engine.BATCH and task.fargate_only:
        return "Fargate needs platform version 1.4.0, and a supervisor container takes a little of the job's memory."
    fargate = (
        "Fargate needs platform version 1.4.0 or later, and a supervisor container takes a little of the task's memory."
    )
    ec2 = f"Container instances need {INSTANCE_PREREQUISITES}."
    if task.fargate_only:
        return fargate
    if task.managed_only:
        return ""
    return f"{ec2} {fargate}" if may_run_on_fargate(task, context) else ec2
