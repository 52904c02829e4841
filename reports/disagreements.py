"""What a paper's sources say differently, of a whole paper and of what one claim rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmark.schema.reference import Contradiction
from reports.evidence import Evidence
from reports.page import Disagreement


def disagreement(found: Contradiction) -> Disagreement:
    """Word a contradiction."""
    matters_for = ", ".join(found.matters_for)
    return Disagreement(between=" and ".join(found.between), says=found.says, matters_for=matters_for)


def touching(evidence: Evidence, claim_id: str, numbers: Iterable[str]) -> Iterator[Disagreement]:
    """Yield the contradictions that matter for a claim, or for one of the printed numbers (PAPER/NUMBER) it names."""
    named = set(numbers)
    for paper, held in sorted(evidence.references.items()):
        for found in held.contradictions:
            touched = {f"{paper}/{one}" for one in found.matters_for}
            if claim_id in found.matters_for or touched & named:
                yield disagreement(found)
