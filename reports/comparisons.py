"""A claim's comparisons as tables: effects with their bounds, and every seed's value."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.schema.claim import Claim
from benchmark.schema.verdict import SMALL_LABELS, ArmSummary, Part, Verdict
from reports.evidence import Evidence
from reports.page import Cell, Table
from reports.wording import MISSING, average, bound, bound_kind, ends, estimate, number, observed, percent, removed

COLUMNS = ("compared", "verdict", "sparsity", "against", "mean", "baseline", "effect", "interval", "bound", "power")
EVENT_COLUMNS = tuple(name for name in COLUMNS if name not in ("sparsity", "baseline"))
"""An event comes to a dense network, and is held against a range that has no mean."""


def decisive(verdict: Verdict) -> Part | None:
    """Return the comparison that the verdict's line shows: the last that passed, or the first that decided."""
    same = [part for part in verdict.parts if part.status == verdict.status] or list(verdict.parts)
    if not same:
        return None
    return same[-1] if verdict.claim.kind == "sparsest" and verdict.status == "reproduced" else same[0]


def replicate(verdict: Verdict) -> str:
    """Return what was repeated: trainings with other seeds, or processes that timed them."""
    return "timed run" if verdict.claim.timing is not None else "seed"


def arms_of(verdict: Verdict) -> Iterator[ArmSummary]:
    """Yield the arms of a verdict, each once, baselines before what is compared with them."""
    arms = (arm for part in verdict.parts for arm in (part.baseline, part.arm))
    yield from {arm.name: arm for arm in arms}.values()


def comparisons(evidence: Evidence, verdict: Verdict) -> Table | None:
    """List every comparison with its effect, its bound and its verdict."""
    if not verdict.parts:
        return None
    columns = EVENT_COLUMNS if verdict.claim.kind == "found_by" else COLUMNS
    caption = f"What was compared in {verdict.claim.metric}; {_sense(evidence, verdict)}"
    found = (zip(COLUMNS, _comparison(evidence, verdict, part), strict=True) for part in verdict.parts)
    rows = tuple(tuple(cell for name, cell in row if name in columns) for row in found)
    return Table(caption=caption, columns=columns, rows=rows)


def has_better_side(evidence: Evidence, verdict: Verdict) -> bool:
    """Tell whether a claim's metric has values that are better: times have, a loss of two opponents has not."""
    jobs = (seen.job for arm in arms_of(verdict) for seen in arm.observations if seen.job)
    made = (evidence.measurement(job, verdict.claim.metric) for job in jobs)
    return all(one.lower_is_better is not None for one in made if one is not None)


def sparsity(evidence: Evidence, arm: ArmSummary) -> str | None:
    """Write an arm's sparsity with what it is a share of; null where it was not measured."""
    jobs = [seen.job for seen in arm.observations if seen.job]
    return None if arm.sparsity is None else removed(arm.sparsity, evidence.of_channels(jobs))


def seeds(verdict: Verdict) -> Table | None:
    """List every seed's value of every arm, or how its job ended."""
    arms = [arm for arm in arms_of(verdict) if arm.observations]
    numbers = sorted({seen.seed for arm in arms for seen in arm.observations})
    if not numbers:
        return None
    rows = tuple((Cell(text=arm.name, head=True), *_by_seed(arm, numbers)) for arm in arms)
    columns = ("arm", *(f"{replicate(verdict)} {seed}" for seed in numbers))
    return Table(caption=f"Every {replicate(verdict)}: {verdict.claim.metric}", columns=columns, rows=rows)


def remarks(verdict: Verdict) -> tuple[str, ...]:
    """Say what a reader should know of each comparison: reason, sensitivity, warnings, fields that differ.

    What holds of several is said once, with their names where it does not hold of all.
    """
    said: dict[str, list[str]] = {}
    for part in verdict.parts:
        for line in _remarks(verdict, part):
            said.setdefault(line, []).append(f"{part.arm.name} against {part.baseline.name}")
    every = len(verdict.parts)
    reasons = dict.fromkeys(part.reason for part in verdict.parts) if every > 1 else ()
    others = (line if len(names) == every else f"{'; '.join(names)}: {line}" for line, names in said.items())
    return (*reasons, *others)


def _remarks(verdict: Verdict, part: Part) -> Iterator[str]:
    if part.effect is not None and part.effect.method:
        yield f"Interval: {part.effect.method}"
        yield from _of_margin(verdict.claim, part)
    if part.sensitivity:
        yield part.sensitivity
    if part.fragile:
        yield f"Fragile: one {replicate(verdict)} alone decides this verdict"
    if part.differing_fields:
        yield f"Protocols differ in {', '.join(part.differing_fields)}"
    yield from (f"Caution: {warning}" for warning in part.warnings)


def _of_margin(claim: Claim, part: Part) -> Iterator[str]:
    """Say of a relative margin that each seed has its own, which moves the interval (docs/statistics.md)."""
    margin = claim.by if claim.kind == "beats" else getattr(claim, "margin", None)
    if margin is not None and margin.relative and part.baseline.observations:
        yield (
            f"The margin is {number(100 * margin.relative)} % of the baseline, seed by seed; the interval takes this "
            "into account, so it is not that of the plain differences"
        )


def _sense(evidence: Evidence, verdict: Verdict) -> str:
    if verdict.claim.kind == "found_by":
        return "the effect is a share"
    if verdict.claim.kind == "reduces":
        return "effects are ratios to the baseline"
    if has_better_side(evidence, verdict):
        return "effects are signed so that larger is worse"
    return "neither side is better, effects are positive where the arm's value is higher"


def _comparison(evidence: Evidence, verdict: Verdict, part: Part) -> tuple[Cell, ...]:
    found, kind = part.effect, bound_kind(verdict.claim)
    power = None if found is None else found.power
    return (
        Cell(text=part.arm.name, head=True),
        Cell(text=SMALL_LABELS.get(part.status, part.status) if verdict.small else part.status, status=part.status),
        _or_missing(sparsity(evidence, part.arm)),
        Cell(text=part.baseline.name),
        Cell(text=average(part.arm), missing=part.arm.mean is None),
        Cell(text=average(part.baseline), missing=part.baseline.mean is None),
        _or_missing(None if found is None else estimate(found), "no effect computed"),
        _or_missing(None if found is None else f"{ends(found)} ({percent(found.level)})", "none"),
        _or_missing(None if found is None else bound(kind, found), "none"),
        _or_missing(None if power is None else f"{power:.2f}", "not computed"),
    )


def _by_seed(arm: ArmSummary, numbers: list[int]) -> Iterator[Cell]:
    seen = {observation.seed: observation for observation in arm.observations}
    for seed in numbers:
        if seed in seen:
            yield Cell(text=observed(seen[seed]), missing=seen[seed].value is None)
        else:
            yield Cell(text="no such seed", missing=True)


def _or_missing(text: str | None, instead: str = MISSING) -> Cell:
    return Cell(text=instead if text is None else text, missing=text is None)
