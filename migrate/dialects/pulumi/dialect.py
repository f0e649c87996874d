"""Python programs of Pulumi: calls of `TaskDefinition(…)` of its AWS provider, whose containers are JSON, and dicts
that are clearly a volume with Pulumi's names.

Such a program may also pass on definitions that have the API's shape; they are read with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from migrate.dialects.common.collector import Collector
from migrate.dialects.common.listed import UNREAD, listed
from migrate.dialects.common.possible.readings import perhaps_more, snake, started, systems, words_of
from migrate.dialects.common.python.definitions import (
    STORAGE_KEYS,
    DefinitionReader,
    PlacedNodes,
    PythonDefinitions,
    called,
    keys_of,
)
from migrate.dialects.common.python.values import SPELLING, filled
from migrate.dialects.common.values import child, items
from migrate.dialects.common.volumes.spelling import Spelling
from migrate.dialects.dialect import Reading
from migrate.syntax import get
from migrate.syntax.node import Entry, Mapping, Node
from migrate.syntax.python import PythonDocument
from migrate.syntax.python.evaluate import unknown_merges
from migrate.syntax.python.names import Place
from migrate.syntax.unit import Unit
from rules.model import Key, Text

_SPELLING = replace(
    SPELLING,
    efs="efs_volume_configuration",
    file_system="file_system_id",
    root_directory="root_directory",
    transit_encryption="transit_encryption",
    transit_encryption_port="transit_encryption_port",
    authorization="authorization_config",
    access_point="access_point_id",
    docker="docker_volume_configuration",
    driver_options="driver_opts",
)
"""Pulumi's names for the members of a volume. Its host paths have another shape."""
_REGISTERING = frozenset({"register_stack_transformation", "register_resource_transform"})
"""The functions of `pulumi.runtime` that register a transformation for all resources of a program."""
_READ = frozenset(
    {
        "containerDefinitions",
        "container_definitions",
        "networkMode",
        "network_mode",
        "requiresCompatibilities",
        "requires_compatibilities",
        "taskRoleArn",
        "task_role_arn",
        "update",
        "volumes",
    }
)
"""The names by which a transformation changes what is read; `update` may change everything."""
_OWN_KEYS = frozenset({_SPELLING.efs, _SPELLING.docker})


_SERVICES = frozenset({"Service", "TaskSet"})


class Pulumi(PythonDefinitions):
    """The dialect of Python files that import Pulumi and have a volume with Pulumi's names."""

    name = "pulumi"

    def read(self, unit: Unit) -> Reading[PlacedNodes] | None:
        document = unit.document
        assert isinstance(document, PythonDocument)
        if not any(module.startswith("pulumi") for module in document.modules):
            return None
        reader = _PulumiReader(document, unit.stem, Collector(self, unit, PlacedNodes(), spelling=SPELLING))
        reading = reader.reading()
        return reading if reader.has_own else None  # without one, another dialect reads the file


