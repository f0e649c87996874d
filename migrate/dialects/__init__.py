"""The dialects: each reads one way of writing task definitions into the model, and writes changed entities back.

To add one, write a folder of its own that keeps to `dialect.py` (where a worked example stands), and add a line to `DIALECTS`.
What it shares with others is in `common/`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from migrate.dialects.dialect import Dialect, Reading
from migrate.files.language import DATA, PYTHON, Language
from migrate.syntax.unit import Unit

DIALECTS: tuple[tuple[Language, str], ...] = (
    (DATA, "cloudformation.dialect.CloudFormation"),
    (DATA, "plain.ecs_params.EcsParams"),
    (DATA, "plain.ansible.Ansible"),
    (DATA, "plain.aws_batch.AwsBatch"),
    (DATA, "plain.task_definition.TaskDefinition"),
    (PYTHON, "cdk.dialect.Cdk"),
    (PYTHON, "troposphere.dialect.Troposphere"),
    (PYTHON, "pulumi.dialect.Pulumi"),
    (PYTHON, "boto3.dialect.Boto3"),
)
"""Each dialect's language and class, in the order in which they are asked: the first that finds something reads the file. They
are named, not imported, because those of a language are imported for its files only. `DATA` stands for JSON and YAML."""


@cache
def dialects_of(language: Language) -> tuple[Dialect[Any], ...]:
    """The dialects of a language, in the order in which they are asked."""
    return tuple(_made(name) for of, name in DIALECTS if of is language)


def _made(name: str) -> Dialect[Any]:
    module, _, kind = name.rpartition(".")
    dialect: Dialect[Any] = getattr(import_module(f"{__name__}.{module}"), kind)()
    return dialect


def read(unit: Unit) -> Reading[object] | None:
    """Read a unit with the first dialect that recognises it, or return None."""
    for dialect in dialects_of(unit.language) or dialects_of(DATA):
        if (reading := dialect.read(unit)) is not None:
            return reading
    return None
