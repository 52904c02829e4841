"""Initialization depends on its generator alone, sets everything, and follows its scheme."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from benchmark.models import MODELS
from benchmark.models.construction import materialize
from benchmark.models.initialization import initialize
from benchmark.models.options import ConvVaeOptions, DcganOptions, Scheme, SnganOptions
from benchmark.models.spectral_norm import spectral_norm
from benchmark.networks import Networks, prunable_weights

OPTIONS = DcganOptions(base_channels=16, z_dim=8)


def fresh(device: str = "cpu") -> Networks:
    return materialize(MODELS["dcgan"].load(), OPTIONS, (1, 16, 16), device)


def drawn(seed: int, scheme: Scheme = "dcgan") -> dict[str, torch.Tensor]:
    networks = fresh()
    initialize(networks, scheme, torch.Generator().manual_seed(seed))
    return networks.state()


@pytest.mark.parametrize("scheme", ["dcgan", "torch_default", "xavier"])
def test_one_seed_gives_one_set_of_bytes_whatever_the_global_state(scheme: Scheme) -> None:
    torch.manual_seed(1)
    first = drawn(5, scheme)
    torch.manual_seed(2)
    second = drawn(5, scheme)
    other = drawn(6, scheme)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["generator/conv0.weight"], other["generator/conv0.weight"])


def test_building_and_initializing_leave_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    drawn(5)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("scheme", ["dcgan", "torch_default", "xavier"])
def test_every_tensor_is_set(scheme: Scheme) -> None:
    networks = materialize(MODELS["sngan"].load(), SnganOptions(generator_channels=4, z_dim=3), (1, 8, 8), "cpu")
    for tensor in networks.state().values():
        tensor.detach().fill_(float("nan") if tensor.is_floating_point() else -1)
    initialize(networks, scheme, torch.Generator().manual_seed(0))
    assert all(
        (tensor.isfinite() if tensor.is_floating_point() else tensor >= 0).all() for tensor in networks.state().values()
    )


def test_the_dcgan_scheme_has_its_moments() -> None:
    state = drawn(0)
    weight = state["discriminator/conv1.weight"]
    assert weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert abs(weight.mean().item()) < 1e-3
    assert state["generator/norm0.weight"].mean().item() == pytest.approx(1.0, abs=0.02)
    assert state["generator/norm0.weight"].std().item() > 0
    assert not any(tensor.any() for name, tensor in state.items() if name.endswith("bias"))


def test_the_torch_scheme_has_the_bounds_of_torchs_own_layers() -> None:
    state = drawn(0, "torch_default")
    for name, layer in fresh()["generator"].named_modules():
        if isinstance(layer, nn.ConvTranspose2d):
            with torch.random.fork_rng():
                twin = copy.deepcopy(layer)
                twin.reset_parameters()
            bound = 1 / math.sqrt(nn.init._calculate_fan_in_and_fan_out(twin.weight)[0])
            ours = state[f"generator/{name}.weight"]
            assert ours.abs().max().item() <= bound
            assert twin.weight.abs().max().item() <= bound * (1 + 1e-6)
            assert ours.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)
            assert state[f"generator/{name}.bias"].abs().max().item() <= bound
    assert torch.equal(state["generator/norm0.weight"], torch.ones(32))


def test_the_xavier_scheme_is_glorots_for_convolutions_and_torchs_for_the_rest() -> None:
    options = SnganOptions(generator_channels=16, discriminator_channels=32, z_dim=8)
    networks = materialize(MODELS["sngan"].load(), options, (3, 8, 8), "cpu")
    initialize(networks, "xavier", torch.Generator().manual_seed(0))
    state = networks.state()
    for name, weight in prunable_weights(networks, ("conv",), ()).items():
        fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(weight)
        bound, least = math.sqrt(6 / (fan_in + fan_out)), 0.9 if weight.numel() > 200 else 0.7
        assert least * bound < weight.abs().max().item() <= bound * (1 + 1e-6), name
        assert state[name.replace("weight", "bias")].abs().max().item() <= 1 / math.sqrt(fan_in)
    linear = state["generator/linear.weight"]
    assert 0.95 / math.sqrt(8) < linear.abs().max().item() <= 1 / math.sqrt(8)
    assert state["generator/norm.weight"].std().item() == pytest.approx(0.02, rel=0.6)


def test_a_spectral_norm_starts_from_a_unit_vector_that_changes_no_weight() -> None:
    layer = nn.Conv2d(3, 5, 3)
    alone, normalized = Networks({"discriminator": layer}), Networks({"discriminator": copy.deepcopy(layer)})
    spectral_norm(normalized["discriminator"])  # type: ignore[type-var]  # a component may be any module
    for networks in (alone, normalized):
        initialize(networks, "xavier", torch.Generator().manual_seed(3))
    state = normalized.state()
    assert state.pop("discriminator/u").norm().item() == pytest.approx(1.0)
    assert all(torch.equal(state[name], tensor) for name, tensor in alone.state().items())


def test_running_statistics_start_afresh() -> None:
    state = drawn(0)
    assert not state["generator/norm0.running_mean"].any()
    assert torch.equal(state["generator/norm0.running_var"], torch.ones(32))
    assert state["generator/norm0.num_batches_tracked"].item() == 0


def test_an_unknown_parameter_is_named() -> None:
    networks = Networks({"encoder": nn.Sequential(nn.Linear(2, 2), nn.PReLU())})
    with pytest.raises(ValueError, match=r"encoder/1\.weight"):
        initialize(networks, "dcgan", torch.Generator())


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(ValueError, match="did you mean 'dcgan'"):
        initialize(fresh(), "dcgn", torch.Generator())


def test_a_layer_without_affine_normalization_or_bias_is_covered() -> None:
    networks = Networks({"encoder": nn.Sequential(nn.Linear(2, 2, bias=False), nn.BatchNorm1d(2, affine=False))})
    initialize(networks, "dcgan", torch.Generator().manual_seed(0))
    assert networks.state()["encoder/0.weight"].abs().max().item() < 0.2


def test_twin_components_draw_the_same_from_the_same_stream() -> None:
    vae = materialize(
        MODELS["conv_vae"].load(), ConvVaeOptions(base_channels=16, z_dim=8, init="dcgan"), (1, 16, 16), "cpu"
    )
    generator = torch.Generator().manual_seed(3)
    initialize(Networks({"decoder": vae["decoder"]}), "dcgan", generator)
    alone = {name: tensor.clone() for name, tensor in vae["decoder"].state_dict().items()}
    gan = fresh()
    initialize(Networks({"generator": gan["generator"]}), "dcgan", torch.Generator().manual_seed(3))
    assert all(torch.equal(alone[name], tensor) for name, tensor in gan["generator"].state_dict().items())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_every_device_starts_from_the_same_bytes() -> None:
    networks = fresh("cuda")
    initialize(networks, "dcgan", torch.Generator().manual_seed(5))
    assert all(torch.equal(drawn(5)[name], tensor.cpu()) for name, tensor in networks.state().items())
