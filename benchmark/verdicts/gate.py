"""What keeps a comparison from being judged at all: checked before any value is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.comparability import differences, reference_differences
from benchmark.schema.claim import Claim, Comparison
from benchmark.schema.protocol import Protocol
from benchmark.schema.reference import Number
from benchmark.schema.top_up import Look
from benchmark.schema.verdict import ArmSummary, Status
from benchmark.verdicts.arms import ArmData, spread_over_runs

MOST_NAMED = 4
"""How many missing values a reason names."""


@dataclass(frozen=True)
class Evidence:
    """All that a claim may be judged on: measured arms and printed numbers, by name; which look it is, of several."""

    arms: Mapping[str, ArmData]
    references: Mapping[str, Number]
    small: bool
    look: Look | None = None


@dataclass(frozen=True)
class Refusal:
    """Why a comparison has no judgement."""

    status: Status
    reason: str
    fields: tuple[str, ...] = ()


def refusal(claim: Claim, comparison: Comparison, evidence: Evidence) -> Refusal | None:
    """Return what bars a comparison: scale, unknown names, missing values, protocols that differ; null if nothing."""
    if comparison.reference is not None and evidence.small:
        return Refusal("not comparable", f"a small run can't speak for a paper's number ({comparison.reference})")
    arm = evidence.arms.get(comparison.arm)
    if arm is None:
        return Refusal("not run", f"{comparison.arm} is not part of the plan")
    if comparison.reference is not None:
        return _reference_refusal(claim, arm, comparison.reference, evidence)
    if comparison.baseline is None:
        return _own_refusal(claim, arm)
    return _baseline_refusal(claim, arm, comparison.baseline, evidence)


def summaries(comparison: Comparison, evidence: Evidence) -> tuple[ArmSummary, ArmSummary]:
    """Return what was observed of both sides, as far as there is anything."""
    return _summary(comparison.arm, evidence), _summary(comparison.baseline or comparison.reference or "", evidence)


def _summary(name: str, evidence: Evidence) -> ArmSummary:
    if name in evidence.arms:
        return evidence.arms[name].summary()
    number = evidence.references.get(name)
    if number is None:
        return ArmSummary(name=name)
    return ArmSummary(name=name, mean=number.value, sd=spread_over_runs(number))


def _baseline_refusal(claim: Claim, arm: ArmData, name: str, evidence: Evidence) -> Refusal | None:
    baseline = evidence.arms.get(name)
    if baseline is None:
        return Refusal("not run", f"{name} is not part of the plan")
    absent = [*_absent(arm), *_absent(baseline)]
    if claim.paired:
        absent += _unpaired_seeds(arm, baseline)
    if absent:
        return Refusal("not run", f"{claim.metric} is missing for {_first(absent)}")
    return _differing((*arm.protocols, *baseline.protocols), f"{arm.name} and {name} were measured differently")


def _reference_refusal(claim: Claim, arm: ArmData, name: str, evidence: Evidence) -> Refusal | None:
    number = evidence.references.get(name)
    if number is None or number.value is None:
        return Refusal("not comparable", f"the number {name} was not sourced: nobody could read it")
    return _own_refusal(claim, arm) or _unlike_print(claim, arm, name, number)


def _own_refusal(claim: Claim, arm: ArmData) -> Refusal | None:
    absent = _absent(arm)
    if absent:
        return Refusal("not run", f"{claim.metric} is missing for {_first(absent)}")
    return _differing(arm.protocols, f"the seeds of {arm.name} were measured differently")


def _unlike_print(claim: Claim, arm: ArmData, name: str, number: Number) -> Refusal | None:
    fields = [
        field for one in arm.protocols[:1] for field in reference_differences(one, number.protocol, claim.assume.keys())
    ]
    if number.runs is None and "runs" not in claim.assume:
        fields.append("runs")
    if arm.protocols and arm.unit != number.unit:
        fields.append("unit")
    if not fields:
        return None
    why = f"{arm.name} and {name} differ, or the paper does not say, in: {', '.join(fields)}"
    return Refusal("not comparable", why, tuple(fields))


def _differing(protocols: tuple[Protocol, ...], why: str) -> Refusal | None:
    fields = differences(protocols)
    return Refusal("not comparable", f"{why}: {', '.join(fields)}", fields) if fields else None


def _first(absent: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are: what is missing may be a whole campaign."""
    more = len(absent) - MOST_NAMED
    return ", ".join(absent[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _absent(arm: ArmData) -> tuple[str, ...]:
    return arm.missing if arm.observations else (f"{arm.name} (no seed was planned)",)


def _unpaired_seeds(arm: ArmData, baseline: ArmData) -> list[str]:
    ours, theirs = ({one.seed for one in side.observations} for side in (arm, baseline))
    return [f"{baseline.name} seed {seed} (not planned)" for seed in sorted(ours - theirs)] + [
        f"{arm.name} seed {seed} (not planned)" for seed in sorted(theirs - ours)
    ]
