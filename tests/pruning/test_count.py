"""The counting rule against every published survivor count, and its bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.pruning.count import Target, kept_after, kept_at

# Chen et al. 2021, first author's repository: remaining convolution weights of a generator after rounds 1 to 10.
PUBLISHED = {
    3_742_464: (2993971, 2395177, 1916142, 1532914, 1226331, 981065, 784852, 627882, 502306, 401845),
    11_372_928: (9098342, 7278674, 5822939, 4658351, 3726681, 2981345, 2385076, 1908061, 1526449, 1221159),
}
fractions = st.floats(0.0, 1.0, exclude_max=True)


@pytest.mark.parametrize(("total", "counts"), PUBLISHED.items(), ids=["sngan", "cyclegan"])
def test_the_rule_gives_all_twenty_published_counts(total: int, counts: tuple[int, ...]) -> None:
    assert tuple(kept_after(total, 0.2, rounds) for rounds in range(1, 11)) == counts


def test_rounding_once_does_not_give_them() -> None:
    assert round(3_742_464 * 0.8**4) != PUBLISHED[3_742_464][3]


@given(st.integers(0, 10**8), fractions, st.integers(0, 5), st.integers(0, 5))
def test_rounds_compose_and_never_add_weights(count: int, fraction: float, first: int, second: int) -> None:
    after = kept_after(count, fraction, first)
    assert 0 <= after <= count
    assert kept_after(after, fraction, second) == kept_after(count, fraction, first + second)


@given(st.integers(0, 10**8), fractions)
def test_a_sparsity_is_met_to_the_nearest_weight(total: int, sparsity: float) -> None:
    assert abs((total - kept_at(total, sparsity)) - sparsity * total) <= 0.5


def test_a_sparsity_below_the_present_one_is_refused() -> None:
    with pytest.raises(ValueError, match="only 50 are left"):
        Target(sparsity=0.4).kept(100, 50)


@pytest.mark.parametrize(("fraction", "sparsity"), [(None, None), (0.2, 0.2)])
def test_exactly_one_target_is_needed(fraction: float | None, sparsity: float | None) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Target(fraction, sparsity=sparsity).kept(100, 100)
