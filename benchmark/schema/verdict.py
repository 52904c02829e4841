"""The judgement of a claim, with all that a reader needs to doubt it."""

from __future__ import annotations

from typing import Literal

from benchmark.schema.claim import Claim
from benchmark.schema.measurement import Outcome
from benchmark.schema.record import Record
from benchmark.schema.top_up import Look

Status = Literal["reproduced", "not reproduced", "inconclusive", "not comparable", "not run"]

SMALL_LABELS: dict[str, str] = {
    "reproduced": "holds at small scale",
    "not reproduced": "does not hold at small scale",
}


class Observation(Record):
    """One seed of one arm: its value, or how its job ended without one."""

    seed: int
    job: str | None
    outcome: Outcome
    value: float | None


class ArmSummary(Record):
    """What was observed of one arm (EXPERIMENT@LEVEL); or what it is held against, a printed number or a range."""

    name: str
    sparsity: float | None = None
    mean: float | None = None
    sd: float | None = None
    observations: tuple[Observation, ...] = ()


class Effect(Record):
    """The claim's effect, sign-normalised so that larger is worse, with its two-sided interval.

    For `reduces` the effect is a ratio, otherwise a difference in `unit`; where neither is better, larger is higher.
    For `found_by` it is the share of seeds, of which more is better, and `margin` is the share claimed.
    """

    estimate: float
    low: float
    high: float
    level: float
    margin: float
    scale: Literal["difference", "ratio", "share"] = "difference"
    unit: str
    n: int
    power: float | None
    method: str


class Part(Record):
    """One comparison of a claim, judged on its own.

    `look` is the one that its level was paid for, where more seeds may follow by a declared schedule; null where the
    level is that of a single look, as of exact numbers, on which seeds have no bearing.
    """

    arm: ArmSummary
    baseline: ArmSummary
    status: Status
    reason: str
    effect: Effect | None = None
    differing_fields: tuple[str, ...] = ()
    fragile: bool = False
    sensitivity: str = ""
    warnings: tuple[str, ...] = ()
    look: Look | None = None


class Verdict(Record):
    """A claim's verdict: its parts joined (statistics.md, R7), at a look where several are declared."""

    suite: str
    claim_id: str
    claim: Claim
    scale: str
    small: bool
    status: Status
    label: str
    as_expected: bool
    reason: str
    fragile: bool = False
    parts: tuple[Part, ...]
    look: Look | None = None
    sparsest: float | None = None
    """For the kind `sparsest`: the sparsest level that still matched; null where none did."""


class Verdicts(Record):
    """`verdicts.json`: every claim that was expected, judged."""

    format: Literal[1] = 1
    verdicts: tuple[Verdict, ...]
