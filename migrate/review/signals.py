"""Signals that end a review, as exceptions, so that everything is put back in order on the way out."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Ended(BaseException):
    """Somebody ended the process, or its terminal is gone; no error, so that nothing takes it for one."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@contextmanager
def ending() -> Iterator[None]:
    """Raise Ended where SIGTERM or SIGHUP would end the process. Ctrl-C raises KeyboardInterrupt by itself."""

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
