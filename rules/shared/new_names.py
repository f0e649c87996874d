"""Names and tags for new resources, such as a person would choose. The same source gets the same names on every run."""

from __future__ import annotations

import re

from rules.context import Context
from rules.facts.identifiers import LONGEST, parts, short, words
from rules.model import CODED_REF, Directory, EfsVolume, Engine, Key, Tag, Task, Text, Volume

_EXPRESSION = re.compile(r"\$\{[^}]*\}|\bos\.(?:environ(?:\.get)?|getenv)\b|\bself\b")
"""Expressions in a name, which say where it comes from but do not describe it."""
_VARIABLE = re.compile(r"\{([^{}]*)\}")
"""A variable in the name of a program's volume: `{uploads_volume}`."""
_ABOUT_A_VALUE = frozenset({"name", "id", "props", "args", "config", "params", "settings", "self", "str", "get", "key"})
"""Words of variables that say nothing of the value."""
_CODED = re.compile(CODED_REF)
_DEFINITION = re.compile(r"(task|job)_?def(?:inition)?", re.IGNORECASE)
_SUBJECT = re.compile(r"(?:Ecs|ECS|ecs)?(?:task|job)_?(?:def(?:inition)?)?", re.IGNORECASE)
_SAYS_NOTHING = re.compile(
    """(?x)
    (?:app|data|directory|disk|drive|ecs|efs|elastic|files?|filesystem|folder|fs|host|mnt|mount|my|network|nfs|persistence
    |persistent|shared?|storage|store|system|vol|volumes?|myefs|efs(?:data|mount|vol|volume))?[0-9]*
    """
)
"""Words that do not tell one volume from another."""
_ONLY_A_KIND = re.compile(r"vol|volumes?|mount|share|storage|.*[0-9]")


def access_point_name(volume: Volume, path: Directory, task: Task, context: Context) -> str:
    """A logical id for the access point of a volume on a directory (coded), such as `UploadsAccessPoint`."""
    system = volume.storage.file_system if isinstance(volume.storage, EfsVolume) else None
    in_path = words(_CODED.sub(" ", path) if isinstance(path, str) else "")
    serves = words(_VARIABLE.sub(_said_by_variable, _EXPRESSION.sub(" ", volume.name)))
    made = context.own_file_system(system)
    if system is not None and made is not None and context.is_shared(system, path):
        # The volumes have different names, so none of them names the access point. A number makes it unique if need be.
        name = _joined(in_path or words(made.name or made.key.last) or serves)
        return _called([name], task, context, mounted=(system, path))
    unclear = not _says_nothing(serves) and context.is_ambiguous(volume)
    if _says_nothing(serves):
        serves = in_path or _unless_numbered(serves) or words(_subject(task.name)) or serves
    name = _joined(serves or ["Data"])
    subject = _joined(words(_subject(task.name)))
    fuller = name if name.startswith(subject) else subject + name
    # Beside SatisfactorySavesAccessPoint, that of another volume of the same task is called after the task, too.
    called_after = unclear or context.naming.begins_with(subject, task.key.document)
    names = [fuller, name] if called_after else [name, fuller]
    return _called(names, task, context, mounted=(system, path))


def _called(names: list[str], task: Task, context: Context, mounted: object) -> str:
    """The first of the names that is free, with the affixes and the case of the source's other access points."""
    before, after = context.naming.of_access_points(task.key.document)
    wanted = (f"{before}{name.removesuffix('AccessPoint') or 'Data'}{after}" for name in names)
    return context.new_name(*(context.naming.cased(name) for name in wanted), serves=mounted)


def role_name(task: Task, context: Context) -> str:
    """A logical id for a task's new role: `JenkinsTaskRole` for `JenkinsTaskDefinition`."""
    name = short(task.name)
    kind = "Job" if task.engine is Engine.BATCH else "Task"
    before, _ = context.naming.of_roles(task.key.document)
    if before:
        wanted = f"{before}{_joined(words(_subject(name)))}{kind}"
    elif _DEFINITION.search(name):
        wanted = _DEFINITION.sub(r"\1Role", name, count=1)
    else:
        if (rest := name.removeprefix(kind)) != name and rest[:1].isupper():
            name = rest  # CronTaskRole for TaskCron
        wanted = name + ("Role" if name.endswith(kind) else f"{kind}Role")
    return context.new_name(context.naming.cased(wanted))


def tags(kind: Key, name: str, context: Context) -> tuple[Tag, ...]:
    """The tags of a new resource: those that all resources of its kind have, and a `Name` with their common prefix."""
    tagging = next((found for found in context.stack.tagging if found.kind == kind), None)
    if tagging is None or tagging.name_prefix is None:
        return tagging.tags if tagging else ()
    prefix = tagging.name_prefix
    separator = prefix.source[-1]
    said = [part.lower() for part in words(prefix.parts[-1])] if isinstance(prefix.parts[-1], str) else []
    called = parts(name)
    if called[: len(said)] == said and len(called) > len(said):
        called = called[len(said) :]  # `jenkins-` and JenkinsHomeAccessPoint
    joined = ("_" if separator == "_" else "-").join(called)
    named = Tag(Text.of("Name"), Text.decode(prefix.coded + joined))
    return (*tagging.tags[: tagging.name_at], named, *tagging.tags[tagging.name_at :])


def _said_by_variable(found: re.Match[str]) -> str:
    """The words of a variable that say something of its value."""
    said = (part for word in words(found[1]) for part in parts(word))
    return " ".join(w for w in said if w not in _ABOUT_A_VALUE and not _SAYS_NOTHING.fullmatch(w))


def _says_nothing(name: list[str]) -> bool:
    return all(_SAYS_NOTHING.fullmatch(part) for word in name for part in parts(word))


def _unless_numbered(name: list[str]) -> list[str]:
    """The words, or none if the name is only a kind or a number, like `volume0`."""
    return [] if any(_ONLY_A_KIND.fullmatch(word.lower()) for word in name) else name


def _subject(name: str) -> str:
    """The name of a task definition without the words that say that it is one."""
    return _SUBJECT.sub("", short(name), count=1)


def _joined(words: list[str]) -> str:
    return "".join(words)[:LONGEST]
