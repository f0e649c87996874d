"""Constraints of ECS between the fields of a volume, checked on the model because no offline validator does it.

botocore, cfn-lint and a CDK synth accept every one of these definitions; the ECS API or the mount refuses them.
Source: Amazon ECS developer guide, "Specifying an Amazon EFS file system in your task definition".
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.model import EfsVolume, Engine, Stack, Task, Text


def violations(stack: Stack) -> Iterator[tuple[object, str]]:
    """Pairs (volume key, problem in words) for all constraints that EFS volumes break."""
    for task in stack.tasks:
        for volume in task.volumes:
            if isinstance(volume.storage, EfsVolume):
                for problem in _problems(volume.storage, task):
                    yield volume.key, problem


def _problems(storage: EfsVolume, task: Task) -> Iterator[str]:
    if storage.access_point and storage.root_directory not in (None, Text.of("/"), Text.of("")):
        yield "an access point and a root directory other than /"
    written = storage.transit_encryption
    # An expression may have the value ENABLED, so it is no violation.
    plain = not storage.encrypts and (written is None or written.literal is not None)
    if storage.access_point and plain:
        yield "an access point without transit encryption"
    if storage.authorizes and plain:
        yield "IAM authorization without transit encryption"
    if storage.authorizes and task.may_lack_role and task.engine is not Engine.UNKNOWN:
        yield "IAM authorization without a task role"
    if storage.file_system is None:
        yield "no file system"
