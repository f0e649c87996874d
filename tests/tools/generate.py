"""Random documents in random styles, and random changes of their trees."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence as Items

from migrate.syntax.document import Document
from migrate.syntax.node import (
    Added,
    Copy,
    EditMapping,
    EditSequence,
    Kept,
    Mapping,
    New,
    NewValue,
    Node,
    Renamed,
    Scalar,
    Sequence,
    SetScalar,
    Tagged,
    TreeEdit,
)

WORDS = [
    "name",
    "host",
    "sourcePath",
    "efs",
    "a b",
    "yes",
    "0755",
    "1.3.0",
    "12:30",
    "null",
    "x: y",
    "#c",
    "é😀",
    "",
    "*a",
]
WORDS += [
    "{{ jinja }}",
    "it's",
    'say "hi"',
    "back\\slash",
    "tab\there",
    "- dash",
    "end:",
    "${Var}",
    "a,b",
    "[x]",
    "~",
    "true",
]


def json_text(rng: random.Random) -> str:
    """A JSON document as some tool or person might have written it."""
    value = _value(rng, 0)
    if rng.random() < 0.3:
        separators = rng.choice([(",", ":"), (", ", ": "), (" , ", " : ")])
        return json.dumps(value, separators=separators, ensure_ascii=rng.random() < 0.5)
    unit = rng.choice(["  ", "    ", "\t", " "])
    colon = rng.choice([":", ": ", " : "])
    text = _json(rng, value, "", unit, colon) + rng.choice(["", "\n"])
    return text.replace("\n", rng.choice(["\n", "\n", "\r\n", "\r"]))


def _value(rng: random.Random, depth: int) -> object:
    kind = rng.random()
    if depth > 3 or (kind < 0.4 and depth):
        return rng.choice([rng.choice(WORDS), rng.choice(WORDS), True, False, None, 12, -3, 1.5])
    if kind < 0.75:
        return {rng.choice(WORDS[:6]) + str(number): _value(rng, depth + 1) for number in range(rng.randrange(5))}
    return [_value(rng, depth + 1) for _ in range(rng.randrange(4))]


def _json(rng: random.Random, value: object, indent: str, unit: str, colon: str) -> str:
    if isinstance(value, dict):
        parts = [json.dumps(key) + colon + _json(rng, part, indent + unit, unit, colon) for key, part in value.items()]
        brackets = "{}"
    elif isinstance(value, list):
        parts = [_json(rng, part, indent + unit, unit, colon) for part in value]
        brackets = "[]"
    else:
        return json.dumps(value, ensure_ascii=rng.random() < 0.5)
    if not parts:
        return brackets
    way = rng.random()
    if way < 0.3:
        return brackets[0] + ", ".join(parts) + brackets[1]
    if way < 0.4:
        return f"{brackets[0]} {', '.join(parts)} {brackets[1]}"
    comma = rng.choice([",\n", ",\n", f"\n{indent}{unit}, "])
    if comma == ",\n":
        return f"{brackets[0]}\n" + ",\n".join(indent + unit + part for part in parts) + f"\n{indent}{brackets[1]}"
    return f"{brackets[0]}\n{indent}{unit}" + comma.join(parts) + f"\n{indent}{brackets[1]}"


class YamlWriter:
    """Writes random YAML with one set of habits."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.unit = rng.choice([2, 2, 4, 3])
        self.dash_offset = rng.choice([0, self.unit])
        self.flow = rng.choice([0.0, 0.2, 0.6])
        self.comments = rng.choice([0.0, 0.0, 0.3])
        self.newline = rng.choice(["\n", "\n", "\r\n", "\r"])
        self.anchors: list[str] = []

    def text(self) -> str:
        lines = self.block(self.mapping(), 0)
        text = "\n".join(lines) + self.rng.choice(["", "\n"])
        if self.rng.random() < 0.2:
            text = "---\n" + text
        return text.replace("\n", self.newline)

    def mapping(self) -> object:
        while True:
            value = _value(self.rng, 0)
            if isinstance(value, (dict, list)) and value:
                return value

    def block(self, value: object, indent: int) -> list[str]:
        lines: list[str] = []
        parts = value.items() if isinstance(value, dict) else [(None, part) for part in value]  # type: ignore[attr-defined]
        for key, part in parts:
            if self.rng.random() < self.comments:
                lines.append(" " * indent + "# about: {it}")
            head = " " * indent + ("-" if key is None else self.scalar(key, key=True) + ":")
            trailing = "  # beside" if self.rng.random() < self.comments else ""
            tag = self.properties()
            if isinstance(part, (dict, list)) and part and self.rng.random() >= self.flow:
                inner = self.block(part, indent + (self.dash_offset if key and isinstance(part, list) else self.unit))
                compact = key is None and not tag and self.rng.random() < 0.7 and "#" not in inner[0].lstrip()[:1]
                if compact and self.unit >= 2:
                    lines.append(head + " " * (self.unit - 1) + inner[0].lstrip() + "")
                    lines += inner[1:]
                else:
                    lines.append(head + (" " + tag if tag else "") + trailing)
                    lines += inner
            elif isinstance(part, str) and self.rng.random() < 0.1 and part.strip() and "\t" not in part:
                lines.append(f"{head} {tag}{' ' if tag else ''}{self.rng.choice(['|', '>-', '|+', '|-'])}")
                lines += [" " * (indent + self.unit) + part.strip(), " " * (indent + self.unit) + "more # text"]
            elif part is None and self.rng.random() < 0.7:
                lines.append(head + (" " + tag if tag else "") + trailing)
            else:
                written = self.inline(part)
                if not tag and self.anchors and self.rng.random() < 0.1:
                    written = "*" + self.rng.choice(self.anchors)
                lines.append(f"{head} {tag}{' ' if tag else ''}{written}{trailing}")
            if self.rng.random() < 0.1:
                lines.append("")
        return lines

    def properties(self) -> str:
        if self.rng.random() < 0.05:
            self.anchors.append(f"n{len(self.anchors)}")
            return "&" + self.anchors[-1]
        return "!Sub" if self.rng.random() < 0.05 else ""

    def inline(self, value: object) -> str:
        padding = self.rng.choice(["", "", " "])
        if isinstance(value, dict):
            inner = ", ".join(f"{self.scalar(key, key=True)}: {self.inline(part)}" for key, part in value.items())
            return "{" + (f"{padding}{inner}{padding}" if inner else "") + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.inline(part) for part in value) + "]"
        return self.scalar(value)

    def scalar(self, value: object, *, key: bool = False) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        plain = value.replace(" ", "").isalnum() and value.isascii() and value.strip() == value
        if plain and value not in ("yes", "null", "true") and not value[0].isdigit() and self.rng.random() < 0.6:
            return value
        if self.rng.random() < 0.4 and not key and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value)


