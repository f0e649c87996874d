"""Reads YAML and JSON data strictly: anything unexpected is an error that names file, line and key."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from migrate.syntax import Document, literal, resolve
from migrate.syntax.node import Entry, Mapping, Node, Scalar, Sequence

_T = TypeVar("_T")


class ShapeProblem(Exception):
    """Raised if data is not as it must be. `line` counts from 1 or is None; `cause` is one line that names the key."""

    def __init__(self, path: str, line: int | None, cause: str) -> None:
        self.path = path
        self.line = line
        self.cause = cause
        super().__init__(path, line, cause)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.cause}" if self.line else f"{self.path}: {self.cause}"


class Shapes:
    """Reads the nodes of one document. Each method takes a node and the key that it belongs to, for messages, and
    raises ShapeProblem if the node has another type."""

    def __init__(self, name: str, document: Document) -> None:
        self.name = name
        self.place = document.line_column

    def fail(self, node: Node, cause: str) -> NoReturn:
        raise ShapeProblem(self.name, self.place(node.start)[0], cause)

    def entries(self, node: Node, key: str) -> list[tuple[str, Entry]]:
        found = resolve(node)
        if isinstance(found, Scalar) and literal(found) is None:
            return []
        if not isinstance(found, Mapping):
            self.fail(node, f"{shown_key(key)} must be a mapping")
        seen: set[str] = set()
        pairs = []
        for entry in found.entries:
            name = entry.key.text if isinstance(entry.key, Scalar) else ""
            if not name:
                self.fail(entry.key, f"{shown_key(key)} has a key that is not a word")
            if name in seen:
                self.fail(entry.key, f"`{name}` is there twice")
            seen.add(name)
            pairs.append((name, entry))
        return pairs

    def members(self, node: Node, key: str, readers: dict[str, Callable[[Node, str], _T]]) -> dict[str, _T]:
        values = {}
        for name, entry in self.entries(node, key):
            if name not in readers:
                known = ", ".join(readers)
                self.fail(entry.key, f"unknown key `{name}` in {shown_key(key)} (known: {known})")
            values[name] = readers[name](entry.value, name)
        return values

    def items(self, node: Node, key: str) -> list[Node]:
        found = resolve(node)
        if isinstance(found, Scalar) and literal(found) is None:
            return []
        if not isinstance(found, Sequence):
            self.fail(node, f"`{key}` must be a list")
        return found.items

    def word(self, node: Node, key: str) -> str:
        found = resolve(node)
        if not isinstance(found, Scalar) or not found.text or not isinstance(literal(found), str):
            self.fail(node, f"{shown_key(key)} must be a string")
        return found.text

    def choice(self, node: Node, key: str, choices: dict[str, _T]) -> _T:
        word = self.word(node, key)
        if word not in choices:
            self.fail(node, f"`{key}` must be one of {', '.join(choices)}, not {word}")
        return choices[word]

    def truth(self, node: Node, key: str) -> bool:
        found = resolve(node)
        value = literal(found) if isinstance(found, Scalar) else None
        if not isinstance(value, bool):
            self.fail(node, f"`{key}` must be true or false")
        return value

    def whole(self, node: Node, key: str) -> int:
        found = resolve(node)
        value = literal(found) if isinstance(found, Scalar) else None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**32:
            self.fail(node, f"`{key}` must be a whole number from 0 to 4294967295")
        return value


def shown_key(key: str) -> str:
    """The key in backticks for a message. One with a space is a phrase, and stays as it is."""
    return key if " " in key else f"`{key}`"
