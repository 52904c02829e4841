"""The statistics against simulation, published tables and independent formulas."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import nctdtr, stdtrit

from benchmark import statistics
from benchmark.statistics import Estimate

value = st.floats(-1e3, 1e3, allow_nan=False).map(lambda number: round(number, 3))
sample = st.lists(value, min_size=2, max_size=8)

# t quantiles at 0.95 from printed tables, so that they are independent of SciPy.
T_95 = {1: 6.314, 2: 2.920, 3: 2.353, 4: 2.132, 7: 1.895, 9: 1.833, 19: 1.729}


@pytest.mark.parametrize(
    ("n", "half_widths"),
    [
        (3, (3.37, 2.38, 2.13)),
        (4, (2.63, 1.80, 1.58)),
        (5, (2.34, 1.56, 1.35)),
        (8, (2.01, 1.28, 1.08)),
        (10, (1.92, 1.21, 1.00)),
        (20, (1.77, 1.07, 0.86)),
    ],
)
def test_half_widths_against_a_printed_mean_equal_the_table(n: int, half_widths: tuple[float, ...]) -> None:
    raw = np.arange(n, dtype=float)
    values = list(raw / raw.std(ddof=1))
    for runs, expected in zip((1, 3, 5), half_widths, strict=True):
        low, high = statistics.against_mean(values, 0.0, runs).interval(0.90)
        assert round((high - low) / 2, 2) == expected


def test_paired_interval_equals_the_textbook_formula() -> None:
    low, high = statistics.paired([1.0, 2.0, 4.0, 5.0]).interval(0.90)
    half = T_95[3] * math.sqrt(10 / 3) / 2
    assert (low, high) == pytest.approx((3.0 - half, 3.0 + half), abs=1e-3)


def test_welch_degrees_of_freedom_equal_the_textbook_formula() -> None:
    arm, baseline = [20.1, 22.4, 19.8, 25.0, 21.3], [10.0, 10.4, 9.9]
    a, b = np.var(arm, ddof=1) / 5, np.var(baseline, ddof=1) / 3
    found = statistics.welch(arm, baseline)
    assert found.df == pytest.approx((a + b) ** 2 / (a**2 / 4 + b**2 / 2))
    assert found.error == pytest.approx(math.sqrt(a + b))
    assert found.value == pytest.approx(np.mean(arm) - np.mean(baseline))


def test_a_summary_of_runs_gives_the_same_as_the_runs() -> None:
    arm, runs = [1.0, 2.0, 4.0], [3.0, 3.5, 5.0, 4.0]
    summary = statistics.against_summary(arm, float(np.mean(runs)), float(np.std(runs, ddof=1)), 4)
    whole = statistics.welch(arm, runs)
    assert (summary.value, summary.error, summary.df) == pytest.approx((whole.value, whole.error, whole.df))


def test_widening_is_added_at_both_ends() -> None:
    plain, wide = (statistics.paired([1.0, 2.0, 4.0]).interval(0.90, by) for by in (0.0, 0.5))
    assert (plain.low - wide.low, wide.high - plain.high) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize("number", [0.1, 1.12e16, 1e-300, 0.0])
@pytest.mark.parametrize("n", [2, 3, 7])
def test_values_without_spread_give_an_interval_without_width(number: float, n: int) -> None:
    for found in (
        statistics.paired([number] * n),
        statistics.welch([number] * n, [0.0] * n),
        statistics.against_mean([number] * n, 0.0, 5),
        statistics.against_summary([number] * n, 0.0, 0.0, 5),
    ):
        assert found.interval(0.90) == (number, number)
        assert statistics.noninferiority_power(found, 1.0) == statistics.equivalence_power(found, 1.0) == 1.0


@pytest.mark.parametrize("estimate", [statistics.paired, lambda values: statistics.welch(values, [1.0, 2.0])])
def test_one_value_gives_no_estimate(estimate: Callable[[list[float]], Estimate]) -> None:
    with pytest.raises(ValueError, match="at least two"):
        estimate([1.0])


@given(arm=sample, baseline=sample)
@settings(deadline=None)
def test_welch_swapped_is_welch_negated(arm: list[float], baseline: list[float]) -> None:
    one, other = statistics.welch(arm, baseline).interval(0.90), statistics.welch(baseline, arm).interval(0.90)
    assert one == pytest.approx((-other.high, -other.low))


@given(arm=sample, baseline=sample, scale=st.floats(1e-6, 1e6))
@settings(deadline=None)
def test_welch_scales_with_its_values(arm: list[float], baseline: list[float], scale: float) -> None:
    assume(statistics.sd(arm) + statistics.sd(baseline) > 1e-3)
    one = statistics.welch(arm, baseline)
    scaled = statistics.welch([scale * x for x in arm], [scale * x for x in baseline])
    assert (scaled.error, scaled.df) == pytest.approx((scale * one.error, one.df), rel=1e-6)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_paired_interval_covers_as_often_as_it_says(n: int) -> None:
    drawn = np.random.default_rng(n).normal(size=(4000, n)).tolist()
    covered = [low <= 0.0 <= high for low, high in (statistics.paired(one).interval(0.95) for one in drawn)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_skewed_values_are_covered_as_measured_before(n: int) -> None:
    shift = math.exp(0.125)
    drawn = (np.random.default_rng(n).lognormal(0.0, 0.5, size=(4000, n)) - shift).tolist()
    covered = [low <= 0.0 <= high for low, high in (statistics.paired(one).interval(0.95) for one in drawn)]
    assert 0.895 <= np.mean(covered) <= 0.945


@pytest.mark.parametrize(("n", "measured"), [(3, 0.75), (5, 0.84), (10, 0.90)])
def test_a_percentile_bootstrap_would_cover_too_rarely(n: int, measured: float) -> None:
    generator = np.random.default_rng(n)
    values = generator.normal(size=(1500, n))
    means = np.stack([one[generator.integers(0, n, size=(400, n))].mean(axis=1) for one in values])
    low, high = np.quantile(means, [0.025, 0.975], axis=1)
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(measured, abs=0.035)


POWER = {
    3: ((0.39, 0.58, 0.86), (0.12, 0.32, 0.75)),
    5: ((0.68, 0.89, 1.00), (0.39, 0.77, 0.99)),
    8: ((0.89, 0.98, 1.00), (0.77, 0.97, 1.00)),
    10: ((0.94, 1.00, 1.00), (0.88, 0.99, 1.00)),
    20: ((1.00, 1.00, 1.00), (1.00, 1.00, 1.00)),
}


@pytest.mark.parametrize("n", POWER)
def test_power_equals_the_simulated_table(n: int) -> None:
    # The table was simulated with 20,000 trials and rounded to 0.01.
    for margin, inferior, equivalent in zip((1.5, 2.0, 3.0), *POWER[n], strict=True):
        plan = statistics.planned(n, 1.0)
        assert statistics.noninferiority_power(plan, margin) == pytest.approx(inferior, abs=0.015)
        assert statistics.equivalence_power(plan, margin) == pytest.approx(equivalent, abs=0.015)


@pytest.mark.parametrize(("n", "margin"), [(3, 2.0), (5, 1.5)])
def test_power_equals_a_fresh_simulation(n: int, margin: float) -> None:
    drawn = np.random.default_rng(7).normal(size=(3000, 2, n)).tolist()
    ends = [statistics.welch(*one).interval(0.90) for one in drawn]
    plan = statistics.planned(n, 1.0)
    inferior, equivalent = np.mean([(high < margin, high < margin and low > -margin) for low, high in ends], axis=0)
    assert statistics.noninferiority_power(plan, margin) == pytest.approx(inferior, abs=0.03)
    assert statistics.equivalence_power(plan, margin) == pytest.approx(equivalent, abs=0.03)


@given(n=st.integers(2, 30), margin=st.floats(0.0, 5.0))
@settings(deadline=None, max_examples=50)
def test_paired_power_equals_the_noncentral_t(n: int, margin: float) -> None:
    exact = 1.0 - float(nctdtr(n - 1, margin * math.sqrt(n), float(stdtrit(n - 1, 0.95))))
    found = statistics.noninferiority_power(statistics.planned(n, 1.0, pairs=True), margin)
    assert found == pytest.approx(exact, abs=1e-3)


@given(n=st.integers(2, 20), margin=st.floats(0.0, 5.0), more=st.floats(0.0, 5.0), pairs=st.booleans())
@settings(deadline=None, max_examples=50)
def test_power_grows_with_the_margin_and_equivalence_is_harder(n: int, margin: float, more: float, pairs: bool) -> None:
    plan = statistics.planned(n, 1.0, pairs=pairs)
    low, high = (statistics.noninferiority_power(plan, size) for size in (margin, margin + more))
    assert 0.0 <= low <= high <= 1.0
    assert statistics.equivalence_power(plan, margin) <= low + 1e-9


def test_power_needs_two_seeds() -> None:
    with pytest.raises(ValueError, match="two seeds"):
        statistics.planned(1, 1.0)


def test_power_without_spread_is_certain() -> None:
    assert statistics.noninferiority_power(Estimate(0.0, 0.0, (statistics.Share(1.0, 2),)), 0.0) == 0.0


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=8))
@settings(deadline=None)
def test_signed_ranks_equal_an_enumeration_of_all_signs(whole: list[int]) -> None:
    magnitudes = np.abs(whole)
    ranks = [(magnitudes < one).sum() + ((magnitudes == one).sum() + 1) / 2 for one in magnitudes]
    observed = sum(rank for rank, one in zip(ranks, whole, strict=True) if one >= 0)
    sums = [np.dot(signs, ranks) for signs in itertools.product((0, 1), repeat=len(ranks))]
    assert statistics.signed_rank_p([float(one) for one in whole]) == pytest.approx(
        np.mean(np.array(sums) <= observed + 1e-9)
    )


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.lists(st.integers(0, 4), min_size=1, max_size=4))
@settings(deadline=None)
def test_rank_sums_equal_an_enumeration_of_all_splits(arm: list[int], baseline: list[int]) -> None:
    joint = np.array(arm + baseline)
    ranks = np.array([(joint < one).sum() + ((joint == one).sum() + 1) / 2 for one in joint])
    sums = [ranks[list(chosen)].sum() for chosen in itertools.combinations(range(len(joint)), len(arm))]
    found = statistics.rank_sum_p([float(one) for one in arm], [float(one) for one in baseline])
    assert found == pytest.approx(np.mean(np.array(sums) <= ranks[: len(arm)].sum() + 1e-9))


@pytest.mark.parametrize("n", [30, 80])
def test_rank_tests_of_many_seeds_equal_scipys_exact_ones(n: int) -> None:
    from scipy.stats import mannwhitneyu, wilcoxon  # slow to import

    values = np.random.default_rng(n).normal(size=(2, n))
    arm, baseline = (values - [[0.15], [0.0]]).tolist()
    ours = statistics.rank_sum_p(arm, baseline)
    assert ours == pytest.approx(mannwhitneyu(arm, baseline, alternative="less", method="exact").pvalue, rel=1e-9)
    differences = [one - other for one, other in zip(arm, baseline, strict=True)]
    ours = statistics.signed_rank_p(differences)
    assert ours == pytest.approx(wilcoxon(differences, alternative="less", method="exact").pvalue, rel=1e-9)


def test_the_smallest_attainable_p_values_are_reached() -> None:
    # Two-sided, as published: sign-flip 0.0625 at n = 5, 0.031 at n = 6; rank-sum 0.10 for 3 vs 3, 0.029 for 4 vs 4.
    assert 2 * statistics.smallest_signed_rank_p(5) == 0.0625
    assert 2 * statistics.smallest_signed_rank_p(6) == pytest.approx(0.031, abs=5e-4)
    assert 2 * statistics.smallest_rank_sum_p(3, 3) == pytest.approx(0.10)
    assert 2 * statistics.smallest_rank_sum_p(4, 4) == pytest.approx(0.029, abs=5e-4)
    assert statistics.signed_rank_p([-1.0, -2.0, -3.0, -4.0, -5.0]) == statistics.smallest_signed_rank_p(5)
    assert statistics.rank_sum_p([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]) == pytest.approx(
        statistics.smallest_rank_sum_p(3, 3)
    )


def test_infinite_values_rank_as_worst() -> None:
    assert statistics.signed_rank_p([-1.0, -2.0, math.inf]) == statistics.signed_rank_p([-1.0, -2.0, 3.0])
    assert statistics.rank_sum_p([1.0, math.inf], [2.0, 3.0]) == statistics.rank_sum_p([1.0, 9.0], [2.0, 3.0])
    assert statistics.rank_sum_p([math.inf], [math.inf]) == 1.0
