"""Random Python literals and calls in random layouts, changed at random."""

from __future__ import annotations

import ast
import random
import re
from dataclasses import replace

from generate import WORDS, random_changes
from hypothesis import given
from hypothesis import strategies as st

from migrate.edit import apply
from migrate.syntax import CannotEdit
from migrate.syntax.node import (
    Added,
    Call,
    Copy,
    EditMapping,
    EditSequence,
    FString,
    Inner,
    Kept,
    Mapping,
    New,
    NewExpression,
    NewValue,
    Node,
    Renamed,
    Tagged,
    TreeEdit,
)
from migrate.syntax.python import PythonDocument

seeds = st.integers(min_value=0, max_value=2**32)
EXPRESSIONS = ["settings.FS_ID", "f(1, *args, key=2)", 'f"/mnt/{name}"', "a + 'b'", "x if y else z", "(1,)", "{1, 2}"]


class Writer:
    """Writes one statement with a literal, as people do and do not."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.newline = rng.choice(["\n", "\n", "\r\n"])
        self.quote = rng.choice("\"'")
        self.unit = rng.choice(["    ", "  ", "\t"])

    def text(self) -> str:
        call = self.rng.random() < 0.3
        value = self.call("", 0) if call else self.value("", 0)
        before = self.rng.choice(["", "# -*- coding: utf-8 -*-\n", "import os\n\n", '"""Döc."""\n', "x = 1; "])
        lines = f"{before}{'' if call else 'value = '}{value}{self.rng.choice(['', '  # end', '; y = 2'])}\n"
        return lines.replace("\n", self.newline)

    def value(self, indent: str, depth: int) -> str:
        kind = self.rng.random()
        if depth > 3 or kind < 0.3:
            return self.scalar()
        if kind < 0.65:
            members = [f"{self.string(f'k{n}')}{self.rng.choice([': ', ':', ' : '])}" for n in range(self.size())]
            return self.bracketed("{", "}", members, indent, depth)
        if kind < 0.9:
            return self.bracketed("[", "]", [""] * self.size(), indent, depth)
        return self.call(indent, depth) if kind < 0.95 else f"({self.value(indent, depth + 1)})"

    def call(self, indent: str, depth: int) -> str:
        members = [f"k{n}{self.rng.choice(['=', '=', ' = '])}" for n in range(self.size())]
        if self.rng.random() < 0.2:
            members.insert(0, "")
        return self.bracketed("client.call(", ")", members, indent, depth)

    def size(self) -> int:
        return self.rng.choice([0, 1, 1, 2, 3, 5])

    def scalar(self) -> str:
        kind = self.rng.random()
        if kind < 0.5:
            return self.string(self.rng.choice(WORDS))
        return self.rng.choice(EXPRESSIONS) if kind < 0.7 else self.rng.choice(["True", "None", "12", "-1", "1.5"])

    def string(self, text: str) -> str:
        return repr(text) if self.quote in repr(text) else self.quote + repr(text)[1:-1] + self.quote

    def bracketed(self, opened: str, closed: str, members: list[str], indent: str, depth: int) -> str:
        style = self.rng.choice(["flat", "flat", "lines", "lines", "hug", "aligned", "backslash"])
        inner = indent + self.unit
        written = [member + self.value(inner, depth + 1) for member in members]
        if not written:
            return opened + self.rng.choice(["", " ", f"\n{indent}"]) + closed
        comma = self.rng.choice([",", ""])
        comment = self.rng.choice(["", "  # why", "  # \U0001f600"])
        if style == "flat":
            return opened + self.rng.choice([", ", ","]).join(written) + self.rng.choice(["", ", ", ""]) + closed
        if style == "hug":
            return opened + f",{comment}\n{inner}".join(written) + closed
        if style == "aligned":
            return opened + (",\n" + " " * (len(indent) + 4)).join(written) + f"{comma}\n{indent}" + closed
        if style == "backslash" and len(written) > 1:
            return opened + ", \\\n".join(written) + closed
        return f"{opened}\n{inner}" + f",{comment}\n{inner}".join(written) + f"{comma}{comment}\n{indent}{closed}"


def in_python(rng: random.Random, value: NewValue) -> NewValue:
    """A value that Python can hold, sometimes one that only Python can."""
    match value:
        case dict():
            if rng.random() < 0.3:
                return Call("ecs.Thing", {f"a{n}": in_python(rng, item) for n, item in enumerate(value.values())})
            return {key: in_python(rng, item) for key, item in value.items()}
        case list():
            return [in_python(rng, item) for item in value]
        case Copy() | Tagged():
            texts: list[NewValue] = [
                NewExpression("volumes[0]"),
                FString(("/mnt/", Inner("{name!r:>8}"))),
                FString((Inner("{x}"),)),
            ]
            return rng.choice(texts)
        case _:
            return value


def changes_for(rng: random.Random, document: PythonDocument) -> list[TreeEdit]:
    made: list[TreeEdit] = []
    for change in random_changes(rng, document):
        if isinstance(change, EditMapping):
            call = isinstance(document.origin(change.node), ast.Call)
            entries: list[Kept | Renamed | Added] = []
            for entry in change.entries:
                if not isinstance(entry, Kept) and call:
                    entry = replace(entry, key=entry.key.replace(" ", "_"))
                if isinstance(entry, Added):
                    entry = replace(entry, value=in_python(rng, entry.value))
                entries.append(entry)
            made.append(replace(change, entries=tuple(entries)))
        elif isinstance(change, EditSequence):
            items: list[Node | New] = [
                replace(item, value=in_python(rng, item.value)) if isinstance(item, New) else item
                for item in change.items
            ]
            made.append(replace(change, items=tuple(items)))
        else:
            made.append(change)
    return made


def root(document: PythonDocument) -> Node:
    """The value of the last statement that has one of the generator's."""
    for statement in document.module.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            if statement.targets[0].id == "value":
                place = document.names.module.bindings["value"][0].place
                return document.node(statement.value, place)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call, place = next(found for found in document.names.calls if found[0] is statement.value)
            return document.arguments(call, place)
    raise AssertionError(document.text)


def check(seed: int) -> None:
    rng = random.Random(seed)
    document = PythonDocument(Writer(rng).text())
    document.roots = [root(document)]
    changes = changes_for(rng, document)
    try:
        edits = document.edits(changes)
    except CannotEdit:
        return
    changed = apply(document.text, edits)
    assert PythonDocument(changed).data() == document.data(changes), changed
    breaks = set(re.findall(r"\r\n|\n|\r", document.text))
    assert set(re.findall(r"\r\n|\n|\r", changed)) <= breaks
    # A comment goes only with what it stands beside.
    if not any(isinstance(change, EditMapping | EditSequence) for change in changes):
        assert [text for _, text in document.comments()] == [text for _, text in PythonDocument(changed).comments()]


@given(seeds)
def test_edits(seed: int) -> None:
    check(seed)


@given(seeds)
def test_no_changes_no_edits(seed: int) -> None:
    assert PythonDocument(Writer(random.Random(seed)).text()).edits([]) == []


def test_mappings_are_found() -> None:
    """The generator makes what the test is about."""
    found = [root(PythonDocument(Writer(random.Random(seed)).text())) for seed in range(200)]
    assert sum(isinstance(node, Mapping) for node in found) > 50
