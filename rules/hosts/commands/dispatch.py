"""Runs single commands: finds the function that knows a command's effect on the host. It has the simplest ones itself.

Sources: mount(8), umount(8), mount.nfs(8), `mount.efs` of efs-utils, mkdir(1), chown(1), chmod(1), install(1), ln(1),
bash(1) SHELL BUILTIN COMMANDS, `cloud-init-per` of cloud-init.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from rules.hosts.commands import cfn_init, mounting, ownership, printing, wrappers
from rules.hosts.grammar.syntax import Word
from rules.hosts.grammar.tokens import OPEN
from rules.hosts.likelihood import Likelihood, of_search, of_states, of_test
from rules.hosts.mounts.host import looks_like_efs
from rules.hosts.mounts.mount_files import LISTING
from rules.hosts.state import ShellState

SETUP = frozenset(
    [
        "yum",
        "dnf",
        "apt-get",
        "apt",
        "rpm",
        "dpkg",
        "amazon-linux-extras",
        "pip",
        "pip3",
        "modprobe",
        "systemctl",
        "service",
        "start",
        "stop",
        "restart",
        "chkconfig",
        "mkdir",
        "chmod",
        "chown",
        "chgrp",
        "install",
        "touch",
        "ln",
        "cp",
        "mv",
        "rm",
        "cd",
        "echo",
        "printf",
        "tee",
        "cat",
        "sed",
        "sleep",
        "sync",
        "export",
        "set",
        "sysctl",
        "usermod",
        "useradd",
        "groupadd",
        "adduser",
        "addgroup",
        "cloud-init-per",
        "make",
        "git",
        "ldconfig",
    ]
)
"""Commands that a start-up relies on. They are taken to succeed, so a command after their `&&` is run."""

_ASKING = frozenset(
    [
        "aws",
        "curl",
        "wget",
        "nslookup",
        "dig",
        "host",
        "getent",
        "ping",
        "nc",
        "telnet",
        "logger",
        "jq",
        "docker-storage-setup",
        "ls",
        "stat",
    ]
)
_MOUNT_WORDS = frozenset(("mount", "mount.efs", "mount.nfs", "mount.nfs4", "/bin/mount", "/usr/bin/mount"))
_CONCERNS_MOUNTS = re.compile(r"mount|fstab|nfs|volume")


def mentions_mount(word: Word) -> bool:
    """Whether a word may be, or contain, a mount command, which an unknown command before it may run."""
    if isinstance(word, str):
        return word in _MOUNT_WORDS or ".efs." in word or cfn_init.PROGRAM in word
    return any("mount" in p.text or ".efs." in p.text or cfn_init.PROGRAM in p.text for p in word)


def run(shell: ShellState, words: list[str], line: int) -> Likelihood:
    """Run a command that is not a shell function. Returns the likelihood that it succeeds."""
    name = words[0]
    handler = COMMANDS.get(name) or COMMANDS.get(name.rpartition("/")[2])
    if handler:
        return handler(shell, name.rpartition("/")[2], words[1:], line)
    path = shell.host.path(name, shell.directory) if "/" in name else None
    if path in shell.host.files:
        return wrappers.run_file(shell, path or "", words[1:], shared=False)
    if (success := cfn_init.run_by(shell, words, line)) is not None:
        return success
    if name.startswith(OPEN):
        shell.host.hides_calls = True
    base = name.rpartition("/")[2]
    if base in _ASKING:
        return Likelihood.UNKNOWN
    if base in SETUP:
        return Likelihood.LIKELY
    for index, word in enumerate(words[1:20], 1):
        if word in _MOUNT_WORDS:  # some wrapper that is not known
            shell.alternatives([partial(shell.invoke, words[index:], line)], exhaustive=False)
            return Likelihood.UNKNOWN
    text = " ".join(words)[:4000]
    if looks_like_efs(text) and _CONCERNS_MOUNTS.search(text):
        shell.host.unclear(line, f"{base} may concern an EFS mount")
    return Likelihood.UNKNOWN


# -- questions ---------------------------------------------------------------------------------------------------------


def _test(shell: ShellState, name: str, arguments: list[str], _line: int) -> Likelihood:
    if name != "test" and arguments and arguments[-1] in ("]", "]]"):
        arguments = arguments[:-1]
    return of_test(arguments, shell.last, shell.host.tokens)


def _grep(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    stdin = shell.input.text if shell.input else None
    if stdin == LISTING:
        printing.write(shell, LISTING, line)
    return of_search(arguments, stdin, shell.host.table)


def _mountpoint(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    return _mounted(shell, [a for a in arguments if not a.startswith("-")][:1])


def _findmnt(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    printing.write(shell, LISTING, line)
    return _mounted(shell, [a for a in arguments if a.startswith("/")][:1])


def _mounted(shell: ShellState, paths: list[str]) -> Likelihood:
    path = shell.host.path(paths[0], shell.directory) if paths else None
    return of_states(shell.host.table.at(path)) if path else Likelihood.UNKNOWN


def _list_mounts(shell: ShellState, _name: str, _arguments: list[str], line: int) -> Likelihood:
    printing.write(shell, LISTING, line)
    return Likelihood.UNKNOWN


# -- the shell's own ---------------------------------------------------------------------------------------------------


def _cd(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    shell.variables.assign("PWD", shell.host.path(arguments[0] if arguments else "/root", shell.directory))
    return Likelihood.LIKELY


def _exit(shell: ShellState, name: str, arguments: list[str], _line: int) -> Likelihood:
    shell.leave(name, success=not arguments or arguments[0] == "0")
    return Likelihood.UNKNOWN


def _break(shell: ShellState, _name: str, _arguments: list[str], _line: int) -> Likelihood:
    shell.breaks = True
    return Likelihood.LIKELY


def _read(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    for name in arguments:
        if name.isidentifier():
            shell.variables.assign(name, None)
    return Likelihood.UNKNOWN


def _unset(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    for name in arguments:
        shell.variables.values.set(name, None)
    return Likelihood.LIKELY


def _set(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    if "--" in arguments:
        shell.variables.arguments = tuple(arguments[arguments.index("--") + 1 :])
    return Likelihood.LIKELY


def _shift(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    known = shell.variables.arguments
    count = int(arguments[0][:4]) if arguments and arguments[0].isdecimal() else 1
    shell.variables.arguments = None if known is None or shell.branches else known[count:]
    return Likelihood.LIKELY


def _true(_shell: ShellState, name: str, _arguments: list[str], _line: int) -> Likelihood:
    return Likelihood.NEVER if name == "false" else Likelihood.ALWAYS


Handler = Callable[[ShellState, str, list[str], int], Likelihood]

COMMANDS: dict[str, Handler] = {
    **dict.fromkeys(("mount", "mount.nfs", "mount.nfs4", "mount.efs", "mount.fuse"), mounting.mount),
    **dict.fromkeys(("s3fs", "goofys", "mount-s3", "rclone", "sshfs", "gcsfuse"), mounting.fuse),
    "umount": mounting.umount,
    "ln": mounting.link,
    "mkdir": ownership.mkdir,
    "install": ownership.install,
    **dict.fromkeys(("chown", "chgrp"), ownership.chown),
    "chmod": ownership.chmod,
    "echo": printing.echo,
    "printf": printing.printf,
    "cat": printing.cat,
    "tee": printing.tee,
    "sed": printing.sed,
    **dict.fromkeys(("cp", "mv"), printing.copy),
    **dict.fromkeys(("test", "[", "[["), _test),
    **dict.fromkeys(("grep", "egrep", "fgrep"), _grep),
    "mountpoint": _mountpoint,
    "findmnt": _findmnt,
    "df": _list_mounts,
    **dict.fromkeys(("cd", "pushd"), _cd),
    **dict.fromkeys(("exit", "return"), _exit),
    **dict.fromkeys(("break", "continue"), _break),
    **dict.fromkeys(("read", "mapfile", "readarray", "getopts", "let"), _read),
    "unset": _unset,
    "set": _set,
    "shift": _shift,
    **dict.fromkeys((":", "true", "false"), _true),
    **dict.fromkeys(wrappers.PREFIXES, wrappers.prefixed),
    **dict.fromkeys(("bash", "sh", "dash", "ksh", "zsh", "ash", "su", "runuser"), wrappers.interpreter),
    "eval": wrappers.evaluate,
    **dict.fromkeys(("source", "."), wrappers.source),
    "systemctl": wrappers.systemctl,
    **dict.fromkeys(("cfn-init", "cfn-init.exe"), cfn_init.run),
}
