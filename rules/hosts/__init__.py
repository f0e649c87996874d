"""Which directory of which EFS file system a container instance mounts where, read from its user data and files.

A script is followed as a shell would run it on a fresh host (`shell`), as far as mounts are concerned: variables,
branches, here-documents, files that it writes and then runs. cloud-config, MIME archives (`cloud_init`), fstab, systemd
units and autofs maps (`tables`) end in the same mount table (`table`). References of the source (`Ref`) are single
tokens all the way; what only the host knows — a command's output, an unset variable — is one, too, and makes unknown
just what it stands in. Where several outcomes are possible, nothing is certain: a wrong mapping would be worse than none.
"""

from __future__ import annotations

from rules.hosts import cloud_init, written_files
from rules.hosts.archive import Section, sections
from rules.hosts.cloud_init import ParseYaml
from rules.hosts.grammar.tokens import Tokens
from rules.hosts.host import Host
from rules.hosts.mount_files import FSTAB, read_autofs, read_fstab, read_mount_unit, service_commands
from rules.hosts.results import FoundMount, HostScript, MadeDirectory, OtherMount
from rules.hosts.shell import Shell
from rules.model import Text

__all__ = ["FoundMount", "HostScript", "MadeDirectory", "OtherMount", "read_file", "read_user_data"]


def read_user_data(script: Text, parse_yaml: ParseYaml) -> HostScript:
    """What an instance with this user data mounts.

    `script` is decoded (no base64). `parse_yaml` builds plain dicts, lists, strings, numbers and None from a text and
    raises `ValueError` if it cannot; it has to survive hostile nesting. Never raises.
    """
    tokens = Tokens()
    text = tokens.encode(script)
    shell = Shell(Host(tokens), len(text), known_environment=True)
    cloud_init.run(shell, list(sections(text)), parse_yaml)
    return _finished(shell)


def read_file(path: str, content: Text, parse_yaml: ParseYaml) -> HostScript:
    """What a file that is put on a host mounts, supposing that it is used: that the script is run, the unit enabled.

    Understands `/etc/fstab`, shell scripts, systemd units, autofs maps, drop-ins of cloud-init's configuration, by
    their path (coded) and, for scripts, their first line. Other files mount nothing. Never raises.
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
    return _finished(shell)


def _finished(shell: Shell) -> HostScript:
    written_files.finish(shell)
    return shell.host.result()
