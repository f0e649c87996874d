"""Runs simple commands: assignments, expansion, redirections. Source: POSIX.1-2017, XCU 2.9.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rules.hosts.commands import dispatch
from rules.hosts.grammar.syntax import (
    Assignment,
    HereDocument,
    PieceKind,
    Redirection,
    Simple,
    Word,
    WordPiece,
    split_assignment,
    split_item,
)
from rules.hosts.grammar.tokens import OPEN, is_unknown
from rules.hosts.interpreter import conditions
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts import written_files
from rules.hosts.mounts.mount_files import LISTING, MOUNT_LISTS
from rules.hosts.namespace import CONVERTED, EXPORTED, READ_ONLY, REFERENCE, Array
from rules.hosts.state import Input, Output, ShellState, worse

COUNTS = re.compile(r"mount|fstab|systemctl|\b(?:ln|cp|mv|rm)\b")
"""Matches commands whose effect on the host counts although they stand in a substitution."""
_DECLARING = frozenset({"export", "local", "readonly", "declare", "typeset"})

PRINTING = frozenset((
    "echo", "printf", "cat", "basename", "dirname", "seq", "pwd", "cut", "tr", "awk", "gawk", "sed", "grep", "egrep",
    "fgrep", "head", "tail", "sort", "uniq", "tee", "rev", "dirs",
))  # fmt: skip
"""Commands whose output can be known."""

_SILENT = frozenset((
    "[", "[[", "test", ":", "true", "false", "cd", "pushd", "popd", "exit", "return", "break", "continue", "read",
    "mapfile", "readarray", "getopts", "let", "unset", "set", "shift", "shopt", "trap", "wait", "mkdir", "install",
    "chown", "chgrp", "chmod", "ln", "cp", "mv", "mount", "umount", "mountpoint", "eval", "source", ".", "exec",
    "sleep", "export", "sync", "touch", "rm", "df", "findmnt",
))  # fmt: skip
"""Commands that print nothing, the list of mounts, or what the commands that they run print."""

_WRAPPERS = frozenset((
    "sudo", "doas", "env", "nohup", "nice", "ionice", "command", "builtin", "setsid", "stdbuf", "timeout",
))  # fmt: skip


def run(shell: ShellState, node: Simple) -> Likelihood:
    """Run a simple command: its substitutions and assignments, then the command itself with its redirections."""
    if not node.words:
        for assignment in node.assignments:
            _assign(shell, assignment)
        success = _stumbled(shell, node.line)
        if not node.redirections:
            return success
        with redirected(shell, node.redirections, node.line):
            return success
    first = node.words[0]
    if isinstance(first, str) and first in _DECLARING:
        _Declaration(shell, first, node).run()
        return _stumbled(shell, node.line)
    if first == "exec" and len(node.words) == 1:
        _redirect_for_good(shell, node)
        return Likelihood.LIKELY
    if not node.redirections:
        return _invoke(shell, node)
    with redirected(shell, node.redirections, node.line):
        return _invoke(shell, node)


def note_output(shell: ShellState, name: str) -> None:
    """Note that a command may have printed something that is not known."""
    base = name.rpartition("/")[2]
    if shell.output and base not in PRINTING and base not in _SILENT and base not in _WRAPPERS:
        shell.output.unknown = True


def _invoke(shell: ShellState, node: Simple) -> Likelihood:
    first = node.words[0]
    if first == "[[":
        inside = node.words[1:-1] if node.words[-1] == "]]" else node.words[1:]
        return conditions.BracketTest(shell, inside).likelihood()
    if isinstance(first, str) and not dispatch.matters(shell, first):
        for word in node.words:
            if isinstance(word, tuple):
                _substitutions(shell, word, node.line)
        note_output(shell, first)
        return Likelihood.LIKELY if first in dispatch.SETUP else Likelihood.UNKNOWN
    words: list[str] = []
    for word in node.words:
        fields = shell.variables.fields(word)
        if not shell.spend(sum(map(len, fields)) + len(fields), node.line):
            return Likelihood.UNKNOWN
        words += fields
    if _stumbled(shell, node.line) is Likelihood.NEVER:
        return Likelihood.NEVER
    if not words:
        return Likelihood.UNKNOWN
    if not node.assignments:
        return shell.invoke(words, node.line)
    before = [(a.name, shell.variables.values.get(a.name)) for a in node.assignments]
    before += [(f"{EXPORTED} {name}", shell.variables.values.get(f"{EXPORTED} {name}")) for name, _ in before]
    for assignment in node.assignments:
        _assign(shell, assignment)
        shell.variables.declare(EXPORTED, assignment.name)
    success = shell.invoke(words, node.line)
    for name, value in before:
        shell.variables.values.set(name, value)
    return success


def _stumbled(shell: ShellState, line: int) -> Likelihood:
    """Look whether an assignment was refused, or an unset variable used that ends the script (`set -u`)."""
    variables = shell.variables
    refused, variables.refused = variables.refused, ""
    missing, variables.missing = variables.missing, ""
    if refused:
        # Some shells end here, others go on with the next line.
        shell.host.unclear(line, f"{refused} is read-only, so this does not change it")
        shell.doubt = worse(shell.doubt, "exit")
        return Likelihood.NEVER
    if missing and (strict := shell.variables.has_option("u")) is not False:
        if strict:
            shell.leave("exit", success=False)
        else:
            shell.doubt = worse(shell.doubt, "exit")
    return Likelihood.LIKELY


def _substitutions(shell: ShellState, word: Word, line: int) -> None:
    """Run the commands inside `$(…)` that may mount something, in words that are of no interest themselves."""
    for piece in word:
        if not isinstance(piece, str) and piece.part is PieceKind.COMMAND and COUNTS.search(piece.text):
            shell.spend(len(piece.text), line)
            shell.variables.piece(piece)


# -- assignments -------------------------------------------------------------------------------------------------------


def _assign(shell: ShellState, assignment: Assignment, *, keyed: bool = False) -> None:
    variables = shell.variables
    name = assignment.name
    if assignment.array is not None:
        variables.assign(name, _array(shell, assignment, keyed=keyed))
        return
    text = variables.text(assignment.value)
    if assignment.index is not None:
        array = variables.value(name)
        key = variables.key(array if isinstance(array, Array) else None, assignment.index)
        item = array.get(key) if isinstance(array, Array) and key is not None else None
        variables.assign_item(name, key, (item or "") + text if assignment.append else text)
        return
    if assignment.append:
        start = variables.get(name)
        variables.assign(name, None if start is None else start + text)
    else:
        variables.assign(name, text)


def _array(shell: ShellState, assignment: Assignment, *, keyed: bool) -> Array | None:
    """The array that an assignment gives; None if it is not known."""
    variables = shell.variables
    known = variables.value(assignment.name)
    keyed = keyed or (isinstance(known, Array) and known.keyed)
    array = Array(keyed)
    if assignment.append and known is not None:
        if isinstance(known, str) and is_unknown(known):
            return None
        array = known if isinstance(known, Array) else array.extended([known])
    for word in assignment.array or ():
        if item := split_item(word):
            key = variables.key(array, item[0])
            if key is None or (not keyed and not key.isdecimal()):
                return None
            array = array.having(key, variables.text(item[1]))
        elif keyed or (values := variables.items([word])) is None:
            return None
        else:
            array = array.extended(values)
        if not shell.spend(len(array.items), shell.host.tokens.line):
            return None
    return array


class _Declaration:
    """`export`, `declare`, `local` and their kin."""

    def __init__(self, shell: ShellState, command: str, node: Simple) -> None:
        self._shell = shell
        self._local = command != "export" and command != "readonly" and bool(shell.locals)
        self._letters = set({"readonly": "r", "export": "x"}.get(command, ""))
        self._without = set[str]()
        self._node = node

    def run(self) -> None:
        """Declare each name."""
        for number, word in enumerate(self._node.words[1:], 1):
            if isinstance(word, str) and word[:1] in ("-", "+") and len(word) > 1:
                if word[0] == "-":
                    self._letters |= set(word[1:])
                else:
                    self._without |= set(word[1:])
                continue
            assignment = split_assignment(word)
            if assignment:
                assignment.array = self._node.arrays.get(number)
                self._declare(assignment.name, assignment)
                continue
            for field in self._shell.variables.fields(word):
                name, sign, value = field.partition("=")
                if not name.isidentifier():
                    if OPEN in name and not self._letters & set("fFp"):
                        self._shell.variables.forget()
                    continue
                literal = (WordPiece(PieceKind.LITERAL, value, True),)
                self._declare(name, Assignment(name, False, literal) if sign else None)

    def _declare(self, name: str, assignment: Assignment | None) -> None:
        variables = self._shell.variables
        if self._letters & set("fFp"):
            return
        if assignment and assignment.array is None:
            literal = (WordPiece(PieceKind.LITERAL, variables.text(assignment.value), True),)
            assignment = Assignment(name, assignment.append, literal, index=assignment.index)
        if self._local and "g" not in self._letters:
            self._keep(name)
        if "n" in self._letters and self._node.words[0] != "export":
            target = variables.text(assignment.value) if assignment else variables.get(name)
            variables.declare(REFERENCE, name, target if target is not None else "")
            return
        if "n" in self._without:
            variables.declare(REFERENCE, name, None)
        if self._letters & set("ilu"):
            variables.declare(CONVERTED, name)
        keyed = "A" in self._letters
        if assignment:
            _assign(self._shell, assignment, keyed=keyed)
        elif (keyed or "a" in self._letters) and not isinstance(variables.value(name), Array):
            variables.values.set(name, Array(keyed))
        if "r" in self._letters:
            variables.declare(READ_ONLY, name)
        if "x" in self._letters:
            variables.declare(EXPORTED, name, None if "n" in self._letters else "")

    def _keep(self, name: str) -> None:
        """Note what a name was outside of the function, which comes back at its end."""
        values = self._shell.variables.values
        kept = self._shell.locals[-1]
        if name not in kept:
            for known in (name, f"{REFERENCE} {name}", f"{CONVERTED} {name}", f"{READ_ONLY} {name}"):
                kept[known] = values.get(known)
                values.set(known, None)


# -- redirections ------------------------------------------------------------------------------------------------------


@contextmanager
def redirected(shell: ShellState, redirections: list[Redirection], line: int) -> Iterator[None]:
    """Set the input and output that a command's redirections say, for as long as the command runs."""
    output, given = shell.output, shell.input
    for redirection in redirections:
        _redirect(shell, redirection, line)
    yield
    shell.output, shell.input = output, given


