"""Commands that write text, to the next command or to files, such as fstab, units and scripts.

Sources: echo(1), printf(1), tee(1), sed(1), bash(1).
"""

from __future__ import annotations

import re

from rules.hosts.grammar.lexer import unescape
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts import written_files
from rules.hosts.mounts.host import looks_like_efs
from rules.hosts.mounts.mount_files import FSTAB, LISTING, MOUNT_LISTS
from rules.hosts.mounts.states import Doubt
from rules.hosts.state import ShellState

_FORMAT = re.compile(r"%(?:(%)|-?[0-9]*([sbdiq]))")


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


def printf(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    if arguments and arguments[0] == "-v":
        shell.variables.assign(arguments[1] if len(arguments) > 1 else "_", None)
        return Likelihood.LIKELY
    if shell.output is None or not arguments:
        return Likelihood.LIKELY
    if arguments[0] == "--":
        arguments = arguments[1:]
    values = arguments[1:]
    written: list[str] = []
    form = unescape(arguments[0]) if arguments else ""
    while True:
        left = len(values)

        def one(match: re.Match[str]) -> str:
            if match[1]:
                return "%"
            value = values.pop(0) if values else ""
            return unescape(value) if match[2] == "b" else value

        written.append(_FORMAT.sub(one, form))
        if not values or len(values) == left or len(written) > 100:
            break
    write(shell, "".join(written), line)
    return Likelihood.LIKELY


def cat(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Write files that the script has written, the input, or a stand-in for the list of mounts to the output."""
    names = [a for a in arguments if not a.startswith("-") or a == "-"]
    if any(name in MOUNT_LISTS for name in names):
        write(shell, LISTING, line)
    elif not names or "-" in names:
        if shell.input:
            write(shell, shell.input.text, shell.input.line, step=shell.input.step)
    else:
        for name in names:
            if file := shell.host.files.get(shell.host.path(name, shell.directory) or ""):
                file.used = True
                write(shell, file.text, file.line, step=1)
    return Likelihood.LIKELY


def tee(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    given = shell.input
    if given is None:
        return Likelihood.LIKELY
    for name in arguments:
        if not name.startswith("-") and (path := shell.host.path(name, shell.directory)):
            if not any(a in ("-a", "--append") for a in arguments):
                written_files.empty(shell.host, path, line, certain=not shell.branches)
            written_files.write(
                shell.host,
                path,
                given.text,
                line=given.line if given.step else line,
                step=given.step,
                certain=not shell.branches,
            )
    write(shell, given.text, line)
    return Likelihood.LIKELY


def sed(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Make the files that `sed -i` edits uncertain; its edits are not followed."""
    in_place = any(a.startswith(("-i", "--in-place")) or re.fullmatch(r"-[nEr]+i.*", a) for a in arguments)
    if FSTAB in arguments and in_place:
        shell.host.table.doubt_persistent(Doubt(line, "edits /etc/fstab with sed"))
        if any(looks_like_efs(word) for word in arguments):
            shell.host.unclear(line, "sed edits fstab")
    elif in_place:
        for name in arguments:
            if file := shell.host.files.get(shell.host.path(name, shell.directory) or ""):
                file.certain = False
    return Likelihood.LIKELY
