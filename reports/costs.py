"""What was counted of every level, sizes and operations: a column each metric name, beside it the ratio to dense."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmark.statistics import mean
from reports.evidence import Evidence
from reports.lines import task
from reports.page import Cell, Table
from reports.wording import MISSING, number, times

COUNTED = ("parameters", "kept_parameters", "macs", "training_flops")
"""The metrics of the family that are costs; the suite may measure each under several names."""


def costs(evidence: Evidence) -> Table | None:
    """Tabulate counted costs per level, means over seeds: what is counted by one name is never mixed with another."""
    names = [name for metric in COUNTED for name in evidence.names_of(metric)]
    rows = [
        (*leading(evidence, experiment, level), *_cells(evidence, jobs, _dense(evidence, experiment), names))
        for experiment, level, jobs in every_level(evidence)
        if any(evidence.measurement(job, name) for job in jobs for name in names)
    ]
    caption = (
        "Counted costs, means over seeds, and the ratio to the dense network of the same task; a mask alone brings no "
        "speed-up, so these are not times"
    )
    columns = ("experiment", "level", "sparsity", *names)
    return Table(caption=caption, columns=columns, rows=tuple(rows)) if rows else None


def costs_of(evidence: Evidence, places: Iterable[tuple[str, int]]) -> Table | None:
    """Tabulate the costs of some levels (experiment, level): counted ones under their names, the time apart."""
    held = [(one, level) for one, level in places if evidence.arms.get(one, {}).get(level)]
    jobs = {place: [job for _, job in sorted(evidence.arms[place[0]][place[1]].items())] for place in held}
    names = [
        name
        for metric in COUNTED
        for name in evidence.names_of(metric)
        if any(evidence.measurement(job, name) for found in jobs.values() for job in found)
    ]
    rows = tuple(
        (
            *leading(evidence, *place),
            *_cells(evidence, found, _dense(evidence, place[0]), names),
            _step_time(evidence, found),
        )
        for place, found in jobs.items()
    )
    caption = (
        "Costs, means over seeds: what was counted, each under its name with its ratio to the dense network, and apart "
        "from it the time of a training step as it came (jobs shared the machine). A mask alone makes nothing faster"
    )
    columns = ("experiment", "level", "sparsity", *names, "milliseconds per step")
    return Table(caption=caption, columns=columns, rows=rows) if names else None


def _step_time(evidence: Evidence, jobs: Iterable[str]) -> Cell:
    seconds = [taken for job in jobs if (taken := evidence.step_seconds(job)) is not None]
    return Cell(text=number(1000 * mean(seconds)) if seconds else MISSING, missing=not seconds)


def every_level(evidence: Evidence) -> Iterator[tuple[str, int, list[str]]]:
    """Yield every level of every experiment with the jobs of its seeds."""
    for experiment, levels in evidence.arms.items():
        for level, seeds in sorted(levels.items()):
            yield experiment, level, [job for _, job in sorted(seeds.items())]


def leading(evidence: Evidence, experiment: str, level: int) -> tuple[Cell, ...]:
    """Return the cells that a level's row begins with: experiment, level and measured sparsity."""
    removed = evidence.removed(evidence.arms[experiment][level].values())
    sparsity = Cell(text=removed or MISSING, missing=removed is None)
    return Cell(text=experiment, head=True), Cell(text=str(level)), sparsity


def ratio(evidence: Evidence, jobs: Iterable[str], dense: Iterable[str], name: str) -> float | None:
    """Return the mean count of some jobs to that of the dense ones; null unless both were counted by one protocol."""
    ours, theirs = _counts(evidence, jobs, name), _counts(evidence, dense, name)
    if not ours or not theirs or len({protocol for protocol, _ in (*ours, *theirs)}) > 1:
        return None
    base = mean([value for _, value in theirs])
    return mean([value for _, value in ours]) / base if base else None


def _counts(evidence: Evidence, jobs: Iterable[str], name: str) -> list[tuple[object, float]]:
    made = (evidence.measurement(job, name) for job in jobs)
    return [(one.protocol, one.value) for one in made if one is not None]


def _cells(evidence: Evidence, jobs: Sequence[str], dense: Sequence[str], names: Sequence[str]) -> Iterator[Cell]:
    for name in names:
        made = [found for job in jobs if (found := evidence.measurement(job, name)) is not None]
        to_dense = ratio(evidence, jobs, dense, name)
        beside = "" if to_dense is None else f" ({times(to_dense)})"
        text = f"{number(mean([one.value for one in made]))} {made[0].unit}{beside}" if made else MISSING
        yield Cell(text=text, missing=not made)


def _dense(evidence: Evidence, experiment: str) -> Sequence[str]:
    """Return the dense trainings of an experiment's task: its own, else those of the first experiment that has them.

    A level 0 that stops at an event is no whole training, and one of scores is none of weights.
    """
    suite, levels = evidence.suite, evidence.arms
    same = (name for name, other in suite.experiments.items() if task(other) == task(suite.experiments[experiment]))
    for name in (experiment, *same):
        seeds: Mapping[int, str] = levels.get(name, {}).get(0, {})
        trainings = [evidence.job(job).training for job in seeds.values()]
        if seeds and all(one.stop is None and one.scores is None for one in trainings):
            return list(seeds.values())
    return ()
