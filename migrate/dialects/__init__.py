"""The dialects: each reads one way of writing task definitions into the model, and writes changed entities back.

To add one, write a folder of its own that keeps to `dialect.py` (where a worked example stands), import it here and give it
its place in the order. What it shares with others is in `common/`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from migrate.dialects.cloudformation.dialect import CloudFormation
from migrate.dialects.dialect import Dialect, Reading
from migrate.dialects.plain.ansible import Ansible
from migrate.dialects.plain.aws_batch import AwsBatch
from migrate.dialects.plain.ecs_params import EcsParams
from migrate.dialects.plain.task_definition import TaskDefinition
from migrate.files.language import PYTHON
from migrate.files.unit import Unit

DATA_DIALECTS: tuple[Dialect[Any], ...] = (CloudFormation(), EcsParams(), Ansible(), AwsBatch(), TaskDefinition())
"""In the order in which they are asked; the first that finds something reads the file."""


@cache
def _python_dialects() -> tuple[Dialect[Any], ...]:
    """The dialects of Python sources; they and Python's parser are imported for those only."""
    from migrate.dialects.boto3.dialect import Boto3
    from migrate.dialects.cdk.dialect import Cdk
    from migrate.dialects.pulumi.dialect import Pulumi
    from migrate.dialects.troposphere.dialect import Troposphere

    return (Cdk(), Troposphere(), Pulumi(), Boto3())


def read(unit: Unit) -> Reading[object] | None:
    """Read a unit with the first dialect that recognises it, or return None."""
    for dialect in _python_dialects() if unit.language is PYTHON else DATA_DIALECTS:
        if (reading := dialect.read(unit)) is not None:
            return reading
    return None
