"""Commands that write text, to the next command or to files, such as fstab, units and scripts.

Sources: echo(1), printf(1), tee(1), sed(1), bash(1).
"""

from __future__ import annotations

import re

from rules.hosts.grammar.lexer import unescape
from rules.hosts.grammar.tokens import OPEN
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts import written_files
from rules.hosts.mounts.mount_files import LISTING, MOUNT_LISTS
from rules.hosts.state import ShellState

_FORMAT = re.compile(r"%(?:(%)|(-?[0-9]{0,3})([sbdiq]))")
_OTHER_FORMAT = re.compile(r"%(?!%|-?[0-9]{0,3}[sbdiq])")


def write(shell: ShellState, text: str, line: int, step: int = 0) -> None:
    """Write to the current output."""
    if shell.output is None or not shell.spend(len(text), line):
        return
    if shell.output.path is not None:
        written_files.write(shell.host, shell.output.path, text, line=line, step=step, certain=not shell.branches)
    elif shell.output.chunks is not None:
        shell.output.chunks.append(text)


def echo(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    if shell.output is None:
        return Likelihood.LIKELY
    escapes = False
    newline = "\n"
    while arguments and re.fullmatch(r"-[neE]+", arguments[0]):
        escapes = escapes or "e" in arguments[0]
        newline = "" if "n" in arguments[0] else newline
        arguments = arguments[1:]
    text = " ".join(arguments)
    write(shell, (unescape(text) if escapes else text) + newline, line)
    return Likelihood.LIKELY


def write_unknown(shell: ShellState) -> None:
    """Note that something was written that is not known."""
    if shell.output:
        shell.output.unknown = True


def printf(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    target = ""
    if arguments and arguments[0].startswith("-v"):
        target = arguments[0][2:] or "".join(arguments[1:2])
        arguments = arguments[1 if arguments[0][2:] else 2 :]
    elif shell.output is None:
        return Likelihood.LIKELY
    if arguments and arguments[0] == "--":
        arguments = arguments[1:]
    if not arguments:
        return Likelihood.LIKELY
    known = not _OTHER_FORMAT.search(arguments[0].replace("%%", ""))
    text = _formatted(arguments[0], arguments[1:])
    if not target:
        write(shell, text, line)
        if not known:
            write_unknown(shell)
    elif re.fullmatch(r"[A-Za-z_]\w*", target):
        shell.variables.assign(target, text if known else None)
    else:
        shell.variables.forget()
    return Likelihood.LIKELY


def _formatted(form: str, values: list[str]) -> str:
    """The format with the values in it, as often as it takes to use them up."""
    values = list(values)
    written: list[str] = []
    form = unescape(form)
    while True:
        left = len(values)

        def one(match: re.Match[str]) -> str:
            if match[1]:
                return "%"
            value = values.pop(0) if values else ""
            value = unescape(value) if match[3] == "b" else value
            if match[2] and OPEN not in value:
                width = int(match[2].lstrip("-") or 0)
                value = value.ljust(width) if match[2].startswith("-") else value.rjust(width)
            return value

        written.append(_FORMAT.sub(one, form))
        if not values or len(values) == left or len(written) > 100:
            break
    return "".join(written)


def cat(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Write files that the script has written, the input, or a stand-in for the list of mounts to the output."""
    names = [a for a in arguments if not a.startswith("-") or a == "-"]
    if any(name in MOUNT_LISTS for name in names):
        write(shell, LISTING, line)
    elif not names or "-" in names:
        if shell.input:
            given, step = shell.input, shell.input.step if not shell.input.at else 0
            if not given.known:
                write_unknown(shell)
            write(shell, given.take(), given.line, step=step)
        else:
            write_unknown(shell)
    else:
        for name in names:
            if file := shell.host.files.get(shell.host.path(name, shell.directory) or ""):
                file.used = True
                if not file.certain:
                    write_unknown(shell)
                write(shell, file.text, file.line, step=1)
            else:
                write_unknown(shell)
    return Likelihood.LIKELY


def tee(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    given = shell.input
    if given is None:
        write_unknown(shell)
        return Likelihood.LIKELY
    step = 0 if given.at else given.step
    text = given.take()
    for name in arguments:
        if not name.startswith("-") and (path := shell.host.path(name, shell.directory)):
            if not any(a in ("-a", "--append") for a in arguments):
                written_files.empty(shell.host, path, line, certain=not shell.branches)
            written_files.write(
                shell.host,
                path,
                text,
                line=given.line if step else line,
                step=step,
                certain=not shell.branches and given.known,
            )
    write(shell, text, line)
    if not given.known:
        write_unknown(shell)
    return Likelihood.LIKELY
