"""All claims about the sparsest matching ticket in one table, as a paper prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark.schema.verdict import Verdict
from reports.evidence import Evidence
from reports.page import Cell, Table
from reports.printed import references_of
from reports.wording import MISSING, printed, share


def sparsest(evidence: Evidence, verdicts: Sequence[Verdict], anchor: str) -> Table | None:
    """List the claims of the kind `sparsest`: what is printed, what was found, the verdict; null without any."""
    rows = tuple(tuple(_row(evidence, one, anchor)) for one in verdicts if one.claim.kind == "sparsest")
    columns = ("claim", "metric", "printed", "sparsest that still matches", "claimed: at least", "verdict")
    caption = "The sparsest tickets that still match their dense network: printed, and found here"
    return Table(caption=caption, columns=columns, rows=rows) if rows else None


def _row(evidence: Evidence, verdict: Verdict, anchor: str) -> Iterator[Cell]:
    claim = verdict.claim
    yield Cell(text=verdict.claim_id, head=True, href=f"#{anchor}-{verdict.claim_id}")
    yield Cell(text=claim.metric)
    yield _printed(evidence, verdict)
    if verdict.sparsest is not None:
        yield Cell(text=share(verdict.sparsest))
    else:
        judged = any(part.effect is not None for part in verdict.parts)
        yield Cell(text="no level matched" if judged else MISSING, missing=True)
    yield Cell(text=share(claim.at_least) if claim.kind == "sparsest" else "")
    yield Cell(text=verdict.label, status=verdict.status)


def _printed(evidence: Evidence, verdict: Verdict) -> Cell:
    found = [number for name in references_of(verdict) if (number := evidence.reference(name)) is not None]
    texts = [printed(number) for number in found if number.unit == "fraction"]
    return Cell(text="; ".join(texts) or "none given", missing=not texts)
