"""Runs jobs in long-lived worker processes: importing torch costs seconds, so a worker serves many jobs.

A worker that dies takes only its job with it and is replaced. A worker whose driver is gone notices at its next
report and stops.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from benchmark.executors.executor import Ended, Observer, Work
from benchmark.schema.measurement import Progress, Stage

SPAWN = multiprocessing.get_context("spawn")


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    job: str | None = None


class PoolExecutor:
    """The executor with `slots` worker processes, started when first needed."""

    def __init__(self, work: Work, slots: int) -> None:
        self.slots = slots
        self._work = work
        self._workers: list[_Worker] = []

    def start(self, job: str, stages: tuple[Stage, ...]) -> None:
        """Hand a job to an idle worker."""
        idle = [worker for worker in self._workers if worker.job is None and worker.process.is_alive()]
        chosen = idle[0] if idle else self._hire()
        chosen.job = job
        with suppress(OSError):  # it has just died: `wait` will say so
            chosen.pipe.send((job, stages))

    def wait(self, observer: Observer) -> Ended:
        """Return the next job that ends, or whose worker died."""
        while True:
            busy = {worker.pipe: worker for worker in self._workers if worker.job is not None}
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                ended = self._receive(busy[pipe], observer)
                if ended is not None:
                    return ended

    def close(self) -> None:
        """Stop every worker; busy ones at once, their jobs go on from the last checkpoint next time."""
        for worker in self._workers:
            worker.process.terminate()
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()

    def _hire(self) -> _Worker:
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=_serve, args=(self._work, theirs), daemon=True)
        with uninterrupted():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _receive(self, worker: _Worker, observer: Observer) -> Ended | None:
        try:
            message = worker.pipe.recv()
        except (EOFError, ConnectionError):
            return self._bury(worker)
        if isinstance(message, Progress):
            observer(message)
            return None
        assert isinstance(message, Ended)
        worker.job = None
        return message

    def _bury(self, worker: _Worker) -> Ended:
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        how = describe_exit(worker.process.exitcode or 0)
        assert worker.job is not None
        return Ended(worker.job, "failed", f"its worker process died ({how}); run the same command again", lost=True)


def describe_exit(code: int) -> str:
    """Return the exit code of a process, or the signal that ended it, in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a process that is started within be deaf to Ctrl-C: it would answer with a traceback while it imports."""
    resource_tracker.ensure_running()  # starting it lifts the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(work: Work, pipe: Connection) -> None:
    """Perform jobs until the driver is gone. Ctrl-C reaches the driver, which ends its workers itself."""
    from benchmark.executors.work import perform  # torch: seconds, spent by all workers at once and never by the driver

    def report(progress: Progress) -> None:
        try:
            pipe.send(progress)
        except OSError:
            os._exit(1)

    with suppress(EOFError, OSError):
        while True:
            job, stages = pipe.recv()
            pipe.send(perform(work, job, stages, report))
