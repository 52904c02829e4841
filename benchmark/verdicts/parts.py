"""One comparison judged: gate, interval, sensitivity, warnings."""

from __future__ import annotations

from benchmark import statistics
from benchmark.comparability import used_assumptions
from benchmark.schema.claim import Claim, Comparison, FoundBy, Reduces
from benchmark.schema.record import Margin
from benchmark.schema.reference import Number
from benchmark.schema.verdict import Effect, Part, Status
from benchmark.verdicts.arms import OVER_RUNS, ArmData, Printed, printed
from benchmark.verdicts.contrast import Axis, Contrast
from benchmark.verdicts.effect import effect, sensitivity
from benchmark.verdicts.gate import Evidence, refusal, summaries
from benchmark.verdicts.rules import FEWEST_SEEDS, Rule
from benchmark.verdicts.wording import rank_reason, reason

SEED_NOISE = 0.013
"""Gaps under 1.3 % of an FID are within what retraining alone moves ("The FID Lottery", arXiv 2606.20536)."""
ENOUGH_POWER = 0.8


def judge_comparison(rule: Rule, claim: Claim, comparison: Comparison, evidence: Evidence) -> Part:
    """Return the judgement of one comparison by a rule."""
    arm, baseline = summaries(comparison, evidence)
    refused = refusal(claim, comparison, evidence)
    if refused is not None:
        return Part(
            arm=arm,
            baseline=baseline,
            status=refused.status,
            reason=refused.reason,
            differing_fields=refused.fields,
        )
    measured = evidence.arms[comparison.arm]
    contrast = contrast_of(claim, comparison, evidence)
    if contrast is None:
        why = f"a ratio of {comparison.arm} to {baseline.name} needs values above zero"
        return Part(arm=arm, baseline=baseline, status="inconclusive", reason=why)
    # What all seeds agree on is decided at any level: no look is paid for, and no seed would change it.
    rule = rule if contrast.is_exact(rule.bounds) else rule.at_look(evidence.look)
    status, why, shown = _decided(rule, contrast, measured, comparison)
    fragile, says = sensitivity(rule, contrast)
    return Part(
        arm=arm,
        baseline=baseline,
        status=status,
        reason=why,
        effect=shown,
        fragile=fragile,
        sensitivity=says,
        warnings=(
            *_reference_warnings(claim, measured, evidence.references.get(comparison.reference or "")),
            *_precision_warnings(claim, contrast, shown),
            *dict.fromkeys(
                (*measured.cautions, *(evidence.arms[comparison.baseline].cautions if comparison.baseline else ()))
            ),
        ),
        look=rule.look,
    )


def contrast_of(claim: Claim, comparison: Comparison, evidence: Evidence) -> Contrast | None:
    """Pair the values up; null for a ratio of values that are not all positive."""
    arm = evidence.arms[comparison.arm]
    if comparison.reference is not None:
        number = printed(evidence.references[comparison.reference])
        contrast = Contrast(arm.values, number, _axis(claim, arm), paired=False)
        values = [*arm.values.values(), number.value - number.blur]
    else:
        baseline = evidence.arms[comparison.baseline or ""]
        contrast = Contrast(arm.values, baseline.values, _axis(claim, arm), claim.paired, arm.replicate)
        values = [*arm.values.values(), *baseline.values.values()]
    if isinstance(claim, Reduces) and any(value is not None and value <= 0 for value in values):
        return None
    return contrast


def _axis(claim: Claim, arm: ArmData) -> Axis:
    if isinstance(claim, Reduces):
        return Axis(1, ratio=claim.ratio)
    return Axis(-1 if arm.lower_is_better is False else 1, margin=_margin(claim))


def _margin(claim: Claim) -> Margin | None:
    if isinstance(claim, Reduces | FoundBy):
        return None
    return claim.by if claim.kind == "beats" else claim.margin


def _decided(
    rule: Rule, contrast: Contrast, measured: ArmData, comparison: Comparison
) -> tuple[Status, str, Effect | None]:
    """Return status, sentence and effect; fewer than three seeds never settle a claim, either way."""
    if contrast.n < 2:
        return (
            "inconclusive",
            f"{comparison.arm} has one {contrast.replicate} only, which gives no interval: indicative only",
            None,
        )
    status, shown = rule.status(contrast), effect(rule, contrast, measured.unit)
    if shown is None:
        return status, rank_reason(rule, status, contrast, measured, comparison), None
    says = reason(rule, status, shown, comparison, measured)
    if contrast.n < FEWEST_SEEDS:
        return "inconclusive", f"{says}; with {contrast.n} {contrast.replicate}s indicative only", shown
    return status, says, shown


def _reference_warnings(claim: Claim, arm: ArmData, number: Number | None) -> list[str]:
    if number is None:
        return []
    fields = [field for one in arm.protocols[:1] for field in used_assumptions(one, number.protocol, claim.assume)]
    if number.runs is None:
        fields.append("runs")
    warnings = [f"Assumed of the paper's {field}: {claim.assume[field]}" for field in fields]
    if number.spread is not None and number.spread.means not in OVER_RUNS:
        warnings.append(f"The printed ± is no spread over training runs ({number.spread.means}) and is not used.")
    return [*warnings, *number.cautions]


def _precision_warnings(claim: Claim, contrast: Contrast, shown: Effect | None) -> list[str]:
    if shown is None:
        return []
    if shown.low == shown.high:
        return [f"All {contrast.replicate}s gave the same effect: it is taken as exact."]
    warnings = [] if claim.kind in {"beats", "reduces"} else _margin_warnings(contrast, shown)
    if shown.power is not None and shown.power < ENOUGH_POWER:
        warnings.append(f"Power {shown.power:.2f} at {shown.n} {contrast.replicate}s is under {ENOUGH_POWER}.")
    return warnings


def _margin_warnings(contrast: Contrast, shown: Effect) -> list[str]:
    """Warn where the margin is below what another seed alone would change."""
    printed_number = contrast.baseline if isinstance(contrast.baseline, Printed) else None
    around = contrast.arm if isinstance(contrast.baseline, Printed) else contrast.baseline
    values = [value for value in around.values() if value is not None]
    center = printed_number.value if printed_number else statistics.mean(values)
    warnings = []
    if shown.margin < SEED_NOISE * abs(center) and contrast.replicate == "seed":
        warnings.append(
            f"The margin is under {100 * SEED_NOISE:g} % of the baseline's mean, which is below seed noise."
        )
    if shown.margin < statistics.sd(values):
        warnings.append(f"The margin is under one standard deviation over {contrast.replicate}s.")
    return warnings
