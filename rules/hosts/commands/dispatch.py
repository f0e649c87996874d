"""Runs single commands: finds the function that knows a command's effect on the host. It has the simplest ones itself.

Sources: mount(8), umount(8), mount.nfs(8), `mount.efs` of efs-utils, mkdir(1), chown(1), chmod(1), install(1), ln(1),
bash(1) SHELL BUILTIN COMMANDS, `cloud-init-per` of cloud-init.
"""

from __future__ import annotations

from functools import partial

from rules.hosts.commands import builtins, cfn_init, files, filters, mounting, ownership, printing, unread, wrappers
from rules.hosts.grammar.tokens import OPEN, REFERENCE
from rules.hosts.likelihood import Likelihood, of_search, of_states, of_test
from rules.hosts.mounts import written_files
from rules.hosts.mounts.host import AGENT_CONFIG
from rules.hosts.mounts.mount_files import FILTERED, LISTING
from rules.hosts.mounts.states import Doubt
from rules.hosts.state import Handler, ShellState

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
        "git",
        "ldconfig",
    ]
)
"""Commands that a start-up relies on. They are taken to succeed, so a command after their `&&` is run."""

_MAX_SHOWN = 200
_MOUNT_WORDS = frozenset(
    ("mount", "mount.efs", "mount.nfs", "mount.nfs4", "/bin/mount", "/usr/bin/mount", "/sbin/mount.efs")
)


def run(shell: ShellState, words: list[str], line: int) -> Likelihood:
    """Run a command that is not a shell function. Returns the likelihood that it succeeds."""
    name = words[0]
    base = name.rpartition("/")[2]
    path = shell.host.path(name, shell.directory) if "/" in name else None
    if path in shell.host.files:
        return wrappers.run_file(shell, path or "", words[1:], shared=False)
    if base not in wrappers.PREFIXES and (success := cfn_init.run_by(shell, words, line)) is not None:
        return success
    if name.startswith(OPEN):
        shell.host.hides_calls = True
        if REFERENCE.fullmatch(name):  # a parameter may be any command
            shown = unread.shorten(shell.host.tokens.show(name))
            shell.host.table.doubt_all(Doubt(line, f"runs {shown}, which is not known"))
    if any(written_files.HELPER_CONFIGURATION in word for word in words):
        written_files.configure_helper(shell.host, " ".join(words), line)
    if base == "sed" and shell.output is not None and shell.output.chunks is not None:
        unread.suspect(shell, base, words, line)  # it may write commands for a shell
    kind, dot, suffix = base.partition(".")
    handler = COMMANDS.get(base) or (_HELPERS.get(kind) if dot and suffix not in _SCRIPTS else None)
    if handler:
        success = handler(shell, base, words[1:], line)
        _count_work(shell, line)
        return success
    if base in wrappers.NETWORK_MOUNTS:  # `/etc/init.d/autofs stop`
        return wrappers.service(shell, "service", [base, *words[1:]], line)
    if base in SETUP:
        return Likelihood.LIKELY
    wrapped = next((index for index, word in enumerate(words[1:20], 1) if word in _MOUNT_WORDS), 0)
    unusual = words[wrapped - 1].startswith("-") or any("{" in word or word == ":::" for word in words)
    if wrapped and base not in unread.READING and not unusual:
        # some wrapper that is not known
        shell.alternatives([partial(shell.invoke, words[wrapped:], line)], exhaustive=False)
    else:
        unread.suspect(shell, base, words, line)
    _write_unknown(shell, words, line)
    _count_work(shell, line)
    return Likelihood.UNKNOWN


def _write_unknown(shell: ShellState, words: list[str], line: int) -> None:
    """Write what a command prints, which only the host knows: a shell that reads it may be told to mount something."""
    if shell.output is not None and shell.output.path != AGENT_CONFIG:
        printing.write(shell, f"{shell.host.tokens.unknown(' '.join(words)[:_MAX_SHOWN])}\n", line)


def _count_work(shell: ShellState, line: int) -> None:
    table = shell.host.table
    work, table.work = table.work, 0
    shell.spend(work, line)


