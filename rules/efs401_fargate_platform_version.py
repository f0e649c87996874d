"""A Fargate platform version that cannot mount EFS

EFS volumes need platform version 1.4.0. What is pinned below it (or at `1.4`, which Fargate does not know) fails with
`PlatformTaskDefinitionIncompatibilityException` as soon as its task mounts EFS. Services, task sets, event rules,
schedules, pipes, states of a state machine and job definitions are looked at, if their task has EFS volumes; `LATEST` has
meant 1.4.0 since March 2021.

A parameter's default that is too old is corrected only on demand: it is what new stacks get, while existing stacks keep
the value they have. A version inside a text (`DefinitionString`) or a mapping is named, not changed.

**Caveat.** 1.4.0 pulls images through the task's own network interface: tasks in private subnets need a route to the
registry (NAT or VPC endpoints).

Source: Amazon ECS developer guide, "AWS Fargate platform versions"; Batch requires exactly 1.4.0 for EFS.
"""

from __future__ import annotations

import re

from rules.context import Context
from rules.facts.values import shown
from rules.model import (
    EfsVolume,
    Engine,
    Level,
    Parameter,
    PlatformVersion,
    SetParameterDefault,
    SetPlatformVersion,
    Task,
    TaskRunner,
    Text,
)
from rules.rule import Example, Finding, Rule, Stage, Status
from rules.shared.platforms import unsupported

_ID = "EFS401"
_OLD = re.compile(r"1\.[0-3](\.\d+)?|1\.4|1")
_RIGHT = "1.4.0"
_SIMPLE_PATTERN = re.compile(r"(?!.*(?:\)[*+?{]|\[\[|--|&&|~~|\|\|)).{1,60}")
"""Matches patterns that are safe to try: quick to match (not too long, no repeated group), and with the same meaning in
Java as in Python (no operations on sets)."""

_ROUTE = "Platform version 1.4.0 pulls images through the task's network interface: private subnets need a route to the registry."


def check(runner: TaskRunner, pinned: PlatformVersion, task: Task | None, context: Context) -> Finding | None:
    version = pinned.value
    if task is None or version is None or not any(isinstance(v.storage, EfsVolume) for v in task.volumes):
        return None
    if unsupported(task, context):
        return None
    parameter = context.parameter(version, pinned.key)
    if parameter is not None and parameter.values:
        return _by_parameter(parameter, runner.engine)
    if version.literal is None:
        return Finding(
            _ID,
            pinned.key,
            Status.ADVICE,
            message=f"the platform version is the expression {shown(version)}: EFS volumes need 1.4.0 or later",
        )
    if not _is_old(version.literal, runner.engine):
        return None
    problem = f"Fargate platform version {version.literal} cannot mount EFS volumes: set {_RIGHT}"
    if pinned.place:
        return Finding(_ID, pinned.key, Status.ADVICE, message=f"{problem} in {pinned.place}", caveat=_ROUTE)
    replacing = " Another version replaces the task set." if runner.replaced else ""
    return Finding(
        _ID,
        pinned.key,
        Status.FIXABLE,
        message=problem,
        caveat=_ROUTE + replacing,
        changes=(SetPlatformVersion(pinned.key, Text.of(_RIGHT)),),
    )


def _is_old(version: str, engine: Engine) -> bool:
    """Whether a platform version cannot mount EFS volumes."""
    # Batch has refused LATEST for jobs with EFS volumes (coverage-roadmap issue 1268).
    return _OLD.fullmatch(version) is not None or (engine is Engine.BATCH and version.upper() == "LATEST")


def _by_parameter(parameter: Parameter, engine: Engine) -> Finding | None:
    """The finding for a version that a parameter gives, judged by the parameter's default and allowed values; None if
    none of them is too old."""
    name = parameter.name
    override = f"`--parameter-overrides {name}={_RIGHT}` or `ParameterKey={name},ParameterValue={_RIGHT}`"
    if parameter.default is None or not _is_old(parameter.default, engine):
        if not (old := [value for value in parameter.values if _is_old(value, engine)]):
            return None
        return Finding(
            _ID,
            parameter.key,
            Status.ADVICE,
            message=f"parameter {name} may choose Fargate platform version {' or '.join(old)}, which cannot mount EFS volumes: to a "
            f"stack that has it, pass {override}",
        )
    problem = f"Fargate platform version {parameter.default}, the default of parameter {name}, cannot mount EFS volumes: set {_RIGHT}"
    if obstacle := _obstacle(parameter):
        return Finding(_ID, parameter.key, Status.REFUSED, message=f"{problem} — {obstacle}", detail=_RIGHT)
    return Finding(
        _ID,
        parameter.key,
        Status.UNSAFE,
        message=problem,
        caveat=f"Existing stacks keep the value that they have: when you update one, pass {override}. {_ROUTE}",
        changes=(SetParameterDefault(parameter.key, _RIGHT, _with_right(parameter.allowed)),),
        detail=_RIGHT,
    )


def _obstacle(parameter: Parameter) -> str | None:
    """The reason why a parameter cannot have the right version as its default, or None if it can."""
    if parameter.type != "String":
        return f"a parameter of type {parameter.type} cannot be {_RIGHT}"
    pattern = parameter.pattern
    if pattern is None:
        return None
    try:
        fits = _SIMPLE_PATTERN.fullmatch(pattern) and re.fullmatch(pattern, _RIGHT)
    except (re.error, OverflowError):
        fits = None
    return None if fits else f"its pattern {pattern} may not allow it"


def _with_right(allowed: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The allowed values with the right version among them, inserted in the order of the versions; None if all are
    allowed."""
    if allowed is None or _RIGHT in allowed:
        return allowed
    versions = [value for value in allowed if value[:1].isdigit()]
    descending = len(versions) > 1 and versions[0] > versions[-1]
    lower = [i for i, value in enumerate(allowed) if value[:1].isdigit() and value < _RIGHT]
    at = len(allowed)
    if lower:
        at = lower[0] if descending else lower[-1] + 1
    return (*allowed[:at], _RIGHT, *allowed[at:])


RULE = Rule(
    _ID,
    "fargate-platform-version",
    "any",
    default="fixable; a parameter's default is unsafe",
    page=__doc__,
    check_runner=check,
    stage=Stage.PLATFORM,
    climbs_to=Level.EFS,
    examples=(
        Example(
            """
            jobDefinitionName: render
            type: container
            platformCapabilities: [FARGATE]
            containerProperties:
              image: render
              fargatePlatformConfiguration: {platformVersion: 1.3.0}
              volumes:
                - name: scenes
                  efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0}
            """,
            """
            jobDefinitionName: render
            type: container
            platformCapabilities: [FARGATE]
            containerProperties:
              image: render
              fargatePlatformConfiguration: {platformVersion: 1.4.0}
              volumes:
                - name: scenes
                  efsVolumeConfiguration: {fileSystemId: fs-0123456789abcdef0}
            """,
        ),
    ),
)
