"""Python that registers ECS task definitions and AWS Batch job definitions through boto3, or hands on the same dicts.

`register_task_definition(…)` and `register_job_definition(…)` of any client; dicts that are plainly a definition, whoever is
given them (Airflow, Pulumi, Prefect, a function of one's own); and dicts that are plainly a volume, where the definition
around them is put together at run time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from migrate.dialects.batch_jobs import add_part, api, parts
from migrate.dialects.code import SPELLING, configured, filled
from migrate.dialects.plain import Collector, PlainDialect
from migrate.dialects.reading import Reading
from migrate.dialects.values import child, items, mapping, text, words
from migrate.syntax import Document, resolve
from migrate.syntax.node import Mapping, Node
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.names import Place
from rules.model import Key, Text, Value

_TASK, _JOB = "register_task_definition", "register_job_definition"
_JOB_KEYS = frozenset({"containerProperties", "nodeProperties", "ecsProperties"})
_STORAGE_KEYS = frozenset({"host", "efsVolumeConfiguration", "dockerVolumeConfiguration"})


class Boto3(PlainDialect):
    """Volumes are handed to the API as they are, so they have its spelling."""

    name = "boto3"

    def read(self, document: Document, stem: str) -> Reading | None:
        assert isinstance(document, PythonDocument)
        return _Reader(document, stem, Collector(self, document, SPELLING)).reading()

    def configured(self, member: Value) -> Value:
        return configured(member)


@dataclass
class _Reader:
    document: PythonDocument
    stem: str
    collector: Collector
    read: set[int] = field(default_factory=set)
    """Identities of the nodes that belong to a definition that was read."""

    def reading(self) -> Reading | None:
        for call, place in self.document.calls(_registers):
            self.definition(self.document.arguments(call, place), _called(call), place)
        for node, place in self.literals():
            keys = {k.value for k in node.keys if isinstance(k, ast.Constant)}
            if {"containerDefinitions", "volumes"} <= keys:
                self.definition(self.document.node(node, place), _TASK, place)
            elif keys & _JOB_KEYS:
                self.definition(self.document.node(node, place), _JOB, place)
        return self.collector.reading()

    def literals(self) -> Iterator[tuple[ast.Dict, Place]]:
        """All dicts in the order of the text."""
        yield from sorted(self.document.names.dicts, key=lambda found: (found[0].lineno, found[0].col_offset))

    def definition(self, node: Node, kind: str, place: Place) -> None:
        """Read the arguments of a call, or a dict in their place."""
        arguments = resolve(node)
        # `register_task_definition(**definition)` is the definition.
        while isinstance(arguments, Mapping) and len(arguments.entries) == 1 and _merges(arguments):
            arguments = resolve(arguments.entries[0].value)
        if not isinstance(arguments, Mapping) or id(arguments) in self.read:
            return
        self.read.add(id(arguments))
        key: Key = ("task", *place.scope.path, len(self.collector.tasks))
        if kind == _TASK:
            self.task(arguments, key)
        else:
            self.job(arguments, key)

    def task(self, node: Mapping, key: Key) -> None:
        listed = child(node, "volumes")
        if items(listed) is None:
            return
        family = filled(child(node, "family"))
        containers = items(child(node, "containerDefinitions"))
        self.collector.add_task(
            key,
            family.source if family else self.stem,
            node,
            listed,
            None if containers is None else [c for c in map(mapping, containers) if c is not None],
            role="taskRoleArn",
            known=("containerDefinitions", "volumes"),
            role_after=("family", "networkMode"),
            task_role=filled(child(node, "taskRoleArn")),
            family=family if isinstance(family, Text) else None,
            compatibilities=words(child(node, "requiresCompatibilities")),
            network_mode=text(child(node, "networkMode")),
            operating_system=text(child(mapping(child(node, "runtimePlatform")), "operatingSystemFamily")),
        )

    def job(self, node: Mapping, key: Key) -> None:
        name = filled(child(node, "jobDefinitionName"))
        for part in parts(node, SPELLING.each, api):
            add_part(
                self.collector,
                node,
                part,
                (*key, *part.path),
                name.source if name else self.stem,
                SPELLING,
                api,
                _role,
                family=name if isinstance(name, Text) else None,
            )


def _registers(call: ast.Call) -> bool:
    return _called(call) in (_TASK, _JOB)


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def _merges(node: Mapping) -> bool:
    key = node.entries[0].key
    return getattr(key, "text", "") == "<<" and not getattr(key, "style", '"')


def _role(node: Node | None) -> tuple[Value | None, tuple[Value, ...]]:
    return filled(node), ()
