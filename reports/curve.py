"""A claim's metric over measured sparsity: every seed, the means, their intervals, and the dense level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmark.schema.claim import Claim
from benchmark.schema.measurement import Measurement
from benchmark.schema.suite import Experiment
from benchmark.statistics import mean, paired
from reports.evidence import Evidence
from reports.page import Cell, Curve, LevelPoint, SeedPoint, Series, Table
from reports.wording import count, number, share

LEVEL = 0.90
MOST_SERIES = 6
"""More lines than this cannot be told apart by color, dash and mark together."""


def experiments_of(claim: Claim) -> tuple[str, ...]:
    """Return the experiments that a claim joins, in the order it names them."""
    arms = (arm for comparison in claim.compare for arm in (comparison.arm, comparison.baseline) if arm)
    return tuple(dict.fromkeys(arm.partition("@")[0] for arm in arms))


def curve(evidence: Evidence, claim: Claim, key: str) -> Curve | None:
    """Join the claim's experiments and those of the same task; null where nothing was measured over sparsity."""
    named = experiments_of(claim)
    together = _same_task(evidence, named, claim.metric)
    found = [_series(evidence, name, claim.metric) for name in together]
    drawn = [series for series in found if series.seeds][:MOST_SERIES]
    measured = next((made for made in _measurements(evidence, together, claim.metric)), None)
    if not drawn or measured is None:
        return None
    dense = next((point for name in together if (point := _dense(evidence, name, claim.metric))), None)
    floor = _floor(measured)
    better = "lower is better" if measured.lower_is_better else "higher is better"
    return Curve(
        key=key,
        y_title=f"{claim.metric} ({', '.join(text for text in (measured.unit, better) if text)})",
        description=_description(claim.metric, drawn, dense),
        caption=_caption(dense, floor, sum(_has_levels(evidence, name) for name in together) - len(drawn)),
        dense=dense,
        floor=floor,
        series=tuple(drawn),
        table=_table(claim.metric, drawn, dense),
    )


def interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the two-sided 90 % t interval of a mean; nulls for a single value."""
    if len(values) < 2:
        return None, None
    return paired(values).interval(LEVEL)


def _same_task(evidence: Evidence, named: tuple[str, ...], metric: str) -> tuple[str, ...]:
    experiments = evidence.suite.experiments
    tasks = [_task(experiments[name]) for name in named if name in experiments]
    others = (name for name, other in experiments.items() if metric in other.metrics and _task(other) in tasks)
    return tuple(dict.fromkeys((*(name for name in named if name in experiments), *others)))


def _task(experiment: Experiment) -> tuple[object, ...]:
    return experiment.dataset, experiment.model, experiment.objective


def _measurements(evidence: Evidence, names: Iterable[str], metric: str) -> Iterator[Measurement]:
    for name in names:
        for level in evidence.arms[name].values():
            yield from (made for job in level.values() if (made := evidence.measurement(job, metric)))


def _series(evidence: Evidence, name: str, metric: str) -> Series:
    levels = [_seeds(evidence, name, level, metric) for level in sorted(evidence.arms[name]) if level > 0]
    return _joined(name, levels)


def _dense(evidence: Evidence, name: str, metric: str) -> Series | None:
    seeds = [
        SeedPoint(level=0, seed=seed, sparsity=0.0, value=made.value)
        for seed, job in sorted(evidence.arms[name].get(0, {}).items())
        if (made := evidence.measurement(job, metric)) is not None
    ]
    return _joined("dense", [seeds]) if seeds else None


def _seeds(evidence: Evidence, name: str, level: int, metric: str) -> list[SeedPoint]:
    points = []
    for seed, job in sorted(evidence.arms[name][level].items()):
        made, sparsity = evidence.measurement(job, metric), evidence.sparsity(job)
        if made is not None and sparsity is not None:
            points.append(SeedPoint(level=level, seed=seed, sparsity=sparsity, value=made.value))
    return points


def _joined(name: str, levels: Sequence[Sequence[SeedPoint]]) -> Series:
    seeds = tuple(point for points in levels for point in points)
    return Series(name=name, levels=tuple(_level(points) for points in levels if points), seeds=seeds)


def _level(points: Sequence[SeedPoint]) -> LevelPoint:
    values = [point.value for point in points]
    low, high = interval(values)
    sparsity = mean([point.sparsity for point in points])
    return LevelPoint(level=points[0].level, sparsity=sparsity, n=len(values), mean=mean(values), low=low, high=high)


def _description(metric: str, drawn: Sequence[Series], dense: Series | None) -> str:
    lines = (
        f"{series.name} goes from {number(series.levels[0].mean)} at sparsity {share(series.levels[0].sparsity)} "
        f"to {number(series.levels[-1].mean)} at {share(series.levels[-1].sparsity)}"
        for series in drawn
    )
    level = f" The dense network has {number(dense.levels[0].mean)}." if dense else ""
    return f"{metric} against sparsity: {'; '.join(lines)}.{level}"


def _has_levels(evidence: Evidence, name: str) -> bool:
    return any(level > 0 for level in evidence.arms[name])


def _floor(measured: Measurement) -> float | None:
    """Return what real images score against other real images, where the metric says so."""
    floor = measured.details.get("floor")
    return float(floor) if isinstance(floor, int | float) else None


def _caption(dense: Series | None, floor: float | None, left_out: int) -> str:
    parts = ["Every mark is one seed; lines join the means, ribbons are their 90 % t intervals."]
    if dense:
        parts.append(f"The horizontal band is the dense network ({count(dense.levels[0].n, 'seed')}).")
    if floor is not None:
        parts.append(f"The dotted line is real images against other real images ({number(floor)}).")
    if left_out:
        parts.append(
            f"{count(left_out, 'experiment')} of the same task not drawn: nothing measured, or too many lines."
        )
    return " ".join(parts).replace(" %", "\N{NO-BREAK SPACE}%")


def _table(metric: str, drawn: Sequence[Series], dense: Series | None) -> Table:
    together = [dense, *drawn] if dense else drawn
    rows = [_row(series.name, level, series.seeds) for series in together for level in series.levels]
    columns = (
        "experiment",
        "level",
        "sparsity",
        "seeds",
        f"mean {metric}",
        "90\N{NO-BREAK SPACE}% interval",
        "each seed",
    )
    return Table(caption=f"The numbers behind the chart: {metric} against sparsity", columns=columns, rows=tuple(rows))


def _row(name: str, point: LevelPoint, seeds: Sequence[SeedPoint]) -> tuple[Cell, ...]:
    ends = Cell(text="one seed only", missing=True)
    if point.low is not None and point.high is not None:
        ends = Cell(text=f"{number(point.low)} to {number(point.high)}")
    each = "; ".join(f"{seed.seed}: {number(seed.value)}" for seed in seeds if seed.level == point.level)
    return (
        Cell(text=name, head=True),
        Cell(text=str(point.level)),
        Cell(text=share(point.sparsity)),
        Cell(text=str(point.n)),
        Cell(text=number(point.mean)),
        ends,
        Cell(text=each),
    )
