"""What became of every arm that a claim is about: the later directory minus the earlier, with an interval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmark.comparability import differences as differing_fields
from benchmark.schema.measurement import FRUITLESS
from benchmark.schema.protocol import Protocol
from benchmark.schema.verdict import ArmSummary, Verdict
from benchmark.statistics import Estimate, mean, paired, welch
from benchmark.verdicts.timed import protocol as timed_protocol
from reports.blocks import Cell, Table
from reports.compare_side import Side
from reports.comparisons import arms_of
from reports.wording import ENDS, MINUS, MISSING, count, number

LEVEL = 0.90


@dataclass(frozen=True)
class Delta:
    """An arm's metric on both sides; the shift where an interval can be had, what was `lost` else."""

    arm: str
    metric: str
    unit: str
    lower_is_better: bool | None
    before: float | None
    now: float | None
    shift: Estimate | None
    how: str
    lost: str

    @property
    def is_same(self) -> bool:
        """Whether every seed gave the same number on both sides."""
        return self.shift is not None and (self.shift.value, self.shift.error) == (0.0, 0.0)

    @property
    def is_tested(self) -> bool:
        """Whether chance has a say in it."""
        return self.shift is not None and self.shift.error > 0.0

    @property
    def has_moved(self) -> bool:
        """Whether the interval leaves out zero."""
        if self.shift is None:
            return False
        low, high = self.shift.interval(LEVEL)
        return not low <= 0.0 <= high

    @property
    def reading(self) -> str:
        """The shift in a word."""
        if self.shift is None:
            return self.lost or "one value a side gives no interval"
        if self.is_same:
            return "the same to the bit"
        if not self.has_moved:
            return "no shift shown"
        if self.lower_is_better is None:
            return "higher" if self.shift.value > 0 else "lower"
        return "worse" if (self.shift.value > 0) == self.lower_is_better else "better"


def deltas(before: Side, now: Side, claims: Iterable[str]) -> dict[tuple[str, str], tuple[Delta, list[str]]]:
    """Return the shift of each (arm, metric) that these claims are about on both sides, and which claims those are.

    A claim that has come to a later look sees more seeds: of several claims' seeds of one arm the most are taken.
    """
    found: dict[tuple[str, str], tuple[Delta, list[str]]] = {}
    most: dict[tuple[str, str], int] = {}
    for claim in claims:
        old, new = before.verdicts[claim], now.verdicts[claim]
        if (old.claim.metric, old.claim.timing) != (new.claim.metric, new.claim.timing):
            continue
        ours, theirs = _observed(old), _observed(new)
        for arm in (name for name in ours if name in theirs):
            key, seeds = (arm, new.claim.metric), len(ours[arm].observations) + len(theirs[arm].observations)
            names = [*found[key][1], claim] if key in found else [claim]
            made = found[key][0] if key in found and seeds <= most[key] else None
            made = made or _delta((before, old, ours[arm]), (now, new, theirs[arm]))
            found[key], most[key] = (made, names), max(seeds, most.get(key, 0))
    return found


def arms_table(caption: str, letters: tuple[str, str], found: Iterable[tuple[Delta, Sequence[str]]]) -> Table | None:
    """Tabulate shifts from one lettered side to the other; null where there are none."""
    rows = tuple(tuple(_row(delta, claims)) for delta, claims in found)
    shift = f"{letters[1]} {MINUS} {letters[0]}"
    columns = ("arm", "metric", *letters, shift, "90 % interval", "how", "reading", "claims")
    return Table(caption=caption, columns=columns, rows=rows) if rows else None


def remarks(before: Side, now: Side, found: Sequence[Delta]) -> tuple[str, ...]:
    """Say how many arms moved, how many would by chance, and whether one class of machine made both sides."""
    tested = [delta for delta in found if delta.is_tested]
    same = sum(delta.is_same for delta in found)
    moved = sum(delta.has_moved for delta in tested)
    said = [f"{same} of {count(len(found), 'arm')} gave the same numbers to the bit."] if found else []
    if tested:
        by_chance = number((1.0 - LEVEL) * len(tested), 2)
        said.append(
            f"{moved} of {len(tested)} that chance has a say in moved (their interval leaves out 0); without any "
            f"change about {by_chance} would."
        )
    return (*said, _machines(before, now))


def _machines(before: Side, now: Side) -> str:
    if before.machine is None or now.machine is None:
        return "The class of machine of one side is unknown, or there were several."
    if before.machine != now.machine:
        return (
            f"{before.letter} was made on {before.machine}, {now.letter} on {now.machine}: another class of machine, "
            "so bytes may differ without another cause."
        )
    return f"Both were made on one class of machine: {now.machine}."


