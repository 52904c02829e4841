"""What the exclusive timing job measured, beside what the counted operations would let one expect."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmark.schema.protocol import Protocol
from benchmark.schema.timing import Clocking
from benchmark.statistics import mean, paired
from benchmark.verdicts.timed import cautions, device, left_out, protocol
from reports import costs
from reports.evidence import Evidence
from reports.page import Cell, Table, TimingSection
from reports.ratios import Cost, printed_ratios
from reports.wording import MISSING, count, number, times

LEVEL = 0.90
TIMED = ("arm", "milliseconds a step", "seconds of whole training", "seconds of finding the mask")
RULE = (
    "Whole training: every step that the ticket's weights went through, at the mean time of a timed step, and drawing "
    "their masks. Finding the mask: the trainings beside it, such as earlier rounds of pruning, and their masks. "
    f"Intervals are {100 * LEVEL:.0f} % t intervals; ratios are paired by process, on the log scale."
)


class Ratio(NamedTuple):
    """A ratio of times with its interval."""

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """The ratio for reading."""
        return f"{times(self.value)} ({times(self.low)} to {times(self.high)})"


def timings(evidence: Evidence) -> tuple[TimingSection, ...]:
    """Return a section for each of the suite's timings."""
    return tuple(_Section(evidence, name).section() for name in evidence.suite.timings)


def ratio(arm: Sequence[Clocking], first: Sequence[Clocking], metric: str) -> Ratio | None:
    """Return an arm's time to the first arm's over the processes that both have; null for fewer than two."""
    theirs = {one.process: one.value(metric) for one in first}
    logs = [math.log(one.value(metric) / theirs[one.process]) for one in arm if one.process in theirs]
    if len(logs) < 2:
        return None
    estimate = paired(logs)
    return Ratio(*map(math.exp, (estimate.value, *estimate.interval(LEVEL))))


def timed_protocols(evidence: Evidence, name: str, metric: str) -> tuple[Protocol, ...]:
    """Return the protocols by which a timing measured one of its times, each once."""
    timing = evidence.suite.timings[name]
    files = evidence.results.timing(evidence.suite.key, name, timing)
    return tuple(dict.fromkeys(protocol(one, metric) for arm in timing.arms for one in files.clocked(arm)))


