"""What the arms of a claim are, and the trainings that stand behind them, by the ids under which their files lie."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.schema.suite import Experiment, WeightSource
from benchmark.schema.training import Moment
from benchmark.schema.verdict import ArmSummary, Verdict
from reports.comparisons import arms_of, replicate
from reports.evidence import Evidence
from reports.page import Cell, Table
from reports.wording import ENDS

NO_WORDS = "not described"


COLUMNS = ("what it is", "task", "mask", "weights at the start", "steps")


def arms(evidence: Evidence, verdict: Verdict) -> Table | None:
    """Say what each arm of a claim is: its task, its mask, its first weights; null where none is an experiment's.

    What all arms share is said once, in the caption.
    """
    rows = {name: dict(zip(COLUMNS, _row(evidence, name), strict=True)) for name in _names(evidence, verdict)}
    if not rows:
        return None
    shared = [key for key in ("task", "steps") if len({row[key] for row in rows.values()}) == 1]
    columns = [key for key in COLUMNS if key not in shared]
    first = next(iter(rows.values()))
    caption = "; ".join(("Each arm is a level of an experiment", *(f"{key}: {first[key]}" for key in shared)))
    return Table(
        caption=caption,
        columns=("arm", *columns),
        rows=tuple(
            (Cell(text=name, head=True), *(Cell(text=row[key], missing=row[key] == NO_WORDS) for key in columns))
            for name, row in rows.items()
        ),
    )


def jobs(verdict: Verdict) -> Table | None:
    """List the trainings of every arm, each with how it ended and its id; null where none was planned."""
    rows = tuple(row for arm in arms_of(verdict) for row in _trainings(arm))
    caption = "The trainings behind this claim; the files of each lie under runs/ in the results directory, by its id"
    return Table(caption=caption, columns=("arm", replicate(verdict), "ended", "job"), rows=rows) if rows else None


def _names(evidence: Evidence, verdict: Verdict) -> Iterator[str]:
    """Yield the arms that are levels of the suite, EXPERIMENT@LEVEL: printed numbers and ranges are none."""
    for arm in arms_of(verdict):
        experiment, _, level = arm.name.rpartition("@")
        if experiment in evidence.suite.experiments and level.isdecimal():
            yield arm.name


def _row(evidence: Evidence, name: str) -> Iterator[str]:
    """Yield the cells of `COLUMNS`."""
    experiment, _, level = name.rpartition("@")
    held = evidence.suite.experiments[experiment]
    yield held.says or NO_WORDS
    yield ", ".join(one.name.replace("_", " ") for one in (held.dataset, held.model, held.objective))
    rounds = max((evidence.job(job).mask.rounds for job in evidence.arms[experiment][int(level)].values()), default=1)
    yield masked(held, rounds) if evidence.is_ticket(experiment, int(level)) else "none: the dense network"
    yield origins(held) if int(level) else "initial weights of its seed"
    yield f"{held.training.steps:,}"


def masked(held: Experiment, rounds: int) -> str:
    """Say where the mask of an experiment's tickets comes from, at a level that removes a fraction so many times."""
    mask = held.mask
    if held.training.scores is not None:
        return "found by training scores of the weights"
    if mask is None or mask.source == "ones":
        return "none: every weight is kept"
    if mask.op == "reuse":
        return f"that of {mask.source}"
    of = "the initial weights" if mask.source == "init" else f"{mask.source}{_when(mask.at)}"
    removed = f"{mask.fraction:g} share of what was left" if mask.fraction else f"{mask.sparsity or 0:g} share of all"
    often = f", {rounds} times over" if rounds > 1 else ""
    return f"by {mask.criterion.name.replace('_', ' ')} in {of}, removing a {removed}{often}"


def origins(held: Experiment) -> str:
    """Say where the weights come from that an experiment's tickets begin with."""
    most = _origin(held.weights)
    named = ((component, _origin(source)) for component, source in held.weights.components.items())
    return "; ".join((most, *(f"{component}: {text}" for component, text in named if text != most)))


def _origin(source: WeightSource) -> str:
    if source.source == "init":
        return "initial weights of its seed"
    kind, _, stream = source.source.partition(":")
    return f"drawn anew ({stream})" if kind == "fresh" else f"those of {source.source}{_when(source.at)}"


def _when(at: Moment) -> str:
    return " at the end" if at == "end" else f" after {at:,} steps"


def _trainings(arm: ArmSummary) -> Iterator[tuple[Cell, ...]]:
    for seen in arm.observations:
        ended = "done" if seen.outcome == "done" else ENDS[seen.outcome]
        yield (
            Cell(text=arm.name, head=True),
            Cell(text=str(seen.seed)),
            Cell(text=ended, missing=seen.outcome != "done"),
            Cell(text=seen.job or "none", missing=seen.job is None),
        )
