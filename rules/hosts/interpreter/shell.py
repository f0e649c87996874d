"""Runs a script as far as mounts are concerned: lists, branches, loops and functions. `commands` has single commands.

Where a condition cannot be decided, its branches are followed one after the other from the same state; if they leave
different mounts, none of these is certain. A branch that is run only if something unexpected happens (the right side of
`mount … || …`) counts as a possibility, too, unless it ends with the same mount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from rules.hosts.commands import dispatch
from rules.hosts.grammar.parser import Parser
from rules.hosts.grammar.syntax import (
    AndOr,
    Block,
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
from rules.hosts.interpreter import loops, simple
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts.host import Host
from rules.hosts.state import Input, Output, ShellState

_MAX_NESTING = 45
_WORK_PER_COMMAND = 10


class Shell(ShellState):
    """Runs scripts on a host."""

    def __init__(self, host: Host, size: int, *, known_environment: bool) -> None:
        super().__init__(host, size, known_environment=known_environment)
        self._called: set[str] = set()
        self._doubting = False
        self._nesting = 0

    # -- scripts -------------------------------------------------------------------------------------------------------

    def script(self, text: str, line_of: Callable[[int], int]) -> None:
        """Run a whole script in a process of its own; then, as a possibility, each function that it defines but does not
        call, because a caller may not be visible here.

        `line_of` gives the line in the source for each line of the script.
        """
        self.variables.values.begin()
        self.variables.values.set("PWD", "/")
        self._run(self._statements(text, line_of))
        self.leaving = self.doubt = ""
        for name, bodies in list(self.functions.items()):
            if name not in self._called:
                outer, self.variables.arguments = self.variables.arguments, None
                self.alternatives([partial(self._command, body) for body in bodies], exhaustive=False)
                self.variables.arguments = outer
                self.leaving = self.doubt = ""
        self.functions.clear()
        self.variables.values.end()

    def inline(
        self, text: str, line: int, arguments: tuple[str, ...] | None = (), *, shared: bool = False, step: int = 0
    ) -> Likelihood:
        if self._nesting >= _MAX_NESTING or not self.spend(len(text), line):
            return self.give_up(line)
        self._nesting += 1
        outer, self.variables.arguments = self.variables.arguments, arguments
        statements = self._statements(text, lambda n: line + step * (n - 1))
        success = self._run(statements) if shared else self._apart(statements)
        self.variables.arguments = outer
        self._nesting -= 1
        return success

    def _statements(self, text: str, line_of: Callable[[int], int]) -> Iterator[AndOr]:
        parser = Parser(text, line_of)
        try:
            while (statement := parser.statement()) is not None:
                if parser.broken:
                    self.doubt = self.doubt or "exit"
                yield statement
        except TooDeepError:
            self.give_up(line_of(1))

    def _apart(self, statements: Iterator[AndOr]) -> Likelihood:
        """Run statements in a process of their own, whose variables and `exit` do not affect the commands after it."""
        self.variables.values.begin()
        success = self._run(statements)
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
            success = self._and_or(statement)
            if self.leaving:
                break
        return success

    def block(self, block: Block) -> Likelihood:
        return self._run(iter(block))

    # -- lists and pipelines -------------------------------------------------------------------------------------------

    def _and_or(self, node: AndOr) -> Likelihood:
        members = node.members
        success = self._pipeline(members[0][1])
        index = 1
        while index < len(members) and not self.leaving:
            operator, pipeline = members[index]
            chance = success if operator == "&&" else success.opposite
            index += 1
            if chance >= Likelihood.LIKELY:
                success = self._pipeline(pipeline)
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
        self.last = success
        return success

    def _all_of(self, pipelines: list[Pipeline]) -> Likelihood:
        success = Likelihood.LIKELY
        for pipeline in pipelines:
            success = self._pipeline(pipeline)
        return success

    def _pipeline(self, node: Pipeline) -> Likelihood:
        if len(node.commands) == 1:
            success = self._command(node.commands[0])
            return success.opposite if node.negated else success
        success = Likelihood.UNKNOWN
        output, given = self.output, self.input
        self.variables.values.begin()  # each command has a process of its own
        for number, command in enumerate(node.commands):
            chunks: list[str] = []
            last = number + 1 == len(node.commands)
            self.output = output if last else Output(chunks=chunks)
            success = self._command(command)
            self.input = Input("".join(chunks), command.line, 0)
        self.variables.values.end()
        self.output, self.input = output, given
        return success.opposite if node.negated else success

    # -- compound commands ---------------------------------------------------------------------------------------------

    def _command(self, node: Command) -> Likelihood:
        if self.leaving:
            return Likelihood.UNKNOWN
        if self._nesting >= _MAX_NESTING:
            return self.give_up(node.line)
        if not self.spend(_WORK_PER_COMMAND, node.line):
            return Likelihood.UNKNOWN
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
                self.alternatives([partial(self.block, arm) for arm in node.arms], exhaustive=node.exhaustive)
                return Likelihood.UNKNOWN
            case Function():
                known = self.functions.setdefault(node.name, [])
                if not self.branches:
                    known.clear()
                known.append(node.body)
                return Likelihood.LIKELY
            case CommandGroup():
                return self._apart(iter(node.body)) if node.subshell else self.block(node.body)

    def _if(self, node: If, arm: int) -> Likelihood:
        if arm == len(node.arms):
            return self.block(node.otherwise) if node.otherwise else Likelihood.LIKELY
        condition, body = node.arms[arm]
        chance = self.block(condition)
        if self.leaving:
            return chance
        taken, other = partial(self.block, body), partial(self._if, node, arm + 1)
        return self.decide(chance, taken, other)

    # -- commands and functions ----------------------------------------------------------------------------------------

    def invoke(self, words: list[str], line: int) -> Likelihood:
        if words[0] in self.functions:
            return self._call(words[0], tuple(words[1:]))
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
        if self.leaving == "return":
            self.leaving = ""
        self.doubt = doubt or (self.doubt if self.doubt == "exit" else "")
        for variable, value in self.locals.pop().items():
            self.variables.values.set(variable, value)
        self.variables.arguments = outer
        return success
