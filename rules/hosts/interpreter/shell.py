"""Runs a script as far as mounts are concerned: lists, branches, loops and functions. `commands` has single commands.

Where a condition cannot be decided, its branches are followed one after the other from the same state; if they leave
different mounts, none of these is certain. A branch that is run only if something unexpected happens (the right side of
`mount … || …`) counts as a possibility, too, unless it ends with the same mount.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain

from rules.hosts.commands import dispatch, wrappers
from rules.hosts.grammar.parser import Parser
from rules.hosts.grammar.syntax import (
    AndOr,
    Block,
    Calculation,
    Case,
    Command,
    CommandGroup,
    Compound,
    For,
    Function,
    If,
    Pipeline,
    Simple,
    TooDeepError,
    While,
)
from rules.hosts.interpreter import conditions, loops, simple
from rules.hosts.interpreter.simple import COUNTS, PRINTING
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts.host import Host, looks_like_efs
from rules.hosts.mounts.mount_files import LISTING
from rules.hosts.mounts.states import Doubt, States
from rules.hosts.namespace import OPTION
from rules.hosts.state import Output, ShellState, worse

_MAX_NESTING = 45
_WORK_PER_COMMAND = 10
_STRICT = re.compile(r"\s*#![^\n]*sh\s[^\n]*-[a-z]*e")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_READ_FILE = re.compile(r"\s*<(?![<(&])\s*(.*)", re.DOTALL)
_QUESTIONS = frozenset({"test", "[", "[[", "grep", "egrep", "fgrep", "mountpoint", "findmnt", "let", "read"})


class Shell(ShellState):
    """Runs scripts on a host."""

    def __init__(self, host: Host, size: int, *, known_environment: bool) -> None:
        super().__init__(host, size, known_environment=known_environment)
        self.variables.substitute = self._substitute
        host.at_end.append(partial(wrappers.in_the_end, self))
        self._called: set[str] = set()
        self._doubting = False
        self._nesting = 0
        self._asking = 0
        """The number of conditions that this lies in, where a failure does not end a script (`set -e`)."""
        self._background: list[dict[str, States | None]] = []
        """The changes that commands in the background made to the mounts, at a moment that is not known."""

    # -- scripts -------------------------------------------------------------------------------------------------------

    def script(self, text: str, line_of: Callable[[int], int]) -> None:
        """Run a whole script in a process of its own; then, as a possibility, each function that it defines but does not
        call, because a caller may not be visible here.

        `line_of` gives the line in the source for each line of the script.
        """
        self.variables.values.begin()
        self.variables.values.set("PWD", "/")
        if _STRICT.match(text):
            self.variables.declare(OPTION, "e")
        self._run(self._statements(text, line_of))
        self.leaving = self.doubt = ""
        self.wait()
        wrappers.in_the_end(self)
        for name, bodies in list(self.functions.items()):
            if name not in self._called:
                outer, self.variables.arguments = self.variables.arguments, None
                self.alternatives([partial(self._command, body) for body in bodies], exhaustive=False)
                self.variables.arguments = outer
                self.leaving = self.doubt = ""
        self.functions.clear()
        self.variables.values.end()

    def inline(
        self,
        text: str,
        line: int,
        arguments: tuple[str, ...] | None = (),
        *,
        shared: bool = False,
        step: int = 0,
        exported: bool = False,
    ) -> Likelihood:
        if self._nesting >= _MAX_NESTING or not self.spend(len(text), line):
            return self.give_up(line)
        self._nesting += 1
        outer, self.variables.arguments = self.variables.arguments, arguments
        statements = self._statements(text, lambda n: line + step * (n - 1))
        success = self._run(statements) if shared else self._apart(statements, exported=exported)
        self.variables.arguments = outer
        self._nesting -= 1
        return success

    def _statements(self, text: str, line_of: Callable[[int], int]) -> Iterator[AndOr]:
        parser, broken = Parser(text, line_of), False
        try:
            while (statement := parser.statement()) is not None:
                if parser.broken and not broken:
                    broken = True
                    self.doubt = self.doubt or "exit"
                    line = parser.line_here()
                    self.host.table.doubt_all(Doubt(line, "is in a command that cannot be read"))
                yield statement
        except TooDeepError:
            self.give_up(line_of(1))

    def _apart(self, statements: Iterator[AndOr], *, exported: bool = False) -> Likelihood:
        """Run statements in a process of their own, whose variables and `exit` do not affect the commands after it."""
        self.variables.values.begin()
        if exported:
            self.variables.pass_on()
        self.apart += 1
        success = self._run(statements)
        self.apart -= 1
        self.variables.values.end()
        # A doubt from before is one about the branch that this is in, which ends with it.
        self.leaving = self.doubt = ""
        return success

    def _run(self, statements: Iterator[AndOr]) -> Likelihood:
        success = Likelihood.LIKELY
        for statement in statements:
            if self.doubt and not self._doubting:
                # A branch may have left the script: all that follows is a branch of its own.
                doubt = self.doubt
                self._doubting = True
                self.alternatives([partial(self._run, chain([statement], statements))], exhaustive=False)
                self._doubting = False
                self.doubt = doubt
                return Likelihood.UNKNOWN
            success = self._in_background(statement) if statement.background else self._and_or(statement)
            if self.leaving:
                break
        return success

    def block(self, block: Block) -> Likelihood:
        return self._run(iter(block))

    def condition(self, block: Block) -> Likelihood:
        self._asking += 1
        success = self.block(block)
        self._asking -= 1
        return success

    # -- lists and pipelines -------------------------------------------------------------------------------------------

    def _in_background(self, node: AndOr) -> Likelihood:
        self.host.table.states.begin()
        self._apart(iter([replace(node, background=False)]))
        changes = self.host.table.states.end()
        self.host.table.merge([changes])
        self._background.append(changes)
        return Likelihood.ALWAYS

    def wait(self) -> None:
        # What was changed in between came before or after it.
        for changes in self._background:
            self.host.table.merge([changes, {}])
        self._background.clear()

    def _and_or(self, node: AndOr) -> Likelihood:
        members = node.members
        self.unsure_directory = False
        self._asking += len(members) > 1
        success = self._pipeline(members[0][1])
        index = 1
        while index < len(members) and not self.leaving:
            operator, pipeline = members[index]
            chance = success if operator == "&&" else success.opposite
            index += 1
            if chance >= Likelihood.LIKELY:
                success = self._pipeline(pipeline)
                if chance is Likelihood.LIKELY and not self.host.unfinished:
                    self.go_on()
            elif chance is Likelihood.UNKNOWN:
                group = [pipeline]
                while operator == "&&" and index < len(members) and members[index][0] == "&&":
                    group.append(members[index][1])
                    index += 1
                branches: list[Callable[[], Likelihood]] = [partial(self._all_of, group)]
                either = operator == "&&" and index < len(members)
                if either:  # `test && a || b`: the launch wizard's way to choose between two kinds of mount
                    branches.append(partial(self._pipeline, members[index][1]))
                    index += 1
                self.alternatives(branches, exhaustive=either)
                success = Likelihood.LIKELY if either or operator == "||" else Likelihood.UNKNOWN
            elif chance is Likelihood.UNLIKELY:
                self.shadow(partial(self._pipeline, pipeline))
        self._asking -= len(members) > 1
        self.last = success
        if len(members) == 1 and not self.leaving:
            self._strictly(members[0][1], success)
        return success

    def _strictly(self, pipeline: Pipeline, success: Likelihood) -> None:
        """Look at what a command on its own has left: with `set -e` a failure ends the script, else a `cd` that fails
        leaves it where it was."""
        strict = not self._asking and self.variables.has_option("e")
        if strict is not False and not pipeline.negated:
            if success is Likelihood.NEVER and strict:
                self.leave("exit", success=False)
            elif success is Likelihood.NEVER or (success is Likelihood.UNKNOWN and _is_question(pipeline)):
                self.doubt = worse(self.doubt, "exit")
        if self.unsure_directory and not strict:
            self.variables.assign("PWD", None)

    def _all_of(self, pipelines: list[Pipeline]) -> Likelihood:
        success = Likelihood.LIKELY
        for pipeline in pipelines:
            success = self._pipeline(pipeline)
        return success

    def _pipeline(self, node: Pipeline) -> Likelihood:
        if len(node.commands) == 1:
            self._asking += node.negated
            success = self._command(node.commands[0])
            self._asking -= node.negated
            return success.opposite if node.negated else success
        success = Likelihood.UNKNOWN
        output, given, doubt = self.output, self.input, self.doubt
        for number, command in enumerate(node.commands):
            last = number + 1 == len(node.commands)
            written = Output(chunks=[])
            self.output = output if last else written
            self.variables.values.begin()  # each command has a process of its own
            success = self._command(command)
            changes = self.variables.values.end()
            if last and self.variables.has_option("lastpipe") is not False:
                self.variables.merge([changes, {}])  # not every shell knows it
            elif not self.host.unfinished:
                self.leaving, self.doubt = "", doubt
            if not last:
                if written.unknown and looks_like_efs(text := "".join(written.chunks or ())):
                    self.host.unclear(command.line, f"what is written depends on a condition: {text.strip()}")
                self.input = written.given(self.host.tokens, command.line)
        self.output, self.input = output, given
        return success.opposite if node.negated else success

    def _substitute(self, text: str) -> str:
        """Run a command substitution whose output, or effect on mounts, may be known. Returns its output."""
        inner = re.sub(r"\\([$`\\])", r"\1", text.strip("`")) if text[0] == "`" else text[2:-1]
        read = _READ_FILE.match(inner)
        if read:
            inner = f"cat {read[1]}"
        words = set(_NAME.findall(inner)) if len(inner) < 10_000 else set()
        if not words & (PRINTING | self.functions.keys()) and not COUNTS.search(inner):
            return self.host.tokens.unknown(text)
        written = Output(chunks=[])
        outer, self.output = self.output, written
        leaving, doubt = self.leaving, self.doubt
        self.inline(inner, self.host.tokens.line, self.variables.arguments)
        self.output = outer
        if not self.host.unfinished:
            self.leaving, self.doubt = leaving, doubt
        known = "".join(written.chunks or ()).rstrip("\n")
        if written.unknown or LISTING in known or text[0] in "<>":
            return self.host.tokens.unknown(text)
        return known

    # -- compound commands ---------------------------------------------------------------------------------------------

    def _command(self, node: Command) -> Likelihood:
        if self.leaving:
            return Likelihood.UNKNOWN
        if self._nesting >= _MAX_NESTING:
            return self.give_up(node.line)
        work, self.variables.work = self.variables.work, 0
        if not self.spend(_WORK_PER_COMMAND + work, node.line):
            return Likelihood.UNKNOWN
        self.host.tokens.line = node.line
        if isinstance(node, Simple):
            return simple.run(self, node)
        self._nesting += 1
        with simple.redirected(self, node.redirections, node.line):
            success = self._compound(node)
        self._nesting -= 1
        return success

    def _compound(self, command: Compound) -> Likelihood:
        node = command.node
        match node:
            case If():
                return self._if(node, 0)
            case While():
                return loops.run_while(self, node)
            case For():
                return loops.run_for(self, node)
            case Case():
                return self._case(node)
            case Calculation():
                return conditions.of_number(self.variables.calculate(node.text))
            case Function():
                known = self.functions.setdefault(node.name, [])
                if not self.branches:
                    known.clear()
                known.append(node.body)
                return Likelihood.LIKELY
            case CommandGroup():
                return self._apart(iter(node.body)) if node.subshell else self.block(node.body)

    def _case(self, node: Case) -> Likelihood:
        text = self.variables.text(node.word)
        possible: list[Callable[[], object]] = []
        exhaustive = False
        undecided = any(arm.open for arm in node.arms)
        for arm in node.arms:
            chance = max((conditions.of_pattern(self, text, p) for p in arm.patterns), default=Likelihood.UNKNOWN)
            if undecided and chance is not Likelihood.ALWAYS:
                chance = Likelihood.UNKNOWN
            if chance is Likelihood.ALWAYS and not possible and not undecided:
                return self.block(arm.body)
            if chance is not Likelihood.NEVER:
                possible.append(partial(self.block, arm.body))
            if chance is Likelihood.ALWAYS and not undecided:
                exhaustive = True
                break
        if possible:
            self.alternatives(possible, exhaustive=exhaustive)
        return Likelihood.UNKNOWN if possible else Likelihood.LIKELY

    def _if(self, node: If, arm: int) -> Likelihood:
        if arm == len(node.arms):
            return self.block(node.otherwise) if node.otherwise else Likelihood.LIKELY
        condition, body = node.arms[arm]
        chance = self.condition(condition)
        if self.leaving:
            return chance
        taken, other = partial(self.block, body), partial(self._if, node, arm + 1)
        return self.decide(chance, taken, other)

    # -- commands and functions ----------------------------------------------------------------------------------------

    def invoke(self, words: list[str], line: int) -> Likelihood:
        if words[0] in self.functions:
            return self._call(words[0], tuple(words[1:]))
        simple.note_output(self, words[0])
        return dispatch.run(self, words, line)

    def _call(self, name: str, arguments: tuple[str, ...]) -> Likelihood:
        self._called.add(name)
        outer, self.variables.arguments = self.variables.arguments, arguments
        doubt, self.doubt = self.doubt, ""
        self.locals.append({})
        bodies = self.functions[name]
        success = Likelihood.LIKELY
        if len(bodies) == 1:
            success = self._command(bodies[0])
        else:
            self.alternatives([partial(self._command, body) for body in bodies], exhaustive=False)
        if self.leaving != "exit":
            self.leaving = ""
        self.doubt = worse(doubt, self.doubt if self.doubt == "exit" else "")
        for variable, value in self.locals.pop().items():
            self.variables.values.set(variable, value)
        self.variables.arguments = outer
        return success


def _is_question(pipeline: Pipeline) -> bool:
    """Whether the answer of the last command is what it is there for, so that a failure is nothing unexpected."""
    last = pipeline.commands[-1]
    if isinstance(last, Simple):
        return bool(last.words) and last.words[0] in _QUESTIONS
    return isinstance(last.node, Calculation)
