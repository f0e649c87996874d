"""The dialects. Each reads one way of writing task definitions into the model, and writes changed entities back to the
text.

To add one, write a package beside the others that implements `Dialect` (`dialect.py` has a worked example), and add a
line to `DIALECTS`. Code that several dialects share is in `common/`.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    (DATA, "plain.other_tools.OtherTools"),
    (PYTHON, "cdk.dialect.Cdk"),
    (PYTHON, "troposphere.dialect.Troposphere"),
    (PYTHON, "pulumi.dialect.Pulumi"),
    (PYTHON, "boto3.dialect.Boto3"),
)
"""The language and the class of each dialect, in the order in which they are tried: the first that finds something
reads the file. Classes are named, not imported, so that only the dialects of a file's own language are imported.
`DATA` stands for JSON and YAML."""


def dialects_of(language: Language) -> Iterator[Dialect[Any]]:
    """The dialects of a language, in the order in which they are asked. Each is imported when its turn comes."""
    return (_made(name) for of, name in DIALECTS if of is language)


@cache
def _made(name: str) -> Dialect[Any]:
    module, _, kind = name.rpartition(".")
    dialect: Dialect[Any] = getattr(import_module(f"{__name__}.{module}"), kind)()
    return dialect


def read(unit: Unit) -> Reading[object] | None:
    """Read a unit with the first dialect that recognises it, or return None."""
    known = any(of is unit.language for of, _ in DIALECTS)
    for dialect in dialects_of(unit.language if known else DATA):
        if (reading := dialect.read(unit)) is not None:
            return reading
    return None