def _observed(verdict: Verdict) -> dict[str, ArmSummary]:
    return {arm.name: arm for arm in arms_of(verdict) if arm.observations}


def _delta(old: tuple[Side, Verdict, ArmSummary], new: tuple[Side, Verdict, ArmSummary]) -> Delta:
    ours, theirs, verdict = old[2], new[2], new[1]
    measured = [made for made in (_measured(*old), _measured(*new)) if made is not None]
    fields = differing_fields([one.protocol for one in measured])
    shift, how = _shift(ours, theirs, verdict.claim.timing is not None)
    lost = "; ".join((*_lost(old[0].letter, ours), *_lost(new[0].letter, theirs)))
    return Delta(
        arm=theirs.name,
        metric=verdict.claim.metric,
        unit=measured[-1].unit if measured else "",
        lower_is_better=measured[-1].lower_is_better if measured else True,
        before=_mean(ours),
        now=_mean(theirs),
        shift=None if fields else shift,
        how=how,
        lost=f"measured otherwise: {', '.join(fields)}" if fields else lost,
    )


class _Measured(NamedTuple):
    unit: str
    lower_is_better: bool | None
    protocol: Protocol


def _measured(side: Side, verdict: Verdict, arm: ArmSummary) -> _Measured | None:
    """Return how the first value of an arm was measured; null where it has none."""
    metric, timing = verdict.claim.metric, verdict.claim.timing
    if timing is not None:
        record = next(side.clocked(timing, arm.name), None)
        return None if record is None else _Measured("s", True, timed_protocol(record, metric))
    jobs = (seen.job for seen in arm.observations if seen.job is not None and seen.value is not None)
    found = (side.evidence.measurement(job, metric) for job in jobs)
    made = next((one for one in found if one is not None), None)
    return None if made is None else _Measured(made.unit, made.lower_is_better, made.protocol)


def _values(arm: ArmSummary) -> dict[int, float]:
    return {seen.seed: seen.value for seen in arm.observations if seen.value is not None}


def _mean(arm: ArmSummary) -> float | None:
    values = list(_values(arm).values())
    return mean(values) if values else None


def _shift(ours: ArmSummary, theirs: ArmSummary, timed: bool) -> tuple[Estimate | None, str]:
    """Return the shift and how it was reckoned: by pairs of equal seeds, else by Welch; null without an interval.

    A mean over the seeds that did not diverge would hide those that did, so there is none where one did on either side.
    """
    if any(seen.outcome in FRUITLESS for seen in (*ours.observations, *theirs.observations)):
        return None, ""
    before, now = _values(ours), _values(theirs)
    common = [seed for seed in before if seed in now] if not timed else []
    if len(common) > 1:
        return paired([now[seed] - before[seed] for seed in common]), f"paired, {count(len(common), 'seed')}"
    if min(len(before), len(now)) > 1:
        return welch([*now.values()], [*before.values()]), f"Welch, {len(before)} and {len(now)}"
    return None, ""


def _lost(letter: str, arm: ArmSummary) -> Iterator[str]:
    """Say which seeds of a side have no value, and how they ended."""
    lost = [seen for seen in arm.observations if seen.value is None]
    for outcome in dict.fromkeys(seen.outcome for seen in lost):
        seeds = [str(seen.seed) for seen in lost if seen.outcome == outcome]
        yield f"{letter}: seed {', '.join(seeds)} {FRUITLESS.get(outcome, ENDS[outcome])}"


def _row(delta: Delta, claims: Sequence[str]) -> Iterator[Cell]:
    yield Cell(text=delta.arm, head=True)
    yield Cell(text=delta.metric)
    for value in (delta.before, delta.now):
        yield Cell(text=MISSING if value is None else number(value, 4), missing=value is None)
    if delta.shift is None:
        yield from (Cell(text="none", missing=True) for _ in range(3))
    else:
        low, high = delta.shift.interval(LEVEL)
        yield Cell(text=f"{signed(delta.shift.value)} {delta.unit}".rstrip(), notable=delta.has_moved)
        yield Cell(text=f"{number(low)} to {number(high)}")
        yield Cell(text=delta.how)
    lost = f" ({delta.lost})" if delta.shift is not None and delta.lost else ""
    yield Cell(text=f"{delta.reading}{lost}", notable=delta.has_moved, missing=delta.shift is None)
    yield Cell(text=", ".join(claims))


def signed(value: float) -> str:
    """Write a difference with its sign."""
    return f"{'+' if value > 0 else ''}{number(value)}"
