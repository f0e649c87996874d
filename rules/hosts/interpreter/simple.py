"""Runs simple commands: assignments, expansion, redirections. Source: POSIX.1-2017, XCU 2.9.1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

from rules.hosts.commands import dispatch
from rules.hosts.grammar.syntax import HereDocument, PieceKind, Redirection, Simple, Word, split_assignment
from rules.hosts.grammar.tokens import OPEN
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts import written_files
from rules.hosts.mounts.mount_files import LISTING, MOUNT_LISTS
from rules.hosts.state import Input, Output, ShellState

_DECLARING = frozenset({"export", "local", "readonly", "declare", "typeset"})


def run(shell: ShellState, node: Simple) -> Likelihood:
    """Run a simple command: its substitutions and assignments, then the command itself with its redirections."""
    for word in chain(node.words, (a.value for a in node.assignments)):
        if isinstance(word, tuple):
            _substitutions(shell, word, node.line)
    if not node.words:
        for assignment in node.assignments:
            _assign(shell, assignment.name, assignment.append, value=assignment.value)
        if not node.redirections:
            return Likelihood.LIKELY
        with redirected(shell, node.redirections, node.line):
            return Likelihood.LIKELY
    first = node.words[0]
    if isinstance(first, str) and first in _DECLARING:
        return _declare(shell, first, node.words[1:])
    if not node.redirections:
        return _invoke(shell, node)
    with redirected(shell, node.redirections, node.line):
        return _invoke(shell, node)


def _invoke(shell: ShellState, node: Simple) -> Likelihood:
    first = node.words[0]
    if isinstance(first, str) and not _matters(shell, first, node.words):
        return Likelihood.LIKELY if first in dispatch.SETUP else Likelihood.UNKNOWN
    words: list[str] = []
    for word in node.words:
        fields = shell.variables.fields(word)
        if not shell.spend(sum(map(len, fields)) + len(fields), node.line):
            return Likelihood.UNKNOWN
        words += fields
    return shell.invoke(words, node.line) if words else Likelihood.UNKNOWN


def _matters(shell: ShellState, name: str, words: list[Word]) -> bool:
    return (
        name in dispatch.COMMANDS
        or name in shell.functions
        or "/" in name
        or name.startswith(OPEN)
        or any(dispatch.mentions_mount(word) for word in words)
    )


def _declare(shell: ShellState, command: str, words: list[Word]) -> Likelihood:
    for word in words:
        assignment = split_assignment(word)
        name = assignment.name if assignment else word if isinstance(word, str) else ""
        if command != "export" and shell.locals and name:
            shell.locals[-1].setdefault(name, shell.variables.values.get(name))
        if assignment:
            _assign(shell, assignment.name, assignment.append, value=assignment.value)
    return Likelihood.LIKELY


def _assign(shell: ShellState, name: str, append: bool, value: Word | None) -> None:
    text = None if value is None else shell.variables.text(value)
    if append and text is not None:
        before = shell.variables.values.get(name)
        text = None if before is None else before + text
    shell.variables.assign(name, text)


def _substitutions(shell: ShellState, word: Word, line: int) -> None:
    """Run the commands inside `$(…)` that may mount something."""
    for piece in word:
        if not isinstance(piece, str) and piece.part is PieceKind.COMMAND and "mount" in piece.text:
            text = piece.text[1:-1] if piece.text.startswith("`") else piece.text[2:-1]
            shell.inline(text, line, shell.variables.arguments)


@contextmanager
def redirected(shell: ShellState, redirections: list[Redirection], line: int) -> Iterator[None]:
    """Set the input and output that a command's redirections say, for as long as the command runs."""
    output, given = shell.output, shell.input
    for redirection in redirections:
        operator, target = redirection.operator, redirection.target
        if "<" in operator and redirection.descriptor not in ("", "0"):
            continue
        text = shell.variables.text(target)
        if isinstance(target, HereDocument):
            shell.spend(len(text), line)
            shell.input = Input(text, line + 1, 1)
            continue
        path = shell.host.path(text, shell.directory)
        if operator == "<<<":
            shell.input = Input(text + "\n", line, 0)
        elif operator == "<":
            file = shell.host.files.get(path or "")
            listing = Input(LISTING, line, 0) if path in MOUNT_LISTS else None
            shell.input = Input(file.text, file.line, 1) if file else listing
        elif ">" in operator and operator != ">&" and redirection.descriptor in ("", "1"):
            if operator in (">", ">|", "&>") and path and not shell.branches:
                written_files.empty(shell.host, path)
            shell.output = Output(path=path or "")
    yield
    shell.output, shell.input = output, given
