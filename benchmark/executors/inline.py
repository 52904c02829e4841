"""Runs one job at a time in this process: for debugging, and for a single device."""

from __future__ import annotations

from collections import deque

from benchmark.environment import prepare_process
from benchmark.executors.executor import Ended, Observer, Work
from benchmark.schema.measurement import Stage
from benchmark.stopping import Insist, Stop


class InlineExecutor:
    """The executor without processes."""

    slots = 1

    def __init__(self, work: Work) -> None:
        self._work = work
        self._queue: deque[tuple[str, tuple[Stage, ...]]] = deque()

    def start(self, job: str, stages: tuple[Stage, ...]) -> None:
        """Remember the job; `wait` runs it."""
        self._queue.append((job, stages))

    def wait(self, observer: Observer) -> Ended:
        """Run the job that was started first."""
        job, stages = self._queue.popleft()
        with Stop():  # modules that were read by half cannot be used
            from benchmark.executors.work import perform  # torch, which a run with nothing to do needs not

            prepare_process(self._work.settings.device)
        with Insist():
            return perform(self._work, job, stages, observer)

    def close(self) -> None:
        """Forget what was not run."""
        self._queue.clear()
