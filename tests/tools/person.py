"""Somebody at a terminal: runs `efs-migrate` on a pseudo-terminal of its own, reads the screen and presses keys."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

PROMPT = re.compile(r"(?:\]\? |\): )$")
"""What every question ends with."""
_PATIENCE = 60  # seconds without a word, after which the test fails
_STYLE = re.compile(r"\x1b\[[0-9;]*m")


class Person:
    """Use as a context manager. The terminal has 90 columns and knows colours unless the environment says otherwise."""

    def __init__(self, *arguments: str | Path, environment: Mapping[str, str] | None = None, **streams: Any) -> None:
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.screen = ""
        inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "EDITOR", "VISUAL", "LINES")}
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-m", "migrate", *map(str, arguments)],
            **{"stdin": self.slave, "stdout": self.slave, "stderr": self.slave, **streams},
            env=inherited | {"TERM": "xterm", "COLUMNS": "90"} | dict(environment or {}),
            start_new_session=True,
            preexec_fn=self._control,
        )

    def _control(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background of a script begins without it
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def __enter__(self) -> Person:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)

    # -- what somebody does -------------------------------------------------------------------------------------------

    def sees(self, expected: str | re.Pattern[str] = PROMPT) -> str:
        """What comes on the screen, without colours, until something expected is there: by default a question."""
        start = len(self.screen)
        pattern = re.compile(re.escape(expected)) if isinstance(expected, str) else expected
        while not pattern.search(_STYLE.sub("", self.screen[start:])):
            assert self._read(), f"the program ended, and {pattern.pattern!r} was not seen in:\n{self.screen[start:]}"
        return _STYLE.sub("", self.screen[start:]).replace("\r\n", "\n")

    def presses(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def types(self, line: str) -> None:
        self.presses(f"{line}\n")

    def answers(self, key: str) -> str:
        """Press a key and read on to the next question."""
        self.presses(key)
        return self.sees()

    def ends(self) -> int:
        """Read to the end and return the exit status; the terminal must be as it was."""
        while self._read():
            pass
        status = self.process.wait(_PATIENCE)
        assert termios.tcgetattr(self.slave) == self.before
        return status

    def hangs_up(self) -> int:
        """Take the terminal away and return the status."""
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = -1
        return self.process.wait(_PATIENCE)

    def _read(self) -> bool:
        """Take what is on the screen; False when the program has ended and nothing is left."""
        # The slave is open here, too, so that the program's end shows in its own state only.
        waited = 0.0
        while not select.select([self.master], [], [], 0.05)[0]:
            if self.process.poll() is not None and not select.select([self.master], [], [], 0)[0]:
                return False
            waited += 0.05
            assert waited < _PATIENCE, f"nothing happens after:\n{self.screen}"
        self.screen += os.read(self.master, 65536).decode("utf-8", "replace")
        return True
