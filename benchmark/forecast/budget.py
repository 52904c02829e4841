"""Which claims to run in a given time: as many as fit, what they share paid once, by the times that are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush

from benchmark.artifacts import ResultsDir
from benchmark.forecast.costs import Clerk, duration
from benchmark.forecast.reckoning import Reckoner
from benchmark.runner import wanted_jobs
from benchmark.schedule import Schedule
from benchmark.schema.job import Plan, PlannedJob
from benchmark.schema.record import Record
from benchmark.timing.session import tallies
from benchmark.wanted import subset

Needs = Mapping[str, frozenset[str]]
"""The jobs that each claim needs."""

Wall = Callable[[Collection[str]], float]
"""The seconds after which some jobs are done, all of them together."""


class Choice(Record):
    """The claims that are run, the seconds that their jobs take, and why each of the other claims is left out."""

    claims: tuple[str, ...]
    seconds: float
    left_out: dict[str, str]


def within(
    limit: float, plans: list[Plan], results: ResultsDir, reckoner: Reckoner, workers: int, only: frozenset[str]
) -> Choice:
    """Return which claims, of those in `only` if any, so many workers run in `limit` seconds.

    No time is guessed: a claim with a training of unknown speed is left out, and so is one whose timing is still to be
    made, after all jobs. What is done costs nothing. A name that claims of several suites have stands for all of them.
    """
    names = dict.fromkeys(name for plan in plans for name in plan.suite.claims if not only or name in only)
    needs = {name: _needed(plans, name) for name in names}
    jobs = wanted_jobs(plans, frozenset())
    costs = _Costs(jobs, Clerk(plans, jobs, results, reckoner), workers)
    barred = dict(_barred(plans, results, needs, costs.clerk))
    able = {name: needed for name, needed in needs.items() if name not in barred}
    taken = choose(able, costs.seconds, costs.wall, limit, workers)
    spent = costs.wall(union(needs, taken))
    over = {name: _excess(costs, needed, union(needs, taken), limit) for name, needed in able.items()}
    return Choice(
        claims=tuple(name for name in names if name in taken),
        seconds=spent,
        left_out={name: barred.get(name) or over[name] for name in names if name not in taken},
    )


def choose(needs: Needs, seconds: Mapping[str, float], wall: Wall, limit: float, workers: int) -> frozenset[str]:
    """Return claims whose jobs are done within a limit, many if not always the most that there could be.

    Three beginnings are filled up, and the one with most claims is taken: nothing; the claim that brings most others
    with it; and all claims without those, one by one, that save most time, until the rest fits. To fill up is to add
    the claim that adds least time for each claim that then needs nothing more, as long as one fits.
    """
    parts = Parts(needs, seconds)

    def fits(paid: int) -> bool:
        return parts.seconds(paid) <= limit * workers and wall(parts.jobs(paid)) <= limit

    fitting = [name for name in needs if fits(parts.of[name])]
    most = max(fitting, key=lambda name: len(parts.brought(parts.of[name])), default=None)
    beginnings = (0, 0 if most is None else parts.of[most], parts.thinned(fitting, fits))
    ends = [parts.filled(paid, fitting, fits) for paid in beginnings]
    return parts.brought(max(ends, key=lambda paid: (len(parts.brought(paid)), -parts.seconds(paid))))


def union(needs: Needs, claims: Iterable[str]) -> frozenset[str]:
    """Return the jobs that some claims need."""
    return frozenset[str]().union(*(needs[name] for name in claims))


class Parts:
    """Jobs in parts, each of all that the very same claims need; a set of parts is a number with a bit for each."""

    def __init__(self, needs: Needs, seconds: Mapping[str, float]) -> None:
        wanting: dict[str, list[str]] = defaultdict(list)
        for name, jobs in needs.items():
            for job in jobs:
                wanting[job].append(name)
        members: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for job, wanted_by in wanting.items():
            members[tuple(wanted_by)].append(job)
        self._jobs = list(members.values())
        self._seconds = [sum(seconds[job] for job in jobs) for jobs in self._jobs]
        self.of = dict.fromkeys(needs, 0)
        for bit, names in enumerate(members):
            for name in names:
                self.of[name] |= 1 << bit

    def jobs(self, parts: int) -> list[str]:
        """Return the jobs of some parts."""
        return [job for bit, jobs in enumerate(self._jobs) if parts >> bit & 1 for job in jobs]

    def seconds(self, parts: int) -> float:
        """Return the time of some parts, one job after the other."""
        return sum(seconds for bit, seconds in enumerate(self._seconds) if parts >> bit & 1)

    def brought(self, parts: int) -> frozenset[str]:
        """Return the claims that need nothing but some parts."""
        return frozenset(name for name, needed in self.of.items() if not needed & ~parts)

    def filled(self, paid: int, claims: Collection[str], fits: Callable[[int], bool]) -> int:
        """Return the parts paid once claims are added, the best first, as long as one fits."""
        left = set(claims) - self.brought(paid)
        while left:
            had = len(self.brought(paid))

            def price(name: str, had: int = had, paid: int = paid) -> tuple[float, str]:
                with_it = paid | self.of[name]
                return self.seconds(with_it & ~paid) / (len(self.brought(with_it)) - had), name

            best = min(left, key=price)
            if fits(paid | self.of[best]):
                paid |= self.of[best]
            left -= {best} | self.brought(paid)
        return paid

    def thinned(self, claims: Collection[str], fits: Callable[[int], bool]) -> int:
        """Return what is left of all claims' parts when those that save most time are given up until the rest fits."""
        kept = set(claims)
        while not fits(paid := self._joined(kept)):
            kept.remove(max(kept, key=lambda name: (self._saved(name, kept), self.seconds(self.of[name]), name)))
        return paid

    def _joined(self, claims: Iterable[str]) -> int:
        paid = 0
        for name in claims:
            paid |= self.of[name]
        return paid

    def _saved(self, name: str, kept: set[str]) -> float:
        return self.seconds(self.of[name] & ~self._joined(kept - {name}))


