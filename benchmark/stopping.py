"""Being told to stop, by Ctrl-C or SIGTERM: at once, or put off until a training has kept its step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

_Handler = Callable[[int, FrameType | None], object] | int


class Terminated(BaseException):
    """SIGTERM came: what KeyboardInterrupt is for Ctrl-C."""


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM raise `Terminated` within, as Ctrl-C raises KeyboardInterrupt."""

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    if not _hears_signals():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Listener:
    """While it is entered, SIGINT and SIGTERM are noted in `asked`; the handlers before it come back on leaving."""

    def __init__(self) -> None:
        self.asked: int | None = None
        self._before: dict[int, _Handler] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM) if _hears_signals() else ():
            before = signal.getsignal(number)
            if before not in (None, signal.SIG_IGN):  # not Python's own, or not meant to be heard
                self._before[number] = before
                signal.signal(number, self._hear)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._put_back()
        if self.asked is not None and not isinstance(error, KeyboardInterrupt | Terminated):
            self.obey()

    def obey(self) -> None:
        """Let the signal that was noted take effect: an exception, say, or the end of the process."""
        number, self.asked = self.asked, None
        self._put_back()
        if number is not None:
            signal.raise_signal(number)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        raise NotImplementedError

    def _put_back(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()


class Stop(_Listener):
    """Puts SIGINT and SIGTERM off until they are obeyed, or it is left; a second Ctrl-C is not put off."""

    def _hear(self, number: int, frame: FrameType | None) -> None:
        impatient = self.asked is not None and number == signal.SIGINT
        self.asked = number
        if impatient:
            self.obey()


class Insist(_Listener):
    """Lets SIGINT and SIGTERM act as ever, and once more on leaving where what they raised was lost on its way.

    A library whose import is interrupted may make another error of it, or none.
    """

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.asked = number
        before = self._before[number]
        if callable(before):
            before(number, frame)
        else:
            self.obey()


def _hears_signals() -> bool:
    """Tell whether this is the thread in which Python's handlers run."""
    return threading.current_thread() is threading.main_thread()
