"""What the baseline has and a night has not, by name: each is a failure, never a pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from benchmark.schema.account import Account, ArmAccount
from benchmark.schema.measurement import FRUITLESS
from benchmark.schema.trend import Missing
from benchmark.trend.quality import differing_protocol


def missing(baseline: Account, night: Account) -> list[Missing]:
    """Return what is not there: claims, arms, seeds with why they ended, metrics, timings; or not measured alike."""
    gone = [
        Missing(what=f"claim {name}: is not in the suite", claims=(name,)) for name in _lost_claims(baseline, night)
    ]
    asking = _claims_by_arm(baseline)
    for name, arm in baseline.arms.items():
        claims = tuple(asking[name])
        gone += [Missing(what=what, claims=claims) for what in _of_arm(name, arm, baseline, night)]
    return gone + [
        Missing(what=f"timing {kind}: was not timed", claims=_timed_by(baseline, kind))
        for kind, pace in baseline.paces.items()
        if pace.exclusive and kind not in night.paces
    ]


def _lost_claims(baseline: Account, night: Account) -> list[str]:
    return [name for name in baseline.stakes if name not in night.stakes]


def _claims_by_arm(baseline: Account) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for claim, stake in baseline.stakes.items():
        for arm in stake.margins:
            found[arm].append(claim)
    return found


def _timed_by(baseline: Account, kind: str) -> tuple[str, ...]:
    return tuple(claim for claim, stake in baseline.stakes.items() if stake.timing == kind.partition("/")[0])


def _of_arm(name: str, arm: ArmAccount, baseline: Account, night: Account) -> Iterator[str]:
    now = night.arms.get(name)
    if now is None:
        yield f"{name}: is not in the plan"
        return
    for seed in arm.ends:
        end = now.ends.get(seed)
        if end is None:
            yield f"{name} seed {seed}: was not planned"
        elif end != "done" and end not in FRUITLESS:
            why = night.failures.get(now.jobs[seed])
            yield f"{name} seed {seed}: {end}{f' ({why})' if why else ''}"
    for metric, series in arm.series.items():
        lost = [seed for seed in series.values if now.ends.get(seed) == "done" and not _has(now, metric, seed)]
        if lost:
            yield f"{name}: {metric} was not measured with seed {', '.join(map(str, lost))}"
        fields = differing_protocol(baseline, night, name, metric)
        if fields:
            yield f"{name}: {metric} was measured otherwise than in the baseline ({', '.join(fields)})"


def _has(arm: ArmAccount, metric: str, seed: int) -> bool:
    return metric in arm.series and seed in arm.series[metric].values
