"""What stands beside a verdict: sensitivity, warnings, expectation, and its sentence."""

from __future__ import annotations

import pytest

from benchmark.verdicts.wording import rounded
from tests.verdicts.made import (
    DENSE,
    claim,
    judged,
    moved,
    with_margin,
)


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
