"""Against clean-fid's own resizers, image by image in Pillow and torch, on random pixels."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor
from torch.nn import functional

from benchmark.features.resizing import SIZE, clean, coefficients, plain
from benchmark.frechet import moments
from benchmark.streams import stream

NEAR = 1e-4
"""Of 255: Pillow rounds to float32 after each direction, and tensors sum in it."""


def pixels(count: int, height: int, width: int, channels: int = 3) -> Tensor:
    shape = (count, channels, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=stream(0, f"pixels {shape}"))


def theirs(images: Tensor, mode: str) -> Tensor:
    """What clean-fid makes of uint8 images, one by one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanfid.resize import build_resizer

        resize = build_resizer(mode)
        made = [resize(image) for image in images.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()]
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2)


@pytest.mark.parametrize(
    "shape", [(32, 32), (64, 64), (28, 28), (256, 256), (299, 299), (512, 512), (1, 1), (30, 600), (299, 7), (597, 300)]
)
def test_clean_equals_clean_fids_by_pillow(shape: tuple[int, int]) -> None:
    images = pixels(2, *shape)
    found = clean(images)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, theirs(images, "clean"), rtol=0, atol=NEAR)


@pytest.mark.parametrize("size", [28, 32, 64, 299, 512])
def test_plain_equals_clean_fids_of_torch(size: int) -> None:
    images = pixels(3, size, size)
    torch.testing.assert_close(plain(images), theirs(images, "legacy_pytorch"), rtol=0, atol=NEAR)


def test_one_channel_is_resized_as_three_equal_ones() -> None:
    images = pixels(3, 28, 28, channels=1)
    torch.testing.assert_close(clean(images).expand(-1, 3, -1, -1), theirs(images, "clean"), rtol=0, atol=NEAR)
    assert clean(images).shape == (3, 1, SIZE, SIZE)


def test_edges_black_and_white_stay_within_0_and_255() -> None:
    images = torch.zeros(1, 1, 32, 32, dtype=torch.uint8)
    images[..., 16:] = 255
    found = clean(images)
    assert (found.min().item(), found.max().item()) == (0.0, 255.0)
    torch.testing.assert_close(found.expand(-1, 3, -1, -1), theirs(images, "clean"), rtol=0, atol=NEAR)


@given(st.integers(1, 700), st.integers(1, 400), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_coefficients_of_any_two_lengths_are_pillows(length: int, size: int, seed: int) -> None:
    row = np.random.default_rng(seed).uniform(0, 255, (1, length)).astype(np.float32)
    by_pillow = np.asarray(Image.fromarray(row).resize((size, 1), resample=Image.Resampling.BICUBIC))
    found = coefficients(length, size)
    torch.testing.assert_close(found.sum(dim=1), torch.ones(size, dtype=torch.float64))
    np.testing.assert_allclose((torch.from_numpy(row).double() @ found.T).numpy(), by_pillow, rtol=0, atol=NEAR)


@pytest.mark.parametrize("mode", ["clean", "legacy_pytorch"])
def test_the_frechet_distance_behind_either_is_the_same(mode: str) -> None:
    weights = torch.randn(24, 3, 9, 9, generator=stream(0, "weights")) / 30

    def features(resized: Tensor) -> Tensor:
        seen = functional.conv2d((resized - 128) / 128, weights, stride=4)
        return functional.silu(seen).mean(dim=(2, 3)).double()

    real, made = pixels(80, 32, 32), (pixels(80, 32, 32).flip(0) // 2 + 40)
    ours, wanted = (
        moments([features(resize(real))]).distance(moments([features(resize(made))]))
        for resize in (clean if mode == "clean" else plain, lambda images: theirs(images, mode))
    )
    assert wanted > 0.05
    assert ours == pytest.approx(float(wanted), abs=1e-4, rel=1e-6)
