"""Verdicts of random claims, against those of `recomputed`, which shares no code with the project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from benchmark.schema.claim import Claim
from benchmark.schema.protocol import Protocol
from benchmark.schema.reference import Number
from benchmark.schema.top_up import Look
from benchmark.schema.verdict import Observation, Verdict
from benchmark.verdicts import ArmData, judge_claim
from tests.reference.recomputed import recompute
from tests.reference.two_sides import Arm, Case, Part

BECAUSE = "chosen before running"
PROTOCOL = {"metric": "fid", "version": 1, "dataset": "digits", "generated": 1000}
KINDS = ("matches", "beats", "equals", "same", "differs", "reduces", "sparsest", "found_by")
CASES = 120
"""Random claims of each kind."""


def judged(case: Case) -> Verdict:
    """Return the project's own verdict."""
    made: Claim = TypeAdapter(Claim).validate_python(case.claim, strict=False)
    arms = {name: _arm_data(arm) for name, arm in case.arms.items()}
    numbers = {name: Number.model_validate(number, strict=False) for name, number in case.numbers.items()}
    named = () if case.look is None else zip(("number", "looks", "spending"), case.look, strict=True)
    look = None if case.look is None else Look.model_validate(dict(named))
    labels = {"suite": "demo", "claim_id": "c", "scale": "paper"}
    return judge_claim(made, arms, numbers, **labels, small=case.small, look=look)


def _arm_data(arm: Arm) -> ArmData:
    seen = [
        Observation(seed=seed, job=f"{arm.name}-{seed}", outcome="diverged" if value is None else "done", value=value)
        for seed, value in arm.values.items()
    ]
    if arm.missing:
        seen.append(Observation(seed=99, job=f"{arm.name}-99", outcome="failed", value=None))
    return ArmData(
        arm.name,
        int(arm.name.partition("@")[2]),
        arm.sparsity,
        tuple(seen),
        tuple(Protocol.model_validate(one) for one in arm.protocols),
        unit=arm.unit,
        lower_is_better=arm.lower_is_better,
    )


def agree(found: Verdict, expected: tuple[str, list[Part]]) -> None:
    """Check the verdict and every comparison: status, number of seeds, both ends of the interval, fragility."""
    status, parts = expected
    assert (found.status, [part.status for part in found.parts]) == (status, [part.status for part in parts])
    for ours, theirs in zip(found.parts, parts, strict=True):
        shown = ours.effect
        assert (shown is None) == (theirs.ends is None)
        assert ours.fragile == theirs.fragile
        if shown is not None and theirs.ends is not None:
            assert shown.n == theirs.n
            assert [shown.low, shown.high] == pytest.approx(theirs.ends, rel=1e-7, abs=1e-9)
    assert found.fragile == any(part.fragile for part in parts)


