from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.datasets.digits import load
from benchmark.datasets.options import DigitsOptions
from benchmark.features import EXTRACTORS
from benchmark.metrics import METRICS
from benchmark.metrics.kid import kernel_distance
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.record import Selection

seeds = st.integers(0, 2**32 - 1)
counts = st.integers(2, 12)


def rows(seed: int, count: int, dimensions: int = 5) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(count, dimensions))


def by_pairs(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The estimate's definition, one pair after another."""

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    within = [
        sum(kernel(z[i], z[j]) for i in range(len(z)) for j in range(len(z)) if i != j) / (len(z) * (len(z) - 1))
        for z in (x, y)
    ]
    across = sum(kernel(a, b) for a in x for b in y) / (len(x) * len(y))
    return sum(within) - 2 * across


@given(seeds, counts, counts)
def test_it_equals_the_sum_over_pairs(seed: int, n: int, m: int) -> None:
    x, y = rows(seed, n), rows(seed + 1, m)
    assert kernel_distance(x, y) == pytest.approx(by_pairs(x, y), rel=1e-9, abs=1e-9)


@given(seeds, counts, counts)
def test_it_is_symmetric_and_ignores_the_order_of_images(seed: int, n: int, m: int) -> None:
    x, y = rows(seed, n), rows(seed + 1, m)
    found = kernel_distance(x, y)
    assert kernel_distance(y, x) == pytest.approx(found, rel=1e-9, abs=1e-9)
    assert kernel_distance(x[::-1], y) == pytest.approx(found, rel=1e-9, abs=1e-9)


def test_it_is_unbiased_between_equal_distributions() -> None:
    values = np.array([kernel_distance(rows(2 * seed, 20), rows(2 * seed + 1, 30)) for seed in range(400)])
    assert abs(values.mean()) < 3 * values.std() / 20
    assert (values < 0).any()


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = rows(0, 23), rows(1, 17)
    whole = kernel_distance(x, y)
    monkeypatch.setattr("benchmark.metrics.kid.BLOCK", 5)
    assert kernel_distance(x, y) == pytest.approx(whole, rel=1e-12)


def test_one_vector_is_too_few() -> None:
    with pytest.raises(ValueError, match="not 1 and 3"):
        kernel_distance(rows(0, 1), rows(1, 3))


def test_it_measures_a_job_in_the_shipped_features(ticket: Callable[..., Subject]) -> None:
    train, test = (load(DigitsOptions(image_size=16), split) for split in ("train", "test"))
    extractor = EXTRACTORS["digits_classifier"].load()(EXTRACTORS.resolve(Selection(name="digits_classifier")), "cpu")
    subject = ticket(
        generate=lambda count, weights: train.pixels[:count],
        images=lambda split: {"train": train, "test": test}[split],
        extractor=lambda chosen: extractor,
    )
    written = {"name": "kid", "extractor": {"name": "digits_classifier"}, "generated": 40, "split": "test"}
    chosen = METRICS.parse(METRICS.resolve(Selection.model_validate(written)))
    found: Value = METRICS["kid"].load()(subject, chosen)
    assert found.value == pytest.approx(
        by_pairs(extractor(train.pixels[:40]).double().numpy(), extractor(test.pixels).double().numpy()), rel=1e-6
    )
    assert found.protocol.metric == "kid"
    assert found.protocol.extractor_sha256 == extractor.sha256
    assert found.details["floor_counts"] == {"test": 500, "train": 1297}
    noise = ticket(
        generate=lambda count, weights: torch.full((count, 1, 16, 16), 127, dtype=torch.uint8),
        images=subject.images,
        extractor=subject.extractor,
    )
    assert METRICS["kid"].load()(noise, chosen).value > abs(float(str(found.details["floor"])))
