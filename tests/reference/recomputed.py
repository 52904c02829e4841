"""Verdicts by other code than the project's: docs/statistics.md once more, on plain values and SciPy's own functions.

Nothing of `benchmark` is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scipy import stats

from tests.reference.two_sides import Arm, Case, Part, Sides, tail

INFORMATIVE = {"version"}
WORST = ("not reproduced", "not comparable", "inconclusive", "not run")


def recompute(case: Case) -> tuple[str, list[Part]]:
    """Return a claim's verdict and its comparisons'."""
    if case.claim["kind"] == "sparsest":
        walks = [_walk(case, one) for one in case.claim["compare"]]
        return _worst([status for status, _ in walks]), [part for _, parts in walks for part in parts]
    judge = _share if case.claim["kind"] == "found_by" else _compared
    parts = [judge(case, one) for one in case.claim["compare"]]
    return _worst([part.status for part in parts]), parts


def _worst(statuses: Sequence[str]) -> str:
    return next((status for status in WORST if status in statuses), "reproduced")


def _refused(case: Case, comparison: Mapping[str, Any]) -> str | None:
    reference, printed = comparison.get("reference"), None
    if reference:
        printed = case.numbers.get(reference)
        if case.small or printed is None or printed["value"] is None:
            return "not comparable"
    sides = [comparison["arm"], *([comparison["baseline"]] if comparison.get("baseline") else [])]
    arms = [case.arms[name] for name in sides if name in case.arms]
    if len(arms) < len(sides) or any(arm.missing or not arm.values for arm in arms):
        return "not run"
    if len(arms) == 2 and case.claim["paired"] and set(arms[0].values) != set(arms[1].values):
        return "not run"
    protocols = [protocol for arm in arms for protocol in arm.protocols]
    if any(one != protocols[0] for one in protocols):
        return "not comparable"
    if printed is not None and protocols and not _alike(case, arms[0], protocols[0], printed):
        return "not comparable"
    return None


def _alike(case: Case, arm: Arm, ours: Mapping[str, Any], printed: Mapping[str, Any]) -> bool:
    assumed, theirs = case.claim["assume"], printed["protocol"]
    for field in {*ours, *theirs} - INFORMATIVE:
        if theirs.get(field) is None:
            if ours.get(field) is not None and field not in assumed:
                return False
        elif theirs[field] != ours.get(field):
            return False
    return arm.unit == printed["unit"] and (printed.get("runs") is not None or "runs" in assumed)


def _compared(case: Case, comparison: Mapping[str, Any]) -> Part:
    refused = _refused(case, comparison)
    if refused is not None:
        return Part(refused)
    arm, printed = case.arms[comparison["arm"]], comparison.get("reference")
    baseline = None if printed else case.arms[comparison["baseline"]].values
    return Sides(case, arm, arm.values, baseline, case.numbers[printed] if printed else {}).part()


def _share(case: Case, comparison: Mapping[str, Any]) -> Part:
    refused = _refused(case, comparison)
    if refused is not None:
        return Part(refused)
    claim, values = case.claim, list(case.arms[comparison["arm"]].values.values())
    found = [value is not None and claim["earliest"] <= value <= claim["latest"] for value in values]
    status, ends = _of_share(case, found)
    others = range(len(found) if len(found) > 3 else 0)
    left = [_of_share(case, [*found[:seed], *found[seed + 1 :]])[0] for seed in others]
    return Part(status, ends, len(found), any(one != status for one in left))


def _of_share(case: Case, found: Sequence[bool]) -> tuple[str, tuple[float, float]]:
    interval = stats.binomtest(sum(found), len(found)).proportion_ci(1 - 2 * tail(case.look, 0.05), "exact")
    ends, share = (float(interval.low), float(interval.high)), case.claim["share"]
    if len(found) < 3:
        return "inconclusive", ends
    return "reproduced" if ends[0] >= share else "not reproduced" if ends[1] < share else "inconclusive", ends


def _walk(case: Case, comparison: Mapping[str, Any]) -> tuple[str, list[Part]]:
    """Go from the lowest sparsity on, up to the first level that does not pass."""
    levels = [arm for name, arm in case.arms.items() if name.startswith(f"{comparison['arm']}@")]
    known = [arm for arm in levels if not arm.name.endswith("@0")]
    ordered = sorted(known, key=lambda arm: (arm.sparsity is None, arm.sparsity or 0.0, int(arm.name.split("@")[1])))
    parts: list[Part] = []
    reach, claimed = None, case.claim["at_least"] - 0.0005
    for arm in ordered:
        parts.append(_compared(case, {**comparison, "arm": arm.name}))
        if parts[-1].status != "reproduced":
            break
        reach = arm.sparsity
    passed = [arm for arm, part in zip(ordered, parts, strict=False) if part.status == "reproduced"]
    if not ordered or None in [arm.sparsity for arm in passed]:
        return "not run", parts
    if reach is not None and reach >= claimed:
        return "reproduced", parts
    last, place = parts[-1].status, ordered[len(parts) - 1].sparsity
    if last == "reproduced":
        return "inconclusive", parts
    beyond = place is not None and place > case.claim["at_least"] + 0.0005
    return ("inconclusive" if last == "not reproduced" and beyond else last), parts
