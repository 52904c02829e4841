"""The spectral norm against torch's own and against singular values, before and after masking."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from benchmark.models.initialization import initialize
from benchmark.models.options import SnganOptions
from benchmark.models.sngan import build
from benchmark.models.spectral_norm import sigma, spectral_norm
from benchmark.networks import Networks, prunable_weights
from benchmark.pruning.mask import apply


def layers() -> list[Any]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return [nn.Conv2d(3, 8, 3, padding=1), nn.Linear(6, 4), nn.Conv2d(2, 5, 1, bias=False)]


def normalized(layer: Any) -> Any:
    made = spectral_norm(layer)
    initialize(Networks({"discriminator": made}), "torch_default", torch.Generator().manual_seed(1))
    return made


def images(layer: Any) -> Tensor:
    shape = (4, 6) if isinstance(layer, nn.Linear) else (4, layer.in_channels, 8, 8)
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


def settle(layer: Any) -> None:
    for _ in range(200):
        layer(images(layer))


@pytest.mark.parametrize("layer", layers())
def test_a_pass_is_that_of_the_divided_weight(layer: Any) -> None:
    made = normalized(layer)
    settle(made)
    plain = copy.deepcopy(made)
    del plain.forward
    plain.weight.data /= torch.linalg.matrix_norm(made.weight.detach().flatten(1), 2)
    torch.testing.assert_close(made(images(made)), plain(images(made)))


@pytest.mark.parametrize("layer", layers())
def test_values_and_gradients_are_those_of_torchs_parametrization(layer: Any) -> None:
    made = normalized(layer)
    settle(made)
    plain = copy.deepcopy(made)
    del plain.forward
    theirs: Any = parametrizations.spectral_norm(plain, n_power_iterations=200)
    for out in (made(images(made)), theirs(images(made))):
        out.square().sum().backward()
    gradient = theirs.parametrizations.weight.original.grad
    torch.testing.assert_close(made.weight.grad, gradient, rtol=1e-4, atol=1e-4)


def test_one_iteration_moves_the_vector_in_training_mode_alone() -> None:
    layer = normalized(layers()[0]).train(False)
    before = layer.u.clone()
    first, second = layer(images(layer)), layer(images(layer))
    assert torch.equal(layer.u, before)
    assert torch.equal(first, second)
    layer.train()(images(layer))
    matrix = layer.weight.detach().flatten(1)
    wanted = matrix @ (matrix.T @ before)
    torch.testing.assert_close(layer.u, wanted / wanted.norm())


def test_the_norm_follows_the_mask() -> None:
    layer = normalized(layers()[0])
    settle(layer)
    dense = sigma(layer).item()
    chosen = torch.rand(layer.weight.shape, generator=torch.Generator().manual_seed(4)) < 0.3
    apply({"weight": chosen}, {"weight": layer.weight})
    settle(layer)
    assert sigma(layer).item() < 0.9 * dense
    masked = layer.weight.detach().flatten(1)
    assert sigma(layer).item() == pytest.approx(torch.linalg.matrix_norm(masked, 2).item(), rel=1e-5)


def test_a_layer_that_is_masked_whole_gives_its_bias() -> None:
    layer = normalized(layers()[0])
    layer.weight.data.zero_()
    out = layer(images(layer))
    assert torch.equal(out, layer.bias[None, :, None, None].expand_as(out))
    out.sum().backward()
    assert torch.isfinite(layer.weight.grad).all()


def test_every_weight_of_the_discriminator_is_normalized_and_none_of_the_generator() -> None:
    networks = build(SnganOptions(generator_channels=4, discriminator_channels=4, z_dim=3), (3, 32, 32))
    weights = prunable_weights(networks, ("conv", "conv_transpose", "linear"), ())
    vectors = {name for name in networks.state() if name.endswith(".u")}
    assert vectors == {name.replace(".weight", ".u") for name in weights if name.startswith("discriminator/")}