def matters(shell: ShellState, name: str) -> bool:
    """Whether a command has an effect that counts, so that its words have to be expanded."""
    if name in COMMANDS or name in shell.functions or "/" in name or name.startswith(OPEN):
        return True
    return name not in SETUP and name not in unread.READING


# -- questions ---------------------------------------------------------------------------------------------------------


def _test(shell: ShellState, name: str, arguments: list[str], _line: int) -> Likelihood:
    if name != "test" and arguments and arguments[-1] in ("]", "]]"):
        arguments = arguments[:-1]
    return of_test(arguments, shell.last, shell.host.tokens)


def _grep(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    stdin = shell.input.text if shell.input else None
    if stdin in (LISTING, FILTERED):
        printing.write(shell, FILTERED, line)
        stdin = LISTING
    elif stdin is not None:
        return filters.grep(shell, name, arguments, line)
    elif shell.output:
        shell.output.unknown = True
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


def _make(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`make TARGET`, whose rules are not read."""
    unread.suspect(shell, name, [name, *arguments], line)
    return Likelihood.LIKELY


_FUSE = (
    "s3fs", "goofys", "mount-s3", "rclone", "sshfs", "gcsfuse", "bindfs", "mergerfs", "unionfs-fuse", "unionfs", "encfs",
    "gocryptfs", "juicefs", "fuse-overlayfs", "squashfuse", "archivemount", "ntfs-3g", "glusterfs", "ceph-fuse", "s3backer",
    "curlftpfs", "blobfuse", "blobfuse2", "ossfs", "catfs", "simple-mtpfs", "cephfs-fuse",
)  # fmt: skip
"""Programs that mount a file system in user space at their last path."""

COMMANDS: dict[str, Handler] = {
    **dict.fromkeys(("mount", "mount.nfs", "mount.nfs4", "mount.efs", "mount.fuse"), mounting.mount),
    **dict.fromkeys(_FUSE, mounting.fuse),
    **dict.fromkeys(("umount", "fusermount", "fusermount3"), mounting.umount),
    "systemd-mount": mounting.systemd_mount,
    "systemd-umount": mounting.umount,
    "ln": files.link,
    "mkdir": ownership.mkdir,
    **dict.fromkeys(("install", "cp", "mv"), files.copy),
    **dict.fromkeys(("rm", "unlink"), files.remove),
    **dict.fromkeys(("chown", "chgrp"), ownership.chown),
    "chmod": ownership.chmod,
    "echo": printing.echo,
    "printf": printing.printf,
    "cat": printing.cat,
    "tee": printing.tee,
    **dict.fromkeys(("test", "[", "[["), _test),
    **dict.fromkeys(("grep", "egrep", "fgrep"), _grep),
    "mountpoint": _mountpoint,
    "findmnt": _findmnt,
    "df": _list_mounts,
    **builtins.COMMANDS,
    **filters.COMMANDS,
    **dict.fromkeys(wrappers.PREFIXES, wrappers.prefixed),
    **dict.fromkeys(("bash", "sh", "dash", "ksh", "zsh", "ash", "su", "runuser"), wrappers.interpreter),
    "systemctl": wrappers.systemctl,
    **dict.fromkeys(("cfn-init", "cfn-init.exe"), cfn_init.run),
    **dict.fromkeys(("service", "stop"), wrappers.service),
    "trap": wrappers.trap,
    **dict.fromkeys(("at", "batch", "crontab"), wrappers.later),
    "xargs": wrappers.xargs,
    "find": wrappers.find,
    **dict.fromkeys(("reboot", "shutdown", "init", "telinit"), wrappers.restart),
    "make": _make,
}

_HELPERS: dict[str, Handler] = {"mount": mounting.mount, "umount": mounting.umount}
"""Commands with helpers for types of file systems, such as `mount.cifs`."""
_SCRIPTS = frozenset(("sh", "bash", "py", "pl", "rb", "js"))
"""Endings of programs that are no such helpers: `mount.sh`."""
