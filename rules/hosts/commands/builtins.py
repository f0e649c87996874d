"""The shell's own commands: those that change variables, options, the directory, or the way through the script.

Where such a command is given words that are not known, it may have set any variable. Source: bash(1), SHELL BUILTIN
COMMANDS.
"""

from __future__ import annotations

import re
from posixpath import normpath

from rules.hosts import parameters
from rules.hosts.commands import printing, unread, wrappers
from rules.hosts.grammar.tokens import OPEN, is_unknown
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts.mount_files import LISTING
from rules.hosts.namespace import OPTION, Array
from rules.hosts.state import Handler, ShellState, worse

_SYSTEM_FILES = re.compile(
    r"/etc/(?:profile|bash|os-release|lsb-release|environment|ecs/|init\.d/|rc\.d/|sysconfig/)|/lib/|/usr/(?!local/)"
    r"|(?:~|\$HOME|/root|/home/[^/]+)/\.(?:bash|profile|nvm|cargo)|/opt/(?:aws|elasticbeanstalk|rh)/"
)
"""Files that set no variables of a script that sources them."""

_OWN_VARIABLES = re.compile(r"ecr +get-login|ssh-agent|docker-machine +env|brew +shellenv|(?:py|rb|nod)env +init")
"""Commands whose output is evaluated and sets variables of its own only."""

_DIRECTORIES = frozenset((
    "/", "/bin", "/boot", "/dev", "/etc", "/etc/ecs", "/etc/systemd", "/etc/systemd/system", "/home",
    "/home/ec2-user", "/lib", "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp",
    "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/sbin", "/usr/src", "/var", "/var/lib",
    "/var/lib/cloud", "/var/lib/docker", "/var/log", "/var/run", "/var/tmp", "~", "/home/ubuntu",
))  # fmt: skip
"""Directories of every host."""

_OPTIONS = {"errexit": "e", "nounset": "u", "noglob": "f"}
_STACK = "directories"


# -- directories -------------------------------------------------------------------------------------------------------


