"""What a job costs beside its work: handed to a worker that is up, locked, recorded, handed back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.executors.executor import Ended, Work
from benchmark.executors.pool import PoolExecutor
from benchmark.run_directory import RunDir
from benchmark.runner import run_campaign
from benchmark.schema.job import CampaignSuite
from benchmark.schema.measurement import Progress, Stage
from benchmark.schema.settings import Settings
from tests.perf.figure import Figure
from tests.perf.many_jobs import HUNDREDS, SMALL, Size, finish, unsynced
from tests.tiny import Watch

WORKERS = 2
LATE = (RunDir.JOB, "measurements/sparsity")
"""What a job lacks, so that it is dispatched; without any work it ends as done."""


class Idle(PoolExecutor):
    """A pool whose jobs have no stage to go through; it notes when each ended."""

    def __init__(self, work: Work) -> None:
        super().__init__(work, WORKERS)
        self.ends: list[float] = []

    def start(self, job: str, stages: tuple[Stage, ...]) -> None:
        """Hand over a job without its stages."""
        super().start(job, ())

    def wait(self, observer: Callable[[Progress], None]) -> Ended:
        """Wait, and note the time."""
        ended = super().wait(observer)
        self.ends.append(time.perf_counter())
        return ended


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield the milliseconds of a worker's time that a job takes, with the disk's and without."""
    size = size if size == SMALL else HUNDREDS
    suite = finish(place / "synced", size, LATE)
    finish(place / "unsynced", size, LATE)
    count = len(suite.plan.jobs)
    cost = overhead(place / "synced", suite)
    yield Figure(f"a job that does nothing ({count}, {WORKERS} workers)", "ms", (cost,), 20.0)
    with unsynced():
        yield Figure("  the same, not waiting for the disk", "ms", (overhead(place / "unsynced", suite),))


def overhead(folder: Path, suite: CampaignSuite) -> float:
    """Return the milliseconds of a worker that a job takes, from the first end on, when all workers are up."""
    executor = Idle(Work(folder, Settings("cpu")))
    ends = run_campaign(ResultsDir(folder), "cpu", [suite], executor, Watch())
    if set(ends.values()) != {"done"}:
        raise SystemExit(f"{folder}: {ends}")
    after = executor.ends[WORKERS * 2 :]
    return 1000 * WORKERS * (after[-1] - after[0]) / (len(after) - 1)