class _Section:
    """One timing of a suite, with its records and the jobs that were timed."""

    def __init__(self, evidence: Evidence, name: str) -> None:
        self._evidence, self._name = evidence, name
        self._timing = evidence.suite.timings[name]
        files = evidence.results.timing(evidence.suite.key, name, self._timing)
        self._records = {arm: list(files.records(arm)) for arm in self._timing.arms}
        self._clocked = {arm: files.clocked(arm) for arm in self._timing.arms}
        self._first = next(iter(self._timing.arms))
        self._sizes = (*evidence.names_of("parameters"), *evidence.names_of("kept_parameters"))
        self._flops = evidence.names_of("training_flops")

    def section(self) -> TimingSection:
        """Return what is shown of it."""
        arms = self._timing.arms
        ratios = f"Ratios of {self._name} to {self._first}: as counted, as timed, and as the paper prints them"
        timed = f"Times of {self._name}, one training at a time with nothing beside it: {self._timing.says}"
        remarks = (self._how(), RULE, *self._unsped(), *self._gaps(), *self._cautions())
        return TimingSection(
            name=self._name,
            ratios=Table(caption=ratios, columns=self._columns(), rows=tuple(map(self._ratios, arms))),
            table=Table(caption=timed, columns=TIMED, rows=tuple(map(self._row, arms))),
            remarks=remarks,
        )

    def _columns(self) -> tuple[str, ...]:
        """Name the ratios of each cost: those that were counted or timed, then the printed one."""
        sizes = (*self._sizes, "weights, printed") if self._sizes else ()
        flops = (*self._flops, "operations, printed") if self._flops else ()
        return ("arm", "trained", "sparsity", *sizes, *flops, "time of a step", "whole training", "time, printed")

    def _ratios(self, arm: str) -> tuple[Cell, ...]:
        return (
            Cell(text=arm, head=True),
            Cell(text=self._timing.arms[arm]),
            _cell(self._evidence.removed(self._jobs(arm))),
            *self._counted(arm, self._sizes, "size"),
            *self._counted(arm, self._flops, "operations"),
            self._ratio(arm, "step_seconds"),
            self._ratio(arm, "training_seconds"),
            self._printed(arm, "time"),
        )

    def _row(self, arm: str) -> tuple[Cell, ...]:
        found = self._clocked[arm]
        return (
            Cell(text=arm, head=True),
            _cell(_interval([1000 * one.step_seconds for one in found])),
            _cell(_interval([one.training_seconds for one in found])),
            _cell(number(mean([one.finding_seconds for one in found])) if found else None),
        )

    def _counted(self, arm: str, names: Sequence[str], what: Cost) -> Iterator[Cell]:
        """Give what was counted as ratios to the first arm's, means over seeds, and the printed ratio."""
        for name in names:
            found = costs.ratio(self._evidence, self._jobs(arm), self._jobs(self._first), name)
            yield _cell(None if found is None else times(found))
        if names:
            yield self._printed(arm, what)

    def _ratio(self, arm: str, metric: str) -> Cell:
        if arm == self._first:
            return Cell(text="1")
        found = ratio(self._clocked[arm], self._clocked[self._first], metric)
        return _cell(None if found is None else found.text)

    def _printed(self, arm: str, what: Cost) -> Cell:
        """Return the printed ratios that the claims on this arm and the first refer to."""
        found = printed_ratios(self._evidence, {self._timing.arms[arm], self._timing.arms[self._first]}, what)
        return Cell(text=found or "none", missing=not found)

    def _jobs(self, arm: str) -> list[str]:
        experiment, _, level = self._timing.arms[arm].partition("@")
        levels: Mapping[int, Mapping[int, str]] = self._evidence.arms.get(experiment, {})
        return [job for _, job in sorted(levels.get(int(level), {}).items())]

    def _how(self) -> str:
        every = [one for found in self._clocked.values() for one in found]
        devices = " and ".join(dict.fromkeys(device(one) for one in every)) or "no device yet"
        timing = self._timing
        return (
            f"On {devices}: {count(timing.processes, 'process', 'processes')} an arm in interleaved order, each with "
            f"{timing.warm_up} steps of warm-up and {timing.steps} timed ones."
        )

    def _unsped(self) -> Iterator[str]:
        """Say in which arms a mask alone brought no speed-up: their networks do the work of the dense one."""
        slow = []
        for arm in self._timing.arms:
            found = ratio(self._clocked[arm], self._clocked[self._first], "step_seconds")
            if arm != self._first and self._is_masked(arm) and found is not None and found.high >= 1.0:
                slow.append(f"{arm} {found.text}")
        if slow:
            yield (
                "No speed-up was seen where a mask sets weights to zero and leaves every layer at its size: "
                f"a step takes, to {self._first}, {', '.join(slow)}."
            )

    def _is_masked(self, arm: str) -> bool:
        jobs = [self._evidence.job(job) for job in self._jobs(arm)]
        return any((job.mask.op != "ones" or job.training.scores is not None) and not job.shrink for job in jobs)

    def _gaps(self) -> Iterator[str]:
        missing: dict[int, list[str]] = {}
        for arm, records in self._records.items():
            missing.setdefault(records.count(None), []).append(arm)
        for absent, arms in missing.items():
            if absent:
                yield f"{', '.join(arms)}: {absent} of {self._timing.processes} processes were not timed."
        for arm, records in self._records.items():
            lost = [one.failure for one in records if one is not None and one.failure]
            for reason in dict.fromkeys(lost):
                yield f"{arm}: {lost.count(reason)} of {len(records)} processes failed: {reason}"
            for sentence in left_out(arm, records):
                yield f"{sentence} The means here are without it."

    def _cautions(self) -> Iterator[str]:
        every = [one for found in self._clocked.values() for one in found]
        yield from (f"Caution: {text}" for text in cautions("all arms", every))


def _interval(values: Sequence[float]) -> str | None:
    if not values:
        return None
    if len(values) == 1:
        return number(values[0])
    low, high = paired(values).interval(LEVEL)
    return f"{number(mean(values))} ({number(low)} to {number(high)})"


def _cell(text: str | None) -> Cell:
    return Cell(text=MISSING if text is None else text, missing=text is None)
