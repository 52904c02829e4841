"""Moments of activations: closed forms, one pass through many images, and the file that keeps them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from torch import Tensor, nn

from benchmark.activations import moments as module
from benchmark.activations.activations import Activations
from benchmark.activations.moments import batch_moments, image_moments, kept_moments
from benchmark.images import Images, to_values
from benchmark.streams import stream
from tests import tiny


class Raw(nn.Module):
    """The values themselves and their squares, as two layers; with a batch norm where the batch is mixed."""

    def __init__(self, mixed: bool = False) -> None:
        super().__init__()
        self.seen: list[int] = []
        self.norm = nn.BatchNorm2d(1, track_running_stats=False) if mixed else nn.Identity()

    def forward(self, images: Tensor) -> list[Tensor]:
        self.seen.append(len(images))
        values = self.norm(images)
        return [values, values.flatten(1).square()]


def raw(mixed: bool = False, sha256: str = "0" * 64) -> Activations:
    return Activations("raw", sha256, ("values", "squares"), Raw(mixed), mixed)


def images(count: int, seed: int = 0) -> Images:
    pixels = torch.randint(0, 256, (count, 1, 2, 3), dtype=torch.uint8, generator=stream(seed, "pixels"))
    return Images(pixels, None, "random")


@given(count=st.integers(2, 40), batch_size=st.integers(1, 45), seed=st.integers(0, 5))
def test_one_pass_gives_numpys_moments_whatever_the_batches(count: int, batch_size: int, seed: int) -> None:
    pixels = images(count, seed).pixels
    values = (pixels.numpy().reshape(count, 6).astype(np.float64)) / 127.5 - 1
    features = np.concatenate([values, values**2], axis=1)
    found = image_moments(raw(), pixels, batch_size, "cpu")
    np.testing.assert_allclose(found.mean.numpy(), features.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.variance.numpy(), features.var(0, ddof=1), rtol=1e-5, atol=1e-6)
    assert found.mean.dtype == found.variance.dtype == torch.float32


def test_a_batch_has_the_moments_of_its_layers_with_gradients() -> None:
    layers = [torch.randn(5, 2, 3, generator=stream(0, "a")).requires_grad_(), torch.randn(5, 4)]
    found = batch_moments(layers)
    joined = torch.cat([layer.flatten(1) for layer in layers], dim=1)
    torch.testing.assert_close(found.mean, joined.mean(0))
    torch.testing.assert_close(found.variance, joined.var(0, unbiased=True))
    (slopes,) = torch.autograd.grad(found.variance[:6].sum(), layers[0])
    torch.testing.assert_close(slopes, (layers[0] - layers[0].mean(0)).detach() / 2)


def test_no_more_than_a_batch_is_seen_at_a_time_and_batches_are_even() -> None:
    activations = raw()
    image_moments(activations, images(23).pixels, 5, "cpu")
    network = activations.network
    assert isinstance(network, Raw)
    assert network.seen == [5, 5, 5, 4, 4]


def test_where_the_batch_is_mixed_the_order_of_the_images_does_not_matter_by_much() -> None:
    """Images sorted by brightness would be normalized among their like; a random order prevents that."""
    pixels = torch.arange(240, dtype=torch.uint8).repeat(6, 1).T.reshape(240, 1, 2, 3)
    found = image_moments(raw(mixed=True), pixels, 24, "cpu")
    assert found.mean[:6].abs().max() < 0.01
    assert (found.variance[:6] - 1).abs().max() < 0.1


def test_one_image_has_no_variance() -> None:
    with pytest.raises(ValueError, match="at least two images"):
        image_moments(raw(), images(1).pixels, 4, "cpu")


def test_moments_are_computed_once_and_read_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept_moments(raw(), images(9), 4, "cpu", tmp_path)
    monkeypatch.setattr(module, "image_moments", None)
    second = kept_moments(raw(), images(9), 4, "cpu", tmp_path)
    assert torch.equal(first.mean, second.mean)
    assert torch.equal(first.variance, second.variance)
    (path,) = tmp_path.glob("moments/*.safetensors")
    with safe_open(path, "pt") as file:
        facts = json.loads(file.metadata()["facts"])
    assert facts["pixels"] == hashlib.sha256(images(9).pixels.numpy().tobytes()).hexdigest()
    assert facts["weights"] == "0" * 64


@pytest.mark.parametrize("what", ["pixels", "weights", "batch", "mode"])
def test_whatever_they_depend_on_has_moments_of_its_own(tmp_path: Path, what: str) -> None:
    kept_moments(raw(), images(9), 4, "cpu", tmp_path)
    kept_moments(
        raw(mixed=what == "mode", sha256=("1" if what == "weights" else "0") * 64),
        images(9, seed=int(what == "pixels")),
        5 if what == "batch" else 4,
        "cpu",
        tmp_path,
    )
    assert len(list(tmp_path.glob("moments/*.safetensors"))) == 2


@pytest.mark.parametrize("harm", [tiny.delete, tiny.flip])
def test_a_damaged_file_is_made_anew(tmp_path: Path, harm: object) -> None:
    first = kept_moments(raw(), images(9), 4, "cpu", tmp_path)
    (path,) = tmp_path.glob("moments/*.safetensors")
    before = path.read_bytes()
    assert callable(harm)
    harm(path)
    again = kept_moments(raw(), images(9), 4, "cpu", tmp_path)
    assert torch.equal(first.mean, again.mean)
    assert path.read_bytes() == before


def test_values_are_those_that_networks_see() -> None:
    pixels = images(6).pixels
    found = image_moments(raw(), pixels, 6, "cpu")
    torch.testing.assert_close(found.mean[:6], to_values(pixels).flatten(1).mean(0))
