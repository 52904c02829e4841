"""Whether an event comes in time in most runs: the share of the seeds, with its Clopper-Pearson interval."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.schema.claim import Comparison, FoundBy
from benchmark.schema.measurement import FRUITLESS
from benchmark.schema.verdict import ArmSummary, Effect, Observation, Part, Status
from benchmark.spending import level as level_at
from benchmark.statistics import clopper_pearson, fewest_for_share
from benchmark.verdicts.gate import Evidence, refusal
from benchmark.verdicts.rules import FEWEST_SEEDS
from benchmark.verdicts.wording import interval_name, rounded

LEVEL = 0.90

_WORDS: dict[Status, str] = {
    "reproduced": "lies at or above the claimed share",
    "not reproduced": "lies below the claimed share",
    "inconclusive": "reaches across the claimed share",
}


def judge_share(claim: FoundBy, comparison: Comparison, evidence: Evidence) -> Part:
    """Return the judgement of one arm: in how many of its seeds the metric lies in the claimed range.

    A training that diverged, or never came to its event, counts as a seed in which it does not.
    """
    name = comparison.arm
    arm = evidence.arms[name].summary() if name in evidence.arms else ArmSummary(name=name)
    unit = evidence.arms[name].unit if name in evidence.arms else ""
    span = ArmSummary(name=f"{claim.earliest:g} to {claim.latest:g} {unit}".rstrip())
    refused = refusal(claim, comparison, evidence)
    if refused is not None:
        return Part(
            arm=arm, baseline=span, status=refused.status, reason=refused.reason, differing_fields=refused.fields
        )
    found = {one.seed: _is_found(claim, one) for one in arm.observations}
    level = LEVEL if evidence.look is None else level_at(evidence.look, LEVEL)
    shown = _effect(claim, found, level)
    status = _status(claim, found, level)
    says = f"{claim.metric} lies at {span.name} in {sum(found.values())} of {len(found)} seeds of {name}{_lost(arm)}"
    ends = f"{interval_name(level, evidence.look)} of their share, {rounded(shown.low)} to {rounded(shown.high)}"
    few = f"; with {len(found)} seeds indicative only" if len(found) < FEWEST_SEEDS else ""
    flips = _flips(claim, found, level)
    return Part(
        arm=arm,
        baseline=span,
        status=status,
        reason=f"{says}: {ends}, {_WORDS[_by_interval(claim, found, level)]} of {claim.share:g}{few}",
        effect=shown,
        fragile=bool(flips),
        sensitivity=_sensitivity(found, flips),
        warnings=_warnings(claim, len(found), level),
        look=evidence.look,
    )


def _is_found(claim: FoundBy, one: Observation) -> bool:
    return one.value is not None and claim.earliest <= one.value <= claim.latest


def _effect(claim: FoundBy, found: Mapping[int, bool], level: float) -> Effect:
    low, high = clopper_pearson(sum(found.values()), len(found), level)
    return Effect(
        estimate=sum(found.values()) / len(found),
        low=low,
        high=high,
        level=level,
        margin=claim.share,
        scale="share",
        unit="of the seeds",
        n=len(found),
        power=None,
        method="Clopper-Pearson",
    )


def _by_interval(claim: FoundBy, found: Mapping[int, bool], level: float) -> Status:
    low, high = clopper_pearson(sum(found.values()), len(found), level)
    return "reproduced" if low >= claim.share else "not reproduced" if high < claim.share else "inconclusive"


def _status(claim: FoundBy, found: Mapping[int, bool], level: float) -> Status:
    return _by_interval(claim, found, level) if len(found) >= FEWEST_SEEDS else "inconclusive"


def _lost(arm: ArmSummary) -> str:
    """Return in words how many seeds ended without a value, and how."""
    ends = [one.outcome for one in arm.observations if one.value is None]
    counts = [f"{ends.count(end)} {FRUITLESS[end]}" for end in dict.fromkeys(ends)]
    return f" ({', '.join(counts)})" if counts else ""


def _flips(claim: FoundBy, found: Mapping[int, bool], level: float) -> dict[Status, list[str]]:
    """Return what leaving one seed out makes of the verdict, where it changes it."""
    flips: dict[Status, list[str]] = {}
    for seed in found if len(found) > FEWEST_SEEDS else ():
        left = _status(claim, {other: value for other, value in found.items() if other != seed}, level)
        if left != _status(claim, found, level):
            flips.setdefault(left, []).append(str(seed))
    return flips


def _sensitivity(found: Mapping[int, bool], flips: Mapping[Status, list[str]]) -> str:
    if len(found) <= FEWEST_SEEDS:
        return "Too few seeds to leave one out."
    says = [f"leaving out seed {' or '.join(seeds)} makes it {status}" for status, seeds in flips.items()]
    text = "; ".join(says) or "the same whichever seed is left out"
    return f"{text[0].upper()}{text[1:]}."


def _warnings(claim: FoundBy, n: int, level: float) -> tuple[str, ...]:
    """Say where even every seed found would not do (statistics, minimums)."""
    low = clopper_pearson(n, n, level).low
    if low >= claim.share:
        return ()
    needed = max(FEWEST_SEEDS, fewest_for_share(claim.share, level))
    ends = f"the interval would begin at {rounded(low)}; {needed} seeds could"
    return (f"Even {n} of {n} seeds could not reach a share of {claim.share:g}: {ends}.",)
