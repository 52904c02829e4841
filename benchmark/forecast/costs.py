"""What is left of trainings in a results directory, and what that costs: time, memory, disk; each training once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark.artifacts import ResultsDir
from benchmark.forecast.reckoning import Memory, Reckoner
from benchmark.plan import latest_start
from benchmark.runner import pending_stages
from benchmark.schema.job import Job, Plan, PlannedJob
from benchmark.schema.measurement import FRUITLESS, Stage
from benchmark.schema.record import Record


class Cost(Record):
    """Trainings: how many, how many of them are done, and what one worker has to do for the rest.

    What diverged or never became stable is done, with all that needs it: nothing is left of them. `seconds` are those
    of training, and of measuring as far as that was ever seen. They are null where a speed is unknown; the truth is
    less where trainings may stop before their last step, or the speed of a shrunken network is not known (`at_most`),
    and may be another where some of them are reckoned from operations alone (`by_flops`). `disk` are the bytes that
    the rest will take, `memory` those of the device that its largest training holds, or more than these
    (`at_least`): no training was seen that holds so much.
    """

    jobs: int
    done: int
    seconds: float | None
    at_most: bool
    by_flops: bool = False
    disk: float | None = None
    memory: int | None = None
    at_least: bool = False

    @property
    def time(self) -> str:
        """The estimate in words."""
        if self.at_most and self.seconds == 0:
            return "within the training that it goes on from"
        words = duration(self.seconds)
        if self.seconds is None:
            return words
        words = f"about {words} by FLOPs" if self.by_flops else words
        return f"at most {words}" if self.at_most else words

    @property
    def room(self) -> str:
        """The bytes on disk in words."""
        return size(self.disk)

    @property
    def held(self) -> str:
        """The device's memory in words."""
        words = size(self.memory)
        return f"at least {words}" if self.at_least and self.memory is not None else words


@dataclass(frozen=True)
class Bill:
    """What is left of one training, as in `Cost`; null is unknown."""

    seconds: float | None
    disk: float | None
    memory: Memory | None
    at_most: bool = False
    by_flops: bool = False


NO_MEMORY = Memory(0, at_least=False)


class Clerk:
    """Knows what is left of each training, and adds it up."""

    def __init__(
        self, plans: list[Plan], jobs: Mapping[str, PlannedJob], results: ResultsDir | None, reckoner: Reckoner
    ) -> None:
        self._jobs = {name: planned.job for name, planned in jobs.items()}
        self._results, self._reckoner = results, reckoner
        left = {} if results is None else _stages_left(plans, jobs, results)
        self.done = {name for name, stages in left.items() if not stages}
        self._trained = {name for name, stages in left.items() if "train" not in stages}
        self.bills = {name: self._bill(planned) for name, planned in jobs.items()}

    def cost(self, names: Iterable[str]) -> Cost:
        """Return what these trainings cost together, each once."""
        chosen = set(names)
        bills = [self.bills[name] for name in sorted(chosen)]
        times = [bill.seconds for bill in bills]
        held = [bill.memory for bill in bills]
        return Cost(
            jobs=len(chosen),
            done=len(chosen & self.done),
            seconds=_total(times),
            at_most=any(bill.at_most for bill in bills),
            by_flops=any(bill.by_flops for bill in bills),
            disk=_total([bill.disk for bill in bills]),
            memory=None if None in held else max((one.size for one in held if one is not None), default=0),
            at_least=any(one is not None and one.at_least for one in held),
        )

    def steps(self, name: str) -> int:
        """Return the most steps that a training may have."""
        job = self._jobs[name]
        return job.training.steps - (0 if job.start.start_step == "end" else job.start.start_step)

    def _bill(self, planned: PlannedJob) -> Bill:
        job, reckoner = planned.job, self._reckoner
        if planned.id in self._trained:
            measuring = 0.0 if planned.id in self.done else reckoner.measuring(job)
            return Bill(measuring, 0.0, NO_MEMORY)
        pace, disk, memory = reckoner.pace(job), reckoner.disk(planned), reckoner.memory(job)
        if pace is None:
            return Bill(None, disk, memory)
        first, known = self._first_step(job)
        seconds = (job.training.steps - first) * pace.seconds + reckoner.measuring(job)
        at_most = pace.at_most or job.training.stop is not None or not known
        return Bill(seconds, disk, memory, at_most, pace.by_flops)

    def _first_step(self, job: Job) -> tuple[int, bool]:
        """Return the step that a training starts from, and whether that is known.

        Where one before it is still to stop at an event, that one is counted whole, and this one as the rest of it.
        """
        if self._results is not None and self._trained.issuperset(job.inputs):
            return self._results.first_step(job), True
        return latest_start(job.start, self._jobs), job.start.start_step != "end"


def duration(seconds: float | None) -> str:
    """Return seconds in words, in the unit that fits."""
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 360_000 else f"{seconds / 3600:,.0f} h"


def size(count: float | None) -> str:
    """Return bytes in words, in the unit that fits."""
    if count is None:
        return "unknown"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 1000:
            return f"{count:.{0 if count >= 10 else 1}f} {unit}"
    return f"{count / 1000:,.1f} TB"


def _total(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _stages_left(
    plans: list[Plan], jobs: Mapping[str, PlannedJob], results: ResultsDir
) -> dict[str, tuple[Stage, ...]]:
    """Return the stages that each job still needs: none where no weights came of it, or of one that it needs."""
    ends = {job: end for plan in plans for job, end in results.outcomes(plan).items()}
    return {
        name: () if ends[name] in FRUITLESS else pending_stages(results.run(name), planned)
        for name, planned in jobs.items()
    }
