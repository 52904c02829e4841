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


class Stop:
    """While it is entered, SIGINT and SIGTERM are noted in `asked` and put off; a second Ctrl-C is not.

    What was put off takes effect, by whichever handler there was before, when it is obeyed or on leaving.
    """

    def __init__(self) -> None:
        self.asked: int | None = None
        self._before: dict[int, _Handler] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM) if _hears_signals() else ():
            before = signal.getsignal(number)
            if before not in (None, signal.SIG_IGN):  # not Python's own, or not meant to be heard
                self._before[number] = before
                signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._put_back()
        if self.asked is not None:
            self.obey()

    def obey(self) -> None:
        """Let the signal that was put off take effect: an exception, say, or the end of the process."""
        number, self.asked = self.asked, None
        self._put_back()
        if number is not None:
            signal.raise_signal(number)

    def _note(self, number: int, frame: FrameType | None) -> None:
        impatient = self.asked is not None and number == signal.SIGINT
        self.asked = number
        if impatient:
            self.obey()

    def _put_back(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()


def _hears_signals() -> bool:
    """Tell whether this is the thread in which Python's handlers run."""
    return threading.current_thread() is threading.main_thread()
