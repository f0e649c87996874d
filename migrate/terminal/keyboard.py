"""Questions on a terminal, answered by single keys without Enter if possible, else by lines."""

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
"""The answer for Ctrl-D."""

_WIDEST = 100
_REST_OF_A_SEQUENCE = 0.05  # seconds: an arrow key sends several bytes at once, of which the first is Escape


class NoTerminal(Exception):
    """There is no terminal for questions; the message is the end of a sentence."""


class HungUp(Exception):
    """The terminal was closed."""


@dataclass(frozen=True)
class Terminal:
    """A terminal: text is written to the descriptor `output`, and answers are read from the descriptor `input`."""

    input: int
    output: int
    colour: bool
    by_line: bool
    """Whether it cannot give single keys, so that answers are lines."""

    @classmethod
    def open(cls) -> Terminal:
        """Opens the terminal of standard input; output goes to the first standard stream that leads to a terminal.

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
        """The width, in columns, at which text is wrapped."""
        return min(shutil.get_terminal_size().columns, _WIDEST)

    def write(self, text: str) -> None:
        """Writes a text, which must not contain any escape sequences except those for colours. Raises HungUp."""
        rest = memoryview((text if self.colour else unpainted(text)).encode("utf-8", "backslashreplace"))
        try:
            while rest:
                rest = rest[os.write(self.output, rest) :]
        except OSError as error:
            raise HungUp from error

    def key(self, prompt: str, *, fresh: bool = False) -> str:
        """The next key: one character, empty for Enter, `END` for Ctrl-D, several characters for a key such as an
        arrow. With `fresh`, keys typed before the prompt are discarded. Raises HungUp."""
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
        # In this mode the terminal does not show the key that was typed.
        self.write(f"{key if key.isprintable() else ''}\n")
        return key

    def line(self, prompt: str) -> str:
        """The next line without the spaces around it; `END` for Ctrl-D alone. Raises HungUp."""
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
            # In line mode, the terminal returns no more than one line.
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
    """Switches the terminal to a mode in which it returns each key at once, without showing it."""
    before = termios.tcgetattr(terminal)
    try:
        # Keys that were typed before are kept.
        tty.setcbreak(terminal, termios.TCSADRAIN)
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
