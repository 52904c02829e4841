"""The share of reconstructions that are still read rightly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from benchmark.datasets.digits import load
from benchmark.datasets.options import DigitsOptions
from benchmark.errors import RunError
from benchmark.features import EXTRACTORS
from benchmark.features.extractor import Extractor
from benchmark.images import to_values
from benchmark.metrics import METRICS
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.record import Selection

Ticket = Callable[..., Subject]
IMAGES = load(DigitsOptions(), "test")


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    made: Extractor = EXTRACTORS["digits_classifier"].load()(
        EXTRACTORS.parse(EXTRACTORS.resolve(Selection(name="digits_classifier"))), "cpu"
    )
    return made


def measured(subject: Subject) -> Value:
    written = {"name": "classifier_accuracy", "extractor": {"name": "digits_classifier"}, "split": "test"}
    value: Value = METRICS["classifier_accuracy"].load()(
        subject, METRICS.parse(METRICS.resolve(Selection.model_validate(written)))
    )
    return value


def subject_of(ticket: Ticket, extractor: Extractor, reconstruct: Callable[[Tensor], Tensor]) -> Subject:
    return ticket(
        images=lambda split: {"test": IMAGES}[split],
        extractor=lambda chosen: extractor,
        reconstruct=lambda pixels, weights: reconstruct(pixels),
    )


def test_a_perfect_reconstruction_is_read_as_the_image_is(ticket: Ticket, extractor: Extractor) -> None:
    found = measured(subject_of(ticket, extractor, to_values))
    assert found.value == found.details["real_images"]
    assert found.value >= 0.97
    assert found.protocol.extractor == "digits_classifier"
    assert (found.protocol.split, found.protocol.real, found.protocol.weights) == ("test", 500, "raw")


def test_another_digits_image_is_read_as_that_other_digit(ticket: Ticket, extractor: Extractor) -> None:
    order = torch.arange(len(IMAGES)).roll(1)
    found = measured(subject_of(ticket, extractor, lambda pixels: to_values(pixels[order])))
    assert IMAGES.labels is not None
    answers = extractor.probabilities(extractor(IMAGES.pixels)).argmax(dim=1)
    assert found.value == pytest.approx(float((answers[order] == IMAGES.labels).double().mean()), abs=1e-12)
    assert found.value < 0.3


def test_one_answer_for_all_gets_that_digits_share(ticket: Ticket, extractor: Extractor) -> None:
    found = measured(subject_of(ticket, extractor, lambda pixels: torch.zeros(pixels.shape)))
    assert IMAGES.labels is not None
    shares = (IMAGES.labels.bincount() / len(IMAGES)).tolist()
    assert any(found.value == pytest.approx(share) for share in shares)


def test_images_without_labels_are_told(ticket: Ticket, extractor: Extractor) -> None:
    bare = replace(subject_of(ticket, extractor, to_values), images=lambda split: replace(IMAGES, labels=None))
    with pytest.raises(RunError, match="'digits' has no labels"):
        measured(bare)
