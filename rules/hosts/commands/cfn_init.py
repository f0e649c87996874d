"""Runs `cfn-init`: the files, commands and services of the `AWS::CloudFormation::Init` metadata that it is called for.

Sources: CloudFormation user guide, "cfn-init" and "AWS::CloudFormation::Init" (config sets, the order of the sections,
commands in alphabetical order of their names, `test`, `cwd`, `env`, `ignoreErrors`, links as files with the mode
120xxx).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from rules.hosts.archive import decoded
from rules.hosts.boot import DEFAULT, Init, InitCommand, InitConfig, InitFile, Passage
from rules.hosts.grammar.syntax import quoted
from rules.hosts.grammar.tokens import OPEN
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts import written_files
from rules.hosts.mounts.states import because
from rules.hosts.state import ShellState

PROGRAM = "cfn-init"
_CALLED = re.compile(r"(?:^|[\s/\\(])cfn-init(?:\.exe)?\)?$")

_MOST_ALONE = 20
"""The most configs that are followed each by itself, besides all of them together."""
_PYTHON = re.compile(r"(?:\S*/)?(?:python[0-9.]*|py)$")

_LONG = {"stack": "s", "resource": "r", "configsets": "c"}
_OTHER_LONG = ("access-key", "secret-key", "credential-file", "role", "region", "url", "http-proxy", "https-proxy")
_VALUES = frozenset("srcfk")
"""The short options that take a value."""
_OWN_STACK = re.compile(r"AWS::Stack(?:Name|Id)\}|stack_(?:name|id)\}|STACK_(?:NAME|ID)\}")
"""The end of an expression for the stack that holds the instance: in a template, and in a CDK program."""
_LINK = re.compile(r"0*120[0-7]{3}")
_TAG = re.compile(r"\{\{\{?\s*+&?\s*+([\w.-]++)\s*+\}?\}\}")
_OTHER_TAG = re.compile(r"\{\{\s*+[#^/>!=]")
_MOST_NESTED = 8
"""The most calls of cfn-init of which each is made by a command of the one before."""


def run_by(shell: ShellState, words: list[str], line: int) -> Likelihood | None:
    """Run the cfn-init that a command runs in another way than by its name: `python3 /opt/aws/bin/cfn-init …`,
    `$(which cfn-init) …`; as a possibility if what stands before it is not known. None if it does not run it."""
    for index, word in enumerate(words[:20]):
        if _CALLED.search(shell.host.tokens.source(word) if word.startswith(OPEN) else word):
            call = partial(run, shell, word, words[index + 1 :], line)
            if not index or _PYTHON.match(words[0]):
                return call()
            with shell.host.because(f"it depends on whether {words[0]} runs cfn-init"):
                shell.alternatives([call], exhaustive=False)
            return Likelihood.UNKNOWN
    return None


def run(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """Run `cfn-init --stack STACK --resource NAME --configsets A,B`."""
    host = shell.host
    options = _options(arguments)
    resource, stack = options.get("r", ""), options.get("s", "")
    chosen = options.get("c") or DEFAULT
    if not resource:
        return Likelihood.UNKNOWN
    host.calls_init(resource, chosen)
    if OPEN in resource or OPEN in chosen:
        host.hides_calls = True
        return Likelihood.UNKNOWN
    init = host.boot.inits.get(resource)
    configs = init.chosen(chosen.split(",")) if init is not None and stack else []
    if configs is None:
        host.hides_calls = True
        host.table.doubt_all(because(f"the configs that cfn-init runs for {resource} are not all known"))
    if init is None or not configs:
        return Likelihood.UNKNOWN
    if host.running_inits >= _MOST_NESTED:
        return shell.give_up(line)
    if resource not in host.boot.own and not any(name == resource for name, _ in host.ran):
        shell.grant(sum(len(passage.text.coded) for passage in init.passages))
    if not _OWN_STACK.search(host.tokens.source(stack)):
        with host.because(f"cfn-init is called for stack {host.tokens.show(stack)}, which may be another one"):
            shell.alternatives([partial(_configs, shell, init, configs)], exhaustive=False)
        return Likelihood.UNKNOWN
    return _configs(shell, init, configs)


def run_unseen(shell: ShellState, init: Init, then: Callable[[], object]) -> None:
    """Follow the configs that no call of cfn-init was seen to run, and then what the files bring that they write, as
    possibilities."""
    host = shell.host
    unseen = [name for name in init.configs if (init.resource, name) not in host.ran]
    if not unseen:
        return
    calls = list(host.init_calls)
    sets = [chosen for resource, chosen in calls if resource == init.resource]
    if host.boot.hidden or host.hides_calls:
        why = f"its user data, which has to run cfn-init for {init.resource}, is only partly known"
    elif sets:
        why = (
            f"its user data runs cfn-init for {init.resource} with the config sets {' and '.join(sets)}, "
            f"which do not lead to {', '.join(unseen[:5])}"
        )
    elif calls:
        others = ", ".join(dict.fromkeys(resource for resource, _ in calls))
        why = f"its user data runs cfn-init for {others}, not for {init.resource}"
    else:
        why = f"its user data does not run cfn-init for {init.resource}"
    with host.because(host.tokens.show(why)):

        def follow(names: list[str]) -> None:
            _configs(shell, init, names)
            then()

        # A set may hold some of them: a config that unmounts must not hide one that mounts.
        ways = [unseen, *([name] for name in unseen[:_MOST_ALONE] if len(unseen) > 1)]
        branches = [partial(follow, names) for names in ways]
        if host.boot.hidden or host.hides_calls:
            shell.alternatives(branches, exhaustive=False)
        else:
            for branch in branches:
                shell.suspect(branch)


def _options(arguments: list[str]) -> dict[str, str]:
    """The values of the options for the stack, the resource and the config sets, by their short names."""
    found: dict[str, str] = {}
    words = iter(arguments)
    for word in words:
        if word.startswith("--"):
            name, sign, value = word[2:].partition("=")
            full = [known for known in (*_LONG, *_OTHER_LONG) if known.startswith(name)]
            if len(full) == 1 or name in full:
                value = value if sign else next(words, "")
                short = _LONG.get(name if name in full else full[0])
                if short:
                    found[short] = value
        elif word.startswith("-") and word[1:2] in _VALUES:
            found[word[1]] = word[2:] or next(words, "")
        elif word.startswith("-v") and word[2:3] in _VALUES:  # flags may stand before an option with a value: `-vs`
            found[word[2]] = word[3:] or next(words, "")
    return {name: value for name, value in found.items() if value}


def _configs(shell: ShellState, init: Init, names: list[str]) -> Likelihood:
    """Run configs, in a process that shares the working directory with its caller, and the variables that it exports."""
    success = Likelihood.LIKELY
    shell.host.running_inits += 1
    with shell.process(shell.directory, shell.variables.exported()):
        for name in names:
            shell.host.ran.add((init.resource, name))
            if success is not Likelihood.NEVER:
                success = _config(shell, init.configs[name])
    shell.host.running_inits -= 1
    return success


def _config(shell: ShellState, config: InitConfig) -> Likelihood:
    for file in sorted(config.files, key=lambda f: f.path.coded):
        if not shell.spend(len(file.content.text.coded) if file.content else 1, file.line):
            return Likelihood.UNKNOWN
        if file.sure:
            _write(shell, file)
        else:
            with shell.host.because("it depends on a condition of the template"):
                shell.alternatives([partial(_write, shell, file)], exhaustive=False)
    for command in sorted(config.commands, key=lambda c: c.name):
        if _command(shell, command) is Likelihood.NEVER and not command.ignores_errors:
            return Likelihood.NEVER
    _services(shell, config)
    if config.hidden:
        shell.host.table.doubt_all(because("what cfn-init runs besides is not all known"))
    return Likelihood.LIKELY


def _services(shell: ShellState, config: InitConfig) -> None:
    for service in config.services:
        actions = ("enable", "start") if service.wanted else ("stop", "disable")
        for action in actions:
            shell.invoke(["systemctl", action, service.name], service.line)


def _write(shell: ShellState, file: InitFile) -> None:
    host = shell.host
    place = host.path(host.tokens.encode(file.path))
    if place is None:
        return
    content = _content(shell, file)
    if _LINK.fullmatch(file.mode):
        target = host.path(content.strip(), place.rpartition("/")[0] or "/") if content else None
        if target is not None:
            host.link(target, place, file.line)
        return
    if not shell.branches:
        written_files.empty(host, place, file.line, certain=not shell.branches)
    if content is None:
        if written_files.matters(place):
            host.unclear(file.line, f"{place} is written by cfn-init, and its content is not in the source")
        return
    step = 0 if file.encoded else 1
    line = file.content.line if file.content else file.line
    written_files.write(host, place, content, line=line, step=step, certain=not shell.branches)


def _content(shell: ShellState, file: InitFile) -> str | None:
    """The content of a file; None if it is not known."""
    if file.content is None:
        return None
    content = shell.host.tokens.encode(file.content.text)
    if file.encoded:
        return decoded(content, "base64")
    if file.context is None:
        return content
    if _OTHER_TAG.search(content):
        return None
    values = {name: shell.host.tokens.encode(value) for name, value in file.context.items()}
    replaced = _TAG.sub(lambda tag: values.get(tag[1], ""), content)
    return replaced if shell.spend(len(replaced), file.line) else None


def _command(shell: ShellState, command: InitCommand) -> Likelihood:
    """Run a command if its test succeeds. Its success counts only if it is surely run."""
    host = shell.host
    directory = shell.directory if command.cwd is None else host.path(host.tokens.encode(command.cwd))
    given = {name: host.tokens.encode(value) for name, value in command.environment.items()}
    environment = given or shell.variables.exported()  # what is given replaces what there was
    with shell.process(directory, environment):
        if not command.sure:
            with host.because("it depends on a condition of the template"):
                shell.alternatives([partial(_tested, shell, command)], exhaustive=False)
            return Likelihood.UNKNOWN
        return _tested(shell, command)


def _tested(shell: ShellState, command: InitCommand) -> Likelihood:
    run = partial(_execute, shell, command.words, shell_line=command.shell)
    if command.test is None:
        return run()
    chance = _execute(shell, (command.test,), shell_line=True)
    test = shell.host.tokens.show(shell.host.tokens.encode(command.test.text)).strip()
    with shell.host.because(f"that depends on the command's test, `{test}`"):
        return shell.decide(chance, run, lambda: Likelihood.LIKELY)


def _execute(shell: ShellState, words: tuple[Passage, ...], *, shell_line: bool) -> Likelihood:
    texts = [shell.host.tokens.encode(word.text) for word in words]
    text = texts[0] if shell_line else quoted(texts)
    return shell.inline(text, words[0].line, (), step=1)
