"""Every way of not being judged: too few seeds, lost seeds, protocols that differ, numbers not read."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.schema.measurement import Outcome
from benchmark.schema.reference import Number, Spread
from tests.verdicts.made import (
    BECAUSE,
    DENSE,
    PRINTED,
    PROTOCOL,
    arm,
    claim,
    judge,
    judged,
    moved,
    number,
)


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("kind", ["matches", "beats"])
@pytest.mark.parametrize("by", [-100.0, 100.0])
def test_fewer_than_three_seeds_are_indicative_only(n: int, kind: str, by: float) -> None:
    found = judged(claim(kind), [x + by for x in DENSE[:n]], DENSE[:n])
    assert found.status == "inconclusive"
    assert "indicative only" in found.reason


@pytest.mark.parametrize("outcome", ["failed", "blocked", "missing", "done"])
def test_one_value_that_is_missing_is_never_a_pass(outcome: Outcome) -> None:
    ticket = arm("imp@1", [1.0, None, 1.0, 1.0], outcome=outcome)
    found = judge(claim("matches"), ticket, arm("imp@0", DENSE[:4]))
    assert found.status == "not run"
    assert "imp@1 seed 1" in found.reason
    assert found.parts[0].arm.mean is None


def test_nothing_measured_is_not_run() -> None:
    assert judge(claim("matches")).status == "not run"
    assert judge(claim("sparsest")).status == "not run"
    assert "imp@0 is not part of the plan" in judge(claim("matches"), arm("imp@1", DENSE)).reason
    assert judge(claim("matches"), arm("imp@1", []), arm("imp@0", [])).status == "not run"


def test_of_many_missing_values_the_first_are_named_and_the_rest_counted() -> None:
    ticket, dense = arm("imp@1", [None] * 5, outcome="missing"), arm("imp@0", [None] * 5, outcome="missing")
    reason = judge(claim("matches"), ticket, dense).reason
    assert "imp@1 seed 3 (missing) and 6 more" in reason
    assert "imp@0" not in reason


def test_a_seed_that_only_one_arm_has_is_missing_for_a_paired_claim() -> None:
    ticket, dense = arm("imp@1", DENSE[:4]), arm("imp@0", DENSE)
    assert "imp@1 seed 4" in judge(claim("matches"), ticket, dense).reason
    assert judge(claim("matches", paired=False), ticket, dense).status == "reproduced"


def test_a_divergence_under_five_seeds_is_inconclusive_however_good_the_rest() -> None:
    found = judged(claim("matches"), [0.0, 0.0, None, 0.0], DENSE[:4])
    assert (found.status, found.parts[0].effect) == ("inconclusive", None)
    assert "1 of 4 seeds of imp@1 diverged" in found.reason


def test_divergences_among_many_seeds_are_judged_by_ranks_as_worst() -> None:
    dense = [10.0 + 0.01 * x for x in range(10)]
    one_lost = judged(claim("matches"), [None, *(x - 5.0 for x in dense[1:])], dense)
    two_lost = judged(claim("matches"), [None, None, *(x - 5.0 for x in dense[2:])], dense)
    assert (one_lost.status, two_lost.status) == ("reproduced", "inconclusive")
    relative = claim("matches", paired=False, margin={"relative": 0.05, "because": BECAUSE})
    unpaired = judged(relative, [None, *(x - 5.0 for x in dense[1:])], dense)
    assert unpaired.status == "reproduced"
    assert "lies below the margin of 5 %" in unpaired.reason
    dense_lost = judged(claim("beats"), dense, [None] * 10)
    assert dense_lost.status == "reproduced"


def test_four_lost_seeds_stay_inconclusive_though_ranks_could_decide() -> None:
    found = judged(claim("matches", paired=False), [None] * 4, DENSE[:4])
    assert found.status == "inconclusive"


@pytest.mark.parametrize(("n", "status"), [(3, "inconclusive"), (5, "not reproduced")])
def test_a_ticket_that_always_diverges_never_matches(n: int, status: str) -> None:
    found = judged(claim("matches"), [None] * n, DENSE[:n])
    assert found.status == status
    assert f"{n} of {n} seeds" in found.reason


def test_where_every_seed_of_both_arms_diverged_nothing_is_shown() -> None:
    for kind in ("matches", "beats"):
        assert judged(claim(kind), [None] * 8, [None] * 8).status == "inconclusive"


def test_arms_measured_differently_are_not_compared() -> None:
    other = arm("imp@0", DENSE, protocol=PROTOCOL.model_copy(update={"generated": 5000, "version": 2}))
    found = judge(claim("matches"), arm("imp@1", DENSE), other)
    assert found.status == "not comparable"
    assert found.parts[0].differing_fields == ("version", "generated")
    assert "generated" in found.reason


def test_a_printed_number_that_agrees_is_reproduced_with_its_runs_in_the_interval() -> None:
    found = judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=number(10.0, 5, printed="10.0"))
    effect = found.parts[0].effect
    assert (found.status, found.label) == ("reproduced", "reproduced")
    assert effect is not None
    half = 2.132 * np.std(DENSE, ddof=1) * math.sqrt(2 / 5) + 0.05
    assert (effect.low, effect.high) == pytest.approx((-half, half), abs=1e-4)
    assert judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=number(13.0)).status == "not reproduced"


@pytest.mark.parametrize(
    ("printed", "status"), [(10.0, "reproduced"), (30.0, "reproduced"), (9.0, "inconclusive"), (3.0, "not reproduced")]
)
def test_no_worse_than_a_printed_number_asks_one_side_alone(printed: float, status: str) -> None:
    found = judge(claim("matches", PRINTED), arm("imp@1", DENSE), dense_fid=number(printed, 5))
    effect = found.parts[0].effect
    assert found.status == status
    assert effect is not None
    half = 2.132 * np.std(DENSE, ddof=1) * math.sqrt(2 / 5)
    center = np.mean(DENSE) - printed
    assert (effect.low, effect.high) == pytest.approx((center - half, center + half), abs=1e-4)
    small = judge(claim("matches", PRINTED), arm("imp@1", DENSE), small=True, dense_fid=number(printed, 5))
    assert small.status == "not comparable"


@pytest.mark.parametrize(("printed", "status"), [("11.0", "inconclusive"), ("11.04", "not reproduced")])
def test_printed_rounding_can_leave_a_number_open(printed: str, status: str) -> None:
    one = number(float(printed), 5, printed=printed)
    exact = judge(claim("equals", PRINTED), arm("imp@1", [9.98] * 3), dense_fid=one)
    assert exact.status == status


def test_a_reading_error_takes_power_away() -> None:
    sharp, blurred = (
        judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=number(10.0, 5, reading_error=by))
        .parts[0]
        .effect
        for by in (0.0, 0.95)
    )
    assert sharp is not None
    assert blurred is not None
    assert (sharp.power or 0.0) > 0.99 > (blurred.power or 0.0)


def test_a_small_run_never_speaks_for_a_printed_number() -> None:
    found = judge(claim("equals", PRINTED), arm("imp@1", DENSE), small=True, dense_fid=number(10.0))
    assert (found.status, found.label) == ("not comparable", "not comparable")
    assert "small run" in found.reason


def test_relations_at_small_scale_have_their_own_words() -> None:
    holds = judge(claim("matches"), arm("imp@1", DENSE), arm("imp@0", DENSE), small=True)
    fails = judge(claim("matches"), arm("imp@1", moved(5.0)), arm("imp@0", DENSE), small=True)
    assert (holds.label, fails.label) == ("holds at small scale", "does not hold at small scale")
    assert (holds.status, fails.status) == ("reproduced", "not reproduced")


@pytest.mark.parametrize("missing", [None, number(None)])
def test_a_number_that_nobody_could_read_is_not_comparable(missing: Number | None) -> None:
    made, ours = claim("equals", PRINTED), arm("imp@1", DENSE)
    found = judge(made, ours) if missing is None else judge(made, ours, dense_fid=missing)
    assert found.status == "not comparable"
    assert "not sourced" in found.reason


def test_what_the_paper_left_unsaid_blocks_until_it_is_assumed_with_a_reason() -> None:
    vague = number(10.0, None, protocol=PROTOCOL.model_copy(update={"generated": None}))
    blocked = judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=vague)
    assert (blocked.status, blocked.parts[0].differing_fields) == ("not comparable", ("generated", "runs"))
    assume = {"generated": "their code says so", "runs": "one run is the widest interval"}
    open_ = judge(claim("equals", PRINTED, assume=assume), arm("imp@1", DENSE), dense_fid=vague)
    assert open_.status == "reproduced"
    assert sum("Assumed" in line for line in open_.parts[0].warnings) == 2


def test_another_unit_is_not_comparable() -> None:
    found = judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=number(10.0, unit="%"))
    assert found.parts[0].differing_fields == ("unit",)


def test_a_printed_spread_counts_only_over_training_runs() -> None:
    over_runs = number(10.0, 5, spread=Spread(value=2.0, means="standard deviation over runs"))
    evaluation = number(10.0, 5, spread=Spread(value=2.0, means="standard deviation over 10 evaluations"))
    wide, narrow = (
        judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=one).parts[0] for one in (over_runs, evaluation)
    )
    assert wide.effect is not None
    assert narrow.effect is not None
    assert wide.effect.high - wide.effect.low > 5 * (narrow.effect.high - narrow.effect.low)
    assert any("not used" in line for line in narrow.warnings)
    assert (wide.baseline.sd, narrow.baseline.sd) == (2.0, None)
