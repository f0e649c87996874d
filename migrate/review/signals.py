"""Turns signals that end a review into exceptions, so that the terminal and files are cleaned up on the way out."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Ended(BaseException):
    """Raised if a signal ends the process or its terminal is gone. A BaseException, so that no handler of errors
    catches it."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@contextmanager
def ending() -> Iterator[None]:
    """Raises Ended on SIGTERM and SIGHUP as long as the context lasts. Ctrl-C raises KeyboardInterrupt by itself."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise Ended(number)

    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]
    try:
        for number in numbers:
            signal.signal(number, end)
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
