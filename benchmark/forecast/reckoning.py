"""What jobs cost on a device: as jobs of their kind did there, else reckoned from what they are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from benchmark.forecast.anatomy import Anatomies
from benchmark.forecast.kinds import Kind, read_kinds
from benchmark.forecast.sizes import rest_bytes, statistics_bytes
from benchmark.forecast.speeds import Speeds, read_speeds
from benchmark.schema.job import Job, PlannedJob


@dataclass(frozen=True)
class Pace:
    """Seconds of a step; `at_most` as in `Speed`, `by_flops` where no job of the kind was timed on the device."""

    seconds: float
    at_most: bool = False
    by_flops: bool = False


@dataclass(frozen=True)
class Memory:
    """Bytes of a device's memory that a training holds; `at_least` where they were counted and not seen."""

    size: int
    at_least: bool


@dataclass(frozen=True)
class Reckoner:
    """Costs of single jobs; what is neither seen nor counted is null."""

    speeds: Speeds
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    anatomies: Anatomies = field(default_factory=lambda: Anatomies(()))
    _paces: dict[str, Pace | None] = field(default_factory=dict)

    def pace(self, job: Job) -> Pace | None:
        """Return the time of a step, reckoned by its operations where jobs of its kind were never timed.

        The yardstick is the kind timed on this device that is most alike: of the same precision, of those one with
        the same model, of those one with the same objective, of those the one with the nearest number of operations a
        step. The operations per second that it reached are taken for the job's.
        """
        key = self.speeds.kind(job)
        if key not in self._paces:  # thousands of jobs are of a few kinds
            seen = self.speeds.of(job)
            self._paces[key] = self._by_flops(job) if seen is None else Pace(seen.seconds, seen.at_most)
        return self._paces[key]

    def measuring(self, job: Job) -> float:
        """Return the seconds that measuring a job takes, as far as it was seen: 0 where it was not."""
        kind = self._kind(job)
        return 0.0 if kind is None or kind.measuring is None else kind.measuring

    def memory(self, job: Job) -> Memory | None:
        """Return what the training of a job holds of the device's memory."""
        kind, made_of = self._kind(job), self.anatomies.of(job)
        if kind is not None and kind.memory is not None:
            return Memory(kind.memory, at_least=False)
        return None if made_of is None else Memory(made_of.working, at_least=True)

    def disk(self, planned: PlannedJob) -> float | None:
        """Return the bytes that a finished job leaves on disk; a checkpoint has come and gone by then.

        They are counted, which is exact within some percent, since jobs of a kind differ in what they start from and
        in what is measured; but as seen where channels are gone, which cannot be counted before they are.
        """
        kind, made_of = self._kind(planned.job), self.anatomies.of(planned.job)
        rest = snapshot = None
        if made_of is not None:
            rest, snapshot = rest_bytes(planned, made_of), float(made_of.state)
        if kind is not None and kind.disk is not None and (made_of is None or planned.job.shrink):
            rest, snapshot = kind.disk.rest, kind.disk.snapshot or snapshot
        parts = [rest, statistics_bytes(planned), *[snapshot] * len(planned.snapshots)]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    def _kind(self, job: Job) -> Kind | None:
        return self.kinds.get(self.speeds.kind(job))

    def _by_flops(self, job: Job) -> Pace | None:
        made_of = self.anatomies.of(job)
        rates = [] if made_of is None else sorted(self._rates(job, made_of.flops), reverse=True)
        if made_of is None or not rates:
            return None
        return Pace(made_of.flops / rates[0][1], at_most=job.shrink, by_flops=True)

    def _rates(self, job: Job, flops: int) -> Iterable[tuple[tuple[bool, bool, bool, float], float]]:
        """Yield how alike each timed kind is, and the operations per second that it reached."""
        for recipe, seconds in self._timed:
            made_of = self.anatomies.of(recipe)
            if made_of is not None and made_of.flops and flops:
                nearness = -abs(math.log(made_of.flops / flops))
                yield (*_alike(job, recipe), nearness), made_of.flops / seconds

    @cached_property
    def _timed(self) -> tuple[tuple[Job, float], ...]:
        return timed(self.speeds, self.kinds)


def reckoner(device: str, jobs: Iterable[Job]) -> Reckoner:
    """Return what is known of a device, by its name; what jobs are made of is counted where it never was."""
    speeds, kinds = read_speeds(device), read_kinds(device)
    asked = {speeds.kind(job): job for job in jobs}
    unknown = any(speeds.of(job) is None for job in asked.values())
    yardsticks = [recipe for recipe, _ in timed(speeds, kinds)] if unknown else []
    return Reckoner(speeds, kinds, Anatomies([*asked.values(), *yardsticks]))


def timed(speeds: Speeds, kinds: Mapping[str, Kind]) -> tuple[tuple[Job, float], ...]:
    """Return the recipes of the kinds with all their channels that were timed on a device, with seconds of a step."""
    whole = {key: kind.recipe for key, kind in kinds.items() if not kind.recipe.shrink and key in speeds.known}
    return tuple((recipe, speeds.known[key]) for key, recipe in whole.items())


def _alike(job: Job, other: Job) -> tuple[bool, bool, bool]:
    same_precision = job.training.precision == other.training.precision
    return same_precision, job.model.name == other.model.name, job.objective.name == other.objective.name
