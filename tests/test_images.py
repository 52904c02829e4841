"""Bytes to network values and back."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmark.images import Images, to_pixels, to_values


def test_every_byte_comes_back() -> None:
    pixels = torch.arange(256, dtype=torch.uint8)
    values = to_values(pixels)
    assert (values.min().item(), values.max().item()) == (-1.0, 1.0)
    assert torch.equal(to_pixels(values), pixels)


@given(st.floats(-3, 3, width=32))
def test_a_value_goes_to_the_nearest_byte_and_stays_in_range(value: float) -> None:
    pixel = int(to_pixels(torch.tensor([value]))[0])
    clamped = min(1.0, max(-1.0, value))
    assert abs((clamped + 1) * 127.5 - pixel) <= 0.5 + 1e-4


@pytest.mark.parametrize("pixels", [torch.zeros(2, 1, 8, 8), torch.zeros(2, 8, 8, dtype=torch.uint8)])
def test_only_bytes_with_four_axes_are_images(pixels: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="uint8"):
        Images(pixels, None, "as they are")
    assert len(Images(torch.zeros(2, 1, 8, 8, dtype=torch.uint8), None, "as they are")) == 2


@pytest.mark.parametrize(("count", "left"), [(2, 2), (3, 3), (9, 3)])
def test_the_first_images_keep_their_labels_and_order(count: int, left: int) -> None:
    pixels, labels = torch.arange(3, dtype=torch.uint8).view(3, 1, 1, 1), torch.tensor([7, 8, 9])
    found = Images(pixels, labels, "as they are").first(count)
    assert found.pixels.flatten().tolist() == [0, 1, 2][:left]
    assert found.labels is not None
    assert found.labels.tolist() == [7, 8, 9][:left]
    assert found.preparation == "as they are"
    assert Images(pixels, None, "as they are").first(count).labels is None
