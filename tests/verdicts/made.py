"""Made-up arms, printed numbers and claims for the tests of verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from benchmark.schema.claim import Claim
from benchmark.schema.measurement import Outcome
from benchmark.schema.protocol import Protocol
from benchmark.schema.reference import Number, Place
from benchmark.schema.verdict import Observation, Verdict
from benchmark.verdicts import ArmData, judge_claim

PROTOCOL = Protocol(metric="fid", version=1, dataset="digits", generated=1000)
BECAUSE = "chosen before running"
Values = Sequence[float | None]


def arm(
    name: str,
    values: Values,
    *,
    outcome: Outcome = "diverged",
    sparsity: float | None = None,
    protocol: Protocol = PROTOCOL,
    lower_is_better: bool = True,
) -> ArmData:
    """An arm with one seed per value; null values have the outcome given."""
    seen = tuple(
        Observation(seed=seed, job=f"job-{seed}", outcome="done" if value is not None else outcome, value=value)
        for seed, value in enumerate(values)
    )
    level = int(name.rpartition("@")[2])
    return ArmData(name, level, sparsity, seen, (protocol,), unit="fid", lower_is_better=lower_is_better)


def number(value: float | None = 10.0, runs: int | None = 5, **more: object) -> Number:
    """A sourced printed number that was measured by the tests' protocol."""
    known = (
        {"read": "text", "source": "Table 2", "protocol": PROTOCOL} if value is not None else {"status": "not sourced"}
    )
    return Number.model_validate({"value": value, "unit": "fid", "place": Place(), "runs": runs} | known | more)


def claim(kind: str, compare: Sequence[dict[str, str]] | None = None, **more: Any) -> Claim:
    """A claim about `imp@1` against `imp@0`, unless told otherwise."""
    special: dict[str, dict[str, Any]] = {
        "beats": {"by": {"absolute": 1.0, "because": BECAUSE}},
        "reduces": {"ratio": 0.5, "because": BECAUSE},
        "sparsest": {"margin": {"absolute": 1.0, "because": BECAUSE}, "at_least": 0.8},
        "found_by": {"earliest": 4.0, "latest": 6.0, "share": 0.5, "because": BECAUSE},
    }
    margin = special.get(kind, {"margin": {"absolute": 1.0, "because": BECAUSE}})
    default = [{"arm": "imp" if kind == "sparsest" else "imp@1", "baseline": "imp@0"}]
    written: dict[str, Any] = {
        "kind": kind,
        "says": "A sentence of ours.",
        "source": {"paper": "kalibhat2021"},
        "metric": "fid",
    }
    written |= margin | {"compare": compare or default} | more
    found: Claim = TypeAdapter(Claim).validate_python(written, strict=False)
    return found


def judge(made: Claim, *arms: ArmData, small: bool = False, **references: Number) -> Verdict:
    """Judge a claim on the arms given; references are numbers of the paper kalibhat2021."""
    named = {f"kalibhat2021/{name}": one for name, one in references.items()}
    by_name = {one.name: one for one in arms}
    return judge_claim(
        made, by_name, named, suite="demo", claim_id="c", scale="small" if small else "paper", small=small
    )


def judged(made: Claim, ticket: Values, dense: Values) -> Verdict:
    """Judge `imp@1` against `imp@0`."""
    return judge(made, arm("imp@1", ticket), arm("imp@0", dense))


def absolute(size: float) -> Any:
    """A margin in the metric's unit."""
    return {"absolute": size, "because": BECAUSE}


def with_margin(kind: str, size: float) -> Claim:
    """A claim of a kind with an absolute margin."""
    return claim(kind, **{"by" if kind == "beats" else "margin": absolute(size)})


SPREAD = [0.0, 0.1, -0.1, 0.05, -0.05]
DENSE = [10.0 + x for x in SPREAD]


def moved(by: float) -> list[float]:
    """The dense values, moved, with another spread."""
    return [x + by + y for x, y in zip(DENSE, [0.05, -0.05, 0.1, 0.0, -0.1], strict=True)]


PRINTED = [{"arm": "imp@1", "reference": "kalibhat2021/dense_fid"}]
