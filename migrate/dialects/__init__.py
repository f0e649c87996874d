"""The dialects: each reads one way of writing task definitions into the model, and writes changed entities back."""

from __future__ import annotations

from migrate.dialects.ansible import Ansible
from migrate.dialects.aws_batch import AwsBatch
from migrate.dialects.cloudformation import CloudFormation
from migrate.dialects.ecs_params import EcsParams
from migrate.dialects.reading import Dialect, Reading
from migrate.dialects.task_definition import TaskDefinition
from migrate.syntax import Document

DIALECTS: tuple[Dialect, ...] = (CloudFormation(), EcsParams(), Ansible(), AwsBatch(), TaskDefinition())
"""In the order in which they are asked; the first that finds something reads the file."""


def read(document: Document, stem: str) -> Reading | None:
    """Read a document with the first dialect that recognises it, or return None.

    `stem` (the file's name without suffix) names a definition that names no family.
    """
    for dialect in DIALECTS:
        if (reading := dialect.read(document, stem)) is not None:
            return reading
    return None
