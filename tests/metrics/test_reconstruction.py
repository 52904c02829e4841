from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from benchmark.images import Images, to_values
from benchmark.metrics import METRICS
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.record import Selection
from benchmark.streams import stream

SPLITS = {
    split: Images(
        torch.randint(0, 256, (count, 1, 4, 4), dtype=torch.uint8, generator=stream(0, split)), None, "as they are"
    )
    for split, count in (("train", 9), ("test", 5))
}


def measured(ticket: Callable[..., Subject], reconstruct: Callable[[Tensor, str], Tensor], **changes: str) -> Value:
    subject = ticket(images=SPLITS.__getitem__, reconstruct=reconstruct)
    written = {"name": "reconstruction_error", "split": "test", **changes}
    chosen = METRICS.parse(METRICS.resolve(Selection.model_validate(written)))
    value: Value = METRICS["reconstruction_error"].load()(subject, chosen)
    return value


def test_a_perfect_reconstruction_has_no_error(ticket: Callable[..., Subject]) -> None:
    assert measured(ticket, lambda pixels, weights: to_values(pixels)).value == 0.0


def test_the_error_is_the_mean_square_on_the_scale_of_the_values(ticket: Callable[..., Subject]) -> None:
    found = measured(ticket, lambda pixels, weights: to_values(pixels) + 0.25)
    assert found.value == pytest.approx(0.0625, rel=1e-6)


def test_the_mean_image_is_given_for_comparison(ticket: Callable[..., Subject]) -> None:
    mean = to_values(SPLITS["test"].pixels).mean(dim=0, keepdim=True)
    found = measured(ticket, lambda pixels, weights: mean.expand(len(pixels), -1, -1, -1))
    assert found.value == pytest.approx(found.details["mean_image_error"], rel=1e-6)
    assert found.value == pytest.approx(to_values(SPLITS["test"].pixels).var(dim=0, correction=0).mean().item(), 1e-5)


def test_split_and_weights_are_those_asked_for_and_are_in_the_protocol(ticket: Callable[..., Subject]) -> None:
    asked: list[tuple[int, str]] = []

    def reconstruct(pixels: Tensor, weights: str) -> Tensor:
        asked.append((len(pixels), weights))
        return to_values(pixels)

    protocol = measured(ticket, reconstruct, split="train", weights="ema").protocol
    assert asked == [(9, "ema")]
    assert (protocol.split, protocol.real, protocol.weights) == ("train", 9, "ema")
    assert (protocol.metric, protocol.dataset, protocol.preparation) == (
        "reconstruction_error",
        "digits",
        "as they are",
    )
    assert protocol.generated is None
    assert protocol.extractor is None
