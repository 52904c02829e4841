"""What became of every metric: against the margins of the baseline's claims; metrics of no claim are only shown."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from benchmark.comparability import differences
from benchmark.schema.account import Account, Series
from benchmark.schema.trend import Change, State
from benchmark.statistics import mean, paired
from benchmark.trend.discovery import FALSE_DISCOVERY, FEWEST, FRESH_LEVEL, LEVEL, adjusted
from benchmark.trend.shift import Shift, contrast, has_left, shift, values
from benchmark.verdicts.contrast import Contrast
from benchmark.verdicts.wording import rounded


@dataclass(frozen=True)
class _Question:
    """A metric of an arm, and the margin that a claim gives it; of no claim where `claim` is null."""

    claim: str | None
    arm: str
    metric: str
    margin: float | None

    @property
    def test(self) -> Hashable:
        """What it tests: claims that ask the same make one test."""
        return self.arm, self.metric, self.margin


@dataclass(frozen=True)
class _Answer:
    question: _Question
    change: Change
    shift: Shift | None = None


def changes(baseline: Account, night: Account) -> tuple[list[Change], int]:
    """Return what became of every metric that both have, in the order of the claims; and how many tests were made.

    Metrics of no claim come last, and only those that are not the same to the bit. What is the same to the bit needs
    no test.
    """
    found = [answer for one in _questions(baseline) if (answer := _answer(baseline, night, one)) is not None]
    asked = [one for one in found if one.shift is not None and one.question.margin is not None]
    worse = adjusted({one.question.test: one.shift.worse_p for one in asked if one.shift})
    better = adjusted({one.question.test: one.shift.better_p for one in asked if one.shift})
    settled = [_settled(one, worse, better) for one in found]
    return [one for one in settled if one.claim is not None or one.state != "same"], len(worse)


def confirmed(change: Change, baseline: Account, fresh: Account) -> Change:
    """Return a suspected change as fresh seeds leave it: confirmed, dismissed, or suspected where they cannot tell."""
    arm = fresh.arms.get(change.arm)
    before = baseline.arms[change.arm]
    series = before.series[change.metric]
    if arm is None or not values(arm, change.metric):
        return _said(change, "its fresh seeds were not measured")
    fields = differing_protocol(baseline, fresh, change.arm, change.metric)
    theirs, ours = values(arm, change.metric), values(before, change.metric)
    if fields or min(len(theirs), len(ours)) < FEWEST:
        return _said(change, f"fresh seeds differ in {', '.join(fields)}" if fields else "too few fresh seeds")
    made = contrast(theirs, ours, series.lower_is_better, change.margin or 0.0, paired=False)
    agrees = has_left(made, series.lower_is_better, upwards=(change.estimate or 0.0) >= 0.0)
    told = f"{len(theirs)} fresh seeds {'agree' if agrees else 'do not agree'}{_interval_of(made, series)}"
    return _said(change.model_copy(update={"state": "confirmed" if agrees else "dismissed"}), told)


def differing_protocol(baseline: Account, other: Account, arm: str, metric: str) -> tuple[str, ...]:
    """Return the fields of its protocol in which a metric was measured otherwise; none where one side lacks it."""
    sides = [(one, one.arms[arm].series[metric]) for one in (baseline, other) if metric in _series(one, arm)]
    return differences([account.protocols[series.protocol] for account, series in sides])


def _series(account: Account, arm: str) -> dict[str, Series]:
    return account.arms[arm].series if arm in account.arms else {}


def _questions(baseline: Account) -> Iterator[_Question]:
    claimed = set()
    for claim, stake in baseline.stakes.items():
        for arm, margin in stake.margins.items() if stake.timing is None else ():
            claimed.add((arm, stake.metric))
            yield _Question(claim, arm, stake.metric, margin)
    for name, account in baseline.arms.items():
        for metric in account.series:
            if (name, metric) not in claimed:
                yield _Question(None, name, metric, None)


def _answer(baseline: Account, night: Account, question: _Question) -> _Answer | None:
    """Compare the seeds that both have; null where there are none, which is told among what is missing."""
    before, now = baseline.arms.get(question.arm), night.arms.get(question.arm)
    if before is None or now is None or question.metric not in before.series:
        return None
    series = before.series[question.metric]
    ours, theirs = before.series[question.metric].values, values(now, question.metric)
    common = [seed for seed in ours if seed in theirs]
    fields = differing_protocol(baseline, night, question.arm, question.metric)
    made = Change(
        claim=question.claim,
        arm=question.arm,
        metric=question.metric,
        unit=series.unit,
        n=len(common),
        before=mean([ours[seed] for seed in common]) if common else None,
        now=_mean([theirs[seed] for seed in common]),
        band=_band([ours[seed] for seed in common]),
        margin=question.margin,
        state="not comparable",
        says=f"measured otherwise than in the baseline: {', '.join(fields)}",
    )
    if fields:
        return _Answer(question, made)
    return _tested(made, {seed: ours[seed] for seed in common}, {seed: theirs[seed] for seed in common}, series)


def _tested(made: Change, ours: dict[int, float], theirs: dict[int, float | None], series: Series) -> _Answer | None:
    question = _Question(made.claim, made.arm, made.metric, made.margin)
    if not ours:
        return None
    if ours == theirs:
        return _Answer(question, _with(made, "same", "the same to the bit"))
    lost = [str(seed) for seed, value in theirs.items() if value is None]
    if lost:
        told = f"ended without a value with seed {', '.join(lost)}, and did not in the baseline"
        return _Answer(question, _with(made, "shown" if made.margin is None else "suspected", told))
    if len(ours) < FEWEST:
        return _Answer(question, _with(made, "shown", "another value; one seed gives no interval"))
    moved = shift(
        contrast(theirs, ours, series.lower_is_better, made.margin or 0.0, paired=True), series.lower_is_better
    )
    ends = made.model_copy(update={"estimate": moved.estimate, "low": moved.low, "high": moved.high})
    return _Answer(question, _with(ends, "shown", _told(moved, ends, series)), moved)


def _settled(answer: _Answer, worse: dict[Hashable, float], better: dict[Hashable, float]) -> Change:
    made, moved = answer.change, answer.shift
    if moved is None or made.margin is None:
        return made
    p = worse[answer.question.test]
    made = made.model_copy(update={"p": moved.worse_p, "adjusted": p})
    margin = f"the margin of {rounded(answer.question.margin or 0.0)} {made.unit}".rstrip()
    if moved.side == "worse" and p <= FALSE_DISCOVERY:
        return _with(made, "suspected", f"{made.says}, beyond {margin} (adjusted p {rounded(p)})")
    if moved.side == "better" and better[answer.question.test] <= FALSE_DISCOVERY:
        return _with(made, "better", f"{made.says}, beyond {margin}")
    return _with(made, "within", f"{made.says}: not shown to have left {margin}")


def _told(moved: Shift, made: Change, series: Series) -> str:
    up, down = ("higher", "lower") if series.lower_is_better is None else ("worse", "better")
    size = f"{rounded(abs(moved.estimate))} {made.unit}".rstrip()
    word = up if moved.estimate >= 0 else down
    return f"{size} {word} ({rounded(moved.low)} to {rounded(moved.high)}) over {made.n} seeds"


def _interval_of(made: Contrast, series: Series) -> str:
    if made.has_divergence:
        return ""
    moved = shift(made, series.lower_is_better, FRESH_LEVEL)
    return f" ({rounded(moved.low)} to {rounded(moved.high)})"


def _mean(found: list[float | None]) -> float | None:
    kept = [value for value in found if value is not None]
    return mean(kept) if kept else None


def _band(values: list[float]) -> float | None:
    """Return half the width of the interval of a mean; null for fewer than two values."""
    if len(values) < FEWEST:
        return None
    low, high = paired(values).interval(LEVEL)
    return (high - low) / 2.0


def _said(change: Change, more: str) -> Change:
    return change.model_copy(update={"says": f"{change.says}; {more}"})


def _with(change: Change, state: State, says: str) -> Change:
    return change.model_copy(update={"state": state, "says": says})
