"""The Inception score against closed forms and a loop that follows the paper's formula."""

from __future__ import annotations

import math
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
from benchmark.features.extractor import Extractor
from benchmark.metrics import METRICS
from benchmark.metrics.inception_score import score, split_scores
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.record import Selection
from benchmark.table import OptionError

Ticket = Callable[..., Subject]
TRAIN = load(DigitsOptions(image_size=16), "train")


def drawn(seed: int, count: int, classes: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.3), size=count)


def naive(probabilities: NDArray[np.float64]) -> float:
    """The definition, one image and one class after another."""
    mean = [sum(row[c] for row in probabilities) / len(probabilities) for c in range(probabilities.shape[1])]
    total = sum(p * (math.log(p) - math.log(m)) for row in probabilities for p, m in zip(row, mean, strict=True) if p)
    return math.exp(total / len(probabilities))


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(2, 12))
def test_it_equals_the_formula_image_by_image(seed: int, count: int, classes: int) -> None:
    found = score(drawn(seed, count, classes))
    assert found == pytest.approx(naive(drawn(seed, count, classes)), rel=1e-9)
    assert 1.0 - 1e-12 <= found <= min(count, classes) + 1e-9


@given(st.integers(1, 40), st.integers(1, 40))
def test_who_is_never_sure_scores_one_and_who_always_is_the_number_of_classes(count: int, classes: int) -> None:
    assert score(np.full((count, classes), 1.0 / classes)) == pytest.approx(1.0, rel=1e-12)
    assert score(np.tile(np.eye(classes), (count, 1))) == pytest.approx(classes, rel=1e-12)
    assert score(np.eye(classes)[[0] * count]) == pytest.approx(1.0, rel=1e-12)


def test_parts_are_cut_in_order_and_none_is_left_out() -> None:
    rows = drawn(0, 23, 5)
    expected = [naive(rows[:4]), naive(rows[4:9]), naive(rows[9:13]), naive(rows[13:18]), naive(rows[18:])]
    np.testing.assert_allclose(split_scores(rows, 5), expected, rtol=1e-9)


def measured(subject: Subject, **options: object) -> Value:
    written = {"name": "inception_score", "extractor": {"name": "digits_classifier"}, "generated": 200, **options}
    value: Value = METRICS["inception_score"].load()(
        subject, METRICS.parse(METRICS.resolve(Selection.model_validate(written)))
    )
    return value


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    made: Extractor = EXTRACTORS["digits_classifier"].load()(
        EXTRACTORS.parse(EXTRACTORS.resolve(Selection(name="digits_classifier"))), "cpu"
    )
    return made


def test_it_scores_a_job_by_the_shipped_classifier_and_says_so(ticket: Ticket, extractor: Extractor) -> None:
    asked: list[tuple[int, str]] = []

    def generate(count: int, weights: str) -> torch.Tensor:
        asked.append((count, weights))
        return TRAIN.pixels[:count]

    found = measured(ticket(generate=generate, extractor=lambda chosen: extractor), splits=4, weights="ema")
    rows = extractor.probabilities(extractor(TRAIN.pixels[:200])).double().numpy()
    parts = [naive(rows[start : start + 50]) for start in range(0, 200, 50)]
    assert asked == [(200, "ema")]
    assert found.value == pytest.approx(np.mean(parts), rel=1e-6)
    assert found.details["sd"] == pytest.approx(np.std(parts), rel=1e-4)
    assert 8.0 < found.value <= 10.0  # real digits, read by a classifier that knows them
    assert found.unit == "score by digits_classifier"
    assert found.protocol.extractor_sha256 == extractor.sha256
    assert found.protocol.convention == "mean over 4 parts; the ten digits"


def test_images_without_a_digit_score_about_one(ticket: Ticket, extractor: Extractor) -> None:
    gray = ticket(
        generate=lambda count, weights: torch.full((count, 1, 16, 16), 127, dtype=torch.uint8),
        extractor=lambda chosen: extractor,
    )
    assert measured(gray).value == pytest.approx(1.0, abs=1e-6)


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(OptionError, match="200 images are too few for 101 parts"):
        measured(None, splits=101)  # type: ignore[arg-type]
