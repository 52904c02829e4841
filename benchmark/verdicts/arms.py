"""What was observed of the two sides of a comparison."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark import statistics
from benchmark.schema.measurement import FRUITLESS
from benchmark.schema.protocol import Protocol
from benchmark.schema.reference import Number
from benchmark.schema.verdict import ArmSummary, Observation

OVER_RUNS = frozenset({"standard deviation over runs", "standard deviation over training runs"})
"""What a printed ± must mean to count as a spread over training seeds."""


@dataclass(frozen=True)
class ArmData:
    """One level of an experiment as measured for one metric: every seed, and the protocols found among them.

    `replicate` is what was repeated where it is no seed (the processes of a timing); `cautions` go to the reader.
    """

    name: str
    level: int
    sparsity: float | None
    observations: tuple[Observation, ...]
    protocols: tuple[Protocol, ...] = ()
    unit: str = ""
    lower_is_better: bool | None = True
    replicate: str = "seed"
    cautions: tuple[str, ...] = ()

    @property
    def values(self) -> dict[int, float | None]:
        """The value of each seed; null where its training diverged or never came to its event."""
        return {one.seed: one.value for one in self.observations if _is_observed(one)}

    @property
    def missing(self) -> tuple[str, ...]:
        """The seeds that ought to have a value and have none, each with what became of its job."""
        return tuple(
            f"{self.name} {self.replicate} {one.seed} ({'not measured' if one.outcome == 'done' else one.outcome})"
            for one in self.observations
            if not _is_observed(one)
        )

    def summary(self) -> ArmSummary:
        """Return what the verdict shows; the mean and spread only where no seed is without a value."""
        values = [one.value for one in self.observations if one.value is not None]
        whole = bool(values) and len(values) == len(self.observations)
        return ArmSummary(
            name=self.name,
            sparsity=self.sparsity,
            mean=statistics.mean(values) if whole else None,
            sd=statistics.sd(values) if whole and len(values) > 1 else None,
            observations=self.observations,
        )


@dataclass(frozen=True)
class Printed:
    """A printed mean: its spread over training runs where printed, how many runs, and how exactly it was read."""

    value: float
    sd: float | None
    runs: int
    blur: float


def printed(number: Number) -> Printed:
    """Return a sourced number for comparison; an unknown number of runs counts as one, the widest interval."""
    if number.value is None:
        raise ValueError("a number that is not sourced can't be compared with")
    runs = number.runs or 1
    sd = spread_over_runs(number) if runs > 1 else None
    return Printed(number.value, sd, runs, blur=number.rounding + number.reading_error)


def spread_over_runs(number: Number) -> float | None:
    """Return the printed ± where it is a standard deviation over training runs."""
    return number.spread.value if number.spread is not None and number.spread.means in OVER_RUNS else None


def _is_observed(one: Observation) -> bool:
    return one.value is not None or one.outcome in FRUITLESS
