"""Reads the mounts that an instance ends with from its user data, or from a file that is put on it."""

from __future__ import annotations

from functools import partial

from rules.hosts import cloud_init
from rules.hosts.archive import Section, sections
from rules.hosts.boot import Association, Boot
from rules.hosts.cloud_init import ParseYaml
from rules.hosts.commands import cfn_init
from rules.hosts.grammar.tokens import Tokens
from rules.hosts.interpreter.shell import Shell
from rules.hosts.mounts import written_files
from rules.hosts.mounts.host import Host
from rules.hosts.mounts.mount_files import (
    FSTAB,
    hook_actions,
    read_autofs,
    read_fstab,
    read_mount_unit,
    service_commands,
)
from rules.hosts.mounts.states import because
from rules.hosts.results import HostScript
from rules.model import Text

_HOOKS = "/etc/cfn/hooks"
"""The hooks of cfn-hup, which run when the metadata of a resource is updated."""


def read_user_data(script: Text, parse_yaml: ParseYaml, boot: Boot | None = None) -> HostScript:
    """Read the mounts of an instance with this user data, and with what else it runs (`boot`), in the order in which it
    runs them.

    `script` is decoded (no base64). `parse_yaml` builds plain dicts, lists, strings, numbers and None from a text and
    raises `ValueError` if it cannot; it has to survive hostile nesting. Never raises.
    """
    tokens = Tokens()
    text = tokens.encode(script)
    host = Host(tokens, boot)
    shell = Shell(host, len(text) + host.boot.size, known_environment=True)
    cloud_init.run(shell, list(sections(text)), parse_yaml)
    _follow_unused_files(shell)
    host.restart()
    for association in host.boot.associations:
        if association.hidden:
            host.table.doubt_all(because(association.doubt))
        elif association.doubt:
            with host.because(association.doubt):
                shell.alternatives([partial(_associate, shell, association)], exhaustive=False)
        else:
            _associate(shell, association)
    host.restart()
    for name in host.boot.own:
        cfn_init.run_unseen(shell, host.boot.inits[name], partial(_follow_unused_files, shell))
    return host.result()


def _associate(shell: Shell, association: Association) -> None:
    """Run the scripts of an association, each in a process of its own."""
    encode = shell.host.tokens.encode
    directory = shell.host.path(encode(association.directory)) if association.directory is not None else None
    for script in association.scripts:
        with shell.process(directory):
            shell.inline(encode(script.text), script.line, (), step=1)
    _follow_unused_files(shell)


def read_file(path: str, content: Text, parse_yaml: ParseYaml) -> HostScript:
    """Read the mounts that a file on a host makes if it is used, that is if the script is run or the unit enabled.

    Understands `/etc/fstab`, shell scripts, systemd units, autofs maps and drop-ins of cloud-init's configuration. It
    tells them by their path (coded) and, for scripts, by their first line. Other files mount nothing. Never raises.
    """
    tokens = Tokens()
    text = tokens.encode(content)
    host = Host(tokens)
    shell = Shell(host, len(text), known_environment=False)
    if path == FSTAB:
        read_fstab(host, text, 1)
        host.table.wake()
    elif path.endswith(".mount"):
        read_mount_unit(host, text, 1)
    elif path.endswith(".service"):
        shell.script(service_commands(text), lambda line: line)
    elif written_files.is_map(path):
        read_autofs(host, {path: (text, 1)})
    elif path.startswith("/etc/cloud/") and path.endswith(".cfg"):
        cloud_init.run(shell, [Section("config", text, 1)], parse_yaml)
    elif written_files.is_script(path, text):
        shell.script(text, lambda line: line)
    _follow_unused_files(shell)
    return host.result()


def _follow_unused_files(shell: Shell) -> None:
    """Follow the files that no command has used: scripts that run at every boot for sure, others as a possibility."""
    host = shell.host
    maps: dict[str, tuple[str, int]] = {}
    certain = True
    for path, file in list(host.files.items()):
        if file.used:
            continue
        file.used = not shell.branches
        text = file.text
        if written_files.is_map(path):
            maps[path] = (text, file.line)
            certain &= file.certain
        elif path.endswith(".mount"):
            read_mount_unit(host, text, file.line, sure=False)
        elif path.startswith(_HOOKS):
            text = hook_actions(text)
            with shell.host.because("only a hook of cfn-hup runs it, after an update of the metadata"):
                shell.alternatives([partial(shell.inline, text, file.line, None, step=1)], exhaustive=False)
        elif "mount" in text or ".efs." in text or cfn_init.PROGRAM in text:
            if path.endswith(".service"):
                text = service_commands(text)
            elif not written_files.is_script(path, text):
                continue
            run = partial(shell.inline, text, file.line, None, step=1)
            if path.startswith(written_files.AT_BOOT) and file.certain:
                run()
            else:
                shell.alternatives([run], exhaustive=False)
    if maps:
        read_autofs(host, maps, sure=certain)
