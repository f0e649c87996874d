"""Commands that run other commands: sudo, cloud-init-per, bash -c, source, systemctl.

Sources: sudo(8), env(1), timeout(1), flock(1), `cloud-init-per` of cloud-init, bash(1), systemctl(1).
"""

from __future__ import annotations

from functools import partial

from rules.hosts.grammar.syntax import split_assignment
from rules.hosts.grammar.tokens import is_unknown
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts import written_files
from rules.hosts.state import ShellState

PREFIXES: dict[str, tuple[int, str]] = {
    "sudo": (0, "ugphrtTUCDR"), "doas": (0, "u"), "env": (0, "uCS"), "nohup": (0, ""), "time": (0, "fo"),
    "nice": (0, "n"), "ionice": (0, "cn"), "exec": (0, "a"), "command": (0, ""), "builtin": (0, ""),
    "setsid": (0, ""), "stdbuf": (0, "ioe"), "timeout": (1, "sk"), "flock": (1, "wE"), "cloud-init-per": (2, ""),
    "runcon": (1, ""), "chronic": (0, ""), "unbuffer": (0, ""), "systemd-run": (0, "pu"),
}  # fmt: skip
"""For each wrapper, the number of arguments before the wrapped command, and the letters of its options that take a value."""

_SYSTEM_FILES = (
    "/etc/profile", "/etc/bash", "/etc/os-release", "/etc/lsb-release", "/etc/environment", "/etc/ecs/", "/etc/init.d/",
    "/etc/rc.d/", "/lib/", "/usr/", "~/.", "$HOME", "/root/.", "/home/",
)  # fmt: skip
"""Files that set no variables of a script that sources them."""


def prefixed(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """Run the command that a wrapper such as `sudo` runs."""
    skipped, with_value = PREFIXES[name]
    index = 0
    while index < len(arguments):
        word = arguments[index]
        if name == "command" and word in ("-v", "-V"):
            return Likelihood.UNKNOWN
        if word == "--":
            index += 1
            break
        if word.startswith("-") and len(word) > 1:
            takes_next = len(word) == 2 and word[1] in with_value
            index += 2 if takes_next else 1
        elif name in ("env", "sudo") and split_assignment(word):
            index += 1
        elif skipped:
            skipped -= 1
            index += 1
        else:
            break
    rest = arguments[index:]
    return shell.invoke(rest, line) if rest else Likelihood.LIKELY


def interpreter(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`bash -c TEXT`, `bash FILE`, `bash` reading its input, `su - USER -c TEXT`."""
    for index, word in enumerate(arguments):
        is_command = word in ("-c", "--command") or (word.startswith("-") and word[1:2] != "-" and word.endswith("c"))
        if is_command:
            text = arguments[index + 1 : index + 2]
            return shell.inline(text[0], line, tuple(arguments[index + 3 :])) if text else Likelihood.UNKNOWN
    paths = [word for word in arguments if not word.startswith("-")]
    if paths and name not in ("su", "runuser"):
        path = shell.host.path(paths[0], shell.directory)
        return run_file(shell, path or "", paths[1:], shared=False)
    if shell.input:
        given = shell.input
        return shell.inline(given.text, given.line if given.step else line, step=given.step)
    return Likelihood.UNKNOWN


def run_file(shell: ShellState, path: str, arguments: list[str], *, shared: bool) -> Likelihood:
    """Run a script that was written to the host before."""
    file = shell.host.files.get(path)
    if file is None:
        shell.host.hides_calls = True
        return Likelihood.UNKNOWN
    if not shell.branches:
        file.used = True
    passed = shell.variables.arguments if shared and not arguments else tuple(arguments)
    if not file.certain:
        run = partial(shell.inline, file.text, file.line, passed, shared=shared, step=1)
        shell.alternatives([run], exhaustive=False)
        return Likelihood.UNKNOWN
    return shell.inline(file.text, file.line, passed, shared=shared, step=1)


def source(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Run `. FILE` in the script itself, so that its variables stay. An unknown file may set any variable."""
    path = shell.host.path(arguments[0], shell.directory) if arguments else None
    if path in shell.host.files:
        return run_file(shell, path or "", arguments[1:], shared=True)
    shell.variables.environment_changes()
    if not arguments or not arguments[0].startswith(_SYSTEM_FILES):
        # `ID=default; . /etc/x.conf`: such a file is there to change variables that have defaults.
        shell.spend(shell.variables.forget(), line)
    return Likelihood.LIKELY


def evaluate(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Run the words after `eval` as a script."""
    if any(is_unknown(word) for word in arguments):
        shell.variables.environment_changes()
    return shell.inline(" ".join(arguments), line, shell.variables.arguments, shared=True)


def systemctl(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    """Enable or start a unit. One that the script has written before brings its mount."""
    words = [a for a in arguments if not a.startswith("-")]
    if words and words[0] in ("enable", "start", "restart", "reenable"):
        for name in words[1:]:
            unit = name.rpartition("/")[2]
            for folder in written_files.UNIT_FOLDERS:
                for path in (f"{folder}/{unit}", f"{folder}/{unit.removesuffix('.automount')}.mount"):
                    if file := shell.host.files.get(path):
                        written_files.use_unit(shell.host, path, file)
    return Likelihood.LIKELY
