"""What can be drawn on an axis: a metric, the sparsity, or a time that a timing measured, of every level."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.schema.measurement import Measurement
from reports.evidence import Evidence
from reports.page import Axis

SPANNING = ("FLOP", "MAC", "parameters", "FID", "MSE")
"""Units of what may span orders of magnitude, and is never negative."""
WIDE = 30.0
"""The ratio of the largest value to the smallest from which on an axis is logarithmic."""

Conventions = Callable[[str, int], frozenset[str]]
"""What the values of an experiment's level count, in the words of their protocols."""

Values = Callable[[str, int], Mapping[int, float]]
"""The values of an experiment's level by seed (by process, for times); none where nothing was measured."""


@dataclass(frozen=True)
class Quantity:
    """A number that levels have, each seed its own (or each process); `floor` is what real images score."""

    name: str
    title: str
    values: Values
    unit: str = ""
    by: Literal["seed", "process"] = "seed"
    floor: float | None = None
    conventions: Conventions = lambda experiment, level: frozenset()

    def axis(self, drawn: Iterable[float], counted: Sequence[str] = ()) -> Axis:
        """Return the axis that holds these values; it names what is `counted` where that differs between them."""
        ends = sorted(drawn)
        log = self.unit in SPANNING and ends[0] > 0 and ends[-1] / ends[0] >= WIDE
        title = f"{self.title}{', logarithmic' if log else ''}{_apart(counted)}"
        return Axis(name=self.name, title=title, log=log)


def sparsity(evidence: Evidence) -> Quantity:
    """Return the measured sparsity, whatever the suite calls it; the dense network's is zero."""

    def of(job: str) -> Measurement | None:
        return evidence.of_metric(job, "sparsity")

    title = "sparsity (fraction removed)"
    return Quantity("sparsity", title, _values(evidence, of), conventions=_conventions(evidence, of))


def metric(evidence: Evidence, name: str, experiments: Iterable[str]) -> Quantity | None:
    """Return a metric of the suite, or null where none of these experiments measured it."""
    jobs = (job for one in experiments for seeds in evidence.arms[one].values() for job in seeds.values())
    first = next((made for job in jobs if (made := evidence.measurement(job, name)) is not None), None)
    if first is None:
        return None

    def of(job: str) -> Measurement | None:
        return evidence.measurement(job, name)

    return Quantity(
        name,
        _titled(name, first),
        _values(evidence, of),
        first.unit,
        floor=_floor(first),
        conventions=_conventions(evidence, of),
    )


def timed(evidence: Evidence, timing: str, name: str) -> Quantity | None:
    """Return a time that a timing measured, by process, or null where it measured none."""
    plan = evidence.suite.timings[timing]
    files = evidence.results.timing(evidence.suite.key, timing, plan)
    found = {place: {one.process: one.value(name) for one in files.clocked(arm)} for arm, place in plan.arms.items()}
    if not any(found.values()):
        return None
    title = f"{name} (s, lower is better)"
    return Quantity(name, title, lambda one, level: found.get(f"{one}@{level}", {}), "s", by="process")


def _values(evidence: Evidence, of: Callable[[str], Measurement | None]) -> Values:
    def values(experiment: str, level: int) -> Mapping[int, float]:
        jobs = sorted(evidence.arms[experiment].get(level, {}).items())
        return {seed: made.value for seed, job in jobs if (made := of(job)) is not None}

    return values


def _conventions(evidence: Evidence, of: Callable[[str], Measurement | None]) -> Conventions:
    def conventions(experiment: str, level: int) -> frozenset[str]:
        made = (of(job) for job in evidence.arms[experiment].get(level, {}).values())
        return frozenset(one.protocol.convention for one in made if one is not None and one.protocol.convention)

    return conventions


def _apart(counted: Sequence[str]) -> str:
    """Name by their first words what is counted differently; conventions that begin alike are only numbered."""
    if len(counted) < 2:
        return ""
    nouns = dict.fromkeys(one.partition(" ")[0] for one in counted)
    return f", {' or '.join(nouns)}" if len(nouns) == len(counted) else f", counted in {len(counted)} ways"


def _titled(name: str, made: Measurement) -> str:
    better = {True: "lower is better", False: "higher is better", None: ""}[made.lower_is_better]
    return f"{name} ({', '.join(text for text in (made.unit, better) if text)})"


def _floor(made: Measurement) -> float | None:
    """Return what real images score against other real images, where the metric says so."""
    floor = made.details.get("floor")
    return float(floor) if isinstance(floor, int | float) else None
