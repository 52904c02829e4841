"""The order of a run: jobs wait for their inputs, and the longest chain of trainings goes first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush

from benchmark.executors.executor import Ended
from benchmark.schema.job import PlannedJob
from benchmark.schema.measurement import FRUITLESS, Outcome, Stage


@dataclass
class Schedule:
    """What is left to do; none of its steps looks at all jobs."""

    jobs: Mapping[str, PlannedJob]
    stages: Mapping[str, tuple[Stage, ...]]
    ends: dict[str, Outcome] = field(default_factory=dict, init=False)
    running: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        inputs = {planned.id: planned.job.inputs for planned in self.jobs.values()}
        weight = self._chain_lengths(inputs)
        order = sorted(self.jobs, key=lambda job: (weight[job], job), reverse=True)
        self._place = {job: place for place, job in enumerate(order)}
        self.ends.update((job, "done") for job, stages in self.stages.items() if not stages)
        self._after: dict[str, list[str]] = defaultdict(list)
        self._lacking: dict[str, int] = {}
        self._ready: list[tuple[int, str]] = []
        for job, needs in inputs.items():
            lacking = [needed for needed in needs if needed not in self.ends]
            self._lacking[job] = len(lacking)
            for needed in needs:
                self._after[needed].append(job)
            if not lacking and job not in self.ends:
                self._queue(job)

    def next(self) -> str | None:
        """Hand out the next job that can start, which runs from now on; null while all wait or none is left."""
        while self._ready:
            _, job = heappop(self._ready)
            if job not in self.ends:
                self.running.add(job)
                return job
        return None

    def again(self, job: str) -> None:
        """Put a job that was running back among those that can start."""
        self.running.discard(job)
        self._queue(job)

    def settle(self, job: str, outcome: Outcome) -> list[Ended]:
        """Note how a job ended, and return the descendants that can no longer run."""
        self.running.discard(job)
        self.ends[job] = outcome
        if outcome != "done":
            return list(self._lose(job, outcome))
        for other in self._after[job]:
            self._lacking[other] -= 1
            if not self._lacking[other]:
                self._queue(other)
        return []

    def _lose(self, job: str, outcome: Outcome) -> Iterable[Ended]:
        after: Outcome = outcome if outcome in FRUITLESS else "blocked"
        needing = [job]
        for needed in needing:  # it grows meanwhile
            for other in self._after[needed]:
                if other not in self.ends:
                    self.ends[other] = after
                    needing.append(other)
                    yield Ended(other, after, f"needs {job}, which {FRUITLESS.get(outcome, outcome)}")

    def _queue(self, job: str) -> None:
        heappush(self._ready, (self._place[job], job))

    def _chain_lengths(self, inputs: dict[str, tuple[str, ...]]) -> dict[str, int]:
        """Return for each job the training steps of the longest chain that it begins."""
        length: dict[str, int] = defaultdict(int)
        for job in reversed(inputs):
            length[job] += self.jobs[job].job.training.steps
            for needed in inputs[job]:
                length[needed] = max(length[needed], length[job])
        return length