@dataclass(frozen=True)
class _Costs:
    """What jobs cost so many workers."""

    jobs: Mapping[str, PlannedJob]
    clerk: Clerk
    workers: int

    @cached_property
    def seconds(self) -> dict[str, float]:
        """The time of each job, where it is known; 0 for what is done."""
        return {job: bill.seconds for job, bill in self.clerk.bills.items() if bill.seconds is not None}

    def wall(self, chosen: Collection[str]) -> float:
        """Return how long the workers take for some jobs and all that these need, in the order of a run."""
        asked = frozenset(chosen)
        jobs = {name: planned for name, planned in self.jobs.items() if name in asked}
        schedule = Schedule(jobs, {name: () if name in self.clerk.done else ("train",) for name in jobs})
        clock, running = 0.0, list[tuple[float, str]]()
        while True:
            while len(running) < self.workers and (job := schedule.next()) is not None:
                heappush(running, (clock + self.seconds[job], job))
            if not running:
                return clock
            clock, job = heappop(running)
            schedule.settle(job, "done")


def _needed(plans: list[Plan], name: str) -> frozenset[str]:
    return frozenset[str]().union(*(subset(plan, frozenset({name})) for plan in plans))


def _barred(plans: list[Plan], results: ResultsDir, needs: Needs, clerk: Clerk) -> Iterable[tuple[str, str]]:
    """Yield the claims that cannot be run by a budget, each with the reason."""
    timings = tallies(results if results.has_campaign() else None, plans)
    for plan in plans:
        for name in plan.suite.claims.keys() & needs.keys():
            claim = plan.suite.claims[name]
            unknown = sum(clerk.bills[job].seconds is None or clerk.bills[job].by_flops for job in needs[name])
            tally = None if claim.timing is None else timings[f"{plan.suite.key}/{claim.timing}"]
            if unknown:
                yield name, f"the speed of {unknown} of its trainings is not known: `ticketbench plan --measure` first"
            elif tally is not None and tally.done < tally.processes:
                yield name, "it is to be timed when all jobs are done, which takes a time that is not known"
            elif plan.suite.small and all(one.reference is not None for one in claim.compare):
                yield name, "a small run can't speak for a paper's number"


def _excess(costs: _Costs, needed: frozenset[str], taken: frozenset[str], limit: float) -> str:
    alone = costs.wall(needed)
    if alone > limit:
        return f"it takes {duration(alone)} by itself"
    return f"it would add {duration(costs.wall(taken | needed) - costs.wall(taken))} to what is run"
