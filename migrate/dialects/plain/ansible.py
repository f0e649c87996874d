"""Ansible playbooks, task files and handlers that use the `ecs_taskdefinition` module, by its short or its full
name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.collector import Collector, DefinitionNodes
from migrate.dialects.common.listed import UNREAD, listed
from migrate.dialects.common.nodes import Path, holders, key_text
from migrate.dialects.common.possible.readings import role, snake, started, systems, words_of
from migrate.dialects.common.values import child, filled, mapping, text
from migrate.dialects.common.volumes.spelling import API
from migrate.dialects.common.whereabouts import is_region
from migrate.dialects.dialect import Reading
from migrate.syntax import get
from migrate.syntax.node import Mapping
from migrate.syntax.unit import Unit
from rules.model import Key, Text

_WORDS = re.compile("ecs_taskdefinition|ecs_service")
_DEFINITION = re.compile(r"(?:[\w.]+\.)?ecs_taskdefinition")
_SERVICE = re.compile(r"(?:[\w.]+\.)?ecs_service")


class Ansible(PlainDialect[DefinitionNodes]):
    """The dialect of Ansible. Its module passes volumes to the API unchanged, so that they have the API's names; the
    arguments around them have Ansible's."""

    name = "ansible"

    def read(self, unit: Unit) -> Reading[DefinitionNodes] | None:
        document, stem = unit.document, unit.stem
        collector = Collector(self, unit, DefinitionNodes())
        families: dict[str, Key] = {}
        registered: dict[str, Key] = {}
        services: list[tuple[Mapping, Path]] = []
        # A module that is named below `action` is one mapping deeper than the task.
        for node, path in holders(document, _WORDS, up=1):
            for arguments in _arguments(node, _DEFINITION):
                if text(child(arguments, "state")) == "absent":
                    collector.regions.append((arguments.start, arguments.end))
                    continue
                family = filled(child(arguments, "family"))
                key = Key.of("task", *path)
                _read(collector, arguments, key, stem=stem)
                if family:
                    families[family.source] = key
                if register := text(child(node, "register")):
                    registered[register] = key
            services += [(arguments, path) for arguments in _arguments(node, _SERVICE)]
        for arguments, path in services:
            definition = filled(child(arguments, "task_definition"))
            if definition:
                family_name = re.sub(r":[^:}]*(?:\{\{.*\}\})?$", "", definition.source)
                results = re.findall(r"(\w+)\.taskdefinition\b", definition.source)
                task = families.get(definition.source) or families.get(family_name)
                task = task or next((registered[name] for name in results if name in registered), None)
                name = filled(child(arguments, "name"))
                entry = get(arguments, "platform_version")
                how = started(arguments, API, snake)
                collector.add_service(
                    Key.of("service", *path), name.source if name else "", task, entry=entry, started=how
                )
        return collector.reading(collector.stack())


def _arguments(task: Mapping, module: re.Pattern[str]) -> Iterator[Mapping]:
    """The arguments that an Ansible task gives a module, in each of the ways to call one: by its name, or by
    `action` or `local_action`."""
    for entry in task.entries:
        key = key_text(entry)
        found = mapping(entry.value)
        if module.fullmatch(key):
            if found is not None:
                yield found
        elif key in ("action", "local_action"):
            if found is not None and module.fullmatch(text(child(found, "module")) or ""):
                yield found
            elif module.fullmatch((text(entry.value) or "").strip()) and (given := mapping(child(task, "args"))):
                yield given


def _read(collector: Collector[DefinitionNodes], node: Mapping, key: Key, stem: str) -> None:
    """Adds the task definition that a call of the module registers; `stem` names it if it has no family."""
    family = filled(child(node, "family"))
    containers = child(node, "containers")
    region = text(child(node, "region")) or ""
    collector.add_task(
        key,
        family.source if family else stem,
        node,
        volumes=child(node, "volumes"),
        containers=listed(containers) if containers is not None else UNREAD,
        role="task_role_arn",
        known=("containers", "volumes"),
        role_after=("family", "network_mode"),
        task_role=role(child(node, "task_role_arn"), API),
        family=family if isinstance(family, Text) else None,
        compatibilities=words_of(child(node, "launch_type"), API),
        network_mode=API.options(child(node, "network_mode")),
        operating_system=systems(node, API, snake),
        region=region if is_region(region) else None,
    )
