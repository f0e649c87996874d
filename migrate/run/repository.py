"""Facts that the files of one repository tell about each other: EFS mounts on instances, and file systems that a parent
template passes to a nested one.

Only templates that may hold such facts are read (`screen.informs_others`), and only if some file of the run has a host
path outside the system's own directories (`needs_other_files`). The facts are offered in questions; no change relies on
them alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from migrate.dialects.cloudformation.cross_stack import NestedStack, Told, told
from migrate.files.language import DATA, JSON
from migrate.files.source import SourceProblem, read
from migrate.syntax import SyntaxProblem, parse
from migrate.syntax.garbage import not_collecting
from rules.facts.mounts import SYSTEM_PATH
from rules.facts.other_files import SeenMount, SeenMounts

_HOST_PATH = re.compile(rb"(?:source[_-]?path|device)[\"']?\s*[:=]\s*(?:[\"']?(/[^\s\"',}\]]*))?", re.IGNORECASE)


def needs_other_files(raw: bytes) -> bool:
    """Whether a file with volumes may have a host path outside the system's own directories, so that EFS may be mounted
    there."""
    paths = (match[1] for match in _HOST_PATH.finditer(raw))
    return any(path is None or not SYSTEM_PATH.match(path.decode("utf-8", "replace")) for path in paths)


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file and the folders that it belongs to: two files are of one repository if they share one of their `homes`."""

    path: str
    """Absolute."""
    name: str
    homes: tuple[str, ...]


@dataclass
class Repositories:
    """Finds the folders that files belong to: the working tree of the repository, or without one the folder of the
    configuration and the argument of the command line."""

    _roots: dict[str, str | None] = field(default_factory=dict)

    def of(self, path: str, folders: Iterable[str]) -> tuple[str, ...]:
        """The homes of the file at `path`: the root of its repository, or `folders` if it is in none."""
        root = self._root(os.path.dirname(path))
        return (root,) if root is not None else tuple(folder.rstrip("/") for folder in folders if folder)

    def _root(self, folder: str) -> str | None:
        above: list[str] = []
        while folder not in self._roots:
            above.append(folder)
            parent = os.path.dirname(folder)
            if parent == folder or os.path.lexists(os.path.join(folder, ".git")):
                self._roots[folder] = None if parent == folder else folder
            else:
                folder = parent
        found = self._roots[folder]
        self._roots.update(dict.fromkeys(above, found))
        return found


def read_for_others(place: FilePlace) -> Told | None:
    """The facts that a file tells others; None if it cannot be read. Processing the file itself reports the reason."""
    path = Path(place.path)
    try:
        source = read(path, place.name)
        with not_collecting():
            return told(parse(source.text, JSON if path.suffix.lower() == ".json" else DATA))
    except (SourceProblem, SyntaxProblem):
        return None


class Survey:
    """The facts that all files tell, by repository. `asking` are the places of the files that may need them."""

    def __init__(self, said: Iterable[tuple[FilePlace, Told]], asking: Iterable[FilePlace]) -> None:
        self._said = list(said)
        self._asking = list(asking)
        self._seen: dict[tuple[str, ...], SeenMounts] = {}

    def seen_from(self, place: FilePlace) -> SeenMounts:
        """The mounts of the other files of the same repository."""
        if place.homes not in self._seen:
            found = (
                SeenMount(
                    there.name,
                    m.line,
                    m.resource,
                    source=m.source,
                    host_path=m.host_path,
                    directory=m.directory,
                    is_nfs=m.is_nfs,
                    id=m.id,
                    export=m.export,
                )
                for there, said in self._said
                if not set(there.homes).isdisjoint(place.homes)
                for m in said.mounts
            )
            self._seen[place.homes] = SeenMounts(found)
        return self._seen[place.homes].besides(place.name)

    def passed_to(self, place: FilePlace) -> Mapping[tuple[str, str], str]:
        """The parameters in which nesting templates pass file systems on to this one (`Policy.passed`)."""
        return self._passed.get(place.path, {})

    @cached_property
    def _passed(self) -> dict[str, dict[tuple[str, str], str]]:
        passed: dict[str, dict[tuple[str, str], str]] = {}
        by_path = {place.path: (place, said) for place, said in self._said}
        for parent, said in self._said:
            nested = [(stack, self._template_of(stack, parent)) for stack in said.stacks]
            # The expressions by which this parent refers to file systems that some template mounts.
            called = {m.source: [(parent.name, m.source)] for m in said.mounts}
            for stack, path in nested:
                if path in by_path:
                    for name, mount in _called_outside(stack, *by_path[path]):
                        called.setdefault(name, []).append(mount)
            for stack, path in nested:
                for parameter, value in stack.parameters.items():
                    for mount in called.get(value, ()):
                        passed.setdefault(path, {}).setdefault(mount, parameter)
        return passed

    def _template_of(self, stack: NestedStack, parent: FilePlace) -> str:
        """The path of the template of a nested stack, or an empty string if it is not known. The stack names a local
        file, as for `cloudformation package`, or an uploaded object, whose name exactly one file of the repository must
        have."""
        url = stack.template.literal
        if url is not None and "://" not in url:
            return os.path.normpath(os.path.join(os.path.dirname(parent.path), url))
        last = stack.template.parts[-1] if stack.template.parts else ""
        folder, slash, name = last.rpartition("/") if isinstance(last, str) else ("", "", "")
        del folder
        paths = {p.path for p in self._by_name.get(name, ()) if not set(p.homes).isdisjoint(parent.homes)}
        return paths.pop() if slash and len(paths) == 1 else ""

    @cached_property
    def _by_name(self) -> dict[str, list[FilePlace]]:
        places: dict[str, list[FilePlace]] = {}
        for place in (*(place for place, _ in self._said), *self._asking):
            places.setdefault(os.path.basename(place.path), []).append(place)
        return places


def _called_outside(stack: NestedStack, place: FilePlace, said: Told) -> Iterator[tuple[str, tuple[str, str]]]:
    """The expressions by which a parent template refers to the file systems that instances of a nested stack mount."""
    for mount in said.mounts:
        about = (place.name, mount.source)
        if mount.source[2:-1] in stack.parameters and mount.source.startswith("${"):
            yield stack.parameters[mount.source[2:-1]], about
        for output in said.outputs.get(mount.source, ()):
            yield f"${{{stack.name}.Outputs.{output}}}", about
