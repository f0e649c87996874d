"""Questions on a terminal: single keys without Enter where it can do that, lines otherwise, and its mode always put back."""

from __future__ import annotations

import os
import select
import shutil
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from migrate.terminal.printable import coloured, is_dumb, unpainted

END = "\x04"
"""What Ctrl-D gives."""

_WIDEST = 100
_REST_OF_A_SEQUENCE = 0.05  # seconds: an arrow key sends several bytes at once, of which the first is Escape


class NoTerminal(Exception):
    """There is nobody to ask; the message is the end of a sentence."""


class HungUp(Exception):
    """The terminal is gone."""


@dataclass(frozen=True)
class Terminal:
    """Where somebody reads what is written to the descriptor `output` and types what is read from `input`."""

    input: int
    output: int
    colour: bool
    by_line: bool
    """Whether it has no single keys."""

    @classmethod
    def open(cls) -> Terminal:
        """The terminal of standard input, written to by whichever of the standard streams leads to one.

        Raises NoTerminal.
        """
        try:
            given = sys.stdin.fileno() if sys.stdin else -1
        except (OSError, ValueError):
            given = -1
        if given < 0 or not os.isatty(given):
            raise NoTerminal("standard input is none")
        streams = (stream for stream in (sys.stderr, sys.stdout) if stream is not None and stream.isatty())
        stream = next(streams, None)
        try:
            output = stream.fileno() if stream else os.open("/dev/tty", os.O_WRONLY | os.O_CLOEXEC)
        except (OSError, ValueError):
            raise NoTerminal("neither standard output nor standard error is one") from None
        return cls(given, output, colour=coloured(terminal=True), by_line=is_dumb())

    @property
    def width(self) -> int:
        """Columns that text is wrapped at."""
        return min(shutil.get_terminal_size().columns, _WIDEST)

    def write(self, text: str) -> None:
        """Show a text, whose escape sequences for colours are all that it may hold of them. Raises HungUp."""
        rest = memoryview((text if self.colour else unpainted(text)).encode("utf-8", "backslashreplace"))
        try:
            while rest:
                rest = rest[os.write(self.output, rest) :]
        except OSError as error:
            raise HungUp from error

    def key(self, prompt: str, *, fresh: bool = False) -> str:
        """The next key: one character, empty for Enter, `END` for Ctrl-D; several for a key that is no character. With `fresh`
        what was typed before the prompt does not count. Raises HungUp."""
        if fresh:
            with suppress(termios.error):
                termios.tcflush(self.input, termios.TCIFLUSH)
        if self.by_line:
            return self.line(prompt)
        try:
            with _single_keys(self.input):
                self.write(prompt)
                key = self._typed_key()
        except termios.error:
            return self.line(prompt)
        # The terminal does not show what it is asked for key by key.
        self.write(f"{key if key.isprintable() else ''}\n")
        return key

    def line(self, prompt: str) -> str:
        """A line without the spaces around it; `END` for Ctrl-D alone. Raises HungUp."""
        self.write(prompt)
        return self._line()

    def _typed_key(self) -> str:
        raw = self._read(1)
        if not raw:
            raise HungUp
        if (raw[0] >= 0x80 or raw == b"\x1b") and select.select([self.input], [], [], _REST_OF_A_SEQUENCE)[0]:
            raw += self._read(16)
        return "" if raw in (b"\n", b"\r") else raw.decode("utf-8", "replace")

    def _line(self) -> str:
        raw = b""
        while not raw.endswith(b"\n"):
            # In lines, the terminal ends what is read at the line's end.
            if not (more := self._read(4096)):
                if raw:
                    break
                self.write("\n")
                return END
            raw += more
        return raw.decode("utf-8", "replace").strip()

    def _read(self, size: int) -> bytes:
        try:
            return os.read(self.input, size)
        except OSError as error:
            raise HungUp from error


@contextmanager
def _single_keys(terminal: int) -> Iterator[None]:
    """A terminal that gives each key at once, and that shows none."""
    before = termios.tcgetattr(terminal)
    try:
        # What is typed already stays.
        tty.setcbreak(terminal, termios.TCSADRAIN)
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
