"""Python programs that register ECS task definitions and AWS Batch job definitions through boto3, or pass the same
dicts on (see `common/python/definitions.py`)."""

from __future__ import annotations

from migrate.dialects.common.collector import Collector
from migrate.dialects.common.python.definitions import DefinitionReader, PlacedNodes, PythonDefinitions
from migrate.dialects.common.python.values import SPELLING
from migrate.dialects.dialect import Reading
from migrate.syntax.python import PythonDocument
from migrate.syntax.unit import Unit


class Boto3(PythonDefinitions):
    """The dialect of boto3 programs. They pass volumes to the API unchanged, so that the members have the API's
    names."""

    name = "boto3"

    def read(self, unit: Unit) -> Reading[PlacedNodes] | None:
        document = unit.document
        assert isinstance(document, PythonDocument)
        return DefinitionReader(document, unit.stem, Collector(self, unit, PlacedNodes(), spelling=SPELLING)).reading()
