"""A suite's verdicts -> its part of the summary: each claim in one line, with what a reader needs at first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from benchmark.schema.verdict import Effect, Status, Verdict
from reports.comparisons import arms_of, decisive, replicate
from reports.evidence import Evidence
from reports.forest import forest
from reports.lines import experiments_of
from reports.printed import protocols, references_of
from reports.summary_page import Count, Summary, SummaryGroup, SummaryLine, Tag
from reports.wording import (
    KINDS,
    bound,
    bound_kind,
    count,
    ends,
    estimate,
    expectation,
    number,
    percent,
    printed,
    source,
)

ORDER: tuple[Status, ...] = ("reproduced", "not reproduced", "inconclusive", "not comparable", "not run")
USUAL_LEVEL = 0.9
MOST_PRINTED, MOST_NAMED = 2, 6
"""So many printed numbers a line has, and so many what it opens; the claim's section has them all."""


def summary(evidence: Evidence, verdicts: Sequence[Verdict], anchor: str) -> Summary:
    """Give each claim a line, in the suite's order, paper by paper where it holds claims of several."""
    usual = _usual_margins(verdicts)
    lines = [_line(evidence, verdict, anchor, usual) for verdict in verdicts]
    papers = dict.fromkeys(line.paper for line in lines)
    groups = (
        SummaryGroup(paper=paper if len(papers) > 1 else "", lines=tuple(line for line in lines if line.paper == paper))
        for paper in papers
    )
    return Summary(counts=counts(verdicts), groups=tuple(groups))


def counts(verdicts: Iterable[Verdict]) -> tuple[Count, ...]:
    """Count the claims of each verdict, best first."""
    found = Counter((verdict.status, verdict.label) for verdict in verdicts)
    ordered = sorted(found.items(), key=lambda item: (ORDER.index(item[0][0]), item[0][1]))
    return tuple(Count(status=status, label=label, number=number) for (status, label), number in ordered)


def _usual_margins(verdicts: Iterable[Verdict]) -> dict[str, float]:
    """Return the smallest margin that differences in each unit are judged by, where any has one."""
    effects = (part.effect for verdict in verdicts for part in verdict.parts if part.effect is not None)
    held = sorted((one.margin, one.unit) for one in effects if one.scale == "difference" and one.margin > 0)
    return {unit: margin for margin, unit in reversed(held)}


def _line(evidence: Evidence, verdict: Verdict, anchor: str, usual: dict[str, float]) -> SummaryLine:
    claim, shown = verdict.claim, decisive(verdict)
    found = shown.effect if shown else None
    unit = usual.get(found.unit, 0.0) if found else 0.0
    return SummaryLine(
        anchor=f"{anchor}-{verdict.claim_id}",
        name=verdict.claim_id,
        says=claim.says,
        status=verdict.status,
        word=verdict.label.removesuffix(" at small scale"),
        tags=tuple(_tags(verdict)),
        forest=forest(claim, [shown], unit) if shown else None,
        estimate=estimate(found) if found else "",
        interval=_interval(found) if found else "",
        n=str(found.n) if found else "",
        scale=verdict.scale,
        printed=_printed(evidence, verdict),
        reason=verdict.reason,
        more=tuple(_more(evidence, verdict, found)),
        paper=claim.source.paper,
        kind=KINDS[claim.kind],
        models=_models(evidence, verdict),
    )


def _tags(verdict: Verdict) -> Iterator[Tag]:
    if verdict.status in ("reproduced", "not reproduced") and not verdict.as_expected:
        yield Tag(key="unexpected", text="unexpected")
    if verdict.claim.contested:
        yield Tag(key="contested", text="contested")
    if verdict.fragile:
        yield Tag(key="fragile", text="fragile")
    seen = {(arm.name, one.seed) for arm in arms_of(verdict) for one in arm.observations if one.outcome == "diverged"}
    if seen:
        yield Tag(key="diverged", text=f"{len(seen)} diverged")


def _interval(found: Effect) -> str:
    level = "" if found.level == USUAL_LEVEL else f" ({percent(found.level)})"
    return f"{ends(found)}{level}"


def _more(evidence: Evidence, verdict: Verdict, found: Effect | None) -> Iterator[str]:
    """Say what the line was judged against, who says it where, and what the paper prints."""
    claim, shown = verdict.claim, decisive(verdict)
    if shown is not None and len(verdict.parts) > 1:
        which = f"{shown.arm.name} against {shown.baseline.name}"
        yield f"The line shows {which}, one of {len(verdict.parts)} comparisons."
    judged = (bound(bound_kind(claim), found), count(found.n, replicate(verdict))) if found else ()
    yield "; ".join((*judged, expectation(claim.expect, verdict.status, verdict.as_expected)))
    yield f"{verdict.claim_id}: {source(claim.source)}"
    names = _of_metric(evidence, verdict)
    if names:
        further = f"; {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield f"Printed: {'; '.join(_named(evidence, name) for name in names[:MOST_NAMED])}{further}"


def _named(evidence: Evidence, name: str) -> str:
    found = evidence.reference(name)
    return f"{name.partition('/')[2].replace('_', ' ')} {printed(found) if found else ''}"


def _printed(evidence: Evidence, verdict: Verdict) -> str:
    """Return the digits of the printed numbers that a claim's metric has, or nothing."""
    found = [evidence.reference(name) for name in _of_metric(evidence, verdict)]
    texts = [one.printed or number(one.value, 4) for one in found if one is not None and one.value is not None]
    further = ["\N{HORIZONTAL ELLIPSIS}"] if len(texts) > MOST_PRINTED else []
    return "; ".join((*texts[:MOST_PRINTED], *further))


def _of_metric(evidence: Evidence, verdict: Verdict) -> list[str]:
    """Return the printed number that a claim is held against, else those of its metric that could be read."""
    claim = verdict.claim
    compared = [one.reference for one in claim.compare if one.reference]
    metrics = {one.metric for one in protocols(evidence, verdict)} or {claim.metric}
    wanted = {"sparsity"} if claim.kind == "sparsest" else metrics
    found = ((name, evidence.reference(name)) for name in compared or references_of(verdict))
    read = [(name, one) for name, one in found if one is not None and one.value is not None]
    return [name for name, one in read if compared or one.protocol.metric in wanted]


def _models(evidence: Evidence, verdict: Verdict) -> tuple[str, ...]:
    held = evidence.suite.experiments
    return tuple(dict.fromkeys(held[name].model.name for name in experiments_of(verdict.claim) if name in held))
