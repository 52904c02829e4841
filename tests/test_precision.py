"""Passes in lower precision: what they share with the whole networks, and what the scaler keeps."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from benchmark.models.spectral_norm import sigma, spectral_norm
from benchmark.networks import Networks
from benchmark.precision import LOWER, lowered, new_scaler, restore_scaler, scaler_tensors
from benchmark.schema.numerics import Precision

LOWERED: list[Precision] = ["bfloat16", "float16"]


def linear() -> Networks:
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0 / 3.0, 0.1, -0.7], [2.0, 0.3, 1.0 / 7.0]]))
        layer.bias.fill_(0.1)
    return Networks({"encoder": layer}, z_dim=3)


def rounded(tensor: Tensor, precision: Precision) -> Tensor:
    return tensor.to(LOWER[precision]).float()


@pytest.mark.parametrize("precision", LOWERED)
def test_a_pass_rounds_weights_and_inputs_and_gives_single_precision_out(precision: Precision) -> None:
    networks, inputs = linear(), torch.tensor([[0.2, -0.4, 0.9]])
    layer = networks["encoder"]
    assert isinstance(layer, nn.Linear)
    found = lowered(networks, precision)["encoder"](inputs)
    exact = rounded(inputs, precision) @ rounded(layer.weight.T, precision) + rounded(layer.bias, precision)
    assert found.dtype == torch.float32
    assert torch.equal(found, rounded(found, precision))
    torch.testing.assert_close(found, exact, rtol=2 * torch.finfo(LOWER[precision]).eps, atol=1e-6)
    assert not torch.equal(found, layer(inputs))


@pytest.mark.parametrize("precision", LOWERED)
def test_the_weights_are_the_same_and_stay_single_and_so_do_their_gradients(precision: Precision) -> None:
    networks = linear()
    below = lowered(networks, precision)
    assert [id(parameter) for _, parameter in below.named_parameters()] == [
        id(parameter) for _, parameter in networks.named_parameters()
    ]
    assert below.z_dim == 3
    torch.autograd.backward(below["encoder"](torch.ones(4, 3)).square().mean())
    for _, parameter in networks.named_parameters():
        assert parameter.dtype == torch.float32
        assert parameter.grad is not None
        assert parameter.grad.dtype == torch.float32


def test_a_changed_weight_counts_in_the_next_pass_though_the_last_was_without_gradients() -> None:
    networks = linear()
    below = lowered(networks, "bfloat16")["encoder"]
    with torch.no_grad():
        before = below(torch.ones(1, 3))
        networks["encoder"].weight.mul_(2.0)  # type: ignore[operator]
    after = below(torch.ones(1, 3))
    assert not torch.equal(before, after)
    assert after.requires_grad


def test_single_precision_is_the_networks_themselves() -> None:
    networks = linear()
    assert lowered(networks, "float32") is networks


@pytest.mark.parametrize("precision", LOWERED)
def test_a_spectral_norm_is_taken_in_single_precision(precision: Precision) -> None:
    layers = []
    for _ in range(2):
        layer = spectral_norm(nn.Linear(5, 4))
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(4, 5, generator=generator))
            layer.u.copy_(torch.randn(4, generator=generator))  # type: ignore[operator]
        layers.append(layer)
    with torch.autocast("cpu", LOWER[precision]):
        below = sigma(layers[0])
    assert torch.equal(below, sigma(layers[1]))
    assert torch.equal(layers[0].u, layers[1].u)  # type: ignore[arg-type]
    assert below.dtype == torch.float32


def scaled(scaler: torch.amp.GradScaler, values: list[float]) -> list[float]:
    """Take steps whose gradients are these values, and return the scale after each."""
    weight = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], 0.0)
    found = []
    for value in values:
        optimizer.zero_grad()
        torch.autograd.backward(scaler.scale((weight * value).sum()))
        scaler.step(optimizer)
        scaler.update()
        found.append(scaler.get_scale())
    return found


def test_the_scale_halves_with_an_overflow_and_goes_on_where_it_was_saved() -> None:
    first, second = new_scaler("float16", "cpu"), new_scaler("float16", "cpu")
    assert scaled(first, [1.0, 3e38, 1.0, 3e38]) == [2.0**16, 2.0**15, 2.0**15, 2.0**14]
    restore_scaler(second, scaler_tensors(first))
    assert scaler_tensors(second) == scaler_tensors(first)
    assert scaled(second, [3e38]) == [2.0**13]


def test_the_steps_since_the_last_overflow_are_saved_too() -> None:
    first, second = new_scaler("float16", "cpu"), new_scaler("float16", "cpu")
    scaled(first, [1.0] * 1999)
    restore_scaler(second, scaler_tensors(first))
    assert scaled(second, [1.0]) == [2.0**17]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_only_half_precision_is_scaled(precision: Precision) -> None:
    scaler = new_scaler(precision, "cpu")
    loss = torch.ones((), requires_grad=True)
    assert scaler.scale(loss) is loss
    assert scaler_tensors(scaler) == {}
    restore_scaler(scaler, {"scale": torch.tensor(8.0), "growth_tracker": torch.tensor(1.0)})
    assert scaler_tensors(scaler) == {}
