"""Each kind of claim by example, the joining of comparisons, and the sparsest level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from pydantic import TypeAdapter

from benchmark.schema.claim import Claim
from benchmark.schema.protocol import Protocol
from benchmark.verdicts import KINDS, ArmData
from tests.verdicts.made import (
    BECAUSE,
    DENSE,
    arm,
    claim,
    judge,
    judged,
    moved,
)


@pytest.mark.parametrize(
    ("kind", "by", "status"),
    [
        ("matches", 0.0, "reproduced"),
        ("matches", -9.0, "reproduced"),
        ("matches", 2.0, "not reproduced"),
        ("matches", 1.0, "inconclusive"),
        ("beats", -2.0, "reproduced"),
        ("beats", 0.0, "not reproduced"),
        ("beats", -1.0, "inconclusive"),
        ("same", 0.0, "reproduced"),
        ("same", -2.0, "not reproduced"),
        ("same", 1.0, "inconclusive"),
        ("differs", -2.0, "reproduced"),
        ("differs", 0.0, "not reproduced"),
        ("differs", -1.0, "inconclusive"),
        ("reduces", -6.0, "reproduced"),
        ("reduces", -4.0, "not reproduced"),
        ("reduces", -5.0, "inconclusive"),
    ],
)
@pytest.mark.parametrize("paired", [True, False])
def test_each_kind_by_example(kind: str, by: float, status: str, paired: bool) -> None:
    assert judged(claim(kind, paired=paired), moved(by), DENSE).status == status


def test_every_kind_of_the_schema_is_judged() -> None:
    assert set(KINDS) == set(TypeAdapter(Claim).json_schema()["discriminator"]["mapping"])


def test_a_relative_margin_is_tested_seed_by_seed() -> None:
    # The dense values vary tenfold and the ticket is always 4 % worse: only a per-seed test can see that.
    dense = [1.0, 2.0, 5.0, 10.0]
    made = claim("matches", margin={"relative": 0.05, "because": BECAUSE})
    found = judged(made, [1.04 * x for x in dense], dense)
    effect = found.parts[0].effect
    assert effect is not None
    assert effect.margin == pytest.approx(0.05 * 4.5)
    shifted = [1.04 * x - 1.05 * x for x in dense]
    half = 2.353 * np.std(shifted, ddof=1) / 2
    assert effect.high - effect.margin == pytest.approx(np.mean(shifted) + half, abs=1e-4)
    assert (found.status == "reproduced") == (np.mean(shifted) + half <= 0)


@pytest.mark.parametrize(("ticket", "status"), [(0.96, "reproduced"), (0.94, "not reproduced")])
def test_a_relative_margin_is_mirrored_where_higher_is_better(ticket: float, status: str) -> None:
    dense = [0.8, 0.9, 0.85]
    made = claim("matches", margin={"relative": 0.05, "because": BECAUSE})
    arms = [
        arm("imp@1", [ticket * x for x in dense], lower_is_better=False),
        arm("imp@0", dense, lower_is_better=False),
    ]
    assert judge(made, *arms).status == status


def test_a_relative_margin_has_the_same_width_below_zero() -> None:
    made = claim("matches", margin={"relative": 0.05, "because": BECAUSE})
    assert judged(made, [-9.7, -9.7, -9.7], [-10.0, -10.0, -10.0]).status == "reproduced"


def test_exact_costs_at_the_ratio_are_at_most_the_ratio() -> None:
    made = claim("reduces", ratio=0.21)
    found = judged(made, [21_000.0] * 3, [100_000.0] * 3)
    assert found.status == "reproduced"
    assert found.parts[0].effect is not None
    assert found.parts[0].effect.scale == "ratio"
    assert found.parts[0].effect.high == pytest.approx(0.21)
    assert judged(made, [21_001.0] * 3, [100_000.0] * 3).status == "not reproduced"
    assert any("exact" in line for line in found.parts[0].warnings)


def test_a_ratio_of_nothing_is_inconclusive() -> None:
    found = judged(claim("reduces"), [0.0, 1.0, 1.0], [0.0, 4.0, 4.0])
    assert (found.status, found.parts[0].effect) == ("inconclusive", None)


def test_ratios_without_a_finite_interval_are_inconclusive() -> None:
    assert judged(claim("reduces"), [1e-200, 1e200, 1.0], [1.0, 1.0, 1.0]).status == "inconclusive"


def test_equal_arms_match_even_without_a_margin_but_do_not_beat() -> None:
    none = {"absolute": 0.0, "because": BECAUSE}
    assert judged(claim("matches", margin=none), [7.0] * 3, [7.0] * 3).status == "reproduced"
    assert judged(claim("beats", by=none), [7.0] * 3, [7.0] * 3).status == "not reproduced"


ARMS_BY_STATUS = {
    "not reproduced": arm("imp@2", moved(5.0)),
    "inconclusive": arm("imp@3", moved(1.0)),
    "not comparable": arm("imp@4", DENSE, protocol=Protocol(metric="kid")),
    "not run": arm("imp@5", [None] * 5, outcome="failed"),
}
BOTH = [{"arm": "imp@1", "baseline": "imp@0"}, {"arm": "imp@2", "baseline": "imp@0"}]


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (arm("imp@2", moved(0.0)), "reproduced"),
        (arm("imp@2", moved(5.0)), "not reproduced"),
        (arm("imp@2", moved(1.0)), "inconclusive"),
        (arm("imp@2", DENSE, protocol=Protocol(metric="kid")), "not comparable"),
        (arm("imp@2", [None] * 5, outcome="failed"), "not run"),
    ],
)
def test_all_comparisons_must_hold(second: ArmData, status: str) -> None:
    found = judge(claim("matches", BOTH), arm("imp@1", moved(0.0)), second, arm("imp@0", DENSE))
    assert found.status == status
    assert found.parts[0].status == "reproduced"
    assert f"{1 + (status == 'reproduced')} of 2" in found.reason


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("not reproduced", "not comparable", "not reproduced"),
        ("not comparable", "inconclusive", "not comparable"),
        ("inconclusive", "not run", "inconclusive"),
        ("not run", "not reproduced", "not reproduced"),
        ("not run", "not comparable", "not comparable"),
    ],
)
def test_the_worst_of_two_comparisons_wins(first: str, second: str, status: str) -> None:
    compare = [{"arm": ARMS_BY_STATUS[one].name, "baseline": "imp@0"} for one in (first, second)]
    assert judge(claim("matches", compare), arm("imp@0", DENSE), *ARMS_BY_STATUS.values()).status == status


def test_a_contradictory_pair_of_demands_is_not_reproduced() -> None:
    both = [{"arm": "imp@1", "baseline": "imp@0"}, {"arm": "imp@0", "baseline": "imp@1"}]
    found = judge(claim("beats", both), arm("imp@1", moved(-3.0)), arm("imp@0", DENSE))
    assert found.status == "not reproduced"


def levels(*moves: float, sparsities: Sequence[float | None] = (0.36, 0.59, 0.8, 0.9)) -> list[ArmData]:
    """The dense level and one level per move."""
    pruned = [arm(f"imp@{i + 1}", moved(by), sparsity=sparsities[i]) for i, by in enumerate(moves)]
    return [arm("imp@0", DENSE, sparsity=0.0), *pruned]


@pytest.mark.parametrize(
    ("moves", "status", "sparsest", "tested"),
    [
        ((0.0, 0.0, 0.0, 5.0), "reproduced", 0.8, 4),
        ((0.0, 0.0, 0.0, 0.0), "reproduced", 0.9, 4),
        ((0.0, 5.0, 0.0, 0.0), "not reproduced", 0.36, 2),
        ((5.0, 0.0, 0.0, 0.0), "not reproduced", None, 1),
        ((0.0, 0.0, 5.0, 0.0), "not reproduced", 0.59, 3),
        ((0.0, 1.0, 0.0, 0.0), "inconclusive", 0.36, 2),
        ((0.0, 0.0), "inconclusive", 0.59, 2),
    ],
)
def test_the_sparsest_level_is_sought_from_below_and_stops_at_the_first_failure(
    moves: tuple[float, ...], status: str, sparsest: float | None, tested: int
) -> None:
    found = judge(claim("sparsest"), *levels(*moves))
    assert (found.status, found.sparsest, len(found.parts)) == (status, sparsest, tested)


def test_a_failure_beyond_the_claimed_sparsity_leaves_open_what_lies_between() -> None:
    found = judge(claim("sparsest"), *levels(0.0, 5.0, sparsities=(0.36, 0.9)))
    assert (found.status, found.sparsest) == ("inconclusive", 0.36)


def test_levels_are_tested_by_sparsity_whatever_their_order() -> None:
    found = judge(claim("sparsest"), *reversed(levels(0.0, 0.0, 0.0, 5.0)))
    assert [part.arm.name for part in found.parts] == ["imp@1", "imp@2", "imp@3", "imp@4"]


def test_a_level_without_sparsity_is_not_run() -> None:
    found = judge(claim("sparsest"), *levels(0.0, sparsities=(None,)))
    assert found.status == "not run"
    assert "sparsity of imp@1" in found.reason
