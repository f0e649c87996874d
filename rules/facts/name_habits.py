"""The naming habits of a source: affixes of the names of its access points and roles, and upper or lower case."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from rules.facts.identifiers import parts
from rules.model import Key, Stack

_POINT = re.compile(r"(.*?(?:AccessPoint|AP|Ap))([A-Z][A-Za-z0-9]*)?")
_ONLY_THE_KIND = re.compile(r"(?:Efs)?(?:AccessPoint|AP|Ap)[0-9]*")
_ROLE = re.compile(r"(.*?Role)([A-Z][A-Za-z0-9]*)?")
_CAMEL = re.compile(r"[a-z0-9][A-Z]")
Affixes = tuple[str, str]
"""A prefix and a suffix of names, each "" if there is none."""


class Naming:
    """The naming habits of one source, each computed when it is first needed."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def of_access_points(self, document: object) -> Affixes:
        """The affixes of the names of a document's access points."""
        return self._points.get(document, ("", "AccessPoint"))

    def of_roles(self, document: object) -> Affixes:
        """The affixes of the names of a document's roles."""
        return self._roles.get(document, ("", ""))

    @cached_property
    def _points(self) -> dict[object, Affixes]:
        return _by_document(_POINT, (point.key for point in self._stack.access_points), "AccessPoint")

    @cached_property
    def _roles(self) -> dict[object, Affixes]:
        return _by_document(_ROLE, (role.key for role in self._stack.roles), "")

    def cased(self, name: str) -> str:
        """A name in the case that most names of the source have: `UpperCamel`, `lowerCamel` or `kebab-case`."""
        if self._in_kebab_case:
            return "-".join(parts(name))
        return name[:1].lower() + name[1:] if self._starts_lower else name[:1].upper() + name[1:]

    @cached_property
    def _in_kebab_case(self) -> bool:
        names = self._stack.names or ()
        return sum("-" in known and known.islower() for known in names) > sum(
            _CAMEL.search(known) is not None for known in names
        )

    @cached_property
    def _starts_lower(self) -> bool:
        """Whether most names of the resources around EFS start in lower case or, if these are undecided, most of all."""
        stack, known = self._stack, self._stack.names or frozenset()
        keys = [point.key for point in stack.access_points] + [system.key for system in stack.file_systems]
        keys += [role.key for role in stack.roles] + [task.key for task in stack.tasks]
        for names in ([key.last for key in keys if key.last in known], known):
            lower = [name[0].islower() for name in names if name[:1].isalpha()]
            if 2 * sum(lower) != len(lower):
                return 2 * sum(lower) > len(lower)
        return False

    def begins_with(self, subject: str, document: object) -> bool:
        """Whether an access point of a document has a name that begins with a subject and says more."""
        names = (point.key.last for point in self._stack.access_points if point.key.document == document)
        return bool(subject) and any(
            name.lower().startswith(subject.lower()) and name[len(subject) : len(subject) + 1].isupper()
            for name in names
            if not _ONLY_THE_KIND.fullmatch(name[len(subject) :])
        )


def _by_document(pattern: re.Pattern[str], keys: Iterable[Key], suffix: str) -> dict[object, Affixes]:
    names: dict[object, list[str]] = {}
    for key in keys:
        names.setdefault(key.document, []).append(key.last)
    return {document: _affixes(pattern, known, suffix) for document, known in names.items()}


def _affixes(pattern: re.Pattern[str], names: list[str], suffix: str) -> Affixes:
    """The affixes of names: `AccessPointData` and `AccessPointLogs` share a prefix, most other names share a suffix."""
    found = [pattern.fullmatch(name) for name in names]
    before = {match[1] for match in found if match and match[2]}
    if len(names) > 1 and all(match and match[2] for match in found) and len(before) == 1:
        return before.pop(), ""
    short = {name[-2:] for name in names}
    return "", short.pop() if suffix and short in ({"AP"}, {"Ap"}) else suffix
