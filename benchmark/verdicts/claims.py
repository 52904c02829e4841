"""A claim's verdict from its kind's ruling."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.schema.claim import Claim
from benchmark.schema.reference import Number
from benchmark.schema.top_up import Look
from benchmark.schema.verdict import SMALL_LABELS, Verdict
from benchmark.verdicts.arms import ArmData
from benchmark.verdicts.gate import Evidence
from benchmark.verdicts.kinds import KINDS


def judge_claim(  # noqa: PLR0913 - most keywords only label the verdict
    claim: Claim,
    arms: Mapping[str, ArmData],
    references: Mapping[str, Number],
    *,
    suite: str,
    claim_id: str,
    scale: str,
    small: bool,
    look: Look | None = None,
) -> Verdict:
    """Judge a claim on measured arms (by `EXPERIMENT@LEVEL`) and printed numbers (by `PAPER/NUMBER`), at a look."""
    ruling = KINDS[claim.kind](claim, Evidence(arms, references, small, look))
    return Verdict(
        suite=suite,
        claim_id=claim_id,
        claim=claim,
        scale=scale,
        small=small,
        status=ruling.status,
        label=SMALL_LABELS.get(ruling.status, ruling.status) if small else ruling.status,
        as_expected=claim.expect in ("any", ruling.status),
        reason=ruling.reason,
        fragile=any(part.fragile for part in ruling.parts),
        parts=ruling.parts,
        look=next((part.look for part in ruling.parts if part.look is not None), None),
        sparsest=ruling.sparsest,
    )
