"""Python that registers ECS task definitions and AWS Batch job definitions through boto3, or hands on the same dicts (see
`common/python/definitions.py`)."""

from __future__ import annotations

from migrate.dialects.common.collector import Collector
from migrate.dialects.common.python.definitions import DefinitionReader, PlacedNodes, PythonDefinitions
from migrate.dialects.common.python.values import SPELLING
from migrate.dialects.dialect import Reading
from migrate.syntax.python import PythonDocument
from migrate.syntax.unit import Unit


class Boto3(PythonDefinitions):
    """Volumes are handed to the API as they are, so they have its spelling."""

    name = "boto3"

    def read(self, unit: Unit) -> Reading[PlacedNodes] | None:
        document = unit.document
        assert isinstance(document, PythonDocument)
        return DefinitionReader(document, unit.stem, Collector(self, unit, PlacedNodes(), spelling=SPELLING)).reading()
