"""What stands beside a verdict: sensitivity, warnings, expectation, and its sentence."""

from __future__ import annotations

import math

import pytest

from benchmark.verdicts.wording import rounded
from tests.verdicts.made import BECAUSE, DENSE, PRINTED, arm, claim, judge, judged, moved, number, with_margin


def test_a_verdict_that_hangs_on_one_seed_is_fragile() -> None:
    firm = judged(claim("matches"), moved(0.0), DENSE)
    torn = judged(claim("matches"), [*(x + 0.6 for x in DENSE[:4]), DENSE[4] + 1.6], DENSE)
    assert (firm.fragile, torn.fragile) == (False, True)
    assert "Leaving out seed 4 makes it reproduced" in torn.parts[0].sensitivity
    assert "rank test agrees" in firm.parts[0].sensitivity


def test_three_seeds_are_too_few_to_leave_one_out() -> None:
    found = judged(claim("matches"), moved(0.0)[:3], DENSE[:3])
    assert found.status == "reproduced"
    assert not found.fragile
    assert found.parts[0].sensitivity.startswith("Too few seeds to leave one out")


def test_a_rank_test_that_cannot_reach_its_level_says_so() -> None:
    found = judged(claim("matches"), DENSE[:3], DENSE[:3])
    assert "can't reach 5 % with 3 seeds" in found.parts[0].sensitivity


def test_margins_below_the_noise_and_low_power_are_warned_about() -> None:
    narrow = judged(with_margin("matches", 0.01), moved(0.0), DENSE).parts[0]
    assert len(narrow.warnings) == 3
    assert narrow.effect is not None
    assert narrow.effect.power is not None
    assert narrow.effect.power < 0.2
    wide = judged(with_margin("matches", 1.0), moved(0.0), DENSE).parts[0]
    assert wide.warnings == ()
    assert wide.effect is not None
    assert wide.effect.power == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("expect", "by", "as_expected"),
    [
        ("reproduced", 0.0, True),
        ("reproduced", 5.0, False),
        ("reproduced", 1.0, False),
        ("not reproduced", 5.0, True),
        ("not reproduced", 0.0, False),
        ("any", 1.0, True),
    ],
)
def test_a_verdict_knows_whether_it_was_expected(expect: str, by: float, as_expected: bool) -> None:
    assert judged(claim("matches", expect=expect), moved(by), DENSE).as_expected is as_expected


def test_the_reason_is_one_sentence_with_rounded_numbers_and_units() -> None:
    found = judged(claim("matches"), moved(5.0), DENSE)
    assert found.reason == (
        "imp@1 is 5 fid worse than imp@0: the 90 % interval of the disadvantage, 4.92 to 5.08 over 5 seeds, "
        "lies above the margin of 1 fid"
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (-0.0, "0"), (1234.5, "1230"), (0.012345, "0.0123"), (1.12e16, "1.12e+16"), (-2.5, "-2.5")],
)
def test_numbers_are_rounded_to_three_digits(number: float, text: str) -> None:
    assert rounded(number) == text


def test_rounding_is_a_longer_step_down_a_logarithm_than_up() -> None:
    # One digit: the printed 10 may be a 5, and the ratio of 5 to it 1; the other end is as far on the logarithm.
    printed = number(10.0, 5, printed="1e1")
    (part,) = judge(claim("reduces", PRINTED, ratio=0.9), arm("imp@1", [5.0] * 3), dense_fid=printed).parts
    assert part.effect is not None
    assert part.effect.high == pytest.approx(5.0 / (10.0 - 5.0))
    assert part.effect.low == pytest.approx(0.5 * 0.5)


def test_the_spread_of_a_printed_number_is_relative_where_ratios_are_compared() -> None:
    spread = {"value": 2.0, "means": "standard deviation over runs"}
    printed = number(10.0, 4, spread=spread)
    (part,) = judge(claim("reduces", PRINTED, ratio=0.9), arm("imp@1", [5.0] * 3), dense_fid=printed).parts
    assert part.effect is not None
    # Three degrees of freedom, t = 2.353363; the standard error is a fifth by the root of four runs.
    assert math.log(part.effect.high / 0.5) == pytest.approx(2.353363 * 0.1, rel=1e-6)


def test_seeds_of_the_baseline_alone_are_left_out_too() -> None:
    dense = [10.0, 10.1, 9.9, 10.0, 10.1, 16.0]
    found = judge(claim("matches", paired=False), arm("imp@1", [10.9, 11.0, 10.8, 10.9]), arm("imp@0", dense))
    assert found.fragile
    assert "seed 5" in found.parts[0].sensitivity


def test_equal_numbers_differ_by_nothing_under_a_relative_margin() -> None:
    relative = {"relative": 0.02, "because": BECAUSE}
    (part,) = judged(claim("same", margin=relative), [10.0] * 3, [10.0] * 3).parts
    assert part.effect is not None
    assert (part.effect.estimate, part.effect.low, part.effect.high) == (0.0, 0.0, 0.0)
