"""The schemes that weights of strong tickets are frozen at, against torch's own fans and closed forms."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmark.assembly import Workshop
from benchmark.models import MODELS
from benchmark.models.construction import materialize
from benchmark.models.initialization import initialize
from benchmark.models.options import Scheme
from benchmark.networks import Networks, channel_scales, prunable_weights
from benchmark.schema.record import Selection
from benchmark.table import OptionError
from tests import tiny

KINDS = ("conv", "conv_transpose", "linear")
SMALL: dict[str, dict[str, Any]] = {
    "gfmn": {"base_channels": 8, "z_dim": 16},
    "sngan_generator": {"generator_channels": 16, "z_dim": 16},
    "biggan": {"base_channels": 8, "z_dim": 12, "shared_dim": 6, "classes": 4},
}


def drawn(name: str, scheme: Scheme, seed: int = 0, fan_kept: float = 1.0) -> Networks:
    chosen = MODELS.parse(MODELS.resolve(Selection(name=name, **SMALL[name])))
    networks = materialize(MODELS[name].load(), chosen, (3, 32, 32), "cpu")
    for tensor in networks.state().values():
        tensor.detach().fill_(float("nan") if tensor.is_floating_point() else -1)
    initialize(networks, scheme, torch.Generator().manual_seed(seed), fan_kept)
    return networks


def constant(weight: Tensor) -> float:
    """Return what the code of Yeo et al. (2023) computes for a layer."""
    return nn.init.calculate_gain("relu") / math.sqrt(nn.init._calculate_correct_fan(weight, "fan_in"))


def biases(networks: Networks) -> dict[str, Tensor]:
    norms = {name.replace("weight", "bias") for name in channel_scales(networks)}
    return {name: tensor for name, tensor in networks.named_parameters() if name.endswith("bias") and name not in norms}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("scheme", ["signed_constant", "kaiming_normal", "normal_0_02", "orthogonal"])
def test_everything_is_set_and_one_seed_gives_one_set_of_bytes(name: str, scheme: Scheme) -> None:
    first, second, other = (drawn(name, scheme, seed).state() for seed in (5, 5, 6))
    assert all((tensor.isfinite() if tensor.is_floating_point() else tensor == 0).all() for tensor in first.values())
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("name", SMALL)
def test_signed_constants_have_one_magnitude_a_layer_and_signs_by_chance(name: str) -> None:
    signs = []
    for weight in prunable_weights(drawn(name, "signed_constant"), KINDS, ()).values():
        torch.testing.assert_close(weight.abs(), torch.full_like(weight, constant(weight)))
        signs.append(weight.detach().sign().flatten())
    every = torch.cat(signs)
    assert abs(every.mean().item()) < 4 / math.sqrt(len(every))


@pytest.mark.parametrize("name", SMALL)
def test_kaiming_normal_has_the_moments_of_torchs(name: str) -> None:
    for weight in prunable_weights(drawn(name, "kaiming_normal"), KINDS, ()).values():
        scaled = weight.detach() / constant(weight)
        assert scaled.square().mean().item() == pytest.approx(1.0, abs=6 * math.sqrt(2 / weight.numel()))
        assert abs(scaled.mean().item()) < 5 / math.sqrt(weight.numel())


@pytest.mark.parametrize("scheme", ["signed_constant", "kaiming_normal"])
def test_a_kept_fraction_makes_the_same_draw_larger_and_leaves_the_rest(scheme: Scheme) -> None:
    whole, tenth = (drawn("gfmn", scheme, fan_kept=kept) for kept in (1.0, 0.1))
    weights = prunable_weights(whole, KINDS, ())
    for name, tensor in whole.state().items():
        factor = math.sqrt(10.0) if name in weights else 1.0
        torch.testing.assert_close(tenth.state()[name], tensor * factor if factor > 1 else tensor)


@pytest.mark.parametrize("scheme", ["signed_constant", "kaiming_normal"])
def test_a_kaiming_scheme_leaves_biases_to_torch_and_norms_at_one(scheme: Scheme) -> None:
    networks = drawn("sngan_generator", scheme)
    for name, bias in biases(networks).items():
        bound = 1 / math.sqrt(
            nn.init._calculate_correct_fan(networks.state()[name.replace("bias", "weight")], "fan_in")
        )
        assert 0.5 * bound < bias.abs().max().item() <= bound or bias.numel() == 3
    assert all((scale == 1).all() for scale in channel_scales(networks).values())


def test_what_the_authors_code_really_draws() -> None:
    networks = drawn("sngan_generator", "normal_0_02")
    for weight in prunable_weights(networks, KINDS, ()).values():
        assert weight.std().item() == pytest.approx(0.02, rel=6 / math.sqrt(weight.numel()))
    zero = {name for name, bias in biases(networks).items() if not bias.any()}
    assert zero == {"generator/linear.bias"}
    scales = torch.cat([scale.detach() for scale in channel_scales(networks).values()])
    assert scales.mean().item() == pytest.approx(1.0, abs=0.01)
    assert scales.std().item() == pytest.approx(0.02, rel=0.25)


def test_orthogonal_weights_have_orthonormal_rows_or_columns() -> None:
    networks = drawn("biggan", "orthogonal")
    for weight in prunable_weights(networks, KINDS, ()).values():
        matrix = weight.detach().flatten(1)
        matrix = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(len(matrix)), rtol=0, atol=1e-5)
    assert not any(bias.any() for bias in biases(networks).values())


@pytest.mark.parametrize(
    ("model", "convolution"),
    [
        ("biggan, base_channels: 2, z_dim: 4, shared_dim: 2", "blocks.0.conv0"),
        ("sngan, generator_channels: 4, discriminator_channels: 4, z_dim: 4", "conv"),
    ],
)
def test_a_jobs_first_weights_are_those_of_its_kept_fraction(model: str, convolution: str) -> None:
    def first(options: str) -> dict[str, Tensor]:
        text = tiny.SUITE.replace("{name: dcgan, base_channels: 4, z_dim: 4}", f"{{name: {options}}}")
        return Workshop(tiny.arm(tiny.planned(text), "gan").job).initial("init")

    small = f"{model}, init: signed_constant"
    whole, quarter = first(small), first(f"{small}, fan_kept: 0.25")
    name = f"generator/{convolution}.weight"
    torch.testing.assert_close(quarter[name], 2 * whole[name])
    assert torch.equal(quarter["generator/linear.bias"], whole["generator/linear.bias"])


def test_attention_starts_without_effect_whatever_the_scheme() -> None:
    state = drawn("biggan", "signed_constant").state()
    assert [tensor.item() for name, tensor in state.items() if name.endswith(".gain")] == [0.0, 0.0]


@pytest.mark.parametrize("init", ["normal_0_02", "orthogonal", "dcgan"])
def test_a_kept_fraction_is_refused_where_nothing_goes_by_the_fan(init: Scheme) -> None:
    with pytest.raises(OptionError, match=f"signed_constant and kaiming_normal: '{init}' does not go by the fan-in"):
        MODELS.resolve(Selection(name="gfmn", init=init, fan_kept=0.1))
