"""Step times as ratios night to baseline, within one class of machine.

Per kind of job, the times of its jobs are compared by Welch's interval on logarithms; over all kinds, the geometric
mean of the kinds' ratios by Student's t on their logarithms, so that no slow kind outweighs the others. *Slower* means
that the 90 % interval lies wholly above `SLOWER`, with the same correction over all kinds as metrics have; an alarm is what
the confirming run finds as slow. Jobs of a night share the machine: where both sides have records of exclusive timings,
those are judged and ordinary jobs only shown; where they have none, ordinary jobs are judged.
"""

from __future__ import annotations

import math
from dataclasses import replace

from benchmark.schema.account import Account, Pace
from benchmark.schema.trend import SpeedChange, State
from benchmark.statistics import Estimate, chance_above, mean, paired, welch
from benchmark.trend.discovery import FALSE_DISCOVERY, FEWEST, LEVEL, adjusted
from benchmark.verdicts.wording import rounded

SLOWER = 1.25
"""What a ratio has to exceed: jobs that share a machine vary by less."""
ALL = "all kinds"


def speeds(baseline: Account, night: Account) -> tuple[list[SpeedChange], int]:
    """Return the ratio of every kind that both have times of, all kinds together first; and how many were tested.

    Empty on another class of machine, or where either class is unknown.
    """
    if baseline.machine is None or baseline.machine != night.machine:
        return [], 0
    found = {kind: (pace, night.paces[kind]) for kind, pace in baseline.paces.items() if kind in night.paces}
    judged = judged_kinds(baseline, night)
    logs = {kind: _log_ratio(*found[kind]) for kind in found}
    estimates = {kind: made for kind in judged if (made := _estimate(*found[kind])) is not None}
    if len(judged) >= FEWEST:
        estimates = {ALL: paired([logs[kind] for kind in judged]), **estimates}
    ps = adjusted({kind: _p(made) for kind, made in estimates.items()})
    exclusive = bool(judged) and baseline.paces[judged[0]].exclusive
    told = [_judged(kind, one, ps[kind], exclusive) for kind, one in estimates.items()]
    told += [_shown(kind, logs[kind], baseline.paces[kind].exclusive) for kind in found if kind not in estimates]
    return told, len(ps)


def confirmed(change: SpeedChange, baseline: Account, fresh: Account) -> SpeedChange:
    """Return a suspected ratio as the confirming run leaves it."""
    if baseline.machine != fresh.machine:
        return _said(change, "the confirming run was on another machine")
    kinds = judged_kinds(baseline, fresh) if change.kind == ALL else [change.kind] * (change.kind in fresh.paces)
    pairs = [(baseline.paces[kind], fresh.paces[kind]) for kind in kinds]
    logs = [_log_ratio(*pair) for pair in pairs]
    estimate = _estimate(*pairs[0]) if len(pairs) == 1 else paired(logs) if len(logs) >= FEWEST else None
    if estimate is None:
        return _said(change, "the confirming run has too few times")
    agrees = _is_slower(estimate)
    told = f"the confirming run {'agrees' if agrees else 'does not agree'} ({_ends(estimate)})"
    return _said(change.model_copy(update={"state": "confirmed" if agrees else "dismissed"}), told)


def judged_kinds(baseline: Account, night: Account) -> list[str]:
    """Return the kinds that are judged: the timed arms that both have, or else the ordinary jobs."""
    both = [kind for kind in baseline.paces if kind in night.paces]
    return [kind for kind in both if baseline.paces[kind].exclusive] or both


def _judged(kind: str, estimate: Estimate, p: float, exclusive: bool) -> SpeedChange:
    low, high = (math.exp(end) for end in estimate.interval(LEVEL))
    slower = _is_slower(estimate) and p <= FALSE_DISCOVERY
    state: State = "suspected" if slower else "better" if high < 1.0 / SLOWER else "within"
    told = {"suspected": f"more than {SLOWER:g}", "better": f"less than 1 / {SLOWER:g}"}
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
        says=f"{says}, {told.get(state, f'no sign of more than {SLOWER:g}')}",
    )


def _shown(kind: str, log: float, exclusive: bool) -> SpeedChange:
    ratio = math.exp(log)
    told = f"{rounded(ratio)} times the seconds per step; not judged"
    return SpeedChange(kind=kind, exclusive=exclusive, ratio=ratio, state="shown", says=told)


def _estimate(before: Pace, now: Pace) -> Estimate | None:
    if min(len(before.seconds), len(now.seconds)) < FEWEST:
        return None
    return welch(_logs(now), _logs(before))


def _log_ratio(before: Pace, now: Pace) -> float:
    return mean(_logs(now)) - mean(_logs(before))


def _logs(pace: Pace) -> list[float]:
    return [math.log(value) for value in pace.seconds]


def _p(estimate: Estimate) -> float:
    return chance_above(replace(estimate, value=estimate.value - math.log(SLOWER)))


def _is_slower(estimate: Estimate) -> bool:
    return estimate.interval(LEVEL).low > math.log(SLOWER)


def _ends(estimate: Estimate) -> str:
    low, high = estimate.interval(LEVEL)
    return f"{rounded(math.exp(low))} to {rounded(math.exp(high))}"


def _said(change: SpeedChange, more: str) -> SpeedChange:
    return change.model_copy(update={"says": f"{change.says}; {more}"})