class Made:
    """A random claim of a kind with its arms and numbers."""

    def __init__(self, kind: str, seed: int) -> None:
        self.random, self.kind = np.random.default_rng([KINDS.index(kind), seed]), kind
        self.paired = self.chance(0.7) or kind == "found_by"
        self.lower = True if kind == "reduces" else self.pick((True, True, False))
        self.seeds = int(self.pick((1, 2, 3, 3, 4, 5, 5, 6, 8)))
        self.spread = float(self.pick((0.0, 0.05, 0.3, 1.0)))
        self.lossy = self.chance(0.3)
        self.arms: dict[str, Arm] = {}
        self.numbers: dict[str, dict[str, Any]] = {}

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def pick(self, among: Any) -> Any:
        return among[self.random.integers(len(among))]

    def case(self) -> Case:
        compare = [self.comparison(index) for index in range(self.pick((1, 1, 2, 3)))]
        return Case(
            claim=self.claim(compare),
            arms=self.arms,
            numbers=self.numbers,
            small=self.chance(0.1),
            look=self.look(),
        )

    def look(self) -> tuple[int, tuple[int, ...], str] | None:
        spending = self.pick(("pocock", "uniform", "obrien_fleming"))
        return (int(self.pick((1, 2, 3))), (3, 5, 8), spending) if self.chance(0.3) else None

    def claim(self, compare: list[dict[str, Any]]) -> dict[str, Any]:
        size = self.pick(({"absolute": 1.0}, {"absolute": 0.0}, {"relative": 0.1}, {"relative": 0.02}))
        margin = {"margin": size | {"because": BECAUSE}}
        special: Mapping[str, dict[str, Any]] = {
            "beats": {"by": size | {"because": BECAUSE}},
            "reduces": {"ratio": float(self.pick((0.5, 0.9, 1.0))), "because": BECAUSE},
            "sparsest": margin | {"at_least": float(self.pick((0.36, 0.59, 0.6, 0.8)))},
            "found_by": {
                "earliest": 9.5,
                "latest": 11.0,
                "share": float(self.pick((0.3, 0.5, 0.8))),
                "because": BECAUSE,
            },
        }
        return {
            "kind": self.kind,
            "says": "A sentence of ours.",
            "source": {"paper": "kalibhat2021"},
            "metric": "fid",
            "compare": compare,
            "paired": self.paired,
            "assume": self.pick(({}, {"dataset": "the only one"}, {"dataset": "the only one", "runs": "a mean"})),
        } | special.get(self.kind, margin)

    def comparison(self, index: int) -> dict[str, Any]:
        arm, dense = f"a{index}", f"b{index}@0"
        moved = float(self.pick((-3.0, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 3.0)))
        factor = float(self.pick((0.3, 0.5, 0.6, 1.0))) if self.kind == "reduces" else 1.0
        around = self.random.normal(0.0, self.spread, 12)
        for level in (1, 2, 3) if self.kind == "sparsest" else (1,):
            step = moved * level if self.kind == "sparsest" else moved
            self.add(f"{arm}@{level}", 10.0 * factor + step * (self.kind != "reduces"), around, level)
        if self.kind == "found_by":
            return {"arm": f"{arm}@1"}
        named = arm if self.kind == "sparsest" else f"{arm}@1"
        if self.kind in ("matches", "equals", "reduces", "beats") and self.chance(0.4):
            self.numbers[f"kalibhat2021/n{index}"] = self.number()
            return {"arm": named, "reference": f"kalibhat2021/n{index}"}
        self.add(dense, 10.0, around, 0)
        return {"arm": named, "baseline": dense}

    def add(self, name: str, center: float, around: np.ndarray, level: int) -> None:
        seeds = self.seeds if self.paired or self.chance(0.7) else self.seeds + 1
        own = self.random.normal(0.0, self.spread / 2, 12)
        values: dict[int, float | None] = {seed: center + float(around[seed] + own[seed]) for seed in range(seeds)}
        for seed in values:
            if self.lossy and self.chance(0.25):
                values[seed] = None
        if self.chance(0.02):
            values[0] = -1.0
        sparsity = None if self.chance(0.03) else round(1 - 0.8 ** (2 * level), 6)
        protocols = [PROTOCOL] + [PROTOCOL | {"generated": 2000}] * self.chance(0.04)
        self.arms[name] = Arm(name, values, self.chance(0.04), sparsity, tuple(protocols), "fid", self.lower)

    def number(self) -> dict[str, Any]:
        if self.chance(0.1):
            return {"value": None, "unit": "fid", "status": "not sourced", "place": {}, "protocol": {}}
        text = self.pick((None, "10", "10.0", "9.97", "1.0e1"))
        means = self.pick(("standard deviation over runs", "not stated"))
        return {
            "value": 10.0 if text is None else float(text),
            "printed": text,
            "unit": "fid" if self.chance(0.95) else "points",
            "place": {},
            "read": "text",
            "source": "Table 2",
            "reading_error": float(self.pick((0.0, 0.0, 0.2))),
            "spread": self.pick((None, {"value": 0.5, "means": means})),
            "runs": self.pick((None, 1, 3, 5, 5)),
            "protocol": PROTOCOL | self.pick(({}, {}, {"version": 7}, {"dataset": None}, {"generated": 50000})),
        }


@pytest.mark.parametrize("kind", KINDS)
def test_random_claims_have_the_verdicts_of_other_code(kind: str) -> None:
    seen = set()
    for seed in range(CASES):
        case = Made(kind, seed).case()
        expected = recompute(case)
        try:
            agree(judged(case), expected)
        except AssertionError as error:
            raise AssertionError(f"{kind}, seed {seed}: {case}") from error
        seen.add(expected[0])
    assert seen == {"reproduced", "not reproduced", "inconclusive", "not comparable", "not run"}
