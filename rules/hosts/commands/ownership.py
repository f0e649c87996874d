"""Commands that make directories and set their owner and mode.

Sources: mkdir(1), install(1), chown(1), chmod(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rules.hosts.likelihood import Likelihood
from rules.hosts.state import ShellState

_OCTAL = re.compile(r"0*([0-7]{1,4})")
_OWNER = re.compile(r"([^:.]*)(?:[:.](.*))?")
_MAX_ID = 2**32 - 1
_NO_NUMBER = -1
"""An owner that is set but has no known number, so that the previous one no longer holds."""


def mkdir(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """`mkdir -p -m MODE PATH…`"""
    mode, paths = None, []
    words = iter(arguments)
    for word in words:
        if word.startswith(("-m", "--mode")) or re.fullmatch(r"-[pvZ]+m", word):
            mode = _value(word, "m", words)
        elif not word.startswith("-"):
            paths.append(word)
    for path in paths:
        _made(shell, path, line, mode=None if mode is None else _mode(mode))
    return Likelihood.LIKELY


def install(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """`install -d -o OWNER -g GROUP -m MODE PATH…`"""
    values: dict[str, str] = {}
    paths: list[str] = []
    directory = False
    words = iter(arguments)
    for word in words:
        if word in ("-d", "--directory"):
            directory = True
        elif re.match(r"-[ogm]|--(?:owner|group|mode)", word):
            values[word.lstrip("-")[0]] = _value(word, word.lstrip("-")[0], words)
        elif not word.startswith("-"):
            paths.append(word)
    if directory:
        owner, group = (_number(values[key]) if key in values else None for key in "og")
        for path in paths:
            _made(shell, path, line, uid=owner, gid=group, mode=_mode(values["m"]) if "m" in values else None)
    return Likelihood.LIKELY


def chown(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`chown [-R] OWNER[:GROUP] PATH…`, `chgrp GROUP PATH…`"""
    words = [a for a in arguments if not a.startswith("-")]
    if len(words) > 1 and not any(a.startswith("--reference") for a in arguments):
        owner: str | None = words[0]
        group: str | None = words[0]
        if name == "chown" and (match := _OWNER.fullmatch(words[0])):
            owner, group = match[1] or None, match[2]
        for path in words[1:]:
            uid = None if name == "chgrp" or owner is None else _number(owner)
            _made(shell, path, line, uid=uid, gid=None if group is None else _number(group))
    return Likelihood.LIKELY


def chmod(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """`chmod [-R] MODE PATH…`"""
    words = [a for a in arguments if not re.fullmatch(r"-[RvcfP]+|--\w+", a)]
    for path in words[1:]:
        _made(shell, path, line, mode=_mode(words[0]))
    return Likelihood.LIKELY


def _made(
    shell: ShellState, word: str, line: int, *, uid: int | None = None, gid: int | None = None, mode: str | None = None
) -> None:
    path = shell.host.path(word, shell.directory)
    if path and not any(sign in path for sign in "*?["):
        if not shell.branches:
            shell.made.add(path)
        shell.host.table.made(path, line, uid=uid, gid=gid, mode=mode)


def _value(word: str, letter: str, words: Iterator[str]) -> str:
    """The value of an option: `-m755`, `-m 755`, `--mode=755`."""
    if word.startswith("--"):
        _, sign, value = word.partition("=")
        return value if sign else next(words, "")
    attached = word.partition(letter)[2]
    return attached or next(words, "")


def _number(owner: str) -> int:
    if owner == "root":
        return 0
    return int(owner) if re.fullmatch(r"[0-9]{1,10}", owner) and int(owner) <= _MAX_ID else _NO_NUMBER


def _mode(mode: str) -> str:
    """Four octal digits; "" for a symbolic mode."""
    match = _OCTAL.fullmatch(mode)
    return match[1].zfill(4) if match else ""
