"""The layers of the shipped classifier of the digits, against the classifier itself."""

from typing import Literal

import pytest
import torch
from torch.nn.functional import silu

from benchmark.activations import ACTIVATIONS
from benchmark.activations.activations import Activations
from benchmark.datasets.digits import load as load_digits
from benchmark.datasets.options import DigitsOptions
from benchmark.features import EXTRACTORS
from benchmark.features.digits_classifier import shipped
from benchmark.images import to_values
from benchmark.schema.record import Options, Resolved, Selection


def parsed(*layers: str) -> Options:
    chosen = {"name": "digits_classifier"} | ({"layers": list(layers)} if layers else {})
    return ACTIVATIONS.parse(ACTIVATIONS.resolve(Selection.model_validate(chosen)))


def loaded(*layers: str) -> Activations:
    activations: Activations = ACTIVATIONS["digits_classifier"].load()(parsed(*layers), "cpu", None)
    return activations


def digits(size: Literal[8, 16]) -> torch.Tensor:
    return load_digits(DigitsOptions(image_size=size), "test").pixels[:20]


def test_the_last_layer_is_what_the_extractor_gives() -> None:
    extractor = EXTRACTORS["digits_classifier"].load()(
        EXTRACTORS.parse(Resolved(name="digits_classifier")), "cpu", None
    )
    activations = loaded()
    torch.testing.assert_close(activations(to_values(digits(16)))[-1], extractor(digits(16)))
    assert activations.sha256 == extractor.sha256
    assert activations.layers == ("silu1", "silu2", "silu3", "silu4")


def test_the_layers_are_those_of_the_network_one_by_one() -> None:
    values, network = to_values(digits(16)), shipped("cpu")[0].features
    wanted = []
    for start in (0, 3, 6):
        values = silu(network[start + 1](network[start](values)))
        wanted.append(values)
    for ours, theirs in zip(loaded("silu1", "silu2", "silu3")(to_values(digits(16))), wanted, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_small_digits_are_enlarged_up_to_the_rounding_of_a_pixel() -> None:
    small, large = (loaded()(to_values(images))[-1] for images in (digits(8), digits(16)))
    assert not torch.equal(small, large)
    torch.testing.assert_close(small, large, rtol=0.02, atol=0.02)


def test_gradients_reach_the_images() -> None:
    images = to_values(digits(8)).requires_grad_()
    (slopes,) = torch.autograd.grad(loaded("silu4")(images)[0].square().sum(), images)
    assert slopes.abs().sum() > 0


@pytest.mark.parametrize("size", [8, 16])
def test_there_are_as_many_values_as_counted(size: Literal[8, 16]) -> None:
    count = ACTIVATIONS["digits_classifier"].facts["count"]
    for layers in ((), ("silu1",), ("silu2", "silu4")):
        seen = loaded(*layers)(to_values(digits(size)))
        assert count(parsed(*layers), (1, size, size)) == sum(layer[0].numel() for layer in seen)


def test_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match="1x8x8 or 1x16x16, not 3x32x32"):
        ACTIVATIONS["digits_classifier"].facts["count"](parsed(), (3, 32, 32))
