"""Verdicts that changed between two directories: what was, what is, and because of what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmark.comparability import differences as differing_fields
from benchmark.schema.measurement import FRUITLESS, Measurement
from benchmark.schema.verdict import SMALL_LABELS, Part, Verdict
from reports.compare_side import Side, differences
from reports.comparison_page import Passage
from reports.comparisons import arms_of, decisive, replicate
from reports.wording import bound, bound_kind, count, effect, percent

OF_NO_BEARING = frozenset({"says", "source", "expect", "references", "contested", "nightly", "only_at", "notes"})
"""Fields of a claim on which its verdict does not rest."""
UNJUDGED = frozenset({"not run", "not comparable"})
MOST_NAMED = 3
ARROW = " \N{RIGHTWARDS ARROW} "


def passages(before: Side, now: Side, claim: str) -> tuple[Passage, ...]:
    """Return the two sides of a claim's verdict, each with a link to its section."""
    return tuple(_passage(side, claim) for side in (before, now))


def because(before: Side, now: Side, claim: str) -> tuple[str, ...]:
    """Say because of what a verdict changed: declaration, missing numbers, protocol, divergences, seeds, effect."""
    old, new = before.verdicts.get(claim), now.verdicts.get(claim)
    if old is None or new is None:
        return (f"Only {now.letter if old is None else before.letter} makes this claim.",)
    return (
        *_declared(before, now, old, new),
        *_gaps(before, now, old, new),
        *_protocols(before, now, old, new),
        *_ends(before, now, old, new),
        *_seeds(old, new),
        *_effects(old, new),
    ) or ("By what, the files do not tell.",)


def _passage(side: Side, claim: str) -> Passage:
    verdict = side.verdicts.get(claim)
    if verdict is None:
        return Passage(letter=side.letter, status=None, text="not claimed", href=None)
    return Passage(letter=side.letter, status=verdict.status, text=verdict.label, href=side.anchor_of(claim))


def _declared(before: Side, now: Side, old: Verdict, new: Verdict) -> Iterator[str]:
    """Tell which fields of the claim, and which files of printed numbers, are others."""
    sides: list[Any] = [one.claim.model_dump(mode="json", exclude=set(OF_NO_BEARING)) for one in (old, new)]
    for found in differences(*sides):
        yield f"The claim is declared otherwise: {found.path}, {found.before}{ARROW}{found.now}."
    papers = {one.reference.partition("/")[0] for one in new.claim.compare if one.reference}
    texts = [side.evidence.campaign.references for side in (before, now)]
    changed = [paper for paper in sorted(papers) if texts[0].get(paper) != texts[1].get(paper)]
    if changed:
        yield f"The file of printed numbers is another: {', '.join(changed)}."


def _gaps(before: Side, now: Side, old: Verdict, new: Verdict) -> Iterator[str]:
    """Give the reason of a side that could not be judged."""
    for side, verdict in ((before, old), (now, new)):
        if verdict.status in UNJUDGED:
            what = "Missing" if verdict.status == "not run" else "Not comparable"
            yield f"{what} in {side.letter}: {verdict.reason}"


def _protocols(before: Side, now: Side, old: Verdict, new: Verdict) -> Iterator[str]:
    """Tell which fields of the metric's protocol are others than before."""
    if old.claim.metric != new.claim.metric:
        return
    made = [_measured(before, old), _measured(now, new)]
    protocols = [one.protocol for one in made if one is not None]
    for field in differing_fields(protocols):
        values = (getattr(one, field) for one in protocols)
        yield f"Measured by another protocol: {field}, {ARROW.join(map(str, values))}."


def _measured(side: Side, verdict: Verdict) -> Measurement | None:
    """Return the first measurement that a verdict rests on; null where it has none."""
    jobs = (seen.job for arm in arms_of(verdict) for seen in arm.observations if seen.job and seen.value is not None)
    found = (side.evidence.measurement(job, verdict.claim.metric) for job in jobs)
    return next((one for one in found if one is not None), None)


def _ends(before: Side, now: Side, old: Verdict, new: Verdict) -> Iterator[str]:
    """Tell where trainings ended without a value on one side only, though that is a result."""
    lost = [_fruitless(old), _fruitless(new)]
    for side, ours, theirs in ((before, lost[0], lost[1]), (now, lost[1], lost[0])):
        only = [f"{arm} seed {seed} {FRUITLESS[ours[arm, seed]]}" for arm, seed in ours if (arm, seed) not in theirs]
        if only:
            further = f", and {len(only) - MOST_NAMED} more" if len(only) > MOST_NAMED else ""
            yield f"In {side.letter} alone: {', '.join(only[:MOST_NAMED])}{further}."


def _fruitless(verdict: Verdict) -> dict[tuple[str, int], Any]:
    seen = ((arm.name, one) for arm in arms_of(verdict) for one in arm.observations)
    return {(name, one.seed): one.outcome for name, one in seen if one.outcome in FRUITLESS}


def _seeds(old: Verdict, new: Verdict) -> Iterator[str]:
    """Tell of other seeds, of another look at growing data, of another level."""
    noun = f"{replicate(new)}s"
    ours, theirs = _seeds_of(old), _seeds_of(new)
    if ours and theirs and ours != theirs:
        yield f"Other {noun}: {_listed(ours)}{ARROW}{_listed(theirs)}."
    shown = [
        part.effect.level for part in (decisive(old), decisive(new)) if part is not None and part.effect is not None
    ]
    if len(set(shown)) > 1:
        yield f"Judged at another level: {percent(shown[0])}{ARROW}{percent(shown[1])}."


def _seeds_of(verdict: Verdict) -> list[int]:
    return sorted({one.seed for arm in arms_of(verdict) for one in arm.observations})


def _listed(seeds: list[int]) -> str:
    """Write seeds as a range where they are one."""
    if len(seeds) > 1 and seeds == [*range(seeds[0], seeds[-1] + 1)]:
        return f"{len(seeds)} ({seeds[0]} to {seeds[-1]})"
    return f"{len(seeds)} ({', '.join(map(str, seeds))})"


def _effects(old: Verdict, new: Verdict) -> Iterator[str]:
    """Tell of each comparison whose judgement changed, or of that which is decisive now, what its effect did."""
    before = {_name(part): part for part in old.parts}
    pairs = [(before[_name(part)], part) for part in new.parts if _name(part) in before]
    # Why a side could not be judged is told already.
    judged = [pair for pair in pairs if not {part.status for part in pair} & UNJUDGED]
    changed = [(ours, theirs) for ours, theirs in judged if ours.status != theirs.status]
    for ours, theirs in changed[:MOST_NAMED]:
        yield f"{_name(theirs)}: {_effect(old, ours)}{ARROW}{_effect(new, theirs)}."
    if len(changed) > MOST_NAMED:
        yield f"{count(len(changed) - MOST_NAMED, 'comparison')} more changed."
    gone = len(old.parts) - len(pairs), len(new.parts) - len(pairs)
    if any(gone) and old.claim.kind != "sparsest":
        yield f"Other comparisons: {gone[0]} are gone, {gone[1]} are new."


def _name(part: Part) -> str:
    return f"{part.arm.name} against {part.baseline.name}"


def _effect(verdict: Verdict, part: Part) -> str:
    """Say a judgement with its effect, interval and bound, or, where seeds diverged, its reason."""
    found, label = part.effect, SMALL_LABELS.get(part.status, part.status) if verdict.small else part.status
    if found is None:
        return f"{label} ({part.reason})"
    return f"{label}, {effect(found)}, {bound(bound_kind(verdict.claim), found)}"
