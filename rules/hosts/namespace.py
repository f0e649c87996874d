"""The variables of a script at one moment: values, arrays, and what is declared of names.

What is declared (read-only, a reference to another name, an option of the shell) is kept beside the values under names
with a blank, which no variable has: so branches and subshells treat it as they treat values.
Source: bash(1), PARAMETERS and Arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from rules.hosts.grammar.tokens import OPEN, Tokens, is_unknown
from rules.hosts.journal import Journal

MAX_VALUE = 2048
"""Longer values are unknown: no path or option list is as long, and doubling a variable must not fill the memory."""

READ_ONLY, REFERENCE, CONVERTED, EXPORTED, OPTION = "read-only", "reference", "converted", "exported", "option"
"""The kinds of declarations of a name: its value stays; it stands for another name; numbers or letters of one case only; it
is passed on to other processes; an option of the shell is on."""

_MAX_REFERENCES = 8
_LASTING = frozenset({"PWD", "OLDPWD", "IFS"})
"""Names that hardly any file of settings contains."""


@dataclass(frozen=True, slots=True)
class Array:
    """An array: pairs of key and value. The keys of one that is not `keyed` are numbers in order."""

    keyed: bool
    items: tuple[tuple[str, str], ...] = ()

    def get(self, key: str) -> str | None:
        """The value under a key."""
        return next((value for known, value in self.items if known == key), None)

    def having(self, key: str, value: str) -> Array:
        """The array with a value set."""
        if self.get(key) is not None:
            return Array(self.keyed, tuple((k, value if k == key else v) for k, v in self.items))
        items = (*self.items, (key, value))
        return Array(self.keyed, items if self.keyed else tuple(sorted(items, key=lambda item: int(item[0]))))

    def extended(self, values: list[str]) -> Array:
        """The array with values added at its end."""
        first = int(self.items[-1][0]) + 1 if self.items else 0
        return Array(self.keyed, (*self.items, *((str(first + n), value) for n, value in enumerate(values))))


Value: TypeAlias = str | Array


class Namespace:
    """The variables and positional parameters at one moment of a script."""

    def __init__(self, tokens: Tokens, known_environment: bool) -> None:
        """`known_environment` is true for user data: nothing else sets its variables, so `${A:-default}` is the
        default. Other scripts may get theirs from their callers.
        """
        self._tokens = tokens
        self._known_environment = known_environment
        self.values: Journal[Value] = Journal()
        self.values.set("IFS", " \t\n")
        self.arguments: tuple[str, ...] | None = () if known_environment else None
        """The positional parameters; None if they are not known."""
        self.work = 0
        """The work that was done and that nobody has counted yet, in the units of `ShellState.spend`."""
        self.differences = 0
        """The number of values that branches left different."""
        self.refused = ""
        """A variable that is read-only and was assigned nevertheless, since somebody last looked."""

    # -- values --------------------------------------------------------------------------------------------------------

    def value(self, name: str) -> Value | None:
        """The value of a variable; None if it is not set. A reference to a name that is not known is unknown."""
        target = self.resolve(name)
        return self._tokens.unknown(f"${name}") if target is None else self.values.get(target)

    def get(self, name: str) -> str | None:
        """The value of a variable as text: of an array, its first item."""
        value = self.value(name)
        return value.get("0") if isinstance(value, Array) else value

    def assign(self, name: str, value: Value | None) -> None:
        """Set a variable; None for a value that is not known."""
        target = self.resolve(name)
        if target is None:
            self.forget()
            return
        declared = self.declared(READ_ONLY, target)
        if declared == "":
            self.refused = target
            return
        known = self.values.get(target)
        if isinstance(known, Array) and isinstance(value, str):
            value = known.having("0", value)
        size = len(value) if isinstance(value, str) else sum(len(k) + len(v) for k, v in value.items) if value else 0
        if target != name:
            value = None  # old shells do not know references
        converted = self.declared(CONVERTED, target) is not None and not (isinstance(value, str) and value.isdecimal())
        if value is None or size > MAX_VALUE or declared or converted:
            value = self._changed_here(target)
        self.values.set(target, value)
        if self.has_option("a"):
            self.declare(EXPORTED, target)

    def assign_item(self, name: str, key: str | None, value: str | None) -> None:
        """Set an item of an array; what is not known of it makes the whole array unknown."""
        target = self.resolve(name)
        known = self.values.get(target) if target else None
        if known is None:
            known = Array(keyed=False)
        elif isinstance(known, str):
            known = None if is_unknown(known) else Array(keyed=False, items=(("0", known),))
        if known is None or key is None or value is None or is_unknown(key) or not _is_key(known, key):
            self.assign(name, None)
        else:
            self.assign(name, known.having(key, value))

    def _changed_here(self, name: str) -> str:
        """A value that is not known, because the command on the current line may have changed the variable."""
        return self._tokens.unknown(f"${name}, which line {self._tokens.line} may change,")

    def unknown(self, source: str) -> str:
        """A value that only the host knows, which the script writes like this."""
        return self._tokens.unknown(source)

    def unset(self, name: str) -> None:
        """Remove a variable."""
        target = self.resolve(name)
        if target is None:
            self.forget()
        elif self.declared(READ_ONLY, target) is None:
            self.values.set(target, None)

    def environment_changes(self) -> None:
        """Note that an unknown file was sourced: variables that are not set here may be set from now on."""
        self._known_environment = False

    def forget(self) -> None:
        """Make all variables unknown, because something unknown may have set them."""
        self.environment_changes()
        names = self.values.names()
        self.work += 4 * len(names)
        for name in names:
            if name not in _LASTING and " " not in name and self.declared(READ_ONLY, name) != "":
                self.values.set(name, self._changed_here(name))

    @contextmanager
    def given(self, assignments: list[str]) -> Iterator[None]:
        """Set variables, each given as `NAME=value`, for another process."""
        before: list[tuple[str, Value | None]] = []
        for assignment in assignments:
            name, _, value = assignment.partition("=")
            before += [(key, self.values.get(key)) for key in (name, f"{EXPORTED} {name}")]
            self.assign(name, value)
            self.declare(EXPORTED, name)
        yield
        for name, known in reversed(before):
            self.values.set(name, known)

    def exported(self) -> dict[str, str]:
        """The variables that another process is given, as far as they are texts."""
        names = [name for name in self.values.names() if self.declared(EXPORTED, name) == ""]
        self.work += 4 * len(names)
        return {name: value for name in names if (value := self.get(name)) is not None}

    def pass_on(self) -> None:
        """Keep what another process is given: variables that are not exported are unknown there, and none is read-only."""
        names = self.values.names()
        self.work += 4 * len(names)
        for name in names:
            if name.startswith(f"{READ_ONLY} "):
                self.values.set(name, None)
            elif " " not in name and name not in _LASTING and self.declared(EXPORTED, name) is None:
                self.values.set(name, self._tokens.unknown(f"${name}"))

    # -- declarations --------------------------------------------------------------------------------------------------

    def declare(self, kind: str, name: str, value: str | None = "") -> None:
        """Declare something of a name; None takes it back."""
        self.values.set(f"{kind} {name}", value)

    def declared(self, kind: str, name: str) -> str | None:
        """The declaration of a kind for a name; None if there is none, an unknown value if only some branches made it."""
        value = self.values.get(f"{kind} {name}")
        return value if isinstance(value, str) else None

    def has_option(self, name: str) -> bool | None:
        """Whether an option of the shell is on; None if that depends on a branch."""
        value = self.declared(OPTION, name)
        return None if value else value is not None

    def resolve(self, name: str) -> str | None:
        """The name that a name stands for (`declare -n`); None if it is not known."""
        for _ in range(_MAX_REFERENCES):
            target = self.declared(REFERENCE, name)
            if target is None:
                return name
            if not target.isidentifier():
                return None
            name = target
        return None

    # -- branches ------------------------------------------------------------------------------------------------------

    def merge(self, changes: list[dict[str, Value | None]]) -> None:
        """Take over the changes of branches. Where the branches differ, the value is unknown."""
        for name in {name: None for change in changes for name in change}:
            values = {change.get(name, self.values.get(name)) for change in changes}
            self.differences += len(values) > 1
            self.values.set(name, values.pop() if len(values) == 1 else self._changed_here(name))


def _is_key(array: Array, key: str) -> bool:
    return array.keyed or (key.isdecimal() and len(key) <= 4 and OPEN not in key)