@dataclass
class _PulumiReader(DefinitionReader):
    """Reads one Pulumi program."""

    none_counts = True
    has_own: bool = False
    """Whether the program has a definition or volume of Pulumi's own, with its names."""

    @property
    def storage_keys(self) -> frozenset[str]:
        return STORAGE_KEYS | _OWN_KEYS

    def spelling_of(self, node: ast.Dict) -> Spelling | None:
        if not keys_of(node) & _OWN_KEYS:
            return None
        self.has_own = True
        return _SPELLING

    def read_own(self) -> None:
        for call, place in self.document.calls(lambda call: called(call) == "TaskDefinition"):
            before = len(self.collector.tasks)
            self.definition_of(self.document.arguments(call, place), place)
            if len(self.collector.tasks) > before:
                self.registered[call] = self.collector.tasks[before].key
            options = [k.value for k in call.keywords if k.arg == "opts"]
            for transformation, line, at in [*self._of_stack, *self._transformations(options, place)]:
                self._transformed(transformation, line, at, before)

    # -- transformations ----------------------------------------------------------------------------------------------

    @cached_property
    def _of_stack(self) -> list[tuple[ast.expr, int, Place]]:
        """The transformations that the program registers for all its resources, each with its line and place."""
        return [
            (argument, call.lineno, place)
            for call, place in self.document.names.calls
            if called(call) in _REGISTERING
            for argument in call.args[:1]
        ]

    def _transformations(self, options: list[ast.expr], place: Place) -> Iterator[tuple[ast.expr, int, Place]]:
        """The transformations in the options of a resource."""
        for given in options:
            made, at = self.document.evaluator.definition(given, place)
            for keyword in made.keywords if isinstance(made, ast.Call) else ():
                if keyword.arg in ("transformations", "transforms"):
                    listed, there = self.document.evaluator.definition(keyword.value, at)
                    for one in listed.elts if isinstance(listed, ast.List | ast.Tuple) else [listed]:
                        yield one, keyword.value.lineno, there

    def _transformed(self, transformation: ast.expr, line: int, place: Place, before: int) -> None:
        """Blocks the definitions from index `before` on that a transformation may change; a person should look at one
        of another module."""
        body = self._body(transformation, place)
        reason = f"line {line} registers a transformation"
        if body is not None and self._changes_what_is_read(body):
            self.block(before, f"{reason}, which may change it")
        elif body is None:
            for task in self.collector.tasks[before:]:
                doubt = (
                    f"{reason} that is not in this file: check that it changes neither the volumes nor the task role."
                )
                self.collector.doubts.update({volume.key: doubt for volume in task.volumes})

    def _body(self, function: ast.expr, place: Place) -> ast.AST | None:
        """The function or lambda that an expression stands for; None if it is not in this module."""
        found, at = self.document.evaluator.definition(function, place)
        if isinstance(found, ast.Lambda):
            inner = found.body
            return self._body(inner.func, at) if isinstance(inner, ast.Call) else found
        if not isinstance(found, ast.Name):
            return None
        owner, _ = self.document.names.owner(found.id, at.scope)
        scopes = (s for s in self.document.names.functions if s.parent is owner and s.path[-1] == found.id)
        return next((scope.node for scope in scopes), None)

    @staticmethod
    def _changes_what_is_read(body: ast.AST) -> bool:
        """Whether a transformation may change a property that is read: it names one, or sets one by a computed name."""
        for node in ast.walk(body):
            match node:
                case ast.Constant(value=str(word)) | ast.Attribute(attr=word) | ast.keyword(arg=str(word)):
                    if word in _READ:
                        return True
                case ast.Subscript(ctx=ast.Store() | ast.Del(), slice=key) if not isinstance(key, ast.Constant):
                    return True
                case _:
                    pass
        return False

    def with_platform(self, node: Mapping, place: Place) -> Mapping:
        """The arguments of a definition, in which a platform that a class of arguments makes is a mapping, too."""
        entry = get(node, "runtime_platform")
        made = self.document.origin(entry.value) if entry is not None else None
        if entry is None or not isinstance(made, ast.Call):
            return node
        entries = [e for e in node.entries if e is not entry]
        return replace(node, entries=[*entries, Entry(entry.key, self.document.arguments(made, place))])

    def services(self) -> None:
        """Adds the services that run the program's definitions."""
        super().services()
        for number, (call, place) in enumerate(self.document.calls(lambda call: called(call) in _SERVICES)):
            arguments = self.document.arguments(call, place)
            task = self.task_of(child(arguments, "task_definition"), place) if isinstance(arguments, Mapping) else None
            if task is not None and isinstance(arguments, Mapping):
                how = started(arguments, self.spelling_at(place, _SPELLING), snake)
                self.collector.add_service(Key("service", "pulumi", (number,)), "", task, entry=None, started=how)

    def definition_of(self, node: Node, place: Place) -> None:
        """Reads the arguments of a `TaskDefinition(…)`."""
        if not isinstance(node, Mapping) or items(child(node, "volumes")) is None:
            return
        self.has_own = True
        family = filled(child(node, "family"))
        containers = child(node, "container_definitions")
        written = self.document.origin(containers) if containers is not None else None
        if isinstance(written, ast.Call) and called(written) == "dumps" and len(written.args) == 1:
            containers = self.document.node(written.args[0], place)
        key = self.key_at(place)
        spelling, more = self.spelling_at(place, _SPELLING), unknown_merges(node)
        self.collector.add_task(
            key,
            family.source if family else self.name_at(place),
            node,
            volumes=child(node, "volumes"),
            containers=listed(containers) if containers is not None else UNREAD,
            role="task_role_arn",
            known=("container_definitions", "volumes"),
            role_after=("family", "network_mode"),
            task_role=self.role(node, "task_role_arn", key, place=place),
            family=family if isinstance(family, Text) else None,
            compatibilities=perhaps_more(words_of(child(node, "requires_compatibilities"), spelling), more),
            network_mode=perhaps_more(spelling.options(child(node, "network_mode")), more),
            operating_system=systems(
                self.with_platform(node, place), spelling, snake, family="operating_system_family"
            ),
            spelling=spelling,
        )
        self.block_unknown(len(self.collector.tasks) - 1, place)
