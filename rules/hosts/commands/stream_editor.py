"""Scripts of sed, as far as they are followed here. Source: POSIX.1-2017, XCU sed; GNU sed manual."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rules.hosts.grammar.patterns import Regex

_MAX_COMMANDS = 30
_NUMBER = re.compile(r"[0-9]{1,6}")
_FLAGS = re.compile(r"[gpIi0-9]*")


@dataclass(frozen=True, slots=True)
class _Address:
    """A line's number, `$` for the last line, or a pattern."""

    number: int = 0
    last: bool = False
    pattern: Regex | None = None

    def selects(self, line: str, number: int, count: int) -> bool:
        if self.pattern:
            return self.pattern.pattern.search(line) is not None
        return number == count if self.last else number == self.number


@dataclass(frozen=True, slots=True)
class _Command:
    """A command with the lines that it is for."""

    letter: str
    addresses: tuple[_Address, ...]
    negated: bool
    text: str = ""
    pattern: Regex | None = None
    new: str = ""
    flags: str = ""


class StreamEditor:
    """A script of sed."""

    def __init__(self, script: str, *, extended: bool, quiet: bool) -> None:
        """Raises `ValueError` for a script that is not followed here."""
        self._script = script
        self._at = 0
        self._extended = extended
        self._quiet = quiet
        self._commands = self._parsed()

    @property
    def counts_lines(self) -> bool:
        """Whether it matters where in the file a line stands."""
        return any(
            len(command.addresses) > 1 or any(a.number for a in command.addresses) or command.letter == "q"
            for command in self._commands
        )

    def edit(self, text: str) -> str | None:
        """The text as sed leaves it; None if that would take too long to find out."""
        lines = text.split("\n")
        ended = lines[-1] == ""
        if ended:
            lines.pop()
        inside = [False] * len(self._commands)
        found: list[str] = []
        for number, entry in enumerate(lines, 1):
            line: str | None = entry
            after: list[str] = []
            for index, command in enumerate(self._commands):
                if line is None:
                    break
                patterns = [command.pattern, *(address.pattern for address in command.addresses)]
                if any(pattern and not pattern.suits(line) for pattern in patterns):
                    return None
                if (
                    self._selects(command, line, number, count=len(lines), inside=inside, index=index)
                    == command.negated
                ):
                    continue
                match command.letter:
                    case "d":
                        line = None
                    case "a":
                        after.append(command.text)
                    case "i":
                        found.append(command.text)
                    case "c":
                        found.append(command.text)
                        line = None
                    case "p":
                        found.append(line)
                    case "s":
                        changed = self._substituted(command, line)
                        if "p" in command.flags and changed != line:
                            found.append(changed)
                        line = changed
            if line is not None and not self._quiet:
                found.append(line)
            found += after
        return "\n".join(found) + ("\n" if found and (ended or not lines) else "")

    @staticmethod
    def _selects(command: _Command, line: str, number: int, *, count: int, inside: list[bool], index: int) -> bool:
        addresses = command.addresses
        if len(addresses) < 2:
            return not addresses or addresses[0].selects(line, number, count)
        if inside[index]:
            inside[index] = not addresses[1].selects(line, number, count)
            return True
        if addresses[0].selects(line, number, count):
            inside[index] = addresses[1].pattern is not None or addresses[1].last or addresses[1].number > number
            inside[index] = inside[index] and number != count
            return True
        return False

    @staticmethod
    def _substituted(command: _Command, line: str) -> str:
        if command.pattern is None:
            return line
        which = re.sub(r"\D", "", command.flags)
        if which and which != "1":
            return line
        return command.pattern.pattern.sub(
            lambda match: _replacement(command.new, match), line, count=0 if "g" in command.flags else 1
        )

    # -- reading -------------------------------------------------------------------------------------------------------

    def _parsed(self) -> list[_Command]:
        found: list[_Command] = []
        while True:
            self._skip(" \t\n;")
            if self._at >= len(self._script):
                return found
            if len(found) == _MAX_COMMANDS or self._script[self._at] in "#{}:":
                raise ValueError
            found.append(self._command())

    def _command(self) -> _Command:
        addresses: list[_Address] = []
        while (address := self._address()) is not None:
            addresses.append(address)
            self._skip(" \t")
            if not self._next(","):
                break
            self._skip(" \t")
            if len(addresses) == 2:
                raise ValueError
        negated = False
        self._skip(" \t")
        while self._next("!"):
            negated = True
            self._skip(" \t")
        letter = self._script[self._at : self._at + 1]
        self._at += 1
        given = tuple(addresses)
        if letter in ("d", "p"):
            return _Command(letter, given, negated)
        if letter in ("a", "i", "c") and len(given) < 2:
            return _Command(letter, given, negated, text=self._text())
        if letter == "s":
            sign = self._script[self._at : self._at + 1]
            self._at += 1
            pattern, new = self._until(sign), self._until(sign, keep_escapes=True)
            flags = _FLAGS.match(self._script, self._at)
            written = flags[0] if flags else ""
            self._at += len(written)
            if re.sub(r"\D", "", written) not in ("", "1") or not pattern:
                raise ValueError
            regex = self._regex(pattern, ignore_case="i" in written.lower())
            if regex.alternatives or re.search(r"\\[A-Za-mo-su-z]", new):
                raise ValueError
            return _Command("s", given, negated, pattern=regex, new=new, flags=written)
        raise ValueError

    def _address(self) -> _Address | None:
        if self._next("$"):
            return _Address(last=True)
        if number := _NUMBER.match(self._script, self._at):
            self._at = number.end()
            return _Address(number=int(number[0]))
        sign = "/" if self._next("/") else ""
        if self._next("\\"):
            sign = self._script[self._at : self._at + 1]
            self._at += 1
        if not sign:
            return None
        pattern = self._until(sign)
        return _Address(pattern=self._regex(pattern, ignore_case=self._next("I")))

    def _text(self) -> str:
        """The text of `a`, which goes to the end of the line."""
        self._skip(" \t")
        if self._next("\\"):
            self._skip(" \t")
            self._next("\n")
        lines: list[str] = []
        while True:
            end = self._script.find("\n", self._at)
            end = len(self._script) if end < 0 else end
            line = self._script[self._at : end]
            self._at = end + 1
            more = line.endswith("\\")
            lines.append(re.sub(r"\\(.)", lambda m: {"t": "\t", "n": "\n"}.get(m[1], m[1]), line.removesuffix("\\")))
            if not more:
                return "\n".join(lines)

    def _regex(self, pattern: str, *, ignore_case: bool) -> Regex:
        regex = Regex.parse(pattern, extended=self._extended, ignore_case=ignore_case)
        if regex is None or not pattern:
            raise ValueError
        return regex

    def _until(self, sign: str, *, keep_escapes: bool = False) -> str:
        found: list[str] = []
        while self._at < len(self._script):
            letter = self._script[self._at]
            self._at += 1
            if letter == sign:
                return "".join(found)
            if letter == "\\":
                escaped = self._script[self._at : self._at + 1]
                self._at += 1
                found.append(escaped if escaped == sign and not keep_escapes else letter + escaped)
            else:
                found.append(letter)
        raise ValueError

    def _next(self, sign: str) -> bool:
        if self._script.startswith(sign, self._at):
            self._at += len(sign)
            return True
        return False

    def _skip(self, signs: str) -> None:
        while self._at < len(self._script) and self._script[self._at] in signs:
            self._at += 1


def _replacement(new: str, match: re.Match[str]) -> str:
    """The replacement of `s`, with `&` and `\\1`."""

    def one(sign: re.Match[str]) -> str:
        if sign[0] == "&":
            return match[0]
        escaped = sign[1]
        if escaped.isdecimal():
            number = int(escaped)
            return (match[number] or "") if number <= (match.re.groups or 0) else ""
        return {"n": "\n", "t": "\t"}.get(escaped, escaped)

    return re.sub(r"&|\\(.)", one, new, flags=re.DOTALL)
