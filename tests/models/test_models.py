"""Shapes, sizes and names of every model."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from benchmark.models import MODELS
from benchmark.models.construction import Shape, materialize
from benchmark.models.initialization import initialize
from benchmark.networks import Networks, prunable_weights
from benchmark.schema.record import Selection

KINDS = ("conv", "conv_transpose", "linear")
SMALL: dict[str, dict[str, Any]] = {
    "dcgan": {"base_channels": 4, "z_dim": 5},
    "conv_autoencoder": {"base_channels": 4, "code_channels": 6},
    "linear_autoencoder": {"widths": [12, 3]},
    "conv_vae": {"base_channels": 4, "z_dim": 5},
}


def built(name: str, shape: Shape, **options: Any) -> Networks:
    chosen = MODELS.parse(MODELS.resolve(Selection(name=name, **options)))
    networks = materialize(MODELS[name].load(), chosen, shape, "cpu")
    initialize(networks, chosen.init, torch.Generator().manual_seed(0))  # type: ignore[attr-defined]
    return networks


def count(networks: Networks) -> int:
    return sum(parameter.numel() for _, parameter in networks.named_parameters())


def test_the_small_options_cover_every_model_of_the_table() -> None:
    assert sorted(SMALL) == list(MODELS)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 16, 16), (3, 32, 32), (3, 64, 64)])
def test_every_component_maps_its_stated_input(name: str, shape: Shape) -> None:
    networks = built(name, shape, **SMALL[name])
    assert set(networks.components) == set(MODELS[name].facts["components"]) == set(networks.inputs)
    for component, wanted in networks.inputs.items():
        out = networks[component](torch.randn(2, *wanted))
        if component in ("generator", "decoder"):
            assert out.shape == (2, *shape)
            assert out.abs().max() <= 1
        else:
            assert wanted == shape
            assert out.ndim == 2


@pytest.mark.parametrize("name", ["conv_autoencoder", "linear_autoencoder"])
def test_an_autoencoder_decodes_what_it_encodes_and_has_no_prior(name: str) -> None:
    networks = built(name, (1, 16, 16), **SMALL[name])
    images = torch.rand(3, 1, 16, 16) * 2 - 1
    assert networks["decoder"](networks["encoder"](images)).shape == images.shape
    assert networks.z_dim is None


def test_parameter_counts_are_those_of_the_first_authors_code() -> None:
    gan = built("dcgan", (3, 32, 32))
    assert count(gan) == 5_530_884
    assert sum(weight.numel() for weight in prunable_weights(gan, KINDS, ()).values()) == 5_525_504
    assert count(built("linear_autoencoder", (1, 28, 28))) == 219_891


def test_the_vae_decoder_and_the_gan_generator_are_twins() -> None:
    vae, gan = (built(name, (1, 16, 16), base_channels=8, z_dim=7) for name in ("conv_vae", "dcgan"))
    assert {name: tensor.shape for name, tensor in vae["decoder"].state_dict().items()} == {
        name: tensor.shape for name, tensor in gan["generator"].state_dict().items()
    }
    gan["generator"].load_state_dict(vae["decoder"].state_dict())
    latents = torch.randn(4, 7)
    assert torch.equal(gan["generator"](latents), vae["decoder"](latents))


def test_the_vae_encoder_gives_means_and_log_variances() -> None:
    assert built("conv_vae", (1, 8, 8), base_channels=4, z_dim=5)["encoder"](torch.randn(2, 1, 8, 8)).shape == (2, 10)


@pytest.mark.parametrize(("activation", "slope"), [("relu", 0.0), ("leaky_relu", 0.2)])
def test_the_activation_is_the_discriminators(activation: str, slope: float) -> None:
    gan = built("dcgan", (1, 8, 8), base_channels=4, z_dim=2, activation=activation)
    acted = gan["discriminator"].get_submodule("act0")(torch.tensor([-1.0, 1.0]))
    assert acted.tolist() == pytest.approx([-slope, 1.0])


@pytest.mark.parametrize("shape", [(1, 4, 4), (1, 28, 28), (1, 16, 8), (3, 33, 33), (1, 0, 0)])
@pytest.mark.parametrize("name", ["dcgan", "conv_autoencoder", "conv_vae"])
def test_a_size_that_does_not_halve_to_four_is_refused(name: str, shape: Shape) -> None:
    with pytest.raises(ValueError, match=f"8, 16, 32, 64.*not {shape[1]}x{shape[2]}"):
        built(name, shape)
