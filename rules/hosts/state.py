"""What a running script has at one moment, and how branches are followed without deciding on one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rules.hosts.host import Host
from rules.hosts.likelihood import Likelihood
from rules.hosts.variables import Variables, is_unknown

_FREE_WORK = 200_000


@dataclass(slots=True)
class Output:
    """Where a command writes: a file ("" if its path is not known), or text that the next command reads."""

    path: str | None = None
    chunks: list[str] | None = None


@dataclass(slots=True)
class Input:
    """What a command reads, with the line where it begins; `step` is 0 if all of it comes from one line."""

    text: str
    line: int
    step: int


class ShellState:
    """Host, variables, input and output, and whether the end of the script is still sure to be reached."""

    def __init__(self, host: Host, size: int, *, known_environment: bool) -> None:
        """`size` is the length of everything that will be read, which bounds the work."""
        self.host = host
        self.variables = Variables(host.tokens, known_environment)
        self.variables.values.set("PWD", "/")
        self.output: Output | None = None
        self.input: Input | None = None
        self.last = Likelihood.LIKELY
        """How likely the last command succeeded (`$?`)."""
        self.branches = 0
        """How many branches deep this is; 0 is where everything is run for sure."""
        self.leaving = ""
        """`exit` or `return` while the rest of a list is skipped."""
        self.doubt = ""
        """`exit` or `return` if a branch may have left, so that the rest is a branch of its own."""
        self._work = _FREE_WORK + 8 * size

    @property
    def directory(self) -> str | None:
        """The working directory, if it is known."""
        directory = self.variables.values.get("PWD")
        return None if directory is None or is_unknown(directory) else directory

    def alternatives(
        self, branches: Sequence[Callable[[], object]], *, exhaustive: bool, expected: bool = True
    ) -> None:
        """Follow branches of which one is taken — or none, unless they are `exhaustive`. Leaving the script in one of
        them makes the rest doubtful if the branch is `expected` at all."""
        variables, mounts = [], []
        doubt = self.doubt
        for branch in branches:
            self.variables.values.begin()
            self.host.table.states.begin()
            self.branches += 1
            self.doubt = ""
            branch()
            self.branches -= 1
            doubt = doubt or (self.doubt if expected else "")
            self.leaving = ""
            variables.append(self.variables.values.end())
            mounts.append(self.host.table.states.end())
        if not exhaustive:
            variables.append({})
            mounts.append({})
        self.doubt = doubt
        self.variables.merge(variables)
        self.host.table.merge(mounts)

    def shadow(self, branch: Callable[[], object]) -> None:
        """Follow a branch that is taken only if something unexpected happens."""
        self.alternatives([branch], exhaustive=False, expected=False)

    def leave(self, how: str, *, success: bool) -> None:
        """`exit` or `return`. Ending in failure is not what a working instance does: it makes nothing doubtful."""
        if self.branches and success:
            self.doubt = how
        self.leaving = how

    def go_on(self) -> None:
        """Follow what comes behind a branch that has left, in case that the branch was not taken."""
        if self.leaving:
            self.doubt, self.leaving = self.leaving, ""

    def spend(self, work: int, line: int) -> bool:
        """Count work (about a microsecond each, as characters that are expanded or copied). Without a rest the script
        is left: loops, functions and doubled variables must not cost more than a script of this length may."""
        self._work -= work
        if self._work < 0:
            self.give_up(line)
            self.leaving = "exit"
        return self._work >= 0

    def give_up(self, line: int) -> Likelihood:
        """Note that the script is not followed to its end."""
        self.host.unclear(line, "the script is nested too deeply or repeats too much to be followed")
        self.host.unfinished = True
        return Likelihood.UNKNOWN
