"""Multiply-accumulates against torch's own counter, against counting by hand, and without side effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmark.errors import RunError, UsageError
from benchmark.metrics.macs import count_layers, measure
from benchmark.metrics.options import MacsOptions
from benchmark.metrics.subject import Subject

Case = tuple[nn.Module, tuple[int, ...]]
CASES: dict[str, Case] = {
    "conv": (nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU()), (3, 9, 9)),
    "conv without bias": (nn.Sequential(nn.Conv2d(3, 8, 3, bias=False)), (3, 9, 9)),
    "grouped conv": (nn.Sequential(nn.Conv2d(4, 8, 3, groups=2)), (4, 7, 7)),
    "transposed": (nn.Sequential(nn.ConvTranspose2d(5, 6, 4, stride=2, padding=1), nn.Tanh()), (5, 4, 4)),
    "grouped transposed": (nn.Sequential(nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2, bias=False)), (4, 5, 5)),
    "linear": (nn.Sequential(nn.Flatten(), nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 2, bias=False)), (3, 2, 2)),
}


def by_torch(network: nn.Module, shape: tuple[int, ...]) -> int:
    """torch counts a multiplication and an addition for each weight and position, and no biases."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, *shape))
    return int(counter.get_total_flops()) // 2


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_count_is_half_of_torchs_flops(case: Case) -> None:
    network, shape = case
    assert sum(count_layers(network, shape).values()) == by_torch(network.eval(), shape)


def test_a_transposed_convolution_counts_its_input_positions() -> None:
    layer = nn.Sequential(nn.ConvTranspose2d(5, 6, 4, stride=2, padding=1))
    assert count_layers(layer, (5, 4, 4)) == {"0": 5 * 6 * 4 * 4 * (4 * 4)}


@pytest.mark.parametrize("component", ["generator", "discriminator", None])
def test_a_dcgan_counts_as_torch_counts_it(ticket: Callable[..., Subject], component: str | None) -> None:
    subject = ticket()
    networks = subject.networks_of("raw")
    networks.train(False)
    chosen = [component] if component else list(networks.components)
    wanted = sum(by_torch(networks[name], networks.inputs[name]) for name in chosen)
    assert measure(subject, MacsOptions(kind="dense", component=component)).value == wanted


def test_effective_counts_every_kept_weight_at_every_position(ticket: Callable[..., Subject]) -> None:
    subject = ticket()
    value = measure(subject, MacsOptions(kind="effective"))
    layers: dict[str, Any] = value.details["layers"]  # type: ignore[assignment]
    for name, row in layers.items():
        mask = subject.masks[f"{name}.weight"]
        assert row["effective"] == pytest.approx(row["dense"] * mask.double().mean().item())
    assert value.value == sum(row["effective"] for row in layers.values())


def test_effective_and_dense_agree_on_a_dense_network(ticket: Callable[..., Subject]) -> None:
    subject = ticket(keep=2.0)
    dense, effective = (measure(subject, MacsOptions(kind=kind)) for kind in ("dense", "effective"))
    assert dense.value == effective.value > 0


@pytest.mark.parametrize("kind", ["dense", "effective"])
def test_a_layer_without_a_mask_counts_whole(
    ticket: Callable[..., Subject], kind: Literal["dense", "effective"]
) -> None:
    subject = ticket(masks={})
    assert measure(subject, MacsOptions(kind=kind)).value == measure(ticket(), MacsOptions(kind="dense")).value


def test_kinds_and_components_have_protocols_of_their_own(ticket: Callable[..., Subject]) -> None:
    asked = [MacsOptions(kind="dense"), MacsOptions(kind="effective"), MacsOptions(kind="dense", component="generator")]
    protocols = {measure(ticket(), options).protocol.convention for options in asked}
    assert len(protocols) == 3
    assert "ptflops" in str(measure(ticket(), asked[0]).protocol.counter)


def test_frozen_parameters_count(ticket: Callable[..., Subject]) -> None:
    subject = ticket()
    before = measure(subject, MacsOptions(kind="dense")).value
    for _, parameter in subject.networks_of("raw").named_parameters():
        parameter.requires_grad_(False)
    assert measure(subject, MacsOptions(kind="dense")).value == before


def test_the_network_is_left_as_it_was(ticket: Callable[..., Subject], capfd: pytest.CaptureFixture[str]) -> None:
    subject = ticket()
    networks = subject.networks_of("raw")
    networks.train(True)
    before = {name: tensor.clone() for name, tensor in networks.state().items()}
    attributes = [set(vars(layer)) for layer in networks["generator"].modules()]
    measure(subject, MacsOptions(kind="dense"))
    assert all(torch.equal(before[name], tensor) for name, tensor in networks.state().items())
    for layer, names in zip(networks["generator"].modules(), attributes, strict=True):
        assert layer.training
        assert not layer._forward_hooks
        assert set(vars(layer)) == names
    assert capfd.readouterr() == ("", "")


def test_a_network_that_cannot_run_is_an_error_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunError, match="ptflops cannot count this network: RuntimeError") as caught:
        count_layers(nn.Sequential(nn.Linear(3, 2)), (4,))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_an_unknown_component_is_named(ticket: Callable[..., Subject]) -> None:
    with pytest.raises(UsageError, match="no component 'generater'; did you mean 'generator'"):
        measure(ticket(), MacsOptions(kind="dense", component="generater"))