def _redirect_for_good(shell: ShellState, node: Simple) -> None:
    """`exec > FILE`: the commands after it write there."""
    output = shell.output
    for redirection in node.redirections:
        _redirect(shell, redirection, node.line)
    if shell.output is not output and shell.output and not shell.output.path:
        shell.output = Output()


def _redirect(shell: ShellState, redirection: Redirection, line: int) -> None:
    operator, target = redirection.operator, redirection.target
    source = _process(target) if operator == "<" else None
    given = redirection.descriptor in ("", "0")
    if source is not None:
        written = Output(chunks=[])
        outer, shell.output = shell.output, written
        shell.inline(source, line, shell.variables.arguments)
        shell.output = outer
        if given:
            shell.input = written.given(shell.host.tokens, line)
        return
    if "<" in operator and not given:
        return
    if _process(target) is not None:
        shell.output = Output()
        return
    text = shell.variables.text(target)
    if isinstance(target, HereDocument):
        shell.spend(len(text), line)
        shell.input = Input(text, line + 1, 1)
        return
    path = shell.host.path(text, shell.directory)
    if operator == "<<<":
        shell.input = Input(text + "\n", line, 0)
    elif operator == "<":
        file = shell.host.files.get(path or "")
        listing = Input(LISTING, line, 0) if path in MOUNT_LISTS else None
        shell.input = Input(file.text, file.line, 1) if file else listing
    elif operator == ">&" and (text.isdecimal() or text == "-"):
        if redirection.descriptor in ("", "1") and text != "1":
            shell.output = Output()
    elif ">" in operator and redirection.descriptor in ("", "1"):
        if operator in (">", ">|", "&>", ">&") and path:
            written_files.empty(shell.host, path, line, certain=not shell.branches)
        shell.output = Output(path=path or "")


def _process(target: Word | HereDocument) -> str | None:
    """The commands of `<(…)` or `>(…)`."""
    if not isinstance(target, tuple) or len(target) != 1 or target[0].text[:2] not in ("<(", ">("):
        return None
    return target[0].text[2:-1] if target[0].part is PieceKind.COMMAND else None
