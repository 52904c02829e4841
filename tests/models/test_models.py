"""Shapes, sizes and names of every model."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from benchmark.metrics.macs import count_layers
from benchmark.models import MODELS
from benchmark.models.construction import Shape, materialize
from benchmark.models.initialization import initialize
from benchmark.models.residual import Residual
from benchmark.networks import Networks, prunable_weights
from benchmark.schema.record import Selection

KINDS = ("conv", "conv_transpose", "linear")
SMALL: dict[str, dict[str, Any]] = {
    "dcgan": {"base_channels": 4, "z_dim": 5},
    "conv_autoencoder": {"base_channels": 4, "code_channels": 6},
    "linear_autoencoder": {"widths": [12, 3]},
    "conv_vae": {"base_channels": 4, "z_dim": 5},
    "pooling_autoencoder": {"base_channels": 2},
    "spatial_vae": {"base_channels": 4, "latent_channels": 5},
    "resnet_vae": {"base_channels": 4, "z_dim": 5},
    "sngan": {"generator_channels": 4, "discriminator_channels": 6, "z_dim": 5},
    "resnet_dcgan": {"base_channels": 4, "z_dim": 5},
    "spectral_dcgan": {"base_channels": 4, "z_dim": 5},
    "cyclegan": {"base_channels": 4, "blocks": 1},
    "gfmn": {"base_channels": 4, "z_dim": 5},
    "sngan_generator": {"generator_channels": 4, "z_dim": 5},
    "biggan": {"base_channels": 4, "z_dim": 7, "shared_dim": 3, "classes": 3},
    "biggan_generator": {"base_channels": 4, "z_dim": 7, "shared_dim": 3},
}
SHAPES: dict[str, list[Shape]] = {
    "pooling_autoencoder": [(1, 32, 32), (3, 32, 32)],
    "spatial_vae": [(1, 28, 28), (3, 32, 32), (3, 64, 64)],
}
EVERY_SHAPE: list[Shape] = [(1, 8, 8), (1, 16, 16), (3, 32, 32), (3, 64, 64)]


def built(name: str, shape: Shape, **options: Any) -> Networks:
    chosen = MODELS.parse(MODELS.resolve(Selection(name=name, **options)))
    networks = materialize(MODELS[name].load(), chosen, shape, "cpu")
    initialize(networks, chosen.init, torch.Generator().manual_seed(0))  # type: ignore[attr-defined]
    return networks


def count(networks: Networks) -> int:
    return sum(parameter.numel() for _, parameter in networks.named_parameters())


def test_the_small_options_cover_every_model_of_the_table() -> None:
    assert sorted(SMALL) == list(MODELS)


@pytest.mark.parametrize(
    ("name", "shape"), [(name, shape) for name in SMALL for shape in SHAPES.get(name, EVERY_SHAPE)]
)
def test_every_component_maps_its_stated_input(name: str, shape: Shape) -> None:
    networks = built(name, shape, **SMALL[name])
    assert set(networks.components) == set(MODELS[name].facts["components"]) == set(networks.inputs)
    for component, wanted in networks.inputs.items():
        out = networks[component](torch.randn(2, *wanted))
        if component.startswith(("generator", "decoder")):
            assert out.shape == (2, *shape)
            assert out.abs().max() <= 1
        else:
            assert wanted == shape
            assert out.ndim == 2


@pytest.mark.parametrize("name", ["conv_autoencoder", "linear_autoencoder", "pooling_autoencoder"])
def test_an_autoencoder_decodes_what_it_encodes_and_has_no_prior(name: str) -> None:
    networks = built(name, (1, 32, 32), **SMALL[name])
    images = torch.rand(3, 1, 32, 32) * 2 - 1
    assert networks["decoder"](networks["encoder"](images)).shape == images.shape
    assert networks.z_dim is None


def test_parameter_counts_are_those_of_the_first_authors_code() -> None:
    gan = built("dcgan", (3, 32, 32))
    assert count(gan) == 5_530_884
    assert sum(weight.numel() for weight in prunable_weights(gan, KINDS, ()).values()) == 5_525_504
    assert count(built("linear_autoencoder", (1, 28, 28))) == 219_891
    assert count(built("pooling_autoencoder", (3, 32, 32))) == 2_937_507
    assert count(built("pooling_autoencoder", (1, 32, 32))) == 2_936_673
    assert count(built("resnet_vae", (3, 32, 32))) == 2_821_251
    assert count(built("spatial_vae", (3, 32, 32))) == 5_624_515


def test_the_sngan_has_the_counts_of_the_code_of_chen_2021() -> None:
    gan = built("sngan", (3, 32, 32))
    for component, parameters, prunable in (
        ("generator", 4_276_739, 3_742_464),
        ("discriminator", 1_053_824, 1_052_416),
    ):
        alone = Networks({component: gan[component]})
        assert count(alone) == parameters
        assert sum(weight.numel() for weight in prunable_weights(alone, ("conv",), ()).values()) == prunable


def test_the_other_gans_have_the_counts_that_their_modules_state() -> None:
    assert count(built("resnet_dcgan", (3, 32, 32))) == 2_200_964
    assert count(built("resnet_dcgan", (3, 32, 32), z_dim=128)) == 2_258_308
    assert count(built("spectral_dcgan", (3, 32, 32))) == 6_748_228
    assert count(built("spectral_dcgan", (3, 32, 32), z_dim=100, spectral=False)) == 6_518_852


def test_the_pooling_autoencoders_feature_maps_have_the_sides_that_its_module_states() -> None:
    networks = built("pooling_autoencoder", (3, 32, 32), base_channels=2)
    sides = {"encoder": [32, 16, 10, 10, 5, 3, 2], "decoder": [5, 10, 18, 20, 32]}
    for component, wanted in sides.items():
        seen: list[int] = []
        for layer in networks[component].children():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.MaxPool2d):
                layer.register_forward_hook(lambda _layer, _inputs, output, seen=seen: seen.append(output.shape[-1]))
        networks[component](torch.randn(1, *networks.inputs[component]))
        assert seen == wanted


def test_the_spatial_vaes_means_come_before_its_log_variances() -> None:
    vae = built("spatial_vae", (3, 32, 32), base_channels=4, latent_channels=5)
    assert vae.z_dim == 5 * 2 * 2
    images = torch.randn(3, 3, 32, 32)
    maps = nn.Sequential(*list(vae["encoder"].train(False).children())[:-1])(images)
    mean, log_variance = vae["encoder"](images).chunk(2, dim=1)
    assert torch.equal(mean, maps[:, :5].flatten(1))
    assert torch.equal(log_variance, maps[:, 5:].flatten(1))


def test_a_residual_block_adds_its_shortcut() -> None:
    block = Residual(nn.Linear(2, 2), nn.Identity())
    x = torch.randn(3, 2)
    assert torch.equal(block(x), block.body(x) + x)


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
@pytest.mark.parametrize(
    "name",
    [
        "dcgan",
        "conv_autoencoder",
        "conv_vae",
        "resnet_vae",
        "sngan",
        "resnet_dcgan",
        "spectral_dcgan",
        "gfmn",
        "biggan",
    ],
)
def test_a_size_that_does_not_halve_to_four_is_refused(name: str, shape: Shape) -> None:
    with pytest.raises(ValueError, match=f"8, 16, 32, 64.*not {shape[1]}x{shape[2]}"):
        built(name, shape)


@pytest.mark.parametrize(("name", "shape"), [("pooling_autoencoder", (3, 16, 16)), ("spatial_vae", (3, 30, 30))])
def test_a_size_that_the_first_authors_layers_do_not_fit_is_refused(name: str, shape: Shape) -> None:
    with pytest.raises(ValueError, match=f"32.*not {shape[1]}x{shape[2]}"):
        built(name, shape)


@pytest.mark.parametrize("name", SMALL)
def test_masks_weights_and_copies_go_by_plain_names(name: str) -> None:
    # a layer whose class or weight were renamed would drop out of masks and of counters that go by them
    shape = SHAPES.get(name, EVERY_SHAPE)[0]
    networks = built(name, shape, **SMALL[name])
    weights = prunable_weights(networks, KINDS, ())
    assert all(tensor.ndim < 2 for key, tensor in networks.named_parameters() if key not in weights)
    assert weights.keys() <= networks.state().keys()
    twin = built(name, shape, **SMALL[name])
    twin.load({key: torch.full_like(tensor, 2) for key, tensor in networks.state().items()})
    assert all((tensor == 2).all() for tensor in twin.state().values())
    counted = count_layers(networks[min(networks.components)], networks.inputs[min(networks.components)])
    assert {f"{min(networks.components)}/{path}.weight" for path in counted} <= weights.keys()
    assert all(counted.values())
