"""The state of a running script, as commands see and change it.

Commands are handed a `ShellState` and not the `Shell` that implements it: the shell calls the commands, so commands that
imported it would close a circle.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from rules.hosts.grammar.syntax import Block, Command
from rules.hosts.grammar.tokens import Tokens, is_unknown
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts.host import Host
from rules.hosts.mounts.states import NOTHING, Doubt
from rules.hosts.namespace import EXPORTED, Value
from rules.hosts.variables import Variables

_FREE_WORK = 200_000


@dataclass(slots=True)
class Output:
    """The output of a command: a file ("" if its path is not known), or text that the next command reads."""

    path: str | None = None
    chunks: list[str] | None = None
    unknown: bool = False
    """Whether something was written that is not known."""

    def given(self, tokens: Tokens, line: int) -> Input:
        """The written text as the input of another command."""
        text = "".join(self.chunks or ()) or (tokens.unknown("…") if self.unknown else "")
        return Input(text, line, 0, known=not self.unknown)


@dataclass(slots=True)
class Input:
    """The input of a command, with the line where it begins; `step` is 0 if all of it comes from one line."""

    text: str
    line: int
    step: int
    known: bool = True
    """Whether the text is all of it, for sure."""
    at: int = 0
    """The place up to which `read` has read it."""

    @property
    def rest(self) -> str:
        """The text that has not been read yet."""
        return self.text[self.at :]

    def take(self) -> str:
        """Read all that is left."""
        text, self.at = self.rest, len(self.text)
        return text

    def next_line(self) -> str | None:
        """Read a line, without its end if that is missing; None at the end of the input."""
        if self.at >= len(self.text):
            return None
        end = self.text.find("\n", self.at) + 1 or len(self.text)
        line, self.at = self.text[self.at : end], end
        return line


_LEAVING = ("", "continue", "break", "return", "exit")


def worse(first: str, second: str) -> str:
    """The one of two ways to leave that skips more."""
    return max(first, second, key=_LEAVING.index)


class _Writing:
    """The input and output of a command during branches, each of which begins at the same place of both."""

    def __init__(self, output: Output | None, given: Input | None) -> None:
        self._output = output
        self._input = given
        self._texts: list[str] = []
        self._mark = len(output.chunks) if output and output.chunks is not None else 0
        self._at = given.at if given else 0
        self._ends: set[int] = set()

    def begin(self) -> None:
        """Begin a branch."""
        if self._input:
            self._input.at = self._at

    def end(self) -> None:
        """End a branch: take back what it has written."""
        if self._output and self._output.chunks is not None:
            self._texts.append("".join(self._output.chunks[self._mark :]))
            del self._output.chunks[self._mark :]
        if self._input:
            self._ends.add(self._input.at)

    def merge(self, tokens: Tokens, *, exhaustive: bool) -> None:
        """Take over what the branches have read and written; it is not known if that is not the same in all of them."""
        if self._output and self._output.chunks is not None:
            texts = dict.fromkeys(self._texts if exhaustive else (*self._texts, ""))
            self._output.chunks += texts
            self._output.unknown |= len(texts) > 1
        if self._input and len(self._ends if exhaustive else self._ends | {self._at}) > 1:
            self._input.text, self._input.at, self._input.known = tokens.unknown("…"), 0, False


class ShellState(ABC):
    """A script's host, variables, functions, input and output, and whether its end is still sure to be reached.

    `Shell` implements `invoke`, `inline` and `block`, with which a command runs other commands.
    """

    def __init__(self, host: Host, size: int, *, known_environment: bool) -> None:
        """`size` is the length of everything that will be read, which bounds the work."""
        self.host = host
        self.variables = Variables(host.tokens, known_environment)
        self.variables.values.set("PWD", "/")
        self.output: Output | None = None
        self.input: Input | None = None
        self.functions: dict[str, list[Command]] = {}
        """The bodies of each function; more than one if branches define it differently."""
        self.locals: list[dict[str, Value | None]] = []
        """For each function that is running, the variables to restore when it ends."""
        self.at_exit: list[Callable[[], object]] = []
        """Scripts that may run once this one has ended: those of `trap`, `at` and cron."""
        self.last = Likelihood.LIKELY
        """Whether the last command succeeded (`$?`)."""
        self.branches = 0
        """The number of branches that this lies in; with 0, everything is run for sure."""
        self.leaving = ""
        """`exit`, `return`, `break` or `continue` while the rest of a list is skipped."""
        self.failed = False
        """Whether it is `exit` with a failure that it is leaving by."""
        self.apart = 0
        """The number of processes of the script that this lies in, whose `exit` does not end it."""
        self.doubt = ""
        """One of these if a branch may have left, so that the rest is a branch of its own."""
        self.levels = 1
        """The number of loops that the last `break` or `continue` concerns."""
        self.unsure_directory = False
        """Whether the last `cd` went to a directory that may not exist."""
        self.made: set[str] = set()
        """The directories that the script has made."""
        self._work = _FREE_WORK
        self.grant(size)

    @property
    def directory(self) -> str | None:
        """The working directory, if it is known."""
        directory = self.variables.get("PWD")
        return None if directory is None or is_unknown(directory) else directory

    # -- running other commands ----------------------------------------------------------------------------------------

    @abstractmethod
    def invoke(self, words: list[str], line: int) -> Likelihood:
        """Run a command or function whose words are expanded."""

    @abstractmethod
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
        """Run a script within this one: `bash -c`, `eval`, a file.

        `line` is the script's first line, `step` 0 if all of it comes from that line. `arguments` are its positional
        parameters, None if they are not known. Unless it is `shared`, its variables are its own, with `exported` from
        those only that are.
        """

    @abstractmethod
    def block(self, block: Block) -> Likelihood:
        """Run statements; returns how likely the last one succeeds."""

    @abstractmethod
    def condition(self, block: Block) -> Likelihood:
        """Run statements whose failure is an answer and nothing else."""

    @abstractmethod
    def wait(self) -> None:
        """Let all commands in the background end."""

    # -- branches ------------------------------------------------------------------------------------------------------

    def alternatives(
        self, branches: Sequence[Callable[[], object]], *, exhaustive: bool, expected: bool = True
    ) -> None:
        """Follow branches of which one is taken, or none unless they are `exhaustive`, without deciding for any of them.

        If a branch leaves the script, the rest is doubtful, unless the branches are not `expected` to be taken. One of all
        branches that does nothing but fail makes nothing doubtful, because working instances do not fail.
        """
        variables, mounts = [], []
        doubt = self.doubt
        writing = _Writing(self.output, self.input)
        arguments: list[tuple[str, ...] | None] = [] if exhaustive else [self.variables.arguments]
        given = self.variables.arguments
        for branch in branches:
            self.variables.arguments = given
            writing.begin()
            self.variables.values.begin()
            self.host.table.states.begin()
            self.branches += 1
            self.doubt = ""
            branch()
            self.branches -= 1
            writing.end()
            arguments.append(self.variables.arguments)
            doubt = worse(doubt, self.doubt if expected else "")
            failed = self.leaving == "exit" and self.failed and exhaustive and not self.apart
            self.leaving, self.failed = "", False
            set_here, mounted_here = self.variables.values.end(), self.host.table.states.end()
            if not failed or mounted_here:
                variables.append(set_here)
                mounts.append(mounted_here)
        if not exhaustive:
            variables.append({})
            mounts.append({})
        writing.merge(self.host.tokens, exhaustive=exhaustive)
        self.variables.arguments = arguments[0] if len(set(arguments)) == 1 else None
        self.doubt = doubt
        self.variables.merge(variables)
        self.host.table.merge(mounts, self.host.reason)

    def decide(
        self, chance: Likelihood, taken: Callable[[], Likelihood], other: Callable[[], Likelihood]
    ) -> Likelihood:
        """Follow `taken` or `other`, whichever a condition with this likelihood leads to. Returns how likely that
        succeeds."""
        if chance is Likelihood.UNKNOWN:
            self.alternatives([taken, other], exhaustive=True)
            return Likelihood.UNKNOWN
        expected, unexpected = (taken, other) if chance >= Likelihood.LIKELY else (other, taken)
        success = expected()
        if chance in (Likelihood.LIKELY, Likelihood.UNLIKELY) and not self.host.unfinished:
            self.go_on()
            self.shadow(unexpected)
        return success

    def suspect(self, branch: Callable[[], object]) -> None:
        """Follow a branch that nothing is seen to run. Its mounts are possible where nothing else is mounted; what is
        known stays as it is."""
        table = self.host.table
        with self.host.aside():
            table.states.begin()
            self.branches += 1
            branch()
            self.branches -= 1
            changes = {path: states for path, states in table.states.end().items() if table.at(path) == NOTHING}
        table.merge([changes, {}])

    @contextmanager
    def process(self, directory: str | None, environment: Mapping[str, str] | None = None) -> Iterator[None]:
        """Run what follows in a process that has nothing of the script: no variables (but those of `environment`), no
        functions, no input. Other variables are unknown."""
        kept = self.variables, self.functions, self.locals, self.input, self.output, self.leaving, self.doubt
        unsure = self.unsure_directory
        self.variables = Variables(self.host.tokens, known_environment=False)
        self.variables.assign("PWD", directory)
        for name, value in (environment or {}).items():
            self.variables.assign(name, value)
            self.variables.declare(EXPORTED, name)
        self.functions, self.locals, self.input, self.output, self.leaving, self.doubt = {}, [], None, None, "", ""
        yield
        spent = self.leaving if self._work < 0 else ""
        self.variables, self.functions, self.locals, self.input, self.output, self.leaving, self.doubt = kept
        self.leaving, self.unsure_directory = self.leaving or spent, unsure

    def shadow(self, branch: Callable[[], object]) -> None:
        """Follow a branch that is taken only if something unexpected happens."""
        self.alternatives([branch], exhaustive=False, expected=False)

    def leave(self, how: str, *, success: bool) -> None:
        """Note an `exit` or `return`. One with a failure makes nothing doubtful, because working instances do not
        fail."""
        if self.branches and success:
            self.doubt = worse(self.doubt, how)
        self.leaving = how

    def go_on(self) -> None:
        """Follow the commands after a branch that has left the script, because the branch may not have been taken."""
        if self.leaving:
            self.doubt, self.leaving = worse(self.doubt, self.leaving), ""

    def spend(self, work: int, line: int) -> bool:
        """Count work, in units of about a microsecond, such as a character that is copied. Returns whether any is left.

        When none is left, the script is not followed any further: loops, functions and variables that double must not
        cost more than a script of this length may.
        """
        self._work -= work
        if self._work < 0:
            self.give_up(line)
            self.leaving = "exit"
        return self._work >= 0

    def grant(self, size: int) -> None:
        """Allow the work for reading so many characters more."""
        self._work += 8 * size

    def give_up(self, line: int) -> Likelihood:
        """Note that the script is not followed to its end."""
        self.host.unclear(line, "the script is nested too deeply or repeats too much to be followed")
        self.host.unfinished = Doubt(
            line, "is the last that was followed: the script is nested too deeply or repeats too much"
        )
        return Likelihood.UNKNOWN


Handler: TypeAlias = Callable[[ShellState, str, list[str], int], Likelihood]
"""A command: it is given the state, its name, its arguments and its line, and returns how likely it succeeds."""
