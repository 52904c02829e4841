"""A worker that computes nothing: it says where and when its jobs ran, takes its time to stop, or dies."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from multiprocessing.connection import Connection

from benchmark.executors.executor import Ended, Work
from benchmark.stopping import Stop


def serve(work: Work, pipe: Connection) -> None:
    """Serve as a pool's workers do; a job's name is what it does, a dash, and a number."""
    signal.signal(signal.SIGTERM, lambda number, _: os._exit(128 + number))
    with suppress(EOFError, OSError):
        while True:
            job, _ = pipe.recv()
            begun = time.monotonic()
            act(job, work)
            gpu = os.environ["CUDA_VISIBLE_DEVICES"]
            pipe.send(Ended(job, "done", f"{gpu} {os.getpid()} {begun} {time.monotonic()}"))


def act(job: str, work: Work) -> None:
    """Sleep, die, or take some seconds to write a file when told to stop."""
    what = job.partition("-")[0]
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what in {"keep", "hang"}:
        with Stop() as stop:
            (work.results / f"{job}.begun").touch()
            while stop.asked is None:
                time.sleep(0.01)
            time.sleep(0.5 if what == "keep" else 3600)
            (work.results / f"{job}.kept").touch()
    time.sleep(0.05)
