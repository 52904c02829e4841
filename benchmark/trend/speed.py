"""Step times as ratios night to baseline, within one class of machine.

Per kind of job, the times of its jobs are compared by Welch's interval on logarithms; over all kinds, the geometric
mean of the kinds' ratios by Student's t on their logarithms, so that no slow kind outweighs the others. *Slower* means
that the 90 % interval lies wholly above `SLOWER`, with the same correction over all kinds as metrics have; an alarm is
what the confirming run finds as slow by an interval of 98 %. Jobs of a night share the machine: where both sides have
records of exclusive timings, those are judged and ordinary jobs only shown; where they have none, ordinary jobs are
judged.
"""

from __future__ import annotations

import math
from dataclasses import replace

from benchmark.schema.account import Account, Pace
from benchmark.schema.trend import SpeedChange, State
from benchmark.statistics import Estimate, chance_above, mean, paired, welch
from benchmark.trend.discovery import FALSE_DISCOVERY, FEWEST, FRESH_LEVEL, LEVEL, adjusted
from benchmark.verdicts.wording import rounded

SLOWER = 1.25
"""What a ratio has to exceed: jobs that share a machine vary by less."""
ALL = "all kinds"
FEWEST_KINDS = 3
"""The fewest kinds that are judged together: Student's t of two says nothing at 98 %."""


def speeds(baseline: Account, night: Account) -> tuple[list[SpeedChange], int]:
    """Return the ratio of every kind that both have times of, all kinds together first; and how many were tested.

    Empty on another class of machine, or where either class is unknown.
    """
    if baseline.machine is None or baseline.machine != night.machine:
        return [], 0
    found = {kind: (pace, night.paces[kind]) for kind, pace in baseline.paces.items() if kind in night.paces}
    judged = _judged_kinds(baseline, night)
    tried = {ALL: _over_kinds(baseline, night), **{kind: _estimate(*found[kind]) for kind in judged}}
    estimates = {kind: estimate for kind, estimate in tried.items() if estimate is not None}
    ps = adjusted({kind: _p(made) for kind, made in estimates.items()})
    exclusive = bool(judged) and baseline.paces[judged[0]].exclusive
    told = [_judged(kind, one, ps[kind], exclusive) for kind, one in estimates.items()]
    told += [
        _shown(kind, _log_ratio(*found[kind]), found[kind][0].exclusive) for kind in found if kind not in estimates
    ]
    return told, len(ps)


def confirmed(change: SpeedChange, baseline: Account, fresh: Account) -> SpeedChange:
    """Return a suspected ratio as the confirming run leaves it."""
    if baseline.machine != fresh.machine:
        return _said(change, "the confirming run was on another machine")
    estimate = _over_kinds(baseline, fresh) if change.kind == ALL else _of_kind(change.kind, baseline, fresh)
    if estimate is None:
        return _said(change, "the confirming run has too few times")
    agrees = _is_slower(estimate, FRESH_LEVEL)
    told = f"the confirming run {'agrees' if agrees else 'does not agree'} ({_ends(estimate, FRESH_LEVEL)})"
    return _said(change.model_copy(update={"state": "confirmed" if agrees else "dismissed"}), told)


def _judged_kinds(baseline: Account, night: Account) -> list[str]:
    """Return the kinds that are judged: the timed arms that both have, or else the ordinary jobs."""
    both = [kind for kind in baseline.paces if kind in night.paces]
    return [kind for kind in both if baseline.paces[kind].exclusive] or both


def _judged(kind: str, estimate: Estimate, p: float, exclusive: bool) -> SpeedChange:
    low, high = (math.exp(end) for end in estimate.interval(LEVEL))
    slower = _is_slower(estimate) and p <= FALSE_DISCOVERY
    state: State = "suspected" if slower else "better" if high < 1.0 / SLOWER else "within"
    told = {
        "suspected": f"above {SLOWER:g}",
        "better": f"below 1 / {SLOWER:g}",
        "within": f"not shown to exceed {SLOWER:g}",
    }
    says = f"{rounded(math.exp(estimate.value))} times the seconds per step ({_ends(estimate)})"
    return SpeedChange(
        kind=kind,
        exclusive=exclusive,
        ratio=math.exp(estimate.value),
        low=low,
        high=high,
        p=_p(estimate),
        adjusted=p,
        state=state,
        says=f"{says}, {told[state]}",
    )


def _shown(kind: str, log: float, exclusive: bool) -> SpeedChange:
    ratio = math.exp(log)
    told = f"{rounded(ratio)} times the seconds per step; not judged"
    return SpeedChange(kind=kind, exclusive=exclusive, ratio=ratio, state="shown", says=told)


def _estimate(before: Pace, now: Pace) -> Estimate | None:
    if min(len(before.seconds), len(now.seconds)) < FEWEST:
        return None
    return welch(_logs(now), _logs(before))


def _of_kind(kind: str, baseline: Account, fresh: Account) -> Estimate | None:
    return _estimate(baseline.paces[kind], fresh.paces[kind]) if kind in fresh.paces else None


def _over_kinds(baseline: Account, night: Account) -> Estimate | None:
    logs = [_log_ratio(baseline.paces[kind], night.paces[kind]) for kind in _judged_kinds(baseline, night)]
    return paired(logs) if len(logs) >= FEWEST_KINDS else None


def _log_ratio(before: Pace, now: Pace) -> float:
    return mean(_logs(now)) - mean(_logs(before))


def _logs(pace: Pace) -> list[float]:
    return [math.log(value) for value in pace.seconds]


def _p(estimate: Estimate) -> float:
    return chance_above(replace(estimate, value=estimate.value - math.log(SLOWER)))


def _is_slower(estimate: Estimate, level: float = LEVEL) -> bool:
    return estimate.interval(level).low > math.log(SLOWER)


def _ends(estimate: Estimate, level: float = LEVEL) -> str:
    low, high = estimate.interval(level)
    return f"{rounded(math.exp(low))} to {rounded(math.exp(high))}"


def _said(change: SpeedChange, more: str) -> SpeedChange:
    return change.model_copy(update={"says": f"{change.says}; {more}"})
