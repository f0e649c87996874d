"""Commands that run other commands: sudo, cloud-init-per, bash -c, source, systemctl.

Sources: sudo(8), env(1), timeout(1), flock(1), `cloud-init-per` of cloud-init, bash(1), systemctl(1).
"""

from __future__ import annotations

import re
from functools import partial
from itertools import pairwise, takewhile

from rules.hosts.commands import unread
from rules.hosts.grammar.lexer import unescape
from rules.hosts.grammar.syntax import split_assignment
from rules.hosts.grammar.tokens import CLOSE, UNKNOWN, is_unknown
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts import written_files
from rules.hosts.mounts.host import WrittenFile
from rules.hosts.mounts.mount_files import service_commands
from rules.hosts.mounts.states import Doubt
from rules.hosts.state import ShellState

PREFIXES: dict[str, tuple[int, str]] = {
    "sudo": (0, "ugphrtTUCDR"), "doas": (0, "u"), "env": (0, "uCS"), "nohup": (0, ""), "time": (0, "fo"),
    "nice": (0, "n"), "ionice": (0, "cn"), "command": (0, ""), "builtin": (0, ""),
    "setsid": (0, ""), "stdbuf": (0, "ioe"), "timeout": (1, "sk"), "flock": (1, "wE"), "cloud-init-per": (2, ""),
    "runcon": (1, ""), "chronic": (0, ""), "unbuffer": (0, ""), "systemd-run": (0, "pu"), "busybox": (0, ""), "watch": (0, "nqt"),
}  # fmt: skip
"""For each wrapper, the number of arguments before the wrapped command, and the letters of its options that take a value."""

NETWORK_MOUNTS = frozenset(("autofs", "netfs", "remote-fs.target", "remote-fs", "nfs-client.target", "local-fs.target"))
"""Services that unmount network file systems when they are stopped."""

_STARTING = frozenset(("enable", "start", "restart", "reenable", "try-restart", "reload-or-restart", "add-wants"))
_ASKING = frozenset(
    (
        "status",
        "show",
        "cat",
        "is-active",
        "is-enabled",
        "is-failed",
        "unmask",
        "reset-failed",
        "list-dependencies",
        "reload",
    )
)
"""Verbs of systemctl without an effect on a mount. Others (stop, disable, mask, edit) have one."""
_CRON_TIMES = re.compile(
    r"^[ \t]*(?:@\w+|(?:[0-9*][0-9*,/-]*[ \t]+){2}(?:[0-9*a-zA-Z,/-]+[ \t]+){2}[0-9*a-zA-Z,/-]+)[ \t]+", re.MULTILINE
)
_CRON_LINE = re.compile(_CRON_TIMES.pattern + r"\S+[ \t]+", re.MULTILINE)
_CRON_FILES = ("/etc/cron.d/", "/etc/crontab", "/etc/cron.hourly/", "/etc/cron.daily/")
_DEPENDS = re.compile(r"^\s*(?:Condition|Assert|ExecCondition|User)\w*\s*=", re.MULTILINE)
"""Matches settings of a service that may keep its commands from being run, or from mounting anything."""
_UNKNOWN = re.compile(rf"{re.escape(UNKNOWN)}[0-9]+{CLOSE}")
_MAX_WORDS = 64


