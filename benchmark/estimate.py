"""What a plan will cost: trainings, what shares them, what is done, and time from the speeds a device has shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.plan import latest_start
from benchmark.runner import pending_stages, wanted_jobs
from benchmark.schema.claim import BaseClaim, FoundBy
from benchmark.schema.job import Job, Plan, PlannedJob
from benchmark.schema.measurement import FRUITLESS, Stage
from benchmark.schema.record import Record
from benchmark.schema.suite import Suite
from benchmark.speeds import Speeds
from benchmark.statistics import fewest_for_share, noninferiority_power, planned
from benchmark.verdicts.rules import FEWEST_SEEDS
from benchmark.wanted import subset

POWER = 0.8
"""The power that a claim should have at its margin (statistics, R3)."""


class Cost(Record):
    """Trainings: how many, how many of them are done, and the seconds that one worker has to train for the rest.

    What diverged or never became stable is done, with all that needs it: nothing is left of them. What is trained and
    not yet measured is not done, but no training is left of it. `seconds` is null where a speed is unknown; the truth
    is less where trainings may stop before their last step, or the speed of a shrunken network is not known
    (`at_most`).
    """

    jobs: int
    done: int
    seconds: float | None
    at_most: bool

    @property
    def time(self) -> str:
        """The estimate in words."""
        if self.at_most and self.seconds == 0:
            return "within the training that it goes on from"
        words = _duration(self.seconds)
        return f"at most {words}" if self.at_most and self.seconds is not None else words


class Part(Record):
    """An experiment or a claim of a suite, how many of its trainings others need too, and what all of them cost."""

    suite: str
    id: str
    shared: int
    cost: Cost

    def name(self, several: bool) -> str:
        """Return what to call it where there are several suites, or only one."""
        return f"{self.suite}/{self.id}" if several else self.id

    def cells(self) -> tuple[str, ...]:
        """Return in words: its trainings, how many are shared, how many done, and the training time left."""
        return (str(self.cost.jobs), str(self.shared), str(self.cost.done), self.cost.time)


class ExperimentEstimate(Part):
    """One experiment, or a matrix of them: its levels, and the most steps that a training may have."""

    levels: int
    steps: int


class ClaimEstimate(Part):
    """One claim: all trainings that it needs, its seeds, and the margin that it can show."""

    seeds: int
    power: str


class Sharing(Record):
    """Why there are fewer trainings than levels: `asked` levels and seeds of all experiments are `jobs` trainings.

    `saved` would be made again without sharing. `needed_by` maps a number of claims to how many trainings so many need.
    """

    asked: int
    saved: int
    passed_through: int
    jobs: int
    needed_by: dict[int, int]

    def rows(self) -> Iterable[tuple[str, int]]:
        """Yield each number with what it is."""
        yield "levels and seeds of all experiments", self.asked
        yield "the same as another experiment's", -self.saved
        yield "only passed through on the way to a level", self.passed_through
        yield "trainings to make, each once", self.jobs
        yield "of them needed by no claim", self.needed_by.get(0, 0)
        yield "of them needed by one claim", self.needed_by.get(1, 0)
        yield "of them needed by several claims", sum(count for claims, count in self.needed_by.items() if claims > 1)


class Estimate(Record):
    """The cost of plans on a device, each training counted once, and seen from experiments and from claims."""

    device: str
    experiments: tuple[ExperimentEstimate, ...]
    claims: tuple[ClaimEstimate, ...]
    sharing: Sharing
    cost: Cost

    @property
    def summary(self) -> str:
        """The whole in one line."""
        unseen = "" if self.cost.seconds is not None else ": some of it was never run there, nor timed by --measure"
        return (
            f"{self.cost.jobs} trainings, {self.cost.done} done; sharing saves {self.sharing.saved}; "
            f"training left for one worker on {self.device}: {self.cost.time}{unseen}"
        )


def estimate(plans: list[Plan], results: Path | None, speeds: Speeds) -> Estimate:
    """Return what plans cost, less what is done in a results directory."""
    jobs = wanted_jobs(plans, frozenset())
    clerk = _Clerk(plans, jobs, None if results is None else ResultsDir(results), speeds)
    claims = {(plan.suite.key, name): subset(plan, frozenset({name})) for plan in plans for name in plan.suite.claims}
    needed = Counter(job for wanted in claims.values() for job in wanted)
    return Estimate(
        device=speeds.device,
        experiments=tuple(_experiments(plans, clerk)),
        claims=tuple(_claims(plans, claims, needed, clerk)),
        sharing=_sharing(plans, jobs, needed),
        cost=clerk.cost(jobs),
    )


@cache
def smallest_margin(seeds: int, paired: bool) -> float | None:
    """Return the margin, in seed standard deviations, that equal arms are within with power 0.8; null under 3 seeds."""
    if seeds < FEWEST_SEEDS:
        return None
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        enough = noninferiority_power(planned(seeds, 1.0, pairs=paired), middle) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return high


@dataclass(frozen=True)
class _Bill:
    """What is left of one training."""

    seconds: float
    at_most: bool


class _Clerk:
    """Knows what is left of each training, and adds it up."""

    def __init__(
        self, plans: list[Plan], jobs: Mapping[str, PlannedJob], results: ResultsDir | None, speeds: Speeds
    ) -> None:
        self._jobs = {name: planned.job for name, planned in jobs.items()}
        self._results = results
        left = {} if results is None else _stages_left(plans, jobs, results)
        self._done = {name for name, stages in left.items() if not stages}
        self._trained = {name for name, stages in left.items() if "train" not in stages}
        self._bills = {name: self._bill(name, speeds) for name in jobs}

    def cost(self, names: Iterable[str]) -> Cost:
        """Return what these trainings cost together, each once."""
        chosen = set(names)
        bills = [self._bills[name] for name in sorted(chosen)]
        known = [bill for bill in bills if bill is not None]
        return Cost(
            jobs=len(chosen),
            done=len(chosen & self._done),
            seconds=sum(bill.seconds for bill in known) if len(known) == len(bills) else None,
            at_most=any(bill.at_most for bill in known),
        )

    def steps(self, name: str) -> int:
        """Return the most steps that a training may have."""
        job = self._jobs[name]
        return job.training.steps - (0 if job.start.start_step == "end" else job.start.start_step)

    def _bill(self, name: str, speeds: Speeds) -> _Bill | None:
        if name in self._trained:
            return _Bill(0.0, at_most=False)
        job = self._jobs[name]
        speed = speeds.of(job)
        if speed is None:
            return None
        first, known = self._first_step(job)
        at_most = speed.at_most or job.training.stop is not None or not known
        return _Bill((job.training.steps - first) * speed.seconds, at_most)

    def _first_step(self, job: Job) -> tuple[int, bool]:
        """Return the step that a training starts from, and whether that is known.

        Where one before it is still to stop at an event, that one is counted whole, and this one as the rest of it.
        """
        if self._results is not None and self._trained.issuperset(job.inputs):
            return self._results.first_step(job), True
        return latest_start(job.start, self._jobs), job.start.start_step != "end"


def _stages_left(
    plans: list[Plan], jobs: Mapping[str, PlannedJob], results: ResultsDir
) -> dict[str, tuple[Stage, ...]]:
    """Return the stages that each job still needs: none where no weights came of it, or of one that it needs."""
    ends = {job: end for plan in plans for job, end in results.outcomes(plan).items()}
    return {
        name: () if ends[name] in FRUITLESS else pending_stages(results.run(name), planned)
        for name, planned in jobs.items()
    }


def _sharing(plans: list[Plan], jobs: Iterable[str], needed: Counter[str]) -> Sharing:
    asked = [arm.job for plan in plans for arm in plan.arms]
    return Sharing(
        asked=len(asked),
        saved=len(asked) - len(set(asked)),
        passed_through=len(set(jobs) - set(asked)),
        jobs=len(set(jobs)),
        needed_by=dict(sorted(Counter(needed[job] for job in jobs).items())),
    )


def _experiments(plans: list[Plan], clerk: _Clerk) -> Iterable[ExperimentEstimate]:
    owners: dict[str, set[tuple[str, str]]] = defaultdict(set)
    jobs: dict[tuple[str, str], set[str]] = defaultdict(set)
    levels: dict[tuple[str, str], set[tuple[str, int]]] = defaultdict(set)
    for plan in plans:
        for arm in plan.arms:
            owner = (plan.suite.key, arm.experiment.partition("[")[0])  # all of a matrix in one line
            owners[arm.job].add(owner)
            jobs[owner].add(arm.job)
            levels[owner].add((arm.experiment, arm.level))
    for owner, names in jobs.items():
        yield ExperimentEstimate(
            suite=owner[0],
            id=owner[1],
            levels=len(levels[owner]),
            steps=max(map(clerk.steps, names)),
            shared=sum(len(owners[name]) > 1 for name in names),
            cost=clerk.cost(names),
        )


def _claims(
    plans: list[Plan], wanted: Mapping[tuple[str, str], frozenset[str]], needed: Counter[str], clerk: _Clerk
) -> Iterable[ClaimEstimate]:
    for plan in plans:
        for name, claim in plan.suite.claims.items():
            jobs = wanted[plan.suite.key, name]
            yield ClaimEstimate(
                suite=plan.suite.key,
                id=name,
                shared=sum(needed[job] > 1 for job in jobs),
                seeds=plan.suite.seeds,
                power=_power(claim, plan.suite),
                cost=clerk.cost(jobs),
            )


def _power(claim: BaseClaim, suite: Suite) -> str:
    """Return what a claim can decide: the margin it can show, or whether its seeds suffice for the share claimed."""
    if isinstance(claim, FoundBy):
        fewest = max(FEWEST_SEEDS, fewest_for_share(claim.share))
        shown = f"a share of {claim.share:g} of the seeds"
        return shown if suite.seeds >= fewest else f"none: {shown} takes {fewest} seeds at least"
    timing = None if claim.timing is None else suite.timings[claim.timing]
    margin = smallest_margin(suite.seeds if timing is None else timing.processes, claim.paired)
    if margin is None:
        units = "seeds" if timing is None else "processes"
        return f"none: fewer than {FEWEST_SEEDS} {units} are never conclusive"
    unit = "seed" if timing is None else "process"
    return f"{margin:.2f} sd of {'the paired differences' if claim.paired else f'a {unit}'}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 360_000 else f"{seconds / 3600:,.0f} h"
