"""What a plan will cost: trainings, what shares them, what is done; time, memory and disk; the seeds that it needs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.forecast.costs import Clerk, Cost
from benchmark.forecast.pilot import Need, Pilot
from benchmark.forecast.power import shown
from benchmark.forecast.reckoning import Reckoner
from benchmark.runner import wanted_jobs
from benchmark.schema.job import Plan
from benchmark.schema.record import Record
from benchmark.wanted import subset


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
        """Return in words: its trainings, how many are shared, how many done, and the time left."""
        return (str(self.cost.jobs), str(self.shared), str(self.cost.done), self.cost.time)


class ExperimentEstimate(Part):
    """One experiment, or a matrix of them: its levels, and the most steps that a training may have."""

    levels: int
    steps: int


class ClaimEstimate(Part):
    """One claim: what it takes by itself, and what it adds where all others are run anyway (`marginal`).

    `power` is the margin that its seeds can show, `needed` how many it would take by a pilot, null without one.
    """

    marginal: Cost
    seeds: int
    power: str
    needed: Need | None = None

    @property
    def added(self) -> str:
        """What it adds in words: trainings, and their time."""
        return f"{self.marginal.jobs}: {self.marginal.time}" if self.marginal.jobs else "nothing"


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
            f"time left for one worker on {self.device}: {self.cost.time}{unseen}"
        )

    @property
    def room(self) -> str:
        """Disk and memory of the whole in one line."""
        return f"disk for the rest: {self.cost.room}; memory of its largest training: {self.cost.held}"


def estimate(plans: list[Plan], results: Path | None, reckoner: Reckoner, pilot: Pilot | None = None) -> Estimate:
    """Return what plans cost on a device, less what is done in a results directory."""
    jobs = wanted_jobs(plans, frozenset())
    clerk = Clerk(plans, jobs, None if results is None else ResultsDir(results), reckoner)
    claims = {(plan.suite.key, name): subset(plan, frozenset({name})) for plan in plans for name in plan.suite.claims}
    needed = Counter(job for wanted in claims.values() for job in wanted)
    return Estimate(
        device=reckoner.speeds.device,
        experiments=tuple(_experiments(plans, clerk)),
        claims=tuple(_claims(plans, claims, needed, clerk, pilot)),
        sharing=_sharing(plans, jobs, needed),
        cost=clerk.cost(jobs),
    )


def _sharing(plans: list[Plan], jobs: Iterable[str], needed: Counter[str]) -> Sharing:
    asked = [arm.job for plan in plans for arm in plan.arms]
    return Sharing(
        asked=len(asked),
        saved=len(asked) - len(set(asked)),
        passed_through=len(set(jobs) - set(asked)),
        jobs=len(set(jobs)),
        needed_by=dict(sorted(Counter(needed[job] for job in jobs).items())),
    )


def _experiments(plans: list[Plan], clerk: Clerk) -> Iterable[ExperimentEstimate]:
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
    plans: list[Plan],
    wanted: Mapping[tuple[str, str], frozenset[str]],
    needed: Counter[str],
    clerk: Clerk,
    pilot: Pilot | None,
) -> Iterable[ClaimEstimate]:
    for plan in plans:
        for name, claim in plan.suite.claims.items():
            jobs = wanted[plan.suite.key, name]
            yield ClaimEstimate(
                suite=plan.suite.key,
                id=name,
                shared=sum(needed[job] > 1 for job in jobs),
                seeds=plan.suite.seeds,
                power=shown(claim, plan.suite),
                needed=None if pilot is None else pilot.need(plan, name),
                cost=clerk.cost(jobs),
                marginal=clerk.cost(job for job in jobs if needed[job] == 1),
            )
