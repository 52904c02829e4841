"""One plain sentence for each judgement, with numbers rounded for people."""

from __future__ import annotations

from benchmark.schema.claim import Comparison
from benchmark.schema.measurement import FRUITLESS
from benchmark.schema.record import Margin
from benchmark.schema.top_up import Look
from benchmark.schema.verdict import Effect, Status
from benchmark.verdicts.arms import ArmData, Printed
from benchmark.verdicts.contrast import Contrast
from benchmark.verdicts.rules import Rule

NEITHER = ("lower", "higher", "difference")
"""The words for metrics of which neither direction is the better."""


def rounded(value: float) -> str:
    """Return a number to three significant digits, without an exponent up to a million."""
    return f"{float(f'{value:.3g}') + 0.0:g}"


def interval_name(level: float, look: Look | None) -> str:
    """Return what to call an interval: its level, and the look that it was paid for."""
    return f"{'' if look is None else f'at {look}, '}the {rounded(100 * level)} % interval"


def reason(rule: Rule, status: Status, effect: Effect, comparison: Comparison, measured: ArmData) -> str:
    """Return the sentence of a comparison that was decided by its interval; `measured` is the arm's side."""
    other = comparison.baseline or comparison.reference
    margin = (
        f"{rounded(effect.margin)} {effect.unit}".rstrip() if effect.scale == "difference" else rounded(effect.margin)
    )
    ends = f"{rounded(effect.low)} to {rounded(effect.high)} over {effect.n} {measured.replicate}s"
    found, interval = rule.words[status].format(margin=margin), interval_name(rule.level, rule.look)
    if effect.scale == "ratio":
        size = f"{rounded(effect.estimate)} times the value of {other}"
        return f"{comparison.arm} has {size}: {interval}, {ends}, {found}"
    size = f"{rounded(abs(effect.estimate))} {effect.unit}".rstrip()
    down, up, what = ("better", "worse", "disadvantage") if measured.lower_is_better is not None else NEITHER
    word = down if effect.estimate < 0 else up
    return f"{comparison.arm} is {size} {word} than {other}: {interval} of the {what}, {ends}, {found}"


def rank_reason(rule: Rule, status: Status, contrast: Contrast, measured: ArmData, comparison: Comparison) -> str:
    """Return the sentence of a comparison in which seeds diverged, or never came to the event they were to stop at."""
    lost = sum(value is None for value in contrast.arm.values())
    ends = dict.fromkeys(FRUITLESS[one.outcome] for one in measured.observations if one.value is None)
    says = f"{lost} of {len(contrast.arm)} {measured.replicate}s of {comparison.arm} {' or '.join(ends) or 'diverged'}"
    if not isinstance(contrast.baseline, Printed):
        gone = sum(value is None for value in contrast.baseline.values())
        says += f", and {gone} of {len(contrast.baseline)} of {comparison.baseline}"
    declared, ratio = contrast.axis.margin, contrast.axis.ratio
    margin = _declared(declared, measured.unit) if declared else rounded(ratio or 0.0)
    if status == "inconclusive":
        return f"{says}: too many, or too few {measured.replicate}s, to decide"
    found, at = rule.words[status].format(margin=margin), "" if rule.look is None else f"at {rule.look}, "
    return f"{says}: {at}by exact ranks, with a divergence as worst, the effect {found}"


def _declared(margin: Margin, unit: str) -> str:
    if margin.absolute is not None:
        return f"{rounded(margin.absolute)} {unit}".rstrip()
    return f"{rounded(100 * (margin.relative or 0.0))} %"
