"""Runs jobs in long-lived worker processes: importing torch costs seconds, so a worker serves many jobs.

A worker belongs to a slot for life, and a slot to one GPU or to none. A worker that dies takes only its job with it;
its slot gets another. A worker whose driver is gone notices at its next report and stops.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from benchmark.executors.executor import Ended, Observer, Work
from benchmark.schema.measurement import Progress, Stage
from benchmark.stopping import Stop

SPAWN = multiprocessing.get_context("spawn")

GRACE = 8.0
"""Seconds that workers have to keep a step: less than the ten that container engines leave before they kill."""


@dataclass
class _Worker:
    slot: int
    process: BaseProcess
    pipe: Connection
    job: str | None = None


class PoolExecutor:
    """The executor with `slots` worker processes, started when first needed.

    `gpus` are the GPUs to use, as CUDA_VISIBLE_DEVICES names them; slots go round them, and each worker sees only its
    own. Without any, workers see none.
    """

    def __init__(self, work: Work, slots: int, gpus: Sequence[str] = ()) -> None:
        self.slots = slots
        self._work = work
        self._gpus = [gpus[slot % len(gpus)] if gpus else "" for slot in range(slots)]
        self._workers: list[_Worker] = []

    def start(self, job: str, stages: tuple[Stage, ...]) -> None:
        """Hand a job to the worker of a free slot, one of the GPU with the fewest jobs."""
        chosen = self._worker_of(self._free_slot())
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
        """Stop every worker: trainings keep their step, all else ends at once, and after `GRACE` seconds anything."""
        for worker in self._workers:
            worker.process.terminate()
        end = time.monotonic() + GRACE
        try:
            for worker in self._workers:
                worker.process.join(max(0.0, end - time.monotonic()))
        finally:
            for worker in self._workers:
                worker.process.kill()
                worker.process.join()
                worker.pipe.close()
            self._workers.clear()

    def _free_slot(self) -> int:
        busy = [worker.slot for worker in self._workers if worker.job is not None]
        alive = [worker.slot for worker in self._workers if worker.process.is_alive()]
        jobs = Counter(self._gpus[slot] for slot in busy)
        free = set(range(self.slots)) - set(busy)
        return min(free, key=lambda slot: (jobs[self._gpus[slot]], slot not in alive, slot))

    def _worker_of(self, slot: int) -> _Worker:
        for worker in [worker for worker in self._workers if worker.slot == slot]:
            if worker.process.is_alive():
                return worker
            self._bury(worker)
        return self._hire(slot)

    def _hire(self, slot: int) -> _Worker:
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=_serve, args=(self._work, theirs), daemon=True)
        worker = _Worker(slot, process, ours)
        with uninterrupted(), _seeing(self._gpus[slot]):
            process.start()
            self._workers.append(worker)
        theirs.close()
        return worker

    def _receive(self, worker: _Worker, observer: Observer) -> Ended | None:
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):  # nothing more, or half a message
            assert worker.job is not None
            return Ended(worker.job, "failed", f"its worker process died ({self._bury(worker)})", lost=True)
        if isinstance(message, Progress):
            observer(message)
            return None
        assert isinstance(message, Ended)
        worker.job = None
        return message

    def _bury(self, worker: _Worker) -> str:
        """Forget a worker that is dead and return how it died."""
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        return describe_exit(worker.process.exitcode or 0)


def describe_exit(code: int) -> str:
    """Return the exit code of a process, or the signal that ended it, in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Start a process within: whole, and deaf to Ctrl-C, which it would answer with a traceback while it imports."""
    resource_tracker.ensure_running()  # starting it lifts the block
    with Stop():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _seeing(gpu: str) -> Iterator[None]:
    """Let a process that is started within see one GPU, or none, from its first moment on."""
    before = os.environ.get("CUDA_VISIBLE_DEVICES")
    os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    try:
        yield
    finally:
        if before is None:
            del os.environ["CUDA_VISIBLE_DEVICES"]
        else:
            os.environ["CUDA_VISIBLE_DEVICES"] = before


def _serve(work: Work, pipe: Connection) -> None:
    """Perform jobs until the driver is gone. Ctrl-C reaches the driver, which tells its workers to stop by SIGTERM."""
    signal.signal(signal.SIGTERM, lambda number, _: os._exit(128 + number))  # within a training it is put off
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
