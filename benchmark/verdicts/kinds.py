"""The kinds of claim: each a function from its comparisons to a ruling, and one line in `KINDS`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from benchmark.schema.claim import Claim, Comparison, FoundBy, Sparsest
from benchmark.schema.verdict import Part, Status
from benchmark.verdicts.arms import ArmData
from benchmark.verdicts.found_by import judge_share
from benchmark.verdicts.gate import Evidence
from benchmark.verdicts.parts import judge_comparison
from benchmark.verdicts.rules import AT_MOST, BETTER, DIFFERENT, EQUAL, NO_WORSE, Rule

SAME_SPARSITY = 0.0005
"""Sparsities are printed to a tenth of a percent, so half of that is no difference."""

_WORST_FIRST: tuple[Status, ...] = ("not reproduced", "not comparable", "inconclusive", "not run")


class Ruling(NamedTuple):
    """What a kind's function finds: the verdict's status, sentence and parts, and the sparsest matching level."""

    status: Status
    reason: str
    parts: tuple[Part, ...]
    sparsest: float | None = None


Kind = Callable[[Claim, Evidence], Ruling]


def every(rule: Rule) -> Kind:
    """Return the kind that asks every comparison to hold by a rule (intersection-union: no correction needed)."""

    def judge(claim: Claim, evidence: Evidence) -> Ruling:
        return joined(tuple(judge_comparison(rule, claim, comparison, evidence) for comparison in claim.compare))

    return judge


def joined(parts: tuple[Part, ...]) -> Ruling:
    """Join parts: all must be reproduced; otherwise the worst status wins, with its first part's reason."""
    statuses = [part.status for part in parts]
    status = _worst(statuses)
    first = next(part for part in parts if part.status == status)
    if len(parts) == 1:
        return Ruling(status, first.reason, parts)
    return Ruling(status, f"{statuses.count('reproduced')} of {len(parts)} comparisons hold; {first.reason}", parts)


def _worst(statuses: Collection[Status]) -> Status:
    return next((status for status in _WORST_FIRST if status in statuses), "reproduced")


def sparsest(claim: Claim, evidence: Evidence) -> Ruling:
    """Test levels as non-inferior from the lowest sparsity on, and stop at the first that fails (fixed sequence)."""
    if not isinstance(claim, Sparsest):
        raise TypeError(f"a claim of the kind 'sparsest' is needed, not '{claim.kind}'")
    walks = [_walk(claim, comparison, evidence) for comparison in claim.compare]
    found = [_walk_ruling(claim, comparison, walk) for comparison, walk in zip(claim.compare, walks, strict=True)]
    status = _worst([one.status for one in found])
    says = next(one.reason for one in found if one.status == status)
    reached = [one.sparsest for one in found]
    least = None if None in reached else min(value for value in reached if value is not None)
    return Ruling(status, says, tuple(part for walk in walks for part in walk), least)


def _walk(claim: Sparsest, comparison: Comparison, evidence: Evidence) -> list[Part]:
    parts: list[Part] = []
    for arm in _levels(comparison, evidence):
        step = comparison.model_copy(update={"arm": arm.name})
        parts.append(judge_comparison(NO_WORSE, claim, step, evidence))
        if parts[-1].status != "reproduced":
            break
    return parts


def _levels(comparison: Comparison, evidence: Evidence) -> list[ArmData]:
    """Return the levels from the lowest sparsity on, but for the dense one; unknown sparsities last."""
    levels = [arm for name, arm in evidence.arms.items() if name.rpartition("@")[0] == comparison.arm and arm.level]
    return sorted(levels, key=lambda arm: (arm.sparsity is None, arm.sparsity or 0.0, arm.level))


def _walk_ruling(claim: Sparsest, comparison: Comparison, walk: list[Part]) -> Ruling:
    if not walk:
        return Ruling("not run", f"{comparison.arm} has no level above the dense one in the plan", ())
    passed = [part for part in walk if part.status == "reproduced"]
    unknown = [part.arm.name for part in passed if part.arm.sparsity is None]
    if unknown:
        return Ruling("not run", f"the sparsity of {', '.join(unknown)} was not measured", ())
    reach = passed[-1].arm.sparsity if passed else None
    other = comparison.baseline or comparison.reference
    if reach is not None and reach >= claim.at_least - SAME_SPARSITY:
        name = passed[-1].arm.name
        says = f"{name} at sparsity {reach:.4g} is the sparsest that matches {other}"
        return Ruling("reproduced", f"{says}; at least {claim.at_least:g} was claimed", (), reach)
    return _short_ruling(claim, walk[-1], reach)


def _short_ruling(claim: Sparsest, last: Part, reach: float | None) -> Ruling:
    """Rule on a walk that did not get to the claimed sparsity."""
    so_far = "no level matched" if reach is None else f"levels up to sparsity {reach:.4g} matched"
    if last.status == "reproduced":
        return Ruling("inconclusive", f"{so_far}, and none at or above {claim.at_least:g} was planned", (), reach)
    beyond = last.arm.sparsity is not None and last.arm.sparsity > claim.at_least + SAME_SPARSITY
    status: Status = "inconclusive" if beyond and last.status == "not reproduced" else last.status
    gap = f", and no level between them and {claim.at_least:g} was planned" if status != last.status else ""
    return Ruling(status, f"{so_far}{gap}; {last.reason}", (), reach)


def found_by(claim: Claim, evidence: Evidence) -> Ruling:
    """Ask of every arm by itself whether the metric of most seeds lies in the claimed range."""
    if not isinstance(claim, FoundBy):
        raise TypeError(f"a claim of the kind 'found_by' is needed, not '{claim.kind}'")
    return joined(tuple(judge_share(claim, comparison, evidence) for comparison in claim.compare))


KINDS: dict[str, Kind] = {
    "matches": every(NO_WORSE),
    "beats": every(BETTER),
    "equals": every(EQUAL),
    "reduces": every(AT_MOST),
    "differs": every(DIFFERENT),
    "same": every(EQUAL),
    "sparsest": sparsest,
    "found_by": found_by,
}
