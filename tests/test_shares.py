"""The interval of a share against closed forms, binomial sums and its promise to cover."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.statistics import clopper_pearson, fewest_for_share

levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


def probability(count: int, n: int, share: float) -> float:
    """The binomial probability, in whole numbers as far as possible."""
    return math.comb(n, count) * share**count * (1.0 - share) ** (n - count)


@given(st.integers(1, 200), levels)
def test_none_and_all_have_closed_forms(n: int, level: float) -> None:
    end = ((1 - level) / 2) ** (1 / n)
    assert clopper_pearson(0, n, level) == pytest.approx((0.0, 1.0 - end), rel=1e-9, abs=1e-12)
    assert clopper_pearson(n, n, level) == pytest.approx((end, 1.0), rel=1e-9)


@given(st.data(), st.integers(2, 40), levels)
def test_at_its_ends_what_was_seen_has_just_half_the_error(data: st.DataObject, n: int, level: float) -> None:
    found = data.draw(st.integers(1, n - 1))
    low, high = clopper_pearson(found, n, level)
    assert sum(probability(k, n, low) for k in range(found, n + 1)) == pytest.approx((1 - level) / 2, rel=1e-6)
    assert sum(probability(k, n, high) for k in range(found + 1)) == pytest.approx((1 - level) / 2, rel=1e-6)
    assert low < found / n < high


@given(st.data(), st.integers(1, 60), levels)
def test_found_and_not_found_mirror_each_other(data: st.DataObject, n: int, level: float) -> None:
    found = data.draw(st.integers(0, n))
    low, high = clopper_pearson(found, n, level)
    assert clopper_pearson(n - found, n, level) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@pytest.mark.parametrize("n", [3, 5, 10, 20])
def test_every_share_is_covered_as_often_as_promised_on_either_side(n: int) -> None:
    # Exact: all outcomes of n seeds are weighed by their probability, on a fine grid of true shares.
    ends = [clopper_pearson(found, n, 0.90) for found in range(n + 1)]
    for step in range(1, 1000):
        truth = step / 1000
        above = sum(probability(k, n, truth) for k, (low, _) in enumerate(ends) if low > truth)
        below = sum(probability(k, n, truth) for k, (_, high) in enumerate(ends) if high < truth)
        assert above <= 0.05 + 1e-12
        assert below <= 0.05 + 1e-12


@pytest.mark.parametrize(("found", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_a_share_of_nothing_or_of_more_than_all_is_refused(found: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"not {found} of {n}"):
        clopper_pearson(found, n)


@given(st.floats(0.01, 0.99), levels)
def test_so_few_can_show_a_share_and_no_fewer(share: float, level: float) -> None:
    fewest = fewest_for_share(share, level)
    assert clopper_pearson(fewest, fewest, level).low >= share - 1e-9
    assert fewest == 1 or clopper_pearson(fewest - 1, fewest - 1, level).low < share


@pytest.mark.parametrize(("share", "seeds"), [(0.5, 5), (0.6, 6), (0.8, 14), (0.9, 29)])
def test_the_seeds_that_docs_name(share: float, seeds: int) -> None:
    assert fewest_for_share(share) == seeds
