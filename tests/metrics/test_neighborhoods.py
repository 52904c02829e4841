"""Against the `prdc` package of Naeem et al. (2020), on the same features."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from prdc import compute_prdc
from torch import Tensor

from benchmark.metrics import neighborhoods
from benchmark.metrics.neighborhoods import compared, distances, radii

Features = NDArray[np.float32]
NAMES = ("precision", "recall", "density", "coverage")
seeds = st.integers(0, 2**32 - 1)


def ours(real: Features, generated: Features, k: int) -> list[float]:
    first, second = (torch.from_numpy(part).double() for part in (real, generated))
    values: list[float] = compared(first, second, k, radii(first, k)).tolist()
    return values


def theirs(real: Features, generated: Features, k: int) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        found = compute_prdc(real, generated, k)
    return pytest.approx([float(found[name]) for name in NAMES], rel=1e-12)


def drawn(seed: int, count: int, dimensions: int, offset: float = 0.0) -> Features:
    return (np.random.default_rng(seed).normal(size=(count, dimensions)) + offset).astype(np.float32)


@given(seeds, st.integers(8, 40), st.integers(8, 40), st.integers(1, 6), st.floats(0, 2))
@settings(deadline=None, max_examples=40)
def test_values_equal_those_of_prdc_whatever_the_counts(seed: int, n: int, m: int, k: int, offset: float) -> None:
    real, generated = drawn(seed, n, 5), drawn(seed + 1, m, 5, offset)
    assert ours(real, generated, k) == theirs(real, generated, k)


@given(seeds, st.integers(8, 40), st.integers(8, 40), st.integers(1, 6), st.integers(1, 3))
@settings(deadline=None, max_examples=40)
def test_ties_are_counted_as_prdc_counts_them(seed: int, n: int, m: int, k: int, levels: int) -> None:
    # On a small grid most distances occur many times, and many vectors are equal.
    chance = np.random.default_rng(seed)
    real, generated = (chance.integers(0, levels + 1, (count, 3)).astype(np.float32) for count in (n, m))
    assert ours(real, generated, k) == theirs(real, generated, k)


@given(seeds, st.integers(20, 60), st.integers(1, 6))
@settings(deadline=None, max_examples=40)
def test_a_copy_is_as_far_as_its_original(seed: int, n: int, k: int) -> None:
    real = drawn(seed, n, 300, 3.0)
    generated = np.concatenate([real[::2], drawn(seed + 1, 9, 300, 3.0)])
    assert ours(real, generated, k) == theirs(real, generated, k)


def test_many_dimensions_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, generated = np.maximum(drawn(0, 203, 2048), 0), np.maximum(drawn(1, 150, 2048, 0.01), 0)
    whole = ours(real, generated, 5)
    assert whole == theirs(real, generated, 5)
    assert 0 < whole[0] < 1
    monkeypatch.setattr(neighborhoods, "BLOCK", 64)
    assert ours(real, generated, 5) == whole


def test_the_same_images_are_covered_by_themselves() -> None:
    same = drawn(0, 30, 4)
    precision, recall, density, coverage = ours(same, same, 3)
    assert (precision, recall, coverage) == (1.0, 1.0, 1.0)
    assert density == pytest.approx(1.0)  # an image lies in its own neighborhood, and its k-th nearest on the border


def test_images_that_are_all_one_have_neighborhoods_of_nothing() -> None:
    real, one = drawn(0, 30, 64, 5.0), np.repeat(drawn(1, 1, 64, 5.0), 20, axis=0)
    assert radii(torch.from_numpy(one).double(), 5).tolist() == [0.0] * 20
    assert ours(one, one, 5) == [0.0] * 4
    assert ours(real, one, 5)[1] == 0.0


@given(seeds, st.integers(2, 30), st.integers(1, 8))
@settings(deadline=None, max_examples=40)
def test_a_radius_is_the_distance_to_the_kth_nearest_other(seed: int, count: int, k: int) -> None:
    features = drawn(seed, count, 4).astype(np.float64)
    if count <= k:
        with pytest.raises(ValueError, match=f"neighborhoods of {k} others need {k + 1} vectors, not {count}"):
            radii(torch.from_numpy(features), k)
        return
    expected = [sorted(np.linalg.norm(np.delete(features, i, 0) - features[i], axis=1))[k - 1] for i in range(count)]
    np.testing.assert_allclose(radii(torch.from_numpy(features), k).numpy(), expected, rtol=1e-6)


def test_distances_are_exact_and_hold_one_block_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, int]] = []

    def watched(first: Tensor, second: Tensor) -> Tensor:
        shapes.append((len(first), len(second)))
        return distances(first, second)

    monkeypatch.setattr(neighborhoods, "distances", watched)
    monkeypatch.setattr(neighborhoods, "BLOCK", 16)
    ours(drawn(0, 50, 3), drawn(1, 40, 3), 5)
    assert max(max(shape) for shape in shapes) == 16
    x, y = drawn(2, 7, 3).astype(np.float64), drawn(3, 9, 3).astype(np.float64)
    exact = np.linalg.norm(x[:, None] - y[None], axis=2)
    np.testing.assert_allclose(distances(torch.from_numpy(x), torch.from_numpy(y)).numpy(), exact, rtol=1e-6)