def prefixed(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """Run the command that a wrapper such as `sudo` runs."""
    skipped, with_value = PREFIXES[name]
    index = 0
    given: list[str] = []
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
            given.append(word)
            index += 1
        elif skipped:
            skipped -= 1
            index += 1
        else:
            break
    rest = arguments[index:]
    if name == "systemd-run" and any(word.startswith(("--on-", "--timer")) for word in arguments[:index]) and rest:
        shell.at_exit.append(partial(shell.invoke, rest, line))
        return Likelihood.LIKELY
    if not rest:
        return Likelihood.LIKELY
    with shell.variables.given(given):
        return shell.invoke(rest, line)


def interpreter(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`bash -c TEXT`, `bash FILE`, `bash` reading its input, `su - USER -c TEXT`."""
    for index, word in enumerate(arguments):
        is_command = word in ("-c", "--command") or (word.startswith("-") and word[1:2] != "-" and word.endswith("c"))
        if is_command:
            command = arguments[index + 2 :] if arguments[index + 1 : index + 2] == ["--"] else arguments[index + 1 :]
            if not command:
                return Likelihood.UNKNOWN
            suspect_unknown(shell, name, command[0], *command[1:], line=line)
            return shell.inline(command[0], line, tuple(command[2:]), exported=True)
    if name == "runuser" and arguments[:1] in (["-u"], ["--user"]):
        words = arguments[3:] if arguments[2:3] == ["--"] else arguments[2:]
        return shell.invoke(words, line) if words else Likelihood.UNKNOWN
    paths = [word for word in arguments if not word.startswith("-")]
    if paths and name not in ("su", "runuser") and "-s" not in arguments:
        path = shell.host.path(paths[0], shell.directory)
        if path not in shell.host.files:
            told = [name, *paths] if is_unknown(paths[0]) else paths
            unread.suspect(shell, told[0].rpartition("/")[2], told, line)
        return run_file(shell, path or "", paths[1:], shared=False)
    if shell.input:
        given, step = shell.input, 0 if shell.input.at else shell.input.step
        text = given.take()
        suspect_unknown(shell, name, text, *paths, line=line)
        passed = tuple(paths) if "-s" in arguments else ()
        run = partial(shell.inline, text, given.line if step else line, passed, step=step, exported=True)
        if given.known:
            return run()
        shell.alternatives([run], exhaustive=False)
    return Likelihood.UNKNOWN


def suspect_unknown(shell: ShellState, name: str, text: str, *arguments: str, line: int) -> None:
    """Take down what the parts of a script may do to mounts that only the host knows, but for the commands that print
    them."""
    unknown = _UNKNOWN.findall(text)
    if unknown:
        whole = text.strip() == unknown[0]
        unread.suspect(shell, name, [name, *unknown, *(arguments if whole else ())], line)


def run_file(shell: ShellState, path: str, arguments: list[str], *, shared: bool) -> Likelihood:
    """Run a script that was written to the host before."""
    file = shell.host.files.get(path)
    if file is None:
        shell.host.hides_calls = True
        return Likelihood.UNKNOWN
    if not shell.branches:
        file.used = True
    suspect_unknown(shell, path, file.text, *arguments, line=file.line)
    if file.text.startswith("#!") and not written_files.is_script(path, file.text):
        unread.suspect(shell, path.rpartition("/")[2], [path, *arguments, path], file.line)
        return Likelihood.UNKNOWN
    passed = shell.variables.arguments if shared and not arguments else tuple(arguments)
    if not file.certain:
        run = partial(shell.inline, file.text, file.line, passed, shared=shared, step=1, exported=not shared)
        shell.alternatives([run], exhaustive=False)
        return Likelihood.UNKNOWN
    return shell.inline(file.text, file.line, passed, shared=shared, step=1, exported=not shared)


def systemctl(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Enable or start a unit: one that the script has written before brings its mount. Other verbs may undo it."""
    words = [a for a in arguments if not a.startswith("-")]
    verb = words[0] if words else ""
    if verb in ("reboot", "kexec", "soft-reboot"):
        return restart(shell, f"systemctl {verb}", [], line=line)
    if verb in ("isolate", "rescue", "emergency"):
        shell.host.table.doubt_all(Doubt(line, f"may unmount it (systemctl {' '.join(words)})"))
    for name in words[1:]:
        if verb in _STARTING:
            _start(shell, name, line)
            if verb in ("start", "restart") or "--now" in arguments:
                _run_service(shell, name, line)
        elif verb not in _ASKING:
            _stop(shell, name, f"systemctl {verb} {name}", line=line)
    return Likelihood.LIKELY


def _start(shell: ShellState, name: str, line: int) -> None:
    unit = name.rpartition("/")[2]
    host = shell.host
    if not shell.spend(len(host.files), line):
        return
    for folder in written_files.UNIT_FOLDERS:
        for path in (f"{folder}/{unit}", f"{folder}/{unit.removesuffix('.automount')}.mount"):
            if file := host.files.get(path):
                written_files.use_unit(host, path, file)
    if unit.removesuffix(".service") == "autofs":
        host.automounter = None
    if "efs" in unit.lower() and not any(f"{folder}/{unit}" in host.files for folder in written_files.UNIT_FOLDERS):
        unread.suspect(shell, unit, [unit], line)
    if unit.endswith((".mount", ".automount")):
        host.table.wake(written_files.mount_point(unit))


def _unit_file(shell: ShellState, name: str) -> WrittenFile | None:
    """The file of a service that the script has written."""
    unit = f"{name.removesuffix('.service')}.service"
    paths = (f"{folder}/{unit}" for folder in written_files.UNIT_FOLDERS)
    return next((file for path in paths if (file := shell.host.files.get(path))), None)


def _run_service(shell: ShellState, name: str, line: int) -> None:
    """Run what a service runs that the script has written and starts."""
    file = _unit_file(shell, name)
    if file is None or file.used or not shell.spend(len(file.text), line):
        return
    file.used = not shell.branches
    run = partial(shell.inline, service_commands(file.text), file.line, (), step=1)
    with shell.process("/"):
        if file.certain and not _DEPENDS.search(file.text):
            run()
        else:
            shell.alternatives([run], exhaustive=False)


def _stop(shell: ShellState, name: str, command: str, line: int) -> None:
    """Doubt what a unit mounts that a command stops, disables, masks or edits."""
    table = shell.host.table
    unit = name.rpartition("/")[2]
    doubt = Doubt(line, f"may unmount it ({command})")
    if unit.removesuffix(".service") == "autofs":
        shell.host.automounter = doubt
    elif unit.removesuffix(".service") in NETWORK_MOUNTS:
        table.doubt_persistent(doubt)
    elif unit.endswith((".mount", ".automount")) or any(sign in unit for sign in "*?["):
        point = written_files.mount_point(unit)
        if is_unknown(unit) or any(sign in unit for sign in "*?["):
            table.doubt_all(doubt)
        else:
            table.doubt(point, doubt)
    elif (file := _unit_file(shell, unit)) and "mount" in file.text:
        table.doubt_all(doubt)
    elif is_unknown(unit):
        table.doubt_persistent(doubt)


def restart(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`reboot`, `shutdown -r TIME`, `init 6`. What is switched off instead is no instance any more."""
    letters = "".join(word[1:] for word in arguments if word.startswith("-") and word[1:2] != "-")
    wanted = {
        "shutdown": ("r" in letters or "--reboot" in arguments) and "c" not in letters,
        "init": arguments[:1] == ["6"],
        "telinit": arguments[:1] == ["6"],
    }
    if wanted.get(name, True):
        command = " ".join([name, *arguments])
        shell.host.restarts = Doubt(line, f"restarts the instance, which does not mount it again ({command})")
    return Likelihood.LIKELY


def service(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`service NAME VERB`, and `stop NAME` of upstart: some services unmount what they have mounted."""
    pairs = [(arguments[0], name)] if name == "stop" and arguments else list(pairwise(arguments))
    for unit, verb in pairs:
        if unit in NETWORK_MOUNTS and verb == "stop":
            _stop(shell, unit, f"{name} {' '.join(arguments)}", line=line)
        elif unit == "autofs":
            _start(shell, unit, line)
    return Likelihood.LIKELY


def trap(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """`trap COMMANDS EXIT`: the commands may run when the script ends."""
    words = arguments[1:] if arguments[:1] == ["--"] else arguments
    if len(words) > 1 and words[0] not in ("", "-", "-l", "-p"):
        text = words[0]
        shell.at_exit.append(lambda: shell.inline(text, line, shell.variables.arguments, shared=True))
    return Likelihood.LIKELY


def later(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`at`, `batch` and `crontab` read commands that may run later."""
    given = shell.input
    if given is None:
        for word in arguments:
            if file := shell.host.files.get(shell.host.path(word, shell.directory) or ""):
                file.used = True
                text, first, step = file.text, file.line, 1
                break
        else:
            return Likelihood.LIKELY
    else:
        text, first, step = given.text, given.line if given.step else line, given.step
    commands = _CRON_TIMES.sub("", text) if name == "crontab" else text
    shell.at_exit.append(lambda: shell.inline(commands, first, None, step=step))
    return Likelihood.LIKELY


def in_the_end(shell: ShellState) -> None:
    """Follow, as possibilities, the scripts that run once this one has ended, and the files of cron."""
    for path, file in list(shell.host.files.items()):
        if path.startswith(_CRON_FILES) and not file.used:
            file.used = True
            text = _CRON_LINE.sub("", file.text)
            shell.at_exit.append(partial(shell.inline, text, file.line, None, step=1))
    for run in shell.at_exit:
        shell.alternatives([run], exhaustive=False)
        shell.leaving = shell.doubt = ""
    shell.at_exit.clear()


def xargs(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Run a command with the words of the input, if they are known, else with a word that only the host knows."""
    placeholder = separator = ""
    index, at_once = 0, _MAX_WORDS
    while index < len(arguments) and arguments[index].startswith("-"):
        word = arguments[index]
        if word.startswith(("-I", "--replace", "-i")):
            placeholder = word[2:] if word[1] != "-" else word.partition("=")[2]
            if word == "-I":
                index += 1
                placeholder = "".join(arguments[index : index + 1])
            placeholder = placeholder or "{}"
        elif word.startswith(("-n", "-d", "--delimiter=", "--max-args=")):
            value = word.partition("=")[2] if word[1] == "-" else word[2:]
            if not value:
                index += 1
                value = "".join(arguments[index : index + 1])
            if word.startswith(("-n", "--m")):
                at_once = int(value[:3]) if value[:3].isdecimal() else at_once
            else:
                separator = unescape(value)
        elif word in ("-0", "--null", "-0r", "-r0"):
            separator = "\0"
        elif len(word) == 2 and word[1] in "aELlPs":
            index += 1
        index += 1
    command = arguments[index:]
    if not command:
        return Likelihood.LIKELY
    given = shell.input.text if shell.input else ""
    separator = separator or ("\n" if placeholder else "")
    words = [word.strip() for word in given.split(separator) if word.strip()] if separator else given.split()
    sure = 0 < len(words) <= _MAX_WORDS and not is_unknown(given) and "\ue010" not in given
    if not sure:
        words = [shell.host.tokens.unknown("…")]
    outer, shell.input = shell.input, None
    at_once = 1 if placeholder else max(at_once, 1)
    for line_words in [words[first : first + at_once] for first in range(0, len(words), at_once)]:
        filled = [w.replace(placeholder, line_words[0]) for w in command] if placeholder else [*command, *line_words]
        if sure:
            shell.invoke(filled, line)
        else:
            shell.alternatives([partial(shell.invoke, filled, line)], exhaustive=False)
    shell.input = outer
    return Likelihood.UNKNOWN


def find(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Run the commands after `-exec` with a path below the folders that are searched."""
    starts = list(takewhile(lambda word: not word.startswith(("-", "(", "!")), arguments))
    found = (starts[0] if len(starts) == 1 else "") + shell.host.tokens.unknown("…")
    command: list[str] | None = None
    for word in arguments:
        if word in ("-exec", "-execdir", "-ok", "-okdir"):
            command = []
        elif command is not None and word in (";", "+"):
            if command:
                shell.alternatives([partial(shell.invoke, command, line)], exhaustive=False)
            command = None
        elif command is not None:
            command.append(word.replace("{}", found))
    return Likelihood.UNKNOWN
