"""A Fargate platform version that cannot mount EFS

EFS volumes need platform version 1.4.0. A service or job definition pinned below it (or at `1.4`, which Fargate does not
know) fails with `PlatformTaskDefinitionIncompatibilityException` as soon as its task mounts EFS. Only what runs a task
with EFS volumes is looked at; `LATEST` has meant 1.4.0 since March 2021.

**Caveat.** 1.4.0 pulls images through the task's own network interface: tasks in private subnets need a route to the
registry (NAT or VPC endpoints).

Source: Amazon ECS developer guide, "AWS Fargate platform versions"; Batch requires exactly 1.4.0 for EFS.
"""

from __future__ import annotations

import re

from rules.efs403_unsupported_platform import unsupported
from rules.model import EfsVolume, Engine, Level, Service, SetPlatformVersion, Task, Text
from rules.rule import Context, Example, Finding, Rule, Status, shown

_ID = "EFS401"
_OLD = re.compile(r"1\.[0-3](\.\d+)?|1\.4|1")


def check(service: Service, task: Task | None, context: Context) -> Finding | None:
    version = service.platform_version
    if task is None or version is None or not any(isinstance(v.storage, EfsVolume) for v in task.volumes):
        return None
    if unsupported(task, context):
        return None
    if version.literal is None:
        return Finding(
            _ID,
            service.key,
            Status.ADVICE,
            f"the platform version is the expression {shown(version)}: EFS volumes need 1.4.0 or later",
        )
    # Batch has refused LATEST for jobs with EFS volumes (coverage-roadmap issue 1268).
    old = _OLD.fullmatch(version.literal) or (service.engine is Engine.BATCH and version.literal.upper() == "LATEST")
    if not old:
        return None
    return Finding(
        _ID,
        service.key,
        Status.FIXABLE,
        f"Fargate platform version {version.literal} cannot mount EFS volumes: set 1.4.0",
        "Platform version 1.4.0 pulls images through the task's network interface: private subnets need a route to the "
        "registry.",
        changes=(SetPlatformVersion(service.key, Text.of("1.4.0")),),
    )


RULE = Rule(
    _ID,
    "fargate-platform-version",
    "any",
    "fixable",
    __doc__,
    check_service=check,
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
