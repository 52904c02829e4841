"""GFMN's generator: the counts of the code of Yeo et al. (2023), and its formula written out with torch's functions."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.functional import relu

from benchmark.models.construction import materialize
from benchmark.models.gfmn import build
from benchmark.models.options import GfmnOptions, SnganGeneratorOptions
from benchmark.models.sngan import build_generator
from benchmark.networks import Networks, channel_scales, prunable_weights
from tests.models.test_residual import By, doubled, evaluated

KINDS = ("conv", "conv_transpose", "linear")


def counts(networks: Networks) -> tuple[int, int]:
    """Return how many weights are prunable, and how many parameters there are."""
    prunable = prunable_weights(networks, KINDS, ()).values()
    return sum(weight.numel() for weight in prunable), sum(p.numel() for _, p in networks.named_parameters())


@pytest.mark.parametrize(
    ("side", "z_dim", "wanted"),
    [
        (64, 128, (12_195_520, 12_204_291)),
        (64, 100, (11_736_768, 11_745_539)),
        (32, 128, (3_544_768, 3_548_931)),
        (32, 100, (3_315_392, 3_319_555)),
    ],
)
def test_the_counts_are_those_of_the_authors_code(side: int, z_dim: int, wanted: tuple[int, int]) -> None:
    assert counts(materialize(build, GfmnOptions(z_dim=z_dim), (3, side, side), "meta")) == wanted


def test_the_sngan_has_the_counts_of_the_authors_code_too() -> None:
    sngan = materialize(build_generator, SnganGeneratorOptions(), (3, 64, 64), "meta")
    assert counts(sngan) == (5_511_936, 5_523_715)


def test_the_shortcuts_make_up_the_difference_to_the_printed_number() -> None:
    networks = materialize(build, GfmnOptions(z_dim=100), (3, 64, 64), "meta")
    shortcuts = [w for name, w in prunable_weights(networks, KINDS, ()).items() if "shortcut" in name]
    assert sum(weight.numel() for weight in shortcuts) == 696_320
    assert counts(networks)[0] - 696_320 == 11_040_448


def test_the_generator_is_that_of_the_authors_code() -> None:
    generator = evaluated("gfmn", base_channels=3, z_dim=5)["generator"]
    by, latents = By(generator.state_dict()), torch.randn(3, 5)
    x = functional.conv_transpose2d(latents[:, :, None, None], by.state["first.weight"])
    for block in ("block0", "block1", "block2"):
        inner = by.conv(f"{block}.body.conv0", doubled(relu(by.norm(f"{block}.body.norm0", x))))
        inner = by.conv(f"{block}.body.conv1", relu(by.norm(f"{block}.body.norm1", inner)))
        x = inner + doubled(by.conv(f"{block}.shortcut.conv", x))
    wanted: Tensor = torch.tanh(by.conv("conv", relu(by.norm("norm", x))))
    torch.testing.assert_close(generator(latents), wanted)


@pytest.mark.parametrize("name", ["gfmn", "sngan_generator"])
def test_norms_without_scale_and_shift_are_those_with_ones_and_zeros(name: str) -> None:
    plain, affine = (evaluated(name, z_dim=5, affine=affine) for affine in (False, True))
    assert len(channel_scales(affine)) == 7
    assert not channel_scales(plain)
    state = dict(plain.state())
    for scale in channel_scales(affine):
        state |= {scale: torch.ones_like(affine.state()[scale])}
        state |= {scale.replace("weight", "bias"): torch.zeros_like(affine.state()[scale])}
    affine.load(state)
    latents = torch.randn(2, 5)
    assert torch.equal(plain["generator"](latents), affine["generator"](latents))
