"""p-values, the correction of many, and what fresh seeds confirm by chance: against formulas and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from benchmark.statistics import benjamini_hochberg, chance_above, paired
from benchmark.trend.discovery import FRESH_LEVEL, chance_of_confirming, odds

PS = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_a_p_is_the_tail_of_students_t() -> None:
    found = [1.0, 2.0, 4.0, 5.0]
    t = np.mean(found) / (np.std(found, ddof=1) / 2)

    def density(x: float) -> float:
        return math.gamma(2) / (math.sqrt(3 * math.pi) * math.gamma(1.5)) * (1 + x * x / 3) ** -2

    assert chance_above(paired(found)) == pytest.approx(quad(density, t, math.inf)[0])
    assert chance_above(paired([-value for value in found])) == pytest.approx(1 - chance_above(paired(found)))


@pytest.mark.parametrize(("difference", "p"), [(0.5, 0.0), (0.0, 1.0), (-0.5, 1.0)])
def test_without_spread_a_p_is_certain(difference: float, p: float) -> None:
    assert chance_above(paired([difference] * 3)) == p


def test_the_example_of_benjamini_and_hochberg() -> None:
    # Benjamini and Hochberg (1995), section 3.2: of fifteen comparisons, the first four are rejected at 0.05.
    ps = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    ps += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    assert [p <= 0.05 for p in benjamini_hochberg(ps)] == [True] * 4 + [False] * 11


@given(PS)
def test_the_adjusted_reject_what_the_step_up_rule_rejects(ps: list[float]) -> None:
    ordered = sorted(ps)
    ranks = [rank for rank, p in enumerate(ordered, 1) if p * (len(ps) / rank) <= 0.1]
    cut = ordered[max(ranks) - 1] if ranks else -1.0
    assert [p <= 0.1 for p in benjamini_hochberg(ps)] == [p <= cut for p in ps]


@given(PS)
def test_a_correction_never_makes_a_p_smaller(ps: list[float]) -> None:
    assert all(after >= before for after, before in zip(benjamini_hochberg(ps), ps, strict=True))
    assert benjamini_hochberg(ps[:1]) == ps[:1]


@pytest.mark.parametrize("p", [0.05, 0.01, 0.001])
def test_how_often_fresh_seeds_confirm_what_is_false(p: float) -> None:
    random = np.random.default_rng(3)
    # Given how far the night lies from the baseline, the baseline's mean is half as far off on the other side.
    night = math.sqrt(2) * _normal_quantile(1 - p)
    baseline = random.normal(-night / 2, math.sqrt(0.5), 400_000)
    fresh = (random.normal(0, 1, baseline.size) - baseline) / math.sqrt(2)
    share = float(np.mean(fresh > _normal_quantile((1 + FRESH_LEVEL) / 2)))
    assert chance_of_confirming(p) == pytest.approx(share, rel=0.03)


def test_odds_of_a_night() -> None:
    quiet, loud = odds(20, []), odds(20, [0.01, 0.001])
    assert quiet.by_chance == pytest.approx(1.0)
    assert (quiet.false, quiet.alarms, loud.suspected) == (0.0, 0.0, 2)
    assert loud.false == pytest.approx(0.2)
    assert 0 < loud.alarms < loud.false


def _normal_quantile(share: float) -> float:
    low, high = -10.0, 10.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if 0.5 * math.erfc(-middle / math.sqrt(2)) < share else (low, middle)
    return low