def _cd(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`cd` and `pushd`. The directory may not exist, unless every host has it or the script has made it."""
    words = [a for a in arguments if a == "-" or not re.fullmatch(r"-[LPen@]*|--", a)]
    variables = shell.variables
    if name == "pushd" and not words:
        _forget_directories(shell)
        return Likelihood.UNKNOWN
    word = words[0] if words else "/root"
    if word == "-":
        path = variables.get("OLDPWD")
        printing.write(shell, f"{path or variables.unknown('$OLDPWD')}\n", line)
    elif name == "pushd" and re.match(r"[+-][0-9]", word):
        path = None
    else:
        if ".." in word and OPEN not in word:
            word = normpath(f"{shell.directory or OPEN}/{word}" if word[0] != "/" else word)
        path = shell.host.path("/root" if word == "~" else word, shell.directory)
        shell.unsure_directory = path is not None and not _exists(shell, path)
    if name == "pushd":
        stack = variables.declared(OPTION, _STACK) or ""
        variables.declare(OPTION, _STACK, f"{shell.directory or variables.unknown('$PWD')}\n{stack}")
        printing.write(shell, variables.unknown("$(pushd)"), line)
    _go(shell, path)
    return Likelihood.LIKELY


def _popd(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    stack = shell.variables.declared(OPTION, _STACK) or ""
    printing.write(shell, shell.variables.unknown("$(popd)"), line)
    if arguments or is_unknown(stack):
        _forget_directories(shell)
        return Likelihood.UNKNOWN
    directory, _, rest = stack.partition("\n")
    if not directory:
        return Likelihood.NEVER
    shell.variables.declare(OPTION, _STACK, rest)
    _go(shell, directory)
    return Likelihood.LIKELY


def _go(shell: ShellState, path: str | None) -> None:
    if path is not None and is_unknown(path):
        path = None
    shell.variables.assign("OLDPWD", shell.directory)
    shell.variables.assign("PWD", path)


def _forget_directories(shell: ShellState) -> None:
    shell.variables.declare(OPTION, _STACK, shell.variables.unknown("$DIRSTACK"))
    shell.variables.assign("PWD", None)


def _exists(shell: ShellState, path: str) -> bool:
    return path in _DIRECTORIES or path in shell.made or shell.host.table.at(path) != (None,)


def _pwd(shell: ShellState, _name: str, _arguments: list[str], line: int) -> Likelihood:
    printing.write(shell, f"{shell.directory or shell.variables.unknown('$PWD')}\n", line)
    return Likelihood.ALWAYS


# -- the way through the script ----------------------------------------------------------------------------------------


def _exit(shell: ShellState, name: str, arguments: list[str], _line: int) -> Likelihood:
    shell.leave(name, success=not arguments or arguments[0] == "0")
    shell.failed = name == "exit" and re.fullmatch("[1-9][0-9]*", "".join(arguments[:1])) is not None
    return Likelihood.UNKNOWN


def _break(shell: ShellState, name: str, arguments: list[str], _line: int) -> Likelihood:
    shell.levels = int(arguments[0]) if arguments and re.fullmatch("[1-9]", arguments[0]) else 1
    shell.leave(name, success=True)
    return Likelihood.LIKELY


def _exec(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Run a command in place of the script, of which nothing after it is run."""
    while arguments and re.fullmatch(r"-[acl]+", arguments[0]):
        arguments = arguments[2 if "a" in arguments[0] else 1 :]
    if arguments:
        shell.invoke(arguments, line)
        shell.leave("exit", success=True)
    return Likelihood.LIKELY


def _wait(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    shell.wait()
    return Likelihood.UNKNOWN if arguments else Likelihood.LIKELY


# -- variables ---------------------------------------------------------------------------------------------------------


def _read(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """`read` from a known input gives its variables the fields of a line; from another one it makes them unknown."""
    letters, words, values = _options(arguments, "adinNptu")
    names = [values["a"]] if "a" in values else words
    if not all(re.fullmatch(r"[A-Za-z_]\w*", word) for word in names):
        shell.variables.forget()
        return Likelihood.UNKNOWN
    given = None if set(values) - {"a", "p", "d"} or values.get("d") not in (None, "") else shell.input
    if given is None or not given.known or LISTING in given.rest:
        for word in names or ["REPLY"]:
            shell.variables.assign(word, None)
        return Likelihood.UNKNOWN
    known = given.take() or None if "d" in values else given.next_line()
    text = (known or "").removesuffix("\n")
    if "r" not in letters:
        while text.endswith("\\") and not text.endswith("\\\\") and (following := given.next_line()):
            text = text[:-1] + following.removesuffix("\n")
        text = re.sub(r"\\(.)", r"\1", text)
    _give_fields(shell, names, text, array="a" in values)
    shell.spend(len(text), line)
    return Likelihood.ALWAYS if known is not None and known.endswith("\n") else Likelihood.NEVER


def _give_fields(shell: ShellState, names: list[str], text: str, *, array: bool) -> None:
    variables = shell.variables
    separators = variables.separators()
    if not names:
        variables.assign("REPLY", text)
        return
    if separators is None:
        for name in names:
            variables.assign(name, None)
        return
    count = 0 if array else len(names)
    parts = shell.host.tokens.through(text, lambda line: _fields(line, separators, count))
    if parts is None:
        for name in names:
            variables.assign(name, None)
    elif array:
        variables.assign(names[0], Array(keyed=False).extended(list(parts)))
    else:
        for name, part in zip(names, (*parts, *[""] * len(names)), strict=False):
            variables.assign(name, part)


def _fields(text: str, separators: str, count: int) -> tuple[str, ...]:
    """A line split into at most `count` fields, of which the last one keeps its separators; 0 for no limit."""
    blanks = "".join(sign for sign in " \t\n" if sign in separators)
    text = text.strip(blanks) if blanks else text
    if not separators or count == 1:
        return (text,)
    parts = parameters.splitting(separators).split(text, count - 1 if count else 0)
    if parts and parts[-1] == "":
        parts.pop()
    return tuple(parts)


def _mapfile(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    letters, words, values = _options(arguments, "dnOsuCc")
    name = words[0] if words else "MAPFILE"
    given = None if values else shell.input
    if not name.isidentifier():
        shell.variables.forget()
    elif given is None or not given.known or LISTING in given.rest or "t" not in letters:
        shell.variables.assign(name, None)
    else:
        text = given.take()
        lines = text.removesuffix("\n").split("\n") if text else []
        shell.variables.assign(name, Array(keyed=False).extended(lines))
    return Likelihood.LIKELY


def _getopts(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    for name in (*arguments[1:2], "OPTARG", "OPTIND"):
        shell.variables.assign(name, None)
    return Likelihood.UNKNOWN


def _let(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    value = None
    for word in arguments:
        value = shell.variables.calculate(word)
    return Likelihood.UNKNOWN if value is None else Likelihood.ALWAYS if value else Likelihood.NEVER


def _unset(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    for name in arguments:
        if name.startswith("-"):
            continue
        if is_unknown(name):
            shell.variables.forget()
        elif "[" in name:
            shell.variables.assign(name.partition("[")[0], None)
        else:
            shell.variables.unset(name)
            if not shell.branches and "-f" in arguments:
                shell.functions.pop(name, None)
    return Likelihood.LIKELY


def _set(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    variables = shell.variables
    words = list(arguments)
    while words and (word := words[0])[:1] in ("-", "+") and len(word) > 1:
        words.pop(0)
        if word == "--":
            variables.arguments = _positional(shell, words)
            return Likelihood.LIKELY
        letters = word[1:]
        if "o" in letters:
            letters = letters.replace("o", "") + _OPTIONS.get(words.pop(0) if words else "", "")
        for letter in letters:
            variables.declare(OPTION, letter, "" if word[0] == "-" else None)
    if words and is_unknown(words[0]):
        variables.arguments = None
    elif words:
        variables.arguments = _positional(shell, words)
    return Likelihood.LIKELY


def _positional(shell: ShellState, words: list[str]) -> tuple[str, ...] | None:
    """The positional parameters; None if the number of words is not known."""
    known = map(shell.host.tokens.as_ids, words)
    return None if any(re.fullmatch(f"{OPEN}\\?[^{OPEN}]*", word) for word in known) else tuple(words)


def _shopt(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    names = [a for a in arguments if not a.startswith("-")]
    for name in names:
        shell.variables.declare(OPTION, name, "" if "-s" in arguments else None)
    return Likelihood.LIKELY


def _alias(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """An alias counts in scripts only if they ask for it; then it may be any command."""
    if shell.variables.has_option("expand_aliases") is not False and any("=" in a for a in arguments):
        shell.host.unclear(line, "aliases are not followed")
        unread.suspect(shell, "", ["alias", *arguments], line)
        shell.doubt = worse(shell.doubt, "exit")
    return Likelihood.LIKELY


def _shift(shell: ShellState, _name: str, arguments: list[str], _line: int) -> Likelihood:
    known = shell.variables.arguments
    count = int(arguments[0][:4]) if arguments and arguments[0].isdecimal() else 1
    if known is not None and count > len(known):
        return Likelihood.NEVER
    shell.variables.arguments = None if known is None else known[count:]
    return Likelihood.LIKELY


def _true(_shell: ShellState, name: str, _arguments: list[str], _line: int) -> Likelihood:
    return Likelihood.NEVER if name == "false" else Likelihood.ALWAYS


# -- other scripts -----------------------------------------------------------------------------------------------------


def _source(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Run `. FILE` in the script itself, so that its variables stay. An unknown file may set any variable."""
    path = shell.host.path(arguments[0], shell.directory) if arguments else None
    if path in shell.host.files:
        return wrappers.run_file(shell, path or "", arguments[1:], shared=True)
    unread.suspect(shell, "source", ["source", *arguments], line)
    shell.variables.environment_changes()
    if not arguments or not _SYSTEM_FILES.match(shell.host.tokens.show(arguments[0])):
        # `ID=default; . /etc/x.conf`: such a file is there to change variables that have defaults.
        shell.variables.forget()
    return Likelihood.LIKELY


def _evaluate(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Run the words after `eval` as a script. Words that are not known may set any variable."""
    text = " ".join(arguments)
    if is_unknown(text):
        shell.variables.environment_changes()
        if not _OWN_VARIABLES.search(shell.host.tokens.show(text)):
            shell.variables.forget()
    wrappers.suspect_unknown(shell, "eval", text, line=line)
    return shell.inline(text, line, shell.variables.arguments, shared=True)


def _options(arguments: list[str], with_value: str) -> tuple[set[str], list[str], dict[str, str]]:
    """The letters of the options, the other words, and the values of the options that have one."""
    letters: set[str] = set()
    values: dict[str, str] = {}
    words = list(arguments)
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        for index, letter in enumerate(word[1:], 2):
            if letter in with_value:
                values[letter] = word[index:] or (words.pop(0) if words else "")
                break
            letters.add(letter)
    return letters, words, values


COMMANDS: dict[str, Handler] = {
    **dict.fromkeys(("cd", "pushd"), _cd),
    "popd": _popd,
    "pwd": _pwd,
    **dict.fromkeys(("exit", "return"), _exit),
    **dict.fromkeys(("break", "continue"), _break),
    "exec": _exec,
    "wait": _wait,
    "read": _read,
    **dict.fromkeys(("mapfile", "readarray"), _mapfile),
    "getopts": _getopts,
    "let": _let,
    "unset": _unset,
    "set": _set,
    "shopt": _shopt,
    "alias": _alias,
    "shift": _shift,
    **dict.fromkeys((":", "true", "false"), _true),
    "eval": _evaluate,
    **dict.fromkeys(("source", "."), _source),
}
