"""Names and prose of the code: one name for one thing, docstrings that begin with what it is, calls that can be read."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from support import ROOT

SOURCES = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for package in ("migrate", "rules")
    for path in sorted((ROOT / package).rglob("*.py"))
}
RIDDLE = re.compile(r"(What|How|Which|Who|Whom|Whose|Why|Where|When|Nobody|None)\b")
"""The first word of a docstring that leaves the reader to find out what a thing is."""
MOST_POSITIONAL = 3


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every docstring, those of constants and fields among them, with its line."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield statement.lineno, text.strip()
                case _:
                    pass


def test_no_class_name_stands_for_two_classes() -> None:
    found = defaultdict(list)
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(f"{name(path)}:{node.lineno}")
    assert {cls: places for cls, places in found.items() if len(places) > 1} == {}


def test_docstrings_say_first_what_a_thing_is() -> None:
    riddles = [
        f"{name(path)}:{line}: {text.splitlines()[0]}"
        for path, tree in SOURCES.items()
        for line, text in docstrings(tree)
        if RIDDLE.match(text)
    ]
    assert riddles == []


def test_calls_of_our_own_functions_name_their_arguments() -> None:
    """Nobody can tell what the fifth of six arguments is. Calls by a name that leads to a function or class of ours count."""
    public = {called for tree in SOURCES.values() for called in named(tree) if not called.startswith("_")}
    # The readers of data make a node for each scalar: there a keyword's cost is felt.
    hot = {"migrate/syntax/data/json.py", "migrate/syntax/data/yaml.py"}
    unnamed = []
    for path, tree in SOURCES.items():
        own = set(named(tree))
        given = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}  # functions that are handed in
        for node in ast.walk(tree) if name(path) not in hot else ():
            match node:
                case ast.Call(func=ast.Name(id=called), args=arguments) if called in (public | own) - given:
                    if len(arguments) > MOST_POSITIONAL and not any(isinstance(a, ast.Starred) for a in arguments):
                        unnamed.append(f"{name(path)}:{node.lineno}: {called}")
                case _:
                    pass
    assert unnamed == []


def named(tree: ast.Module) -> Iterator[str]:
    """The classes and functions of a module whose arguments all have names."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) or (isinstance(node, ast.FunctionDef) and node.args.vararg is None):
            yield node.name
