"""Turns answers to the questions of rules into entries of `.efs-migrate.yaml`, and adds them to the file."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence as Items
from dataclasses import dataclass

from migrate.config.config import NAME, Config, ConfigProblem, read
from migrate.config.schema import MODELINE
from migrate.edit import apply
from migrate.files.language import YAML
from migrate.syntax import CannotEdit, SyntaxProblem, parse, resolve
from migrate.syntax.node import (
    Added,
    AnyEdit,
    EditMapping,
    EditSequence,
    Entry,
    Kept,
    Mapping,
    New,
    NewValue,
    Node,
    Scalar,
    Tagged,
)
from migrate.syntax.node import Sequence as SequenceNode
from rules.facts.questions import AccessPointOf, MountAt, Question, RoleOf, StorageOf
from rules.facts.values import shown
from rules.model import Opaque

Settings = dict[str, NewValue]
"""A part of a configuration, as a mapping from its top-level keys."""

_EXPRESSION = re.compile(r"(!(?:Ref|Sub|ImportValue|GetAtt)) ([^\s#].*)")
_PLAIN = re.compile(r"[A-Za-z0-9/][A-Za-z0-9/._-]*")
_HEAD = f"{MODELINE}\n# What efs-migrate cannot see in the definitions.\n"


class NotSaved(Exception):
    """Raised if an entry cannot be added to a configuration; the message is the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Blank:
    """One value to type in: its name, an example, and the usual value, which an empty line stands for."""

    name: str
    example: str
    usual: str = ""


def blanks(question: Question) -> tuple[Blank, ...]:
    """The values to type in to answer a question, in order."""
    match question:
        case AccessPointOf():
            wanted = f"access point of {shown(question.file_system)} for {question.directory}"
            return (Blank(wanted, "fsap-0123456789abcdef0"),)
        case RoleOf():
            return (Blank(f"task role of {question.family}", "arn:aws:iam::123456789012:role/name"),)
        case StorageOf():
            system = Blank(f"file system behind Docker volume {question.volume}", "fs-0123456789abcdef0")
            return system, Blank("its directory with the volume's files", "/jenkins", question.usual)
        case MountAt():
            path, usual, directory = (*question.likely, (question.path, "", "/"))[0]
            return (
                Blank(f"file system that holds {question.path}", "fs-0123456789abcdef0", usual),
                Blank("where it is mounted on the instances", "/mnt/efs", path),
                Blank("the directory of the file system that is mounted there", "/", directory),
            )


def input_label(question: Question) -> str:
    """The label for answering a question, where that is one of several ways to take a step."""
    match question:
        case AccessPointOf():
            return "name an access point that exists already"
        case RoleOf():
            return "name a role that exists already"
        case _:
            return f"name the {blanks(question)[0].name}"


def settings(question: Question, answers: Items[str]) -> Settings | None:
    """The entry for the answers, one typed word for each blank. None if the subject of the question cannot be written
    in a configuration, because it is an expression and not a name."""
    match question:
        case AccessPointOf():
            system = _value(shown(question.file_system))
            if isinstance(question.file_system, Opaque) and not isinstance(system, Tagged):
                return None
            return {"file-systems": [{"id": system, "access-points": {question.directory: _value(answers[0])}}]}
        case RoleOf():
            return {"task-roles": {question.family: _value(answers[0])}}
        case StorageOf():
            storage: Settings = {"file-system": _value(answers[0]), "directory": answers[1]}
            return {"docker-volumes": {question.volume: storage}}
        case MountAt():
            return {"file-systems": [{"id": _value(answers[0]), "mounts": {answers[1]: answers[2]}}]}


def problem(question: Question, answers: Items[str]) -> str | None:
    """The error in the last answer, by the checks of the configuration, or None. Blanks without an answer yet are
    filled with their examples."""
    filled = [*answers, *(blank.example for blank in blanks(question)[len(answers) :])]
    entry = settings(question, filled)
    if entry is None:
        return "the configuration cannot name it"
    try:
        told(entry)
    except ConfigProblem as wrong:
        return wrong.cause
    return None


