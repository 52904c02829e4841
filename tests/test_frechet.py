import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.frechet import frechet_distance, moments

Array = NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)


def sample(seed: int, count: int, dimensions: int) -> Array:
    """Rows of a random Gaussian whose scales spread over two decades."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(dimensions, dimensions)) * np.logspace(-2, 0, dimensions)
    return np.asarray(rng.normal(size=(count, dimensions)) @ mixing + rng.normal(size=dimensions))


@given(seeds, st.integers(2, 40), st.integers(1, 12), st.lists(st.integers(0, 40), max_size=4))
def test_moments_of_any_blocks_are_those_of_numpy(seed: int, count: int, dimensions: int, cuts: list[int]) -> None:
    rows = sample(seed, count, dimensions)
    found = moments(np.split(rows, sorted(min(cut, count) for cut in cuts)))
    assert found.count == count
    np.testing.assert_allclose(found.mean, rows.mean(axis=0), rtol=1e-12, atol=1e-13)
    expected = np.cov(rows, rowvar=False).reshape(dimensions, dimensions)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-10, atol=1e-13)


def test_moments_of_float32_features_are_summed_in_float64() -> None:
    rows = (np.random.default_rng(0).normal(size=(5000, 3)) * 1e-3 + 1000).astype(np.float32)
    expected = np.cov(rows.astype(np.float64), rowvar=False)
    np.testing.assert_allclose(moments(np.split(rows, 50)).covariance, expected, rtol=1e-9)


def test_moments_of_one_vector_are_refused() -> None:
    with pytest.raises(ValueError, match="at least two"):
        moments([np.zeros((1, 3))])


@given(seeds, st.integers(1, 10))
def test_diagonal_gaussians_have_the_closed_form(seed: int, dimensions: int) -> None:
    rng = np.random.default_rng(seed)
    shift, scale1, scale2 = rng.normal(size=dimensions), rng.uniform(0, 3, dimensions), rng.uniform(0, 3, dimensions)
    found = frechet_distance(np.zeros(dimensions), np.diag(scale1**2), shift, np.diag(scale2**2))
    assert found == pytest.approx(float(shift @ shift + ((scale1 - scale2) ** 2).sum()), rel=1e-9, abs=1e-9)


@given(seeds, st.integers(2, 60), st.integers(1, 20))
def test_it_is_symmetric_and_zero_to_itself_even_where_singular(seed: int, count: int, dimensions: int) -> None:
    first, second = moments([sample(seed, count, dimensions)]), moments([sample(seed + 1, 30, dimensions)])
    size = float(np.trace(first.covariance) + np.trace(second.covariance))
    assert first.distance(second) == pytest.approx(second.distance(first), rel=1e-7, abs=1e-7 * size)
    assert abs(first.distance(first)) <= 1e-7 * size


@given(seeds, st.integers(2, 60), st.integers(2, 12))
def test_turning_and_moving_both_changes_nothing(seed: int, count: int, dimensions: int) -> None:
    first, second = sample(seed, count, dimensions), sample(seed + 1, 40, dimensions)
    rng = np.random.default_rng(seed)
    turn, _ = scipy.linalg.qr(rng.normal(size=(dimensions, dimensions)))
    move = rng.normal(size=dimensions)
    plain = moments([first]).distance(moments([second]))
    turned = moments([first @ turn + move]).distance(moments([second @ turn + move]))
    size = float(np.trace(np.cov(first, rowvar=False)) + np.trace(np.cov(second, rowvar=False)))
    assert turned == pytest.approx(plain, rel=1e-7, abs=1e-7 * size)


@settings(deadline=None)
@given(seeds, st.sampled_from([(500, 64), (50, 64), (20, 32), (2, 8)]))
def test_it_equals_the_nuclear_norm_form_also_below_full_rank(seed: int, shape: tuple[int, int]) -> None:
    # tr (S1 S2)^(1/2) is the sum of singular values of A B^T / (n - 1), A and B the centered rows: no root is taken.
    a, b = sample(seed, *shape), sample(seed + 1, *shape)
    overlap = scipy.linalg.svdvals((a - a.mean(0)) @ (b - b.mean(0)).T).sum() / (shape[0] - 1)
    first, second = moments([a]), moments([b])
    shift = first.mean - second.mean
    expected = shift @ shift + np.trace(first.covariance) + np.trace(second.covariance) - 2 * overlap
    assert first.distance(second) == pytest.approx(float(expected), rel=1e-7)


def test_a_distribution_without_spread_is_allowed() -> None:
    none = np.zeros((2, 2))
    assert frechet_distance(np.zeros(2), none, np.ones(2), none) == 2.0
    assert frechet_distance(np.zeros(2), none, np.zeros(2), np.eye(2)) == 2.0