def random_value(rng: random.Random, document: Document, depth: int = 0) -> NewValue:
    """Something to be written into `document`."""
    kind = rng.random()
    if kind < 0.5 or depth > 2:
        return rng.choice([rng.choice(WORDS), rng.choice(WORDS), True, 7, None])
    if kind < 0.7:
        return {rng.choice(WORDS[:4]) + str(n): random_value(rng, document, depth + 1) for n in range(rng.randrange(4))}
    if kind < 0.85:
        return [random_value(rng, document, depth + 1) for _ in range(rng.randrange(3))]
    if kind < 0.95 or document.json:
        return Copy(rng.choice(all_nodes(document)))
    if rng.random() < 0.2:
        return Tagged("!Copied", Copy(rng.choice(all_nodes(document))))
    return Tagged("!Ref", rng.choice(WORDS)) if rng.random() < 0.5 else Tagged("!GetAtt", ["a", "b"])


def random_changes(rng: random.Random, document: Document) -> list[TreeEdit]:
    """Changes that do not contradict one another."""
    changes: list[TreeEdit] = []
    pending: list[Node] = list(document.roots)
    while pending:
        node = pending.pop()
        touched = rng.random() < 0.35
        if isinstance(node, Scalar):
            if touched:
                scalars: list[str | bool | int] = [rng.choice(WORDS), True, 42]
                changes.append(SetScalar(node, rng.choice(scalars)))
        elif isinstance(node, Mapping):
            staying = list(node.entries)
            if touched:
                entries: list[Kept | Renamed | Added] = []
                staying = []
                for number, entry in enumerate(node.entries):
                    fate = rng.random()
                    if fate < 0.5:
                        entries.append(Kept(entry))
                        staying.append(entry)
                    elif fate < 0.65 and isinstance(entry.key, Scalar):
                        entries.append(Renamed(entry, f"renamed {number}"))
                        staying.append(entry)
                    elif fate < 0.8:
                        entries.append(Added(f"new {number}", random_value(rng, document), replaces=entry))
                    if rng.random() < 0.2:
                        entries.append(Added(f"added{number}", random_value(rng, document)))
                if rng.random() < 0.2:
                    entries.insert(0, Added("first", random_value(rng, document)))
                changes.append(EditMapping(node, tuple(entries)))
            pending += [entry.value for entry in staying]
        elif isinstance(node, Sequence):
            kept: list[Node] = list(node.items)
            if touched:
                items: list[Node | New] = []
                kept = []
                for item in node.items:
                    if rng.random() < 0.7:
                        items.append(item)
                        kept.append(item)
                    if rng.random() < 0.3:
                        items.append(New(random_value(rng, document)))
                changes.append(EditSequence(node, tuple(items)))
            pending += kept
    rng.shuffle(changes)
    return changes


def all_nodes(document: Document) -> list[Node]:
    """Every value in document order."""
    nodes: list[Node] = []
    pending: list[Node] = document.roots[::-1]
    while pending:
        node = pending.pop()
        nodes.append(node)
        pending += reversed(values(node))
    return nodes


def values(node: Node) -> Items[Node]:
    """The values or items of a collection."""
    if isinstance(node, Mapping):
        return [entry.value for entry in node.entries]
    return node.items if isinstance(node, Sequence) else []