def told(entry: Settings) -> Config:
    """The configuration that has only this entry. Raises ConfigProblem."""
    return read(_printed(entry).encode(), NAME, "")


def add(text: str, entry: Settings) -> str:
    """The text of a configuration with an entry added. Everything else in it stays as it is. Raises NotSaved."""
    try:
        document = parse(text, YAML)
        roots = [root for root in document.roots if not (isinstance(root, Scalar) and not root.text)]
        if not roots:
            return text + ("" if not text or text.endswith("\n") else "\n") + _printed(entry)
        edits: list[AnyEdit] = []
        _merge(roots[0], entry, edits)
        text = apply(text, document.edits(edits))
        read(text.encode(), NAME, "")
    except (CannotEdit, SyntaxProblem, ConfigProblem, ValueError) as wrong:
        raise NotSaved(getattr(wrong, "cause", None) or str(wrong)) from None
    return text


def new(entry: Settings) -> str:
    """The text of a configuration that has only this entry."""
    return _HEAD + _printed(entry)


def _merge(node: Node, value: NewValue, edits: list[AnyEdit]) -> None:
    """Collects the edits that add `value` to a node. Mappings are merged, and so are file systems with the same id."""
    found = resolve(node)
    if isinstance(value, dict) and isinstance(found, Mapping):
        entries: list[Kept | Added] = [Kept(entry) for entry in found.entries]
        known = {_text(entry.key): index for index, entry in enumerate(found.entries)}
        for key, inner in value.items():
            index = known.get(key)
            if index is None:
                entries.append(Added(key, inner))
            elif _is_empty(found.entries[index]):
                entries[index] = Added(key, inner, replaces=found.entries[index])
            else:
                _merge(found.entries[index].value, inner, edits)
        if any(isinstance(entry, Added) for entry in entries):
            edits.append(EditMapping(found, tuple(entries)))
    elif isinstance(value, list) and isinstance(found, SequenceNode):
        (member,) = value
        same = next((item for item in found.items if _is_same(item, member)), None)
        if same is not None:
            _merge(same, member, edits)
        else:
            edits.append(EditSequence(found, (*found.items, New(member))))
    elif _written(node) != value:
        raise NotSaved("it says something else there")


def _is_same(item: Node, member: NewValue) -> bool:
    """Whether an entry of `file-systems` has the id of another one."""
    found = resolve(item)
    if not isinstance(found, Mapping) or not isinstance(member, dict):
        return False
    return any(_text(entry.key) == "id" and _written(entry.value) == member["id"] for entry in found.entries)


def _written(node: Node) -> NewValue:
    found = resolve(node)
    if not isinstance(found, Scalar):
        return None
    return Tagged(found.tag, found.text) if found.tag else found.text


def _is_empty(entry: Entry) -> bool:
    found = resolve(entry.value)
    return isinstance(found, Scalar) and not found.style and found.text in ("", "~", "null") and found.tag is None


def _text(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _value(word: str) -> NewValue:
    """The value of a typed word, which may be a CloudFormation expression."""
    match = _EXPRESSION.fullmatch(word)
    return Tagged(match[1], match[2]) if match else word


def _printed(value: NewValue, indent: str = "") -> str:
    """An entry as a block of YAML, with a final newline."""
    lines = []
    assert isinstance(value, dict)
    for key, inner in value.items():
        if isinstance(inner, dict):
            lines.append(f"{indent}{_word(key)}:\n{_printed(inner, indent + '  ')}")
        elif isinstance(inner, list):
            items = (_printed(item, indent + "    ") for item in inner)
            lines.append(f"{indent}{_word(key)}:\n" + "".join(f"{indent}  - {item.lstrip()}" for item in items))
        elif isinstance(inner, Tagged):
            lines.append(f"{indent}{_word(key)}: {inner.tag} {_word(str(inner.value))}\n")
        else:
            lines.append(f"{indent}{_word(key)}: {_word(str(inner))}\n")
    return "".join(lines)


def _word(word: str) -> str:
    """A word as a YAML scalar, in JSON's quotes where it needs them, which YAML reads, too."""
    return word if _PLAIN.fullmatch(word) else json.dumps(word)
